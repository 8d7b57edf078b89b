"""Printing of documents: batches of a month, how far they are, and how long the rest takes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

import accounts.operations
import epd.operations
import epd.queries
import epd.tasks
from accounts.calendar import Month
from accounts.errors import Refusal
from portals import asked
from portals.office import queries, roles
from portals.office.pages import asked_action, desk, fragment, page, staff

HANDS = 2  # tasks that print at the same time: as many as a worker has processes


@require_http_methods(["GET", "POST"])
@desk("epd.view_printbatch")
def printing(request: HttpRequest) -> HttpResponse:
    """The last printings, and a form for the next one."""
    chosen = asked.month(request, Month.of(timezone.localdate()).previous)
    if request.method == "POST":
        try:
            messages.success(request, asked_action(request, ACTIONS)(request, chosen))
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return redirect(request.path)
    rows = epd.queries.printings(now=timezone.now())
    return page(
        request,
        "office/printing.html",
        title="Печать документов",
        month=chosen,
        months=queries.months_known(),
        printings=rows,
        alive=any(row.is_alive for row in rows),
        may_print=request.user.has_perm(roles.PRINT),
    )


@require_safe
@desk("epd.view_printbatch")
def progress(request: HttpRequest) -> HttpResponse:
    """The printings alone; the page asks again while one of them is alive."""
    rows = epd.queries.printings(now=timezone.now())
    may_print = request.user.has_perm(roles.PRINT)
    alive = any(row.is_alive for row in rows)
    return fragment(request, "office/_printings.html", printings=rows, alive=alive, may_print=may_print)


def start(request: HttpRequest, month: Month) -> str:
    """Batches are written down here; workers print them one by one. What was broken off goes on."""
    folder = Path(settings.MEDIA_ROOT) / "print" / str(month)
    run_id = epd.operations.start_print(month=month, folder=folder, by=staff(request))
    for _hand in range(HANDS):
        transaction.on_commit(partial(epd.tasks.print_next_batch.delay, run_id=run_id))
    return f"Печать за {month.title} поставлена в очередь, задание № {run_id}. Файлы: {folder}"


def stop(request: HttpRequest, month: Month) -> str:
    run_id = asked.number(request.POST.get("run_id", ""))
    if run_id not in {row.run_id for row in epd.queries.printings(now=timezone.now()) if row.is_alive}:
        raise Refusal("Эта печать уже окончена.")
    assert run_id is not None
    accounts.operations.cancel_run(run_id, by=staff(request))
    return f"Печать № {run_id} остановлена: готовые пачки остались, повторный запуск продолжит с первой неготовой."


ACTIONS = {"print": (roles.PRINT, start), "stop": (roles.PRINT, stop)}
