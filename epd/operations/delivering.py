"""Documents go to their payers: on paper, by e-mail, into the cabinet; what comes back turns paper on again."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from email.utils import parseaddr
from smtplib import SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, send_mail
from django.core.validators import validate_email
from django.db import connection, transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string

import accounts.operations
from accounts import mailbox
from accounts.errors import Refusal
from accounts.kinds import Delivery as Wanted
from accounts.queries import PersonalAccount, User
from epd import assemble, bounces, queries, render
from epd.models import Delivery, DeliveryState, PaymentDocument, Subscription, Way

TRIES = 3  # of a letter that the mail server did not take for reasons of its own


class DeliveryRefused(Refusal):
    """The way of delivery cannot be changed so, or the document cannot be sent."""


# --- what is to go how -----------------------------------------------------------------------------------------------


def plan(*, document_ids: Collection[int]) -> int:
    """Put the documents on their ways, once: by the account's wish, at the price of the day. Returns rows made.

    By e-mail means an address that was confirmed; without one the document goes on paper. In the cabinet it is at once.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO epd_delivery (document_id, way, state, address, made_at, sent_at, attempts, note, cost)
            SELECT d.id, ways.way,
                CASE WHEN ways.way = %(cabinet)s THEN %(sent)s ELSE %(waiting)s END,
                CASE WHEN ways.way = %(email)s THEN a.email ELSE '' END,
                now(), CASE WHEN ways.way = %(cabinet)s THEN now() END, 0, '',
                coalesce(rate.printing + rate.carriage, 0)
            FROM epd_paymentdocument AS d
            JOIN accounts_personalaccount AS a ON a.id = d.account_id
            CROSS JOIN LATERAL (
                SELECT %(cabinet)s AS way WHERE a.delivery = %(only_cabinet)s
                UNION ALL
                SELECT %(email)s WHERE a.delivery IN (%(by_email)s, %(both)s) AND a.email <> ''
                UNION ALL
                SELECT %(paper)s WHERE a.delivery IN (%(on_paper)s, %(both)s)
                    OR (a.delivery = %(by_email)s AND a.email = '')
            ) AS ways
            LEFT JOIN epd_deliveryrate AS rate ON rate.way = ways.way AND rate.valid_from <= d.issued_on
                AND (rate.valid_to IS NULL OR rate.valid_to > d.issued_on)
            WHERE d.id = ANY(%(documents)s)
            ON CONFLICT (document_id, way) DO NOTHING
            """,
            {
                "documents": list(document_ids), "cabinet": Way.CABINET, "email": Way.EMAIL, "paper": Way.PAPER,
                "sent": DeliveryState.SENT, "waiting": DeliveryState.WAITING, "only_cabinet": Wanted.CABINET,
                "by_email": Wanted.EMAIL, "both": Wanted.BOTH, "on_paper": Wanted.PAPER,
            },
        )  # fmt: skip
        return cursor.rowcount


@transaction.atomic
def hand_over(*, delivery_ids: Collection[int], by: User | str | None, carrier: str) -> int:
    """Papers are in the hands of who carries them: a courier or the post. Returns how many were waiting."""
    rows = Delivery.objects.filter(pk__in=delivery_ids, way=Way.PAPER, state=DeliveryState.WAITING)
    handed = rows.update(state=DeliveryState.SENT, sent_at=Now(), note=carrier[:255])
    if handed:
        accounts.operations.note("epd.delivery.handed_over", by=by, documents=handed, carrier=carrier)
    return handed


# --- letters ---------------------------------------------------------------------------------------------------------


def send_letters(*, limit: int = 200) -> dict[str, int]:
    """Send letters that wait, oldest first; returns sent, bounced, left for another try.

    A letter is claimed before it is sent and marked after it: killed between, it goes twice under one Message-ID.
    """
    told = {"sent": 0, "bounced": 0, "left": 0}
    for delivery_id in _claimed(limit):
        told[_send(delivery_id)] += 1
    return told


@transaction.atomic
def _claimed(limit: int) -> list[int]:
    waiting = Delivery.objects.filter(way=Way.EMAIL, state=DeliveryState.WAITING, attempts__lt=TRIES)
    found = [row.pk for row in waiting.select_for_update(skip_locked=True).order_by("pk")[:limit]]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE epd_delivery SET attempts = attempts + 1 WHERE id = ANY(%s)", [found])
    return found


def _send(delivery_id: int) -> str:
    delivery = Delivery.objects.select_related("document__account").get(pk=delivery_id)
    document = delivery.document
    if document.withdrawn_at is not None:
        Delivery.objects.filter(pk=delivery_id).update(state=DeliveryState.CANCELLED, note="документ отозван")
        return "left"
    try:
        letter_of(document, to=delivery.address, message_id=message_id(delivery)).send()
    except SMTPRecipientsRefused as refusal:
        bounced(delivery_id=delivery_id, reason=_reason(refusal))
        return "bounced"
    except (SMTPException, OSError) as fault:
        Delivery.objects.filter(pk=delivery_id).update(note=f"не ушло: {fault}"[:255])
        if delivery.attempts >= TRIES:
            bounced(delivery_id=delivery_id, reason=f"почтовый сервер не принял письмо {TRIES} раза")
            return "bounced"
        return "left"
    Delivery.objects.filter(pk=delivery_id, state=DeliveryState.WAITING).update(
        state=DeliveryState.SENT, sent_at=Now(), note=""
    )
    return "sent"


def _reason(refusal: SMTPRecipientsRefused) -> str:
    for code, text in refusal.recipients.values():
        return f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
    return "адрес не принят"


def message_id(delivery: Delivery) -> str:
    """The name of the letter: an answer of a mail server quotes it."""
    return f"<epd-{delivery.pk}@{parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition('@')[2] or 'localhost'}>"


def letter_of(document: PaymentDocument, *, to: str, message_id: str) -> EmailMultiAlternatives:
    """The letter with its document: sum, due day, three biggest changes; PDF inside."""
    told = assemble.letter(document.payload, texts=queries.letter_texts(document))
    site = f"{settings.PUBLIC_URL}/cabinet/{document.account.number}/"
    context = {"letter": told, "site": site}
    letter = EmailMultiAlternatives(
        subject=told.subject,
        body=render_to_string("epd/letter.txt", context),
        to=[to],
        headers={
            "Message-ID": message_id,
            "List-Unsubscribe": f"<{site}documents/>",
            "Auto-Submitted": "auto-generated",
        },
    )
    letter.attach_alternative(render_to_string("epd/letter.html", context), "text/html")
    letter.attach(f"{document.number}.pdf", render.pdf(document), "application/pdf")
    return letter


@transaction.atomic
def bounced(*, delivery_id: int, reason: str, by: User | str | None = None) -> bool:
    """The letter did not arrive: this document goes on paper, and the next ones. True unless it was known already."""
    delivery = Delivery.objects.select_for_update(of=("self",)).select_related("document").get(pk=delivery_id)
    if delivery.way != Way.EMAIL or delivery.state == DeliveryState.FAILED:
        return False
    document = delivery.document
    delivery.state, delivery.note, delivery.failed_at = DeliveryState.FAILED, reason[:255], Now()
    delivery.save(update_fields=["state", "note", "failed_at"])
    Subscription.objects.filter(account_id=document.account_id, ended_at=None).update(
        ended_at=Now(), reason=f"письмо не дошло: {reason}"[:255]
    )
    accounts.operations.change_delivery(
        account_id=document.account_id, delivery=Wanted.PAPER, by=by, ground=f"письмо не дошло: {reason}"
    )
    if document.withdrawn_at is None:
        plan(document_ids=[document.pk])
    accounts.operations.note(
        "epd.delivery.bounced", by=by, account_id=document.account_id, number=document.number, reason=reason[:200]
    )
    return True


ANSWERS = ("вернулись", "уже учтены", "временные", "не о наших письмах")


def take_answer(content: bytes, *, by: User | str = "почта") -> str:
    """Take in the answer of a mail server: one of ANSWERS. A second reading of it changes nothing."""
    found = bounces.read(content)
    delivery_id = queries.delivery_by_letter(found.message_id) if found else None
    if found is None or delivery_id is None:
        return ANSWERS[3]
    if not found.is_final:
        return ANSWERS[2]
    return ANSWERS[0] if bounced(delivery_id=delivery_id, reason=found.reason, by=by) else ANSWERS[1]


def fetch_answers() -> dict[str, int]:
    """Read the mailbox of answers; how many of each of ANSWERS. None set: none read.

    A letter is marked seen when it was dealt with, so that a worker that dies reads it again. Raises
    accounts.mailbox.Unreachable.
    """
    told = dict.fromkeys(ANSWERS, 0)
    if not settings.BOUNCES_IMAP_URL:
        return told
    letters = mailbox.unseen(
        url=settings.BOUNCES_IMAP_URL, folder=settings.BOUNCES_IMAP_FOLDER, setting="BOUNCES_IMAP_URL"
    )
    for content, seen in letters:
        told[take_answer(content)] += 1
        seen()
    return told


# --- subscriptions ---------------------------------------------------------------------------------------------------


@transaction.atomic
def subscribe(*, account_id: int, email: str, keeps_paper: bool = False, by: User | str | None = None) -> Subscription:
    """Ask for documents by e-mail: a letter goes to the address, and nothing changes until it is answered.

    Raises DeliveryRefused for what is no address. A question that was not answered gives way to the new one.
    """
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError as fault:
        raise DeliveryRefused(f"«{email}» не похоже на адрес почты. Проверьте его.") from fault
    account = PersonalAccount.objects.select_for_update(of=("self",)).get(pk=account_id)
    Subscription.objects.filter(account=account, ended_at=None).update(ended_at=Now(), reason="запрошена новая")
    made = Subscription.objects.create(
        account=account, email=email, keeps_paper=keeps_paper, token=secrets.token_urlsafe(32)
    )
    accounts.operations.note("epd.subscription.asked", by=by, account_id=account_id, keeps_paper=keeps_paper)
    link = f"{settings.PUBLIC_URL}/mail/{made.token}"
    text = render_to_string("epd/subscribe.txt", {"number": account.number, "link": link})
    transaction.on_commit(
        lambda: send_mail("Подтвердите квитанции по электронной почте", text, None, [email], fail_silently=True)
    )
    return made


@transaction.atomic
def confirm_subscription(*, token: str) -> Subscription:
    """The link of the letter was opened: from now on documents go to this address. Raises DeliveryRefused."""
    found = Subscription.objects.select_for_update(of=("self",)).filter(token=token, ended_at=None).first()
    if found is None:
        raise DeliveryRefused("Ссылка устарела или уже заменена новой. Запросите письмо ещё раз в кабинете.")
    if found.confirmed_at is None:
        found.confirmed_at = Now()
        found.save(update_fields=["confirmed_at"])
        accounts.operations.change_delivery(
            account_id=found.account_id,
            delivery=Wanted.BOTH if found.keeps_paper else Wanted.EMAIL,
            email=found.email,
            by="подписка",
            ground="подтверждено письмом",
        )
        accounts.operations.note("epd.subscription.confirmed", by="подписка", account_id=found.account_id)
    return found


@transaction.atomic
def end_subscription(*, account_id: int, delivery: int = Wanted.PAPER, by: User | str | None, reason: str) -> None:
    """No more letters: documents go on paper, or stay in the cabinet."""
    Subscription.objects.filter(account_id=account_id, ended_at=None).update(ended_at=Now(), reason=reason[:255])
    accounts.operations.change_delivery(account_id=account_id, delivery=delivery, by=by, ground=reason)
    accounts.operations.note("epd.subscription.ended", by=by, account_id=account_id, ground=reason)
