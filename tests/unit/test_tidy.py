"""Our own laws, as far as a grep can hold us to them (STYLE.md)."""

import importlib.util
import re
import subprocess
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
APPS = ["accounts", "billing", "payments", "debt", "epd", "gis_export", "portals"]
# Rooms where the outside world comes in: there the clock may be read.
EDGES = {"views", "tasks", "admin", "api", "management", "office", "templatetags", "standins"}
VIEWS = {"views", "api"}
# Rooms that compute from their arguments alone (the dots of STYLE.md).
PURE = {
    "accounts": ["money", "calendar", "errors", "rules", "imports"],
    "billing": [
        "columns",
        "corrections",
        "differences",
        "explanation",
        "formulas",
        "gate",
        "kinds",
        "pipeline",
        "recalculation",
        "what_ifs",
    ],
    "payments": ["registers", "allocation", "remittance", "bank_orders", "pain001"],
    "debt": ["penalties", "stages", "court"],
    "epd": ["assemble", "barcode", "qr", "writer"],
    "gis_export": ["mapping"],
}


def sources() -> list[Path]:
    return [p for app in [*APPS, "config"] for p in sorted((ROOT / app).rglob("*.py"))]


def rooms(path: Path) -> set[str]:
    """The names a file goes by: its folders and its own."""
    return {*path.relative_to(ROOT).parts[:-1], path.stem}


def found(pattern: str, files: Iterable[Path]) -> list[str]:
    law = re.compile(pattern)
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if law.search(line)
    ]


def contracts(kind: str, key: str) -> set[str]:
    """The modules that the import contracts of this kind name."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    return {module for contract in told if contract["type"] == kind for module in contract[key]}


def is_there(app: str, room: str) -> bool:
    return (ROOT / app / f"{room}.py").exists() or (ROOT / app / room / "__init__.py").exists()


def test_every_pure_room_is_under_contract():
    rooms_there = {f"{app}.{room}" for app, names in PURE.items() for room in names if is_there(app, room)}
    assert contracts("forbidden", "source_modules") == rooms_there


def test_every_app_keeps_its_models_to_itself():
    assert contracts("protected", "protected_modules") == {f"{app}.models" for app in APPS if is_there(app, "models")}


def test_no_float_near_money():
    assert found(r"\bfloat\(|\bFloat(32|64)\b|\bFloatField\b", [p for p in sources() if "config" not in rooms(p)]) == []


def test_the_clock_is_read_at_the_edge():
    below = [p for p in sources() if "config" not in rooms(p) and not rooms(p) & EDGES]
    assert found(r"\b(date\.today|datetime\.now|timezone\.now|utcnow)\(|\b(localdate|localtime)\(\)", below) == []


def test_views_ask_queries_not_tables():
    assert found(r"\.(objects|_default_manager)\b", [p for p in sources() if rooms(p) & VIEWS]) == []


def test_migrations_stand_alone():
    migrations = [p for p in sources() if "migrations" in rooms(p)]
    others = "|".join([*APPS, "config"])
    assert found(rf"^\s*(from|import) (?!accounts\.fields\b|accounts import fields$)({others})\b", migrations) == []


def test_work_left_for_later_has_a_number():
    assert found(r"\b(TODO|FIXME|XXX)\b(?! \d)", sources()) == []


def test_django_cannot_prefer_psycopg_3():
    assert importlib.util.find_spec("psycopg") is None  # then cursor.copy_expert would fail everywhere


def test_every_constraint_has_words():
    models = [model for model in apps.get_models() if model._meta.app_label in APPS]
    mute = [
        constraint.name for model in models for constraint in model._meta.constraints
        if constraint.violation_error_message is constraint.default_violation_error_message
    ]  # fmt: skip
    assert mute == []  # violation_error_message="…": what is wrong, in Russian


def test_no_path_of_one_machine():
    machine = "|".join(["work", "tmp", "root", "home"])
    try:
        names = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("не репозиторий git")
    texts = []
    for path in (ROOT / name for name in names.split("\0") if name and not name.startswith("static/vendor/")):
        try:
            path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        texts.append(path)
    assert found(rf"(?<![\w.)}}-])/({machine})/\w", texts) == []
