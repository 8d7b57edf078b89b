"""The laws of the system, checked over all data. Each check returns the keys that break it, none when it holds.

The database refuses most of these already; the check proves that nothing came in by a side door (a restored backup, a
disabled trigger, a hand in the tables) and covers what one statement cannot see.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Max

import billing.queries
import debt.queries
import epd.queries
import payments.lawful
import payments.queries
import payments.settlement_queries
from accounts.calendar import Month
from accounts.models import JournalEntry, PersonalAccount
from billing.kinds import Kind
from billing.models import ContractMonth
from epd.models import PaymentDocument

SHOWN = 20  # offending keys named per check
PROVED = 50_000  # accounts whose penalties are computed again
REPLAYED = 100_000  # accounts whose posted month is computed again, unless all are asked for
POSTED = "чернила месяца те, что были проведены"
COMPARED = 5_000  # documents of a month whose rows are compared with the books
EXPLAINED = 20  # accounts every line of which must say how it came about
HOLDS_FROM = (  # facts of the journal that say from which day a change holds
    "day", "on", "since", "commissioned_on", "opened_on", "closed_on", "left_on", "verified_on", "valid_from",
)  # fmt: skip
HANDS = 2  # connections that look at the same time: as many as the reference machine has cores
MEMORY = "64MB"  # work_mem of a check: sums over a month of ten million lines; more of it makes nothing quicker


@dataclass(frozen=True, slots=True)
class Check:
    """One question to the data. `sql` returns the offending keys; %(month)s is a month's first day or NULL for all.

    is_long: begun before the others, for two connections to end together.
    """

    law: int
    name: str
    sql: str
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. covers: what it looked at, where that is not everything; seconds: how long it took."""

    law: int
    name: str
    keys: list[str]
    count: int
    covers: str = ""
    seconds: float = 0


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked for: a month or all of them; of what is computed again, a sample or everybody."""

    month: Month | None = None
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """A check that one statement cannot make. `covers` says what of everything it looks at."""

    law: int
    name: str
    keys: Callable[[Scope], Iterator[str]]
    covers: Callable[[Scope], str] = lambda _scope: ""


CHARGE_MONTH = "(%(month)s::date IS NULL OR c.month = %(month)s::date)"
# a range, not a month of the day: only the partitions of the month are read
DAY_MONTH = (
    "(%(month)s::date IS NULL OR (a.day >= %(month)s::date AND a.day < (%(month)s::date + interval '1 month')::date))"
)

CHECKS = [
    Check(
        1,
        "сумма строки равна объёму на тариф",
        f"""
        SELECT c.account_id, c.contract_id, c.service_id, c.kind, c.line, c.month FROM billing_charge c
        WHERE c.kind IN (1, 3) AND c.volume IS NOT NULL AND c.tariff IS NOT NULL AND {CHARGE_MONTH}
            AND abs(c.amount - c.volume * c.tariff) > 0.005001 + c.tariff * 0.0000005
        """,
    ),
    Check(
        1,
        "части платежа равны платежу",
        """
        SELECT p.id, p.amount, coalesce(sum(a.amount), 0) FROM payments_payment p
        LEFT JOIN payments_allocation a ON a.payment_id = p.id
            AND (%(month)s::date IS NULL OR a.day >= %(month)s::date)
        LEFT JOIN payments_reversal r ON r.payment_id = p.id
        WHERE (%(month)s::date IS NULL OR date_trunc('month', p.day)::date = %(month)s::date)
        GROUP BY p.id, p.amount, p.state, r.id
        HAVING coalesce(sum(a.amount), 0) <> CASE WHEN p.state = 'allocated' AND r.id IS NULL THEN p.amount ELSE 0 END
        """,
    ),
    Check(
        2,
        "у каждой секции таблицы свои триггеры",
        """
        SELECT i.inhrelid::regclass, i.inhparent::regclass FROM pg_inherits i
        WHERE i.inhparent IN ('billing_charge'::regclass, 'payments_allocation'::regclass, 'payments_balance'::regclass)
            AND (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = i.inhrelid AND NOT t.tgisinternal
                    AND t.tgenabled <> 'D')
                <> (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = i.inhparent AND NOT t.tgisinternal)
        """,
    ),
    Check(
        2,
        "начисления стоят в открытом или проведённом месяце договора",
        f"""
        SELECT DISTINCT c.contract_id, c.month FROM billing_charge c
        LEFT JOIN billing_contractmonth s ON s.contract_id = c.contract_id AND s.month = c.month
        WHERE s.id IS NULL AND {CHARGE_MONTH}
        """,
    ),
    Check(
        3,
        "запреты пересечения сроков действуют",
        """
        SELECT wanted FROM unnest(ARRAY['premisesarea_no_overlap', 'residency_no_overlap', 'provision_no_overlap',
            'housepassport_no_overlap', 'tariff_no_overlap', 'norm_no_overlap', 'lawvalue_no_overlap',
            'provisionexception_no_overlap', 'commissionterms_no_overlap']) AS wanted
        WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conname = wanted AND contype = 'x' AND convalidated)
        """,
    ),
    Check(
        4,
        "один платёж, одна строка выписки, одно показание",
        """
        SELECT 'платёж', channel_id, external_id FROM payments_payment GROUP BY 2, 3 HAVING count(*) > 1
        UNION ALL
        SELECT 'файл', sha256, NULL FROM payments_register GROUP BY 2 HAVING count(*) > 1
        """,
    ),
    Check(
        2,
        "триггеры чернил включены",
        """
        SELECT t.tgrelid::regclass, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE NOT t.tgisinternal AND t.tgenabled IN ('D', 'R') AND c.relnamespace = 'public'::regnamespace
        ORDER BY 1, 2
        """,
    ),
    Check(
        4,
        "платёж стоит не больше чем в одной квитанции",
        """
        SELECT line.payment_id, string_agg(r.number, ', ' ORDER BY r.number)
        FROM payments_cashreceipt_payments line JOIN payments_cashreceipt r ON r.id = line.cashreceipt_id
        JOIN payments_payment p ON p.id = line.payment_id
        WHERE (%(month)s::date IS NULL OR date_trunc('month', p.day)::date = %(month)s::date)
        GROUP BY line.payment_id HAVING count(*) > 1
        """,
    ),
    Check(
        5,
        "сумма квитанции равна её платежам",
        """
        SELECT r.number, r.amount, coalesce(sum(p.amount), 0) FROM payments_cashreceipt r
        LEFT JOIN payments_cashreceipt_payments line ON line.cashreceipt_id = r.id
        LEFT JOIN payments_payment p ON p.id = line.payment_id
        WHERE (%(month)s::date IS NULL OR date_trunc('month', coalesce(p.day, r.made_at::date))::date = %(month)s::date)
        GROUP BY r.id HAVING r.amount <> coalesce(sum(p.amount), 0)
        """,
    ),
    Check(
        5,
        "перечисление складывается из разнесений",
        """
        WITH asked AS (
            SELECT contract_id, day, sum(gross - returns) AS taken, coalesce(previous_day, DATE '1900-01-01') AS after
            FROM payments_remittance
            WHERE (%(month)s::date IS NULL OR (day >= %(month)s::date
                AND day < (%(month)s::date + interval '1 month')::date))
            GROUP BY contract_id, day, previous_day
        ), came AS (
            SELECT a.contract_id, a.day, sum(a.amount) AS amount FROM payments_allocation a
            JOIN payments_payment p ON p.id = a.payment_id
            JOIN payments_channel c ON c.code = p.channel_id AND c.kind <> 5
            WHERE a.day > (SELECT min(after) FROM asked) AND a.day <= (SELECT max(day) FROM asked)
            GROUP BY a.contract_id, a.day
        )
        SELECT r.contract_id, r.day, r.taken, coalesce(sum(came.amount), 0) FROM asked r
        LEFT JOIN came ON came.contract_id = r.contract_id AND came.day > r.after AND came.day <= r.day
        GROUP BY r.contract_id, r.day, r.taken HAVING r.taken <> coalesce(sum(came.amount), 0)
        """,
    ),
    Check(
        4,
        "части платежа стоят на его лицевом счёте",
        f"""
        SELECT a.payment_id, p.account_id, a.account_id, a.day FROM payments_allocation a
        JOIN payments_payment p ON p.id = a.payment_id
        WHERE p.account_id IS DISTINCT FROM a.account_id AND {DAY_MONTH}
        """,
    ),
    Check(
        4,
        "дата платежа не позже его операционного дня",
        # money with a date that has not come waits for a person, who is told why
        """
        SELECT p.id, p.paid_on, p.day FROM payments_payment p
        WHERE p.paid_on > p.day AND p.held_because = ''
            AND (%(month)s::date IS NULL OR (p.day >= %(month)s::date
                AND p.day < (%(month)s::date + interval '1 month')::date))
        """,
    ),
    Check(
        5,
        "у движений денег есть их операционный день",
        # a day of the journal without its row is told of, too: a day nobody paid on leaves no other trace
        """
        SELECT told.what, told.day FROM (
            SELECT 'платёж' AS what, p.day FROM payments_payment p GROUP BY p.day
            UNION ALL SELECT 'разнесение', a.day FROM payments_allocation a GROUP BY a.day
            UNION ALL SELECT 'сторно', r.day FROM payments_reversal r GROUP BY r.day
            UNION ALL SELECT 'журнал', (j.facts ->> 'day')::date FROM accounts_journalentry j
                WHERE j.event IN ('payments.day.opened', 'payments.day.closed') GROUP BY 2
        ) told
        WHERE NOT EXISTS (SELECT FROM payments_operatingday d WHERE d.day = told.day)
            AND (%(month)s::date IS NULL OR date_trunc('month', told.day)::date = %(month)s::date)
        ORDER BY told.day, told.what
        """,
    ),
    Check(
        5,
        "деньги кассы стоят в квитанциях, номера квитанций идут подряд",
        """
        SELECT 'платёж', p.id::text, p.day FROM payments_payment p
        WHERE p.office_id IS NOT NULL
            AND NOT EXISTS (SELECT FROM payments_reversal v WHERE v.replaced_by_id = p.id)
            AND NOT EXISTS (SELECT FROM payments_cashreceipt_payments line
                            JOIN payments_cashreceipt r ON r.id = line.cashreceipt_id WHERE line.payment_id = p.id)
            AND (%(month)s::date IS NULL OR date_trunc('month', p.day)::date = %(month)s::date)
        UNION ALL
        SELECT 'движение кассы', m.id::text, s.day FROM payments_cashmovement m
        JOIN payments_cashshift s ON s.id = m.shift_id
        WHERE m.receipt_id IS NOT NULL AND NOT EXISTS (SELECT FROM payments_cashreceipt r WHERE r.id = m.receipt_id)
            AND (%(month)s::date IS NULL OR date_trunc('month', s.day)::date = %(month)s::date)
        UNION ALL
        SELECT 'квитанция', row.prefix || to_char(n, 'FM0000'), NULL FROM (
            SELECT split.prefix, max(split.number) AS last, array_agg(split.number) AS numbers FROM (
                SELECT substring(r.number FROM '^(.*-)[0-9]+$') AS prefix,
                    substring(r.number FROM '-([0-9]{1,9})$')::int AS number
                FROM payments_cashreceipt r
            ) split WHERE split.prefix IS NOT NULL GROUP BY split.prefix
        ) row CROSS JOIN LATERAL generate_series(1, row.last) AS n
        WHERE n <> ALL(row.numbers) AND (%(month)s::date IS NULL
            OR row.prefix LIKE '%%-' || to_char(%(month)s::date, 'YYYYMM') || '__-')
        UNION ALL
        SELECT 'квитанция по журналу', j.facts ->> 'number', NULL FROM accounts_journalentry j
        WHERE j.event = 'payments.receipt.given'
            AND NOT EXISTS (SELECT FROM payments_cashreceipt r WHERE r.number = j.facts ->> 'number')
            AND (%(month)s::date IS NULL
                OR j.facts ->> 'number' LIKE '%%-' || to_char(%(month)s::date, 'YYYYMM') || '__-%%')
        """,
    ),
    Check(
        5,
        "сальдо записаны только за закрытые месяцы",
        # of those `balances_follow_ink` proves every row: opening is the closing before, charged and paid are ink
        """
        SELECT DISTINCT b.month FROM payments_balance b
        WHERE NOT EXISTS (SELECT FROM payments_closedmonth c WHERE c.month = b.month)
            AND (%(month)s::date IS NULL OR b.month = %(month)s::date)
        UNION
        SELECT s.month FROM billing_contractmonth s
        WHERE s.state = 'closed' AND NOT EXISTS (SELECT FROM payments_closedmonth c WHERE c.month = s.month)
            AND (%(month)s::date IS NULL OR s.month = %(month)s::date)
        """,
    ),
    Check(
        5,
        "итог документа равен сумме его строк",
        """
        SELECT d.number, d.total, told.total, summed.closing FROM epd_paymentdocument d
        CROSS JOIN LATERAL jsonb_to_record(d.payload) AS told(total numeric, rows jsonb)
        CROSS JOIN LATERAL (SELECT coalesce(sum(row.closing), 0) AS closing
                            FROM jsonb_to_recordset(told.rows) AS row(closing numeric)) AS summed
        WHERE (%(month)s::date IS NULL OR d.month = %(month)s::date)
            AND (d.total IS DISTINCT FROM told.total OR d.total <> summed.closing)
        """,
        is_long=True,
    ),
    Check(
        5,
        POSTED,
        # the posting told the journal lines and sum of each contract; who was held then became ink later
        f"""
        WITH posting AS (
            SELECT s.contract_id, s.month, s.posted_at, j.id AS entry, (j.facts ->> 'lines')::bigint AS lines,
                (j.facts ->> 'amount')::numeric AS amount
            FROM billing_contractmonth s
            LEFT JOIN accounts_journalentry j ON j.event = 'billing.month.posted'
                AND j.facts ->> 'contract_id' = s.contract_id::text
                AND j.facts ->> 'month' = to_char(s.month, 'YYYY-MM')
            WHERE s.posted_at IS NOT NULL AND (%(month)s::date IS NULL OR s.month = %(month)s::date)
        ), held AS (
            SELECT DISTINCT h.account_id, h.month, p.contract_id FROM billing_hold h
            JOIN posting p ON p.month = h.month AND (h.released_at IS NULL OR h.released_at > p.posted_at)
        ), ink AS (
            SELECT c.contract_id, c.month, count(*) AS lines, sum(c.amount) AS amount FROM billing_charge c
            LEFT JOIN held h ON h.account_id = c.account_id AND h.month = c.month AND h.contract_id = c.contract_id
            WHERE h.account_id IS NULL AND {CHARGE_MONTH} GROUP BY 1, 2
        )
        SELECT p.contract_id, p.month, 'проведено', p.lines, p.amount, 'стоит', coalesce(ink.lines, 0),
            coalesce(ink.amount, 0.00)
        FROM posting p LEFT JOIN ink USING (contract_id, month)
        WHERE p.entry IS NULL OR (coalesce(ink.lines, 0), coalesce(ink.amount, 0)) <> (p.lines, p.amount)
        """,
    ),
    Check(
        5,
        "документы месяца на месте",
        # who has ink in a month that was issued to everybody; issues of a document count from one without a gap; the
        # journal's count of documents
        f"""
        SELECT 'без документа', c.account_id::text, c.month FROM billing_charge c
        JOIN billing_contractmonth s ON s.contract_id = c.contract_id AND s.month = c.month
        LEFT JOIN (SELECT account_id, month FROM epd_paymentdocument GROUP BY 1, 2) d
            ON d.account_id = c.account_id AND d.month = c.month
        WHERE d.account_id IS NULL AND s.state <> 'open' AND {CHARGE_MONTH}
            AND (s.state = 'issued' OR EXISTS (SELECT FROM accounts_journalentry j
                WHERE j.event = 'billing.month.issued' AND j.facts ->> 'month' = to_char(c.month, 'YYYY-MM')))
            AND NOT EXISTS (SELECT FROM billing_hold h WHERE h.account_id = c.account_id AND h.month = c.month)
        GROUP BY c.account_id, c.month HAVING bool_or(c.amount <> 0)
        UNION ALL
        SELECT 'нет выпуска документа', d.account_id::text, d.month FROM epd_paymentdocument d
        WHERE (%(month)s::date IS NULL OR d.month = %(month)s::date)
        GROUP BY d.account_id, d.month, d.kind HAVING max(d.issue) <> count(*)
        UNION ALL
        SELECT 'документов меньше, чем выпущено', (told.documents - coalesce(stand.documents, 0))::text, told.month
        FROM (
            SELECT (j.facts ->> 'month' || '-01')::date AS month, sum((j.facts ->> 'documents')::int) AS documents
            FROM accounts_journalentry j WHERE j.event = 'epd.documents.issued' GROUP BY 1
        ) told
        LEFT JOIN (SELECT month, count(*) AS documents FROM epd_paymentdocument WHERE issue = 1 GROUP BY 1) stand
            USING (month)
        WHERE told.documents > coalesce(stand.documents, 0)
            AND (%(month)s::date IS NULL OR told.month = %(month)s::date)
        """,
    ),
    Check(
        10,
        "события стоят в журнале",
        # numbers of the journal have gaps of their own (a refused transaction takes one): what was done is asked
        # whether it was told
        """
        SELECT 'месяц закрыт', c.month::text FROM payments_closedmonth c
        WHERE NOT EXISTS (SELECT FROM accounts_journalentry j WHERE j.event = 'payments.month.closed'
                          AND j.facts ->> 'month' = to_char(c.month, 'YYYY-MM'))
            AND (%(month)s::date IS NULL OR c.month = %(month)s::date)
        UNION ALL
        SELECT 'день закрыт', d.day::text FROM payments_operatingday d
        WHERE d.state = 'closed' AND d.sheet <> '{}' AND d.day NOT IN (SELECT (j.facts ->> 'day')::date
                FROM accounts_journalentry j WHERE j.event = 'payments.day.closed' AND j.facts ? 'day')
            AND (%(month)s::date IS NULL OR date_trunc('month', d.day)::date = %(month)s::date)
        UNION ALL
        SELECT DISTINCT 'перечислено', r.day::text FROM payments_remittance r
        WHERE r.day NOT IN (SELECT (j.facts ->> 'day')::date
                FROM accounts_journalentry j WHERE j.event = 'payments.remittance.formed' AND j.facts ? 'day')
            AND (%(month)s::date IS NULL OR date_trunc('month', r.day)::date = %(month)s::date)
        UNION ALL
        SELECT 'квитанция', r.number FROM payments_cashreceipt r
        WHERE NOT EXISTS (SELECT FROM accounts_journalentry j WHERE j.event = 'payments.receipt.given'
                          AND j.facts ->> 'number' = r.number)
            AND (%(month)s::date IS NULL OR date_trunc('month', r.made_at)::date = %(month)s::date)
        UNION ALL
        SELECT 'документ взамен прежнего', d.number FROM epd_paymentdocument d
        WHERE d.issue > 1 AND NOT EXISTS (SELECT FROM accounts_journalentry j
                WHERE j.event = 'epd.document.reissued' AND j.facts ->> 'number' = d.number)
            AND (%(month)s::date IS NULL OR d.month = %(month)s::date)
        UNION ALL
        SELECT 'документов больше, чем выпущено по журналу', stand.month::text FROM (
            SELECT month, count(*) AS documents FROM epd_paymentdocument WHERE issue = 1 GROUP BY 1
        ) stand LEFT JOIN (
            SELECT (j.facts ->> 'month' || '-01')::date AS month, sum((j.facts ->> 'documents')::int) AS documents
            FROM accounts_journalentry j WHERE j.event = 'epd.documents.issued' GROUP BY 1
        ) told USING (month)
        WHERE stand.documents > coalesce(told.documents, 0)
            AND (%(month)s::date IS NULL OR stand.month = %(month)s::date)
        UNION ALL
        SELECT 'правка строки ссылается на запись', x.metadata ->> 'entry' FROM pghistory_context x
        WHERE x.metadata ->> 'entry' IS NOT NULL
            AND NOT EXISTS (SELECT FROM accounts_journalentry j WHERE j.id = (x.metadata ->> 'entry')::bigint)
            AND (%(month)s::date IS NULL OR date_trunc('month', x.created_at)::date = %(month)s::date)
        """,
    ),
    Check(
        0,
        "начисления относятся к существующим счетам, договорам, услугам и домам",
        f"""
        SELECT c.account_id, c.contract_id, c.service_id, c.month FROM billing_charge c
        LEFT JOIN accounts_personalaccount a ON a.id = c.account_id
        LEFT JOIN accounts_agencycontract k ON k.id = c.contract_id
        LEFT JOIN accounts_service s ON s.id = c.service_id
        WHERE (a.id IS NULL OR k.id IS NULL OR s.id IS NULL OR a.house_id <> c.house_id) AND {CHARGE_MONTH}
        """,
    ),
    Check(
        0,
        "разнесения относятся к существующим платежам и счетам",
        f"""
        SELECT a.account_id, a.payment_id, a.line, a.day FROM payments_allocation a
        LEFT JOIN payments_payment p ON p.id = a.payment_id
        LEFT JOIN accounts_personalaccount l ON l.id = a.account_id
        LEFT JOIN accounts_agencycontract k ON k.id = a.contract_id
        WHERE (p.id IS NULL OR l.id IS NULL OR (k.id IS NULL AND a.contract_id <> 0)) AND {DAY_MONTH}
        """,
    ),
    Check(
        0,
        "показания относятся к существующим приборам",
        """
        SELECT r.meter_id, r.zone, r.day FROM accounts_reading r LEFT JOIN accounts_meter m ON m.id = r.meter_id
        WHERE (m.id IS NULL OR r.zone > m.zones) AND (%(month)s::date IS NULL OR r.month = %(month)s::date)
        """,
    ),
    Check(
        10,
        "нет заданий, брошенных на полпути",
        """
        SELECT b.run_id, b.number FROM accounts_runblock b JOIN accounts_run r ON r.id = b.run_id
        WHERE r.state = 'done' AND b.state <> 'done'
        """,
    ),
]

HAS_DATA = """
    SELECT EXISTS (SELECT FROM billing_contractmonth WHERE month = %(month)s)
        OR EXISTS (SELECT FROM billing_charge WHERE month = %(month)s)
        OR EXISTS (SELECT FROM payments_balance WHERE month = %(month)s)
        OR EXISTS (SELECT FROM payments_operatingday WHERE day >= %(month)s AND day < %(next)s)
        OR EXISTS (SELECT FROM payments_payment WHERE day >= %(month)s AND day < %(next)s)
        OR EXISTS (SELECT FROM payments_allocation WHERE day >= %(month)s AND day < %(next)s)
        OR EXISTS (SELECT FROM payments_remittance WHERE day >= %(month)s AND day < %(next)s)
        OR EXISTS (SELECT FROM epd_paymentdocument WHERE month = %(month)s)
        OR EXISTS (SELECT FROM accounts_reading WHERE month = %(month)s)
"""


def conservation_of_days(scope: Scope) -> Iterator[str]:
    for day in payments.queries.operating_days(month=scope.month):
        yield from payments.queries.conservation_of_day(day)


def conservation_of_contracts(scope: Scope) -> Iterator[str]:
    yield from payments.queries.conservation_of_contracts(month=scope.month)


def remittances_follow_terms(scope: Scope) -> Iterator[str]:
    yield from payments.settlement_queries.remittances_astray(month=scope.month)


def _documented(scope: Scope) -> list[tuple[Month, list[int]]]:
    """The month asked for or the last one with documents, and accounts whose documents are compared."""
    month = scope.month
    if month is None:
        last = PaymentDocument.objects.order_by("-month").values_list("month", flat=True).first()
        month = Month(last) if last else None
    if month is None:
        return []
    return [(month, epd.queries.documents_standing(month=month, limit=10**9 if scope.is_whole else COMPARED))]


def documents_follow_books(scope: Scope) -> Iterator[str]:
    """Rows of documents are the account's month in the books."""
    for month, ids in _documented(scope):
        for first in range(0, len(ids), 500):
            yield from epd.queries.documents_astray(month=month, account_ids=ids[first : first + 500])


def documents_covers(scope: Scope) -> str:
    return "; ".join(f"{month.title}, документов {_number(len(ids))}" for month, ids in _documented(scope))


def balances_follow_ink(scope: Scope) -> Iterator[str]:
    closed = payments.queries.closed_months()
    for one in closed if scope.month is None else [scope.month] if scope.month in closed else []:
        yield from payments.queries.balance_chain(one)


def open_items_follow_balances(scope: Scope) -> Iterator[str]:
    last = max(payments.queries.closed_months(), default=None)
    if last is not None and scope.month in (None, last):
        yield from payments.queries.open_items_chain(last)


def _replayed(scope: Scope) -> tuple[Month, list[list[int]], int, int] | None:
    """The last posted month (or the one asked for), blocks of houses spread over the region, accounts in them, all."""
    posted = ContractMonth.objects.exclude(state="open")
    if scope.month is not None:
        posted = posted.filter(month=scope.month.first)
    last = posted.order_by("-month").values_list("month", flat=True).first()
    if last is None:
        return None
    blocks = list(billing.queries.blocks(None, billing.queries.BLOCK))
    every = 1 if scope.is_whole else max(1, round(len(blocks) * billing.queries.BLOCK / REPLAYED))
    chosen = blocks[::every]
    houses = list(itertools.chain.from_iterable(chosen))
    accounts = PersonalAccount.objects.count()
    mine = accounts if every == 1 else PersonalAccount.objects.filter(house_id__in=houses).count()
    return Month(last), chosen, mine, accounts


def facts_changed(month: Month) -> set[int]:
    """Accounts some fact of which up to the month's end was changed after the month was posted.

    The journal tells from when a change holds: a reading names its month, the others a day or several. What names
    none holds for all time.
    """
    posted = ContractMonth.objects.filter(month=month.first).aggregate(at=Max("posted_at"))["at"]
    if posted is None:
        return set()
    rows = JournalEntry.objects.filter(at__gt=posted, event__startswith="accounts.", account_id__isnull=False)
    found = set()
    for account_id, facts in rows.values_list("account_id", "facts").iterator():
        since = [facts["month"]] if facts.get("month") else [facts[name] for name in HOLDS_FROM if facts.get(name)]
        if not since or min(since)[:7] <= str(month):
            found.add(account_id)
    return found


def replay(scope: Scope) -> Iterator[str]:
    """A posted month computed again differs by nothing, or by accounts whose facts changed after it was posted."""
    found = _replayed(scope)
    if found is None:
        return
    one, blocks, _, _ = found
    later = facts_changed(one)
    for houses in blocks:
        made = billing.queries.replay(one, houses)
        for what, rows in (("появилась", made.inserted), ("иначе", made.changed), ("исчезла", made.vanished)):
            for account, service, kind, line in rows.select("account_id", "service_id", "kind", "line").iter_rows():
                if account not in later:
                    yield f"{one} · счёт {account} · услуга {service} · вид {kind} · строка {line} · {what}"


def replay_covers(scope: Scope) -> str:
    found = _replayed(scope)
    if found is None:
        return "проведённых месяцев нет"
    month, _, mine, accounts = found
    return f"{month.title}, счетов {_number(mine)} из {_number(accounts)}"


def explained(scope: Scope) -> Iterator[str]:
    """Every line of a sample of accounts can say how it came about."""
    for one, ids in _sampled(scope):
        for account_id in ids:
            told = {
                (row.contract_id, row.service_id, row.kind, row.line)
                for row in billing.queries.explain(account_id=account_id, month=one)
                if row.text
            }
            for row in billing.queries.charges_of_account(account_id=account_id, month=one):
                if (row.contract_id, row.service_id, row.kind, row.line) not in told:
                    yield f"{one} · счёт {account_id} · {row.service_name} · вид {row.kind} · строка {row.line}"


def _sampled(scope: Scope) -> Iterator[tuple[Month, list[int]]]:
    """Accounts with ink in the month, every fiftieth of the first thousand."""
    months = (
        [scope.month] if scope.month else [Month(m) for m in billing.queries.ink().values_list("month", flat=True)[:1]]
    )
    for one in months:
        ink = billing.queries.ink().filter(month=one.first).order_by("account_id")
        yield one, list(ink.values_list("account_id", flat=True).distinct()[: EXPLAINED * 50])[::50]


def explained_covers(scope: Scope) -> str:
    return "; ".join(f"{one.title}, счетов {len(ids)}" for one, ids in _sampled(scope))


def _number(count: int) -> str:
    return f"{count:,}".replace(",", " ")


def penalties_grow_right(scope: Scope) -> Iterator[str]:
    """Penalties drafted in open months are what ink and value dates say, of PROVED accounts spread over the region.

    The weekly night proves all of them (debt.operations.charge_penalties, whole).
    """
    months = [one for one in billing.queries.open_months() if scope.month in (None, one)]
    if not months:
        return
    every = 1 + PersonalAccount.objects.count() // PROVED
    for houses in billing.queries.blocks(None, billing.queries.BLOCK * every):
        of_houses = PersonalAccount.objects.filter(house_id__in=houses).order_by("pk")
        ids = list(of_houses.values_list("pk", flat=True))[::every]
        for one in months:
            for account, contract, service, stands, due in debt.queries.astray(month=one, account_ids=ids).iter_rows():
                yield f"{one} · счёт {account} · договор {contract} · услуга {service} · {stands} вместо {due}"


def inked_penalties(scope: Scope) -> Iterator[str]:
    """Whose penalty it is, where the ink of a contract's month is not what was posted: the sheet computed again.

    Asked of such contracts alone: what a sound month charged may differ from today's sheet, for a payment that came
    later with an earlier date.
    """
    check = next(check for check in CHECKS if check.name == POSTED)
    with connection.cursor() as cursor:
        cursor.execute(check.sql, {"month": scope.month.first if scope.month else None})
        wrong: dict[date, list[int]] = {}
        for contract_id, first, *_ in cursor.fetchall():
            wrong.setdefault(first, []).append(contract_id)
    if not wrong:
        return
    rules = debt.queries.law()
    for first, contracts in wrong.items():
        month = Month(first)
        penalties = billing.queries.ink().filter(month=first, kind=Kind.PENALTY, contract_id__in=contracts)
        stands: dict[tuple[int, int, int], Decimal] = {}
        for account, contract, service, amount in penalties.values_list(
            "account_id", "contract_id", "service_id", "amount"
        )[:PROVED]:
            stands[account, contract, service] = stands.get((account, contract, service), Decimal(0)) + amount
        ids = sorted({account for account, _, _ in stands})
        due = debt.queries.penalties_due(account_ids=ids, month=month, law=rules, until=month.last)
        owed = {(account, contract, service): amount for account, contract, service, amount in due.iter_rows()}
        for key, amount in sorted(stands.items()):
            if amount != owed.get(key, 0):
                account, contract, service = key
                where = f"{month} · счёт {account} · договор {contract} · услуга {service}"
                yield f"{where} · {amount} вместо {owed.get(key, 0)}"


def online_payments(scope: Scope) -> Iterator[str]:
    yield from payments.lawful.online_astray(scope.month.first if scope.month else None)


def fiscal_receipts(scope: Scope) -> Iterator[str]:
    yield from payments.lawful.receipts_astray(scope.month.first if scope.month else None)


def register_transfers(scope: Scope) -> Iterator[str]:
    yield from payments.lawful.transfers_astray(scope.month.first if scope.month else None)


WALKS = [
    Walk(4, "у принятого онлайн-платежа один платёж, у возврата — сторно", online_payments),
    Walk(5, "деньги поручения банка — деньги его реестра, один раз", register_transfers),
    Walk(5, "у платежа есть чек, суммы чека и платежа равны", fiscal_receipts),
    Walk(5, "получено = разнесено + не выяснено + возвращено, по дням", conservation_of_days),
    Walk(5, "разнесено = перечислено + удержано + перенесено, по договорам", conservation_of_contracts),
    Walk(5, "перечисление посчитано по разнесениям и условиям договора", remittances_follow_terms),
    Walk(5, "строки документов стоят на проводках", documents_follow_books, documents_covers),
    Walk(5, "сальдо закрытых месяцев стоят на проводках", balances_follow_ink),
    Walk(5, "неоплаченные остатки складываются в сальдо", open_items_follow_balances),
    Walk(6, "проведённый месяц, посчитанный снова, даёт те же копейки", replay, replay_covers),
    Walk(6, "черновики пени растут так, как говорят проводки", penalties_grow_right),
    Walk(6, "пени проведённого месяца те, что в расчёте", inked_penalties),
    Walk(7, "у каждой строки есть объяснение", explained, explained_covers),
]


def has_data(month: Month) -> bool:
    """Has anything of the month come into the system: a contract's month, a charge's, a day, a payment, a reading?"""
    with connection.cursor() as cursor:
        cursor.execute(HAS_DATA, {"month": month.first, "next": month.next.first})
        return bool(cursor.fetchone()[0])


def findings(month: Month | None = None, *, whole: bool = False, hands: int = 1) -> Iterator[Finding]:
    """Every check in turn, over one month or over all; `keys` of a Finding are empty when its law holds.

    whole: compute everybody's posted month again, not a sample. hands: connections that check at the same time; inside
    a transaction there is one, since no other would see what stands in it.
    """
    scope = Scope(month, whole)
    everything: list[Check | Walk] = [*CHECKS, *WALKS]
    if hands == 1 or connection.in_atomic_block:
        yield from (found(check, scope) for check in everything)
        return
    with ThreadPoolExecutor(hands) as pool:
        # what takes long begins first; they are told in their own order
        by_length = sorted(everything, key=_place)
        begun = {one.name: pool.submit(_apart, one, scope) for one in by_length}
        for one in everything:
            yield begun[one.name].result()


def _place(one: Check | Walk) -> int:
    """The long looks first, then the walks, then the statements."""
    if isinstance(one, Walk):
        return 1
    return 0 if one.is_long else 2


def _apart(check: Check | Walk, scope: Scope) -> Finding:
    try:
        return found(check, scope)
    finally:
        connection.close()  # the thread's own


def found(check: Check | Walk, scope: Scope) -> Finding:
    """What one check finds."""
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('work_mem', %s, %s)", [MEMORY, connection.in_atomic_block])
    try:
        finding = _asked(check, scope) if isinstance(check, Check) else _walked(check, scope)
    finally:
        if not connection.in_atomic_block:
            with connection.cursor() as cursor:
                cursor.execute("RESET work_mem")
    return replace(finding, seconds=time.monotonic() - began)


def _asked(check: Check, scope: Scope) -> Finding:
    first: date | None = scope.month.first if scope.month else None
    with connection.cursor() as cursor:
        cursor.execute(check.sql, {"month": first})
        rows = cursor.fetchmany(SHOWN)
        count = cursor.rowcount if cursor.rowcount > len(rows) else len(rows)
    keys = [" · ".join("–" if value is None else str(value) for value in row) for row in rows]
    return Finding(check.law, check.name, keys, count)


def _walked(walk: Walk, scope: Scope) -> Finding:
    broken = list(walk.keys(scope))
    return Finding(walk.law, walk.name, broken[:SHOWN], len(broken), walk.covers(scope))
