"""The cash desk: several accounts in one receipt, change counted, taken in once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import connection, transaction

from accounts import operations as accounts_operations
from accounts.calendar import Month
from accounts.database import lock_number
from accounts.money import ZERO, kopecks, total, written
from accounts.queries import Office, PersonalAccount, User
from payments import queries
from payments.models import CashReceipt, MovementKind, Payment, PaymentState, ReceiptPayment
from payments.operations.allocating import Directed, allocate_payments, direction_as_stored
from payments.operations.closed import lay_on_closed, paid_when_closed
from payments.operations.days import hold_open
from payments.operations.intake import PaymentConflict, PaymentRefused, mirror_payment, record_payment
from payments.operations.receipts import make_receipts
from payments.operations.shifts import hold_shift, shift_of_receipt, write_receipt

KEY_LENGTH = 100  # CashReceipt.key


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the cashier hands out; roubles. change = given − amount. is_repeated: it was handed out before."""

    receipt_id: int
    number: str
    amount: Decimal
    given: Decimal
    change: Decimal
    payment_ids: tuple[int, ...]
    is_repeated: bool = field(default=False, compare=False)


@contextmanager
def held_at_desk(account_ids: Collection[int]) -> Iterator[None]:
    """Nobody else who holds these accounts takes money for them: what was just taken is seen before more is."""
    with transaction.atomic():
        for account_id in sorted(set(account_ids)):
            lock_name(f"payments.desk.{account_id}")
        yield


@transaction.atomic
def take_cash(
    *,
    lines: Sequence[tuple[int, Decimal]],
    given: Decimal | None,
    office_id: int,
    by: User,
    on: date,
    card: bool = False,
    by_card: Decimal = ZERO,
    directed_to: Directed = None,
    for_month: Month | None = None,
    key: str = "",
) -> Receipt:
    """Take money at the desk for one account or several, and lay it over their debts at once, in the cashier's shift.

    lines: (account_id, roubles). given: the cash the payer handed over (None or a card: exactly the sum). card: all of
    it by card; by_card: so many roubles of it, from the first account on, and the rest in cash. on: today, which is
    the operating day. directed_to, for_month: what the payer names; naming nothing, who pays all he owes pays what
    stands apart, too. key: what a form sends along: the second press of its button gives the first one's receipt,
    even while the first is still being written. A closed account is paid up to its debt.
    Raises PaymentRefused, and PaymentConflict when the key returns with other facts: nothing is written then.
    """
    if len(key) > KEY_LENGTH:
        raise PaymentRefused(f"Ключ формы длиннее {KEY_LENGTH} знаков. Откройте кассу заново.")
    if key:
        lock_name(f"payments.cash.{key}")
        known = CashReceipt.objects.filter(key=key).first()
        if known is not None:
            return _again(
                known, lines=lines, given=given, office_id=office_id, by=by, card=card, by_card=by_card,
                directed_to=directed_to, for_month=for_month,
            )  # fmt: skip
    amount = total(part for _, part in lines)
    if not lines:
        raise PaymentRefused("В квитанции нет ни одного лицевого счёта.")
    if len({account_id for account_id, _ in lines}) != len(lines):
        raise PaymentRefused("Один лицевой счёт указан в квитанции дважды. Сложите суммы.")
    if by_card < 0 or by_card != kopecks(by_card):
        raise PaymentRefused("Картой: рубли и копейки, не меньше нуля.", field="by_card")
    if by_card and by_card > amount:
        raise PaymentRefused(
            f"Картой {written(by_card)} ₽, а к оплате {written(amount)} ₽: с карты снимают не больше суммы.",
            field="by_card",
        )
    card = card or by_card == amount > 0
    by_card = amount if card else by_card
    given = amount if given is None or card else given + by_card
    if given != kopecks(given):
        raise PaymentRefused("Укажите рубли и копейки.", field="given")
    if given < amount:
        raise PaymentRefused(
            f"Получено {written(given - by_card)} ₽, а к оплате {'наличными ' if by_card else ''}"
            f"{written(amount - by_card)} ₽: не хватает {written(amount - given)} ₽.",
            field="given",
        )
    office = Office.objects.filter(pk=office_id).first()
    if office is None:
        raise PaymentRefused("Отделение не найдено.", field="office")
    hold_open(on)
    shift = hold_shift(office_id=office_id, by=by, on=on)
    found = PersonalAccount.objects.in_bulk([account_id for account_id, _ in lines])
    closed = paid_when_closed(found.values(), dict(lines), on=on)
    number = _next_number(office, on)
    of_accounts = [
        (
            told.account_id,
            record_payment(
                channel="card" if told.is_card else "cash",
                external_id=f"{key or number}/{told.place}",
                number=found[told.account_id].number if told.account_id in found else "",
                account_id=told.account_id,
                amount=told.amount,
                paid_on=on,
                day=on,
                today=on,
                directed_to=told.directed_to,
                for_month=for_month,
                by=by,
                office=office_id,
                is_received=told.account_id in closed,  # only its being closed is doubted, and that was looked into
            ),
        )
        for told in _by_kind(lines, by_card=by_card, directed_to=directed_to, on=on)
    ]
    payments = [payment for _, payment in of_accounts]
    if ReceiptPayment.objects.filter(payment__in=payments).exists():
        raise PaymentConflict("Платёж с этим номером уже стоит в другой квитанции. Откройте кассу заново.")
    lay_on_closed([told for told in of_accounts if told[0] in closed], on=on, by=by)
    receipt = CashReceipt.objects.create(
        office=office, cashier=by, number=number, amount=amount, given=given, is_card=card, key=key or None,
        card_amount=0 if card else by_card,
    )  # fmt: skip
    receipt.payments.set(payments)
    write_receipt(receipt, shift, kind=MovementKind.RECEIPT, by=by)
    allocate_payments([payment.pk for account_id, payment in of_accounts if account_id not in closed], day=on)
    is_mixed = receipt.card_amount > 0
    make_receipts([payment.pk for payment in payments], at=receipt.made_at, together=is_mixed)
    accounts_operations.note(
        "payments.receipt.given", by=by, number=number, amount=amount, change=given - amount,
        account_id=lines[0][0] if len(lines) == 1 else None,
    )  # fmt: skip
    return _as_told(receipt)


@dataclass(frozen=True, slots=True)
class _Told:
    """One payment of the receipt: the account's money of one kind. place: the account's among the lines."""

    place: int
    account_id: int
    amount: Decimal
    is_card: bool
    directed_to: Directed


def _by_kind(
    lines: Sequence[tuple[int, Decimal]], *, by_card: Decimal, directed_to: Directed, on: date
) -> Iterator[_Told]:
    """The lines as payments: the card pays from the first account on, cash the rest; sums named go the same way."""
    left = by_card
    for place, (account_id, amount) in enumerate(lines, 1):
        named = directed_to or queries.within_whole_debt(account_id=account_id, amount=amount, on=on)
        parts = {True: max(min(left, amount), ZERO)}
        parts[False] = amount - parts[True]
        left -= parts[True]
        if not isinstance(named, Mapping) or not (parts[True] and parts[False]):
            yield from (
                _Told(place, account_id, part, is_card, named)
                for is_card, part in parts.items()
                if part or (not amount and not is_card)  # a sum of nothing is refused by the intake
            )
            continue
        carded, room = dict[int, Decimal](), parts[True]
        for service_id, sum_ in named.items():
            carded[service_id] = min(sum_, room)
            room -= carded[service_id]
        rest = {service_id: sum_ - carded[service_id] for service_id, sum_ in named.items()}
        for is_card, sums in ((True, carded), (False, rest)):
            yield _Told(place, account_id, parts[is_card], is_card, {key: sum_ for key, sum_ in sums.items() if sum_})


def _again(
    known: CashReceipt,
    *,
    lines: Sequence[tuple[int, Decimal]],
    given: Decimal | None,
    office_id: int,
    by: User,
    card: bool,
    by_card: Decimal,
    directed_to: Directed,
    for_month: Month | None,
) -> Receipt:
    """The receipt that this key has given already. Raises PaymentConflict when it was given for something else."""
    payments = list(known.payments.order_by("pk"))
    asked = total(amount for _, amount in lines)
    if any(payment.state == PaymentState.REVERSED for payment in payments):
        raise PaymentConflict(
            f"По этой форме уже была квитанция {known.number} на {written(known.amount)} ₽, она отменена. "
            "Новых денег не записано. Откройте кассу заново и примите платёж."
        )
    sums: dict[int | None, Decimal] = {}
    for payment in payments:
        sums[payment.account_id] = sums.get(payment.account_id, ZERO) + payment.amount
    facts = (sums, known.given, known.office_id, known.cashier_id, known.by_card)
    carded = asked if card else by_card
    told = (dict(lines), asked if carded == asked or given is None else given + carded, office_id, by.pk, carded)
    named = direction_as_stored(directed_to)
    month = for_month.first if for_month else None
    is_other = any(
        payment.for_month != month
        or (payment.directed_to != named if named else not {"services", "penalty"}.isdisjoint(payment.directed_to))
        for payment in payments
    )
    if facts != told or is_other:
        raise PaymentConflict(
            f"По этой форме уже выдана квитанция {known.number} на {written(known.amount)} ₽. Теперь в ней другие "
            f"данные (к оплате {written(asked)} ₽): они не записаны. Если это другой платёж, откройте кассу заново."
        )
    return _as_told(known, is_repeated=True)


def lock_name(name: str) -> None:
    """Nobody else holds `name` till the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number(name)])


def _next_number(office: Office, on: date) -> str:
    """«О1-20261105-0001»: counted by office and day, without gaps while the office's receipts stand in a row."""
    prefix = f"{office.code}-{on:%Y%m%d}-"
    lock_name(prefix)
    last = CashReceipt.objects.filter(number__startswith=prefix).order_by("-number").first()
    return f"{prefix}{int(last.number.removeprefix(prefix)) + 1 if last else 1:04}"


def _as_told(receipt: CashReceipt, *, is_repeated: bool = False) -> Receipt:
    return Receipt(
        receipt_id=receipt.pk,
        number=receipt.number,
        amount=receipt.amount,
        given=receipt.given,
        change=receipt.given - receipt.amount,
        payment_ids=tuple(receipt.payments.order_by("pk").values_list("pk", flat=True)),
        is_repeated=is_repeated,
    )


@transaction.atomic
def cancel_receipt(*, number: str, reason: str, by: User, on: date, own_only: bool = False) -> list[int]:
    """Take a receipt back within its shift: every payment of it is mirrored and the money handed back.

    own_only: `by` may cancel none but the receipts he gave himself.
    Raises PaymentRefused when the shift is over or some of its money has gone elsewhere already.
    """
    receipt = CashReceipt.objects.filter(number=number).first()
    if receipt is None:
        raise PaymentRefused(f"Квитанция {number} не найдена.")
    if own_only and receipt.cashier_id != by.pk:
        raise PaymentRefused(
            f"Квитанцию {number} выдал другой кассир: отменяет он сам в своей смене или бухгалтерия по заявлению."
        )
    payments: list[Payment] = list(receipt.payments.order_by("pk"))
    if any(payment.day != on for payment in payments):
        raise PaymentRefused(f"Квитанция {number} выдана не сегодня: возврат оформляет бухгалтерия по заявлению.")
    hold_open(on)
    lock_name(f"payments.receipt.{number}")
    if receipt.movements.filter(kind=MovementKind.CANCELLED).exists():
        raise PaymentRefused(f"Квитанция {number} уже отменена.")
    shift = shift_of_receipt(receipt)
    gone = receipt.payments.filter(state=PaymentState.REVERSED).count()
    if gone == len(payments):
        raise PaymentRefused(f"Квитанция {number} уже отменена или её деньги перенесены на другой счёт.")
    if gone:
        raise PaymentRefused(
            f"Из квитанции {number} уже отменено или перенесено платежей: {gone}. Остальные верните по одному."
        )
    for payment in payments:
        mirror_payment(payment_id=payment.pk, day=on, reason=reason, by=by, refund=True)
    if shift is not None:
        write_receipt(receipt, shift, kind=MovementKind.CANCELLED, by=by)
    accounts_operations.note("payments.receipt.cancelled", by=by, ground=reason, number=number, amount=receipt.amount)
    return [payment.pk for payment in payments]
