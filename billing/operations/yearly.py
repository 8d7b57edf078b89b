"""What a year comes to after it has ended: heat paid for evenly, and common needs charged by the norm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

import polars as pl
from django.db import transaction

import accounts.operations
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import ZERO, split, total
from accounts.queries import PersonalAccount, User
from billing import columns, pipeline, queries
from billing.columns import EXACT, MONEY
from billing.formulas import distribution
from billing.formulas.exact import exact, roubles
from billing.kinds import HEAT, HOT_WATER, By, How, Kind, Mode
from billing.models import ContractMonth
from billing.operations import writing

MONTHS = 12
ALLOCATED = queries.ALLOCATED
YEARLY_LINE = queries.FIRST_YEARLY  # + the last two digits of the year: recalculations of a whole year
WASTE_LINE = queries.YEARLY_WASTE  # the same, of waste by what was removed
KEY = ["account_id", "contract_id", "service_id"]


class YearNotOver(Refusal):
    """A year is settled after it has ended."""


def settle_year(*, into: Month, by: User | None = None) -> Decimal:
    """What the open month `into` must say of the year before it: the nightly job's call. Returns the roubles drafted.

    The correction of heating goes into one month of the first quarter (`heating_correction_month`, January by
    default); so does waste where the region recalculates it by the year (`tko_recalc_month`, March by default: by then
    the volumes and the papers about absence are in); common needs are trued up in every month of the year, a twelfth
    each. Safe to repeat.
    """
    chosen = queries.law_value("heating_correction_month", into.first)
    amount = ZERO
    if into.first.month == int(chosen or 1):
        amount += correct_heating(year=into.first.year - 1, into=into, by=by)
        amount += correct_by_allocators(year=into.first.year - 1, into=into, by=by)
    if into.first.month == queries.waste_month(into):
        amount += recalculate_waste(year=into.first.year - 1, into=into, by=by)
    return amount + true_up_common_use(year=into.first.year - 1, into=into, by=by)


@transaction.atomic
def correct_heating(
    *, year: int, into: Month, house_ids: Sequence[int] | None = None, by: User | None = None
) -> Decimal:
    """Draft the yearly correction of heating paid for evenly: Σ actual − Σ charged, a line per account and contract.

    Actual: every month by its own volumes of the building meter (and of premises' meters) and its own tariff. Charged:
    the ink of the year with its automatic recalculations. Only the account's own months count, so a seller and a buyer
    share by the day of the sale, and a closed account gets its last line. What earlier months already corrected is
    taken off. Raises YearNotOver. Source: прил. 2 к Правилам № 354, ф. 3(4).
    """
    if into.first.year <= year:
        raise YearNotOver(f"{year} год ещё идёт: корректировка отопления проводится после его окончания.")
    houses = _even_houses(year, house_ids)
    if not houses:
        return ZERO
    writing.lock_houses(houses)
    charged = _charged_heat(year, houses)
    if not charged.height:
        return ZERO
    actual = []
    for month in Month.range(Month(date(year, 1, 1)), Month(date(year, 12, 1))):
        mine = charged.filter(pl.col("for_month") == month.first)
        if mine.height:
            actual.append(_actual_heat(month, houses).join(mine.select(KEY).unique(), on=KEY, how="semi"))
    parts = [
        *(rows.select(*KEY, "amount", "volume") for rows in actual),
        charged.select(*KEY, -pl.col("amount"), -pl.col("volume")),
        _corrected_before(year, into, houses),
    ]
    sums = pl.concat(part.select(*KEY, pl.col("amount").cast(MONEY), pl.col("volume").cast(EXACT)) for part in parts)
    due = sums.group_by(KEY, maintain_order=True).agg(pl.sum("amount"), pl.sum("volume")).filter(pl.col("amount") != 0)
    lines = _lines(due, year, into, kind=Kind.HEATING_CORRECTION, line=year % 100, method=By.BUILDING_METER)
    return _draft(lines, into, houses, Kind.HEATING_CORRECTION, f"line < {ALLOCATED}", f"heating {year}", by)


@transaction.atomic
def true_up_common_use(
    *, year: int, into: Month, house_ids: Sequence[int] | None = None, by: User | None = None
) -> Decimal:
    """Draft this month's part of the true-up of common needs charged by the norm or the average of the year before.

    Σ (balance of the house · S_i / S_об − volume charged) · tariff, each month at its own tariff; in equal parts over
    the following year: what is left by the months that are left, so that the parts make the whole. Whoever is charged
    without VAT has it in the difference, at the rate of each month.
    Raises YearNotOver. Source: ст. 156 ч. 9.2 ЖК РФ; ПП РФ № 92; equal parts: charges.md 11.2.
    """
    if into.first.year <= year:
        raise YearNotOver(f"{year} год ещё идёт: перерасчёт на общее имущество проводится после его окончания.")
    rows = _common_of_year(year, house_ids)
    if not rows.height:
        return ZERO
    houses = sorted(set(rows["house_id"].to_list()))
    writing.lock_houses(houses)
    size = pl.col("for_month").dt.month_end().dt.day()
    share = distribution.by_area(pl.col("actual"), pl.col("area") * exact(pl.col("days")))
    of_heat = pl.when(pl.col("line") >= 20_000).then(pl.col("norm")).otherwise(1)  # Gcal on a cubic metre
    over = pl.col("house_area") * exact(size)
    differences = rows.select(
        *KEY, due=(share * of_heat - pl.col("volume") * over) * pl.col("tariff") * (pl.col("vat") + 100) / (over * 100),
        volume=pl.when(pl.col("line") < 20_000).then(share / over - pl.col("volume")).otherwise(0),
    )  # fmt: skip
    whole = differences.group_by(KEY, maintain_order=True).agg(
        amount=roubles(pl.sum("due"), exact(pl.lit(1)), exact(pl.lit(1))), volume=pl.sum("volume")
    )
    posted = _drafted_before(YEARLY_LINE + year % 100, into, houses).group_by(KEY).agg(before=pl.sum("amount"))
    whole = whole.join(posted, on=KEY, how="left").with_columns(pl.col("before").fill_null(0))
    left = MONTHS + 1 - into.first.month if into.first.year == year + 1 else 1
    parts = [
        split(row["amount"].quantize(Decimal("0.01")) - row["before"], [Decimal(1)] * left)[0]
        for row in whole.iter_rows(named=True)
    ]
    due = whole.with_columns(amount=pl.Series(parts, dtype=MONEY), volume=pl.col("volume") / MONTHS)
    due = due.filter(pl.col("amount") != 0)
    lines = _lines(due, year, into, kind=Kind.RECALCULATION, line=YEARLY_LINE + year % 100, method=By.HOUSE_BALANCE)
    return _draft(lines, into, houses, Kind.RECALCULATION, queries.YEARLY, f"common use {year}", by)


@transaction.atomic
def correct_by_allocators(
    *, year: int, into: Month, house_ids: Sequence[int] | None = None, by: User | None = None
) -> Decimal:
    """Draft the yearly re-split of heat by allocators: what covered premises were charged, by units × coefficient.

    Only houses where allocators cover more than half of the area of premises; the total of the covered premises
    stays, roubles by the largest remainder. What other months already re-split is taken off. Raises YearNotOver.
    Source: charges.md 7.6.
    """
    if into.first.year <= year:
        raise YearNotOver(f"{year} год ещё идёт: перерасчёт по распределителям проводится после его окончания.")
    covered = _covered(year, house_ids)
    if not covered.height:
        return ZERO
    houses = sorted(set(covered["house_id"].to_list()))
    writing.lock_houses(houses)
    charged = _charged_heat(year, houses).join(covered.select("account_id"), on="account_id", how="semi")
    before = _corrected_before(year, into, houses, ALLOCATED).select(*KEY, before=-pl.col("amount"))
    mine = charged.group_by(KEY).agg(pl.sum("amount")).sort(KEY).join(covered, on="account_id")
    rows = []
    for _, part in mine.group_by("house_id", "contract_id", "service_id", maintain_order=True):
        weights = [row["units"] * row["coefficient"] for row in part.iter_rows(named=True)]
        whole = total(part["amount"].to_list())
        if sum(weights) > 0:
            rows.append(part.with_columns(share=pl.Series(split(whole, weights), dtype=MONEY)))
    if not rows:
        return ZERO
    sums = before.group_by(KEY).agg(pl.sum("before"))
    due = pl.concat(rows).join(sums, on=KEY, how="left").select(
        *KEY, amount=pl.col("share") - pl.col("amount") - pl.col("before").fill_null(0), volume=pl.lit(None, EXACT)
    ).filter(pl.col("amount") != 0)  # fmt: skip
    line = ALLOCATED + year % 100
    lines = _lines(due, year, into, kind=Kind.HEATING_CORRECTION, line=line, method=By.HOUSE_SHARE)
    return _draft(lines, into, houses, Kind.HEATING_CORRECTION, f"line >= {ALLOCATED}", f"allocators {year}", by)


@transaction.atomic
def recalculate_waste(
    *, year: int, into: Month, house_ids: Sequence[int] | None = None, by: User | None = None
) -> Decimal:
    """Draft the yearly recalculation of waste charged by the norm: Σ by what was removed − Σ charged, a line each.

    Only months of `tko_year_recalc`. Each month by the containers' volume of its house (объём по дому), on residents
    or m² as the norm was, at its own tariff, less the share of those away (п. 148(44)), which such a region counts now
    and not month by month. A house that lacks the volume of a month it was charged for waits for it: nothing is
    guessed, and the gate names it. What other months already recalculated is taken off. Raises YearNotOver.
    Source: п. 148(30) Правил № 354 (ПП РФ № 318), прил. 2, ф. 9(3), 9(4).
    """
    if into.first.year <= year:
        raise YearNotOver(f"{year} год ещё идёт: перерасчёт платы за ТКО проводится после его окончания.")
    months = [
        month for month in Month.range(Month(date(year, 1, 1)), Month(date(year, 12, 1)))
        if queries.law_value("tko_year_recalc", month.first) == 1
    ]  # fmt: skip
    removed = _removed(months, house_ids)
    amount = ZERO
    known = [int(house) for house in removed["house_id"].unique().sort()]
    for block in queries.blocks(known, queries.BLOCK) if known else ():
        amount += _waste_of_houses(year, into, months, block, removed, by)
    return amount


def _waste_of_houses(
    year: int, into: Month, months: Sequence[Month], block: Sequence[int], removed: pl.DataFrame, by: User | None
) -> Decimal:
    writing.lock_houses(block)
    charged = _charged_waste(months, block)
    lacking = charged.join(removed, on=["house_id", "for_month"], how="anti")["house_id"].unique()
    houses = sorted(set(block) - set(lacking.to_list()))
    charged = charged.filter(pl.col("house_id").is_in(houses))
    if not charged.height:
        return ZERO
    parts = [charged.select(*KEY, -pl.col("amount"), -pl.col("volume"))]
    for month in months:
        mine = charged.filter(pl.col("for_month") == month.first)
        if mine.height:
            parts.append(_removed_waste(month, houses).join(mine.select(KEY).unique(), on=KEY, how="semi"))
    before = _drafted_before(WASTE_LINE + year % 100, into, houses)
    parts.append(before.select(*KEY, -pl.col("amount"), -pl.col("volume")))
    sums = pl.concat(part.select(*KEY, pl.col("amount").cast(MONEY), pl.col("volume").cast(EXACT)) for part in parts)
    due = sums.group_by(KEY, maintain_order=True).agg(pl.sum("amount"), pl.sum("volume")).filter(pl.col("amount") != 0)
    lines = _lines(due, year, into, kind=Kind.RECALCULATION, line=WASTE_LINE + year % 100, method=By.HOUSE_SHARE)
    return _draft(lines, into, houses, Kind.RECALCULATION, queries.OF_YEARLY_WASTE, f"waste {year}", by)


def _removed(months: Sequence[Month], house_ids: Sequence[int] | None) -> pl.DataFrame:
    """Houses and months whose removed volume of waste is known."""
    schema: columns.Schema = {"house_id": pl.Int64, "for_month": pl.Date}
    if not months:
        return columns.empty(schema)
    scope = "" if house_ids is None else f" AND v.house_id = ANY({queries.array(house_ids)})"
    days = ", ".join(queries.day(month.first) for month in months)
    return queries.frame(
        "SELECT v.house_id, v.month FROM billing_housevolume v JOIN accounts_service s ON s.id = v.service_id"
        f" AND s.code = 'waste' WHERE v.month IN ({days}){scope} ORDER BY 1, 2",
        schema,
    )


def _charged_waste(months: Sequence[Month], houses: Sequence[int]) -> pl.DataFrame:
    """Ink of waste by the norm for these months, VAT and what the run took off or added included."""
    days = ", ".join(queries.day(month.first) for month in months)
    by_norm = f"{int(How.NORM_PERSON)}, {int(How.NORM_AREA)}"
    with queries.by_key(houses):
        return queries.frame(
            "SELECT c.account_id, c.contract_id, c.service_id, c.for_month, sum(c.amount),"
            f" coalesce(sum(c.volume) FILTER (WHERE c.kind <> {int(Kind.VAT)}), 0), c.house_id{_INK}"
            " JOIN accounts_service v ON v.id = c.service_id AND v.code = 'waste'"
            f" WHERE c.house_id = ANY({queries.array(houses)}) AND c.for_month IN ({days})"
            f" AND c.month >= {queries.day(months[0].first)} AND (c.kind IN ({int(Kind.CHARGE)}, {int(Kind.VAT)})"
            f"  OR c.kind IN ({int(Kind.RECALCULATION)}, {int(Kind.BENEFIT)}) AND c.{queries.AUTOMATIC})"
            " AND EXISTS (SELECT FROM billing_provision p WHERE p.house_id = c.house_id"
            f"  AND p.service_id = c.service_id AND p.method IN ({by_norm}) AND p.valid_from <= c.for_month"
            "  AND (p.valid_to IS NULL OR p.valid_to > c.for_month)) GROUP BY 1, 2, 3, 4, 7 ORDER BY 1, 2, 3, 4",
            {**_SUMMED, "house_id": pl.Int64},
        )


def _removed_waste(month: Month, houses: Sequence[int]) -> pl.DataFrame:
    """The month as if these houses were charged by containers. An account of its own method keeps it."""
    facts = queries.facts(month, queries.reference(month), house_ids=houses)
    waste = facts.reference.services.filter(pl.col("code") == "waste").select("service_id")
    instead = {int(How.NORM_PERSON): int(How.CONTAINERS_PERSON), int(How.NORM_AREA): int(How.CONTAINERS_AREA)}
    provisions = facts.provisions.join(waste, on="service_id", how="semi").with_columns(
        pl.col("method").replace(instead)
    )
    lines = pipeline.calculate(pipeline.by_own_month(facts, provisions, facts.passports)).lines
    volume = pl.when(pl.col("kind") != int(Kind.VAT)).then(pl.col("volume"))
    return lines.group_by(KEY, maintain_order=True).agg(pl.sum("amount"), volume=volume.sum())


def _covered(year: int, house_ids: Sequence[int] | None) -> pl.DataFrame:
    """Accounts whose premises have allocators, in houses where these cover more than half of the area."""
    scope = "" if house_ids is None else f" AND p.house_id = ANY({queries.array(house_ids)})"
    day = queries.day(date(year, 12, 31))
    held = f"valid_from <= {day} AND ({{0}}.valid_to IS NULL OR {{0}}.valid_to > {day})"
    return queries.frame(
        "WITH covered AS (SELECT p.house_id, p.id AS premises_id, a.units, a.coefficient, coalesce(s.total_area_m2, 0)"
        " AS area FROM billing_allocatorshare a JOIN accounts_premises p ON p.id = a.premises_id"
        f" LEFT JOIN accounts_premisesarea s ON s.premises_id = p.id AND s.{held.format('s')}"
        f" WHERE a.year = {int(year)}{scope}), half AS (SELECT c.house_id FROM covered c JOIN accounts_housepassport h"
        f" ON h.house_id = c.house_id AND h.{held.format('h')} GROUP BY c.house_id, h.total_area_m2"
        " HAVING sum(c.area) * 2 > h.total_area_m2) SELECT k.id, c.house_id, c.units, c.coefficient FROM covered c"
        " JOIN half USING (house_id) JOIN LATERAL (SELECT id FROM accounts_personalaccount k"
        f"  WHERE k.premises_id = c.premises_id AND k.opened_on <= {day} ORDER BY k.opened_on DESC, k.id DESC LIMIT 1)"
        " AS k ON true ORDER BY 1",
        {"account_id": pl.Int64, "house_id": pl.Int64, "units": EXACT, "coefficient": EXACT},
    )


def _even_houses(year: int, house_ids: Sequence[int] | None) -> list[int]:
    scope = "" if house_ids is None else f" AND p.house_id = ANY({queries.array(house_ids)})"
    first, end = queries.day(date(year, 1, 1)), queries.day(date(year + 1, 1, 1))
    rows = queries.frame(
        "SELECT DISTINCT p.house_id FROM accounts_housepassport p JOIN billing_provision v ON v.house_id = p.house_id"
        f" AND v.method = {int(How.HEATING_BUILDING)} AND v.valid_from < {end}"
        f" AND (v.valid_to IS NULL OR v.valid_to > {first})"
        f" WHERE p.heating_mode = {int(Mode.EVEN)} AND p.valid_from < {end}"
        f" AND (p.valid_to IS NULL OR p.valid_to > {first}){scope} ORDER BY 1",
        {"house_id": pl.Int64},
    )
    return rows["house_id"].to_list()


_SUMMED: columns.Schema = {
    "account_id": pl.Int64, "contract_id": pl.Int64, "service_id": pl.Int16, "for_month": pl.Date, "amount": MONEY,
    "volume": EXACT,
}  # fmt: skip
_INK = (
    " FROM billing_charge c JOIN billing_contractmonth s ON s.contract_id = c.contract_id AND s.month = c.month"
    " AND s.state <> 'open' AND NOT EXISTS (SELECT FROM billing_hold h WHERE h.account_id = c.account_id"
    " AND h.month = c.month AND h.released_at IS NULL)"
)


def _charged_heat(year: int, houses: Sequence[int]) -> pl.DataFrame:
    """Ink of heating for the months of the year: VAT, automatic recalculations and benefits included."""
    return queries.frame(
        "SELECT c.account_id, c.contract_id, c.service_id, c.for_month, sum(c.amount),"
        f" coalesce(sum(c.volume) FILTER (WHERE c.kind <> {int(Kind.VAT)}), 0){_INK}"
        f" JOIN accounts_service v ON v.id = c.service_id AND v.resource = {HEAT}"
        f" WHERE c.house_id = ANY({queries.array(houses)}) AND c.month >= {queries.day(date(year, 1, 1))}"
        f" AND c.for_month BETWEEN {queries.day(date(year, 1, 1))} AND {queries.day(date(year, 12, 1))}"
        f" AND (c.kind IN ({int(Kind.CHARGE)}, {int(Kind.VAT)})"
        f"  OR c.kind IN ({int(Kind.RECALCULATION)}, {int(Kind.BENEFIT)}) AND c.{queries.AUTOMATIC})"
        " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        _SUMMED,
    )


def _actual_heat(month: Month, houses: Sequence[int]) -> pl.DataFrame:
    """The month as in the season mode: by the volumes of this very month. Only houses that paid evenly in it."""
    facts = queries.facts(month, queries.reference(month), house_ids=houses)
    is_even = pl.col("heating_mode") == int(Mode.EVEN)
    even = facts.passports.filter(is_even).select("house_id").unique()
    heating = facts.provisions.filter(pl.col("method") == int(How.HEATING_BUILDING)).join(
        even, on="house_id", how="semi"
    )
    services = facts.reference.services
    hot = services.filter((pl.col("resource") == HOT_WATER) & ~pl.col("code").str.starts_with("common_"))
    # where one meter counted both, the month's hot water says how much of it was no heating
    waters = facts.provisions.join(hot, on="service_id", how="semi").join(facts.joint_heat, on="house_id", how="semi")
    season = pl.when(is_even).then(pl.lit(int(Mode.SEASON), pl.Int16)).otherwise(pl.col("heating_mode"))
    passports = facts.passports.with_columns(heating_mode=season)
    lines = pipeline.calculate(pipeline.by_own_month(facts, pl.concat([heating, waters]), passports)).lines
    lines = lines.join(heating.select("service_id").unique(), on="service_id", how="semi")
    volume = pl.when(pl.col("kind") != int(Kind.VAT)).then(pl.col("volume")).otherwise(None)
    return lines.group_by(KEY, maintain_order=True).agg(pl.sum("amount"), volume=volume.sum())


def _corrected_before(year: int, into: Month, houses: Sequence[int], first: int = 0) -> pl.DataFrame:
    """What other months already corrected for the year, with the sign turned."""
    rows = queries.frame(
        f"SELECT c.account_id, c.contract_id, c.service_id, c.for_month, -c.amount, -coalesce(c.volume, 0){_INK}"
        f" WHERE c.house_id = ANY({queries.array(houses)}) AND c.kind = {int(Kind.HEATING_CORRECTION)}"
        f" AND c.line = {first + year % 100} AND c.month <> {queries.day(into.first)}",
        _SUMMED,
    )
    return rows.select(*KEY, "amount", "volume")


def _drafted_before(line: int, into: Month, houses: Sequence[int]) -> pl.DataFrame:
    """Ink of yearly recalculations of this number in other months."""
    return queries.frame(
        f"SELECT c.account_id, c.contract_id, c.service_id, c.for_month, c.amount, coalesce(c.volume, 0){_INK}"
        f" WHERE c.house_id = ANY({queries.array(houses)}) AND c.kind = {int(Kind.RECALCULATION)}"
        f" AND c.line = {line} AND c.month <> {queries.day(into.first)}",
        _SUMMED,
    )


def _common_of_year(year: int, house_ids: Sequence[int] | None) -> pl.DataFrame:
    """Ink of common needs charged by the norm or the average, each line with the balance of its house and month."""
    scope = "" if house_ids is None else f" AND c.house_id = ANY({queries.array(house_ids)})"
    methods = f"{int(How.COMMON_NORM)}, {int(How.COMMON_AVERAGE)}"

    def holds(alias: str) -> str:
        return f"{alias}.valid_from <= c.for_month AND ({alias}.valid_to IS NULL OR {alias}.valid_to > c.for_month)"

    return queries.frame(
        "SELECT c.account_id, c.contract_id, c.service_id, c.house_id, c.for_month, c.line, c.volume, c.tariff,"
        " c.norm, c.area, c.days, b.volume, p.total_area_m2, coalesce((SELECT t.tariff FROM billing_charge t"
        "  WHERE (t.account_id, t.contract_id, t.service_id, t.line, t.month)"
        f"   = (c.account_id, c.contract_id, c.service_id, c.line, c.month) AND t.kind = {int(Kind.VAT)}), 0){_INK}"
        " JOIN billing_housebalance b ON b.house_id = c.house_id AND b.service_id = c.service_id AND b.month = c.month"
        f" JOIN billing_provision v ON v.house_id = c.house_id AND v.service_id = c.service_id AND {holds('v')}"
        f" JOIN accounts_housepassport p ON p.house_id = c.house_id AND {holds('p')}"
        f" WHERE c.kind = {int(Kind.COMMON_USE)} AND v.method IN ({methods}) AND c.for_month = c.month"
        f" AND c.month BETWEEN {queries.day(date(year, 1, 1))} AND {queries.day(date(year, 12, 1))}"
        f" AND c.volume IS NOT NULL AND c.area IS NOT NULL{scope} ORDER BY 1, 2, 3, 5, 6",
        {
            "account_id": pl.Int64, "contract_id": pl.Int64, "service_id": pl.Int16, "house_id": pl.Int64,
            "for_month": pl.Date, "line": pl.Int16, "volume": EXACT, "tariff": EXACT, "norm": EXACT, "area": EXACT,
            "days": pl.Int32, "actual": EXACT, "house_area": EXACT, "vat": EXACT,
        },
    )  # fmt: skip


def _lines(due: pl.DataFrame, year: int, into: Month, *, kind: Kind, line: int, method: By) -> pl.DataFrame:
    """Lines as the table keeps them: about the last month of the year, standing in `into`."""
    homes = queries.frame(
        "SELECT id, house_id FROM accounts_personalaccount"
        f" WHERE id = ANY({queries.array(due['account_id'].unique().sort())})",
        {"account_id": pl.Int64, "house_id": pl.Int64},
    )
    units = queries.frame("SELECT id, unit FROM accounts_service", {"service_id": pl.Int16, "unit": pl.Int16})
    fixed = {
        "kind": int(kind), "line": line, "month": into.first, "for_month": date(year, 12, 1), "method": int(method),
        "days": 0, "tariff": None, "norm": None, "multiplier": None, "persons": None, "area": None,
    }  # fmt: skip
    rows = due.join(homes, on="account_id").join(units, on="service_id")
    rows = rows.with_columns(pl.lit(value).alias(name) for name, value in fixed.items())
    return rows.with_columns(pl.col("volume").round(6, mode="half_away_from_zero")).select(
        pl.col(name).cast(dtype) for name, dtype in columns.CHARGES.items()
    )


def _draft(
    lines: pl.DataFrame, into: Month, houses: Sequence[int], kind: Kind, numbers: str, what: str, by: User | None
) -> Decimal:
    """Makes the drafts of these houses say exactly these lines."""
    everybody: Iterable[int] = PersonalAccount.objects.filter(house_id__in=houses).values_list("pk", flat=True)
    # A contract that has ended still takes its corrections.
    contracts = sorted(set(lines["contract_id"].to_list()))
    ContractMonth.objects.bulk_create(
        [ContractMonth(contract_id=pk, month=into.first) for pk in contracts], ignore_conflicts=True
    )
    made = writing.replace(lines, into, sorted(everybody), [kind], numbers)
    amount = total(lines["amount"].to_list())
    if not made.is_empty:
        accounts.operations.note(
            "billing.year.settled", by=by, what=what, month=into, lines=lines.height, amount=amount
        )
    return amount
