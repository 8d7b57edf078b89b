"""What changes the books of payments: one verb, one transaction, one line of the journal."""

from payments.operations.allocating import (
    Allocated,
    allocate_day,
    allocate_payment,
    allocate_payments,
    consume_advances,
)
from payments.operations.batch import Incoming, Judged, record_payments
from payments.operations.cash import KEY_LENGTH, Receipt, cancel_receipt, take_cash
from payments.operations.closing import DayDoesNotClose, close_day, close_days
from payments.operations.days import DayClosed, make_partitions, open_day
from payments.operations.intake import (
    PaymentConflict,
    PaymentRefused,
    assign_payment,
    move_payment,
    record_payment,
    reverse_payment,
)
from payments.operations.months import ClosingSummary, MonthDoesNotClose, close_month
from payments.operations.remitting import (
    NotRemitted,
    RemitSummary,
    RemittanceRefused,
    confirm_remittance,
    mark_remittance_sent,
    reject_remittance,
    remit_day,
    remittance_file,
    resend_remittance,
)
from payments.operations.statements import RowVerdict, StatementSummary, import_statement
from payments.registers.client_bank import StatementRefused

__all__ = [
    "KEY_LENGTH", "Allocated", "ClosingSummary", "DayClosed", "DayDoesNotClose", "Incoming", "Judged",
    "MonthDoesNotClose", "NotRemitted", "PaymentConflict", "PaymentRefused", "Receipt", "RemitSummary",
    "RemittanceRefused", "RowVerdict", "StatementRefused", "StatementSummary", "allocate_day", "allocate_payment",
    "allocate_payments", "assign_payment", "cancel_receipt", "close_day", "close_days", "close_month",
    "confirm_remittance", "consume_advances", "import_statement", "make_partitions", "mark_remittance_sent",
    "move_payment", "open_day", "record_payment", "record_payments", "reject_remittance", "remit_day",
    "remittance_file", "resend_remittance", "reverse_payment", "take_cash",
]  # fmt: skip
