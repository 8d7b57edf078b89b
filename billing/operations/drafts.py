"""Drafts of the open month: by blocks of houses, each block one transaction, safe to repeat."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, cast

import polars as pl
from django.db import transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Now

import accounts.database
import accounts.operations
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import ZERO, written
from accounts.queries import PersonalAccount, Run, RunBlock, RunState, Touch, User
from billing import crew, engine, pipeline, queries
from billing.models import ContractMonth, ContractMonthState
from billing.operations import months, writing
from billing.operations.recalculations import recalculate

logger = logging.getLogger(__name__)

KIND = "billing.calculation"
BLOCK = 12_000  # accounts: some five hundred megabytes a worker; smaller ones pay more for each step
ATTEMPTS = 3


class MonthNotOpen(Refusal):
    """Drafts are computed for an open month only."""


@dataclass(frozen=True, slots=True)
class BillingSummary:
    """What a run did. `amount`: roubles of all drafted lines of the accounts; problems: what could not be charged.

    spared: accounts whose facts were those of their last draft; missed: accounts whose lines differed all the same.
    """

    accounts: int = 0
    lines: int = 0
    amount: Decimal = Decimal("0.00")
    inserted: int = 0
    changed: int = 0
    removed: int = 0
    problems: dict[str, int] = field(default_factory=dict)
    spared: int = 0
    missed: int = 0

    def __add__(self, other: BillingSummary) -> BillingSummary:
        problems = dict(self.problems)
        for name, count in other.problems.items():
            problems[name] = problems.get(name, 0) + count
        return BillingSummary(
            self.accounts + other.accounts, self.lines + other.lines, self.amount + other.amount,
            self.inserted + other.inserted, self.changed + other.changed, self.removed + other.removed, problems,
            self.spared + other.spared, self.missed + other.missed,
        )  # fmt: skip

    def counts(self) -> dict[str, Any]:
        return {
            "accounts": self.accounts, "lines": self.lines, "amount": self.amount, "inserted": self.inserted,
            "changed": self.changed, "removed": self.removed, "problems": self.problems, "spared": self.spared,
            "missed": self.missed,
        }  # fmt: skip

    @classmethod
    def of(cls, counts: dict[str, Any]) -> BillingSummary:
        return cls(
            int(counts["accounts"]), int(counts["lines"]), Decimal(counts["amount"]), int(counts["inserted"]),
            int(counts["changed"]), int(counts["removed"]), dict(counts["problems"]), int(counts["spared"]),
            int(counts["missed"]),
        )  # fmt: skip

    def __str__(self) -> str:
        text = (
            f"Счетов: {self.accounts}, строк: {self.lines}, начислено {written(self.amount)} ₽."
            f" Записано новых: {self.inserted}, изменено: {self.changed}, убрано: {self.removed}."
        )
        if self.spared:
            text += f" Без перемен: {self.spared}."
        if self.missed:
            text += f" Исправлено без причины: {self.missed}, сообщите разработчикам."
        return text + "".join(f" {name.capitalize()}: {count}." for name, count in sorted(self.problems.items()))


def run_billing(
    *,
    month: Month,
    house_ids: Sequence[int] | None = None,
    account_ids: Sequence[int] | None = None,
    by: User | None = None,
    workers: int = 1,
    sparing: bool = False,
) -> BillingSummary:
    """Draft the month anew: for all houses, some of them, or single accounts. Only what differs is written.

    sparing (all houses only): accounts whose facts are those of their last draft are not computed again. workers > 1
    (all houses only): so many processes, each with its own connection. Raises MonthNotOpen where the month is over,
    Busy if the same calculation is under way.
    """
    make_ready(month)
    if account_ids is not None or house_ids is not None:
        known = queries.reference(month)
        if account_ids is not None:
            return draft(month, known, account_ids=account_ids)
        return sum(
            (draft(month, known, house_ids=block) for block in queries.blocks(house_ids, BLOCK)), BillingSummary()
        )
    lock = accounts.database.advisory_lock(
        f"{KIND} {month}", refusal=f"Расчёт за {month.title} уже идёт. Дождитесь его окончания."
    )
    with lock:
        run_id = start_billing_run(month, by=by, sparing=sparing)
        try:
            said = crew.work_together(run_id, max(workers, 1))
        except BaseException as fault:
            accounts.operations.fail_run(run_id, message=str(fault) or type(fault).__name__)
            raise
        return finish(run_id, peak_rss_mb=max(member["peak_rss_mb"] for member in said))


def make_ready(month: Month) -> None:
    """The month must be open: it is opened if it is the next one in turn. Raises MonthNotOpen otherwise."""
    latest = ContractMonth.objects.aggregate(month=Max("month"))["month"]
    this = ContractMonth.objects.filter(month=month.first)
    if not this.exists() and latest is not None and month > Month(latest) + 1:
        raise MonthNotOpen(
            f"{month.title.capitalize()} ещё далеко: последний открытый месяц {Month(latest).title}. Рассчитайте его."
        )
    if not this.exists() and latest is not None and month < Month(latest):
        raise MonthNotOpen(f"{month.title.capitalize()} в системе не вёлся: начислений за него нет и не будет.")
    if this.exists() and not this.exclude(state=ContractMonthState.CLOSED).exists():
        raise MonthNotOpen(f"{month.title.capitalize()} закрыт: исправления проводятся в открытом месяце.")
    months.open_month(month=month)


def start_billing_run(month: Month, *, by: User | None = None, sparing: bool = False) -> int:
    """Write down which blocks of houses wait. Returns the run's id; `bill_next_block` does the work."""
    make_ready(month)
    return _start(month, by, sparing)


@transaction.atomic
def _start(month: Month, by: User | None, sparing: bool) -> int:
    # Whatever was killed half-way is taken over: a run starts from what stands, so nothing of it is lost.
    Run.objects.filter(kind=KIND, month=month.first, state=RunState.RUNNING).update(
        state=RunState.CANCELLED, finished_at=Now(), message="Начат новый расчёт этого месяца."
    )
    waiting = list(queries.blocks(None, BLOCK))
    scope = {"sparing": sparing}
    version = engine.version()
    run = accounts.operations.start_run(
        KIND, month=month, by=by, scope=scope, total=len(waiting), engine_version=version
    )
    writing.forget_digests()
    RunBlock.objects.bulk_create(
        [RunBlock(run=run, number=number, houses=list(houses)) for number, houses in enumerate(waiting, 1)]
    )
    return run.pk


def reference_of(run_id: int) -> pipeline.Reference:
    """Tariffs, norms and laws of the run's month: loaded once by each worker."""
    return queries.reference(_month_of(Run.objects.get(pk=run_id)))


def _month_of(run: Run) -> Month:
    assert run.month is not None  # a calculation always has one
    return Month(run.month)


def bill_next_block(run_id: int, known: pipeline.Reference | None = None) -> bool:
    """Take the next waiting block and draft it, all in one transaction. False when none waits.

    A worker killed half-way leaves the block waiting: its transaction is undone with the state. A block that fails is
    marked in a transaction of its own and tried again, three times in all.
    """
    with transaction.atomic():
        block = (
            RunBlock.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("run")
            .filter(run_id=run_id, state=RunState.WAITING, run__state=RunState.RUNNING)
            .order_by("number")
            .first()
        )
        if block is None:
            return False
        month = _month_of(block.run)
        try:
            with transaction.atomic():
                sparing = bool(block.run.scope.get("sparing"))
                summary = draft(month, known or queries.reference(month), house_ids=block.houses, sparing=sparing)
        except Exception:  # noqa: BLE001  # the block keeps the fault; the run tells of it when it ends
            attempts = block.attempts + 1
            state = RunState.WAITING if attempts < ATTEMPTS else RunState.FAILED
            message = traceback.format_exc()[-4000:]  # no values in it: a log must name nobody
            RunBlock.objects.filter(pk=block.pk).update(attempts=attempts, state=state, message=message)
            logger.error("billing.block.failed", extra={"run_id": run_id, "block": block.number, "attempt": attempts})
            return True
        RunBlock.objects.filter(pk=block.pk).update(state=RunState.DONE, finished_at=Now(), message=_pack(summary))
    Run.objects.filter(pk=run_id).update(done=F("done") + 1)
    return True


@transaction.atomic
def finish_if_done(run_id: int) -> bool:
    """End the run once no block of it waits or is in work. True for the one who ended it."""
    run = Run.objects.select_for_update().filter(pk=run_id, state=RunState.RUNNING).first()
    if run is None or RunBlock.objects.filter(run_id=run_id, state=RunState.WAITING).exists():
        return False
    try:
        finish(run_id)
    except RunBroken:
        logger.error("billing.run.failed", extra={"run_id": run_id})
    return True


def finish(run_id: int, **more: Any) -> BillingSummary:
    """Sum up the blocks and end the run; a run with a failed block has failed. Raises RunBroken then."""
    rows = list(RunBlock.objects.filter(run_id=run_id).order_by("number"))
    failed = [row for row in rows if row.state != RunState.DONE]
    summary = sum((_unpack(row.message) for row in rows if row.state == RunState.DONE), BillingSummary())
    if failed:
        cause = (failed[0].message.strip().splitlines() or ["прервано"])[-1]
        text = f"Не рассчитано блоков: {len(failed)} из {len(rows)}. Первая причина: {cause}"
        accounts.operations.fail_run(run_id, message=text)
        raise RunBroken(text)
    accounts.operations.finish_run(run_id, counts={**summary.counts(), **more}, message=str(summary))
    return summary


class RunBroken(Exception):
    """Some blocks could not be computed: a fault, not a refusal."""


def _pack(summary: BillingSummary) -> str:
    return json.dumps(summary.counts(), default=str, ensure_ascii=False)


def _unpack(text: str) -> BillingSummary:
    return BillingSummary.of(json.loads(text))


@transaction.atomic
def draft(
    month: Month,
    known: pipeline.Reference,
    *,
    house_ids: Sequence[int] | None = None,
    account_ids: Sequence[int] | None = None,
    sparing: bool = False,
) -> BillingSummary:
    """Load, calculate, compare, write what differs. sparing: only for accounts whose facts are not those of before."""
    if house_ids is None:
        places = PersonalAccount.objects.filter(pk__in=list(account_ids or []))
        writing.lock_houses(sorted(set(places.values_list("house_id", flat=True))))
    else:
        writing.lock_houses(house_ids)
    facts = queries.facts(month, known, house_ids=house_ids, account_ids=account_ids)
    # Accounts closed since the last draft have no facts left, but may still have lines.
    scope = pl.Series(list(account_ids) if account_ids is not None else _accounts_of(house_ids or []), dtype=pl.Int64)
    asked = facts.accounts.height if facts.wanted is None else len(facts.wanted)
    digests = pipeline.fingerprints(facts, engine.version())
    before = queries.draft_digests(month, scope)
    same = before.join(digests, on=["account_id", "digest"], how="semi")
    spared = BillingSummary()
    if sparing:
        spared = BillingSummary(
            spared=same.height, lines=int(same["lines"].sum()), amount=cast(Decimal, same["amount"].sum() or ZERO),
            problems=queries.problem_counts(month, same["account_id"]),
        )  # fmt: skip
        scope = scope.filter(~scope.is_in(same["account_id"].implode()))
        facts = pipeline.only(facts, scope)
        if facts.accounts.is_empty() and _has_nothing(month, scope.to_list()):
            return replace(spared, accounts=asked)
    made = pipeline.calculate(facts)
    written = writing.replace(made.lines, month, scope.to_list())
    writing.keep_balances(made.balances)
    writing.tell_problems(made.problems, month, scope.to_list())
    writing.keep_digests(digests.filter(pl.col("account_id").is_in(scope.implode())), made.lines, month, scope)
    wrong = pl.concat([frame["account_id"] for frame in (written.inserted, written.changed, written.vanished)])
    problems = made.problems.group_by("problem").len()
    return spared + BillingSummary(
        accounts=asked,
        lines=made.lines.height,
        amount=cast(Decimal, made.lines["amount"].sum() or ZERO),
        inserted=written.inserted.height,
        changed=written.changed.height,
        removed=written.vanished.height,
        problems=dict(zip(problems["problem"].to_list(), problems["len"].to_list(), strict=True)),
        missed=0 if sparing else int(same["account_id"].is_in(wrong.implode()).sum()),
    )


def _has_nothing(month: Month, account_ids: Sequence[int]) -> bool:
    """Accounts that were closed, perhaps, and whose drafts are gone already."""
    return queries.standing(month, account_ids).is_empty() and queries.problems(month, account_ids).is_empty()


def _accounts_of(house_ids: Sequence[int]) -> list[int]:
    rows = queries.frame(
        f"SELECT id FROM accounts_personalaccount WHERE house_id = ANY({queries.array(house_ids)})",
        {"account_id": pl.Int64},
    )
    return rows["account_id"].to_list()


def open_due_month(today: date) -> None:
    """Open the month of `today` if it is next in turn; a month far from the last one is opened by hand."""
    month = Month.of(today)
    latest = ContractMonth.objects.aggregate(month=Max("month"))["month"]
    if latest is not None and Month(latest) + 1 == month:
        months.open_month(month=month)


def redraft_account(account_id: int) -> BillingSummary | None:
    """Bring the drafts of one account up to its facts, if anything touched it. None where nothing had to be done."""
    account = PersonalAccount.objects.get(pk=account_id)
    marks = Touch.objects.filter(Q(account_id=account_id) | Q(account_id=None, house_id=account.house_id))
    if not marks.exists():
        return None
    return _redraft(account_ids=[account_id])


@transaction.atomic
def redraft_touched(limit: int = 500) -> int:
    """Draft anew what was touched since the last time. Returns how many marks were worked off.

    Facts of posted months become recalculations; while the month that takes them is being posted, their marks wait.
    A mark that another worker holds is left to it; a mark made meanwhile waits for the next minute.
    """
    marks = list(Touch.objects.select_for_update(skip_locked=True).order_by("pk")[:limit])
    whole: dict[int, Month] = {}  # houses recalculated in this pass, and from which month
    done = [mark for mark in marks if _recalculate(mark, whole)]
    houses = {mark.house_id for mark in done if mark.account_id is None}
    single = {mark.account_id for mark in done if mark.account_id and mark.house_id not in houses}
    if houses:
        _redraft(house_ids=sorted(houses))
    if single:
        _redraft(account_ids=sorted(single))
    Touch.objects.filter(pk__in=[mark.pk for mark in done]).delete()
    return len(done)


def _recalculate(mark: Touch, whole: dict[int, Month]) -> bool:
    """Draft what the fact changes in posted months. False: not now, the month that takes it is half posted.

    Where the lines of a house depend on what its other premises used, a late fact of one flat moves the shares of
    all: the house is recalculated as a whole, once a pass.
    """
    first = Month(mark.first_month)
    if not ContractMonth.objects.filter(month__gte=first.first).exclude(state=ContractMonthState.OPEN).exists():
        return True
    into = queries.recalculation_month()
    if into is None:
        return False
    if mark.house_id in whole and whole[mark.house_id] <= first:
        return True
    if mark.account_id and not queries.depends_on_neighbours(mark.account_id, first, into):
        recalculate(account_ids=[mark.account_id], first_month=first, into=into)
        return True
    recalculate(account_ids=_accounts_of([mark.house_id]), first_month=first, into=into)
    whole[mark.house_id] = first
    return True


def _redraft(**scope: Any) -> BillingSummary:
    return sum((run_billing(month=month, **scope) for month in queries.open_months()), BillingSummary())
