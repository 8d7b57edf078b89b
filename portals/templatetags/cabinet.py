"""How numbers, money and dates are written for a reader: with a comma, narrow spaces and Russian months."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.forms import BoundField
from django.http import QueryDict
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from accounts import calendar, money
from accounts.calendar import Month

register = template.Library()

NBSP = "\u00a0"
NARROW = "\u202f"
MINUS = "\u2212"


def grouped(digits: str) -> str:
    """«1234567» → «1 234 567»; four digits are grouped too, so that columns of money line up."""
    head = len(digits) % 3
    parts = [digits[:head]] if head else []
    return NBSP.join([*parts, *(digits[i : i + 3] for i in range(head, len(digits), 3))])


def written(value: Decimal, places: int, *, least: int = 0) -> str:
    """A number for a reader: at most `places` after the comma, at least `least`."""
    text = f"{abs(value):.{places}f}"
    whole, _, rest = text.partition(".")
    rest = rest.rstrip("0").ljust(least, "0")
    sign = MINUS if value < 0 and (whole.strip("0") or rest.strip("0")) else ""
    return sign + grouped(whole) + ("," + rest if rest else "")


@register.filter
def amount(value: Decimal | int | None) -> str:
    """Roubles and kopecks without the sign: «1 234,50»; a dash for nothing."""
    if value is None:
        return "—"
    return written(money.kopecks(Decimal(value)), 2, least=2)


@register.filter
def roubles(value: Decimal | int | None) -> str:
    """«1 234,50 ₽»"""
    return "—" if value is None else f"{amount(value)}{NBSP}₽"


@register.filter
def signed(value: Decimal | None) -> str:
    """Money with a plus before what is added: «+12,00», «−3,50», «0,00»."""
    if value is None:
        return "—"
    return ("+" if value > 0 else "") + amount(value)


@register.filter
def taken_off(value: Decimal | None) -> str:
    """Money that is subtracted: «−12,00», and «+3,50» where it comes back."""
    return signed(-value) if value else amount(value)


@register.filter
def big_roubles(value: Decimal | None) -> SafeString | str:
    """The sum of a headline: kopecks and the rouble sign are set smaller."""
    if value is None:
        return "—"
    whole, _, rest = amount(value).partition(",")
    return format_html('{}<span class="sum__kopecks">,{}{}₽</span>', whole, rest, NBSP)


@register.filter
def quantity(value: Decimal | int | None, places: int = 6) -> str:
    """A volume, norm or price as published: «7,125»."""
    return "—" if value is None else written(Decimal(value), int(places))


@register.filter
def aligned(value: Decimal | None, places: int) -> str:
    """A number of a column whose commas stand under each other: always `places` digits after the comma."""
    return "—" if value is None else written(Decimal(value), int(places), least=int(places))


@register.filter
def price(value: Decimal | None) -> str:
    """A tariff: at least two digits after the comma."""
    return "—" if value is None else written(Decimal(value), 6, least=2)


@register.filter
def dial(value: Decimal | None, decimals: int = 3) -> str:
    """A value as it stands on a meter's dial: without groups, so that it can be compared digit by digit."""
    if value is None:
        return "—"
    text = f"{value:.{int(decimals)}f}"
    return text.replace(".", ",")


@register.filter
def day(value: date | datetime | None) -> str:
    """«05.10.2026»"""
    if value is None:
        return "—"
    moment = localtime(value) if isinstance(value, datetime) else value
    return f"{moment:%d.%m.%Y}"


@register.filter
def moment(value: datetime | None) -> str:
    """«05.10.2026, 14:03»"""
    return "—" if value is None else f"{localtime(value):%d.%m.%Y, %H:%M}"


# What a browser says of itself → what people call it; the first that fits. Nearly all of them name Safari, too.
BROWSERS = [
    ("YaBrowser", "Яндекс Браузер"), ("Edg", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Браузер Samsung"),
    ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("CriOS", "Chrome"), ("Safari", "Safari"),
]  # fmt: skip
SYSTEMS = [
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "телефон или планшет Android"),
    ("Windows", "компьютер Windows"), ("Macintosh", "компьютер Mac"), ("Linux", "компьютер Linux"),
]  # fmt: skip


@register.filter
def device(user_agent: str) -> str:
    """«Chrome, компьютер Windows» of the line by which a browser names itself."""
    found = [next((word for sign, word in kinds if sign in user_agent), "") for kinds in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, found)) or "Неизвестное устройство"


@register.filter
def long_day(value: date | None) -> str:
    """«5 октября 2026 г.»"""
    return "—" if value is None else calendar.long_date(value).replace(" ", NBSP)


@register.filter
def day_month(value: date | None) -> str:
    """«5 октября»"""
    return "—" if value is None else f"{value.day}{NBSP}{calendar.GENITIVE[value.month - 1]}"


def as_month(value: date | Month) -> Month:
    return value if isinstance(value, Month) else Month.of(value)


@register.filter
def month_title(value: date | Month | None) -> str:
    """«октябрь 2026»"""
    return "—" if value is None else as_month(value).title


@register.filter
def in_month(value: date | Month | None) -> str:
    """«за октябрь 2026 г.» without the preposition: «октябрь 2026 г.»"""
    return "—" if value is None else f"{as_month(value).title}{NBSP}г."


@register.filter
def account_number(value: str) -> str:
    """The number in groups that can be read aloud: «560 000 018»."""
    return grouped(value) if value.isdigit() else value


@register.filter
def phone(value: Any) -> str:
    """«+7 912 345-67-89»"""
    return getattr(value, "as_international", str(value)) if value else ""


@register.filter
def tel(value: str) -> str:
    """The address of a telephone as it is written for people: «8 (3532) 30-00-00» → «tel:+73532300000»."""
    digits = "".join(sign for sign in value if sign.isdecimal())
    return f"tel:+7{digits[1:]}" if len(digits) == 11 and digits[0] in "78" else f"tel:{digits}"


@register.filter
def part(row: Any, name: str) -> Any:
    """The column `name` of a row, or of a dictionary of sums."""
    return row[name] if isinstance(row, dict) else getattr(row, name)


@register.filter
def counted(number: int, forms: str) -> str:
    """«5 счетов»: `forms` are «счёт,счёта,счетов»."""
    one, few, many = forms.split(",")
    tens, units = number % 100, number % 10
    if units == 1 and tens != 11:
        word = one
    elif units in (2, 3, 4) and tens not in (12, 13, 14):
        word = few
    else:
        word = many
    return f"{grouped(str(number))}{NBSP}{word}"


@register.filter
def boxed(field: BoundField) -> SafeString:
    """A form field drawn as a box, its hint and errors tied to it for a screen reader."""
    select = getattr(field.field.widget, "input_type", "") == "select"
    classes = ["form-select" if select else "form-control", *(["is-invalid"] if field.errors else [])]
    described = [f"{field.auto_id}_error"] if field.errors else []
    described += [f"{field.auto_id}_helptext"] if field.help_text else []
    attributes: dict[str, Any] = {"class": " ".join(classes), "placeholder": ""}
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if field.errors:
        attributes["aria-invalid"] = "true"
    return field.as_widget(attrs=attributes)


@register.filter
def dial_box(field: BoundField) -> SafeString:
    """The field of a dial: its hint and its errors are read out with it."""
    described = [f"{field.auto_id}-hint", *([f"{field.auto_id}-error"] if field.errors else [])]
    classes = "form-control is-invalid" if field.errors else "form-control"
    attributes = {"class": classes, "aria-describedby": " ".join(described)}
    return field.as_widget(attrs={**attributes, **({"aria-invalid": "true"} if field.errors else {})})


RESOURCE_ICONS = {1: "water", 2: "hot", 3: "bolt", 4: "flame", 5: "heat", 8: "water"}
PAYMENT_TAGS = {
    "in_transit": "tag--warn", "accepted": "tag--accent", "allocated": "tag--good", "reversed": "tag--bad",
    "returned": "tag--bad", "unidentified": "tag--warn", "succeeded": "tag--good", "cancelled": "tag--bad",
}  # fmt: skip


REMITTANCE_TAGS = {"formed": "tag--warn", "sent": "tag--accent", "confirmed": "tag--good", "rejected": "tag--bad"}


@register.filter
def remittance_tag(state: str) -> str:
    """The colour of a remittance's state."""
    return REMITTANCE_TAGS.get(state, "")


@register.filter
def resource_icon(resource: int) -> str:
    return RESOURCE_ICONS.get(resource, "gauge")


# What a resident reads of a payment's state.
PAYMENT_WORDS = {
    "in_transit": "в пути", "accepted": "получен", "allocated": "зачислен", "reversed": "отменён",
    "returned": "возвращён", "unidentified": "выясняется", "succeeded": "получен", "cancelled": "не состоялся",
}  # fmt: skip


@register.filter
def payment_words(state: str) -> str:
    """A payment's state in a resident's words."""
    return PAYMENT_WORDS.get(state, state)


@register.filter
def serial(value: str) -> str:
    """«№ 10007919», whether or not the sign was written down with the number."""
    return f"№{NBSP}{value.lstrip('№ ')}"


@register.filter
def payment_tag(state: str) -> str:
    """The colour of a payment's state; the words beside it say the same."""
    return PAYMENT_TAGS.get(state, "")


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the sprite. It only repeats the words beside it, so a screen reader passes it by."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("cabinet/icons.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def with_query(context: template.Context, **changes: Any) -> str:
    """This page's query string with some parameters changed; None removes one."""
    query: QueryDict = context["request"].GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return "?" + urlencode(list(query.lists()), doseq=True)
