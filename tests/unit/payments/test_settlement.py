"""Commission, VAT and the claims of a principal, in figures; the bank's orders."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from payments import bank_orders
from payments.bank_orders import Order, OrderRefused, Party
from payments.remittance import (
    CAPITAL_REPAIR,
    SETTLEMENT,
    SPECIAL_AGENT,
    TREASURY,
    Collected,
    NoVatRate,
    Terms,
    account_kinds,
    next_number,
    parted,
    settle,
    wrong_account,
)

FRIDAY, SATURDAY = date(2026, 11, 6), date(2026, 11, 7)
RATES = {FRIDAY: Decimal("22"), SATURDAY: Decimal("22")}
CASH, ONLINE, BANK = 1, 2, 3


def terms(
    percent, channel_kind=0, minimum="0", maximum=None, vat_mode=0, is_withheld=True, since=date(2020, 1, 1), to=None
):
    return Terms(
        channel_kind, Decimal(percent), Decimal(minimum), None if maximum is None else Decimal(maximum), vat_mode,
        is_withheld, since, to,
    )  # fmt: skip


def took(day, kind, received, returned="0.00", payments=1):
    return Collected(day, kind, Decimal(received), Decimal(returned), payments)


def test_terms_of_a_channel_go_before_those_of_any():
    found = settle([took(FRIDAY, CASH, "100.00"), took(FRIDAY, BANK, "100.00")], [terms("1"), terms("3", CASH)], RATES)
    assert [(line.channel_kinds, str(line.fee)) for line in found.lines] == [((CASH,), "3.00"), ((BANK,), "1.00")]
    assert (found.commission, found.net) == (Decimal("4.00"), Decimal("196.00"))


def test_minimum_and_maximum_are_of_a_day_and_of_the_terms_not_of_a_channel():
    found = settle(
        [took(FRIDAY, ONLINE, "10.00"), took(FRIDAY, BANK, "10.00"), took(SATURDAY, BANK, "100000.00")],
        [terms("1", minimum="5", maximum="300")],
        RATES,
    )
    assert [(line.day, str(line.computed), line.bound, str(line.fee)) for line in found.lines] == [
        (FRIDAY, "0.20", "минимум", "5"),
        (SATURDAY, "1000.00", "максимум", "300"),
    ]


def test_terms_change_by_the_day_of_the_money():
    found = settle(
        [took(FRIDAY, BANK, "100.00"), took(SATURDAY, BANK, "100.00")],
        [terms("1", to=SATURDAY), terms("2", since=SATURDAY)],
        RATES,
    )
    assert [str(line.fee) for line in found.lines] == ["1.00", "2.00"]


def test_vat_inside_and_on_top():
    inside = settle([took(FRIDAY, BANK, "1000.00")], [terms("2.5", vat_mode=1)], RATES)
    on_top = settle([took(FRIDAY, BANK, "1000.00")], [terms("2.5", vat_mode=2)], RATES)
    assert (inside.commission, inside.vat, inside.net) == (Decimal("20.49"), Decimal("4.51"), Decimal("975.00"))
    assert (on_top.commission, on_top.vat, on_top.net) == (Decimal("25.00"), Decimal("5.50"), Decimal("969.50"))
    with pytest.raises(NoVatRate, match=r"06\.11\.2026 не задана"):
        settle([took(FRIDAY, BANK, "1000.00")], [terms("2.5", vat_mode=2)], {FRIDAY: None})


def test_a_claim_is_carried_until_money_covers_it():
    first = settle([took(FRIDAY, BANK, "30.00", "100.00")], [], RATES)
    assert (first.net, first.carried_out) == (Decimal("0.00"), Decimal("-70.00"))
    second = settle([took(SATURDAY, BANK, "200.00")], [], RATES, first.carried_out)
    assert (second.carried_in, second.net) == (Decimal("-70.00"), Decimal("130.00"))
    assert second.carried_out == Decimal("0.00")


def cash(day, received, returned="0.00"):
    return Collected(day, CASH, Decimal(received), Decimal(returned), 1, is_cash=True)


def kinds(*rows, terms=(), carried="0.00"):
    whole = settle(rows, terms, RATES, Decimal(carried))
    parts = parted(whole)
    assert sum(one.net for one in parts) == whole.net and parts[-1].carried_out == whole.carried_out
    assert sum(one.commission + one.vat for one in parts) == whole.commission + whole.vat
    columns = ("is_cash", "gross", "returns", "commission", "vat", "carried_in", "net", "carried_out")
    return [tuple(str(getattr(one, name)) for name in columns) for one in parts]


def test_cash_and_other_money_share_one_minimum():
    told = kinds(cash(FRIDAY, "100.00"), took(FRIDAY, BANK, "300.00"), terms=[terms("1", minimum="40", vat_mode=2)])
    assert told == [
        ("False", "300.00", "0.00", "30.00", "6.60", "0.00", "263.40", "0.00"),
        ("True", "100.00", "0.00", "10.00", "2.20", "0.00", "87.80", "0.00"),
    ]


def test_cash_and_other_money_share_one_maximum_to_the_kopeck():
    told = kinds(cash(FRIDAY, "100.00"), took(FRIDAY, BANK, "200.00"), terms=[terms("50", maximum="10")])
    assert [(row[0], row[3]) for row in told] == [("False", "6.67"), ("True", "3.33")]


def test_terms_of_the_desk_are_of_its_cash_alone():
    told = kinds(
        cash(FRIDAY, "100.00"), took(FRIDAY, BANK, "100.00"), terms=[terms("1"), terms("3", CASH)]
    )  # fmt: skip
    assert [(row[0], row[3]) for row in told] == [("False", "1.00"), ("True", "3.00")]


def test_returns_above_what_came_are_withheld_from_the_other_kind_first():
    told = kinds(cash(FRIDAY, "10.00", "50.00"), took(FRIDAY, BANK, "100.00"), terms=[terms("10")], carried="-5.00")
    assert told == [  # the fee of the day, 6.00, is of the money that came
        ("True", "10.00", "50.00", "0.00", "0.00", "-5.00", "0.00", "-45.00"),
        ("False", "100.00", "0.00", "6.00", "0.00", "-45.00", "49.00", "0.00"),
    ]


def test_a_debt_is_withheld_from_the_money_of_banks_first_and_then_from_cash():
    told = kinds(cash(FRIDAY, "100.00"), took(FRIDAY, BANK, "30.00"), carried="-50.00")
    assert [(row[0], row[5], row[6], row[7]) for row in told] == [
        ("False", "-50.00", "0.00", "-20.00"), ("True", "-20.00", "80.00", "0.00"),
    ]  # fmt: skip


def test_a_day_of_one_kind_is_one_order():
    assert [row[0] for row in kinds(took(FRIDAY, BANK, "30.00"), took(SATURDAY, ONLINE, "1.00"))] == ["False"]


def test_account_by_the_kind_of_money():
    assert account_kinds(has_cash=True, is_capital_repair=False) == (SPECIAL_AGENT, TREASURY)
    assert account_kinds(has_cash=False, is_capital_repair=False) == (SETTLEMENT, TREASURY)
    assert account_kinds(has_cash=False, is_capital_repair=True)[0] == CAPITAL_REPAIR
    assert CAPITAL_REPAIR not in account_kinds(has_cash=True, is_capital_repair=False)


def test_order_numbers_never_end_in_three_noughts():
    assert [next_number(last) for last in (0, 998, 999, 999_998, 999_999)] == [1, 999, 1001, 999_999, 1]


def party(name="ООО «Поставщик»"):
    return Party(name, "5600000000", "561001001", "4" * 20, "Банк", "г. Оренбург", "045354601", "3" * 20)


def order(**facts):
    return Order(**{
        "number": "7", "on": FRIDAY, "amount": Decimal("10.50"), "payer": party("АО «Центр»"), "payee": party(),
        "purpose": "Перевод платежей", **facts,
    })  # fmt: skip


def written(*orders):
    return bank_orders.write(orders, sender="АО «Центр»", recipient="Банк", created=datetime(2026, 11, 6, 9, 5, 0))  # noqa: DTZ001


def test_the_file_is_cp1251_with_crlf_and_every_field_in_its_place():
    lines = written(order()).decode("cp1251").split("\r\n")
    assert lines[:4] == ["1CClientBankExchange", "ВерсияФормата=1.03", "Кодировка=Windows", "Отправитель=АО «Центр»"]
    for line in ("ДатаСоздания=06.11.2026", "ВремяСоздания=09:05:00", "Номер=7", "Сумма=10.50", "ВидОплаты=01", "Код=0",
                 "Очередность=5", "ПолучательКорсчет=" + "3" * 20, "НазначениеПлатежа1=Перевод платежей"):  # fmt: skip
        assert line in lines
    assert lines[-2:] == ["КонецФайла", ""]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"number": "1000"}, "последние три не 000"),
        ({"number": "1234567"}, "до шести цифр"),
        ({"amount": Decimal("0.00")}, "должна быть больше нуля"),
        ({"purpose": "я" * 211}, "длиннее 210"),
        ({"payee": party("ООО «Снег ☃»")}, "не пишется в кодировке банка"),
        ({"payee": party("")}, "не заполнено: наименование"),
    ],
)
def test_an_order_the_bank_would_not_take_is_refused(facts, words):
    with pytest.raises(OrderRefused, match=words):
        written(order(**facts))


def test_the_purpose_fits_whatever_the_number_of_the_contract():
    text = bank_orders.purpose(
        days=(FRIDAY, SATURDAY), contract="Д" * 200, signed_on=FRIDAY, payments=123456,
        amount=Decimal("123456789.00"), withheld=Decimal("1234567.89"),
    )  # fmt: skip
    assert len(text) == 210
    assert text.endswith("НДС не облагается")


def test_a_number_of_another_balance_account_is_told():
    assert wrong_account("40821810500000000001", SPECIAL_AGENT) == ""
    assert wrong_account("40702810500000000001", SETTLEMENT) == ""
    assert "начинается не с 40821" in wrong_account("40702810500000000001", SPECIAL_AGENT)
    assert "специальный счёт платёжного агента" in wrong_account("40821810500000000001", SETTLEMENT)


def test_every_scheme_at_once_comes_to_exact_kopecks():
    """percent by channel, minimum, maximum, VAT of each kind, withheld and invoiced, a return and a carried claim."""
    rows = [
        took(FRIDAY, CASH, "333.33"),
        took(FRIDAY, ONLINE, "1000.05", "100.00"),
        took(SATURDAY, BANK, "777777.77"),
        took(SATURDAY, CASH, "0.01"),
    ]
    schemes = [
        terms("3", CASH, minimum="15", vat_mode=2),  # 333.33 → 10.00 → 15.00 + 3.30; 0.01 → 0.00 → 15.00 + 3.30
        terms("2.35", ONLINE, vat_mode=1),  # 900.05 → 21.15 with 3.81 inside
        terms("1.5", maximum="5000", is_withheld=False, vat_mode=2),  # 11666.67 → 5000.00 + 1100.00, invoiced
    ]
    found = settle(rows, schemes, RATES, Decimal("-12.34"))
    assert [(str(line.fee), str(line.vat), line.bound) for line in found.lines] == [
        ("15", "3.30", "минимум"), ("17.34", "3.81", ""), ("15", "3.30", "минимум"), ("5000", "1100.00", "максимум"),
    ]  # fmt: skip
    assert (found.commission, found.vat) == (Decimal("47.34"), Decimal("10.41"))
    assert found.net == Decimal("779111.16") - Decimal("100.00") - Decimal("57.75") - Decimal("12.34")
    assert found.net == found.gross - found.returns - found.commission - found.vat + found.carried_in
