"""Differences by cause, with sums: `diff_runs 2026-09 2026-10`, `diff_runs 2026-10 2026-10/now`."""

from __future__ import annotations

from typing import Any

import polars as pl
from django.core.management.base import CommandParser

from accounts import commands
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.queries import Run, Service
from billing import queries
from billing.differences import WORDS, Cause
from billing.explanation import roubles

NOW = "/now"


def side(text: str) -> queries.Side:
    """«2026-10»: what is stored; «2026-10/now»: the month computed again; a plain number: the month of that run."""
    fresh = text.endswith(NOW)
    name = text.removesuffix(NOW)
    if name.isdigit() and len(name) < 6:
        run = Run.objects.filter(pk=int(name)).first()
        if run is None or run.month is None:
            raise Refusal(f"Расчёта № {name} нет. Назовите месяц (2026-10) или номер расчёта из журнала заданий.")
        return queries.Side(Month(run.month), fresh)
    return queries.Side(Month.parse(name), fresh)


class Command(commands.Command):
    help = "Сравнить начисления двух месяцев или месяц с его пересчётом: разница по причинам."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("before", help="месяц (2026-09), расчёт (его номер) или 2026-09/now: посчитать заново")
        parser.add_argument("now", help="то же")
        parser.add_argument("--house", type=commands.whole, action="append", help="только этот дом (номер в системе)")

    def handle(self, *, before: str, now: str, house: list[int] | None, **_: Any) -> None:
        sides = side(before), side(now)
        if sides[0] == sides[1]:
            raise Refusal(
                "Сравнивать нечего: это одни и те же строки, прежние черновики не хранятся."
                f" Чтобы сравнить месяц с сегодняшним расчётом, напишите: diff_runs {sides[0].month}"
                f" {sides[0].month}{NOW}."
            )
        rows = queries.compare(*sides, house_ids=house)
        self.stdout.write(f"{sides[0].title} → {sides[1].title}")
        names = dict(Service.objects.values_list("pk", "name"))
        sums = (
            rows.group_by("service_id", "cause").agg(pl.sum("accounts"), pl.sum("amount")).sort("service_id", "cause")
        )
        for service_id, cause, accounts, amount in sums.iter_rows():
            words = WORDS[Cause(cause)]
            self.stdout.write(f"  {names[service_id]}: {words.lower()}: {roubles(amount)}, счетов {accounts}")
        for cause, amount in rows.group_by("cause").agg(pl.sum("amount")).sort("cause").iter_rows():
            self.stdout.write(f"{WORDS[Cause(cause)]}: {roubles(amount)}")
        total = sum(rows["amount"].to_list())
        self.stdout.write(f"Всего: {roubles(total) if rows.height else 'разницы нет'}")
