"""Payments over debts: pure arithmetic on columns, no table, no clock. One function serves a payment and a register.

Source: domain/payments.md, 3–4: ст. 319, 319.1 ГК РФ; п. 118 Правил № 354; письмо Минстроя 09.08.2025 № 46954-АЕ/04.
The order:
  0. credits (negative items) are netted inside their own (contract, service), then against the oldest debts of the same
     contract; never against another principal's;
  1. what a court act orders, where the money is the court's; else what the payer directed: a sum for a service, or
     services alone;
  2. the month he named, then the oldest month; a month that waits (deferred by a plan, beyond the limitation period)
     after the others; inside a month pro rata by the largest remainder;
  3. penalties after all principal, in the same order;
  4. the rest is an advance of the account that no principal owns yet.
What stands apart (capital repair: its own document and bank account) is paid by a payment directed to it alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import Any, Literal

import polars as pl

from accounts.calendar import NAMES
from accounts.money import ZERO, kopecks, split, total

Weights = Literal["open", "charged"]

DEBT, PENALTY, ADVANCE = 1, 2, 3  # as in payments.models.Part


class Rule(IntEnum):
    """Why this part went where it went; the number is stored with the allocation."""

    OLDEST_DEBT = 1
    NAMED_MONTH = 2
    DIRECTED_SERVICE = 3
    AMOUNT_AS_GIVEN = 4
    PENALTY_LAST = 5
    NO_DEBT = 6
    ADVANCE_USED = 7
    REVERSAL = 8
    COURT_ACT = 9
    WAITED = 10
    DIRECTED_PENALTY = 11


REASONS = {
    Rule.OLDEST_DEBT: "Долг за {month}: сначала более ранний срок, внутри месяца поровну рублю долга "
    "(ст. 319.1 п. 3 ГК РФ, п. 118 Правил № 354)",
    Rule.NAMED_MONTH: "Плательщик назвал {month}: этот месяц первым (ст. 319.1 п. 1 ГК РФ)",
    Rule.DIRECTED_SERVICE: "Плательщик назвал услугу: оплачена за {month} (ст. 319.1 п. 1 ГК РФ)",
    Rule.AMOUNT_AS_GIVEN: "Сумма по услуге за {month} указана плательщиком (ст. 319.1 п. 1 ГК РФ)",
    Rule.PENALTY_LAST: "Пени за {month}: после всего основного долга (ст. 319 ГК РФ)",
    Rule.NO_DEBT: "Долгов больше нет: аванс до следующих начислений",
    Rule.ADVANCE_USED: "Аванс зачтён в счёт начислений при проведении месяца",
    Rule.REVERSAL: "Сторно: прежнее разнесение отменено зеркальной строкой",
    Rule.COURT_ACT: "Долг за {month} взыскан судебным актом: деньги по акту идут на его строки вне общей очереди",
    Rule.WAITED: "Долг за {month} отсрочен или за сроком давности: оплачен после остальных (ст. 319.1 п. 3 ГК РФ, "
    "ППВС от 27.06.2017 № 22, п. 32)",
    Rule.DIRECTED_PENALTY: "Плательщик назвал пени: оплачены за {month} раньше долга "
    "(ст. 319 ГК РФ: иной порядок по соглашению)",
}


def reason(rule: int, for_month: date) -> str:
    """The rule in words, with the month it names."""
    return REASONS[Rule(rule)].format(month=f"{NAMES[for_month.month - 1]} {for_month.year}")


# --- the columns: name and dtype; money in roubles, whole kopecks ----------------------------------------------------

MONEY = pl.Decimal(38, 2)
# Laid in the order of paid_on, then payment_id. for_month: the month the payer named, or null. by_charge: pro rata to
# what was charged instead of what is open.
PAYMENTS: dict[str, Any] = {
    "payment_id": pl.Int64, "account_id": pl.Int64, "paid_on": pl.Date, "amount": MONEY, "for_month": pl.Date,
    "by_charge": pl.Boolean,
}  # fmt: skip
# What is left unpaid, a negative amount is the payer's credit. priority: the service's order in the document. is_apart:
# only a payment directed to its service pays it. waits: after the months that do not wait, unless it is named.
ITEMS: dict[str, Any] = {
    "account_id": pl.Int64, "contract_id": pl.Int64, "service_id": pl.Int64, "for_month": pl.Date,
    "is_penalty": pl.Boolean, "amount": MONEY, "charged": MONEY, "priority": pl.Int64, "is_apart": pl.Boolean,
    "waits": pl.Boolean,
}  # fmt: skip
# The payer's instruction, a row a service; amount: the sum named for it, null when services alone are named.
# is_penalty: penalties alone, of the service, or, where it is null, of all that does not stand apart.
DIRECTIONS: dict[str, Any] = {
    "payment_id": pl.Int64, "service_id": pl.Int64, "amount": MONEY, "is_penalty": pl.Boolean,
}  # fmt: skip
# The lines of the court act a payment is made by: what of an item is still to be paid by the act.
ACTS: dict[str, Any] = {
    "payment_id": pl.Int64, "contract_id": pl.Int64, "service_id": pl.Int64, "for_month": pl.Date,
    "is_penalty": pl.Boolean, "amount": MONEY,
}  # fmt: skip
# Lines of a payment count from 0; an advance has no contract, no service (0) and no month (null).
PARTS: dict[str, Any] = {
    "account_id": pl.Int64, "payment_id": pl.Int64, "line": pl.Int64, "contract_id": pl.Int64, "service_id": pl.Int64,
    "for_month": pl.Date, "part": pl.Int64, "rule": pl.Int64, "amount": MONEY,
}  # fmt: skip

ITEM = ["account_id", "contract_id", "service_id", "for_month", "is_penalty"]
AGE = ["account_id", "for_month", "priority", "service_id", "contract_id", "is_penalty"]
TIES = ["account_id", "priority", "service_id", "contract_id", "for_month", "is_penalty"]
GENERAL, SERVICES, ACT, PENALTIES = 0, 1, 2, 3  # whom a pour may reach


@dataclass(frozen=True, slots=True)
class OnlyPenalty:
    """The payer's instruction: penalties alone, of these services, or of all that does not stand apart."""

    services: tuple[int, ...] = ()


def frame(columns: Mapping[str, Any], rows: Iterable[Iterable[Any]] = ()) -> pl.DataFrame:
    """Rows under the columns; without rows an empty frame of that shape."""
    told = list(zip(*rows, strict=True)) or [()] * len(columns)
    return pl.DataFrame(
        [pl.Series(name, values, dtype) for (name, dtype), values in zip(columns.items(), told, strict=True)]
    )


def _least(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    return pl.min_horizontal(one, other)


def _most(one: pl.Expr, other: pl.Expr | int) -> pl.Expr:
    return pl.max_horizontal(one, other)


def _units(column: str) -> pl.Expr:
    """Roubles as a whole number of kopecks: what is left is integer arithmetic, exact by nature."""
    return (pl.col(column) * 100).cast(pl.Int64)


def netted(items: pl.DataFrame) -> pl.DataFrame:
    """Items (ITEMS) whose credits have met debts of their own contract: those with amount > 0 (payments.md, 3.1).

    First the same service, then the contract's oldest debts. Principal and penalty are netted apart. A credit for
    which the contract has no debt stays that principal's advance: it is not in the result and pays nobody else's debt.
    """
    units = _merged(items)
    return _netted(units).sort(TIES).with_columns(
        amount=(pl.col("open").cast(MONEY) / 100).cast(MONEY), charged=(pl.col("charged").cast(MONEY) / 100).cast(MONEY)
    ).select(*ITEMS)  # fmt: skip


def _merged(items: pl.DataFrame) -> pl.DataFrame:
    """One row an item, in kopecks: open, charged."""
    units = items.lazy().select(
        *ITEM, "priority", "is_apart", "waits", open=_units("amount"), charged=_units("charged")
    )  # fmt: skip
    sums = (pl.min("priority"), pl.any("is_apart"), pl.any("waits"), pl.sum("open"), pl.sum("charged"))
    return units.group_by(ITEM).agg(*sums).collect(engine="in-memory")


def _netted(units: pl.DataFrame) -> pl.DataFrame:
    creditor = ["account_id", "contract_id", "is_penalty"]
    if units.is_empty() or (units["open"] > 0).all():
        return units
    credited = units.filter(pl.col("open") < 0).select(creditor).unique()
    others = units.join(credited, on=creditor, how="anti")
    own = units.join(credited, on=creditor, how="semi").sort(AGE)
    for group in ([*creditor, "service_id"], creditor):
        own = own.with_columns(debt=_most(pl.col("open"), 0), credit=_most(-pl.col("open"), 0)).with_columns(
            debts=pl.sum("debt").over(group), credits=pl.sum("credit").over(group),
            older_debts=pl.col("debt").cum_sum().over(group) - pl.col("debt"),
            older_credits=pl.col("credit").cum_sum().over(group) - pl.col("credit"),
        ).with_columns(
            open=pl.col("open")
            - _most(_least(pl.col("credits") - pl.col("older_debts"), pl.col("debt")), 0)
            + _most(_least(pl.col("debts") - pl.col("older_credits"), pl.col("credit")), 0)
        )  # fmt: skip
    return pl.concat([others, own.select(others.columns)]).filter(pl.col("open") > 0)


def allocate_frame(
    payments: pl.DataFrame,
    items: pl.DataFrame,
    *,
    directions: pl.DataFrame | None = None,
    acts: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Parts (PARTS) of the payments (PAYMENTS) over the open items (ITEMS) of their accounts, in any order of rows.

    Σ parts of a payment = its amount, every part is positive, no item is paid above what is open. Payments of one
    account follow one another: a later one sees what the earlier left. directions (DIRECTIONS): what a directed sum
    leaves over is an advance, since it does not pay what the payer did not name; payments without a row of it go by
    the general order. acts (ACTS): money of a court goes to the act's lines first, then as usual; what one payment has
    brought to a line of the account is not there for the next one.
    Raises ValueError on an amount that is not positive and on a breakdown that exceeds its payment.
    """
    told = directions if directions is not None else frame(DIRECTIONS)
    orders = acts if acts is not None else frame(ACTS)
    waiting, reach = _pours(payments, told, orders)
    if not orders.is_empty():
        owners = payments.select("payment_id", "account_id")
        orders = orders.join(owners, on="payment_id").select("payment_id", *ITEM, act=_units("amount"))
    live = _netted(_merged(items)).lazy().sort(TIES).with_row_index("item").collect(engine="in-memory")
    found: list[pl.LazyFrame] = []
    rests: list[pl.DataFrame] = []
    number = 0
    while not waiting.is_empty():
        if live.is_empty():
            rests.append(waiting.select("payment_id", rest="amount").filter(pl.col("rest") > 0))
            break
        is_last = waiting["round"].max() == number
        batch = waiting if is_last else waiting.filter(pl.col("round") == number)
        laid = _lay(batch, live, reach, orders)
        paid = laid.lazy().group_by("pour").agg(paid=pl.sum("paid"))
        rest = (
            batch.lazy()
            .join(paid, on="pour", how="left")
            .select("payment_id", "flows", rest=pl.col("amount") - pl.col("paid").fill_null(0))
            .filter(pl.col("rest") > 0)
            .collect(engine="in-memory")
        )
        rests.append(rest.filter(~pl.col("flows")).select("payment_id", "rest") if rest["flows"].any() else rest)
        payers = laid.lazy().join(batch.lazy().select("pour", "payment_id"), on="pour")
        found.append(payers.join(live.lazy(), on="item").select("payment_id", *ITEM, "rule", "paid"))
        number += 1
        if is_last:
            break
        carried = rest.lazy().filter("flows").select("payment_id", "rest", round=pl.lit(number, pl.Int64))
        waiting = (
            waiting.lazy()
            .filter(pl.col("round") >= number)
            .join(carried, on=["payment_id", "round"], how="left")
            .with_columns(amount=pl.col("amount") + pl.col("rest").fill_null(0))
            .drop("rest")
            .collect(engine="in-memory")
        )
        if not orders.is_empty():
            orders = _still_ordered(orders, laid, live)
        spent = laid.lazy().group_by("item").agg(paid=pl.sum("paid"))
        live = (
            live.lazy()
            .join(waiting.lazy().select("account_id").unique(), on="account_id", how="semi")
            .join(spent, on="item", how="left")
            .with_columns(open=pl.col("open") - pl.col("paid").fill_null(0))
            .filter(pl.col("open") > 0)
            .drop("paid")
            .collect(engine="in-memory")
        )
    return _parts(payments, found, rests)


def _still_ordered(orders: pl.DataFrame, laid: pl.DataFrame, live: pl.DataFrame) -> pl.DataFrame:
    """Lines of court acts without what this round has brought to them, whichever payment it was."""
    by_court = laid.lazy().filter(pl.col("rule") == int(Rule.COURT_ACT)).join(live.lazy(), on="item")
    brought = by_court.group_by(ITEM).agg(brought=pl.sum("paid"))
    return (
        orders.lazy()
        .join(brought, on=ITEM, how="left")
        .with_columns(act=pl.col("act") - pl.col("brought").fill_null(0))
        .filter(pl.col("act") > 0)
        .drop("brought")
        .collect(engine="in-memory")
    )


def _pours(payments: pl.DataFrame, directions: pl.DataFrame, acts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A payment as sums that are each laid by one order, and the services which the directed ones may reach.

    round: the pours of one round touch different items, so that a round is laid at once.
    """
    paid = payments.select(
        "payment_id", "account_id", "paid_on", pl.col("for_month").alias("named_month"), "by_charge",
        units=_units("amount"),
    )  # fmt: skip
    if not (paid["units"] > 0).all():
        raise ValueError("a payment is a positive number of whole kopecks")
    if directions.is_empty() and acts.is_empty():
        return _plain(paid), pl.DataFrame(schema={"pour": pl.UInt32, "service_id": pl.Int64})
    by_act = acts.select("payment_id").unique()
    told = directions.join(by_act, on="payment_id", how="anti").with_columns(named=_units("amount"))
    sums = told.filter(pl.col("named").is_not_null()).join(paid, on="payment_id")
    given = sums.group_by("payment_id").agg(given=pl.sum("named"), least=pl.min("named"))
    exceeded = paid.join(given, on="payment_id").filter((pl.col("given") > pl.col("units")) | (pl.col("least") <= 0))
    if not exceeded.is_empty():
        raise ValueError("the breakdown exceeds the payment or names a sum that is not positive")
    penalties = told.filter("is_penalty").select("payment_id", "service_id")
    services = told.filter(pl.col("named").is_null() & ~pl.col("is_penalty")).select("payment_id", "service_id")
    whole = paid.join(services, on="payment_id", how="semi")
    courts = paid.join(by_act, on="payment_id", how="semi")
    general = paid.join(pl.concat([services, penalties]), on="payment_id", how="anti")
    general = general.join(given, on="payment_id", how="left")
    rest = pl.col("units") - pl.col("given").fill_null(0)

    def pour(
        rows: pl.DataFrame, amount: pl.Expr, scope: int, rule: Rule | None, step: int, flows: bool = False
    ) -> pl.DataFrame:
        service = pl.col("service_id") if "service_id" in rows.columns else pl.lit(None)
        return rows.select(
            "payment_id", "account_id", "paid_on", "named_month", "by_charge", amount=amount,
            scope=pl.lit(scope, pl.Int64), rule=pl.lit(int(rule) if rule else None, pl.Int64),
            step=pl.lit(step, pl.Int64), flows=pl.lit(flows), service_id=service.cast(pl.Int64),
        )  # fmt: skip

    rows = pl.concat(
        [
            pour(courts, pl.col("units"), ACT, Rule.COURT_ACT, 0, flows=True),
            pour(courts, pl.lit(0, pl.Int64), GENERAL, None, 1),
            pour(sums, pl.col("named"), SERVICES, Rule.AMOUNT_AS_GIVEN, 0),
            pour(whole, pl.col("units"), SERVICES, Rule.DIRECTED_SERVICE, 0),
            pour(
                paid.join(penalties, on="payment_id", how="semi"), pl.col("units"), PENALTIES, Rule.DIRECTED_PENALTY, 0
            ),
            pour(general.join(by_act, on="payment_id", how="anti").filter(rest > 0), rest, GENERAL, None, 1),
        ]
    ).sort("account_id", "paid_on", "payment_id", "step", "service_id")
    is_next = (pl.col("payment_id") != pl.col("payment_id").shift()) | (pl.col("step") != pl.col("step").shift())
    rows = rows.with_row_index("pour").with_columns(
        round=is_next.fill_null(True).cast(pl.Int64).cum_sum().over("account_id")
    ).with_columns(round=pl.col("round") - pl.min("round").over("account_id"))  # fmt: skip
    reach = pl.concat(
        [
            rows.filter(pl.col("service_id").is_not_null()).select("pour", "service_id"),
            rows.filter(pl.col("rule") == int(Rule.DIRECTED_SERVICE)).select("pour", "payment_id")
            .join(services, on="payment_id").select("pour", "service_id"),
            rows.filter(pl.col("rule") == int(Rule.DIRECTED_PENALTY)).select("pour", "payment_id")
            .join(penalties, on="payment_id").select("pour", "service_id"),
        ]
    )  # fmt: skip
    return rows.drop("service_id", "step", "paid_on"), reach


def _plain(paid: pl.DataFrame) -> pl.DataFrame:
    """Payments that nobody directed: a pour each, one after another in their account."""
    return (
        paid.lazy()
        .sort("account_id", "paid_on", "payment_id")
        .select(
            "payment_id", "account_id", "named_month", "by_charge", amount="units", scope=pl.lit(GENERAL, pl.Int64),
            rule=pl.lit(None, pl.Int64), flows=pl.lit(False), round=pl.int_range(pl.len()).over("account_id"),
        )
        .with_row_index("pour")
        .collect(engine="in-memory")
    )  # fmt: skip


def _lay(batch: pl.DataFrame, live: pl.DataFrame, reach: pl.DataFrame, acts: pl.DataFrame) -> pl.DataFrame:
    """One round: what each pour pays of each item (pour, item, rule, paid in kopecks)."""
    near = ["pour", "item", "is_penalty", "waits", "for_month", "named_month", "by_charge", "charged", "rule", "amount"]
    pours, debts = batch.lazy(), live.lazy()
    general = pours.filter(pl.col("scope") == GENERAL).join(debts.filter(~pl.col("is_apart")), on="account_id")
    met = [general.select(*near, room="open")]
    if not reach.is_empty():
        directed = pours.filter(pl.col("scope") == SERVICES).join(reach.lazy(), on="pour")
        met.append(directed.join(debts, on=["account_id", "service_id"]).select(*near, room="open"))
        named = reach.lazy().rename({"service_id": "of_service"})
        fined = pours.filter(pl.col("scope") == PENALTIES).join(named, on="pour").join(debts, on="account_id")
        by_service = pl.col("of_service") == pl.col("service_id")
        is_meant = pl.when(pl.col("of_service").is_null()).then(~pl.col("is_apart")).otherwise(by_service)
        met.append(fined.filter(pl.col("is_penalty") & is_meant).select(*near, room="open"))
    if not acts.is_empty():
        ordered = acts.lazy().drop("account_id")
        by_act = pours.filter(pl.col("scope") == ACT).join(ordered, on="payment_id")
        met.append(by_act.join(debts, on=ITEM).select(*near, room=_least(pl.col("open"), pl.col("act"))))
    lines = pl.concat(met).filter(pl.col("room") > 0)
    month = ["pour", "is_penalty", "for_month"]
    is_named = pl.col("for_month").eq_missing(pl.col("named_month"))
    months = (
        lines.group_by(month)
        .agg(pl.first("named_month", "waits", "amount"), need=pl.sum("room"))
        .sort("pour", "is_penalty", ~is_named, "waits", "for_month")
        .with_columns(before=pl.col("need").cum_sum().over("pour") - pl.col("need"))
        .with_columns(paid=_least(pl.col("amount") - pl.col("before"), pl.col("need")))
        .filter(pl.col("paid") > 0)
        .select(*month, "need", "paid")
    )
    reached = lines.join(months, on=month).collect(engine="in-memory")
    part = reached.filter(pl.col("paid") < pl.col("need"))
    laid = reached.lazy().filter(pl.col("paid") == pl.col("need")).with_columns(paid=pl.col("room"))
    if not part.is_empty():
        laid = pl.concat([laid, _shared(part, month).lazy()])
    own = (
        pl.when("is_penalty").then(int(Rule.PENALTY_LAST))
        .when(is_named).then(int(Rule.NAMED_MONTH))
        .when("waits").then(int(Rule.WAITED))
        .otherwise(int(Rule.OLDEST_DEBT))
    )  # fmt: skip
    return laid.select("pour", "item", rule=pl.coalesce("rule", own.cast(pl.Int64)), paid="paid").collect(
        engine="in-memory"
    )


def _shared(lines: pl.DataFrame, group: list[str]) -> pl.DataFrame:
    """`paid` of a group, less than its need, pro rata over its lines; none above its room. Ties: the earlier item."""
    if not lines["by_charge"].any():
        shared = _split(lines.with_columns(weight=pl.col("room")), group)
        return shared.select(*lines.columns[:-1], paid="share").filter(pl.col("paid") > 0).select(lines.columns)
    by_charge = pl.col("by_charge") & (_most(pl.col("charged"), 0).sum().over(group) > 0)
    lines = lines.with_columns(by_charge=by_charge)
    open_ones = _split(lines.filter(~pl.col("by_charge")).with_columns(weight=pl.col("room")), group)
    done = [open_ones.with_columns(paid=pl.col("share"))]
    rest = lines.filter("by_charge").with_columns(got=pl.lit(0, pl.Int64))
    while not rest.is_empty():
        # what a line cannot take goes to the others by their charges, until all is laid
        is_roomy = pl.col("got") < pl.col("room")
        weight = pl.when(is_roomy).then(_most(pl.col("charged"), 0)).otherwise(0)
        left = pl.when(is_roomy).then(pl.col("room") - pl.col("got")).otherwise(0)
        rest = rest.with_columns(
            weight=pl.when(weight.sum().over(group) > 0).then(weight).otherwise(left),
            whole=pl.col("paid"), paid=pl.col("paid") - pl.col("got").sum().over(group),
        )  # fmt: skip
        rest = _split(rest, group).with_columns(
            got=_least(pl.col("room"), pl.col("got") + pl.col("share")), paid="whole"
        ).drop("whole")  # fmt: skip
        is_done = pl.col("got").sum().over(group) == pl.col("paid")
        done.append(rest.filter(is_done).with_columns(paid=pl.col("got")).select(open_ones.columns))
        rest = rest.filter(~is_done)
    return pl.concat(done).select(lines.columns).filter(pl.col("paid") > 0).with_columns(
        by_charge=pl.lit(False)
    )  # fmt: skip


def _split(lines: pl.DataFrame, group: list[str]) -> pl.DataFrame:
    """`share` of each line in its group's `paid`, by `weight`: the largest remainder, ties to the earlier item."""
    product = pl.col("paid").cast(pl.Int128) * pl.col("weight").cast(pl.Int128)
    return (
        lines.lazy()
        .with_columns(product=product, weights=pl.col("weight").sum().over(group).cast(pl.Int128))
        .with_columns(
            share=(pl.col("product") // pl.col("weights")).cast(pl.Int64),
            remainder=(pl.col("product") % pl.col("weights")).cast(pl.Int64),
        )
        .sort([*group, "remainder", "item"], descending=[*(False for _ in group), True, False])
        .with_columns(odd=pl.col("paid") - pl.col("share").sum().over(group), place=pl.int_range(pl.len()).over(group))
        .with_columns(share=pl.col("share") + (pl.col("place") < pl.col("odd")).cast(pl.Int64))
        .drop("product", "weights", "remainder", "odd", "place", "weight")
        .collect(engine="in-memory")
    )


def _parts(payments: pl.DataFrame, found: list[pl.LazyFrame], rests: list[pl.DataFrame]) -> pl.DataFrame:
    """What was laid and what was left over as numbered lines of PARTS."""
    columns = ["payment_id", "contract_id", "service_id", "for_month", "part", "rule", "units"]
    none = pl.lit(0, pl.Int64)
    laid = [
        rows.select(
            "payment_id", "contract_id", "service_id", "for_month",
            part=pl.when("is_penalty").then(PENALTY).otherwise(DEBT).cast(pl.Int64), rule="rule", units="paid",
        )
        for rows in found
    ]  # fmt: skip
    nothing = pl.LazyFrame(schema={"payment_id": pl.Int64, "rest": pl.Int64})
    left = pl.concat([nothing, *(rest.lazy().select("payment_id", "rest") for rest in rests)])
    advances = left.group_by("payment_id").agg(units=pl.sum("rest")).filter(pl.col("units") > 0)
    laid.append(
        advances.select(
            "payment_id", contract_id=none, service_id=none, for_month=pl.lit(None, pl.Date),
            part=pl.lit(ADVANCE, pl.Int64), rule=pl.lit(int(Rule.NO_DEBT), pl.Int64), units="units",
        )
    )  # fmt: skip
    return (
        pl.concat(laid)
        .select(columns)
        .sort("payment_id", "part", "for_month", "contract_id", "service_id", "rule")
        .with_columns(
            line=pl.int_range(pl.len()).over("payment_id"), amount=(pl.col("units").cast(MONEY) / 100).cast(MONEY)
        )
        .join(payments.lazy().select("payment_id", "account_id"), on="payment_id", maintain_order="left")
        .select(pl.col(name).cast(dtype) for name, dtype in PARTS.items())
        .collect(engine="in-memory")
    )


def for_what_stands_apart(
    payments: pl.DataFrame, items: pl.DataFrame, *, advances: Mapping[int, Decimal]
) -> dict[int, dict[int, Decimal]]:
    """Payment → service → roubles of what stands apart, of those undirected payments that pay all that is shown.

    No undirected money reaches the capital repair, but who pays everything shown pays it, too. payments: PAYMENTS that
    name no service; items: ITEMS of their accounts; advances: account → its roubles that lower what is shown. An
    earlier payment of the account leaves less to be paid by the next. Source: domain/payments.md, 3 п. 2 and 3.1.
    """
    apart = items.filter("is_apart").group_by("account_id", "service_id").agg(pl.sum("amount"))
    owed = defaultdict[int, dict[int, Decimal]](dict)
    for account_id, service_id, amount in apart.filter(pl.col("amount") > 0).sort("service_id").iter_rows():
        owed[account_id][service_id] = amount
    theirs = pl.col("account_id").is_in(sorted(owed))
    shown = dict(items.filter(theirs).group_by("account_id").agg(pl.sum("amount")).iter_rows())
    order = payments.filter(theirs).sort("account_id", "paid_on", "payment_id")
    found: dict[int, dict[int, Decimal]] = {}
    for payment_id, account_id, amount in order.select("payment_id", "account_id", "amount").iter_rows():
        if account_id not in owed:
            continue
        least = total(owed[account_id].values())
        if amount >= max(shown[account_id] - advances.get(account_id, ZERO), least):
            found[payment_id] = owed.pop(account_id)
        else:
            shown[account_id] -= amount
    return found


# --- one payment, as a person asks it --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What is left unpaid of one service in one document's month: roubles; a negative amount is the payer's credit.

    for_month: first day of the month of the document. priority: the service's order in the document.
    """

    contract_id: int
    service_id: int
    for_month: date
    amount: Decimal
    is_penalty: bool = False
    charged: Decimal = ZERO
    priority: int = 100
    is_apart: bool = False
    waits: bool = False


@dataclass(frozen=True, slots=True)
class PaidPart:
    """A part of the payment, positive roubles. contract_id = service_id = 0, no for_month: an advance of nobody's."""

    contract_id: int
    service_id: int
    for_month: date | None
    part: int
    rule: Rule
    amount: Decimal


Key = tuple[int, int, date, bool]


def merged(items: Iterable[OpenItem]) -> list[OpenItem]:
    """One item per (contract, service, month, penalty or not), in the order that settles ties."""
    found: dict[Key, OpenItem] = {}
    for item in items:
        if item.amount != kopecks(item.amount):
            raise ValueError(f"{item.amount} is not a whole number of kopecks")
        key = (item.contract_id, item.service_id, item.for_month, item.is_penalty)
        other = found.get(key)
        found[key] = item if other is None else replace(
            other, amount=other.amount + item.amount, charged=other.charged + item.charged,
            priority=min(other.priority, item.priority), is_apart=other.is_apart or item.is_apart,
            waits=other.waits or item.waits,
        )  # fmt: skip
    return sorted(
        found.values(),
        key=lambda item: (item.priority, item.service_id, item.contract_id, item.for_month, item.is_penalty),
    )


def items_frame(items: Iterable[OpenItem], account_id: int = 0) -> pl.DataFrame:
    """The items of one account under ITEMS."""
    return frame(
        ITEMS,
        (
            (account_id, i.contract_id, i.service_id, i.for_month, i.is_penalty, i.amount, i.charged, i.priority,
             i.is_apart, i.waits)
            for i in items
        ),
    )  # fmt: skip


def items_of(items: pl.DataFrame) -> list[OpenItem]:
    """Rows of ITEMS as open items, in their order."""
    order = (
        "contract_id",
        "service_id",
        "for_month",
        "amount",
        "is_penalty",
        "charged",
        "priority",
        "is_apart",
        "waits",
    )
    return [OpenItem(*row) for row in items.select(order).iter_rows()]


def net_credits(items: Iterable[OpenItem]) -> list[OpenItem]:
    """Positive items that are left when every credit has met debts of its own contract, as `netted` does it."""
    return items_of(netted(items_frame(merged(items))))


def allocate(
    amount: Decimal,
    items: Iterable[OpenItem],
    *,
    for_month: date | None = None,
    directed_to: Collection[int] | Mapping[int, Decimal] | OnlyPenalty | None = None,
    weights: Weights = "open",
    apart: Collection[int] = (),
    act: Mapping[Key, Decimal] | None = None,
) -> list[PaidPart]:
    """`allocate_frame` for one payment: Σ parts = `amount`, every part positive, nobody paid above what is open.

    amount: roubles > 0, whole kopecks. items: in any order; the result does not depend on it.
    for_month: the month the payer named: its debts first, then the oldest.
    directed_to: service numbers (only they are paid), penalties alone, or service → roubles (each sum to its own
    service, the rest of the payment as usual). What a directed sum leaves over is an advance: it does not pay what the
    payer did not name.
    weights: pro rata to what is open, or to what was charged. apart: services (capital repair) which only a payment
    directed to them pays. act: item → roubles of the court act that the money is paid by.
    Raises ValueError on an amount or a breakdown that cannot be.
    """
    if amount <= 0 or amount != kopecks(amount):
        raise ValueError(f"a payment is a positive number of whole kopecks, not {amount}")
    told: list[tuple[int, int | None, Decimal | None, bool]] = []
    if isinstance(directed_to, OnlyPenalty):
        told = [(0, service, None, True) for service in directed_to.services or (None,)]
    elif isinstance(directed_to, Mapping):
        if total(directed_to.values()) > amount or any(named <= 0 for named in directed_to.values()):
            raise ValueError("the breakdown exceeds the payment or names a sum that is not positive")
        told = [(0, service, named, False) for service, named in directed_to.items()]
    elif directed_to:
        told = [(0, service, None, False) for service in set(directed_to)]
    parts = allocate_frame(
        frame(PAYMENTS, [(0, 0, None, amount, for_month, weights == "charged")]),
        items_frame(replace(item, is_apart=True) if item.service_id in apart else item for item in merged(items)),
        directions=frame(DIRECTIONS, told),
        acts=frame(ACTS, ((0, *key, sum_) for key, sum_ in (act or {}).items())),
    )
    return [
        PaidPart(contract_id, service_id, month, part, Rule(rule), paid)
        for contract_id, service_id, month, part, rule, paid in parts.select(
            "contract_id", "service_id", "for_month", "part", "rule", "amount"
        ).iter_rows()
    ]


def lay_plain(amount: Decimal, items: Iterable[OpenItem], *, for_month: date | None = None) -> list[PaidPart] | None:
    """`allocate` without columns, for what comes fifty times a second: a payment that nobody directs, over debts alone.

    None where a credit stands among the items: then the columns have to net it. Otherwise the same parts in the same
    order as `allocate` gives pro rata to what is open: a property test holds the two together.
    """
    months = defaultdict[tuple[bool, bool, bool, date], list[OpenItem]](list)
    found = merged(items)
    if any(item.amount < 0 for item in found):
        return None
    late = {(item.is_penalty, item.for_month) for item in found if item.waits and not item.is_apart}
    for item in found:
        if item.amount > 0 and not item.is_apart:
            waits = (item.is_penalty, item.for_month) in late
            months[item.is_penalty, item.for_month != for_month, waits, item.for_month].append(item)
    parts: list[PaidPart] = []
    rest = amount
    for (is_penalty, is_unnamed, waits, month), lines in sorted(months.items()):
        if rest <= 0:
            break
        need = total(item.amount for item in lines)
        weights = [item.amount for item in lines]
        paid = weights if need <= rest else split(rest, weights)
        rest -= min(need, rest)
        rule = (
            Rule.PENALTY_LAST if is_penalty else Rule.NAMED_MONTH if not is_unnamed
            else Rule.WAITED if waits else Rule.OLDEST_DEBT
        )  # fmt: skip
        part = PENALTY if is_penalty else DEBT
        parts += [
            PaidPart(item.contract_id, item.service_id, month, part, rule, sum_)
            for item, sum_ in zip(lines, paid, strict=True)
            if sum_
        ]
    parts.sort(key=lambda one: (one.part, one.for_month, one.contract_id, one.service_id, one.rule))
    if rest > 0:
        parts.append(PaidPart(0, 0, None, ADVANCE, Rule.NO_DEBT, rest))
    return parts


def after(items: Iterable[OpenItem], parts: Iterable[PaidPart]) -> list[OpenItem]:
    """The items that stand once the parts are paid: what the next payment of the same account sees."""
    paid = [
        OpenItem(part.contract_id, part.service_id, part.for_month, -part.amount, part.part == PENALTY, priority=10_000)
        for part in parts
        if part.for_month is not None and part.part != ADVANCE
    ]
    return merged([*items, *paid])
