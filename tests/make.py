"""Builders of rows for tests: thin functions, sensible defaults, every keyword overrides. No randomness."""

from __future__ import annotations

import itertools
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts import rules
from accounts.calendar import Month
from accounts.models import (
    AgencyContract,
    BankAccount,
    BankAccountKind,
    BankAccountState,
    CommissionTerms,
    House,
    HousePassport,
    Meter,
    Office,
    Organisation,
    OrganisationKind,
    Ownership,
    Person,
    PersonalAccount,
    Premises,
    PremisesArea,
    Reading,
    ReadingSource,
    Residency,
    User,
    VatMode,
)
from billing.models import (
    ContractMonth,
    ContractMonthState,
    HouseVolume,
    LawValue,
    Norm,
    NormBasis,
    Provision,
    ProvisionMethod,
    Tariff,
)
from payments import operations as payments_operations

LONG_AGO = date(2020, 1, 1)
_numbers = itertools.count(1)


def month(text: str) -> Month:
    return Month.parse(text)


def inn(number: int | None = None) -> str:
    """A valid ИНН of ten digits."""
    base = f"{5600000000 + 10 * (number or next(_numbers)):010}"[:9]
    return next(base + digit for digit in "0123456789" if rules.is_inn(base + digit))


def ogrn(number: int | None = None) -> str:
    """A valid ОГРН of thirteen digits."""
    base = f"{102560000000 + (number or next(_numbers)):012}"
    return base + str(int(base) % 11 % 10)


def account_number(number: int | None = None) -> str:
    """A personal account number with its check digit."""
    base = f"{56000000 + (number or next(_numbers))}"
    return base + rules.account_check_digit(base)


def user(**facts: Any) -> User:
    number = next(_numbers)
    password = facts.pop("password", "пароль-для-тестов")
    facts.setdefault("email", f"user{number}@test.example")
    facts.setdefault("name", f"Пользователь {number}")
    return User.objects.create_user(password=password, **facts)


def person(**facts: Any) -> Person:
    defaults = {"last_name": "Иванова", "first_name": "Мария", "middle_name": f"Петровна-{next(_numbers)}"}
    return Person.objects.create(**{**defaults, **facts})


def organisation(**facts: Any) -> Organisation:
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "kind": OrganisationKind.RESOURCE_SUPPLIER,
        "name": f"Общество с ограниченной ответственностью «Поставщик {number}»",
        "short_name": f"ООО «Поставщик {number}»",
        "inn": inn(),
        "kpp": "561001001",
        "ogrn": ogrn(),
        "address": "460000, г. Оренбург, ул. Советская, д. 1",
        "phone": "+73532000000",
    }
    return Organisation.objects.create(**{**defaults, **facts})


def agent(**facts: Any) -> Organisation:
    """The billing centre itself, with its approved bank account."""
    facts.setdefault("kind", OrganisationKind.AGENT)
    facts.setdefault("short_name", "АО «Биллинговый центр»")
    row = organisation(**facts)
    bank_accounts(row)
    return row


def bank_accounts(row: Organisation) -> None:
    """A settlement account and the special one for payers' cash, both approved."""
    special = rules.bank_account_with_key(f"40821810{0}{next(_numbers):011}", "045354601")
    bank_account(organisation=row, kind=BankAccountKind.SPECIAL_AGENT, number=special)
    bank_account(organisation=row)


def bank_account(**facts: Any) -> BankAccount:
    bik = facts.setdefault("bik", "045354601")
    defaults: dict[str, Any] = {
        "number": rules.bank_account_with_key(f"40702810{0}{next(_numbers):011}", bik),
        "bank_name": "Оренбургское отделение № 8623 ПАО Сбербанк",
        "bank_town": "г. Оренбург",
        "correspondent": rules.bank_account_with_key("30101810000000000601", bik),
        "valid_from": LONG_AGO,
        "state": BankAccountState.APPROVED,
    }
    facts.setdefault("organisation", None)
    if facts["organisation"] is None:
        facts["organisation"] = organisation()
    return BankAccount.objects.create(**{**defaults, **facts})


def own_account(number: str, **facts: Any) -> BankAccount:
    """The centre's approved account of this number, at whatever bank its key agrees with; once."""
    known = BankAccount.objects.filter(number=number, organisation__kind=OrganisationKind.AGENT).first()
    if known is not None:
        return known
    owner = Organisation.objects.filter(kind=OrganisationKind.AGENT).order_by("pk").first()
    owner = owner or organisation(kind=OrganisationKind.AGENT, short_name="АО «Биллинговый центр»")
    bik = next(bik for n in range(601, 700) if rules.is_bank_account(number, bik := f"045354{n}"))
    return bank_account(organisation=owner, number=number, bik=bik, valid_to=date(2020, 1, 2), **facts)


def contract(**facts: Any) -> AgencyContract:
    """An agency contract with an approved bank account of its principal; `percent` adds commission terms."""
    percent = facts.pop("percent", None)
    vat_mode = facts.pop("vat_mode", VatMode.ON_TOP)
    if "principal" not in facts:
        facts["principal"] = organisation()
        bank_accounts(facts["principal"])
    defaults = {"number": f"АГ-{next(_numbers)}", "signed_on": LONG_AGO, "valid_from": LONG_AGO}
    row = AgencyContract.objects.create(**{**defaults, **facts})
    if percent is not None:
        CommissionTerms.objects.create(
            contract=row, percent=Decimal(str(percent)), vat_mode=vat_mode, valid_from=LONG_AGO
        )
    return row


def released(day: date, by: User | None = None, on: date | None = None) -> int:
    """One checks what the job formed, another lets the day's orders go to the bank, at nine of the next day or `on`."""
    at = datetime.combine(on or day + timedelta(days=1), time(9), timezone.get_default_timezone())
    payments_operations.check_remittances(day=day, by=user(), at=at)
    return payments_operations.release_remittances(day=day, by=by or user(), at=at)


def office(**facts: Any) -> Office:
    number = next(_numbers)
    defaults = {"code": f"О{number}", "name": f"Отделение {number}", "address": "г. Оренбург, ул. Терешковой, д. 7"}
    return Office.objects.create(**{**defaults, **facts})


def house(**facts: Any) -> House:
    """A house with a passport; passport keywords (total_area_m2, common_area_m2, norm_scope …) go to it."""
    passport_fields = {field.name for field in HousePassport._meta.get_fields()} - {"house", "id"}
    passport = {name: facts.pop(name) for name in list(facts) if name in passport_fields}
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "oktmo": "53701000",
        "postcode": "460000",
        "region": "Оренбургская обл.",
        "town": "г. Оренбург",
        "street": "ул. Чкалова",
        "number": str(number),
    }
    row = House.objects.create(**{**defaults, **facts})
    HousePassport.objects.create(
        house=row,
        **{"total_area_m2": Decimal("3000"), "common_area_m2": Decimal("300"), "valid_from": LONG_AGO, **passport},
    )
    return row


def premises(**facts: Any) -> Premises:
    """Premises with their area; area keywords (total_area_m2, living_area_m2, own_heating …) go to it."""
    area_fields = {field.name for field in PremisesArea._meta.get_fields()} - {"premises", "id"}
    area = {name: facts.pop(name) for name in list(facts) if name in area_fields}
    if "house" not in facts:
        facts["house"] = house()
    row = Premises.objects.create(**{"number": str(next(_numbers)), **facts})
    PremisesArea.objects.create(premises=row, **{"total_area_m2": Decimal("50"), "valid_from": LONG_AGO, **area})
    return row


def account(**facts: Any) -> PersonalAccount:
    """An open account of a flat. `persons=2` lets two nameless residents live there for long; `owners=1`: one owner."""
    persons = facts.pop("persons", 0)
    owners = facts.pop("owners", 1)
    place = {name: facts.pop(name) for name in ("total_area_m2", "living_area_m2", "meter_impossible") if name in facts}
    if "premises" not in facts:
        facts["premises"] = premises(**({"house": facts["house"]} if "house" in facts else {}), **place)
    facts["house"] = facts["premises"].house
    if "payer_person" not in facts and "payer_organisation" not in facts:
        facts["payer_person"] = person()
    defaults: dict[str, Any] = {"number": account_number(), "opened_on": LONG_AGO, "document_code": "482917"}
    row = PersonalAccount.objects.create(**{**defaults, **facts})
    if persons:
        residency(premises=row.premises, persons=persons)
    for _ in range(owners):
        Ownership.objects.create(
            premises=row.premises, person=row.payer_person or person(), share_denominator=owners, valid_from=LONG_AGO
        )
    return row


def residency(**facts: Any) -> Residency:
    return Residency.objects.create(**{"valid_from": LONG_AGO, **facts})


def meter(**facts: Any) -> Meter:
    """A meter of premises (`premises=…`) or of a house (`house=…`, kind BUILDING)."""
    if "house" not in facts:
        facts["house"] = facts["premises"].house
    defaults: dict[str, Any] = {
        "resource": 1,
        "serial": f"СВ-{next(_numbers):06}",
        "commissioned_on": LONG_AGO,
        "installed_on": LONG_AGO,
        "verified_until": date(2032, 1, 1),
    }
    return Meter.objects.create(**{**defaults, **facts})


def reading(meter: Meter, day: date, value: str | Decimal, **facts: Any) -> Reading:
    """A reading that counts for the month of its day."""
    defaults: dict[str, Any] = {"zone": 1, "source": ReadingSource.RESIDENT, "month": day.replace(day=1)}
    return Reading.objects.create(meter=meter, day=day, value=Decimal(value), **{**defaults, **facts})


def tariff(contract: AgencyContract, service_id: int, price: str | Decimal, **facts: Any) -> Tariff:
    defaults = {"valid_from": LONG_AGO, "act": "приказ № 1-т"}
    return Tariff.objects.create(
        contract=contract, service_id=service_id, price=Decimal(price), **{**defaults, **facts}
    )


def norm(service_id: int, value: str | Decimal, basis: int = NormBasis.PERSON_MONTH, **facts: Any) -> Norm:
    defaults = {"valid_from": LONG_AGO, "act": "приказ № 2-н"}
    return Norm.objects.create(service_id=service_id, basis=basis, value=Decimal(value), **{**defaults, **facts})


def provision(
    house: House, service_id: int, contract: AgencyContract, method: int = ProvisionMethod.METERED, **facts: Any
) -> Provision:
    return Provision.objects.create(
        house=house, service_id=service_id, contract=contract, method=method, **{"valid_from": LONG_AGO, **facts}
    )


def house_volume(house: House, service_id: int, month: date, volume: str | Decimal) -> HouseVolume:
    return HouseVolume.objects.create(house=house, service_id=service_id, month=month, volume=Decimal(volume))


def law_value(code: str, value: str | Decimal, **facts: Any) -> LawValue:
    return LawValue.objects.create(code=code, value=Decimal(value), **{"valid_from": LONG_AGO, "act": "акт", **facts})


def contract_month(contract: AgencyContract, month: date) -> ContractMonth:
    return ContractMonth.objects.get_or_create(contract=contract, month=month)[0]


def ink(
    account: PersonalAccount, contract: AgencyContract, service_id: int, month: Month, amount: str | Decimal,
    kind: int = 1, for_month: Month | None = None,
) -> ContractMonth:  # fmt: skip
    """A posted line as it stands, whatever made it: the month of the contract becomes POSTED, more lines may follow."""
    state = contract_month(contract, month.first)
    with connection.cursor() as cursor:
        cursor.execute("SELECT make_month_partition('billing_charge', %s)", [month.first])
        cursor.execute("SET LOCAL session_replication_role = replica")  # a posted month takes no line otherwise
        cursor.execute(
            "INSERT INTO billing_charge (account_id, contract_id, service_id, kind, line, month, house_id, for_month,"
            " method, unit, days, amount) SELECT %s, %s, %s, %s, count(*), %s, %s, %s, 8, 6, 30, %s FROM billing_charge"
            " WHERE account_id = %s AND contract_id = %s AND service_id = %s AND kind = %s AND month = %s",
            [
                account.pk, contract.pk, service_id, kind, month.first, account.house_id,
                (for_month or month).first, amount,
                account.pk, contract.pk, service_id, kind, month.first,
            ],
        )  # fmt: skip
        cursor.execute("SET LOCAL session_replication_role = origin")
    if state.state == ContractMonthState.OPEN:
        state.state = ContractMonthState.POSTED
        state.save(update_fields=["state"])
    return state
