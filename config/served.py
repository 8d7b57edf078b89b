"""What `bench web` serves: the site as it is, and a bare Django view with one query, each answer with its own cost.

Headers of every answer: X-Bench-Ms (from the first line of our code to the headers), X-Bench-Cpu (ms of the thread's
processor time), X-Bench-Queries, X-Bench-Rss (MB, the worker's peak). Imported by gunicorn before Django stands.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterable
from typing import Any

BARE = "/bench-bare/"

Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


def site_and_bare() -> tuple[Application, Application]:
    """The site with all its middleware, and the bare view with none."""
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.db import connection
    from django.http import HttpRequest, HttpResponse
    from django.urls import get_resolver, path

    from config.wsgi import application as site

    def bare(request: HttpRequest) -> HttpResponse:
        with connection.cursor() as cursor:
            cursor.execute("SELECT number FROM accounts_personalaccount ORDER BY id LIMIT 1")
            return HttpResponse(str(cursor.fetchone()))

    get_resolver().url_patterns.insert(0, path(BARE.lstrip("/"), bare))
    whole, settings.MIDDLEWARE = settings.MIDDLEWARE, []
    naked = WSGIHandler()
    settings.MIDDLEWARE = whole
    return site, naked


def measured(site: Application, naked: Application) -> Application:
    from django.db import connection

    def application(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        began, spent, queries = time.perf_counter(), time.thread_time(), 0

        def count(execute: Callable[..., Any], *told: Any) -> Any:
            nonlocal queries
            queries += 1
            return execute(*told)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            cost = [
                ("X-Bench-Ms", f"{(time.perf_counter() - began) * 1000:.3f}"),
                ("X-Bench-Cpu", f"{(time.thread_time() - spent) * 1000:.3f}"),
                ("X-Bench-Queries", str(queries)),
                ("X-Bench-Rss", str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)),
            ]
            return start_response(status, [*headers, *cost], exc_info)

        with connection.execute_wrapper(count):
            return (naked if environ["PATH_INFO"] == BARE else site)(environ, start)

    return application


application = measured(*site_and_bare())
