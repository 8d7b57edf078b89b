"""A resident's accounts: balance, bills, documents, payments, meters; readings in. A stranger's account is a 404."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpResponse
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


class Meters(View):
    """Meters that stand, with their last values."""

    @extend_schema(responses=Meter(many=True))
    def get(self, request: Request, number: str) -> Response:
        return Response(shapes.told(Meter, accounts.queries.last_readings(account_of(request, number).pk)))


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
