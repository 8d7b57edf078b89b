"""A refusal understood below becomes an answer above: the one place where the API translates it."""

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from accounts.errors import Refusal


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(error, Refusal):
        set_rollback()
        return Response({"detail": str(error)}, status=409)
    return exception_handler(error, context)
