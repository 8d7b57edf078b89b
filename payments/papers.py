"""Papers of settlements with their figures: the agent's report and act, reconciliation statements. Only reads.

Everything a paper says stands in its payload, so that an issued paper is printed again exactly as it was.
Balance rules: opening + charged ± … − paid = closing; opening + received − returned − fee − VAT − remitted = closing.
Source: domain/payments.md, 8–10; ст. 1008 ГК РФ (отчёт агента).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from num2words import num2words

from accounts import queries as accounts_queries
from accounts.calendar import ONE_DAY, Month
from accounts.errors import Refusal
from accounts.money import ZERO, total
from accounts.queries import AgencyContract, Organisation, OrganisationKind, PersonalAccount
from payments import queries
from payments.models import PaperKind, Remittance, SettlementPaper

OBJECTION_DAYS = 30  # ст. 1008 п. 3 ГК: не сообщил возражений в 30 дней — отчёт принят
LONGEST_MONTHS = 36
TEXT, MONEY, DAY = "text", "money", "day"
OWN = 5  # ChannelKind.PRINCIPAL: never passes through the agent


class PaperRefused(Refusal):
    """The paper would say what is not so."""


@dataclass(frozen=True, slots=True)
class Section:
    """A table of a paper. columns: heading and kind of each; totals: of its money columns, under the rows."""

    title: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str = ""
    has_total: bool = True

    @property
    def totals(self) -> list[Any]:
        return [
            total(row[place] for row in self.rows) if kind == MONEY else None
            for place, (_, kind) in enumerate(self.columns)
        ]

    def as_stored(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "note": self.note,
            "columns": [list(column) for column in self.columns],
            "rows": [[_stored(value) for value in row] for row in self.rows],
            "totals": [_stored(value) for value in self.totals] if self.has_total and self.rows else None,
        }


def _stored(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date) else value


@dataclass(frozen=True, slots=True)
class Settled:
    """The agent's debt to the principal over days [since, until); roubles, plus: the agent owes.

    opening + received − returned − commission − vat − remitted = closing. What is withheld and remitted belongs to the
    day of its remittance.
    """

    opening: Decimal
    received: Decimal
    returned: Decimal
    commission: Decimal
    vat: Decimal
    remitted: Decimal

    @property
    def closing(self) -> Decimal:
        return self.opening + self.received - self.returned - self.commission - self.vat - self.remitted


ALLOCATED = """
    SELECT {columns} FROM payments_allocation AS a
    JOIN payments_payment AS payment ON payment.id = a.payment_id
    JOIN payments_channel AS channel ON channel.code = payment.channel_id
    WHERE a.contract_id = %(contract)s AND a.day >= %(since)s AND a.day < %(until)s {rest}
"""
PLUS = "coalesce(sum(a.amount) FILTER (WHERE a.amount > 0), 0.00)"
MINUS = "coalesce(-sum(a.amount) FILTER (WHERE a.amount < 0), 0.00)"


def _allocated(columns: str, contract_id: int, since: date, until: date, rest: str = "") -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        params: dict[str, Any] = {"contract": contract_id, "since": since, "until": until, "own": OWN}
        cursor.execute(ALLOCATED.format(columns=columns, rest=rest), params)
        return cursor.fetchall()


def agents_debt(contract_id: int, day: date) -> Decimal:
    """What the agent holds for the principal at the start of the day; negative where the principal owes."""
    last = Remittance.objects.filter(contract_id=contract_id, day__lt=day).order_by("-day", "-pk").first()
    since = last.day + ONE_DAY if last else date(1900, 1, 1)
    (waiting,) = _allocated("coalesce(sum(a.amount), 0.00)", contract_id, since, day, "AND channel.kind <> %(own)s")[0]
    return waiting + (last.carried_out if last else ZERO)  # type: ignore[no-any-return]


def settled(contract_id: int, since: date, until: date) -> Settled:
    """The settlements of the agent with the principal over the days."""
    ((plus, minus),) = _allocated(f"{PLUS}, {MINUS}", contract_id, since, until, "AND channel.kind <> %(own)s")
    paid = _remitted(contract_id, since, until)
    return Settled(
        opening=agents_debt(contract_id, since),
        received=plus,
        returned=minus,
        commission=total(row.commission for row in paid),
        vat=total(row.vat for row in paid),
        remitted=total(row.net for row in paid),
    )


def _remitted(contract_id: int, since: date, until: date) -> list[Remittance]:
    found = Remittance.objects.filter(contract_id=contract_id, day__gte=since, day__lt=until)
    return list(found.order_by("day", "pk"))


def _by_day(paid: Iterable[Remittance]) -> list[tuple[Any, ...]]:
    """Day, orders, roubles received, returned, withheld, VAT, remitted, day of execution: a row a day.

    Cash and other money of a day are two orders; the day is executed when the last of them is.
    """
    told: list[tuple[Any, ...]] = []
    for day, group in groupby(paid, key=lambda row: row.day):
        rows = list(group)
        orders = [row for row in rows if row.number]
        executed = [row.confirmed_on for row in orders if row.confirmed_on is not None]
        sums = (total(getattr(row, name) for row in rows) for name in ("gross", "returns", "commission", "vat", "net"))
        numbers = f"№ {', '.join(row.number for row in orders)}" if orders else "—"
        told.append((day, numbers, *sums, max(executed) if orders and len(executed) == len(orders) else None))
    return told


def payload(
    *,
    kind: int,
    contract_id: int | None = None,
    account_id: int | None = None,
    first: Month,
    last: Month,
) -> dict[str, Any]:
    """What the paper says of the months [first, last]. Raises PaperRefused where there is nobody to write it of."""
    if last < first:
        raise PaperRefused("Конец периода раньше начала.", field="last")
    if last - first >= LONGEST_MONTHS:
        raise PaperRefused(f"Документ составляют не больше чем за {LONGEST_MONTHS} месяцев.", field="first")
    if kind == PaperKind.PAYER:
        if account_id is None:
            raise PaperRefused("Назовите лицевой счёт: сверка составляется с его плательщиком.", field="account")
        return _payer(PersonalAccount.objects.select_related("house", "premises").get(pk=account_id), first, last)
    if contract_id is None:
        raise PaperRefused("Назовите договор: документ составляется с его принципалом.", field="contract")
    contract = AgencyContract.objects.select_related("principal").get(pk=contract_id)
    make = {PaperKind.REPORT: _report, PaperKind.ACT: _act, PaperKind.PRINCIPAL: _principal}[PaperKind(kind)]
    return make(contract, first, last)


def _span(first: Month, last: Month) -> str:
    return f"за {first.title}" if first == last else f"с {first.first:%d.%m.%Y} по {last.last:%d.%m.%Y}"


def _agent() -> Organisation:
    found: Organisation | None = Organisation.objects.filter(kind=OrganisationKind.AGENT).first()
    if found is None:
        raise PaperRefused("Не заведена организация-агент: документ выпускается от её имени.")
    return found


def _named(organisation: Organisation) -> str:
    kpp = f", КПП {organisation.kpp}" if organisation.kpp else ""
    return f"{organisation.short_name}, ИНН {organisation.inn}{kpp}"


def _between(contract: AgencyContract) -> list[list[str]]:
    return [
        ["Агент", _named(_agent())],
        ["Принципал", _named(contract.principal)],
        ["Договор", f"№ {contract.number} от {contract.signed_on:%d.%m.%Y}"],
    ]


def _fees(paid: Iterable[Remittance]) -> list[tuple[Any, ...]]:
    """Lines of the fee: rate in words, base, fee without VAT, VAT rate, VAT, whole; withheld ones first."""
    sums: dict[tuple[bool, str, str], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO, ZERO])
    for row in paid:
        for line in row.arithmetic:
            fee, vat = Decimal(line["fee"]), Decimal(line["vat"])
            if not fee and not vat and not Decimal(line["percent"]):
                continue
            kept = sums[not line["is_withheld"], line["percent"], line["vat_rate"]]
            kept[0] += Decimal(line["received"]) - Decimal(line["returned"])
            kept[1] += fee
            kept[2] += vat
    return [
        (
            f"{_percent(percent)} от собранного" + (", выставляется счётом" if is_invoiced else ", удержано"),
            base, fee, _percent(rate) if vat else "без НДС", vat, fee + vat,
        )
        for (is_invoiced, percent, rate), (base, fee, vat) in sorted(sums.items())
    ]  # fmt: skip


def _percent(text: str) -> str:
    return f"{Decimal(text).normalize():f} %".replace(".", ",")


FEE_COLUMNS = (
    ("Вознаграждение", TEXT), ("База", MONEY), ("Сумма без НДС", MONEY), ("НДС", TEXT), ("Сумма НДС", MONEY),
    ("Всего", MONEY),
)  # fmt: skip
TURNOVER = ("opening", "charged", "recalculated", "benefits", "penalty", "paid", "closing")
TURNOVER_COLUMNS = tuple(
    (title, MONEY) for title in ("На начало", "Начислено", "Перерасчёты", "Льготы", "Пени", "Оплачено", "На конец")
)


def _turnover(contract_id: int, first: Month, last: Month, *, by_house: bool) -> list[tuple[Any, ...]]:
    """Name (service or house), opening of the first month, movements of all, closing of the last."""
    sums: dict[str, dict[str, Decimal]] = {}
    for month in Month.range(first, last):
        for row in queries.turnover(contract_ids=[contract_id], month=month, by_house=by_house):
            name = row.address if by_house else row.service_name
            kept = sums.setdefault(name, dict.fromkeys(TURNOVER, ZERO))
            for field in TURNOVER[1:-1]:
                kept[field] += getattr(row, field)
            if month == first:
                kept["opening"] += row.opening
    for kept in sums.values():
        kept["closing"] = total(kept[name] for name in TURNOVER[:-2]) - kept["paid"]
    return [(name, *(kept[field] for field in TURNOVER)) for name, kept in sums.items()]


def _report(contract: AgencyContract, first: Month, last: Month) -> dict[str, Any]:
    since, until = first.first, last.next.first
    by_channel = _allocated(
        f"channel.name, channel.kind = %(own)s, count(DISTINCT a.payment_id), {PLUS}, {MINUS}",
        contract.pk, since, until, "GROUP BY 1, 2 ORDER BY 2, 1",
    )  # fmt: skip
    paid = _remitted(contract.pk, since, until)
    money = settled(contract.pk, since, until)
    fees = _fees(paid)
    sections = [
        Section(
            "Задолженность потребителей по услугам",
            (("Услуга", TEXT), *TURNOVER_COLUMNS),
            tuple(_turnover(contract.pk, first, last, by_house=False)),
            "На начало + начислено + перерасчёты + льготы + пени − оплачено = на конец.",
        ),
        Section(
            "Поступления по каналам",
            (("Канал", TEXT), ("Платежей", TEXT), ("Получено", MONEY), ("Возвращено", MONEY), ("Всего", MONEY)),
            tuple(
                (f"{name} (принято принципалом)" if own else name, count, plus, minus, plus - minus)
                for name, own, count, plus, minus in by_channel
            ),
        ),
        Section(
            "Перечислено принципалу",
            (("За дни по", DAY), ("Поручение", TEXT), ("Получено", MONEY), ("Возвраты", MONEY), ("Удержано", MONEY),
             ("НДС", MONEY), ("Перечислено", MONEY), ("Исполнено", DAY)),
            tuple(_by_day(paid)),
        ),
        Section("Вознаграждение агента", FEE_COLUMNS, tuple(fees)),
        Section("Расчёты агента с принципалом", (("Показатель", TEXT), ("Сумма", MONEY)), tuple(_lines(money)),
                has_total=False),
        Section("Приложение. Дома", (("Дом", TEXT), *TURNOVER_COLUMNS),
                tuple(_turnover(contract.pk, first, last, by_house=True))),
    ]  # fmt: skip
    return {
        "title": "Отчёт агента",
        "span": _span(first, last),
        "parties": _between(contract),
        "sections": [section.as_stored() for section in sections],
        "words": [
            f"Возражения по отчёту принципал сообщает в течение {OBJECTION_DAYS} дней со дня его получения, иначе "
            "отчёт считается принятым (ст. 1008 п. 3 ГК РФ)."
        ],
        "sides": ["Агент", "Принципал"],
    }


def _lines(money: Settled) -> list[tuple[str, Decimal]]:
    return [
        ("Долг агента перед принципалом на начало", money.opening),
        ("Получено от плательщиков", money.received),
        ("Возвращено плательщикам", -money.returned),
        ("Удержано вознаграждение", -money.commission),
        ("НДС с вознаграждения", -money.vat),
        ("Перечислено", -money.remitted),
        ("Долг агента перед принципалом на конец", money.closing),
    ]


def in_words(amount: Decimal) -> str:
    """«Сто рублей 05 копеек» in full."""
    text: str = num2words(amount, lang="ru", to="currency", currency="RUB", separator=" ", cents=False)
    text = " ".join(text.split())
    return text[:1].upper() + text[1:]


def _act(contract: AgencyContract, first: Month, last: Month) -> dict[str, Any]:
    fees = _fees(_remitted(contract.pk, first.first, last.next.first))
    whole, vat = total(row[5] for row in fees), total(row[4] for row in fees)
    section = Section("Оказано услуг", FEE_COLUMNS, tuple(fees), "Приём, разнесение и перечисление платежей населения.")
    ends = f"в том числе НДС {_money(vat)}" if vat else "НДС не облагается"
    return {
        "title": "Акт об оказании услуг агента",
        "span": _span(first, last),
        "parties": _between(contract),
        "sections": [section.as_stored()],
        "words": [
            f"Всего оказано услуг на сумму {_money(whole)} ({in_words(whole)}), {ends}.",
            "Услуги оказаны полностью и в срок. Принципал претензий по объёму, качеству и срокам не имеет.",
        ],
        "sides": ["Агент", "Принципал"],
    }


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f} ₽".replace(",", "\N{NO-BREAK SPACE}").replace(".", ",")


BOTH = (("Дата", DAY), ("Документ", TEXT), ("Дебет", MONEY), ("Кредит", MONEY))


def _both_sides(
    title: str, rows: Sequence[tuple[date, str, Decimal, Decimal]], opening: Decimal, closing: Decimal, day: date,
    end: date,
) -> Section:  # fmt: skip
    """The agent's columns with the balance before and after; plus is debit."""
    first = (day, "Сальдо на начало", max(opening, ZERO), max(-opening, ZERO))
    last = (end, "Сальдо на конец", max(closing, ZERO), max(-closing, ZERO))
    turns = (end, "Обороты за период", total(row[2] for row in rows), total(row[3] for row in rows))
    return Section(title, BOTH, (first, *rows, turns, last), has_total=False)


def _principal(contract: AgencyContract, first: Month, last: Month) -> dict[str, Any]:
    """By the agent's books: what came for the principal is credit, what was withheld and paid is debit."""
    since, until = first.first, last.next.first
    came = _allocated(
        f"a.day, {PLUS}, {MINUS}", contract.pk, since, until, "AND channel.kind <> %(own)s GROUP BY 1 ORDER BY 1"
    )
    rows: list[tuple[date, str, Decimal, Decimal]] = []
    for day, plus, minus in came:
        if plus:
            rows.append((day, "Получено от плательщиков", ZERO, plus))
        if minus:
            rows.append((day, "Возвращено плательщикам", minus, ZERO))
    for row in _remitted(contract.pk, since, until):
        for text, amount in (("Удержано вознаграждение", row.commission), ("НДС с вознаграждения", row.vat)):
            if amount:
                rows.append((row.day, text, max(amount, ZERO), max(-amount, ZERO)))
        if row.net:
            done = f", исполнено {row.confirmed_on:%d.%m.%Y}" if row.confirmed_on else ""
            text = f"Перечислено, поручение № {row.number}{done}" if row.number else "Осталось у агента, без поручения"
            rows.append((row.day, text, row.net, ZERO))
    rows.sort(key=lambda line: line[0])
    money = settled(contract.pk, since, until)
    section = _both_sides(
        f"По данным агента, {_agent().short_name}", rows, -money.opening, -money.closing, since, last.last
    )
    return {
        "title": "Акт сверки взаимных расчётов",
        "span": _span(first, last),
        "parties": _between(contract),
        "sections": [section.as_stored()],
        "words": [_outcome(-money.closing, last.last, _agent().short_name, contract.principal.short_name)],
        "sides": ["Агент", "Принципал"],
        "is_two_sided": True,
    }


def _outcome(closing: Decimal, day: date, ours: str, theirs: str) -> str:
    """closing: plus is their debt to us."""
    if not closing:
        return f"На {day:%d.%m.%Y} задолженность отсутствует."
    owes, whom = (theirs, ours) if closing > 0 else (ours, theirs)
    amount = abs(closing)
    return f"На {day:%d.%m.%Y} задолженность {owes} в пользу {whom} составляет {_money(amount)} ({in_words(amount)})."


CHARGED = f"""
    SELECT c.month, sum(c.amount) FROM {queries.INK}
    WHERE c.account_id = %(account)s AND c.month >= %(since)s AND c.month < %(until)s AND {queries.NOT_HELD}
    GROUP BY 1 ORDER BY 1
"""
PAID = """
    SELECT a.day, payment.paid_on, channel.name, sum(a.amount)
    FROM payments_allocation AS a JOIN payments_payment AS payment ON payment.id = a.payment_id
    JOIN payments_channel AS channel ON channel.code = payment.channel_id
    WHERE a.account_id = %(account)s AND a.day >= %(since)s AND a.day < %(until)s
    GROUP BY 1, 2, 3, a.payment_id HAVING sum(a.amount) <> 0 ORDER BY 1, 2
"""


def _payer(account: PersonalAccount, first: Month, last: Month) -> dict[str, Any]:
    """Charges (debit) on the last day of their month, payments (credit) on their operating day, all principals."""
    since, until = first.first, last.next.first
    opening = queries.balance(account_id=account.pk, on=since)
    rows: list[tuple[date, str, Decimal, Decimal]] = []
    with connection.cursor() as cursor:
        params: dict[str, Any] = {"account": account.pk, "since": since, "until": until}
        cursor.execute(CHARGED, params)
        for day, amount in cursor.fetchall():
            month = Month(day)
            text = f"Начислено за {month.title}"
            rows.append((month.last, text, max(amount, ZERO), max(-amount, ZERO)))
        cursor.execute(PAID, params)
        for day, paid_on, channel, amount in cursor.fetchall():
            text = f"{'Оплата' if amount > 0 else 'Возврат оплаты'} от {paid_on:%d.%m.%Y}, {channel}"
            rows.append((day, text, max(-amount, ZERO), max(amount, ZERO)))
    rows.sort(key=lambda line: line[0])
    closing = opening + total(row[2] for row in rows) - total(row[3] for row in rows)
    payer = accounts_queries.payer_of(account)
    agent = _agent()
    section = _both_sides(f"По данным {agent.short_name}", rows, opening, closing, since, last.last)
    return {
        "title": "Акт сверки расчётов с плательщиком",
        "span": _span(first, last),
        "parties": [
            ["Агент", _named(agent)],
            ["Плательщик", payer],
            ["Лицевой счёт", f"{account.number}, {accounts_queries.address_of(account.house, account.premises)}"],
        ],
        "sections": [section.as_stored()],
        "words": [_outcome(closing, last.last, agent.short_name, payer)],
        "sides": ["Агент", "Плательщик"],
        "is_two_sided": True,
    }


# --- what was issued --------------------------------------------------------------------------------------------------


def is_contract(pk: int) -> bool:
    """Is there such a contract to write a paper of?"""
    return AgencyContract.objects.filter(pk=pk).exists()


def is_account(pk: int) -> bool:
    """Is there such an account to reconcile?"""
    return PersonalAccount.objects.filter(pk=pk).exists()


def contracts() -> list[AgencyContract]:
    """All contracts with their principals, by name."""
    return list(AgencyContract.objects.select_related("principal").order_by("principal__short_name", "number"))


def issued() -> QuerySet[SettlementPaper]:
    """Issued papers, the newest first, without their figures."""
    found = SettlementPaper.objects.defer("payload").select_related("contract__principal", "account", "issued_by")
    return found.order_by("-issued_on", "-pk")


def paper_of(pk: int) -> SettlementPaper | None:
    """One issued paper with its figures."""
    found: SettlementPaper | None = SettlementPaper.objects.filter(pk=pk).first()
    return found


def papers_of(*, contract_ids: Collection[int], limit: int = 100) -> list[SettlementPaper]:
    """Issued papers of the contracts, the newest first, without their figures. One statement."""
    found = SettlementPaper.objects.filter(contract_id__in=contract_ids).defer("payload")
    return list(found.select_related("contract__principal").order_by("-issued_on", "-pk")[:limit])


def papers_of_account(account_id: int) -> list[SettlementPaper]:
    """Issued reconciliation statements of the account, the newest first."""
    found = SettlementPaper.objects.filter(account_id=account_id).defer("payload")
    return list(found.order_by("-issued_on", "-pk"))
