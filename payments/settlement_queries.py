"""Remittances computed again from the books, for the check of the laws. Only reads.

Source: domain/payments.md, 8.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import connection

from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import total, written
from accounts.queries import AgencyContract
from billing import queries as billing_queries
from payments import remittance
from payments.models import Remittance
from payments.remittance import Collected, Settlement, Terms

# What the remittances of a contract's day were formed of: their days, by kind of channel and of money. The principal's
# own receipts are not remitted.
_COLLECTED = """
    WITH asked AS (
        SELECT DISTINCT contract_id, day, coalesce(previous_day, DATE '1900-01-01') AS after FROM payments_remittance
        WHERE day >= %(since)s AND day < %(until)s
    ), came AS (
        SELECT a.contract_id, a.day, payment.channel_id, a.payment_id,
            sum(a.amount) FILTER (WHERE a.amount > 0) AS plus, sum(a.amount) FILTER (WHERE a.amount < 0) AS minus
        FROM payments_allocation AS a JOIN payments_payment AS payment ON payment.id = a.payment_id
        WHERE a.day > (SELECT min(after) FROM asked) AND a.day <= (SELECT max(day) FROM asked)
        GROUP BY a.contract_id, a.day, payment.channel_id, a.payment_id
    ), of_day AS (
        SELECT came.contract_id, came.day, channel.kind, channel.is_cash, coalesce(sum(plus), 0.00) AS plus,
            coalesce(-sum(minus), 0.00) AS minus, count(*) AS payments
        FROM came JOIN payments_channel AS channel ON channel.code = came.channel_id AND channel.kind <> 5
        GROUP BY came.contract_id, came.day, channel.kind, channel.is_cash
    )
    SELECT r.contract_id, r.day, of_day.day, of_day.kind, of_day.plus, of_day.minus, of_day.payments, of_day.is_cash
    FROM asked AS r JOIN of_day ON of_day.contract_id = r.contract_id AND of_day.day <= r.day AND of_day.day > r.after
"""
# Terms and rates that were changed or removed after the remittance was formed say nothing of it any more.
_CHANGED = """
    SELECT contract_id, max(pgh_created_at) FROM accounts_commissiontermsevent GROUP BY contract_id
"""
_RATES_CHANGED = "SELECT max(pgh_created_at) FROM billing_lawvalueevent WHERE code = 'vat'"
_NAMES = {
    "gross": "получено", "returns": "возвраты", "commission": "вознаграждение", "vat": "НДС",
    "net": "к перечислению", "carried_in": "перенесено с прошлого дня",
    "carried_out": "перенесено на следующий день",
}  # fmt: skip


def remittances_astray(*, month: Month | None = None) -> Iterator[str]:
    """Remittances, of a month or all, that are not what their allocations and the contract's terms give; in words.

    A contract whose terms (or the VAT rate) were put right after it was paid is held to the calculation kept with the
    remittance instead.
    """
    since, until = (month.first, month.next.first) if month else (date.min, date.max)
    collected: dict[tuple[int, date], list[Collected]] = defaultdict(list)
    for contract_id, day, *facts in _rows(_COLLECTED, {"since": since, "until": until}):
        collected[contract_id, day].append(Collected(*facts))
    terms = {contract.pk: terms_of(contract) for contract in AgencyContract.objects.prefetch_related("commission")}
    changed = dict(_rows(_CHANGED))
    ((rates_changed,),) = _rows(_RATES_CHANGED)
    rates: dict[date, Decimal | None] = {}
    found = Remittance.objects.filter(day__gte=since, day__lt=until).order_by("contract_id", "day", "pk")
    for (contract_id, on), group in groupby(found.iterator(), key=lambda row: (row.contract_id, row.day)):
        rows, mine = list(group), collected[contract_id, on]
        for day in {one.day for one in mine} - rates.keys():
            rates[day] = billing_queries.law_value("vat", day)
        where = f"договор {contract_id}, перечисление за {on:%d.%m.%Y}"
        later = [moment for moment in (changed.get(contract_id), rates_changed) if moment is not None]
        try:
            due = remittance.settle(mine, terms.get(contract_id, []), rates, rows[0].carried_in)
        except Refusal as refusal:
            yield f"{where}: {refusal}"
            continue
        expected = [due] if rows[0].is_cash is None else remittance.parted(due)
        if {row.is_cash for row in rows} != {one.is_cash for one in expected} or len(rows) != len(expected):
            yield f"{where}: наличные и безналичные деньги в нём не те, что разнесены"
            continue
        if any(moment > rows[0].formed_at for moment in later):
            expected = _as_kept(rows, expected)
        by_kind = {one.is_cash: one for one in expected}
        for row in rows:
            wrong = [
                f"{words} {written(getattr(row, name))} ₽ вместо {written(getattr(by_kind[row.is_cash], name))} ₽"
                for name, words in _NAMES.items()
                if getattr(row, name) != getattr(by_kind[row.is_cash], name)
            ]
            if wrong:
                kind = {True: " наличными", False: " безналичными", None: ""}[row.is_cash]
                yield f"{where}{kind if len(rows) > 1 else ''}: {', '.join(wrong)}"


def _as_kept(rows: Sequence[Remittance], expected: Sequence[Settlement]) -> list[Settlement]:
    """The fees by the calculation stored with the remittances, and what they leave to be paid, in the rows' order."""
    by_kind = {one.is_cash: one for one in expected}
    made, carried = [], rows[0].carried_in
    for row in rows:
        withheld = [line for line in row.arithmetic if line["is_withheld"]]
        commission, vat = (total(Decimal(line[name]) for line in withheld) for name in ("fee", "vat"))
        made.append(remittance.carrying(replace(by_kind[row.is_cash], commission=commission, vat=vat), carried))
        carried = made[-1].carried_out
    return made


def terms_of(contract: AgencyContract) -> list[Terms]:
    """The contract's terms of commission, as the arithmetic takes them."""
    return [
        Terms(
            channel_kind=row.channel_kind,
            percent=row.percent,
            minimum=row.minimum,
            maximum=row.maximum,
            vat_mode=row.vat_mode,
            is_withheld=row.is_withheld,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )
        for row in contract.commission.all()
    ]


def _rows(sql: str, params: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()
