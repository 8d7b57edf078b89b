"""Appeals of the resident, their conversation, and the chat with the contact centre."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.timezone import localdate
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import files
from accounts.calendar import Month
from accounts.errors import Refusal
from portals import access, appeal_queries, asked, limits, operations, queries
from portals.models import Appeal
from portals.resident.appeal_forms import FORMS, AppealForm, MessageForm
from portals.resident.views.shell import head, resident
from portals.templatetags.cabinet import roubles

MESSAGES_AN_HOUR = 60
DAY = 24 * 3600
APPEALS_A_DAY = 30
MANY = "Слишком много сообщений подряд. Подождите немного и повторите: введённое не пропало."
# Topic → (icon, what it is for)
CARDS = {
    1: ("question", "О чём угодно"),
    2: ("wallet", "Сумма, объём или тариф неверны"),
    3: ("clock", "Уезжали больше чем на 5 дней"),
    4: ("warning", "Отключали или работало плохо"),
    5: ("user", "Имя, телефон, почта плательщика"),
    6: ("home", "Вселились, выселились, родился ребёнок"),
    7: ("document", "О составе семьи, выписка"),
}


def opened(uploads: list[UploadedFile]) -> list[files.Attachment]:
    """The files, opened and written anew. Raises FileRefused, by the file's name."""
    found = []
    for one in uploads:
        name = (one.name or "файл")[-160:]
        if (one.size or 0) > files.ATTACHMENT_LIMIT:
            limit = files.ATTACHMENT_LIMIT // files.MEGABYTE
            raise files.FileRefused(f"Файл «{name}» больше {limit} МБ. Уменьшите его и приложите снова.", field="files")
        try:
            found.append(files.open_attachment(one.read(), name=name))
        except files.FileRefused as refusal:
            raise files.FileRefused(str(refusal), field="files") from refusal
    return found


def refuse(form: Any, refusal: Refusal) -> int:
    """The refusal beside its field; the status of the page."""
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    return 429 if isinstance(refusal, limits.TooOften) else 422


def told(form: Any) -> dict[str, Any]:
    """Words, files and key of a valid form. Raises Refusal where a file is not fit."""
    clean = form.cleaned_data
    return {"text": clean["text"], "key": clean["key"], "files": opened(clean["files"])}


@never_cache
@login_required
@require_safe
def appeals(request: HttpRequest, number: str) -> HttpResponse:
    """The resident's appeals with their terms, and the topics of a new one."""
    row = access.get_account_for(request.user, number)
    today = localdate()
    terms = appeal_queries.terms(today)
    context = {
        **head(row, "appeals"),
        "rows": appeal_queries.appeals_of(account_id=row.pk, user_id=resident(request).pk, today=today),
        "topics": [(topic, form.topic.label, *CARDS[topic], terms.get(topic)) for topic, form in FORMS.items()],
    }
    return render(request, "resident/appeals.html", context)


def form_of(request: HttpRequest, row: Any, topic: int) -> AppealForm:
    """The form of the topic, filled by the request or by what the address names."""
    extra: dict[str, Any] = {}
    today = localdate()
    if topic == 2:
        month = asked.known_month(request, Month.of(today).previous, last=Month.of(today))
        lines = lines_of(row.pk, month)
        if not lines:  # nothing was charged then: the running month
            month = Month.of(today)
            lines = lines_of(row.pk, month)
        extra = {"lines": lines, "initial": {"line": f"{month} {request.GET.get('line', '')}"}}
        if request.method == "POST":
            sent = request.POST.get("line", "")
            extra["lines"] = lines_sent(row.pk, sent, today) if sent and sent not in dict(lines) else lines
    elif topic == 4:
        bill = queries.month_bill(row.pk, Month.of(today))
        extra = {"services": list(dict.fromkeys(line.title.partition(":")[0].partition(",")[0] for line in bill.rows))}
    given = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    return FORMS[topic](*given, **extra)


def lines_of(account_id: int, month: Month) -> list[tuple[str, str]]:
    """The lines of the month to choose from: (key, words)."""
    rows = queries.month_bill(account_id, month).rows
    return [(f"{month} {line.key}", f"{line.title}, {roubles(line.amount)}, {month.title}") for line in rows]


def lines_sent(account_id: int, sent: str, today: Any) -> list[tuple[str, str]]:
    """The lines of the month that the form was sent about; none for a month that cannot be meant."""
    try:
        month = min(Month.parse(sent.partition(" ")[0]), Month.of(today))
    except Refusal:
        return []
    return lines_of(account_id, month) if asked.is_known(month.first) else []


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_appeal(request: HttpRequest, number: str, topic: int) -> HttpResponse:
    """A new appeal: number, term and state at once. What was typed stays until it is taken in."""
    row = access.get_account_for(request.user, number)
    if topic not in FORMS:
        raise Http404("Такой темы нет.")
    form = form_of(request, row, topic)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                limits.count("appeal", f"user {request.user.pk}", limit=APPEALS_A_DAY, seconds=DAY, text=MANY)
                made = operations.open_appeal(
                    user=resident(request), account_id=row.pk, topic=topic, subject=form.subject, facts=form.facts,
                    at=timezone.now(), **told(form),
                )  # fmt: skip
            except Refusal as refusal:
                status = refuse(form, refusal)
            else:
                messages.success(request, f"Обращение № {made.pk} принято. Ответим до {made.due_on:%d.%m.%Y}.")
                return redirect("resident:appeal", row.number, made.pk)
    context = {
        **head(row, "appeals"), "form": form, "title": form.topic.label, "hint": form.HINT,
        "term": appeal_queries.terms(localdate()).get(topic), "draft": f"appeal-{row.number}-{topic}",
    }  # fmt: skip
    return render(request, "resident/appeal_new.html", context, status=status)


def spoken(request: HttpRequest, form: MessageForm, act: Callable[..., Any]) -> int:
    """What was typed is said by `act`: 302. Else the status of the page with the refusal on its form."""
    if request.method != "POST":
        return 200
    if not form.is_valid():
        return 422
    try:
        limits.count("say", f"user {request.user.pk}", limit=MESSAGES_AN_HOUR, seconds=3600, text=MANY)
        act(user=resident(request), at=timezone.now(), **told(form))
    except Refusal as refusal:
        return refuse(form, refusal)
    return 302


def thread(request: HttpRequest, found: Appeal | None, form: MessageForm) -> dict[str, Any]:
    """The conversation, as its page shows it; whoever looks has read its answers."""
    if found is None:
        return {"appeal": None, "said": [], "form": form}
    if request.method != "POST":
        operations.mark_answers_read(user_id=resident(request).pk, appeal_id=found.pk, at=timezone.now())
    return {
        "appeal": appeal_queries.row_of(found, today=localdate()),
        "said": appeal_queries.conversation(found.pk),
        "form": form,
    }


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """An appeal: its state, its conversation, one more message."""
    row = access.get_account_for(request.user, number)
    found = access.get_appeal_for(request.user, row, pk)
    form = MessageForm(request.POST or None, request.FILES or None)
    status = spoken(request, form, partial(operations.say, appeal_id=found.pk))
    if status == 302:
        return redirect(reverse("resident:appeal", args=[row.number, found.pk]) + "#sent")
    context = {
        **head(row, "appeals"),
        **thread(request, found, form),
        "act": found.act,
        "facts": appeal_queries.told_facts(found.facts),
        "draft": f"say-{found.pk}",
        "is_chat": False,
    }
    return render(request, "resident/appeal.html", context, status=status)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def chat(request: HttpRequest, number: str) -> HttpResponse:
    """The thread with the contact centre: one for the resident and the account."""
    row = access.get_account_for(request.user, number)
    form = MessageForm(request.POST or None, request.FILES or None)
    status = spoken(request, form, partial(operations.start_chat, account_id=row.pk))
    if status == 302:
        return redirect(reverse("resident:chat", args=[row.number]) + "#sent")
    found = appeal_queries.chat_of(account_id=row.pk, user_id=resident(request).pk)
    context = {**head(row, "appeals"), **thread(request, found, form), "draft": f"chat-{row.number}", "is_chat": True}
    return render(request, "resident/chat.html", context, status=status)


@never_cache
@login_required
@require_safe
def said(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """What was said since the page was made: HTMX asks every few seconds; nothing new is 204, which swaps nothing."""
    row = access.get_account_for(request.user, number)
    found = access.get_appeal_for(request.user, row, pk)
    rows = appeal_queries.conversation(found.pk)
    if rows and str(rows[-1].id) == request.GET.get("after"):
        return HttpResponse(status=204)
    context = {**head(row, "appeals"), "appeal": appeal_queries.row_of(found, today=localdate()), "said": rows}
    return render(request, "resident/_said.html", {**context, "is_chat": found.due_on is None})


@login_required
@require_POST
def close(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """The resident has no more questions."""
    row = access.get_account_for(request.user, number)
    found = access.get_appeal_for(request.user, row, pk)
    if found.due_on is None:
        raise Http404("Не найдено.")
    operations.close_appeal(appeal_id=found.pk, by=resident(request), at=timezone.now(), is_asker=True)
    messages.success(request, "Обращение закрыто. Новое сообщение откроет его снова.")
    return redirect("resident:appeal", row.number, found.pk)


@never_cache
@login_required
@require_safe
def attached(request: HttpRequest, number: str, pk: int, file: int) -> HttpResponse:
    """A file of the conversation."""
    row = access.get_account_for(request.user, number)
    found = access.get_appeal_for(request.user, row, pk)
    return file_answer(access.only(appeal_queries.files_of(found.pk), pk=file))


def file_answer(row: Any) -> HttpResponse:
    """A file that somebody sent: a picture to look at, a PDF to keep; it runs nothing and asks for nothing."""
    answer = HttpResponse(bytes(row.content), content_type=row.mime)
    told_name = content_disposition_header(row.mime != files.JPEG, row.name)
    answer.headers["Content-Disposition"] = told_name or "attachment"
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
