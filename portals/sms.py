"""Text messages. The sender is named by SMS_SENDER in the settings; in development a message is a file."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol
from uuid import uuid4

from django.conf import settings
from django.utils.module_loading import import_string


class Sender(Protocol):
    """Sends one message, or raises."""

    def send(self, phone: str, text: str) -> None: ...


class FileSender:
    """Writes each message into a folder of its own beside the media, for development and demonstrations."""

    def send(self, phone: str, text: str) -> None:
        folder = Path(settings.MEDIA_ROOT).parent / "sms"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{uuid4().hex}.txt").write_text(f"{phone}\n{text}\n", "utf-8")


def send(phone: str, text: str) -> None:
    """Send `text` to `phone` (E.164)."""
    sender: Sender = import_string(getattr(settings, "SMS_SENDER", "portals.sms.FileSender"))()
    sender.send(phone, text)
