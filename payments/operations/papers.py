"""Papers of settlements: issued with their figures frozen, answered once by the other side."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from accounts import operations as accounts_operations
from accounts.calendar import Month
from payments import papers
from payments.models import PaperKind, SettlementPaper
from payments.operations.days import By
from payments.papers import PaperRefused

LETTERS = {PaperKind.REPORT: "ОА", PaperKind.ACT: "А", PaperKind.PRINCIPAL: "СП", PaperKind.PAYER: "СА"}


@transaction.atomic
def issue_paper(
    *,
    kind: int,
    contract_id: int | None = None,
    account_id: int | None = None,
    first: Month,
    last: Month,
    on: date,
    by: By = None,
) -> SettlementPaper:
    """Freeze the paper of the months [first, last] with a number. The same paper asked again is the one that stands.

    Raises PaperRefused while the last month has not ended on `on`.
    """
    if on <= last.last:
        raise PaperRefused(
            f"{last.title[:1].upper()}{last.title[1:]} ещё не закончился: документ выпускают с "
            f"{last.next.first:%d.%m.%Y}, до этого смотрите предварительные цифры.",
            field="last",
        )
    key = {
        "kind": kind, "contract_id": contract_id, "account_id": account_id, "first_month": first.first,
        "last_month": last.first,
    }  # fmt: skip
    found: SettlementPaper | None = SettlementPaper.objects.filter(**key).first()
    if found is not None:
        return found
    content = papers.payload(kind=kind, contract_id=contract_id, account_id=account_id, first=first, last=last)
    number = f"{LETTERS[PaperKind(kind)]}-{contract_id or account_id}-{last}"
    if first != last:
        number = f"{LETTERS[PaperKind(kind)]}-{contract_id or account_id}-{first}…{last}"
    by_user = by if by is not None and not isinstance(by, str) else None
    paper, is_new = SettlementPaper.objects.get_or_create(
        **key, defaults={"number": number, "issued_on": on, "issued_by": by_user, "payload": content}
    )
    if is_new:
        accounts_operations.note(
            "payments.paper.issued", by=by, account_id=account_id, paper_id=paper.pk, paper=paper.get_kind_display(),
            number=number,
        )  # fmt: skip
    return paper


@transaction.atomic
def answer_paper(*, paper_id: int, on: date, by: By, objection: str = "") -> SettlementPaper:
    """The other side has signed the paper, or objects to it in words. Said once. Raises PaperRefused."""
    paper = SettlementPaper.objects.select_for_update().filter(pk=paper_id).first()
    if paper is None:
        raise PaperRefused(f"Документ № {paper_id} не найден.")
    if on < paper.issued_on:
        raise PaperRefused(f"Документ выпущен {paper.issued_on:%d.%m.%Y}: раньше на него не отвечают.", field="on")
    if paper.signed_on is not None:
        raise PaperRefused(f"Документ {paper.number} уже подписан {paper.signed_on:%d.%m.%Y}.")
    if objection.strip():
        if paper.objection:
            raise PaperRefused(f"Возражения к документу {paper.number} уже записаны.")
        paper.objection = objection.strip()[:500]
    else:
        paper.signed_on = on
    SettlementPaper.objects.filter(pk=paper.pk).update(signed_on=paper.signed_on, objection=paper.objection)
    accounts_operations.note(
        "payments.paper.answered", by=by, ground=objection, account_id=paper.account_id, paper_id=paper.pk, on=on
    )
    return paper
