"""Check digits, and what may be said of a reading without knowing anything else."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import rules
from accounts.rules import judge_reading, usage_between

D = Decimal
TODAY = date(2026, 10, 20)


@pytest.mark.parametrize("number", ["7707083893", "500100732259"])
def test_inn_of_an_organisation_and_of_a_person(number):
    assert rules.is_inn(number)


@pytest.mark.parametrize("number", ["7707083894", "770708389", "50010073225", "77070838Я3", "", "７７０７０８３８９３"])
def test_inn_with_a_wrong_digit_or_length(number):
    assert not rules.is_inn(number)


def test_ogrn_and_ogrnip():
    assert rules.is_ogrn("1027700132195")
    assert rules.is_ogrn("304500116000157")
    assert not rules.is_ogrn("1027700132196")
    assert not rules.is_ogrn("102770013219")


def test_snils_is_checked_above_the_old_numbers():
    assert rules.is_snils("11223344595")
    assert not rules.is_snils("11223344596")
    assert rules.is_snils("00100199800")  # up to 001-001-998 there was no check number
    assert not rules.is_snils("112-233-445 95")


def test_key_of_a_bank_account():
    number = rules.bank_account_with_key("40702810000000000001", "045354601")
    wrong = number[:8] + str((int(number[8]) + 1) % 10) + number[9:]
    assert rules.is_bank_account(number, "045354601")
    assert not rules.is_bank_account(wrong, "045354601")
    assert not rules.is_bank_account(number, "045354602")  # the key belongs to the bank
    assert rules.is_bank_account("03100643000000015300", "015354008")  # the treasury's accounts have no key
    assert not rules.is_bank_account(number[:-1], "045354601")


def test_usage_of_a_dial_that_went_over_zero():
    assert usage_between(D("99990"), D("15"), 5) == D("25")
    assert usage_between(D("100"), D("107.5"), 5) == D("7.5")
    assert usage_between(D("500"), D("499"), 5) is None  # no rollover: the dial was in its middle
    assert usage_between(D("99990"), D("20000"), 5) is None


def judge(value, **facts):
    known = {"day": TODAY, "today": TODAY, "previous": D("100"), "previous_day": date(2026, 9, 20), "digits": 5}
    return judge_reading(value=D(value), **{**known, **facts})


def test_a_good_reading_says_its_usage():
    assert judge("107.5") == rules.ReadingVerdict(usage=D("7.5"))
    assert judge("5", previous=None, previous_day=None) == rules.ReadingVerdict()


@pytest.mark.parametrize(
    ("value", "facts", "words"),
    [
        ("-1", {}, "не может быть отрицательным"),
        ("100000", {}, "5 знаков до запятой"),
        ("107", {"day": date(2026, 10, 21)}, "21.10.2026 ещё не наступила"),
        ("107", {"day": date(2026, 9, 19)}, "Уже принято более позднее показание"),
        ("99", {}, "меньше предыдущего"),
    ],
)
def test_the_impossible_is_refused_in_words(value, facts, words):
    verdict = judge(value, **facts)
    assert words in verdict.refusal
    assert verdict.doubt == ""


def test_the_unlikely_is_doubted_above_ten_averages_and_the_ceiling():
    assert judge("151", average=D("5"), ceiling=D("40")).doubt.startswith("Расход 51 намного больше")
    assert judge("150", average=D("5"), ceiling=D("40")).doubt == ""  # ten averages exactly
    assert judge("151", average=D("5"), ceiling=D("60")).doubt == ""  # the ceiling is higher
    assert judge("100000", digits=6).doubt == ""  # nothing known, nothing doubted
