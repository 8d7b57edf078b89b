"""What changes the books of payments: one verb, one transaction, one line of the journal."""

from payments.operations.allocating import (
    Allocated,
    allocate_day,
    allocate_payment,
    allocate_payments,
    consume_advances,
)
from payments.operations.cash import Receipt, cancel_receipt, take_cash
from payments.operations.days import DayClosed, DayDoesNotClose, close_day, close_days, make_partitions, open_day
from payments.operations.intake import (
    PaymentConflict,
    PaymentRefused,
    assign_payment,
    move_payment,
    record_payment,
    reverse_payment,
)

__all__ = [
    "Allocated", "DayClosed", "DayDoesNotClose", "PaymentConflict", "PaymentRefused", "Receipt", "allocate_day",
    "allocate_payment", "allocate_payments", "assign_payment", "cancel_receipt", "close_day", "close_days",
    "consume_advances", "make_partitions", "move_payment", "open_day", "record_payment", "reverse_payment", "take_cash",
]  # fmt: skip
