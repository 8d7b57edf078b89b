"""Documents are issued from ink, once, and stand as they were issued."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from accounts.calendar import Month
from accounts.models import JournalEntry, Run
from billing import operations as billing_operations
from billing.models import Charge, ChargeKind, ContractMonth, Correction, NormBasis, ProvisionMethod
from epd import assemble, barcode, operations, queries
from epd.models import PaymentDocument
from epd.operations import DocumentRefused
from payments import operations as payments_operations
from payments import queries as payments_queries
from tests import make

pytestmark = pytest.mark.django_db

OCTOBER = Month(date(2026, 10, 1))
SEPTEMBER = OCTOBER.previous
DAY = date(2026, 11, 3)


@pytest.fixture
def agent():
    return make.agent()


def issue(*accounts, month=OCTOBER, day=DAY, **facts):
    for still_open in payments_queries.operating_days(month=month):
        payments_operations.close_day(day=still_open)
    return operations.issue_month(month=month, day=day, account_ids=[a.pk for a in accounts] or None, **facts)


def paid(account, amount, day, **facts):
    payment = payments_operations.record_payment(
        channel="bank", external_id=f"{account.number}/{amount}/{day}", number=account.number, amount=Decimal(amount),
        paid_on=day, day=day, account_id=account.pk, today=DAY, **facts,
    )  # fmt: skip
    payments_operations.allocate_day(day=day)
    return payment


def content_of(account, month=OCTOBER):
    return queries.document_of_month(account_id=account.pk, month=month).payload


def row_of(content, service_id):
    return next(row for row in content["rows"] if row["service_id"] == service_id)


def written():
    return (PaymentDocument.objects.count(), JournalEntry.objects.filter(event__startswith="epd.").count())


# --- a real month from readings to the document -----------------------------------------------------------------------


@pytest.fixture
def district(agent):
    """A house with maintenance, cold water, electricity by two zones and hot water without a meter."""
    house = make.house(total_area_m2=Decimal("2000"), common_area_m2=Decimal("200"))
    manager, water, power = make.contract(), make.contract(), make.contract()
    make.provision(house, 8, manager, ProvisionMethod.PER_M2)
    make.tariff(manager, 8, "26.83")
    make.provision(house, 2, water, ProvisionMethod.METERED)
    make.tariff(water, 2, "46.37")
    make.norm(2, "4.5")
    make.provision(house, 1, power, ProvisionMethod.METERED)
    make.tariff(power, 1, "4.67")
    make.norm(1, "82")
    make.norm(14, "0.015", NormBasis.COMMON_M2_MONTH)
    make.provision(house, 14, manager, ProvisionMethod.COMMON_NORM)
    make.tariff(manager, 14, "46.37")
    make.house_volume(house, 2, OCTOBER.first, "310.5")
    account = make.account(
        house=house, persons=2, total_area_m2=Decimal("54.3"), living_area_m2=Decimal("31.8"),
        payer_person=make.person(last_name="Ким", first_name="Вера", middle_name="Ивановна"),
    )  # fmt: skip
    meter = make.meter(premises=account.premises, serial="СВК-77", digits=5)
    make.reading(meter, date(2026, 9, 23), "412")
    make.reading(meter, date(2026, 10, 23), "419")
    billing_operations.open_month(month=OCTOBER)
    billing_operations.run_billing(month=OCTOBER)
    return house, account


def test_a_posted_month_becomes_a_document(district):
    _, account = district
    billing_operations.post_month(month=OCTOBER, today=OCTOBER.next.first)
    assert issue() == 1
    document = queries.document_of_month(account_id=account.pk, month=OCTOBER)
    assert document.number == f"{account.number}-202610-1"
    assert (document.issued_on, document.due_on) == (DAY, date(2026, 11, 16))
    assert document.total == payments_queries.balance(account_id=account.pk, on=date(2026, 11, 1))
    content = document.payload
    water = row_of(content, 2)
    assert (water["volume"], water["mark"], water["tariff"], water["charged"]) == (
        "7", 2, "46.37", "324.59",
    )  # fmt: skip
    assert row_of(content, 8)["charged"] == "1456.87"
    assert row_of(content, 14)["under"] is True
    assert content["account"]["payer"] == "Ким Вера Ивановна"
    assert (content["account"]["persons"], content["account"]["total_area"]) == (2, "54.3")
    (dial,) = content["meters"]
    assert (dial["serial"], dial["previous"], dial["current"], dial["usage"]) == (
        "СВК-77", "412", "419", "7",
    )  # fmt: skip
    (cold,) = [line for line in content["house"] if line["service"] == "Холодное водоснабжение"]
    assert (cold["norm"], cold["building_volume"]) == ("4,5 м³ на чел.", "310.5")
    assert cold["premises_volume"] == "7"
    assert sum(Decimal(row["charged"]) + Decimal(row["uplift"]) for row in content["rows"]) == document.total
    assert ContractMonth.objects.filter(month=OCTOBER.first, state="issued").count() == 3


def test_chalk_is_never_printed(district):
    _, account = district
    before = written()
    with pytest.raises(DocumentRefused, match="не проведён"):
        issue()
    with pytest.raises(DocumentRefused, match="не проведён"):
        issue(account)
    assert written() == before


def test_one_open_contract_keeps_the_document_back(district):
    _, account = district
    contracts = list(ContractMonth.objects.values_list("contract_id", flat=True))
    for contract_id in contracts[:2]:
        billing_operations.post_month(month=OCTOBER, today=OCTOBER.next.first, contract_id=contract_id)
    with pytest.raises(DocumentRefused, match="не проведён"):
        issue(account)
    billing_operations.post_month(month=OCTOBER, today=OCTOBER.next.first, contract_id=contracts[2])
    assert issue(account) == 1


def test_a_held_account_gets_no_document(district):
    house, account = district
    other = make.account(house=house, persons=1)
    billing_operations.run_billing(month=OCTOBER)
    hold = billing_operations.hold_account(account_id=account.pk, month=OCTOBER, cause="расход в пять раз больше")
    billing_operations.post_month(month=OCTOBER, today=OCTOBER.next.first)
    assert issue() == 1
    assert queries.document_of_month(account_id=account.pk, month=OCTOBER) is None
    assert queries.document_of_month(account_id=other.pk, month=OCTOBER) is not None
    with pytest.raises(DocumentRefused, match="удержан"):
        issue(account)
    billing_operations.release_hold(hold_id=hold.pk)
    assert issue() == 1
    assert queries.document_of_month(account_id=account.pk, month=OCTOBER) is not None


# --- balances --------------------------------------------------------------------------------------------------------


def test_the_total_is_the_balance_at_the_months_end(agent):
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, SEPTEMBER, "1000.00")
    make.ink(account, contract, 2, OCTOBER, "500.00")
    make.ink(account, contract, 8, OCTOBER, "250.00")
    make.ink(account, contract, 8, OCTOBER, "7.11", kind=ChargeKind.PENALTY)
    paid(account, "600.00", date(2026, 10, 14))
    issue(account)
    content = content_of(account)
    assert content["total"] == "1157.11"
    assert Decimal(content["total"]) == payments_queries.balance(account_id=account.pk, on=OCTOBER.next.first)
    water = row_of(content, 2)
    assert (water["opening"], water["charged"], water["paid"], water["closing"]) == (
        "1000.00", "500.00", "600.00", "900.00",
    )  # fmt: skip
    assert row_of(content, 8)["penalty"] == "7.11"
    assert content["payments"] == {"through": "2026-10-31", "last_on": "2026-10-14", "last": "600.00"}
    assert barcode.read(content["qr"]).sum_kopecks == 115711


def test_the_end_of_a_month_is_the_start_of_the_next(agent):
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, SEPTEMBER, "1000.00")
    make.ink(account, contract, 2, OCTOBER, "500.00")
    paid(account, "300.00", date(2026, 10, 20))
    issue(account, month=SEPTEMBER, day=date(2026, 10, 3))
    issue(account)
    assert content_of(account, SEPTEMBER)["sums"]["closing"] == content_of(account)["sums"]["opening"] == "1000.00"


def test_a_payment_after_the_month_is_not_counted(agent):
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, OCTOBER, "500.00")
    paid(account, "500.00", date(2026, 11, 2))
    issue(account)
    assert content_of(account)["total"] == "500.00"
    assert content_of(account)["payments"]["last_on"] == ""


def test_an_overpayment_is_an_advance_without_a_code(agent):
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, OCTOBER, "100.00")
    paid(account, "250.00", date(2026, 10, 20))
    issue(account)
    content = content_of(account)
    assert (content["total"], content["qr"], content["desk"]) == ("-150.00", "", "")


def test_a_recalculation_names_its_document(agent):
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, OCTOBER, "500.00")
    make.ink(account, contract, 2, OCTOBER, "-80.00", kind=ChargeKind.RECALCULATION)
    make.ink(account, contract, 8, OCTOBER, "-15.00", kind=ChargeKind.RECALCULATION)
    Correction.objects.create(
        account=account, contract=contract, service_id=2, number="17-к", month=OCTOBER.first, for_month=OCTOBER.first,
        basis="перерыв подачи воды 3 дня, акт № 5", amount=Decimal("-80.00"),
    )  # fmt: skip
    issue(account)
    assert [(line["service"], line["text"], line["amount"]) for line in content_of(account)["recalculations"]] == [
        ("Содержание жилого помещения", "перерасчёт за октябрь 2026 по уточнённым сведениям", "-15.00"),
        ("Холодное водоснабжение", "перерыв подачи воды 3 дня, акт № 5, документ № 17-к", "-80.00"),
    ]


# --- once, and as it was ---------------------------------------------------------------------------------------------


def test_a_second_issue_makes_nothing(agent):
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, OCTOBER, "500.00")
    assert (issue(account), issue(account), issue()) == (1, 0, 0)
    assert PaymentDocument.objects.count() == 1


def test_the_page_stays_when_the_world_changes(agent):
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, OCTOBER, "500.00")
    issue(account)
    before = content_of(account)
    account.payer_person.last_name = "Сменила"
    account.payer_person.save()
    agent.short_name = "АО «Другое имя»"
    agent.save()
    assert content_of(account) == before


def test_an_issued_document_is_ink(agent):
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, OCTOBER, "500.00")
    issue(account)
    for change in ({"total": Decimal("1.00")}, {"payload": {}}, {"number": "другой"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            PaymentDocument.objects.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        PaymentDocument.objects.all().delete()


def test_the_identifier_of_gis_is_filled_in_once(agent):
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, OCTOBER, "500.00")
    issue(account)
    PaymentDocument.objects.update(gis_id="20МВ875415-07-6101")
    with pytest.raises(DatabaseError), transaction.atomic():
        PaymentDocument.objects.update(gis_id="20МВ875415-07-6102")


def test_a_reissue_refers_to_the_elder(agent):
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, OCTOBER, "500.00")
    issue(account)
    made = operations.reissue(account_id=account.pk, month=OCTOBER, day=date(2026, 11, 5), reason="ошибка в адресе")
    elder = made.replaces
    assert (made.issue, made.number) == (2, f"{account.number}-202610-2")
    assert elder.issue == 1
    assert elder.withdrawn_at is not None
    assert made.payload["document"]["replaces"] == {
        "number": elder.number, "issued_on": "2026-11-03", "reason": "ошибка в адресе",
    }  # fmt: skip
    assert queries.document_of_month(account_id=account.pk, month=OCTOBER) == made
    assert [row.issue for row in queries.documents_of_account(account.pk)] == [2, 1]
    assert issue() == 0


def test_a_reissue_needs_a_reason_and_an_elder(agent):
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, OCTOBER, "500.00")
    before = written()
    with pytest.raises(DocumentRefused, match="причину"):
        operations.reissue(account_id=account.pk, month=OCTOBER, day=DAY, reason=" ")
    with pytest.raises(DocumentRefused, match="документа ещё нет"):
        operations.reissue(account_id=account.pk, month=OCTOBER, day=DAY, reason="ошибка")
    assert written() == before


def test_a_withdrawn_document_stays_and_is_not_issued_again(agent):
    account, contract = make.account(), make.contract()
    make.ink(account, contract, 2, OCTOBER, "500.00")
    issue(account)
    document = queries.document_of_month(account_id=account.pk, month=OCTOBER)
    operations.withdraw(document_id=document.pk, reason="счёт закрыт по ошибке")
    assert queries.document_of_month(account_id=account.pk, month=OCTOBER) is None
    assert issue() == 0
    before = written()
    with pytest.raises(DocumentRefused, match="уже отозван"):
        operations.withdraw(document_id=document.pk, reason="ещё раз")
    assert written() == before
    made = operations.reissue(account_id=account.pk, month=OCTOBER, day=DAY, reason="исправлен")
    assert made.issue == 2


# --- refusals --------------------------------------------------------------------------------------------------------


def test_no_document_without_the_centres_approved_account():
    account, contract = make.account(), make.contract()
    centre = make.organisation(kind=1)
    make.bank_account(organisation=centre, state="proposed")
    make.ink(account, contract, 2, OCTOBER, "500.00")
    before = written()
    with pytest.raises(DocumentRefused, match="утверждённого банковского счёта"):
        issue(account)
    assert written() == before


def test_one_refused_account_does_not_stop_the_house(agent):
    house, contract = make.house(), make.contract()
    good, bad = make.account(house=house), make.account(house=house)
    for account in (good, bad):
        make.ink(account, contract, 2, OCTOBER, "500.00")
    make.ink(bad, contract, 8, OCTOBER, "9999999999.99")  # more than a document holds
    summary = operations.issue_documents(month=OCTOBER, day=DAY)
    assert summary.documents == 1
    assert len(summary.refused) == 1
    assert bad.number in summary.refused[0]
    assert ContractMonth.objects.get(contract=contract).state == "posted"
    run = Run.objects.get(kind="epd.issue")
    assert run.counts == {"documents": 1, "total": "500.00", "standing": 0, "refused": 1}
    assert summary.refused[0] in run.message


def test_a_month_without_a_due_day_is_refused(agent):
    account, contract = make.account(), make.contract()
    long_ago = Month(date(2001, 1, 1))
    account.opened_on = date(2000, 1, 1)
    account.save()
    make.ink(account, contract, 2, long_ago, "500.00")
    with pytest.raises(DocumentRefused, match="Не задан срок оплаты"):
        issue(account, month=long_ago, day=date(2001, 2, 3))


# --- reading in blocks -----------------------------------------------------------------------------------------------


def test_the_number_of_queries_does_not_depend_on_the_accounts(agent, django_assert_max_num_queries):
    contract = make.contract()
    houses = [make.house() for _ in range(3)]
    for house in houses:
        make.provision(house, 2, contract)
        for _ in range(4):
            account = make.account(house=house, persons=1)
            make.reading(make.meter(premises=account.premises), date(2026, 10, 20), "5")
            make.ink(account, contract, 2, OCTOBER, "100.00")
    with django_assert_max_num_queries(46):
        assert issue() == 12


def test_empty_accounts_get_no_document(agent):
    contract = make.contract()
    account = make.account()
    make.ink(account, contract, 2, OCTOBER, "100.00")
    make.account()
    assert issue() == 1
    assert Charge.objects.filter(month=OCTOBER.first).count() == 1


def test_a_communal_room_names_its_flat_and_shows_the_flats_meter(agent):
    house, contract = make.house(), make.contract()
    flat = make.premises(house=house, number="57")
    room = make.premises(house=house, kind=2, parent=flat, number="4", total_area_m2=Decimal("18.4"))
    make.meter(premises=flat, kind=2, serial="ОБЩИЙ-1")
    make.meter(premises=flat, kind=1, serial="ЧУЖОЙ")
    make.meter(premises=room, kind=3, serial="КОМНАТА-4")
    account = make.account(premises=room)
    make.ink(account, contract, 2, OCTOBER, "100.00")
    issue(account)
    content = content_of(account)
    assert content["account"]["street"].endswith("кв. 57, ком. 4")
    assert [dial["serial"] for dial in content["meters"]] == ["КОМНАТА-4", "ОБЩИЙ-1"]


def test_an_organisation_pays_for_its_premises(agent):
    owner = make.organisation(name="ООО «Торговый дом»")
    account = make.account(payer_organisation=owner, payer_person=None)
    make.ink(account, make.contract(), 2, OCTOBER, "100.00")
    issue(account)
    content = content_of(account)
    assert content["account"]["payer"] == "ООО «Торговый дом»"
    assert content["account"]["payer_inn"] == owner.inn
    assert "LastName" not in barcode.read(content["qr"]).fields


def test_the_version_of_the_form_is_kept(agent):
    account = make.account()
    make.ink(account, make.contract(), 2, OCTOBER, "100.00")
    issue(account)
    assert queries.documents_of_account(account.pk)[0].template_version == assemble.TEMPLATE_VERSION


def test_a_month_is_documented_when_it_is_over_and_its_days_are_closed(agent):
    """The document says up to which day payments are counted; a day still open would make that a lie."""
    account = make.account()
    make.ink(account, make.contract(), 2, OCTOBER, "500.00")
    paid(account, "10.00", date(2026, 10, 20))
    before = written()
    with pytest.raises(DocumentRefused, match=r"не раньше 01\.11\.2026"):
        operations.issue_month(month=OCTOBER, day=OCTOBER.last)
    with pytest.raises(DocumentRefused, match=r"20\.10\.2026 ещё открыт"):
        operations.issue_month(month=OCTOBER, day=DAY)
    assert written() == before
    payments_operations.close_day(day=date(2026, 10, 20))
    paid(account, "10.00", date(2026, 11, 2))  # a day of the next month may be open
    assert operations.issue_month(month=OCTOBER, day=DAY) == 1
    assert content_of(account)["payments"]["through"] == "2026-10-31"


def test_nothing_to_issue_leaves_no_job(agent):
    account = make.account()
    make.ink(account, make.contract(), 2, OCTOBER, "500.00")
    issue()
    jobs = Run.objects.filter(kind="epd.issue").count()
    summary = operations.issue_documents(month=OCTOBER, day=DAY)
    assert (summary.documents, summary.standing) == (0, 1)
    assert Run.objects.filter(kind="epd.issue").count() == jobs == 1
