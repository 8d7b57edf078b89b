"""Files are fetched from a folder and from a mailbox, each once; what is refused lies apart with its reason."""

import getpass
import os
import re
import shutil
import socket
import socketserver
import subprocess
import threading
import time
from contextlib import contextmanager
from datetime import date, datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest

from payments import operations
from payments.models import Payment, Register, RegisterSource, SourceKind
from tests import make
from tests.unit.payments.test_mapped_registers import sber

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 5)
AT = datetime(2026, 11, 5, 10, 0, tzinfo=ZoneInfo("Asia/Yekaterinburg"))


def fetch():
    return operations.fetch_registers(today=TODAY, at=AT)


def source(**facts):
    defaults = {"name": "Сбербанк", "place": "sberbank", "layout": "sberbank", "channel_id": "bank", "pattern": "*.txt"}
    return RegisterSource.objects.create(**{**defaults, **facts})


def put(folder, name, content, *, age=60):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    moment = AT.timestamp() - age
    os.utime(folder / name, (moment, moment))


def told(found):
    return (found.taken, found.repeated, found.refused, len(found.troubles))


def test_files_of_a_folder_are_taken_once_and_put_away(tmp_path, settings):
    settings.REGISTERS_DIR = str(tmp_path)
    account, row, folder = make.account(), source(), tmp_path / "sberbank"
    content = sber(("1", account.number, "10,00"))
    put(folder, "a.txt", content)
    put(folder, "b.txt", b"1;2;3")
    put(folder, "fresh.txt", content, age=0)  # may not be whole yet
    put(folder, "other.csv", content)
    assert told(fetch()) == (1, 0, 1, 0)
    assert sorted(entry.name for entry in folder.iterdir() if entry.is_file()) == ["fresh.txt", "other.csv"]
    assert [entry.name for entry in (folder / "принято").iterdir()] == ["a.txt"]
    assert "не реестр формата" in (folder / "отказ" / "b.txt.причина.txt").read_text()
    row.refresh_from_db()
    assert (row.asked_at, "не реестр формата" in row.trouble) == (AT, True)
    put(folder, "a.txt", content)  # sent again, or the worker was killed before it put the file away
    assert told(fetch()) == (0, 1, 0, 0)
    assert len(list((folder / "принято").iterdir())) == 2
    assert (Payment.objects.count(), Register.objects.count()) == (1, 1)


def test_a_source_that_cannot_be_read_does_not_stop_the_others(tmp_path, settings):
    settings.REGISTERS_DIR = str(tmp_path)
    account = make.account()
    missing = source(name="Нет папки", place="none")
    outside = source(name="Снаружи", place="../etc")
    source()
    put(tmp_path / "sberbank", "a.txt", sber(("1", account.number, "10,00")))
    assert told(fetch()) == (1, 0, 0, 2)
    missing.refresh_from_db()
    outside.refresh_from_db()
    assert "не читается: такого файла или папки нет" in missing.trouble
    assert "не внутри общей" in outside.trouble


class Box(socketserver.StreamRequestHandler):
    """As much of IMAP4 as a client asks that looks for unseen letters (RFC 3501)."""

    def handle(self):
        letters, seen = self.server.letters, self.server.seen
        self.wfile.write(b"* OK ready\r\n")
        for line in self.rfile:
            tag, _, command = line.decode().strip().partition(" ")
            if command.startswith("CAPABILITY"):
                self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n")
            elif command.startswith("LOGIN") and '"secret word"' not in command:
                self.wfile.write(f"{tag} NO wrong password\r\n".encode())
                continue
            elif command.startswith("SELECT") and "INBOX" not in command:
                self.wfile.write(f"{tag} NO no such folder\r\n".encode())
                continue
            elif command.startswith("SELECT"):
                self.wfile.write(f"* {len(letters)} EXISTS\r\n".encode())
            elif command.startswith("UID SEARCH"):
                unseen = " ".join(str(uid) for uid in letters if uid not in seen)
                self.wfile.write(f"* SEARCH {unseen}\r\n".encode())
            elif command.startswith("UID FETCH"):
                uid = int(command.split()[2])
                body = letters[uid]
                self.wfile.write(f"* {uid} FETCH (UID {uid} BODY[] {{{len(body)}}}\r\n".encode() + body + b")\r\n")
            elif command.startswith("UID STORE"):
                seen.add(int(command.split()[2]))
            elif command.startswith("LOGOUT"):
                self.wfile.write(f"* BYE\r\n{tag} OK\r\n".encode())
                return
            self.wfile.write(f"{tag} OK done\r\n".encode())


def letter(name, content):
    found = EmailMessage()
    found["From"], found["To"], found["Subject"] = "bank@example.ru", "centre@example.ru", "Реестр"
    found.set_content("Реестр во вложении")
    found.add_attachment(content, maintype="text", subtype="plain", filename=name)
    return found.as_bytes().replace(b"\n", b"\r\n")


@contextmanager
def mailbox(*letters):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Box) as server:
        server.daemon_threads = True
        server.letters, server.seen = dict(enumerate(letters, 1)), set()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_letters_are_read_once(settings):
    account = make.account()
    row = source(kind=SourceKind.MAILBOX, place="INBOX")
    good, bad = sber(("1", account.number, "10,00")), b"1;2;3"
    with mailbox(letter("реестр.txt", good), letter("b.txt", bad), letter("logo.png", b"x")) as server:
        settings.REGISTERS_IMAP_URL = f"imap://centre:secret%20word@127.0.0.1:{server.server_address[1]}"
        assert told(fetch()) == (1, 0, 1, 0)
        assert server.seen == {1, 2, 3}
        assert told(fetch()) == (0, 0, 0, 0)
        server.seen.clear()  # as if the worker had been killed before it marked them
        assert told(fetch()) == (0, 1, 1, 0)
        RegisterSource.objects.filter(pk=row.pk).update(place="Sent")
        assert "нет папки" in fetch().troubles[0]
        RegisterSource.objects.filter(pk=row.pk).update(place="INBOX")
        settings.REGISTERS_IMAP_URL = settings.REGISTERS_IMAP_URL.replace("secret", "wrong")
        assert "не впустил" in fetch().troubles[0]
    assert "не ответил" in fetch().troubles[0]
    row.refresh_from_db()
    assert re.search("REGISTERS_IMAP_URL", row.trouble)
    assert Payment.objects.count() == 1


SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
SFTP_SERVER = next(
    (path for path in ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/libexec/sftp-server")
     if os.path.exists(path)), None,
)  # fmt: skip


@contextmanager
def bank_server(folder):
    """A server of OpenSSH on a loopback port that lets one key in; its port."""
    for name in ("host", "ours", "strange"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    shutil.copy(folder / "ours.pub", folder / "welcome")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "known").write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
    options = {
        "HostKey": folder / "host", "AuthorizedKeysFile": folder / "welcome", "StrictModes": "no", "UsePAM": "no",
        "PidFile": "none", "Subsystem": f"sftp {SFTP_SERVER}", "PasswordAuthentication": "no",
    }  # fmt: skip
    flags = [f"-o{name}={value}" for name, value in options.items()]
    listen = [f"-oListenAddress=127.0.0.1:{port}"]
    call = [str(SSHD), "-D", "-e", "-f", "/dev/null", *listen, *flags]
    with subprocess.Popen(call, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(100):
                with socket.socket() as knock:
                    if knock.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield port
        finally:
            server.terminate()


@pytest.mark.skipif(
    not (SSHD and SFTP_SERVER and shutil.which("sftp")), reason="на этой машине нет сервера и клиента OpenSSH"
)
def test_files_of_a_banks_server_are_taken_once(tmp_path, settings):
    account, folder = make.account(), tmp_path / "outbox"
    put(folder, "реестр 1.txt", sber(("1", account.number, "10,00")))
    put(folder, "b.txt", b"1;2;3")
    put(folder, "fresh.txt", b"1", age=0)
    put(folder, "rm -r;x.txt", b"1")  # a name that is none is left alone
    with bank_server(tmp_path) as port:
        settings.REGISTERS_SFTP_KEY = str(tmp_path / "ours")
        settings.REGISTERS_SFTP_KNOWN_HOSTS = str(tmp_path / "known")
        home = os.path.relpath(folder, os.path.expanduser("~"))  # a folder is named from the home one
        source(kind=SourceKind.SFTP, host=f"{getpass.getuser()}@127.0.0.1:{port}", place=home)
        found = fetch()
        assert told(found) == (1, 0, 1, 0), found.troubles
        assert sorted(entry.name for entry in folder.iterdir() if entry.is_file()) == ["fresh.txt", "rm -r;x.txt"]
        assert [entry.name for entry in (folder / "принято").iterdir()] == ["реестр 1.txt"]
        assert [entry.name for entry in (folder / "отказ").iterdir()] == ["b.txt"]
        put(folder, "реестр 1.txt", sber(("1", account.number, "10,00")))
        assert told(fetch()) == (0, 1, 0, 0)
        assert len(list((folder / "принято").iterdir())) == 2
        (tmp_path / "known").write_text(f"[127.0.0.1]:{port} {(tmp_path / 'strange.pub').read_text()}")
        assert "не тот, за кого себя выдаёт" in fetch().troubles[0]
        (tmp_path / "known").write_text(f"[127.0.0.1]:{port} {(tmp_path / 'host.pub').read_text()}")
        settings.REGISTERS_SFTP_KEY = str(tmp_path / "strange")
        assert "не впустил по нашему ключу" in fetch().troubles[0]
    settings.REGISTERS_SFTP_KEY = str(tmp_path / "ours")
    assert "не отвечает" in fetch().troubles[0]
    settings.REGISTERS_SFTP_KEY = ""
    assert "REGISTERS_SFTP_KEY" in fetch().troubles[0]
    assert Payment.objects.count() == 1
