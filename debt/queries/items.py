"""Open items over time: what was owed on which day, and what accrued on it. Only reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import connection

from accounts.calendar import Month
from accounts.money import ZERO
from billing import columns
from billing import queries as billing_queries
from billing.columns import EXACT, MONEY, Schema
from debt import penalties
from debt.penalties import Law
from payments import queries as payments_queries

# The document of the last closed month, `mark`, and what came after it is read for everybody. Older months are read
# only for pairs that owed or had a credit there besides that document, or about whose older months something came since
# (and for those paid late within that month, were it posted before the last accrual). The others are settled.
_OF_OLD_MONTHS = """
    SELECT {what} FROM payments_balance AS part
    WHERE {scope} AND part.month = %(mark)s AND part.contract_id <> 0 AND part.closing <> part.charged
    UNION
    SELECT {what} FROM payments_allocation AS part JOIN payments_payment AS payment ON payment.id = part.payment_id
    WHERE {scope} AND part.day >= %(mark)s AND part.contract_id <> 0 AND part.part <> 2
        AND part.for_month < %(mark)s AND (part.day >= %(after_mark)s OR payment.paid_on - part.for_month > 40)
    UNION
    SELECT {what} FROM billing_charge AS part
    WHERE {scope} AND part.month >= %(mark)s AND part.kind <> 6 AND part.for_month < %(mark)s
"""
_OLD = _OF_OLD_MONTHS.format(
    what="part.account_id, part.contract_id, part.service_id", scope="part.account_id = ANY(%(accounts)s)"
)
# The same of the whole region, and whom a month after the mark was charged a penalty.
_CONCERNED = f"""
    {_OF_OLD_MONTHS.format(what="part.account_id", scope="true")}
    UNION
    SELECT account_id FROM billing_charge WHERE month > %(mark)s AND month <= %(upto)s AND kind = 6
"""
_LINES = """
    SELECT account_id, contract_id, service_id, month, for_month, amount FROM billing_charge
    WHERE account_id = ANY(%(accounts)s) AND month > %(after)s AND month <= %(upto)s AND kind <> 6
"""
# A penalty names the month that charged it, so whose debt it was is known by the pair alone.
_PENALTIES = """
    SELECT c.account_id, c.contract_id, c.service_id, coalesce(sum(c.amount) FILTER (WHERE m.state IS NULL), 0),
        coalesce(sum(c.amount) FILTER (WHERE m.state = 'open'), 0)
    FROM billing_charge AS c LEFT JOIN billing_contractmonth AS m
        ON m.contract_id = c.contract_id AND m.month = c.month AND m.state = 'open'
    WHERE c.account_id = ANY(%(accounts)s) AND c.month > %(after)s AND c.month <= %(upto)s AND c.kind = 6
    GROUP BY 1, 2, 3
"""
_PAID = """
    SELECT part.account_id, part.contract_id, part.service_id, part.for_month, payment.paid_on, part.amount
    FROM payments_allocation AS part JOIN payments_payment AS payment ON payment.id = part.payment_id
    WHERE part.account_id = ANY(%(accounts)s) AND part.contract_id <> 0 AND part.part <> 2
        AND part.for_month > %(after)s AND part.for_month <= %(upto)s AND part.day >= %(after)s
"""
_POSTED = "SELECT contract_id, month FROM billing_contractmonth WHERE state <> 'open' AND month < %(month)s"
_HELD = "SELECT account_id, month FROM billing_hold WHERE released_at IS NULL AND account_id = ANY(%(accounts)s)"
_DEBTORS = """
    SELECT account.id, CASE WHEN payer.id IS NULL THEN 1 ELSE CASE payer.kind WHEN 2 THEN 3 WHEN 3 THEN 4 ELSE 2 END END
    FROM accounts_personalaccount AS account
    LEFT JOIN accounts_organisation AS payer ON payer.id = account.payer_organisation_id
    WHERE account.id = ANY(%(accounts)s)
"""
_ID, _SMALL = pl.Int64, pl.Int16
_PAIRS: Schema = {"account_id": _ID, "contract_id": _ID, "service_id": _SMALL}
_LINE: Schema = {**_PAIRS, "month": pl.Date, "for_month": pl.Date, "amount": EXACT}
_CHARGED: Schema = {**_PAIRS, "posted": EXACT, "drafted": EXACT}
LONG_AGO = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class OpenDebts:
    """Columns of debt.penalties: ITEMS and PAYMENTS; and by PAIR what earlier months charged as penalty.

    posted, drafted: roubles in months that the contract has posted, and in those it has still open.
    """

    items: pl.DataFrame
    payments: pl.DataFrame
    charged: pl.DataFrame


def open_debts(*, account_ids: Sequence[int], month: Month, law: Law, whole: bool = False) -> OpenDebts:
    """The accounts' debts as the open month `month` sees them: ink of earlier months, payments by value date.

    An item is a document's month of a contract and service. A reversed payment is as if it had never been. Penalties
    drafted in an earlier month that is not posted yet count as charged: they are to be ink before this month is.
    whole: every month there ever was (a sheet), not only those where something may still accrue. Of a pair that is
    settled neither the old debts are there nor the penalties charged for them.
    """
    closed = [] if whole else [mark for mark in payments_queries.closed_months() if mark < month]
    lines, paid, charged = _moved(list(account_ids), month.previous.first, max(closed, default=None))
    debtor = billing_queries.frame(_DEBTORS, {"account_id": _ID, "debtor": pl.Int8}, {"accounts": list(account_ids)})
    services = billing_queries.frame(
        "SELECT id, priority FROM accounts_service", {"service_id": _SMALL, "priority": _SMALL}
    )
    items = (
        _charged(lines, list(account_ids), month)
        .join(debtor, on="account_id")
        .join(services, on="service_id")
    )  # fmt: skip
    return OpenDebts(
        items=penalties.under_terms(items, law),
        payments=paid.group_by(*penalties.KEY, "paid_on").agg(pl.col("amount").sum()).filter(pl.col("amount") != 0),
        charged=charged,
    )


def _moved(account_ids: list[int], upto: date, mark: Month | None) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Charge lines, parts of payments and penalties of documents up to `upto`; before `mark` only where not settled."""

    def read(sql: str, schema: Schema, accounts: list[int], after: date, until: date) -> pl.DataFrame:
        if not accounts:
            return columns.empty(schema)
        return billing_queries.frame(sql, schema, {"accounts": accounts, "after": after, "upto": until})

    settled = mark.previous.first if mark else LONG_AGO
    lines = read(_LINES, _LINE, account_ids, settled, upto)
    paid = read(_PAID, penalties.PAYMENTS, account_ids, settled, upto)
    # A debt of the month accrues from the next one on: what the month itself charged was for settled debts.
    charged = read(_PENALTIES, _CHARGED, account_ids, mark.first if mark else LONG_AGO, upto)
    if mark is None:
        return lines, paid, charged
    params = {"accounts": account_ids, "mark": mark.first, "after_mark": mark.next.first}
    old = billing_queries.frame(_OLD, _PAIRS, params)
    debtors = old["account_id"].unique().sort().to_list()
    pairs = list(_PAIRS)
    before = read(_LINES, _LINE, debtors, LONG_AGO, settled).join(old, on=pairs, how="semi")
    paid_before = read(_PAID, penalties.PAYMENTS, debtors, LONG_AGO, settled).join(old, on=pairs, how="semi")
    charged_before = read(_PENALTIES, _CHARGED, debtors, LONG_AGO, mark.first).join(old, on=pairs, how="semi")
    both = pl.concat([charged, charged_before]).group_by(pairs).agg(pl.col("posted", "drafted").sum())
    return pl.concat([lines, before]), pl.concat([paid, paid_before]), both


def _charged(lines: pl.DataFrame, account_ids: list[int], month: Month) -> pl.DataFrame:
    """Ink of the lines by item: the sum and the month of its document.

    A correction that takes off counts from the due date of the month it is about (penalties.md 2); one that adds is a
    new obligation of the month in whose document it stands.
    """
    posted = billing_queries.frame(_POSTED, {"contract_id": _ID, "month": pl.Date}, {"month": month.first})
    held = billing_queries.frame(_HELD, {"account_id": _ID, "month": pl.Date}, {"accounts": account_ids})
    ink = lines.join(posted, on=["contract_id", "month"], how="semi")
    if held.height:
        ink = ink.join(held, on=["account_id", "month"], how="anti")
    sums = ink.group_by(*_PAIRS, "month", "for_month").agg(amount=pl.col("amount").sum())
    document = pl.when(pl.col("amount") < 0).then("for_month").otherwise("month")
    return sums.group_by(*_PAIRS, month=document).agg(charged=pl.col("amount").sum())


def concerned(*, month: Month, law: Law) -> set[int] | None:
    """Accounts whose penalties of the open month may be other than none; None: nobody can be left out.

    Once the books are closed up to the month before, who owes its document alone accrues nothing until the month is
    over, unless terms say so (an organisation owes from the first day): the region's debtors are read, not everybody.
    """
    closed = [mark for mark in payments_queries.closed_months() if mark < month]
    if not closed:
        return None
    mark, upto = max(closed), month.previous
    params = {"mark": mark.first, "after_mark": mark.next.first, "upto": upto.first}
    with connection.cursor() as cursor:
        cursor.execute(_CONCERNED, params)
        found = {account_id for (account_id,) in cursor.fetchall()}
        who, what = set(), set()
        for terms in penalties.accruing(law, months=list(Month.range(mark, upto)), until=month.last):
            if terms.debtor not in (penalties.Debtor.ANY, penalties.Debtor.PERSON):
                who.add(terms.debtor)
            elif terms.contract_id is None and terms.service_id is None:
                return None
            else:
                of_terms = [("contract_id", terms.contract_id), ("service_id", terms.service_id)]
                what.add(" AND ".join(f"{name} = {int(value)}" for name, value in of_terms if value is not None))
        if who:
            cursor.execute("SELECT id FROM accounts_personalaccount WHERE payer_organisation_id IS NOT NULL")
            found |= {account_id for (account_id,) in cursor.fetchall()}
        if what:
            cursor.execute(
                "SELECT DISTINCT account_id FROM billing_charge"
                f" WHERE month >= %(mark)s AND month <= %(upto)s AND kind <> 6 AND ({' OR '.join(sorted(what))})",
                params,
            )
            found |= {account_id for (account_id,) in cursor.fetchall()}
    return found


def penalties_due(
    *, account_ids: Sequence[int], month: Month, law: Law, until: date, whole: bool = False
) -> pl.DataFrame:
    """What the open month is to charge: accrued to `until` inclusive less what was charged before; PAIR and amount.

    Negative where a correction or an earlier value date took off what had been charged. Nothing: no row.
    whole: from all months there ever were; the same rows, if what is settled is settled.
    """
    debts = open_debts(account_ids=account_ids, month=month, law=law, whole=whole)
    accrued = penalties.accrued(debts.items, debts.payments, law, until)
    sums = accrued.group_by(penalties.PAIR).agg(pl.col("amount").sum().cast(EXACT))
    both = sums.join(debts.charged, on=penalties.PAIR, how="full", coalesce=True)
    accrues, posted, drafted = (pl.col(name).fill_null(ZERO) for name in ("amount", "posted", "drafted"))
    owed = accrues - posted - drafted
    return both.select(*penalties.PAIR, amount=owed.cast(MONEY)).filter(pl.col("amount") != 0)


def accruals(*, account_ids: Sequence[int], month: Month, law: Law, since: date) -> pl.DataFrame:
    """The accounts' pairs by day from `since` to the end of the open month: PAIR, posted, drafted, accrued.

    All in whole kopecks; `accrued` one number a day, the penalty of the pair's debts that are not settled, of which
    earlier months charged `posted` and `drafted` (see open_debts). Raises LawMissing.
    """
    debts = open_debts(account_ids=account_ids, month=month, law=law)
    by_day = penalties.accrued_by_day(debts.items, debts.payments, law, since, month.last)
    kopecks = [(pl.col(name) * 100).cast(pl.Int64) for name in ("posted", "drafted")]
    both = by_day.join(debts.charged.with_columns(kopecks), on=penalties.PAIR, how="full", coalesce=True)
    none = pl.lit([0] * ((month.last - since).days + 1), dtype=pl.List(pl.Int64))
    return both.select(
        *penalties.PAIR, pl.col("posted", "drafted").fill_null(0), accrued=pl.col("accrued").fill_null(none)
    ).filter(
        (pl.col("posted") != 0) | (pl.col("drafted") != 0) | pl.col("accrued").list.eval(pl.element() != 0).list.any()
    )
