"""The laws of splitting a payment, and an oracle that does the same kopeck by fraction."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from payments.allocation import ADVANCE, DEBT, PENALTY, OpenItem, after, allocate, net_credits

MONTHS = [date(2026, month, 1) for month in range(6, 11)]


def kopecks_of(low: int, high: int):
    return st.integers(low, high).map(lambda units: Decimal(units) / 100)


amounts = kopecks_of(1, 500_000)
unhurried = settings(deadline=None, max_examples=60)  # a frame of one row costs what a frame of a thousand does


def items(low: int = -20_000):
    one = st.builds(
        OpenItem,
        contract_id=st.integers(1, 3),
        service_id=st.integers(1, 4),
        for_month=st.sampled_from(MONTHS),
        amount=kopecks_of(low, 60_000),
        is_penalty=st.booleans(),
        charged=kopecks_of(0, 60_000),
        priority=st.just(100),
    )
    return st.lists(one, max_size=14)


months = st.none() | st.sampled_from(MONTHS)
weights = st.sampled_from(["open", "charged"])
directions = st.none() | st.lists(st.integers(1, 4), max_size=2)


def key(item):
    return item.contract_id, item.service_id, item.for_month, item.is_penalty


def paid_by_key(parts):
    found = defaultdict(Decimal)
    for part in parts:
        if part.part != ADVANCE:
            found[part.contract_id, part.service_id, part.for_month, part.part == PENALTY] += part.amount
    return found


@unhurried
@given(amounts, items(), months, directions, weights)
def test_parts_sum_to_the_payment_and_none_is_negative(paid, debts, month, directed_to, by):
    parts = allocate(paid, debts, for_month=month, directed_to=directed_to, weights=by)
    assert sum(part.amount for part in parts) == paid
    assert all(part.amount > 0 for part in parts)


@unhurried
@given(amounts, items(), months, directions, weights)
def test_nobody_is_paid_above_his_debt(paid, debts, month, directed_to, by):
    left = {key(item): item.amount for item in net_credits(debts)}
    parts = allocate(paid, debts, for_month=month, directed_to=directed_to, weights=by)
    for where, amount in paid_by_key(parts).items():
        assert amount <= left[where]


@unhurried
@given(amounts, items(), weights)
def test_nothing_goes_past_an_older_debt_nor_past_the_principal(paid, debts, by):
    left = {key(item): item.amount for item in net_credits(debts)}
    parts = allocate(paid, debts, weights=by)
    got = paid_by_key(parts)
    for where, amount in got.items():
        assert amount > 0
        for other, owed in left.items():
            earlier = (other[3], other[2]) < (where[3], where[2])  # debts before penalties, then by month
            if earlier:
                assert got[other] == owed
    if any(part.part == ADVANCE for part in parts):
        assert all(got[where] == owed for where, owed in left.items())


@unhurried
@given(amounts, items(), st.sampled_from(MONTHS))
def test_the_named_month_is_paid_before_the_others(paid, debts, month):
    left = {key(item): item.amount for item in net_credits(debts)}
    got = paid_by_key(allocate(paid, debts, for_month=month))
    named = [where for where in left if where[2] == month and not where[3]]
    others = [where for where in left if where[2] != month and not where[3]]
    if any(got[where] for where in others):
        assert all(got[where] == left[where] for where in named)


@unhurried
@given(amounts, items(), st.lists(st.integers(1, 4), min_size=1, max_size=2))
def test_a_directed_payment_pays_only_what_was_named(paid, debts, directed_to):
    parts = allocate(paid, debts, directed_to=directed_to)
    assert {part.service_id for part in parts if part.part != ADVANCE} <= set(directed_to)


@unhurried
@given(amounts, items(), months, weights, st.randoms(use_true_random=False))
def test_the_order_of_the_items_does_not_matter(paid, debts, month, by, random):
    shuffled = list(debts)
    random.shuffle(shuffled)
    assert allocate(paid, shuffled, for_month=month, weights=by) == allocate(paid, debts, for_month=month, weights=by)


@unhurried
@given(items())
def test_credits_stay_inside_their_contract(debts):
    for contract in {item.contract_id for item in debts}:
        for is_penalty in (False, True):
            own = [item for item in debts if item.contract_id == contract and item.is_penalty == is_penalty]
            left = [i.amount for i in net_credits(debts) if i.contract_id == contract and i.is_penalty == is_penalty]
            assert sum(left, Decimal(0)) == max(sum((item.amount for item in own), Decimal(0)), Decimal(0))


@unhurried
@given(amounts, amounts, items())
def test_two_payments_pay_as_much_of_the_debt_as_one(first, second, debts):
    one = allocate(first, debts)
    two = allocate(second, after(debts, one))
    together = allocate(first + second, debts)

    def of_debts(*parts):
        return sum((part.amount for found in parts for part in found if part.part != ADVANCE), Decimal(0))

    assert of_debts(one, two) == of_debts(together)


def oracle(paid: Decimal, debts: list[OpenItem]) -> dict:
    """The same rule in exact fractions: for items without credits, a month after a month, the largest remainder."""
    owed = defaultdict(int)
    for item in debts:
        owed[key(item)] += int(item.amount * 100)
    rest, got = int(paid * 100), defaultdict(int)
    for is_penalty in (False, True):
        for month in sorted({where[2] for where in owed}):
            lines = sorted(
                (where for where in owed if where[2] == month and where[3] == is_penalty and owed[where] > 0),
                key=lambda where: (where[1], where[0]),
            )
            whole = sum(owed[where] for where in lines)
            part = min(rest, whole)
            if not part:
                continue
            exact = [Fraction(part * owed[where], whole) for where in lines]
            floors = [int(share) for share in exact]
            order = sorted(range(len(lines)), key=lambda i: (floors[i] - exact[i], i))
            for i in order[: part - sum(floors)]:
                floors[i] += 1
            for where, floor in zip(lines, floors, strict=True):
                got[where] += floor
            rest -= part
    if rest:
        got["advance"] = rest
    return {where: Decimal(units) / 100 for where, units in got.items() if units}


@settings(max_examples=100, deadline=None)
@given(amounts, items(low=0))
def test_the_oracle_splits_the_same(paid, debts):
    parts = allocate(paid, debts)
    found = dict(paid_by_key(parts))
    advance = sum((part.amount for part in parts if part.part == ADVANCE), Decimal(0))
    assert found | ({"advance": advance} if advance else {}) == oracle(paid, debts)
    assert {part.part for part in parts} <= {DEBT, PENALTY, ADVANCE}
