"""A month of a contract: reconciled with the turnover and the bank, differences with causes; its recalculations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

import payments.papers
import payments.queries
from accounts.calendar import ONE_DAY, Month
from accounts.money import ZERO, total
from accounts.queries import AgencyContract
from payments.papers import Settled
from payments.queries import RegistryRow, Remittance, RemittanceRow, SettlementPaper


@dataclass(frozen=True, slots=True)
class Cause:
    """A part of a difference, roubles, in words."""

    text: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Difference:
    """Two figures that might be thought the same, and the causes that lead from one to the other.

    ours + Σ causes = theirs, or `left` is what nobody can explain.
    """

    title: str
    first: str
    second: str
    ours: Decimal
    theirs: Decimal
    causes: tuple[Cause, ...]

    @property
    def difference(self) -> Decimal:
        return self.theirs - self.ours

    @property
    def left(self) -> Decimal:
        return self.difference - total(cause.amount for cause in self.causes)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The settlements of the month to the kopeck, and the three comparisons an accountant makes."""

    money: Settled
    differences: tuple[Difference, ...]
    waiting: tuple[RemittanceRow, ...]

    @property
    def is_clean(self) -> bool:
        return not any(one.left for one in self.differences)


OWN_AND_LATE = """
    SELECT coalesce(sum(a.amount) FILTER (WHERE channel.kind = 5), 0.00),
        coalesce(sum(a.amount) FILTER (WHERE channel.kind <> 5 AND a.day > %(last)s), 0.00)
    FROM payments_allocation AS a
    JOIN payments_payment AS payment ON payment.id = a.payment_id
    JOIN payments_channel AS channel ON channel.code = payment.channel_id
    WHERE a.contract_id = %(contract)s AND a.day >= %(since)s AND a.day < %(until)s
"""


def _own_and_late(contract_id: int, month: Month, last: date) -> tuple[Decimal, Decimal]:
    """What the principal received himself in the month, and what the centre did after the day `last`."""
    with connection.cursor() as cursor:
        cursor.execute(
            OWN_AND_LATE, {"contract": contract_id, "since": month.first, "until": month.next.first, "last": last}
        )
        return cursor.fetchone()  # type: ignore[no-any-return]


def order_of(row: RemittanceRow) -> str:
    return f"Поручение № {row.number} за {row.day:%d.%m.%Y}"


def reconciled(contract: AgencyContract, month: Month) -> Reconciled:
    """The month of the contract, compared with the turnover sheet and with the bank."""
    money = payments.papers.settled(contract.pk, month.first, month.next.first)
    rows = payments.queries.turnover(contract_ids=[contract.pk], month=month, by_house=False)
    paid = total(row.paid for row in rows)
    sent = payments.queries.remittances_of(contract_ids=[contract.pk], since=month.first, until=month.last, limit=80)
    waiting = tuple(row for row in sent if row.net and row.confirmed_on is None)
    late = tuple(row for row in sent if row.net and row.confirmed_on and row.confirmed_on > month.last)
    executed = total(row.net for row in sent if row.confirmed_on and row.confirmed_on <= month.last)
    last = sent[0] if sent else None
    own, late_money = _own_and_late(contract.pk, month, last.day if last else month.first - ONE_DAY)
    carried = last.carried_out if last else money.opening
    text = f"Принято после последнего перечисления ({last.day:%d.%m.%Y})" if last else "Принято, перечислений не было"
    return Reconciled(
        money,
        (
            Difference(
                "Оплата в оборотах и деньги у центра", "Оплачено по оборотной ведомости",
                "Получено центром без возвратов",
                paid, money.received - money.returned, (Cause("Приняли вы сами, деньги у вас", -own),) if own else (),
            ),
            Difference(
                "Перечислено и исполнено банком", "Перечислено за дни месяца", "Исполнено банком в этом месяце",
                money.remitted, executed,
                tuple(
                    [Cause(f"{order_of(row)}: {row.state_name}", -row.net) for row in waiting]
                    + [Cause(f"{order_of(row)} исполнено {row.confirmed_on:%d.%m.%Y}", -row.net) for row in late]
                ),
            ),
            Difference(
                "Осталось у центра", "Перенесено последним перечислением", "Долг центра на конец месяца",
                carried, money.closing,
                (Cause(text, late_money),) if late_money else (),
            ),
        ),
        waiting,
    )  # fmt: skip


def acts(contract_id: int, month: Month) -> list[SettlementPaper]:
    """Papers of the month under the contract."""
    rows = payments.papers.papers_of(contract_ids=[contract_id], limit=400)
    return [row for row in rows if row.first_month == month.first and row.last_month == month.first]


# --- recalculations --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """A recalculation of the month: by a document, or by the engine because facts changed; roubles with their sign."""

    number: str
    address: str
    service: str
    for_month: date
    document: str
    basis: str
    author: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Corrections:
    """A page of them, how many there are, what they come to, and the reasons to choose from."""

    rows: list[CorrectionRow]
    count: int
    amount: Decimal
    reasons: list[tuple[str, int, Decimal]]


ENGINE = "изменились исходные данные прошлого месяца"
# Documents, and what the engine recalculated beside them: the ink and chalk of the month less its documents.
ALL = f"""
    SELECT c.account_id, c.service_id, c.for_month, c.number AS document, c.basis,
        coalesce(nullif(u.name, ''), u.email, 'система') AS author, c.amount
    FROM billing_correction AS c LEFT JOIN accounts_user AS u ON u.id = c.made_by_id
    WHERE c.month = %(month)s AND c.contract_id = ANY(%(contracts)s)
    UNION ALL
    SELECT r.account_id, r.service_id, r.for_month, '', '{ENGINE}', 'расчёт', r.amount - coalesce(d.amount, 0)
    FROM (
        SELECT account_id, contract_id, service_id, for_month, sum(amount) AS amount FROM billing_charge
        WHERE month = %(month)s AND contract_id = ANY(%(contracts)s) AND kind = ANY(%(kinds)s) GROUP BY 1, 2, 3, 4
    ) AS r
    LEFT JOIN (
        SELECT account_id, contract_id, service_id, for_month, sum(amount) AS amount FROM billing_correction
        WHERE month = %(month)s AND contract_id = ANY(%(contracts)s) GROUP BY 1, 2, 3, 4
    ) AS d USING (account_id, contract_id, service_id, for_month)
    WHERE r.amount <> coalesce(d.amount, 0)
"""
SHOWN = """
    SELECT a.number, h.town || ', ' || h.street || ', д. ' || h.number || coalesce(', ' || nullif(p.number, ''), ''),
        s.name, c.for_month, c.document, c.basis, c.author, c.amount
    FROM ({rows}) AS c JOIN accounts_personalaccount AS a ON a.id = c.account_id
    JOIN accounts_house AS h ON h.id = a.house_id LEFT JOIN accounts_premises AS p ON p.id = a.premises_id
    JOIN accounts_service AS s ON s.id = c.service_id
    WHERE %(reason)s = '' OR c.basis = %(reason)s
    ORDER BY abs(c.amount) DESC, a.number, s.id, c.for_month LIMIT %(limit)s OFFSET %(offset)s
"""


def corrections(
    contract_ids: Sequence[int], month: Month, *, kinds: Sequence[int], reason: str = "", limit: int = 50,
    offset: int = 0,
) -> Corrections:  # fmt: skip
    """Recalculations of the month, the largest first. kinds: of charges that are recalculations. Two statements."""
    params: dict[str, Any] = {
        "month": month.first, "contracts": list(contract_ids), "kinds": list(kinds), "reason": reason, "limit": limit,
        "offset": offset,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT basis, count(*), sum(amount) FROM ({ALL}) AS c GROUP BY 1 ORDER BY abs(sum(amount)) DESC LIMIT 99",
            params,
        )
        reasons = [(basis, count, amount) for basis, count, amount in cursor.fetchall()]
        cursor.execute(SHOWN.format(rows=ALL), params)
        rows = [CorrectionRow(*row) for row in cursor.fetchall()]
    kept = [one for one in reasons if not reason or one[0] == reason]
    return Corrections(
        rows, sum(count for _, count, _ in kept), total(amount for _, _, amount in kept) if kept else ZERO, reasons
    )  # fmt: skip


# --- the exchange file of a remittance -------------------------------------------------------------------------------

EXCHANGE = "text/plain; charset=windows-1251"


def exchange_file(remittance: Remittance, registry: Sequence[RegistryRow]) -> bytes:
    """The registry behind a remittance for 1С: a stable key in each line, control totals at the end; windows-1251."""
    day = f"{remittance.day:%d.%m.%Y}"
    told = [f"#;{remittance.pk};{remittance.number};{day};{remittance.contract.number};{remittance.net:.2f}"]
    places: dict[int, int] = {}
    for line in registry:
        place = places[line.payment_id] = places.get(line.payment_id, 0) + 1
        told.append(
            f"{remittance.pk}-{line.payment_id}-{place};{line.account_number};{line.paid_on:%d.%m.%Y};"
            f"{line.day:%d.%m.%Y};{line.for_month:%m.%Y};{line.service_id};{line.service_name.replace(';', ',')};"
            f"{line.part_name};{line.channel.replace(';', ',')};{line.amount:.2f}"
        )
    told.append(f"=;{len(registry)};{total(line.amount for line in registry):.2f}")
    return "\r\n".join([*told, ""]).encode("cp1251", "replace")
