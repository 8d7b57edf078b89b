"""Приборы учёта: meters of own houses. Передача показаний: the file downloaded, filled in, judged, taken, undone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.errors import Refusal
from accounts.queries import AgencyContract
from portals import access, asked, tasks
from portals.models import ReportJob
from portals.models.reports import Face, JobState
from portals.office import drafts
from portals.operations import reading_files
from portals.principal import meters, queries
from portals.principal.views import uploads
from portals.principal.views.books import PER_PAGE, Scope, excel
from portals.principal.views.rooms import action, contract_of, page, tell, worker
from portals.reports import jobs, reading_checks

SLOT = "reading_file"
SHOWN = 300  # rows of the verdict on a page: those to mend stand first


class MeterFilter(forms.Form):
    use_required_attribute = False
    text = forms.CharField(label="Номер прибора, счёта или квартира", required=False, max_length=50)
    house = forms.ChoiceField(label="Дом", required=False)
    resource = forms.ChoiceField(label="Ресурс", required=False)
    state = forms.ChoiceField(label="Что с ним", required=False, choices=[("", "Все"), *meters.STATES.items()])


@page
def meters_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Meters of the own houses that measure what is supplied there."""
    today = timezone.localdate()
    own = access.supplied_meters_for(request.user, scope.ids)
    form = MeterFilter(request.GET)
    houses = list(meters.houses(own))
    choices = {"house": [("", "Все дома"), *((str(one.pk), str(one)) for one in houses)],
               "resource": [("", "Все"), *((str(code), name) for code, name in meters.resources(own))]}  # fmt: skip
    for name, values in choices.items():
        field = form.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = values
    told = form.cleaned_data if form.is_valid() else {}
    found = meters.chosen(
        own, today=today, house=asked.number(told.get("house") or ""),
        resource=asked.number(told.get("resource") or ""),
        state=told.get("state") or "", text=" ".join((told.get("text") or "").split()),
    )  # fmt: skip
    pages = Paginator(found, PER_PAGE)
    shown = pages.get_page(asked.page(request))
    context = {
        "tab": "meters", "scope": scope, "form": form, "sums": meters.sums(own, today=today), "page": shown,
        "rows": meters.lines(list(shown.object_list), today=today),
        "elided": list(pages.get_elided_page_range(shown.number)),
        "states": meters.STATES,
    }  # fmt: skip
    return render(request, "principal/meters.html", context)


@page
def meter(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """One meter: its card and the history of its readings."""
    row = access.get_supplied_meter_for(request.user, pk)
    today = timezone.localdate()
    context = {
        "tab": "meters", "scope": scope, "meter": row, "line": meters.lines([row], today=today)[0],
        "history": meters.history(row), "states": meters.STATES,
    }  # fmt: skip
    return render(request, "principal/meter.html", context)


# --- readings by file ------------------------------------------------------------------------------------------------


FILE_FORM = partial(
    uploads.UploadForm, label="Заполненный файл, xlsx", accept=".xlsx", too_large="Разделите его по домам."
)


def load(
    request: HttpRequest, contract: AgencyContract, kept: drafts.Kept, *, dry_run: bool
) -> reading_files.Taken:  # fmt: skip
    return reading_files.load_readings(
        name=kept.name, content=kept.content, contract=contract, by=worker(request), today=timezone.localdate(),
        meters=access.supplied_meters_for(request.user, [contract.pk]), at=timezone.now(), dry_run=dry_run,
    )  # fmt: skip


def address(contract: AgencyContract) -> str:
    return f"{reverse('principal:readings')}?contract={contract.pk}"


@page
def readings(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The verdict on every row first; then the same file is taken in. A large one is judged in the background."""
    contract = contract_of(scope)
    if request.method == "POST" and "token" not in request.POST:
        form = FILE_FORM(request.POST, request.FILES)
        if form.is_valid() and form.cleaned_data["file"].size > reading_checks.AT_ONCE:
            file = form.cleaned_data["file"]
            return ordered(request, contract, lambda: jobs.order_check(
                user=worker(request), contract_id=contract.pk, name=file.name, content=file.read(), at=timezone.now(),
                on=timezone.localdate(),
            ))  # fmt: skip
    upload = uploads.uploaded(
        request, contract, FILE_FORM, slot=SLOT,
        load=lambda kept, is_dry: load(request, contract, kept, dry_run=is_dry),
        said=lambda taken: f"Принято строк: {taken.good}. Отклонено: {taken.bad}.",
    )  # fmt: skip
    if upload is None:
        return redirect(address(contract))
    taken = upload.found
    if taken and taken.bad_rows:
        keep_bad_rows(request, taken.bad_rows)
    rows = sorted(taken.verdicts, key=lambda row: (row.is_good, row.line))[:SHOWN] if taken else []
    own = access.supplied_meters_for(request.user, [contract.pk])
    week_ago = timezone.now() - jobs.KEPT
    context = {
        "tab": "readings", "scope": scope, "contract": contract, "form": upload.form,
        "checks": jobs.checks_of(worker(request), contract.pk, since=week_ago), "taken": taken, "rows": rows,
        "token": upload.token if taken and taken.good else "", "action": address(contract),
        "houses": list(meters.houses(own)), "files": queries.reading_files([contract.pk]),
        "sums": meters.sums(own, today=timezone.localdate()),
    }  # fmt: skip
    return render(request, "principal/readings.html", context, status=upload.status)


def ordered(request: HttpRequest, contract: AgencyContract, order: Callable[[], ReportJob]) -> HttpResponse:
    """The file goes to the queue, the person to the page that shows how far it is."""
    try:
        job = order()
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect(address(contract))
    tasks.make_report_file.delay_on_commit(job_id=job.pk)  # type: ignore[attr-defined]  # Celery's Django task
    return redirect("principal:readings-check", key=job.key)


@page
def check(request: HttpRequest, scope: Scope, key: UUID) -> HttpResponse:
    """A large file in the background: how far it is, then the verdict on its rows and the button that takes it in."""
    job = access.only(jobs.own_files(worker(request), Face.SUPPLIER), key=key)
    contract = next((one for one in scope.all if reading_checks.is_of(job, one.pk)), None)
    if contract is None:
        raise Http404("Не найдено.")
    if request.method == "POST" and request.POST.get("action") == "cancel":
        jobs.cancel(user=worker(request), key=job.key)
        messages.success(request, "Отменено. Из файла ничего не записано.")
        return redirect(address(contract))
    if request.method == "POST":
        return ordered(
            request, contract, lambda: jobs.order_taking(user=worker(request), job=job, at=timezone.now())
        )  # fmt: skip
    context = {
        "tab": "readings", "scope": scope, "contract": contract, "check": reading_checks.check_of(job), "job": job,
        "is_busy": job.state in jobs.UNFINISHED, "action": address(contract),
        "is_stuck": job.state == JobState.WAITING and job.created_at < timezone.now() - jobs.SLOW,
        "is_kept": job.state == JobState.DONE and jobs.path_of(job).exists(),
    }  # fmt: skip
    name = "principal/_check.html" if request.htmx else "principal/check.html"  # type: ignore[attr-defined]
    return render(request, name, context)


def keep_bad_rows(request: HttpRequest, content: bytes) -> None:
    """For half an hour, for this session only."""
    if not request.session.session_key:
        request.session.save()
    cache.set(f"supplier.bad_readings.{request.session.session_key}", content, drafts.HALF_AN_HOUR)


@page
def bad_rows(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The refused rows of the last file with their reasons."""
    content = cache.get(f"supplier.bad_readings.{request.session.session_key}")
    if content is None:
        raise Http404("Файла уже нет: загрузите показания снова.")
    return excel("otklonennye-pokazaniya", content)


@page
def to_fill(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The meters with their last values, to be filled in: of all houses or of one."""
    contract = contract_of(scope)
    house = asked.number(request.GET.get("house", ""))
    if house is not None:
        access.get_supplied_house_for(request.user, house)
    own = access.supplied_meters_for(request.user, [contract.pk])
    content = meters.file_to_fill(own, house=house, today=timezone.localdate())
    return excel(f"pokazaniya-{timezone.localdate():%Y-%m}", content)


@action
def undo(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """A whole file of readings taken back."""
    file = access.get_reading_file_for(request.user, pk)

    def done() -> str:
        count = reading_files.undo_readings(
            file_id=file.pk, by=worker(request), at=timezone.now(), today=timezone.localdate()
        )
        return f"Файл «{file.name}» отменён, приборов: {count}. Действуют прежние показания."

    tell(request, done)
    return redirect(address(file.contract))
