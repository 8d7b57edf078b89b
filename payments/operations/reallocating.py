"""What the debt floor tells of allocation, the preview of a payment, and parts laid anew by a journal."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import polars as pl
from django.db import connection, transaction

from accounts import operations as accounts_operations
from accounts.calendar import Month
from accounts.database import rolled_back
from accounts.errors import Refusal
from accounts.money import ZERO, total
from accounts.queries import ChannelKind, User
from payments import allocation, open_items
from payments.allocation import ITEM, Rule
from payments.models import InstructionKind, Part, PaymentInstruction, PaymentState, ReallocatedPayment, Reallocation
from payments.operations.allocating import (
    Directed,
    ToLay,
    blocks_of,
    direction_as_stored,
    lay,
    lock_accounts,
    locked_payments,
    next_lines,
    write_parts,
)
from payments.operations.days import By, hold_open


class InstructionRefused(Refusal):
    """This instruction cannot be taken."""


class ReallocationRefused(Refusal):
    """Nothing to lay anew, or the journal cannot be undone."""


# --- instructions of the debt floor ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ActLine:
    """A line of a court act: roubles of one service under one contract for one month."""

    contract_id: int
    service_id: int
    for_month: Month
    amount: Decimal
    is_penalty: bool = False


@transaction.atomic
def direct_by_act(
    *, account_id: int, document: str, lines: Collection[ActLine], valid_from: date, by: By = None
) -> list[PaymentInstruction]:
    """Money that names this court act, or comes from the bailiffs, goes to the act's lines first.

    The same act again adds nothing. Raises InstructionRefused. Source: domain/payments.md, 3.1.
    """
    if not document.strip() or not lines:
        raise InstructionRefused("Назовите номер судебного акта и его строки.")
    if any(line.amount <= 0 for line in lines):
        raise InstructionRefused("Сумма строки судебного акта должна быть больше нуля.")
    rows = [
        PaymentInstruction(
            account_id=account_id, kind=InstructionKind.COURT_ACT, document=document.strip(), valid_from=valid_from,
            for_month=line.for_month.first, contract_id=line.contract_id, service_id=line.service_id,
            is_penalty=line.is_penalty, amount=line.amount,
        )
        for line in lines
    ]  # fmt: skip
    return _written(rows, account_id=account_id, document=document, by=by)


@transaction.atomic
def let_months_wait(
    *, account_id: int, document: str, months: Iterable[Month], valid_from: date, is_time_barred: bool = False,
    valid_to: date | None = None, by: By = None,
) -> list[PaymentInstruction]:  # fmt: skip
    """Undirected payments meet these months after the others: deferred by a plan, or beyond the limitation period."""
    kind = InstructionKind.TIME_BARRED if is_time_barred else InstructionKind.DEFERRED
    if not document.strip():
        raise InstructionRefused("Назовите документ: соглашение о рассрочке или решение о сроке давности.")
    rows = [
        PaymentInstruction(
            account_id=account_id, kind=kind, document=document.strip(), for_month=month.first, valid_from=valid_from,
            valid_to=valid_to,
        )
        for month in months
    ]  # fmt: skip
    return _written(rows, account_id=account_id, document=document, by=by)


def _written(rows: list[PaymentInstruction], *, account_id: int, document: str, by: By) -> list[PaymentInstruction]:
    written = PaymentInstruction.objects.bulk_create(rows, ignore_conflicts=True)
    accounts_operations.note(
        "payments.instruction.given", by=by, account_id=account_id, ground=document, kind=rows[0].kind if rows else 0
    )
    return written


@transaction.atomic
def end_instructions(*, account_id: int, document: str, on: date, by: By = None) -> int:
    """The document holds no more from `on`: the plan broke, the act was set aside. Returns how many lines ended."""
    standing = PaymentInstruction.objects.filter(account_id=account_id, document=document.strip(), valid_to=None)
    ended = standing.filter(valid_from__lt=on).update(valid_to=on)
    if not ended:
        raise InstructionRefused(f"По документу «{document}» на счёте нет указаний, действующих до {on:%d.%m.%Y}.")
    accounts_operations.note("payments.instruction.ended", by=by, account_id=account_id, ground=document, day=on)
    return ended


# --- the preview ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PreviewPart:
    """Where a part would go, positive roubles, and why. An advance has no principal and no month."""

    contract_id: int
    principal: str
    service_id: int
    service_name: str
    for_month: date | None
    part: int
    part_name: str
    reason: str
    amount: Decimal


ByRule = Literal["", "open", "charged", "oldest"]


def preview(
    *,
    account_id: int,
    amount: Decimal,
    on: date,
    for_month: Month | None = None,
    directed_to: Directed = None,
    purpose: str = "",
    channel_kind: int = ChannelKind.ANY,
    by_rule: ByRule = "",
) -> list[PreviewPart]:
    """Parts and reasons of a payment as they would be laid now; writes nothing.

    by_rule: another rule beside it: pro rata to what is «open» or was «charged» whatever the contracts say, or the
    «oldest» debt first whatever the payer named. Raises ReallocationRefused on a sum or breakdown that cannot be.
    """
    payment = ToLay(
        0, account_id, on, amount, for_month.first if for_month else None, direction_as_stored(directed_to),
        channel_kind, purpose,
    )  # fmt: skip
    items = open_items.of_accounts([account_id], on=on)
    try:
        parts = lay([_by(payment, by_rule)], items, on=on)
    except ValueError:
        raise ReallocationRefused(
            "Сумма должна быть больше нуля и в целых копейках, разбивка по услугам не больше её."
        ) from None
    return _told(parts)


def _by(payment: ToLay, rule: ByRule) -> ToLay:
    if rule == "oldest":
        return replace(payment, for_month=None, directed_to={})
    return replace(payment, by_charge=rule == "charged") if rule else payment


def _told(parts: pl.DataFrame) -> list[PreviewPart]:
    names = """
        SELECT contract.id, principal.short_name FROM accounts_agencycontract AS contract
        JOIN accounts_organisation AS principal ON principal.id = contract.principal_id WHERE contract.id = ANY(%s)
    """
    with connection.cursor() as cursor:
        cursor.execute(names, [parts["contract_id"].unique().to_list()])
        principals: dict[int, str] = dict(cursor.fetchall())
        cursor.execute("SELECT id, name FROM accounts_service")
        services: dict[int, str] = dict(cursor.fetchall())
    return [
        PreviewPart(
            contract_id=row["contract_id"],
            principal=principals.get(row["contract_id"], ""),
            service_id=row["service_id"],
            service_name=services.get(row["service_id"], "Аванс"),
            for_month=row["for_month"],
            part=row["part"],
            part_name=Part(row["part"]).label,
            reason=allocation.reason(row["rule"], row["for_month"] or date(1900, 1, 1)),
            amount=row["amount"],
        )
        for row in parts.sort("payment_id", "line").iter_rows(named=True)
    ]


# --- laid anew --------------------------------------------------------------------------------------------------------

NOW = """
    SELECT account_id, payment_id, contract_id, service_id, for_month, part, sum(amount) AS amount
    FROM payments_allocation WHERE payment_id = ANY(%s) {upto} GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(amount) <> 0
"""
PART = ["account_id", "payment_id", "contract_id", "service_id", "for_month", "part"]
NET: dict[str, Any] = {**dict.fromkeys(PART, pl.Int64), "for_month": pl.Date, "amount": allocation.MONEY}


def reallocate(
    *,
    payment_ids: Collection[int],
    day: date,
    reason: str,
    by: By,
    by_rule: ByRule = "",
    for_month: Month | None = None,
    directed_to: Directed = None,
) -> Reallocation:
    """Lay these allocated payments anew over what their accounts owe, as if they had not been laid yet, on `day`.

    Rows of the difference alone are written: negative where a part shrinks, positive where it grows, so that Σ of a
    payment stays, and money that was remitted meanwhile is withheld from the one principal and paid to the other by
    the next remittance. for_month, directed_to: the payer's later word (ст. 319.1 п. 1 ГК); by_rule as in `preview`.
    One transaction. Raises ReallocationRefused when nothing would change, DayClosed.
    """
    rule: dict[str, Any] = {"by_rule": by_rule, **direction_as_stored(directed_to)}
    if for_month is not None:
        rule["for_month"] = str(for_month)

    def anew(payments: list[ToLay], before: pl.DataFrame) -> pl.DataFrame:
        told = [
            _by(
                replace(
                    payment,
                    for_month=for_month.first if for_month else payment.for_month,
                    directed_to=direction_as_stored(directed_to) if directed_to else payment.directed_to,
                ),
                by_rule,
            )
            for payment in payments
        ]
        items = open_items.of_accounts({payment.account_id for payment in payments}, on=day)
        return lay(told, _as_if_unpaid(items, before), on=day)

    return _journal(payment_ids, day=day, reason=reason, by=by, rule=rule, anew=anew, undoes=None)


@dataclass(frozen=True, slots=True)
class Gain:
    """What the journal would bring to a principal (or take, when gets < gives), roubles. 0: advances of nobody's."""

    contract_id: int
    principal: str
    contract: str
    gets: Decimal
    gives: Decimal

    @property
    def net(self) -> Decimal:
        return self.gets - self.gives


@dataclass(frozen=True, slots=True)
class ReallocationPlan:
    """Of how many payments the parts would change, what would move, and whose it would be."""

    payments: int
    moved: Decimal
    gains: tuple[Gain, ...]


GAINS = """
    SELECT a.contract_id, coalesce(principal.short_name, ''), coalesce(contract.number, ''),
        coalesce(sum(a.amount) FILTER (WHERE a.amount > 0), 0.00),
        coalesce(-sum(a.amount) FILTER (WHERE a.amount < 0), 0.00)
    FROM payments_reallocatedpayment AS r
    JOIN payments_payment AS p ON p.id = r.payment_id
    JOIN payments_allocation AS a ON a.account_id = p.account_id AND a.payment_id = p.id
        AND a.line >= r.first_line AND a.line < r.next_line
    LEFT JOIN accounts_agencycontract AS contract ON contract.id = a.contract_id
    LEFT JOIN accounts_organisation AS principal ON principal.id = contract.principal_id
    WHERE r.reallocation_id = %s
    GROUP BY 1, 2, 3 ORDER BY 2, 3
"""


def plan_reallocation(
    *,
    payment_ids: Collection[int],
    day: date,
    by: By,
    by_rule: ByRule = "",
    for_month: Month | None = None,
    directed_to: Directed = None,
) -> ReallocationPlan:
    """What `reallocate` would do: all its work, then undone. Raises what it raises."""
    with rolled_back():
        journal = reallocate(
            payment_ids=payment_ids, day=day, reason="предварительный показ", by=by, by_rule=by_rule,
            for_month=for_month, directed_to=directed_to,
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(GAINS, [journal.pk])
            gains = tuple(Gain(*row) for row in cursor.fetchall())
        count = journal.payments.count()
    return ReallocationPlan(count, total(gain.gets for gain in gains), gains)


def undo_reallocation(*, reallocation_id: int, day: date, reason: str, by: By) -> Reallocation:
    """Give the payments of a journal the parts that they had before it, by a journal of its own on `day`.

    Raises ReallocationRefused when it was undone already, or a payment of it has moved since.
    """
    found = Reallocation.objects.filter(pk=reallocation_id).first()
    if found is None:
        raise ReallocationRefused(f"Журнал переразнесения № {reallocation_id} не найден.")
    if Reallocation.objects.filter(undoes=found).exists():
        raise ReallocationRefused(f"Журнал № {reallocation_id} уже отменён.")
    lines = {row.payment_id: row for row in found.payments.all()}

    def anew(payments: list[ToLay], before: pl.DataFrame) -> pl.DataFrame:
        del before
        latest = next_lines(list(lines))
        moved = [payment_id for payment_id, row in lines.items() if latest[payment_id] != row.next_line]
        if moved or len(payments) != len(lines):
            raise ReallocationRefused(
                f"Журнал № {reallocation_id} не отменить целиком: после него изменились платежи "
                f"{', '.join(f'№ {one}' for one in moved[:5]) or 'сторнированные'}. Переразнесите остальные отдельно."
            )
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT a.account_id, a.payment_id, a.contract_id, a.service_id, a.for_month, a.part, sum(a.amount)"
                " FROM payments_allocation AS a JOIN payments_reallocatedpayment AS r"
                " ON r.payment_id = a.payment_id AND a.line < r.first_line"
                " WHERE r.reallocation_id = %s GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(a.amount) <> 0",
                [reallocation_id],
            )
            return allocation.frame(NET, cursor.fetchall()).with_columns(rule=pl.lit(int(Rule.REVERSAL), pl.Int64))

    return _journal(list(lines), day=day, reason=reason, by=by, rule={}, anew=anew, undoes=found)


def _as_if_unpaid(items: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The items with what these payments had paid of them open again."""
    paid = before.filter(pl.col("part") != Part.ADVANCE).with_columns(is_penalty=pl.col("part") == Part.PENALTY)
    whole = paid.group_by(ITEM).agg(back=pl.sum("amount"))
    both = items.join(whole, on=ITEM, how="full", coalesce=True)
    contracts = open_items.terms().apart
    return both.with_columns(
        amount=pl.col("amount").fill_null(ZERO) + pl.col("back").fill_null(ZERO),
        charged=pl.coalesce("charged", "back"),
        priority=pl.col("priority").fill_null(100),
        is_apart=pl.coalesce("is_apart", pl.col("contract_id").is_in(sorted(contracts))),
        waits=pl.col("waits").fill_null(False),
    ).select(pl.col(name).cast(dtype) for name, dtype in allocation.ITEMS.items())


@transaction.atomic
def _journal(
    payment_ids: Collection[int], *, day: date, reason: str, by: By, rule: dict[str, Any], anew: Any,
    undoes: Reallocation | None,
) -> Reallocation:  # fmt: skip
    if not reason.strip():
        raise ReallocationRefused("Назовите причину переразнесения.", field="reason")
    hold_open(day)
    journal = Reallocation.objects.create(
        day=day, reason=reason[:255], rule=rule, undoes=undoes, made_by=by if isinstance(by, User) else None
    )
    payments = locked_payments(payment_ids, PaymentState.ALLOCATED)
    count, moved = 0, ZERO
    blocks = [[payment.payment_id for payment in payments]] if undoes else list(
        blocks_of(sorted((payment.account_id, payment.payment_id) for payment in payments))
    )  # fmt: skip
    by_id = {payment.payment_id: payment for payment in payments}
    for block in blocks:
        some = [by_id[payment_id] for payment_id in block]
        houses = lock_accounts({payment.account_id for payment in some})
        with connection.cursor() as cursor:
            cursor.execute(NOW.format(upto=""), [block])
            before = allocation.frame(NET, cursor.fetchall())
        rows = _difference(before, anew(some, before), month=Month.of(day).first)
        if rows.is_empty():
            continue
        first = next_lines(rows["payment_id"].unique().to_list())
        numbered = rows.sort("payment_id", "amount", "contract_id", "service_id", "for_month").with_columns(
            line=pl.int_range(pl.len()).over("payment_id")
            + pl.col("payment_id").replace_strict(first, return_dtype=pl.Int64)
        )  # fmt: skip
        write_parts(numbered.select(*allocation.PARTS), houses=houses, day=day)
        lines = numbered.group_by("payment_id").agg(first=pl.min("line"), last=pl.max("line")).sort("payment_id")
        ReallocatedPayment.objects.bulk_create(
            [
                ReallocatedPayment(reallocation=journal, payment_id=payment_id, first_line=least, next_line=most + 1)
                for payment_id, least, most in lines.iter_rows()
            ],
            batch_size=5000,
        )
        count += len(lines)
        moved += total(numbered.filter(pl.col("amount") > 0)["amount"])
    if not count:
        raise ReallocationRefused("Переразносить нечего: по этому правилу части платежей остаются прежними.")
    accounts_operations.note(
        "payments.reallocation.undone" if undoes else "payments.reallocation.made",
        by=by, ground=reason, reallocation_id=journal.pk, payments=count, amount=moved, day=day,
    )  # fmt: skip
    return journal


def _difference(before: pl.DataFrame, after: pl.DataFrame, *, month: date) -> pl.DataFrame:
    """What has to be written so that `before` becomes `after`: a row a part. Advances are of one purse of a payment."""
    purse = pl.when(pl.col("part") == Part.ADVANCE).then(pl.lit(month)).otherwise(pl.col("for_month"))
    had = before.with_columns(for_month=purse).group_by(PART).agg(had=pl.sum("amount"))
    gets = after.with_columns(for_month=purse).group_by(PART).agg(pl.sum("amount"), pl.max("rule"))
    return (
        had.join(gets, on=PART, how="full", coalesce=True)
        .with_columns(amount=pl.col("amount").fill_null(ZERO) - pl.col("had").fill_null(ZERO))
        .filter(pl.col("amount") != 0)
        .with_columns(rule=pl.when(pl.col("amount") < 0).then(int(Rule.REVERSAL)).otherwise(pl.col("rule")))
        .drop("had")
    )
