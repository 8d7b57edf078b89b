"""Reference rows of the invented region: organisations, contracts, prices, norms. Figures follow the published ones of
Orenburg where they are known; estimates are marked «условный» in their act."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from accounts import rules
from accounts.models import (
    AgencyContract,
    BankAccount,
    BankAccountKind,
    BankAccountState,
    CommissionTerms,
    Office,
    Organisation,
    OrganisationKind,
    VatMode,
)
from billing.models import Norm, NormBasis, Tariff
from config.seeding.words import MANAGERS, TENANTS

LONG_AGO = date(2019, 1, 1)
BIK = "045354601"
BANK = "Оренбургское отделение № 8623 ПАО Сбербанк"
EXAMPLE_ACT = "условный тариф для показа"
APARTMENTS, DETACHED = 1, 2  # groups of norms (HousePassport.norm_scope)


@dataclass(slots=True)
class Reference:
    """Ids of the rows that houses and accounts refer to."""

    agent: int = 0
    contracts: dict[str, int] = field(default_factory=dict)
    managers: list[int] = field(default_factory=list)
    tenants: list[int] = field(default_factory=list)
    municipality: int = 0


def _inn(number: int) -> str:
    base = f"{561000000 + number}"
    return next(base + digit for digit in "0123456789" if rules.is_inn(base + digit))


def _ogrn(number: int) -> str:
    base = f"{102560000000 + number}"
    return base + str(int(base) % 11 % 10)


def make_organisation(number: int, kind: int, short: str, name: str, *, with_bank: bool = True) -> Organisation:
    row = Organisation.objects.create(
        kind=kind,
        name=name,
        short_name=short,
        inn=_inn(number),
        kpp="561001001",
        ogrn=_ogrn(number),
        address=f"460{number % 60:03}, г. Оренбург, ул. Терешковой, д. {number % 150 + 1}",
        phone=f"+7353230{number % 10000:04}",
        dispatcher_phone=f"+7353231{number % 10000:04}",
        email=f"info{number}@demo.example",
        site=f"org{number}.demo.example",
    )
    if with_bank:
        # 103-ФЗ, ст. 4: cash of payers moves between special accounts 40821, other money between settlement accounts.
        for account_kind, prefix in ((BankAccountKind.SPECIAL_AGENT, 40821), (BankAccountKind.SETTLEMENT, 40702)):
            BankAccount.objects.create(
                organisation=row,
                kind=account_kind,
                number=rules.bank_account_with_key(f"{prefix}8100{number:011}", BIK),
                bik=BIK,
                bank_name=BANK,
                bank_town="г. Оренбург",
                correspondent=rules.bank_account_with_key("30101810000000000601", BIK),
                state=BankAccountState.APPROVED,
                valid_from=LONG_AGO,
            )
    return row


def make_contract(principal: Organisation, number: str, percent: str, vat_mode: int = VatMode.ON_TOP) -> AgencyContract:
    row = AgencyContract.objects.create(
        principal=principal, number=number, signed_on=date(2019, 1, 10), valid_from=LONG_AGO
    )
    CommissionTerms.objects.create(contract=row, percent=Decimal(percent), vat_mode=vat_mode, valid_from=LONG_AGO)
    return row


# price history: (from, price). Sources: region's reference facts; from 01.10.2026 estimates.
UTILITIES: dict[str, list[tuple[int, int, int, list[tuple[date, str]]]]] = {
    # contract: (service, component, zone, prices)
    "power": [
        (1, 0, 0, [(date(2025, 7, 1), "4.60"), (date(2026, 1, 1), "4.68"), (date(2026, 10, 1), "5.27")]),
        (1, 0, 1, [(date(2025, 7, 1), "5.29"), (date(2026, 1, 1), "5.38"), (date(2026, 10, 1), "6.05")]),
        (1, 0, 2, [(date(2025, 7, 1), "3.22"), (date(2026, 1, 1), "3.28"), (date(2026, 10, 1), "3.69")]),
    ],
    "water": [
        (2, 0, 0, [(date(2025, 7, 1), "45.95"), (date(2026, 10, 1), "51.69")]),
        (4, 0, 0, [(date(2025, 7, 1), "31.85"), (date(2026, 10, 1), "35.83")]),
    ],
    "heat": [
        (5, 0, 0, [(date(2025, 7, 1), "2739.60"), (date(2026, 1, 1), "2785.26"), (date(2026, 10, 1), "3133.42")]),
        (3, 1, 0, [(date(2025, 7, 1), "45.95"), (date(2026, 10, 1), "51.69")]),
        (3, 2, 0, [(date(2025, 7, 1), "2739.60"), (date(2026, 1, 1), "2785.26"), (date(2026, 10, 1), "3133.42")]),
    ],
    "waste": [
        (7, 0, 0, [(date(2025, 7, 1), "681.31"), (date(2025, 12, 1), "742.17"), (date(2026, 10, 1), "1001.69"),
                   (date(2027, 1, 1), "869.16")]),
    ],
    "gas": [(6, 0, 0, [(date(2025, 7, 1), "8.57"), (date(2026, 1, 1), "8.72"), (date(2026, 10, 1), "9.81")])],
    "repair": [(9, 0, 0, [(date(2025, 1, 1), "12.75"), (date(2026, 1, 1), "13.00")])],
    "antenna": [
        (12, 0, 0, [(date(2025, 1, 1), "95.00"), (date(2026, 4, 1), "110.00")]),
        (13, 0, 0, [(date(2025, 1, 1), "48.00")]),
    ],
    "municipality": [(10, 0, 0, [(date(2025, 1, 1), "9.87"), (date(2026, 1, 1), "10.61")])],
}  # fmt: skip


def _tariffs(contract_id: int, rows: list[tuple[int, int, int, list[tuple[date, str]]]]) -> list[Tariff]:
    made = []
    for service, component, zone, prices in rows:
        for i, (since, price) in enumerate(prices):
            made.append(
                Tariff(
                    contract_id=contract_id,
                    service_id=service,
                    component=component,
                    zone=zone,
                    price=Decimal(price),
                    valid_from=LONG_AGO if i == 0 else since,  # the oldest known price stands for the years before
                    valid_to=prices[i + 1][0] if i + 1 < len(prices) else None,
                    act=EXAMPLE_ACT,
                )
            )
    return made


def _manager_prices(number: int) -> list[tuple[int, int, int, list[tuple[date, str]]]]:
    """A managing company's rates differ by company and change once a year, not all in the same month."""
    base = Decimal("24.50") + Decimal(number * 37 % 900) / 100
    since = date(2026, 1 + number % 6, 1)
    return [
        (8, 0, 0, [(date(2025, 1, 1), f"{base}"), (since, f"{base + Decimal('1.85')}")]),
        (11, 0, 0, [(date(2025, 1, 1), "3.90"), (since, "4.25")]),
        (14, 0, 0, [(date(2025, 7, 1), "45.95"), (date(2026, 10, 1), "51.69")]),
        (16, 0, 0, [(date(2025, 7, 1), "4.60"), (date(2026, 1, 1), "4.68"), (date(2026, 10, 1), "5.27")]),
    ]


NORMS = [
    # service, scope, basis, value, months
    (2, 0, NormBasis.PERSON_MONTH, "4.85", 12),
    (3, 0, NormBasis.PERSON_MONTH, "3.19", 12),
    (3, 0, NormBasis.PER_M3, "0.0611", 12),
    (1, APARTMENTS, NormBasis.PERSON_MONTH, "90", 12),
    (1, DETACHED, NormBasis.PERSON_MONTH, "110", 12),
    (5, 0, NormBasis.M2_MONTH, "0.0300", 7),
    (6, 0, NormBasis.PERSON_MONTH, "13", 12),
    (7, 0, NormBasis.PERSON_YEAR, "2.2", 12),
    (14, 0, NormBasis.COMMON_M2_MONTH, "0.027", 12),
    (16, 0, NormBasis.COMMON_M2_MONTH, "0.85", 12),
]


def make_reference(managing_companies: int) -> Reference:
    """Organisations with agency contracts, dated tariffs and norms, offices. One contract a supplier."""
    made = Reference()
    agent = make_organisation(
        1, OrganisationKind.AGENT, "АО «ЭнергоРасчёт»", "Акционерное общество «ЭнергоРасчёт», Оренбургский филиал"
    )
    made.agent = agent.id
    suppliers = [
        ("power", agent, "СОБ-1", "0"),
        ("water", make_organisation(2, OrganisationKind.RESOURCE_SUPPLIER, "ООО «Степной водоканал»",
                                "Общество с ограниченной ответственностью «Степной водоканал»"), "АГ-2/19", "2.10"),
        ("heat", make_organisation(3, OrganisationKind.RESOURCE_SUPPLIER, "АО «Теплосеть Урала»",
                               "Акционерное общество «Теплосеть Урала»"), "АГ-3/19", "1.85"),
        ("waste", make_organisation(4, OrganisationKind.WASTE_OPERATOR, "ООО «ЭкоСтепь»",
                                "Общество с ограниченной ответственностью «ЭкоСтепь», региональный оператор по "
                                "обращению с твёрдыми коммунальными отходами"), "АГ-4/19", "2.50"),
        ("gas", make_organisation(5, OrganisationKind.RESOURCE_SUPPLIER, "ООО «Газ-Сервис Оренбург»",
                              "Общество с ограниченной ответственностью «Газ-Сервис Оренбург»"), "АГ-5/19", "1.60"),
        ("repair", make_organisation(6, OrganisationKind.CAPITAL_REPAIR_FUND, "Фонд капитального ремонта",
                                 "Некоммерческая организация «Фонд модернизации ЖКХ (региональный оператор "
                                 "капитального ремонта)»"), "АГ-6/19", "1.20"),
        ("antenna", make_organisation(7, OrganisationKind.OTHER, "ООО «Связь-Дом»",
                                  "Общество с ограниченной ответственностью «Связь-Дом»"), "АГ-7/21", "3.00"),
        ("municipality", make_organisation(8, OrganisationKind.OTHER, "Администрация города",
                                       "Администрация муниципального образования «Город Оренбург»"), "АГ-8/19", "1.00"),
    ]  # fmt: skip
    tariffs: list[Tariff] = []
    for code, principal, number, percent in suppliers:
        made.contracts[code] = make_contract(
            principal, number, percent, VatMode.NONE if percent == "0" else VatMode.ON_TOP
        ).id
        tariffs += _tariffs(made.contracts[code], UTILITIES[code])
    made.municipality = suppliers[-1][1].id
    for i in range(managing_companies):
        association = i % 3 == 2
        suffix = "" if i < len(MANAGERS) else f"-{i}"
        short = f"{'ТСЖ' if association else 'ООО УК'} «{MANAGERS[i % len(MANAGERS)]}{suffix}»"
        principal = make_organisation(
            100 + i,
            OrganisationKind.ASSOCIATION if association else OrganisationKind.MANAGING,
            short,
            short.replace("ООО УК", "Общество с ограниченной ответственностью управляющая компания").replace(
                "ТСЖ", "Товарищество собственников жилья"
            ),
        )
        contract = make_contract(principal, f"АГ-{100 + i}/20", "2.00", VatMode.INCLUDED if i % 2 else VatMode.ON_TOP)
        made.managers.append(contract.id)
        tariffs += _tariffs(contract.id, _manager_prices(i))
    Tariff.objects.bulk_create(tariffs)
    Norm.objects.bulk_create(
        Norm(
            service_id=service,
            scope=scope,
            basis=basis,
            value=Decimal(value),
            months=months,
            valid_from=LONG_AGO,
            act="условный норматив для показа",
        )
        for service, scope, basis, value, months in NORMS
    )
    for i, name in enumerate(TENANTS):
        made.tenants.append(
            make_organisation(
                1000 + i,
                OrganisationKind.OTHER,
                name,
                name.replace("ООО", "Общество с ограниченной ответственностью"),
                with_bank=False,
            ).id
        )
    for code, name, address in (
        ("ЦЕНТР", "Центральное отделение", "г. Оренбург, ул. Терешковой, д. 7"),
        ("СТЕПНОЙ", "Отделение «Степной»", "г. Оренбург, ул. Салмышская, д. 44"),
    ):
        Office.objects.create(code=code, name=name, address=address, phone="+73532300000", hours="пн–сб 8:00–19:00")
    return made
