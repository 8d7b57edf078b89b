"""The gate before posting: what looks wrong in the drafts of a month, worth most money first. Words and questions."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import polars as pl

from billing.columns import MONEY, QUANTITY, Schema
from billing.formulas import unauthorised


class Oddity(StrEnum):
    """Kinds of anomalies."""

    ZERO = "zero"
    BURST = "burst"
    NEGATIVE_COMMON = "negative_common"
    VANISHED = "vanished"
    LARGE = "large"
    NO_ACT = "no_act"
    NO_HOUSE_VOLUME = "no_house_volume"
    NOT_CHARGED = "not_charged"
    BELOW_PREMISES = "below_premises"
    NO_CONTRACT = "no_contract"
    CAPACITY = "capacity"
    NO_REMOVED = "no_removed"


NAMES = {
    Oddity.ZERO: "Нулевой расход",
    Oddity.BURST: "Расход вырос впятеро",
    Oddity.NEGATIVE_COMMON: "Отрицательный объём на общее имущество",
    Oddity.VANISHED: "Строка исчезла",
    Oddity.LARGE: "Большая сумма",
    Oddity.NO_ACT: "Тариф без акта",
    Oddity.NO_HOUSE_VOLUME: "Нет объёма по общедомовому прибору",
    Oddity.NOT_CHARGED: "Не начислено",
    Oddity.BELOW_PREMISES: "Общедомовой прибор меньше суммы помещений",
    Oddity.NO_CONTRACT: "Услуга без договора",
    Oddity.CAPACITY: "Большая мощность в акте",
    Oddity.NO_REMOVED: "Нет объёма вывоза за прошлый год",
}
FIXES = {
    Oddity.ZERO: "Проверьте показание или отсутствие жильцов; если всё верно, проводите.",
    Oddity.BURST: "Проверьте показание; удержите счёт, пока его не подтвердят.",
    Oddity.NEGATIVE_COMMON: "Сверьте объём по дому с показаниями квартир.",
    Oddity.VANISHED: "Проверьте услугу дома, прибор, проживающих и тариф.",
    Oddity.LARGE: "Проверьте строки счёта; удержите его, если сумма неверна.",
    Oddity.NO_ACT: "Впишите акт, которым тариф установлен.",
    Oddity.NO_HOUSE_VOLUME: "Введите объём дома за месяц.",
    Oddity.NOT_CHARGED: "Введите недостающее и рассчитайте дом снова.",
    Oddity.BELOW_PREMISES: "Сверьте показание общедомового прибора и квартир: день снятия, пропуски, порядок цифр.",
    Oddity.NO_CONTRACT: "Продлите договор или закройте услугу дома датой.",
    Oddity.NO_REMOVED: "Введите объём дома за эти месяцы: до этого годового перерасчёта платы за ТКО по дому не будет.",
    Oddity.CAPACITY: "Сверьте мощность с актом: единицы и запятую. Ошибку счёта исправьте на странице акта.",
}
# What to do about a line that was not charged, by its cause (LineProblem.text).
FIX_OF = {
    "нет тарифа": "Заведите тариф на все дни месяца и рассчитайте дом снова.",
    "нет норматива": "Заведите норматив для домов этого вида и рассчитайте дом снова.",
    "нет норматива воды": "Заведите норматив воды: по нему считается водоотведение. Рассчитайте дом снова.",
    "нет норматива подогрева": "Заведите норматив тепла на подогрев воды и рассчитайте дом снова.",
    "нет паспорта дома": "Внесите площади дома в его паспорт на этот месяц и рассчитайте дом снова.",
    "нет площади": "Внесите площадь помещения на этот месяц и рассчитайте дом снова.",
    "нет объёма по дому": "Введите объём дома за месяц и рассчитайте дом снова: до этого отопление и общее имущество "
    "идут по нормативу.",
    "нет начислений горячей воды за прошлый год": "Введите тепло дома за прошлый год без горячей воды или загрузите "
    "начисления того года, затем рассчитайте дом снова.",
}
ROWS: Schema = {
    "kind": pl.String, "account_id": pl.Int64, "house_id": pl.Int64, "contract_id": pl.Int64, "service_id": pl.Int16,
    "stake": MONEY, "before": QUANTITY, "now": QUANTITY, "said": pl.String,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something to look at before the month is posted. `stake`: roubles at stake; account or house may be absent."""

    kind: Oddity
    name: str
    account_id: int | None
    account_number: str
    house_id: int | None
    address: str
    contract_id: int | None
    service_id: int | None
    service_name: str
    stake: Decimal
    text: str
    fix: str


def words(kind: Oddity, service: str, before: str, now: str, said: str) -> str:
    """What is wrong, with numbers. before, now: quantities as printed."""
    match kind:
        case Oddity.ZERO:
            return f"{service}: расход 0, месяцем раньше {before}."
        case Oddity.BURST:
            return f"{service}: расход {now}, месяцем раньше {before}."
        case Oddity.NEGATIVE_COMMON:
            return f"{service}: объём на общее имущество {now}."
        case Oddity.VANISHED:
            return f"{service}: месяцем раньше начислялось, теперь строки нет."
        case Oddity.LARGE:
            return f"Начислено за месяц {now} ₽."
        case Oddity.NO_ACT:
            return f"{service}: у тарифа {now} ₽ не назван акт."
        case Oddity.NO_HOUSE_VOLUME:
            return f"{service}: объём дома за месяц не введён."
        case Oddity.NOT_CHARGED:
            return f"{service}: {said}."
        case Oddity.BELOW_PREMISES:
            return f"{service}: общедомовой прибор {now}, а все помещения {before}."
        case Oddity.NO_REMOVED:
            return f"{service}: за прошлый год не введён объём вывоза, месяцы: {said}."
        case Oddity.CAPACITY:
            return f"{service}: акт «{said}» о самовольном подключении, {now} в час круглые сутки."
        case Oddity.NO_CONTRACT:
            return f"{service}: договор с поставщиком действует не все дни месяца, за остальные услуга не начислена."


def fix(kind: Oddity, said: str) -> str:
    """What to do about it. said: the cause, where a line was not charged."""
    return FIX_OF.get(said, FIXES[kind]) if kind == Oddity.NOT_CHARGED else FIXES[kind]


LINES = """
WITH now AS (
    SELECT account_id, service_id, min(house_id) AS house_id, min(contract_id) AS contract_id, sum(amount) AS amount,
        sum(volume) FILTER (WHERE kind = 1 AND line < 20000) AS volume, bool_or(kind = 1 AND method = 1) AS metered,
        sum(amount) FILTER (WHERE kind = 3) AS common, sum(volume) FILTER (WHERE kind = 3) AS common_volume
    FROM billing_charge WHERE month = {month} AND kind IN (1, 2, 3) GROUP BY account_id, service_id
), was AS (
    SELECT account_id, service_id, min(house_id) AS house_id, min(contract_id) AS contract_id, sum(amount) AS amount,
        sum(volume) FILTER (WHERE kind = 1 AND line < 20000) AS volume
    FROM billing_charge WHERE month = {previous} AND kind IN (1, 2, 3) GROUP BY account_id, service_id
), both_months AS (
    SELECT account_id, service_id, coalesce(now.house_id, was.house_id) AS house_id,
        coalesce(now.contract_id, was.contract_id) AS contract_id, now.amount, now.volume, now.metered, now.common,
        now.common_volume, was.amount AS was_amount, was.volume AS was_volume, now.account_id IS NULL AS is_gone
    FROM now FULL JOIN was USING (account_id, service_id)
)
SELECT kind, account_id, house_id, contract_id, service_id, abs(stake), before, after, NULL FROM (
    SELECT 'zero' AS kind, account_id, house_id, contract_id, service_id, was_amount AS stake, was_volume AS before,
        volume AS after FROM both_months WHERE metered AND volume = 0 AND was_volume > 0
    UNION ALL
    SELECT 'burst', account_id, house_id, contract_id, service_id, amount - was_amount, was_volume, volume
        FROM both_months WHERE metered AND was_volume > 0 AND volume >= 5 * was_volume
    UNION ALL
    SELECT 'negative_common', account_id, house_id, contract_id, service_id, common, NULL, common_volume
        FROM both_months WHERE common < 0
    UNION ALL
    SELECT 'vanished', b.account_id, b.house_id, b.contract_id, b.service_id, b.was_amount, b.was_volume, NULL
        FROM both_months b JOIN accounts_personalaccount a ON a.id = b.account_id
        WHERE b.is_gone AND b.was_amount <> 0 AND (a.closed_on IS NULL OR a.closed_on > {month})
            AND ({in_season} OR b.service_id <> 5)
) AS found WHERE abs(stake) >= {least}
"""
LARGE = """
SELECT 'large', account_id, min(house_id), NULL, NULL, sum(amount), NULL, sum(amount), NULL
FROM billing_charge WHERE month = {month} AND kind <> 6 GROUP BY account_id HAVING sum(amount) > {above}
"""
NO_ACT = """
SELECT 'no_act', NULL, NULL, t.contract_id, t.service_id, coalesce((SELECT sum(c.amount) FROM billing_charge c
        WHERE c.month = {month} AND c.contract_id = t.contract_id AND c.service_id = t.service_id), 0),
    NULL, t.price, NULL
FROM billing_tariff t WHERE t.valid_from < {following} AND (t.valid_to IS NULL OR t.valid_to > {month})
    AND lower(trim(both ' .-—?' FROM t.act)) IN ('', 'нет', 'проект', 'б/н', 'уточнить')
"""
NO_HOUSE_VOLUME = """
SELECT 'no_house_volume', NULL, p.house_id, p.contract_id, p.service_id,
    coalesce((SELECT sum(c.amount) FROM billing_charge c JOIN accounts_personalaccount a ON a.id = c.account_id
        WHERE a.house_id = p.house_id AND c.service_id = p.service_id AND c.month = {month} AND c.kind = 1), 0),
    NULL, NULL, NULL
FROM billing_provision p WHERE p.method = 3 AND {in_season}
    AND p.valid_from < {following} AND (p.valid_to IS NULL OR p.valid_to > {month})
    AND NOT EXISTS (SELECT FROM billing_housevolume v
        WHERE v.house_id = p.house_id AND v.service_id = p.service_id AND v.month = {month})
"""
NOT_CHARGED = """
SELECT 'not_charged', q.account_id, a.house_id, NULL, q.service_id,
    coalesce((SELECT sum(c.amount) FROM billing_charge c WHERE c.account_id = q.account_id
        AND c.service_id = q.service_id AND c.month = {previous} AND c.kind IN (1, 2, 3)), 0), NULL, NULL, q.text
FROM billing_lineproblem q JOIN accounts_personalaccount a ON a.id = q.account_id WHERE q.month = {month}
    -- a silent building meter of heat is told of once, of its house: the flats went by the norm
    AND NOT (q.text = 'нет объёма по дому' AND EXISTS (SELECT FROM billing_provision p
        WHERE p.house_id = a.house_id AND p.service_id = q.service_id AND p.method = 3
            AND p.valid_from < {following} AND (p.valid_to IS NULL OR p.valid_to > {month})))
"""
BELOW_PREMISES = """
SELECT 'below_premises', NULL, b.house_id, NULL, b.service_id, round(abs(b.volume) * coalesce((SELECT max(t.price)
        FROM billing_provision p JOIN billing_tariff t USING (contract_id, service_id)
        WHERE p.house_id = b.house_id AND p.service_id = b.service_id
            AND t.valid_from < {following} AND (t.valid_to IS NULL OR t.valid_to > {month})), 0), 2),
    v.volume - b.volume, v.volume, NULL
FROM billing_housebalance b JOIN accounts_service s ON s.id = b.service_id CROSS JOIN LATERAL (
    SELECT w.volume FROM billing_housevolume w JOIN accounts_service r ON r.id = w.service_id
    WHERE w.house_id = b.house_id AND w.month = b.month AND (w.service_id = b.service_id OR r.resource = s.resource)
    ORDER BY w.service_id = b.service_id DESC LIMIT 1) AS v
WHERE b.month = {month} AND b.volume < 0
"""
NO_CONTRACT = """
SELECT 'no_contract', NULL, p.house_id, p.contract_id, p.service_id,
    coalesce((SELECT sum(c.amount) FROM billing_charge c JOIN accounts_personalaccount a ON a.id = c.account_id
        WHERE a.house_id = p.house_id AND c.service_id = p.service_id AND c.month = {previous}
            AND c.kind IN (1, 2, 3)), 0), NULL, NULL, NULL
FROM billing_provision p JOIN accounts_agencycontract k ON k.id = p.contract_id
WHERE p.valid_from < {following} AND (p.valid_to IS NULL OR p.valid_to > {month})
    AND NOT (k.valid_from <= greatest(p.valid_from, {month})
        AND (k.valid_to IS NULL OR k.valid_to >= least(p.valid_to, {following})))
"""
_UNUSUAL = ", ".join(f"({resource}, {capacity})" for resource, capacity in unauthorised.UNUSUAL.items())
CAPACITY = (
    """
SELECT 'capacity', u.account_id, a.house_id, u.contract_id, u.service_id, u.amount, NULL, u.capacity, u.act
FROM billing_unauthoriseduse u JOIN accounts_personalaccount a ON a.id = u.account_id
JOIN accounts_service s ON s.id = u.service_id JOIN (VALUES """
    + _UNUSUAL
    + """) AS w (resource, capacity) USING (resource)
WHERE u.month = {month} AND u.capacity > w.capacity AND u.component <= 1 AND u.reverses_id IS NULL
    AND NOT EXISTS (SELECT FROM billing_unauthoriseduse r WHERE r.reverses_id = u.id)
"""
)
# Houses of the norm that the yearly recalculation of waste leaves alone: some months of the year have no volume.
NO_REMOVED = """
SELECT 'no_removed', NULL, p.house_id, min(p.contract_id), p.service_id, 0, NULL, NULL,
    string_agg(to_char(m.month, 'MM.YYYY'), ', ' ORDER BY m.month)
FROM billing_provision p JOIN accounts_service s ON s.id = p.service_id AND s.code = 'waste'
CROSS JOIN (SELECT generate_series({year_before}, {year_before} + interval '11 months', '1 month')::date AS month) AS m
JOIN billing_lawvalue l ON l.code = 'tko_year_recalc' AND l.value = 1 AND l.valid_from <= m.month
    AND (l.valid_to IS NULL OR l.valid_to > m.month)
WHERE {settles_waste} AND p.method IN (6, 7) AND p.valid_from <= m.month
    AND (p.valid_to IS NULL OR p.valid_to > m.month)
    AND NOT EXISTS (SELECT FROM billing_housevolume v
        WHERE v.house_id = p.house_id AND v.service_id = p.service_id AND v.month = m.month)
GROUP BY p.house_id, p.service_id
"""
QUESTIONS = (
    LINES, LARGE, NO_ACT, NO_HOUSE_VOLUME, NOT_CHARGED, BELOW_PREMISES, NO_CONTRACT, CAPACITY, NO_REMOVED,
)  # fmt: skip
