"""Recalculation of houses by one document: shown first, then drafted into the open month; undone by another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import polars as pl
from django.db import IntegrityError, transaction

import accounts.operations
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import ZERO, total, written
from accounts.queries import PersonalAccount, User
from billing import columns, corrections, pipeline, queries, what_ifs
from billing.columns import EXACT, MONEY
from billing.kinds import Basis, By
from billing.models import ChargeKind, ContractMonth, Correction, MassCorrection, MassRule
from billing.operations import writing
from billing.operations.above import FIRST_BY_DOCUMENT, draft_charges
from billing.pipeline.days import segments

MANY = 6_000  # accounts computed at a time
MOST_PERCENT = 100
LONGEST = 36  # months of one document: what stands on line
# What a norm may be given on; the document's value is on the same as the published one.
NORMED = [int(basis) for basis in (Basis.PERSON_MONTH, Basis.PERSON_YEAR, Basis.M2_MONTH, Basis.M2_YEAR)]
BY_SHARE = {MassRule.PER_M2: "area", MassRule.PER_PERSON: "persons"}


class CorrectionRefused(Refusal):
    """The document cannot be carried out."""


@dataclass(frozen=True, slots=True)
class MassOrder:
    """What a document says. value: percent, roubles or a price, as the rule asks; a minus takes off (not of a price).

    account_ids: only these accounts of the houses. component: which part of a two-component tariff.
    """

    number: str
    service_id: int
    house_ids: tuple[int, ...]
    first_month: Month
    last_month: Month
    rule: int
    value: Decimal
    basis: str
    reason: str
    component: int = 0
    account_ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class PlannedCorrection:
    """One account, contract and month: roubles before, the document's, and after."""

    account_id: int
    contract_id: int
    for_month: date
    before: Decimal
    amount: Decimal

    @property
    def after(self) -> Decimal:
        return self.before + self.amount


@dataclass(frozen=True, slots=True)
class MassPlan:
    """What the document would do, and in which month its lines would stand."""

    order: MassOrder
    into: Month
    rows: list[PlannedCorrection]

    @property
    def accounts(self) -> int:
        return len({row.account_id for row in self.rows})

    @property
    def amount(self) -> Decimal:
        return total(row.amount for row in self.rows)

    def by_account(self) -> list[tuple[int, Decimal, Decimal, Decimal]]:
        """(account, before, document, after) over all months of the document, the largest change first."""
        sums: dict[int, list[Decimal]] = {}
        for row in self.rows:
            known = sums.setdefault(row.account_id, [ZERO, ZERO])
            known[0] += row.before
            known[1] += row.amount
        found = [(pk, before, amount, before + amount) for pk, (before, amount) in sums.items()]
        return sorted(found, key=lambda row: (-abs(row[2]), row[0]))


def plan_correction(order: MassOrder) -> MassPlan:
    """What the document gives every account of its houses; writes nothing. Raises CorrectionRefused.

    Only accounts that have ink of the service in the month: what was never billed is not recalculated. `before` is
    what the month came to so far, with its recalculations and benefits.
    """
    into = _refuse_unclear(order)
    rows: list[PlannedCorrection] = []
    for houses in queries.blocks(order.house_ids, MANY):
        for month in Month.range(order.first_month, order.last_month):
            rows += _month(order, month, houses)
    if not rows:
        raise CorrectionRefused(
            "Пересчитывать нечего: у счетов этих домов нет проведённых начислений по услуге за эти месяцы, либо"
            " документ ничего не меняет. Проверьте дома, услугу, месяцы и значение."
        )
    below = [row for row in rows if row.after < 0 < -row.amount]
    if below:
        number = PersonalAccount.objects.get(pk=below[0].account_id).number
        raise CorrectionRefused(
            f"Снимается больше, чем начислено: счетов {len({row.account_id for row in below})}, первый {number},"
            f" начислено {written(below[0].before)} ₽, снимается {written(-below[0].amount)} ₽. Уменьшите значение.",
            field="value",
        )
    return MassPlan(order, into, rows)


def _refuse_unclear(order: MassOrder) -> Month:
    """The month that takes the lines. Raises CorrectionRefused where the document does not say enough."""
    for name, text in (("number", order.number), ("basis", order.basis), ("reason", order.reason)):
        if not text.strip():
            raise CorrectionRefused("Заполните: номер, документ-основание и причину перерасчёта.", field=name)
    if MassCorrection.objects.filter(number=order.number.strip()).exists():
        raise CorrectionRefused(f"Документ № {order.number} уже проведён. Дайте другой номер.", field="number")
    if not order.house_ids:
        raise CorrectionRefused("Выберите хотя бы один дом.", field="houses")
    into = queries.recalculation_month()
    if into is None:
        raise CorrectionRefused("Нет месяца, открытого по всем договорам: откройте следующий и повторите.")
    if order.last_month < order.first_month or order.last_month >= into:
        raise CorrectionRefused(
            f"Пересчитываются проведённые месяцы по {into.previous.title}, с первого по последний. Проверьте период.",
            field="last_month",
        )
    if into - order.first_month > LONGEST:
        raise CorrectionRefused(f"Пересчитываются месяцы не старше {LONGEST}.", field="first_month")
    by_price = order.rule in {MassRule.AS_IF_TARIFF, MassRule.AS_IF_NORM}
    if order.value < 0 if by_price else order.value == 0:
        raise CorrectionRefused(
            "Значение не может быть таким: тариф и норматив от нуля, прочее не ноль.", field="value"
        )
    if order.rule == MassRule.PERCENT and abs(order.value) > MOST_PERCENT:
        raise CorrectionRefused("Снять или добавить можно не больше 100 % платы.", field="value")
    return into


def _month(order: MassOrder, month: Month, houses: Sequence[int]) -> Iterator[PlannedCorrection]:
    charged = _charged(order, month, houses)
    if not charged.height:
        return
    value = pl.lit(order.value).cast(EXACT)
    if order.rule == MassRule.PERCENT:
        planned = corrections.by_percent(charged, value)
    else:
        known = queries.reference(month)
        found = queries.facts(month, known, house_ids=houses)
        if order.rule in BY_SHARE:
            days = segments(found)
            planned = corrections.by_quantity(charged, days, BY_SHARE[MassRule(order.rule)], value, month.days)
        else:
            planned = corrections.as_if(charged, *_both(order, found))
    for row in planned.iter_rows(named=True):
        yield PlannedCorrection(row["account_id"], row["contract_id"], month.first, row["before"], row["amount"])


def _both(order: MassOrder, found: pipeline.Facts) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The month as it is, and as if another price or norm were in force."""
    tariffs, norms = [], []
    if order.rule == MassRule.AS_IF_TARIFF:
        tariffs.append(what_ifs.DraftTariff(order.service_id, order.value, component=order.component))
    else:
        published = found.reference.norms.filter(
            (pl.col("service_id") == order.service_id) & pl.col("basis").is_in(NORMED)
        )
        for row in published.unique(["scope", "basis"]).sort("scope", "basis").iter_rows(named=True):
            norms.append(what_ifs.DraftNorm(order.service_id, order.value, row["basis"], row["scope"], row["months"]))
    drafted = what_ifs.with_drafts(found.reference, found.month, tariffs, norms)
    both = (pipeline.calculate(found), pipeline.calculate(replace(found, reference=drafted)))
    return both[0].lines, both[1].lines


def _charged(order: MassOrder, month: Month, houses: Sequence[int]) -> pl.DataFrame:
    """What the accounts of the houses owe for the month so far: ink of all kinds but penalties. CHARGED."""
    only = f" AND c.account_id = ANY({queries.array(order.account_ids)})" if order.account_ids is not None else ""
    return queries.frame(
        "SELECT c.account_id, c.contract_id, c.service_id, sum(c.amount),"
        " coalesce(max(c.days) FILTER (WHERE c.kind IN (1, 3)), 0)"
        " FROM billing_charge c JOIN billing_contractmonth s ON s.contract_id = c.contract_id AND s.month = c.month"
        # documents of the open month count too: the next one starts from what they leave
        f" AND (s.state <> 'open' OR c.kind = 4 AND {queries.BY_DOCUMENT}) WHERE"
        f" c.house_id = ANY({queries.array(houses)}) AND c.service_id = {int(order.service_id)}"
        f" AND c.for_month = {queries.day(month.first)} AND c.month >= {queries.day(month.first)}"
        f" AND c.kind IN (1, 2, 3, 4, 5, 7, 8){only} AND NOT EXISTS (SELECT FROM billing_hold h"
        " WHERE h.account_id = c.account_id AND h.month = c.month AND h.released_at IS NULL)"
        " GROUP BY 1, 2, 3 HAVING bool_or(c.kind IN (1, 3) AND c.month = c.for_month) ORDER BY 1, 2, 3",
        corrections.CHARGED,
    )


@transaction.atomic
def correct_houses(order: MassOrder, *, by: User | None = None) -> MassCorrection:
    """Carry the document out: a Correction for every account and month, and its line in the open month.

    The document is ink at once; its lines are chalk until the month is posted. Raises CorrectionRefused.
    """
    writing.lock_houses(sorted(order.house_ids))
    plan = plan_correction(order)
    document = _written(
        MassCorrection(
            number=order.number.strip(), month=plan.into.first, service_id=order.service_id,
            first_month=order.first_month.first, last_month=order.last_month.first, rule=order.rule, value=order.value,
            component=order.component, houses=sorted(order.house_ids), basis=order.basis.strip(),
            reason=order.reason.strip(), accounts=plan.accounts, amount=plan.amount, made_by=by,
        )
    )  # fmt: skip
    _write_rows(document, plan.rows)
    accounts.operations.note(
        "billing.document.made", by=by, ground=document.basis, document=document.pk, number=document.number,
        month=plan.into, accounts=plan.accounts, amount=plan.amount,
    )  # fmt: skip
    return document


@transaction.atomic
def reverse_correction(
    *, document_id: int, number: str, basis: str, reason: str, by: User | None = None
) -> MassCorrection:
    """Undo a document by another that refers to it: the same accounts and months with the sign turned.

    In the month of the first both lines vanish; later the mirror lines stand in the open month. Raises
    CorrectionRefused.
    """
    first = MassCorrection.objects.select_for_update(of=("self",)).get(pk=document_id)
    if first.reverses_id is not None:
        raise CorrectionRefused(f"Документ № {first.number} сам сторнирует другой: проведите перерасчёт заново.")
    again = MassCorrection.objects.filter(reverses=first).first()
    if again is not None:
        raise CorrectionRefused(f"Документ № {first.number} уже сторнирован документом № {again.number}.")
    for name, text in (("number", number), ("basis", basis), ("reason", reason)):
        if not text.strip():
            raise CorrectionRefused("Заполните: номер, документ-основание и причину сторно.", field=name)
    if MassCorrection.objects.filter(number=number.strip()).exists():
        raise CorrectionRefused(f"Документ № {number} уже проведён. Дайте другой номер.", field="number")
    into = queries.recalculation_month()
    if into is None:
        raise CorrectionRefused("Нет месяца, открытого по всем договорам: откройте следующий и повторите.")
    writing.lock_houses(sorted(first.houses))
    document = _written(
        MassCorrection(
            number=number.strip(), month=into.first, service_id=first.service_id, first_month=first.first_month,
            last_month=first.last_month, rule=first.rule, value=first.value, component=first.component,
            houses=first.houses, basis=basis.strip(), reason=reason.strip(), accounts=first.accounts,
            amount=-first.amount, reverses=first, made_by=by,
        )
    )  # fmt: skip
    rows = [
        PlannedCorrection(row.account_id, row.contract_id, row.for_month, row.after or ZERO, -row.amount)
        for row in first.corrections.order_by("pk")
    ]
    _write_rows(document, rows)
    accounts.operations.note(
        "billing.document.reversed", by=by, ground=document.basis, document=document.pk, number=document.number,
        reverses=first.number, month=into, accounts=document.accounts, amount=document.amount,
    )  # fmt: skip
    return document


def _written(document: MassCorrection) -> MassCorrection:
    try:
        with transaction.atomic():
            document.save(force_insert=True)
    except IntegrityError as clash:
        raise CorrectionRefused(f"Документ № {document.number} уже проведён. Обновите страницу.") from clash
    return document


def _write_rows(document: MassCorrection, rows: Sequence[PlannedCorrection]) -> None:
    Correction.objects.bulk_create(
        [
            Correction(
                account_id=row.account_id, service_id=document.service_id, contract_id=row.contract_id,
                number=document.number, month=document.month, for_month=row.for_month,
                basis=f"{document.reason}; {document.basis}", amount=row.amount, document=document,
                before=row.before, after=row.after, made_by=document.made_by,
            )
            for row in rows
        ],
        batch_size=2000,
    )  # fmt: skip
    # A contract that has ended still takes its corrections.
    contracts = sorted({row.contract_id for row in rows})
    ContractMonth.objects.bulk_create(
        [ContractMonth(contract_id=pk, month=document.month) for pk in contracts], ignore_conflicts=True
    )
    draft_documents(month=Month(document.month), account_ids=sorted({row.account_id for row in rows}))


@transaction.atomic
def draft_documents(*, month: Month, account_ids: Sequence[int]) -> None:
    """Make the lines by documents of these accounts in the month say what their Corrections say.

    A line's number is its Correction's place among those of the account, contract, service and month. A document and
    the one that undoes it in the same month leave no lines.
    """
    rows = queries.frame(
        "SELECT * FROM (SELECT c.account_id, c.contract_id, c.service_id,"
        f" {FIRST_BY_DOCUMENT} - 1 + row_number() OVER (PARTITION BY c.account_id, c.contract_id, c.service_id"
        " ORDER BY c.id) AS line, c.for_month, c.amount,"
        " EXISTS (SELECT FROM billing_masscorrection r WHERE r.month = c.month"
        "  AND (r.reverses_id = c.document_id OR r.id = d.reverses_id))::int AS is_undone"
        " FROM billing_correction c JOIN billing_masscorrection d ON d.id = c.document_id"
        f" WHERE c.month = {queries.day(month.first)} AND c.account_id = ANY({queries.array(account_ids)})) AS numbered"
        " ORDER BY 1, 2, 3, 4",
        {
            "account_id": pl.Int64, "contract_id": pl.Int64, "service_id": pl.Int16, "line": pl.Int16,
            "for_month": pl.Date, "amount": MONEY, "is_undone": pl.Int8,
        },
    )  # fmt: skip
    lines = rows.filter(pl.col("is_undone") == 0).drop("is_undone").with_columns(
        method=pl.lit(int(By.MANUAL), columns.CHARGES["method"])
    )  # fmt: skip
    draft_charges(month=month, kind=ChargeKind.RECALCULATION, lines=lines, account_ids=account_ids)
