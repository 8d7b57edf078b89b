"""Answers of mail servers: which letter did not arrive, and is it for good (RFC 3464)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy


@dataclass(frozen=True, slots=True)
class Bounce:
    """message_id: of our letter; status: «5.1.1»; is_final: no use to try again."""

    message_id: str
    status: str
    reason: str

    @property
    def is_final(self) -> bool:
        return self.status.startswith("5")


def read(content: bytes) -> Bounce | None:
    """The answer in a letter; None when it is no report of a delivery, or names no letter of ours."""
    letter = message_from_bytes(content, policy=policy.default)
    status = reason = message_id = ""
    for part in letter.walk():
        if part.get_content_type() == "message/delivery-status":
            told = str(part)
            status = status or _first(r"(?im)^Status:\s*(\d\.\d+\.\d+)", told)
            reason = reason or _first(r"(?im)^Diagnostic-Code:\s*(?:[\w-]+;)?\s*(.+)$", told)
        elif part.get_content_type() in ("message/rfc822", "text/rfc822-headers"):
            message_id = message_id or _first(r"(?im)^Message-ID:\s*(<[^>]+>)", str(part))
    message_id = message_id or str(letter.get("In-Reply-To", "")).strip()
    if not status or not message_id:
        return None
    return Bounce(message_id=message_id, status=status, reason=f"{status} {reason}".strip()[:200])


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1].strip() if found else ""
