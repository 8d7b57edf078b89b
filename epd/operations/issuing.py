"""Documents are issued, issued anew and withdrawn. Only ink is printed; what is issued never changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.timezone import get_default_timezone

import accounts.operations
import billing.operations
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.money import ZERO
from accounts.queries import User
from epd import assemble, queries
from epd.assemble import DocumentRefused
from epd.models import Delivery, DeliveryState, DocumentKind, IssueRefusal, PaymentDocument
from epd.operations import debts, delivering

__all__ = ["DocumentRefused", "IssueSummary", "issue_documents", "issue_month", "reissue", "withdraw"]

BLOCK_OF_ACCOUNTS = 500  # whole houses, about so many accounts: one transaction
SHOWN = 20  # refusals kept in the run's record


@dataclass(frozen=True, slots=True)
class IssueSummary:
    """What one issue made: documents and their roubles; accounts that had one already, and why others have none."""

    documents: int = 0
    total: Decimal = ZERO
    standing: int = 0
    empty: int = 0
    refused: tuple[str, ...] = ()

    def __add__(self, other: IssueSummary) -> IssueSummary:
        return IssueSummary(
            self.documents + other.documents,
            self.total + other.total,
            self.standing + other.standing,
            self.empty + other.empty,
            self.refused + other.refused,
        )

    def __str__(self) -> str:
        parts = [f"выпущено документов {self.documents} на {assemble.money(self.total)} руб."]
        if self.standing:
            parts.append(f"уже были у {self.standing}")
        if self.refused:
            parts.append(f"не выпущены у {len(self.refused)}: {self.refused[0]}")
        return ", ".join(parts)


def issue_month(
    *,
    month: Month,
    day: date,
    house_ids: Collection[int] | None = None,
    account_ids: Collection[int] | None = None,
    by: User | None = None,
) -> int:
    """Issue the month's documents, dated `day`; returns how many were made. See `issue_documents`."""
    return issue_documents(month=month, day=day, house_ids=house_ids, account_ids=account_ids, by=by).documents


def issue_documents(
    *,
    month: Month,
    day: date,
    house_ids: Collection[int] | None = None,
    account_ids: Collection[int] | None = None,
    by: User | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> IssueSummary:
    """Issue a document to every account of the scope whose month is ink; safe to repeat: who has one keeps it.

    `day` is the document's date, after the month's end. Payments are counted up to the month's last day, and the
    document says so: therefore every operating day up to that one must be closed. progress: called with documents
    made and all that are to be made, block by block. Nothing to make: no job is recorded.

    An account that is held or not posted, or fails a check before issue, gets none, and the summary says why. A whole
    region (no scope given) moves its contract months to ISSUED when nobody was refused. Raises DocumentRefused when
    the month goes on or a day of it is open, when it is posted for nobody, and when accounts were asked for by name
    and one cannot be served (nothing is written then); Busy while another issue of the month runs.
    """
    _refuse_unready(month=month, day=day)
    whole = house_ids is None and account_ids is None
    ready, summary = _waiting(month=month, house_ids=house_ids, account_ids=account_ids)
    if not ready:
        if whole and not summary.refused:
            billing.operations.mark_issued(month=month)
        return summary
    with accounts.operations.running("epd.issue", month=month, by=by) as run:
        ready, summary = _waiting(
            month=month, house_ids=house_ids, account_ids=account_ids
        )  # another issue may have ended a moment ago
        done = 0
        for block in _blocks(ready):
            summary += _issue_block(month=month, day=day, account_ids=block, by=by, strict=account_ids is not None)
            done += len(block)
            accounts.operations.advance_run(run.pk, done=done, total=len(ready))
            if progress is not None:
                progress(done, len(ready))
        if whole and not summary.refused:
            billing.operations.mark_issued(month=month)
        run.counts = {
            "documents": summary.documents,
            "total": str(summary.total),
            "standing": summary.standing,
            "refused": len(summary.refused),
        }
        run.message = "\n".join(summary.refused[:SHOWN])
    return summary


def _refuse_unready(*, month: Month, day: date) -> None:
    """Raise DocumentRefused unless the month is over, posted, and all its payments are in."""
    if day <= month.last:
        raise DocumentRefused(
            f"{month.title.capitalize()} ещё не кончился: документ датируют не раньше {month.next.first:%d.%m.%Y}."
        )
    if not queries.is_posted(month):
        raise DocumentRefused(f"{month.title.capitalize()} не проведён. Проведите его: post {month}.")
    still_open = queries.open_day_of(month)
    if still_open is not None:
        raise DocumentRefused(
            f"Операционный день {still_open:%d.%m.%Y} ещё открыт, а документ за {month.title} учитывает платежи по"
            f" {month.last:%d.%m.%Y}. Закройте день и повторите выпуск."
        )


def _waiting(
    *, month: Month, house_ids: Collection[int] | None, account_ids: Collection[int] | None
) -> tuple[list[queries.Waiting], IssueSummary]:
    """Accounts to be given a document, and the summary before the first one. Raises DocumentRefused (see above)."""
    waiting = queries.accounts_of_month(month=month, house_ids=house_ids, account_ids=account_ids)
    refused = tuple(row.why for row in waiting if row.why and not row.has_document)
    if refused and (account_ids is not None or len(refused) == len(waiting)):
        raise DocumentRefused(refused[0])
    ready = [row for row in waiting if not row.why and not row.has_document]
    return ready, IssueSummary(standing=sum(row.has_document for row in waiting), refused=refused)


def _blocks(rows: Sequence[queries.Waiting]) -> list[list[int]]:
    """Accounts in blocks of whole houses: a house's rows stand together."""
    blocks: list[list[int]] = []
    house = None
    for row in rows:
        if not blocks or (row.house_id != house and len(blocks[-1]) >= BLOCK_OF_ACCOUNTS):
            blocks.append([])
        blocks[-1].append(row.account_id)
        house = row.house_id
    return blocks


@transaction.atomic
def _issue_block(*, month: Month, day: date, account_ids: list[int], by: User | None, strict: bool) -> IssueSummary:
    _one_moment()
    block = queries.read_block(month=month, day=day, account_ids=account_ids)
    documents: list[PaymentDocument] = []
    refused: dict[int, str] = {}
    for account_id in account_ids:
        if not block.has_content(account_id):
            continue
        try:
            documents += [_document(block, facts) for facts in block.documents(account_id)]
        except Refusal as refusal:
            if strict:
                raise
            refused[account_id] = str(refusal)
    made = PaymentDocument.objects.bulk_create(documents, batch_size=200)
    delivering.plan(document_ids=[row.pk for row in made])
    _tell_refusals(month=month, refused=refused, made={row.account_id for row in made})
    total = sum((row.total for row in made), ZERO)
    if made:
        accounts.operations.note(
            "epd.documents.issued",
            by=by,
            account_id=made[0].account_id if len(made) == 1 else None,
            month=month,
            day=day,
            documents=len(made),
            total=total,
            houses=sorted({block.accounts[row.account_id].house_id for row in made}),
        )
    empty = len(account_ids) - len({row.account_id for row in made}) - len(refused)
    return IssueSummary(documents=len(made), total=total, empty=empty, refused=tuple(refused.values()))


def _tell_refusals(*, month: Month, refused: Mapping[int, str], made: Collection[int]) -> None:
    """The list of the gate: who is refused stands on it until his document is issued."""
    IssueRefusal.objects.filter(month=month.first, account_id__in=[*refused, *made]).delete()
    IssueRefusal.objects.bulk_create(
        IssueRefusal(account_id=account_id, month=month.first, why=why) for account_id, why in refused.items()
    )


def _one_moment() -> None:
    """Charges, balances and payments of a document are read as of one moment."""
    if not connection.savepoint_ids:  # within a larger transaction (a dry run) the level cannot be chosen any more
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _document(
    block: queries.Block, facts: assemble.Facts, *, replaces: PaymentDocument | None = None
) -> PaymentDocument:
    """The document with its frozen payload, not yet saved."""
    content = assemble.payload(facts)
    return PaymentDocument(
        account_id=block.numbers[facts.account],
        month=block.month.first,
        kind=facts.kind,
        issue=facts.issue,
        number=facts.number,
        issued_on=block.day,
        due_on=facts.due.on,
        total=Decimal(content["total"]),
        payload=content,
        template_version=assemble.TEMPLATE_VERSION,
        replaces=replaces,
    )


@transaction.atomic
def reissue(
    *,
    account_id: int,
    month: Month,
    day: date,
    reason: str,
    by: User | None = None,
    kind: int = DocumentKind.CURRENT,
) -> PaymentDocument:
    """Withdraw the month's document and issue the next one, which refers to it. A withdrawn one is replaced, too.

    One of debts is counted anew by `day`, within its month. Raises DocumentRefused without a reason, without a former
    document, or when the account's month is not ink.
    """
    if not reason.strip():
        raise DocumentRefused("Назовите причину нового выпуска документа.")
    last = queries.last_issue(account_id=account_id, month=month, kind=kind)
    if last is None:
        raise DocumentRefused(f"За {month.title} документа ещё нет: выпустите его, заменять нечего.")
    if kind == DocumentKind.DEBT:
        return _debts_anew(last, day=day, reason=reason.strip(), by=by)
    _refuse_unready(month=month, day=day)
    last = PaymentDocument.objects.select_for_update(of=("self",)).get(pk=last.pk)
    waiting = queries.accounts_of_month(month=month, account_ids=[account_id])
    if waiting and waiting[0].why:
        raise DocumentRefused(waiting[0].why)
    if last.withdrawn_at is None:
        _withdrawn(last)
    block = queries.read_block(month=month, day=day, account_ids=[account_id])
    elder = {"number": last.number, "issued_on": last.issued_on.isoformat(), "reason": reason.strip()}
    anew = block.documents(account_id, issue=last.issue + 1, replaces=elder, kind=kind)
    found = [facts for facts in anew if facts.kind == kind]  # the account may have no paper of its own any more
    if not found:
        raise DocumentRefused(f"Счёт {block.accounts[account_id].number}: заменять нечем, начислений и долга нет.")
    made = _document(block, found[0], replaces=last)
    made.save(force_insert=True)
    Delivery.objects.filter(document=last, state=DeliveryState.WAITING).update(
        state=DeliveryState.CANCELLED, note=f"заменён документом {made.number}"
    )
    delivering.plan(document_ids=[made.pk])
    IssueRefusal.objects.filter(month=month.first, account_id=account_id).delete()
    accounts.operations.note(
        "epd.document.reissued",
        by=by,
        account_id=account_id,
        ground=reason.strip(),
        number=made.number,
        replaces=last.number,
        total=made.total,
    )
    return made


def _debts_anew(last: PaymentDocument, *, day: date, reason: str, by: User | None) -> PaymentDocument:
    if last.month != Month.of(day).first:
        raise DocumentRefused(
            f"Долговой документ № {last.number} не этого месяца: отзовите его и выпустите новый на странице «Доставка»."
        )
    made = debts.issue_debts(account_ids=[last.account_id], day=day, by=by, reason=reason)
    if not made:
        raise DocumentRefused("Просроченного долга нет: заменять документ нечем, отзовите его.")
    return made[0]


@transaction.atomic
def withdraw(*, document_id: int, reason: str, by: User | None = None) -> PaymentDocument:
    """Take a document back: it stays readable and is not to be paid. Raises DocumentRefused the second time."""
    if not reason.strip():
        raise DocumentRefused("Назовите причину отзыва документа.")
    document = PaymentDocument.objects.select_for_update(of=("self",)).get(pk=document_id)
    if document.withdrawn_at is not None:
        at = document.withdrawn_at.astimezone(get_default_timezone())
        raise DocumentRefused(f"Документ № {document.number} уже отозван {at:%d.%m.%Y}.")
    _withdrawn(document)
    accounts.operations.note(
        "epd.document.withdrawn", by=by, account_id=document.account_id, ground=reason.strip(), number=document.number
    )
    return document


def _withdrawn(document: PaymentDocument) -> None:
    document.withdrawn_at = Now()  # the clock of the database
    document.save(update_fields=["withdrawn_at"])
    document.refresh_from_db(fields=["withdrawn_at"])
    Delivery.objects.filter(document=document, state=DeliveryState.WAITING).update(
        state=DeliveryState.CANCELLED, note="документ отозван"
    )
