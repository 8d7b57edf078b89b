"""What the cabinets change: links of users to accounts, what families share, appeals, notices."""

from portals.operations.appeals import (
    AppealRefused,
    answer_appeal,
    close_appeal,
    hand_over,
    open_appeal,
    register_appeal,
    say,
    start_chat,
    take_appeal,
)
from portals.operations.certificates import CertificateRefused, issue_certificate
from portals.operations.forwarding import ask_to_forward, forward_document
from portals.operations.links import (
    NOT_PROVED,
    LinkRefused,
    link_account,
    prove_account,
    unlink_account,
    withdraw_autopayments,
)
from portals.operations.notices import choose_letters, make_notices, mark_answers_read, mark_read, send_letters
from portals.operations.sharing import (
    STALE,
    InvitationRefused,
    accept_invitation,
    enter_by_code,
    invite,
    take_back_invitation,
    withdraw_access,
)

__all__ = [
    "NOT_PROVED",
    "STALE",
    "AppealRefused",
    "CertificateRefused",
    "InvitationRefused",
    "LinkRefused",
    "accept_invitation",
    "answer_appeal",
    "ask_to_forward",
    "choose_letters",
    "close_appeal",
    "enter_by_code",
    "forward_document",
    "hand_over",
    "invite",
    "issue_certificate",
    "link_account",
    "make_notices", "mark_answers_read", "mark_read",
    "open_appeal",
    "prove_account",
    "register_appeal",
    "say",
    "send_letters",
    "start_chat",
    "take_appeal",
    "take_back_invitation",
    "unlink_account",
    "withdraw_access",
    "withdraw_autopayments",
]  # fmt: skip
