"""Where files of banks wait: folders and a mailbox. Files in, nothing of their contents is understood here."""

from __future__ import annotations

import email
import email.policy
import fnmatch
import imaplib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from accounts import errors

SETTLED_SECONDS = 30  # a file that was written to a moment ago may not be whole yet
TAKEN, REFUSED = "принято", "отказ"
PLACE = re.compile(r"[\w. -]+(?:/[\w. -]+)*")
TIMEOUT = 30  # seconds of an answer of the mail server


class Unreachable(Exception):
    """The folder or the mailbox cannot be read; the text is Russian and says what to do."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that waits. done: call it when it was dealt with; its words are empty when it was taken."""

    name: str
    content: bytes
    done: Callable[[str], None]


def in_folder(root: str, place: str, pattern: str, *, at: datetime) -> Iterator[Waiting]:
    """Whole files of the folder by name; dealt with, they lie in «принято» or, with a note why, in «отказ»."""
    if not root:
        raise Unreachable("Общая папка реестров не задана: администратор указывает её в REGISTERS_DIR.")
    folder = Path(root, place).resolve()
    if not PLACE.fullmatch(place) or not folder.is_relative_to(Path(root).resolve()):
        raise Unreachable(f"Папка «{place}» не внутри общей. Укажите имя папки без «..» и косой черты в начале.")
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_file(follow_symlinks=False))
    except OSError as fault:
        raise Unreachable(
            f"Папка «{place}» не читается: {errors.reason_of(fault)}. Создайте её и дайте доступ."
        ) from fault
    for name in names:
        path = folder / name
        if not fnmatch.fnmatch(name.casefold(), pattern.casefold()) or name.startswith("."):
            continue
        try:
            if at.timestamp() - path.stat().st_mtime < SETTLED_SECONDS:
                continue
            content = path.read_bytes()
        except FileNotFoundError:  # another worker was faster
            continue
        yield Waiting(name, content, lambda why, path=path: _put_away(path, why, at=at))  # type: ignore[misc]


def _put_away(path: Path, why: str, *, at: datetime) -> None:
    folder = path.parent / (REFUSED if why else TAKEN)
    folder.mkdir(exist_ok=True)
    target = folder / path.name
    if target.exists():
        target = folder / f"{path.stem}-{at:%Y%m%d-%H%M%S}{path.suffix}"
    if why:
        target.with_name(f"{target.name}.причина.txt").write_text(why + "\n", encoding="utf-8")
    try:
        path.replace(target)
    except FileNotFoundError:  # another worker has put it away
        return


def in_mailbox(url: str, place: str, pattern: str) -> Iterator[Waiting]:
    """Attachments of unseen letters of the folder; a letter whose files were dealt with is marked seen.

    url: imaps://user:password@host:993, or imap:// inside of the own network.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("imap", "imaps") or not parts.hostname:
        raise Unreachable("Почтовый ящик не задан: администратор указывает его в REGISTERS_IMAP_URL.")
    if not PLACE.fullmatch(place) or not place.isascii():
        raise Unreachable(f"Папка ящика «{place}» называется латинскими буквами, например INBOX или INBOX/sberbank.")
    try:
        secure = parts.scheme == "imaps"
        connect = imaplib.IMAP4_SSL if secure else imaplib.IMAP4
        box = connect(parts.hostname, parts.port or (993 if secure else 143), timeout=TIMEOUT)
        try:
            box.login(unquote(parts.username or ""), unquote(parts.password or ""))
            if box.select(f'"{place}"')[0] != "OK":
                raise Unreachable(f"В почтовом ящике нет папки «{place}». Создайте её или поправьте источник.")
            for number in box.uid("SEARCH", "UNSEEN")[1][0].split():
                yield from _attachments(box, number, pattern)
        finally:
            box.logout()
    except (imaplib.IMAP4.error, OSError) as fault:
        raise Unreachable("Почтовый сервер не ответил или не впустил: проверьте REGISTERS_IMAP_URL.") from fault


def _attachments(box: imaplib.IMAP4, number: bytes, pattern: str) -> Iterator[Waiting]:
    uid = number.decode("ascii")
    answer = box.uid("FETCH", uid, "(BODY.PEEK[])")[1]
    body = next((part[1] for part in answer if isinstance(part, tuple)), b"")
    letter = email.message_from_bytes(body, policy=email.policy.default)
    for part in letter.iter_attachments():
        name = part.get_filename() or ""
        content = part.get_payload(decode=True)
        if name and isinstance(content, bytes) and fnmatch.fnmatch(name.casefold(), pattern.casefold()):
            yield Waiting(name, content, lambda why: None)
    # All its files were dealt with: the caller has come back for the next one.
    box.uid("STORE", uid, "+FLAGS", r"(\Seen)")
