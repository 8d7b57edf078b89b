"""What a supplier's people look into: a day, why a line, a payment's way, a meter, a month reconciled."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.timezone import localdate
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

import billing.queries
import payments.queries
import payments.tracing
from accounts.calendar import ONE_DAY, Month
from billing.queries import ChargeKind
from portals import access, papers, tasks, workbooks
from portals.api import shapes
from portals.api.company import BIGGEST, DONE, facts_of, may_write_for, said
from portals.api.entry import SupplierView
from portals.api.resident import REPEATED, Path, Why, why_of
from portals.api.supplier import PER_PAGE, MeterLine, Remittance, contracts, ids, month_of
from portals.models import PrincipalRole
from portals.models.reports import Face
from portals.operations import company
from portals.principal import manager, meters, months, queries
from portals.reports import closing_set, jobs

XLSX = {(200, workbooks.MEDIA_TYPE): OpenApiTypes.BINARY}


# --- a day -----------------------------------------------------------------------------------------------------------


class OfDay(shapes.Query):
    day = serializers.DateField(required=False, help_text="По умолчанию вчера.")


class ContractLine(serializers.Serializer[Any]):
    """A contract's day: what came and what went out."""

    contract = serializers.CharField(source="contract.number")
    received = shapes.NumberField(source="came.received")
    returns = shapes.NumberField(source="came.returns")
    own = shapes.NumberField(source="came.own", help_text="Приняли вы сами.")
    remittance = Remittance(allow_null=True)


class Day(serializers.Serializer[Any]):
    """A day of all contracts: received − returns − commission − vat, remitted, carried over."""

    day = serializers.DateField(source="summary.day")
    is_closed = serializers.BooleanField(source="summary.is_closed")
    received = shapes.NumberField(source="summary.received")
    returns = shapes.NumberField(source="summary.returns")
    own = shapes.NumberField(source="summary.own")
    commission = shapes.NumberField(source="summary.commission")
    vat = shapes.NumberField(source="summary.vat")
    remitted = shapes.NumberField(source="summary.remitted")
    carried_out = shapes.NumberField(source="summary.carried_out")
    contracts = ContractLine(many=True, source="lines")


class DayOfSupplier(SupplierView):
    """The home of the cabinet: what came on a day and what was remitted for it."""

    @extend_schema(operation_id="supplier_day", parameters=[OfDay], responses=Day)
    def get(self, request: Request) -> Response:
        own, day = contracts(request), OfDay.of(request).get("day") or localdate() - ONE_DAY
        return Response(shapes.told(Day, queries.principal_day(own, min(day, localdate())), many=False))


# --- a line, a payment, a meter --------------------------------------------------------------------------------------


class SuppliedWhy(SupplierView):
    """Why a line under the own contracts is what it is: the words that the resident reads."""

    @extend_schema(operation_id="supplied_why", parameters=[shapes.OfLine], responses=Why)
    def get(self, request: Request, number: str) -> Response:
        row, asked = access.get_supplied_account_for(request.user, number), shapes.OfLine.of(request)
        if asked["line"].partition("-")[0] not in map(str, ids(request)):
            raise Http404("Такой строки в этом месяце нет.")
        return why_of(row, asked)


class SuppliedPayment(SupplierView):
    """The own parts of a payment: what they paid, and the remittance of each."""

    @extend_schema(operation_id="supplied_payment", responses=Path)
    def get(self, request: Request, pk: int) -> Response:
        found = payments.tracing.payment_trace(pk, contract_ids=ids(request)) if pk <= BIGGEST else None
        if found is None:
            raise Http404("Такого платежа нет.")
        facts = {
            "payment": found.payment, "is_remitted_by_agent": found.is_remitted_by_agent, "amount": found.amount,
            "steps": [part.step for part in found.parts],
        }  # fmt: skip
        return Response(shapes.told(Path, facts, many=False))


History = shapes.of(meters.HistoryLine, name="MeterReading")


class SuppliedMeterHistory(MeterLine):  # type: ignore[misc, valid-type]
    """A meter with its readings, the latest first, replaced ones too."""

    history = History(many=True)


class SuppliedMeter(SupplierView):
    """One meter of the houses served with the history of its readings."""

    @extend_schema(operation_id="supplied_meter", responses=SuppliedMeterHistory)
    def get(self, request: Request, pk: int) -> Response:
        contracts(request)
        row = access.get_supplied_meter_for(request.user, pk)
        (line,) = meters.lines([row], today=localdate())
        told = shapes.told(MeterLine, line, many=False)
        return Response({**told, "history": shapes.told(History, meters.history(row))})


# --- the manager's pages ---------------------------------------------------------------------------------------------


class Rate(serializers.Serializer[Any]):
    """Charged, paid, and the per cent of it."""

    accrued = shapes.NumberField()
    paid = shapes.NumberField()
    rate = shapes.NumberField(allow_null=True)


class CollectionOf(serializers.Serializer[Any]):
    """The collection rate of the month and of the year up to it, last year's beside."""

    month = shapes.MonthText()
    this_month = Rate()
    month_before = Rate(help_text="Тот же месяц год назад.")
    year = Rate(help_text="С начала года.")
    year_before = Rate()


class CollectionRate(SupplierView):
    """How much of what was charged has been paid."""

    @extend_schema(operation_id="collection", parameters=[shapes.OfMonth], responses=CollectionOf)
    def get(self, request: Request) -> Response:
        own = ids(request)
        month = shapes.OfMonth.of(request).get("month") or Month.of(localdate()).previous
        return Response(shapes.told(CollectionOf, manager.collection(own, month), many=False))


class OfMonthAndHouse(shapes.OfMonth):
    house = serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST)


class CauseOf(serializers.Serializer[Any]):
    title = serializers.CharField()
    accounts = serializers.IntegerField()
    amount = shapes.NumberField()


class MonthDifference(serializers.Serializer[Any]):
    """before + Σ causes = now."""

    before = shapes.NumberField()
    now = shapes.NumberField()
    causes = CauseOf(many=True)


class WhyTheMonth(SupplierView):
    """Why the month's charges differ from the last month's, by cause; of all houses or of one."""

    @extend_schema(operation_id="difference", parameters=[OfMonthAndHouse],
                   responses={200: MonthDifference, 409: shapes.Detail})  # fmt: skip
    def get(self, request: Request) -> Response:
        own, asked = ids(request), OfMonthAndHouse.of(request)
        if house := asked.get("house"):
            access.get_supplied_house_for(request.user, house)
        found = manager.difference(own, asked.get("month") or Month.of(localdate()), house=asked.get("house"))
        return Response(shapes.told(MonthDifference, found, many=False))


Loss = shapes.of(manager.LossRow, name="Loss")


class Losses(SupplierView):
    """Building meters beside the premises' own, the largest unexplained share first."""

    @extend_schema(operation_id="losses", parameters=[shapes.OfMonth], responses=Loss(many=True))
    def get(self, request: Request) -> Response:
        own = ids(request)
        month = shapes.OfMonth.of(request).get("month") or Month.of(localdate()).previous
        return Response(shapes.told(Loss, manager.losses(own, month)))


# --- closing a month -------------------------------------------------------------------------------------------------


class Explained(serializers.Serializer[Any]):
    text = serializers.CharField()
    amount = shapes.NumberField()


class ComparisonOf(serializers.Serializer[Any]):
    """Two figures and what leads from one to the other: ours + Σ causes + left = theirs."""

    title = serializers.CharField()
    first = serializers.CharField()
    ours = shapes.NumberField()
    causes = Explained(many=True)
    left = shapes.NumberField(help_text="Чему причина не найдена.")
    second = serializers.CharField()
    theirs = shapes.NumberField()


class Closing(serializers.Serializer[Any]):
    """opening + received − returned − commission − vat − remitted = closing, and the comparisons of the month."""

    contract = serializers.IntegerField()
    month = shapes.MonthText()
    opening = shapes.NumberField(source="money.opening")
    received = shapes.NumberField(source="money.received")
    returned = shapes.NumberField(source="money.returned")
    commission = shapes.NumberField(source="money.commission")
    vat = shapes.NumberField(source="money.vat")
    remitted = shapes.NumberField(source="money.remitted")
    closing = shapes.NumberField(source="money.closing")
    is_clean = serializers.BooleanField()
    differences = ComparisonOf(many=True)


class OfContractMonth(shapes.OfMonth):
    contract = serializers.IntegerField(min_value=1, max_value=BIGGEST)


class ClosingOfMonth(SupplierView):
    """A month of a contract reconciled to the kopeck; by default the one that has ended."""

    @extend_schema(operation_id="closing", parameters=[OfContractMonth], responses=Closing)
    def get(self, request: Request) -> Response:
        contracts(request)
        asked = OfContractMonth.of(request)
        contract = access.get_contract_for(request.user, asked["contract"])
        month = asked.get("month") or Month.of(localdate()).previous
        found = months.reconciled(contract, month)
        told = {"contract": contract.pk, "month": month, "money": found.money, "is_clean": found.is_clean,
                "differences": found.differences}  # fmt: skip
        return Response(shapes.told(Closing, told, many=False))


class OfReason(shapes.OfMonth, shapes.OfPage):
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=255,
                                   help_text="Основание слово в слово: только эти перерасчёты.")  # fmt: skip


Correction = shapes.of(months.CorrectionRow, name="Correction")


class CorrectionPage(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    amount = shapes.NumberField()
    rows = Correction(many=True)


class Corrections(SupplierView):
    """Recalculations of the month: basis, author, sum with its sign; the largest first, a hundred a page."""

    @extend_schema(operation_id="corrections", parameters=[OfReason], responses=CorrectionPage)
    def get(self, request: Request) -> Response:
        own, asked = ids(request), OfReason.of(request)
        found = months.corrections(
            own, month_of(request), kinds=[int(ChargeKind.RECALCULATION), int(ChargeKind.HEATING_CORRECTION)],
            reason=asked["reason"], limit=PER_PAGE, offset=(asked["page"] - 1) * PER_PAGE,
        )  # fmt: skip
        return Response(shapes.told(CorrectionPage, found, many=False))


class SetPeriod(serializers.Serializer[Any]):
    """A quarter or a year that has ended; both months inside."""

    title = serializers.CharField(read_only=True)
    first = shapes.MonthText()
    last = shapes.MonthText()


class ReportFile(serializers.Serializer[Any]):
    """A file in the making, or made; done, total: lines, of a closing set files."""

    key = serializers.UUIDField()
    title = serializers.CharField()
    form = serializers.CharField()
    state = serializers.CharField()
    state_name = serializers.CharField(source="get_state_display")
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    size = serializers.IntegerField()
    message = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_on = serializers.DateField(allow_null=True)


ORDERED = {201: ReportFile, 200: ReportFile, 409: shapes.Detail}


class ClosingSets(SupplierView):
    """The closing set of a quarter or a year: every table and paper of it in one archive."""

    def periods(self, request: Request) -> list[closing_set.Period]:
        last = Month.of(localdate()).previous
        return closing_set.periods(last, since=billing.queries.first_month(ids(request)) or last)

    @extend_schema(operation_id="closing_sets", responses=SetPeriod(many=True))
    def get(self, request: Request) -> Response:
        return Response(shapes.told(SetPeriod, self.periods(request)))

    @extend_schema(operation_id="closing_set_order", parameters=[REPEATED], request=SetPeriod, responses=ORDERED)
    def post(self, request: Request) -> Response:
        known, sent = self.periods(request), facts_of(SetPeriod, request)
        period = next((one for one in known if (one.first, one.last) == (sent["first"], sent["last"])), None)
        if period is None:
            raise Http404("Такого периода нет.")

        def do() -> dict[str, Any]:
            job = jobs.order_file(
                user=request.user, face=Face.SUPPLIER, what=period.stored(ids(request)),  # type: ignore[arg-type]
                form="zip", at=timezone.now(), title=period.set_title,
            )  # fmt: skip
            tasks.make_report_file.delay_on_commit(job_id=job.pk)  # type: ignore[attr-defined]  # Celery's Django task
            return dict(shapes.told(ReportFile, job, many=False))

        return self.once(request, {"first": str(period.first), "last": str(period.last)}, do)


# --- files, invitations ----------------------------------------------------------------------------------------------


class RemittanceExchange(SupplierView):
    """The registry behind a remittance as the exchange file of 1С."""

    @extend_schema(operation_id="remittance_exchange", responses={(200, "text/plain"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> HttpResponse:
        row = access.get_remittance_for(request.user, pk)
        content = months.exchange_file(row, payments.queries.remittance_registry(row.pk))
        return HttpResponse(content, content_type=months.EXCHANGE)


class PaperWorkbook(SupplierView):
    """An issued paper as Excel."""

    @extend_schema(operation_id="paper_workbook", responses=XLSX)
    def get(self, request: Request, pk: int) -> HttpResponse:
        row = access.get_paper_for(request.user, pk)
        return papers.download(row.payload, form="xlsx", name=f"paper-{pk}", number=row.number, on=row.issued_on)


class ReceiptsTemplate(SupplierView):
    """The file that own receipts are written into."""

    @extend_schema(operation_id="receipts_template", responses=XLSX)
    def get(self, request: Request) -> HttpResponse:
        contracts(request)
        return HttpResponse(workbooks.own_receipts_template(localdate()), content_type=workbooks.MEDIA_TYPE)


class Letter(serializers.Serializer[Any]):
    """An invitation that waits for its answer."""

    id = serializers.IntegerField(source="pk")
    principal = serializers.IntegerField(source="principal_id")
    email = serializers.CharField()
    role = serializers.IntegerField()
    role_name = serializers.CharField(source="get_role_display")
    expires_on = serializers.DateField()


class Invitations(SupplierView):
    """Invitations that wait; of the companies that the user manages."""

    @extend_schema(operation_id="invitations", responses=Letter(many=True))
    def get(self, request: Request) -> Response:
        contracts(request)
        own = access.managed_principals_for(request.user)
        return Response(shapes.told(Letter, [row for pk in own for row in queries.invitations(pk)]))


class OneInvitation(SupplierView):
    """An invitation taken back; only by the manager of the company."""

    @extend_schema(operation_id="invitation_withdraw", parameters=[REPEATED], request=None, responses=DONE)
    def delete(self, request: Request, pk: int) -> Response:
        contracts(request)
        own = access.managed_principals_for(request.user)
        row = next((row for one in own for row in queries.invitations(one) if row.pk == pk), None)
        if row is None:
            raise Http404("Такого приглашения нет.")
        may_write_for(request, row.principal_id, PrincipalRole.MANAGER)

        def do() -> dict[str, Any]:
            company.take_back(
                principal_id=row.principal_id, invitation_id=row.pk, at=timezone.now(),
                by=request.user,  # type: ignore[arg-type]
            )  # fmt: skip
            return said("Приглашение отозвано: ссылка из письма больше не действует.")

        return self.once(request, {"method": "DELETE"}, do)
