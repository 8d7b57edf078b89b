"""What is read of documents: by account and month, and the facts they are assembled from."""

from epd.assemble.texts import PLACEHOLDERS
from epd.assemble.texts import problems as text_problems
from epd.models import Carrier, DocumentKind, PaymentDocument
from epd.queries.debts import debt_documents
from epd.queries.delivery import (
    Carried,
    DeliveryCost,
    asked_subscription,
    deliveries_of_account,
    delivery_by_letter,
    delivery_costs,
    letter_texts,
    papers_of_month,
    refusals_of_month,
    register_of_month,
    waiting_letters,
    with_text,
)
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
    "PLACEHOLDERS", "Block", "Carried", "Carrier", "Checked", "DeliveryCost", "DocumentKind", "PaymentDocument",
    "Waiting", "accounts_of_month", "asked_subscription", "checked", "debt_documents", "deliveries_of_account",
    "delivery_by_letter", "delivery_costs", "document", "document_of_month", "documents_astray",
    "documents_of_account", "documents_of_month", "documents_standing", "is_posted", "last_issue", "letter_texts",
    "machine_copy", "open_day_of", "papers_of_month", "print_batches", "printed_of", "printings", "read_block",
    "refusals_of_month", "register_of_month", "text_problems", "waiting_letters", "with_text",
]  # fmt: skip
