"""What a principal's people correct in an account: the payer's name, the label of the address. No rouble moves."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

import accounts.operations
from accounts.errors import Refusal
from accounts.queries import Person, PersonalAccount, Premises, User

LONGEST = 60


class EditRefused(Refusal):
    """The account is not changed; nothing was written."""


def _ground(ground: str) -> str:
    if not ground.strip():
        raise EditRefused("Укажите документ, по которому вносится изменение.", field="ground")
    return ground.strip()[:255]


@transaction.atomic
def rename_payer(
    *, account_id: int, last_name: str, first_name: str, middle_name: str, ground: str, by: User,
    own: QuerySet[Any, Any] | None = None,
) -> Person:  # fmt: skip
    """Correct the name of the person who pays; the person stays the same. Raises EditRefused.

    own: accounts that the editor may change; who also pays an account outside them is renamed by the centre.
    """
    ground = _ground(ground)
    account = PersonalAccount.objects.get(pk=account_id)
    if account.payer_person_id is None:
        raise EditRefused("Плательщик этого счёта — организация. Её название меняет расчётный центр.")
    person = Person.objects.select_for_update().get(pk=account.payer_person_id)
    others = PersonalAccount.objects.filter(payer_person=person)
    if own is not None and others.exclude(pk__in=own).exists():
        raise EditRefused("Этот человек платит и по счетам вне ваших домов. Попросите расчётный центр исправить имя.")
    told = {"last_name": last_name, "first_name": first_name, "middle_name": middle_name}
    told = {name: " ".join(part.split()) for name, part in told.items()}
    if not told["last_name"]:
        raise EditRefused("Укажите фамилию.", field="last_name")
    for name, part in told.items():
        if len(part) > LONGEST or any(sign.isdigit() for sign in part):
            raise EditRefused(f"«{part[:30]}» не похоже на имя: до {LONGEST} букв, без цифр.", field=name)
    was = str(person)
    for name, part in told.items():
        setattr(person, name, part)
    if str(person) == was:
        raise EditRefused("Имя уже такое. Менять нечего.", field="last_name")
    with accounts.operations.noted(
        "portals.account.edited", by=by, account_id=account_id, ground=ground, was=was, name=str(person)
    ):
        person.save(update_fields=list(told))
    return person


@transaction.atomic
def relabel_premises(
    *, account_id: int, number: str, entrance: str, storey: int | None, ground: str, by: User
) -> Premises:
    """Correct the number of the premises, the entrance, the storey. Raises EditRefused where such a flat is there."""
    ground = _ground(ground)
    account = PersonalAccount.objects.get(pk=account_id)
    premises = Premises.objects.select_for_update(of=("self",)).get(pk=account.premises_id)
    number = " ".join(number.split())
    if premises.number and not number:
        raise EditRefused("Укажите номер помещения.", field="number")
    if len(number) > 20 or len(entrance.strip()) > 8:
        raise EditRefused("Номер до 20 знаков, подъезд до 8.", field="number")
    was = f"{premises}, подъезд {premises.entrance or '—'}, этаж {'—' if premises.storey is None else premises.storey}"
    premises.number, premises.entrance, premises.storey = number, entrance.strip(), storey
    now = f"{premises}, подъезд {premises.entrance or '—'}, этаж {'—' if storey is None else storey}"
    if now == was:
        raise EditRefused("Адрес уже такой. Менять нечего.", field="number")
    try:
        with (
            transaction.atomic(),
            accounts.operations.noted(
                "portals.account.edited", by=by, account_id=account_id, ground=ground, was=was, premises=now
            ),
        ):
            premises.save(update_fields=["number", "entrance", "storey"])
    except IntegrityError:
        raise EditRefused(f"Помещение «{number}» в этом доме уже есть. Проверьте номер.", field="number") from None
    return premises
