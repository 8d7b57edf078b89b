"""verify names what somebody did to issued documents past every rule of the database."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection

import billing.operations
import epd.operations
from accounts.calendar import Month
from billing.models import ProvisionMethod
from config import verification
from tests import make

pytestmark = pytest.mark.django_db
JUNE = Month(date(2026, 6, 1))


@pytest.fixture
def accounts() -> list[Any]:
    """Two flats of a house, June posted and issued to both."""
    make.agent()
    contract, house = make.contract(), make.house()
    found = [make.account(house=house), make.account(house=house)]
    make.provision(house, 8, contract, ProvisionMethod.PER_M2)
    make.tariff(contract, 8, "32.50")
    billing.operations.run_billing(month=JUNE)
    billing.operations.post_month(month=JUNE, today=date(2026, 7, 1))
    assert epd.operations.issue_month(month=JUNE, day=date(2026, 7, 2)) == 2
    return found


def broken() -> dict[str, list[str]]:
    return {finding.name: finding.keys for finding in verification.findings(JUNE) if finding.keys}


def by_a_side_door(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_a_sound_issue_keeps_every_law(accounts: list[Any]) -> None:
    assert broken() == {}
    told = {finding.name: finding.covers for finding in verification.findings(JUNE)}
    assert told["строки документов стоят на проводках"] == "июнь 2026, документов 2"


def test_a_document_removed_is_named(accounts: list[Any]) -> None:
    by_a_side_door("DELETE FROM epd_delivery")
    by_a_side_door("DELETE FROM epd_paymentdocument WHERE account_id = %s", accounts[0].pk)
    assert broken()["документы месяца на месте"] == [
        f"без документа · {accounts[0].pk} · 2026-06-01", "документов меньше, чем выпущено · 1 · 2026-06-01",
    ]  # fmt: skip


def test_a_total_rewritten_is_named(accounts: list[Any]) -> None:
    by_a_side_door("UPDATE epd_paymentdocument SET total = total - 1 WHERE account_id = %s", accounts[0].pk)
    assert set(broken()) == {"итог документа равен сумме его строк"}


def test_a_document_rewritten_throughout_is_named(accounts: list[Any]) -> None:
    """Total, payload and row agree among themselves, and not with the books."""
    by_a_side_door(
        """
        UPDATE epd_paymentdocument SET total = total - 1, payload = jsonb_set(jsonb_set(jsonb_set(payload,
            '{total}', to_jsonb((total - 1)::text)),
            '{rows,0,closing}', to_jsonb((total - 1)::text)), '{rows,0,payable}', to_jsonb((total - 1)::text))
        WHERE account_id = %s
        """,
        accounts[0].pk,
    )
    found = broken()
    assert set(found) == {"строки документов стоят на проводках"}
    assert f"счёт {accounts[0].pk}, договор" in found["строки документов стоят на проводках"][0]


def test_an_issue_erased_from_the_journal_is_named(accounts: list[Any]) -> None:
    by_a_side_door("DELETE FROM accounts_journalentry WHERE event = 'epd.documents.issued'")
    assert broken() == {"события стоят в журнале": ["документов больше, чем выпущено по журналу · 2026-06-01"]}
