"""Letters of a mailbox: unseen ones are read, those that were dealt with are marked seen."""

from __future__ import annotations

import imaplib
from collections.abc import Callable, Iterator
from urllib.parse import unquote, urlsplit

from accounts.errors import Refusal

TIMEOUT = 30  # seconds
LIMIT = 2_000_000  # bytes of one letter


class Unreachable(Refusal):
    """The mailbox cannot be read: what is to be mended is in the text."""


def unseen(*, url: str, folder: str, setting: str) -> Iterator[tuple[bytes, Callable[[], None]]]:
    """(letter, marks it seen) of every unseen letter, LIMIT bytes of each at most.

    url: imaps://user:password@host:993, or imap:// inside of the own network; setting: its name, for the refusal.
    Raises Unreachable.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("imap", "imaps") or not parts.hostname or not folder.isascii() or '"' in folder:
        raise Unreachable(f"Почтовый ящик задан неверно. Проверьте {setting}: imaps://имя:пароль@сервер:993.")
    secure = parts.scheme == "imaps"
    connect = imaplib.IMAP4_SSL if secure else imaplib.IMAP4
    try:
        box = connect(parts.hostname, parts.port or (993 if secure else 143), timeout=TIMEOUT)
        try:
            box.login(unquote(parts.username or ""), unquote(parts.password or ""))
            if box.select(f'"{folder}"')[0] != "OK":
                raise Unreachable(f"В почтовом ящике нет папки «{folder}». Создайте её или поправьте её имя.")
            for number in box.uid("SEARCH", "UNSEEN")[1][0].split():
                uid = number.decode("ascii")
                answer = box.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LIMIT}>)")[1]
                body = next((part[1] for part in answer if isinstance(part, tuple)), b"")
                yield body, lambda uid=uid: box.uid("STORE", uid, "+FLAGS", r"(\Seen)") and None  # type: ignore[misc]
        finally:
            box.logout()
    except (imaplib.IMAP4.error, OSError) as fault:
        raise Unreachable(f"Почтовый сервер не ответил или не впустил: проверьте {setting}.") from fault
