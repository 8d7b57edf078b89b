"""Many payments of one channel and one operating day at once: the same rules as `record_payment`, few statements."""

from __future__ import annotations

import gc
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

import polars as pl
from django.db import connection, transaction

from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from accounts import rules
from accounts.calendar import Month
from accounts.database import copy_in
from accounts.money import total
from accounts.queries import ChannelKind, User
from payments import allocation, open_items, queries
from payments.models import Channel, PaymentState, Register
from payments.operations.allocating import (
    Directed,
    ToLay,
    blocks_of,
    direction_as_stored,
    lay_and_write,
    lock_accounts,
)
from payments.operations.days import By, hold_open
from payments.operations.intake import (
    FACE_TO_FACE,
    PaymentRefused,
    check_day,
    check_possible,
    doubt_about,
)


class Verdict(StrEnum):
    ACCEPTED = "принят"
    HELD = "не выяснен"
    REPEATED = "уже был принят"
    CONFLICT = "номер операции уже занят другим платежом"
    REFUSED = "отклонён"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One payment as the channel tells it. doubt: why the caller is not sure whose it is."""

    external_id: str
    number: str
    amount: Decimal
    paid_on: date
    account_id: int | None = None
    payer: str = ""
    purpose: str = ""
    for_month: Month | None = None
    doubt: str = ""
    directed_to: Directed = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a row; the payment's number when it is a new one."""

    row: Incoming
    verdict: Verdict
    reason: str = ""
    payment_id: int | None = None


# The columns of a payment that a channel tells, as they are copied in.
COLUMNS = (
    "id", "channel_id", "external_id", "register_id", "number_as_received", "payer", "purpose", "account_id", "amount",
    "for_month", "directed_to", "paid_on", "day", "accepted_at", "accepted_by_id", "state", "held_because",
)  # fmt: skip
BLOCK = 20_000  # payments laid at once
TWICE = "Операция с этим номером уже стоит в этом файле выше."
OF_PAYERS = (ChannelKind.BANK, ChannelKind.POST)  # a person pays what he was shown; others have orders of their own


@contextmanager
def without_cycles() -> Iterator[None]:
    """Rows of a register make no cycles: looking for them among a million live objects takes a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(frozen=True, slots=True)
class _Account:
    """What of an account decides whether its money is believed."""

    pk: int
    number: str
    closed_on: date | None

    def doubt(self, paid_on: date) -> str:
        if self.closed_on is not None and self.closed_on <= paid_on:
            return f"Лицевой счёт {self.number} закрыт {self.closed_on:%d.%m.%Y}."
        return ""


class _Accounts:
    """The accounts that the rows name, by id and by number: two statements for all of them."""

    def __init__(self, rows: Sequence[Incoming]) -> None:
        self.by_id = self._read("id = ANY(%s)", [row.account_id for row in rows if row.account_id])
        told = {row.number for row in rows if not row.account_id}
        self.candidates = {number: accounts_queries.number_candidates(number) for number in told}
        meant = {number for numbers in self.candidates.values() for number in numbers}
        found = self._read("number = ANY(%s)", sorted(meant | told))
        self.by_number = {account.number: account for account in found.values()}

    @staticmethod
    def _read(condition: str, values: list[Any]) -> dict[int, _Account]:
        if not values:
            return {}
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id, number, closed_on FROM accounts_personalaccount WHERE {condition}", [values])
            return {row[0]: _Account(*row) for row in cursor.fetchall()}

    def match(self, row: Incoming) -> tuple[_Account | None, str]:
        """The account and a doubt about it, in the words of `intake.match_account`."""
        if row.account_id:
            account = self.by_id.get(row.account_id)
        else:
            named = [row.number, *self.candidates[row.number]]
            account = next((self.by_number[number] for number in named if number in self.by_number), None)
        if account is not None:
            return account, account.doubt(row.paid_on)
        if not row.account_id and not row.number.strip():
            return None, "Лицевой счёт не указан."
        if not row.account_id and not any(map(rules.is_account_number, self.candidates[row.number])):
            return None, f"Номер лицевого счёта {row.number} неверен: контрольная цифра не сходится."
        return None, f"Лицевой счёт {row.number} не найден."


def _known(channel: str, rows: Sequence[Incoming]) -> dict[str, tuple[str, Decimal, date]]:
    """External id → the facts it came with before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT external_id, number_as_received, amount, paid_on FROM payments_payment"
            " WHERE channel_id = %s AND external_id = ANY(%s)",
            [channel, [row.external_id for row in rows]],
        )
        return {external_id: (number, amount, paid_on) for external_id, number, amount, paid_on in cursor.fetchall()}


@transaction.atomic
def record_payments(
    rows: Sequence[Incoming], *, channel: str, day: date, today: date, by: By = None, register: Register | None = None,
    lay: bool = False,
) -> list[Judged]:  # fmt: skip
    """Take the rows in exactly once each; a verdict for every row, in their order.

    A row that is impossible or repeats a number with other facts does not stop the others: money of theirs has come.
    The number of statements does not grow with the rows; new payments go in by COPY. lay: those with an account are
    laid over its debts at once and come in as allocated, which spares them a second writing.
    Raises DayClosed, PaymentRefused when the channel is unknown or out of use.
    """
    found = Channel.objects.filter(pk=channel).first()
    if found is None or not found.is_active:
        raise PaymentRefused(f"Канал приёма «{channel}» не найден или не действует.")
    check_day(day, today=today)
    hold_open(day)
    if not rows:
        return []
    accounts = _Accounts(rows)
    known = _known(channel, rows)
    judged: list[Judged] = []
    fresh: list[tuple[int, int | None, str]] = []  # place among the rows, account, doubt
    here: set[str] = set()
    for place, row in enumerate(rows):
        try:
            check_possible(row.amount, row.directed_to, row.external_id, row.paid_on)
        except PaymentRefused as refusal:
            judged.append(Judged(row, Verdict.REFUSED, str(refusal)))
            continue
        facts = (row.number[:60], row.amount, row.paid_on)
        earlier = known.setdefault(row.external_id, facts)
        if earlier is not facts:
            why = TWICE if row.external_id in here else ""
            judged.append(Judged(row, Verdict.REPEATED if earlier == facts else Verdict.CONFLICT, why))
            continue
        here.add(row.external_id)
        account, doubt = (None, row.doubt) if row.doubt else accounts.match(row)
        doubt = doubt_about(amount=row.amount, paid_on=row.paid_on, today=today) or doubt
        if doubt and found.kind in FACE_TO_FACE:
            del known[row.external_id]
            judged.append(Judged(row, Verdict.REFUSED, doubt))
            continue
        fresh.append((place, account.pk if account and not doubt else None, doubt))
        judged.append(Judged(row, Verdict.HELD if doubt else Verdict.ACCEPTED, doubt))
    if fresh:
        now, numbered = _numbered(fresh, rows)
        for one, place in numbered:
            judged[place] = Judged(one.row, judged[place].verdict, one.doubt, one.payment_id)
        known_of_all = _Common(
            channel, register.pk if register else None, day, now, by.pk if isinstance(by, User) else None
        )
        news = [one for one, _ in numbered]
        if lay:
            _write_laid(news, known_of_all, kind=found.kind)
        else:
            _write(news, known_of_all)
        accounts_operations.note(
            "payments.batch.recorded",
            by=by or channel,
            day=day,
            payments=len(news),
            amount=total(one.row.amount for one in news),
        )
    return judged


def _numbered(
    fresh: list[tuple[int, int | None, str]], rows: Sequence[Incoming]
) -> tuple[str, list[tuple[_Fresh, int]]]:
    """The moment, and the new payments with their numbers and their places among the rows.

    Numbers go by accounts, nobody's first, and within an account in the order of the rows: so a block of accounts has
    numbers without gaps, and its parts prove it whole.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('payments_payment', 'id')) FROM generate_series(1, %s)", [len(fresh)]
        )
        numbers = sorted(number for (number,) in cursor.fetchall())
        cursor.execute("SELECT now()::text")
        (now,) = cursor.fetchone()
    fresh.sort(key=lambda told: (told[1] or 0, told[0]))
    return now, [
        (_Fresh(number, rows[place], account_id, doubt), place)
        for number, (place, account_id, doubt) in zip(numbers, fresh, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A payment that has not come before. account_id: None and a doubt while nobody knows whose it is."""

    payment_id: int
    row: Incoming
    account_id: int | None
    doubt: str


@dataclass(frozen=True, slots=True)
class _Common:
    """What all payments of the batch have alike."""

    channel: str
    register_id: int | None
    day: date
    now: str
    accepted_by: int | None


def _write_laid(fresh: Sequence[_Fresh], common: _Common, *, kind: int) -> None:
    """Block by block of accounts, in pk order: the payments as allocated and their parts, in one transaction."""
    held = [one for one in fresh if one.account_id is None]
    if held:
        _write(held, common)
    owned = {one.payment_id: one for one in fresh if one.account_id is not None}
    houses = lock_accounts({one.account_id for one in owned.values() if one.account_id is not None})
    for block in blocks_of(sorted((one.account_id, one.payment_id) for one in owned.values()), BLOCK):
        some = [owned[payment_id] for payment_id in block]
        theirs = {one.account_id: houses[one.account_id] for one in some if one.account_id is not None}
        ground, items = open_items.ground_of(theirs), None
        if ground.terms.apart and kind in OF_PAYERS:
            items = open_items.of_accounts(theirs, on=common.day, ground=ground)
            some = _paying_all(some, items)
        _write(some, common, state=PaymentState.ALLOCATED)
        told = [_to_lay(one, kind) for one in some]
        lay_and_write(told, day=common.day, houses=theirs, ground=ground, items=items)


def _paying_all(some: Sequence[_Fresh], items: pl.DataFrame) -> list[_Fresh]:
    """Those that pay all that is shown of their account are directed to what stands apart, too, as at the desk."""
    rows = [
        (one.payment_id, one.account_id, one.row.paid_on, one.row.amount, None, None)
        for one in some
        if not one.row.directed_to
    ]
    owing = items.filter("is_apart")["account_id"].unique().to_list()
    if not owing:
        return list(some)
    advances = defaultdict[int, Decimal](Decimal)
    for free in queries.free_advances(account_ids=owing):
        advances[free.account_id] += free.amount
    found = allocation.for_what_stands_apart(allocation.frame(allocation.PAYMENTS, rows), items, advances=advances)
    return [
        replace(one, row=replace(one.row, directed_to=found[one.payment_id])) if one.payment_id in found else one
        for one in some
    ]


def _to_lay(one: _Fresh, kind: int) -> ToLay:
    row = one.row
    assert one.account_id is not None  # the caller looks first
    return ToLay(
        one.payment_id, one.account_id, row.paid_on, row.amount, row.for_month.first if row.for_month else None,
        direction_as_stored(row.directed_to), kind, row.purpose[:500],
    )  # fmt: skip


def _write(fresh: Sequence[_Fresh], common: _Common, *, state: PaymentState = PaymentState.ACCEPTED) -> None:
    """The payments by COPY: those with an account in `state`, the others as unidentified."""
    begins = f',"{common.channel}",'
    register = f",{common.register_id or ''},"
    ends = f',{common.day},"{common.now}",{common.accepted_by or ""},'
    lines = [
        f"{one.payment_id}{begins}{_quoted(row.external_id)}{register}{_quoted(row.number[:60])},"
        f"{_quoted(row.payer[:255])},{_quoted(row.purpose[:500])},{one.account_id or ''},{row.amount},"
        f"{row.for_month.first if row.for_month else ''},{_direction(row.directed_to)},{row.paid_on}{ends}"
        f"{PaymentState.UNIDENTIFIED.value if one.doubt else state.value},{_quoted(one.doubt[:255])}"
        for one in fresh
        for row in [one.row]
    ]
    copy_in("payments_payment", COLUMNS, io.StringIO("\n".join(lines)))


def _quoted(text: str) -> str:
    """A text of CSV: an empty one is quoted and stays a text, while a bare nothing is NULL."""
    return '"' + text.replace('"', '""') + '"' if '"' in text else f'"{text}"'


def _direction(directed_to: Directed) -> str:
    return _quoted(json.dumps(direction_as_stored(directed_to))) if directed_to else '"{}"'
