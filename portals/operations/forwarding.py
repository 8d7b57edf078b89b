"""A document on its way to an address that the resident names: noted first, mailed by a job."""

from __future__ import annotations

from django.core.mail import EmailMessage
from django.db import transaction

import accounts.operations
import accounts.queries
import epd.queries
import epd.render
from accounts.queries import User


@transaction.atomic
def ask_to_forward(*, account_id: int, document_id: int, address: str, by: User) -> None:
    """Note that the resident sends a document to an address. The letter itself is `forward_document`."""
    accounts.operations.note(
        "portals.document.forwarded", by=by, account_id=account_id, document=document_id, address=address
    )


def forward_document(*, document_id: int, address: str) -> None:
    """Mail the document as PDF. No word of the resident's own goes into the letter."""
    document = epd.queries.document(document_id)
    if document is None:
        return
    letter = EmailMessage(
        subject=f"Квитанция № {document.number}",
        body=f"Платёжный документ № {document.number} во вложении. Его переслал житель из личного кабинета.\n",
        to=[address],
    )
    letter.attach(f"{document.number}.pdf", epd.render.pdf(document), "application/pdf")
    letter.send()
