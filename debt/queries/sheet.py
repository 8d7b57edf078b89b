"""Расчёт пени: debt by debt, segment by segment, and the same in words. Only reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl

from accounts import queries as accounts_queries
from accounts.calendar import ONE_DAY, Month, long_date
from accounts.errors import Refusal
from accounts.money import ZERO, total
from billing import explanation
from billing import queries as billing_queries
from billing.explanation import Explanation, number
from debt import penalties
from debt.penalties import Law, Segment
from debt.queries.items import open_debts
from debt.queries.law import law


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
        charged_before=total(posted.values()),
    )


def _sheet_debts(
    account_id: int, month: Month, on: date, rules: Law
) -> tuple[list[SheetDebt], dict[tuple[int, int], Decimal]]:
    """The debts with their segments, and what earlier months charged by contract and service."""
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
    before = {
        (contract_id, service_id): penalties.plain(posted + drafted, 2)
        for _, contract_id, service_id, posted, drafted in debts.charged.iter_rows()
    }
    return found, before


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
    sheet, before = _sheet_debts(account_id, month, until, rules)
    told = []
    for line in lines:
        debts = [debt for debt in sheet if (debt.contract_id, debt.service_id) == (line.contract_id, line.service_id)]
        acts = dict.fromkeys(row.act for debt in debts for row in debt.rows)
        told.append(
            Explanation(
                service_id=line.service_id,
                contract_id=line.contract_id,
                kind=line.kind,
                line=line.line,
                title=f"{line.service_name}, пени",
                amount=line.amount,
                text=_told(line, debts, before.get((line.contract_id, line.service_id), ZERO), until),
                formula=", ".join(acts),
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


def _told(line: billing_queries.ChargeRow, debts: list[SheetDebt], before: Decimal, until: date) -> str:
    accrued = total(debt.amount for debt in debts)
    text = " ".join(map(_told_of_month, debts)) if debts else "Просрочки нет."
    if sum(len(debt.rows) for debt in debts) > 1:
        text += f" Всего на {explanation.day(until)}: {roubles(accrued)}."
    if before:
        text += f" Раньше начислено {roubles(before)}, в этом месяце {roubles(accrued - before)}."
    if accrued - before != line.amount:
        text += f" Записано {roubles(line.amount)}: с тех пор оплаты или начисления изменились."
    return text


def _told_of_month(debt: SheetDebt) -> str:
    sums = ". ".join(
        f"С {explanation.day(row.first)} по {explanation.day(row.last)}: {row.text.partition(';')[0]}"
        for row in debt.rows
    )
    about = Month(debt.month).title
    return f"Плата за {about} должна была поступить до {explanation.day(debt.due_on)} включительно. {sums}."


def explain_penalty(
    *, account_id: int, month: Month, on: date, contract_id: int, service_id: int, line: int
) -> Explanation | None:
    """One penalty line in words (see explain_penalties); None where the month has no such line."""
    told = explain_penalties(account_id=account_id, month=month, on=on)
    return next(
        (row for row in told if (row.contract_id, row.service_id, row.line) == (contract_id, service_id, line)),
        None,
    )
