"""The queue of appeals and the card of one: everything an answer needs, and where it leads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.views.decorators.http import require_http_methods, require_safe

import accounts.queries
import payments.queries
from accounts import files
from accounts.errors import Refusal
from portals import access, appeal_queries, asked, operations
from portals.models import Topic
from portals.office import roles
from portals.office.appeal_forms import AnswerForm, CallForm, HandForm
from portals.office.pages import demand, desk, fragment, page, staff
from portals.office.views.card import get_account
from portals.resident.views.appeals import file_answer, opened

SHOWN = 50
TABS = [
    ("", "Ждут ответа"), ("free", "Ничьи"), ("mine", "Мои"), ("late", "Просрочены"), ("chats", "Чаты"),
    ("done", "Отвечены"), ("all", "Все"),
]  # fmt: skip


@require_safe
@desk(roles.SEE_APPEALS)
def queue(request: HttpRequest) -> HttpResponse:
    """Appeals, what is due soonest first; `next` opens the first that nobody has."""
    today = localdate()
    if "next" in request.GET:
        found = appeal_queries.next_in_queue(today=today)
        if found is not None:
            return redirect("office:appeal", found)
        messages.info(request, "Очередь пуста: все обращения разобраны.")
        return redirect("office:appeals")
    user = staff(request)
    which = asked.one_of(request, "which", [name for name, _ in TABS])
    topic = asked.number(asked.one_of(request, "topic", [str(one) for one in Topic.values]))
    text = asked.text(request)
    rows = appeal_queries.queue(which=which, topic=topic, number=text, user_id=user.pk, today=today)
    leaf = asked.leaf(request, Paginator(rows, SHOWN))
    return page(
        request,
        "office/appeals.html",
        title="Обращения",
        rows=[appeal_queries.row_of(row, today=today, is_office=True) for row in leaf],
        leaf=leaf,
        tabs=TABS,
        which=which,
        topic=topic,
        topics=Topic.choices,
        text=text,
        counts=appeal_queries.counts(user_id=user.pk, today=today),
        query=urlencode({"which": which, "topic": topic or "", "q": text}),
    )


def get_appeal(pk: int) -> Any:
    found = appeal_queries.appeal_for_office(pk)
    if found is None:
        raise Http404("Такого обращения нет.")
    return found


def leads_to(found: Any, *, today: date) -> list[tuple[str, str]]:
    """Forms that carry out what the appeal asks for, filled with what it tells."""
    account = found.account
    papers = reverse("office:papers", args=[account.pk])
    doors = {
        Topic.ABSENCE: ("Записать отсутствие", f"{papers}?appeal={found.pk}"),
        Topic.QUALITY: ("Записать акт о качестве", f"{reverse('office:quality')}?house_id={account.house_id}"),
        Topic.HOUSEHOLD: ("Вселить или выселить", reverse("office:card", args=[account.pk]) + "#people"),
        Topic.CHARGE: ("Показания, тарифы, начисления счёта", reverse("office:card", args=[account.pk])),
    }
    rows = [doors[Topic(found.topic)]] if found.topic in doors else []
    if found.topic == Topic.PERSONAL and account.payer_person_id:
        rows.append(
            ("Изменить данные плательщика", reverse("admin:accounts_person_change", args=[account.payer_person_id]))
        )
    return rows


@require_http_methods(["GET", "POST"])
@desk(roles.ANSWER_APPEALS)
def new(request: HttpRequest, account_id: int) -> HttpResponse:
    """The appeal of somebody who called or came: from the account's card, the payer filled in, the term beside it."""
    account, today = get_account(account_id), localdate()
    terms = appeal_queries.terms(today)
    topics = [(one.value, topic_words(one, terms.get(one))) for one in Topic if one != Topic.CHAT and one in terms]
    known = {
        "caller": accounts.queries.payer_of(account), "phone": accounts.queries.phone_of(account),
        "email": account.email or "",
    }  # fmt: skip
    form = CallForm(request.POST or None, topics=topics, initial=known)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = operations.register_appeal(
                    by=staff(request), account_id=account.pk, at=timezone.now(), **form.cleaned_data
                )
            except Refusal as refusal:
                form.refuse(refusal)
            else:
                messages.success(
                    request, f"Обращение № {made.pk} записано. Назовите: ответим до {made.due_on:%d.%m.%Y}."
                )
                return redirect("office:appeal", made.pk)
    form.mark_errors()
    address = accounts.queries.address_of(account.house, account.premises)
    return page(
        request, "office/appeal_new.html", title=f"Записать обращение: счёт {account.number}", status=status, form=form,
        account=account, address=address,
    )  # fmt: skip


def topic_words(topic: Topic, term: appeal_queries.Term | None) -> str:
    """«Вопрос: ответ за 10 рабочих дней»"""
    if term is None:
        return topic.label
    kind = "рабочих дней" if term.is_working else "дней"
    return f"{topic.label}: ответ за {term.days} {kind}"


@require_safe
@desk(roles.SEE_APPEALS)
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """The last answer as a letter to print, for who has no e-mail."""
    found = get_appeal(pk)
    said = [one for one in appeal_queries.conversation(pk, for_staff=True) if one.is_staff and not one.is_internal]
    if not said:
        raise Http404("Ответа ещё нет.")
    account = found.account
    context = {
        "appeal": found, "answer": said[-1], "account": account, "who": found.caller or found.author,
        "address": accounts.queries.address_of(account.house, account.premises),
    }  # fmt: skip
    response = HttpResponse(files.pdf("papers/answer.html", context), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="otvet-{pk}.pdf"'
    return response


@require_http_methods(["GET", "POST"])
@desk(roles.SEE_APPEALS)
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """One appeal: who asks, what of, what was said; take, answer, hand over, close."""
    found, today, user = get_appeal(pk), localdate(), staff(request)
    people = appeal_queries.colleagues(right=roles.ANSWER_APPEALS, but=user.pk)
    answer, hand = AnswerForm(), HandForm(people=people)
    trouble = ""
    if request.method == "POST":
        demand(request, roles.ANSWER_APPEALS)
        action = request.POST.get("action", "")
        if action in ("answer", "ask"):
            answer = AnswerForm(request.POST, request.FILES)
        elif action == "hand":
            hand = HandForm(request.POST, people=people)
        try:
            done = perform(request, found, action, answer, hand)
        except Refusal as refusal:
            form = answer if answer.is_bound else hand if hand.is_bound else None
            if form is not None:
                form.refuse(refusal)
            else:
                trouble = str(refusal)
        else:
            if done:
                messages.success(request, done)
                return redirect("office:appeal", pk)
    account = found.account
    return page(
        request,
        "office/appeal.html",
        title=f"{found.get_topic_display()}, № {found.pk}",
        status=422 if request.method == "POST" else 200,
        appeal=appeal_queries.row_of(found, today=today, is_office=True),
        act=found.act,
        facts=appeal_queries.told_facts(found.facts),
        said=appeal_queries.conversation(found.pk, for_staff=True),
        account=account,
        payer=accounts.queries.payer_of(account),
        phone=accounts.queries.phone_of(account),
        author=found.author,
        found=found,
        is_answered=found.answered_at is not None,
        owed=payments.queries.balance(account_id=account.pk, on=today),
        doors=leads_to(found, today=today),
        answer=answer,
        hand=hand,
        trouble=trouble,
        is_chat=found.topic == Topic.CHAT,
        may_answer=request.user.has_perm(roles.ANSWER_APPEALS),
        is_mine=found.taken_by_id == user.pk,
    )


def perform(request: HttpRequest, found: Any, action: str, answer: AnswerForm, hand: HandForm) -> str:
    """Carry out what the button asks; the words of success, or empty where a form has to be corrected."""
    now, user = timezone.now(), staff(request)
    acts: dict[str, Callable[[], str]] = {
        "take": lambda: _told(operations.take_appeal(appeal_id=found.pk, by=user, at=now), "Обращение у вас."),
        "close": lambda: _told(operations.close_appeal(appeal_id=found.pk, by=user, at=now), "Обращение закрыто."),
        "answer": lambda: _answer(found.pk, answer, by=user, is_final=True),
        "ask": lambda: _answer(found.pk, answer, by=user, is_final=False),
        "hand": lambda: _hand(found.pk, hand, by=user),
    }
    if action not in acts:
        raise Http404("Нет такого действия.")
    return acts[action]()


def _told(_: object, words: str) -> str:
    return words


def _answer(pk: int, form: AnswerForm, *, by: Any, is_final: bool) -> str:
    if not form.is_valid():
        return ""
    clean = form.cleaned_data
    operations.answer_appeal(
        appeal_id=pk, by=by, text=clean["text"], key=clean["key"], files=opened(clean["files"]), is_final=is_final,
        at=timezone.now(),
    )  # fmt: skip
    found = get_appeal(pk)
    if found.author_id is None and not found.caller_email:
        by_phone = f"Позвоните: {found.caller_phone} или распечатайте" if found.caller_phone else "Распечатайте"
        return f"Ответ записан. {by_phone} письмо, кнопка внизу."
    return "Ответ отправлен: житель получит уведомление." if is_final else "Вопрос жителю отправлен, срок идёт."


def _hand(pk: int, form: HandForm, *, by: Any) -> str:
    if not form.is_valid():
        return ""
    given = operations.hand_over(
        appeal_id=pk,
        by=by,
        to_id=form.cleaned_data["to"],
        text=form.cleaned_data["text"],
        key=form.cleaned_data["key"],
        at=timezone.now(),
    )
    return f"Обращение передано: {given.taken_by}."


@require_safe
@desk(roles.SEE_APPEALS)
def said(request: HttpRequest, pk: int) -> HttpResponse:
    """The conversation as it grows; nothing new is 204."""
    found = get_appeal(pk)
    rows = appeal_queries.conversation(found.pk, for_staff=True)
    if rows and str(rows[-1].id) == request.GET.get("after"):
        return HttpResponse(status=204)
    row = appeal_queries.row_of(found, today=localdate(), is_office=True)
    return fragment(request, "office/_said.html", appeal=row, said=rows)


@require_safe
@desk(roles.SEE_APPEALS)
def attached(request: HttpRequest, pk: int, file: int) -> HttpResponse:
    """A file of the conversation."""
    return file_answer(access.only(appeal_queries.files_of(get_appeal(pk).pk, for_staff=True), pk=file))
