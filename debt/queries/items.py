"""Open items over time: what was owed on which day, and what accrued on it. Only reads."""

from __future__ import annotations

import hashlib
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
_KNOWN_PENALTIES = _PENALTIES.replace("SELECT ", "SELECT c.month, ", 1).replace(
    "GROUP BY 1, 2, 3", "GROUP BY 1, 2, 3, 4"
)
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
# What an earlier night wrote of the accounts' pairs: of this month, or of the one before its first night.
_KNOWN = """
    SELECT DISTINCT ON (account_id, contract_id, service_id) account_id, contract_id, service_id, open_from,
        settled_kopecks, known_until, known_kopecks, since, law
    FROM debt_accrual WHERE account_id = ANY(%(accounts)s) AND month = ANY(%(months)s::date[])
    ORDER BY account_id, contract_id, service_id, month DESC
"""
# The eldest month that was paid, or taken back, since that night.
_LATER = """
    SELECT part.account_id, part.contract_id, part.service_id, min(part.for_month)
    FROM payments_allocation AS part
    WHERE part.account_id = ANY(%(accounts)s) AND part.day >= %(since)s AND part.day <> ALL(%(seen)s::date[])
        AND part.contract_id <> 0 AND part.part <> 2
    GROUP BY 1, 2, 3
"""
_ID, _SMALL = pl.Int64, pl.Int16
_PAIRS: Schema = {"account_id": _ID, "contract_id": _ID, "service_id": _SMALL}
_LINE: Schema = {**_PAIRS, "month": pl.Date, "for_month": pl.Date, "amount": EXACT}
_CHARGED: Schema = {**_PAIRS, "posted": EXACT, "drafted": EXACT}
_BY_MONTH: Schema = {"month": pl.Date, **_CHARGED}
_STATES: Schema = {
    **_PAIRS, "open_from": pl.Date, "settled": _ID, "known_until": pl.Date, "known": _ID, "since": pl.Date, "law": _ID,
}  # fmt: skip
_STATE = ("open_from", "settled", "known_until", "known")
LONG_AGO = date(1900, 1, 1)
ENGINE = 1  # counts up when the same facts are to give other kopecks: the next night computes everything anew


@dataclass(frozen=True, slots=True)
class Earlier:
    """The night that this one may build upon: months with accruals, its books' days, and whom it may not be used for.

    since, closed_days: as in Ground, when it was made. differ: accounts with other terms of their own since.
    """

    months: Sequence[date]
    since: date
    closed_days: Sequence[str]
    differ: frozenset[int]


@dataclass(frozen=True, slots=True)
class OpenDebts:
    """Columns of debt.penalties: ITEMS and PAYMENTS; and by PAIR what earlier months charged as penalty.

    posted, drafted: roubles in months that the contract has posted, and in those it has still open. states: of pairs
    whose months before `open_from` are not here, the penalty of these months and what was posted for them (kopecks).
    mark: the first day of the last closed month.
    """

    items: pl.DataFrame
    payments: pl.DataFrame
    charged: pl.DataFrame
    states: pl.DataFrame
    mark: date | None


def law_digest(law: Law, day: date) -> int:
    """What bears on the days up to `day`, as one number of 64 bits."""
    known = repr((ENGINE, law.known_by(day))).encode()
    return int.from_bytes(hashlib.blake2b(known, digest_size=8).digest(), "big", signed=True)


def open_debts(
    *, account_ids: Sequence[int], month: Month, law: Law, whole: bool = False, earlier: Earlier | None = None
) -> OpenDebts:
    """The accounts' debts as the open month `month` sees them: ink of earlier months, payments by value date.

    An item is a document's month of a contract and service. A reversed payment is as if it had never been. Penalties
    drafted in an earlier month that is not posted yet count as charged: they are to be ink before this month is.
    whole: every month there ever was (a sheet), not only those where something may still accrue. Of a pair that is
    settled neither the old debts are there nor the penalties charged for them. earlier: what that night found settled
    of a pair is a sum in `states`, its months are not read.
    """
    closed = [] if whole else [mark for mark in payments_queries.closed_months() if mark < month]
    mark = max(closed, default=None)
    ids = list(account_ids)
    states = columns.empty(_STATES) if earlier is None or mark is None else _states(ids, law, earlier)
    found = _debts(ids, month, law, mark, states.select(*_PAIRS, *_STATE))
    unsure = _unsure(found)
    if not unsure:
        return found
    # A credit, or a correction of a month that was settled: these accounts need all their months.
    others = _debts(unsure, month, law, mark, found.states.clear())
    return OpenDebts(
        **{
            name: pl.concat(
                [getattr(found, name).filter(~pl.col("account_id").is_in(unsure)), getattr(others, name)]
            )
            for name in ("items", "payments", "charged", "states")
        },
        mark=found.mark,
    )  # fmt: skip


def _states(account_ids: list[int], law: Law, earlier: Earlier) -> pl.DataFrame:
    """What still holds of the states that the earlier night left: same law of its days, no news about these months."""
    found = billing_queries.frame(_KNOWN, _STATES, {"accounts": account_ids, "months": list(earlier.months)})
    digests = {day: law_digest(law, day) for day in found["since"].unique().to_list()}
    same = pl.DataFrame(list(digests.items()), schema={"since": pl.Date, "law": pl.Int64}, orient="row")
    later = billing_queries.frame(
        _LATER,
        {**_PAIRS, "for_month": pl.Date},
        {"accounts": account_ids, "since": earlier.since, "seen": list(earlier.closed_days)},
    )
    touched = found.join(later, on=list(_PAIRS)).filter(pl.col("for_month") < pl.col("open_from"))["account_id"]
    return found.join(same, on=["since", "law"], how="semi").filter(
        (pl.col("open_from") > LONG_AGO)
        & ~pl.col("account_id").is_in(touched.implode())
        & ~pl.col("account_id").is_in(sorted(earlier.differ))
    )


def _unsure(debts: OpenDebts) -> list[int]:
    if not debts.states.height:
        return []
    corrected = debts.items.join(debts.states, on=list(_PAIRS)).filter(pl.col("month") < pl.col("open_from"))
    credited = penalties.overpaid(debts.items, debts.payments).join(
        debts.states, on=["account_id", "contract_id"], how="semi"
    )
    return sorted({*corrected["account_id"].to_list(), *credited["account_id"].to_list()})


def debtors(account_ids: list[int]) -> pl.DataFrame:
    """account_id, debtor (penalties.Debtor): who pays for each account."""
    return billing_queries.frame(_DEBTORS, {"account_id": _ID, "debtor": pl.Int8}, {"accounts": account_ids})


def _debts(account_ids: list[int], month: Month, law: Law, mark: Month | None, states: pl.DataFrame) -> OpenDebts:
    lines, paid, charged, used = _moved(account_ids, month.previous.first, mark, states)
    debtor = debtors(account_ids)
    services = billing_queries.frame(
        "SELECT id, priority FROM accounts_service", {"service_id": _SMALL, "priority": _SMALL}
    )
    items = (
        _charged(lines, account_ids, month)
        .join(debtor, on="account_id")
        .join(services, on="service_id")
    )  # fmt: skip
    return OpenDebts(
        items=penalties.under_terms(items, law),
        payments=paid.group_by(*penalties.KEY, "paid_on").agg(pl.col("amount").sum()).filter(pl.col("amount") != 0),
        charged=charged,
        states=used,
        mark=mark.first if mark else None,
    )


def _moved(
    account_ids: list[int], upto: date, mark: Month | None, states: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Charge lines, parts of payments and penalties of documents up to `upto`; before `mark` only where not settled.

    Of pairs with a state only from the month it is open from. The fourth frame: the states that were built upon.
    """

    def read(sql: str, schema: Schema, accounts: list[int], after: date, until: date) -> pl.DataFrame:
        if not accounts or after >= until:
            return columns.empty(schema)
        return billing_queries.frame(sql, schema, {"accounts": accounts, "after": after, "upto": until})

    settled = mark.previous.first if mark else LONG_AGO
    lines = [read(_LINES, _LINE, account_ids, settled, upto)]
    paid = [read(_PAID, penalties.PAYMENTS, account_ids, settled, upto)]
    # A debt of the month accrues from the next one on: what the month itself charged was for settled debts.
    charged = [read(_PENALTIES, _CHARGED, account_ids, mark.first if mark else LONG_AGO, upto)]
    if mark is None:
        return lines[0], paid[0], charged[0], states.clear()
    params = {"accounts": account_ids, "mark": mark.first, "after_mark": mark.next.first}
    pairs = list(_PAIRS)
    old = billing_queries.frame(_OLD, _PAIRS, params)
    used = states.join(old, on=pairs, how="semi")
    unknown = old.join(used, on=pairs, how="anti").with_columns(
        open_from=pl.lit(LONG_AGO), known_until=pl.lit(LONG_AGO)
    )
    spans = pl.concat([unknown, used.select(unknown.columns)])
    # Accounts in groups by their eldest open month: nobody's months are read that are settled.
    eldest = spans.group_by("account_id").agg(pl.col("open_from", "known_until").min())
    for (since,), some in eldest.group_by(["open_from"]):
        first, ids = Month(since) if since > LONG_AGO else None, some["account_id"].sort().to_list()
        after = first.previous.first if first else LONG_AGO
        for sql, schema, into in ((_LINES, _LINE, lines), (_PAID, penalties.PAYMENTS, paid)):
            into.append(read(sql, schema, ids, after, settled).join(spans, on=pairs, how="semi"))
    lines, paid = [[_since(rows, spans) for rows in frames] for frames in (lines, paid)]
    for (since,), some in eldest.group_by(["known_until"]):
        ids = some["account_id"].sort().to_list()
        rows = read(_KNOWN_PENALTIES, _BY_MONTH, ids, since, mark.first).join(spans, on=pairs)
        charged.append(rows.filter(pl.col("month") > pl.col("known_until")).select(list(_CHARGED)))
    posted = used.select(*pairs, posted=pl.col("known").cast(EXACT) / 100, drafted=pl.lit(ZERO).cast(EXACT))
    both = pl.concat([*charged, posted]).group_by(pairs).agg(pl.col("posted", "drafted").sum())
    return pl.concat(lines), pl.concat(paid), both, used


def _since(rows: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """The rows of months from which their pairs are open."""
    both = rows.join(spans.select(*_PAIRS, "open_from"), on=list(_PAIRS), how="left", maintain_order="left")
    return both.filter(pl.col("open_from").is_null() | (pl.col("month") >= pl.col("open_from"))).select(rows.columns)


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


def accruals(
    *, account_ids: Sequence[int], month: Month, law: Law, since: date, earlier: Earlier | None = None
) -> pl.DataFrame:
    """The accounts' pairs by day from `since` to the end of the open month: PAIR, posted, drafted, accrued.

    All in whole kopecks; `accrued` one number a day, the penalty of the pair's debts that are not settled, of which
    earlier months charged `posted` and `drafted` (see open_debts). Beside them open_from, settled, known_until, known
    (see Accrual): what the next computation may build upon. Raises LawMissing.
    """
    debts = open_debts(account_ids=account_ids, month=month, law=law, earlier=earlier)
    pairs = list(penalties.PAIR)
    until = Month(debts.mark).next.first if debts.mark else LONG_AGO
    spans = penalties.settled_by(debts.items, debts.payments, since, until)
    items = debts.items.join(spans, on=pairs, how="left")
    is_over = (pl.col("month") < pl.col("open_from")).fill_null(False)
    over = penalties.accrued(items.filter(is_over).select(debts.items.columns), debts.payments, law, since)
    settled = (
        pl.concat([
            over.select(*pairs, settled=(pl.col("amount") * 100).cast(pl.Int64)),
            debts.states.select(*pairs, "settled"),
        ]).group_by(pairs).agg(pl.col("settled").sum())
    )  # fmt: skip
    by_day = penalties.accrued_by_day(
        items.filter(~is_over).select(debts.items.columns), debts.payments, law, since, month.last, settled
    )
    # What was posted by the last closed month, as it will be known by.
    later = _posted_after(list(account_ids), month, debts.mark)
    known = (
        debts.charged.join(later, on=pairs, how="left")
        .select(*pairs, known=((pl.col("posted") - pl.col("later").fill_null(ZERO)) * 100).cast(pl.Int64))
    )  # fmt: skip
    kopecks = [(pl.col(name) * 100).cast(pl.Int64) for name in ("posted", "drafted")]
    both = (
        by_day.join(debts.charged.with_columns(kopecks), on=pairs, how="full", coalesce=True)
        .join(spans, on=pairs, how="left")
        .join(settled, on=pairs, how="left")
        .join(known, on=pairs, how="left")
    )
    none = pl.lit([0] * ((month.last - since).days + 1), dtype=pl.List(pl.Int64))
    is_known = pl.col("open_from").is_not_null() & (debts.mark is not None)
    return both.select(
        *pairs,
        pl.col("posted", "drafted").fill_null(0),
        accrued=pl.col("accrued").fill_null(none),
        open_from=pl.when(is_known).then("open_from").otherwise(pl.lit(LONG_AGO)),
        settled=pl.when(is_known).then(pl.col("settled").fill_null(0)).otherwise(0),
        known_until=pl.when(is_known).then(pl.lit(debts.mark, dtype=pl.Date)).otherwise(pl.lit(LONG_AGO)),
        known=pl.when(is_known).then(pl.col("known").fill_null(0)).otherwise(0),
    ).filter(
        (pl.col("posted") != 0) | (pl.col("drafted") != 0) | pl.col("accrued").list.eval(pl.element() != 0).list.any()
    )


def _posted_after(account_ids: list[int], month: Month, mark: date | None) -> pl.DataFrame:
    """PAIR and `later`: roubles of penalty posted in months after the mark."""
    params = {"accounts": account_ids, "after": mark or LONG_AGO, "upto": month.previous.first}
    return billing_queries.frame(_PENALTIES, _CHARGED, params).select(*_PAIRS, later="posted")
