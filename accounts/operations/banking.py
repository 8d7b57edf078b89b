"""Bank accounts of organisations: one proposes, another approves, and only then money goes there."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from accounts import rules
from accounts.errors import Refusal
from accounts.models import BankAccount, BankAccountKind, BankAccountState, Organisation, User
from accounts.operations.journal import noted


class BankAccountRefused(Refusal):
    """The requisites cannot be proposed or approved."""


@transaction.atomic
def propose_bank_account(
    *,
    organisation_id: int,
    number: str,
    bik: str,
    bank_name: str,
    valid_from: date,
    by: User,
    bank_town: str = "",
    correspondent: str = "",
    kind: int = BankAccountKind.SETTLEMENT,
    ground: str,
) -> BankAccount:
    """Propose a bank account; nothing is paid to it until somebody else approves. Raises BankAccountRefused."""
    organisation = Organisation.objects.get(pk=organisation_id)
    number, bik, correspondent = ("".join(text.split()) for text in (number, bik, correspondent))
    if not ground.strip():
        raise BankAccountRefused("Укажите основание: письмо или соглашение с новыми реквизитами.", field="ground")
    if not rules.is_bik(bik):
        raise BankAccountRefused("БИК неверен: нужно девять цифр, первая 0.", field="bik")
    if not rules.is_bank_account(number, bik):
        raise BankAccountRefused(
            "Ключ счёта не сходится с БИК. Сверьте номер счёта и БИК с карточкой организации.", field="number"
        )
    if correspondent and not rules.is_bank_account(correspondent, bik):
        raise BankAccountRefused("Ключ корреспондентского счёта не сходится с БИК.", field="correspondent")
    same = BankAccount.objects.filter(organisation=organisation, number=number, bik=bik, valid_to=None)
    if (other := same.exclude(state=BankAccountState.REJECTED).first()) is not None:
        raise BankAccountRefused(
            f"Этот счёт у организации {organisation} уже {other.get_state_display()}.", field="number"
        )
    row = BankAccount.objects.create(
        organisation=organisation, kind=kind, number=number, bik=bik, bank_name=bank_name, bank_town=bank_town,
        correspondent=correspondent, valid_from=valid_from, proposed_by=by,
    )  # fmt: skip
    with noted(
        "accounts.bank_account.proposed", by=by, ground=ground, organisation=organisation.pk, bank_account=row.pk,
        number=number, bik=bik, valid_from=valid_from,
    ):  # fmt: skip
        return row


@transaction.atomic
def approve_bank_account(*, bank_account_id: int, by: User) -> BankAccount:
    """Approve what another proposed; the former approved account of the same kind ends where this one begins."""
    row = _proposed(bank_account_id)
    if row.proposed_by_id == by.pk:
        raise BankAccountRefused("Утвердить реквизиты должен другой сотрудник: предложили их вы.")
    same = BankAccount.objects.select_for_update().filter(
        organisation=row.organisation_id, kind=row.kind, state=BankAccountState.APPROVED, valid_to=None
    )
    former = list(same.exclude(pk=row.pk).order_by("pk"))
    late = [other for other in former if other.valid_from >= row.valid_from]
    if late:
        raise BankAccountRefused(
            f"С {late[0].valid_from:%d.%m.%Y} уже утверждён счёт {late[0].number}. Отклоните это предложение и внесите "
            "новое, с более поздней датой."
        )
    with noted(
        "accounts.bank_account.approved", by=by, organisation=row.organisation_id, bank_account=row.pk,
        number=row.number, bik=row.bik, former=[other.pk for other in former],
    ):  # fmt: skip
        same.exclude(pk=row.pk).update(valid_to=row.valid_from)
        row.state, row.approved_by = BankAccountState.APPROVED, by
        row.save(update_fields=["state", "approved_by"])
    return row


@transaction.atomic
def reject_bank_account(*, bank_account_id: int, by: User, ground: str) -> BankAccount:
    """Turn a proposal down; its author may do so, too."""
    row = _proposed(bank_account_id)
    if not ground.strip():
        raise BankAccountRefused("Напишите, почему реквизиты отклонены.", field="ground")
    with noted(
        "accounts.bank_account.rejected", by=by, ground=ground, organisation=row.organisation_id, bank_account=row.pk
    ):
        row.state = BankAccountState.REJECTED
        row.save(update_fields=["state"])
    return row


def _proposed(bank_account_id: int) -> BankAccount:
    row = BankAccount.objects.select_for_update().get(pk=bank_account_id)
    if row.state != BankAccountState.PROPOSED:
        raise BankAccountRefused(f"Решение по этим реквизитам уже принято: счёт {row.get_state_display()}.")
    return row
