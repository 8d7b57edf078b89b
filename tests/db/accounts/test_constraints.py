"""What the database refuses whoever asks: raw SQL goes past Python, and no further."""

from __future__ import annotations

from datetime import date

import pytest
from django.apps import apps
from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F

from accounts import operations
from accounts.models import (
    AgencyContract,
    HousePassport,
    JournalEntry,
    Meter,
    Organisation,
    Person,
    PersonalAccount,
    Premises,
    PremisesArea,
    PremisesKind,
    Reading,
    Residency,
)
from tests import make

pytestmark = pytest.mark.django_db
DAY = date(2026, 10, 12)


def insert(row, **changes):
    """The row once more, as raw SQL, with the changes (the key is a new one)."""
    columns = {
        field.column: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.generated and field.column != "id"
    }
    columns.update(changes)
    names = ", ".join(f'"{name}"' for name in columns)
    places = ", ".join(["%s"] * len(columns))
    values = [value.as_e164 if hasattr(value, "as_e164") else value for value in columns.values()]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f'INSERT INTO "{row._meta.db_table}" ({names}) VALUES ({places})', values)


def wrong(number, place=-1):
    """The number with one digit changed."""
    digits = list(number)
    digits[place] = str((int(digits[place]) + 1) % 10)
    return "".join(digits)


def refused(model, constraint, row, **changes):
    before = model.objects.count()
    with pytest.raises(IntegrityError, match=constraint):
        insert(row, **changes)
    assert model.objects.count() == before


# --- check digits ----------------------------------------------------------------------------------------------------


def test_inn_and_ogrn_with_a_wrong_digit():
    row = make.organisation()
    refused(Organisation, "organisation_inn_valid", row, inn=wrong(row.inn), kpp="561001002")
    refused(Organisation, "organisation_inn_valid", row, inn="", kpp="561001002")
    refused(Organisation, "organisation_inn_valid", row, inn="500100732258", kpp="")
    refused(Organisation, "organisation_ogrn_valid", row, ogrn=wrong(row.ogrn), kpp="561001002")
    refused(Organisation, "organisation_kpp_valid", row, kpp="56100100")
    refused(Organisation, "organisation_once", row)
    insert(row, kpp="561001002")  # a branch of the same


def test_a_bank_account_whose_key_does_not_fit_the_bank():
    row = make.bank_account()
    model = type(row)
    refused(model, "bankaccount_key_valid", row, number=wrong(row.number))
    refused(model, "bankaccount_key_valid", row, bik="045354602", correspondent="")
    refused(model, "bankaccount_key_valid", row, bik="945354601", correspondent="")
    refused(model, "bankaccount_correspondent_valid", row, correspondent=wrong(row.correspondent))


def test_snils_with_a_wrong_number():
    row = make.person()
    refused(Person, "person_snils_valid", row, snils="11223344596")
    insert(row, snils="11223344595")
    refused(Person, "person_snils_once", row, snils="11223344595")


def test_an_account_number_with_a_wrong_digit():
    row = make.account()
    refused(PersonalAccount, "personalaccount_number_valid", row, number=wrong(row.number))
    refused(PersonalAccount, "personalaccount_number_valid", row, number=wrong(row.number, 3))
    refused(PersonalAccount, "personalaccount_number_valid", row, number="12A4")
    refused(PersonalAccount, "number", row)  # never reused, also after closing


def test_the_database_and_python_agree_on_check_digits():
    from accounts import rules

    numbers = [f"{base:08}{digit}" for base in range(0, 99_999_999, 7_654_321) for digit in range(10)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number, is_account_number(number), is_snils(number || '00') FROM unnest(%s) AS number", [numbers]
        )
        for number, is_account, is_snils in cursor.fetchall():
            assert is_account == rules.is_account_number(number)
            assert is_snils == rules.is_snils(number + "00")
        tens = [f"{base:09}{digit}" for base in range(0, 999_999_999, 76_543_211) for digit in range(10)]
        cursor.execute("SELECT number, is_inn(number) FROM unnest(%s) AS number", [tens])
        assert all(is_inn == rules.is_inn(number) for number, is_inn in cursor.fetchall())
        ogrns = [f"{base:012}{digit}" for base in range(10**11, 10**12, 76_543_211_111) for digit in range(10)]
        cursor.execute("SELECT number, is_ogrn(number) FROM unnest(%s) AS number", [ogrns])
        assert all(is_ogrn == rules.is_ogrn(number) for number, is_ogrn in cursor.fetchall())
        accounts = [f"407028{n:02}{n % 10}{n:011}" for n in range(100)]
        cursor.execute(
            "SELECT number, bik, is_bank_account(number, bik) FROM unnest(%s) AS number,"
            " unnest(ARRAY['045354601', '044525000', '145354601']) AS bik", [accounts],
        )  # fmt: skip
        for number, bik, fits in cursor.fetchall():
            assert fits == (rules.is_bank_account(number, bik) and rules.is_bik(bik))


# --- dated facts -----------------------------------------------------------------------------------------------------


def test_validities_of_one_key_never_overlap():
    account = make.account()
    area = PremisesArea.objects.get(premises=account.premises)
    refused(PremisesArea, "premisesarea_no_overlap", area, valid_from=DAY)
    passport = HousePassport.objects.get(house=account.house)
    refused(HousePassport, "housepassport_no_overlap", passport, valid_from=DAY, valid_to=date(2026, 11, 1))
    PremisesArea.objects.filter(pk=area.pk).update(valid_to=DAY)
    insert(area, valid_from=DAY)  # the end is exclusive: neighbours meet
    refused(PremisesArea, "premisesarea_no_overlap", area, valid_from=date(2026, 10, 11), valid_to=DAY)


def test_a_named_resident_is_counted_once_and_nameless_ones_may_be_many():
    account = make.account(persons=2)
    group = Residency.objects.get(premises=account.premises)
    insert(group)
    named = make.residency(premises=account.premises, person=make.person())
    refused(Residency, "residency_no_overlap", named, valid_from=DAY)
    refused(Residency, "residency_persons", named, persons=2, valid_from=date(2019, 1, 1), valid_to=date(2019, 2, 1))
    refused(Residency, "residency_persons", group, persons=0)


def test_a_validity_holds_at_least_a_day():
    account = make.account()
    area = PremisesArea.objects.get(premises=account.premises)
    refused(PremisesArea, "validity_not_empty", area, valid_from=date(2019, 1, 1), valid_to=date(2019, 1, 1))
    contract = make.contract()
    refused(AgencyContract, "validity_not_empty", contract, number="X", valid_to=date(2019, 1, 1))
    refused(AgencyContract, "agencycontract_window", contract, number="X", readings_to_day=10)


# --- housing, meters, readings ---------------------------------------------------------------------------------------


def test_premises_are_once_and_a_room_has_a_flat():
    flat = make.premises()
    refused(Premises, "premises_once", flat)
    refused(Premises, "premises_room_has_flat", flat, kind=PremisesKind.ROOM, number="1")
    insert(flat, kind=PremisesKind.NON_RESIDENTIAL)  # «1» may be both a flat and a shop


def test_an_account_has_one_payer_and_closes_after_it_opens():
    row = make.account()
    other = make.account_number()
    refused(
        PersonalAccount, "personalaccount_one_payer", row, number=other, payer_organisation_id=make.organisation().pk
    )
    refused(PersonalAccount, "personalaccount_closed_after_opened", row, number=other, closed_on=date(2019, 1, 1))
    refused(PersonalAccount, "personalaccount_els_shape", row, number=other, unified_number="20MB875415")


def test_meters_and_readings_that_cannot_be():
    premises = make.premises()
    meter = make.meter(premises=premises)
    refused(Meter, "meter_place", meter, kind=4)
    refused(Meter, "meter_place", meter, premises_id=None)
    refused(Meter, "meter_dial", meter, zones=4)
    refused(Meter, "meter_dial", meter, ratio=0)
    refused(Meter, "meter_removed_after", meter, removed_on=date(2019, 1, 1))
    reading = make.reading(meter, DAY, "5")
    refused(Reading, "reading_one_counts", reading, day=date(2026, 10, 13))
    refused(Reading, "accounts_reading_pkey", reading, counts=False)
    refused(Reading, "reading_sane", reading, zone=4, counts=False)
    refused(Reading, "reading_sane", reading, value=-1, day=date(2026, 10, 13), counts=False)
    refused(Reading, "reading_month_is_month", reading, month=DAY, day=date(2026, 10, 13))


# --- the journal -----------------------------------------------------------------------------------------------------


def test_the_journal_is_only_added_to():
    entry = operations.note("accounts.test.noted", by="тест", amount=5)
    for sql in (
        "UPDATE accounts_journalentry SET event = 'другое'",
        "DELETE FROM accounts_journalentry",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    assert JournalEntry.objects.get() == entry
    assert JournalEntry.objects.get().event == "accounts.test.noted"


def test_a_constraint_names_relations_by_their_fields_so_that_a_form_can_check_it():
    """A form looks values up by the field's name: a column would be compared with itself, and every row would clash."""
    told = {
        f"{model.__name__}.{constraint.name}: {part.name}"
        for model in apps.get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, ExclusionConstraint)
        for expression, _ in constraint.expressions
        for part in expression.flatten()
        if isinstance(part, F) and part.name not in {field.name for field in model._meta.get_fields()}
    }
    assert told == set()
