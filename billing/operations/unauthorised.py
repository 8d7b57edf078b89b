"""An act of unauthorised connection or tampering becomes a line of the open month; a counting error is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
from django.db import transaction

import accounts.operations
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import total
from accounts.queries import PersonalAccount, Service, User
from billing import columns, explanation, pipeline, queries
from billing.columns import EXACT
from billing.formulas import normative, unauthorised
from billing.formulas.exact import exact, roubles, shown
from billing.kinds import BUSINESS, GCAL, By
from billing.models import ChargeKind, ContractMonth, UnauthorisedKind, UnauthorisedUse
from billing.operations import writing
from billing.operations.above import draft_charges
from billing.pipeline.days import segments
from billing.pipeline.facts import in_month
from billing.pipeline.terms import terms

MULTIPLIER, LONGEST = "unauthorised.multiplier", "unauthorised.months"


class ActRefused(Refusal):
    """The act cannot be charged."""


@dataclass(frozen=True, slots=True)
class UnauthorisedAct:
    """What an act says. capacity: units of the service an hour, None where it cannot be found: then the norm.

    started_on: the connection, or the last check. act_on: the day of the act, the first one not charged.
    """

    account_id: int
    service_id: int
    kind: int
    act: str
    act_on: date
    started_on: date
    capacity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class _Term:
    """The price and the norm of the act's service on a day."""

    contract_id: int
    components: int
    prices: dict[int, Decimal]  # component → price
    heat_per_m3: Decimal | None


def plan_unauthorised(act: UnauthorisedAct) -> list[UnauthorisedUse]:
    """What the act comes to, a row for each component of the tariff; nothing is written. Raises ActRefused.

    The period reaches back three months at most; the tariff is that of the day of the act; norms and residents are
    those of each month. Days for which another act about the service is charged are left to it: what is left may be
    several spans, each with rows of its own. No benefit is given of it.
    """
    account = PersonalAccount.objects.select_related("premises").get(pk=act.account_id)
    into = _refuse_unclear(act, account)
    times = queries.law_value(MULTIPLIER, act.act_on)
    months = int(queries.law_value(LONGEST, act.act_on) or 0)
    if times is None or not months:
        raise ActRefused(f"На {act.act_on:%d.%m.%Y} не заданы значения по закону {MULTIPLIER} и {LONGEST}.")
    since = max(act.started_on, _months_before(act.act_on, months), account.opened_on)
    if since >= act.act_on:
        raise ActRefused("За дни акта счёта ещё не было: начислять нечего.", field="started_on")
    of_act = _facts(Month.of(act.act_on), account.pk)
    term = _term(act, of_act)
    spans = _uncharged(act, since)
    return [row for span in spans for row in _rows_of_span(act, account, term, span, times, into)]


def _uncharged(act: UnauthorisedAct, since: date) -> list[tuple[date, date]]:
    """Days of the act that no other act about the service has. Raises ActRefused where none is left."""
    known = UnauthorisedUse.objects.filter(
        account_id=act.account_id, service_id=act.service_id, reverses=None, reversed_by=None,
        charged_from__lt=act.act_on, charged_to__gt=since,
    ).order_by("charged_from", "pk")  # fmt: skip
    spans = unauthorised.uncharged(since, act.act_on, known.values_list("charged_from", "charged_to"))
    if not spans:
        names = "; ".join(dict.fromkeys(known.values_list("act", flat=True)))
        raise ActRefused(
            f"Все дни с {since:%d.%m.%Y} до {act.act_on:%d.%m.%Y} уже начислены по акту «{names}»: второй раз день не"
            " начисляется. Если тот акт ошибочен, сначала исправьте его.", field="started_on",
        )  # fmt: skip
    return spans


def _rows_of_span(
    act: UnauthorisedAct, account: PersonalAccount, term: _Term, span: tuple[date, date], times: Decimal, into: Month
) -> list[UnauthorisedUse]:
    """Rows of neighbouring days of an act, one for each component of the tariff."""
    since, until = span
    days = (until - since).days
    if act.capacity is not None:
        one = pl.select(numer=unauthorised.by_capacity(pl.lit(act.capacity).cast(EXACT), pl.lit(days)))
        pieces = one.with_columns(over=exact(pl.lit(1)), people=exact(pl.lit(0)), norm=pl.lit(None, EXACT))
    else:
        pieces = _by_norm(act, account.pk, since, until, times)
    whole = _sum(pieces)
    made = []
    for component in (1, 2) if term.components == 2 else (0,):
        price = term.prices[component]
        row = whole.with_columns(price=pl.lit(price).cast(EXACT))
        if component == 2:
            row = row.with_columns(numer=normative.heat_of_water(pl.col("numer"), pl.lit(term.heat_per_m3).cast(EXACT)))
        row = row.select(
            volume=shown(pl.col("numer"), pl.col("over")),
            amount=roubles(pl.col("numer"), pl.col("over"), pl.col("price")).cast(columns.MONEY),
        )
        persons = None if act.capacity is not None else total(pieces["people"].to_list()) / days
        norm = None if act.capacity is not None else pieces["norm"].to_list()[-1]
        made.append(
            UnauthorisedUse(
                account=account, contract_id=term.contract_id, service_id=act.service_id, kind=act.kind,
                act=act.act.strip(), act_on=act.act_on, started_on=act.started_on, charged_from=since,
                charged_to=until, capacity=act.capacity,
                persons=None if persons is None else round(persons, 6), norm=norm,
                multiplier=None if act.capacity is not None else times, component=component,
                volume=row["volume"][0], tariff=price, amount=row["amount"][0], month=into.first,
            )
        )  # fmt: skip
    return made


def _refuse_unclear(act: UnauthorisedAct, account: PersonalAccount) -> Month:
    """The month that takes the line. Raises ActRefused where the act does not say enough."""
    if not act.act.strip():
        raise ActRefused("Назовите акт: номер и кто его составил.", field="act")
    if act.kind not in UnauthorisedKind.values:
        raise ActRefused("Выберите нарушение.", field="kind")
    if act.started_on >= act.act_on:
        raise ActRefused("Подключение или последняя проверка были раньше дня акта. Проверьте даты.", field="started_on")
    if act.capacity is not None and not (act.capacity.is_finite() and act.capacity > 0):
        raise ActRefused(
            "Мощность должна быть больше нуля; если её не определить, оставьте поле пустым.", field="capacity"
        )
    if act.capacity is not None:
        _refuse_absurd(act.capacity, act.service_id)
    known = UnauthorisedUse.objects.filter(
        account=account, service_id=act.service_id, act=act.act.strip(), reverses=None, reversed_by=None
    )
    if known.exists():
        raise ActRefused(f"Акт «{act.act}» по счёту {account.number} уже проведён.", field="act")
    into = queries.recalculation_month()
    if into is None:
        raise ActRefused("Нет месяца, открытого по всем договорам: откройте следующий и повторите.")
    if Month.of(act.act_on) > into:
        raise ActRefused(f"Акт из будущего: открыт {into.title}. Проверьте дату акта.", field="act_on")
    return into


def _refuse_absurd(capacity: Decimal, service_id: int) -> None:
    """No connection gives that much: a slip of the unit or of the decimal point."""
    service = Service.objects.get(pk=service_id)
    most = unauthorised.MOST.get(service.resource)
    if most is not None and capacity > most:
        unit = service.get_unit_display()  # type: ignore[attr-defined]
        raise ActRefused(
            f"{explanation.number(capacity)} {unit} в час не даёт ни одно такое подключение (больше"
            f" {explanation.number(most)} не бывает). Проверьте единицы и запятую; если мощность не определить,"
            " оставьте поле пустым.", field="capacity",
        )  # fmt: skip


def _months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last day of that month."""
    month = Month.of(day) + -months
    return month.first + timedelta(days=min(day.day, month.days) - 1)


def _facts(month: Month, account_id: int) -> pipeline.Facts:
    return queries.facts(month, queries.reference(month), account_ids=[account_id])


def _mine(found: pl.DataFrame, facts: pipeline.Facts, act: UnauthorisedAct) -> pl.DataFrame:
    """The terms of the account: its own where an exception is written for it, its house's otherwise."""
    house = facts.accounts.filter(pl.col("account_id") == act.account_id)["house_id"].to_list()
    excepted = in_month(facts.exceptions, facts.month).filter(pl.col("account_id") == act.account_id).height > 0
    groups = [-act.account_id] if excepted else house
    return found.filter(pl.col("group").is_in(groups) & (pl.col("service_id") == act.service_id))


def _term(act: UnauthorisedAct, facts: pipeline.Facts) -> _Term:
    """The service as the account gets it on the day of the act. Raises ActRefused where it has no contract or price."""
    service = Service.objects.get(pk=act.service_id)
    found, prices = terms(facts)
    day = act.act_on.day - 1
    mine = _mine(found, facts, act).filter((pl.col("start") <= day) & (pl.col("stop") > day))
    if not mine.height:
        raise ActRefused(
            f"На {act.act_on:%d.%m.%Y} услуга «{service.name}» дому не назначена: нет договора, по которому"
            " начислять. Назначьте услугу дому.", field="service_id",
        )  # fmt: skip
    row = mine.row(0, named=True)
    is_business = act.account_id in set(facts.businesses["account_id"].to_list())
    asked = prices.filter((pl.col("term") == row["term"]) & (pl.col("range") <= 1))
    if is_business and (asked["consumer"] == 1).any():
        asked = asked.filter(pl.col("consumer") == 1)
        if asked["is_net"].any():
            raise ActRefused(f"Цена категории {BUSINESS} без НДС: такой акт выставляется отдельным счётом с НДС.")
    else:
        asked = asked.filter(pl.col("consumer") == 0)
    asked = asked.sort("zone").unique("component", keep="first", maintain_order=True)
    known = dict(zip(asked["component"].to_list(), asked["price"].to_list(), strict=True))
    if not set((1, 2) if row["components"] == 2 else (0,)) <= set(known):
        raise ActRefused(f"На {act.act_on:%d.%m.%Y} нет тарифа на услугу «{service.name}». Введите тариф.")
    if row["components"] == 2 and row["heat_per_m3"] is None:
        raise ActRefused(f"На {act.act_on:%d.%m.%Y} нет норматива подогрева воды. Введите норматив.")
    return _Term(row["contract_id"], row["components"], known, row["heat_per_m3"])


def _by_norm(act: UnauthorisedAct, account_id: int, since: date, until: date, times: Decimal) -> pl.DataFrame:
    """Pieces of the days from `since` to `until`, each with its persons, norm and share of the month.

    numer / over; people × days.
    """
    parts = []
    for month in Month.range(Month.of(since), Month.of(until - date.resolution)):
        facts = _facts(month, account_id)
        lived = segments(facts).filter(pl.col("account_id") == account_id)
        norms = _mine(terms(facts)[0], facts, act).select("person_norm", "person_over", at="start", until="stop")
        first = max(since, month.first).toordinal() - month.first.toordinal()
        last = min(until, month.next.first).toordinal() - month.first.toordinal()
        days = pl.min_horizontal("stop", "until", pl.lit(last)) - pl.max_horizontal("start", "at", pl.lit(first))
        pieces = lived.join(norms, how="cross").with_columns(days=days).filter(pl.col("days") > 0)
        if pieces["person_norm"].null_count():
            raise ActRefused(
                f"За {month.title} нет норматива на человека: введите норматив или укажите мощность.", field="capacity"
            )
        people = exact(pl.col("persons") * pl.col("days"))
        parts.append(
            pieces.sort("start").select(
                numer=unauthorised.by_norm(people, pl.col("person_norm"), pl.lit(times).cast(EXACT)),
                over=exact(pl.col("person_over")) * month.days, people=people, norm=pl.col("person_norm"),
            )
        )  # fmt: skip
    whole = pl.concat(parts) if parts else pl.DataFrame()
    if not whole.height or whole["people"].sum() == 0:
        raise ActRefused("За дни акта никто не учтён и собственников нет: норматив не применить. Укажите мощность.")
    return whole


def _sum(pieces: pl.DataFrame) -> pl.DataFrame:
    """Σ numer / over of a few pieces as one fraction: over the product of the different denominators."""
    over = Decimal(1)
    for one in sorted(set(pieces["over"].to_list())):
        over *= one
    whole = pl.lit(over).cast(EXACT)
    return pieces.select(numer=(pl.col("numer") * (whole / pl.col("over"))).sum(), over=whole.first())


@transaction.atomic
def charge_unauthorised(act: UnauthorisedAct, *, by: User | None = None) -> list[UnauthorisedUse]:
    """Write the act down and draft its lines into the open month. Raises ActRefused."""
    place = PersonalAccount.objects.get(pk=act.account_id)
    writing.lock_houses([place.house_id])
    rows = plan_unauthorised(act)
    for row in rows:
        row.made_by = by
    made = UnauthorisedUse.objects.bulk_create(rows)
    _draft(Month(rows[0].month), act.account_id, [row.contract_id for row in rows])
    accounts.operations.note(
        "billing.act.charged", by=by, account_id=act.account_id, ground=act.act, service=act.service_id,
        month=Month(rows[0].month), amount=total(row.amount for row in rows),
    )  # fmt: skip
    return made


@transaction.atomic
def reverse_unauthorised(*, use_id: int, reason: str, by: User | None = None) -> list[UnauthorisedUse]:
    """Take an act's lines back for a counting error: nothing else lowers them (ПП РФ № 1871). Raises ActRefused."""
    first = UnauthorisedUse.objects.get(pk=use_id)
    if not reason.strip():
        raise ActRefused("Назовите ошибку счёта: иначе плата по акту не уменьшается.", field="reason")
    into = queries.recalculation_month()
    if into is None:
        raise ActRefused("Нет месяца, открытого по всем договорам: откройте следующий и повторите.")
    place = PersonalAccount.objects.get(pk=first.account_id)
    writing.lock_houses([place.house_id])
    rows = UnauthorisedUse.objects.filter(
        account_id=first.account_id, service_id=first.service_id, act=first.act, reverses=None, reversed_by=None
    ).order_by("pk")
    if first.reverses_id is not None or not rows:
        raise ActRefused(f"Акт «{first.act}» уже исправлен.")
    mirrors = []
    for row in rows:
        facts = {
            field.attname: getattr(row, field.attname)
            for field in UnauthorisedUse._meta.concrete_fields if field.name not in {"id", "made_at"}
        }  # fmt: skip
        facts |= {
            "volume": -row.volume, "amount": -row.amount, "month": into.first, "reverses_id": row.pk,
            "reason": reason.strip(), "made_by_id": by.pk if by else None,
        }  # fmt: skip
        mirrors.append(UnauthorisedUse(**facts))
    made = UnauthorisedUse.objects.bulk_create(mirrors)
    _draft(into, first.account_id, [row.contract_id for row in made])
    accounts.operations.note(
        "billing.act.corrected", by=by, account_id=first.account_id, ground=reason, act=first.act, month=into,
        amount=total(row.amount for row in made),
    )  # fmt: skip
    return made


def _draft(month: Month, account_id: int, contracts: Sequence[int]) -> None:
    """Make the lines of acts of the account in the month say what its rows say; undone in one month, they vanish."""
    ContractMonth.objects.bulk_create(
        [ContractMonth(contract_id=pk, month=month.first) for pk in sorted(set(contracts))], ignore_conflicts=True
    )
    rows = UnauthorisedUse.objects.filter(account_id=account_id, month=month.first).order_by("pk")
    undone = {row.reverses_id for row in rows} & {row.pk for row in rows}
    units = dict(Service.objects.values_list("pk", "unit"))
    numbers: dict[tuple[int, int, int], int] = {}
    lines = []
    for row in rows:
        key = (row.contract_id, row.service_id, row.component)
        numbers[key] = numbers.get(key, 0) + 1
        if row.pk in undone or row.reverses_id in undone:
            continue
        lines.append({
            "account_id": account_id, "contract_id": row.contract_id, "service_id": row.service_id,
            "line": row.component * 10_000 + numbers[key], "for_month": Month.of(row.act_on).first,
            "method": int(By.NORM if row.capacity is None else By.MANUAL), "volume": row.volume, "tariff": row.tariff,
            "unit": GCAL if row.component == 2 else units[row.service_id], "norm": row.norm,
            "multiplier": row.multiplier, "persons": row.persons, "days": (row.charged_to - row.charged_from).days,
            "amount": row.amount,
        })  # fmt: skip
    names = ("account_id", "contract_id", "service_id", "line", "for_month", "method", "volume", "tariff", "unit",
             "norm", "multiplier", "persons", "days", "amount")  # fmt: skip
    frame = pl.DataFrame(lines, schema={name: columns.CHARGES[name] for name in names})
    draft_charges(month=month, kind=ChargeKind.UNAUTHORISED, lines=frame, account_ids=[account_id])
