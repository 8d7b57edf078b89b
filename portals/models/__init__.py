"""Who may see what from outside, and the reports that people keep."""

from portals.models.links import AccountLink, PrincipalRole, PrincipalUser
from portals.models.reports import ReportJob, ReportSchedule, SavedReport

__all__ = ["AccountLink", "PrincipalRole", "PrincipalUser", "ReportJob", "ReportSchedule", "SavedReport"]
