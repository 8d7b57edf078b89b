"""Numbers with one slip, and the fields of a QR in a purpose."""

import pytest

from accounts import rules
from payments.registers import clues
from tests import make

NUMBER = make.account_number(12_345)


def swapped(number):
    return number[:3] + number[4] + number[3] + number[5:]


@pytest.mark.parametrize(
    "typed",
    [
        swapped(NUMBER),
        NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10),
        NUMBER[:2] + NUMBER[3:],
        NUMBER[:4] + "7" + NUMBER[4:],
    ],
)
def test_the_number_meant_is_among_those_with_one_slip(typed):
    found = clues.slips(typed)
    assert NUMBER in found
    assert all(map(rules.is_account_number, found))
    assert len(found) < 60


def test_what_is_no_number_has_no_slips():
    assert clues.slips("") == clues.slips("123") == clues.slips("20МВ875415") == []


def test_the_fields_of_a_qr():
    told = clues.qr_fields("ST00012|Name=ООО|PersAcc=560000012|LASTNAME=Иванова|payeraddress=ул. Чкалова, 5|Sum=100")
    assert told == {"PersAcc": "560000012", "LastName": "Иванова", "PayerAddress": "ул. Чкалова, 5"}
