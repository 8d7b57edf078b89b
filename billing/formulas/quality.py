"""Breaks and bad quality (прил. 1, п. 98–101 Правил № 354; charges.md 14). Rates and limits are dated rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import polars as pl

from billing.formulas.exact import exact

NIGHT = 5  # 0:00–5:00 local time
HOUR = timedelta(hours=1)
SECONDS, DAY = 3600, 86_400
# Breaches that are one and the same in the table of прил. 1 (п. 4, 9, 14, 17), told apart by what is allowed: an hour
# of them is one hour. Codes of billing.models.Breach.
FAMILIES = {6: 5, 7: 5, 9: 8, 15: 14, 21: 20, 22: 20, 25: 24}
# … and of these what is allowed in a month is one number for all of them, whatever is allowed at once (п. 14, 17).
ITEMS = {21: 20, 22: 20, 25: 24}
# Hot water by its degrees is one breach, and what it is, the degrees say: below 40 °C it is paid as cold water.
BY_DEGREES, COLD_AS_HOT = 8, 9
TEPID_C, HOT_C = 40, 60
REPAIR = 7  # a break for repair that the rules permit: an act of the same hours makes no other break of them
Act = dict[str, Any]


def by_degrees(breach: int, actual_c: Decimal | None) -> int:
    """The breach that water of `actual_c` °C is, whichever of the two it was called (прил. 1, п. 5)."""
    if breach not in {BY_DEGREES, COLD_AS_HOT} or actual_c is None:
        return breach
    return COLD_AS_HOT if actual_c < TEPID_C else BY_DEGREES


def hours_between(start: datetime, end: datetime) -> tuple[int, int]:
    """Whole hours from start to end (local time), and those of them that began at night. A part of an hour is none."""
    count = (end - start) // HOUR
    return count, sum((start + HOUR * number).hour < NIGHT for number in range(count))


def excess_hours(total: pl.Expr, allowed: pl.Expr, over_at_once: pl.Expr) -> pl.Expr:
    """Hours beyond what is allowed in the month or, if that is more, beyond what is allowed at once."""
    return pl.max_horizontal(total - allowed, over_at_once, pl.lit(0))


def percent_of_break(excess: pl.Expr, percent: pl.Expr, per_hours: pl.Expr) -> pl.Expr:
    """Percent of the month's charge: for each full `per_hours` beyond the allowed."""
    return exact(excess // per_hours) * percent


def steps_off(
    normative: pl.Expr, actual: pl.Expr, below: pl.Expr, above: pl.Expr, step: pl.Expr, highest: pl.Expr
) -> pl.Expr:
    """Full steps of degrees beyond the tolerance, down or (where a limit is set) up.

    highest: where the norm is a range (hot water of 60–75 °C), its upper end, with the tolerance `below` on both sides.
    """
    down, up = normative - below - actual, (actual - normative - above).fill_null(0)
    ceiling = pl.max_horizontal(highest, normative) + below
    too_hot = pl.when(highest.is_not_null()).then(actual - ceiling).otherwise(exact(pl.lit(0)))
    return (pl.max_horizontal(down, up, too_hot, exact(pl.lit(0))) / exact(step)).floor()


def reduction(charge: pl.Expr, percent: pl.Expr) -> pl.Expr:
    """Numerator over 100 of what comes off the month's charge, roubles: never more than all of it."""
    return charge * pl.min_horizontal(percent, exact(pl.lit(100)))


def not_supplied(numer: pl.Expr, hours: pl.Expr) -> pl.Expr:
    """Volume not supplied, over (over × hours of the month); for charges by norm or average alone (п. 98)."""
    return numer * hours


def cold_price_off(price: pl.Expr, cold_price: pl.Expr) -> pl.Expr:
    """What a cubic metre colder than 40 °C costs less: it is paid as cold water (прил. 1, п. 5)."""
    return pl.max_horizontal(price - cold_price, exact(pl.lit(0)))


def united(acts: pl.DataFrame) -> pl.DataFrame:
    """The acts of a month with every hour told once; `hours`, `night_hours` and `days` are what is left of each.

    acts, and what comes back: columns.BREACHES. Hours that several acts cover, of the house and of its premises alike,
    are of one of them: of a permitted repair, else of the break that is allowed the shorter time at once; of bad
    temperature, of the greater deviation, and below 40 °C of that alone. Rows of premises stand for the house's rows,
    too: whoever has rows of its own for a service has all of them. An act that only says how many hours adds what
    others have not yet told of its span. Source: прил. 1: hours are summed over the month, so no hour is in it twice.
    """
    places: dict[tuple[int, int], list[Act]] = defaultdict(list)
    for act in acts.iter_rows(named=True):
        places[act["house_id"], act["service_id"]].append(act)
    rows: list[Act] = []
    for some in places.values():
        of_house = [act for act in some if act["premises_id"] is None]
        rows += _told_once(of_house)
        for premises in dict.fromkeys(act["premises_id"] for act in some if act["premises_id"] is not None):
            mine = [act for act in some if act["premises_id"] in {None, premises}]
            rows += [act | {"premises_id": premises} for act in _told_once(mine)]
    return pl.DataFrame(rows, schema=acts.schema, orient="row")


def _told_once(acts: list[Act]) -> list[Act]:
    """Acts of one place and service."""
    families: dict[int, list[Act]] = defaultdict(list)
    for act in acts:
        if not act["whole_days"]:
            families[FAMILIES.get(act["breach"]) or act["breach"]].append(act)
    idle = [act for act in acts if act["not_supplied"] and act["is_timed"]]
    rows = _days_once([act for act in acts if act["whole_days"]])
    for family in families.values():
        runs = _runs([act for act in family if act["is_timed"]], idle)
        rows += runs
        told = list(runs)
        for act in sorted((act for act in family if not act["is_timed"]), key=lambda act: -act["hours"]):
            taken = sum(_common(act, other) for other in told)
            left = act["hours"] - taken
            if left > 0:
                told.append(act | {"hours": left, "night_hours": min(left, act["night_hours"])})
                rows.append(told[-1])
    return rows


def _runs(acts: list[Act], idle: list[Act]) -> list[Act]:
    """Spans without a break in which one act holds, or several of one kind of break."""
    edges = sorted({act[edge] for act in [*acts, *idle] for edge in ("since", "until")})
    runs: list[Act] = []
    for since, until in pairwise(edges):
        here = [act for act in acts if act["since"] <= since and until <= act["until"]]
        if any(one["since"] <= since and until <= one["until"] for one in idle):
            here = [act for act in here if not act["cold_price"]]  # water that did not come was not cold
        if not here:
            continue
        act = min(here, key=_rank)
        last = runs[-1] if runs else None
        is_on = last is not None and last["until"] == since and item_of(last) == item_of(act)
        if last is not None and is_on and (act["step_c"] == 0 or _rank(last) == _rank(act)):
            runs[-1] = last | {"until": until, "act": _names([last["act"], act["act"]])}
        else:
            runs.append(act | {"since": since, "until": until})
    for run in runs:
        run |= _hours(run)
        run["allowed_at_once"] = _at_once(run, acts)
    return [run for run in runs if run["hours"]]


def item_of(act: Act) -> int:
    return ITEMS.get(act["breach"]) or int(act["breach"])


def _hours(run: Act) -> Act:
    count = (run["until"] - run["since"]) // SECONDS
    starts = (run["since"] + SECONDS * number for number in range(count))
    return {"hours": count, "night_hours": sum(start % DAY < NIGHT * SECONDS for start in starts)}


def _at_once(run: Act, acts: list[Act]) -> int | None:
    """What is allowed at once of a run: where several kinds of break make it, the one that is over by the most tells.

    Each kind is over by what its longest span in the run is beyond its own limit.
    """
    if run["allowed_at_once"] is None or run["step_c"] > 0:
        return run["allowed_at_once"]  # type: ignore[no-any-return]
    over = 0
    for breach in {act["breach"] for act in acts if item_of(act) == item_of(run)}:
        start = reach = run["since"]
        for act in sorted((act for act in acts if act["breach"] == breach), key=_since):
            start = start if act["since"] <= reach else act["since"]
            reach = max(reach, min(act["until"], run["until"]))
            if act["allowed_at_once"] is not None:
                over = max(over, (reach - max(start, run["since"])) // SECONDS - act["allowed_at_once"])
    return int(run["hours"]) - over


def _since(act: Act) -> int:
    return int(act["since"])


def _rank(act: Act) -> tuple[bool, int, Decimal]:
    """The least one holds."""
    if act["cold_price"]:
        return True, 0, Decimal("-Infinity")
    if act["step_c"] == 0 or act["actual_c"] is None or act["normative_c"] is None:
        at_once = act["allowed_hours"] if act["allowed_at_once"] is None else act["allowed_at_once"]
        return act["breach"] != REPAIR, at_once, Decimal(0)
    ceiling = act["normative_c"] if act["highest_c"] is None else max(act["normative_c"], Decimal(act["highest_c"]))
    return True, 0, -max(act["normative_c"] - act["actual_c"], act["actual_c"] - ceiling)


def _common(act: Act, other: Act) -> int:
    """Hours of `other` that may be hours of `act`."""
    shared = min(act["until"], other["until"]) - max(act["since"], other["since"])
    return min(other["hours"], max(shared, 0) // SECONDS)


def _days_once(acts: list[Act]) -> list[Act]:
    """Acts of days without pay: each day once, whatever was wrong on it."""
    rows: list[Act] = []
    gone: set[int] = set()
    for act in sorted(acts, key=lambda act: (not act["is_timed"], act["since"])):
        days = set(range(act["since"] // DAY, -(-act["until"] // DAY)))
        left = len(days - gone) if act["is_timed"] else max(act["days"] - len(days & gone), 0)
        gone |= days if act["is_timed"] else set(sorted(days - gone)[:left])
        if left:
            rows.append(act | {"days": left})
    return rows


def _names(acts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(name for act in acts for name in act.split("; ")))
