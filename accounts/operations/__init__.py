"""What changes the floor: one verb, one transaction, one line of the journal."""

from accounts.operations.absences import AbsenceRefused, record_absence, withdraw_absence
from accounts.operations.banking import (
    BankAccountRefused,
    approve_bank_account,
    propose_bank_account,
    reject_bank_account,
)
from accounts.operations.homes import FirstMeter, Home, open_home
from accounts.operations.journal import note, noted, touch, touch_premises
from accounts.operations.meters import (
    MeterRefused,
    NewMeter,
    install_meter,
    remove_meter,
    replace_meter,
    verify_meter,
)
from accounts.operations.reading_batches import ReadingItem, reject_readings, submit_readings
from accounts.operations.readings import (
    ReadingDoubtful,
    ReadingRefused,
    SubmittedReading,
    confirm_reading,
    reject_reading,
    submit_reading,
)
from accounts.operations.registry import (
    AccountRefused,
    Owner,
    allocate_numbers,
    change_area,
    change_delivery,
    change_payer,
    close_account,
    document_code,
    move_out,
    open_account,
    register_ownership,
    settle_resident,
)
from accounts.operations.runs import advance_run, cancel_run, fail_run, finish_run, running, start_run
from accounts.operations.workbooks import ImportRefused, ImportReport, RowVerdict, import_workbook, undo_import

__all__ = [
    "AbsenceRefused",
    "AccountRefused",
    "BankAccountRefused",
    "FirstMeter",
    "Home",
    "ImportRefused",
    "ImportReport",
    "MeterRefused",
    "NewMeter",
    "Owner",
    "ReadingDoubtful",
    "ReadingItem",
    "ReadingRefused",
    "RowVerdict",
    "SubmittedReading",
    "advance_run",
    "allocate_numbers",
    "approve_bank_account",
    "cancel_run",
    "change_area",
    "change_delivery",
    "change_payer",
    "close_account",
    "confirm_reading",
    "document_code",
    "fail_run",
    "finish_run",
    "import_workbook",
    "install_meter",
    "move_out",
    "note",
    "noted",
    "open_account",
    "open_home",
    "propose_bank_account",
    "record_absence",
    "register_ownership",
    "reject_bank_account",
    "reject_reading",
    "reject_readings",
    "remove_meter",
    "replace_meter",
    "running",
    "settle_resident",
    "start_run",
    "submit_reading",
    "submit_readings",
    "touch",
    "touch_premises",
    "undo_import",
    "verify_meter",
    "withdraw_absence",
]  # fmt: skip
