"""The communal flat of the demo district: what its common meters count is what its rooms are charged."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.management import call_command

from accounts.calendar import Month
from accounts.models import PersonalAccount, PremisesKind
from billing import operations, queries
from billing.models import Method
from config.seeding import colours

pytestmark = pytest.mark.django_db
FIRST, MONTH = Month.parse("2026-07"), Month.parse("2026-09")


def test_rooms_share_the_common_meters(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("seed", "--until=2026-10", accounts=100, months=4)
    colours.communal(FIRST, MONTH.next)
    home = colours.house(0, colours.FIVE)
    assert home is not None
    operations.run_billing(month=MONTH, house_ids=[home.pk])
    rooms = PersonalAccount.objects.filter(house=home, premises__kind=PremisesKind.ROOM)
    rows = [row for room in rooms for row in queries.charges_of_account(account_id=room.pk, month=MONTH)]
    # the third turn of each meter: 21 m³ of cold water, 14 of hot, 610 kWh, one room's own meter inside them
    for service, volume in ((2, "21"), (3, "14"), (1, "610")):
        mine = [row for row in rows if row.service_id == service and row.line < 20_000]
        assert {row.method for row in mine} == {Method.METER}
        whole = sum((row.volume or Decimal(0) for row in mine), Decimal(0))
        assert abs(whole - Decimal(volume)) < Decimal("0.00001")  # shares are shown to six places
