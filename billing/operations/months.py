"""A month opens, is posted contract by contract, and closes. Only the state moves: chalk becomes ink where it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Count, Sum
from django.db.models.functions import Now

import accounts.operations
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import written
from accounts.queries import AgencyContract, PersonalAccount, User
from billing.gate import Anomaly
from billing.models import Charge, ContractMonth, ContractMonthState, Hold


class PostingRefused(Refusal):
    """The month of a contract cannot move on."""


class HoldRefused(Refusal):
    """The account cannot be held back or released."""


@dataclass(frozen=True, slots=True)
class PostingSummary:
    contracts: int
    lines: int
    amount: Decimal
    held_accounts: int

    def __str__(self) -> str:
        text = f"Проведено договоров: {self.contracts}, строк: {self.lines}, на сумму {written(self.amount)} ₽."
        return text + (f" Удержано счетов: {self.held_accounts}." if self.held_accounts else "")


@transaction.atomic
def open_month(*, month: Month) -> int:
    """Partitions for this month's and the next month's charges, and a ContractMonth of every contract in force.

    Returns how many contract months are new. Safe to repeat.
    """
    with connection.cursor() as cursor:
        for first in (month.first, month.next.first):
            cursor.execute("SELECT make_month_partition('billing_charge', %s)", [first])
    contracts = AgencyContract.objects.during(month.span).values_list("pk", flat=True)
    known = set(ContractMonth.objects.filter(month=month.first).values_list("contract_id", flat=True))
    fresh = [ContractMonth(contract_id=pk, month=month.first) for pk in contracts if pk not in known]
    ContractMonth.objects.bulk_create(fresh, ignore_conflicts=True)
    if fresh:
        accounts.operations.note("billing.month.opened", month=month, contracts=len(fresh))
    return len(fresh)


def refuse_not_begun(*, month: Month, today: date) -> None:
    """Drafts are made up to the running month: nobody knows the tariffs and readings of a later one. Raises
    PostingRefused."""
    if month.first > today:
        raise PostingRefused(
            f"{month.title.capitalize()} ещё не начался: черновики считают до текущего месяца, сейчас"
            f" {Month.of(today).title}."
        )


@transaction.atomic
def post_month(*, month: Month, today: date, contract_id: int | None = None, by: User | None = None) -> PostingSummary:
    """Turn the drafts of the month into ink: all open contracts, or one. Only once its last day is over.

    A balance counts the ink of the months before today's: a running month posted early would be in the document and
    not yet in the balance. The lock waits for writers in flight; a writer that comes later sees the new state and is
    refused. Accounts that are held stay chalk. Raises PostingRefused if the month goes on or there is nothing to post.
    """
    if today <= month.last:
        raise PostingRefused(
            f"{month.title.capitalize()} ещё не кончился: он проводится с {month.next.first:%d.%m.%Y}."
            " До того дня его начисления остаются черновиком."
        )
    rows = ContractMonth.objects.select_for_update().filter(month=month.first).order_by("pk")
    if contract_id is not None:
        rows = rows.filter(contract_id=contract_id)
    found = list(rows)
    due = [row for row in found if row.state == ContractMonthState.OPEN]
    if not found:
        raise PostingRefused(f"{month.title.capitalize()} не открыт. Сначала рассчитайте его: bill {month}.")
    if not due:
        raise PostingRefused(f"{month.title.capitalize()} уже проведён: исправления проводятся в открытом месяце.")
    earlier = (
        ContractMonth.objects.filter(
            month__lt=month.first, state=ContractMonthState.OPEN, contract_id__in=[row.contract_id for row in due]
        )
        .order_by("month")
        .first()
    )
    if earlier is not None:
        raise PostingRefused(
            f"По договору {earlier.contract_id} ещё не проведён {Month(earlier.month).title}."
            " Проводите месяцы по порядку."
        )
    held = set(Hold.objects.filter(month=month.first, released_at=None).values_list("account_id", flat=True))
    totals = {
        row["contract_id"]: row
        for row in Charge.objects.filter(month=month.first, contract_id__in=[row.contract_id for row in due])
        .exclude(account_id__in=held)
        .values("contract_id")
        .annotate(lines=Count("account_id"), amount=Sum("amount"))
    }
    for row in due:
        ContractMonth.objects.filter(pk=row.pk).update(state=ContractMonthState.POSTED, posted_at=Now())
        sums = totals.get(row.contract_id, {"lines": 0, "amount": Decimal("0.00")})
        accounts.operations.note(
            "billing.month.posted", by=by, month=month, contract_id=row.contract_id,
            lines=sums["lines"], amount=sums["amount"],
        )  # fmt: skip
    return PostingSummary(
        contracts=len(due),
        lines=sum(row["lines"] for row in totals.values()),
        amount=sum((row["amount"] for row in totals.values()), Decimal("0.00")),
        held_accounts=len(held),
    )


@transaction.atomic
def mark_issued(*, month: Month, contract_ids: Sequence[int] | None = None) -> int:
    """Documents of the month are out: POSTED → ISSUED. Returns how many contract months moved; safe to repeat."""
    rows = ContractMonth.objects.select_for_update().filter(month=month.first, state=ContractMonthState.POSTED)
    if contract_ids is not None:
        rows = rows.filter(contract_id__in=contract_ids)
    keys = sorted(rows.values_list("pk", flat=True))
    ContractMonth.objects.filter(pk__in=keys).update(state=ContractMonthState.ISSUED)
    if keys:
        accounts.operations.note("billing.month.issued", month=month, contracts=len(keys))
    return len(keys)


@transaction.atomic
def close_contract_months(*, month: Month, by: User | None = None) -> int:
    """Close the month for every contract. Refuses while anything is open or held. Returns how many moved."""
    rows = list(ContractMonth.objects.select_for_update().filter(month=month.first).order_by("pk"))
    if any(row.state == ContractMonthState.OPEN for row in rows):
        raise PostingRefused(f"{month.title.capitalize()} проведён не по всем договорам. Проведите его: post {month}.")
    holds = Hold.objects.filter(month=month.first, released_at=None).count()
    if holds:
        raise PostingRefused(
            f"{month.title.capitalize()} не закрывается: удержано счетов {holds}. Отпустите их или исправьте причину."
        )
    keys = [row.pk for row in rows if row.state != ContractMonthState.CLOSED]
    ContractMonth.objects.filter(pk__in=keys).update(state=ContractMonthState.CLOSED, closed_at=Now())
    if keys:
        accounts.operations.note("billing.month.closed", by=by, month=month, contracts=len(keys))
    return len(keys)


@transaction.atomic
def hold_account(*, account_id: int, month: Month, cause: str, by: User | None = None) -> Hold:
    """Keep an account's lines chalk when the month is posted. Only before posting: ink never turns back into chalk."""
    if not cause.strip():
        raise HoldRefused("Назовите причину удержания.", field="cause")
    account = PersonalAccount.objects.get(pk=account_id)
    states = ContractMonth.objects.select_for_update().filter(month=month.first).order_by("pk")
    posted = {row.contract_id for row in states if row.state != ContractMonthState.OPEN}
    inked = Charge.objects.filter(account_id=account_id, month=month.first, contract_id__in=posted)
    if posted and inked.exists():
        raise HoldRefused(
            f"Начисления счёта {account.number} за {month.title} уже проведены. Исправление проводится перерасчётом."
        )
    hold = Hold.objects.filter(account_id=account_id, month=month.first, released_at=None).first()
    if hold is not None:
        raise HoldRefused(f"Счёт {account.number} за {month.title} уже удержан: {hold.cause}.")
    hold = Hold.objects.create(account_id=account_id, month=month.first, cause=cause.strip()[:255], held_by=by)
    accounts.operations.note("billing.account.held", by=by, account_id=account_id, ground=cause, month=month)
    return hold


@transaction.atomic
def release_hold(*, hold_id: int, by: User | None = None) -> None:
    """Let the account go: its lines become ink together with (or after) the month's others."""
    hold = Hold.objects.select_for_update().get(pk=hold_id)
    if hold.released_at is not None:
        raise HoldRefused("Это удержание уже снято.")
    Hold.objects.filter(pk=hold_id).update(released_at=Now())
    accounts.operations.note(
        "billing.account.released", by=by, account_id=hold.account_id, month=Month(hold.month), cause=hold.cause
    )


@transaction.atomic
def hold_anomaly(*, anomaly: Anomaly, month: Month, by: User | None = None) -> Hold:
    """Hold the account that an anomaly of the gate is about; its words become the cause."""
    if anomaly.account_id is None:
        raise HoldRefused(f"{anomaly.name}: удерживают отдельный счёт, а это касается дома или договора. {anomaly.fix}")
    return hold_account(account_id=anomaly.account_id, month=month, cause=f"{anomaly.name}. {anomaly.text}", by=by)
