"""The only door for lines that the run does not compute: penalties and recalculations drafted by the floors above."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal

import polars as pl
from django.db import connection, transaction

from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.kinds import Unit
from accounts.money import kopecks
from billing import columns, queries
from billing.kinds import DRAFTED
from billing.models import ChargeKind, Method
from billing.operations import writing
from billing.pipeline import Difference

NUMBERED = (ChargeKind.RECALCULATION, ChargeKind.BENEFIT)
FIRST_BY_DOCUMENT = 1000  # lower numbers of recalculations are those of the run itself


class DraftRefused(Refusal):
    """Lines from above do not fit."""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One line from above. `line` must be the same for the same cause every time it is drafted. amount: roubles."""

    account_id: int
    contract_id: int
    service_id: int
    line: int
    for_month: date
    amount: Decimal
    method: int = Method.PENALTY
    unit: int = Unit.ACCOUNT
    days: int = 0
    volume: Decimal | None = None
    tariff: Decimal | None = None


@transaction.atomic
def draft_charges(
    *,
    month: Month,
    kind: int,
    lines: Iterable[DraftLine] | pl.DataFrame,
    account_ids: Sequence[int] | None = None,
) -> Difference:
    """Make the drafts of one kind say exactly `lines` for the accounts (default: those that have a line).

    What stood and is not among them vanishes; what is the same is not touched; ink is left as it is, and a line for
    a contract whose month is posted is left out. lines: DraftLine rows, or a frame with the columns of DraftLine and
    nothing else needed. Raises DraftRefused on kinds that the run owns and on fractions of a kopeck.
    """
    if kind in DRAFTED or kind not in ChargeKind.values:
        raise DraftRefused(f"Строки вида {kind} начисляет сам расчёт.")
    frame = lines if isinstance(lines, pl.DataFrame) else _frame(list(lines))
    accounts_in_scope = sorted(set(account_ids) if account_ids is not None else set(frame["account_id"].to_list()))
    if not set(frame["account_id"].to_list()) <= set(accounts_in_scope):
        raise DraftRefused("Среди строк есть счета, которых нет в перечне пересчитываемых.")
    if not queries.has_partition(month):
        raise DraftRefused(f"{month.title.capitalize()} ещё не открыт: начислять в нём нельзя.")
    houses = queries.frame(
        f"SELECT id, house_id FROM accounts_personalaccount WHERE id = ANY({queries.array(accounts_in_scope)})",
        {"account_id": pl.Int64, "house_id": pl.Int64},
    )
    writing.lock_houses(sorted(set(houses["house_id"].to_list())))
    numbers = queries.BY_DOCUMENT if kind in NUMBERED else "true"
    if kind in NUMBERED and any(line < FIRST_BY_DOCUMENT for line in frame["line"].to_list()):
        raise DraftRefused(f"Номера строк перерасчёта и льгот по документу начинаются с {FIRST_BY_DOCUMENT}.")
    return writing.replace(_stored(frame, month, kind, houses), month, accounts_in_scope, [kind], numbers)


@dataclass(frozen=True, slots=True)
class DraftedFromTable:
    """What a table of lines says (accounts, lines, roubles), and what was written so that the drafts say it, too."""

    accounts: int
    lines: int
    amount: Decimal
    inserted: int
    changed: int
    removed: int


@transaction.atomic
def draft_table(
    *, month: Month, kind: int, table: str, account_ids: Sequence[int] | None = None
) -> DraftedFromTable:  # fmt: skip
    """As `draft_charges`, for lines that PostgreSQL has already: nothing of them passes through this process.

    table: a table of ours (account_id, contract_id, service_id, house_id, amount in roubles), one row a line, which
    gets the number 0 and is about the month itself; a row of 0.00 is no line. account_ids: whose lines vanish where
    the table has no row of them, all its accounts among them; None: no line but those of 0.00 vanishes. The houses are
    locked by the caller.
    """
    if kind in DRAFTED or kind in NUMBERED or kind not in ChargeKind.values:
        raise DraftRefused(f"Строки вида {kind} начисляют иначе.")
    partition = queries.partition(month)
    same = " AND ".join(f"kept.{name} = said.{name}" for name in ("account_id", "contract_id", "service_id"))
    params = {"month": month.first}
    written = {"INSERT": 0, "UPDATE": 0, "DELETE": 0}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(lines), 0)::bigint, coalesce(sum(amount), 0) FROM (SELECT count(*) AS lines,"
            f" sum(amount) AS amount FROM {table} WHERE amount <> 0 GROUP BY account_id) AS of_account"
        )
        accounts, lines, amount = cursor.fetchone()
        if account_ids is not None:
            cursor.execute(
                f"DELETE FROM {partition} AS kept WHERE kept.kind = {int(kind)}"
                f" AND kept.account_id = ANY({queries.array(account_ids)}) AND {_CHALK.format(row='kept')}"
                f" AND (kept.line <> 0 OR NOT EXISTS (SELECT FROM {table} AS said WHERE {same}))",
                params,
            )
            written["DELETE"] = cursor.rowcount
        # The key is looked up a line: joins of whole tables would read the month's other lines block after block, and
        # statistics from before the first night would compare each line with each.
        cursor.execute("".join(f"SET LOCAL {name} = off;" for name in _PLANS))
        cursor.execute(
            f"""
            WITH merged AS (
                MERGE INTO {partition} AS kept
                USING (SELECT * FROM {table} AS row WHERE {_CHALK.format(row="row")}
                       ORDER BY account_id, contract_id, service_id) AS said
                ON {same} AND kept.kind = {int(kind)} AND kept.line = 0 AND kept.month = %(month)s
                WHEN MATCHED AND said.amount = 0 THEN DELETE
                WHEN MATCHED AND kept.amount <> said.amount THEN UPDATE SET amount = said.amount
                WHEN NOT MATCHED AND said.amount <> 0 THEN
                    INSERT (account_id, contract_id, service_id, kind, line, month, house_id, for_month, method, unit,
                        days, amount)
                    VALUES (said.account_id, said.contract_id, said.service_id, {int(kind)}, 0, %(month)s,
                        said.house_id, %(month)s, {int(Method.PENALTY)}, {int(Unit.ACCOUNT)}, 0, said.amount)
                RETURNING merge_action() AS what
            )
            SELECT what, count(*) FROM merged GROUP BY 1
            """,
            params,
        )
        for what, count in cursor.fetchall():
            written[what] += count
        cursor.execute("".join(f"SET LOCAL {name} = on;" for name in _PLANS))
    return DraftedFromTable(accounts, lines, amount, written["INSERT"], written["UPDATE"], written["DELETE"])


_PLANS = ("enable_hashjoin", "enable_mergejoin", "enable_material", "enable_seqscan", "enable_bitmapscan")


@transaction.atomic
def draft_nothing(*, month: Month, kind: int, but: str) -> int:
    """Remove the month's chalk lines of a kind, save those `but` names: SQL of account_id, contract_id, service_id.

    For kinds that the run does not own. Returns how many lines are gone.
    """
    if kind in DRAFTED or kind in NUMBERED or kind not in ChargeKind.values:
        raise DraftRefused(f"Строки вида {kind} начисляют иначе.")
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {queries.partition(month)} AS kept WHERE kept.kind = {int(kind)}"
            f" AND {_CHALK.format(row='kept')} AND NOT EXISTS (SELECT FROM ({but}) AS said WHERE"
            " said.account_id = kept.account_id AND said.contract_id = kept.contract_id"
            " AND said.service_id = kept.service_id)",
            {"month": month.first},
        )
        return int(cursor.rowcount)


# Chalk: the contract's month is open, or it is posted and the account held, while it is not closed.
_CHALK = """(
    {row}.contract_id IN (SELECT contract_id FROM billing_contractmonth WHERE month = %(month)s AND state = 'open')
    OR ({row}.account_id IN (SELECT account_id FROM billing_hold WHERE month = %(month)s AND released_at IS NULL)
        AND {row}.contract_id IN (
            SELECT contract_id FROM billing_contractmonth WHERE month = %(month)s AND state NOT IN ('open', 'closed')
        ))
)"""


def _frame(lines: list[DraftLine]) -> pl.DataFrame:
    for line in lines:
        if line.amount != kopecks(line.amount):
            raise DraftRefused(f"Сумма {line.amount} содержит доли копейки.")
    names = {name: columns.CHARGES[name] for name in DraftLine.__slots__}  # type: ignore[attr-defined]
    return pl.DataFrame([asdict(line) for line in lines], schema=names)


def _stored(frame: pl.DataFrame, month: Month, kind: int, houses: pl.DataFrame) -> pl.DataFrame:
    rows = frame.drop("house_id", "month", "kind", strict=False).join(houses, on="account_id", how="left")
    given = {"month": pl.lit(month.first), "kind": pl.lit(int(kind))}
    usual = {"days": 0, "method": int(Method.PENALTY), "unit": int(Unit.ACCOUNT)}
    for name, dtype in columns.CHARGES.items():
        if name not in rows.columns and name not in given:
            given[name] = pl.lit(usual.get(name), dtype)
    rows = rows.with_columns(**given)
    return rows.select(pl.col(name).cast(dtype) for name, dtype in columns.CHARGES.items())
