"""Who may see what from outside, and the reports that people keep."""

from portals.models.appeals import (
    OPEN,
    Appeal,
    AppealChannel,
    AppealFile,
    AppealMessage,
    AppealState,
    AppealTerm,
    Topic,
)
from portals.models.certificates import Certificate, CertificateKind
from portals.models.company import PrincipalInvitation
from portals.models.disputes import Dispute, DisputeState, FigureKind, ReadingFile
from portals.models.links import AccountLink, Invitation, PrincipalRole, PrincipalUser
from portals.models.notices import OF_ACCOUNT, HouseWork, Notice, NoticeKind, NoticeWish
from portals.models.reports import HouseSum, ReportJob, ReportSchedule, SavedReport, SumSource, SumState
from portals.models.tokens import AccessKey, KeyAnswer, KeyFace

__all__ = [
    "OF_ACCOUNT",
    "OPEN",
    "AccessKey",
    "AccountLink",
    "Appeal",
    "AppealChannel",
    "AppealFile",
    "AppealMessage",
    "AppealState",
    "AppealTerm",
    "Certificate",
    "CertificateKind",
    "Dispute",
    "DisputeState",
    "FigureKind",
    "HouseSum",
    "HouseWork",
    "Invitation",
    "KeyAnswer",
    "KeyFace",
    "Notice",
    "NoticeKind",
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
