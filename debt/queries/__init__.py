"""What is late, by how much, and why: the law of penalties, the open items over time, the sheet. Only reads."""

from debt.queries.ages import ages, ages_by
from debt.queries.items import LONG_AGO, Earlier, OpenDebts, accruals, concerned, law_digest, open_debts, penalties_due
from debt.queries.law import CAP, CAPPED, DUE_DAY, FIXED, KEY_RATE, law, warning_of_cap
from debt.queries.nights import (
    Ground,
    accruals_of,
    astray,
    blocks_of,
    book_of,
    earlier,
    foreseen,
    ground,
    lines_due,
    unforeseen,
    with_accruals,
    with_news,
)
from debt.queries.sheet import (
    NoSuchAccount,
    PenaltySheet,
    PrintedDebt,
    PrintedSheet,
    SheetDebt,
    SheetRow,
    explain,
    explain_penalties,
    explain_penalty,
    penalty_sheet,
    printed_sheet,
    roubles,
)

__all__ = [
    "CAP", "CAPPED", "DUE_DAY", "FIXED", "KEY_RATE", "LONG_AGO", "Earlier", "Ground", "NoSuchAccount", "OpenDebts",
    "PenaltySheet", "PrintedDebt", "PrintedSheet", "SheetDebt", "SheetRow", "accruals", "accruals_of", "ages",
    "ages_by", "astray", "blocks_of", "book_of", "concerned", "earlier", "explain", "explain_penalties",
    "explain_penalty", "foreseen", "ground", "law", "law_digest", "lines_due", "open_debts", "penalties_due",
    "penalty_sheet", "printed_sheet", "roubles", "unforeseen", "warning_of_cap", "with_accruals", "with_news",
]  # fmt: skip
