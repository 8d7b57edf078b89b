"""What changes the floor: one verb, one transaction, one line of the journal."""

from accounts.operations.journal import note, noted, touch, touch_premises
from accounts.operations.readings import (
    ReadingDoubtful,
    ReadingRefused,
    SubmittedReading,
    confirm_reading,
    reject_reading,
    submit_reading,
)
from accounts.operations.runs import advance_run, cancel_run, fail_run, finish_run, running, start_run

__all__ = [
    "ReadingDoubtful", "ReadingRefused", "SubmittedReading", "advance_run", "cancel_run", "confirm_reading",
    "fail_run", "finish_run", "note", "noted", "reject_reading", "running", "start_run", "submit_reading", "touch",
    "touch_premises",
]  # fmt: skip
