"""Worked cases of penalties: inputs by their names become one debt, `debt.penalties` does the rest.

A case states a debt (principal, payments, corrections), its due date, the day of the calculation, and as much of the
law as it wants to fix: a rate, key rates, a cap, moratoria, a fraction. What it does not state is the law of the
database.
Money and rates are texts, dates ISO, ranges inclusive; the answers come back in the same shapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from accounts.calendar import ONE_DAY, Month
from accounts.errors import Refusal
from accounts.money import kopecks, total
from debt import penalties
from debt import queries as debt_queries
from debt.penalties import Band, DueDay, KeyRate, Law, Moratorium, Policy, Rule, Scale, Segment
from payments import allocation
from payments.allocation import OpenItem

Answer = dict[str, Any]
Paid = tuple[date, Decimal]  # value date, roubles

# Every name an input may have; the first is the one that the reader speaks of.
NAMES = {
    "principal": ("principal", "debt", "charged", "amount", "principal_amount", "debt_amount", "balance"),
    "due_date": ("due_date", "due_on"),
    "nominal_due_date": ("nominal_due_date", "nominal_due_on"),
    "weekend_shift": ("weekend_shift", "shift_weekend", "shift_to_working_day"),
    "billing_period": ("billing_period", "period", "month", "for_month"),
    "due_day": ("due_day",),
    "first_period_with_15th": ("first_period_with_15th",),
    "until": (
        "calc_until_inclusive", "calc_until", "calc_date", "calc_on", "calculation_date", "until_inclusive", "as_of",
        "judgment_date",
    ),
    "payment_amount": ("payment_amount", "paid_amount"),
    "debts": ("debts", "charges", "items"),
    "payment_date": ("payment_date", "paid_on", "payment_value_date", "value_date"),
    "posting_date": ("posting_date", "posted_on", "registry_date", "received_on", "operating_day"),  # says nothing
    "payments": ("payments", "partial_payments"),
    "corrections": ("corrections", "credits", "retro_credits"),
    "credit": ("credit", "retro_credit", "correction", "credit_amount", "advance", "advance_amount"),
    "days": ("days", "overdue_days", "days_overdue"),
    "rate": ("rate_percent_fixed", "rate_percent", "rate_fixed", "fixed_rate", "fixed_rate_percent"),
    "key_rate": (
        "key_rate_on_payment_day", "key_rate_on_payment_days", "key_rate_on_calc_day", "key_rate",
        "key_rate_on_calculation_day", "key_rate_percent",
    ),
    "key_rates": ("key_rates", "key_rate_history", "key_rate_table"),
    "rate_rule": ("rate_rule", "rate_kind", "policy"),
    "cap": ("cap_rate", "cap", "cap_percent", "cap_rate_percent"),
    "cap_from": ("cap_from", "cap_since"),
    "cap_to": ("cap_to", "cap_until_inclusive", "cap_until"),
    "moratoria": ("moratoria_inclusive", "moratoria", "moratorium_inclusive", "moratorium"),
    "fraction": ("fraction",),
    "bands": ("bands", "scale_bands", "fractions"),
    "scale": ("scale", "debtor", "debtor_kind", "contract_kind", "service_kind"),
}  # fmt: skip

# Words that tell the scale, in the input that names it, else in the rule the case cites; the first that fits.
SCALES: tuple[tuple[Scale, str], ...] = (
    (Scale.CAPITAL_REPAIR, r"capital.?repair|capremont|капитальн|капремонт|14\.1"),
    (Scale.HOUSING, r"\b155\b"),
    (Scale.MANAGING, r"managing.?(company|organi[sz]ation)|управляющ|\bУК\b|1/170"),
    (Scale.ASSOCIATION, r"association|cooperative|homeowners|ТСЖ|ТСН|ЖСК"),
    (Scale.ENERGY, r"legal.?entit|energy|юридическ|юрлиц|non.?residential|нежил|\bИП\b|entrepreneur|1/130 from day 1"),
    (Scale.CONTRACT, r"contract penalty|by contract|^contract$|ст\. 330|1/300 (of key rate )?from day 1"),
    (
        Scale.HOUSING,
        r"population|citizen|housing|resident|owner|tenant|ЖКУ|ЖКХ|граждан|населен|155|474|329|497|424|193",
    ),
)
NO_DATES = date(2024, 1, 31)  # a delay told in days alone begins the day after


class NotUnderstood(Refusal):
    """The case names an input, or gives it a shape, that the reader does not know."""


def run(case: Mapping[str, Any]) -> Answer:
    """What comes out for a case of kind `penalty`, by the names that `expected` uses. Raises NotUnderstood."""
    name = str(case.get("id", "пример"))
    inputs = _by_name(case["inputs"], name)
    law, scale = _law(case, inputs)
    if "debts" in inputs:
        return _several(inputs, law, scale, name)
    if "principal" not in inputs:
        raise NotUnderstood(f"{name}: нет суммы долга (principal).")
    charged = _money(inputs["principal"], "principal") - _credits(inputs)
    return _one(inputs, law, scale, charged, _paid(inputs, charged))


def _one(inputs: Mapping[str, Any], law: Law, scale: Scale, charged: Decimal, paid: list[Paid]) -> Answer:
    month = _month(inputs)
    due_on = _due_on(inputs, law, month)
    until = _until(inputs, due_on, [day for day, _ in paid])
    rows = penalties.penalty(
        charged=charged, due_on=due_on, until=until, law=law, scale=scale, month=month.first if month else None,
        payments=paid,
    )  # fmt: skip
    return _answer(rows, due_on, until, charged)


def _several(inputs: Mapping[str, Any], law: Law, scale: Scale, name: str) -> Answer:
    """Several debts of one service under one contract: the payments are laid over them, the oldest first."""
    shared = {key: value for key, value in inputs.items() if key not in {"debts", "payments"}}
    debts = [{**shared, **_by_name(debt, name)} for debt in inputs["debts"]]
    months = [_month(debt) or Month.of(_due_on(debt, law, None)).previous for debt in debts]
    items = [
        OpenItem(1, 1, month.first, _money(debt["principal"], "principal") - _credits(debt))
        for debt, month in zip(debts, months, strict=True)
    ]
    if len({item.for_month for item in items}) < len(items):
        raise NotUnderstood(f"{name}: два долга одного месяца.")
    charged = {item.for_month: item.amount for item in items}
    paid: dict[date, list[Paid]] = {item.for_month: [] for item in items}
    for day, amount in _paid(inputs, total(charged.values())):
        parts = allocation.allocate(amount, items)
        items = allocation.after(items, parts)
        for part in parts:
            if part.for_month is not None and part.part == allocation.DEBT:
                paid[part.for_month].append((day, part.amount))
    if "until" not in inputs:
        days = [day for rows in paid.values() for day, _ in rows]
        debts = [{**debt, "until": _until(inputs, date.min, days).isoformat()} for debt in debts]
    answers = [
        _one({**debt, "billing_period": str(month)}, law, scale, charged[month.first], paid[month.first])
        for debt, month in zip(debts, months, strict=True)
    ]
    amount = total(Decimal(answer["amount"]) for answer in answers)
    segments = [row for answer in answers for row in answer["segments"]]
    return {"debts": answers, "segments": segments, "amount": _text(amount), "penalty": _text(amount)}


# --- inputs -----------------------------------------------------------------------------------------------------------


def _by_name(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    known = {other: main for main, names in NAMES.items() for other in names}
    strange = sorted(set(given) - set(known))
    if strange:
        raise NotUnderstood(f"{name}: не понятны входные данные: {', '.join(strange)}.")
    inputs = {known[other]: value for other, value in given.items() if value is not None}
    if len(inputs) < sum(value is not None for value in given.values()):
        raise NotUnderstood(f"{name}: одно и то же названо дважды: {', '.join(sorted(given))}.")
    return inputs


def _date(value: Any, name: str) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise NotUnderstood(f"{name}: «{value}» не дата. Нужна дата вида 2026-10-05.") from None


def _number(value: Any, name: str) -> Decimal:
    try:
        return Decimal(str(value).strip().rstrip("%"))
    except InvalidOperation:
        raise NotUnderstood(f"{name}: «{value}» не число.") from None


def _money(value: Any, name: str) -> Decimal:
    amount = _number(value, name)
    if amount != kopecks(amount):
        raise NotUnderstood(f"{name}: в сумме {amount} доли копейки.")
    return amount


def _month(inputs: Mapping[str, Any]) -> Month | None:
    return Month.parse(str(inputs["billing_period"])[:7]) if "billing_period" in inputs else None


def _pairs(value: Any, name: str, *second: str) -> list[tuple[date, Any]]:
    """(day, something) out of {day: something}, [[day, something]] or [{"date": …, second: …}]."""
    if isinstance(value, Mapping):
        return [(_date(day, name), other) for day, other in value.items()]
    rows: list[tuple[date, Any]] = []
    for row in value:
        if not isinstance(row, Mapping):
            day, other = row
        else:
            days = [row[key] for key in ("date", "paid_on", "payment_date", "day", "from", "value_date") if key in row]
            others = [row[key] for key in second if key in row]
            if len(days) != 1 or len(others) != 1:
                raise NotUnderstood(f"{name}: не понята строка {dict(row)}.")
            day, other = days[0], others[0]
        rows.append((_date(day, name), other))
    return sorted(rows, key=lambda pair: pair[0])


def _payments(inputs: Mapping[str, Any]) -> list[Paid]:
    pairs = _pairs(inputs.get("payments", []), "payments", "amount", "sum", "paid")
    return [(day, _money(amount, "payments")) for day, amount in pairs]


def _paid(inputs: Mapping[str, Any], charged: Decimal) -> list[Paid]:
    """The payments; a day of payment without a sum pays what is left."""
    paid = _payments(inputs)
    if "payment_date" not in inputs:
        return paid
    rest = charged - total(amount for _, amount in paid)
    if "payment_amount" in inputs:
        rest = _money(inputs["payment_amount"], "payment_amount")
    return [*paid, (_date(inputs["payment_date"], "payment_date"), rest)] if rest > 0 else paid


def _credits(inputs: Mapping[str, Any]) -> Decimal:
    """A credit of this charge counts from its due date, whenever it was made (penalties.md 2)."""
    credit = abs(_money(inputs.get("credit", "0"), "credit"))
    pairs = _pairs(inputs.get("corrections", []), "corrections", "amount", "sum")
    return credit + total(abs(_money(amount, "corrections")) for _, amount in pairs)


def _due_on(inputs: Mapping[str, Any], law: Law, month: Month | None) -> date:
    shift = _flag(inputs.get("weekend_shift", True))
    if "due_date" in inputs:
        told = _date(inputs["due_date"], "due_date")
        # Told as it is; only a case that asks for the shift itself gives a day off.
        asks = "weekend_shift" in inputs and shift
        return penalties.due_date(Month.of(told).previous, told.day, law.calendar) if asks else told
    if "nominal_due_date" in inputs:
        nominal = _date(inputs["nominal_due_date"], "nominal_due_date")
        return penalties.due_date(Month.of(nominal).previous, nominal.day, law.calendar, shift=shift)
    if month is not None:
        day = int(inputs["due_day"]) if "due_day" in inputs else None
        return law.due_on(month.first, day, shift=shift)
    if "days" in inputs:
        return NO_DATES
    raise NotUnderstood("Нет срока оплаты: нужен due_date, nominal_due_date, billing_period или days.")


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in {"true", "yes", "on", "1", "false", "no", "off", "0"}:
        return str(value).lower() in {"true", "yes", "on", "1"}
    raise NotUnderstood(f"«{value}» не понято: нужно true или false.")


def _until(inputs: Mapping[str, Any], due_on: date, paid: Iterable[date]) -> date:
    if "until" in inputs:
        return _date(inputs["until"], "calc_until_inclusive")
    if "payment_date" in inputs:
        return _date(inputs["payment_date"], "payment_date")
    if "days" in inputs:
        return due_on + timedelta(days=int(inputs["days"]))
    last = max(paid, default=None)
    if last is None:
        raise NotUnderstood("Нет дня расчёта: нужен calc_until_inclusive, payment_date, payments или days.")
    return last


# --- the law of a case ------------------------------------------------------------------------------------------------


def _law(case: Mapping[str, Any], inputs: Mapping[str, Any]) -> tuple[Law, Scale]:
    law = debt_queries.law()
    scale = _scale(case, inputs)
    if "fraction" in inputs:
        law, scale = replace(law, bands=[Band(Scale.CONTRACT, 1, _divisor(inputs["fraction"]))]), Scale.CONTRACT
    if "bands" in inputs:
        law = replace(law, bands=_bands(inputs["bands"], scale))
    if "first_period_with_15th" in inputs:
        turn = Month.parse(str(inputs["first_period_with_15th"])[:7]).first
        law = replace(law, due_days=[DueDay(10, date.min, turn), DueDay(15, turn)])
    states_rates = {"rate", "key_rate", "key_rates", "cap", "rate_rule"} & set(inputs)
    if states_rates or "moratoria" in inputs:
        # A case that fixes its rates states its moratoria, too: what it leaves out does not apply.
        law = replace(law, moratoria=_moratoria(inputs.get("moratoria", [])))
    return (_with_rates(law, inputs) if states_rates else law), scale


def _with_rates(law: Law, inputs: Mapping[str, Any]) -> Law:
    cap = _number(inputs["cap"], "cap_rate") if "cap" in inputs else None
    if "rate" in inputs:
        rate = _number(inputs["rate"], "rate_percent_fixed")
        return replace(law, policies=[Policy(Rule.FIXED, rate if cap is None else min(rate, cap))])
    policies: list[Policy] = []
    if cap is not None:
        since = _date(inputs["cap_from"], "cap_from") if "cap_from" in inputs else date.min
        until = _date(inputs["cap_to"], "cap_to") + ONE_DAY if "cap_to" in inputs else None
        policies = [Policy(Rule.AT_MOST, cap, since=since, until=until)]
    rule = str(inputs.get("rate_rule", "payment_day"))
    if rule == "day_by_day":
        policies = [Policy(Rule.DAY_BY_DAY)]
    elif rule not in {"payment_day", "min_of", "min_of_cap_and_payment_day"}:
        raise NotUnderstood(f"Правило ставки «{rule}» не понято: payment_day, min_of или day_by_day.")
    return replace(law, key_rates=_key_rates(inputs, law), policies=policies)


def _scale(case: Mapping[str, Any], inputs: Mapping[str, Any]) -> Scale:
    texts = [str(inputs["scale"])] if "scale" in inputs else [str(case.get("rule", "")), str(case.get("note", ""))]
    for text in texts:
        for scale, words in SCALES:
            if re.search(words, text, re.IGNORECASE):
                return scale
    if "fraction" in inputs or "bands" in inputs:
        return Scale.CONTRACT
    raise NotUnderstood(f"{case.get('id', 'пример')}: не понятно, по какой шкале считать: {texts[0]!r}.")


def _divisor(value: Any) -> int:
    share = Fraction(str(value).replace(" ", ""))
    if share.numerator != 1:
        raise NotUnderstood(f"Доля ставки «{value}» не понята: нужна вида 1/300.")
    return share.denominator


def _bands(value: Any, scale: Scale) -> list[Band]:
    """[{"from_day": 31, "fraction": "1/300"}] or [[31, "1/300"]]; "0": nothing from that day on."""
    rows = [
        (row.get("from_day", row.get("from")), row["fraction"]) if isinstance(row, Mapping) else tuple(row)
        for row in value
    ]
    return [Band(scale, int(day), None if str(share) in {"0", ""} else _divisor(share)) for day, share in rows]


def _key_rates(inputs: Mapping[str, Any], law: Law) -> list[KeyRate]:
    if "key_rates" in inputs:
        pairs = _pairs(inputs["key_rates"], "key_rates", "rate", "percent", "value", "key_rate")
        days = [day for day, _ in pairs]
        return [
            KeyRate(_number(percent, "key_rates"), since, until)
            for (since, percent), until in zip(pairs, [*days[1:], None], strict=True)
        ]
    if "key_rate" not in inputs:
        return list(law.key_rates)
    given = inputs["key_rate"]
    if isinstance(given, (str, int)):
        return [KeyRate(_number(given, "key_rate_on_payment_day"), date.min)]
    if isinstance(given, list) and given and not isinstance(given[0], (list, Mapping)):
        days = [day for day, _ in _payments(inputs)] or [_date(inputs["payment_date"], "payment_date")]
        if len(days) != len(given):
            raise NotUnderstood("key_rate_on_payment_day: ставок не столько, сколько платежей.")
        given = list(zip(days, given, strict=True))
    pairs = _pairs(given, "key_rate_on_payment_day", "rate", "percent", "value", "key_rate")
    return [KeyRate(_number(percent, "key_rate"), day, day + ONE_DAY) for day, percent in pairs]


def _moratoria(value: Any) -> list[Moratorium]:
    """[["2022-04-01", "2022-10-01"]]: both days are free. One range may stand without its list."""
    ranges = [value] if value and isinstance(value[0], str) else value
    found = []
    for row in ranges:
        first, last = (row["from"], row["to"]) if isinstance(row, Mapping) else row
        found.append(Moratorium(_date(first, "moratoria_inclusive"), _date(last, "moratoria_inclusive") + ONE_DAY))
    return found


# --- answers ----------------------------------------------------------------------------------------------------------


def _answer(rows: list[Segment], due_on: date, until: date, charged: Decimal) -> Answer:
    by_divisor: dict[int, list[Segment]] = {}
    for row in rows:
        by_divisor.setdefault(row.divisor, []).append(row)
    rates = sorted({row.rate for row in rows})
    once = penalties.rounded_once(rows)
    answer: Answer = {
        "due_date": due_on.isoformat(),
        "overdue_days": max((until - due_on).days, 0),
        "amount": _text(penalties.amount_of(rows)),
        "amount_rounded_once": _text(once),
        "penalty": _text(penalties.amount_of(rows)),
        "segments": [_segment(row) for row in rows],
        "penalty_days": len(_days(rows)),
        "days_free": max((until - due_on).days, 0) - len(_days(rows)),
        "first_day": rows[0].first.isoformat() if rows else None,
        "last_day": max(row.last for row in rows).isoformat() if rows else None,
        "total_due": _text(charged + penalties.amount_of(rows)),
    }
    if len(rates) == 1:
        answer["rate_used"] = f"{rates[0]:f}"
    elif rates:
        answer["rate_used"] = answer["rates_used"] = [f"{rate:f}" for rate in rates]
    for divisor in (300, 170, 130, *by_divisor):
        mine = by_divisor.get(divisor, [])
        answer[f"days_1_{divisor}"] = len(_days(mine))
        answer[f"amount_1_{divisor}"] = _text(penalties.amount_of(mine))
    return answer


def _days(rows: Iterable[Segment]) -> set[date]:
    return {row.first + timedelta(days=number) for row in rows for number in range(row.days)}


def _segment(row: Segment) -> dict[str, Any]:
    return {
        "from": row.first.isoformat(),
        "to": row.last.isoformat(),
        "days": row.days,
        "balance": _text(row.balance),
        "fraction": f"1/{row.divisor}",
        "rate": f"{row.rate:f}",
        "amount": _text(row.amount),
    }


def _text(amount: Decimal) -> str:
    return f"{amount:.2f}"


def agrees(expected: Any, came_out: Any) -> bool:
    """Is everything expected among what came out? Numbers by value, a row by the names that the case gives."""
    if isinstance(expected, Mapping):
        return isinstance(came_out, Mapping) and all(
            name in came_out and agrees(value, came_out[name]) for name, value in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(came_out, list)
            and len(expected) == len(came_out)
            and all(agrees(one, other) for one, other in zip(expected, came_out, strict=True))
        )
    try:
        return Decimal(str(expected)) == Decimal(str(came_out))
    except InvalidOperation:
        return str(expected) == str(came_out)
