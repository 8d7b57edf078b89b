"""A chart of bars by month: where each bar stands, in the units of its picture. Pure; the page draws it as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from accounts.calendar import Month

WIDTH, HEIGHT, FOOT, TOP, GUTTER = 720, 260, 26, 16, 76
STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


@dataclass(frozen=True, slots=True)
class Point:
    """A month of the chart: its value, that of the same month a year before, both None where nothing is known."""

    month: Month
    value: Decimal | None
    year_ago: Decimal | None
    is_draft: bool = False

    @property
    def change(self) -> Decimal | None:
        """More than a year ago by so much."""
        return None if self.value is None or self.year_ago is None else self.value - self.year_ago


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: left edge, top, width, height; was: the height at which last year's mark stands, or None."""

    x: str
    y: str
    width: str
    height: str
    right: str
    was: str | None
    is_draft: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A level across the picture and its words."""

    y: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Year:
    x: str
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture WIDTH × HEIGHT; `norm` is None where there is no norm."""

    width: int
    height: int
    base: int
    left: int
    words_at: int
    bars: list[Bar]
    levels: list[Line]
    years: list[Year]
    norm: Line | None


def step_of(highest: Decimal) -> Decimal:
    """A round step of which at most four make the highest value; 1 for nothing."""
    if highest <= 0:
        return Decimal(1)
    power = Decimal(10) ** ((highest / 4).adjusted())
    return next(step * power for step in STEPS if step * power * 4 >= highest)


def bars(points: Sequence[Point], *, norm: Decimal | None = None) -> Chart:
    """The chart of these months, the first at the left. What is below nought stands on the floor."""
    known = [value for point in points for value in (point.value, point.year_ago) if value is not None]
    top_value = max([*known, norm or Decimal(0)], default=Decimal(0))
    step = step_of(top_value)
    count = max(int((top_value / step).to_integral_value(ROUND_CEILING)), 1)
    highest = step * count
    base = HEIGHT - FOOT

    def place(value: Decimal) -> str:
        return f"{base - (base - TOP) * max(value, Decimal(0)) / highest:.1f}"

    one = Decimal(WIDTH - GUTTER) / max(len(points), 1)
    drawn, years = [], []
    for number, point in enumerate(points):
        left = GUTTER + one * number
        if point.month.first.month == 1 or number == 0:
            years.append(Year(f"{left:.1f}", str(point.month.first.year)))
        top = place(point.value or Decimal(0))
        drawn.append(
            Bar(
                x=f"{left + one / 8:.1f}",
                y=top,
                width=f"{one * 3 / 4:.1f}",
                height=f"{base - Decimal(top):.1f}",
                right=f"{left + one * 7 / 8:.1f}",
                was=place(point.year_ago) if point.year_ago is not None else None,
                is_draft=point.is_draft,
            )
        )
    if len(years) > 1 and Decimal(years[1].x) < GUTTER + 60:  # the first year has a month or two: no room for its name
        years.pop(0)
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        base=base,
        left=GUTTER,
        words_at=GUTTER - 8,
        bars=drawn,
        levels=[Line(place(step * n), step * n) for n in range(1, count + 1)],
        years=years,
        norm=Line(place(norm), norm) if norm else None,
    )
