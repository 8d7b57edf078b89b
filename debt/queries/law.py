"""The dated rules of penalties as they are known. Only reads."""

from __future__ import annotations

from datetime import date, timedelta

from accounts import queries as accounts_queries
from billing import queries as billing_queries
from debt import penalties
from debt.models import Moratorium, PenaltyBand, PenaltyTerms
from debt.penalties import Band, DueDay, KeyRate, Law, Policy, Rule, Scale, Terms

KEY_RATE, CAP, FIXED, DUE_DAY = "key_rate", "penalty_cap", "penalty_rate", "due_day"
CAPPED = (Scale.HOUSING, Scale.CAPITAL_REPAIR)  # ПП № 474 and № 329 speak of them alone; others by rows of their own


def law() -> Law:
    """The dated rules as they are known: key rates, caps, scales, terms, moratoria, due days, special days.

    Codes of «Значения по закону»: key_rate; penalty_cap (housing, utilities, capital repair); penalty_cap.<scale> and
    penalty_rate.<scale> for one scale (a cap, a fixed rate), by its English name: penalty_cap.energy.
    """
    values = billing_queries.law_values([KEY_RATE, CAP, FIXED, DUE_DAY])
    policies = []
    for code, percent, since, until, act in values:
        name, _, which = code.partition(".")
        if name in (CAP, FIXED):
            rule = Rule.AT_MOST if name == CAP else Rule.FIXED
            scales = [Scale[which.upper()]] if which else CAPPED
            policies += [Policy(rule, percent, int(scale), since, until, act) for scale in scales]
    return Law(
        bands=[
            Band(row.scale, row.first_day, row.divisor, row.valid_from, row.valid_to, row.act)
            for row in PenaltyBand.objects.order_by("scale", "first_day", "valid_from")
        ],
        key_rates=[KeyRate(value, since, until) for code, value, since, until, _ in values if code == KEY_RATE],
        policies=policies,
        moratoria=[
            penalties.Moratorium(
                row.valid_from, row.valid_to, row.scale, row.arose_before, row.contract_id, row.account_id, row.act
            )
            for row in Moratorium.objects.order_by("valid_from", "pk")
        ],
        terms=[
            Terms(
                scale=row.scale,
                contract_id=row.contract_id,
                service_id=row.service_id,
                debtor=row.debtor,
                due_day=row.due_day,
                since=row.valid_from,
                until=row.valid_to,
                act=row.act,
            )
            for row in PenaltyTerms.objects.order_by("pk")
        ],
        due_days=[DueDay(int(value), since, until) for code, value, since, until, _ in values if code == DUE_DAY],
        calendar=accounts_queries.calendar_overrides(),
    )  # fmt: skip


def warning_of_cap(law: Law, day: date) -> str:
    """Words for the operator, from a month before the cap of the housing rate ends until it is settled; else empty."""
    ends = [row.until for row in law.policies if row.rule == Rule.AT_MOST and row.scale == Scale.HOUSING]
    if not ends or None in ends:
        return ""
    end = max(moment for moment in ends if moment is not None)
    if not end - timedelta(days=31) <= day < end + timedelta(days=31):
        return ""
    return (
        f"Предел ставки пеней действует по {end - timedelta(days=1):%d.%m.%Y}: дальше считается ключевая ставка. "
        "Если его продлили, внесите значение penalty_cap до первого начисления."
    )
