"""Reports that are ready: definitions under their names, in the order people look for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from accounts.calendar import Month
from portals.reports.definitions import LAST_MONTH, THIS_MONTH, THIS_YEAR, Definition
from portals.reports.lists import LISTS, ListReport

TURNOVER = ("opening", "charged", "recalculated", "benefits", "penalty", "paid", "closing")


@dataclass(frozen=True, slots=True)
class Ready:
    """A report of the catalogue: a grouping, or a list (`listed`)."""

    code: str
    title: str
    about: str
    group: str
    rows: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    columns: str = ""
    period: str = LAST_MONTH
    sort: str = ""
    listed: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def list(self) -> ListReport | None:
        return LISTS[self.listed] if self.listed else None

    def definition(self, today: date) -> Definition:
        """Its definition with the months that its period means today."""
        month = Month.of(today)
        return Definition(
            rows=self.rows, measures=self.measures, columns=self.columns, period=self.period, sort=self.sort,
            filters=dict(self.filters), first=month, last=month,
        ).over(today)  # fmt: skip


BOOKS, CHARGES, MONEY, HOUSES = (
    "Обороты и долги",
    "Начисления и льготы",
    "Оплата и перечисления",
    "Дома, счета, приборы",
)

_all = [
    Ready("turnover", "Оборотная ведомость по домам и услугам", "Сальдо, начислено, оплачено по каждому дому и услуге",
          BOOKS, ("house", "service"), TURNOVER),
    Ready("turnover-accounts", "Оборотная ведомость по лицевым счетам", "ОСВ: строка на каждый счёт",
          BOOKS, ("account",), TURNOVER),
    Ready("turnover-houses", "Оборотная ведомость по домам", "ОСВ: строка на каждый дом", BOOKS, ("house",), TURNOVER),
    Ready("turnover-services", "Оборотная ведомость по услугам", "ОСВ: строка на каждую услугу",
          BOOKS, ("service",), TURNOVER),
    Ready("turnover-suppliers", "Оборотная ведомость по поставщикам", "ОСВ по поставщикам и договорам",
          BOOKS, ("supplier", "contract"), TURNOVER),
    Ready("collection", "Собираемость по домам", "Сколько процентов начисленного оплачено, хуже всех сверху",
          BOOKS, ("house",), ("accrued", "paid", "rate", "closing"), period=THIS_YEAR, sort="rate"),
    Ready("collection-months", "Собираемость по месяцам", "Начислено, оплачено и процент месяц за месяцем",
          BOOKS, ("month",), ("opening", "accrued", "paid", "rate", "closing"), period=THIS_YEAR),
    Ready("debt-age", "Долг по возрасту", "Сколько должны и сколько времени, по домам",
          BOOKS, ("house",), ("debt",), columns="age", period=THIS_MONTH),
    Ready("debtors", "Должники по возрасту долга", "Сколько счетов и какие суммы в каждом возрасте долга",
          BOOKS, ("age",), ("debtors", "debt"), period=THIS_MONTH),
    Ready("charges", "Начисления по услугам", "Начислено, перерасчёты, льготы и пени по услугам",
          CHARGES, ("service",), ("charged", "uplift", "common", "recalculated", "benefits", "penalty", "accrued")),
    Ready("charges-houses", "Начисления домов по услугам", "Дома в строках, услуги в столбцах",
          CHARGES, ("house",), ("accrued",), columns="service"),
    Ready("methods", "Способы расчёта", "По показаниям, по нормативу, по среднему: сколько начислено",
          CHARGES, ("service", "method"), ("charged", "lines")),
    Ready("volumes", "Объёмы и КР на СОИ (ОДН)", "Объём дома, объёмы помещений и баланс общего имущества",
          CHARGES, ("house", "service"), ("house_volume", "volume", "common_volume", "house_balance")),
    Ready("benefits", "Льготы", "Суммы льгот по категориям и услугам", CHARGES, ("benefit", "service"), ("benefits",)),
    Ready("corrections", "Перерасчёты и корректировки", "Документ, основание, кто провёл, сумма", CHARGES,
          listed="corrections"),
    Ready("payments", "Платежи по каналам и дням", "Сколько принято каждый день через каждый канал",
          MONEY, ("day", "channel"), ("paid", "receipts")),
    Ready("channels", "Платежи по каналам", "Доли каналов приёма за месяц", MONEY, ("channel",), ("paid", "receipts")),
    Ready("receipts", "Реестр оплат", "Каждый платёж: день, счёт, канал, сумма", MONEY, listed="receipts"),
    Ready("remittances", "Перечисления", "Получено, вознаграждение, перечислено по дням и договорам",
          MONEY, ("day", "contract", "state"), ("gross", "returns", "commission", "commission_vat", "remitted")),
    Ready("agent", "Отчёт агента", "По договорам: начислено, получено, вознаграждение, перечислено, долг",
          MONEY, ("supplier", "contract"),
          ("opening", "accrued", "paid", "closing", "gross", "commission", "commission_vat", "remitted")),
    Ready("accounts", "Счета, люди и площади", "Сколько счетов, жителей и метров в каждом доме",
          HOUSES, ("house",), ("accounts", "persons", "area", "opened", "closed")),
    Ready("opened-closed", "Открытые и закрытые счета", "Список счетов, открытых и закрытых за период", HOUSES,
          listed="opened-closed"),
    Ready("meters", "Приборы учёта и поверка", "Каждый прибор: поверка, последнее показание", HOUSES,
          period=THIS_MONTH, listed="meters"),
    Ready("lost-readings", "Потерянные показания", "Приборы без показаний: с какого месяца и как начисляется", HOUSES,
          listed="lost-readings"),
]  # fmt: skip
READY: dict[str, Ready] = {one.code: one for one in _all}


def groups() -> list[tuple[str, list[Ready]]]:
    """The catalogue by its headings."""
    found: dict[str, list[Ready]] = {}
    for one in _all:
        found.setdefault(one.group, []).append(one)
    return list(found.items())
