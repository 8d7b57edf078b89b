"""What changes documents: they are issued, withdrawn and delivered; their texts are written and taken back."""

from epd.operations.issuing import (
    SHOWN,
    DocumentRefused,
    IssueSummary,
    issue_documents,
    issue_month,
    reissue,
    withdraw,
)
from epd.operations.printing import BATCH, PrintRefused, finish_print, print_next, start_print

__all__ = [
    "BATCH",
    "SHOWN",
    "DocumentRefused",
    "IssueSummary",
    "PrintRefused",
    "finish_print",
    "issue_documents",
    "issue_month",
    "print_next",
    "reissue",
    "start_print",
    "withdraw",
]
