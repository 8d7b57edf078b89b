"""What was written stays, also for who knows SQL and names a partition."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import InternalError, connection, transaction

from payments import operations, queries
from payments.models import OperatingDayState
from tests import make

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 5)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments_allocation SET amount = amount + 1",
        "DELETE FROM payments_allocation",
        "TRUNCATE payments_allocation",
        "UPDATE payments_allocation_202611 SET amount = amount + 1",
        "UPDATE payments_payment SET amount = amount + 1",
        "DELETE FROM payments_payment",
        "UPDATE payments_operatingday SET state = 'open'",
        "INSERT INTO payments_allocation SELECT account_id, payment_id, 99, day, house_id, contract_id, service_id,"
        " for_month, part, rule, amount FROM payments_allocation",
        "INSERT INTO payments_allocation_202611 SELECT account_id, payment_id, 99, '2026-11-06', house_id, contract_id,"
        " service_id, for_month, part, rule, amount FROM payments_allocation",
    ],
)
def test_what_was_written_stays(statement):
    operations.record_payment(
        channel="bank", external_id="1", number=make.account().number, amount=Decimal("10.00"), paid_on=TODAY,
        day=TODAY, today=TODAY,
    )  # fmt: skip
    operations.close_day(day=TODAY)
    operations.open_day(date(2026, 11, 6))
    with pytest.raises(InternalError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert queries.OperatingDay.objects.get(day=TODAY).state == OperatingDayState.CLOSED
    assert list(queries.conservation_of_day(TODAY)) == []
