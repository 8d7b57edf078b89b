"""Facts of a document built by hand: a flat with sixteen services, and its variations."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from accounts import rules
from accounts.calendar import Month
from billing.kinds import Kind
from epd import assemble
from epd.assemble import Balance, Bank, Basis, Charge, Dial, Facts, HouseFact, Party, Payer, Service

MONTH = Month(date(2026, 10, 1))
BIK = "045354601"
INN = next(number for number in (f"561000000{digit}" for digit in range(10)) if rules.is_inn(number))
OGRN = "1025600000001"
ACCOUNT = "56000001" + rules.account_check_digit("56000001")
CORRESPONDENT = rules.bank_account_with_key("30101810000000000601", BIK)


SERVICES = {
    number: Service(number, name, group, order, unit)
    for number, name, group, unit, order in [
        (8, "Содержание жилого помещения", 2, "м²", 10),
        (14, "Холодная вода на содержание общего имущества", 2, "м³", 11),
        (15, "Горячая вода на содержание общего имущества", 2, "м³", 12),
        (16, "Электрическая энергия на содержание общего имущества", 2, "кВт·ч", 13),
        (17, "Отведение сточных вод на содержание общего имущества", 2, "м³", 14),
        (11, "Лифт", 2, "м²", 20),
        (10, "Наём жилого помещения", 2, "м²", 25),
        (9, "Взнос на капитальный ремонт", 2, "м²", 30),
        (2, "Холодное водоснабжение", 1, "м³", 40),
        (3, "Горячее водоснабжение", 1, "м³", 41),
        (4, "Водоотведение", 1, "м³", 42),
        (1, "Электроснабжение", 1, "кВт·ч", 50),
        (6, "Газоснабжение", 1, "м³", 55),
        (5, "Отопление", 1, "Гкал", 60),
        (7, "Обращение с ТКО", 1, "м³", 70),
        (12, "Антенна", 3, "шт.", 80),
        (13, "Домофон", 3, "шт.", 81),
    ]
}

AGENT = Party(
    name="Акционерное общество «Оренбургский биллинговый центр»",
    short_name="АО «Оренбургский биллинговый центр»",
    inn=INN,
    kpp="561001001",
    ogrn=OGRN,
    address="460000, г. Оренбург, ул. Советская, д. 1",
    phone="+73532340000",
    email="abonent@obc.example",
    site="obc.example",
    bank=Bank(
        rules.bank_account_with_key("40702810046000000001", BIK),
        BIK,
        "Оренбургское отделение № 8623 ПАО Сбербанк",
        CORRESPONDENT,
        "г. Оренбург",
    ),
)


def principal(number: int, name: str, full: str = "", **facts: Any) -> Party:
    defaults: dict[str, Any] = {
        "name": full or name,
        "short_name": name,
        "inn": INN,
        "kpp": "561001001",
        "ogrn": OGRN,
        "address": f"4600{number:02}, г. Оренбург, ул. Чкалова, д. {number}",
        "phone": f"+7353225{number:04}",
        "bank": AGENT.bank,
    }
    return Party(**{**defaults, **facts})


PRINCIPALS = {
    1: principal(
        1,
        "ООО «УК «Степной квартал»",
        "Общество с ограниченной ответственностью «УК «Степной квартал»",
        dispatcher_phone="+73532251122",
        email="uk@stepnoy.example",
        site="stepnoy.example",
    ),
    2: principal(2, "ООО «Оренбург Водоканал»"),
    3: principal(3, "ПАО «Т Плюс»", "Публичное акционерное общество «Т Плюс», филиал «Оренбургский»"),
    4: principal(4, "АО «Энергосбыт Волга»"),
    5: principal(5, "ООО «Газпром межрегионгаз Оренбург»"),
    6: principal(6, "ООО «Природа»"),
    7: principal(7, "НО «Фонд модернизации ЖКХ Оренбургской области»"),
    8: principal(8, "ИП Петров П. П. (домофон, антенна)", kpp=""),
}


def charge(contract_id: int, service_id: int, amount: str, **facts: Any) -> Charge:
    numbers = {name: Decimal(facts[name]) for name in ("volume", "tariff", "norm", "multiplier") if name in facts}
    defaults: dict[str, Any] = {
        "kind": Kind.CHARGE,
        "line": 0,
        "for_month": MONTH.first,
        "method": 1,
        "days": 31,
        "unit": SERVICES[service_id].unit,
    }
    return Charge(contract_id, service_id, amount=Decimal(amount), **{**defaults, **facts, **numbers})


CHARGES = (
    charge(1, 8, "1456.60", volume="54.3", tariff="26.825", method=5),
    charge(1, 14, "3.78", volume="0.0815", tariff="46.37", method=2, kind=Kind.COMMON_USE),
    charge(1, 15, "15.94", volume="0.0815", tariff="195.6", method=2, kind=Kind.COMMON_USE),
    charge(1, 16, "71.52", volume="17.1", tariff="4.1824", method=2, kind=Kind.COMMON_USE),
    charge(1, 17, "5.34", volume="0.163", tariff="32.76", method=2, kind=Kind.COMMON_USE),
    charge(1, 11, "211.77", volume="54.3", tariff="3.9", method=5),
    charge(7, 9, "635.31", volume="54.3", tariff="11.7", method=5),
    charge(2, 2, "324.59", volume="7", tariff="46.37", method=1),
    charge(3, 3, "231.85", line=10000, volume="5", tariff="46.37", method=2),
    charge(3, 3, "746.21", line=20000, unit="Гкал", volume="0.29275", tariff="2548.964", method=2),
    charge(3, 3, "489.03", kind=Kind.UPLIFT, method=2, multiplier="1.5"),
    charge(2, 4, "393.12", volume="12", tariff="32.76", method=7),
    charge(4, 1, "471.45", line=1000, volume="101", tariff="4.6678", method=1),
    charge(4, 1, "130.02", line=2000, volume="54", tariff="2.4078", method=1),
    charge(5, 6, "92.34", volume="10.8", tariff="8.55", method=2),
    charge(3, 5, "2361.57", volume="0.926488", tariff="2548.964", method=4),
    charge(6, 7, "345.12", volume="0.5136", tariff="671.96", method=2),
    charge(8, 12, "120.00", volume="1", tariff="120", method=6),
    charge(8, 13, "65.00", volume="1", tariff="65", method=6),
)

DIALS = (
    Dial(
        "Холодная вода",
        "м³",
        "СВК-15-3 18 445102",
        5,
        "санузел",
        previous=Decimal("412"),
        current=Decimal("419"),
        previous_on=date(2026, 9, 22),
        current_on=date(2026, 10, 23),
        usage=Decimal(7),
        verified_until=date(2030, 4, 11),
    ),
    Dial(
        "Электрическая энергия",
        "кВт·ч",
        "011552189903",
        6,
        "щит",
        zone=1,
        zones=2,
        previous=Decimal("18750"),
        current=Decimal("18851"),
        previous_on=date(2026, 9, 22),
        current_on=date(2026, 10, 23),
        usage=Decimal(101),
        verified_until=date(2036, 1, 15),
    ),
    Dial(
        "Электрическая энергия",
        "кВт·ч",
        "011552189903",
        6,
        "щит",
        zone=2,
        zones=2,
        previous=Decimal("9901"),
        current=Decimal("9955"),
        previous_on=date(2026, 9, 22),
        current_on=date(2026, 10, 23),
        usage=Decimal(54),
        verified_until=date(2036, 1, 15),
    ),
)

HOUSE = (
    HouseFact(
        2,
        norm="4,5 м³ на чел.",
        common_norm="0,015 м³ на м²",
        building_volume=Decimal("812.4"),
        premises_volume=Decimal("790.1"),
        common_volume=Decimal("15.2"),
    ),
    HouseFact(
        3,
        norm="3,2 м³ на чел.",
        common_norm="0,015 м³ на м²",
        premises_volume=Decimal("511.7"),
        common_volume=Decimal("15.2"),
    ),
    HouseFact(
        1,
        norm="82 кВт·ч на чел.",
        building_volume=Decimal("14250"),
        premises_volume=Decimal("12810"),
        common_volume=Decimal("1440"),
    ),
    HouseFact(5, norm="0,0219 Гкал на м²", building_volume=Decimal("52.113"), premises_volume=Decimal("52.113")),
)


HISTORY = tuple(
    (Month(date(2025 + (10 + n) // 12, (10 + n) % 12 + 1, 1)), Decimal(amount))
    for n, amount in enumerate(
        ("7210.15", "9480.02", "10112.40", "9876.11", "8404.90", "6120.00", "4310.55", "4102.77", "4377.10", "4512.00",
         "6015.66", "8135.73")
    )
)  # fmt: skip
LINKS = {
    "why": "https://lk.obc.example/why/560000010-202610-1",
    "check": "https://lk.obc.example/d/560000010-202610-1.Zk3xQ9bTf2Lw",
}
MESSAGES = (
    {"title": "Передайте показания до 25-го числа", "text": "В кабинете, по телефону или в талоне."},
    {
        "title": "С ноября отопление по показаниям",
        "text": "В вашем доме введён общедомовой прибор учёта тепла. Плата за отопление считается по его показаниям, "
        "без двенадцати равных долей.",
    },
)


def balances(
    charges: tuple[Charge, ...], opening: dict[tuple[int, int], str], paid: dict[tuple[int, int], str]
) -> tuple[Balance, ...]:
    """The state of each contract × service that the charges and payments make."""
    keys = list(dict.fromkeys([*[(c.contract_id, c.service_id) for c in charges], *opening, *paid]))
    made = []
    for key in keys:
        began, went = Decimal(opening.get(key, "0.00")), Decimal(paid.get(key, "0.00"))
        charged = sum((c.amount for c in charges if (c.contract_id, c.service_id) == key), Decimal("0.00"))
        made.append(Balance(*key, opening=began, paid=went, closing=began + charged - went))
    return tuple(made)


def facts(
    *,
    charges: tuple[Charge, ...] = CHARGES,
    opening: dict[tuple[int, int], str] | None = None,
    paid: dict[tuple[int, int], str] | None = None,
    **others: Any,
) -> Facts:
    """A flat in October 2026. opening, paid: roubles by (contract, service)."""
    whole = Facts(
        number=f"{ACCOUNT}-202610-1",
        month=MONTH,
        issue=1,
        issued_on=date(2026, 11, 3),
        due=assemble.due_date(MONTH, 15, act="Закон от 24.06.2025 № 177-ФЗ"),
        account=ACCOUNT,
        unified_number="",
        housing_service_id="",
        document_code="482917",
        payer=Payer("Иванова Мария Петровна", ("Иванова", "Мария", "Петровна")),
        postcode="460000",
        town="г. Оренбург, Оренбургская обл.",
        street="ул. Чкалова, д. 14/2, кв. 57",
        address="460000, Оренбургская обл., г. Оренбург, ул. Чкалова, д. 14/2, кв. 57",
        agent=AGENT,
        principals=PRINCIPALS,
        services=SERVICES,
        charges=charges,
        balances=balances(charges, opening or {}, paid or {}),
        paid_through=date(2026, 10, 31),
        persons=2,
        total_area=Decimal("54.3"),
        living_area=Decimal("31.8"),
        executor_contract_id=1,
        meters=DIALS,
        house=HOUSE,
        history=HISTORY,
        messages=MESSAGES,
        **LINKS,
    )
    return replace(whole, **others)


def debtor() -> Facts:
    """Debt for earlier months, penalties, a recalculation, a benefit, sixteen services and more."""
    extra = (
        charge(3, 5, "-312.40", kind=Kind.RECALCULATION, line=1, for_month=date(2026, 9, 1)),
        charge(1, 8, "-145.66", kind=Kind.BENEFIT),
        charge(1, 8, "18.22", kind=Kind.PENALTY, method=9),
        charge(3, 5, "24.91", kind=Kind.PENALTY, method=9),
        charge(1, 10, "380.10", volume="54.3", tariff="7", method=5),
    )
    charges = (*CHARGES, *extra)
    opening = {(1, 8): "1456.60", (3, 5): "4723.14", (2, 2): "278.22", (4, 1): "590.11"}
    paid = {(1, 8): "1000.00", (2, 2): "278.22", (4, 1): "590.11"}
    bases = (
        Basis(
            5, "перерасчёт за сентябрь 2026: отопление включено 28 сентября, акт № 14 от 29.09.2026", Decimal("-312.40")
        ),
    )
    return facts(
        charges=charges,
        opening=opening,
        paid=paid,
        bases=bases,
        last_paid_on=date(2026, 10, 14),
        last_paid=Decimal("1868.33"),
    )


def advance() -> Facts:
    """Nothing to pay: money was paid ahead."""
    opening = {(0, 0): "-12000.00"}
    return facts(opening=opening)


def communal_room() -> Facts:
    """A room of a communal flat with a long address and several owners."""
    return facts(
        payer=Payer(
            "Константинопольская-Преображенская Александра Вениаминовна",
            ("Константинопольская-Преображенская", "Александра", "Вениаминовна"),
            is_tenant=True,
        ),
        street="проезд имени Героя Советского Союза Северина Костюкова, д. 112, корп. 3, кв. 57, ком. 4",
        address=(
            "460000, Оренбургская обл., г. Оренбург, проезд имени Героя Советского Союза Северина Костюкова, "
            "д. 112, корп. 3, кв. 57, ком. 4"
        ),
        owners=("Муниципальное образование «город Оренбург»",),
        total_area=Decimal("18.4"),
        living_area=Decimal("14.2"),
        persons=1,
        temporary=2,
    )


def organisation() -> Facts:
    """A legal entity in a basement, with millions."""
    charges = (
        charge(1, 8, "36214.50", volume="1350", tariff="26.825", method=5),
        charge(4, 1, "1248310.77", volume="178330.1", tariff="7", method=1),
        charge(3, 5, "58712.11", volume="23.0338", tariff="2548.964", method=4),
    )
    return facts(
        charges=charges,
        payer=Payer(
            "Общество с ограниченной ответственностью «Торгово-производственная компания «Оренбургский пуховый платок»",
            inn=INN,
            is_organisation=True,
        ),
        opening={(4, 1): "2310455.09"},
        paid={(4, 1): "2000000.00"},
        persons=0,
        street="ул. Чкалова, д. 14/2, пом. 3Н",
        meters=(),
    )


def large() -> Facts:
    """The debtor, who asked for large type."""
    return replace(debtor(), large=True)


def capital() -> Facts:
    """The contribution to capital repair on a paper of its own."""
    whole = facts()
    return assemble.apart(whole, capital=True, number=f"{whole.number}-9")


def old_debt() -> Facts:
    """A document of debts alone."""
    return facts(
        charges=(charge(3, 5, "124.91", kind=Kind.PENALTY, method=9),),
        opening={(1, 8): "1456.60", (3, 5): "4723.14"},
        kind=2,
        meters=(),
        house=(),
        history=(),
        number=f"{ACCOUNT}-202610-D1",
        bases=(
            Basis(8, "долг за сентябрь 2026", Decimal("1456.60")),
            Basis(5, "долг за август – сентябрь 2026", Decimal("4723.14")),
        ),
        messages=({"title": "Если долг не погасить", "text": "Подача воды и света может быть ограничена. " * 4},),
    )


def nothing() -> Facts:
    """A month without charges, debts or a year behind it."""
    return facts(charges=(), history=())
