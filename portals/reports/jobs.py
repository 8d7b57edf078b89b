"""Reports kept, made into files in the background, sent regularly. Each step is safe to repeat after a kill."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import get_default_timezone

import accounts.operations
from accounts.errors import Refusal
from accounts.queries import User
from portals.models import ReportJob, ReportSchedule, SavedReport
from portals.models.reports import Every, Face, JobState
from portals.reports import closing_set, faces, reading_checks, sheets, tables
from portals.reports.tables import What

logger = logging.getLogger(__name__)

KEPT = timedelta(days=7)
SILENT = timedelta(minutes=10)  # a job that said nothing for so long was killed, and is begun anew
SLOW = timedelta(minutes=1)  # a worker takes a job within seconds: where none did for so long, there may be none
AT_ONCE = 20_000  # lines: fewer are made while the person waits
MOST_WAITING = 5  # files of one person in the making
MOST_RECIPIENTS = 20
ATTACHED = 10 * 1024 * 1024  # bytes: larger files are fetched by the link
UNFINISHED = (JobState.WAITING, JobState.RUNNING)


class Cancelled(Exception):
    """The owner does not want the file any more."""


# --- kept definitions ------------------------------------------------------------------------------------------------


def reports_of(user: User, face: str) -> QuerySet[SavedReport]:
    """The reports that this person keeps there."""
    return SavedReport.objects.filter(user=user, face=face).order_by("title").prefetch_related("schedules")


@transaction.atomic
def save_report(*, user: User, face: str, title: str, what: What) -> SavedReport:
    """Keep the definition under the title; the same title again replaces it. Refuses a title that is empty or long."""
    title = " ".join(title.split())
    if not title or len(title) > 120:
        raise Refusal("Назовите отчёт: от 1 до 120 знаков.")
    found, is_new = SavedReport.objects.update_or_create(
        user=user, face=face, title=title, defaults={"definition": what.stored()}
    )
    accounts.operations.note("portals.report.saved", by=user, title=title, initial=is_new)
    return found


@transaction.atomic
def delete_report(*, user: User, report: SavedReport) -> None:
    """Forget the report and its schedules; files made by them stay until their day."""
    accounts.operations.note("portals.report.deleted", by=user, title=report.title)
    report.delete()


def addresses(text: str) -> list[str]:
    """E-mail addresses of a line: separated by commas, semicolons or spaces. Refuses what is no address."""
    found = list(dict.fromkeys(text.replace(",", " ").replace(";", " ").split()))
    for email in found:
        try:
            validate_email(email)
        except ValidationError:
            raise Refusal(f"«{email[:60]}» не похоже на адрес почты. Исправьте его.") from None
    if not found:
        raise Refusal("Укажите хотя бы один адрес почты.")
    if len(found) > MOST_RECIPIENTS:
        raise Refusal(f"Адресов до {MOST_RECIPIENTS}.")
    return found


@transaction.atomic
def schedule_report(
    *, user: User, report: SavedReport, every: str, on_day: int, form: str, recipients: Iterable[str], today: date
) -> ReportSchedule:
    """Send the report regularly, first on the next due day. Only to people who may see the same figures themselves."""
    told = list(recipients)
    strangers = faces.strangers(user, report.face, told)
    if strangers:
        raise Refusal(
            f"{', '.join(strangers)}: у этих адресов нет доступа к таким отчётам, им не отправляем. Дайте людям доступ "
            "или уберите адреса."
        )
    if every not in Every.values or form not in sheets.WRITERS or not 1 <= on_day <= 28:
        raise Refusal("Выберите, как часто отправлять, число месяца от 1 до 28 и вид файла.")
    report.schedules.all().delete()
    made = ReportSchedule.objects.create(
        report=report, every=every, on_day=on_day, form=form, recipients=told, last_due_on=today
    )
    accounts.operations.note("portals.report.scheduled", by=user, title=report.title, every=made.get_every_display())
    return made


@transaction.atomic
def stop_schedule(*, user: User, report: SavedReport) -> None:
    """Send it no more."""
    if report.schedules.filter(is_active=True).update(is_active=False):
        accounts.operations.note("portals.report.unscheduled", by=user, title=report.title)


# --- files -----------------------------------------------------------------------------------------------------------


def folder() -> Path:
    found = Path(settings.MEDIA_ROOT) / "reports"
    found.mkdir(parents=True, exist_ok=True)
    return found


def path_of(job: ReportJob) -> Path:
    return folder() / f"{job.key}.{job.form}"


def own_files(user: User, face: str) -> QuerySet[ReportJob]:
    """The person's files there, in whatever state."""
    return ReportJob.objects.filter(user=user, face=face)


def files_of(user: User, face: str, limit: int = 50) -> list[ReportJob]:
    """The person's files, newest first."""
    return list(own_files(user, face).order_by("-created_at", "-pk")[:limit])


def has_files(user: User, face: str) -> bool:
    """Has the person files there that were not cancelled?"""
    return ReportJob.objects.filter(user=user, face=face).exclude(state=JobState.CANCELLED).exists()


def ready_files(user: User, face: str) -> QuerySet[ReportJob]:
    """The person's files that are made."""
    return ReportJob.objects.filter(user=user, face=face, state=JobState.DONE)


@transaction.atomic
def order_file(
    *, user: User, face: str, what: What | dict[str, Any], form: str, at: datetime, title: str = "",
    schedule: ReportSchedule | None = None, due_on: date | None = None,
) -> ReportJob:  # fmt: skip
    """Put the file of a report into the queue. The same report pressed twice is one file.

    what: the report, or what a closing set stores under its `title`.
    """
    waiting = ReportJob.objects.filter(user=user, face=face, state__in=UNFINISHED)
    stored = what if isinstance(what, dict) else what.stored()
    name = title or (what.title if isinstance(what, What) else "")
    if schedule is None:
        User.objects.select_for_update().get(pk=user.pk)  # two presses come one after another
        for job in waiting:
            if job.definition == stored and job.form == form and job.title == name[:160]:
                return job
        if waiting.count() >= MOST_WAITING:
            raise Refusal(f"Уже собирается файлов: {MOST_WAITING}. Дождитесь их или отмените лишние.")
    job = ReportJob.objects.create(
        user=user, face=face, title=name[:160], definition=stored, form=form, created_at=at, schedule=schedule,
        due_on=due_on,
    )  # fmt: skip
    return job


def order_check(
    *, user: User, contract_id: int, name: str, content: bytes, at: datetime, on: date, is_dry: bool = True
) -> ReportJob:  # fmt: skip
    """Put the check of a file of readings into the queue, or its taking in; it waits beside the files of reports."""
    told = reading_checks.stored(contract_id=contract_id, name=name, content=content, on=on, is_dry=is_dry)
    reading_checks.sent_path(folder(), told).write_bytes(content)
    return order_file(
        user=user, face=Face.SUPPLIER, what=told, form="xlsx", at=at, title=reading_checks.title_of(told)
    )  # fmt: skip


def order_taking(*, user: User, job: ReportJob, at: datetime) -> ReportJob:
    """Put the file of a check that is done into the queue again: now it is taken in."""
    told = reading_checks.to_take(job)
    return order_file(
        user=user, face=Face.SUPPLIER, what=told, form="xlsx", at=at, title=reading_checks.title_of(told)
    )  # fmt: skip


def checks_of(user: User, contract_id: int, *, since: datetime) -> list[ReportJob]:
    """The person's jobs of files of readings under the contract, the latest first."""
    rows = own_files(user, Face.SUPPLIER).filter(created_at__gte=since, definition__readings__contract=contract_id)
    return list(rows.exclude(state=JobState.CANCELLED).order_by("-created_at", "-pk")[:5])


def cancel(*, user: User, key: UUID) -> None:
    """Stop making the file; one that is ready stays. Safe to repeat."""
    ReportJob.objects.filter(user=user, key=key, state__in=UNFINISHED).update(state=JobState.CANCELLED)


def take(*, at: datetime, job_id: int | None = None) -> ReportJob | None:
    """The next waiting job, or this one, for the worker that asks; one that was killed waits again."""
    with transaction.atomic():
        silent = Q(state=JobState.RUNNING) & Q(alive_at__lt=at - SILENT)
        rows = ReportJob.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            Q(state=JobState.WAITING) | silent
        )
        if job_id is not None:
            rows = rows.filter(pk=job_id)
        job = rows.order_by("created_at", "pk").first()
        if job is None:
            return None
        job.state, job.started_at, job.alive_at, job.done = JobState.RUNNING, at, at, 0
        job.save(update_fields=["state", "started_at", "alive_at", "done"])
        return job


@contextmanager
def apart() -> Iterator[Callable[[Callable[[], int]], int]]:
    """Do small writes outside the transaction that the caller is in: in a thread with a connection of its own."""

    def closed() -> None:
        connection.close()

    with ThreadPoolExecutor(max_workers=1) as pool:
        try:
            yield lambda write: pool.submit(write).result()
        finally:
            pool.submit(closed).result()


def take_readings(*, job: ReportJob, user: User, clock: Any) -> None:
    """Judge a file of readings or take it in, all of it in one transaction; a cancelled one leaves nothing behind.

    Progress is told apart from it: else nobody would see it before the end. Raises Refusal, Cancelled.
    """
    path = path_of(job)
    standing = ReportJob.objects.filter(pk=job.pk, state=JobState.RUNNING)
    with apart() as write:

        def tell(**facts: int) -> None:
            if not write(lambda: standing.update(alive_at=clock(), **facts)):
                raise Cancelled

        with transaction.atomic():
            rows, told = reading_checks.run(
                path, job.definition, by=user, at=clock(), counted=lambda many: tell(total=many),
                progress=lambda done: tell(done=done),
            )  # fmt: skip
            if not _finish(
                job, JobState.DONE, at=clock(), done=rows, total=rows, size=path.stat().st_size,
                expires_on=clock().date() + KEPT, definition=told,
            ):  # fmt: skip
                raise Cancelled


def make_file(*, job: ReportJob, clock: Any) -> None:
    """Make the file of a job that was taken. Whose rows it holds is decided now, not when it was ordered.

    clock: gives the moment; every some thousand rows the job says that it is alive and asks whether it is still wanted.
    """
    path = path_of(job)

    def progress(done: int) -> None:
        alive = ReportJob.objects.filter(pk=job.pk, state=JobState.RUNNING)
        if not alive.update(done=done, alive_at=clock()):
            raise Cancelled

    today = clock().date()
    try:
        user = User.objects.get(pk=job.user_id)
        scope = faces.scope_of(user, job.face)
        if scope is None:
            raise Refusal("Доступа к этим отчётам больше нет.")
        if reading_checks.KEY in job.definition:
            take_readings(job=job, user=user, clock=clock)
            return
        owner = faces.owner_of(user, job.face)
        if closing_set.KEY in job.definition:
            ReportJob.objects.filter(pk=job.pk).update(total=closing_set.count(job.definition))
            scope = closing_set.within(scope, job.definition)
            rows = closing_set.write(path, job.definition, scope, owner=owner, today=today, progress=progress)
        else:
            what = tables.of_stored(job.title, job.definition, today=today)
            ReportJob.objects.filter(pk=job.pk).update(total=tables.count(what, scope, patience=None))
            made = tables.table(what, scope, owner=owner, made_on=today)
            rows = sheets.write(path, job.form, made, progress)
    except Cancelled:
        path.unlink(missing_ok=True)
        return
    except Refusal as refusal:
        path.unlink(missing_ok=True)
        _finish(job, JobState.FAILED, at=clock(), message=str(refusal)[:500])
        return
    except Exception:
        path.unlink(missing_ok=True)
        _finish(job, JobState.FAILED, at=clock(), message="Сбой при сборке файла. Повторите; мы о нём уже знаем.")
        raise
    with transaction.atomic():
        finished = _finish(
            job, JobState.DONE, at=clock(), done=rows, total=rows, size=path.stat().st_size, expires_on=today + KEPT
        )
        if finished:
            note_export(user=user, title=job.title, rows=rows, form=job.form)
    if not finished:
        path.unlink(missing_ok=True)


def _finish(job: ReportJob, state: str, *, at: datetime, **facts: Any) -> bool:
    """Does the job end so? Not if its owner cancelled it meanwhile."""
    rows = ReportJob.objects.filter(pk=job.pk, state=JobState.RUNNING)
    return bool(rows.update(state=state, finished_at=at, **facts))


def note_export(*, user: User, title: str, rows: int, form: str) -> None:
    """The journal's line of a file, made at once or by a job: rows of the books leave the house."""
    accounts.operations.note("portals.report.exported", by=user, title=title, rows=rows, form=form)


def purge(*, today: date) -> int:
    """Remove files whose days are over; how many."""
    rows = list(ReportJob.objects.filter(state=JobState.DONE, expires_on__lt=today))
    for job in rows:
        path_of(job).unlink(missing_ok=True)
    for path in folder().glob("sent-*.xlsx"):
        if datetime.fromtimestamp(path.stat().st_mtime, tz=get_default_timezone()).date() < today - KEPT:
            path.unlink(missing_ok=True)
    ReportJob.objects.filter(expires_on__lt=today - 8 * KEPT).delete()
    return len(rows)


# --- schedules -------------------------------------------------------------------------------------------------------


def last_due(schedule: ReportSchedule, today: date) -> date:
    """The latest day up to today on which the schedule falls due."""
    if schedule.every == Every.WEEK:
        return today - timedelta(days=today.weekday())
    if schedule.every == Every.MONTH:
        this = today.replace(day=schedule.on_day)
        return this if this <= today else (today.replace(day=1) - timedelta(days=1)).replace(day=schedule.on_day)
    return today


def order_due(*, at: datetime, today: date) -> int:
    """Order the files of schedules that fell due; each once a day, whenever this runs. How many."""
    ordered = 0
    rows = ReportSchedule.objects.filter(is_active=True).select_related("report__user").order_by("pk")
    for schedule in rows:
        due = last_due(schedule, today)
        if schedule.last_due_on is not None and schedule.last_due_on >= due:
            continue
        report = schedule.report
        try:
            with transaction.atomic():
                what = tables.of_stored(report.title, report.definition, today=today)
                order_file(
                    user=report.user, face=report.face, what=what, form=schedule.form, at=at, schedule=schedule,
                    due_on=due,
                )  # fmt: skip
                ReportSchedule.objects.filter(pk=schedule.pk).update(last_due_on=due, trouble="")
                ordered += 1
        except Refusal as refusal:
            ReportSchedule.objects.filter(pk=schedule.pk).update(last_due_on=due, trouble=str(refusal)[:255])
        except IntegrityError:  # another worker ordered it at the same moment
            continue
    return ordered


def unsent() -> list[ReportJob]:
    """Files of schedules that are ready and have not gone."""
    rows = ReportJob.objects.filter(state__in=(JobState.DONE, JobState.FAILED), sent_at=None, schedule__isnull=False)
    return list(rows.select_related("schedule__report__user").order_by("pk"))


def send(*, job: ReportJob, at: datetime) -> None:
    """Mail a schedule's file to those who may still see such figures; a file that was not made stops the schedule.

    Marked as sent before it goes: rather a letter lost with the mail server than one sent every minute.
    """
    schedule = job.schedule
    assert schedule is not None
    if not ReportJob.objects.filter(pk=job.pk, sent_at=None).update(sent_at=at):
        return
    if job.state == JobState.FAILED:
        ReportSchedule.objects.filter(pk=schedule.pk).update(trouble=job.message[:255])
        return
    strangers = faces.strangers(schedule.report.user, job.face, schedule.recipients)
    told = [email for email in schedule.recipients if email not in strangers]
    if not told:
        ReportSchedule.objects.filter(pk=schedule.pk).update(
            is_active=False, trouble="Ни у одного адресата нет больше доступа: рассылка остановлена."
        )
        return
    size = job.size / 1024 / 1024
    body = [f"Отчёт «{job.title}», строк: {job.done}."]
    letter = EmailMessage(subject=f"Отчёт: {job.title}", bcc=told)
    if job.size <= ATTACHED:
        letter.attach(f"{name_of(job)}", path_of(job).read_bytes(), sheets.MEDIA[job.form])
        body.append("Файл приложен к письму.")
    else:
        body.append(f"Файл большой ({size:.0f} МБ): он лежит в кабинете, раздел «Отчёты», «Файлы».")
    body.append(f"Рассылку настроил {schedule.report.user}; отказаться от неё можно там же, в разделе «Отчёты».")
    letter.body = "\n\n".join(body)
    letter.send()
    logger.info("portals.report.sent", extra={"job_id": job.pk, "recipients": len(told)})


def file_name(title: str, day: date, form: str) -> str:
    """What a file is called where it is saved: «оборотная-ведомость-по-домам-2026-11-23.xlsx»."""
    words = "".join(sign if sign.isalnum() else " " for sign in title.lower()).split()
    return f"{'-'.join(words)[:60].strip('-') or 'отчёт'}-{day:%Y-%m-%d}.{form}"


def name_of(job: ReportJob) -> str:
    return file_name(job.title, job.created_at.astimezone(get_default_timezone()).date(), job.form)
