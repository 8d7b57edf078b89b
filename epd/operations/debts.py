"""Documents of debts: what is overdue on a day, on a paper of its own."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models.functions import Now

import accounts.operations
from accounts.calendar import Month
from accounts.money import total
from accounts.queries import User
from epd import assemble, queries
from epd.models import DocumentKind, PaymentDocument
from epd.operations import delivering


@transaction.atomic
def issue_debts(
    *, account_ids: Collection[int], day: date, by: User | str | None = None, reason: str = "долг на новый день"
) -> list[PaymentDocument]:
    """Issue documents of debts dated `day` to those of the accounts who owe something overdue.

    A second one in the month withdraws the first, names it and says the reason. Raises DocumentRefused naming the
    account whose document fails a check: nothing is issued then.
    """
    made = []
    elders = {
        row.account_id: row
        for row in PaymentDocument.objects.select_for_update(of=("self",))
        .filter(account_id__in=account_ids, month=Month.of(day).first, kind=DocumentKind.DEBT)
        .order_by("issue")
    }
    for account_id, facts in queries.debt_documents(account_ids=account_ids, day=day).items():
        elder = elders.get(account_id)
        if elder is not None:
            facts = assemble.replacing(facts, number=elder.number, issued_on=elder.issued_on, reason=reason)
            if elder.withdrawn_at is None:
                elder.withdrawn_at = Now()
                elder.save(update_fields=["withdrawn_at"])
        content = assemble.payload(facts)
        made.append(
            PaymentDocument(
                account_id=account_id,
                month=facts.month.first,
                kind=DocumentKind.DEBT,
                issue=facts.issue,
                number=facts.number,
                issued_on=day,
                due_on=facts.due.on,
                total=Decimal(content["total"]),
                payload=content,
                template_version=assemble.TEMPLATE_VERSION,
                replaces=elder,
            )
        )
    made = PaymentDocument.objects.bulk_create(made, batch_size=200)
    delivering.plan(document_ids=[row.pk for row in made])
    if made:
        accounts.operations.note(
            "epd.debts.issued",
            by=by,
            account_id=made[0].account_id if len(made) == 1 else None,
            month=Month.of(day),
            documents=len(made),
            numbers=[row.number for row in made[:50]],
            total=total(row.total for row in made),
        )
    return made
