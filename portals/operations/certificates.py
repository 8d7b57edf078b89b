"""Certificates: one press, one row, kept for whoever will ask whether it is true."""

from __future__ import annotations

import secrets
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

import accounts.operations
from accounts.calendar import Month, Span
from accounts.errors import Refusal
from accounts.money import ZERO, total
from accounts.queries import PersonalAccount, User
from portals import certificate_queries
from portals.models.certificates import Certificate, CertificateKind

LONGEST = 36  # months of one certificate


class CertificateRefused(Refusal):
    """No certificate of such a period can be made."""


@transaction.atomic
def issue_certificate(
    *, account: PersonalAccount, kind: str, by: User, on: date, first: Month | None = None, last: Month | None = None
) -> Certificate:
    """Make a certificate as of `on`. Asked for again on the same day with the same contents, it is the same row.

    kind: no_debt (a debtor gets «о состоянии расчётов», which states his debt), payments or charges of the months
    first … last. Raises CertificateRefused.
    """
    if kind == CertificateKind.NO_DEBT:
        made = _of_debt(account, on)
    elif kind in (CertificateKind.PAYMENTS, CertificateKind.CHARGES):
        made = _of_span(account, CertificateKind(kind), on, first, last)
    else:
        raise CertificateRefused("Такой справки нет. Выберите одну из трёх.", field="kind")
    PersonalAccount.objects.select_for_update().get(pk=account.pk)  # two presses at once make one row
    same = Certificate.objects.filter(account=account, asked_by=by, made_on=on, **made).first()
    if same is not None:
        return same
    row = Certificate.objects.create(account=account, asked_by=by, made_on=on, key=secrets.token_urlsafe(15), **made)
    accounts.operations.note(
        "portals.certificate.issued", by=by, account_id=account.pk, certificate=row.pk, kind=row.kind, amount=row.amount
    )
    return row


def _of_debt(account: PersonalAccount, on: date) -> dict[str, Any]:
    debt = certificate_queries.overdue(account.pk, on=on)
    kind = CertificateKind.SETTLEMENTS if debt else CertificateKind.NO_DEBT
    payload = {"account": certificate_queries.head_of(account), "debt": str(debt), "on": on.isoformat()}
    return {"kind": kind, "since": on, "until": on, "amount": debt, "payload": payload}


def _of_span(
    account: PersonalAccount, kind: CertificateKind, on: date, first: Month | None, last: Month | None
) -> dict[str, Any]:
    last = min(last or Month.of(on), Month.of(on))
    first = first or last + -11
    if first > last:
        raise CertificateRefused("Начало периода позже конца. Поменяйте месяцы местами.", field="first")
    months = list(Month.range(first, last))
    if len(months) > LONGEST:
        raise CertificateRefused(f"Не больше {LONGEST} месяцев в одной справке. Возьмите две.", field="first")
    if kind == CertificateKind.PAYMENTS:
        rows = certificate_queries.payments_of_span(account.pk, Span(first.first, last.next.first))
        sections: dict[str, Any] = {"rows": rows}
    else:
        rows, services = certificate_queries.charges_of_span(account.pk, months)
        sections = {"rows": rows, "services": services}
    amount = total(Decimal(row[-1]) for row in rows) or ZERO
    payload = {"account": certificate_queries.head_of(account), "first": str(first), "last": str(last), **sections}
    until = min(on, last.last)
    return {"kind": kind, "since": min(first.first, until), "until": until, "amount": amount, "payload": payload}
