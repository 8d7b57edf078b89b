"""The columnar room against the scalar rules: the same parts, the same reasons, to the kopeck."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from payments import allocation
from payments.allocation import ACTS, ADVANCE, DIRECTIONS, ITEMS, PAYMENTS, OpenItem, after, allocate_frame, frame
from tests.property.payments import scalar

MONTHS = [date(2026, month, 1) for month in range(6, 11)]


def roubles(low: int, high: int):
    return st.integers(low, high).map(lambda units: Decimal(units) / 100)


# Few contracts and services, so that items meet; sums that make ties, remainders, and the largest ones.
sums = st.one_of(roubles(-20_000, 60_000), roubles(-3, 3), roubles(-(10**11), 10**11))
one_item = st.builds(
    OpenItem,
    contract_id=st.integers(1, 3),
    service_id=st.integers(1, 4),
    for_month=st.sampled_from(MONTHS),
    amount=sums,
    is_penalty=st.booleans(),
    charged=st.one_of(roubles(-5_000, 60_000), st.just(Decimal("0.00"))),
    priority=st.integers(1, 3).map(lambda n: n * 10),
)
unhurried = settings(deadline=None, max_examples=60)
services = st.lists(st.integers(1, 4), max_size=3, unique=True)


@st.composite
def payments(draw):
    amount = draw(st.one_of(roubles(1, 200_000), roubles(1, 3), roubles(1, 10**11)))
    named: list[int] | dict[int, Decimal] | None = draw(st.none() | services)
    if named and draw(st.booleans()):
        left, sums_by_service = amount, {}
        for service in named:
            if left <= 0:
                break
            units = draw(st.integers(1, int(left * 100)))
            sums_by_service[service] = Decimal(units) / 100
            left -= sums_by_service[service]
        named = sums_by_service
    elif draw(st.booleans()):
        named = allocation.OnlyPenalty(tuple(named or ()))
    return amount, draw(st.none() | st.sampled_from(MONTHS)), named, draw(st.integers(0, 3))


account = st.tuples(
    st.lists(one_item, max_size=12), st.lists(payments(), max_size=5), st.sampled_from(["open", "charged"]),
    st.lists(st.integers(1, 4), max_size=1),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(account, min_size=1, max_size=3))
def test_a_register_is_laid_as_the_scalar_rules_lay_it(accounts):
    expected, paid, open_items, told = {}, [], [], []
    number = 0
    for account_id, (items, sums_in, weights, apart) in enumerate(accounts, 1):
        for item in allocation.merged(items):
            open_items.append(
                (account_id, item.contract_id, item.service_id, item.for_month, item.is_penalty, item.amount,
                 item.charged, item.priority, item.service_id in apart, False)
            )  # fmt: skip
        rows = []
        for amount, month, named, days in sums_in:
            number += 1
            rows.append((MONTHS[0] + timedelta(days), number, amount, month, named))
            paid.append((number, account_id, MONTHS[0] + timedelta(days), amount, month, weights == "charged"))
            if isinstance(named, dict):
                told += [(number, service, part, False) for service, part in named.items()]
            elif isinstance(named, allocation.OnlyPenalty):
                told += [(number, service, None, True) for service in named.services or (None,)]
            else:
                told += [(number, service, None, False) for service in named or ()]
        for _, payment_id, amount, month, named in sorted(rows, key=lambda row: row[:2]):
            parts = scalar.allocate(
                amount, items, for_month=month, directed_to=named, weights=weights, apart=apart
            )  # fmt: skip
            expected[payment_id] = parts
            items = after(items, parts)
    laid = allocate_frame(
        frame(PAYMENTS, reversed(paid)), frame(ITEMS, reversed(open_items)), directions=frame(DIRECTIONS, told)
    )
    found: dict[int, list] = {payment_id: [] for payment_id in expected}
    for row in laid.sort("payment_id", "line").iter_rows(named=True):
        assert row["line"] == len(found[row["payment_id"]])
        found[row["payment_id"]].append(
            allocation.PaidPart(
                row["contract_id"], row["service_id"], row["for_month"], row["part"],
                allocation.Rule(row["rule"]), row["amount"],
            )
        )  # fmt: skip
    assert found == expected


@unhurried
@given(st.lists(one_item, max_size=14))
def test_credits_are_netted_as_the_scalar_rules_net_them(items):
    assert allocation.net_credits(items) == scalar.net_credits(items)


@unhurried
@given(st.lists(one_item, max_size=14), roubles(1, 10**8), st.data())
def test_a_credit_of_one_principal_never_pays_another(items, amount, data):
    """What the items of one contract get does not depend on another contract's credits."""
    contract = data.draw(st.integers(1, 3))
    without = [item for item in items if item.contract_id == contract or item.amount > 0]
    foreign = [item for item in items if item.contract_id != contract]
    enough = sum((abs(item.amount) for item in items), amount)

    def got(rows):
        return [part for part in allocation.allocate(enough, rows) if part.contract_id == contract]

    assert got(items) == got(without) == got([item for item in items if item not in foreign])


def act_of(items, data):
    owed = allocation.net_credits(items)
    chosen = data.draw(st.lists(st.sampled_from(owed), unique=True, max_size=4)) if owed else []
    return {
        (i.contract_id, i.service_id, i.for_month, i.is_penalty): data.draw(roubles(1, int(i.amount * 100) + 100))
        for i in chosen
    }


@unhurried
@given(st.lists(one_item, max_size=10), roubles(1, 10**8), st.data())
def test_court_money_pays_the_act_first_and_the_rest_as_usual(items, amount, data):
    act = act_of(items, data)
    parts = allocation.allocate(amount, items, act=act)
    assert sum(part.amount for part in parts) == amount
    open_by = {
        (i.contract_id, i.service_id, i.for_month, i.is_penalty): i.amount for i in allocation.net_credits(items)
    }
    by_act = {
        (p.contract_id, p.service_id, p.for_month, p.part == allocation.PENALTY): p.amount
        for p in parts
        if p.rule == allocation.Rule.COURT_ACT
    }
    caps = {key: min(open_by[key], sum_) for key, sum_ in act.items()}
    assert all(paid <= caps[key] for key, paid in by_act.items())
    assert sum(by_act.values(), Decimal(0)) == min(amount, sum(caps.values(), Decimal(0)))
    left = amount - sum(by_act.values(), Decimal(0))
    usual = [p for p in parts if p.rule != allocation.Rule.COURT_ACT]
    paid_items = after(items, [p for p in parts if p.rule == allocation.Rule.COURT_ACT])
    assert usual == (scalar.allocate(left, paid_items) if left else [])


@unhurried
@given(st.lists(one_item, max_size=10), st.lists(roubles(1, 10**6), min_size=2, max_size=4), st.data())
def test_court_payments_of_one_batch_never_bring_a_line_more_than_its_act(items, sums_in, data):
    """Together they are laid as one after another, each with what the others have left of the act."""
    act = act_of(items, data)
    paid = [(number, 0, MONTHS[0], amount, None, False) for number, amount in enumerate(sums_in)]
    orders = [(number, *key, sum_) for number in range(len(sums_in)) for key, sum_ in act.items()]
    laid = allocate_frame(frame(PAYMENTS, reversed(paid)), allocation.items_frame(items), acts=frame(ACTS, orders))
    left, owed = dict(act), allocation.merged(items)
    for number, amount in enumerate(sums_in):
        parts = allocation.allocate(amount, owed, act={key: sum_ for key, sum_ in left.items() if sum_ > 0})
        rows = laid.filter(payment_id=number).select("contract_id", "service_id", "for_month", "part", "rule", "amount")
        assert [allocation.PaidPart(*row) for row in rows.iter_rows()] == parts
        for part in parts:
            if part.rule == allocation.Rule.COURT_ACT:
                left[part.contract_id, part.service_id, part.for_month, part.part == allocation.PENALTY] -= part.amount
        owed = after(owed, parts)
    assert all(sum_ >= 0 for sum_ in left.values())


@unhurried
@given(st.lists(one_item, max_size=10), roubles(1, 10**6), st.sampled_from(MONTHS))
def test_a_month_that_waits_is_paid_after_the_others_unless_named(items, amount, month):
    rows = [(0, i.contract_id, i.service_id, i.for_month, i.is_penalty, i.amount, i.charged, i.priority, False,
             i.for_month == month) for i in allocation.merged(items)]  # fmt: skip
    laid = allocate_frame(frame(PAYMENTS, [(1, 0, month, amount, None, False)]), frame(ITEMS, rows))
    got = {(r["contract_id"], r["service_id"], r["for_month"], r["part"]): r["amount"] for r in laid.to_dicts()}
    waited = sum((sum_ for key, sum_ in got.items() if key[2] == month and key[3] == allocation.DEBT), Decimal(0))
    others = [i for i in allocation.net_credits(items) if i.for_month != month and not i.is_penalty]
    if waited:
        assert all(got.get((i.contract_id, i.service_id, i.for_month, allocation.DEBT)) == i.amount for i in others)
    named = allocate_frame(frame(PAYMENTS, [(1, 0, month, amount, month, False)]), frame(ITEMS, rows))
    usual = scalar.allocate(amount, items, for_month=month)
    assert [r["amount"] for r in named.to_dicts()] == [p.amount for p in usual]


def test_nothing_is_laid_of_nothing():
    assert allocate_frame(frame(PAYMENTS), frame(ITEMS), acts=frame(ACTS)).is_empty()
    alone = allocate_frame(frame(PAYMENTS, [(1, 5, MONTHS[0], Decimal("7.00"), None, False)]), frame(ITEMS))
    assert [(row["part"], row["amount"]) for row in alone.to_dicts()] == [(ADVANCE, Decimal("7.00"))]


@unhurried
@given(
    st.lists(one_item.flatmap(lambda item: st.builds(replace, st.just(item), amount=roubles(1, 60_000) | roubles(1, 3))
        | st.just(item)), max_size=10),
    roubles(1, 10**6) | roubles(1, 10), st.none() | st.sampled_from(MONTHS), st.none() | st.sampled_from(MONTHS),
    st.integers(1, 5), st.booleans(),
)  # fmt: skip
def test_a_payment_laid_without_columns_is_laid_alike(items, amount, named, late, apart, only_debts):
    if only_debts:
        items = [item for item in items if item.amount > 0]
    items = [replace(item, waits=item.for_month == late, is_apart=item.service_id == apart) for item in items]
    plain = allocation.lay_plain(amount, items, for_month=named)
    if plain is None:
        assert any(item.amount < 0 for item in allocation.merged(items))
    else:
        assert plain == allocation.allocate(amount, items, for_month=named)
