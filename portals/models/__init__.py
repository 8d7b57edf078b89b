"""Who may see what from outside, and the reports that people keep."""

from portals.models.appeals import (
    OPEN,
    Appeal,
    AppealFile,
    AppealMessage,
    AppealState,
    AppealTerm,
    Topic,
)
from portals.models.company import PrincipalInvitation
from portals.models.disputes import Dispute, DisputeState, FigureKind, ReadingFile
from portals.models.links import AccountLink, Invitation, PrincipalRole, PrincipalUser
from portals.models.notices import Notice, NoticeKind, NoticeMark, NoticeWish
from portals.models.reports import HouseSum, ReportJob, ReportSchedule, SavedReport, SumSource, SumState

__all__ = [
    "OPEN",
    "AccountLink",
    "Appeal",
    "AppealFile",
    "AppealMessage",
    "AppealState",
    "AppealTerm",
    "Dispute",
    "DisputeState",
    "FigureKind",
    "HouseSum",
    "Invitation",
    "Notice",
    "NoticeKind",
    "NoticeMark",
    "NoticeWish",
    "PrincipalInvitation",
    "PrincipalRole",
    "PrincipalUser",
    "ReadingFile",
    "ReportJob",
    "ReportSchedule",
    "SavedReport",
    "SumSource",
    "SumState",
    "Topic",
]  # fmt: skip
