"""Accounts, their premises and people: opened, closed, settled, measured anew. Each change has a day it holds from."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from accounts import queries, rules
from accounts.calendar import Month, Span
from accounts.errors import Refusal
from accounts.models import (
    Delivery,
    Organisation,
    Ownership,
    Person,
    PersonalAccount,
    Premises,
    PremisesArea,
    Residency,
    ResidencyKind,
    User,
)
from accounts.operations.journal import noted, touch, touch_premises

SEQUENCE_DIGITS = 6  # and more when a million is spent


class AccountRefused(Refusal):
    """The account cannot be opened, closed or changed so."""


# --- numbers ----------------------------------------------------------------------------------------------------------


def allocate_numbers(count: int) -> list[str]:
    """So many unused account numbers, check digit included. A number once given is never given again."""
    prefix: str = settings.ACCOUNT_NUMBER_PREFIX
    free: list[str] = []
    while len(free) < count:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('account_number_seq') FROM generate_series(1, %s)", [count - len(free)])
            bases = [f"{prefix}{number:0{SEQUENCE_DIGITS}}" for (number,) in cursor.fetchall()]
        numbers = [base + rules.account_check_digit(base) for base in bases]
        taken = set(PersonalAccount.objects.filter(number__in=numbers).values_list("number", flat=True))
        free += [number for number in numbers if number not in taken]
        if taken:
            _leap(prefix, length=len(max(taken, key=len)))
    return free


def _leap(prefix: str, *, length: int) -> None:
    """Numbers of our shape came from elsewhere (an import, a demo): go on after the greatest of that length."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval('account_number_seq', greatest((SELECT last_value FROM account_number_seq),"
            " (SELECT coalesce(max(substr(number, %s, %s)::bigint), 1) FROM accounts_personalaccount"
            "  WHERE number LIKE %s AND length(number) = %s)))",
            [len(prefix) + 1, length - len(prefix) - 1, prefix + "%", length],
        )


def document_code() -> str:
    """Six digits printed on the document: who holds the paper may link the account to a cabinet."""
    return f"{secrets.randbelow(10**6):06}"


# --- accounts ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def open_account(
    *,
    premises_id: int,
    opened_on: date,
    by: User | str | None,
    payer_person_id: int | None = None,
    payer_organisation_id: int | None = None,
    is_tenant: bool = False,
    number: str | None = None,
    delivery: int = Delivery.PAPER,
    email: str = "",
    phone: str | None = None,
    is_separate: bool = False,
    ground: str = "",
) -> PersonalAccount:
    """Open a personal account of premises; without `number` the next free one is given.

    is_separate: one more account on premises that have an open one (лицевые счета разделены). Raises AccountRefused.
    """
    premises = Premises.objects.select_for_update(of=("self",)).select_related("house").get(pk=premises_id)
    if (payer_person_id is None) == (payer_organisation_id is None):
        raise AccountRefused("Укажите плательщика: гражданина или организацию, одно из двух.", field="payer")
    if not PremisesArea.objects.on(opened_on).filter(premises=premises).exists():
        raise AccountRefused(
            f"На {opened_on:%d.%m.%Y} не задана площадь помещения ({premises.house}, {premises}). Сначала внесите её.",
            field="opened_on",
        )
    others = PersonalAccount.objects.filter(premises=premises).exclude(closed_on__lte=opened_on)
    if not is_separate and (other := others.order_by("pk").first()) is not None:
        raise AccountRefused(
            f"У помещения уже есть открытый счёт {other.number}. Закройте его днём {opened_on:%d.%m.%Y} или отметьте, "
            "что счета разделены.",
        )
    if number is None:
        (number,) = allocate_numbers(1)
    elif not rules.is_account_number(number):
        raise AccountRefused(
            f"Номер счёта {number} неверен: контрольная цифра не сходится. Проверьте номер или оставьте поле пустым.",
            field="number",
        )
    elif PersonalAccount.objects.filter(number=number).exists():
        raise AccountRefused(f"Счёт {number} уже есть. Номера не повторяются, и закрытых счетов тоже.", field="number")
    account = PersonalAccount.objects.create(
        number=number,
        house=premises.house,
        premises=premises,
        payer_person_id=payer_person_id,
        payer_organisation_id=payer_organisation_id,
        is_tenant=is_tenant,
        opened_on=opened_on,
        delivery=delivery,
        email=email,
        phone=phone,
        document_code=document_code(),
    )
    with noted(
        "accounts.account.opened", by=by, account_id=account.pk, ground=ground, number=number, opened_on=opened_on,
        premises=premises.pk,
    ):  # fmt: skip
        _touch_family(premises, first_month=Month.of(opened_on))
    return account


@transaction.atomic
def close_account(*, account_id: int, closed_on: date, by: User | str | None, ground: str) -> PersonalAccount:
    """Close an account: `closed_on` is the first day without charges. Its number is never reused; debt stays payable.

    Source: charges.md, 16.6. Raises AccountRefused.
    """
    account = PersonalAccount.objects.select_for_update(of=("self",)).select_related("premises").get(pk=account_id)
    if account.closed_on is not None:
        raise AccountRefused(f"Счёт {account.number} уже закрыт {account.closed_on:%d.%m.%Y}.")
    if closed_on < account.opened_on:
        raise AccountRefused(
            f"Счёт {account.number} открыт {account.opened_on:%d.%m.%Y}, закрыть его раньше нельзя. Проверьте дату.",
            field="closed_on",
        )
    _need_ground(ground, "по какому документу счёт закрывается")
    account.closed_on = closed_on
    with noted(
        "accounts.account.closed", by=by, account_id=account.pk, ground=ground, number=account.number,
        closed_on=closed_on,
    ):  # fmt: skip
        account.save(update_fields=["closed_on"])
        _touch_family(account.premises, first_month=Month.of(closed_on))
    return account


# --- people -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def settle_resident(
    *,
    account_id: int,
    since: date,
    by: User | str | None,
    person_id: int | None = None,
    persons: int = 1,
    kind: int = ResidencyKind.PERMANENT,
    until: date | None = None,
    ground: str = "",
) -> Residency:
    """Register a resident, or `persons` nameless ones, from the day `since` (it counts) up to `until` (it does not)."""
    account = _open_account_row(account_id, since)
    if until is not None and until <= since:
        raise AccountRefused("Дата выбытия должна быть позже даты вселения.", field="until")
    if not 1 <= persons <= 99:
        raise AccountRefused("Число проживающих: от 1 до 99.", field="persons")
    if person_id is not None:
        if persons != 1:
            raise AccountRefused("Названный гражданин один. Уберите имя или укажите число 1.", field="persons")
        person = Person.objects.get(pk=person_id)
        here = Residency.objects.during(Span(since, until)).filter(premises=account.premises_id, person=person)
        if (other := here.order_by("valid_from").first()) is not None:
            raise AccountRefused(
                f"{person} уже учтён здесь с {other.valid_from:%d.%m.%Y}. Сначала снимите его с учёта той датой, "
                "с которой запись меняется.",
                field="person",
            )
    with noted(
        "accounts.resident.settled", by=by, account_id=account.pk, ground=ground, person=person_id, persons=persons,
        kind=kind, since=since, until=until,
    ):  # fmt: skip
        row = Residency.objects.create(
            premises=account.premises, person_id=person_id, persons=persons, kind=kind, valid_from=since,
            valid_to=until, ground=ground[:160],
        )  # fmt: skip
        _touch_family(account.premises, first_month=Month.of(since))
    return row


@transaction.atomic
def move_out(
    *, account_id: int, residency_id: int, on: date, by: User | str | None, persons: int | None = None, ground: str = ""
) -> None:
    """Take a resident off the register; `on` is the first day no longer there. persons: so many of a nameless group."""
    account = PersonalAccount.objects.select_related("premises").get(pk=account_id)
    row = Residency.objects.select_for_update().filter(pk=residency_id, premises=account.premises_id).first()
    if row is None:
        raise AccountRefused(f"По счёту {account.number} такой записи о проживании нет. Обновите страницу.")
    if row.valid_to is not None and row.valid_to <= on:
        raise AccountRefused(f"Проживание уже закончено {row.valid_to:%d.%m.%Y}. Проверьте дату.", field="on")
    if on <= row.valid_from:
        raise AccountRefused(
            f"Вселение записано {row.valid_from:%d.%m.%Y}; выбыть можно только позже. Проверьте дату.", field="on"
        )
    leaving = row.persons if persons is None else persons
    if not 1 <= leaving <= row.persons:
        raise AccountRefused(f"Выбыть могут от 1 до {row.persons} чел.", field="persons")
    staying, until = row.persons - leaving, row.valid_to
    with noted(
        "accounts.resident.moved_out", by=by, account_id=account.pk, ground=ground, residency=row.pk,
        person=row.person_id, persons=leaving, on=on,
    ):  # fmt: skip
        row.valid_to = on
        row.save(update_fields=["valid_to"])
        if staying:
            Residency.objects.create(
                premises=account.premises, persons=staying, kind=row.kind, valid_from=on, valid_to=until,
                ground=row.ground,
            )  # fmt: skip
        _touch_family(account.premises, first_month=Month.of(on))


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner to be registered: a person or an organisation, with a share."""

    person_id: int | None = None
    organisation_id: int | None = None
    numerator: int = 1
    denominator: int = 1


@transaction.atomic
def register_ownership(
    *, account_id: int, since: date, owners: Sequence[Owner], by: User | str | None, ground: str
) -> list[Ownership]:
    """Register who owns the premises from `since` (the day of the entry in ЕГРН); the former rights end that day.

    The shares must make a whole. Raises AccountRefused.
    """
    account = PersonalAccount.objects.select_related("premises").get(pk=account_id)
    premises = Premises.objects.select_for_update().get(pk=account.premises_id)
    _need_ground(ground, "по какому документу: выписка из ЕГРН, договор, свидетельство")
    if not owners:
        raise AccountRefused("Укажите хотя бы одного собственника.", field="owners")
    for owner in owners:
        if (owner.person_id is None) == (owner.organisation_id is None):
            raise AccountRefused("Собственник: гражданин или организация, одно из двух.", field="owners")
        if not 1 <= owner.numerator <= owner.denominator:
            raise AccountRefused("Доля: числитель от 1 и не больше знаменателя.", field="owners")
    whole = sum((Fraction(owner.numerator, owner.denominator) for owner in owners), Fraction(0))
    if whole != 1:
        raise AccountRefused(
            f"Доли собственников вместе составляют {whole}, а должны составлять 1. Проверьте доли.", field="owners"
        )
    later = Ownership.objects.filter(premises=premises, valid_from__gt=since).order_by("valid_from").first()
    if later is not None:
        raise AccountRefused(
            f"С {later.valid_from:%d.%m.%Y} собственники уже записаны. Укажите дату не раньше этой.", field="since"
        )
    with noted(
        "accounts.ownership.registered", by=by, account_id=account.pk, ground=ground, since=since,
        owners=[
            {
                "person": owner.person_id,
                "organisation": owner.organisation_id,
                "share": f"{owner.numerator}/{owner.denominator}",
            }
            for owner in owners
        ],
    ):  # fmt: skip
        current = Ownership.objects.on(since).filter(premises=premises)
        current.filter(valid_from=since).delete()  # recorded for the same day: this is the correction
        current.update(valid_to=since)
        rows = Ownership.objects.bulk_create(
            Ownership(
                premises=premises, person_id=owner.person_id, organisation_id=owner.organisation_id,
                share_numerator=owner.numerator, share_denominator=owner.denominator, valid_from=since,
            )
            for owner in owners
        )  # fmt: skip
        _touch_family(premises, first_month=Month.of(since))
    return rows


@transaction.atomic
def change_payer(
    *,
    account_id: int,
    by: User | str | None,
    ground: str,
    person_id: int | None = None,
    organisation_id: int | None = None,
) -> PersonalAccount:
    """Let somebody else pay the same account (heirs, a married name); a new owner gets a new account instead."""
    account = PersonalAccount.objects.select_for_update(of=("self",)).select_related("premises").get(pk=account_id)
    if (person_id is None) == (organisation_id is None):
        raise AccountRefused("Укажите плательщика: гражданина или организацию, одно из двух.", field="payer")
    _need_ground(ground, "по какому документу меняется плательщик")
    was = {"person": account.payer_person_id, "organisation": account.payer_organisation_id}
    account.payer_person = Person.objects.get(pk=person_id) if person_id is not None else None
    account.payer_organisation = Organisation.objects.get(pk=organisation_id) if organisation_id is not None else None
    with noted(
        "accounts.payer.changed", by=by, account_id=account.pk, ground=ground, was=was, person=person_id,
        organisation=organisation_id,
    ):  # fmt: skip
        account.save(update_fields=["payer_person", "payer_organisation"])
    return account


# --- premises ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def change_area(
    *,
    account_id: int,
    since: date,
    total_area_m2: Decimal,
    by: User | str | None,
    ground: str,
    living_area_m2: Decimal | None = None,
    heated_area_m2: Decimal | None = None,
    rooms: int | None = None,
) -> PremisesArea:
    """Set the areas (m²) of the account's premises from `since`; what is not named stays as it was.

    The former row ends that day; a row that begins later stays, and the new one ends where it begins. The same day
    again corrects the row. Raises AccountRefused.
    """
    account = PersonalAccount.objects.select_related("premises").get(pk=account_id)
    premises = Premises.objects.select_for_update().get(pk=account.premises_id)
    _need_ground(ground, "по какому документу: выписка из ЕГРН, технический паспорт")
    for name, area in (
        ("total_area_m2", total_area_m2),
        ("living_area_m2", living_area_m2),
        ("heated_area_m2", heated_area_m2),
    ):
        if area is not None and not (area.is_finite() and 0 < area < 1_000_000):
            raise AccountRefused("Площадь должна быть больше нуля и меньше 1 000 000 м².", field=name)
    current = PremisesArea.objects.select_for_update().on(since).filter(premises=premises).first()
    facts: dict[str, Any] = {
        "total_area_m2": total_area_m2,
        "living_area_m2": living_area_m2 if living_area_m2 is not None else current and current.living_area_m2,
        "heated_area_m2": heated_area_m2 if heated_area_m2 is not None else current and current.heated_area_m2,
        "rooms": rooms if rooms is not None else current.rooms if current else 1,
        "own_heating": current.own_heating if current else False,
    }
    if facts["living_area_m2"] is not None and facts["living_area_m2"] > total_area_m2:
        raise AccountRefused(
            f"Жилая площадь ({queries.decimal_text(facts['living_area_m2'])} м²) больше общей "
            f"({queries.decimal_text(total_area_m2)} м²). Проверьте обе.",
            field="living_area_m2",
        )
    was = current.total_area_m2 if current else None
    with noted("accounts.area.changed", by=by, account_id=account.pk, ground=ground, since=since, was=was, **facts):
        if current is not None and current.valid_from == since:
            for name, value in facts.items():
                setattr(current, name, value)
            current.save(update_fields=list(facts))
            row = current
        else:
            following = (
                PremisesArea.objects.filter(premises=premises, valid_from__gt=since).order_by("valid_from").first()
            )
            until = current.valid_to if current else following.valid_from if following else None
            if current is not None:
                current.valid_to = since
                current.save(update_fields=["valid_to"])
            row = PremisesArea.objects.create(premises=premises, valid_from=since, valid_to=until, **facts)
        _touch_family(premises, first_month=Month.of(since))
    return row


# --- inside -----------------------------------------------------------------------------------------------------------


def _need_ground(ground: str, what: str) -> None:
    if not ground.strip():
        raise AccountRefused(f"Укажите основание: {what}.", field="ground")


def _open_account_row(account_id: int, on: date) -> PersonalAccount:
    account = PersonalAccount.objects.select_related("premises").get(pk=account_id)
    Premises.objects.select_for_update().get(pk=account.premises_id)
    if account.closed_on is not None and on >= account.closed_on:
        raise AccountRefused(f"Счёт {account.number} закрыт {account.closed_on:%d.%m.%Y}. Выберите действующий счёт.")
    return account


def _touch_family(premises: Premises, *, first_month: Month) -> None:
    """Shares inside a communal flat depend on each other; without accounts yet the house is touched."""
    top = premises.parent_id or premises.pk
    if PersonalAccount.objects.filter(premises_id__in=[premises.pk, top]).exists() or premises.parent_id:
        touch_premises(premises_id=top, house_id=premises.house_id, first_month=first_month)
    else:
        touch(house_id=premises.house_id, first_month=first_month)


@transaction.atomic
def change_delivery(
    *, account_id: int, delivery: int, email: str | None = None, by: User | str | None, ground: str = ""
) -> PersonalAccount:
    """How the payer gets his documents from now on. email: None leaves the address as it is.

    Raises AccountRefused: a document by e-mail needs an address.
    """
    account = PersonalAccount.objects.select_for_update(of=("self",)).get(pk=account_id)
    address = account.email if email is None else email
    if delivery in (Delivery.EMAIL, Delivery.BOTH) and not address:
        raise AccountRefused(
            f"У счёта {account.number} нет адреса почты: укажите его или выберите другой способ.", field="email"
        )
    account.delivery, account.email = delivery, address
    with noted(
        "accounts.account.delivery_changed", by=by, account_id=account_id, ground=ground, delivery=int(delivery)
    ):
        account.save(update_fields=["delivery", "email"])
    return account
