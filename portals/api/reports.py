"""Reports for programs: the catalogue, any grouping, reports that are kept, their letters, their files."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.http import FileResponse, Http404, QueryDict
from django.utils import timezone
from django.utils.timezone import localdate
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portals import access, tasks
from portals.api import shapes
from portals.api.company import BIGGEST, DONE, facts_of, said
from portals.api.entry import SupplierView
from portals.api.figures import ORDERED, ReportFile
from portals.api.resident import REPEATED
from portals.api.supplier import PER_PAGE, contracts
from portals.models import SavedReport
from portals.models.reports import Every, Face, FileForm
from portals.reports import choosing, faces, jobs, ready, sheets, tables
from portals.reports.compiler import Scope
from portals.reports.tables import What
from portals.reports.vocabulary import DIMENSIONS, MEASURES


class ReportName(serializers.Serializer[Any]):
    code = serializers.CharField()
    title = serializers.CharField()
    about = serializers.CharField()
    group = serializers.CharField()


class ReportField(serializers.Serializer[Any]):
    """A grouping (rows, columns, f.…) or a measure."""

    code = serializers.CharField()
    title = serializers.CharField()
    is_measure = serializers.BooleanField()


class ReportData(serializers.Serializer[Any]):
    """A page of a report: headings, rows of the same length, how many rows there are in all."""

    title = serializers.CharField()
    notes = serializers.ListField(child=serializers.CharField())
    columns = serializers.ListField(child=serializers.CharField())
    count = serializers.IntegerField()
    rows = serializers.ListField(child=serializers.ListField(child=serializers.CharField(allow_null=True)))


def cell_text(cell: Any) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)


class ReportView(SupplierView):
    """What all reports stand on: whose rows they show, and which is meant."""

    def scope(self, request: Request) -> Scope:
        return Scope.of([one.pk for one in contracts(request)])

    def what(self, request: Request, query: QueryDict, *, code: str = "", pk: int | None = None) -> What:
        contracts(request)
        base = choosing.base_of(request.user, Face.SUPPLIER, code, pk, today=localdate())  # type: ignore[arg-type]
        return choosing.what_of(base, query, today=localdate())

    def page(self, request: Request, what: What) -> Response:
        """The page of the report that is asked for; every cell is text, an empty one null."""
        page, scope = shapes.OfReport.of(request)["page"], self.scope(request)
        owner = faces.owner_of(request.user, Face.SUPPLIER)  # type: ignore[arg-type]
        count = tables.count(what, scope)
        table = tables.table(what, scope, owner=owner, made_on=localdate())
        told = {
            "title": table.title,
            "notes": table.notes,
            "columns": [": ".join(filter(None, [column.above, column.title])) for column in table.columns],
            "count": count,
            "rows": [
                [cell_text(cell) for cell in row[: len(table.columns)]]
                for row in islice(table.rows, (page - 1) * PER_PAGE, page * PER_PAGE)
            ],
        }
        return Response(shapes.told(ReportData, told, many=False))


class Reports(ReportView):
    """The catalogue of reports."""

    @extend_schema(operation_id="reports", responses=ReportName(many=True))
    def get(self, request: Request) -> Response:
        contracts(request)
        return Response(shapes.told(ReportName, ready.READY.values()))


class ReportFields(ReportView):
    """What a report may be grouped by and what it may show."""

    @extend_schema(operation_id="report_fields", responses=ReportField(many=True))
    def get(self, request: Request) -> Response:
        contracts(request)
        found = [{"code": one.code, "title": one.title, "is_measure": False} for one in DIMENSIONS.values()]
        found += [{"code": one.code, "title": one.title, "is_measure": True} for one in MEASURES.values()]
        return Response(shapes.told(ReportField, found))


class OneReport(ReportView):
    """The rows of a report, a hundred a page; other groupings, measures and filters as the address asks for them."""

    @extend_schema(operation_id="report", parameters=[shapes.OfReport], responses={200: ReportData, 409: shapes.Detail})
    def get(self, request: Request, code: str) -> Response:
        shapes.OfReport.of(request)
        return self.page(request, self.what(request, request.query_params, code=code))


# --- reports that are kept -------------------------------------------------------------------------------------------


class Schedule(serializers.Serializer[Any]):
    """When and to whom it is sent; only to people who may see the same figures themselves."""

    every = serializers.ChoiceField(choices=Every.choices)
    on_day = serializers.IntegerField(min_value=1, max_value=28, required=False, default=3)
    form = serializers.ChoiceField(choices=FileForm.choices, required=False, default=FileForm.XLSX)
    recipients = serializers.ListField(
        child=serializers.EmailField(), min_length=1, max_length=jobs.MOST_RECIPIENTS, allow_empty=False
    )


class KeptSchedule(Schedule):
    is_active = serializers.BooleanField()
    trouble = serializers.CharField()


class Kept(serializers.Serializer[Any]):
    """A report that the person keeps; query: it as the address of a report."""

    id = serializers.IntegerField(source="pk")
    title = serializers.CharField()
    saved_at = serializers.DateTimeField()
    schedules = KeptSchedule(many=True)


class WhichReport(serializers.Serializer[Any]):
    """`saved`, or a code of the catalogue («own»: only what the query says); query: as in the address of a report."""

    code = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    saved = serializers.IntegerField(min_value=1, max_value=BIGGEST, required=False, default=None, allow_null=True)
    query = serializers.CharField(
        max_length=4000, required=False, default="", allow_blank=True,
        help_text="Например rows=house&measures=paid&first=2026-10&f.service=2.",
    )  # fmt: skip


class NewKept(WhichReport):
    title = serializers.CharField(max_length=120)


class NewFile(WhichReport):
    form = serializers.ChoiceField(choices=FileForm.choices)


class SavedReports(ReportView):
    """Reports that the person keeps; one more is kept, under a title that was there it takes its place."""

    @extend_schema(operation_id="saved_reports", responses=Kept(many=True))
    def get(self, request: Request) -> Response:
        contracts(request)
        return Response(shapes.told(Kept, jobs.reports_of(request.user, Face.SUPPLIER)))  # type: ignore[arg-type]

    @extend_schema(
        operation_id="report_save", parameters=[REPEATED], request=NewKept,
        responses={201: Kept, 200: Kept, 409: shapes.Detail},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        contracts(request)
        sent = facts_of(NewKept, request)
        what = self.what(request, QueryDict(sent["query"]), code=sent["code"], pk=sent["saved"])

        def do() -> dict[str, Any]:
            kept = jobs.save_report(
                user=request.user, face=Face.SUPPLIER, title=sent["title"], what=what,  # type: ignore[arg-type]
            )  # fmt: skip
            return dict(shapes.told(Kept, kept, many=False))

        return self.once(request, sent, do)


class OneSavedReport(ReportView):
    """A kept report: its rows with the months that its period means today; or it is forgotten."""

    @extend_schema(operation_id="saved_report", parameters=[shapes.OfReport],
                   responses={200: ReportData, 409: shapes.Detail})  # fmt: skip
    def get(self, request: Request, pk: int) -> Response:
        shapes.OfReport.of(request)
        return self.page(request, self.what(request, request.query_params, pk=pk))

    @extend_schema(operation_id="saved_report_delete", parameters=[REPEATED], request=None, responses=DONE)
    def delete(self, request: Request, pk: int) -> Response:
        row = kept_of(request, pk)

        def do() -> dict[str, Any]:
            jobs.delete_report(user=request.user, report=row)  # type: ignore[arg-type]
            return said(f"Отчёт «{row.title}» удалён.")

        return self.once(request, {"method": "DELETE"}, do)


def kept_of(request: Request, pk: int) -> SavedReport:
    contracts(request)
    found: SavedReport = access.only(jobs.reports_of(request.user, Face.SUPPLIER), pk=pk)  # type: ignore[arg-type]
    return found


class SavedReportSchedule(ReportView):
    """A kept report is sent by letter, or no more."""

    @extend_schema(operation_id="report_schedule", parameters=[REPEATED], request=Schedule, responses=DONE)
    def put(self, request: Request, pk: int) -> Response:
        row, sent = kept_of(request, pk), facts_of(Schedule, request)

        def do() -> dict[str, Any]:
            made = jobs.schedule_report(
                user=request.user, report=row, today=localdate(), **sent,  # type: ignore[arg-type]
            )  # fmt: skip
            return said(f"Отчёт «{row.title}» будет отправляться: {made.get_every_display()}.")

        return self.once(request, {**sent, "method": "PUT"}, do)

    @extend_schema(operation_id="report_unschedule", parameters=[REPEATED], request=None, responses=DONE)
    def delete(self, request: Request, pk: int) -> Response:
        row = kept_of(request, pk)

        def do() -> dict[str, Any]:
            jobs.stop_schedule(user=request.user, report=row)  # type: ignore[arg-type]
            return said(f"Отчёт «{row.title}» больше не отправляется.")

        return self.once(request, {"method": "DELETE"}, do)


# --- files -----------------------------------------------------------------------------------------------------------


class ReportFiles(ReportView):
    """Files of the person, the latest first; one more is ordered and made in the background."""

    @extend_schema(operation_id="report_files", responses=ReportFile(many=True))
    def get(self, request: Request) -> Response:
        contracts(request)
        return Response(shapes.told(ReportFile, jobs.files_of(request.user, Face.SUPPLIER)))  # type: ignore[arg-type]

    @extend_schema(operation_id="report_file_order", parameters=[REPEATED], request=NewFile, responses=ORDERED)
    def post(self, request: Request) -> Response:
        contracts(request)
        sent = facts_of(NewFile, request)
        what = self.what(request, QueryDict(sent["query"]), code=sent["code"], pk=sent["saved"])

        def do() -> dict[str, Any]:
            job = jobs.order_file(
                user=request.user, face=Face.SUPPLIER, what=what, form=sent["form"],  # type: ignore[arg-type]
                at=timezone.now(),
            )  # fmt: skip
            tasks.make_report_file.delay_on_commit(job_id=job.pk)  # type: ignore[attr-defined]  # Celery's Django task
            return dict(shapes.told(ReportFile, job, many=False))

        return self.once(request, sent, do)


class OneReportFile(ReportView):
    """How far a file is; or it is wanted no more."""

    def job(self, request: Request, key: UUID) -> Any:
        contracts(request)
        return access.only(jobs.own_files(request.user, Face.SUPPLIER), key=key)  # type: ignore[arg-type]

    @extend_schema(operation_id="report_file", responses=ReportFile)
    def get(self, request: Request, key: UUID) -> Response:
        return Response(shapes.told(ReportFile, self.job(request, key), many=False))

    @extend_schema(operation_id="report_file_cancel", parameters=[REPEATED], request=None, responses=DONE)
    def delete(self, request: Request, key: UUID) -> Response:
        job = self.job(request, key)

        def do() -> dict[str, Any]:
            jobs.cancel(user=request.user, key=job.key)  # type: ignore[arg-type]
            return said(f"Файл «{job.title}» больше не собирается.")

        return self.once(request, {"method": "DELETE"}, do)


class ReportFileContent(ReportView):
    """A file that is made."""

    @extend_schema(
        operation_id="report_file_content", responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, key: UUID) -> FileResponse:
        contracts(request)
        job = access.only(jobs.ready_files(request.user, Face.SUPPLIER), key=key)  # type: ignore[arg-type]
        path = jobs.path_of(job)
        if not path.exists():
            raise Http404("Срок хранения файла прошёл.")
        return FileResponse(
            path.open("rb"), as_attachment=True, filename=jobs.name_of(job), content_type=sheets.MEDIA[job.form]
        )
