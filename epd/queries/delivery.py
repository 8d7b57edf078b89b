"""How documents went: the register, lists for those who carry them, and what letters save."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from accounts.calendar import Month
from epd import assemble
from epd.models import (
    Carrier,
    Delivery,
    DeliveryState,
    DocumentKind,
    IssueRefusal,
    PaymentDocument,
    Subscription,
    TextPlace,
    Way,
)
from epd.queries.documents import rows_of


def letter_texts(document: PaymentDocument) -> list[str]:
    """Our lines of a letter, for all principals and those whose services are on the document."""
    contracts = [party["contract_id"] for party in document.payload["principals"]]
    rows = rows_of(
        """
        SELECT t.text FROM epd_documenttext AS t
        WHERE t.place = %(letter)s AND t.valid_from <= %(day)s AND (t.valid_to IS NULL OR t.valid_to > %(day)s)
            AND (t.principal_id IS NULL OR t.principal_id IN (
                SELECT principal_id FROM accounts_agencycontract WHERE id = ANY(%(contracts)s)))
            AND (t.region = 0 OR EXISTS (
                SELECT FROM accounts_personalaccount AS a JOIN accounts_house AS h ON h.id = a.house_id
                WHERE a.id = %(account)s AND h.oktmo LIKE t.region::text || '%%'))
        ORDER BY t."order", t.id
        """,
        {
            "letter": TextPlace.LETTER, "day": document.issued_on, "contracts": contracts,
            "account": document.account_id,
        },
    )  # fmt: skip
    return [text for (text,) in rows]


def deliveries_of_account(account_id: int, *, limit: int = 36) -> list[Delivery]:
    """How the account's documents went, the latest first."""
    rows = Delivery.objects.filter(document__account_id=account_id).select_related("document")
    return list(rows.defer("document__payload").order_by("-pk")[:limit])


def asked_subscription(account_id: int) -> Subscription | None:
    """An address that was asked for and whose letter is not answered yet."""
    return Subscription.objects.filter(account_id=account_id, ended_at=None, confirmed_at=None).first()


def refusals_of_month(month: Month) -> QuerySet[IssueRefusal]:
    """Who has no document, and why."""
    return IssueRefusal.objects.filter(month=month.first).select_related("account").order_by("account__number")


@dataclass(frozen=True, slots=True)
class Carried:
    """One paper of a route, in the order in which it is walked."""

    delivery_id: int
    route: int
    route_name: str
    carrier: int
    office: str
    number: str
    account: str
    payer: str
    postcode: str
    address: str
    state: int
    is_sent: bool
    sent_at: datetime | None
    note: str


def papers_of_month(
    *, month: Month, carrier: int | None = None, office_id: int | None = None, only_waiting: bool = False
) -> list[Carried]:
    """Papers of the month by route, house and flat. A route nobody described is carried by courier."""
    rows = rows_of(
        f"""
        SELECT v.id, h.route, coalesce(r.name, ''), coalesce(r.carrier, %(courier)s), coalesce(o.name, ''),
            d.number, a.number, d.payload #>> '{{account,payer}}', h.postcode,
            d.payload #>> '{{account,town}}', d.payload #>> '{{account,street}}', v.state, v.sent_at, v.note
        FROM epd_delivery AS v
        JOIN epd_paymentdocument AS d ON d.id = v.document_id
        JOIN accounts_personalaccount AS a ON a.id = d.account_id
        JOIN accounts_house AS h ON h.id = a.house_id
        LEFT JOIN epd_deliveryroute AS r ON r.route = h.route
        LEFT JOIN accounts_office AS o ON o.id = r.office_id
        WHERE d.month = %(month)s AND v.way = %(paper)s AND v.state <> %(cancelled)s
            AND (%(carrier)s::int IS NULL OR coalesce(r.carrier, %(courier)s) = %(carrier)s::int)
            AND (%(office)s::bigint IS NULL OR r.office_id = %(office)s::bigint)
            {"AND v.state = %(waiting)s" if only_waiting else ""}
        ORDER BY h.route, h.id, a.premises_id, a.number, d.number
        """,
        {
            "month": month.first, "paper": Way.PAPER, "cancelled": DeliveryState.CANCELLED, "carrier": carrier,
            "courier": Carrier.COURIER, "office": office_id, "waiting": DeliveryState.WAITING,
        },
    )  # fmt: skip
    return [
        Carried(
            delivery_id, route, name, who, office, number, account, payer, postcode,
            ", ".join(part for part in (town, street) if part), state, state == DeliveryState.SENT, sent_at, note,
        )
        for delivery_id, route, name, who, office, number, account, payer, postcode, town, street, state, sent_at, note
        in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeliveryCost:
    """An office's month: documents by way, what they cost, and what the papers that were not printed would have."""

    office: str
    paper: int
    email: int
    cabinet: int
    failed: int
    cost: Decimal
    saved: Decimal


def delivery_costs(*, month: Month) -> list[DeliveryCost]:
    """Cost of delivery and what was saved by letters and the cabinet, by office; roubles.

    A document is saved paper where it went by e-mail or stayed in the cabinet and no paper went with it: the price
    of paper on the day of issue less what the other way cost.
    """
    rows = rows_of(
        """
        WITH ways AS (
            SELECT v.document_id, d.account_id, d.issued_on,
                bool_or(v.way = %(paper)s) AS paper, bool_or(v.way = %(email)s AND v.state <> %(failed)s) AS email,
                bool_or(v.way = %(cabinet)s) AS cabinet, bool_or(v.state = %(failed)s) AS failed,
                sum(v.cost) AS cost
            FROM epd_delivery AS v JOIN epd_paymentdocument AS d ON d.id = v.document_id
            WHERE d.month = %(month)s AND v.state <> %(cancelled)s GROUP BY 1, 2, 3
        )
        SELECT coalesce(o.name, ''), count(*) FILTER (WHERE w.paper), count(*) FILTER (WHERE w.email),
            count(*) FILTER (WHERE w.cabinet), count(*) FILTER (WHERE w.failed), coalesce(sum(w.cost), 0),
            coalesce(sum(coalesce(p.printing + p.carriage, 0) - w.cost) FILTER (WHERE NOT w.paper), 0)
        FROM ways AS w
        JOIN accounts_personalaccount AS a ON a.id = w.account_id
        JOIN accounts_house AS h ON h.id = a.house_id
        LEFT JOIN epd_deliveryroute AS r ON r.route = h.route
        LEFT JOIN accounts_office AS o ON o.id = r.office_id
        LEFT JOIN epd_deliveryrate AS p ON p.way = %(paper)s AND p.valid_from <= w.issued_on
            AND (p.valid_to IS NULL OR p.valid_to > w.issued_on)
        GROUP BY 1 ORDER BY 1
        """,
        {
            "month": month.first, "paper": Way.PAPER, "email": Way.EMAIL, "cabinet": Way.CABINET,
            "failed": DeliveryState.FAILED, "cancelled": DeliveryState.CANCELLED,
        },
    )  # fmt: skip
    return [DeliveryCost(*row) for row in rows]


def register_of_month(month: Month) -> list[tuple[Any, ...]]:
    """Every delivery of the month for a sheet: number, account, way, address, state, moments, cost, note."""
    rows = Delivery.objects.filter(document__month=month.first).order_by("document__number", "way")
    return [
        (number, account, Way(way).label, address, DeliveryState(state).label, sent_at, failed_at, cost, note)
        for number, account, way, address, state, sent_at, failed_at, cost, note in rows.values_list(
            "document__number", "document__account__number", "way", "address", "state", "sent_at", "failed_at",
            "cost", "note",
        )
    ]  # fmt: skip


def delivery_by_letter(message_id: str) -> int | None:
    """The delivery whose letter bore this Message-ID."""
    name = message_id.strip().strip("<>").partition("@")[0]
    prefix, _, number = name.partition("-")
    if prefix != "epd" or not number.isdecimal() or len(number) > 18:
        return None
    return Delivery.objects.filter(pk=int(number), way=Way.EMAIL).values_list("pk", flat=True).first()


def waiting_letters() -> int:
    """Letters that wait to be sent."""
    return Delivery.objects.filter(way=Way.EMAIL, state=DeliveryState.WAITING).count()


def with_text(*, number: str, title: str, text: str) -> dict[str, Any] | None:
    """The content of the account's last document with this text as its message; None without such a document."""
    rows = PaymentDocument.objects.filter(
        account__number=number, kind=DocumentKind.CURRENT, template_version=assemble.TEMPLATE_VERSION
    )
    last = rows.order_by("-month", "-issue").first()
    if last is None:
        return None
    content: dict[str, Any] = dict(last.payload)
    filled = {"title": assemble.filled(title, content), "text": assemble.filled(text, content)}
    return {**content, "messages": [filled]}
