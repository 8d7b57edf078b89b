"""What machines ask of us: are you alive, are you ready, how are you."""

import ipaddress
import logging
import secrets

import django_prometheus.exports
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

logger = logging.getLogger(__name__)


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when requests can be served: database, Redis, no migration outstanding. Otherwise 503 and what is missing."""
    checks = {"database": database_answers, "redis": redis_answers, "migrations": nothing_to_migrate}
    state = {}
    for name, check in checks.items():
        try:
            state[name] = "ok" if check() else "failed"
        except Exception:
            logger.exception("config.readyz.failed", extra={"check": name})  # what it was is nobody's affair outside
            state[name] = "failed"
    return JsonResponse(state, status=200 if set(state.values()) == {"ok"} else 503)


def database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def redis_answers() -> bool:
    cache.set("readyz", "ok", timeout=5)
    return cache.get("readyz") == "ok"


def nothing_to_migrate() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics for who shows the token or asks from a named network; to all others there is no page."""
    if not (shows_token(request) or from_inside(request)):
        raise Http404
    return django_prometheus.exports.ExportToDjangoView(request)


def shows_token(request: HttpRequest) -> bool:
    """`Authorization: Bearer …` with METRICS_TOKEN; an empty setting opens to nobody."""
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    token = settings.METRICS_TOKEN
    return bool(token) and secrets.compare_digest(shown.encode(), token.encode())


def from_inside(request: HttpRequest) -> bool:
    """From one of METRICS_NETWORKS, and not passed on by a proxy, whose own address tells nothing."""
    if request.headers.get("X-Forwarded-For") or request.headers.get("Forwarded"):
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(n) for n in settings.METRICS_NETWORKS)
