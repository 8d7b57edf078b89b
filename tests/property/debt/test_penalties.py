"""Penalties in columns against the oracle that walks day by day, and the laws that no debt may break."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from debt import penalties
from debt.penalties import Band, KeyRate, Law, Moratorium, Policy, Rule, Scale
from tests.property.debt import oracle

START = date(2021, 1, 1)
RATES = {
    START: Decimal("4.25"), date(2021, 3, 22): Decimal("4.5"), date(2021, 4, 26): Decimal("5"),
    date(2021, 7, 26): Decimal("6.5"), date(2021, 12, 20): Decimal("8.5"), date(2022, 2, 28): Decimal("20"),
    date(2022, 7, 25): Decimal("8"), date(2022, 9, 19): Decimal("7.5"),
}  # fmt: skip
SCALES = {
    "housing": Scale.HOUSING, "capital_repair": Scale.CAPITAL_REPAIR, "managing": Scale.MANAGING,
    "energy": Scale.ENERGY,
}  # fmt: skip
BANDS = [
    Band(SCALES[name], first, share.denominator)
    for name, bands in oracle.BANDS.items()
    for first, share in bands.items()
]
KEY_RATES = [
    KeyRate(percent, since, until)
    for (since, percent), until in zip(RATES.items(), [*list(RATES)[1:], None], strict=True)
]

money = st.integers(1, 50_000_000).map(lambda kopecks: Decimal(kopecks) / 100)
days = st.integers(0, 800).map(lambda number: START + timedelta(days=number))


@st.composite
def ranges(draw):
    first = draw(days)
    return first, first + timedelta(days=draw(st.integers(0, 200)))


@st.composite
def delays(draw):
    """A debt, what was paid of it, the law of its days."""
    charged = draw(money)
    payments, rest = [], charged
    for _ in range(draw(st.integers(0, 4))):
        part = min(rest, draw(money))
        if part > 0:
            payments.append((draw(days), part))
            rest -= part
    capped = draw(st.booleans())
    return {
        "charged": charged,
        "due_on": draw(days),
        "payments": payments,
        "until": draw(days),
        "scale": draw(st.sampled_from(sorted(SCALES))),
        "cap": (Decimal("9.5"), *draw(ranges())) if capped else None,
        "moratoria": draw(st.lists(ranges(), max_size=2)),
    }


def law_of(delay):
    cap = delay["cap"]
    return Law(
        bands=BANDS,
        key_rates=KEY_RATES,
        policies=[Policy(Rule.AT_MOST, cap[0], since=cap[1], until=cap[2] + timedelta(days=1))] if cap else [],
        moratoria=[Moratorium(first, last + timedelta(days=1)) for first, last in delay["moratoria"]],
    )


def sheet(delay, **changes):
    delay = {**delay, **changes}
    return penalties.penalty(
        charged=delay["charged"], due_on=delay["due_on"], until=delay["until"], law=law_of(delay),
        scale=SCALES[delay["scale"]], payments=delay["payments"],
    )  # fmt: skip


@given(delays())
@settings(max_examples=300, deadline=None)
def test_equal_to_the_oracle_to_the_kopeck(delay):
    assert penalties.amount_of(sheet(delay)) == oracle.penalty(key_rates=RATES, **delay)


@given(delays())
@settings(max_examples=100, deadline=None)
def test_the_sheet_is_whole_and_not_negative(delay):
    rows = sheet(delay)
    for row in rows:
        assert row.amount >= 0 and row.balance > 0 and row.days == (row.last - row.first).days + 1 > 0
        assert delay["due_on"] < row.first <= row.last <= delay["until"]
        assert not any(row.first <= last and first <= row.last for first, last in delay["moratoria"])


@given(delays(), st.integers(1, 60))
@settings(max_examples=100, deadline=None)
def test_unpaid_debt_at_one_rate_never_shrinks_with_days(delay, more):
    delay = {**delay, "payments": []}
    fixed = Law(bands=BANDS, policies=[Policy(Rule.FIXED, Decimal("9.5"))])

    def amount(until):
        rows = penalties.penalty(
            charged=delay["charged"], due_on=delay["due_on"], until=until, law=fixed, scale=SCALES[delay["scale"]]
        )
        return penalties.amount_of(rows)

    assert amount(delay["until"]) <= amount(delay["until"] + timedelta(days=more))


@given(delays())
@settings(max_examples=100, deadline=None)
def test_a_payment_never_adds_at_one_rate(delay):
    fixed = Law(bands=BANDS, policies=[Policy(Rule.FIXED, Decimal("9.5"))])
    facts = {"charged": delay["charged"], "due_on": delay["due_on"], "until": delay["until"], "law": fixed}
    scale = SCALES[delay["scale"]]
    paid = penalties.penalty(**facts, scale=scale, payments=delay["payments"])
    unpaid = penalties.penalty(**facts, scale=scale)
    # Each segment is rounded by itself: the sheet of a debt paid in parts has more of them.
    slack = Decimal("0.005") * (len(paid) + len(unpaid))
    assert penalties.amount_of(paid) <= penalties.amount_of(unpaid) + slack


@given(delays())
@settings(max_examples=100, deadline=None)
def test_a_reversed_payment_leaves_no_trace(delay):
    mirrored = [*delay["payments"], *((day, -amount) for day, amount in delay["payments"])]
    assert sheet(delay, payments=mirrored) == sheet(delay, payments=[])


@given(st.lists(delays(), min_size=2, max_size=6))
@settings(max_examples=60, deadline=None)
def test_many_debts_at_once_are_the_same_debts(several):
    """One frame for all accounts, under one law, equals each account alone."""
    law, until = law_of(several[0]), several[0]["until"]
    items, paid, alone = [], [], Decimal("0.00")
    for number, delay in enumerate(several, 1):
        key = {
            "account_id": number,
            "contract_id": number % 2,
            "service_id": 2,
            "month": delay["due_on"].replace(day=1),
        }
        scale = int(SCALES[delay["scale"]])
        items.append({**key, "charged": delay["charged"], "due_on": delay["due_on"], "scale": scale, "priority": 1})
        paid += [{**key, "paid_on": day, "amount": amount} for day, amount in delay["payments"]]
        rows = penalties.penalty(
            charged=delay["charged"], due_on=delay["due_on"], until=until, law=law, scale=scale,
            payments=delay["payments"],
        )  # fmt: skip
        alone += penalties.amount_of(rows)
    frames = pl.DataFrame(items, schema=penalties.ITEMS), pl.DataFrame(paid, schema=penalties.PAYMENTS)
    made = penalties.accrued(*frames, law, until)
    assert sum(made["amount"].to_list(), Decimal("0.00")) == alone


# --- credits ----------------------------------------------------------------------------------------------------------


@st.composite
def months_of_one_contract(draw):
    """Charges (credits among them) of several months and services, and payments that may exceed them."""
    items, paid = [], []
    for number in range(draw(st.integers(1, 5))):
        key = {
            "account_id": 1, "contract_id": 1, "service_id": draw(st.integers(1, 2)),
            "month": date(2021, 1 + number, 1),
        }  # fmt: skip
        charged = Decimal(draw(st.integers(-30_000, 100_000))) / 100
        items.append({**key, "charged": charged, "due_on": date(2021, 2 + number, 10), "scale": 1})
        items[-1]["priority"] = key["service_id"]
        for _ in range(draw(st.integers(0, 2))):
            paid.append({**key, "paid_on": draw(days), "amount": Decimal(draw(st.integers(1, 90_000))) / 100})
    return items, paid


def owed(items, paid, day):
    """What each item owes on a day: credits met the same service's oldest debts, then the contract's oldest."""
    left = {}
    for item in items:
        key = (item["month"], item["priority"], item["service_id"])
        left[key] = item["charged"] - sum(
            row["amount"]
            for row in paid
            if (row["service_id"], row["month"]) == (item["service_id"], item["month"]) and row["paid_on"] <= day
        )
    for same_service in (True, False):
        for credit in sorted(left):
            for debt in sorted(left):
                if left[credit] < 0 < left[debt] and (not same_service or credit[2] == debt[2]):
                    met = min(-left[credit], left[debt])
                    left[credit] += met
                    left[debt] -= met
    return {key: max(amount, Decimal(0)) for key, amount in left.items()}


@given(months_of_one_contract(), days)
@settings(max_examples=200, deadline=None)
def test_credits_meet_the_oldest_debts_day_by_day(given_, day):
    items, paid = given_
    netted, steps = penalties.net_credits(
        pl.DataFrame(items, schema=penalties.ITEMS), pl.DataFrame(paid, schema=penalties.PAYMENTS)
    )
    assert netted.height == len(items)
    came_out = owed(netted.to_dicts(), steps.to_dicts(), day)
    assert came_out == owed(items, paid, day)
    final = steps.group_by(penalties.KEY).agg(pl.col("amount").sum().alias("paid"))
    rows = netted.join(final, on=penalties.KEY, how="left").with_columns(pl.col("paid").fill_null(Decimal(0)))
    assert rows.filter(pl.col("charged") < pl.col("paid")).height == 0
    assert steps.filter(pl.col("amount") <= 0).height == 0
