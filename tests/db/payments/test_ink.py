"""What was written stays, also for who knows SQL, names a partition or empties a table."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, InternalError, connection, transaction

from accounts.calendar import Month
from payments import operations, queries
from payments.models import Channel, OperatingDayState, Payment
from tests import make

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 5)
FRIDAY = date(2026, 11, 6)
TABLES = (
    "allocation", "allocation_202611", "balance", "bankstatementline", "cashreceipt", "cashreceipt_payments",
    "channelevent", "closedmonth", "operatingday", "payment", "register", "remittance", "reversal",
)  # fmt: skip


def snapshot():
    """Every row of the books, as text."""
    with connection.cursor() as cursor:
        found = []
        for table in TABLES:
            cursor.execute(f"SELECT t::text FROM payments_{table} AS t ORDER BY 1")
            found.append((table, cursor.fetchall()))
    return found


@pytest.fixture
def books():
    """A closed and remitted Thursday; an open Friday with a payment of each state, one of them reversed."""
    make.agent()
    make.own_account("40702810000000000007")
    make.account()  # somebody else
    account, contract, office, cashier = make.account(), make.contract(), make.office(), make.user()
    make.ink(account, contract, 2, Month.parse("2026-10"), "100.00")
    content = (
        "1CClientBankExchange\nВерсияФормата=1.03\nРасчСчет=40702810000000000007\nСекцияДокумент=Платежное поручение\n"
        "Номер=1\nДата=05.11.2026\nСумма=10.00\nПолучательРасчСчет=40702810000000000007\nДатаПоступило=05.11.2026\n"
        f"НазначениеПлатежа=ЛС {account.number}\nКонецДокумента\nКонецФайла"
    )
    operations.import_statement(name="1.txt", content=content.encode("cp1251"), channel="bank", day=TODAY, today=TODAY)
    operations.close_day(day=TODAY)
    operations.remit_day(day=TODAY)
    for number, told in (("1", account.number), ("2", account.number), ("3", "")):
        operations.record_payment(
            channel="bank", external_id=number, number=told, amount=Decimal("10.00"), paid_on=TODAY, day=FRIDAY,
            today=FRIDAY,
        )  # fmt: skip
    operations.allocate_payment(Payment.objects.get(external_id="1").pk, day=FRIDAY)
    receipt = operations.take_cash(
        lines=[(account.pk, Decimal("5.00"))], given=None, office_id=office.pk, by=cashier, on=FRIDAY, key="к"
    )
    operations.cancel_receipt(number=receipt.number, reason="ошибка", by=cashier, on=FRIDAY)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE payments_channel SET name = name || '.' WHERE code = 'post'")
        cursor.execute("INSERT INTO payments_closedmonth (month, closed_at, totals) VALUES ('2026-01-01', now(), '{}')")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE looks at no table with deferred checks ahead
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return account


SPELLS = [
    *(f"TRUNCATE payments_{table} CASCADE" for table in TABLES),
    "TRUNCATE accounts_personalaccount CASCADE",
    "TRUNCATE payments_channel CASCADE",
    "TRUNCATE accounts_office CASCADE",
    *(f"DELETE FROM payments_{table}" for table in TABLES if table not in ("balance",)),
    "UPDATE payments_allocation SET amount = amount + 1",
    "UPDATE payments_allocation_202611 SET amount = amount + 1",
    *(
        f"UPDATE payments_payment SET {change} WHERE state = 'allocated'"
        for change in (
            "amount = amount + 1",
            "paid_on = paid_on - 1",
            "day = day + 1",
            "account_id = account_id + 1",
            "account_id = NULL",
            "for_month = '2026-01-01'",
            "directed_to = '{\"services\": [1]}'",
            "payer = 'я'",
            "purpose = 'иное'",
            "number_as_received = '1'",
            "external_id = 'иной'",
            "channel_id = 'post'",
            "register_id = NULL, held_because = 'иное'",
            "state = 'accepted'",
            "state = 'reversed'",
            "state = 'unidentified', account_id = NULL",
            "accepted_at = now()",
            "id = id + 1000",
        )
    ),
    *(
        f"UPDATE payments_payment SET {change} WHERE state = 'accepted'"
        for change in ("state = 'allocated'", "account_id = account_id + 1", "state = 'unidentified'")
    ),
    "UPDATE payments_payment SET state = 'returned' WHERE state = 'unidentified'",
    "UPDATE payments_payment SET state = 'allocated' WHERE state = 'reversed'",
    "UPDATE payments_operatingday SET state = 'open' WHERE state = 'closed'",
    "UPDATE payments_operatingday SET closed_at = NULL WHERE state = 'closed'",
    "UPDATE payments_operatingday SET closed_at = now() - interval '1 day' WHERE state = 'closed'",
    "UPDATE payments_operatingday SET sheet = '{}' WHERE state = 'closed'",
    "UPDATE payments_operatingday SET day = day - 30",
    "UPDATE payments_operatingday SET closed_at = now() WHERE state = 'open'",
    "UPDATE payments_operatingday SET state = 'closed' WHERE state = 'open'",
    "UPDATE payments_closedmonth SET totals = '{\"a\": 1}'",
    "UPDATE payments_reversal SET reason = 'иная'",
    "UPDATE payments_cashreceipt SET amount = amount + 1, given = given + 1",
    "UPDATE payments_cashreceipt_payments SET payment_id = payment_id + 1",
    "UPDATE payments_bankstatementline SET other_inn = '1'",
    "UPDATE payments_bankstatementline SET payment_id = NULL",
    "UPDATE payments_channelevent SET name = 'я'",
    "UPDATE payments_register SET sha256 = 'я'",
    "UPDATE payments_register SET taken_at = now()",
    "UPDATE payments_register SET state = 'held'",
    "UPDATE payments_register SET verdicts = '[]', totals = '{}'",
    "UPDATE payments_remittance SET net = net + 1, gross = gross + 1",
    "UPDATE payments_remittance SET day = day + 1",
    "UPDATE payments_remittance SET state = 'confirmed', confirmed_on = day",
    "UPDATE payments_remittance SET confirmed_on = day",
    "UPDATE payments_remittance SET bank_account_id = NULL",
    "INSERT INTO payments_cashreceipt_payments (cashreceipt_id, payment_id)"
    " SELECT r.id, p.id FROM payments_cashreceipt r, payments_payment p WHERE p.external_id = '1'",
    "INSERT INTO payments_cashreceipt_payments (cashreceipt_id, payment_id)"
    " SELECT cashreceipt_id, payment_id FROM payments_cashreceipt_payments",
    "INSERT INTO payments_reversal (payment_id, day, reason, is_refund, made_at)"
    " SELECT id, '2026-11-05', 'закрытый день', false, now() FROM payments_payment WHERE external_id = '1'",
    *(
        "INSERT INTO payments_payment (channel_id, external_id, number_as_received, payer, purpose, account_id, amount,"
        " directed_to, paid_on, day, accepted_at, state) SELECT channel_id, 'новый', '', '', '', account_id, amount,"
        f" directed_to, paid_on, '{day}', now(), '{state}' FROM payments_payment WHERE external_id = '1'"
        for day, state in (("2026-11-05", "accepted"), ("2026-11-07", "accepted"), ("2026-11-06", "allocated"))
    ),
    "INSERT INTO payments_allocation SELECT account_id, payment_id, 99, day, house_id, contract_id, service_id,"
    " for_month, part, rule, amount FROM payments_allocation",
    "INSERT INTO payments_allocation_202611 SELECT account_id, payment_id, 99, '2026-11-06', house_id, contract_id,"
    " service_id, for_month, part, rule, amount FROM payments_allocation",
]

NEW_PAYMENT = (
    "WITH told AS (SELECT * FROM payments_payment WHERE external_id = '1')"
    " INSERT INTO payments_payment (channel_id, external_id, number_as_received, payer, purpose, account_id, amount,"
    " directed_to, paid_on, day, accepted_at, state) SELECT channel_id, 'новый', '', '', '', account_id, amount,"
    " directed_to, paid_on, day, now(), 'allocated' FROM told"
)
THREE_PAYMENTS = NEW_PAYMENT.replace("'новый'", "'новый ' || n").replace(
    "FROM told", "FROM told, generate_series(1, 3) n"
)
ITS_PART = (
    "INSERT INTO payments_allocation SELECT p.account_id{strange}, p.id, 0, p.day{early}, a.house_id, 0, 0,"
    " '2026-11-01', 3, 6, p.amount FROM payments_payment p JOIN accounts_personalaccount a ON a.id = p.account_id"
    " WHERE p.external_id = 'новый'"
)


def test_an_allocated_payment_comes_in_with_its_parts_or_not_at_all(books):
    before = snapshot()

    def write(*spells):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            for spell in spells:
                cursor.execute(spell)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    whole = ITS_PART.format(strange="", early="")
    for spells, words in (
        ([NEW_PAYMENT], "не подтверждено частями"),
        ([NEW_PAYMENT, ITS_PART.format(strange=" - 1", early="")], "другого счёта"),
        ([NEW_PAYMENT, whole.replace("p.amount", "p.amount - 1")], "дают 9.00, а не 10.00"),
        ([NEW_PAYMENT, whole, whole.replace("p.id, 0", "p.id, 1")], "дают 20.00, а не 10.00"),
        # parts of two of three payments that came together prove the two alone, next to each other or not
        ([THREE_PAYMENTS, whole.replace("= 'новый'", "IN ('новый 1', 'новый 2')")], "не подтверждено частями"),
        ([THREE_PAYMENTS, whole.replace("= 'новый'", "IN ('новый 1', 'новый 3')")], "не подтверждено частями"),
    ):
        with pytest.raises(InternalError, match=words):
            write(*spells)
        assert snapshot() == before
    write(NEW_PAYMENT, whole)
    write(THREE_PAYMENTS, whole.replace("= 'новый'", "LIKE 'новый _'"))
    assert list(queries.conservation_of_day(FRIDAY)) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM payments_promise")
        assert cursor.fetchone() == (0,)


def test_what_was_written_stays(books, subtests):
    before = snapshot()
    assert all(rows for table, rows in before if table != "balance"), [table for table, rows in before if not rows]
    for spell in SPELLS:
        with subtests.test(spell):
            with pytest.raises((InternalError, IntegrityError)), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(spell)
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            assert snapshot() == before
    assert queries.OperatingDay.objects.get(day=TODAY).state == OperatingDayState.CLOSED
    assert list(queries.conservation_of_day(TODAY)) == []


def test_a_receipt_without_its_payments_is_not_written(books):
    before = snapshot()
    with pytest.raises(InternalError, match="а её платежи на 0"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO payments_cashreceipt (office_id, cashier_id, number, made_at, amount, given, is_card)"
            " SELECT office_id, cashier_id, 'иной', now(), 5, 5, false FROM payments_cashreceipt"
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert snapshot() == before


def test_the_legal_moves_pass(books):
    payment = Payment.objects.get(external_id="3")
    assert (
        operations.assign_payment(payment_id=payment.pk, account_id=books.pk, day=FRIDAY, by=None).state == "allocated"
    )
    make.released(TODAY)
    operations.mark_remittance_sent(day=TODAY)
    (row,) = queries.remittances_on(TODAY)
    operations.reject_remittance(remittance_id=row.remittance_id, reason="реквизиты", by=None)
    operations.resend_remittance(remittance_id=row.remittance_id, on=FRIDAY, by=None)
    make.released(TODAY)
    operations.confirm_remittance(remittance_id=row.remittance_id, on=FRIDAY)
    operations.close_day(day=FRIDAY)
    assert list(queries.conservation_of_day(FRIDAY)) == []


def test_a_channel_with_payments_keeps_its_kind_and_its_cash(books):
    bank, post = Channel.objects.get(pk="bank"), Channel.objects.get(pk="post")
    with pytest.raises(InternalError, match="По каналу уже есть платежи"), transaction.atomic():
        Channel.objects.filter(pk="bank").update(is_cash=True)
    with pytest.raises(ValidationError, match="Заведите новый канал"):
        Channel(pk="bank", name=bank.name, kind=post.kind, is_cash=bank.is_cash).clean()
    Channel.objects.filter(pk="bank").update(name="Банк", fee_percent=Decimal("0.5"))
    Channel.objects.filter(pk="post").update(is_cash=not post.is_cash)
    assert Channel.objects.get(pk="bank").is_cash is bank.is_cash
    assert Channel.objects.get(pk="post").is_cash is not post.is_cash
