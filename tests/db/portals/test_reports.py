"""Reports: the same figures as the books, rows of one's own contracts only, whatever is grouped by."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.http import urlencode
from openpyxl import load_workbook

import debt.queries
import payments.open_items
import payments.operations
import payments.queries
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.models import JournalEntry
from billing.models import Hold
from debt.models import PenaltyTerms
from payments import ageing
from portals import tasks
from portals.models import PrincipalRole, PrincipalUser, ReportJob, ReportSchedule, SavedReport, SumState
from portals.models.reports import Face, JobState
from portals.office import roles
from portals.reports import debts, definitions, faces, jobs, lists, ready, running, sheets, tables, vocabulary
from portals.reports import sums as sums_of_books
from portals.reports.compiler import Report, Scope
from portals.reports.definitions import Definition
from portals.reports.tables import What
from portals.reports.vocabulary import DIMENSIONS, FACTS, ReportRefused
from tests import make

from . import town as towns
from .desk import client as staff_client
from .town import NOVEMBER, NOW, OCTOBER, TODAY, Town

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 20, 12, 0, tzinfo=ZoneInfo("Asia/Yekaterinburg"))
TURNOVER = ready.TURNOVER
SEPTEMBER = OCTOBER.previous


@pytest.fixture
def town() -> Iterator[Town]:
    """Two posted months; the first of them closed; both accounts paid something, one too much."""
    with time_machine.travel(NOW, tick=False):
        made = towns.build(months=2)
        made.pay("100.00", date(2026, 10, 12), by=make.user(is_staff=True))
        made.pay("35.50", date(2026, 11, 6), by=make.user(is_staff=True))
        made.pay("9000.00", date(2026, 11, 9), by=make.user(is_staff=True), account=made.neighbour)
        yield made


@pytest.fixture
def closed(town: Town) -> Town:
    """September's books are closed: what was before is read from the checkpoint."""
    payments.operations.close_month(month=SEPTEMBER)
    return town


def report(
    rows: str, measures: Any = TURNOVER, first: Month = OCTOBER, last: Month | None = None, **rest: Any
) -> Definition:
    codes = tuple(measures.split()) if isinstance(measures, str) else tuple(measures)
    return definitions.checked(Definition(tuple(rows.split()), codes, first, last or first, **rest))


def sums(definition: Definition, scope: Scope | None = None) -> dict[tuple[str, ...], dict[str, Any]]:
    """Keys of a row → its figures by measure."""
    sheet = running.sheet(definition, scope or Scope.everything(), per_page=1000)
    return {
        tuple(key.label for key in line.keys): dict(zip(definition.measures, line.cells, strict=True))
        for line in sheet.lines
    }


def as_excel(day: date) -> datetime:
    """A date as a reader of workbooks gives it back."""
    return datetime.combine(day, datetime.min.time())


def visitor(user: Any) -> Client:
    found = Client()
    found.force_login(user)
    return found


# --- the same figures as the books -----------------------------------------------------------------------------------


def test_every_account_adds_up_to_its_balance(closed: Town):
    for month in (SEPTEMBER, OCTOBER, NOVEMBER):
        rows = sums(report("account", first=month))
        for account in (closed.account, closed.neighbour):
            row = rows[(account.number,)]
            opened = payments.queries.balance(account_id=account.pk, on=month.first)
            assert row["opening"] == opened
            assert row["closing"] == payments.queries.balance(account_id=account.pk, on=month.next.first)
            moved = row["charged"] + row["recalculated"] + row["benefits"] + row["penalty"] - row["paid"]
            assert opened + moved == row["closing"]


def test_a_turnover_sheet_is_that_of_payments(closed: Town):
    found = payments.queries.turnover(contract_ids=[closed.water.pk, closed.home.pk], month=OCTOBER)
    rows = sums(report("contract house service"), Scope.of([closed.water.pk, closed.home.pk]))
    assert sorted(tuple(row.values()) for row in rows.values()) == sorted(
        tuple(getattr(row, name) for name in TURNOVER) for row in found
    )
    assert len(rows) == 3


def test_opening_plus_moved_is_closing_in_every_row_and_in_total(closed: Town):
    for rows in ("house", "street", "service", "supplier contract", "premises_kind", "payer_kind"):
        adds_up(closed, rows)


def adds_up(closed: Town, rows: str) -> None:
    sheet = running.sheet(report(rows, first=SEPTEMBER, last=NOVEMBER), Scope.everything())
    everything = [line.cells for line in sheet.lines]
    for opening, charged, again, benefits, penalty, paid, closing in [*everything, sheet.totals]:
        assert opening + charged + again + benefits + penalty - paid == closing
    assert sheet.totals == tuple(sum(column) for column in zip(*everything, strict=True))
    owed = payments.queries.balances(account_ids=[closed.account.pk, closed.neighbour.pk], on=NOVEMBER.next.first)
    assert sheet.totals[-1] == sum(owed.values())


def test_months_follow_each_other(closed: Town):
    rows = list(sums(report("month", first=SEPTEMBER, last=NOVEMBER)).values())
    assert [row["opening"] for row in rows[1:]] == [row["closing"] for row in rows[:-1]]
    sheet = running.sheet(report("month", first=SEPTEMBER, last=NOVEMBER), Scope.everything())
    assert (sheet.totals[0], sheet.totals[-1]) == (rows[0]["opening"], rows[-1]["closing"])
    assert sheet.totals[1] == sum(row["charged"] for row in rows)


def test_measures_spread_over_columns_are_the_rows(closed: Town):
    flat = sums(report("house service", "accrued paid"))
    sheet = running.sheet(report("house", "accrued paid", columns="service"), Scope.everything())
    line = sheet.lines[0]
    spread = {(head.above.label, head.measure.code): cell for head, cell in zip(sheet.heads, line.cells, strict=True)}
    for (_, service), row in flat.items():
        for code, value in row.items():
            assert (spread.get((service, code)) or 0) == value
    assert spread[("Всего", "accrued")] == sum(row["accrued"] for row in flat.values())
    assert sheet.totals == line.cells


def test_a_rate_is_of_the_sums_and_not_a_sum_of_rates(closed: Town):
    sheet = running.sheet(report("service", "accrued paid rate"), Scope.everything())
    accrued, paid, rate = sheet.totals
    assert rate == (paid * 100 / accrued).quantize(Decimal("0.1"))


def test_debt_by_age_is_that_of_the_debt_pages_and_of_the_account(closed: Town):
    """By the due day of each contract, to the kopeck: today, and as the books stood when a month had ended."""
    PenaltyTerms.objects.create(
        contract=closed.home, scale=1, due_day=25, act="договор, п. 5", valid_from=date(2026, 1, 1)
    )
    accounts = [closed.account, closed.neighbour]
    now = debt.queries.ages(account_ids=[one.pk for one in accounts], on=TODAY)
    by_age = {
        name: sum(now.filter(bucket=key)["amount"]) for key, name in ageing.BUCKETS.items() if key in now["bucket"]
    }
    found = sums(report("age", "debt debtors", first=NOVEMBER, today=TODAY))
    assert {key[0]: row["debt"] for key, row in found.items()} == by_age and len(by_age) == 3
    assert all(row["debtors"] == now.filter(bucket=key)["account_id"].n_unique()
               for (name,), row in found.items() for key, other in ageing.BUCKETS.items() if other == name)  # fmt: skip
    for account in accounts:
        owed = sums(report("account service", "debt", first=NOVEMBER, filters={"account": (account.number,)}))
        open_now = payments.open_items.debts(account_id=account.pk)
        assert sum(row["debt"] for row in owed.values()) == sum(item.amount for item in open_now)
    spread = running.sheet(report("house", "debt", columns="age", first=NOVEMBER, today=TODAY), Scope.everything())
    assert spread.totals[-1] == sum(by_age.values()) and sum(spread.lines[0].cells[:-1]) == spread.totals[-1]
    # as October ended: the payments of November are not known yet, October itself is not due
    assert sums(report("age", "debt", first=OCTOBER))[("срок не наступил",)]["debt"] == sum(
        row["accrued"] for row in sums(report("contract", "accrued", first=OCTOBER)).values()
    )
    closing = sums(report("contract", "closing", first=OCTOBER), Scope.of([closed.water.pk, closed.home.pk]))
    assert sum(row["debt"] for row in sums(report("age", "debt", first=OCTOBER)).values()) == sum(
        row["closing"] for row in closing.values()
    )
    mine = sums(report("contract", "debt", first=NOVEMBER, today=TODAY), Scope.of([closed.home.pk]))
    assert [row["debt"] for row in mine.values()] == [sum(now.filter(contract_id=closed.home.pk)["amount"])]


def test_debts_of_too_many_accounts_are_left_to_a_job(closed: Town, supplier: Client, monkeypatch: Any):
    monkeypatch.setattr(debts, "MOST_ACCOUNTS", 1)
    definition = report("house", "debt", columns="age", first=NOVEMBER, today=TODAY)
    with pytest.raises(ReportRefused, match="соберётся в фоне"):
        running.sheet(definition, Scope.everything())
    made = tables.table(What("Долг", definition), Scope.everything(), owner="", made_on=TODAY)
    assert len(list(made.rows)) == 1
    page = supplier.get("/supplier/reports/debt-age/")
    assert page.status_code == 422 and "Скачать Excel" in page.content.decode()
    supplier.post("/supplier/reports/files/order/", {"code": "debt-age", "query": "", "form": "xlsx"})
    tasks.make_report_file()
    assert ReportJob.objects.get().state == JobState.DONE


def test_a_payment_goes_to_the_oldest_debt_by_age(town: Town):
    before = sums(report("age", "debt"), Scope.of([town.home.pk]))
    town.pay("50.00", date(2026, 10, 15), by=make.user(is_staff=True))
    after = sums(report("age", "debt"), Scope.of([town.home.pk]))
    assert before[("срок не наступил",)] == after[("срок не наступил",)] and before != after


def test_volumes_people_and_accounts(town: Town):
    rows = sums(report("service", "volume"))
    lines = town.account  # the meter of cold water went from 105 to 110, the neighbour is charged by the norm
    assert rows[("Холодное водоснабжение",)]["volume"] == Decimal(5) + Decimal("6.93"), lines
    found = sums(report("house", "accounts persons area"))
    assert list(found.values()) == [{"accounts": 2, "persons": 3, "area": Decimal("100")}]


def test_chalk_is_not_reported(town: Town):
    assert sums(report("service", "accrued", first=NOVEMBER)) == {}


def test_payments_by_channel_and_day(town: Town):
    rows = sums(report("day channel", "paid receipts", first=NOVEMBER))
    assert [(key[0], row["paid"], row["receipts"]) for key, row in rows.items()] == [
        ("06.11.2026", Decimal("35.50"), 1), ("09.11.2026", Decimal("9000.00"), 1),
    ]  # fmt: skip


# --- one statement, of the months asked for --------------------------------------------------------------------------


def test_a_page_is_one_statement_besides_what_the_books_say_of_themselves(closed: Town):
    for one in ready.READY.values():
        if one.listed:
            continue
        with CaptureQueriesContext(connection) as asked:
            running.sheet(definitions.checked(one.definition(TODAY)), Scope.everything())
        told = [query["sql"] for query in asked if query["sql"].lstrip().startswith(("SELECT", "WITH"))]
        assert len([sql for sql in told if sql.startswith("WITH f AS")]) == 1, one.code
        # debts by age: who is asked for, their open items, what the law and the contracts say of due days
        assert len(told) <= (12 if "debt" in one.measures else 4), one.code


def test_partitions_of_other_months_are_not_read(closed: Town):
    made = running.report(report("house", "charged paid"), Scope.everything())
    statement = made.page(limit=10)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + statement.sql, dict(statement.params))
        plan = "\n".join(row for (row,) in cursor.fetchall())
    assert "billing_charge_202610" in plan and "payments_allocation_202610" in plan
    assert not any(name in plan for name in ("_202609", "_202611", "payments_balance"))


# --- whose rows ------------------------------------------------------------------------------------------------------


def every_grouping() -> list[tuple[str, tuple[str, ...]]]:
    """Each dimension with all the measures that fit it."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for code in DIMENSIONS:
        fitting = [measure.code for measure in definitions.fitting([code])]
        found += [(code, tuple(fitting[start : start + 12])) for start in range(0, len(fitting), 12)]
    return found


def test_no_dimension_shows_rows_of_another_supplier(closed: Town):
    stranger = make.contract()
    for code, measures in every_grouping():
        fenced(closed, stranger, code, measures)


def fenced(closed: Town, stranger: Any, code: str, measures: tuple[str, ...]) -> None:
    definition = report(code, measures, first=SEPTEMBER, last=OCTOBER)
    nobody = running.sheet(definition, Scope.of([stranger.pk]))
    assert (nobody.lines, nobody.count) == ((), 0)
    assert running.sheet(definition, Scope.of([])).lines == ()
    whole = running.sheet(definition, Scope.everything(), per_page=1000)
    parts = [running.sheet(definition, Scope.of([pk]), per_page=1000) for pk in (closed.water.pk, closed.home.pk)]
    for place, head in enumerate(whole.heads):
        if head.measure.how == "flow" and head.measure.kind == "money" and whole.totals:
            mine = [part.totals[place] for part in parts]
            assert all(abs(sum_) <= abs(whole.totals[place]) for sum_ in mine)
            assert sum(mine) == whole.totals[place] or head.measure.code in ("paid",)  # an advance is nobody's yet


@pytest.mark.parametrize("code", list(lists.LISTS))
def test_no_list_shows_rows_of_another_supplier(closed: Town, code: str):
    stranger = make.contract()
    what = tables.What("", Definition((), (), SEPTEMBER, NOVEMBER), code)
    assert tables.count(what, Scope.of([stranger.pk])) == 0
    made = tables.table(what, Scope.of([stranger.pk]), owner="", made_on=TODAY)
    assert list(made.rows) == []


def test_a_filter_does_not_widen_the_scope(closed: Town):
    for code, value in (("contract", closed.home.pk), ("supplier", closed.home.principal_id)):
        definition = report("house", "accrued", filters={code: (str(value),)})
        assert running.sheet(definition, Scope.of([closed.water.pk])).lines == ()
        assert sums(definition)


def test_a_fact_without_a_scope_cannot_be_written():
    with pytest.raises(ValueError, match="whose"):
        vocabulary.Fact("x", "FROM x AS c WHERE {scope}", {}, {}, scope="true", effect="c.month")
    with pytest.raises(ValueError, match="whose"):
        lists.ListReport("x", (), "SELECT 1 FROM x", vocabulary.OF_CONTRACT, "1", {})
    for fact in FACTS:
        assert "{scope}" in fact.source, fact.code


def test_statements_of_a_supplier_always_name_his_contracts(closed: Town):
    for one in ready.READY.values():
        scope = Scope.of([closed.water.pk])
        if one.list:
            statement = one.list.statement(one.definition(TODAY), scope)
            assert "%(contracts)s" in statement.sql
        else:
            made = Report(definitions.checked(one.definition(TODAY)), scope)
            for fact in made.facts():
                assert "%(contracts)s" in made.fact(fact), (one.code, fact.code)


def test_meters_are_of_those_who_supply_what_they_measure(town: Town):
    what = tables.What("", Definition((), (), OCTOBER, OCTOBER), "meters")
    serials = {
        contract: {row[4] for row in tables.table(what, Scope.of([contract.pk]), owner="", made_on=TODAY).rows}
        for contract in (town.water, town.home)
    }
    assert serials == {town.water: {town.cold.serial, town.light.serial}, town.home: set()}


# --- definitions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "measures", "rest", "words"),
    [
        ("channel", ("charged",), {}, "«Начислено» нельзя разделить по полю «Канал приёма»"),
        ("house", ("volume",), {}, "Добавьте группировку «Услуга»"),
        ("planet", ("charged",), {}, "Такого поля в отчётах нет: planet"),
        ("house", ("love",), {}, "Такого поля в отчётах нет: love"),
        ("house", (), {}, "хотя бы одну группировку"),
        ("house", ("charged",), {"columns": "house"}, "и в строках, и в столбцах"),
        ("house", ("charged",), {"filters": {"house": ("7; DROP TABLE",)}}, "нет значения"),
        ("house", ("charged",), {"filters": {"street": ("\x00",)}}, "нет значения"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(rows: str, measures: Any, rest: Any, words: str):
    with pytest.raises(ReportRefused, match=words):
        report(rows, measures, **rest)


def test_a_definition_survives_an_address_and_a_shelf():
    made = report("house service", "opening paid closing", columns="month", filters={"street": ("г, ул. А&Б",)},
                  sort="-closing", first=SEPTEMBER, last=NOVEMBER)  # fmt: skip
    again = definitions.asked(QueryDict(urlencode(made.pairs())), report("street", "paid"), today=TODAY)
    assert again == made
    assert definitions.read(made.stored(), today=TODAY) == made


def test_a_moving_period_is_of_the_day_it_is_asked_on():
    made = Definition(("house",), ("paid",), OCTOBER, OCTOBER, period=definitions.LAST_MONTH).over(date(2027, 1, 5))
    assert (str(made.first), str(made.last)) == ("2026-12", "2026-12")


def test_a_filter_leaves_a_moving_period_and_can_be_taken_off_again():
    base = Definition(("house",), TURNOVER, OCTOBER, OCTOBER, period=definitions.LAST_MONTH, filters={"house": ("7",)})

    def asked(text: str) -> Definition:
        return definitions.asked(QueryDict(text), base, today=TODAY)

    assert asked("") == base
    same = asked("period=last_month&first=2026-10&last=2026-10&f.house=9")
    assert (same.period, same.filters) == (definitions.LAST_MONTH, {"house": ("9",)})
    other = asked("period=last_month&first=2026-09&last=2026-10&f.house=")
    assert (other.period, other.first, dict(other.filters)) == (definitions.FIXED, SEPTEMBER, {})


# --- files -----------------------------------------------------------------------------------------------------------


def written(definition: Definition, form: str = "xlsx", listed: str = "") -> bytes:
    file = io.BytesIO()
    what = tables.What("Обороты: дома", definition, listed)
    sheets.WRITERS[form](file, tables.table(what, Scope.everything(), owner="Все поставщики", made_on=TODAY))
    return file.getvalue()


def test_the_workbook_is_typed_and_its_totals_are_formulas_with_values(closed: Town):
    content = written(report("house service", (*TURNOVER, "accrued", "rate")))
    sheet = load_workbook(io.BytesIO(content)).active
    values = load_workbook(io.BytesIO(content), data_only=True).active
    assert sheet["A1"].value == "Обороты: дома"
    assert sheet["A2"].value == "Период: октябрь 2026. Все поставщики. Составлен 20.11.2026."
    assert [cell.value for cell in sheet[3]][:3] == ["Дом", "Услуга", "На начало"]
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("C4", "$3:$3")
    assert sheet.page_setup.orientation == "landscape" and sheet.sheet_properties.pageSetUpPr.fitToPage
    last = sheet.max_row
    assert sheet.cell(last, 1).value == "Итого"
    assert sheet.cell(last, 3).value == f"=SUBTOTAL(109,C4:C{last - 1})"
    column = [values.cell(row, 9).value for row in range(4, last)]
    assert round(sum(column), 2) == values.cell(last, 9).value
    assert sheet.cell(4, 3).number_format == "#,##0.00"
    rate = sheet.cell(last, 11)
    assert rate.value == f"=IF(J{last}=0,0,ROUND(H{last}/J{last}*100,1))"
    expected = running.sheet(report("house", ("rate",)), Scope.everything()).totals[0]
    assert Decimal(str(values.cell(last, 11).value)) == expected


def test_months_and_days_are_dates_and_numbers_of_accounts_are_texts(town: Town):
    days = load_workbook(io.BytesIO(written(report("day account", "paid", first=NOVEMBER)))).active
    assert days["A4"].value == as_excel(date(2026, 11, 6)) and days["A4"].number_format == "DD.MM.YYYY"
    assert days["B4"].value == town.account.number and days["C4"].value.endswith("кв. 12")
    months = load_workbook(io.BytesIO(written(report("month", "paid", last=NOVEMBER)))).active
    assert months["A4"].value == as_excel(date(2026, 10, 1))


def test_spread_columns_have_a_heading_above_them(town: Town):
    sheet = load_workbook(io.BytesIO(written(report("house", "accrued paid", columns="service")))).active
    assert sheet["B3"].value == "Содержание жилого помещения" and sheet["B4"].value == "Всего начислено"
    assert "B3:C3" in [str(found) for found in sheet.merged_cells.ranges]
    assert sheet.print_title_rows == "$3:$4"


def test_text_is_never_a_formula(town: Town):
    town.house.street = "=HYPERLINK(1)&<b>"
    town.house.save()
    sheet = load_workbook(io.BytesIO(written(report("street", "accrued")))).active
    assert sheet["A4"].value.endswith("=HYPERLINK(1)&<b>") and sheet["A4"].data_type in ("s", "inlineStr")
    assert sheets.plain("=1+1") == "'=1+1"


def test_csv_opens_in_russian_excel(closed: Town):
    content = written(report("day channel", "paid receipts", first=NOVEMBER), "csv")
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0] == ["День", "Канал приёма", "Оплачено", "Платежей"]
    assert rows[1][0] == "06.11.2026" and rows[1][2:] == ["35,50", "1"]


def test_every_ready_report_makes_both_files(closed: Town):
    for one in ready.READY.values():
        both_files(one)


def both_files(one: ready.Ready) -> None:
    what = tables.What(one.title, one.definition(TODAY), one.listed)
    for form in ("xlsx", "csv"):
        file = io.BytesIO()
        made = tables.table(what, Scope.everything(), owner="Все", made_on=TODAY)
        rows = sheets.WRITERS[form](file, made)
        assert rows == tables.count(what, Scope.everything())
        if form == "xlsx":
            load_workbook(file)


# --- pages -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def supplier(town: Town) -> Client:
    return visitor(town.accountant)


@pytest.fixture
def staff(town: Town) -> Client:
    return staff_client(roles.ACCOUNTANT)


def test_every_report_opens_in_both_faces(town: Town, supplier: Client, staff: Client):
    faces_ = ((supplier, "/supplier/reports"), (staff, "/admin/reports"))
    for (visitor_, root), code in itertools.product(faces_, [*ready.READY, "own"]):
        answer = visitor_.get(f"{root}/{code}/?first=2026-10&last=2026-10")
        assert answer.status_code == 200, (root, code)
        assert "Собрать" in visitor_.get(f"{root}/").content.decode()


def test_a_row_leads_deeper_down_to_the_account(town: Town, supplier: Client):
    page = supplier.get("/supplier/reports/turnover-houses/?first=2026-10&last=2026-10")
    names, _ = page.context["rows"][0]
    assert names[0].url.startswith("/supplier/reports/own/?rows=account&")
    below = supplier.get(names[0].url)
    accounts = {names[0].text: names[0].url for names, _ in below.context["rows"]}
    assert accounts == {
        account.number: f"/supplier/accounts/{account.number}/" for account in (town.account, town.neighbour)
    }
    assert [cell.text for cell in below.context["totals"]] == [cell.text for cell in page.context["totals"]]
    assert supplier.get(accounts[town.account.number]).status_code == 200


def test_a_page_asks_no_more_when_rows_grow(town: Town, supplier: Client):
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert supplier.get("/supplier/reports/turnover-accounts/?first=2026-10&last=2026-10").status_code == 200
        return len(queries)

    asked()
    before = asked()
    for number in range(5):
        one = make.account(premises=make.premises(house=town.house, number=str(100 + number)))
        make.ink(one, town.water, 2, OCTOBER, "10.00")
    assert asked() == before <= 16


def test_a_supplier_is_offered_his_own_values_only(town: Town, supplier: Client):
    page = supplier.get("/supplier/reports/own/?rows=service&measures=accrued&first=2026-10")
    services = next(bar for bar in page.context["bars"] if bar.code == "service")
    assert {choice.label for choice in services.choices} == {"Холодное водоснабжение", "Электроснабжение"}


def test_strangers_see_no_reports(town: Town):
    resident = visitor(town.resident)
    assert resident.get("/supplier/reports/").status_code == 404
    assert resident.get("/supplier/reports/turnover/").status_code == 404
    assert resident.get("/admin/reports/").status_code in (302, 403)
    assert Client().get("/supplier/reports/").status_code == 302
    assert staff_client(roles.CASHIER).get("/admin/reports/").status_code == 403
    gone = PrincipalUser.objects.get(user=town.accountant)
    gone.withdrawn_at = AT
    gone.save()
    assert visitor(town.accountant).get("/supplier/reports/turnover/").status_code == 404


def test_what_is_refused_is_said_on_the_page_and_nothing_is_lost(town: Town, supplier: Client):
    page = supplier.get("/supplier/reports/own/?rows=channel&measures=charged&measures=paid")
    assert page.status_code == 422
    assert "нельзя разделить по полю" in page.content.decode()
    chosen = [measure.code for measure, is_chosen in page.context["builder"].measures if is_chosen]
    assert chosen == ["charged", "paid"]


NASTY = ["", "abc", "-1", "9" * 40, "0001-01", "9999-12", "²", "🙂 %_'<b>", "а" * 3000, "1); DROP TABLE x; --"]


def test_no_address_of_reports_is_answered_by_a_fault(town: Town, supplier: Client):
    names = ["rows", "measures", "columns", "period", "first", "last", "sort", "page", "f.house", "f.account", "f.day",
             "f.month", "f.love", "f.street", "f.channel"]  # fmt: skip
    supplier.raise_request_exception = False
    for code in ("turnover", "meters", "own"):
        for name, value in itertools.product(names, NASTY):
            status = supplier.get(f"/supplier/reports/{code}/", {name: value}).status_code
            assert status in (200, 400, 404, 422), (code, name, value[:30], status)
    for path in ("love/", "saved/9/", f"saved/{'9' * 30}/", "files/x/", "файл/"):
        assert supplier.get(f"/supplier/reports/{path}").status_code in (404, 301), path


def test_a_parameter_that_cannot_be_meant_is_said_in_words(supplier: Client):
    for query, words in (
        ({"first": "2026-13"}, "Месяц «2026-13» не понят"), ({"period": "когда-то"}, "Такого периода нет: когда-то"),
        ({"rows": "planet"}, "Такого поля в отчётах нет: planet"), ({"f.love": "1"}, "Такого поля в отчётах нет: love"),
    ):  # fmt: skip
        for code in ("turnover", "meters") if "rows" not in query else ("turnover",):
            page = supplier.get(f"/supplier/reports/{code}/", query)
            assert (page.status_code, words in page.content.decode()) == (422, True), (code, query)


def test_a_list_is_narrow_on_the_page_and_whole_in_the_file(town: Town, supplier: Client):
    page = supplier.get("/supplier/reports/meters/")
    assert [column.code for column in page.context["list_columns"]][:4] == ["number", "address", "resource", "serial"]
    assert len(page.context["list_columns"]) == 8 and "столбцы (4)" in page.content.decode()
    found = tables.table(What("П", ready.READY["meters"].definition(TODAY), "meters"), Scope.of([town.water.pk]),
                         owner="", made_on=TODAY)  # fmt: skip
    assert len(found.columns) == 12


def test_a_file_that_nobody_makes_says_so(town: Town, supplier: Client):
    what = What("Обороты", ready.READY["turnover"].definition(TODAY))
    late = timezone.now() - 2 * jobs.SLOW
    job = jobs.order_file(user=town.accountant, face="supplier", what=what, form="xlsx", at=late)
    assert "не запущен" in supplier.get("/supplier/reports/files/").content.decode()
    jobs.make_file(job=jobs.take(at=timezone.now(), job_id=job.pk), clock=timezone.localtime)
    assert "не запущен" not in supplier.get("/supplier/reports/files/").content.decode()


def test_script_comes_back_as_text(town: Town, supplier: Client):
    supplier.post(
        "/supplier/reports/saved/new/", {"code": "turnover", "query": "", "title": "<script>alert(1)</script>"}
    )
    page = supplier.get("/supplier/reports/").content.decode()
    assert "<script>alert(1)</script>" not in page and "&lt;script&gt;alert(1)" in page


# --- kept, ordered, sent ---------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_a_short_report_is_downloaded_at_once_and_noted(town: Town, supplier: Client):
    answer = supplier.post(
        "/supplier/reports/files/order/",
        {"code": "turnover", "query": "period=fixed&first=2026-10&last=2026-10", "form": "xlsx"},
    )
    assert answer.status_code == 200 and "attachment" in answer["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content)), data_only=True).active
    assert sheet.max_row == 6  # title, notes, heads, two services, total
    entry = JournalEntry.objects.get(event="portals.report.exported")
    assert entry.user == town.accountant and entry.facts["rows"] == 2


def test_a_long_report_becomes_a_job(town: Town, supplier: Client, monkeypatch: Any):
    monkeypatch.setattr(jobs, "AT_ONCE", 1)
    monkeypatch.setattr(tasks.make_report_file, "delay_on_commit", lambda **_: None)
    for _ in range(2):  # a double press is one file
        answer = supplier.post(
            "/supplier/reports/files/order/", {"code": "turnover", "query": "first=2026-10", "form": "xlsx"}
        )
        assert answer.status_code == 302 and answer["Location"] == "/supplier/reports/files/"
    job = ReportJob.objects.get()
    assert job.state == JobState.WAITING
    tasks.make_report_file(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == (JobState.DONE, 2, 2)
    assert job.expires_on == TODAY + jobs.KEPT
    answer = supplier.get(f"/supplier/reports/files/{job.key}/")
    assert load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active.max_row == 6
    stranger = make.user()
    PrincipalUser.objects.create(user=stranger, principal=town.water.principal, role=PrincipalRole.ACCOUNTANT)
    assert visitor(stranger).get(f"/supplier/reports/files/{job.key}/").status_code == 404
    jobs.purge(today=TODAY + jobs.KEPT + timedelta(days=1))
    assert supplier.get(f"/supplier/reports/files/{job.key}/").status_code == 404


def ordered(town: Town, face: str = Face.SUPPLIER) -> ReportJob:
    what = tables.What("Обороты", report("account"))
    return jobs.order_file(user=town.accountant, face=face, what=what, form="csv", at=AT)


def test_a_cancelled_job_leaves_no_file(town: Town, supplier: Client, monkeypatch: Any):
    job = ordered(town)
    monkeypatch.setattr(sheets, "EVERY", 1)
    taken = jobs.take(at=AT)
    assert taken == job
    assert supplier.post(f"/supplier/reports/files/{job.key}/cancel/").status_code == 302
    jobs.make_file(job=taken, clock=lambda: AT)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED and not jobs.path_of(job).exists()
    assert not JournalEntry.objects.filter(event="portals.report.exported").exists()


def test_whoever_lost_access_gets_no_file(town: Town):
    job = ordered(town)
    PrincipalUser.objects.filter(user=town.accountant).update(withdrawn_at=AT)
    jobs.make_file(job=jobs.take(at=AT), clock=lambda: AT)  # type: ignore[arg-type]
    job.refresh_from_db()
    assert (job.state, job.message) == (JobState.FAILED, "Доступа к этим отчётам больше нет.")
    assert not jobs.path_of(job).exists()


def test_a_job_of_the_office_is_not_for_a_supplier(town: Town):
    job = ordered(town, Face.OFFICE)
    jobs.make_file(job=jobs.take(at=AT), clock=lambda: AT)  # type: ignore[arg-type]
    job.refresh_from_db()
    assert job.state == JobState.FAILED


def test_a_killed_job_is_begun_anew_after_a_while(town: Town):
    job = ordered(town)
    assert jobs.take(at=AT) == job
    assert jobs.take(at=AT + timedelta(minutes=5)) is None
    assert jobs.take(at=AT + timedelta(minutes=11)) == job


def test_too_many_files_at_once_are_refused(town: Town):
    for number in range(jobs.MOST_WAITING):
        jobs.order_file(user=town.accountant, face=Face.SUPPLIER, what=tables.What(str(number), report("house")),
                        form="csv", at=AT)  # fmt: skip
    with pytest.raises(Refusal, match="Дождитесь"):
        jobs.order_file(
            user=town.accountant, face=Face.SUPPLIER, what=tables.What("x", report("house")), form="csv", at=AT
        )
    assert ReportJob.objects.count() == jobs.MOST_WAITING


def kept(town: Town, period: str = definitions.LAST_MONTH) -> SavedReport:
    made = Definition(("house",), TURNOVER, OCTOBER, OCTOBER, period=period)
    return jobs.save_report(user=town.accountant, face=Face.SUPPLIER, title="Обороты домов", what=tables.What("", made))


def test_a_kept_report_opens_with_the_months_of_today(town: Town, supplier: Client):
    report_ = kept(town)
    page = supplier.get(f"/supplier/reports/saved/{report_.pk}/")
    assert page.context["span"] == "октябрь 2026"
    again = kept(town)
    assert again.pk == report_.pk and SavedReport.objects.count() == 1
    stranger = make.user()
    PrincipalUser.objects.create(user=stranger, principal=town.water.principal, role=PrincipalRole.ACCOUNTANT)
    for path in ("", "schedule/"):
        assert visitor(stranger).get(f"/supplier/reports/saved/{report_.pk}/{path}").status_code == 404
    assert visitor(stranger).post(f"/supplier/reports/saved/{report_.pk}/delete/").status_code == 404
    assert supplier.post(f"/supplier/reports/saved/{report_.pk}/delete/").status_code == 302
    assert not SavedReport.objects.exists()


def test_a_scheduled_report_is_sent_once_a_due_day(town: Town, supplier: Client):
    report_ = kept(town)
    answer = supplier.post(
        f"/supplier/reports/saved/{report_.pk}/schedule/",
        {"every": "month", "on_day": "3", "form": "xlsx", "recipients": town.accountant.email},
    )
    assert answer.status_code == 302
    tasks.order_reports()
    assert not ReportJob.objects.exists()  # the third of November is over
    with time_machine.travel("2026-12-03T06:10:00+05:00", tick=False):
        for _ in range(3):
            tasks.order_reports()
            tasks.send_reports()
    job = ReportJob.objects.get()
    assert (job.state, job.due_on) == (JobState.DONE, date(2026, 12, 3))
    letter = mail.outbox[0]
    assert len(mail.outbox) == 1 and letter.bcc == [town.accountant.email] and letter.to == []
    name, content, _ = letter.attachments[0]
    assert name.endswith(".xlsx")
    assert load_workbook(io.BytesIO(content)).active["A2"].value.startswith("Период: ноябрь 2026.")


def test_reports_are_not_sent_to_those_who_may_not_see_them(town: Town, supplier: Client):
    report_ = kept(town)
    answer = supplier.post(
        f"/supplier/reports/saved/{report_.pk}/schedule/",
        {"every": "day", "on_day": "1", "form": "csv", "recipients": f"{town.accountant.email}, spy@test.example"},
    )
    assert answer.status_code == 422 and "spy@test.example" in answer.content.decode()
    assert not ReportSchedule.objects.exists()
    with pytest.raises(Refusal, match="не похоже"):
        jobs.addresses("кому-нибудь")


def test_a_schedule_whose_readers_lost_access_stops(town: Town):
    report_ = kept(town)
    colleague = make.user(email="colleague@test.example")
    link = PrincipalUser.objects.create(user=colleague, principal=town.water.principal, role=PrincipalRole.ACCOUNTANT)
    jobs.schedule_report(
        user=town.accountant, report=report_, every="day", on_day=1, form="csv",
        recipients=["colleague@test.example"], today=TODAY - timedelta(days=1),
    )  # fmt: skip
    jobs.order_due(at=AT, today=TODAY)
    link.withdrawn_at = AT
    link.save()
    tasks.send_reports()
    schedule = ReportSchedule.objects.get()
    assert mail.outbox == [] and not schedule.is_active and "доступа" in schedule.trouble


def test_the_office_sends_to_staff_with_the_right(town: Town):
    town.cashier.email = "cashier@test.example"
    town.cashier.save()
    boss = make.user(is_staff=True, is_superuser=True, email="boss@test.example")
    told = ["boss@test.example", "cashier@test.example", town.accountant.email]
    assert faces.strangers(boss, Face.OFFICE, told) == told[1:]


@pytest.mark.parametrize(
    ("every", "today", "due"),
    [
        ("day", date(2026, 11, 20), date(2026, 11, 20)), ("week", date(2026, 11, 20), date(2026, 11, 16)),
        ("month", date(2026, 11, 20), date(2026, 11, 3)), ("month", date(2026, 11, 2), date(2026, 10, 3)),
    ],
)  # fmt: skip
def test_due_days(every: str, today: date, due: date):
    assert jobs.last_due(ReportSchedule(every=every, on_day=3), today) == due


# --- sums by house ---------------------------------------------------------------------------------------------------

SUMMED = [
    ("house service", TURNOVER), ("contract", (*TURNOVER, "penalty_closing", "rate")), ("street", ("accrued", "paid")),
    ("month", TURNOVER), ("kind", ("accrued",)), ("part", ("paid",)), ("supplier", ("uplift", "common", "closing")),
]  # fmt: skip


def from_ink_and_from_sums(closed: Town) -> list[tuple[Any, Any]]:
    """The same reports without sums and with them."""
    found = []
    kept = list(SumState.objects.all())
    for (rows, measures), last in itertools.product(SUMMED, (OCTOBER, NOVEMBER)):
        definition = report(rows, measures, first=SEPTEMBER if "month" in rows else OCTOBER, last=last)
        for scope in (Scope.everything(), Scope.of([closed.water.pk])):
            summed = running.sheet(definition, scope)
            SumState.objects.all().delete()
            found.append((running.sheet(definition, scope), summed))
            SumState.objects.bulk_create(kept)
    return found


def test_sums_tell_what_ink_tells(closed: Town):
    assert sums_of_books.refresh() > 0
    assert sums_of_books.refresh() == 0
    for from_ink, from_sums in from_ink_and_from_sums(closed):
        assert from_sums == from_ink
    made = running.report(report("house", TURNOVER, first=OCTOBER), Scope.everything())
    assert "portals_housesum" in made.page(limit=1).sql and "billing_charge" not in made.page(limit=1).sql


def test_what_came_after_the_sums_is_in_the_report(closed: Town):
    sums_of_books.refresh()
    closed.pay("77.00", TODAY, by=make.user(is_staff=True))
    closed.charge(NOVEMBER)
    for from_ink, from_sums in from_ink_and_from_sums(closed):
        assert from_sums == from_ink
    assert sums(report("month", "accrued", first=NOVEMBER))[("ноябрь 2026",)]["accrued"] > 0
    assert sums_of_books.refresh() > 0


def test_a_released_hold_makes_the_sum_of_its_month_anew(closed: Town):
    hold = Hold.objects.create(account=closed.account, month=NOVEMBER.first, cause="проверка")
    closed.charge(NOVEMBER)
    sums_of_books.refresh()
    before = sums(report("house", "accrued", first=NOVEMBER))
    hold.released_at = AT
    hold.save()
    after = sums(report("house", "accrued", first=NOVEMBER))
    assert sum(row["accrued"] for row in after.values()) > sum(row["accrued"] for row in before.values())
    for from_ink, from_sums in from_ink_and_from_sums(closed):
        assert from_sums == from_ink
    assert sums_of_books.refresh(months=[NOVEMBER]) == 1


def test_days_that_are_open_are_not_summed(closed: Town):
    assert sums_of_books.closed_through(NOVEMBER) == NOVEMBER.first - timedelta(days=1)


def test_many_accounts_are_paged_before_they_are_read(closed: Town, monkeypatch: Any):
    definition = report("account", first=OCTOBER)
    whole = running.sheet(definition, Scope.everything())
    monkeypatch.setattr(running, "are_many", lambda: True)
    first = running.sheet(definition, Scope.everything(), per_page=1)
    second = running.sheet(definition, Scope.everything(), per_page=1, page=2)
    assert (*first.lines, *second.lines) == whole.lines
    assert first.totals == second.totals == whole.totals
    mine = running.sheet(definition, Scope.of([closed.home.pk]))
    stranger = make.contract()
    assert running.sheet(definition, Scope.of([stranger.pk])).lines == ()
    monkeypatch.undo()
    assert mine.lines == running.sheet(definition, Scope.of([closed.home.pk])).lines
