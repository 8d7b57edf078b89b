"""Who may see what from outside, and the reports that people keep."""

from portals.models.links import AccountLink, PrincipalRole, PrincipalUser
from portals.models.reports import HouseSum, ReportJob, ReportSchedule, SavedReport, SumSource, SumState

__all__ = [
    "AccountLink", "HouseSum", "PrincipalRole", "PrincipalUser", "ReportJob", "ReportSchedule", "SavedReport",
    "SumSource", "SumState",
]  # fmt: skip
