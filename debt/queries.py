"""What is late, by how much, and why: the law of penalties, the open items over time, the sheet. Only reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import polars as pl

from accounts import queries as accounts_queries
from accounts.calendar import ONE_DAY, Month, long_date
from accounts.errors import Refusal
from accounts.money import ZERO, total
from billing import columns, explanation
from billing import queries as billing_queries
from billing.columns import EXACT, Schema
from billing.explanation import Explanation, number
from debt import penalties
from debt.models import Moratorium, PenaltyBand, PenaltyTerms
from debt.penalties import Band, DueDay, KeyRate, Law, Policy, Rule, Scale, Segment, Terms
from payments import queries as payments_queries

KEY_RATE, CAP, FIXED, DUE_DAY = "key_rate", "penalty_cap", "penalty_rate", "due_day"
CAPPED = (Scale.HOUSING, Scale.CAPITAL_REPAIR)  # ПП № 474 and № 329 speak of them alone; others by rows of their own


def law() -> Law:
    """The dated rules as they are known: key rates, caps, scales, terms, moratoria, due days, special days.

    Codes of «Значения по закону»: key_rate; penalty_cap (housing, utilities, capital repair); penalty_cap.<scale> and
    penalty_rate.<scale> for one scale (a cap, a fixed rate), by its English name: penalty_cap.energy.
    """
    values = billing_queries.law_values([KEY_RATE, CAP, FIXED, DUE_DAY])
    policies = []
    for code, percent, since, until, act in values:
        name, _, which = code.partition(".")
        if name in (CAP, FIXED):
            rule = Rule.AT_MOST if name == CAP else Rule.FIXED
            scales = [Scale[which.upper()]] if which else CAPPED
            policies += [Policy(rule, percent, int(scale), since, until, act) for scale in scales]
    return Law(
        bands=[
            Band(row.scale, row.first_day, row.divisor, row.valid_from, row.valid_to, row.act)
            for row in PenaltyBand.objects.order_by("scale", "first_day", "valid_from")
        ],
        key_rates=[KeyRate(value, since, until) for code, value, since, until, _ in values if code == KEY_RATE],
        policies=policies,
        moratoria=[
            penalties.Moratorium(
                row.valid_from, row.valid_to, row.scale, row.arose_before, row.contract_id, row.account_id, row.act
            )
            for row in Moratorium.objects.order_by("valid_from", "pk")
        ],
        terms=[
            Terms(
                scale=row.scale,
                contract_id=row.contract_id,
                service_id=row.service_id,
                debtor=row.debtor,
                due_day=row.due_day,
                since=row.valid_from,
                until=row.valid_to,
                act=row.act,
            )
            for row in PenaltyTerms.objects.order_by("pk")
        ],
        due_days=[DueDay(int(value), since, until) for code, value, since, until, _ in values if code == DUE_DAY],
        calendar=accounts_queries.calendar_overrides(),
    )  # fmt: skip


# --- open items over time ---------------------------------------------------------------------------------------------

# The document of the last closed month, `mark`, and what came after it is read for everybody. Older months are read
# only for pairs that owed or had a credit there besides that document, or about whose older months something came since
# (and for those paid late within that month, were it posted before the last accrual). The others are settled.
_OLD = """
    SELECT account_id, contract_id, service_id FROM payments_balance
    WHERE account_id = ANY(%(accounts)s) AND month = %(mark)s AND contract_id <> 0 AND closing - charged <> 0
    UNION
    SELECT part.account_id, part.contract_id, part.service_id
    FROM payments_allocation AS part JOIN payments_payment AS payment ON payment.id = part.payment_id
    WHERE part.account_id = ANY(%(accounts)s) AND part.day >= %(mark)s AND part.contract_id <> 0 AND part.part <> 2
        AND part.for_month < %(mark)s AND (part.day >= %(after_mark)s OR payment.paid_on - part.for_month > 40)
    UNION
    SELECT account_id, contract_id, service_id FROM billing_charge
    WHERE account_id = ANY(%(accounts)s) AND month >= %(mark)s AND kind <> 6 AND for_month < %(mark)s
"""
_LINES = """
    SELECT account_id, contract_id, service_id, month, for_month, (kind = 6)::int, amount FROM billing_charge
    WHERE account_id = ANY(%(accounts)s) AND month > %(after)s AND month <= %(upto)s
"""
_PAID = """
    SELECT part.account_id, part.contract_id, part.service_id, part.for_month, payment.paid_on, part.amount
    FROM payments_allocation AS part JOIN payments_payment AS payment ON payment.id = part.payment_id
    WHERE part.account_id = ANY(%(accounts)s) AND part.contract_id <> 0 AND part.part <> 2
        AND part.for_month > %(after)s AND part.for_month <= %(upto)s AND part.day >= %(after)s
"""
_POSTED = "SELECT contract_id, month FROM billing_contractmonth WHERE state <> 'open' AND month < %(month)s"
_HELD = "SELECT account_id, month FROM billing_hold WHERE released_at IS NULL AND account_id = ANY(%(accounts)s)"
_DEBTORS = """
    SELECT account.id, CASE WHEN payer.id IS NULL THEN 1 ELSE CASE payer.kind WHEN 2 THEN 3 WHEN 3 THEN 4 ELSE 2 END END
    FROM accounts_personalaccount AS account
    LEFT JOIN accounts_organisation AS payer ON payer.id = account.payer_organisation_id
    WHERE account.id = ANY(%(accounts)s)
"""
_ID, _SMALL = pl.Int64, pl.Int16
_PAIRS: Schema = {"account_id": _ID, "contract_id": _ID, "service_id": _SMALL}
_LINE: Schema = {**_PAIRS, "month": pl.Date, "for_month": pl.Date, "is_penalty": pl.Int8, "amount": EXACT}
LONG_AGO = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class OpenDebts:
    """Columns of debt.penalties: ITEMS and PAYMENTS, and what was charged as penalty before (KEY, posted)."""

    items: pl.DataFrame
    payments: pl.DataFrame
    posted: pl.DataFrame


def open_debts(*, account_ids: Sequence[int], month: Month, law: Law, whole: bool = False) -> OpenDebts:
    """The accounts' debts as the open month `month` sees them: ink of earlier months, payments by value date.

    An item is a document's month of a contract and service. A reversed payment is as if it had never been. Penalties
    drafted in an earlier month that is not posted yet count as charged: they are to be ink before this month is.
    whole: every month there ever was (a sheet), not only those where something may still accrue.
    """
    closed = [] if whole else [mark for mark in payments_queries.closed_months() if mark < month]
    lines, paid = _moved(list(account_ids), month.previous.first, max(closed, default=None))
    debtor = billing_queries.frame(_DEBTORS, {"account_id": _ID, "debtor": pl.Int8}, {"accounts": list(account_ids)})
    services = billing_queries.frame(
        "SELECT id, priority FROM accounts_service", {"service_id": _SMALL, "priority": _SMALL}
    )
    items = (
        _charged(lines, list(account_ids), month)
        .join(debtor, on="account_id")
        .join(services, on="service_id")
    )  # fmt: skip
    posted = lines.filter(pl.col("is_penalty") == 1).group_by(*_PAIRS, month=pl.col("for_month"))
    return OpenDebts(
        items=penalties.under_terms(items, law),
        payments=paid.group_by(*penalties.KEY, "paid_on").agg(pl.col("amount").sum()).filter(pl.col("amount") != 0),
        posted=posted.agg(posted=pl.col("amount").sum()),
    )


def _moved(account_ids: list[int], upto: date, mark: Month | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Charge lines and parts of payments of documents up to `upto`; those before `mark` only where not settled."""

    def read(sql: str, schema: Schema, accounts: list[int], after: date, until: date) -> pl.DataFrame:
        if not accounts:
            return columns.empty(schema)
        return billing_queries.frame(sql, schema, {"accounts": accounts, "after": after, "upto": until})

    settled = mark.previous.first if mark else LONG_AGO
    lines = read(_LINES, _LINE, account_ids, settled, upto)
    paid = read(_PAID, penalties.PAYMENTS, account_ids, settled, upto)
    if mark is None:
        return lines, paid
    params = {"accounts": account_ids, "mark": mark.first, "after_mark": mark.next.first}
    old = billing_queries.frame(_OLD, _PAIRS, params)
    debtors = old["account_id"].unique().sort().to_list()
    pairs = list(_PAIRS)
    # A penalty for a settled month is settled, too.
    is_news = (pl.col("is_penalty") == 0) | (pl.col("for_month") > settled)
    news = pl.concat([lines.filter(is_news), lines.filter(~is_news).join(old, on=pairs, how="semi")])
    before = read(_LINES, _LINE, debtors, LONG_AGO, settled).join(old, on=pairs, how="semi")
    paid_before = read(_PAID, penalties.PAYMENTS, debtors, LONG_AGO, settled).join(old, on=pairs, how="semi")
    return pl.concat([news, before]), pl.concat([paid, paid_before])


def _charged(lines: pl.DataFrame, account_ids: list[int], month: Month) -> pl.DataFrame:
    """Ink of the lines by item: the sum and the month of its document.

    A correction that takes off counts from the due date of the month it is about (penalties.md 2); one that adds is a
    new obligation of the month in whose document it stands.
    """
    posted = billing_queries.frame(_POSTED, {"contract_id": _ID, "month": pl.Date}, {"month": month.first})
    held = billing_queries.frame(_HELD, {"account_id": _ID, "month": pl.Date}, {"accounts": account_ids})
    ink = lines.filter(pl.col("is_penalty") == 0).join(posted, on=["contract_id", "month"], how="semi")
    if held.height:
        ink = ink.join(held, on=["account_id", "month"], how="anti")
    sums = ink.group_by(*_PAIRS, "month", "for_month").agg(amount=pl.col("amount").sum())
    document = pl.when(pl.col("amount") < 0).then("for_month").otherwise("month")
    return sums.group_by(*_PAIRS, month=document).agg(charged=pl.col("amount").sum())


def penalties_due(
    *, account_ids: Sequence[int], month: Month, law: Law, until: date, whole: bool = False
) -> pl.DataFrame:
    """What the open month is to charge: accrued to `until` inclusive less what was charged before; KEY, days, amount.

    Negative where a correction or an earlier value date took off what had been charged. Nothing: no row.
    whole: from all months there ever were; the same rows, if what is settled is settled.
    """
    debts = open_debts(account_ids=account_ids, month=month, law=law, whole=whole)
    accrued = penalties.accrued(debts.items, debts.payments, law, until)
    both = accrued.join(debts.posted, on=penalties.KEY, how="full", coalesce=True)
    owed = pl.col("amount").cast(EXACT).fill_null(ZERO) - pl.col("posted").fill_null(ZERO)
    return both.select(*penalties.KEY, days=pl.col("days").fill_null(0), amount=owed).filter(pl.col("amount") != 0)


def warning_of_cap(law: Law, day: date) -> str:
    """Words for the operator, from a month before the cap of the housing rate ends until it is settled; else empty."""
    ends = [row.until for row in law.policies if row.rule == Rule.AT_MOST and row.scale == Scale.HOUSING]
    if not ends or None in ends:
        return ""
    end = max(moment for moment in ends if moment is not None)
    if not end - timedelta(days=31) <= day < end + timedelta(days=31):
        return ""
    return (
        f"Предел ставки пеней действует по {end - timedelta(days=1):%d.%m.%Y}: дальше считается ключевая ставка. "
        "Если его продлили, внесите значение penalty_cap до первого начисления."
    )


def roubles(amount: Decimal) -> str:
    """«3 000,00 ₽», as in the document; a minus is a minus sign."""
    return f"{amount:,.2f} ₽".replace(",", " ").replace(".", ",").replace("-", "−")


# --- the sheet --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A segment as it is printed; `text` is the sentence with the numbers put in."""

    first: date
    last: date
    days: int
    balance: Decimal
    fraction: str
    rate: Decimal
    amount: Decimal
    act: str
    text: str


@dataclass(frozen=True, slots=True)
class SheetDebt:
    """Penalty of one month of debt of a contract's service; roubles.

    payments: (value date, roubles) that reduced it.
    """

    contract_id: int
    principal: str
    service_id: int
    service_name: str
    month: date
    due_on: date
    charged: Decimal
    payments: tuple[tuple[date, Decimal], ...]
    rows: tuple[SheetRow, ...]
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PenaltySheet:
    """Расчёт пени of an account on a day (inclusive): Σ rows = amount of a debt, Σ debts = amount."""

    number: str
    address: str
    payer: str
    on: date
    debts: tuple[SheetDebt, ...]
    amount: Decimal
    charged_before: Decimal

    @property
    def by_principal(self) -> list[tuple[str, Decimal]]:
        """Principal → roubles, in the order of the debts."""
        sums: dict[str, Decimal] = {}
        for debt in self.debts:
            sums[debt.principal] = sums.get(debt.principal, ZERO) + debt.amount
        return list(sums.items())


class NoSuchAccount(Refusal):
    """There is no account of this id."""


def penalty_sheet(*, account_id: int, on: date) -> PenaltySheet:
    """Everything that accrued on the account to `on` inclusive, debt by debt, from the ink of the months before it.

    charged_before: penalties posted or drafted in earlier months. Raises NoSuchAccount, LawMissing.
    """
    account = accounts_queries.accounts_with_address().filter(pk=account_id).first()
    if account is None:
        raise NoSuchAccount("Такого лицевого счёта нет.")
    rules = law()
    month = Month.of(on).next if on == Month.of(on).last else Month.of(on)
    debts, posted = _sheet_debts(account_id, month, on, rules)
    return PenaltySheet(
        number=account.number,
        address=accounts_queries.address_of(account.house, account.premises),
        payer=accounts_queries.payer_of(account),
        on=on,
        debts=tuple(debts),
        amount=total(debt.amount for debt in debts),
        charged_before=posted,
    )


def _sheet_debts(account_id: int, month: Month, on: date, rules: Law) -> tuple[list[SheetDebt], Decimal]:
    debts = open_debts(account_ids=[account_id], month=month, law=rules, whole=True)
    items, paid = penalties.net_credits(debts.items, debts.payments)
    made = penalties.segments(items, paid, rules, on)
    names = {
        contract.pk: contract.principal.short_name
        for contract in accounts_queries.AgencyContract.objects.select_related("principal").filter(
            pk__in=items["contract_id"].unique().to_list()
        )
    }
    services = {service.pk: service for service in accounts_queries.Service.objects.all()}
    found: list[SheetDebt] = []
    for item in items.sort("contract_id", "priority", "service_id", "month").iter_rows(named=True):
        key = pl.all_horizontal(pl.col(name) == item[name] for name in penalties.KEY)
        rows = list(penalties.read_segments(made.filter(key)))
        if not rows:
            continue
        steps = paid.filter(key & (pl.col("paid_on") <= on)).group_by("paid_on").agg(pl.col("amount").sum())
        printed = tuple(_sheet_row(row, rules, item["scale"], item["due_on"]) for row in rows)
        found.append(
            SheetDebt(
                contract_id=item["contract_id"],
                principal=names[item["contract_id"]],
                service_id=item["service_id"],
                service_name=services[item["service_id"]].name,
                month=item["month"],
                due_on=item["due_on"],
                charged=penalties.plain(item["charged"], 2),
                payments=tuple((day, penalties.plain(amount, 2)) for day, amount in steps.sort("paid_on").iter_rows()),
                rows=printed,
                amount=penalties.amount_of(rows),
            )
        )
    return found, penalties.plain(sum(debts.posted["posted"].to_list(), ZERO), 2)


def _sheet_row(row: Segment, rules: Law, scale: int, due_on: date) -> SheetRow:
    band = rules.band(scale, (row.first - due_on).days, row.first)
    policy = rules.policy(scale, row.first)
    acts = [band.act if band else ""]
    if policy is not None and policy.percent == row.rate:
        acts.append(policy.act)
    act = ", ".join(act for act in acts if act)
    sentence = f"{roubles(row.balance)} × {row.days} дн. × {number(row.rate)} % / {row.divisor} = {roubles(row.amount)}"
    return SheetRow(
        first=row.first,
        last=row.last,
        days=row.days,
        balance=row.balance,
        fraction=f"1/{row.divisor}",
        rate=row.rate,
        amount=row.amount,
        act=act,
        text=f"{sentence}; {act}" if act else sentence,
    )


@dataclass(frozen=True, slots=True)
class PrintedDebt:
    """A debt of the sheet with every number as its text: templates compute nothing."""

    title: str
    facts: str
    rows: tuple[tuple[str, ...], ...]  # from, to, days, balance, rate, fraction, amount, act
    amount: str


@dataclass(frozen=True, slots=True)
class PrintedSheet:
    number: str
    address: str
    payer: str
    on: str
    debts: tuple[PrintedDebt, ...]
    by_principal: tuple[tuple[str, str], ...]
    amount: str
    charged_before: str


def printed_sheet(sheet: PenaltySheet) -> PrintedSheet:
    """The sheet as the template shows it."""
    return PrintedSheet(
        number=sheet.number,
        address=sheet.address,
        payer=sheet.payer,
        on=long_date(sheet.on),
        debts=tuple(_printed_debt(debt) for debt in sheet.debts),
        by_principal=tuple((principal, roubles(amount)) for principal, amount in sheet.by_principal),
        amount=roubles(sheet.amount),
        charged_before=roubles(sheet.charged_before),
    )


def _printed_debt(debt: SheetDebt) -> PrintedDebt:
    paid = "; ".join(f"{explanation.day(day)} {roubles(amount)}" for day, amount in debt.payments)
    facts = f"Начислено {roubles(debt.charged)}, срок оплаты {explanation.day(debt.due_on)} включительно. "
    return PrintedDebt(
        title=f"{debt.principal}. {debt.service_name}, {Month(debt.month).title}",
        facts=facts + (f"Погашено: {paid}." if paid else "Оплат не было."),
        rows=tuple(
            (
                explanation.day(row.first), explanation.day(row.last), str(row.days), roubles(row.balance),
                f"{number(row.rate)} %", row.fraction, roubles(row.amount), row.act,
            )
            for row in debt.rows
        ),
        amount=roubles(debt.amount),
    )  # fmt: skip


# --- in words ---------------------------------------------------------------------------------------------------------


def explain_penalties(*, account_id: int, month: Month, on: date) -> list[Explanation]:
    """Every penalty line of the account in the month, in words: the segments with the numbers put in.

    on: the day the penalties were accrued to; of a month that is over, its last day. The text names what was charged
    before, and says so where today's knowledge gives another amount than the stored line.
    """
    kind = billing_queries.ChargeKind.PENALTY
    lines = [row for row in billing_queries.charges_of_account(account_id=account_id, month=month) if row.kind == kind]
    if not lines:
        return []
    rules = law()
    until = min(on, month.last)
    debts = open_debts(account_ids=[account_id], month=month, law=rules, whole=True)
    posted = {row[:4]: penalties.plain(row[4], 2) for row in debts.posted.iter_rows()}
    sheet = {
        (debt.contract_id, debt.service_id, debt.month): debt
        for debt in _sheet_debts(account_id, month, until, rules)[0]
    }
    told = []
    for line in lines:
        debt = sheet.get((line.contract_id, line.service_id, line.for_month))
        before = posted.get((account_id, line.contract_id, line.service_id, line.for_month), ZERO)
        told.append(
            Explanation(
                service_id=line.service_id,
                contract_id=line.contract_id,
                kind=line.kind,
                line=line.line,
                title=f"{line.service_name}, пени за {Month(line.for_month).title}",
                amount=line.amount,
                text=_told(line, debt, before, until),
                formula=", ".join(dict.fromkeys(row.act for row in debt.rows)) if debt else "",
            )
        )
    return told


def explain(*, account_id: int, month: Month, today: date) -> list[Explanation]:
    """Every line of the account in the month in words: the engine's, and the penalties accrued up to yesterday."""
    rows = billing_queries.explain(account_id=account_id, month=month)
    if all(row.kind != billing_queries.ChargeKind.PENALTY for row in rows):
        return rows
    accrued_to = max(min(today - ONE_DAY, month.last), month.first)
    penalties_told = {
        (row.contract_id, row.service_id, row.line): row
        for row in explain_penalties(account_id=account_id, month=month, on=accrued_to)
    }
    return [
        penalties_told.get((row.contract_id, row.service_id, row.line), row)
        if row.kind == billing_queries.ChargeKind.PENALTY
        else row
        for row in rows
    ]


def _told(line: billing_queries.ChargeRow, debt: SheetDebt | None, before: Decimal, until: date) -> str:
    about = Month(line.for_month).title
    if debt is None:
        text = f"За {about} просрочки нет."
    else:
        sums = ". ".join(
            f"С {explanation.day(row.first)} по {explanation.day(row.last)}: {row.text.partition(';')[0]}"
            for row in debt.rows
        )
        text = f"Плата за {about} должна была поступить до {explanation.day(debt.due_on)} включительно. {sums}."
        if len(debt.rows) > 1:
            text += f" Всего на {explanation.day(until)}: {roubles(debt.amount)}."
    accrued = debt.amount if debt else ZERO
    if before:
        text += f" Раньше начислено {roubles(before)}, в этом месяце {roubles(accrued - before)}."
    if accrued - before != line.amount:
        text += f" Записано {roubles(line.amount)}: с тех пор оплаты или начисления изменились."
    return text


def explain_penalty(
    *, account_id: int, month: Month, on: date, contract_id: int, service_id: int, line: int
) -> Explanation | None:
    """One penalty line in words (see explain_penalties); None where the month has no such line."""
    told = explain_penalties(account_id=account_id, month=month, on=on)
    return next(
        (row for row in told if (row.contract_id, row.service_id, row.line) == (contract_id, service_id, line)),
        None,
    )
