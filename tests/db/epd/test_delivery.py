"""Documents go their ways; letters are readable and confirmed; what bounces goes on paper."""

from datetime import date
from decimal import Decimal
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.core.management import call_command

import accounts.operations
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.kinds import Delivery as Wanted
from accounts.models import JournalEntry
from epd import bounces, operations, queries
from epd.models import (
    Carrier,
    Delivery,
    DeliveryRate,
    DeliveryRoute,
    DeliveryState,
    DocumentText,
    PaymentDocument,
    Subscription,
    TextPlace,
    Way,
)
from epd.operations import DeliveryRefused, delivering
from payments import operations as payments_operations
from payments import queries as payments_queries
from tests import make
from tests.db.payments.test_fetching import mailbox

pytestmark = pytest.mark.django_db

OCTOBER = Month(date(2026, 10, 1))
DAY = date(2026, 11, 3)


@pytest.fixture
def agent():
    return make.agent()


@pytest.fixture
def street(agent):
    """A house whose three payers want paper, e-mail and the cabinet."""
    house = make.house(route=7)
    contract = make.contract()
    accounts_of_house = [make.account(house=house, document_code="482917") for _ in range(3)]
    for month, amount in ((OCTOBER.previous, "400.00"), (OCTOBER, "500.00")):
        for account in accounts_of_house:
            make.ink(account, contract, 8, month, amount)
    accounts.operations.change_delivery(
        account_id=accounts_of_house[1].pk, delivery=Wanted.EMAIL, email="zhitel@test.example", by=None
    )
    accounts.operations.change_delivery(account_id=accounts_of_house[2].pk, delivery=Wanted.CABINET, by=None)
    DeliveryRate.objects.create(
        way=Way.PAPER, printing=Decimal("2.10"), carriage=Decimal("5.40"), valid_from=date(2026, 1, 1)
    )
    DeliveryRate.objects.create(way=Way.EMAIL, printing=0, carriage=Decimal("0.10"), valid_from=date(2026, 1, 1))
    return accounts_of_house


def issue():
    for day in payments_queries.operating_days(month=OCTOBER):
        payments_operations.close_day(day=day)
    operations.issue_month(month=OCTOBER, day=DAY)


def ways(account):
    rows = Delivery.objects.filter(document__account=account).order_by("pk")
    return [(Way(row.way), DeliveryState(row.state)) for row in rows]


def test_every_document_goes_the_way_its_payer_chose(street):
    issue()
    paper, letter, cabinet = street
    assert ways(paper) == [(Way.PAPER, DeliveryState.WAITING)]
    assert ways(letter) == [(Way.EMAIL, DeliveryState.WAITING)]
    assert ways(cabinet) == [(Way.CABINET, DeliveryState.SENT)]
    assert [str(row.cost) for row in Delivery.objects.order_by("way")] == ["7.50", "0.10", "0.00"]
    assert delivering.plan(document_ids=[row.pk for row in PaymentDocument.objects.all()]) == 0


def test_the_letter_says_what_to_pay_and_what_changed(street):
    DocumentText.objects.create(
        place=TextPlace.LETTER, title="-", text="Показания ждём до {показания до}.", valid_from=date(2026, 1, 1)
    )
    issue()
    assert operations.send_letters() == {"sent": 1, "bounced": 0, "left": 0}
    (letter,) = mail.outbox
    document = PaymentDocument.objects.get(account=street[1])
    body = letter.body.replace("\u00a0", " ")
    assert letter.to == ["zhitel@test.example"]
    assert letter.subject.replace("\u00a0", " ") == "Квитанция за октябрь 2026: 900,00 ₽ до 16 ноября 2026 г."
    assert "К оплате: 900,00 ₽, до 16 ноября 2026 г. включительно" in body
    assert "в том числе долг за прошлые месяцы 400,00 ₽" in body
    assert "Содержание жилого помещения: на 100,00 ₽ больше" in body
    assert "Показания ждём до 25-го числа." in body
    assert document.payload["links"]["check"] in body
    (name, content, kind) = letter.attachments[0]
    assert (name, kind, content[:5]) == (f"{document.number}.pdf", "application/pdf", b"%PDF-")
    assert ways(street[1]) == [(Way.EMAIL, DeliveryState.SENT)]
    assert operations.send_letters() == {"sent": 0, "bounced": 0, "left": 0}
    assert len(mail.outbox) == 1


def test_an_address_the_server_refuses_turns_paper_on(street, monkeypatch):
    issue()

    def refuse(self, *_, **__):
        raise SMTPRecipientsRefused({"zhitel@test.example": (550, b"no such user")})

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    assert operations.send_letters() == {"sent": 0, "bounced": 1, "left": 0}
    account = street[1]
    account.refresh_from_db()
    assert account.delivery == Wanted.PAPER
    assert ways(account) == [(Way.EMAIL, DeliveryState.FAILED), (Way.PAPER, DeliveryState.WAITING)]
    assert Delivery.objects.get(way=Way.EMAIL).note == "550 no such user"


def test_a_server_that_is_down_is_tried_again_and_then_paper_goes(street, monkeypatch):
    issue()

    def fail(self, *_, **__):
        raise ConnectionRefusedError("нет связи")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", fail)
    assert [operations.send_letters()["left"] for _ in range(2)] == [1, 1]
    assert ways(street[1]) == [(Way.EMAIL, DeliveryState.WAITING)]
    assert operations.send_letters()["bounced"] == 1
    assert ways(street[1])[-1] == (Way.PAPER, DeliveryState.WAITING)


ANSWER = """From: MAILER-DAEMON@test.example
To: noreply@localhost
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="X"

--X
Content-Type: text/plain

I'm sorry.
--X
Content-Type: message/delivery-status

Reporting-MTA: dns; test.example

Final-Recipient: rfc822; zhitel@test.example
Action: failed
Status: {status}
Diagnostic-Code: smtp; 550 mailbox unavailable
--X
Content-Type: text/rfc822-headers

Message-ID: {message_id}
Subject: receipt
--X--
"""


def test_an_answer_of_a_mail_server_is_read():
    found = bounces.read(ANSWER.format(status="5.1.1", message_id="<epd-12@localhost>").encode())
    assert (found.message_id, found.status, found.is_final) == ("<epd-12@localhost>", "5.1.1", True)
    assert found.reason == "5.1.1 550 mailbox unavailable"
    assert not bounces.read(ANSWER.format(status="4.2.2", message_id="<epd-12@localhost>").encode()).is_final
    assert bounces.read(b"Subject: hello\n\nhi") is None
    assert bounces.read(b"\xff\x00") is None


def test_answers_in_a_folder_turn_paper_on_once(street, tmp_path, capsys):
    issue()
    operations.send_letters()
    name = mail.outbox[0].extra_headers["Message-ID"]
    (tmp_path / "1.eml").write_text(ANSWER.format(status="4.2.2", message_id=name))
    (tmp_path / "2.eml").write_text(ANSWER.format(status="5.1.1", message_id=name))
    (tmp_path / "3.eml").write_text(ANSWER.format(status="5.1.1", message_id="<other@x>"))
    call_command("read_bounces", str(tmp_path))
    assert capsys.readouterr().out.strip() == "вернулись: 1, уже учтены: 0, временные: 1, не о наших письмах: 1"
    call_command("read_bounces", str(tmp_path))
    assert "уже учтены: 1" in capsys.readouterr().out
    assert ways(street[1]) == [(Way.EMAIL, DeliveryState.FAILED), (Way.PAPER, DeliveryState.WAITING)]


# --- subscriptions ---------------------------------------------------------------------------------------------------


def test_a_subscription_holds_once_its_letter_is_answered(street, django_capture_on_commit_callbacks):
    account = street[0]
    with django_capture_on_commit_callbacks(execute=True):
        asked = operations.subscribe(account_id=account.pk, email=" new@test.example ", keeps_paper=True)
    account.refresh_from_db()
    assert (account.delivery, account.email) == (Wanted.PAPER, "")
    assert f"/mail/{asked.token}" in mail.outbox[0].body
    for _ in range(2):  # the link may be opened twice
        operations.confirm_subscription(token=asked.token)
    account.refresh_from_db()
    assert (account.delivery, account.email) == (Wanted.BOTH, "new@test.example")
    operations.end_subscription(account_id=account.pk, by=None, reason="по просьбе")
    account.refresh_from_db()
    assert account.delivery == Wanted.PAPER
    assert JournalEntry.objects.filter(event="epd.subscription.confirmed").count() == 1


def test_a_strange_address_and_an_old_link_change_nothing(street):
    with pytest.raises(DeliveryRefused, match="не похоже на адрес"):
        operations.subscribe(account_id=street[0].pk, email="нет")
    assert not Subscription.objects.exists()
    first = operations.subscribe(account_id=street[0].pk, email="a@test.example")
    operations.subscribe(account_id=street[0].pk, email="b@test.example")
    with pytest.raises(DeliveryRefused, match="Ссылка устарела"):
        operations.confirm_subscription(token=first.token)
    street[0].refresh_from_db()
    assert street[0].delivery == Wanted.PAPER


# --- who carries, and what it costs ----------------------------------------------------------------------------------


def test_papers_are_listed_by_route_and_handed_over(street):
    office = make.office(name="Центральное")
    DeliveryRoute.objects.create(route=7, name="Степной", carrier=Carrier.POST, office=office)
    issue()
    (row,) = queries.papers_of_month(month=OCTOBER, carrier=Carrier.POST)
    assert (row.route, row.route_name, row.office, row.account) == (7, "Степной", "Центральное", street[0].number)
    assert queries.papers_of_month(month=OCTOBER, carrier=Carrier.COURIER) == []
    assert operations.hand_over(delivery_ids=[row.delivery_id], by=None, carrier="почта, список 12") == 1
    assert operations.hand_over(delivery_ids=[row.delivery_id], by=None, carrier="почта, список 12") == 0
    assert queries.papers_of_month(month=OCTOBER, only_waiting=True) == []


def test_letters_and_the_cabinet_save_the_price_of_paper(street):
    issue()
    (row,) = queries.delivery_costs(month=OCTOBER)
    assert (row.paper, row.email, row.cabinet, row.failed) == (1, 1, 1, 0)
    assert (str(row.cost), str(row.saved)) == ("7.60", "14.90")  # 7.50 − 0.10 and 7.50


def test_a_withdrawn_document_is_not_sent(street):
    issue()
    document = PaymentDocument.objects.get(account=street[1])
    again = operations.reissue(account_id=street[1].pk, month=OCTOBER, day=DAY, reason="ошибка")
    assert Delivery.objects.get(document=document).state == DeliveryState.CANCELLED
    assert operations.send_letters()["sent"] == 1
    assert mail.outbox[0].attachments[0][0] == f"{again.number}.pdf"


def test_answers_in_a_mailbox_turn_paper_on_once(street, settings):
    issue()
    operations.send_letters()
    name = mail.outbox[0].extra_headers["Message-ID"]
    answer = ANSWER.format(status="5.1.1", message_id=name).replace("\n", "\r\n").encode()
    with mailbox(answer, b"Subject: hello\r\n\r\nhi") as server:
        settings.BOUNCES_IMAP_URL = f"imap://centre:secret%20word@127.0.0.1:{server.server_address[1]}"
        assert list(operations.fetch_answers().values()) == [1, 0, 0, 1]
        assert server.seen == {1, 2}
        assert ways(street[1])[-1] == (Way.PAPER, DeliveryState.WAITING)
        server.seen.clear()  # the worker died before it marked them
        assert list(operations.fetch_answers().values()) == [0, 1, 0, 1]
        settings.BOUNCES_IMAP_URL = settings.BOUNCES_IMAP_URL.replace("secret", "wrong")
        with pytest.raises(Refusal, match="не впустил: проверьте BOUNCES_IMAP_URL"):
            operations.fetch_answers()
    settings.BOUNCES_IMAP_URL = ""
    assert sum(operations.fetch_answers().values()) == 0
