"""Every list and card of the admin opens, is in Russian, and asks no more of the database when rows grow."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from zeal import zeal_ignore

import payments.operations
from accounts.models import (
    Absence,
    BankAccount,
    CalendarDay,
    ImportedFile,
    JournalEntry,
    Run,
    Touch,
)
from billing.models import (
    AllocatorShare,
    BenefitEntitlement,
    Correction,
    Hold,
    HouseBalance,
    LineProblem,
    MassCorrection,
    MeterFault,
    PlotUse,
    ProvisionException,
    QualityEvent,
    UnauthorisedUse,
)
from debt.models import Moratorium, PenaltyBand, PenaltyTerms
from epd.models import (
    Delivery,
    DeliveryRate,
    DeliveryRoute,
    DocumentLook,
    DocumentText,
    DocumentWish,
    IssueRefusal,
    PaymentDocument,
    PrintBatch,
    Subscription,
)
from payments.models import (
    Autopayment,
    BankStatementLine,
    CashReceipt,
    CashShift,
    Channel,
    ChargeBack,
    ClosedMonth,
    FiscalReceipt,
    OnlinePayment,
    OnlineRefund,
    OperatingDay,
    Payment,
    RefundApplication,
    Register,
    RegisterLayout,
    RegisterSource,
    Remittance,
    Reversal,
)
from portals.models import AccountLink, HouseWork, PrincipalUser
from tests import make

OURS = ["accounts", "billing", "payments", "debt", "epd", "portals"]
DAY = date(2026, 9, 10)
MONTH = date(2026, 9, 1)
REGISTERED = sorted(
    (model for model in admin.site._registry if model._meta.app_label in OURS), key=lambda model: model._meta.label
)


def rows(number: int) -> None:
    """One more row of everything that has a page."""
    contract = make.contract(percent="1.5")
    account = make.account(persons=2)
    house = account.house
    meter = make.meter(premises=account.premises)
    make.meter(house=house, kind=4)
    make.reading(meter, DAY, "12")
    make.tariff(contract, 2, "42.30")
    make.norm(2, "7.125", scope=number)
    make.provision(house, 2, contract)
    make.house_volume(house, 2, MONTH, "100")
    make.law_value(f"uplift.test{number}", "1.5")
    make.contract_month(contract, MONTH)
    make.residency(premises=account.premises, person=make.person())
    staff = make.user(is_staff=True)
    office = make.office()
    Absence.objects.create(
        premises=account.premises, person=make.person(), document="справка", applied_on=DAY, valid_from=DAY
    )
    CalendarDay.objects.create(day=date(2026, 1, number), is_working=False, act="указ")
    ImportedFile.objects.create(kind="gis", name="д.xlsx", sha256=str(number), imported_by=staff, counts={"строк": 3})
    JournalEntry.objects.create(event="accounts.test", user=staff, account=account, facts={"сумма": "10.00"})
    Touch.objects.create(account=account, house=house, first_month=MONTH)
    Run.objects.create(kind="billing", month=MONTH, started_by=staff, total=4, done=1).blocks.create(
        number=1, houses=[house.id]
    )
    ProvisionException.objects.create(account=account, service_id=2, ground="акт", valid_from=DAY)
    Hold.objects.create(account=account, month=MONTH, cause="нулевой расход", held_by=staff)
    LineProblem.objects.create(account=account, month=MONTH, service_id=2, text="нет норматива")
    HouseBalance.objects.create(
        house=house, service_id=16, month=MONTH, volume=Decimal("-3.5"), carried=Decimal("-3.5")
    )
    MeterFault.objects.create(meter=meter, kind=1, document="акт № 2", valid_from=DAY)
    PlotUse.objects.create(premises=account.premises, kind=1, units=Decimal(40), valid_from=DAY)
    QualityEvent.objects.create(
        house=house, premises=account.premises, service_id=3, breach=5, act="акт № 1",
        started_at=datetime(2026, 10, 1, 8, tzinfo=UTC), ended_at=datetime(2026, 10, 2, 8, tzinfo=UTC),
    )  # fmt: skip
    BenefitEntitlement.objects.create(
        account=account, person=account.payer_person, service_id=2, category="ветеран", percent=Decimal(50),
        valid_from=make.LONG_AGO, document="удостоверение",
    )  # fmt: skip
    Correction.objects.create(
        account=account, service_id=2, contract=contract, number=str(number), month=MONTH, for_month=MONTH,
        basis="акт", amount=Decimal("-12.50"), made_by=staff,
    )  # fmt: skip
    HouseWork.objects.create(
        house=house, service_id=2, reason="опрессовка",
        starts_at=datetime(2026, 10, 1, 8, tzinfo=UTC), ends_at=datetime(2026, 10, 2, 8, tzinfo=UTC),
    )  # fmt: skip
    payments.operations.open_day(DAY)
    MassCorrection.objects.create(
        number=str(number), month=date(2026, 11, 1), service_id=2, first_month=MONTH, last_month=MONTH, rule=1,
        value=Decimal(-10), houses=[house.pk], basis="предписание", reason="перерыв", accounts=1,
        amount=Decimal("-12.50"), made_by=staff,
    )  # fmt: skip
    UnauthorisedUse.objects.create(
        account=account, contract=contract, service_id=2, kind=1, act="№ 1", act_on=date(2026, 10, 20),
        started_on=MONTH, charged_from=MONTH, charged_to=date(2026, 10, 20), capacity=Decimal(1),
        volume=Decimal(456), tariff=Decimal(40), amount=Decimal("18240.00"), month=MONTH, made_by=staff,
    )  # fmt: skip
    AllocatorShare.objects.create(premises=account.premises, year=2025, units=Decimal(120), document="ведомость")
    channel = Channel.objects.create(code=f"desk{number}", name="Касса", kind=1)
    register = Register.objects.create(channel=channel, name="реестр", sha256=f"s{number}", taken_by=staff)
    OperatingDay.objects.create(day=date(2026, 2, number))
    ClosedMonth.objects.create(month=date(2025, number, 1), totals={"начислено": "10.00"})
    payment = Payment.objects.create(
        channel=channel, external_id=str(number), register=register, account=account, amount=Decimal("10.00"),
        paid_on=DAY, day=DAY, accepted_by=staff, office=office,
    )  # fmt: skip
    Reversal.objects.create(payment=payment, day=DAY, reason="ошибка", made_by=staff)
    remittance = Remittance.objects.create(
        contract=contract, day=DAY, number=f"{number:06}", gross=10, returns=0, commission=0, vat=0, net=10,
        bank_account=BankAccount.objects.filter(organisation=contract.principal).earliest("pk"),
    )  # fmt: skip
    BankStatementLine.objects.create(
        register=register, own_account="40821", day=DAY, document_on=DAY, number=str(number), amount=Decimal("10.00"),
        is_incoming=True, payment=payment, remittance=remittance,
    )  # fmt: skip
    receipt = CashReceipt.objects.create(
        office=office, cashier=staff, number=str(number), amount=Decimal("10.00"), given=Decimal("10.00")
    )
    receipt.payments.add(payment)
    CashShift.objects.create(cashier=staff, office=office, day=DAY)
    RefundApplication.objects.create(
        account=account, number=str(number), applied_on=DAY, amount=Decimal("10.00"), recipient="Иванова Мария",
        bik="045354601", bank_account="40817810000000000001", day=DAY, made_by=staff,
    )  # fmt: skip
    RegisterLayout.objects.create(code=f"layout{number}", name="Банк", account_at="1", amount_at="2", paid_on_at="3")
    RegisterSource.objects.create(name="Банк", place=f"bank{number}", layout=f"layout{number}", channel=channel)
    Autopayment.objects.create(user=staff, account=account, limit=Decimal("5000.00"))
    online = OnlinePayment.objects.create(
        provider="yookassa", account=account, user=staff, amount=Decimal("10.00"), method="card"
    )
    OnlineRefund.objects.create(online=online, amount=Decimal("10.00"), reason="ошибка", begun_by=staff)
    ChargeBack.objects.create(
        payment=payment, reason="спор", document="№ 1", claimed_on=DAY, remitted=Decimal("1.00"), state="asked",
        asked_by=staff,
    )  # fmt: skip
    FiscalReceipt.objects.create(
        payment=payment, kind=FiscalReceipt._meta.get_field("kind").choices[0][0], amount=Decimal("10.00"), contents={}
    )
    IssueRefusal.objects.create(account=account, month=MONTH, why="нет адреса")
    DocumentText.objects.create(title="Новость", text="Счёт {счёт}", valid_from=DAY)
    DocumentLook.objects.create(region=number, valid_from=DAY)
    DocumentWish.objects.create(account=account, large=True)
    Subscription.objects.create(account=account, email="a@test.example", token=str(number))
    DeliveryRoute.objects.create(route=number, name="Степной", office=office)
    DeliveryRate.objects.create(way=1, valid_from=date(2026, 1, number), valid_to=date(2026, 1, number + 1))
    document = PaymentDocument.objects.create(
        account=account, month=MONTH, number=str(number), issued_on=DAY, due_on=DAY, total=Decimal("10.00"),
        payload={}, template_version="1",
    )  # fmt: skip
    Delivery.objects.create(document=document, way=1)
    PrintBatch.objects.create(
        run=Run.objects.latest("pk"), number=number, month=MONTH, document_ids=[document.pk], documents=1,
        total=Decimal("10.00"),
    )  # fmt: skip
    PenaltyBand.objects.create(scale=1, first_day=200 + number, divisor=300, act="акт", valid_from=DAY)
    PenaltyTerms.objects.create(contract=contract, service_id=2, scale=1, act="договор", valid_from=DAY)
    Moratorium.objects.create(account=account, act="соглашение", valid_from=DAY)
    AccountLink.objects.create(user=make.user(), account=account)
    PrincipalUser.objects.create(user=make.user(), principal=contract.principal)


def page(model: type[models.Model], name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


@pytest.fixture
def staff(admin_user: Any) -> Client:
    client = Client()
    client.force_login(admin_user)
    return client


def test_every_model_is_findable():
    managed = {m for app in OURS for m in apps.get_app_config(app).get_models() if not m.__name__.endswith("Event")}
    on_office_pages = {m for m in managed if isinstance(m._meta.pk, models.CompositePrimaryKey)}
    missing = {m.__name__ for m in managed - on_office_pages - set(REGISTERED)}
    # shown inside its run, by its receipt, in the report of its shift, on the pages of papers; or kept for the night
    inside = {"RunBlock", "ReceiptPayment", "CashMovement", "SettlementPaper", "ReallocatedPayment", "PenaltyBook"}
    # on pages of the office of their own: orders of refunds, orders matched to a register
    inside |= {"RefundOrder", "RegisterTransfer"}
    # the file of a register that waits for a decision: on the page of its register
    inside |= {"HeldFile"}
    # reports have pages of their own in the office and in the supplier's cabinet
    inside |= {"SavedReport", "ReportJob", "ReportSchedule"}
    # queues of the office with pages of their own, and what stands inside them
    inside |= {"Appeal", "AppealMessage", "AppealFile", "Dispute"}
    # things of the two cabinets, shown to their owners there
    inside |= {"AccessKey", "KeyAnswer", "Certificate", "Invitation", "PrincipalInvitation", "Notice", "NoticeWish"}
    inside |= {"ReadingFile"}
    # written and undone by operations, without a page so far
    assert missing == {*inside, "PaymentInstruction", "Reallocation"}


def test_every_model_and_field_is_labelled_in_russian():
    latin = [
        f"{model._meta.label}.{field.name}"
        for model in REGISTERED
        for field in model._meta.fields
        if field.name not in ("id", "password", "search_name", "search_address")
        and not any("а" <= letter.lower() <= "я" for letter in str(field.verbose_name))
    ]
    assert latin == []


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_list_opens_and_its_queries_do_not_grow_with_rows(staff: Client, db: None, model: type[models.Model]):
    rows(1)
    rows(2)
    address = page(model, "changelist")
    staff.get(address)  # content types and permissions are asked for once
    with CaptureQueriesContext(
        connection,
    ) as few:
        assert staff.get(address).status_code == 200
    for number in range(3, 8):
        rows(number)
    with CaptureQueriesContext(connection) as many:
        assert staff.get(address).status_code == 200
    assert len(many) <= len(few)


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_list_can_be_searched(staff: Client, db: None, model: type[models.Model]):
    rows(1)
    for term in ("Иванова", "Чкалова 1", "560000013", "СВ-0001", "+79120000000", "%_'"):
        assert staff.get(page(model, "changelist"), {"q": term}).status_code == 200


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_card_opens(staff: Client, db: None, model: type[models.Model]):
    rows(1)
    row = model._default_manager.order_by("-pk").first()
    with zeal_ignore([{"model": "accounts.User", "field": "get()"}]):  # who asks and who is shown
        assert staff.get(page(model, "change", row.pk)).status_code == 200


INK = [
    BankStatementLine, CashReceipt, Correction, Hold, JournalEntry, OperatingDay, Payment, PaymentDocument, Register,
    Remittance, Reversal, Run, Touch, AccountLink, ImportedFile, Absence,
    *(m for m in REGISTERED if m.__name__ in ("ContractMonth", "Residency", "Ownership", "PremisesArea")),
]  # fmt: skip


@pytest.mark.parametrize("model", INK, ids=lambda model: model._meta.label)
def test_ink_is_read_only_even_for_the_superuser(staff: Client, db: None, model: type[models.Model]):
    rows(1)
    row = model._default_manager.order_by("pk").first()
    before = model._default_manager.filter(pk=row.pk).values().get()
    assert staff.get(page(model, "add")).status_code == 403
    assert staff.post(page(model, "add"), {}).status_code == 403
    assert staff.post(page(model, "change", row.pk), {"amount": "1"}).status_code == 403
    assert staff.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert model._default_manager.filter(pk=row.pk).values().get() == before
