"""Money in: once per (channel, external id), kept aside when nobody owns it, mirrored when it was a mistake."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db import connection, transaction

from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from accounts import rules
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import ZERO, kopecks, written
from accounts.queries import ChannelKind, PersonalAccount, User
from payments import refund_queries
from payments.models import Payment, PaymentState, Register, Reversal
from payments.operations.allocating import (
    Directed,
    ToLay,
    allocate_payments,
    direction_as_stored,
    lay_and_write,
    mirror,
)
from payments.operations.days import By, hold_open
from payments.operations.receipts import make_receipts, make_refund_receipt

LARGEST = Decimal("10000000.00")  # above it a person looks first
IMPOSSIBLE = Decimal("1000000000.00")  # no payer of housing pays a milliard at once: a slip or a spoilt file
EARLIEST = date(2005, 3, 1)  # the Housing Code came into force (189-ФЗ, ст. 1): no payment by it is older
FACE_TO_FACE = (ChannelKind.CASH_DESK, ChannelKind.ONLINE)  # the payer is still here: refuse, and he corrects it


class PaymentRefused(Refusal):
    """This payment cannot be taken."""


class PaymentConflict(Refusal):
    """The operation's number has come before with other facts."""


@dataclass(frozen=True, slots=True)
class Match:
    """Whose money it may be; no account, or `doubt`: why a person has to decide."""

    account_id: int | None
    doubt: str = ""
    house_id: int = 0


def doubt_about(*, amount: Decimal, paid_on: date, today: date) -> str:
    """Why a payment is not believed at once, in Russian; empty when it is. Source: domain/payments.md, 2.2."""
    if amount > LARGEST:
        return f"Сумма {written(amount)} ₽ больше {written(LARGEST)} ₽: проверьте её."
    return _doubt_about_day(paid_on, today)


@lru_cache(maxsize=1024)  # the rows of a register share a few days
def _doubt_about_day(paid_on: date, today: date) -> str:
    if paid_on > today:
        return f"Дата платежа {paid_on:%d.%m.%Y} ещё не наступила."
    if paid_on < (Month.of(today) + -12).first.replace(day=min(today.day, 28)):
        return f"Платёж старше года: {paid_on:%d.%m.%Y}."
    return ""


OWNER = "SELECT id, number, closed_on, house_id FROM accounts_personalaccount WHERE {condition} ORDER BY id"


def match_account(*, number: str, account_id: int | None, paid_on: date, lock: bool = False) -> Match:
    """The account a payment names, by id or by its number as received; lock: till the end of the transaction."""
    candidates = [] if account_id is not None else accounts_queries.number_candidates(number)
    if account_id is None and not number.strip():
        return Match(None, "Лицевой счёт не указан.")
    condition = "number = ANY(%s)" if account_id is None else "id = ANY(%s)"
    with connection.cursor() as cursor:
        query = OWNER.format(condition=condition) + (" FOR NO KEY UPDATE" if lock else "")
        cursor.execute(query, [candidates if account_id is None else [account_id]])
        found = {told: (pk, told, closed_on, house) for pk, told, closed_on, house in cursor.fetchall()}
    named = list(found) if account_id is not None else [told for told in candidates if told in found]
    if not named:
        if account_id is None and not any(map(rules.is_account_number, candidates)):
            return Match(None, f"Номер лицевого счёта {number} неверен: контрольная цифра не сходится.")
        return Match(None, f"Лицевой счёт {number} не найден.")
    pk, told, closed_on, house_id = found[named[0]]
    return Match(pk, _closed(told, closed_on, paid_on), house_id)


def _closed(number: str, closed_on: date | None, paid_on: date) -> str:
    if closed_on is not None and closed_on <= paid_on:
        return f"Лицевой счёт {number} закрыт {closed_on:%d.%m.%Y}."
    return ""


def closed_doubt(account: PersonalAccount, paid_on: date) -> str:
    return _closed(account.number, account.closed_on, paid_on)


@transaction.atomic
def record_payment(
    *,
    channel: str,
    external_id: str,
    number: str,
    amount: Decimal,
    paid_on: date,
    day: date,
    today: date,
    account_id: int | None = None,
    payer: str = "",
    purpose: str = "",
    for_month: Month | None = None,
    directed_to: Directed = None,
    by: By = None,
    register: Register | None = None,
    office: int | None = None,
    doubt: str = "",
    is_received: bool = False,
    lay: bool = False,
) -> Payment:
    """Take one payment in exactly once; the day's allocation lays it over debts (or `allocate_payments` at once).

    lay: it is laid over the debts of its account here, in fewer statements; a payment of nobody's waits all the same.

    channel: code. external_id: the operation's number there. number: the account as received; amount: roubles;
    paid_on: the payer's day (value date); day: the operating day, opened if new; directed_to: service numbers, or
    service → roubles. doubt: why the caller is not sure of the account.
    The same facts again give the same payment, whatever has become of it. An unknown or closed account, an absurd sum
    or date: refused face to face (cash desk, on line), kept as unidentified elsewhere, since the money has come.
    is_received: the provider has taken the money already, so nothing is refused for a doubt.
    Raises PaymentConflict when the number returns with other facts, PaymentRefused, DayClosed.
    """
    check_possible(amount, directed_to, external_id, paid_on)
    check_day(day, today=today)
    told_channel, known = _channel_and_known(channel, external_id)
    facts = {"number_as_received": number[:60], "amount": amount, "paid_on": paid_on}
    if known is not None:
        return _same(known, facts, lay_on=day if lay else None)
    if not told_channel.is_active:
        raise PaymentRefused(f"Канал «{told_channel.name}» не действует: платежи по нему не принимаются.")
    hold_open(day)
    match = Match(None, doubt)
    if not doubt:
        match = match_account(number=number, account_id=account_id, paid_on=paid_on, lock=lay)
    doubt = doubt_about(amount=amount, paid_on=paid_on, today=today) or match.doubt
    if doubt and told_channel.kind in FACE_TO_FACE and not is_received:
        raise PaymentRefused(f"{doubt} Платёж не принят.", field="amount" if amount > LARGEST else None)
    owned = PaymentState.ALLOCATED if lay else PaymentState.ACCEPTED
    payment = Payment(
        channel_id=channel, external_id=external_id, **facts, register=register, payer=payer[:255],
        purpose=purpose[:500], account_id=None if doubt else match.account_id,
        for_month=for_month.first if for_month else None, directed_to=direction_as_stored(directed_to), day=day,
        accepted_by=by if isinstance(by, User) else None, office_id=office,
        state=PaymentState.UNIDENTIFIED if doubt else owned, held_because=doubt[:255],
    )  # fmt: skip
    if not _inserted(payment):
        return _same(Payment.objects.get(channel_id=channel, external_id=external_id), facts)
    if payment.state == PaymentState.ALLOCATED and payment.account_id is not None:
        lay_and_write(
            [
                ToLay(
                    payment.pk, payment.account_id, paid_on, amount, payment.for_month, payment.directed_to,
                    told_channel.kind, payment.purpose,
                )
            ],
            day=day, houses={payment.account_id: match.house_id},
        )  # fmt: skip
    accounts_operations.note(
        "payments.payment.held" if doubt else "payments.payment.recorded",
        by=by or channel,
        account_id=payment.account_id,
        ground=doubt,
        payment_id=payment.pk,
        amount=amount,
        paid_on=paid_on,
    )
    return payment


@dataclass(frozen=True, slots=True)
class _Told:
    """What of a channel decides whether its money is taken."""

    name: str
    kind: int
    is_active: bool


def _channel_and_known(channel: str, external_id: str) -> tuple[_Told, Payment | None]:
    """The channel, and the payment that has come by it under this number. Raises PaymentRefused: no such channel."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.name, c.kind, c.is_active, p.id FROM payments_channel AS c LEFT JOIN payments_payment AS p"
            " ON p.channel_id = c.code AND p.external_id = %s WHERE c.code = %s",
            [external_id, channel],
        )
        row = cursor.fetchone()
    if row is None:
        raise PaymentRefused(f"Канал приёма «{channel}» не найден. Сверьте код со списком каналов.")
    return _Told(*row[:3]), Payment.objects.get(pk=row[3]) if row[3] is not None else None


def _inserted(payment: Payment) -> bool:
    """Write the new row unless its number has just come from another side; the row then has its key."""
    fields = [field for field in Payment._meta.concrete_fields if not field.primary_key]
    values = [field.get_db_prep_save(getattr(payment, field.attname), connection) for field in fields]
    names = ", ".join(str(field.column) for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO payments_payment ({names}) VALUES ({', '.join(['%s'] * len(fields))})"
            " ON CONFLICT (channel_id, external_id) DO NOTHING RETURNING id",
            values,
        )
        row = cursor.fetchone()
    if row is None:
        return False
    payment.pk = row[0]
    payment._state.adding = False
    payment._state.db = connection.alias
    return True


def check_day(day: date, *, today: date) -> None:
    """Money is booked on a day that has come: a later one would close the books before it."""
    if day > today:
        raise PaymentRefused(
            f"Операционный день {day:%d.%m.%Y} ещё не наступил, сегодня {today:%d.%m.%Y}. Укажите день не позже "
            "сегодняшнего.",
            field="day",
        )


def check_possible(amount: Decimal, directed_to: Directed, external_id: str, paid_on: date) -> None:
    """What no channel may bring: a sum or a day that cannot be, a breakdown above it, an operation without a number."""
    if not isinstance(amount, Decimal) or not amount.is_finite() or amount <= 0:
        raise PaymentRefused("Сумма платежа должна быть больше нуля.", field="amount")
    if amount > IMPOSSIBLE:
        raise PaymentRefused(
            f"Сумма {written(amount)} ₽ невозможна: один платёж не больше {written(IMPOSSIBLE)} ₽. Сверьте сумму.",
            field="amount",
        )
    exponent = amount.as_tuple().exponent
    if not (isinstance(exponent, int) and exponent >= -2) and amount != kopecks(amount):
        told = f"{amount:f}".replace(".", ",")
        raise PaymentRefused(f"Сумма {told} ₽ содержит доли копейки. Укажите рубли и копейки.", field="amount")
    if paid_on < EARLIEST:
        raise PaymentRefused(
            f"Дата платежа {paid_on:%d.%m.%Y} раньше {EARLIEST:%d.%m.%Y}, а с этого дня действует Жилищный кодекс. "
            "Сверьте дату."
        )
    if isinstance(directed_to, dict) and (
        sum(directed_to.values(), ZERO) > amount or any(part <= 0 for part in directed_to.values())
    ):
        raise PaymentRefused("Разбивка по услугам больше суммы платежа или содержит сумму не больше нуля.")
    if not external_id.strip() or len(external_id) > 120:
        raise PaymentRefused("У операции нет номера в канале или он длиннее 120 знаков: её нельзя принять однажды.")


def _same(payment: Payment, facts: dict[str, Any], *, lay_on: date | None = None) -> Payment:
    if facts != {name: getattr(payment, name) for name in facts}:
        raise PaymentConflict(
            f"Платёж {payment.external_id} уже принят с другими данными: {written(payment.amount)} ₽ "
            f"от {payment.paid_on:%d.%m.%Y}, счёт {payment.number_as_received or 'не указан'}."
        )
    if lay_on is not None and payment.state == PaymentState.ACCEPTED:
        allocate_payments([payment.pk], day=lay_on)
        payment.refresh_from_db()
    return payment


def _locked(payment_id: int) -> Payment:
    payment = Payment.objects.select_for_update(of=("self",)).filter(pk=payment_id).first()
    if payment is None:
        raise PaymentRefused(f"Платёж № {payment_id} не найден.")
    return payment


@transaction.atomic
def assign_payment(*, payment_id: int, account_id: int, day: date, by: By, ground: str = "") -> Payment:
    """Give unidentified money its account and lay it over the debts on the open day `day`; the value date stays.

    Source: domain/payments.md, 2.3. A closed account may be named: people pay its debts. Raises PaymentRefused.
    """
    hold_open(day)
    payment = _locked(payment_id)
    if payment.state != PaymentState.UNIDENTIFIED:
        raise PaymentRefused(
            f"Платёж № {payment_id} — «{PaymentState(payment.state).label}», а не «не выяснен». "
            "Ошибочно отнесённый платёж переносят на другой счёт отдельным действием."
        )
    account = PersonalAccount.objects.filter(pk=account_id).first()
    if account is None:
        raise PaymentRefused("Лицевой счёт не найден.")
    payment.account = account
    payment.state = PaymentState.ACCEPTED
    payment.save(update_fields=["account", "state"])
    accounts_operations.note(
        "payments.payment.assigned", by=by, account_id=account_id, ground=ground, payment_id=payment_id,
        amount=payment.amount, paid_on=payment.paid_on, day=day,
    )  # fmt: skip
    allocate_payments([payment_id], day=day)
    payment.refresh_from_db()
    return payment


REVERSIBLE = (PaymentState.ACCEPTED, PaymentState.ALLOCATED, PaymentState.UNIDENTIFIED)


@transaction.atomic
def mirror_payment(
    *, payment_id: int, day: date, reason: str, by: By, refund: bool = False, replaced_by: Payment | None = None,
    by_order: bool = False,
) -> Reversal:  # fmt: skip
    """Answer the payment by its mirror (сторно) on the open day `day`: balances as if it never was, both stay visible.

    After a remittance, too: the mirror rows are returns of their day, so the next remittance withholds the claim.
    refund: the money goes back to the payer, and the caller has seen to the road it goes by (`returns.reverse_payment`
    does it for people); by_order: by the bank's order. Source: domain/payments.md, 2.4. Raises PaymentRefused.
    """
    hold_open(day)
    payment = _locked(payment_id)
    if not reason.strip():
        raise PaymentRefused("Назовите причину сторно.", field="reason")
    if payment.state not in REVERSIBLE:
        raise PaymentRefused(f"Платёж № {payment_id} — «{PaymentState(payment.state).label}»: сторнировать нечего.")
    row = Reversal.objects.create(
        payment=payment, day=day, reason=reason[:255], is_refund=refund, replaced_by=replaced_by,
        made_by=by if isinstance(by, User) else None,
    )  # fmt: skip
    if replaced_by is not None:  # the job that makes missing receipts does not know what took a payment's place
        make_receipts([payment_id], at=row.made_at, states=REVERSIBLE)
    if payment.state == PaymentState.ALLOCATED:
        mirror(payment, day=day)
    was_nobodys = payment.state == PaymentState.UNIDENTIFIED
    payment.state = PaymentState.RETURNED if was_nobodys and refund else PaymentState.REVERSED
    payment.save(update_fields=["state"])
    # 54-ФЗ, ст. 1.1: «возврат прихода» is money that went back. What only changes its account, and what the provider
    # still holds behind a plain mirror, was received all the same
    if refund or (replaced_by is None and not refund_queries.is_held_by_provider(payment)):
        amount = payment.amount - replaced_by.amount if replaced_by is not None else payment.amount
        make_refund_receipt(payment_id, amount=amount, at=row.made_at, by_order=by_order)
    accounts_operations.note(
        "payments.payment.returned" if refund else "payments.payment.reversed",
        by=by,
        account_id=payment.account_id,
        ground=reason,
        payment_id=payment_id,
        amount=payment.amount,
        paid_on=payment.paid_on,
        day=day,
    )
    return row


@transaction.atomic
def move_payment(*, payment_id: int, account_id: int, day: date, reason: str, by: By) -> Payment:
    """Carry a payment that was posted to a wrong account over to the right one: mirror, then the same money anew.

    The value date stays, so that nobody is charged a penalty for our mistake. Raises PaymentRefused.
    """
    hold_open(day)
    payment = _locked(payment_id)
    if payment.state not in (PaymentState.ACCEPTED, PaymentState.ALLOCATED):
        raise PaymentRefused(f"Платёж № {payment_id} — «{PaymentState(payment.state).label}»: переносить нечего.")
    if payment.account_id == account_id:
        raise PaymentRefused("Платёж уже на этом счёте.")
    account = PersonalAccount.objects.filter(pk=account_id).first()
    if account is None:
        raise PaymentRefused("Лицевой счёт не найден.")
    anew = Payment.objects.create(
        channel_id=payment.channel_id,
        external_id=f"перенос {payment.pk}",
        register_id=payment.register_id,
        number_as_received=payment.number_as_received,
        payer=payment.payer,
        purpose=payment.purpose,
        account=account,
        amount=payment.amount,
        for_month=payment.for_month,
        directed_to=payment.directed_to,
        paid_on=payment.paid_on,
        day=day,
        accepted_by=by if isinstance(by, User) else None,
        office_id=payment.office_id,
    )
    mirror_payment(payment_id=payment_id, day=day, reason=reason, by=by, replaced_by=anew)
    accounts_operations.note(
        "payments.payment.moved", by=by, account_id=account_id, ground=reason, payment_id=anew.pk,
        from_payment_id=payment_id, amount=payment.amount, paid_on=payment.paid_on, day=day,
    )  # fmt: skip
    allocate_payments([anew.pk], day=day)
    anew.refresh_from_db()
    return anew
