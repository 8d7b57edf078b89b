"""Reports that are lists: one line for each meter, account or document. The same scope, filters and files as groupings.

A list says its SELECT, what each filter stands on, and how its rows belong to contracts; without that it is no list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import accounts.kinds
from portals.reports.compiler import Scope, Statement
from portals.reports.definitions import Definition, values_of
from portals.reports.vocabulary import (
    COUNT,
    DAY,
    DIMENSIONS,
    HOUSE_NAME,
    MONEY,
    MONTH,
    OF_CONTRACT,
    OF_HOUSE,
    QUANTITY,
    TEXT,
    ReportRefused,
)


@dataclass(frozen=True, slots=True)
class ListColumn:
    """A column: its heading, what it holds, whether it is summed, whether a page leaves it out."""

    code: str
    title: str
    kind: str = TEXT
    width: int = 16
    is_summed: bool = False
    in_file_only: bool = False  # a page of 1280 px has room for eight


@dataclass(frozen=True, slots=True)
class ListReport:
    """A list. sql: everything up to the filters, with `{scope}` and `{first}`, `{last}`, `{next}` in it."""

    code: str
    columns: tuple[ListColumn, ...]
    sql: str
    scope: str
    order: str
    filters: Mapping[str, str]
    grouping: str = ""

    def __post_init__(self) -> None:
        if "{contracts}" not in self.scope or "{scope}" not in self.sql:
            raise ValueError(f"list {self.code} does not say whose its rows are")

    def refused(self, definition: Definition) -> str:
        """The first filter that the list does not know; empty if there is none."""
        return next((code for code in definition.filters if code not in self.filters), "")

    def statement(
        self, definition: Definition, scope: Scope, *, limit: int | None = None, offset: int = 0
    ) -> Statement:
        """Rows in their order; on a page each row ends with how many there are and with the sums of all of them."""
        if code := self.refused(definition):
            raise ReportRefused(f"В этом отчёте нельзя отобрать по полю «{DIMENSIONS[code].title}». Снимите отбор.")
        params: dict[str, Any] = {
            "first": definition.first.first, "last": definition.last.first, "next": definition.last.next.first,
            **scope.params,
        }  # fmt: skip
        limits = []
        for code, values in definition.filters.items():
            dimension = DIMENSIONS[code]
            limits.append(dimension.where.format(column=self.filters[code], values=f"%(f_{code})s::{dimension.type}[]"))
            params[f"f_{code}"] = values_of(dimension, values)
        body = self.sql.format(
            scope=scope.condition(self.scope), first="%(first)s::date", last="%(last)s::date", next="%(next)s::date"
        )
        body = " AND ".join([body, *limits]) + self.grouping
        names = ", ".join(f"listed.{column.code}" for column in self.columns)
        if limit is None:
            return Statement(f"SELECT {names} FROM ({body}) AS listed ORDER BY {self.order}", params)
        sums = "".join(
            f", sum(listed.{column.code}) OVER ()" if column.is_summed else ", NULL" for column in self.columns
        )
        sql = f"SELECT {names}, count(*) OVER (){sums} FROM ({body}) AS listed ORDER BY {self.order}"
        return Statement(f"{sql} LIMIT %(limit)s OFFSET %(offset)s", {**params, "limit": limit, "offset": offset})


ADDRESS = HOUSE_NAME.format(n="h") + " || coalesce(', ' || {flat}, '')"
FLAT = (
    "CASE p.kind WHEN 1 THEN 'кв. ' WHEN 2 THEN 'ком. ' WHEN 3 THEN 'пом. ' WHEN 5 THEN 'м/м ' WHEN 6 THEN 'блок '"
    " ELSE '' END || nullif(p.number, '')"
)
PLACE = f"coalesce('кв. ' || up.number || ', ', '') || coalesce({FLAT}, '')"
WHERE_IT_IS = """
    JOIN accounts_house AS h ON h.id = c.house_id
    LEFT JOIN accounts_premises AS p ON p.id = c.premises_id
    LEFT JOIN accounts_premises AS up ON up.id = p.parent_id
"""
SORTED = "town, street, house_digits, house_number, flat_digits, flat_number"
DIGITS = "coalesce(nullif(regexp_replace({text}, '[^0-9]', '', 'g'), '')::numeric, 0)"
SORT_KEYS = (
    f"h.town, translate(lower(h.street), 'ё', 'е') AS street, {DIGITS.format(text='h.number')} AS house_digits,"
    f" h.number AS house_number, {DIGITS.format(text='''coalesce(up.number, p.number, '')''')} AS flat_digits,"
    " p.number AS flat_number"
)
RESOURCE = "CASE c.resource " + " ".join(
    f"WHEN {one.value} THEN '{one.label}'" for one in accounts.kinds.Resource) + " END"  # fmt: skip
# A meter is of those who supply what it measures to its house.
OF_RESOURCE = (
    "EXISTS (SELECT FROM billing_provision AS own JOIN accounts_service AS s ON s.id = own.service_id"
    " WHERE own.house_id = c.house_id AND s.resource = c.resource AND own.contract_id = ANY({contracts}))"
)
NUMBERS = """(
    SELECT string_agg(a.number, ', ' ORDER BY a.number) FROM accounts_personalaccount AS a
    WHERE a.premises_id = c.premises_id AND (a.closed_on IS NULL OR a.closed_on >= {next}))"""
LAST_READING = """
    LEFT JOIN LATERAL (
        SELECT r.day, r.value, r.month FROM accounts_reading AS r
        WHERE r.meter_id = c.id AND r.counts AND r.month <= {last} ORDER BY r.month DESC, r.zone LIMIT 1
    ) AS seen ON true
"""
OF_PLACE = {"house": "c.house_id", "street": "c.house_id"}

METERS = ListReport(
    "meters",
    (
        ListColumn("number", "Лицевой счёт", width=16), ListColumn("address", "Адрес", width=48),
        ListColumn("resource", "Ресурс", width=22), ListColumn("kind", "Вид", width=18, in_file_only=True),
        ListColumn("serial", "Заводской номер", width=18), ListColumn("model", "Марка", width=20, in_file_only=True),
        ListColumn("commissioned_on", "Введён", DAY, 12, in_file_only=True),
        ListColumn("verified_on", "Поверен", DAY, 12, in_file_only=True),
        ListColumn("verified_until", "Поверка до", DAY, 12), ListColumn("verification", "Состояние поверки", width=20),
        ListColumn("read_on", "Последнее показание", DAY, 14), ListColumn("value", "Значение", QUANTITY, 14),
    ),
    f"""
        SELECT {NUMBERS} AS number, {ADDRESS.format(flat=f"nullif({PLACE}, '')")} AS address, {RESOURCE} AS resource,
            CASE c.kind WHEN 4 THEN 'общедомовой' WHEN 2 THEN 'общий (квартирный)' WHEN 3 THEN 'комнатный'
                ELSE 'индивидуальный' END AS kind,
            c.serial, c.model, c.commissioned_on, c.verified_on, c.verified_until,
            CASE WHEN c.verified_until IS NULL THEN 'срок не указан' WHEN c.verified_until < {{next}} THEN 'просрочена'
                WHEN c.verified_until < {{next}} + 90 THEN 'истекает' ELSE 'действует' END AS verification,
            seen.day AS read_on, seen.value, {SORT_KEYS}, c.id AS meter_id
        FROM accounts_meter AS c {WHERE_IT_IS} {LAST_READING}
        WHERE c.commissioned_on < {{next}} AND (c.removed_on IS NULL OR c.removed_on >= {{next}}) AND {{scope}}
    """,
    OF_RESOURCE,
    f"{SORTED}, resource, serial, meter_id",
    OF_PLACE,
)  # fmt: skip
LOST_READINGS = ListReport(
    "lost-readings",
    (
        ListColumn("number", "Лицевой счёт", width=16), ListColumn("address", "Адрес", width=48),
        ListColumn("resource", "Ресурс", width=22), ListColumn("serial", "Заводской номер", width=18),
        ListColumn("read_on", "Последнее показание", DAY, 14), ListColumn("value", "Значение", QUANTITY, 14),
        ListColumn("months", "Месяцев без показаний", COUNT, 14),
        ListColumn("charged_by", "Как начисляется", width=30),
        ListColumn("verified_until", "Поверка до", DAY, 12),
    ),
    f"""
        SELECT {NUMBERS} AS number, {ADDRESS.format(flat=f"nullif({PLACE}, '')")} AS address, {RESOURCE} AS resource,
            c.serial, seen.day AS read_on, seen.value, since.months,
            CASE WHEN c.verified_until < {{next}} THEN 'по нормативу: поверка истекла'
                WHEN since.months > 3 THEN 'по нормативу' ELSE 'по среднему' END AS charged_by,
            c.verified_until, {SORT_KEYS}, c.id AS meter_id
        FROM accounts_meter AS c {WHERE_IT_IS} {LAST_READING}
        CROSS JOIN LATERAL (
            SELECT ((date_part('year', {{last}}) - date_part('year', coalesce(seen.month, c.commissioned_on))) * 12
                + date_part('month', {{last}}) - date_part('month', coalesce(seen.month, c.commissioned_on)))::int
                AS months
        ) AS since
        WHERE c.kind <> 4 AND c.commissioned_on < {{last}} AND (c.removed_on IS NULL OR c.removed_on >= {{next}})
            AND since.months > 0 AND {{scope}}
    """,
    OF_RESOURCE,
    f"months DESC, {SORTED}, resource, serial, meter_id",
    OF_PLACE,
)  # fmt: skip
MOVED = ListReport(
    "opened-closed",
    (
        ListColumn("number", "Лицевой счёт", width=16), ListColumn("address", "Адрес", width=48),
        ListColumn("event", "Событие", width=12), ListColumn("day", "Дата", DAY, 12),
        ListColumn("opened_on", "Открыт", DAY, 12), ListColumn("closed_on", "Закрыт", DAY, 12),
    ),
    f"""
        SELECT c.number, {ADDRESS.format(flat=f"nullif({PLACE}, '')")} AS address, c.event, c.day, c.opened_on,
            c.closed_on, {SORT_KEYS}
        FROM (
            SELECT id, number, house_id, premises_id, opened_on, closed_on, 'открыт' AS event, opened_on AS day
            FROM accounts_personalaccount WHERE opened_on >= {{first}} AND opened_on < {{next}}
            UNION ALL
            SELECT id, number, house_id, premises_id, opened_on, closed_on, 'закрыт', closed_on
            FROM accounts_personalaccount WHERE closed_on >= {{first}} AND closed_on < {{next}}
        ) AS c {WHERE_IT_IS}
        WHERE {{scope}}
    """,
    OF_HOUSE,
    f"day, event DESC, {SORTED}, number",
    {**OF_PLACE, "account": "c.id"},
)  # fmt: skip
CORRECTIONS = ListReport(
    "corrections",
    (
        ListColumn("document", "Документ", width=18), ListColumn("month", "Проведён", MONTH, 16),
        ListColumn("for_month", "За месяц", MONTH, 16), ListColumn("number", "Лицевой счёт", width=16),
        ListColumn("address", "Адрес", width=48), ListColumn("service", "Услуга", width=30),
        ListColumn("basis", "Основание", width=44), ListColumn("author", "Кто провёл", width=24),
        ListColumn("amount", "Сумма", MONEY, 15, is_summed=True),
    ),
    f"""
        SELECT c.number AS document, c.month, c.for_month, a.number,
            {ADDRESS.format(flat=f"nullif({PLACE}, '')")} AS address, s.name AS service, c.basis,
            coalesce(nullif(u.name, ''), u.email, 'система') AS author, c.amount, {SORT_KEYS}, c.id AS correction_id
        FROM billing_correction AS c
        JOIN accounts_personalaccount AS a ON a.id = c.account_id
        JOIN accounts_service AS s ON s.id = c.service_id
        JOIN accounts_house AS h ON h.id = a.house_id
        LEFT JOIN accounts_premises AS p ON p.id = a.premises_id
        LEFT JOIN accounts_premises AS up ON up.id = p.parent_id
        LEFT JOIN accounts_user AS u ON u.id = c.made_by_id
        JOIN billing_contractmonth AS posted
            ON posted.contract_id = c.contract_id AND posted.month = c.month AND posted.state <> 'open'
        WHERE c.month >= {{first}} AND c.month <= {{last}} AND {{scope}}
    """,
    OF_CONTRACT,
    "month, document, correction_id",
    {"house": "a.house_id", "street": "a.house_id", "account": "c.account_id", "service": "c.service_id",
     "contract": "c.contract_id", "supplier": "c.contract_id", "for_month": "c.for_month"},
)  # fmt: skip
RECEIPTS = ListReport(
    "receipts",
    (
        ListColumn("day", "Операционный день", DAY, 13), ListColumn("paid_on", "Дата платежа", DAY, 13),
        ListColumn("number", "Лицевой счёт", width=16), ListColumn("channel", "Канал", width=28),
        ListColumn("contract", "Договор", width=16), ListColumn("amount", "Сумма", MONEY, 15, is_summed=True),
    ),
    """
        SELECT c.day, y.paid_on, a.number, n.name AS channel, coalesce(k.number, 'аванс') AS contract,
            sum(c.amount) AS amount, c.payment_id
        FROM payments_allocation AS c JOIN payments_payment AS y ON y.id = c.payment_id
        JOIN payments_channel AS n ON n.code = y.channel_id
        JOIN accounts_personalaccount AS a ON a.id = c.account_id
        LEFT JOIN accounts_agencycontract AS k ON k.id = c.contract_id
        WHERE c.day >= {first} AND c.day < {next} AND {scope}
    """,
    OF_CONTRACT,
    "day, payment_id, contract",
    {"house": "c.house_id", "street": "c.house_id", "account": "c.account_id", "channel": "y.channel_id",
     "contract": "c.contract_id", "supplier": "c.contract_id", "day": "c.day", "office": "y.office_id"},
    grouping=" GROUP BY 1, 2, 3, 4, 5, 7",
)  # fmt: skip
LISTS: dict[str, ListReport] = {one.code: one for one in (METERS, LOST_READINGS, MOVED, CORRECTIONS, RECEIPTS)}


def rows_of(report: ListReport, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Cells of the list's own columns."""
    width = len(report.columns)
    return (row[:width] for row in rows)
