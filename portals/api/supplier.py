"""A supplier's cabinet for programs: what its people see, under their contracts only; receipts and readings in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.timezone import localdate
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

import payments.operations
import payments.papers
import payments.queries
from accounts import files
from accounts.calendar import Month
from accounts.queries import AgencyContract
from payments.queries import ContractReceipt, RegistryRow, RemittanceRow, StatementRow, TurnoverRow
from portals import access, papers, tasks
from portals import queries as portal_queries
from portals.api import shapes
from portals.api.entry import SupplierView
from portals.api.resident import REPEATED, Charges
from portals.operations import reading_files
from portals.principal import meters, queries
from portals.reports import jobs, reading_checks

PER_PAGE = 100
LONGEST = timedelta(days=366)
DAYS = timedelta(days=7)


def contracts(request: Request) -> list[AgencyContract]:
    """The contracts of the key's user; without any there is no cabinet."""
    own = list(access.contracts_for(request.user).order_by("number"))
    if not own:
        raise Http404("Нет договоров.")
    return own


def ids(request: Request) -> list[int]:
    return [one.pk for one in contracts(request)]


def month_of(request: Request) -> Month:
    found: Month = shapes.OfMonth.of(request).get("month") or Month.of(localdate())
    return found


def page_of(rows: Sequence[Any] | Any, page: int) -> Any:
    return rows[(page - 1) * PER_PAGE : page * PER_PAGE]


class Contract(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    number = serializers.CharField()
    principal = serializers.CharField(source="principal.short_name")
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(allow_null=True)


class SuppliedAccount(serializers.Serializer[Any]):
    """An account of the houses served, with this month's sums under the own contracts."""

    number = serializers.CharField()
    address = serializers.CharField()
    house = serializers.IntegerField()
    closed_on = serializers.DateField(allow_null=True)
    opening = shapes.NumberField()
    charged = shapes.NumberField()
    paid = shapes.NumberField()
    closing = shapes.NumberField()


IS_DRAFT = "Месяц ещё не проведён: сумма предварительная, в отчётах её нет."
ChargeSum = shapes.of(queries.ChargeSum, is_draft=serializers.BooleanField(default=False, help_text=IS_DRAFT))
AccountCharge = shapes.of(queries.AccountCharge, is_draft=serializers.BooleanField(default=False, help_text=IS_DRAFT))
Turnover = shapes.of(TurnoverRow)
AccountTurnover = shapes.of(queries.AccountRow)
Receipt = shapes.of(ContractReceipt)
Registry = shapes.of(RegistryRow)
Statement = shapes.of(
    StatementRow, "contract_id", "service_id", "service_name", "opening", "charged", "recalculated", "benefits",
    "penalty", "paid", "closing", name="StatementLine",
)  # fmt: skip
REMITTED = (
    "remittance_id", "contract_id", "contract_number", "day", "number", "gross", "returns", "commission", "vat",
    "carried_in", "net", "carried_out", "state", "state_name", "formed_at", "confirmed_on", "bank_account", "is_cash",
)  # fmt: skip
Remittance = shapes.of(RemittanceRow, *REMITTED, name="Remittance")
RemittanceWithRegistry = shapes.of(
    RemittanceRow, *REMITTED, name="RemittanceWithRegistry", registry=Registry(many=True)
)
MeterLine = shapes.of(
    meters.MeterLine, "pk", "resource_name", "kind_name", "serial", "address", "numbers", "verified_until", "unit",
    "has_reading", name="SuppliedMeter",
)  # fmt: skip


class ReceiptPage(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    amount = shapes.NumberField()
    rows = Receipt(many=True)


class AccountSheet(serializers.Serializer[Any]):
    """An account as this supplier may see it: own sums, own lines."""

    number = serializers.CharField()
    month = shapes.MonthText()
    statement = Statement(many=True)
    charges = Charges()


class Paper(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    kind = serializers.CharField(source="get_kind_display")
    number = serializers.CharField()
    contract = serializers.CharField(source="contract.number")
    issued_on = serializers.DateField()


class SentFile(serializers.Serializer[Any]):
    """A file for one contract; `dry_run`: only the verdicts, nothing is kept."""

    contract = serializers.IntegerField(min_value=1, max_value=2**62)
    file = serializers.FileField(allow_empty_file=False, max_length=200)
    dry_run = serializers.BooleanField(required=False, default=False)

    def validate_file(self, file: Any) -> Any:
        if file.size > files.UPLOAD_LIMIT:
            raise serializers.ValidationError("Файл слишком большой. Разделите его.")
        return file


class Verdicts(serializers.Serializer[Any]):
    """What becomes of each row of the file."""

    message = serializers.CharField()
    rows = serializers.ListField(child=serializers.DictField())


# --- what is seen ----------------------------------------------------------------------------------------------------


class Contracts(SupplierView):
    """The contracts of the key's user, closed ones too."""

    @extend_schema(responses=Contract(many=True))
    def get(self, request: Request) -> Response:
        return Response(shapes.told(Contract, contracts(request)))


class Accounts(SupplierView):
    """Accounts of the houses served, a hundred a page, in the order of their numbers."""

    @extend_schema(operation_id="supplied_accounts", parameters=[shapes.OfHouse], responses=SuppliedAccount(many=True))
    def get(self, request: Request) -> Response:
        own, asked = ids(request), shapes.OfHouse.of(request)
        rows = access.supplied_accounts_for(request.user).order_by("number")
        if "house" in asked:
            rows = rows.filter(house=asked["house"])
        if asked.get("text"):
            rows = rows.filter(number__startswith=asked["text"])
        found = list(page_of(rows, asked["page"]))
        sums = queries.balances_of([row.pk for row in found], own, Month.of(localdate())) if found else {}
        told = [
            {
                "number": row.number,
                "address": str(row.house) + (f", {row.premises}" if row.premises else ""),
                "house": row.house_id,
                "closed_on": row.closed_on,
                **sums[row.pk],
            }
            for row in found
        ]
        return Response(shapes.told(SuppliedAccount, told))


class OneAccount(SupplierView):
    """One account under the own contracts."""

    @extend_schema(operation_id="supplied_account", parameters=[shapes.OfMonth], responses=AccountSheet)
    def get(self, request: Request, number: str) -> Response:
        own, month = ids(request), month_of(request)
        row = access.get_supplied_account_for(request.user, number)
        told = {
            "number": row.number,
            "month": month,
            "statement": queries.own_rows(payments.queries.statement_rows(account_id=row.pk, month=month), own),
            "charges": portal_queries.month_bill(row.pk, month, contract_ids=own),
        }
        return Response(shapes.told(AccountSheet, told, many=False))


class ChargesByHouse(SupplierView):
    """Charges of a month by house and service."""

    @extend_schema(operation_id="supplier_charges", parameters=[shapes.OfMonth], responses=ChargeSum(many=True))
    def get(self, request: Request) -> Response:
        sheet = queries.charges(ids(request), month_of(request))
        rows = shapes.told(ChargeSum, [row for group in sheet.groups for row in group.rows])
        return Response([{**row, "is_draft": sheet.is_draft} for row in rows])


class HouseCharges(SupplierView):
    """Charges of a house by account."""

    @extend_schema(operation_id="house_charges", parameters=[shapes.OfMonth], responses=AccountCharge(many=True))
    def get(self, request: Request, house: int) -> Response:
        row, own = access.get_supplied_house_for(request.user, house), ids(request)
        month = month_of(request)
        found, _ = queries.house_charges(access.supplied_accounts_for(request.user), row, own, month)
        is_draft = queries.is_open(own, month)
        return Response([{**told, "is_draft": is_draft} for told in shapes.told(AccountCharge, found)])


class TurnoverByHouse(SupplierView):
    """The turnover sheet by house and service: opening + … − paid = closing."""

    @extend_schema(operation_id="turnover", parameters=[shapes.OfMonth], responses=Turnover(many=True))
    def get(self, request: Request) -> Response:
        rows = payments.queries.turnover(contract_ids=ids(request), month=month_of(request))
        return Response(shapes.told(Turnover, rows))


class HouseTurnover(SupplierView):
    """The accounts behind a house's lines."""

    @extend_schema(operation_id="house_turnover", parameters=[shapes.OfMonth], responses=AccountTurnover(many=True))
    def get(self, request: Request, house: int) -> Response:
        row, own = access.get_supplied_house_for(request.user, house), ids(request)
        found, _ = queries.house_accounts(access.supplied_accounts_for(request.user), row, own, month_of(request))
        return Response(shapes.told(AccountTurnover, found))


class Payments(SupplierView):
    """Payments as they come, the latest first."""

    @extend_schema(operation_id="supplier_payments", parameters=[shapes.OfAccountDays], responses=ReceiptPage)
    def get(self, request: Request) -> Response:
        own, asked = ids(request), shapes.OfAccountDays.of(request)
        number = asked.get("account")
        account = access.get_supplied_account_for(request.user, number) if number else None
        until = min(asked.get("until") or localdate(), localdate())
        since = max(min(asked.get("since") or until - DAYS, until), until - LONGEST, date(2000, 1, 1))
        found = payments.queries.contract_receipts(
            contract_ids=own,
            since=since,
            until=max(until, since),
            account_id=account.pk if account else None,
            limit=PER_PAGE,
            offset=(asked["page"] - 1) * PER_PAGE,
        )
        return Response(shapes.told(ReceiptPage, found, many=False))


class Remittances(SupplierView):
    """What was remitted, the latest first."""

    @extend_schema(operation_id="remittances", responses=Remittance(many=True))
    def get(self, request: Request) -> Response:
        return Response(shapes.told(Remittance, payments.queries.remittances_of(contract_ids=ids(request), limit=120)))


class OneRemittance(SupplierView):
    """One remittance with the registry of payments behind it."""

    @extend_schema(operation_id="remittance", responses=RemittanceWithRegistry)
    def get(self, request: Request, pk: int) -> Response:
        row = access.get_remittance_for(request.user, pk)
        told = next(
            one for one in payments.queries.remittances_of(contract_ids=[row.contract_id]) if one.remittance_id == pk
        )
        facts = {name: getattr(told, name) for name in REMITTED}
        facts["registry"] = payments.queries.remittance_registry(pk)
        return Response(shapes.told(RemittanceWithRegistry, facts, many=False))


class Papers(SupplierView):
    """Agent's reports, acts, reconciliation statements that were issued."""

    @extend_schema(operation_id="papers", responses=Paper(many=True))
    def get(self, request: Request) -> Response:
        return Response(shapes.told(Paper, payments.papers.papers_of(contract_ids=ids(request))))


class PaperPdf(SupplierView):
    """An issued paper as it was frozen."""

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> HttpResponse:
        row = access.get_paper_for(request.user, pk)
        return papers.download(row.payload, form="pdf", name=f"paper-{pk}", number=row.number, on=row.issued_on)


class Meters(SupplierView):
    """Meters of the houses served, a hundred a page."""

    @extend_schema(operation_id="supplied_meters", parameters=[shapes.OfHouse], responses=MeterLine(many=True))
    def get(self, request: Request) -> Response:
        own, asked, today = ids(request), shapes.OfHouse.of(request), localdate()
        rows = meters.chosen(
            access.supplied_meters_for(request.user, own), today=today, house=asked.get("house"),
            text=asked.get("text", ""),
        )  # fmt: skip
        return Response(shapes.told(MeterLine, meters.lines(list(page_of(rows, asked["page"])), today=today)))


# --- what is sent ----------------------------------------------------------------------------------------------------


Take = Callable[[AgencyContract, str, bytes, bool], dict[str, Any]]
FILE_ANSWERS = {201: Verdicts, 200: Verdicts, 409: shapes.Detail}


class FileView(SupplierView):
    """A file for one of the own contracts, once."""

    parser_classes = (MultiPartParser,)

    def take_once(self, request: Request, take: Take) -> Response:
        contracts(request)
        sent = SentFile(data=request.data)
        sent.is_valid(raise_exception=True)
        asked = sent.validated_data
        contract = access.get_contract_for(request.user, asked["contract"])
        name, content, dry_run = asked["file"].name, asked["file"].read(), asked["dry_run"]
        facts = {"contract": contract.pk, "dry_run": dry_run, "file": hashlib.sha256(content).hexdigest()}
        return self.once(request, facts, lambda: take(contract, name, content, dry_run))


class OwnReceipts(FileView):
    """Payments that the supplier received himself, by the file of the template."""

    @extend_schema(
        operation_id="send_receipts", parameters=[REPEATED], request={"multipart/form-data": SentFile},
        responses=FILE_ANSWERS,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        def take(contract: AgencyContract, name: str, content: bytes, dry_run: bool) -> dict[str, Any]:
            today = localdate()
            summary = payments.operations.import_own_receipts(
                name=name, content=content, contract_id=contract.pk, day=today, today=today,
                by=request.user, dry_run=dry_run,  # type: ignore[arg-type]
            )  # fmt: skip
            return {"message": summary.message, "rows": [row.as_json() for row in summary.rows]}

        return self.take_once(request, take)


class SentReadings(FileView):
    """Readings by the file that the cabinet gives to fill in."""

    @extend_schema(
        operation_id="send_readings", parameters=[REPEATED], request={"multipart/form-data": SentFile},
        responses=FILE_ANSWERS,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        def take(contract: AgencyContract, name: str, content: bytes, dry_run: bool) -> dict[str, Any]:
            if len(content) > reading_checks.AT_ONCE:
                job = jobs.order_check(
                    user=request.user, contract_id=contract.pk, name=name, content=content,  # type: ignore[arg-type]
                    at=timezone.now(), on=localdate(), is_dry=dry_run,
                )  # fmt: skip
                tasks.make_report_file.delay_on_commit(job_id=job.pk)  # type: ignore[attr-defined]  # Celery's
                return {"message": f"Файл большой, он проверяется в фоне. Ход и отклонённые строки: файл {job.key} "
                                   "в списке файлов отчётов.", "rows": []}  # fmt: skip
            taken = reading_files.load_readings(
                name=name, content=content, contract=contract, by=request.user,  # type: ignore[arg-type]
                meters=access.supplied_meters_for(request.user, [contract.pk]), today=localdate(), at=timezone.now(),
                dry_run=dry_run,
            )  # fmt: skip
            rows = [
                {"line": row.line, "account": row.account, "serial": row.serial, "is_good": row.is_good,
                 "text": row.text}
                for row in taken.verdicts
            ]  # fmt: skip
            return {"message": f"Принято строк: {taken.good}. Отклонено: {taken.bad}.", "rows": rows}

        return self.take_once(request, take)
