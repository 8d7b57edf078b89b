"""Penalties of the open month, night by night: what has news is computed anew, the rest grows by a day.

An account's penalties are computed once for every day that is left of the month and stored beside the balance
(`debt_accrual`): a quiet night only reads the number of its day. Blocks of houses are transactions and wait in
PostgreSQL, so several workers take them side by side and a killed one loses nothing. A night of few changes has blocks
of two kinds: first those that compute accounts with news, as many as are worth one reading; then those where the
others grow, many more accounts in one statement.
"""

from __future__ import annotations

import json
import logging
import resource
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal

import polars as pl
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from accounts.calendar import Month
from accounts.database import advisory_lock, copy_in
from accounts.errors import Refusal
from accounts.money import ZERO, written
from accounts.queries import Run, RunBlock, RunState
from billing import crew
from billing import operations as billing_operations
from billing import queries as billing_queries
from billing.operations import writing
from debt import penalties, queries
from debt.models import PenaltyBook

logger = logging.getLogger(__name__)

KIND = "debt.penalties"
ROOM = "debt.operations.nights"
DUE = "debt_penalty_due"  # a temporary table
BLOCK = 1_500  # debtors computed at one time, several hundred lines each
QUIET_BLOCK = 100_000  # accounts that grow by a day in one statement: houses are locked for a second
BLOCKS_EACH = 3
STORED = (
    "account_id", "contract_id", "service_id", "month", "house_id", "since", "posted_kopecks", "accrued_kopecks",
    "open_from", "settled_kopecks", "known_until", "known_kopecks", "law",
)  # fmt: skip


class PenaltiesRefused(Refusal):
    """Penalties cannot be accrued for this month or day."""


@dataclass(frozen=True, slots=True)
class PenaltySummary:
    """What stands drafted (roubles) and what this run wrote.

    recomputed: accounts computed anew. astray: accounts without news whose growth was not what ink says (none, unless
    somebody wrote past the doors); told by the nights that compute everything.
    """

    accounts: int = 0
    lines: int = 0
    amount: Decimal = ZERO
    inserted: int = 0
    changed: int = 0
    removed: int = 0
    recomputed: int = 0
    astray: int = 0
    warning: str = ""

    def __add__(self, other: PenaltySummary) -> PenaltySummary:
        numbers = (
            "accounts", "lines", "amount", "inserted", "changed", "removed", "recomputed", "astray",
        )  # fmt: skip
        sums = {name: getattr(self, name) + getattr(other, name) for name in numbers}
        return PenaltySummary(**sums, warning=self.warning or other.warning)

    @property
    def is_news(self) -> bool:
        return bool(self.inserted or self.changed or self.removed)

    def __str__(self) -> str:
        text = (
            f"Пени: счетов {self.accounts}, строк {self.lines}, на {written(self.amount)} ₽."
            f" Записано новых: {self.inserted}, изменено: {self.changed}, убрано: {self.removed}."
        )
        if self.astray:
            text += f" Расхождений с полным пересчётом, исправлено: {self.astray}."
        return f"{text} {self.warning}".strip()


@dataclass(frozen=True, slots=True)
class Night:
    """One run: the open month, the day accrued to (inclusive), who is computed anew. whole: everybody concerned."""

    month: Month
    until: date
    law: penalties.Law
    whole: bool
    is_proof: bool
    news: frozenset[int]
    growing_from: int | None = None  # number of the first block whose accounts grow
    earlier: queries.Earlier | None = None  # the night whose settled months are not read again; None: all from ink


def charge_penalties(
    *,
    month: Month,
    day: date,
    account_ids: Sequence[int] | None = None,
    house_ids: Sequence[int] | None = None,
    whole: bool = False,
    workers: int = 1,
    more_hands: Callable[[int], None] | None = None,
) -> PenaltySummary:
    """Draft the penalties of the open month: accrued to `day` inclusive, less what earlier months charged.

    One line per account, contract and service, in the month `month`; its segments are in the sheet. Nothing is accrued
    past the month's last day. Accounts with a new fact are computed from ink and value dates, the others grow to the
    day as was foreseen; so a second run writes nothing, and a reversal or a payment that came late changes the draft,
    or takes back in this month what was posted. Each block of houses is one transaction.
    account_ids, house_ids: those alone, computed anew. whole: everybody computed anew, which proves the growth right.
    workers > 1: so many processes. more_hands: told the run's id once its blocks wait, for workers elsewhere.
    Raises PenaltiesRefused on a month that is not open, LawMissing where a rate is wanting, Busy.
    """
    if month not in billing_queries.open_months():
        raise PenaltiesRefused(f"{month.title.capitalize()} не открыт: пени начисляют в открытом месяце.")
    if day < month.first:
        raise PenaltiesRefused(f"{day:%d.%m.%Y} раньше месяца начисления ({month.title}). Назовите день этого месяца.")
    until = min(day, month.last)
    law = queries.law()
    _make_room(month)
    if account_ids is not None or house_ids is not None:
        done = _of_some(Night(month, until, law, True, False, frozenset()), account_ids, house_ids)
    else:
        with advisory_lock(f"{KIND} {month}", refusal=f"Пени за {month.title} уже начисляются. Дождитесь окончания."):
            done = _of_all(month, until, law, whole=whole, workers=workers, more_hands=more_hands)
    done = replace(done, warning=queries.warning_of_cap(law, until))
    if done.is_news:
        accounts_operations.note(
            "debt.penalties.charged", month=month, day=until, lines=done.lines, amount=done.amount,
            inserted=done.inserted, changed=done.changed, removed=done.removed,
        )  # fmt: skip
    return done


@transaction.atomic
def _make_room(month: Month) -> None:
    """A partition for the month's accruals."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT make_month_partition('debt_accrual', %s)", [month.first])


@transaction.atomic
def _forget(month: Month) -> None:
    """Accruals of months that are over are forgotten once a later one has its own: their ink says it all."""
    still_open = {one.first for one in billing_queries.open_months()}
    with connection.cursor() as cursor:
        for book in PenaltyBook.objects.filter(month__lt=month.first).exclude(month__in=still_open):
            cursor.execute(f"DROP TABLE IF EXISTS {queries.accruals_of(Month(book.month))}")
            book.delete()


def _of_some(night: Night, account_ids: Sequence[int] | None, house_ids: Sequence[int] | None) -> PenaltySummary:
    accounts = accounts_queries.PersonalAccount.objects.all()
    if account_ids is not None:
        accounts = accounts.filter(pk__in=account_ids)
    if house_ids is not None:
        accounts = accounts.filter(house_id__in=house_ids)
    wanted = sorted(accounts.values_list("pk", flat=True))
    done = PenaltySummary()
    for start in range(0, len(wanted), BLOCK):
        with transaction.atomic():
            done += _charge(night, wanted[start : start + BLOCK])
    return done


# --- everybody, by blocks ---------------------------------------------------------------------------------------------


def _of_all(
    month: Month, until: date, law: penalties.Law, *, whole: bool, workers: int,
    more_hands: Callable[[int], None] | None,
) -> PenaltySummary:  # fmt: skip
    ground = queries.ground(month=month, rules=law)
    book = queries.book_of(month)
    is_known = book is not None and book.contracts == ground.contracts
    proof, whole = whole, whole or not is_known
    run = _start(month, until, whole=whole, proof=proof, law=law, news=_news(month, until, book, ground))
    try:
        if more_hands is not None:
            more_hands(run.pk)
        is_much = run.total >= BLOCKS_EACH * workers  # a process has to start, too
        said = crew.work_together(run.pk, workers, ROOM) if workers > 1 and is_much else []
        night = reference_of(run.pk)
        while bill_next_block(run.pk, night):
            pass
        while bill_next_block(run.pk, night, wait=True):
            pass  # those of a worker that died
    except BaseException as fault:
        accounts_operations.fail_run(run.pk, message=str(fault) or type(fault).__name__)
        raise
    summary = sum((_unpack(row.message) for row in run.blocks.order_by("number")), PenaltySummary())
    if whole:
        summary += PenaltySummary(removed=_sweep(month))
    facts = {
        "until": until, "contracts": ground.contracts, "accounts": ground.accounts, "since": ground.since,
        "closed_days": ground.closed_days, **({"proved_on": until} if whole else {}),
    }  # fmt: skip
    PenaltyBook.objects.update_or_create(month=month.first, defaults=facts)
    _forget(month)
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    counts = {**asdict(summary), "peak_rss_mb": max([mine, *(member["peak_rss_mb"] for member in said)])}
    if summary.astray:
        logger.error("debt.penalties.astray", extra={"run_id": run.pk, "accounts": summary.astray})
    accounts_operations.finish_run(run.pk, counts=counts, message=str(summary))
    return summary


@transaction.atomic
def _start(
    month: Month, until: date, *, whole: bool, proof: bool, law: penalties.Law, news: frozenset[int]
) -> Run:  # fmt: skip
    # Whatever was killed half-way is begun anew: what stands of it is right, and computing it twice changes nothing.
    Run.objects.filter(kind=KIND, month=month.first, state=RunState.RUNNING).update(
        state=RunState.CANCELLED, finished_at=Now(), message="Начато новое начисление этого месяца."
    )
    concerned: set[int] | None = set(news)
    if whole:
        concerned = queries.concerned(month=month, law=law)
        concerned = None if concerned is None else concerned | queries.with_accruals(month=month)
    # A block says whom of its houses it computes; where it says nothing, everybody.
    computing = (
        [(houses, "") for houses in billing_queries.blocks(None, BLOCK)] if concerned is None
        else [(houses, json.dumps(ids)) for houses, ids in queries.blocks_of(account_ids=concerned, size=BLOCK)]
    )  # fmt: skip
    growing = [] if whole else [(houses, "") for houses in billing_queries.blocks(None, QUIET_BLOCK)]
    waiting = [*computing, *growing]
    growing_from = None if whole else len(computing) + 1
    scope = {"day": until, "whole": whole, "proof": proof, "growing_from": growing_from}
    run = accounts_operations.start_run(KIND, month=month, scope=scope, total=len(waiting))
    RunBlock.objects.bulk_create(
        RunBlock(run=run, number=number, houses=list(houses), message=whom)
        for number, (houses, whom) in enumerate(waiting, 1)
    )
    return run


def _news(month: Month, until: date, book: PenaltyBook | None, ground: queries.Ground) -> frozenset[int]:
    """Who does not grow by a day: a fact is new, or the day was not foreseen."""
    known = queries.with_news(month=month, book=book, now=ground) if book is not None else frozenset[int]()
    return known | queries.unforeseen(month=month, until=until)


def reference_of(run_id: int) -> Night:
    """What a worker of the run loads once: the law, and whose penalties are computed anew."""
    run = Run.objects.get(pk=run_id)
    assert run.month is not None  # penalties always have one
    month, law, until = Month(run.month), queries.law(), date.fromisoformat(run.scope["day"])
    ground, book = queries.ground(month=month, rules=law), queries.book_of(month)
    return Night(
        month=month,
        until=until,
        law=law,
        whole=run.scope["whole"],
        is_proof=book is not None and book.contracts == ground.contracts and book.until <= until,
        news=_news(month, until, book, ground),
        growing_from=run.scope["growing_from"],
        earlier=None if run.scope["proof"] else queries.earlier(month=month, now=ground),
    )


def bill_next_block(run_id: int, night: Night, *, wait: bool = False) -> bool:
    """Take the run's next waiting block and charge it, all in one transaction. False when none waits.

    wait: also for blocks that others have in work; one whose worker died is waiting again.
    """
    with transaction.atomic():
        block = (
            RunBlock.objects.select_for_update(skip_locked=not wait, of=("self",))
            .filter(run_id=run_id, state=RunState.WAITING, run__state=RunState.RUNNING)
            .order_by("number")
            .first()
        )
        if block is None:
            return False
        if night.growing_from is not None and block.number >= night.growing_from:
            made = _grow(night, block.houses)
        else:
            made = _charge(night, _whom(block), block.houses)
        message = json.dumps(asdict(made), default=str)
        RunBlock.objects.filter(pk=block.pk).update(state=RunState.DONE, finished_at=Now(), message=message)
    Run.objects.filter(pk=run_id).update(done=F("done") + 1)
    return True


def _whom(block: RunBlock) -> list[int]:
    if block.message:
        return list(json.loads(block.message))
    accounts = accounts_queries.PersonalAccount.objects.filter(house_id__in=block.houses)
    return sorted(accounts.values_list("pk", flat=True))


def take_blocks(run_id: int) -> int:
    """Take blocks of a run that somebody began, until none waits. Returns how many."""
    night, taken = reference_of(run_id), 0
    while bill_next_block(run_id, night):
        taken += 1
    return taken


def _unpack(text: str) -> PenaltySummary:
    counts = json.loads(text)
    return PenaltySummary(**{**counts, "amount": Decimal(counts["amount"])})


# --- a block ----------------------------------------------------------------------------------------------------------


def _charge(night: Night, account_ids: list[int], house_ids: Sequence[int] | None = None) -> PenaltySummary:
    """Compute the penalties of these accounts from ink and draft them.

    Where the others grow after them, what stands is counted then.
    """
    if not account_ids:
        return PenaltySummary()
    if house_ids is None:
        houses = accounts_queries.PersonalAccount.objects.filter(pk__in=account_ids).values_list("house_id", flat=True)
        house_ids = sorted(set(houses))
    writing.lock_houses(house_ids)
    with billing_queries.by_key(account_ids):
        astray = _compute(night, account_ids)
        made = _draft(night, account_ids, house_ids)
    counted = made if night.whole else replace(made, accounts=0, lines=0, amount=ZERO)
    return replace(counted, recomputed=len(account_ids), astray=astray)


def _grow(night: Night, house_ids: Sequence[int]) -> PenaltySummary:
    """Draft what is stored of the day. Whose penalties were computed tonight has it already."""
    writing.lock_houses(house_ids)
    return _draft(night, None, house_ids)


def _draft(night: Night, account_ids: Sequence[int] | None, house_ids: Sequence[int]) -> PenaltySummary:
    """The lines of the day from what is stored: accrued, less what earlier months posted and drafted."""
    lines = queries.lines_due(month=night.month, until=night.until, account_ids=account_ids, house_ids=house_ids)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {DUE}")
        cursor.execute(f"CREATE TEMP TABLE {DUE} ON COMMIT DROP AS {lines}")
        cursor.execute(f"ANALYZE {DUE} (account_id)")
    made = billing_operations.draft_table(
        month=night.month, kind=billing_queries.ChargeKind.PENALTY, table=DUE, account_ids=account_ids
    )
    return PenaltySummary(made.accounts, made.lines, made.amount, made.inserted, made.changed, made.removed)


@transaction.atomic
def _sweep(month: Month) -> int:
    """Remove chalk that nothing accrues behind: a line put there by hand, of an account that nobody computes."""
    stands = queries.accruals_of(month)
    return billing_operations.draft_nothing(
        month=month, kind=billing_queries.ChargeKind.PENALTY,
        but=f"SELECT account_id, contract_id, service_id FROM {stands}",
    )  # fmt: skip


def _compute(night: Night, account_ids: list[int]) -> int:
    """Store what accrues on each day left of the month, from ink; how many accounts stood otherwise without news."""
    if not account_ids:
        return 0
    made = queries.accruals(
        account_ids=account_ids, month=night.month, law=night.law, since=night.until, earlier=night.earlier
    )
    listed = "{" + pl.col("accrued").cast(pl.List(pl.String)).list.join(",") + "}"
    fresh = made.with_columns(accrued=listed)
    stands = queries.foreseen(account_ids=account_ids, month=night.month, since=night.until)
    both = fresh.join(stands, on=penalties.PAIR, how="full", coalesce=True, suffix="_stands")
    is_other = {
        name: pl.col(name).ne_missing(pl.col(f"{name}_stands"))
        for name in ("accrued", "posted", "open_from", "settled")
    }
    astray = set(both.filter(is_other["accrued"] | is_other["posted"])["account_id"].to_list())
    other = sorted(set(both.filter(pl.any_horizontal(is_other.values()))["account_id"].to_list()))
    _store(night, fresh.filter(pl.col("account_id").is_in(other)), other, anew=bool(stands.height))
    return len(astray - night.news) if night.is_proof and night.whole else 0


def _store(night: Night, rows: pl.DataFrame, account_ids: list[int], *, anew: bool) -> None:
    table = queries.accruals_of(night.month)
    if anew and account_ids:
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE account_id = ANY({billing_queries.array(account_ids)})")
    if not rows.height:
        return
    houses = billing_queries.frame(
        f"SELECT id, house_id FROM accounts_personalaccount WHERE id = ANY({billing_queries.array(account_ids)})",
        {"account_id": pl.Int64, "house_id": pl.Int64},
    )
    stored = rows.join(houses, on="account_id").select(
        *penalties.PAIR,
        pl.lit(night.month.first),
        "house_id",
        pl.lit(night.until).alias("since"),
        "posted",
        "accrued",
        "open_from",
        "settled",
        "known_until",
        "known",
        pl.lit(queries.law_digest(night.law, night.until)).alias("law"),
    )
    copy_in(table, STORED, writing.csv(stored.sort(penalties.PAIR)))
