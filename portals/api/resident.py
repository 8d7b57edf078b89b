"""A resident's accounts: balance, bills, documents, payments, meters; readings in. A stranger's account is a 404."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.timezone import localdate
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

import accounts.operations
import accounts.queries
import billing.operations
import epd.queries
import epd.render
import payments.queries
from accounts.calendar import Month
from accounts.queries import MeterRow, PersonalAccount, ReadingRow
from payments.queries import PaymentPart, PaymentRow
from portals import access, queries
from portals.api import shapes
from portals.api.entry import REPEAT, View
from portals.resident.api import DocumentLine

SHOWN = 100
OF_METERS = 1000  # readings of all meters of an account that are looked through for one of them
REPEATED = OpenApiParameter(
    REPEAT, str, OpenApiParameter.HEADER, required=True,
    description="Свой у каждого запроса; повтор с ним ничего не делает второй раз и даёт тот же ответ.",
)  # fmt: skip

Bill = shapes.of(
    queries.Bill, "total", "current", "debt", "in_transit", "month", "due_on", "is_late", "document_id", name="Bill"
)
Window = shapes.of(accounts.queries.ReadingWindow)
Account = type(
    "Account",
    (serializers.Serializer,),
    {
        "__doc__": "Лицевой счёт и сколько за него платить сегодня.",
        "number": serializers.CharField(),
        "address": serializers.CharField(),
        "closed_on": serializers.DateField(allow_null=True),
        "bill": Bill(),
        "readings_window": Window(),
    },
)
Charges = shapes.of(queries.MonthBill, "month", "total", "is_draft", "groups", name="Charges")
Payment = shapes.of(
    PaymentRow, "payment_id", "channel", "amount", "paid_on", "day", "state", "state_name", name="Payment",
    parts=shapes.of(
        PaymentPart, "principal", "service_name", "for_month", "part_name", "amount", name="PaymentPart"
    )(many=True),
)  # fmt: skip


Why = shapes.of(queries.Reason, name="Why")


class SentOn(serializers.Serializer[Any]):
    """The remittance that took a part on to its owner."""

    number = serializers.CharField()
    day = serializers.DateField()
    state_name = serializers.CharField()
    confirmed_on = serializers.DateField(allow_null=True)


class PathStep(serializers.Serializer[Any]):
    """A part of a payment: what it paid, why it went there, and the remittance once there is one."""

    principal = serializers.CharField(source="part.principal")
    service_name = serializers.CharField(source="part.service_name")
    for_month = shapes.MonthText(source="part.for_month")
    part_name = serializers.CharField(source="part.part_name")
    day = serializers.DateField(source="part.day")
    reason = serializers.CharField(source="part.reason")
    amount = shapes.NumberField(source="part.amount")
    remittance = SentOn(allow_null=True)


class Path(serializers.Serializer[Any]):
    """The way of a payment; amount: of the parts shown."""

    payment_id = serializers.IntegerField(source="payment.payment_id")
    account = serializers.CharField(source="payment.account_number")
    channel = serializers.CharField(source="payment.channel")
    paid_on = serializers.DateField(source="payment.paid_on")
    day = serializers.DateField(source="payment.day")
    state_name = serializers.CharField(source="payment.state_name")
    is_remitted_by_agent = serializers.BooleanField()
    amount = shapes.NumberField()
    steps = PathStep(many=True)


class Dial(serializers.Serializer[Any]):
    """The last counting value of a dial."""

    zone = serializers.IntegerField()
    value = shapes.NumberField()
    day = serializers.DateField()
    month = shapes.MonthText()


MeterFacts = shapes.of(
    MeterRow,
    "id",
    "resource_name",
    "unit",
    "serial",
    "zones",
    "digits",
    "decimals",
    "verified_until",
    name="MeterFacts",
)


class Meter(MeterFacts):  # type: ignore[misc, valid-type]
    """A meter of the flat with its last values."""

    last = serializers.SerializerMethodField()

    @extend_schema_field(Dial(many=True))
    def get_last(self, row: MeterRow) -> Any:
        return shapes.told(Dial, sorted(row.last.values(), key=lambda one: one.zone))


class UsageLine(serializers.Serializer[Any]):
    """A reading with what was used since the one before; remark: why it does not count."""

    month = shapes.MonthText()
    day = serializers.DateField()
    zone_name = serializers.CharField()
    source_name = serializers.CharField()
    counts = serializers.BooleanField()
    value = shapes.NumberField()
    usage = shapes.NumberField(allow_null=True)
    unit = serializers.CharField()
    remark = serializers.CharField()


class MeterHistory(Meter):
    """A meter, one that was taken off too, with the history of its readings."""

    removed_on = serializers.DateField(allow_null=True)
    history = UsageLine(many=True)


Reading = shapes.of(
    ReadingRow, "meter_id", "serial", "zone", "day", "month", "value", "source_name", "verdict_name", "counts",
    name="Reading",
)  # fmt: skip


class NewReading(serializers.Serializer[Any]):
    """All dials of one meter; `confirmed`: an unlikely value was checked."""

    meter = serializers.IntegerField(min_value=1, max_value=2**62)
    values = serializers.DictField(
        child=serializers.DecimalField(max_digits=15, decimal_places=6, min_value=Decimal(0)),
        help_text="Номер тарифной зоны → показание, например {«1»: «1027.5»}.",
        allow_empty=False,
    )
    confirmed = serializers.BooleanField(required=False, default=False)

    def validate_values(self, told: dict[str, Decimal]) -> dict[int, Decimal]:
        if not set(told) <= {"1", "2", "3"}:
            raise serializers.ValidationError("Зоны называются «1», «2», «3».")
        return {int(zone): value for zone, value in told.items()}


class TakenReading(serializers.Serializer[Any]):
    """Number to quote, and the month that the reading counts for."""

    receipt = serializers.CharField()
    month = serializers.CharField()
    counts = serializers.BooleanField()
    usage = serializers.DictField(child=serializers.CharField())


def account_of(request: Request, number: str) -> PersonalAccount:
    return access.get_account_for(request.user, number)


def account_told(row: PersonalAccount, bill: queries.Bill) -> Any:
    today = localdate()
    facts = {
        "number": row.number,
        "address": accounts.queries.address_of(row.house, row.premises),
        "closed_on": row.closed_on,
        "bill": bill,
        "readings_window": accounts.queries.reading_window(row.pk, today),
    }
    return shapes.told(Account, facts, many=False)


class Accounts(View):
    """The accounts of the cabinet, each with its bill."""

    @extend_schema(operation_id="accounts", responses=Account(many=True))
    def get(self, request: Request) -> Response:
        own = list(access.accounts_for(request.user).order_by("number")[:SHOWN])
        asked = queries.bills([row.pk for row in own], on=localdate())
        return Response([account_told(row, asked[row.pk]) for row in own])


class OneAccount(View):
    """One account with its bill."""

    @extend_schema(operation_id="account", responses=Account)
    def get(self, request: Request, number: str) -> Response:
        row = account_of(request, number)
        return Response(account_told(row, queries.bill(row.pk, on=localdate())))


class AccountCharges(View):
    """Charges of a month, line by line; the running month is a draft."""

    @extend_schema(parameters=[shapes.OfMonth], responses=Charges)
    def get(self, request: Request, number: str) -> Response:
        row = account_of(request, number)
        month = shapes.OfMonth.of(request).get("month") or Month.of(localdate())
        return Response(shapes.told(Charges, queries.month_bill(row.pk, month), many=False))


class LineWhy(View):
    """Why a line is what it is: the engine's words, last month beside it, the difference by cause."""

    @extend_schema(operation_id="why", parameters=[shapes.OfLine], responses=Why)
    def get(self, request: Request, number: str) -> Response:
        return why_of(account_of(request, number), shapes.OfLine.of(request))


def why_of(row: PersonalAccount, asked: dict[str, Any]) -> Response:
    """The explanation of a line of the account; 404 where the month has no such line."""
    today = localdate()
    found = queries.reason(row.pk, asked.get("month") or Month.of(today), key=asked["line"], today=today)
    if found is None:
        raise Http404("Такой строки в этом месяце нет.")
    return Response(shapes.told(Why, found, many=False))


class Documents(View):
    """Payment documents, the latest first."""

    @extend_schema(operation_id="documents", responses=DocumentLine(many=True))
    def get(self, request: Request, number: str) -> Response:
        return Response(DocumentLine(epd.queries.documents_of_account(account_of(request, number).pk), many=True).data)


class OneDocument(View):
    """The machine-readable copy of a document: all that the page says."""

    @extend_schema(operation_id="document", responses={200: {"type": "object", "additionalProperties": True}})
    def get(self, request: Request, number: str, pk: int) -> Response:
        return Response(epd.queries.machine_copy(access.get_document_for(request.user, number, pk)))


class DocumentPdf(View):
    """The document as it is printed."""

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, number: str, pk: int) -> HttpResponse:
        document = access.get_document_for(request.user, number, pk)
        response = HttpResponse(epd.render.pdf(document), content_type="application/pdf")
        response["Content-Disposition"] = f'attachment; filename="{number}-{document.month:%Y-%m}.pdf"'
        return response


class Payments(View):
    """Payments with their parts, the latest first."""

    @extend_schema(responses=Payment(many=True))
    def get(self, request: Request, number: str) -> Response:
        row = account_of(request, number)
        return Response(shapes.told(Payment, payments.queries.payments_of_account(account_id=row.pk, limit=SHOWN)))


class OnePayment(View):
    """The way of a payment: its parts, why they went there, the remittance of each."""

    @extend_schema(operation_id="payment", responses=Path)
    def get(self, request: Request, number: str, pk: int) -> Response:
        one = access.get_payment_for(request.user, number, pk)
        path = payments.queries.payment_path(one.pk)
        assert path is not None
        facts = {
            "payment": path.payment, "is_remitted_by_agent": path.is_remitted_by_agent, "amount": path.payment.amount,
            "steps": path.steps,
        }  # fmt: skip
        return Response(shapes.told(Path, facts, many=False))


class Meters(View):
    """Meters that stand, with their last values."""

    @extend_schema(responses=Meter(many=True))
    def get(self, request: Request, number: str) -> Response:
        return Response(shapes.told(Meter, accounts.queries.last_readings(account_of(request, number).pk)))


class OneMeter(View):
    """A meter of the account with the history of its readings, the latest first."""

    @extend_schema(operation_id="meter", responses=MeterHistory)
    def get(self, request: Request, number: str, pk: int) -> Response:
        row = account_of(request, number)
        meter = next((one for one in accounts.queries.last_readings(row.pk, removed=True) if one.id == pk), None)
        if meter is None:
            raise Http404("Такого прибора у счёта нет.")
        history = [one for one in queries.readings_history(row.pk, limit=OF_METERS) if one.meter_id == pk]
        told = shapes.told(Meter, meter, many=False)
        return Response({**told, "removed_on": meter.removed_on, "history": shapes.told(UsageLine, history)})


class Readings(View):
    """History of readings; a new reading."""

    @extend_schema(operation_id="readings", responses=Reading(many=True))
    def get(self, request: Request, number: str) -> Response:
        row = account_of(request, number)
        return Response(shapes.told(Reading, accounts.queries.readings_of_account(row.pk)))

    @extend_schema(
        operation_id="send_reading",
        parameters=[REPEATED],
        request=NewReading,
        responses={201: TakenReading, 200: TakenReading, 409: shapes.Detail},
    )
    def post(self, request: Request, number: str) -> Response:
        row = account_of(request, number)
        sent = NewReading(data=request.data)
        sent.is_valid(raise_exception=True)
        facts = sent.validated_data
        today = localdate()

        def submit() -> dict[str, Any]:
            taken = accounts.operations.submit_reading(
                account_id=row.pk, meter_id=facts["meter"], values=facts["values"], on=today, today=today,
                by=request.user, confirmed=facts["confirmed"],  # type: ignore[arg-type]
            )  # fmt: skip
            return {
                "receipt": taken.receipt,
                "month": str(taken.month),
                "counts": taken.counts,
                "usage": {str(zone): f"{used:f}" for zone, used in taken.usage.items()},
            }

        answer = self.once(request, facts, submit)
        billing.operations.redraft_account(account_id=row.pk)
        return answer
