"""What is to be printed, and how far it got."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.calendar import Month
from accounts.queries import House, Run, RunState, address_of
from epd.models import DeliveryState, PaymentDocument, PrintBatch, PrintState, Way


@dataclass(frozen=True, slots=True)
class ToPrint:
    """A document that goes on paper, in the order in which it is carried."""

    document_id: int
    total: Decimal
    route: int
    house_id: int


def documents_to_print(
    *, month: Month, house_ids: Collection[int] | None = None, account_ids: Collection[int] | None = None
) -> list[ToPrint]:
    """Standing documents of the month that go on paper, by route, house and premises.

    A document whose delivery is already settled goes on paper when paper is one of its ways; without any, it does.
    """
    params: dict[str, Any] = {"month": month.first, "paper": Way.PAPER, "cancelled": DeliveryState.CANCELLED}
    scope = ""
    if house_ids is not None:
        scope += " AND a.house_id = ANY(%(houses)s)"
        params["houses"] = list(house_ids)
    if account_ids is not None:
        scope += " AND a.id = ANY(%(accounts)s)"
        params["accounts"] = list(account_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT d.id, d.total, h.route, a.house_id FROM epd_paymentdocument AS d
            JOIN accounts_personalaccount AS a ON a.id = d.account_id JOIN accounts_house AS h ON h.id = a.house_id
            WHERE d.month = %(month)s AND d.withdrawn_at IS NULL {scope} AND NOT EXISTS (
                SELECT FROM epd_delivery AS sent WHERE sent.document_id = d.id HAVING count(*) > 0
                    AND count(*) FILTER (WHERE sent.way = %(paper)s AND sent.state <> %(cancelled)s) = 0)
            ORDER BY h.route, a.house_id, a.premises_id, a.number, d.kind
            """,
            params,
        )
        return [ToPrint(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Printed:
    """A document as the printer needs it."""

    document_id: int
    house_id: int
    payload: Mapping[str, Any]
    version: str
    gis_id: str


def printed(document_ids: Sequence[int]) -> Iterator[Printed]:
    """Payloads of the documents, in the order of the ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT d.id, a.house_id, d.payload::text, d.template_version, coalesce(d.gis_id, '')
            FROM epd_paymentdocument AS d JOIN accounts_personalaccount AS a ON a.id = d.account_id
            WHERE d.id = ANY(%s)
            """,
            [list(document_ids)],
        )
        found = {row[0]: row for row in cursor.fetchall()}
    for document_id in document_ids:
        number, house_id, payload, version, gis_id = found[document_id]
        yield Printed(number, house_id, json.loads(payload), version, gis_id)


@dataclass(frozen=True, slots=True)
class BatchHouse:
    """A house of a batch: what its separator says."""

    house_id: int
    route: int
    address: str
    documents: int
    total: Decimal
    first: str
    last: str


def houses_of_batch(document_ids: Sequence[int]) -> list[BatchHouse]:
    """Houses of the documents with their counts and sums."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.house_id, h.route, count(*), sum(d.total), min(a.number), max(a.number)
            FROM epd_paymentdocument AS d JOIN accounts_personalaccount AS a ON a.id = d.account_id
            JOIN accounts_house AS h ON h.id = a.house_id
            WHERE d.id = ANY(%s) GROUP BY 1, 2
            """,
            [list(document_ids)],
        )
        rows = cursor.fetchall()
    found = House.objects.filter(pk__in=[row[0] for row in rows])
    addresses = {house.pk: address_of(house) for house in found}
    return [
        BatchHouse(house_id, route, addresses[house_id], documents, total, first, last)
        for house_id, route, documents, total, first, last in rows
    ]


@dataclass(frozen=True, slots=True)
class PrintedBatch:
    """A batch as the manifest and the page tell of it."""

    number: int
    file: str
    size: int
    sha256: str
    documents: int
    pages: int
    sheets: int
    total: Decimal
    fallbacks: int
    route_first: int
    route_last: int
    first: str
    last: str
    is_done: bool
    seconds: Decimal
    finished_at: datetime | None


def print_batches(run_id: int) -> list[PrintedBatch]:
    """Batches of a printing, with the numbers of their first and last documents."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT b.number, b.file, b.size, b.sha256, b.documents, b.pages, b.sheets, b.total, b.fallbacks,
                b.route_first, b.route_last, first.number, last.number, b.state = %s, b.seconds, b.finished_at
            FROM epd_printbatch AS b
            JOIN epd_paymentdocument AS first ON first.id = b.document_ids[1]
            JOIN epd_paymentdocument AS last ON last.id = b.document_ids[b.documents]
            WHERE b.run_id = %s ORDER BY b.number
            """,
            [PrintState.DONE, run_id],
        )
        return [PrintedBatch(*row) for row in cursor.fetchall()]


def some_documents(*, month: Month, most: int) -> list[PaymentDocument]:
    """Documents of the month that stand, taken at random."""
    rows = PaymentDocument.objects.filter(month=month.first, withdrawn_at=None).order_by("?")
    numbers = list(rows.values_list("pk", flat=True)[:most])
    return list(PaymentDocument.objects.filter(pk__in=numbers))


def printed_of(run_id: int) -> int:
    """Documents that the printing has written so far."""
    return Run.objects.values_list("done", flat=True).get(pk=run_id)


def unfinished_print(*, month: Month, scope: Mapping[str, Any]) -> int | None:
    """The printing of this scope that has batches left, the latest one."""
    rows = Run.objects.filter(kind="epd.print", month=month.first, scope=dict(scope)).exclude(state=RunState.DONE)
    for run in rows.order_by("-pk"):
        if PrintBatch.objects.filter(run=run, state=PrintState.WAITING).exists():
            return run.pk
    return None


@dataclass(frozen=True, slots=True)
class Printing:
    """A printing and how far it is; left: seconds at its own pace, None while that is not known."""

    run_id: int
    state: str
    state_name: str
    month: Any
    folder: str
    done: int
    total: int
    percent: int
    left: int | None
    batches: list[PrintedBatch]
    message: str
    is_alive: bool
    started_at: datetime | None
    who: str

    @property
    def left_words(self) -> str:
        """«5 мин»: rounded up, since the last batch is one process's."""
        if self.left is None:
            return ""
        if self.left < 90:
            return f"{max(5, -(-self.left // 5) * 5)} с"
        minutes = -(-self.left // 60)
        return f"{minutes} мин" if minutes < 90 else f"{minutes // 60} ч {minutes % 60} мин"


def printings(*, now: datetime, limit: int = 10) -> list[Printing]:
    """The last printings, the latest first."""
    found = []
    rows = Run.objects.filter(kind="epd.print").select_related("started_by").order_by("-pk")[:limit]
    for run in rows:
        is_alive = run.state in (RunState.WAITING, RunState.RUNNING)
        before = int(run.counts.get("before", 0))
        left = None
        if is_alive and run.started_at and run.done - before >= 200:
            left = round((now - run.started_at).total_seconds() / (run.done - before) * (run.total - run.done))
        found.append(
            Printing(
                run_id=run.pk, state=run.state, state_name=run.get_state_display(), month=run.month,
                folder=str(run.scope.get("folder", "")), done=min(run.done, run.total), total=run.total,
                percent=100 * min(run.done, run.total) // run.total if run.total else 100, left=left,
                batches=print_batches(run.pk), message=run.message, is_alive=is_alive, started_at=run.started_at,
                who=str(run.started_by or "по расписанию"),
            )
        )  # fmt: skip
    return found
