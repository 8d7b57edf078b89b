"""A document goes to an address in two presses; never to a stranger's order, never without end."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

import epd.operations
from accounts.models import JournalEntry
from epd.models import PaymentDocument
from tests import make

from .test_access import client_of
from .test_resident_pages import client, text, town  # noqa: F401
from .town import NOVEMBER, OCTOBER, Town

pytestmark = pytest.mark.django_db


def test_a_document_is_mailed_as_pdf(client: Client, town: Town):  # noqa: F811
    epd.operations.issue_month(month=OCTOBER, day=NOVEMBER.first)
    document = PaymentDocument.objects.get(account=town.account)
    link = reverse("resident:forward", args=[town.account.number, document.pk])
    listed = text(client.get(reverse("resident:documents", args=[town.account.number])))
    assert link in listed and "2026 год" in listed
    assert 'value="resident@test.example"' in text(client.get(link))
    assert "Проверьте адрес" in text(client.post(link, {"email": "не почта"})) and mail.outbox == []
    assert client.post(link, {"email": "son@test.example"}).status_code == 302
    assert mail.outbox[0].to == ["son@test.example"]
    assert mail.outbox[0].attachments[0][2] == "application/pdf"
    assert JournalEntry.objects.filter(event="portals.document.forwarded", account=town.account).count() == 1
    assert client_of(make.user()).post(link, {"email": "a@b.example"}).status_code == 404
    for _ in range(19):
        client.post(link, {"email": "son@test.example"})
    sent = len(mail.outbox)
    assert client.post(link, {"email": "son@test.example"}).status_code == 429
    assert len(mail.outbox) == sent == 20
