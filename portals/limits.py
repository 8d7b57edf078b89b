"""How often one may try: counters in the cache, and the tries of a printed code."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from accounts.errors import Refusal
from accounts.senders import sender_of

QUARTER, DAY = 15 * 60, 24 * 3600
OF_USER, OF_SENDER = 5, 20  # tries of any numbers in a quarter of an hour
OF_PLACE = 10  # tries of one number from one place in a day
OF_NUMBER = 100  # tries of one number in a day, from wherever
OF_LETTER = 5  # tries that one letter gives
LETTERS_OF_ADDRESS, LETTERS_OF_SENDER = 5, 60  # letters in a day: to one address from one place, from one place
LETTER_SECONDS = 30 * 60
PASS_SALT, PASS_SECONDS = "portals.number-proved", 365 * DAY
WAIT = "Слишком много попыток подряд. Подождите 15 минут и попробуйте снова или позвоните нам."
ASK_LETTER = (
    "По этому номеру сегодня было много попыток. Чтобы никто не подбирал код, назовите свою почту: пришлём на неё "
    "шесть цифр, и попытки продолжатся. Почта может быть любая."
)
SENT = (
    "Письмо отправлено на {email}. Введите шесть цифр из него и нажмите кнопку ещё раз. "
    "Пустое поле пошлёт новое письмо."
)
WRONG_LETTER = "Цифры из письма не подошли или им больше получаса. Проверьте их или попросите новое письмо."


class TooOften(Refusal):
    """Tried too many times; the text says how long to wait."""


class LetterNeeded(TooOften):
    """The number has been tried too often from here or on the whole: on with the six digits of a letter."""

    is_sent = False


class LetterSent(LetterNeeded):
    """The letter is under way; nothing is wrong."""

    is_sent = True


def digits(text: str) -> str:
    """The digits of a number, however it was typed: spaces and dashes do not give more tries."""
    return "".join(sign for sign in text if sign.isdecimal())


def _place(name: str, key: str) -> str:
    return f"limit:{name}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def _tries(name: str, key: str, *, seconds: int) -> int:
    """Count one more; how many that makes."""
    place = _place(name, key)
    cache.add(place, 0, timeout=seconds)
    try:
        return cache.incr(place)
    except ValueError:  # it ran out between the two calls
        cache.set(place, 1, timeout=seconds)
        return 1


def count(name: str, key: str, *, limit: int, seconds: int, text: str) -> None:
    """Count one try of `name` by `key`; over `limit` in `seconds` raise TooOften with `text`."""
    if _tries(name, key, seconds=seconds) > limit:
        raise TooOften(text)


# --- the code of a document ------------------------------------------------------------------------------------------


def network_of(address: str) -> str:
    """What one household shares: the address itself, of the sixth version its /64."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 6 and found.ipv4_mapped is None:
        return str(ipaddress.ip_network(f"{found}/64", strict=False))
    return str(getattr(found, "ipv4_mapped", None) or found)


def count_code(request: HttpRequest, *, number: str, email: str = "", letter: str = "") -> None:
    """Count one try of the printed code of `number` (as typed), the same at every door that asks for it.

    A stranger cannot use up the owner's tries: whoever proved the number on this device before has tries of his own
    (`remember`), all others are counted by number and place. Over that, and over OF_NUMBER from all places together,
    nobody is shut out: the tries go on with the six digits sent to an e-mail, any one, `email`; `letter` is what was
    typed of them. Counted by what was typed, so that nothing tells whether such an account exists.

    Raises TooOften for a quarter of an hour, LetterNeeded where the letter is asked for, has been sent or is wrong.
    """
    wanted = digits(number) or number.strip().lower()
    if has_pass(request, number):
        if _tries("code-device", request.COOKIES[_cookie(number)], seconds=DAY) <= OF_PLACE:
            return
    elif request.user.is_authenticated:
        count("code", f"user {request.user.pk}", limit=OF_USER, seconds=QUARTER, text=WAIT)
    else:
        count("code", sender_of(request), limit=OF_SENDER, seconds=QUARTER, text=WAIT)
    if letter and email:
        _count_letter(wanted, email.strip().lower(), letter)
        return
    here = _tries("code-place", f"{wanted} {network_of(sender_of(request))}", seconds=DAY)
    everywhere = _tries("code-number", wanted, seconds=DAY)
    if here > OF_PLACE or everywhere > OF_NUMBER:
        _ask_letter(request, wanted, email.strip().lower())


def _ask_letter(request: HttpRequest, wanted: str, email: str) -> None:
    if not email:
        raise LetterNeeded(ASK_LETTER, field="email")
    try:
        validate_email(email)
    except ValidationError as fault:
        raise LetterNeeded(f"«{email}» не похоже на адрес почты. Нужен вид имя@сайт.рф.", field="email") from fault
    many = "Писем за день уже много. Продолжите завтра или позвоните нам."
    count("letter", f"{email} {network_of(sender_of(request))}", limit=LETTERS_OF_ADDRESS, seconds=DAY, text=many)
    count("letter", sender_of(request), limit=LETTERS_OF_SENDER, seconds=DAY, text=many)
    sent = f"{secrets.randbelow(10**6):06}"
    cache.set(_place("letter-digits", f"{wanted} {email}"), sent, timeout=LETTER_SECONDS)
    cache.delete(_place("letter-tries", f"{wanted} {email}"))
    text = render_to_string("public/mail/letter_of_tries.txt", {"digits": sent})
    send_mail("Шесть цифр, чтобы продолжить", text, None, [email], fail_silently=True)
    raise LetterSent(SENT.format(email=email), field="letter")


def _count_letter(wanted: str, email: str, letter: str) -> None:
    key = f"{wanted} {email}"
    expected = cache.get(_place("letter-digits", key)) or ""
    tries = _tries("letter-tries", key, seconds=LETTER_SECONDS)
    if not expected or tries > OF_LETTER or not secrets.compare_digest(digits(letter).encode(), expected.encode()):
        raise LetterNeeded(WRONG_LETTER, field="letter")


def _cookie(number: str) -> str:
    return "proved_" + hashlib.sha256(digits(number).encode()).hexdigest()[:16]


def has_pass(request: HttpRequest, number: str) -> bool:
    """Has the code of the number been told rightly on this device within a year?"""
    name = _cookie(number)
    return bool(request.get_signed_cookie(name, default="", salt=PASS_SALT, max_age=PASS_SECONDS))


def remember(response: HttpResponse, number: str) -> HttpResponse:
    """The code of the number was right on this device: strangers' tries do not concern it any more."""
    response.set_signed_cookie(
        _cookie(number), secrets.token_urlsafe(12), salt=PASS_SALT, max_age=PASS_SECONDS, httponly=True,
        secure=settings.SESSION_COOKIE_SECURE, samesite="Lax",
    )  # fmt: skip
    return response
