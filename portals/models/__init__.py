"""Who may see what from outside, and the reports that people keep."""

from portals.models.company import PrincipalInvitation
from portals.models.disputes import Dispute, DisputeState, FigureKind, ReadingFile
from portals.models.links import AccountLink, Invitation, PrincipalRole, PrincipalUser
from portals.models.reports import HouseSum, ReportJob, ReportSchedule, SavedReport, SumSource, SumState

__all__ = [
    "AccountLink", "Dispute", "DisputeState", "FigureKind", "HouseSum", "Invitation", "PrincipalInvitation",
    "PrincipalRole", "PrincipalUser", "ReadingFile", "ReportJob", "ReportSchedule", "SavedReport", "SumSource",
    "SumState",
]  # fmt: skip
