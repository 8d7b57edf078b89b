"""A refusal understood below becomes an answer above: the one place where the API translates it."""

import json
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from accounts.errors import Refusal

UNREADABLE = "Тело запроса не читается: проверьте его вид и заголовок Content-Type."


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(error, Refusal):
        set_rollback()
        return Response({"detail": str(error)}, status=409)
    if isinstance(error, ParseError):  # the one text of the framework that has no Russian
        error.detail = unreadable(error.__context__)  # type: ignore[assignment]
    return exception_handler(error, context)


def unreadable(cause: BaseException | None) -> str:
    """What is wrong with a body that cannot be parsed, and where."""
    if isinstance(cause, json.JSONDecodeError):
        return f"Тело запроса не JSON: ошибка в строке {cause.lineno}, знак {cause.colno}. Исправьте и повторите."
    return UNREADABLE
