"""What changes documents: they are issued, withdrawn and delivered; their texts are written and taken back."""

from epd.operations.debts import issue_debts
from epd.operations.delivering import (
    ANSWERS,
    DeliveryRefused,
    bounced,
    confirm_subscription,
    end_subscription,
    fetch_answers,
    hand_over,
    letter_of,
    send_letters,
    subscribe,
    take_answer,
)
from epd.operations.issuing import (
    SHOWN,
    DocumentRefused,
    IssueSummary,
    issue_documents,
    issue_month,
    reissue,
    withdraw,
)
from epd.operations.printing import BATCH, PrintRefused, finish_print, lay_out, print_next, start_print

__all__ = [
    "ANSWERS",
    "BATCH",
    "SHOWN",
    "DeliveryRefused",
    "DocumentRefused",
    "IssueSummary",
    "PrintRefused",
    "bounced",
    "confirm_subscription",
    "end_subscription",
    "fetch_answers",
    "finish_print",
    "hand_over",
    "issue_debts",
    "issue_documents",
    "issue_month",
    "lay_out",
    "letter_of",
    "print_next",
    "reissue",
    "send_letters",
    "start_print",
    "subscribe",
    "take_answer",
    "withdraw",
]
