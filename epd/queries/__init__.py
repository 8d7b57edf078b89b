"""What is read of documents: by account and month, and the facts they are assembled from."""

from epd.models import DocumentKind, PaymentDocument
from epd.queries.documents import (
    Checked,
    Waiting,
    accounts_of_month,
    checked,
    document,
    document_of_month,
    documents_astray,
    documents_of_account,
    documents_of_month,
    documents_standing,
    is_posted,
    last_issue,
    machine_copy,
    open_day_of,
)
from epd.queries.facts import Block, read_block
from epd.queries.printing import print_batches, printed_of, printings

__all__ = [
    "Block", "Checked", "DocumentKind", "PaymentDocument", "Waiting", "accounts_of_month", "checked", "document",
    "document_of_month", "documents_astray", "documents_of_account", "documents_of_month", "documents_standing",
    "is_posted", "last_issue", "machine_copy", "open_day_of", "print_batches", "printed_of", "printings", "read_block",
]  # fmt: skip
