"""What machines ask of us: are you alive, are you ready, how are you."""

import ipaddress

import django_prometheus.exports
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse


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
        except Exception as error:  # noqa: BLE001  any failure at all means "not ready", and says which
            state[name] = type(error).__name__
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
    """Prometheus metrics, for the machine itself and for staff; to all others the page does not exist."""
    if not (from_this_machine(request) or (request.user.is_authenticated and request.user.is_staff)):
        raise Http404
    return django_prometheus.exports.ExportToDjangoView(request)


def from_this_machine(request: HttpRequest) -> bool:
    """A request passed on by a proxy also comes from the loopback: its headers give it away."""
    if request.headers.get("X-Forwarded-For") or request.headers.get("Forwarded"):
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return address.is_loopback or any(address in ipaddress.ip_network(n) for n in settings.METRICS_NETWORKS)
