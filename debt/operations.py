"""What changes debts: penalties are drafted for the open month."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl
from django.db import transaction

from accounts import files
from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import ZERO
from billing import operations as billing_operations
from billing import queries as billing_queries
from debt import penalties, queries

BLOCK = 6_000  # accounts whose debts are in memory at one time
SINCE_2000 = 12 * 2000


class PenaltiesRefused(Refusal):
    """Penalties cannot be accrued for this month or day."""


@dataclass(frozen=True, slots=True)
class PenaltySummary:
    """What stands drafted (roubles) and what this run wrote."""

    accounts: int = 0
    lines: int = 0
    amount: Decimal = ZERO
    inserted: int = 0
    changed: int = 0
    removed: int = 0
    warning: str = ""

    def __add__(self, other: PenaltySummary) -> PenaltySummary:
        return PenaltySummary(
            self.accounts + other.accounts, self.lines + other.lines, self.amount + other.amount,
            self.inserted + other.inserted, self.changed + other.changed, self.removed + other.removed,
            self.warning or other.warning,
        )  # fmt: skip

    def __str__(self) -> str:
        text = (
            f"Пени: счетов {self.accounts}, строк {self.lines}, на {self.amount} ₽."
            f" Записано новых: {self.inserted}, изменено: {self.changed}, убрано: {self.removed}."
        )
        return f"{text} {self.warning}".strip()


def charge_penalties(
    *,
    month: Month,
    day: date,
    account_ids: Sequence[int] | None = None,
    house_ids: Sequence[int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PenaltySummary:
    """Draft the penalties of the open month: accrued to `day` inclusive, less what earlier months charged.

    One line per account, contract, service and month of debt, in the month `month`; nothing is accrued past its last
    day. Recomputed from ink and value dates, so a second run writes nothing; a reversal or a payment that came late
    changes the draft, or takes back in this month what was posted. Each block of houses is one transaction.
    account_ids, house_ids: those alone. progress: told (accounts done, of how many) after every block.
    Raises PenaltiesRefused on a month that is not open, LawMissing where a rate is wanting.
    """
    if month not in billing_queries.open_months():
        raise PenaltiesRefused(f"{month.title.capitalize()} не открыт: пени начисляют в открытом месяце.")
    if day < month.first:
        raise PenaltiesRefused(f"{day:%d.%m.%Y} раньше месяца начисления ({month.title}). Назовите день этого месяца.")
    until = min(day, month.last)
    law = queries.law()
    done = PenaltySummary(warning=queries.warning_of_cap(law, until))
    blocks = list(_blocks(account_ids, house_ids))
    whole, seen = sum(map(len, blocks)), 0
    for block in blocks:
        done += _charge_block(block, month=month, until=until, law=law)
        seen += len(block)
        if progress is not None:
            progress(seen, whole)
    if done.inserted or done.changed or done.removed:
        accounts_operations.note(
            "debt.penalties.charged", month=month, day=until, lines=done.lines, amount=done.amount,
            inserted=done.inserted, changed=done.changed, removed=done.removed,
        )  # fmt: skip
    return done


@transaction.atomic
def _charge_block(account_ids: Sequence[int], *, month: Month, until: date, law: penalties.Law) -> PenaltySummary:
    due = queries.penalties_due(account_ids=account_ids, month=month, law=law, until=until)
    lines = due.select(
        "account_id",
        "contract_id",
        "service_id",
        line=pl.col("month").dt.year().cast(pl.Int32) * 12 + pl.col("month").dt.month() - 1 - SINCE_2000,
        for_month=pl.col("month"),
        days=pl.col("days"),
        amount=pl.col("amount"),
    )
    made = billing_operations.draft_charges(
        month=month, kind=billing_queries.ChargeKind.PENALTY, lines=lines, account_ids=account_ids
    )
    return PenaltySummary(
        accounts=lines["account_id"].n_unique(),
        lines=lines.height,
        amount=sum(lines["amount"].cast(penalties.MONEY).to_list(), ZERO),
        inserted=made.inserted.height,
        changed=made.changed.height,
        removed=made.vanished.height,
    )


def _blocks(account_ids: Sequence[int] | None, house_ids: Sequence[int] | None) -> Iterator[list[int]]:
    """Accounts by whole houses, at most about BLOCK at a time."""
    rows = accounts_queries.PersonalAccount.objects.order_by("house_id", "pk")
    if account_ids is not None:
        rows = rows.filter(pk__in=account_ids)
    if house_ids is not None:
        rows = rows.filter(house_id__in=house_ids)
    block: list[int] = []
    last: int | None = None
    for house_id, account_id in rows.values_list("house_id", "pk").iterator(chunk_size=BLOCK):
        if len(block) >= BLOCK and house_id != last:
            yield block
            block = []
        block.append(account_id)
        last = house_id
    if block:
        yield block


def print_sheet(*, account_id: int, on: date) -> bytes:
    """Расчёт пени of an account accrued to `on` inclusive, as a PDF. Raises NoSuchAccount, LawMissing."""
    sheet = queries.penalty_sheet(account_id=account_id, on=on)
    return files.pdf("debt/penalty_sheet.html", {"sheet": queries.printed_sheet(sheet)})
