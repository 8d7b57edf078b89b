"""The sheet on paper."""

from __future__ import annotations

from datetime import date

from accounts import files
from debt import queries


def print_sheet(*, account_id: int, on: date) -> bytes:
    """Расчёт пени of an account accrued to `on` inclusive, as a PDF. Raises NoSuchAccount, LawMissing."""
    sheet = queries.penalty_sheet(account_id=account_id, on=on)
    return files.pdf("debt/penalty_sheet.html", {"sheet": queries.printed_sheet(sheet)})
