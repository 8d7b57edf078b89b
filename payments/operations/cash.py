"""The cash desk: several accounts in one receipt, change counted, taken in once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import connection, transaction

from accounts import operations as accounts_operations
from accounts.calendar import Month
from accounts.database import lock_number
from accounts.money import kopecks, total, written
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
    directed_to: Directed = None,
    for_month: Month | None = None,
    key: str = "",
) -> Receipt:
    """Take money at the desk for one account or several, and lay it over their debts at once, in the cashier's shift.

    lines: (account_id, roubles). given: what the payer handed over (None or a card: exactly the sum). on: today, which
    is the operating day. directed_to, for_month: what the payer names; naming nothing, who pays all he owes pays what
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
                known, lines=lines, given=given, office_id=office_id, by=by, card=card, directed_to=directed_to,
                for_month=for_month,
            )  # fmt: skip
    amount = total(part for _, part in lines)
    if not lines:
        raise PaymentRefused("В квитанции нет ни одного лицевого счёта.")
    if len({account_id for account_id, _ in lines}) != len(lines):
        raise PaymentRefused("Один лицевой счёт указан в квитанции дважды. Сложите суммы.")
    if given is None or card:
        given = amount
    if given != kopecks(given):
        raise PaymentRefused("Укажите рубли и копейки.", field="given")
    if given < amount:
        raise PaymentRefused(
            f"Получено {written(given)} ₽, а к оплате {written(amount)} ₽: не хватает {written(amount - given)} ₽.",
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
    payments = [
        record_payment(
            channel="card" if card else "cash",
            external_id=f"{key or number}/{place}",
            number=found[account_id].number if account_id in found else "",
            account_id=account_id,
            amount=part,
            paid_on=on,
            day=on,
            today=on,
            directed_to=directed_to or queries.within_whole_debt(account_id=account_id, amount=part, on=on),
            for_month=for_month,
            by=by,
            office=office_id,
            is_received=account_id in closed,  # only its being closed is doubted, and that was looked into
        )
        for place, (account_id, part) in enumerate(lines, 1)
    ]
    if ReceiptPayment.objects.filter(payment__in=payments).exists():
        raise PaymentConflict("Платёж с этим номером уже стоит в другой квитанции. Откройте кассу заново.")
    of_accounts = [(account_id, payment) for (account_id, _), payment in zip(lines, payments, strict=True)]
    lay_on_closed([told for told in of_accounts if told[0] in closed], on=on, by=by)
    receipt = CashReceipt.objects.create(
        office=office, cashier=by, number=number, amount=amount, given=given, is_card=card, key=key or None
    )
    receipt.payments.set(payments)
    write_receipt(receipt, shift, kind=MovementKind.RECEIPT, by=by)
    allocate_payments([payment.pk for account_id, payment in of_accounts if account_id not in closed], day=on)
    make_receipts([payment.pk for payment in payments], at=receipt.made_at)
    accounts_operations.note(
        "payments.receipt.given", by=by, number=number, amount=amount, change=given - amount,
        account_id=lines[0][0] if len(lines) == 1 else None,
    )  # fmt: skip
    return _as_told(receipt)


def _again(
    known: CashReceipt,
    *,
    lines: Sequence[tuple[int, Decimal]],
    given: Decimal | None,
    office_id: int,
    by: User,
    card: bool,
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
    facts = (
        sorted((payment.account_id, payment.amount) for payment in payments),
        known.given, known.office_id, known.cashier_id, known.is_card,
    )  # fmt: skip
    told = (sorted(lines), asked if card or given is None else given, office_id, by.pk, card)
    named = direction_as_stored(directed_to)
    month = for_month.first if for_month else None
    is_other = any(
        payment.for_month != month
        or (payment.directed_to != named if named else "services" in payment.directed_to)  # sums may be ours
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
