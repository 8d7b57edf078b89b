"""A figure of the cabinet found again by its key: whose it is, what stands in its row. Only reads.

Keys: charge «number:month:line», charges and turnover «month:house:service:contract» or «month:@number:contract»,
payment and remittance their ids. Contracts come from the visitor: a stranger's figure is not found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.http import Http404

import payments.queries
import payments.tracing
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import total
from accounts.queries import AgencyContract, User
from portals import access
from portals import queries as portal_queries
from portals.models import FigureKind
from portals.operations.disputes import Figure
from portals.principal import queries

TURNOVER = {
    "opening": "На начало", "charged": "Начислено", "recalculated": "Перерасчёты", "benefits": "Льготы",
    "penalty": "Пени", "paid": "Оплачено", "closing": "На конец",
}  # fmt: skip
CHARGES = {
    "charged": "Начислено", "uplift": "Повышающий коэффициент", "common": "На общее имущество",
    "recalculated": "Перерасчёты", "benefits": "Льготы", "penalty": "Пени", "amount": "Всего",
}  # fmt: skip
REMITTANCE = {
    "gross": "Получено", "returns": "Возвраты", "commission": "Вознаграждение", "vat": "НДС",
    "carried_in": "Перенос с прошлого", "net": "Перечислено", "carried_out": "Перенос дальше",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """The row in which the figure stands; cells: column, heading, roubles. `main`: the column meant by default."""

    kind: str
    key: str
    title: str
    contract_id: int
    account_id: int | None
    cells: tuple[tuple[str, str, Decimal], ...]
    main: str

    def figure(self, name: str) -> Figure:
        """The figure of that column; 404 for one that is not in the row."""
        for code, heading, amount in self.cells:
            if code == name:
                return Figure(
                    self.kind, self.key, name, f"{self.title}: {heading.lower()}", amount, self.contract_id,
                    self.account_id,
                )  # fmt: skip
        raise Http404("Такой графы в строке нет.")


def row_of(user: User, kind: str, key: str) -> Row:
    """The row of the key, as the user sees it today; 404 where he sees none."""
    found = KINDS.get(kind)
    if found is None:
        raise Http404("Такой цифры нет.")
    try:
        return found(user, key)
    except (ValueError, IndexError, Refusal, OverflowError):
        raise Http404("Такой цифры нет.") from None


def _own(user: User, wanted: str) -> AgencyContract:
    return access.get_contract_for(user, int(wanted)) if wanted.isdecimal() and len(wanted) < 19 else _none()


def _none() -> AgencyContract:
    raise Http404("Такой цифры нет.")


def _charge(user: User, key: str) -> Row:
    number, month, line = key.split(":")
    account = access.get_supplied_account_for(user, number)
    contract = _own(user, line.partition("-")[0])
    bill = portal_queries.month_bill(account.pk, Month.parse(month), contract_ids=[contract.pk])
    row = next((one for one in bill.rows if one.key == line), None)
    if row is None:
        raise Http404("Такой строки начисления нет.")
    title = f"Счёт {account.number}, {row.title}, {bill.month.title}"
    return Row(FigureKind.CHARGE, key, title, contract.pk, account.pk, (("amount", "Начислено", row.amount),), "amount")


def _cells(row: object, names: dict[str, str]) -> tuple[tuple[str, str, Decimal], ...]:
    return tuple((name, heading, getattr(row, name)) for name, heading in names.items())


def _turnover(user: User, key: str) -> Row:
    month, place, *rest = key.split(":")
    if place.startswith("@"):
        return _account(user, key, month, place[1:], rest)
    service, contract = int(rest[0]), _own(user, rest[1])
    rows = payments.queries.turnover(contract_ids=[contract.pk], month=Month.parse(month))
    row = next((one for one in rows if one.house_id == int(place) and one.service_id == service), None)
    if row is None:
        raise Http404("Такой строки оборотов нет.")
    title = f"Обороты за {Month.parse(month).title}, {row.address}, {row.service_name}"
    return Row(FigureKind.TURNOVER, key, title, contract.pk, None, _cells(row, TURNOVER), "closing")


def _account(user: User, key: str, month: str, number: str, rest: Sequence[str]) -> Row:
    account, contract = access.get_supplied_account_for(user, number), _own(user, rest[0])
    rows = queries.own_rows(
        payments.queries.statement_rows(account_id=account.pk, month=Month.parse(month)), [contract.pk]
    )
    if not rows:
        raise Http404("Такой строки оборотов нет.")
    sums = queries.summed(rows)
    cells = tuple((name, heading, sums[name]) for name, heading in TURNOVER.items())
    title = f"Обороты за {Month.parse(month).title}, счёт {account.number}"
    return Row(FigureKind.TURNOVER, key, title, contract.pk, account.pk, cells, "closing")


def _charges(user: User, key: str) -> Row:
    month, house, service, wanted = key.split(":")
    contract, place = _own(user, wanted), int(house)
    sheet = queries.charges([contract.pk], Month.parse(month))
    rows = [row for group in sheet.groups if group.house_id == place for row in group.rows]
    row = next((one for one in rows if one.service_id == int(service)), None)
    if row is None:
        raise Http404("Такой строки начислений нет.")
    title = f"Начисления за {Month.parse(month).title}, {row.address}, {row.service_name}"
    return Row(FigureKind.CHARGES, key, title, contract.pk, None, _cells(row, CHARGES), "amount")


def _payment(user: User, key: str) -> Row:
    own = list(access.contracts_for(user).values_list("pk", flat=True))
    trace = payments.tracing.payment_trace(int(key), contract_ids=own)
    if trace is None:
        raise Http404("Такого платежа нет.")
    steps = [part.step.part for part in trace.parts]
    contract = next(step.contract_id for step in steps if step.contract_id in own)
    amount = total(step.amount for step in steps if step.contract_id == contract)
    title = f"Платёж от {trace.payment.paid_on:%d.%m.%Y} по счёту {trace.payment.account_number}"
    return Row(
        FigureKind.PAYMENT, key, title, contract or 0, None, (("amount", "Отнесено на договор", amount),), "amount"
    )  # fmt: skip


def _remittance(user: User, key: str) -> Row:
    row = access.get_remittance_for(user, int(key))
    title = f"Перечисление № {row.number or 'без поручения'} за {row.day:%d.%m.%Y}"
    return Row(FigureKind.REMITTANCE, key, title, row.contract_id, None, _cells(row, REMITTANCE), "net")


KINDS = {
    FigureKind.CHARGE.value: _charge, FigureKind.CHARGES.value: _charges, FigureKind.TURNOVER.value: _turnover,
    FigureKind.PAYMENT.value: _payment, FigureKind.REMITTANCE.value: _remittance,
}  # fmt: skip
