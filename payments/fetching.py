"""Where files of banks wait: folders, a mailbox, a bank's server. Files in; nothing of them is understood here."""

from __future__ import annotations

import email
import email.policy
import fnmatch
import imaplib
import os
import re
import subprocess
import tempfile
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
HOST = re.compile(r"(?P<user>[A-Za-z0-9_.-]{1,64})@(?P<host>[A-Za-z0-9][A-Za-z0-9.-]{0,120})(?::(?P<port>[0-9]{1,5}))?")
FILE_NAME = re.compile(r"[\w. ()№+,=-]{1,200}")  # nothing that a batch of commands could take for its own
LARGEST = 100 * 1024 * 1024  # bytes of a file of a bank's server
LONGEST = 300  # seconds of one visit to a bank's server


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


# --- a bank's server -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is visited by the `sftp` program of OpenSSH: `user@host:port`, a folder, whom and how we trust."""

    host: str
    place: str
    key: str
    known_hosts: str

    def run(self, *commands: str) -> str:
        """One visit: the commands one after another; what they printed. A command that fails ends it.

        Raises Unreachable. The server is believed by its key in `known_hosts` alone, we come in by our key alone.
        """
        told = HOST.fullmatch(self.host)
        if told is None:
            raise Unreachable(f"Сервер «{self.host}» записывают как пользователь@сервер или пользователь@сервер:порт.")
        if not (self.key and self.known_hosts):
            raise Unreachable(
                "Ключ для SFTP не задан: администратор указывает файлы в REGISTERS_SFTP_KEY и "
                "REGISTERS_SFTP_KNOWN_HOSTS."
            )
        options = {
            "BatchMode": "yes", "StrictHostKeyChecking": "yes", "UserKnownHostsFile": self.known_hosts,
            "GlobalKnownHostsFile": "/dev/null", "IdentityFile": self.key, "IdentitiesOnly": "yes",
            "IdentityAgent": "none", "PreferredAuthentications": "publickey", "ConnectTimeout": str(TIMEOUT),
            "ServerAliveInterval": str(TIMEOUT), "Port": told["port"] or "22",
        }  # fmt: skip
        flags = [f"-o{name}={value}" for name, value in options.items()]
        asked = "\n".join((f'cd "{self.place}"', *commands)) + "\n"
        try:
            done = subprocess.run(
                ["sftp", "-F", "/dev/null", *flags, "-b", "-", f"{told['user']}@{told['host']}"],
                input=asked.encode(), capture_output=True, timeout=LONGEST, check=False,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
            )  # fmt: skip
        except FileNotFoundError as fault:
            raise Unreachable("На сервере центра нет программы sftp: установите пакет openssh-client.") from fault
        except subprocess.TimeoutExpired as fault:
            raise Unreachable(f"Сервер {told['host']} не закончил за {LONGEST} с: проверьте связь.") from fault
        if done.returncode:
            raise Unreachable(_what_ssh_said(done.stderr.decode(errors="replace"), self))
        return done.stdout.decode(errors="replace")


TROUBLES = {
    "Host key verification failed": "сервер не тот, за кого себя выдаёт, или его ключа нет в файле известных серверов: "
    "возьмите ключ у банка и внесите в REGISTERS_SFTP_KNOWN_HOSTS",
    "Permission denied (": "сервер не впустил по нашему ключу: передайте банку открытый ключ или проверьте имя",
    "No such file": "на сервере нет такой папки: создайте её или поправьте источник",
    "not found": "на сервере нет такой папки: создайте её или поправьте источник",
    "Permission denied": "на сервере нет права на эту папку: попросите банк дать его",
    "Could not resolve": "имя сервера не найдено: проверьте его",
    "Connection refused": "сервер не отвечает: проверьте адрес и порт",
    "timed out": "сервер не отвечает: проверьте адрес, порт и связь",
}


def _what_ssh_said(text: str, server: Server) -> str:
    found = next((words for sign, words in TROUBLES.items() if sign in text), "сервер не ответил: проверьте связь")
    return f"SFTP {server.host}, папка «{server.place}»: {found}."


def on_server(server: Server, pattern: str, *, at: datetime) -> Iterator[Waiting]:
    """Whole files of the server's folder by name; dealt with, they are moved there into «принято» or «отказ».

    A file that was written to a moment ago, or changed while it was read, waits for the next visit. Where the bank
    forbids to move files, that is told, and the digest keeps a file from being taken twice.
    """
    if not PLACE.fullmatch(server.place):
        raise Unreachable(f"Папка «{server.place}» на сервере: буквы, цифры, точка, дефис и «/» между именами.")
    names = [
        name
        for name in sorted(server.run("ls -1").splitlines())
        if FILE_NAME.fullmatch(name) and not name.startswith((".", "-"))
        and name not in (TAKEN, REFUSED) and fnmatch.fnmatch(name.casefold(), pattern.casefold())
    ]  # fmt: skip
    if not names:
        return
    with tempfile.TemporaryDirectory() as folder:
        for place, name in enumerate(names):
            path = Path(folder, str(place))
            server.run(f'get -p "{name}" "{path}"')
            if not path.is_file() or at.timestamp() - path.stat().st_mtime < SETTLED_SECONDS:
                continue
            if path.stat().st_size > LARGEST:
                raise Unreachable(f"Файл «{name}» больше {LARGEST // 2**20} МБ: это не реестр. Уберите его из папки.")
            content = path.read_bytes()
            path.unlink()
            yield Waiting(name, content, lambda why, name=name: _moved(server, name, why, at=at))  # type: ignore[misc]


def _moved(server: Server, name: str, why: str, *, at: datetime) -> None:
    where = REFUSED if why else TAKEN
    try:
        there = server.run(f'-mkdir "{where}"', f'ls -1 "{where}"').splitlines()
        target = name
        if f"{where}/{name}" in there:
            stem, dot, ending = name.rpartition(".")
            stamp = f"{at:%Y%m%d-%H%M%S}"
            target = f"{stem}-{stamp}.{ending}" if dot else f"{name}-{stamp}"
        server.run(f'rename "{name}" "{where}/{target}"')
    except Unreachable as refusal:
        raise Unreachable(
            f"Файл «{name}» прочитан, но переложить его на сервере в «{where}» нельзя: попросите банк дать право "
            "переименования."
        ) from refusal
