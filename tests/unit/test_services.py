"""The launcher, as far as it goes without starting anything."""

import os
import socket
from pathlib import Path

import pytest

from config import services


def test_a_taken_port_is_not_offered():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert services.free_port(port) != port


def test_a_process_is_known_by_what_it_runs():
    assert "pytest" in services.command_line(os.getpid()) or "python" in services.command_line(os.getpid())
    assert services.command_line(2**22 + 1) == ""


def test_the_pid_file_of_a_killed_server_names_no_server(tmp_path: Path):
    assert services.running_postgres(tmp_path) is None
    lines = [str(os.getpid()), str(tmp_path), "0", "54320", "", "127.0.0.1", "", "ready"]
    (tmp_path / "postmaster.pid").write_text("\n".join(lines))
    assert services.running_postgres(tmp_path) is None  # the number is ours now, not a server's


def test_a_port_file_does_not_make_a_stranger_our_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(services, "STATE", tmp_path)
    assert services.running_redis() is None
    (tmp_path / "redis.port").write_text("1")
    assert services.running_redis() is None


def test_given_servers_are_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setattr(services, "STATE", tmp_path)
    monkeypatch.setenv("DATABASE_URL", "postgres://somewhere/else")
    monkeypatch.setenv("REDIS_URL", "")
    services.main("start")
    assert capsys.readouterr().out == ""
