"""Whatever the code writes into the journal or starts as a job has a Russian name."""

import ast
from collections.abc import Iterator
from pathlib import Path

from accounts import labels
from config.schedule import BEAT

ROOT = Path(__file__).parents[3]
APPS = ("accounts", "billing", "config", "debt", "epd", "payments", "portals")
READINGS = ("submitted", "corrected", "held", "confirmed", "rejected")


def calls(*names: str) -> Iterator[tuple[Path, ast.Module, ast.Call]]:
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            tree = ast.parse(path.read_text())
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in names:
                    yield path, tree, node


def texts(node: ast.AST) -> set[str]:
    """Text constants of the expression that look like names of ours."""
    found = {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return {text for text in found if "." in text}


def test_every_event_has_a_name():
    events = set().union(*(texts(call.args[0]) for _, _, call in calls("note", "noted") if call.args))
    events -= {"accounts.reading."}
    events |= {f"accounts.reading.{event}" for event in READINGS}
    events |= {"payments.payment.held", "payments.payment.returned", "payments.reallocation.made"}
    assert len(events) > 60
    assert sorted(events - set(labels.EVENTS) - {"."}) == []


def test_every_fact_has_a_name():
    facts = {word.arg for _, _, call in calls("note", "noted") for word in call.keywords}
    assert sorted(facts - set(labels.FACTS) - {None, "by", "ground", "account_id"}) == []


def test_every_kind_of_job_has_a_name():
    kinds: set[str] = set()
    for _, tree, call in calls("start_run", "running"):
        first = call.args[0] if call.args else None
        if isinstance(first, ast.Constant):
            kinds.add(first.value)
        elif isinstance(first, ast.Name) and first.id == "KIND":
            kinds |= {
                node.value.value
                for node in tree.body
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "KIND"
                and isinstance(node.value, ast.Constant)
            }  # fmt: skip
    assert len(kinds) >= 3
    assert sorted(kinds - set(labels.RUN_KINDS)) == []


def test_every_job_of_the_schedule_has_a_name():
    assert sorted(set(BEAT) - set(labels.JOBS)) == []


def test_a_schedule_is_told_in_words():
    assert labels.cron_in_words("*", "*", "*", "*") == "каждую минуту"
    assert labels.cron_in_words("20", "*", "*", "*") == "каждый час в 20 мин"
    assert labels.cron_in_words("0", "5", "2", "*") == "2-го числа в 05:00"
    assert labels.cron_in_words("0", "9", "*", "1-6") == "с понедельника по субботу в 09:00"
    assert labels.cron_in_words("30", "0", "*", "*") == "ежедневно в 00:30"


def test_facts_are_told_in_words():
    assert labels.facts_text({"day": "2026-11-05", "values": {"1": "151.5"}, "counts": {"House": 1}, "was": {}}) == (
        "день: 05.11.2026; показания: 1 151,5; итоги: дома 1"
    )
    assert labels.event_title("accounts.house.changed") == "Изменено: дом"
