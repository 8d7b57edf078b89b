"""The cash desk, money without an owner, statements, reversals, remittances: pages over operations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from zeal import zeal_ignore

import payments.operations
import payments.queries
from billing.models import ContractMonth
from payments.models import CashReceipt, OperatingDay, Payment, Register, Remittance, Reversal
from portals.office import queries as office_queries
from portals.office import roles
from tests import make

from . import desk as desks
from .desk import NOVEMBER, NOW, TODAY, Desk, client, text, written

pytestmark = pytest.mark.django_db
TOMORROW = TODAY.replace(day=TODAY.day + 1)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with time_machine.travel(NOW, tick=False):
        yield desks.build()


def till(*accounts: Any) -> str:
    return reverse("office:cash_desk") + "?" + "&".join(f"a={account.pk}" for account in accounts)


def form_of(page: Any) -> dict[str, str]:
    """What the browser would send back if nothing were typed."""
    form = page.context["form"]
    return {name: str(form[name].value() or "") for name in form.fields if name != "card"}


def hand_over(cashier: Client, address: str, desk: Desk, **typed: str) -> Any:
    """The payment as typed; what the desk asks about is confirmed."""
    data = {**form_of(cashier.get(address)), "office": str(desk.office.pk), **typed}
    answer = cashier.post(address, data)
    if answer.context and (confirm := answer.context.get("confirm")):
        return cashier.post(address, {**data, "confirmed": confirm})
    return answer


# --- the desk ---------------------------------------------------------------------------------------------------------


def test_the_debt_is_filled_in_and_the_change_is_told(desk: Desk):
    cashier = client(roles.CASHIER)
    page = cashier.get(till(desk.account))
    assert page.context["form"][f"amount_{desk.account.pk}"].value() == "1400,00"
    assert "октябрь 2026: 1 400,00 ₽" in text(page)
    answer = hand_over(cashier, till(desk.account), desk, given="1500")
    receipt = CashReceipt.objects.get()
    assert answer["Location"] == reverse("office:receipt", args=[receipt.number])
    printed = text(cashier.get(answer["Location"]))
    assert "Сдача 100,00 ₽" in printed
    assert desk.account.number in printed
    assert payments.queries.balance(account_id=desk.account.pk, on=TOMORROW) == Decimal("0.00")


def test_several_accounts_go_into_one_receipt(desk: Desk):
    other = make.account()
    typed = {f"amount_{desk.account.pk}": "400,50", f"amount_{other.pk}": "10"}
    with zeal_ignore():  # each payment is taken in on its own, once
        hand_over(client(roles.CASHIER), till(desk.account, other), desk, **typed)
    receipt = CashReceipt.objects.get()
    assert (receipt.amount, receipt.payments.count()) == (Decimal("410.50"), 2)


def test_too_little_money_is_refused_and_what_was_typed_stays(desk: Desk):
    before = written()
    answer = hand_over(client(roles.CASHIER), till(desk.account), desk, given="1000,00")
    assert answer.status_code == 422
    assert "не хватает 400" in text(answer)
    assert 'value="1000,00"' in answer.content.decode()
    assert written() == before


@pytest.mark.parametrize(
    "typed",
    ["", "много", "0", "-5", "+5", "1,999", "99999999999999", "1e5", "NaN", "Infinity", "1_000", "1.000,50", "٥", "."],
)
def test_an_absurd_sum_is_refused_in_words(desk: Desk, typed: str):
    before = written()
    answer = hand_over(client(roles.CASHIER), till(desk.account), desk, **{f"amount_{desk.account.pk}": typed})
    assert answer.status_code == 422
    assert re.search(r"[а-я]{4}", str(answer.context["form"].errors))
    assert written() == before


def test_a_second_press_is_the_same_receipt(desk: Desk):
    cashier = client(roles.CASHIER)
    data = {**form_of(cashier.get(till(desk.account))), "office": str(desk.office.pk)}
    first, again = (cashier.post(till(desk.account), data)["Location"] for _ in range(2))
    assert first == again
    assert Payment.objects.count() == 1
    assert "деньги взяты один раз" in text(cashier.get(again))


def test_the_same_form_with_another_sum_is_not_a_silent_receipt(desk: Desk):
    cashier = client(roles.CASHIER)
    data = {**form_of(cashier.get(till(desk.account))), "office": str(desk.office.pk)}
    cashier.post(till(desk.account), data)
    before = written()
    answer = cashier.post(till(desk.account), {**data, f"amount_{desk.account.pk}": "10,00"})
    assert answer.status_code == 422
    number = CashReceipt.objects.get().number
    assert f"По этой форме уже выдана квитанция {number} на 1 400,00 ₽" in text(answer).replace("\u202f", " ")
    assert written() == before
    cashier.post(reverse("office:cash_cancel"), {"number": number, "ground": "ошибка"})
    before = written()
    assert "она отменена" in text(cashier.post(till(desk.account), data))
    assert written() == before


def test_a_card_goes_through_the_card_channel(desk: Desk):
    hand_over(client(roles.CASHIER), till(desk.account), desk, card="on")
    assert Payment.objects.get().channel_id == "card"


def test_a_scanned_code_opens_the_account_at_once(desk: Desk):
    code = f"ST00012|Name=ООО|PersonalAcc=1|BankName=Б|BIC=1|CorrespAcc=0|PersAcc={desk.account.number}"
    answer = client(roles.CASHIER).get(reverse("office:cash_find"), {"q": code}, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == till(desk.account)


def test_while_typing_the_hits_are_only_offered(desk: Desk):
    headers = {"HX-Request": "true", "HX-Trigger-Name": "q"}
    answer = client(roles.CASHIER).get(reverse("office:cash_find"), {"q": desk.account.number}, headers=headers)
    assert "HX-Redirect" not in answer
    assert till(desk.account) in answer.content.decode()


def test_a_reading_is_taken_with_the_payment(desk: Desk):
    data = {"account": desk.account.pk, "meter": desk.meter.pk, f"m{desk.meter.pk}-on": TODAY.isoformat()}
    cashier, address = client(roles.CASHIER), reverse("office:cash_reading")
    refused = cashier.post(address, {**data, f"m{desk.meter.pk}-zone_1": "5"})
    assert "меньше предыдущего" in text(refused)
    taken = cashier.post(address, {**data, f"m{desk.meter.pk}-zone_1": "118"})
    assert "Расход 8 м³, за ноябрь 2026" in text(taken)


def test_the_shift_counts_what_stands_and_shows_what_was_cancelled(desk: Desk):
    cashier = client(roles.CASHIER)
    typed = {f"amount_{desk.account.pk}": "100"}
    hand_over(cashier, till(desk.account), desk, **typed)
    hand_over(cashier, till(desk.account), desk, **typed)
    number = CashReceipt.objects.order_by("pk").first().number
    nameless = cashier.post(reverse("office:cash_cancel"), {"number": number, "ground": ""}, follow=True)
    assert "Назовите причину" in text(nameless)
    assert Reversal.objects.count() == 0
    cashier.post(reverse("office:cash_cancel"), {"number": number, "ground": "ошибся счётом"})
    page = text(cashier.get(reverse("office:cash_desk")))
    assert "Наличными 100,00 ₽" in page
    assert "отменена" in page


def test_the_desk_costs_the_same_for_any_length_of_shift(desk: Desk, django_assert_max_num_queries: Any):
    cashier = client(roles.CASHIER)
    for _ in range(4):
        hand_over(cashier, till(desk.account), desk, **{f"amount_{desk.account.pk}": "1"})
    with django_assert_max_num_queries(30):
        cashier.get(till(desk.account))


# --- money without an owner -------------------------------------------------------------------------------------------


def test_an_unidentified_payment_is_given_to_a_hinted_account_in_one_click(desk: Desk):
    wrong = desk.account.number[:-1] + str((int(desk.account.number[-1]) + 1) % 10)
    payment = desks.pay(desk, "150.00", number=wrong, payer="КЛИМОВА АННА")
    assert payment.state == "unidentified"
    accountant = client(roles.ACCOUNTANT)
    assert "150,00 ₽" in text(accountant.get(reverse("office:unidentified")))
    hints = accountant.get(reverse("office:candidates", args=[payment.pk]))
    assert desk.account.number in text(hints)
    data = {"payment_id": payment.pk, "account_id": desk.account.pk, "ground": "плательщик"}
    answer = accountant.post(reverse("office:unidentified"), data, follow=True)
    assert f"зачислен на счёт {desk.account.number}" in text(answer)
    payment.refresh_from_db()
    assert (payment.state, payment.account_id) == ("allocated", desk.account.pk)
    again = accountant.post(reverse("office:unidentified"), data, follow=True)
    assert "а не «не выяснен»" in text(again)


def test_what_several_clues_agree_on_stands_first(desk: Desk):
    others = [make.account(payer_person=make.person(last_name="Климова", first_name="Анна")) for _ in range(2)]
    number = desk.account.number
    slip = number[:-2] + str((int(number[-2]) + 3) % 10) + number[-1]
    payment = desks.pay(desk, "150.00", number=slip, payer="КЛИМОВА АННА")
    found = office_queries.candidates(payment.pk)
    assert found[0].id == desk.account.pk
    assert found[0].why.startswith("плательщик") or "опиской" in found[0].why
    assert {row.id for row in others} <= {row.id for row in found}


def test_the_fields_of_a_qr_name_the_account(desk: Desk):
    payment = desks.pay(desk, "150.00", number="", purpose=f"ST00012|PersAcc={desk.account.number}|Sum=15000")
    first = office_queries.candidates(payment.pk)[0]
    assert (first.id, first.why) == (desk.account.pk, "номер счёта")


def test_a_payment_is_reversed_with_a_reason(desk: Desk):
    payment = desks.pay(desk, "150.00")
    accountant, address = client(roles.ACCOUNTANT), reverse("office:reverse", args=[payment.pk])
    before = written()
    refused = accountant.post(address, {"ground": ""})
    assert refused.status_code == 422
    assert written() == before
    accountant.post(address, {"ground": "двойной платёж"})
    payment.refresh_from_db()
    assert (payment.state, payment.reversal.reason) == ("reversed", "двойной платёж")
    assert payments.queries.balance(account_id=desk.account.pk, on=TOMORROW) == Decimal("1400.00")


# --- statements -------------------------------------------------------------------------------------------------------


def statement(content: bytes) -> dict[str, Any]:
    file = SimpleUploadedFile("выписка.txt", content)
    return {"channel": "bank", "day": TODAY.isoformat(), "file": file}


@pytest.mark.parametrize("content", [b"", b"not a statement", "СекцияРасчСчет".encode("cp1251"), b"\x00\xff" * 50])
def test_a_broken_statement_is_refused_in_words(desk: Desk, content: bytes):
    answer = client(roles.ACCOUNTANT).post(reverse("office:statement"), statement(content))
    assert answer.status_code == 422
    assert re.search(r"[а-я]{4}", str(answer.context["form"].errors["file"]))
    assert (Register.objects.count(), Payment.objects.count()) == (0, 0)


def test_a_statement_of_a_day_that_has_not_come_is_refused_at_its_field(desk: Desk):
    data = statement("1CClientBankExchange\nРасчСчет=1\nКонецФайла".encode("cp1251")) | {"day": "2099-01-01"}
    answer = client(roles.ACCOUNTANT).post(reverse("office:statement"), data)
    assert answer.status_code == 422
    assert "ещё не наступил" in str(answer.context["form"].errors["day"])
    assert (Register.objects.count(), OperatingDay.objects.count()) == (0, 0)


def test_a_day_that_has_not_come_is_neither_closed_nor_remitted(desk: Desk):
    accountant, address = client(roles.ACCOUNTANT), reverse("office:remittances")
    for action, words in (("close_day", "ещё не наступил"), ("remit", "не закрывали")):
        answer = accountant.post(address, {"day": "2027-01-15", "action": action}, follow=True)
        assert words in text(answer)
    assert (OperatingDay.objects.count(), Remittance.objects.count()) == (0, 0)


def test_a_statement_is_judged_first_and_taken_in_once(desk: Desk, reference_dir: Path):
    make.own_account("40702810801500116391")
    content = (reference_dir / "formats/samples/01_condo_statement_utf8.txt").read_bytes()
    accountant, address = client(roles.ACCOUNTANT), reverse("office:statement")
    judged = accountant.post(address, statement(content))
    assert "проверка, не записано" in text(judged)
    assert (Register.objects.count(), Payment.objects.count()) == (0, 0)
    token = judged.context["token"]
    stranger = client(roles.ACCOUNTANT)
    stranger.post(address, {"token": token})
    assert Register.objects.count() == 0
    data = {"token": token} | ({"confirmed": "1"} if judged.context["summary"].state == "held" else {})
    accepted = accountant.post(address, data)
    assert "записано" in text(accepted)
    assert Register.objects.count() == 1
    taken = Payment.objects.count()
    assert "Загрузите его снова" in text(accountant.post(address, data, follow=True))
    again = accountant.post(address, statement(content))
    assert "уже загружен" in text(again)
    assert Payment.objects.count() == taken


def test_a_statement_with_nothing_to_write_is_not_offered_to_be_taken(desk: Desk):
    make.own_account("40702810000000000007")
    document = (
        f"1CClientBankExchange\nВерсияФормата=1.03\nРасчСчет=40702810000000000007\nСекцияДокумент=Платежное поручение\n"
        f"Номер=1\nДата=19.11.2026\nСумма=0.001\nПлательщикРасчСчет=40817810000000000001\n"
        f"ПолучательРасчСчет=40702810000000000007\nДатаПоступило=19.11.2026\n"
        f"НазначениеПлатежа=ЛС {desk.account.number}\n"
        "КонецДокумента\nКонецФайла"
    )
    accountant, address = client(roles.ACCOUNTANT), reverse("office:statement")
    for _ in range(2):
        judged = accountant.post(address, statement(document.encode("cp1251")))
        assert "ничего не записано" in text(judged) and "уже загружен" not in text(judged)
        assert "data-focus>Принять" not in judged.content.decode()
        taken = accountant.post(address, {"token": judged.context["token"]})
        assert "записано</span>" not in taken.content.decode().replace("ничего не записано", "")
    assert (Register.objects.count(), Payment.objects.count()) == (0, 0)


# --- remittances ------------------------------------------------------------------------------------------------------


def test_the_page_says_whose_turn_it_is_with_orders_of_the_morning_job(desk: Desk):
    make.agent()
    desks.pay(desk, "1000.00")
    payments.operations.close_day(day=TODAY)
    payments.operations.remit_day(day=TODAY)
    first, second, address = client(roles.ACCOUNTANT), client(roles.ACCOUNTANT), reverse("office:remittances")
    day = {"day": TODAY.isoformat()}
    assert "Ждут проверки: 1" in text(first.get(address, day))
    assert "ещё никто не проверил" in text(first.post(address, {**day, "action": "release"}, follow=True))
    assert "Вы их сформировали или проверили" in text(first.post(address, {**day, "action": "check"}, follow=True))
    assert "проверили вы" in text(first.post(address, {**day, "action": "release"}, follow=True))
    assert Remittance.objects.get().released_by is None
    assert "выпустить можете вы" in text(second.get(address, day))
    assert "Выпущено поручений: 1" in text(second.post(address, {**day, "action": "release"}, follow=True))


def test_a_day_is_closed_remitted_filed_and_marked_sent(desk: Desk):
    make.agent()
    desks.pay(desk, "1000.00")
    accountant, address = client(roles.ACCOUNTANT), reverse("office:remittances")
    day = {"day": TODAY.isoformat()}
    refused = accountant.post(address, {**day, "action": "remit"}, follow=True)
    assert "ещё открыт" in text(refused)
    assert Remittance.objects.count() == 0
    accountant.post(address, {**day, "action": "close_day"})
    assert OperatingDay.objects.get(day=TODAY).state == "closed"
    page = accountant.post(address, {**day, "action": "remit"}, follow=True)
    row = Remittance.objects.get()
    assert (row.gross, row.net) == (Decimal("1000.00"), Decimal("1000.00") - row.commission - row.vat)
    assert "Отправлено в банк" not in text(page)
    own = accountant.post(address, {**day, "action": "release"}, follow=True)
    assert "должен другой сотрудник" in text(own)
    assert Remittance.objects.get().released_by is None
    nothing = accountant.get(reverse("office:remittance_file"), day, follow=True)
    assert "не выпущены" in text(nothing)
    page = client(roles.ACCOUNTANT).post(address, {**day, "action": "release"}, follow=True)
    assert "Отправлено в банк" in text(page)
    xml = accountant.get(reverse("office:remittance_file"), {**day, "form": "pain001"})
    assert b"pain.001.001.03" in xml.content and xml["Content-Type"].startswith("application/xml")
    file = accountant.get(reverse("office:remittance_file"), day)
    assert file.content.startswith(b"1CClientBankExchange")
    accountant.post(address, {**day, "action": "sent"})
    row.refresh_from_db()
    assert row.state == "sent"
    accountant.post(address, {**day, "action": "confirm", "remittance": row.pk})
    row.refresh_from_db()
    assert row.state == "confirmed"


def test_an_empty_day_has_no_file_and_says_so(desk: Desk):
    answer = client(roles.ACCOUNTANT).get(reverse("office:remittance_file"), {"day": TODAY.isoformat()}, follow=True)
    assert "перечислять нечего" in text(answer)


# --- the month --------------------------------------------------------------------------------------------------------


def test_the_month_is_drafted_by_workers_posted_and_shown(desk: Desk, django_capture_on_commit_callbacks: Any):
    engineer = client(roles.ENGINEER)
    address = reverse("office:month")
    assert "1 400,00" in text(engineer.get(address))
    with django_capture_on_commit_callbacks(execute=True):
        answer = engineer.post(address, {"action": "draft"}, follow=True)
    assert "поставлен в очередь" in text(answer)
    assert "завершён" in text(engineer.get(reverse("office:month_runs")))
    answer = engineer.post(address, {"action": "post"}, follow=True)
    assert "ещё не кончился" in text(answer)
    assert set(ContractMonth.objects.filter(month=NOVEMBER.first).values_list("state", flat=True)) == {"open"}
    with time_machine.travel(datetime(2026, 12, 1, 5, tzinfo=UTC), tick=False):
        engineer = client(roles.ENGINEER)
        answer = engineer.post(f"{address}?month={NOVEMBER}", {"action": "post"}, follow=True)
        assert "Проведено договоров: 1" in text(answer)
        again = engineer.post(f"{address}?month={NOVEMBER}", {"action": "post"}, follow=True)
        assert "уже проведён" in text(again)


def test_a_month_to_come_is_not_drafted(desk: Desk):
    answer = client(roles.ENGINEER).post(f"{reverse('office:month')}?month=2026-12", {"action": "draft"}, follow=True)
    assert "ещё не начался" in text(answer)
    assert not ContractMonth.objects.filter(month=NOVEMBER.next.first).exists()


def test_the_books_are_closed_by_the_accountant_alone(desk: Desk):
    address = f"{reverse('office:month')}?month=2026-10"
    assert client(roles.ENGINEER).post(address, {"action": "close"}).status_code == 403
    answer = client(roles.ACCOUNTANT).post(address, {"action": "close"}, follow=True)
    assert answer.status_code == 200
    assert "закрыт" in text(answer)


def test_the_month_is_not_posted_by_a_cashier(desk: Desk):
    assert client(roles.CASHIER).post(reverse("office:month"), {"action": "post"}).status_code == 403
