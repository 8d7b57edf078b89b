"""What the cabinets change: links of users to accounts, what families share, appeals, notices."""

from portals.operations.links import (
    NOT_PROVED,
    LinkRefused,
    link_account,
    unlink_account,
    withdraw_autopayments,
)
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
    "NOT_PROVED", "STALE", "InvitationRefused", "LinkRefused", "accept_invitation", "enter_by_code", "invite",
    "link_account", "take_back_invitation", "unlink_account", "withdraw_access", "withdraw_autopayments",
]  # fmt: skip
