"""The words of a report: what may be grouped by (dimensions), summed (measures), and where it lies (facts).

A fact is a set of rows of the books: its `source`, the columns that dimensions stand on, what each measure adds up, and
by what its rows belong to a contract. A dimension names the columns it needs; a measure lives in the facts that know
it. Whether they fit together is asked of the facts, so a new grouping is a line here and no program.

Every fact says how its rows are restricted to contracts (`scope`): without it there is no fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import billing.queries
import payments.ageing
import payments.queries
from accounts import kinds
from accounts.errors import Refusal

MONEY, QUANTITY, COUNT, PERCENT, TEXT, MONTH, DAY = "money", "quantity", "count", "percent", "text", "month", "day"
BEGINNING = "DATE '1900-01-01'"  # when what stood before the period came about


class ReportRefused(Refusal):
    """The report cannot be made as it was asked for."""


class TooLarge(ReportRefused):
    """Nobody would wait for it on a page; its file is made in the background."""


# --- dimensions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dimension:
    """What rows are grouped by.

    column: the column of a fact it stands on. key: the grouping key by that column (`f.…`) and by `joins`. label and
    order: by the key `{key}` and by `names`, joined after the grouping. where: a condition of a filter, by `{column}`
    and `{values}`; without it the column itself is compared. type: what the values of a filter are. words: key → label
    where the names are ours.
    """

    code: str
    title: str
    column: str
    key: str = ""
    joins: str = ""
    label: str = "{key}::text"
    names: str = ""
    order: str = "{key}"
    where: str = "{column} = ANY({values})"
    type: Literal["bigint", "text", "date"] = "bigint"
    kind: str = TEXT
    words: Mapping[int, str] = field(default_factory=dict)
    options: str = ""
    width: int = 28
    may_spread: bool = False

    @property
    def grouping(self) -> str:
        return self.key or f"f.{self.column}"


# What drill-down goes to from a dimension: the first of these that the report does not show yet.
DEEPER = ("supplier", "street", "house", "account", "service", "kind", "method", "day", "channel")

HOUSE_NAME = "{n}.town || ', ' || {n}.street || ', д. ' || {n}.number"
# Flat 2 before flat 10: the digits of a number first, as a number.
BY_DIGITS = "coalesce(nullif(regexp_replace({text}, '[^0-9]', '', 'g'), '')::numeric, 0), {text}"
PAYERS = {1: "граждане", 2: "организации"}

_all = [
    Dimension("month", "Месяц", "month", label="to_char({key}, 'YYYY-MM')", type="date", kind=MONTH, width=14,
              may_spread=True),
    Dimension("day", "День", "day", label="to_char({key}, 'YYYY-MM-DD')", type="date", kind=DAY, width=13,
              may_spread=True),
    Dimension("for_month", "За месяц", "for_month", label="to_char({key}, 'YYYY-MM')", type="date", kind=MONTH,
              width=14, may_spread=True),
    Dimension(
        "account", "Лицевой счёт", "account_id",
        label="n_account.number",
        names="""LEFT JOIN accounts_personalaccount AS n_account ON n_account.id = {key}""",
        order="n_account.number",
        where="{column} IN (SELECT id FROM accounts_personalaccount WHERE number = ANY({values}))",
        type="text", width=16,
    ),
    Dimension(
        "house", "Дом", "house_id",
        label="coalesce(" + HOUSE_NAME.format(n="n_house") + ", 'без дома')",
        names="LEFT JOIN (SELECT h.id, h.town, h.street, h.number, row_number() OVER (ORDER BY h.town,"
        " translate(lower(h.street), 'ё', 'е'), " + BY_DIGITS.format(text="h.number") + ", h.id) AS place"
        " FROM accounts_house AS h WHERE h.id IN (SELECT {key} FROM g)) AS n_house ON n_house.id = {key}",
        order="n_house.place",  # houses are put in order once, not their rows
        options="SELECT h.id, " + HOUSE_NAME.format(n="h") + " FROM accounts_house AS h WHERE {houses}"
        " ORDER BY h.town, h.street, " + BY_DIGITS.format(text="h.number"),
        width=44,
    ),
    Dimension(
        "street", "Улица", "house_id", key="j_house.town || ', ' || j_house.street",
        joins="LEFT JOIN accounts_house AS j_house ON j_house.id = f.house_id",
        label="coalesce({key}, 'без дома')", order="translate(lower({key}), 'ё', 'е')",
        where="{column} IN (SELECT id FROM accounts_house WHERE town || ', ' || street = ANY({values}))", type="text",
        options="SELECT DISTINCT h.town || ', ' || h.street, h.town || ', ' || h.street FROM accounts_house AS h"
        " WHERE {houses} ORDER BY 1",
        width=36,
    ),
    Dimension(
        "premises_kind", "Вид помещения", "account_id", key="j_premises.kind",
        joins="LEFT JOIN accounts_personalaccount AS j_account ON j_account.id = f.account_id"
        " LEFT JOIN accounts_premises AS j_premises ON j_premises.id = j_account.premises_id",
        where="{column} IN (SELECT a.id FROM accounts_personalaccount AS a JOIN accounts_premises AS p"
        " ON p.id = a.premises_id WHERE p.kind = ANY({values}))",
        words={one.value: str(one.label) for one in kinds.PremisesKind}, width=22, may_spread=True,
    ),
    Dimension(
        "payer_kind", "Плательщик", "account_id",
        key="CASE WHEN p_account.payer_organisation_id IS NULL THEN 1 ELSE 2 END",
        joins="LEFT JOIN accounts_personalaccount AS p_account ON p_account.id = f.account_id",
        where="{column} IN (SELECT a.id FROM accounts_personalaccount AS a WHERE"
        " CASE WHEN a.payer_organisation_id IS NULL THEN 1 ELSE 2 END = ANY({values}))",
        words=PAYERS, width=16, may_spread=True,
    ),
    Dimension(
        "contract", "Договор", "contract_id",
        label="coalesce('№ ' || n_contract.number, 'аванс без договора')",
        names="LEFT JOIN accounts_agencycontract AS n_contract ON n_contract.id = {key}",
        order="n_contract.number, {key}",
        options="SELECT k.id, '№ ' || k.number || ', ' || o.short_name FROM accounts_agencycontract AS k"
        " JOIN accounts_organisation AS o ON o.id = k.principal_id WHERE {contracts} ORDER BY o.short_name, k.number",
        width=18, may_spread=True,
    ),
    Dimension(
        "supplier", "Поставщик", "contract_id", key="j_contract.principal_id",
        joins="LEFT JOIN accounts_agencycontract AS j_contract ON j_contract.id = f.contract_id",
        label="coalesce(n_supplier.short_name, 'аванс без договора')",
        names="LEFT JOIN accounts_organisation AS n_supplier ON n_supplier.id = {key}",
        order="n_supplier.short_name, {key}",
        where="{column} IN (SELECT id FROM accounts_agencycontract WHERE principal_id = ANY({values}))",
        options="SELECT DISTINCT o.id, o.short_name FROM accounts_agencycontract AS k"
        " JOIN accounts_organisation AS o ON o.id = k.principal_id WHERE {contracts} ORDER BY o.short_name",
        width=34, may_spread=True,
    ),
    Dimension(
        "service", "Услуга", "service_id",
        label="coalesce(n_service.name, 'аванс')",
        names="LEFT JOIN accounts_service AS n_service ON n_service.id = {key}",
        order="n_service.priority, n_service.name, {key}",
        options="SELECT id, name FROM accounts_service WHERE {services} ORDER BY priority, name",
        width=34, may_spread=True,
    ),
    Dimension(
        "service_kind", "Вид услуги", "service_id", key="j_service.kind",
        joins="LEFT JOIN accounts_service AS j_service ON j_service.id = f.service_id",
        where="{column} IN (SELECT id FROM accounts_service WHERE kind = ANY({values}))",
        words={one.value: str(one.label) for one in kinds.ServiceKind}, width=18, may_spread=True,
    ),
    Dimension("kind", "Вид начисления", "kind", width=26,
              words={one.value: str(one.label) for one in billing.queries.ChargeKind}, may_spread=True),
    Dimension("method", "Способ расчёта", "method", width=28,
              words={one.value: str(one.label) for one in billing.queries.Method}, may_spread=True),
    Dimension("benefit", "Категория льготы", "benefit", label="{key}", type="text", width=40),
    Dimension(
        "channel", "Канал приёма", "channel_id", label="n_channel.name",
        names="LEFT JOIN payments_channel AS n_channel ON n_channel.code = {key}",
        order="n_channel.name", type="text", options="SELECT code, name FROM payments_channel ORDER BY name", width=28,
        may_spread=True,
    ),
    Dimension(
        "office", "Отделение", "office_id", label="coalesce(n_office.name, 'не в отделении')",
        names="LEFT JOIN accounts_office AS n_office ON n_office.id = {key}", order="n_office.name",
        options="SELECT id, name FROM accounts_office ORDER BY name", may_spread=True,
    ),
    Dimension("part", "Часть платежа", "part", words={one.value: str(one.label) for one in payments.queries.Part},
              width=18, may_spread=True),
    Dimension("age", "Возраст долга", "age", words=payments.ageing.BUCKETS, width=22, may_spread=True),
    Dimension(
        "state", "Состояние", "state", label="{key}", type="text", width=22,
        options="SELECT * FROM (VALUES " + ", ".join(
            f"('{one.label}', '{one.label}')" for one in payments.queries.RemittanceState) + ") AS states",
        may_spread=True,
    ),
]  # fmt: skip
DIMENSIONS: dict[str, Dimension] = {one.code: one for one in _all}


# --- measures --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Measure:
    """What is summed.

    how: «flow» adds up what happened in the period; «opening» and «closing» add up everything before it and up to its
    end (`delta`: which change of the balance); «level» is a state at the end of the period, months are not added; a
    «ratio» is the per cent of the measures `of`.
    """

    code: str
    title: str
    kind: str = MONEY
    how: Literal["flow", "opening", "closing", "level", "ratio"] = "flow"
    delta: str = ""
    of: tuple[str, str] | None = None
    needs: str = ""
    hint: str = ""
    distinct: str = ""  # counted apart: how many of this column there are, so that totals are no sum


_measures = [
    Measure("opening", "На начало", how="opening", delta="delta", hint="долг со знаком плюс, переплата с минусом"),
    Measure("charged", "Начислено", hint="без перерасчётов, льгот и пеней"),
    Measure("recalculated", "Перерасчёты"),
    Measure("benefits", "Льготы"),
    Measure("penalty", "Пени"),
    Measure("accrued", "Всего начислено", hint="начислено + перерасчёты + льготы + пени"),
    Measure("paid", "Оплачено"),
    Measure("closing", "На конец", how="closing", delta="delta"),
    Measure("penalty_opening", "Пени на начало", how="opening", delta="penalty_delta"),
    Measure("penalty_paid", "Оплачено пеней"),
    Measure("penalty_closing", "Пени на конец", how="closing", delta="penalty_delta"),
    Measure("rate", "Собираемость, %", PERCENT, "ratio", of=("paid", "accrued"), hint="оплачено / всего начислено"),
    Measure("uplift", "Повышающий коэффициент"),
    Measure("common", "На общее имущество"),
    Measure("volume", "Объём", QUANTITY, needs="service", hint="индивидуальное потребление, в единицах услуги"),
    Measure("common_volume", "Объём на общее имущество", QUANTITY, needs="service"),
    Measure("house_volume", "Объём по ОДПУ", QUANTITY, needs="service"),
    Measure("house_balance", "Баланс КР на СОИ", QUANTITY, needs="service", hint="объём дома без объёмов помещений"),
    Measure("lines", "Строк", COUNT),
    Measure("receipts", "Платежей", COUNT, distinct="payment_id"),
    Measure("debt", "Долг", how="level", hint="неоплаченное; переплаты зачтены внутри договора"),
    Measure("debtors", "Должников", COUNT, "level", hint="счетов с долгом", distinct="account_id"),
    Measure("accounts", "Счетов", COUNT, "level", hint="открыты на последний день"),
    Measure("persons", "Проживает", COUNT, "level", hint="на последний день"),
    Measure("area", "Площадь, м²", QUANTITY, "level", hint="на последний день"),
    Measure("opened", "Открыто", COUNT),
    Measure("closed", "Закрыто", COUNT),
    Measure("gross", "Получено"),
    Measure("returns", "Возвраты"),
    Measure("commission", "Вознаграждение"),
    Measure("commission_vat", "НДС с вознаграждения"),
    Measure("remitted", "Перечислено"),
]
MEASURES: dict[str, Measure] = {one.code: one for one in _measures}
STOCKS = ("opening", "closing")


# --- facts -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fact:
    """Rows of the books. `{first}`, `{last}`, `{next}`, `{mark}`, `{after}` are days of the period and of the books.

    source: FROM and WHERE; `{since}` in it is where reading begins: the period, or the books' mark where a balance is
    asked for. effect: the month in which a row changes a balance. scope: when a row belongs to `{contracts}`.
    is_stock: read only where a balance is asked for. extra, per_measure: a column, a measure → what has to be joined
    for it.
    """

    code: str
    source: str
    columns: Mapping[str, str]
    measures: Mapping[str, str]
    scope: str
    effect: str
    delta: str = ""
    penalty_delta: str = ""
    is_stock: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)
    per_measure: Mapping[str, str] = field(default_factory=dict)
    summed: Fact | None = None  # the same rows summed by house, where nothing finer is asked for

    def __post_init__(self) -> None:
        if "{contracts}" not in self.scope:
            raise ValueError(f"fact {self.code} does not say whose its rows are")


OF_CONTRACT = "c.contract_id = ANY({contracts})"
OF_HOUSE = (
    "EXISTS (SELECT FROM billing_provision AS own WHERE own.house_id = c.house_id"
    " AND own.contract_id = ANY({contracts}))"
)
LINE = {"account_id": "c.account_id", "house_id": "c.house_id", "contract_id": "c.contract_id",
        "service_id": "c.service_id"}  # fmt: skip
BY_HOUSE = {"house_id": "c.house_id", "contract_id": "c.contract_id", "service_id": "c.service_id"}
UNIT = "JOIN accounts_service AS unit ON unit.id = c.service_id"
BY_PAYMENT = "JOIN payments_payment AS y ON y.id = c.payment_id"
# Whose discount a line is: the categories in force in its month; the line itself holds all of them together.
CATEGORY = """
    LEFT JOIN LATERAL (
        SELECT string_agg(DISTINCT e.category, '; ' ORDER BY e.category) AS category
        FROM billing_benefitentitlement AS e
        WHERE c.kind = 5 AND e.account_id = c.account_id AND (e.service_id IS NULL OR e.service_id = c.service_id)
            AND e.valid_from < (c.month + INTERVAL '1 month')::date AND (e.valid_to IS NULL OR e.valid_to > c.month)
    ) AS benefit ON true
"""

# Sums by house (portals.reports.sums): `{summed}` says up to where they may be read instead of the rows themselves.
BALANCE_SUM = Fact(
    code="balance",
    source="FROM portals_housesum AS c WHERE c.source = 1 AND c.month = {mark} AND {scope}",
    columns=BY_HOUSE, measures={}, scope=OF_CONTRACT, effect=BEGINNING, delta="c.amount",
    penalty_delta="CASE WHEN c.kind = 6 THEN c.amount END", is_stock=True,
)  # fmt: skip
BALANCE = Fact(
    code="balance",
    source="FROM payments_balance AS c {extra} WHERE c.month = {mark} AND {scope}",
    columns=LINE, measures={}, scope=OF_CONTRACT, effect=BEGINNING,
    delta="c.closing + c.penalty_closing", penalty_delta="c.penalty_closing", is_stock=True, summed=BALANCE_SUM,
)  # fmt: skip
OF_KINDS = {
    "charged": "CASE WHEN c.kind NOT IN (4, 5, 6) THEN c.amount END",
    "recalculated": "CASE WHEN c.kind = 4 THEN c.amount END",
    "benefits": "CASE WHEN c.kind = 5 THEN c.amount END",
    "penalty": "CASE WHEN c.kind = 6 THEN c.amount END",
    "uplift": "CASE WHEN c.kind = 2 THEN c.amount END",
    "common": "CASE WHEN c.kind = 3 THEN c.amount END",
    "accrued": "c.amount",
}
CHARGE_SUM = Fact(
    code="charge",
    source="FROM portals_housesum AS c WHERE c.source = 2 AND c.month >= {since} AND c.month <= {last}"
    " AND c.month <= {summed} AND {scope}",
    columns={**BY_HOUSE, "kind": "c.kind"}, measures=OF_KINDS, scope=OF_CONTRACT, effect="c.month", delta="c.amount",
    penalty_delta="CASE WHEN c.kind = 6 THEN c.amount END",
)  # fmt: skip
CHARGE = Fact(
    code="charge",
    source=f"FROM {payments.queries.INK} {{extra}} WHERE c.month >= {{rows_since}} AND c.month <= {{last}}"
    f" AND {payments.queries.NOT_HELD} AND {{scope}}",
    columns={
        **LINE, "kind": "c.kind", "method": "c.method", "for_month": "c.for_month",
        "benefit": "coalesce(benefit.category, 'без категории')",
    },
    measures={
        **OF_KINDS,
        "volume": "CASE WHEN c.kind = 1 AND c.unit = unit.unit THEN c.volume END",
        "common_volume": "CASE WHEN c.kind = 3 AND c.unit = unit.unit THEN c.volume END",
        "lines": "1",
    },
    scope=OF_CONTRACT, effect="c.month", delta="c.amount", penalty_delta="CASE WHEN c.kind = 6 THEN c.amount END",
    extra={"benefit": CATEGORY}, per_measure={"volume": UNIT, "common_volume": UNIT}, summed=CHARGE_SUM,
)  # fmt: skip
# Days of a month that have closed; the later ones are read as they are.
ALLOCATION_SUM = Fact(
    code="allocation",
    source="FROM portals_housesum AS c WHERE c.source = 3 AND c.month >= {since} AND c.month <= {last}"
    " AND c.month <= {summed} AND {scope}",
    columns={**BY_HOUSE, "part": "c.kind"},
    measures={"paid": "c.amount", "penalty_paid": "CASE WHEN c.kind = 2 THEN c.amount END"},
    scope=OF_CONTRACT, effect="c.month", delta="-c.amount", penalty_delta="CASE WHEN c.kind = 2 THEN -c.amount END",
)  # fmt: skip
ALLOCATION = Fact(
    code="allocation",
    source="FROM payments_allocation AS c {extra} WHERE c.day >= {rows_since} AND c.day < {next} AND {scope}",
    columns={
        **LINE, "day": "c.day", "part": "c.part", "for_month": "c.for_month", "channel_id": "y.channel_id",
        "office_id": "y.office_id", "payment_id": "c.payment_id",
    },
    measures={"paid": "c.amount", "penalty_paid": "CASE WHEN c.part = 2 THEN c.amount END", "receipts": "1"},
    scope=OF_CONTRACT, effect="date_trunc('month', c.day)::date", delta="-c.amount",
    penalty_delta="CASE WHEN c.part = 2 THEN -c.amount END",
    extra={"channel_id": BY_PAYMENT, "office_id": BY_PAYMENT}, summed=ALLOCATION_SUM,
)  # fmt: skip
# Taken in and not yet allocated: no principal owns it, so that it is seen by those who see everything.
WAITING = Fact(
    code="waiting",
    source="FROM payments_payment AS c JOIN accounts_personalaccount AS of_account ON of_account.id = c.account_id"
    " WHERE c.state = 'accepted' AND c.day < {next} AND {waiting_since} AND {scope}",
    columns={
        "account_id": "c.account_id", "house_id": "of_account.house_id", "contract_id": "0::bigint",
        "service_id": "0::smallint", "day": "c.day", "part": "3::smallint",
        "for_month": "date_trunc('month', c.day)::date", "channel_id": "c.channel_id", "office_id": "c.office_id",
        "payment_id": "c.id",
    },
    measures={"paid": "c.amount", "penalty_paid": "0.00", "receipts": "1"},
    scope="0 = ANY({contracts})", effect="date_trunc('month', c.day)::date", delta="-c.amount", penalty_delta="0.00",
)  # fmt: skip
# What is unpaid at the end of the period, late by the due days of the contracts: `debt.queries.ages_by` told it, and
# its columns come with the statement (portals.reports.debts); those that nobody asks for are NULL.
OWED = """
    FROM unnest(%(debt_account_id)s::bigint[], %(debt_house_id)s::bigint[], %(debt_contract_id)s::bigint[],
        %(debt_service_id)s::bigint[], %(debt_for_month)s::date[], %(debt_bucket)s::bigint[],
        %(debt_amount)s::numeric[]
    ) AS c (account_id, house_id, contract_id, service_id, for_month, age, amount) WHERE {scope}
"""
DEBT = Fact(
    code="debt", source=OWED, columns={**LINE, "for_month": "c.for_month", "age": "c.age"},
    measures={"debt": "c.amount", "debtors": "1"}, scope=OF_CONTRACT, effect="{last}",
)  # fmt: skip
# An account is counted once for each contract, or for each of its services, where the report shows them.
PROVIDED = """
    JOIN LATERAL (
        SELECT DISTINCT {served_contract} AS contract_id, {served_service} AS service_id
        FROM billing_provision AS own
        WHERE own.house_id = c.house_id AND {own_scope} AND own.valid_from < (at.month + INTERVAL '1 month')::date
            AND (own.valid_to IS NULL OR own.valid_to >= (at.month + INTERVAL '1 month')::date)
    ) AS served ON true
"""
OPEN_ACCOUNTS = Fact(
    code="accounts",
    source="""
        FROM unnest({months}) AS at (month), accounts_personalaccount AS c {extra}
        WHERE c.opened_on < (at.month + INTERVAL '1 month')::date
            AND (c.closed_on IS NULL OR c.closed_on >= (at.month + INTERVAL '1 month')::date) AND {scope}
    """,
    columns={"account_id": "c.id", "house_id": "c.house_id", "contract_id": "served.contract_id",
             "service_id": "served.service_id"},
    measures={
        "accounts": "1",
        "persons": """(
            SELECT sum(r.persons) FROM accounts_residency AS r WHERE r.premises_id = c.premises_id
                AND r.valid_from < (at.month + INTERVAL '1 month')::date
                AND (r.valid_to IS NULL OR r.valid_to >= (at.month + INTERVAL '1 month')::date))""",
        "area": """(
            SELECT sum(r.total_area_m2) FROM accounts_premisesarea AS r WHERE r.premises_id = c.premises_id
                AND r.valid_from < (at.month + INTERVAL '1 month')::date
                AND (r.valid_to IS NULL OR r.valid_to >= (at.month + INTERVAL '1 month')::date))""",
    },
    scope=OF_HOUSE, effect="at.month", extra={"contract_id": PROVIDED, "service_id": PROVIDED},
)  # fmt: skip
MOVED_ACCOUNTS = Fact(
    code="opened",
    source="""
        FROM (
            SELECT id, house_id, opened_on AS day, 1 AS opened, 0 AS closed FROM accounts_personalaccount
            WHERE opened_on >= {first} AND opened_on < {next}
            UNION ALL
            SELECT id, house_id, closed_on, 0, 1 FROM accounts_personalaccount
            WHERE closed_on >= {first} AND closed_on < {next}
        ) AS c WHERE {scope}
    """,
    columns={"account_id": "c.id", "house_id": "c.house_id", "day": "c.day"},
    measures={"opened": "c.opened", "closed": "c.closed"}, scope=OF_HOUSE, effect="date_trunc('month', c.day)::date",
)  # fmt: skip
REMITTANCE = Fact(
    code="remittance",
    source="FROM payments_remittance AS c WHERE c.day >= {first} AND c.day < {next} AND {scope}",
    columns={
        "contract_id": "c.contract_id", "day": "c.day",
        "state": "CASE c.state " + " ".join(
            f"WHEN '{one.value}' THEN '{one.label}'" for one in payments.queries.RemittanceState) + " END",
    },
    measures={"gross": "c.gross", "returns": "c.returns", "commission": "c.commission", "commission_vat": "c.vat",
              "remitted": "c.net"},
    scope=OF_CONTRACT, effect="date_trunc('month', c.day)::date",
)  # fmt: skip
# A house's volume of a service is of the contract that provides the service there.
SERVED = """
    LEFT JOIN LATERAL (
        SELECT min(own.contract_id) AS contract_id FROM billing_provision AS own
        WHERE own.house_id = c.house_id AND own.service_id = c.service_id
            AND own.valid_from < (c.month + INTERVAL '1 month')::date
            AND (own.valid_to IS NULL OR own.valid_to > c.month)
    ) AS served ON true
"""
OF_SERVICE = (
    "EXISTS (SELECT FROM billing_provision AS own WHERE own.house_id = c.house_id"
    " AND own.service_id = c.service_id AND own.contract_id = ANY({contracts}))"
)


def _of_houses(code: str, table: str, measure: str) -> Fact:
    return Fact(
        code=code,
        source=f"FROM {table} AS c {{extra}} WHERE c.month >= {{first}} AND c.month <= {{last}} AND {{scope}}",
        columns={"house_id": "c.house_id", "service_id": "c.service_id", "contract_id": "served.contract_id"},
        measures={measure: "c.volume"}, scope=OF_SERVICE, effect="c.month", extra={"contract_id": SERVED},
    )  # fmt: skip


FACTS: tuple[Fact, ...] = (
    BALANCE, CHARGE, ALLOCATION, WAITING, DEBT, OPEN_ACCOUNTS, MOVED_ACCOUNTS, REMITTANCE,
    _of_houses("house_volume", "billing_housevolume", "house_volume"),
    _of_houses("house_balance", "billing_housebalance", "house_balance"),
)  # fmt: skip
