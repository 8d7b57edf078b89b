"""Worked cases of payments, subsidies, courts: the rooms of `payments`, `billing.formulas` and `debt` are asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from django.db.models import Max

from accounts.calendar import ONE_DAY, Month
from accounts.money import ZERO, kopecks, split
from billing.columns import EXACT
from billing.formulas import subsidy as subsidies
from config.cases.answers import Answer, Rows, Table
from config.cases.given import Given, a_day, a_month, decimal
from config.cases.penalty import NotUnderstood
from config.cases.stage import Stage
from debt import court
from payments import allocation
from payments import operations as payment_operations
from payments import queries as payment_queries
from payments.allocation import OpenItem, PaidPart
from payments.models import Channel, OperatingDay

ANY_MONTH = date(2026, 10, 1)
LEFT = ("leftover", "advance", "overpayment")  # names of what no debt took


def payment(given: Given, case: Any) -> Answer:
    """One payment over the lines of a document or over debts by months; or its reversal."""
    if given.has("original"):
        return reversal(given)
    paid = _money(given, "payment", "amount", "payment_amount")
    named = given.month("period_given", "payer_period", "named_period", default=None)
    if given.has("document_lines", "lines"):
        return _over_lines(given, paid, case["expected"])
    return _over_months(given, paid, named.first if named else None)


def _money(given: Given, *names: str) -> Decimal:
    amount: Decimal = given.number(*names)
    return _roubles(amount, given.path(names[0]))


def _roubles(amount: Decimal, name: str) -> Decimal:
    if amount != kopecks(amount):
        raise NotUnderstood(f"{name}: в сумме {amount} доли копейки.")
    return kopecks(amount)


def _allocated(paid: Decimal, items: list[OpenItem], **told: Any) -> list[PaidPart]:
    try:
        return allocation.allocate(paid, items, **told)
    except ValueError as fault:
        raise NotUnderstood(f"платёж нельзя разнести: сумма {paid}, проверьте её и разбивку ({fault}).") from None


def _over_lines(given: Given, paid: Decimal, expected: Mapping[str, Any]) -> Answer:
    lines = given.raw("document_lines", "lines")
    if isinstance(lines, list):
        rows = given.rows("document_lines", "lines")
        lines = {str(row.raw("service", "name", "id")): row.number("amount", "sum") for row in rows}
    names = list(lines)
    items = [
        OpenItem(1, number, ANY_MONTH, _roubles(decimal(lines[name], name), name), priority=number)
        for number, name in enumerate(names, 1)
    ]
    numbers = {name: number for number, name in enumerate(names, 1)}
    directed = given.raw("directed_to", "service_given", default=None)
    if directed is not None:
        told = [directed] if isinstance(directed, str) else list(directed)
        strange = [name for name in told if name not in numbers]
        if strange:
            raise NotUnderstood(f"directed_to: нет строки {', '.join(strange)}.")
        directed = {numbers[name]: decimal(directed[name], name) for name in told} if isinstance(
            directed, Mapping
        ) else {numbers[name] for name in told}  # fmt: skip
    parts = _allocated(paid, items, directed_to=directed)
    given_to = dict.fromkeys(names, ZERO)
    for part in parts:
        if part.part == allocation.DEBT:
            given_to[names[part.service_id - 1]] += part.amount
    leftover = sum((part.amount for part in parts if part.part == allocation.ADVANCE), ZERO)
    left = {name: kopecks(decimal(lines[name], name)) - given_to[name] for name in names}
    if leftover and directed is None and not set(LEFT) & set(expected):
        # What exceeds the document is an advance; the splitting function alone shows the parts of the whole sum.
        by_whole = split(paid, [item.amount for item in items])
        given_to = dict(zip(names, by_whole, strict=True))
    rest = Table({name: amount for name, amount in left.items() if amount})
    return {"allocation": Table(given_to), "remaining": rest, "debts_after": rest} | dict.fromkeys(LEFT, leftover)


def _over_months(given: Given, paid: Decimal, named: date | None) -> Answer:
    debts = given.raw("debts", default=None)
    if debts is None:
        debts = {str(Month(ANY_MONTH)): given.number("principal_debt", "debt", "principal")}
    is_list = isinstance(debts, list)
    if is_list:
        pairs = [
            (row.month("period", "month"), _roubles(row.number("amount", "sum", "debt"), row.where))
            for row in given.rows("debts")
        ]
    elif isinstance(debts, Mapping):
        pairs = [
            (a_month(month, "debts"), _roubles(decimal(amount, "debts"), "debts")) for month, amount in debts.items()
        ]
    else:
        raise NotUnderstood("debts: нужны пары «месяц: сумма» или список с period и amount.")
    items = [OpenItem(1, 1, month.first, amount) for month, amount in pairs]
    if len({item.for_month for item in items}) < len(items):
        raise NotUnderstood("debts: один месяц назван дважды.")
    penalties = ("penalty", "penalty_debt", "penalties")
    if given.has(*penalties):
        latest = max(item.for_month for item in items)
        items.append(OpenItem(1, 1, latest, _money(given, *penalties), is_penalty=True))
    parts = _allocated(paid, items, for_month=named)
    leftover = sum((part.amount for part in parts if part.part == allocation.ADVANCE), ZERO)
    principal = [part for part in parts if part.part == allocation.DEBT]
    laid = {str(Month(part.for_month)): part.amount for part in principal if part.for_month}
    after = [item for item in allocation.after(items, parts) if item.amount > 0]
    left = {str(Month(item.for_month)): item.amount for item in after if not item.is_penalty}
    penalty = sum((part.amount for part in parts if part.part == allocation.PENALTY), ZERO)
    rows = Rows({"period": month, "amount": amount} for month, amount in laid.items())
    rest = Rows({"period": month, "amount": amount} for month, amount in left.items())
    return {
        "allocation": rows if is_list else Table(laid),
        "remaining": rest if is_list else Table(left),
        "debts_after": Table(left),
        "to_principal": sum(laid.values(), ZERO),
        "principal_paid": sum(laid.values(), ZERO),
        "to_penalty": penalty,
        "penalty_paid": penalty,
    } | dict.fromkeys(LEFT, leftover)


def reversal(given: Given) -> Answer:
    """A payment posted to a wrong account: its mirror, and the same money with its own value date on the right one."""
    (told,) = given.rows("original")
    paid_on, amount = told.day("date", "paid_on"), _money(told, "amount")
    wrong_name, right_name = str(told.raw("account")), str(given.raw("correct_account"))
    on = given.day("reversal_date", "reversed_on")
    if wrong_name == right_name or on < paid_on:
        raise NotUnderstood("сторно: нужен другой счёт и день не раньше платежа.")
    stage = Stage(Month.of(paid_on))
    wrong, right = stage.account, stage.flat(area=Decimal(50))
    channel = Channel.objects.create(code="worked-case", name="Пример", kind=1)
    # The books of an installation may have gone past these days: the case's operating days come after its last one.
    last = OperatingDay.objects.aggregate(day=Max("day"))["day"]
    taken = paid_on if last is None or last < paid_on else last + ONE_DAY
    undone = taken + (on - paid_on)
    payment_operations.open_day(taken)
    first = payment_operations.record_payment(
        channel=channel.pk, external_id="1", number=wrong.number, amount=amount, paid_on=paid_on, day=taken,
        account_id=wrong.pk, today=taken,
    )  # fmt: skip
    payment_operations.allocate_payment(first.pk, day=taken)
    payment_operations.open_day(undone)
    pair = {wrong_name: wrong, right_name: right}
    before = {name: _balance(row.pk, undone + ONE_DAY) for name, row in pair.items()}
    moved = payment_operations.move_payment(
        payment_id=first.pk, account_id=right.pk, day=undone, reason="платёж зачислен ошибочно", by=None
    )
    payment_operations.allocate_payment(moved.pk, day=undone)
    after = {name: _balance(row.pk, undone + ONE_DAY) for name, row in pair.items()}
    found: Answer = {f"value_date_for_{right_name}": moved.paid_on.isoformat()}
    for name in before:
        found[f"account_{name}_effect"] = before[name] - after[name]  # what the account was given, or lost again
    return found


def _balance(account_id: int, on: date) -> Decimal:
    return payment_queries.balance(account_id=account_id, on=on)


def court_fee(given: Given, case: Any) -> Answer:
    """ст. 333.19 НК РФ."""
    claim, filed_on = given.number("claim", "claim_amount"), given.day("filed", "filed_on", "filing_date")
    try:
        fee, writ = court.claim_fee(claim, filed_on), court.writ_fee(claim, filed_on)
    except ValueError:
        raise NotUnderstood("claim: иск от копейки, день подачи с 2005 года.") from None
    return {"claim_fee": fee, "writ_fee": writ, "fee": fee}


def debt(given: Given, case: Any) -> Answer:
    """The threshold of a restriction, or the limitation of monthly payments."""
    if given.has("dues", "due_dates", "due_date"):
        filed_on = given.day("filing_date", "filed", "filed_on")
        dues = given.raw("dues", "due_dates", "due_date")
        days = [a_day(one, "dues") for one in (dues if isinstance(dues, list) else [dues])]
        found = court.within_limitation(days, filed_on)
        return {
            "within_limitation": found if isinstance(dues, list) else found[0],
            "last_day": [court.last_day_to_sue(one).isoformat() for one in days],
            "time_barred": [not one for one in found] if isinstance(dues, list) else not found[0],
        }
    given.raw("service", default=None)
    norm = given.number(
        "norm_kwh_person", "norm_m3_person", "norm_kwh_per_person", "norm_m3_per_person", "norm", "norm_gcal_m2",
    )  # fmt: skip
    # heat goes by metres: its threshold is two months of the area
    persons, tariff = given.number("residents", "owners", "area"), given.number("tariff")
    threshold = court.restriction_threshold(norm, persons, tariff)
    found_debt = given.number("debt", default=None)
    answer: Answer = {"threshold": threshold, "monthly_by_norm": kopecks(norm * persons * tariff)}
    if found_debt is not None:
        has_agreement = given.flag("instalment_agreement_in_force", "agreement_in_force", default=False)
        answer["may_notify"] = court.may_warn(found_debt, threshold, has_agreement=bool(has_agreement))
        answer["may_warn"] = answer["may_notify"]
    return answer


def subsidy(given: Given, case: Any) -> Answer:
    """ст. 159 ЖК РФ, ПП РФ № 761."""
    row = {
        "standard": given.number("standard_per_person", "standard"),
        "people": given.number("people", "residents", "family"),
        "income": given.number("income", "family_income"),
        "share": given.number("max_share_percent", "max_share"),
        "minimum": given.number("subsistence_minimum", default=None),
    }
    if row["people"] <= 0:
        raise NotUnderstood("people: в семье должен быть хоть один человек.")
    frame = pl.DataFrame({name: [value] for name, value in row.items()}, schema=dict.fromkeys(row, EXACT))
    income, people, minimum = pl.col("income"), pl.col("people"), pl.col("minimum")
    made = frame.select(
        amount=subsidies.subsidy(pl.col("standard"), people, pl.col("share"), income, minimum),
        k=subsidies.correction(income, people, minimum),
    ).row(0, named=True)
    amount = kopecks(made["amount"])
    charge = given.number("actual_charge", "charge", "charges", default=None)
    if charge is not None:
        amount = min(amount, _roubles(charge, "actual_charge"))
    return {"amount": amount, "subsidy": amount, "k": made["k"]}


KINDS: dict[str, Callable[[Given, Any], Answer]] = {
    "payment": payment, "court_fee": court_fee, "debt": debt, "subsidy": subsidy,
}  # fmt: skip
