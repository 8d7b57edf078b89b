"""Noise: a function of row, salt and seed, the same on every machine."""

import polars as pl

from accounts import rules
from config.seeding.noise import Noise
from config.seeding.region import CYCLE, _with_check_digit, plan


def test_noise_of_a_row_never_changes() -> None:
    frame = pl.DataFrame({"i": [0, 1, 2, 3]})
    assert frame.select(Noise(1).below(pl.col("i"), "persons", 1000)).to_series().to_list() == [814, 693, 352, 720]
    assert frame.select(Noise(2).below(pl.col("i"), "persons", 1000)).to_series().to_list() == [556, 326, 427, 653]


def test_salts_are_independent() -> None:
    frame = pl.DataFrame({"i": range(1000)})
    one = frame.select(Noise(1).below(pl.col("i"), "guest", 1000)).to_series().to_list()
    other = frame.select(Noise(1).below(pl.col("i"), "leaver", 1000)).to_series().to_list()
    assert sum(a == b for a, b in zip(one, other, strict=True)) < 10


def test_cycle_has_four_hundred_accounts_each_in_its_place() -> None:
    frame = plan()
    assert frame.height == CYCLE
    assert frame["place"].to_list() == list(range(CYCLE))
    assert frame.filter("is_room").height == 4


def test_account_numbers_in_columns_have_the_check_digit_of_the_rule() -> None:
    numbers = [56_000_001, 56_000_002, 56_999_999, 57_123_456]
    frame = pl.DataFrame({"base": numbers}).select(_with_check_digit(pl.col("base")))
    assert frame.to_series().to_list() == [f"{base}{rules.account_check_digit(str(base))}" for base in numbers]
