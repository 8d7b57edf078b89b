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

__all__ = ["SHOWN", "DocumentRefused", "IssueSummary", "issue_documents", "issue_month", "reissue", "withdraw"]
