"""Large files of readings, judged and taken in by the queue that makes the files of reports: progress, cancel, result.

Two jobs of one file: the first tells what would become of each row, the second takes the good ones in. The file that
each of them makes holds the refused rows with their reasons, ready to be mended and sent again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from accounts import files
from accounts.errors import Refusal
from accounts.queries import User
from portals import access, reading_sheets
from portals.models import ReportJob
from portals.operations import reading_files

KEY = "readings"
AT_ONCE = 400_000  # bytes: some five thousand rows, which are judged while the person waits
SHOWN = 300  # rows of the verdict on a page: those to mend stand first


@dataclass(frozen=True, slots=True)
class Check:
    """What a job of readings is about, and what it has found once it is done."""

    job: ReportJob
    contract_id: int
    name: str
    is_dry_run: bool
    good: int
    bad: int
    verdicts: list[reading_files.RowVerdict]


def stored(*, contract_id: int, name: str, content: bytes, on: date, is_dry: bool = True) -> dict[str, Any]:
    """What the job of a file remembers. on: the day of the rows that name none; is_dry: it is only judged."""
    digest = hashlib.sha256(content).hexdigest()
    told = {"contract": contract_id, "name": name[:255], "digest": digest, "on": on.isoformat(), "is_dry": is_dry}
    return {KEY: told}


def to_take(job: ReportJob) -> dict[str, Any]:
    """The check's second half: the same file taken in. Refuses what has found no good row."""
    told = job.definition[KEY]
    if not told.get("good"):
        raise Refusal("В файле нет ни одной годной строки. Исправьте её и загрузите снова.")
    return {KEY: {name: told[name] for name in ("contract", "name", "digest", "on")} | {"is_dry": False}}


def title_of(told: dict[str, Any]) -> str:
    return f"{'Проверка' if told[KEY]['is_dry'] else 'Загрузка'} показаний: {told[KEY]['name']}"[:160]


def is_of(job: ReportJob, contract_id: int) -> bool:
    """Is the job of a file of this contract's readings?"""
    return bool(job.definition.get(KEY, {}).get("contract") == contract_id)


def sent_path(folder: Path, told: dict[str, Any]) -> Path:
    """Where the file that was sent waits."""
    return folder / f"sent-{told[KEY]['contract']}-{told[KEY]['digest']}.xlsx"


def check_of(job: ReportJob) -> Check:
    """The job as its page shows it."""
    told = job.definition[KEY]
    rows = [reading_files.RowVerdict(line, account, serial, None, is_good, text)
            for line, account, serial, is_good, text in told.get("rows", [])]  # fmt: skip
    return Check(
        job, told["contract"], told["name"], told["is_dry"], told.get("good", 0), told.get("bad", 0), rows
    )  # fmt: skip


def run(
    path: Path, told: dict[str, Any], *, by: User, at: datetime, counted: Callable[[int], None],
    progress: Callable[[int], None],
) -> tuple[int, dict[str, Any]]:  # fmt: skip
    """Judge the file, or take it in; write the refused rows to `path`. How many rows, and what is to be remembered.

    Whose meters may be written to is decided now, not when the file was sent. Raises Refusal.
    """
    facts = told[KEY]
    contract = access.contracts_for(by).filter(pk=facts["contract"]).first()
    if contract is None:
        raise Refusal("Доступа к этому договору больше нет.")
    sent = sent_path(path.parent, told)
    if not sent.exists():
        raise Refusal("Файл хранится семь дней, и они прошли. Загрузите его снова.")
    taken = reading_files.load_readings(
        name=facts["name"], content=sent.read_bytes(), contract=contract, by=by,
        meters=access.supplied_meters_for(by, [contract.pk]), today=date.fromisoformat(facts["on"]), at=at,
        dry_run=facts["is_dry"], counted=counted, progress=progress,
    )  # fmt: skip
    path.write_bytes(taken.bad_rows or files.xlsx({"Показания": []}, headers={"Показания": reading_sheets.COLUMNS}))
    shown = sorted(taken.verdicts, key=lambda row: (row.is_good, row.line))[:SHOWN]
    rows = [[row.line, row.account, row.serial, row.is_good, row.text] for row in shown]
    return len(taken.verdicts), {KEY: {**facts, "good": taken.good, "bad": taken.bad, "rows": rows}}
