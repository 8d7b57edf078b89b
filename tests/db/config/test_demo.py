"""The demonstration district: the same seed gives the same kopecks, its months are lived by real operations."""

import io
import json
from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts.calendar import Month
from accounts.errors import Refusal
from config import demo, verification
from config.seeding.region import Region
from payments import operations as payments_operations
from payments.models import Remittance
from payments.registers import client_bank

TODAY = date(2026, 11, 23)
UNTIL = Month.parse("2026-10")


def digest() -> str:
    """A fingerprint of what the seed wrote."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT md5(
                (SELECT string_agg(concat_ws('|', meter_id, zone, day, value), ',' ORDER BY meter_id, zone, day)
                 FROM accounts_reading)
                || (SELECT string_agg(concat_ws('|', number, premises_id, closed_on), ',' ORDER BY number)
                    FROM accounts_personalaccount)
                || (SELECT string_agg(concat_ws('|', premises_id, persons, valid_from, valid_to), ','
                        ORDER BY premises_id, valid_from, persons, valid_to) FROM accounts_residency))
            """
        )
        return str(cursor.fetchone()[0])


class _Undo(Exception):
    pass


def test_same_seed_gives_the_same_region_and_another_seed_another(db: None) -> None:
    digests = []
    for seed in (7, 7, 8):
        try:
            with transaction.atomic():
                counts = Region(accounts=450, months=3, until=UNTIL, seed=seed).write()
                assert counts["accounts"] == 450
                digests.append(digest())
                raise _Undo
        except _Undo:
            pass
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_seed_refuses_a_database_that_has_houses(db: None) -> None:
    Region(accounts=20, months=2, until=UNTIL, seed=1).write()
    before = digest()
    with pytest.raises(Refusal, match="уже есть дома"):
        Region(accounts=20, months=2, until=UNTIL, seed=2).write()
    assert digest() == before


@pytest.mark.django_db(transaction=True)
def test_district_is_charged_documented_paid_and_remitted_and_keeps_every_law() -> None:
    def live() -> None:
        demo.everything(accounts=400, months=3, seed=1, today=TODAY, say=lambda _: None)

    live()
    once = demo.summary()
    assert once["accounts"] == 400
    assert once["lines"] > 4 * 400 * 10
    assert once["documents"] > 3 * 380
    assert Decimal(once["allocated"]) > Decimal(once["remitted"]) > 0
    assert [finding for finding in verification.findings() if finding.keys] == []
    live()  # a second start changes nothing
    assert demo.summary() == once
    waiting = Remittance.objects.filter(state="formed", bank_account__isnull=False).latest("day").day
    at = timezone.now()
    payments_operations.check_remittances(day=waiting, by=demo.checker(), at=at)
    assert payments_operations.release_remittances(day=waiting, by=demo.releaser(), at=at) > 0
    orders = client_bank.read(payments_operations.remittance_file(waiting)).documents
    assert orders and all(order.payer.number != order.payee.number for order in orders)


@pytest.mark.django_db(transaction=True)
def test_verify_names_the_line_that_breaks_a_law() -> None:
    demo.everything(accounts=60, months=2, seed=1, today=TODAY, say=lambda _: None)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE billing_charge_202610 DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE billing_charge_202610 SET amount = amount + 0.01 WHERE kind = 1 AND service_id = 8 "
            "AND account_id = (SELECT min(account_id) FROM billing_charge_202610 WHERE service_id = 8) "
            "RETURNING account_id"
        )
        (account_id,) = cursor.fetchone()
        cursor.execute("ALTER TABLE billing_charge_202610 ENABLE TRIGGER USER")
    out = io.StringIO()
    with pytest.raises(CommandError, match="Нарушено законов"):
        call_command("verify", stdout=out)
    assert "НАРУШЕН  закон 1: сумма строки равна объёму на тариф" in out.getvalue()
    assert f"{account_id} · " in out.getvalue()


def test_seed_command_prints_what_it_made(db: None) -> None:
    out = io.StringIO()
    call_command("seed", "--until=2026-10", accounts=30, months=2, stdout=out, stderr=io.StringIO())
    assert json.loads(out.getvalue())["accounts"] == 30


@pytest.mark.parametrize("arguments", [["--accounts=0"], ["--months=0"], ["--until=октябрь"]])
def test_seed_command_refuses_nonsense_and_writes_nothing(db: None, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("seed", "--accounts=10", "--months=2", *arguments, stderr=io.StringIO())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_house")
        assert cursor.fetchone() == (0,)
