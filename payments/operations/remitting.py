"""Money out: a remittance per contract, day and kind of money, its bank order, its confirmation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from accounts.calendar import ONE_DAY
from accounts.errors import Refusal
from accounts.money import ZERO, total, written
from accounts.queries import AgencyContract, BankAccount, ChannelKind, Organisation, OrganisationKind, User
from billing import queries as billing_queries
from payments import bank_orders, pain001, remittance
from payments.models import OperatingDay, OperatingDayState, Remittance, RemittanceState
from payments.operations.days import By, lock_books
from payments.operations.refund_orders import last_number
from payments.remittance import Collected, Settlement
from payments.settlement_queries import terms_of

CAPITAL_REPAIR_SERVICE = 9
_Accounts = Mapping[tuple[int, int], BankAccount]  # (organisation, kind of account): approved, in force on the day


class RemittanceRefused(Refusal):
    """Nothing leaves with an unexplained difference."""


@dataclass(frozen=True, slots=True)
class NotRemitted:
    """A contract that stays unpaid, and why; its money waits for the next remittance."""

    contract_id: int
    principal: str
    reason: str


@dataclass(frozen=True, slots=True)
class RemitSummary:
    """Outcome of remit_day; roubles. repeated: contracts paid for this day before."""

    day: date
    formed: int
    repeated: int
    gross: Decimal
    returns: Decimal
    commission: Decimal
    vat: Decimal
    net: Decimal
    refused: tuple[NotRemitted, ...]

    def __str__(self) -> str:
        text = (
            f"Перечисления за {self.day:%d.%m.%Y}: сформировано {self.formed}, уже было {self.repeated}; "
            f"получено {written(self.gross)} ₽, возвраты {written(self.returns)} ₽, вознаграждение "
            f"{written(self.commission)} ₽, НДС {written(self.vat)} ₽, к перечислению {written(self.net)} ₽."
        )
        return "\n".join([text, *(f"Не перечислено — {row.principal}: {row.reason}" for row in self.refused)])


@dataclass(frozen=True, slots=True)
class _Due:
    """What a contract has to get since its last remittance."""

    contract: AgencyContract
    previous: Remittance | None
    rows: tuple[Collected, ...]
    repairs: frozenset[bool]  # kinds of money (is it cash?) that hold nothing but contributions for capital repair

    @property
    def is_own(self) -> bool:
        """The centre sells this service itself: its principal is the agent."""
        return bool(self.contract.principal.kind == OrganisationKind.AGENT)


DUE = """
    SELECT a.contract_id, a.day, channel.kind,
        coalesce(sum(a.amount) FILTER (WHERE a.amount > 0), 0.00),
        coalesce(-sum(a.amount) FILTER (WHERE a.amount < 0), 0.00),
        count(DISTINCT a.payment_id), channel.is_cash, bool_and(a.service_id = %(repair)s)
    FROM payments_allocation AS a
    JOIN payments_payment AS payment ON payment.id = a.payment_id
    JOIN payments_channel AS channel ON channel.code = payment.channel_id AND channel.kind <> %(own)s
    LEFT JOIN (
        SELECT contract_id, max(day) AS day FROM payments_remittance GROUP BY contract_id
    ) AS last ON last.contract_id = a.contract_id
    WHERE a.contract_id <> 0 AND a.day <= %(day)s AND a.day > coalesce(last.day, DATE '1900-01-01') {scope}
    GROUP BY a.contract_id, a.day, channel.kind, channel.is_cash
    ORDER BY a.contract_id, a.day, channel.kind, channel.is_cash
"""


@transaction.atomic
def remit_day(*, day: date, by: By = None, contract_ids: Collection[int] | None = None) -> RemitSummary:
    """Form the remittances of every contract for the closed days up to `day` that were not paid yet.

    Each allocation is paid exactly once: a remittance begins where the contract's last one ended. Running it again
    forms nothing new. A contract without a bank account is left out with the reason, its money waits.
    Money taken in cash and money of banks leave by orders of their own, from the special account 40821 and from the
    settlement account; the commission is of both together, and a debt of one is withheld from the other first.
    The agent's own contract gets an order only where cash has to leave the special account for its settlement account;
    its other money lies on the right account already, and the remittance has no order (no number, no account).
    Raises RemittanceRefused while a day up to `day` is open, or the books have not come to `day` yet.
    Source: ПП № 253, п. 6; domain/payments.md, 8.
    """
    lock_books(shared=False)
    open_days = OperatingDay.objects.filter(day__lte=day, state=OperatingDayState.OPEN).order_by("day")
    first_open = open_days.values_list("day", flat=True).first()
    if first_open is not None:
        raise RemittanceRefused(
            f"Операционный день {first_open:%d.%m.%Y} ещё открыт. Закройте его, потом перечисляйте за {day:%d.%m.%Y}."
        )
    # The books do not open again before the last remittance: money of a day nobody closed would never be remitted.
    if not OperatingDay.objects.filter(day__gte=day).exists():
        raise RemittanceRefused(
            f"Операционный день {day:%d.%m.%Y} не закрывали: после перечисления за него ни его, ни более ранние дни "
            "уже не открыть. Закройте его, потом перечисляйте."
        )
    number = last_number(day)
    formed: list[Remittance] = []
    refused: list[NotRemitted] = []
    repeated = Remittance.objects.filter(day=day)
    if contract_ids is not None:
        repeated = repeated.filter(contract_id__in=contract_ids)
    already = repeated.count()
    names = {kind.value: str(kind.label) for kind in ChannelKind}
    dues = _due(day, contract_ids)
    vat_rates = {day: billing_queries.law_value("vat", day) for day in {row.day for due in dues for row in due.rows}}
    known = accounts_queries.bank_accounts_on({due.contract.principal_id for due in dues}, day)
    for due in dues:
        try:
            settlements = remittance.parted(_settle(due, vat_rates))
            ordered = [bool(one.net) and (one.is_cash or not due.is_own) for one in settlements]
            accounts = [
                _account_for(due, known, day, is_cash=bool(one.is_cash)) if needs_order else None
                for one, needs_order in zip(settlements, ordered, strict=True)
            ]
        except Refusal as refusal:
            refused.append(NotRemitted(due.contract.pk, due.contract.principal.short_name, str(refusal)))
            continue
        for settlement, account in zip(settlements, accounts, strict=True):
            if account is not None:
                number = remittance.next_number(number)
            formed.append(
                Remittance(
                    contract=due.contract,
                    day=day,
                    is_cash=settlement.is_cash,
                    previous_day=due.previous.day if due.previous else None,
                    number=str(number) if account is not None else "",
                    gross=settlement.gross,
                    returns=settlement.returns,
                    commission=settlement.commission,
                    vat=settlement.vat,
                    carried_in=settlement.carried_in,
                    net=settlement.net,
                    carried_out=settlement.carried_out,
                    bank_account=account,
                    formed_by=by if isinstance(by, User) else None,
                    arithmetic=_arithmetic(settlement, names),
                )
            )
    Remittance.objects.bulk_create(formed)
    summary = RemitSummary(
        day=day,
        formed=len(formed),
        repeated=already,
        gross=total(row.gross for row in formed),
        returns=total(row.returns for row in formed),
        commission=total(row.commission for row in formed),
        vat=total(row.vat for row in formed),
        net=total(row.net for row in formed),
        refused=tuple(refused),
    )
    if formed or refused:
        accounts_operations.note(
            "payments.remittance.formed", by=by, day=day, formed=summary.formed, gross=summary.gross,
            returns=summary.returns, commission=summary.commission, vat=summary.vat, net=summary.net,
            refused=[row.contract_id for row in refused],
        )  # fmt: skip
    return summary


def _due(day: date, contract_ids: Collection[int] | None) -> list[_Due]:
    scope = "" if contract_ids is None else "AND a.contract_id = ANY(%(contracts)s)"
    params: dict[str, Any] = {
        "day": day, "own": ChannelKind.PRINCIPAL.value, "repair": CAPITAL_REPAIR_SERVICE,
        "contracts": list(contract_ids or ()),
    }  # fmt: skip
    rows: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(DUE.format(scope=scope), params)
        for contract_id, *row in cursor.fetchall():
            rows[contract_id].append(tuple(row))
    contracts = AgencyContract.objects.filter(pk__in=rows).select_related("principal").prefetch_related("commission")
    paid = Remittance.objects.filter(contract_id__in=rows).order_by("contract_id", "-day", "-pk")
    last = {row.contract_id: row for row in paid.distinct("contract_id")}
    return [
        _Due(
            contract=contract,
            previous=last.get(contract.pk),
            rows=tuple(Collected(*row[:6]) for row in rows[contract.pk]),
            repairs=frozenset({True, False} - {row[5] for row in rows[contract.pk] if not row[6]}),
        )
        for contract in contracts.order_by("pk")
    ]


def _settle(due: _Due, vat_rates: dict[date, Decimal | None]) -> Settlement:
    terms = terms_of(due.contract)
    return remittance.settle(due.rows, terms, vat_rates, due.previous.carried_out if due.previous else ZERO)


def _account_for(due: _Due, known: _Accounts, day: date, *, is_cash: bool) -> BankAccount:
    principal = due.contract.principal
    kinds = remittance.account_kinds(has_cash=is_cash, is_capital_repair=is_cash in due.repairs)
    if due.is_own:  # its own cash leaves the special account: 103-ФЗ, ст. 4 ч. 16
        kinds = (remittance.SETTLEMENT,)
    for kind in kinds:
        account = known.get((principal.pk, kind))
        if account is not None:
            wrong = remittance.wrong_account(account.number, kind)
            if wrong:
                raise RemittanceRefused(
                    f"{wrong} (договор {due.contract.number}). Исправьте вид счёта: за чужой счёт отвечает агент."
                )
            return account
    where = f"у «{principal.short_name}» (договор {due.contract.number}) нет утверждённого"
    if is_cash and not due.is_own and any(owner == principal.pk for owner, _ in known):
        raise RemittanceRefused(
            f"{where} специального счёта 40821 на {day:%d.%m.%Y}, а в деньгах есть наличные: на другой счёт "
            "их не переводят (103-ФЗ, ст. 4 ч. 18). Внесите счёт 40821 и утвердите его вторым сотрудником."
        )
    raise RemittanceRefused(
        f"{where} банковского счёта на {day:%d.%m.%Y}. Внесите реквизиты и утвердите их вторым сотрудником."
    )


def _arithmetic(settlement: Settlement, channels: dict[int, str]) -> list[dict[str, Any]]:
    return [
        {
            "day": line.day.isoformat(),
            "channels": list(line.channel_kinds),
            "payments": line.payments,
            "received": str(line.received),
            "returned": str(line.returned),
            "percent": str(line.percent),
            "computed": str(line.computed),
            "bound": line.bound,
            "fee": str(line.fee),
            "vat_rate": str(line.vat_rate),
            "vat": str(line.vat),
            "is_withheld": line.is_withheld,
            "text": remittance.in_words(line, channels),
        }
        for line in settlement.lines
    ]


# --- the bank ---------------------------------------------------------------------------------------------------------


def _party(organisation: Organisation, account: BankAccount) -> bank_orders.Party:
    return bank_orders.Party(
        name=organisation.short_name,
        inn=organisation.inn,
        kpp=organisation.kpp,
        account=account.number,
        bank=account.bank_name,
        town=account.bank_town,
        bik=account.bik,
        correspondent=account.correspondent,
    )


def remittance_file(day: date, *, form: str = "1c") -> bytes:
    """Released payment orders of the day's remittances for the bank.

    form: «1c» is 1CClientBankExchange 1.03 (cp1251, CRLF), «pain001» is ISO 20022 pain.001.001.03 (UTF-8). Holds what
    waits to be sent, else what was released last: what the bank has executed is never in a file again beside what it
    sent back. The same bytes whenever it is asked. Raises RemittanceRefused when there is nothing to pay, nothing is
    released or nobody can pay.
    """
    payable = Remittance.objects.filter(day=day, bank_account__isnull=False)
    if not payable.exists():
        raise RemittanceRefused(f"За {day:%d.%m.%Y} перечислять нечего: сначала сформируйте перечисления.")
    released = payable.exclude(released_by=None)
    waiting = released.filter(state=RemittanceState.FORMED)
    if not waiting.exists():
        last = released.aggregate(last=Max("released_at"))["last"]
        waiting = released.filter(released_at=last).exclude(state=RemittanceState.REJECTED)
    found = list(waiting.select_related("contract__principal", "bank_account").order_by("pk"))
    if not found:
        raise RemittanceRefused(
            f"Поручения за {day:%d.%m.%Y} не выпущены: проверить и выпустить их должен другой сотрудник, не тот, кто "
            "их сформировал."
        )
    orders = _orders(found)
    agent = orders[0].payer
    created = max(_moment(row) for row in found)
    write = FORMS[form]
    return write(orders, sender=agent.name, recipient=agent.bank, created=created)


FORMS = {"1c": bank_orders.write, "pain001": pain001.write}


def _moment(row: Remittance) -> datetime:
    """When the order was released, on our clocks: the order's date is the day of its release."""
    return (row.released_at or row.formed_at).astimezone(timezone.get_default_timezone())


def ordered_on(row: Remittance) -> date:
    """The date of the remittance's payment order."""
    return _moment(row).date()


def _orders(found: list[Remittance]) -> list[bank_orders.Order]:
    agent = Organisation.objects.filter(kind=OrganisationKind.AGENT).first()
    if agent is None:
        raise RemittanceRefused("Не заведена организация-агент: от её имени платятся поручения.")
    orders = []
    accounts: dict[tuple[date, int], BankAccount | None] = {}
    for row in found:
        payee = row.bank_account
        assert payee is not None  # remit_day does not form a payment without an account
        on = ordered_on(row)
        # 103-ФЗ, ст. 4 ч. 14–16: cash lies on the special account and leaves from there, the agent's own cash too.
        # An order of all money together (formed before the kinds were parted) left by its payee's account.
        is_special = row.is_cash
        if is_special is None:
            is_special = payee.kind == remittance.SPECIAL_AGENT or row.contract.principal_id == agent.pk
        kind = remittance.SPECIAL_AGENT if is_special else remittance.SETTLEMENT
        if (on, kind) not in accounts:
            accounts[on, kind] = accounts_queries.bank_account_on(agent.pk, on, kind=kind)
        payer = accounts[on, kind]
        if payer is None:
            which = "специального счёта 40821" if is_special else "расчётного счёта"
            raise RemittanceRefused(
                f"У агента «{agent.short_name}» нет утверждённого {which} на {on:%d.%m.%Y}: платить не с чего. "
                "Внесите счёт и утвердите его вторым сотрудником."
            )
        if payer.number == payee.number:
            raise RemittanceRefused(
                f"Поручение № {row.number}: счёт плательщика и получателя один, {payee.number}. Исправьте счёт "
                f"«{row.contract.principal.short_name}» и верните поручение в очередь."
            )
        first = row.previous_day + ONE_DAY if row.previous_day else min(_days_of(row), default=row.day)
        orders.append(
            bank_orders.Order(
                number=row.number,
                on=on,
                amount=row.net,
                payer=_party(agent, payer),
                payee=_party(row.contract.principal, payee),
                purpose=bank_orders.purpose(
                    days=(first, row.day),
                    contract=row.contract.number,
                    signed_on=row.contract.signed_on,
                    payments=sum(line["payments"] for line in row.arithmetic),
                    amount=row.gross - row.returns,
                    withheld=row.commission + row.vat,
                ),
            )
        )
    return orders


def _days_of(row: Remittance) -> list[date]:
    return [date.fromisoformat(line["day"]) for line in row.arithmetic]


@transaction.atomic
def check_remittances(*, day: date, by: User, at: datetime) -> int:
    """The first of two people has looked at the day's orders that the job formed; another may release them then.

    Returns how many were checked; safe to repeat. What a person formed needs no check: he is the first.
    """
    rows = Remittance.objects.select_for_update(of=("self",)).filter(
        day=day, state=RemittanceState.FORMED, bank_account__isnull=False, formed_by=None, checked_by=None,
        released_by=None,
    )  # fmt: skip
    found = list(rows.order_by("pk"))
    Remittance.objects.filter(pk__in=[row.pk for row in found]).update(checked_by=by, checked_at=at)
    if found:
        accounts_operations.note(
            "payments.remittance.checked", by=by, day=day, orders=[row.pk for row in found],
            net=total(row.net for row in found),
        )  # fmt: skip
    return len(found)


@transaction.atomic
def release_remittances(*, day: date, by: User, at: datetime, remittance_ids: Collection[int] | None = None) -> int:
    """The second person lets the day's orders go to the bank; `at` is the moment, whose day dates the orders.

    remittance_ids: only these of the day. Returns how many were released; safe to repeat. Raises RemittanceRefused,
    and releases nothing, if any of them was formed or checked by the same person, or by nobody yet.
    """
    rows = Remittance.objects.select_for_update(of=("self",)).filter(
        day=day, state=RemittanceState.FORMED, bank_account__isnull=False, released_by=None
    )
    if remittance_ids is not None:
        rows = rows.filter(pk__in=remittance_ids)
    found = list(rows.select_related("contract__principal").order_by("pk"))
    for row in found:
        which = f"Поручение № {row.number} ({row.contract.principal.short_name})"
        if by.pk in (row.formed_by_id, row.checked_by_id):
            what = "сформировали" if row.formed_by_id == by.pk else "проверили"
            raise RemittanceRefused(f"{which} {what} вы. Выпустить его должен другой сотрудник.")
        if row.formed_by_id is None and row.checked_by_id is None:
            raise RemittanceRefused(
                f"{which} сформировало задание, и его ещё никто не проверил. Сверьте суммы и счета и нажмите "
                "«Проверено» на странице «Перечисления»: выпустит поручения другой сотрудник."
            )
    Remittance.objects.filter(pk__in=[row.pk for row in found]).update(released_by=by, released_at=at)
    if found:
        accounts_operations.note(
            "payments.remittance.released", by=by, day=day, orders=[row.pk for row in found],
            net=total(row.net for row in found),
        )  # fmt: skip
    return len(found)


@transaction.atomic
def mark_remittance_sent(*, day: date, by: By = None) -> int:
    """The day's bank file went out: FORMED → SENT of what was released. Returns how many moved; safe to repeat.

    Raises RemittanceRefused, as the file does, where no file could have been made of these orders.
    """
    rows = Remittance.objects.select_for_update(of=("self",)).filter(
        day=day, state=RemittanceState.FORMED, bank_account__isnull=False, released_by__isnull=False
    )
    found = list(rows.select_related("contract__principal", "bank_account").order_by("pk"))
    if found:
        _orders(found)
    keys = [row.pk for row in found]
    Remittance.objects.filter(pk__in=keys).update(state=RemittanceState.SENT)
    if keys:
        accounts_operations.note("payments.remittance.sent", by=by, day=day, orders=len(keys))
    return len(keys)


def _locked(remittance_id: int) -> Remittance:
    row = Remittance.objects.select_for_update().filter(pk=remittance_id).first()
    if row is None:
        raise RemittanceRefused(f"Перечисление № {remittance_id} не найдено.")
    return row


@transaction.atomic
def confirm_remittance(*, remittance_id: int, on: date, by: By = None) -> None:
    """The bank has executed the order on `on`. A second confirmation changes nothing."""
    row = _locked(remittance_id)
    if row.state == RemittanceState.CONFIRMED:
        return
    if row.state == RemittanceState.FORMED and row.released_by_id is None:
        raise RemittanceRefused(
            f"Перечисление № {row.number} не выпущено, банк не мог его исполнить. Проверьте, кто отправил поручение."
        )
    if row.state == RemittanceState.FORMED:  # the statement came before anybody pressed «отправлено»
        Remittance.objects.filter(pk=row.pk).update(state=RemittanceState.SENT)
    elif row.state != RemittanceState.SENT:
        raise RemittanceRefused(f"Перечисление № {row.number} — «{row.get_state_display()}»: подтверждать нечего.")
    Remittance.objects.filter(pk=row.pk).update(state=RemittanceState.CONFIRMED, confirmed_on=on)
    accounts_operations.note("payments.remittance.confirmed", by=by, remittance_id=row.pk, net=row.net, on=on)


@transaction.atomic
def reject_remittance(*, remittance_id: int, reason: str, by: By) -> None:
    """The bank has sent the order back: SENT → REJECTED; it returns to the queue once the cause is mended."""
    row = _locked(remittance_id)
    if not reason.strip():
        raise RemittanceRefused("Назовите причину отказа банка.", field="reason")
    if row.state != RemittanceState.SENT:
        raise RemittanceRefused(f"Перечисление № {row.number} — «{row.get_state_display()}»: отклонять нечего.")
    Remittance.objects.filter(pk=row.pk).update(state=RemittanceState.REJECTED)
    accounts_operations.note(
        "payments.remittance.rejected", by=by, ground=reason, remittance_id=row.pk, net=row.net, number=row.number
    )


@transaction.atomic
def resend_remittance(*, remittance_id: int, on: date, by: By) -> None:
    """A rejected order returns to the queue: formed anew by `by`, to the principal's account as it stands on `on`.

    It needs another release and goes out with the next file.
    """
    row = _locked(remittance_id)
    if row.state != RemittanceState.REJECTED:
        raise RemittanceRefused(f"Перечисление № {row.number} — «{row.get_state_display()}»: повторять нечего.")
    old = row.bank_account
    account = accounts_queries.bank_account_on(row.contract.principal_id, on, kind=old.kind if old else None)
    if account is None:
        raise RemittanceRefused("У принципала нет утверждённого счёта. Внесите реквизиты и утвердите их.")
    Remittance.objects.filter(pk=row.pk).update(
        state=RemittanceState.FORMED, bank_account=account, formed_by=by if isinstance(by, User) else None,
        checked_by=None, checked_at=None, released_by=None, released_at=None,
    )  # fmt: skip
    accounts_operations.note(
        "payments.remittance.returned_to_queue", by=by, remittance_id=row.pk, net=row.net, bank_account_id=account.pk
    )
