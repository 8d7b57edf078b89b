"""The supplier's own receipts: looked at, taken in, undone; nobody else's contract or file."""

from collections.abc import Iterator

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from payments.models import Payment, PaymentState, Register, RegisterState
from payments.registers.own_receipts import COLUMNS
from tests import make

from . import town as towns
from .test_access import client_of
from .test_resident_pages import text
from .town import NOW, Town

pytestmark = pytest.mark.django_db
PAGE = "principal:own-receipts"


@pytest.fixture
def town() -> Iterator[Town]:
    with time_machine.travel(NOW, tick=False):
        yield towns.build()


def file_of(*rows):
    lines = [";".join(COLUMNS), *(";".join(row) for row in rows)]
    return SimpleUploadedFile("own.csv", "\n".join(lines).encode("cp1251"))


def test_a_file_is_looked_at_taken_in_and_undone(town: Town):
    client = client_of(town.accountant)
    page = client.get(reverse(PAGE))
    contract = page.context["contract"]
    address = f"{reverse(PAGE)}?contract={contract.pk}"
    number = town.account.number
    page = client.post(address, {"file": file_of((number, "18.11.2026", "10", "К-1"), ("1", "18.11.2026", "5", "К-2"))})
    assert page.status_code == 200, text(page)
    assert "не найден среди счетов вашего договора" in text(page)
    assert Register.objects.filter(kind="own").count() == 0
    client.post(address, {"token": page.context["token"]})
    register = Register.objects.get(kind="own")
    assert (register.state, register.payments.get().state) == (RegisterState.PARTIAL, PaymentState.ALLOCATED)
    undo = f"{reverse('principal:own-receipts-undo', args=[register.pk])}?contract={contract.pk}"
    stranger = client_of(make.user())
    assert stranger.post(undo, {"reason": "чужой"}).status_code == 404
    assert stranger.get(address).status_code == 404
    client.post(undo, {"reason": ""})
    register.refresh_from_db()
    assert register.state == RegisterState.PARTIAL
    client.post(undo, {"reason": "ошиблись днём"})
    register.refresh_from_db()
    assert register.state == RegisterState.UNDONE
    assert register.payments.get().state == PaymentState.REVERSED


def test_another_file_is_refused_on_the_page(town: Town):
    client = client_of(town.accountant)
    page = client.post(reverse(PAGE), {"file": SimpleUploadedFile("x.csv", b"1;2")})
    assert page.status_code == 422
    assert "не по шаблону" in text(page)
    assert Payment.objects.filter(channel="principal").count() == 0


def test_the_template_is_read_by_the_reader(town: Town):
    client = client_of(town.accountant)
    content = client.get(reverse("principal:own-receipts-template")).content
    page = client.post(reverse(PAGE), {"file": SimpleUploadedFile("t.xlsx", content)})
    assert page.status_code == 200, text(page)
    assert len(page.context["summary"].rows) == 1
