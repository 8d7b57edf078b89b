"""The laws of on-line payments and of 54-ФЗ receipts, asked of all rows: keys of those that break them. Only reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db import connection
from django.utils.timezone import get_default_timezone

from accounts.calendar import Month
from accounts.money import written
from payments import refund_queries

# {span}: rows of a month, by a column of days.
SPAN = (
    "(%(month)s::date IS NULL OR ({day} >= %(month)s::date AND {day} < (%(month)s::date + interval '1 month')::date))"
)
# Money of an on-line payment is the payment that carries the provider's number, once. What the provider received in
# another sum, or for a payment that was begun elsewhere, waits for a person with the reason beside it.
ONLINE = f"""
    SELECT 'онлайн-платёж', o.id, p.id, 'номер или счёт не его' FROM payments_onlinepayment o
    JOIN payments_payment p ON p.id = o.payment_id
    WHERE (p.channel_id <> 'online' OR p.external_id <> o.provider_id
            OR (p.held_because = '' AND (p.amount <> o.amount OR p.account_id IS DISTINCT FROM o.account_id)))
        AND {SPAN.format(day="p.day")}
    UNION ALL
    SELECT 'платёж', p.id, o.id, 'деньги приняты, а онлайн-платёж о них не знает' FROM payments_onlinepayment o
    JOIN payments_payment p ON p.channel_id = 'online' AND p.external_id = o.provider_id
    WHERE p.id IS DISTINCT FROM o.payment_id AND {SPAN.format(day="p.day")}
"""
# A receipt is made with the money or by the job of the next days; five days later its absence is a fault.
# gone: payments whose money left us; a plain mirror of what the provider still holds gave nothing back. money: what of
# a sale went back, by the receipt of the payment it came as; a rest that was sold anew once is another sale.
RECEIPTS = f"""
    WITH RECURSIVE gone AS (
        SELECT r.payment_id AS gone_id, r.payment_id AS came_id, p.amount - coalesce(rest.amount, 0) AS amount
        FROM payments_reversal r JOIN payments_payment p ON p.id = r.payment_id
        LEFT JOIN payments_payment rest ON rest.id = r.replaced_by_id
            AND NOT EXISTS (SELECT FROM payments_fiscalreceipt f WHERE f.payment_id = rest.id AND f.kind = 'sell')
        WHERE r.is_refund OR (r.replaced_by_id IS NULL AND (p.channel_id <> 'online' OR p.register_id IS NOT NULL))
        UNION ALL
        SELECT gone.gone_id, r.payment_id, gone.amount FROM gone
        JOIN payments_reversal r ON r.replaced_by_id = gone.came_id
        WHERE NOT EXISTS (SELECT FROM payments_fiscalreceipt f WHERE f.payment_id = gone.came_id AND f.kind = 'sell')
    ), money AS (
        SELECT f.id, sum(gone.amount) AS amount FROM gone
        JOIN payments_fiscalreceipt f ON f.payment_id = gone.came_id AND f.kind = 'sell' GROUP BY f.id
    ), back AS (
        SELECT original_id AS id, sum(amount) AS amount FROM payments_fiscalreceipt
        WHERE original_id IS NOT NULL GROUP BY original_id
    )
    SELECT 'платёж', p.id, p.day, 'нет чека' FROM payments_payment p
    JOIN payments_channel c ON c.code = p.channel_id AND c.receipts_from <= p.day
    WHERE p.state IN ('allocated', 'unidentified') AND {SPAN.format(day="p.day")}
        AND p.day < (SELECT max(day) FROM payments_operatingday) - 5
        AND NOT EXISTS (SELECT FROM payments_reversal r WHERE r.replaced_by_id = p.id)
        AND NOT EXISTS (SELECT FROM payments_fiscalreceipt f WHERE f.payment_id = p.id AND f.kind = 'sell')
    UNION ALL
    SELECT 'чек', f.id, p.day, 'сумма не равна платежу' FROM payments_fiscalreceipt f
    JOIN payments_payment p ON p.id = f.payment_id
    WHERE f.kind = 'sell' AND f.amount <> p.amount AND {SPAN.format(day="p.day")}
    UNION ALL
    SELECT 'чек', f.id, p.day, 'строки не складываются в итог' FROM payments_fiscalreceipt f
    JOIN payments_payment p ON p.id = f.payment_id
    WHERE {SPAN.format(day="p.day")} AND f.amount <> (
        SELECT coalesce(sum((line ->> 'amount')::numeric), 0) FROM jsonb_array_elements(f.contents -> 'lines') AS line)
    UNION ALL
    SELECT 'чек', f.id, p.day, CASE WHEN coalesce(money.amount, 0) > coalesce(back.amount, 0)
            THEN 'нет чека возврата' ELSE 'чек возврата без сторно' END
    FROM money FULL JOIN back ON back.id = money.id
    JOIN payments_fiscalreceipt f ON f.id = coalesce(money.id, back.id) AND f.kind = 'sell'
    JOIN payments_payment p ON p.id = f.payment_id
    WHERE coalesce(money.amount, 0) <> coalesce(back.amount, 0) AND {SPAN.format(day="p.day")}
    UNION ALL
    SELECT 'чек', f.id, p.day, 'чеками возвращено больше, чем в нём есть' FROM back
    JOIN payments_fiscalreceipt f ON f.id = back.id JOIN payments_payment p ON p.id = f.payment_id
    WHERE back.amount > f.amount AND {SPAN.format(day="p.day")}
    UNION ALL
    SELECT 'чек', o.id, p.day, 'нет чека возврата' FROM back
    JOIN payments_fiscalreceipt f ON f.id = back.id AND f.kind = 'sell' AND f.amount = back.amount
    JOIN payments_payment p ON p.id = f.payment_id
    JOIN payments_fiscalreceipt o ON o.payment_id = f.payment_id AND o.kind = 'offset'
    LEFT JOIN back AS again ON again.id = o.id
    WHERE coalesce(again.amount, 0) < o.amount AND {SPAN.format(day="p.day")}
    UNION ALL
    SELECT 'чек', f.id, p.day, 'чек возврата без сторно' FROM payments_fiscalreceipt f
    JOIN payments_payment p ON p.id = f.payment_id
    WHERE f.original_id IS NOT NULL AND {SPAN.format(day="p.day")}
        AND NOT EXISTS (SELECT FROM payments_reversal r WHERE r.payment_id = f.payment_id)
"""


# An order that is a register's money is mirrored, and its register stands; undone, its money waits as another payment.
TRANSFERS = f"""
    SELECT 'поручение', t.payment_id, t.register_id, 'оно сверено с реестром, а не сторнировано'
    FROM payments_registertransfer t JOIN payments_payment p ON p.id = t.payment_id
    WHERE (p.state <> 'reversed' OR p.amount <> t.transferred) AND {SPAN.format(day="t.day")}
    UNION ALL
    SELECT 'реестр', t.register_id, t.payment_id, 'он отменён, а поручение с ним сверено'
    FROM payments_registertransfer t JOIN payments_register r ON r.id = t.register_id
    WHERE t.undone_at IS NULL AND r.state = 'undone' AND {SPAN.format(day="t.day")}
    UNION ALL
    SELECT 'поручение', t.payment_id, t.register_id, 'сверка отменена, а деньги не те'
    FROM payments_registertransfer t JOIN payments_payment p ON p.id = t.restored_id
    WHERE p.amount <> t.transferred AND {SPAN.format(day="t.day")}
"""


def transfers_astray(month: date | None) -> Iterator[str]:
    """Bank orders of registers whose money is counted twice, or not at all."""
    yield from _keys(TRANSFERS, month)


def online_astray(month: date | None) -> Iterator[str]:
    """On-line payments and refunds whose money is not one payment of theirs."""
    yield from _keys(ONLINE, month)
    for claim in refund_queries.refund_claims():
        if month is None or Month.of(claim.begun_at.astimezone(get_default_timezone()).date()) == Month.of(month):
            yield (
                f"возврат · {claim.refund_id} · {claim.payment_id} · счёт {claim.account_number} · сервис вернул "
                f"{written(claim.refunded)} ₽, сторнировано {written(claim.mirrored)} ₽: вернули больше, чем получили. "
                f"Требование к плательщику {written(claim.amount)} ₽ открыто, погасите его на странице «Поручения на "
                "возврат»"
            )


def receipts_astray(month: date | None) -> Iterator[str]:
    """Payments without their receipt, receipts whose sums differ, returns without a receipt and the other way round."""
    yield from _keys(RECEIPTS, month)


def _keys(sql: str, month: date | None) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"month": month})
        for row in cursor.fetchall():
            yield " · ".join(str(value) for value in row if value is not None)
