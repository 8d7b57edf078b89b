"""Winners and losers of other prices or norms: `what_if 2026-10 --tariff 2=39.50 --norm 3:1=3.8`."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import CommandParser

from accounts import commands
from accounts.calendar import Month
from accounts.errors import Refusal
from billing import queries
from billing.explanation import roubles

TARIFF = "УСЛУГА[:КОМПОНЕНТ[:ЗОНА[:ДИАПАЗОН]]][@ДОГОВОР]=ЦЕНА"
NORM = "УСЛУГА[:ОСНОВАНИЕ[:ГРУППА]]=ЗНАЧЕНИЕ"


def numbers(text: str, shape: str, most: int) -> tuple[list[int], int | None, Decimal]:
    """«3:1@7=49,19» as [3, 1], 7 and 49.19."""
    left, found, right = text.partition("=")
    keys, _, contract = left.partition("@")
    try:
        parts = [int(part) for part in keys.split(":")]
        value = Decimal(right.replace(",", "."))
        if not found or len(parts) > most or value < 0 or not value.is_finite():
            raise ValueError
        return parts, int(contract) if contract else None, value
    except (ValueError, InvalidOperation):
        raise Refusal(f"«{text}» не понято. Напишите так: {shape}, например 2=39.50.") from None


class Command(commands.Command):
    help = "Что будет при других тарифах или нормативах: кто выиграет, кто проиграет. Ничего не записывает."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", type=commands.month, help="месяц, например 2026-10")
        parser.add_argument("--tariff", action="append", default=[], help=TARIFF)
        parser.add_argument("--norm", action="append", default=[], help=f"{NORM}; основание 1: на человека в месяц")
        scope = parser.add_mutually_exclusive_group()
        scope.add_argument("--account", help="номер лицевого счёта")
        scope.add_argument("--house", type=commands.whole, action="append", help="номер дома в системе")

    def handle(
        self,
        *,
        month: Month,
        tariff: list[str],
        norm: list[str],
        account: str | None,
        house: list[int] | None,
        **_: Any,
    ) -> None:
        if not tariff and not norm:
            raise Refusal(f"Назовите проект: --tariff {TARIFF} или --norm {NORM}.")
        prices = []
        for text in tariff:
            (service, component, zone, part), contract, price = _padded(numbers(text, TARIFF, 4), [0, 0, 0, 0])
            prices.append(
                queries.DraftTariff(
                    service_id=service,
                    price=price,
                    contract_id=contract,
                    component=component,
                    zone=zone,
                    range=part,
                )
            )
        norms = []
        for text in norm:
            (service, basis, group), _contract, value = _padded(numbers(text, NORM, 3), [0, 1, 0])
            norms.append(queries.DraftNorm(service_id=service, value=value, basis=basis, scope=group))
        ids = [commands.account_of(account).pk] if account else None
        told = queries.what_if(month, tariffs=prices, norms=norms, house_ids=house, account_ids=ids)
        write = self.stdout.write
        write(
            f"{month.title.capitalize()}: счетов {told.accounts}, было {roubles(told.before)},"
            f" стало {roubles(told.after)}."
        )
        write(
            f"Платят меньше: {told.winners}, на {roubles(told.saved)}."
            f" Больше: {told.losers}, на {roubles(told.paid_more)}."
        )
        for row in told.services:
            if row.before != row.after:
                write(f"  {row.service_name}: {roubles(row.before)} → {roubles(row.after)}")
        for one in told.extremes:
            write(f"  счёт {one.account_number}: {roubles(one.before)} → {roubles(one.after)}")


def _padded(said: tuple[list[int], int | None, Decimal], usual: list[int]) -> tuple[list[int], int | None, Decimal]:
    parts, contract, value = said
    return [*parts, *usual[len(parts) :]], contract, value
