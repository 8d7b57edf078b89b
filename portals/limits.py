"""How often one may try: counters in the cache."""

from __future__ import annotations

import hashlib

from django.core.cache import cache

from accounts.errors import Refusal


class TooOften(Refusal):
    """Tried too many times; the text says how long to wait."""


OF_NUMBER = "По этому номеру сегодня слишком много попыток. Попробуйте завтра или позвоните нам."


def digits(text: str) -> str:
    """The digits of a number, however it was typed: spaces and dashes do not give more tries."""
    return "".join(sign for sign in text if sign.isdecimal())


def count(name: str, key: str, *, limit: int, seconds: int, text: str) -> None:
    """Count one try of `name` by `key`; over `limit` in `seconds` raise TooOften with `text`."""
    place = f"limit:{name}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    cache.add(place, 0, timeout=seconds)
    try:
        tries = cache.incr(place)
    except ValueError:  # it ran out between the two calls
        cache.set(place, 1, timeout=seconds)
        tries = 1
    if tries > limit:
        raise TooOften(text)
