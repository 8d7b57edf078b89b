"""Random days of receipts and returns under random schemes: not a kopeck is lost on the way to a principal (law 5)."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from accounts.money import ZERO, total
from payments.remittance import Collected, Terms, parted, settle, terms_for

FIRST = date(2026, 11, 2)
KINDS = (1, 2, 3, 4)
CASH = 1


def kopecks_of(low, high):
    return st.integers(low, high).map(lambda units: Decimal(units) / 100)


def schemes():
    one = st.builds(
        Terms,
        channel_kind=st.sampled_from((0, *KINDS)),
        percent=st.integers(0, 1_000_000).map(lambda units: Decimal(units) / 10_000),
        minimum=kopecks_of(0, 20_000),
        maximum=st.none() | kopecks_of(20_000, 500_000),
        vat_mode=st.sampled_from((0, 1, 2)),
        is_withheld=st.booleans(),
        valid_from=st.sampled_from([FIRST, FIRST + timedelta(days=3)]),
        valid_to=st.none() | st.just(FIRST + timedelta(days=6)),
    )
    return st.lists(one, max_size=4, unique_by=lambda row: row.channel_kind)


days = st.lists(
    st.dictionaries(st.sampled_from(KINDS), st.tuples(kopecks_of(0, 3_000_000), kopecks_of(0, 3_000_000)), max_size=4),
    min_size=1, max_size=9,
)  # fmt: skip


@given(days, schemes(), st.data())
def test_every_day_is_remitted_once_and_nothing_is_lost(days, terms, data):
    """Days are remitted in random bundles (weekends); claims are carried from bundle to bundle."""
    rates = {FIRST + timedelta(days=place): Decimal("22") for place in range(len(days))}
    carried, waiting, settled = ZERO, [], []
    for place, channels in enumerate(days):
        day = FIRST + timedelta(days=place)
        waiting += [
            Collected(day, kind, plus, minus, 1, is_cash=kind == CASH)
            for kind, (plus, minus) in sorted(channels.items())
        ]
        if place == len(days) - 1 or data.draw(st.booleans()):
            found = settle(waiting, terms, rates, carried)
            assert found.net >= 0 >= found.carried_out and found.net * found.carried_out == 0
            assert found.carried_in == carried
            by_kind = parted(found)
            for name in ("gross", "returns", "commission", "vat", "net", "payments"):
                assert sum(getattr(one, name) for one in by_kind) == getattr(found, name)
            assert len(by_kind) == len({row.is_cash for row in waiting})
            before = carried
            for one in by_kind:
                assert (one.carried_in, one.net >= 0 >= one.carried_out) == (before, True)
                before = one.carried_out
            assert before == (found.carried_out if by_kind else carried)
            settled.append(found)
            carried, waiting = found.carried_out, []
    received = total(plus for channels in days for plus, _ in channels.values())
    returned = total(minus for channels in days for _, minus in channels.values())
    assert total(row.gross for row in settled) == received
    assert total(row.returns for row in settled) == returned
    out = total(row.net + row.commission + row.vat for row in settled)
    assert received - returned == out + carried
    lines = [line for row in settled for line in row.lines]
    assert len({(line.day, kind) for line in lines for kind in line.channel_kinds}) == sum(map(len, days))
    for line in lines:
        found_terms = terms_for(terms, line.channel_kinds[0], line.day)
        for amount in (line.fee, line.vat, line.computed):
            assert amount == amount.quantize(Decimal("0.01"))
        if found_terms is None:
            assert (line.fee, line.vat) == (0, 0)
            continue
        whole = line.fee + line.vat if line.vat_mode == 1 else line.fee
        if found_terms.maximum is not None and found_terms.maximum >= found_terms.minimum:
            assert abs(whole) <= found_terms.maximum
        if line.base > 0:
            assert whole >= found_terms.minimum
        assert line.vat_mode or not line.vat
