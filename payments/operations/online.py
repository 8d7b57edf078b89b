"""Paying on line: begun in the cabinet, settled once by what the provider itself tells, given back, charged by consent.

A provider is never asked inside a transaction: a row with our key is written first, then the provider is asked with
that key, then its answer is written. Killed between any two of these, the job that asks again finishes the work.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils.timezone import get_default_timezone

from accounts import operations as accounts_operations
from accounts.errors import Refusal
from accounts.money import kopecks, written
from accounts.queries import PersonalAccount, User
from payments import online, queries, refund_queries
from payments.models import (
    UNDECIDED,
    Autopayment,
    AutopaymentState,
    OnlineMethod,
    OnlinePayment,
    OnlineRefund,
    OnlineState,
    Payment,
    PaymentState,
    RefundState,
)
from payments.online import PaymentProvider, Told, ToldRefund
from payments.operations.allocating import allocate_payments, lock_accounts
from payments.operations.cash import lock_name
from payments.operations.closed import above_debt, lay_on_closed
from payments.operations.days import hold_open
from payments.operations.intake import (
    LARGEST,
    REVERSIBLE,
    PaymentConflict,
    PaymentRefused,
    closed_doubt,
    mirror_payment,
    record_payment,
)
from payments.operations.receipts import make_receipts

logger = logging.getLogger(__name__)

CHANNEL = "online"
LEAST = Decimal("1.00")  # the provider's own limits of one payment
LARGEST_SBP = Decimal("1000000.00")
FORGOTTEN = timedelta(hours=1)  # what the provider never heard of
YOUNG = timedelta(hours=2)  # the provider gives a payer an hour
KEY_LIVES = timedelta(hours=23)  # the provider remembers an idempotence key for a day


class AutopaymentRefused(Refusal):
    """This autopayment cannot be switched on, or charged."""


# --- a payment -------------------------------------------------------------------------------------------------------


def begin_payment(
    *,
    key: UUID,
    account_id: int,
    user: User,
    amount: Decimal,
    method: str,
    return_url: str,
    at: datetime,
    autopay_limit: Decimal | None = None,
) -> OnlinePayment:
    """Begin a payment of `amount` roubles by `method` (CARD or SBP): `confirmation` says where the payer goes on.

    key: what the form sends along; the second press of its button gives the first one's payment. autopay_limit: the
    payer also consents to later charges of this method, up to so many roubles a time.
    Raises PaymentRefused, PaymentConflict, AutopaymentRefused, OnlineOff, ProviderDown, ProviderRefused.
    """
    client = online.provider()
    row = _written_down(
        key=key, account_id=account_id, user=user, amount=amount, method=method, at=at, provider=client.code,
        autopay_limit=autopay_limit,
    )  # fmt: skip
    return _created(row, client, return_url=return_url, at=at) if row.state == OnlineState.BEGUN else row


@transaction.atomic
def _written_down(
    *, key: UUID, account_id: int, user: User, amount: Decimal, method: str, at: datetime, provider: str,
    autopay_limit: Decimal | None,
) -> OnlinePayment:  # fmt: skip
    lock_name(f"payments.online.{key}")
    known = OnlinePayment.objects.filter(key=key).select_related("account", "autopayment").first()
    if known is not None:
        if (known.account_id, known.user_id, known.amount, known.method) != (account_id, user.pk, amount, method):
            raise PaymentConflict(
                f"По этой форме уже начат платёж на {written(known.amount)} ₽. Откройте страницу оплаты заново."
            )
        return known
    account = PersonalAccount.objects.filter(pk=account_id).first()
    if account is None:
        raise PaymentRefused("Лицевой счёт не найден.")
    check_amount(amount, method)
    closed = above_debt(account, amount, on=_day(at))
    if closed:
        raise PaymentRefused(f"{closed} Если это ошибка, позвоните нам.", field="amount")
    if autopay_limit and closed_doubt(account, _day(at)):
        raise AutopaymentRefused("Счёт закрыт: новых квитанций не будет. Оплатите долг один раз, без автоплатежа.")
    consent = _proposed(account_id=account_id, user=user, limit=autopay_limit, at=at) if autopay_limit else None
    row = OnlinePayment.objects.create(
        key=key, provider=provider, account=account, user=user, amount=amount, method=method, autopayment=consent,
        begun_at=at,
    )  # fmt: skip
    accounts_operations.note(
        "payments.online.begun", by=user, account_id=account_id, online_id=row.pk, amount=amount, method=method
    )
    return row


def check_amount(amount: Decimal, method: str) -> None:
    """What the provider would refuse, said before it is asked."""
    if not isinstance(amount, Decimal) or not amount.is_finite() or amount != kopecks(amount):
        raise PaymentRefused("Укажите рубли и копейки.", field="amount")
    if amount < LEAST:
        raise PaymentRefused("Заплатить на сайте можно от 1,00 ₽.", field="amount")
    largest = LARGEST_SBP if method == OnlineMethod.SBP else LARGEST
    if amount > largest:
        raise PaymentRefused(f"За один раз можно заплатить до {written(largest)} ₽.", field="amount")


def _created(row: OnlinePayment, client: PaymentProvider, *, return_url: str, at: datetime) -> OnlinePayment:
    """Tell the provider of a payment that is written down; asked again with the same key it makes no second one."""
    saved = row.autopayment.method_id if row.autopayment and row.method == OnlineMethod.SAVED else ""
    asked = online.Asked(
        key=row.key, amount=row.amount, method=row.method, return_url=return_url, saved_method=saved,
        purpose=f"Оплата ЖКУ, лицевой счёт {row.account.number}",
        saves_method=row.autopayment_id is not None and not saved,
    )  # fmt: skip
    try:
        told = client.create(asked)
    except online.ProviderRefused as refusal:
        give_up(online_id=row.pk, reason=str(refusal), at=at)
        raise
    return settle(told, provider=client.code, at=at) or row


# What is asked of a payment and of whose it is, 50 times a second.
SETTLED = (
    "key", "provider", "provider_id", "account_id", "user_id", "amount", "method", "autopayment_id", "document",
    "state", "confirmation", "begun_at", "asked_at", "ended_because", "payment_id", "account__number", "user__name",
)  # fmt: skip


@transaction.atomic
def settle(told: Told, *, provider: str, at: datetime) -> OnlinePayment | None:
    """Write down what the provider tells of a payment. Money that came is recorded and laid over debts at once, once.

    The payment is found by the provider's number or by our key, whichever came first. None: it was not begun here;
    its money, if it came, waits among the unidentified. Raises NotificationForged for a payment of another shop.
    """
    if not told.is_ours:
        raise online.NotificationForged("Платёж не нашего магазина.")
    rows = OnlinePayment.objects.select_for_update(of=("self",)).select_related("account", "user").only(*SETTLED)
    is_it = Q(provider_id=told.provider_id) | Q(provider_id=None, key=told.key)
    row = next(iter(rows.filter(is_it, provider=provider)), None)
    if row is None:
        if told.state == online.SUCCEEDED:
            _take(told, None, doubt=f"У провайдера есть платёж {told.provider_id}, начатый не на сайте.", at=at)
        return None
    row.provider_id = told.provider_id
    row.asked_at = at
    if row.payment_id is None:
        _moved(row, told, at=at)
    row.save(update_fields=["provider_id", "asked_at", "confirmation", "state", "ended_because", "payment"])
    return row


def _moved(row: OnlinePayment, told: Told, *, at: datetime) -> None:
    if told.state == online.SUCCEEDED:
        doubt = ""
        if told.amount != row.amount:
            doubt = f"Провайдер получил {written(told.amount)} ₽, а на сайте начат платёж на {written(row.amount)} ₽."
        row.payment = _take(told, row, doubt=doubt, at=at)
        row.state = OnlineState.SUCCEEDED
        row.ended_because = ""
        if row.autopayment_id:
            _method_kept(row, told, at=at)
    elif told.state == online.CANCELLED:
        if row.state != OnlineState.CANCELLED:
            _ended(row, told.reason or "платёжный сервис отменил платёж", at=at)
    elif row.state == OnlineState.BEGUN:
        row.confirmation = told.confirmation
        is_charged = row.method == OnlineMethod.SAVED or told.state == online.HELD
        row.state = OnlineState.IN_TRANSIT if is_charged else OnlineState.WAITING
    elif row.state == OnlineState.WAITING and told.state == online.HELD:
        row.state = OnlineState.IN_TRANSIT


def _take(told: Told, row: OnlinePayment | None, *, doubt: str, at: datetime) -> Payment:
    """The money of a payment: recorded on today's books with the payer's own day, laid over debts."""
    today = _day(at)
    payment = record_payment(
        channel=CHANNEL,
        external_id=told.provider_id,
        number=row.account.number if row else "",
        account_id=row.account_id if row else None,
        amount=told.amount,
        paid_on=min(_day(told.paid_at or at), today),
        day=today,
        today=today,
        payer=row.user.name if row and row.user else "",
        purpose=f"Онлайн-платёж, {OnlineMethod(row.method).label}" if row else "",
        directed_to=queries.within_whole_debt(account_id=row.account_id, amount=told.amount, on=today) if row else None,
        by=row.user if row else None,
        doubt=doubt,
        is_received=True,
        lay=True,
    )
    if row is not None and not doubt and payment.state == PaymentState.UNIDENTIFIED and _pays_closed(row, told, today):
        lay_on_closed([(row.account_id, payment)], on=today, by=row.user or CHANNEL)
        payment.refresh_from_db()
    make_receipts([payment.pk], at=at)
    return payment


def _pays_closed(row: OnlinePayment, told: Told, today: date) -> bool:
    """The account is closed and owes what came; what is above its debt waits for a person. Nobody pays it till then."""
    lock_accounts({row.account_id})
    return bool(closed_doubt(row.account, today)) and not above_debt(row.account, told.amount, on=today)


def _ended(row: OnlinePayment, reason: str, *, at: datetime) -> None:
    row.state = OnlineState.CANCELLED
    row.ended_because = reason[:255]
    accounts_operations.note(
        "payments.online.cancelled", account_id=row.account_id, ground=reason, online_id=row.pk, amount=row.amount
    )
    consent = row.autopayment
    if consent is None or consent.state == AutopaymentState.STOPPED:
        return
    if consent.state == AutopaymentState.PROPOSED:
        _stopped(consent, at=at, because=f"первый платёж не состоялся: {reason}")
    else:
        words = f"{_day(at):%d.%m.%Y}: списать {written(row.amount)} ₽ не удалось, {reason}"
        Autopayment.objects.filter(pk=consent.pk).update(last_words=words[:255])


@transaction.atomic
def give_up(*, online_id: int, reason: str, at: datetime) -> None:
    """A payment that the provider does not have: nothing was taken."""
    row = OnlinePayment.objects.select_for_update(of=("self",)).get(pk=online_id)
    if row.state in UNDECIDED:
        _ended(row, reason, at=at)
        row.save(update_fields=["state", "ended_because"])


def payer_returned(*, online_id: int, at: datetime) -> OnlinePayment:
    """The payer is back from the provider: from now on his payment is «в пути», and the provider is asked at once."""
    OnlinePayment.objects.filter(pk=online_id, state=OnlineState.WAITING).update(state=OnlineState.IN_TRANSIT)
    return look_again(online_id=online_id, at=at)


def look_again(*, online_id: int, at: datetime, not_sooner: timedelta = timedelta(0)) -> OnlinePayment:
    """Ask the provider what became of an undecided payment. While it does not answer, all stays as it is."""
    row = OnlinePayment.objects.select_related("account", "autopayment").get(pk=online_id)
    is_early = row.asked_at is not None and at - row.asked_at < not_sooner
    if row.state not in UNDECIDED or row.provider_id is None or is_early or not online.is_on():
        return row
    try:
        _ask(row, online.provider(), at=at)
    except online.ProviderDown:
        logger.warning("payments.online.down", extra={"online_id": online_id})
    row.refresh_from_db()
    return row


def _ask(row: OnlinePayment, client: PaymentProvider, *, at: datetime) -> None:
    assert row.provider_id is not None  # the callers look first
    told = client.read(row.provider_id)
    if told.state == online.HELD:
        told = client.capture(told)
    settle(told, provider=client.code, at=at)


# --- what the provider sends -----------------------------------------------------------------------------------------


def take_notification(*, body: bytes, sender: str, at: datetime) -> None:
    """A notification came from the address `sender`: it is a reason to ask the provider, and nothing more.

    Believed are the sender's network and what the provider answers when it is asked; so a repeated, late, early or
    invented notification changes nothing that the provider does not confirm.
    Source: https://yookassa.ru/developers/using-api/webhooks. Raises NotificationForged, ProviderDown, OnlineOff.
    """
    client = online.provider()
    if not client.is_sender(sender):
        raise online.NotificationForged("Отправитель уведомления не из сетей платёжного сервиса.")
    notice = client.notice(body)
    try:
        if notice.about == "refund":
            refund = client.read_refund(notice.number)
            told = client.read(refund.provider_id)
        else:
            refund, told = None, client.read(notice.number)
    except online.ProviderRefused as refusal:
        raise online.NotificationForged("Платёжный сервис не знает того, о чём уведомление.") from refusal
    if told.state == online.HELD:
        told = client.capture(told)
    settle(told, provider=client.code, at=at)
    if refund is not None:
        settle_refund(refund, provider=client.code, at=at)


@dataclass(frozen=True, slots=True)
class Asked:
    """How many undecided payments and refunds were asked about, how many are still undecided; is_down: it is silent."""

    asked: int
    undecided: int
    is_down: bool


def ask_undecided(*, at: datetime, limit: int = 500) -> Asked:
    """Ask the provider about every payment and refund whose end is not known: notifications get lost.

    Every minute while the payer may still be paying, every half hour later; a payment that the provider never heard of
    is given up in an hour, a charge by consent is sent again with its own key.
    """
    if not online.is_on():
        return Asked(0, 0, False)
    client = online.provider()
    late = Q(asked_at=None) | Q(asked_at__lte=at - timedelta(minutes=30)) | Q(begun_at__gt=at - YOUNG)
    rows = OnlinePayment.objects.filter(late, state__in=UNDECIDED, begun_at__lte=at - timedelta(seconds=30))
    found = list(rows.select_related("account", "autopayment").order_by(F("asked_at").asc(nulls_first=True))[:limit])
    refunds = list(
        OnlineRefund.objects.filter(state__in=[RefundState.BEGUN, RefundState.WAITING])
        .select_related("online")
        .order_by("pk")[:limit]
    )
    asked = 0
    try:
        for row in found:
            _pursue(row, client, at=at)
            asked += 1
        for refund in refunds:
            _pursue_refund(refund, client, at=at)
            asked += 1
    except online.ProviderDown:
        return Asked(asked, len(found) + len(refunds) - asked, True)
    left = OnlinePayment.objects.filter(pk__in=[row.pk for row in found], state__in=UNDECIDED).count()
    return Asked(asked, left, False)


def _pursue(row: OnlinePayment, client: PaymentProvider, *, at: datetime) -> None:
    try:
        if row.provider_id is not None:
            _ask(row, client, at=at)
        elif row.method == OnlineMethod.SAVED and at - row.begun_at < KEY_LIVES:
            _created(row, client, return_url="", at=at)
        elif at - row.begun_at >= FORGOTTEN:
            give_up(online_id=row.pk, reason="платёжный сервис не ответил, деньги не списаны", at=at)
    except online.ProviderRefused as refusal:
        give_up(online_id=row.pk, reason=str(refusal), at=at)


# --- money back ------------------------------------------------------------------------------------------------------


def refund_payment(*, payment_id: int, reason: str, by: User, at: datetime) -> OnlineRefund:
    """Give a payment made on line back to the payer the way it came; it is mirrored once the provider confirms.

    What goes back is what stands of it today, on whatever account: after a transfer or a refund in part, too.
    Source: domain/payments.md, 2.4. Raises PaymentRefused, OnlineOff, ProviderDown (sent again later by the job).
    """
    client = online.provider()
    row = _refund_begun(payment_id=payment_id, reason=reason.strip(), by=by, at=at)
    _pursue_refund(row, client, at=at)
    row.refresh_from_db()
    return row


@transaction.atomic
def _refund_begun(*, payment_id: int, reason: str, by: User, at: datetime) -> OnlineRefund:
    found = Payment.objects.filter(pk=payment_id).first()
    came = refund_queries.origin_of(found) if found else None
    if found is None or came is None or came.channel_id != CHANNEL:
        raise PaymentRefused(f"Платёж № {payment_id} принят не на сайте: вернуть его через провайдера нельзя.")
    stands = refund_queries.stands_for(found)  # moved to another account, or given back in part before
    payment = Payment.objects.select_for_update(of=("self",)).get(pk=stands.pk)
    if not reason:
        raise PaymentRefused("Назовите причину возврата.", field="reason")
    if payment.state not in REVERSIBLE:
        raise PaymentRefused(f"Платёж № {payment_id} — «{PaymentState(payment.state).label}»: возвращать нечего.")
    row = OnlinePayment.objects.filter(provider_id=came.external_id).first()
    if row is None:
        raise PaymentRefused("Этот платёж начат не на сайте: верните его в кабинете платёжного сервиса.")
    if row.refunds.filter(state__in=[RefundState.BEGUN, RefundState.WAITING]).exists():
        raise PaymentRefused("Возврат этого платежа уже отправлен. Дождитесь ответа банка.")
    refund = OnlineRefund.objects.create(
        online=row, amount=payment.amount, reason=reason[:255], begun_by=by, begun_at=at
    )
    accounts_operations.note(
        "payments.refund.begun", by=by, account_id=payment.account_id, ground=reason, payment_id=payment.pk,
        amount=payment.amount,
    )  # fmt: skip
    return refund


def _pursue_refund(row: OnlineRefund, client: PaymentProvider, *, at: datetime) -> None:
    try:
        if row.provider_id is None:
            told = client.refund(
                key=row.key, provider_id=row.online.provider_id or "", amount=row.amount, reason=row.reason
            )
        else:
            told = client.read_refund(row.provider_id)
    except online.ProviderRefused as refusal:
        rows = OnlineRefund.objects.filter(pk=row.pk, state__in=[RefundState.BEGUN, RefundState.WAITING])
        rows.update(state=RefundState.CANCELLED, ended_because=str(refusal)[:255])
        return
    settle_refund(told, provider=client.code, at=at)


@transaction.atomic
def settle_refund(told: ToldRefund, *, provider: str, at: datetime) -> OnlineRefund | None:
    """Write down what the provider tells of a refund, also of one made in its own cabinet. Mirrored once.

    Of a refund in part the payment is mirrored whole, and the rest of it is taken anew with the same value date.
    What was given back above what stands of the payment is a claim (`refund_queries.refund_claims`).
    """
    today = _day(at)
    hold_open(today)
    parent = (
        OnlinePayment.objects.select_for_update(of=("self",)).filter(provider=provider, provider_id=told.provider_id)
    ).first()
    refund = _refund_row(told, parent, at=at) if parent else None
    if refund is not None and refund.state in (RefundState.SUCCEEDED, RefundState.CANCELLED):
        return refund
    if told.state == online.SUCCEEDED:
        _money_back(told, refund, at=at)
    if refund is not None:
        states = {online.SUCCEEDED: RefundState.SUCCEEDED, online.CANCELLED: RefundState.CANCELLED}
        refund.provider_id = told.refund_id
        refund.state = states.get(told.state, RefundState.WAITING)
        refund.ended_because = told.reason[:255]
        refund.save(update_fields=["provider_id", "state", "ended_because"])
    return refund


def _refund_row(told: ToldRefund, parent: OnlinePayment, *, at: datetime) -> OnlineRefund:
    rows = parent.refunds.select_for_update()
    known = rows.filter(Q(provider_id=told.refund_id) | Q(provider_id=None, key=told.key)).first()
    return known or OnlineRefund.objects.create(
        online=parent, provider_id=told.refund_id, amount=told.amount, begun_at=at, state=RefundState.WAITING,
        reason="Возврат оформлен в кабинете платёжного сервиса",
    )  # fmt: skip


def _money_back(told: ToldRefund, refund: OnlineRefund | None, *, at: datetime) -> None:
    today = _day(at)
    reason = refund.reason if refund else "Возврат оформлен в кабинете платёжного сервиса"
    by = refund.begun_by if refund and refund.begun_by else CHANNEL
    came = Payment.objects.filter(channel_id=CHANNEL, external_id=told.provider_id).first()
    payment = refund_queries.stands_for(came) if came else None
    if payment is not None and payment.state not in REVERSIBLE:
        payment = None
    if payment is None or told.amount > payment.amount:
        accounts_operations.note(
            "payments.refund.unanswered", by=by, ground=reason, refund=told.refund_id, refunded=told.amount,
            amount=told.amount - payment.amount if payment else told.amount,
            payment_id=payment.pk if payment else None, account_id=payment.account_id if payment else None,
        )  # fmt: skip
    if payment is None:
        return
    if told.amount >= payment.amount:
        mirror_payment(payment_id=payment.pk, day=today, reason=reason, by=by, refund=True)
        return
    is_known = payment.state != PaymentState.UNIDENTIFIED
    rest = record_payment(
        channel=CHANNEL, external_id=f"{told.provider_id}/остаток {told.refund_id[:8]}",
        number=payment.number_as_received, account_id=payment.account_id, amount=payment.amount - told.amount,
        paid_on=payment.paid_on, day=today, today=today, payer=payment.payer, purpose=payment.purpose, by=by,
        doubt="" if is_known else payment.held_because, is_received=True,
    )  # fmt: skip
    mirror_payment(payment_id=payment.pk, day=today, reason=reason, by=by, refund=True, replaced_by=rest)
    allocate_payments([rest.pk], day=today)


@transaction.atomic
def settle_claim(*, online_id: int, ground: str, by: User) -> Decimal:
    """The payer gave back what the provider had paid him too much, by the document `ground`; roubles of the claim."""
    if not ground.strip():
        raise PaymentRefused("Назовите документ, по которому плательщик вернул лишнее.", field="ground")
    OnlinePayment.objects.select_for_update(of=("self",)).filter(pk=online_id).first()
    claim = next((row for row in refund_queries.refund_claims() if row.online_id == online_id), None)
    if claim is None:
        raise PaymentRefused("По этому онлайн-платежу лишнего не возвращено или требование уже погашено.")
    accounts_operations.note(
        "payments.refund.claim_settled", by=by, account_id=claim.account_id, ground=ground.strip(),
        online_id=online_id, amount=claim.amount,
    )  # fmt: skip
    return claim.amount


# --- autopayment -----------------------------------------------------------------------------------------------------


def _proposed(*, account_id: int, user: User, limit: Decimal, at: datetime) -> Autopayment:
    if limit != kopecks(limit) or limit < LEAST:
        raise AutopaymentRefused("Предел автоплатежа: от 1,00 ₽, рубли и копейки.", field="limit")
    if limit > LARGEST:
        raise AutopaymentRefused(f"Предел автоплатежа: не больше {written(LARGEST)} ₽.", field="limit")
    lock_name(f"payments.autopayment.{account_id}")
    alive = Autopayment.objects.filter(account=account_id).exclude(state=AutopaymentState.STOPPED).first()
    if alive is not None and alive.state == AutopaymentState.ACTIVE:
        raise AutopaymentRefused("Автоплатёж этого счёта уже включён. Сначала выключите его.")
    if alive is not None:
        _stopped(alive, at=at, because="начат заново")
    consent = Autopayment.objects.create(account_id=account_id, user=user, limit=limit, consented_at=at)
    accounts_operations.note(
        "payments.autopayment.consented", by=user, account_id=account_id, autopayment_id=consent.pk, limit=limit
    )
    return consent


def _method_kept(row: OnlinePayment, told: Told, *, at: datetime) -> None:
    """The first payment by consent brought the method; a later one tells that the charge was made."""
    assert row.autopayment_id is not None  # the callers look first
    consent = Autopayment.objects.select_for_update().get(pk=row.autopayment_id)
    if consent.state == AutopaymentState.PROPOSED and not told.method_id:
        _stopped(consent, at=at, because="банк не разрешил сохранить способ оплаты")
    elif consent.state == AutopaymentState.PROPOSED:
        consent.state = AutopaymentState.ACTIVE
        consent.method_id = told.method_id
        consent.method_title = told.method_title[:120]
        consent.save(update_fields=["state", "method_id", "method_title"])
        accounts_operations.note(
            "payments.autopayment.on", by=row.user, account_id=row.account_id, autopayment_id=consent.pk
        )
    elif consent.state == AutopaymentState.ACTIVE:
        consent.last_words = f"{_day(at):%d.%m.%Y}: списано {written(told.amount)} ₽"
        consent.save(update_fields=["last_words"])


@transaction.atomic
def stop_autopayment(*, autopayment_id: int, by: User | str, at: datetime, because: str = "по просьбе жителя") -> None:
    """Switch autopayment off, now and for good; a second call does nothing."""
    consent = Autopayment.objects.select_for_update().filter(pk=autopayment_id).first()
    if consent is None or consent.state == AutopaymentState.STOPPED:
        return
    _stopped(consent, at=at, because=because, by=by)


def _stopped(consent: Autopayment, *, at: datetime, because: str, by: User | str | None = None) -> None:
    consent.state = AutopaymentState.STOPPED
    consent.stopped_at = at
    consent.stopped_because = because[:255]
    consent.save(update_fields=["state", "stopped_at", "stopped_because"])
    accounts_operations.note(
        "payments.autopayment.off", by=by, account_id=consent.account_id, ground=because, autopayment_id=consent.pk
    )


def charge_autopayment(*, autopayment_id: int, document: str, amount: Decimal, at: datetime) -> OnlinePayment | None:
    """Charge what the document `document` asks to the saved method: once for a document, never above the limit.

    Returns None when nothing is to be charged: switched off, charged for it already, or above the limit (the resident
    is told on his page). Raises OnlineOff; a silent provider is asked again by the job, with the same key.
    """
    client = online.provider()
    row = _charge_begun(autopayment_id=autopayment_id, document=document, amount=amount, at=at, provider=client.code)
    if row is None:
        return None
    try:
        return _created(row, client, return_url="", at=at)
    except (online.ProviderDown, online.ProviderRefused) as refusal:
        logger.warning("payments.autopayment.waits", extra={"online_id": row.pk, "reason": type(refusal).__name__})
        row.refresh_from_db()
        return row


@transaction.atomic
def _charge_begun(
    *, autopayment_id: int, document: str, amount: Decimal, at: datetime, provider: str
) -> OnlinePayment | None:
    consent = Autopayment.objects.select_for_update(of=("self",)).filter(pk=autopayment_id).first()
    if consent is None or consent.state != AutopaymentState.ACTIVE or amount < LEAST:
        return None
    if consent.payments.filter(document=document).exists():
        return None
    if amount > consent.limit:
        words = (
            f"Документ {document}: {written(amount)} ₽ больше вашего предела {written(consent.limit)} ₽, "
            "не списано. Оплатите сами."
        )
        if consent.last_words != words:
            Autopayment.objects.filter(pk=consent.pk).update(last_words=words[:255])
            accounts_operations.note(
                "payments.autopayment.above_limit", account_id=consent.account_id, autopayment_id=consent.pk,
                amount=amount, document=document,
            )  # fmt: skip
        return None
    row = OnlinePayment.objects.create(
        provider=provider, account_id=consent.account_id, user_id=consent.user_id, amount=amount,
        method=OnlineMethod.SAVED, autopayment=consent, document=document, begun_at=at,
    )  # fmt: skip
    accounts_operations.note(
        "payments.autopayment.charged", account_id=consent.account_id, autopayment_id=consent.pk, online_id=row.pk,
        amount=amount, document=document,
    )  # fmt: skip
    return row


def _day(moment: datetime) -> date:
    return moment.astimezone(get_default_timezone()).date()
