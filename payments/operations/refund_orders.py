"""Bank orders for refunds on application: formed with the refund, released by another person, executed by the bank.

Source: domain/payments.md, 2.4 (refund of overpayment: application, payment order); Правила 762-П.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from accounts.database import lock_number
from accounts.errors import Refusal
from accounts.money import total
from accounts.queries import Organisation, OrganisationKind, User
from payments import bank_orders, pain001, remittance
from payments.models import RETURN_OF, RefundApplication, RefundOrder, RemittanceState
from payments.operations.days import By

FORMS = {"1c": bank_orders.write, "pain001": pain001.write}
NO_INN = "0"  # 762-П, прил. 1, поле 61: a citizen who gave no ИНН


class RefundOrderRefused(Refusal):
    """The order cannot go this way."""


def form_order(application: RefundApplication, *, by: User) -> RefundOrder:
    """The order of a refund, in the transaction that carries the refund out. Numbers go on from the last order's."""
    number = remittance.next_number(last_number(application.day))
    return RefundOrder.objects.create(
        application=application, number=str(number), recipient=application.recipient,
        inn=application.inn, bik=application.bik, bank_account=application.bank_account, formed_by=by,
    )  # fmt: skip


def last_number(day: date) -> int:
    """The last number of the agent's orders of the year, of remittances and refunds together; nobody takes it twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number("payments.orders")])
        cursor.execute(
            "SELECT number::int FROM ("
            " SELECT number, formed_at FROM payments_remittance WHERE number <> '' AND extract(year FROM day) = %s"
            " UNION ALL SELECT o.number, o.formed_at FROM payments_refundorder AS o"
            " JOIN payments_refundapplication AS a ON a.id = o.application_id WHERE extract(year FROM a.day) = %s"
            ") AS given ORDER BY formed_at DESC, number::int DESC LIMIT 1",
            [day.year, day.year],
        )
        row = cursor.fetchone()
    return row[0] if row else 0


@transaction.atomic
def release_refunds(*, order_ids: Collection[int], by: User, at: datetime) -> int:
    """The second person lets the orders go to the bank; how many. Raises RefundOrderRefused for one's own."""
    rows = RefundOrder.objects.select_for_update(of=("self",)).select_related("application").order_by("pk")
    found = list(rows.filter(pk__in=order_ids, state=RemittanceState.FORMED, released_by=None))
    own = next((row for row in found if row.formed_by_id == by.pk), None)
    if own is not None:
        raise RefundOrderRefused(
            f"Возврат № {own.number} ({own.recipient}) провели вы. Выпустить его должен другой сотрудник."
        )
    RefundOrder.objects.filter(pk__in=[row.pk for row in found]).update(released_by=by, released_at=at)
    if found:
        accounts_operations.note(
            "payments.refund_order.released", by=by, orders=[row.pk for row in found],
            amount=total(row.application.amount for row in found),
        )  # fmt: skip
    return len(found)


def refund_file(*, form: str = "1c") -> bytes:
    """Released orders that wait to be sent, for the bank; none waits: those that were released last.

    form: «1c» is 1CClientBankExchange 1.03, «pain001» is ISO 20022. The same bytes whenever it is asked.
    Raises RefundOrderRefused when nothing is released, or nobody can pay.
    """
    found = _to_send()
    if not found:
        released = RefundOrder.objects.exclude(released_by=None).exclude(state=RemittanceState.REJECTED)
        last = released.aggregate(last=Max("released_at"))["last"]
        found = list(released.filter(released_at=last).select_related("application__account").order_by("pk"))
    if not found:
        raise RefundOrderRefused(
            "Выпущенных поручений на возврат нет: проверить и выпустить их должен второй сотрудник."
        )
    orders = _orders(found)
    created = max(_moment(row) for row in found)
    return FORMS[form](orders, sender=orders[0].payer.name, recipient=orders[0].payer.bank, created=created)


def _to_send() -> list[RefundOrder]:
    waiting = RefundOrder.objects.filter(state=RemittanceState.FORMED).exclude(released_by=None)
    return list(waiting.select_related("application__account").order_by("pk"))


def _moment(row: RefundOrder) -> datetime:
    return (row.released_at or row.formed_at).astimezone(timezone.get_default_timezone())


def ordered_day(row: RefundOrder) -> date:
    """The date of the order: the day of its release."""
    return _moment(row).date()


def _orders(found: Collection[RefundOrder]) -> list[bank_orders.Order]:
    agent = Organisation.objects.filter(kind=OrganisationKind.AGENT).first()
    if agent is None:
        raise RefundOrderRefused("Не заведена организация-агент: от её имени платятся поручения.")
    orders = []
    for row in found:
        on = ordered_day(row)
        account = accounts_queries.bank_account_on(agent.pk, on, kind=remittance.SETTLEMENT)
        if account is None:
            raise RefundOrderRefused(
                f"У агента «{agent.short_name}» нет утверждённого расчётного счёта на {on:%d.%m.%Y}: платить не с "
                "чего. Внесите счёт и утвердите его вторым сотрудником."
            )
        payer = bank_orders.Party(
            name=agent.short_name, inn=agent.inn, kpp=agent.kpp, account=account.number, bank=account.bank_name,
            town=account.bank_town, bik=account.bik, correspondent=account.correspondent,
        )  # fmt: skip
        payee = bank_orders.Party(
            name=row.recipient, inn=row.inn or NO_INN, kpp="", account=row.bank_account, bank="", town="", bik=row.bik,
            correspondent="",
        )  # fmt: skip
        orders.append(
            bank_orders.Order(
                number=row.number, on=on, amount=row.application.amount, payer=payer, payee=payee,
                purpose=purpose(row.application),
            )
        )  # fmt: skip
    return orders


def purpose(told: RefundApplication) -> str:
    """What the order says it is for. Source: Правила 762-П, прил. 1, поле 24."""
    whose = f", лицевой счёт {told.account.number}" if told.account else ""
    if told.number.startswith(RETURN_OF):
        return f"Возврат ошибочно перечисленных средств{whose}, {told.number}. НДС не облагается"
    return (
        f"Возврат излишне уплаченного за ЖКУ{whose}, по заявлению № {told.number} от {told.applied_on:%d.%m.%Y}. "
        "НДС не облагается"
    )


@transaction.atomic
def mark_refunds_sent(*, by: By) -> int:
    """The file went to the bank: released orders are sent; how many. Raises what the file raises."""
    list(RefundOrder.objects.select_for_update().filter(state=RemittanceState.FORMED).values_list("pk"))
    found = _to_send()
    if found:
        _orders(found)
        RefundOrder.objects.filter(pk__in=[row.pk for row in found]).update(state=RemittanceState.SENT)
        accounts_operations.note("payments.refund_order.sent", by=by, orders=[row.pk for row in found])
    return len(found)


@transaction.atomic
def confirm_refund(*, order_id: int, on: date, by: By = None) -> None:
    """The bank has executed the order on `on`. A second confirmation changes nothing."""
    row = _locked(order_id)
    if row.state == RemittanceState.CONFIRMED:
        return
    if row.released_by_id is None or row.state == RemittanceState.REJECTED:
        raise RefundOrderRefused(f"Поручение на возврат № {row.number} не выпущено: банк не мог его исполнить.")
    if row.state == RemittanceState.FORMED:  # the statement came before anybody pressed «отправлено»
        RefundOrder.objects.filter(pk=row.pk).update(state=RemittanceState.SENT)
    RefundOrder.objects.filter(pk=row.pk).update(state=RemittanceState.CONFIRMED, confirmed_on=on)
    accounts_operations.note(
        "payments.refund_order.confirmed", by=by, account_id=row.application.account_id, order_id=row.pk,
        amount=row.application.amount, on=on,
    )  # fmt: skip


@transaction.atomic
def reject_refund(*, order_id: int, reason: str, by: By) -> None:
    """The bank has sent the order back: it waits for other requisites."""
    row = _locked(order_id)
    if not reason.strip():
        raise RefundOrderRefused("Назовите причину отказа банка.", field="ground")
    if row.state != RemittanceState.SENT:
        raise RefundOrderRefused(
            f"Поручение на возврат № {row.number} — «{RemittanceState(row.state).label}»: отклонять нечего."
        )
    RefundOrder.objects.filter(pk=row.pk).update(state=RemittanceState.REJECTED, trouble=reason.strip()[:255])
    accounts_operations.note(
        "payments.refund_order.rejected", by=by, ground=reason, account_id=row.application.account_id, order_id=row.pk
    )


@transaction.atomic
def resend_refund(*, order_id: int, recipient: str, inn: str, bik: str, bank_account: str, by: User) -> None:
    """A rejected order goes out again to these requisites, once another person has released it."""
    row = _locked(order_id)
    if row.state != RemittanceState.REJECTED:
        raise RefundOrderRefused(
            f"Поручение на возврат № {row.number} — «{RemittanceState(row.state).label}»: повторять нечего."
        )
    RefundOrder.objects.filter(pk=row.pk).update(
        state=RemittanceState.FORMED, recipient=" ".join(recipient.split()), inn=inn, bik=bik,
        bank_account=bank_account, formed_by=by, released_by=None, released_at=None,
    )  # fmt: skip
    accounts_operations.note(
        "payments.refund_order.returned_to_queue", by=by, account_id=row.application.account_id, order_id=row.pk
    )


def _locked(order_id: int) -> RefundOrder:
    rows = RefundOrder.objects.select_for_update(of=("self",)).select_related("application")
    row = rows.filter(pk=order_id).first()
    if row is None:
        raise RefundOrderRefused("Поручение на возврат не найдено.")
    return row
