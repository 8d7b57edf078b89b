"""What changes debts: penalties are drafted for the open month."""

from debt.operations.nights import (
    KIND,
    PenaltiesRefused,
    PenaltySummary,
    bill_next_block,
    charge_penalties,
    reference_of,
    take_blocks,
)
from debt.operations.sheet import print_sheet

__all__ = [
    "KIND", "PenaltiesRefused", "PenaltySummary", "bill_next_block", "charge_penalties", "print_sheet", "reference_of",
    "take_blocks",
]  # fmt: skip
