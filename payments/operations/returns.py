"""Money that goes back: an overpayment on the payer's application, a payment contested at his bank."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts import operations as accounts_operations
from accounts import rules
from accounts.calendar import ONE_DAY
from accounts.database import rolled_back
from accounts.errors import Refusal
from accounts.money import kopecks, total, written
from accounts.queries import ChannelKind, PersonalAccount, User
from payments import queries, refund_queries
from payments.models import RETURN_OF, Payment, RefundApplication, Reversal
from payments.operations.allocating import allocate_payments, direction_as_told, lock_accounts
from payments.operations.days import By, hold_open
from payments.operations.intake import REVERSIBLE, PaymentRefused, mirror_payment, move_payment
from payments.operations.refund_orders import form_order


class RefundRefused(Refusal):
    """This money cannot be given back."""


@dataclass(frozen=True, slots=True)
class Requisites:
    """Whom the money goes to: a name, ИНН (empty: a citizen who gave none), БИК, twenty digits of the account."""

    recipient: str
    inn: str
    bik: str
    bank_account: str


@dataclass(frozen=True, slots=True)
class RefundPart:
    """What a payment gives back: `amount` of its `paid` roubles; the rest stays with its value date."""

    payment_id: int
    paid: Decimal
    paid_on: date
    amount: Decimal

    @property
    def rest(self) -> Decimal:
        return self.paid - self.amount


def refund_plan(*, account_id: int, amount: Decimal) -> list[RefundPart]:
    """Which payments would give `amount` roubles back, the last first: nothing is written.

    Only an advance that no principal owns is given back. Source: domain/payments.md, 2.4. Raises RefundRefused.
    """
    if not isinstance(amount, Decimal) or not amount.is_finite() or amount <= 0 or amount != kopecks(amount):
        raise RefundRefused("Сумма возврата: рубли и копейки, больше нуля.", field="amount")
    free = queries.free_advances(account_ids=[account_id])
    available = total(row.amount for row in free)
    if amount > available:
        raise RefundRefused(
            f"Свободный аванс счёта {written(available)} ₽, а возвратить просят {written(amount)} ₽. "
            "Больше свободного аванса не возвращают: остальное оплатило долги.",
            field="amount",
        )
    payments = Payment.objects.in_bulk([row.payment_id for row in free])
    parts, left = [], amount
    for row in reversed(free):
        if left <= 0:
            break
        part = min(row.amount, left)
        payment = payments[row.payment_id]
        parts.append(RefundPart(payment.pk, payment.amount, payment.paid_on, part))
        left -= part
    return parts


@transaction.atomic
def refund_advance(
    *,
    account_id: int,
    amount: Decimal,
    number: str,
    applied_on: date,
    requisites: Requisites,
    day: date,
    by: User,
) -> RefundApplication:
    """Give an overpayment back by the payer's application `number`: the last payments are mirrored on the open day.

    A payment that gives back a part of itself is taken in anew for the rest, with its value date, so that debts it
    paid stay paid from the same day. Raises RefundRefused, DayClosed; nothing is written then.
    """
    check_requisites(requisites)
    if not number.strip():
        raise RefundRefused("Назовите номер заявления.", field="number")
    if applied_on > day:
        raise RefundRefused(f"Заявление от {applied_on:%d.%m.%Y}, а этот день не наступил.", field="applied_on")
    hold_open(day)
    account = PersonalAccount.objects.filter(pk=account_id).first()
    if account is None:
        raise RefundRefused("Лицевой счёт не найден.")
    known = RefundApplication.objects.filter(account=account, number=number.strip(), applied_on=applied_on).first()
    if known is not None:
        raise RefundRefused(
            f"По заявлению {known.number} от {applied_on:%d.%m.%Y} уже возвращено {written(known.amount)} ₽.",
            field="number",
        )
    free = queries.free_advances(account_ids=[account_id])
    locked = Payment.objects.select_for_update(of=("self",)).filter(pk__in=[row.payment_id for row in free])
    list(locked.order_by("pk"))
    lock_accounts([account_id])
    reason = f"Возврат по заявлению {number.strip()} от {applied_on:%d.%m.%Y}"
    reversals = []
    for part in refund_plan(account_id=account_id, amount=amount):
        anew = _rest_of(part, day=day, by=by) if part.rest else None
        reversals.append(
            mirror_payment(
                payment_id=part.payment_id, day=day, reason=reason, by=by, refund=True, replaced_by=anew, by_order=True
            )
        )
        if anew is not None:
            allocate_payments([anew.pk], day=day)
    application = RefundApplication.objects.create(
        account=account, number=number.strip(), applied_on=applied_on, amount=amount,
        recipient=" ".join(requisites.recipient.split()), inn=requisites.inn, bik=requisites.bik,
        bank_account=requisites.bank_account, day=day, made_by=by,
    )  # fmt: skip
    application.reversals.set(reversals)
    form_order(application, by=by)
    accounts_operations.note(
        "payments.advance.refunded", by=by, account_id=account_id, ground=reason, application_id=application.pk,
        amount=amount, day=day,
    )  # fmt: skip
    return application


def check_requisites(told: Requisites) -> None:
    """Would a bank take an order to these? Raises RefundRefused with the field. Source: Правила 762-П; 579-П, прил."""
    if not told.recipient.strip():
        raise RefundRefused("Назовите получателя: фамилия, имя, отчество или организация.", field="recipient")
    if len(told.recipient.strip()) > 160:
        raise RefundRefused("Имя получателя длиннее 160 знаков.", field="recipient")
    if told.inn and not rules.is_inn(told.inn):
        raise RefundRefused(f"ИНН {told.inn} неверен: контрольная цифра не сходится.", field="inn")
    if not rules.is_bik(told.bik):
        raise RefundRefused(f"БИК {told.bik} неверен: нужно девять цифр, первые две 04.", field="bik")
    if not rules.is_bank_account(told.bank_account, told.bik):
        raise RefundRefused(
            f"Счёт {told.bank_account} не подходит к БИК {told.bik}: сверьте двадцать цифр и ключ.",
            field="bank_account",
        )


def _rest_of(part: RefundPart, *, day: date, by: By) -> Payment:
    """What stays of the payment, as a payment with its value date. A breakdown above the rest keeps its services."""
    payment = Payment.objects.get(pk=part.payment_id)
    directed: dict[str, Any] = payment.directed_to
    told = direction_as_told(directed) if directed else None
    if isinstance(told, dict) and total(told.values()) > part.rest:
        directed = {"services": sorted(told)}
    return Payment.objects.create(
        channel_id=payment.channel_id,
        external_id=f"остаток {payment.pk}",
        register_id=payment.register_id,
        number_as_received=payment.number_as_received,
        payer=payment.payer,
        purpose=payment.purpose,
        account_id=payment.account_id,
        amount=part.rest,
        for_month=payment.for_month,
        directed_to=directed,
        paid_on=payment.paid_on,
        day=day,
        accepted_by=by if isinstance(by, User) else None,
        office_id=payment.office_id,
    )


@transaction.atomic
def reverse_payment(
    *, payment_id: int, day: date, reason: str, by: By, refund: bool = False, requisites: Requisites | None = None
) -> Reversal:
    """Answer the payment by its mirror (сторно) on the open day `day`; refund: an order to `requisites` pays it back.

    Money that came over a desk or on line goes back the way it came or by an order, never by a mirror alone: no drawer
    keeps cash that nobody owns, nobody is told he was paid when nobody paid. Source: domain/payments.md, 2.4.
    Raises PaymentRefused (with the page that does it), RefundRefused for bad requisites: nothing is written then.
    """
    hold_open(day)
    payment = Payment.objects.select_for_update(of=("self",)).filter(pk=payment_id).first()
    if payment is None or payment.state not in REVERSIBLE or not reason.strip():
        return mirror_payment(payment_id=payment_id, day=day, reason=reason, by=by, refund=refund)  # it says why not
    kind = refund_queries.origin_of(payment).channel.kind
    if not refund:
        if kind == ChannelKind.CASH_DESK:
            raise PaymentRefused(
                f"Платёж № {payment_id} принят в кассе: сторно без возврата оставит его деньги без хозяина. Пока смена "
                "открыта, отмените квитанцию на странице «Касса»; потом проведите «Возврат по заявлению» из карточки "
                "счёта, перенесите платёж на другой счёт или отметьте возврат и заполните реквизиты получателя."
            )
        if refund_queries.is_held_by_provider(payment):
            raise PaymentRefused(
                f"Платёж № {payment_id} сделан на сайте: сторно без возврата оставит его деньги без хозяина. "
                "Перенесите платёж на другой счёт или верните деньги: «Онлайн-платежи», «Вернуть деньги плательщику»."
            )
        return mirror_payment(payment_id=payment_id, day=day, reason=reason, by=by)
    if kind == ChannelKind.ONLINE:
        raise PaymentRefused(
            f"Платёж № {payment_id} сделан на сайте: деньги возвращает платёжный сервис. Откройте «Онлайн-платежи», "
            "отметьте этот платёж и выберите «Вернуть деньги плательщику»: сторно пройдёт, когда сервис подтвердит."
        )
    if kind == ChannelKind.PRINCIPAL:
        raise PaymentRefused(
            f"Деньги платежа № {payment_id} получил сам поставщик: он их и возвращает. Сторнируйте без отметки о "
            "возврате."
        )
    if requisites is None:
        raise PaymentRefused(
            "Возврат уйдёт поручением банку: заполните получателя, БИК и счёт. Если плательщик просит вернуть только "
            "переплату, проведите «Возврат по заявлению» из карточки счёта.",
            field="recipient",
        )
    check_requisites(requisites)
    if not isinstance(by, User):
        raise PaymentRefused("Возврат проводит сотрудник: поручение банку выпустит другой.")
    row = mirror_payment(payment_id=payment_id, day=day, reason=reason, by=by, refund=True, by_order=True)
    application = RefundApplication.objects.create(
        account_id=payment.account_id, number=f"{RETURN_OF} № {payment_id}", applied_on=day, amount=payment.amount,
        recipient=" ".join(requisites.recipient.split()), inn=requisites.inn, bik=requisites.bik,
        bank_account=requisites.bank_account, day=day, made_by=by,
    )  # fmt: skip
    application.reversals.set([row])
    form_order(application, by=by)
    return row


@transaction.atomic
def charge_back(*, payment_id: int, document: str, claimed_on: date, day: date, by: By) -> None:
    """The payer contested a card payment and his bank took the money back: mirrored on the open day, debts return.

    document: the acquirer's message. After a remittance it becomes a claim on the principal, withheld from the next.
    Penalties grow again from the debt's own days, as if the payment never was. Raises RefundRefused.
    """
    payment = Payment.objects.select_related("channel").filter(pk=payment_id).first()
    if payment is None:
        raise RefundRefused(f"Платёж № {payment_id} не найден.")
    if payment.channel.is_cash or payment.channel.kind not in (ChannelKind.CASH_DESK, ChannelKind.ONLINE):
        raise RefundRefused(
            f"Канал «{payment.channel.name}» опротестовать нельзя: списание оспаривают только по картам и СБП."
        )
    if not document.strip():
        raise RefundRefused("Назовите документ эквайера.", field="document")
    if not payment.paid_on <= claimed_on <= day:
        raise RefundRefused(
            f"Дата списания {claimed_on:%d.%m.%Y} должна быть не раньше платежа ({payment.paid_on:%d.%m.%Y}) "
            f"и не позже {day:%d.%m.%Y}.",
            field="claimed_on",
        )
    reason = f"Опротестован плательщиком {claimed_on:%d.%m.%Y}: {document.strip()}"
    mirror_payment(payment_id=payment_id, day=day, reason=reason, by=by, refund=True)
    accounts_operations.note(
        "payments.payment.charged_back", by=by, account_id=payment.account_id, ground=document, payment_id=payment_id,
        amount=payment.amount, claimed_on=claimed_on, day=day,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class MovedBalances:
    """What a transfer would make of both accounts; roubles, plus: owes. parts: the payment over the new debts."""

    from_before: Decimal
    from_after: Decimal
    to_before: Decimal
    to_after: Decimal
    parts: tuple[queries.PaymentPart, ...]


def preview_move(*, payment_id: int, account_id: int, day: date, by: User) -> MovedBalances:
    """The transfer of a payment to another account, done and undone. Raises what `move_payment` raises."""
    payment = Payment.objects.filter(pk=payment_id).first()
    if payment is None or payment.account_id is None:
        raise RefundRefused(f"Платёж № {payment_id} не найден или его счёт не выяснен: переносить нечего.")
    both, tomorrow = [payment.account_id, account_id], day + ONE_DAY
    before = queries.balances(account_ids=both, on=tomorrow)
    with rolled_back():
        anew = move_payment(payment_id=payment_id, account_id=account_id, day=day, reason="предпросмотр", by=by)
        after = queries.balances(account_ids=both, on=tomorrow)
        parts = tuple(queries.parts_of([anew.pk]))
    giver, taker = both
    return MovedBalances(before[giver], after[giver], before[taker], after[taker], parts)
