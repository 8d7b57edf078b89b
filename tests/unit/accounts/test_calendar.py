"""Months, spans and the working days of Russia."""

from datetime import date

import pytest

from accounts.calendar import Month, Span, is_working_day, long_date, working_day_on_or_after
from accounts.errors import Refusal


def test_the_government_moves_days_of_rest():
    assert not is_working_day(date(2026, 1, 9))  # moved from 3 January
    assert is_working_day(date(2025, 11, 1))  # a working Saturday
    assert not is_working_day(date(2026, 11, 4))
    assert is_working_day(date(2026, 10, 5))


def test_the_table_overrides_the_calendar():
    assert not is_working_day(date(2026, 10, 5), {date(2026, 10, 5): False})
    assert is_working_day(date(2026, 10, 4), {date(2026, 10, 4): True})


def test_a_due_day_on_a_sunday_moves_to_monday():
    assert working_day_on_or_after(date(2026, 3, 15)) == date(2026, 3, 16)
    assert working_day_on_or_after(date(2026, 4, 15)) == date(2026, 4, 15)
    assert working_day_on_or_after(date(2026, 1, 1)) == date(2026, 1, 12)


def test_a_month_knows_its_neighbours_and_days():
    december = Month.of(date(2026, 12, 31))
    assert december.next == Month(date(2027, 1, 1))
    assert december.previous == Month(date(2026, 11, 1))
    assert december + 14 == Month(date(2028, 2, 1))
    assert (december + 14).days == 29
    assert december.last == date(2026, 12, 31)
    assert december - Month(date(2025, 1, 1)) == 23
    assert [str(month) for month in Month.range(Month(date(2026, 11, 1)), Month(date(2027, 1, 1)))] == [
        "2026-11", "2026-12", "2027-01",
    ]  # fmt: skip


def test_a_month_is_read_and_written_as_people_do():
    assert Month.parse("2026-10") == Month.parse(" 10.2026 ") == Month(date(2026, 10, 1))
    assert Month.parse("2026-10").title == "октябрь 2026"
    assert long_date(date(2026, 10, 5)) == "5 октября 2026 г."


@pytest.mark.parametrize("text", ["", "2026", "13.2026", "2026-00", "октябрь", "2026-10-01"])
def test_what_is_no_month_is_refused_in_words(text):
    with pytest.raises(Refusal, match="не понят"):
        Month.parse(text)


def test_a_month_is_named_by_its_first_day():
    with pytest.raises(ValueError, match="first day"):
        Month(date(2026, 10, 2))


def test_a_span_excludes_its_end():
    span = Span(date(2026, 10, 5), date(2026, 10, 20))
    assert span.days == 15
    assert date(2026, 10, 5) in span
    assert date(2026, 10, 20) not in span
    assert date(2030, 1, 1) in Span(date(2026, 10, 5))


def test_spans_have_common_days():
    october = Month(date(2026, 10, 1)).span
    assert Span(date(2026, 10, 20)) & october == Span(date(2026, 10, 20), date(2026, 11, 1))
    assert (Span(date(2027, 1, 1)) & october).days == 0
    with pytest.raises(ValueError, match="ends before"):
        Span(date(2026, 10, 5), date(2026, 10, 4))
    with pytest.raises(ValueError, match="open span"):
        _ = Span(date(2026, 10, 5)).days
