"""The list of accounts: sorting, paging and filters of the supplier's cabinet."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import django_filters
import django_tables2 as tables
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Length
from django.utils.html import format_html

import accounts.queries
from accounts.queries import House, PersonalAccount
from portals.templatetags import cabinet

Accounts = QuerySet[PersonalAccount]


class AccountTable(tables.Table):
    """Accounts with this month's balance under the own contracts (`balances`: account → opening … closing)."""

    number = tables.Column("Счёт", linkify=("principal:account", {"number": tables.A("number")}))
    address = tables.Column("Адрес", accessor="house")
    payer = tables.Column("Плательщик", accessor="payer_person", order_by=("payer_person__last_name",), empty_values=())
    opening = tables.Column("Долг на начало, ₽", empty_values=(), orderable=False)
    charged = tables.Column("Начислено, ₽", empty_values=(), orderable=False)
    paid = tables.Column("Оплачено, ₽", empty_values=(), orderable=False)
    closing = tables.Column("Долг сейчас, ₽", empty_values=(), orderable=False)

    class Meta:
        attrs = {"class": "table-x"}
        order_by = "address"
        template_name = "principal/_table.html"

    def order_address(self, rows: Accounts, is_descending: bool) -> tuple[Accounts, bool]:
        """Flat 2 before flat 10."""
        house, flat = "house__number", "premises__number"
        keys: list[Any] = [F("house__street"), Length(house), F(house), Length(flat), F(flat)]
        return rows.order_by(*(key.desc() if is_descending else key.asc() for key in keys), "pk"), True

    balances: dict[int, dict[str, Decimal]] = {}

    def render_number(self, value: str, record: PersonalAccount) -> str:
        return cabinet.account_number(value)

    def render_address(self, record: PersonalAccount) -> str:
        address = accounts.queries.address_of(record.house, record.premises)
        if record.closed_on:
            return format_html('{} <span class="tag">закрыт {}</span>', address, cabinet.day(record.closed_on))
        return address

    def render_payer(self, record: PersonalAccount) -> str:
        return accounts.queries.payer_of(record)

    def money(self, record: PersonalAccount, name: str) -> str:
        return cabinet.amount(self.balances.get(record.pk, {}).get(name, Decimal(0)))

    def render_opening(self, record: PersonalAccount) -> str:
        return self.money(record, "opening")

    def render_charged(self, record: PersonalAccount) -> str:
        return self.money(record, "charged")

    def render_paid(self, record: PersonalAccount) -> str:
        return self.money(record, "paid")

    def render_closing(self, record: PersonalAccount) -> str:
        return self.money(record, "closing")


for _name in ("opening", "charged", "paid", "closing"):
    AccountTable.base_columns[_name].attrs = {"th": {"class": "num"}, "td": {"class": "num"}}


class AccountFilter(django_filters.FilterSet):
    """By house, by what is typed (number, flat, surname), by state."""

    text = django_filters.CharFilter(label="Номер счёта, квартира или фамилия", method="by_text")
    house = django_filters.ModelChoiceFilter(label="Дом", queryset=House.objects.none(), empty_label="Все дома")
    state = django_filters.ChoiceFilter(
        label="Состояние", choices=[("open", "открытые"), ("closed", "закрытые")], empty_label="Все", method="by_state"
    )

    class Meta:
        model = PersonalAccount
        fields: list[str] = []

    def __init__(self, *args: Any, houses: QuerySet[House], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.filters["house"].queryset = houses

    def by_text(self, rows: Accounts, name: str, value: str) -> Accounts:
        text = " ".join(value.split())
        digits = "".join(sign for sign in text if sign.isdigit())
        folded = text.upper().replace("Ё", "Е")
        found = Q(payer_person__search_name__startswith=folded) | Q(payer_organisation__short_name__icontains=text)
        found |= Q(premises__number__iexact=text) | Q(premises__parent__number__iexact=text)
        if digits and len(digits) >= 4:
            found |= Q(number__startswith=digits)
        return rows.filter(found)

    def by_state(self, rows: Accounts, name: str, value: str) -> Accounts:
        closed = Q(closed_on__lte=self.today)
        return rows.filter(closed) if value == "closed" else rows.exclude(closed)
