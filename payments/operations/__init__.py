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
from payments.operations.online import (
    AutopaymentRefused,
    ask_undecided,
    begin_payment,
    charge_autopayment,
    look_again,
    payer_returned,
    refund_payment,
    stop_autopayment,
    take_notification,
)
from payments.operations.papers import answer_paper, issue_paper
from payments.operations.receipts import NoReceipt, make_receipts, send_again, send_receipts
from payments.operations.remitting import (
    FORMS,
    NotRemitted,
    RemitSummary,
    RemittanceRefused,
    confirm_remittance,
    mark_remittance_sent,
    reject_remittance,
    release_remittances,
    remit_day,
    remittance_file,
    resend_remittance,
)
from payments.operations.statements import RowVerdict, StatementSummary, import_statement
from payments.papers import PaperRefused
from payments.registers.client_bank import StatementRefused

__all__ = [
    "FORMS",
    "KEY_LENGTH",
    "Allocated",
    "AutopaymentRefused",
    "ClosingSummary",
    "DayClosed",
    "DayDoesNotClose",
    "Incoming",
    "Judged",
    "MonthDoesNotClose",
    "NoReceipt",
    "NotRemitted",
    "PaperRefused",
    "PaymentConflict",
    "PaymentRefused",
    "Receipt",
    "RemitSummary",
    "RemittanceRefused",
    "RowVerdict",
    "StatementRefused",
    "StatementSummary",
    "allocate_day",
    "allocate_payment",
    "allocate_payments",
    "answer_paper",
    "ask_undecided",
    "assign_payment",
    "begin_payment",
    "cancel_receipt",
    "charge_autopayment",
    "close_day",
    "close_days",
    "close_month",
    "confirm_remittance",
    "consume_advances",
    "import_statement",
    "issue_paper",
    "look_again",
    "make_partitions",
    "make_receipts",
    "mark_remittance_sent",
    "move_payment",
    "open_day",
    "payer_returned",
    "record_payment",
    "record_payments",
    "refund_payment",
    "reject_remittance",
    "release_remittances",
    "remit_day",
    "remittance_file",
    "resend_remittance",
    "reverse_payment",
    "send_again",
    "send_receipts",
    "stop_autopayment",
    "take_cash",
    "take_notification",
]  # fmt: skip
