"""What a supplier's people do in their cabinet, for programs: disagreements, accounts, colleagues, papers, files."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

import payments.operations
from accounts.errors import Refusal
from accounts.queries import ResidencyKind
from payments import register_queries
from payments.queries import PaperKind
from portals import access, workbooks
from portals.api import shapes
from portals.api.entry import SupplierView
from portals.api.resident import REPEATED
from portals.api.supplier import PER_PAGE, Paper, contracts, ids, page_of
from portals.models import DisputeState, FigureKind, PrincipalRole
from portals.office import queries as office_queries
from portals.office.effects import Effect
from portals.operations import company, disputes, reading_files
from portals.principal import changes, figures, meters, queries

BIGGEST = 2**62
DONE = {201: shapes.Detail, 200: shapes.Detail, 409: shapes.Detail}


def said(text: str) -> dict[str, Any]:
    return dict(shapes.told(shapes.Detail, {"detail": text}, many=False))


def facts_of(shape: shapes.Shape, request: Request) -> dict[str, Any]:
    """The body of the request; raises ValidationError, a 400, for one that is not of this shape."""
    sent = shape(data=request.data)
    sent.is_valid(raise_exception=True)
    return dict(sent.validated_data)


def may_write_for(request: Request, principal_id: int, *roles: int) -> None:
    """404 for who may not do it in this company: the same answer as for a company that is not there."""
    if principal_id not in access.principal_ids(request.user, *roles):
        raise Http404("Нет такой организации.")


# --- disagreements ---------------------------------------------------------------------------------------------------


class Disagreement(serializers.Serializer[Any]):
    """A disputed figure as it was shown, and the answer to it."""

    id = serializers.IntegerField(source="pk")
    number = serializers.CharField()
    contract = serializers.CharField(source="contract.number")
    kind = serializers.CharField()
    key = serializers.CharField()
    name = serializers.CharField()
    title = serializers.CharField()
    amount = shapes.NumberField()
    text = serializers.CharField()
    opened_at = serializers.DateTimeField()
    due_on = serializers.DateField()
    state = serializers.CharField()
    state_name = serializers.CharField(source="get_state_display")
    answer = serializers.CharField()
    document = serializers.CharField()
    answered_at = serializers.DateTimeField(allow_null=True)


class OfState(shapes.OfPage):
    state = serializers.ChoiceField(choices=DisputeState.choices, required=False)


KEYS = (
    "Какая строка: начисление charge «счёт:месяц:строка», таблица charges или turnover "
    "«месяц:дом:услуга:договор», обороты счёта «месяц:@счёт:договор», платёж payment и перечисление remittance — "
    "их номера."
)


class NewDisagreement(serializers.Serializer[Any]):
    """Which figure and why. `amount`: what the program saw there; another figure today is a 409."""

    kind = serializers.ChoiceField(choices=FigureKind.choices)
    key = serializers.CharField(max_length=80, help_text=KEYS)
    name = serializers.CharField(max_length=20, help_text="Графа строки: amount, closing, net …")
    amount = serializers.DecimalField(max_digits=16, decimal_places=2)
    text = serializers.CharField(max_length=disputes.LONGEST)


class Disputes(SupplierView):
    """Figures that were disputed, the latest first, a hundred a page; a new one is opened."""

    @extend_schema(operation_id="disputes", parameters=[OfState], responses=Disagreement(many=True))
    def get(self, request: Request) -> Response:
        asked = OfState.of(request)
        own = sorted({contract.principal_id for contract in contracts(request)})
        rows = queries.disputes(own, state=asked.get("state", ""))
        return Response(shapes.told(Disagreement, page_of(rows, asked["page"])))

    @extend_schema(
        operation_id="dispute_open", parameters=[REPEATED], request=NewDisagreement,
        responses={201: Disagreement, 200: Disagreement, 409: shapes.Detail},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        contracts(request)
        sent = facts_of(NewDisagreement, request)

        def do() -> dict[str, Any]:
            row = figures.row_of(request.user, sent["kind"], sent["key"])  # type: ignore[arg-type]
            figure = row.figure(sent["name"])
            if figure.amount != sent["amount"]:
                raise Refusal(f"Сейчас там {figure.amount:f}, а не {sent['amount']:f}. Перечитайте цифру и повторите.")
            made = disputes.open_dispute(
                figure=figure, text=sent["text"], by=request.user, at=timezone.now(),  # type: ignore[arg-type]
                on=localdate(),
            )  # fmt: skip
            return dict(shapes.told(Disagreement, access.get_dispute_for(request.user, made.pk), many=False))

        return self.once(request, sent, do)


class OneDispute(SupplierView):
    """One disagreement."""

    @extend_schema(operation_id="dispute", responses=Disagreement)
    def get(self, request: Request, pk: int) -> Response:
        return Response(shapes.told(Disagreement, access.get_dispute_for(request.user, pk), many=False))


# --- appeals of residents --------------------------------------------------------------------------------------------

AppealCount = shapes.of(queries.TopicLine)


class Appeals(SupplierView):
    """Appeals of the residents of own houses over the last year: how many, about what, how fast they were answered."""

    @extend_schema(operation_id="supplied_appeals", responses=AppealCount(many=True))
    def get(self, request: Request) -> Response:
        contracts(request)
        own = access.supplied_accounts_for(request.user)
        return Response(shapes.told(AppealCount, queries.appeals_by_topic(own, today=localdate())))


# --- accounts --------------------------------------------------------------------------------------------------------


class NameFacts(serializers.Serializer[Any]):
    last_name = serializers.CharField(max_length=60)
    first_name = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    middle_name = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    ground = serializers.CharField(max_length=160)


class PlaceFacts(serializers.Serializer[Any]):
    number = serializers.CharField(max_length=20, allow_blank=True)
    entrance = serializers.CharField(max_length=8, required=False, default="", allow_blank=True)
    storey = serializers.IntegerField(min_value=-5, max_value=99, required=False, default=None, allow_null=True)
    ground = serializers.CharField(max_length=160)


class SettleFacts(serializers.Serializer[Any]):
    persons = serializers.IntegerField(min_value=1, max_value=99)
    kind = serializers.ChoiceField(choices=ResidencyKind.choices)
    since = serializers.DateField()
    until = serializers.DateField(required=False, default=None, allow_null=True)
    ground = serializers.CharField(max_length=160)


class LeaveFacts(serializers.Serializer[Any]):
    residency_id = serializers.IntegerField(min_value=1, max_value=BIGGEST)
    persons = serializers.IntegerField(min_value=1, max_value=99, required=False, default=None, allow_null=True)
    on = serializers.DateField()
    ground = serializers.CharField(max_length=160)


FACTS: dict[str, shapes.Shape] = {
    "name": NameFacts, "place": PlaceFacts, "settle": SettleFacts, "leave": LeaveFacts
}  # fmt: skip


class Edit(serializers.Serializer[Any]):
    """One change; of name, place, settle and leave only the one that is changed is sent, always with its ground."""

    name = NameFacts(required=False, help_text="Имя плательщика.")
    place = PlaceFacts(required=False, help_text="Номер помещения, подъезд, этаж.")
    settle = SettleFacts(required=False, help_text="Вселение.")
    leave = LeaveFacts(required=False, help_text="Выбытие.")
    dry_run = serializers.BooleanField(
        required=False, default=False, help_text="Только показать, как изменится начисление; ничего не записать."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len([name for name in FACTS if name in attrs]) != 1:
            raise serializers.ValidationError("Нужно ровно одно изменение: name, place, settle или leave.")
        return attrs


EffectOf = shapes.of(Effect, "month", "before", "after", name="EditEffect")


class Edited(serializers.Serializer[Any]):
    """What was done; effect, of a dry run: charges of the open month under the own contracts, roubles."""

    detail = serializers.CharField()
    effect = EffectOf(allow_null=True)


class Stay(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    persons = serializers.IntegerField()
    kind = serializers.CharField()
    since = serializers.DateField()
    until = serializers.DateField(allow_null=True)


class Household(serializers.Serializer[Any]):
    """Who pays, where, who lives there: what may be corrected."""

    last_name = serializers.CharField()
    first_name = serializers.CharField()
    middle_name = serializers.CharField()
    number = serializers.CharField()
    entrance = serializers.CharField()
    storey = serializers.IntegerField(allow_null=True)
    residents = Stay(many=True)


class AccountFacts(SupplierView):
    """Name, address, household of an account; corrected by the manager and the operator only."""

    @extend_schema(operation_id="account_facts", responses=Household)
    def get(self, request: Request, number: str) -> Response:
        row = access.get_edited_account_for(request.user, number)
        told: dict[str, Any] = {
            name: getattr(row.payer_person, name) if row.payer_person else ""
            for name in ("last_name", "first_name", "middle_name")
        }
        told |= {name: getattr(row.premises, name) for name in ("number", "entrance", "storey")}
        told["residents"] = office_queries.residencies_of(row.premises_id, localdate())
        return Response(shapes.told(Household, told, many=False))

    @extend_schema(
        operation_id="account_edit", parameters=[REPEATED], request=Edit,
        responses={201: Edited, 200: Edited, 409: shapes.Detail},
    )  # fmt: skip
    def post(self, request: Request, number: str) -> Response:
        row = access.get_edited_account_for(request.user, number)
        sent = facts_of(Edit, request)
        kind = next(name for name in FACTS if name in sent)
        user: Any = request.user

        def do() -> dict[str, Any]:
            effect = None
            if not sent["dry_run"]:
                text = changes.perform(row, kind, sent[kind], by=user)
            else:
                text, effect = "Ничего не записано: это проверка.", changes.preview(row, kind, sent[kind], by=user)
            return dict(shapes.told(Edited, {"detail": text, "effect": effect}, many=False))

        return self.once(request, sent, do)


# --- colleagues ------------------------------------------------------------------------------------------------------


class Colleague(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    principal = serializers.IntegerField(source="principal_id")
    name = serializers.CharField(source="user")
    email = serializers.CharField(source="user.email", allow_null=True)
    role = serializers.IntegerField()
    role_name = serializers.CharField(source="get_role_display")
    given_at = serializers.DateTimeField()


class Role(serializers.Serializer[Any]):
    principal = serializers.IntegerField(min_value=1, max_value=BIGGEST)
    role = serializers.ChoiceField(choices=PrincipalRole.choices)


class NewColleague(Role):
    email = serializers.EmailField()


class OfPrincipal(shapes.Query):
    principal = serializers.IntegerField(min_value=1, max_value=BIGGEST)


class Colleagues(SupplierView):
    """People of the company; its manager invites one by letter."""

    @extend_schema(operation_id="colleagues", responses=Colleague(many=True))
    def get(self, request: Request) -> Response:
        own = sorted({contract.principal_id for contract in contracts(request)})
        return Response(shapes.told(Colleague, queries.people_of(own)))

    @extend_schema(operation_id="colleague_invite", parameters=[REPEATED], request=NewColleague, responses=DONE)
    def post(self, request: Request) -> Response:
        contracts(request)
        sent = facts_of(NewColleague, request)
        may_write_for(request, sent["principal"], PrincipalRole.MANAGER)

        def do() -> dict[str, Any]:
            made = company.invite(
                principal_id=sent["principal"], email=sent["email"], role=sent["role"], at=timezone.now(),
                by=request.user, today=localdate(),  # type: ignore[arg-type]
                link=lambda token: request.build_absolute_uri(reverse("principal:join", args=[token])),
            )  # fmt: skip
            return said(f"Письмо отправлено на {made.email}. Ссылка в нём действует по {made.expires_on:%d.%m.%Y}.")

        return self.once(request, sent, do)


class OneColleague(SupplierView):
    """Another role, or none any more; only by the manager of the company."""

    @extend_schema(operation_id="colleague_role", parameters=[REPEATED], request=Role, responses=DONE)
    def put(self, request: Request, pk: int) -> Response:
        contracts(request)
        sent = facts_of(Role, request)
        may_write_for(request, sent["principal"], PrincipalRole.MANAGER)

        def do() -> dict[str, Any]:
            done = company.change_role(
                principal_id=sent["principal"], access_id=pk, role=sent["role"],
                by=request.user,  # type: ignore[arg-type]
            )  # fmt: skip
            return said(f"{done.user}: теперь {done.get_role_display()}.")

        return self.once(request, {**sent, "method": "PUT"}, do)

    @extend_schema(operation_id="colleague_withdraw", parameters=[REPEATED, OfPrincipal], request=None, responses=DONE)
    def delete(self, request: Request, pk: int) -> Response:
        contracts(request)
        sent = OfPrincipal.of(request)
        may_write_for(request, sent["principal"], PrincipalRole.MANAGER)

        def do() -> dict[str, Any]:
            gone = company.withdraw(
                principal_id=sent["principal"], access_id=pk, at=timezone.now(),
                by=request.user,  # type: ignore[arg-type]
            )  # fmt: skip
            return said(f"Доступ отозван: {gone.user}.")

        return self.once(request, {**sent, "method": "DELETE"}, do)


# --- papers ----------------------------------------------------------------------------------------------------------


class PaperAnswer(serializers.Serializer[Any]):
    """Empty: signed as it is. Else why not."""

    objection = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)


class SignedPaper(SupplierView):
    """A paper signed, or objected to, once; by the manager and the accountant."""

    @extend_schema(operation_id="paper_answer", parameters=[REPEATED], request=PaperAnswer, responses=DONE)
    def post(self, request: Request, pk: int) -> Response:
        row = access.get_paper_for(request.user, pk)
        contract = access.get_contract_for(request.user, row.contract_id or 0)
        may_write_for(request, contract.principal_id, PrincipalRole.MANAGER, PrincipalRole.ACCOUNTANT)
        sent = facts_of(PaperAnswer, request)

        def do() -> dict[str, Any]:
            payments.operations.answer_paper(
                paper_id=row.pk, on=localdate(), objection=" ".join(sent["objection"].split()),
                by=request.user,  # type: ignore[arg-type]
            )  # fmt: skip
            return said("Возражения записаны." if sent["objection"].strip() else f"Документ № {row.number} подписан.")

        return self.once(request, sent, do)


class NewAct(serializers.Serializer[Any]):
    contract = serializers.IntegerField(min_value=1, max_value=BIGGEST)
    month = shapes.MonthText()


class ActOfMonth(SupplierView):
    """The act of reconciliation of a month, its figures frozen."""

    @extend_schema(operation_id="act_issue", parameters=[REPEATED], request=NewAct,
                   responses={201: Paper, 200: Paper, 409: shapes.Detail})  # fmt: skip
    def post(self, request: Request) -> Response:
        contracts(request)
        sent = facts_of(NewAct, request)
        contract = access.get_contract_for(request.user, sent["contract"])
        may_write_for(request, contract.principal_id, PrincipalRole.MANAGER, PrincipalRole.ACCOUNTANT)

        def do() -> dict[str, Any]:
            paper = payments.operations.issue_paper(
                kind=PaperKind.PRINCIPAL, contract_id=contract.pk, first=sent["month"], last=sent["month"],
                on=localdate(), by=request.user,  # type: ignore[arg-type]
            )  # fmt: skip
            return dict(shapes.told(Paper, access.get_paper_for(request.user, paper.pk), many=False))

        return self.once(request, {**sent, "month": str(sent["month"])}, do)


# --- files that were sent --------------------------------------------------------------------------------------------


class ReadingFileRow(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    contract = serializers.IntegerField(source="contract_id")
    sent_at = serializers.DateTimeField()
    good = serializers.IntegerField()
    bad = serializers.IntegerField()
    undone_at = serializers.DateTimeField(allow_null=True)


class ReadingFiles(SupplierView):
    """Files of readings that were sent, the latest first."""

    @extend_schema(operation_id="reading_files", responses=ReadingFileRow(many=True))
    def get(self, request: Request) -> Response:
        return Response(shapes.told(ReadingFileRow, queries.reading_files(ids(request), limit=PER_PAGE)))


class ReadingFileUndo(SupplierView):
    """A whole file of readings taken back."""

    @extend_schema(operation_id="reading_file_undo", parameters=[REPEATED], request=None, responses=DONE)
    def post(self, request: Request, pk: int) -> Response:
        row = access.get_reading_file_for(request.user, pk)

        def do() -> dict[str, Any]:
            count = reading_files.undo_readings(
                file_id=row.pk, by=request.user, at=timezone.now(), today=localdate()  # type: ignore[arg-type]
            )  # fmt: skip
            return said(f"Файл «{row.name}» отменён, приборов: {count}. Действуют прежние показания.")

        return self.once(request, {}, do)


class OfContract(shapes.Query):
    contract = serializers.IntegerField(min_value=1, max_value=BIGGEST)
    house = serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST)


class ReadingsToFill(SupplierView):
    """The file of meters with their last values, to be filled in and sent back."""

    @extend_schema(operation_id="readings_to_fill", parameters=[OfContract],
                   responses={(200, workbooks.MEDIA_TYPE): OpenApiTypes.BINARY})  # fmt: skip
    def get(self, request: Request) -> HttpResponse:
        contracts(request)
        asked = OfContract.of(request)
        contract = access.get_contract_for(request.user, asked["contract"])
        own = access.supplied_meters_for(request.user, [contract.pk])
        content = meters.file_to_fill(own, house=asked.get("house"), today=localdate())
        return HttpResponse(content, content_type=workbooks.MEDIA_TYPE)


class ReceiptFileRow(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="register_id")
    name = serializers.CharField()
    state = serializers.CharField()


class ReceiptFiles(SupplierView):
    """Files of own receipts, the latest first."""

    @extend_schema(operation_id="receipt_files", responses=ReceiptFileRow(many=True))
    def get(self, request: Request) -> Response:
        return Response(shapes.told(ReceiptFileRow, register_queries.own_registers(contract_ids=ids(request))))


class UndoReason(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=255)


class ReceiptFileUndo(SupplierView):
    """All payments of an own file are answered by mirror rows today."""

    @extend_schema(operation_id="receipt_file_undo", parameters=[REPEATED], request=UndoReason, responses=DONE)
    def post(self, request: Request, pk: int) -> Response:
        own = {card.register_id for card in register_queries.own_registers(contract_ids=ids(request), limit=1000)}
        if pk not in own:
            raise Http404("Нет такого файла.")
        sent = facts_of(UndoReason, request)

        def do() -> dict[str, Any]:
            undone = payments.operations.undo_register(
                register_id=pk, day=localdate(), reason=sent["reason"], at=timezone.now(),
                by=request.user,  # type: ignore[arg-type]
            )  # fmt: skip
            return said(f"Файл отменён: платежей {undone.payments} на {undone.amount:f} ₽.")

        return self.once(request, sent, do)
