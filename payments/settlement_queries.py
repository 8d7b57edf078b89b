"""Remittances computed again from the books, for the check of the laws. Only reads.

Source: domain/payments.md, 8.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import ZERO, total, written
from accounts.queries import AgencyContract
from billing import queries as billing_queries
from payments import remittance
from payments.models import Remittance
from payments.remittance import Collected, Terms

# What each remittance was formed of: its days, by kind of channel. The principal's own receipts are not remitted.
_COLLECTED = """
    WITH asked AS (
        SELECT id, contract_id, day, coalesce(previous_day, DATE '1900-01-01') AS after FROM payments_remittance
        WHERE day >= %(since)s AND day < %(until)s
    ), came AS (
        SELECT a.contract_id, a.day, payment.channel_id, a.payment_id,
            sum(a.amount) FILTER (WHERE a.amount > 0) AS plus, sum(a.amount) FILTER (WHERE a.amount < 0) AS minus
        FROM payments_allocation AS a JOIN payments_payment AS payment ON payment.id = a.payment_id
        WHERE a.day > (SELECT min(after) FROM asked) AND a.day <= (SELECT max(day) FROM asked)
        GROUP BY a.contract_id, a.day, payment.channel_id, a.payment_id
    ), of_day AS (
        SELECT came.contract_id, came.day, channel.kind, coalesce(sum(plus), 0.00) AS plus,
            coalesce(-sum(minus), 0.00) AS minus, count(*) AS payments
        FROM came JOIN payments_channel AS channel ON channel.code = came.channel_id AND channel.kind <> 5
        GROUP BY came.contract_id, came.day, channel.kind
    )
    SELECT r.id, of_day.day, of_day.kind, of_day.plus, of_day.minus, of_day.payments
    FROM asked AS r JOIN of_day ON of_day.contract_id = r.contract_id AND of_day.day <= r.day AND of_day.day > r.after
"""
# Terms and rates that were changed or removed after the remittance was formed say nothing of it any more.
_CHANGED = """
    SELECT contract_id, max(pgh_created_at) FROM accounts_commissiontermsevent GROUP BY contract_id
"""
_RATES_CHANGED = "SELECT max(pgh_created_at) FROM billing_lawvalueevent WHERE code = 'vat'"
_NAMES = {
    "gross": "получено", "returns": "возвраты", "commission": "вознаграждение", "vat": "НДС",
    "net": "к перечислению", "carried_out": "перенесено на следующий день",
}  # fmt: skip


def remittances_astray(*, month: Month | None = None) -> Iterator[str]:
    """Remittances, of a month or all, that are not what their allocations and the contract's terms give; in words.

    A contract whose terms (or the VAT rate) were put right after it was paid is held to the calculation kept with the
    remittance instead.
    """
    since, until = (month.first, month.next.first) if month else (date.min, date.max)
    collected: dict[int, list[Collected]] = defaultdict(list)
    for remittance_id, *facts in _rows(_COLLECTED, {"since": since, "until": until}):
        collected[remittance_id].append(Collected(*facts))
    terms = {contract.pk: terms_of(contract) for contract in AgencyContract.objects.prefetch_related("commission")}
    changed = dict(_rows(_CHANGED))
    ((rates_changed,),) = _rows(_RATES_CHANGED)
    rates: dict[date, Decimal | None] = {}
    rows = Remittance.objects.filter(day__gte=since, day__lt=until).order_by("contract_id", "day")
    for row in rows.iterator():
        mine = collected[row.pk]
        for day in {one.day for one in mine} - rates.keys():
            rates[day] = billing_queries.law_value("vat", day)
        where = f"договор {row.contract_id}, перечисление за {row.day:%d.%m.%Y}"
        later = [moment for moment in (changed.get(row.contract_id), rates_changed) if moment is not None]
        try:
            due = remittance.settle(mine, terms.get(row.contract_id, []), rates, row.carried_in)
        except Refusal as refusal:
            yield f"{where}: {refusal}"
            continue
        expected = {name: getattr(due, name) for name in _NAMES}
        if any(moment > row.formed_at for moment in later):
            expected |= _as_kept(row, due)
        wrong = [
            f"{words} {written(getattr(row, name))} ₽ вместо {written(expected[name])} ₽"
            for name, words in _NAMES.items()
            if getattr(row, name) != expected[name]
        ]
        if wrong:
            yield f"{where}: {', '.join(wrong)}"


def _as_kept(row: Remittance, due: remittance.Settlement) -> dict[str, Decimal]:
    """The fee by the calculation stored with the remittance, and what it leaves to be paid."""
    withheld = [line for line in row.arithmetic if line["is_withheld"]]
    commission, vat = (total(Decimal(line[name]) for line in withheld) for name in ("fee", "vat"))
    rest = due.gross - due.returns - commission - vat + row.carried_in
    return {"commission": commission, "vat": vat, "net": max(rest, ZERO), "carried_out": min(rest, ZERO)}


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
