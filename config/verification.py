"""The laws of the system, checked over all data. Each check returns the keys that break it, none when it holds.

The database refuses most of these already; the check proves that nothing came in by a side door (a restored backup, a
disabled trigger, a hand in the tables) and covers what one statement cannot see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Max

import billing.queries
import debt.queries
import payments.queries
from accounts.calendar import Month
from accounts.models import JournalEntry, PersonalAccount
from billing.models import ContractMonth

SHOWN = 20  # offending keys named per check
PROVED = 50_000  # accounts whose penalties are computed again


@dataclass(frozen=True, slots=True)
class Check:
    """One question to the data. `sql` returns the offending keys; %(month)s is a month's first day or NULL for all."""

    law: int
    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class Finding:
    law: int
    name: str
    keys: list[str]
    count: int


CHARGE_MONTH = "(%(month)s::date IS NULL OR c.month = %(month)s::date)"
DAY_MONTH = "(%(month)s::date IS NULL OR date_trunc('month', a.day)::date = %(month)s::date)"

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
        SELECT r.contract_id, r.day, r.gross - r.returns, coalesce(sum(a.amount), 0) FROM payments_remittance r
        LEFT JOIN payments_allocation a ON a.contract_id = r.contract_id AND a.day <= r.day
            AND (r.previous_day IS NULL OR a.day > r.previous_day)
            AND EXISTS (SELECT FROM payments_payment p JOIN payments_channel c ON c.code = p.channel_id
                        WHERE p.id = a.payment_id AND c.kind <> 5)
        WHERE (%(month)s::date IS NULL OR date_trunc('month', r.day)::date = %(month)s::date)
        GROUP BY r.id HAVING r.gross - r.returns <> coalesce(sum(a.amount), 0)
        """,
    ),
    Check(
        5,
        "исходящее сальдо равно входящему следующего месяца",
        """
        SELECT coalesce(b.account_id, n.account_id), coalesce(b.contract_id, n.contract_id),
            coalesce(b.service_id, n.service_id), coalesce(b.month, (n.month - interval '1 month')::date)
        FROM payments_balance b
        FULL JOIN payments_balance n ON n.account_id = b.account_id AND n.contract_id = b.contract_id
            AND n.service_id = b.service_id AND n.month = (b.month + interval '1 month')::date
        WHERE ((b.account_id IS NOT NULL AND n.account_id IS NOT NULL
                AND (b.closing <> n.opening OR b.penalty_closing <> n.penalty_opening))
            OR (n.account_id IS NULL AND (b.closing <> 0 OR b.penalty_closing <> 0)
                AND EXISTS (SELECT FROM payments_balance x WHERE x.month = (b.month + interval '1 month')::date))
            OR (b.account_id IS NULL AND (n.opening <> 0 OR n.penalty_opening <> 0)
                AND EXISTS (SELECT FROM payments_balance x WHERE x.month = (n.month - interval '1 month')::date)))
            AND (%(month)s::date IS NULL OR b.month = %(month)s::date)
        """,
    ),
    Check(
        5,
        "сальдо месяца равно начислениям и платежам",
        """
        SELECT b.account_id, b.contract_id, b.service_id, b.month FROM payments_balance b
        LEFT JOIN LATERAL (
            SELECT coalesce(sum(c.amount) FILTER (WHERE c.kind <> 6), 0) AS charged,
                coalesce(sum(c.amount) FILTER (WHERE c.kind = 6), 0) AS penalty
            FROM billing_charge c WHERE c.account_id = b.account_id AND c.contract_id = b.contract_id
                AND c.service_id = b.service_id AND c.month = b.month) AS ink ON true
        WHERE (b.charged <> ink.charged OR b.penalty_charged <> ink.penalty)
            AND (%(month)s::date IS NULL OR b.month = %(month)s::date)
        """,
    ),
    Check(
        5,
        "итог документа равен сумме его строк",
        """
        SELECT d.number, d.total, (d.payload->>'total')::numeric,
            (SELECT coalesce(sum((r->>'closing')::numeric), 0) FROM jsonb_array_elements(d.payload->'rows') AS r)
        FROM epd_paymentdocument d
        WHERE (%(month)s::date IS NULL OR d.month = %(month)s::date) AND (
            d.total <> (d.payload->>'total')::numeric
            OR d.total > (SELECT coalesce(sum((r->>'closing')::numeric), 0)
                          FROM jsonb_array_elements(d.payload->'rows') AS r))
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


def conservation_of_days(month: Month | None) -> Iterator[str]:
    for day in payments.queries.operating_days(month=month):
        yield from payments.queries.conservation_of_day(day)


def conservation_of_contracts(_: Month | None) -> Iterator[str]:
    for contract_id in payments.queries.contracts_with_remittances():
        yield from payments.queries.conservation_of_contract(contract_id)


def balances_follow_ink(month: Month | None) -> Iterator[str]:
    closed = payments.queries.closed_months()
    for one in closed if month is None else [month] if month in closed else []:
        yield from payments.queries.balance_chain(one)


def replay(month: Month | None) -> Iterator[str]:
    """A posted month computed again differs by nothing, or by accounts whose facts changed after it was posted."""
    posted = ContractMonth.objects.exclude(state="open").order_by("-month")
    if month is not None:
        posted = posted.filter(month=month.first)
    last = posted.values("month").annotate(posted=Max("posted_at")).order_by("-month").first()
    if last is None:
        return
    one = Month(last["month"])
    later = set(
        JournalEntry.objects.filter(at__gt=last["posted"], event__startswith="accounts.", account_id__isnull=False)
        .values_list("account_id", flat=True)
    )  # fmt: skip
    for houses in billing.queries.blocks(None, billing.queries.BLOCK):
        found = billing.queries.replay(one, houses)
        for what, rows in (("появилась", found.inserted), ("иначе", found.changed), ("исчезла", found.vanished)):
            for account, service, kind, line in rows.select("account_id", "service_id", "kind", "line").iter_rows():
                if account not in later:
                    yield f"{one} · счёт {account} · услуга {service} · вид {kind} · строка {line} · {what}"


def explained(month: Month | None) -> Iterator[str]:
    """Every line of a sample of accounts can say how it came about."""
    for one in [month] if month else [Month(m) for m in billing.queries.ink().values_list("month", flat=True)[:1]]:
        accounts = (
            billing.queries.ink().filter(month=one.first).order_by("account_id").values_list("account_id", flat=True)
        )
        ids = list(accounts.distinct()[: SHOWN * 50])[::50]
        for account_id in ids:
            told = {
                (row.contract_id, row.service_id, row.kind, row.line)
                for row in billing.queries.explain(account_id=account_id, month=one)
                if row.text
            }
            for row in billing.queries.charges_of_account(account_id=account_id, month=one):
                if (row.contract_id, row.service_id, row.kind, row.line) not in told:
                    yield f"{one} · счёт {account_id} · {row.service_name} · вид {row.kind} · строка {row.line}"


def penalties_grow_right(month: Month | None) -> Iterator[str]:
    """Penalties drafted in open months are what ink and value dates say, of PROVED accounts spread over the region.

    The weekly night proves all of them (debt.operations.charge_penalties, whole).
    """
    months = [one for one in billing.queries.open_months() if month in (None, one)]
    if not months:
        return
    every = 1 + PersonalAccount.objects.count() // PROVED
    for houses in billing.queries.blocks(None, billing.queries.BLOCK * every):
        of_houses = PersonalAccount.objects.filter(house_id__in=houses).order_by("pk")
        ids = list(of_houses.values_list("pk", flat=True))[::every]
        for one in months:
            for account, contract, service, stands, due in debt.queries.astray(month=one, account_ids=ids).iter_rows():
                yield f"{one} · счёт {account} · договор {contract} · услуга {service} · {stands} вместо {due}"


WALKS: list[tuple[int, str, Callable[[Month | None], Iterator[str]]]] = [
    (5, "получено = разнесено + не выяснено + возвращено, по дням", conservation_of_days),
    (5, "разнесено = перечислено + удержано + перенесено, по договорам", conservation_of_contracts),
    (5, "сальдо закрытых месяцев стоят на проводках", balances_follow_ink),
    (6, "проведённый месяц, посчитанный снова, даёт те же копейки", replay),
    (6, "черновики пени растут так, как говорят проводки", penalties_grow_right),
    (7, "у каждой строки есть объяснение", explained),
]


def findings(month: Month | None = None) -> Iterator[Finding]:
    """Every check in turn, over one month or over all; `keys` of a Finding are empty when its law holds."""
    first: date | None = month.first if month else None
    for check in CHECKS:
        with connection.cursor() as cursor:
            cursor.execute(check.sql, {"month": first})
            rows = cursor.fetchmany(SHOWN)
            count = cursor.rowcount if cursor.rowcount > len(rows) else len(rows)
        keys = [" · ".join("–" if value is None else str(value) for value in row) for row in rows]
        yield Finding(law=check.law, name=check.name, keys=keys, count=count)
    for law, name, walk in WALKS:
        broken = list(walk(month))
        yield Finding(law=law, name=name, keys=broken[:SHOWN], count=len(broken))
