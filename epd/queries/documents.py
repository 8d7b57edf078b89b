"""Documents of an account and of a month; whose month is to be documented."""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils.timezone import get_current_timezone

import billing.queries
import payments.queries
from accounts.calendar import Month
from accounts.money import ZERO
from epd import assemble
from epd.models import DocumentKind, PaymentDocument


def _day_of(moment: datetime | None) -> date | None:
    return moment.astimezone(get_current_timezone()).date() if moment else None


def rows_of(sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


# --- documents -------------------------------------------------------------------------------------------------------


def documents_of_account(account_id: int) -> list[PaymentDocument]:
    """Documents of the account, the latest first, withdrawn ones too; the payload is read when it is asked for.

    is_business: an organisation's, which has an invoice, an act and an УПД.
    """
    rows = PaymentDocument.objects.filter(account_id=account_id).defer("payload")
    organisation = Q(payload__account__is_organisation=True, payload__version__gte=2)
    rows = rows.annotate(is_business=ExpressionWrapper(organisation, output_field=BooleanField()))
    return list(rows.order_by("-month", "kind", "-issue"))


def document(document_id: int) -> PaymentDocument | None:
    """One document with its payload."""
    return PaymentDocument.objects.filter(pk=document_id).first()


def document_of_month(*, account_id: int, month: Month, kind: int = DocumentKind.CURRENT) -> PaymentDocument | None:
    """The document of the month that stands: the last issue, unless it was withdrawn."""
    last = _issues(account_id, month, kind).first()
    return last if last is not None and last.withdrawn_at is None else None


def last_issue(*, account_id: int, month: Month, kind: int = DocumentKind.CURRENT) -> PaymentDocument | None:
    """The last issue of the month's document, withdrawn or not."""
    return _issues(account_id, month, kind).first()


def _issues(account_id: int, month: Month, kind: int) -> QuerySet[PaymentDocument]:
    return PaymentDocument.objects.filter(account_id=account_id, month=month.first, kind=kind).order_by("-issue")


def documents_of_month(*, month: Month, account_ids: Collection[int] | None = None) -> QuerySet[PaymentDocument]:
    """Documents of the month that stand, in the order in which a postman walks: route, house, flat."""
    rows = PaymentDocument.objects.filter(month=month.first, withdrawn_at=None).select_related("account")
    if account_ids is not None:
        rows = rows.filter(account_id__in=account_ids)
    return rows.order_by("account__house__route", "account__house_id", "account__premises_id", "account__number")


@dataclass(frozen=True, slots=True)
class Checked:
    """What anybody who holds a document may be told of it: enough to compare, nothing about the person."""

    number: str
    month: Month
    address: str
    total: Decimal
    issued_on: date
    due_on: date
    withdrawn_on: date | None
    replaced_by: str
    replaces: str


def checked(key: str) -> Checked | None:
    """The document of a printed key, «number.signature»; None unless the signature is the one frozen with it."""
    number, dot, signature = key.rpartition(".")
    row = PaymentDocument.objects.filter(number=number).select_related("replaced_by", "replaces").first()
    if not dot or row is None:
        return None
    printed = row.payload.get("links", {}).get("check", "").rpartition(".")[2]
    if not printed or not hmac.compare_digest(printed.encode(), signature.encode()):
        return None
    return Checked(
        number=row.number,
        month=Month(row.month),
        address=masked_address(row.payload["account"]["street"]),
        total=row.total,
        issued_on=row.issued_on,
        due_on=row.due_on,
        withdrawn_on=_day_of(row.withdrawn_at),
        replaced_by=row.replaced_by.number if hasattr(row, "replaced_by") else "",
        replaces=row.replaces.number if row.replaces else "",
    )


def masked_address(street: str) -> str:
    """«ул. Чка…, д. 1•, кв. 5•» of «ул. Чкалова, д. 14/2, кв. 57»: the holder knows it, a stranger learns nothing."""
    return re.sub(r"\b([А-ЯЁ]\w{2})\w+|\b(\d)[\w/]*", lambda m: f"{m[1]}…" if m[1] else f"{m[2]}•", street)


def machine_copy(row: PaymentDocument) -> dict[str, Any]:
    """The document for programs: all it says, as it was frozen, and what became of it since. Roubles are strings."""
    return {
        **assemble.copy_of(row.payload),
        "kind": DocumentKind(row.kind).label,
        "gis_id": row.gis_id,
        "withdrawn_on": day.isoformat() if (day := _day_of(row.withdrawn_at)) else None,
        "replaced_by": row.replaced_by.number if hasattr(row, "replaced_by") else None,
        "replaces": row.payload["document"]["replaces"].get("number"),
    }


# --- whose month is to be documented ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """An account of the scope: may its month be documented? `why` is empty, or says in Russian what is in the way."""

    account_id: int
    number: str
    house_id: int
    has_document: bool
    is_held: bool
    open_contracts: str

    @property
    def why(self) -> str:
        if self.is_held:
            return f"Счёт {self.number} удержан от проведения: отпустите его или исправьте причину."
        if self.open_contracts:
            return f"Счёт {self.number}: месяц не проведён по договорам {self.open_contracts}. Сначала проведите его."
        return ""


def is_posted(month: Month) -> bool:
    """Is the month ink for any contract?"""
    return billing.queries.ContractMonth.objects.filter(
        ~Q(state=billing.queries.ContractMonthState.OPEN), month=month.first
    ).exists()


def open_day_of(month: Month) -> date | None:
    """The first operating day up to the month's end that still takes payments; None when all are closed."""
    days = payments.queries.OperatingDay.objects.filter(
        day__lte=month.last, state=payments.queries.OperatingDayState.OPEN
    )
    return days.order_by("day").values_list("day", flat=True).first()


def accounts_of_month(
    *, month: Month, house_ids: Collection[int] | None = None, account_ids: Collection[int] | None = None
) -> list[Waiting]:
    """Accounts opened before the month's end, by house; whether documented, held, posted. One statement.

    The contracts of an account are those that charge it in the month, and those that serve its house.
    """
    scope, params = "", {"month": month.first, "next": month.next.first, "kind": DocumentKind.CURRENT}
    if house_ids is not None:
        scope += " AND a.house_id = ANY(%(houses)s)"
        params["houses"] = list(house_ids)
    if account_ids is not None:
        scope += " AND a.id = ANY(%(accounts)s)"
        params["accounts"] = list(account_ids)
    rows = rows_of(
        f"""
        WITH unposted AS (
            SELECT contract.id, contract.number FROM accounts_agencycontract AS contract
            LEFT JOIN billing_contractmonth AS posted ON posted.contract_id = contract.id AND posted.month = %(month)s
            WHERE coalesce(posted.state, 'open') = 'open'
        ), scope AS (
            SELECT a.id, a.number, a.house_id FROM accounts_personalaccount AS a
            WHERE a.opened_on < %(next)s {scope}
        ), charged AS (
            SELECT DISTINCT c.account_id, u.number FROM billing_charge AS c JOIN unposted AS u ON u.id = c.contract_id
            WHERE c.month = %(month)s AND c.account_id IN (SELECT id FROM scope)
        ), served AS (
            SELECT DISTINCT p.house_id, u.number FROM billing_provision AS p JOIN unposted AS u ON u.id = p.contract_id
            WHERE p.valid_from < %(next)s AND (p.valid_to IS NULL OR p.valid_to > %(month)s)
                AND p.house_id IN (SELECT house_id FROM scope)
        )
        SELECT s.id, s.number, s.house_id,
            EXISTS (SELECT FROM epd_paymentdocument AS d
                    WHERE d.account_id = s.id AND d.month = %(month)s AND d.kind = %(kind)s),
            EXISTS (SELECT FROM billing_hold AS h
                    WHERE h.account_id = s.id AND h.month = %(month)s AND h.released_at IS NULL),
            coalesce((SELECT string_agg(number, ', ' ORDER BY number) FROM (
                SELECT number FROM charged WHERE charged.account_id = s.id
                UNION SELECT number FROM served WHERE served.house_id = s.house_id) AS open), '')
        FROM scope AS s ORDER BY s.house_id, s.id
        """,
        params,
    )
    return [Waiting(*row) for row in rows]


def documents_standing(*, month: Month, limit: int) -> list[int]:
    """Accounts with a standing document of the month, at most `limit` of them spread over the month, for `verify`.

    Who was let go from a hold after the issue is left out: his ink of earlier months is younger than the document.
    """
    rows = rows_of(
        """
        SELECT account_id FROM (
            SELECT d.account_id, row_number() OVER (ORDER BY d.account_id) AS place, count(*) OVER () AS documents
            FROM epd_paymentdocument AS d
            WHERE d.month = %(month)s AND d.kind = %(kind)s AND d.withdrawn_at IS NULL AND NOT EXISTS (
                SELECT FROM billing_hold AS h
                WHERE h.account_id = d.account_id AND (h.released_at IS NULL OR h.released_at > d.issued_at))
        ) AS standing WHERE place %% greatest(1, documents / %(limit)s) = 0 ORDER BY 1 LIMIT %(limit)s
        """,
        {"month": month.first, "kind": DocumentKind.CURRENT, "limit": limit},
    )
    return [account_id for (account_id,) in rows]


def documents_astray(*, month: Month, account_ids: Sequence[int]) -> Iterator[str]:
    """Standing documents whose rows are not the account's month in the books; in words.

    The advance without a principal is left out: its payment may find an owner, or its debts, after the issue.
    """
    books = payments.queries.statement_rows_of(account_ids=account_ids, month=month)
    documents = PaymentDocument.objects.filter(
        account_id__in=account_ids, month=month.first, withdrawn_at=None,
        kind__in=(DocumentKind.CURRENT, DocumentKind.CAPITAL_REPAIR),
    )  # fmt: skip
    rows = documents.order_by("account_id", "kind").values_list("number", "account_id", "payload")
    for account_id, papers in groupby(rows, key=lambda row: row[1]):
        number = ""
        told: dict[tuple[int, int], tuple[Decimal, ...]] = {}
        for name, _, content in papers:  # capital repair may stand on a paper of its own
            number = number or name
            told |= {
                (row["contract_id"], row["service_id"]): tuple(Decimal(row[name]) for name in _COMPARED)
                for row in content["rows"]
            }
        stand = {(row.contract_id, row.service_id): _stated(row) for row in books[account_id]}
        nothing = (ZERO,) * len(_COMPARED)
        for key in sorted(told.keys() | stand.keys()):
            if key != (0, 0) and told.get(key, nothing) != stand.get(key, nothing):
                yield f"документ {number}: счёт {account_id}, договор {key[0]}, услуга {key[1]} не по проводкам"


_COMPARED = ("payable", "benefits", "penalty", "opening", "paid", "closing")


def _stated(row: payments.queries.StatementRow) -> tuple[Decimal, ...]:
    """The sums of _COMPARED by the books; what is payable is all that the month brought but the penalty."""
    payable = row.charged + row.recalculated + row.benefits
    return payable, row.benefits, row.penalty, row.opening, row.paid, row.closing
