"""Who comes by a key, how often, and what his key is good for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from django.utils.timezone import localdate
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotFound, PermissionDenied, ValidationError
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from accounts.queries import User
from portals.models import AccessKey, KeyFace
from portals.operations import tokens

REPEAT = "Idempotency-Key"
NO_KEY = "Ключ не подходит: он отозван или переписан с ошибкой. Создайте новый в кабинете, раздел «Ключи доступа»."


class ByKey(BaseAuthentication):
    """`Authorization: Bearer bc_…`"""

    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        opened = tokens.opened_by(parts[1].decode("latin-1"), on=localdate()) if len(parts) == 2 else None
        if opened is None:
            raise AuthenticationFailed(NO_KEY)
        return opened.user, opened

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class ByKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "portals.api.entry.ByKey"
    name = "Ключ доступа"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "Ключ из раздела «Ключи доступа» кабинета."}


class Opens(BasePermission):
    """The key is of this face, and may write where something is written. Of the other face there is nothing here."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        key = request.auth
        if not isinstance(key, AccessKey):
            return False
        if key.face != view.face:  # type: ignore[attr-defined]
            raise NotFound("Этот ключ открывает другой кабинет.")
        if request.method not in SAFE_METHODS and not key.may_write:
            raise PermissionDenied("Ключ даёт право только смотреть. Создайте ключ с правом передавать.")
        return True


class PerKey(SimpleRateThrottle):
    """So many requests of one key; counted in the cache that all workers share."""

    scope = "key"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        return f"throttle:key:{request.auth.pk}" if request.auth is not None else None


class View(APIView):
    """What every address of version 1 stands on."""

    authentication_classes = (ByKey,)
    permission_classes = (Opens,)
    throttle_classes = (PerKey,)
    face = KeyFace.RESIDENT

    def once(self, request: Request, sent: dict[str, Any], do: Callable[[], dict[str, Any]]) -> Response:
        """Do it once for the Idempotency-Key of the request: 201, and 200 with the same answer when it is repeated."""
        name = request.headers.get(REPEAT, "")
        if not name or len(name) > tokens.NAME_AT_MOST or not name.isascii() or not name.isprintable():
            raise ValidationError(
                {REPEAT: [f"Нужен заголовок {REPEAT}: до {tokens.NAME_AT_MOST} латинских букв и цифр, свой у запроса."]}
            )
        facts = {"address": request.path, **sent}
        answer, is_repeated = tokens.once(key=request.auth, name=name, sent=facts, at=timezone.now(), do=do)  # type: ignore[arg-type]
        return Response(answer, status=200 if is_repeated else 201)


class SupplierView(View):
    face = KeyFace.SUPPLIER
