"""What a certificate says, read from ink; and what anybody who holds one may be told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Sum

import accounts.queries
import billing.queries
import epd.queries
import payments.queries
from accounts.calendar import ONE_DAY, Month, Span
from accounts.money import ZERO, total
from accounts.queries import PersonalAccount
from portals.models.certificates import Certificate, CertificateKind

SHOWN = 10
# Money that has come and was not taken back. In transit is a promise: a certificate does not count it.
COME = ["accepted", "allocated"]


def overdue(account_id: int, *, on: date) -> Decimal:
    """Roubles of debt on a day: what is owed less the charges of months that need not be paid yet. 0.00 when none is.

    Source: ЖК РФ, ст. 155, ч. 1 (the day until which a month is paid).
    """
    owed = payments.queries.balance(account_id=account_id, on=on + ONE_DAY)
    if owed <= 0:
        return ZERO
    after = Month.of(on + ONE_DAY)  # months from here on are not in the balance
    young = [one.first for one in (after.previous, after + -2) if epd.queries.due_of(one).on >= on]
    rows = billing.queries.ink().filter(account_id=account_id, month__in=young)
    return max(owed - max(total(rows.values_list("amount", flat=True)), ZERO), ZERO)


def payments_of_span(account_id: int, span: Span) -> list[list[Any]]:
    """Rows of money that came for the account: the payer's day, the channel, roubles."""
    rows = payments.queries.Payment.objects.filter(
        account_id=account_id, state__in=COME, paid_on__gte=span.start, paid_on__lt=span.end
    ).select_related("channel")
    return [[row.paid_on.isoformat(), row.channel.name, str(row.amount)] for row in rows.order_by("paid_on", "pk")]


def charges_of_span(account_id: int, months: list[Month]) -> tuple[list[list[Any]], list[list[Any]]]:
    """Posted charges of the months, by month and by service, roubles."""
    ink = billing.queries.ink().filter(account_id=account_id, month__in=[month.first for month in months])
    by_month = dict(ink.values("month").annotate(sum=Sum("amount")).values_list("month", "sum"))
    by_service = ink.values("service__name").annotate(sum=Sum("amount")).order_by("service__name")
    return (
        [[month.title, str(by_month[month.first])] for month in months if month.first in by_month],
        [[row["service__name"], str(row["sum"])] for row in by_service],
    )


def certificates_of(account_id: int) -> list[Certificate]:
    """The account's last certificates."""
    return list(Certificate.objects.filter(account_id=account_id).order_by("-pk")[:SHOWN])


def head_of(account: PersonalAccount) -> dict[str, str]:
    """Whose certificate it is."""
    return {
        "number": account.number,
        "address": accounts.queries.address_of(account.house, account.premises),
        "payer": accounts.queries.payer_of(account),
    }


@dataclass(frozen=True, slots=True)
class CheckedCertificate:
    """Enough to compare with the paper, nothing about the person."""

    title: str
    number: str
    address: str
    made_on: date
    since: date
    until: date
    amount: Decimal
    amount_name: str
    is_span: bool


AMOUNT_NAMES = {
    CertificateKind.NO_DEBT: "Задолженность",
    CertificateKind.SETTLEMENTS: "Задолженность",
    CertificateKind.PAYMENTS: "Получено",
    CertificateKind.CHARGES: "Начислено",
}


def checked_certificate(key: str) -> CheckedCertificate | None:
    """The certificate of a printed key; None for a key that is not ours."""
    row = Certificate.objects.filter(key=key).first() if key else None
    if row is None:
        return None
    kind = CertificateKind(row.kind)
    return CheckedCertificate(
        title=kind.label,
        number=row.number,
        address=epd.queries.masked_address(row.payload["account"]["address"]),
        made_on=row.made_on,
        since=row.since,
        until=row.until,
        amount=row.amount,
        amount_name=AMOUNT_NAMES[kind],
        is_span=kind in (CertificateKind.PAYMENTS, CertificateKind.CHARGES),
    )
