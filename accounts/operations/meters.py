"""Meters: installed, replaced with both readings at once, verified, taken off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction

from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.models import (
    Meter,
    MeterKind,
    PersonalAccount,
    Premises,
    PremisesKind,
    Reading,
    ReadingSource,
    Resource,
    User,
)
from accounts.operations.journal import noted
from accounts.operations.readings import _check_zones, _meter_of, choose_counting, submit_reading, touch_meter


class MeterRefused(Refusal):
    """The meter cannot be installed, replaced, verified or removed so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMeter:
    """A meter to be installed. initial: zone → dial units by the commissioning act."""

    serial: str
    initial: Mapping[int, Decimal]
    model: str = ""
    place: str = ""
    zones: int = 1
    digits: int = 5
    decimals: int = 3
    ratio: Decimal = Decimal(1)
    verified_on: date | None = None
    verified_until: date | None = None
    is_remote: bool = False


@transaction.atomic
def install_meter(
    *,
    account_id: int,
    resource: int,
    meter: NewMeter,
    on: date,
    by: User | str | None,
    today: date,
    ground: str,
    kind: int | None = None,
) -> Meter:
    """Commission a meter in the account's premises by an act of the day `on`, its initial reading with it.

    kind: by default a flat's own, in a room the room's. Charged by from the 1st of the next month (п. 81 Правил № 354).
    """
    account = PersonalAccount.objects.select_related("premises").get(pk=account_id)
    premises = Premises.objects.select_for_update().get(pk=account.premises_id)
    if kind is None:
        kind = MeterKind.ROOM if premises.kind == PremisesKind.ROOM else MeterKind.INDIVIDUAL
    _check_act(account, meter, on=on, today=today, ground=ground)
    row = _row(meter, kind=kind, resource=resource, premises=premises, place=meter.place, on=on)
    with noted(
        "accounts.meter.installed", by=by, account_id=account.pk, ground=ground, serial=meter.serial,
        resource=resource, on=on, initial=dict(meter.initial),
    ):  # fmt: skip
        row.save(force_insert=True)
        _act_reading(row, meter.initial, on=on, by=by)
        touch_meter(row, first_month=Month.of(on))
    return row


@transaction.atomic
def replace_meter(
    *,
    account_id: int,
    meter_id: int,
    final: Mapping[int, Decimal],
    meter: NewMeter,
    on: date,
    by: User | str | None,
    today: date,
    ground: str,
    commissioned_on: date | None = None,
    confirmed: bool = False,
) -> Meter:
    """Take one meter off and put another in its place by one act: closing and opening readings together.

    on: day of removal; commissioned_on: day of commissioning, the same by default. The days between are charged by
    the average (п. 59 Правил № 354). Raises MeterRefused, ReadingRefused, ReadingDoubtful of the closing reading.
    """
    account = PersonalAccount.objects.select_related("premises").get(pk=account_id)
    old = _meter_of(account, meter_id)
    started = commissioned_on or on
    if old.removed_on is not None:
        raise MeterRefused(f"Счётчик № {old.serial} уже снят {old.removed_on:%d.%m.%Y}. Обновите страницу.")
    if started < on:
        raise MeterRefused(
            "Новый счётчик нельзя ввести раньше, чем снят старый. Проверьте даты.", field="commissioned_on"
        )
    _check_act(account, meter, on=started, today=today, ground=ground)
    row = _row(
        meter, kind=old.kind, resource=old.resource, premises=old.premises, place=meter.place or old.place, on=started
    )
    _check_zones(row, meter.initial)
    # Read first, with all the checks of a reading; then the dial is sealed for ever.
    submit_reading(
        account_id=account_id, meter_id=meter_id, values=final, on=on, by=by, today=today, source=ReadingSource.ACT,
        confirmed=confirmed,
    )  # fmt: skip
    with noted(
        "accounts.meter.replaced", by=by, account_id=account.pk, ground=ground, old=old.pk, old_serial=old.serial,
        serial=meter.serial, on=on, commissioned_on=started, final=dict(final), initial=dict(meter.initial),
    ):  # fmt: skip
        old.removed_on = on
        old.save(update_fields=["removed_on"])
        row.replaces = old
        row.save(force_insert=True)
        _act_reading(row, meter.initial, on=started, by=by)
        touch_meter(row, first_month=Month.of(on))
    return row


@transaction.atomic
def remove_meter(
    *,
    account_id: int,
    meter_id: int,
    final: Mapping[int, Decimal],
    on: date,
    by: User | str | None,
    today: date,
    ground: str,
    confirmed: bool = False,
) -> Meter:
    """Take a meter off for good (or until another comes), with its closing reading."""
    account = PersonalAccount.objects.select_related("premises").get(pk=account_id)
    old = _meter_of(account, meter_id)
    if old.removed_on is not None:
        raise MeterRefused(f"Счётчик № {old.serial} уже снят {old.removed_on:%d.%m.%Y}. Обновите страницу.")
    _need_ground(ground)
    submit_reading(
        account_id=account_id, meter_id=meter_id, values=final, on=on, by=by, today=today, source=ReadingSource.ACT,
        confirmed=confirmed,
    )  # fmt: skip
    old.removed_on = on
    with noted(
        "accounts.meter.removed", by=by, account_id=account.pk, ground=ground, meter=old.pk, serial=old.serial, on=on,
        final=dict(final),
    ):  # fmt: skip
        old.save(update_fields=["removed_on"])
        touch_meter(old, first_month=Month.of(on))
    return old


@transaction.atomic
def verify_meter(
    *,
    account_id: int,
    meter_id: int,
    verified_on: date,
    verified_until: date,
    by: User | str | None,
    today: date,
    ground: str,
) -> Meter:
    """Record a verification (поверка) by its certificate: valid to `verified_until`, that day included."""
    account = PersonalAccount.objects.select_related("premises").get(pk=account_id)
    meter = _meter_of(account, meter_id)
    if meter.removed_on is not None:
        raise MeterRefused(f"Счётчик № {meter.serial} снят {meter.removed_on:%d.%m.%Y}, поверять его незачем.")
    _need_ground(ground)
    if verified_on > today:
        raise MeterRefused(f"Дата поверки {verified_on:%d.%m.%Y} ещё не наступила.", field="verified_on")
    if verified_until <= verified_on:
        raise MeterRefused(
            "Поверка должна действовать дольше одного дня. Проверьте обе даты по свидетельству.", field="verified_until"
        )
    if meter.verified_on is not None and verified_on < meter.verified_on:
        raise MeterRefused(
            f"Уже записана более поздняя поверка: {meter.verified_on:%d.%m.%Y}. Проверьте дату.", field="verified_on"
        )
    was = meter.verified_until
    meter.verified_on, meter.verified_until = verified_on, verified_until
    # A gap between the old term and the new certificate was charged otherwise: draft it anew from where it began.
    first = Month.of(min(verified_on, was) if was else verified_on)
    with noted(
        "accounts.meter.verified", by=by, account_id=account.pk, ground=ground, meter=meter.pk, serial=meter.serial,
        verified_on=verified_on, verified_until=verified_until, was=was,
    ):  # fmt: skip
        meter.save(update_fields=["verified_on", "verified_until"])
        touch_meter(meter, first_month=first)
    return meter


# --- inside -----------------------------------------------------------------------------------------------------------


def _need_ground(ground: str) -> None:
    if not ground.strip():
        raise MeterRefused("Укажите основание: номер и дату акта или свидетельства.", field="ground")


def _check_act(account: PersonalAccount, meter: NewMeter, *, on: date, today: date, ground: str) -> None:
    _need_ground(ground)
    if account.closed_on is not None and on >= account.closed_on:
        raise MeterRefused(f"Счёт {account.number} закрыт {account.closed_on:%d.%m.%Y}. Выберите действующий счёт.")
    if on > today:
        raise MeterRefused(f"Дата акта {on:%d.%m.%Y} ещё не наступила.", field="on")
    if not meter.serial.strip():
        raise MeterRefused("Укажите заводской номер нового счётчика.", field="serial")
    if not (1 <= meter.zones <= 3 and 1 <= meter.digits <= 12 and 0 <= meter.decimals <= 6 and meter.ratio > 0):
        raise MeterRefused("Тарифов 1–3, знаков до запятой 1–12, после запятой 0–6, коэффициент больше нуля.")
    if meter.verified_on and meter.verified_until and meter.verified_until <= meter.verified_on:
        raise MeterRefused("Срок поверки должен быть позже её даты.", field="verified_until")
    for zone, value in meter.initial.items():
        if value < 0 or value >= Decimal(10) ** meter.digits:
            raise MeterRefused(
                f"Начальное показание {value} на {meter.digits} знаках невозможно. Проверьте его.", field=f"zone_{zone}"
            )


def _row(meter: NewMeter, *, kind: int, resource: int, premises: Premises | None, place: str, on: date) -> Meter:
    if premises is None:
        raise MeterRefused("Общедомовой прибор меняют в карточке дома.")
    if meter.zones > 1 and resource != Resource.ELECTRICITY:
        raise MeterRefused("Несколько тарифов бывает только у счётчика электричества.", field="zones")
    same = Meter.objects.filter(premises=premises, serial=meter.serial.strip(), resource=resource, removed_on=None)
    if same.exists():
        raise MeterRefused(f"Счётчик № {meter.serial} здесь уже стоит. Проверьте номер.", field="serial")
    row = Meter(
        kind=kind, resource=resource, house_id=premises.house_id, premises=premises, serial=meter.serial.strip(),
        model=meter.model, place=place, zones=meter.zones, digits=meter.digits, decimals=meter.decimals,
        ratio=meter.ratio, installed_on=on, commissioned_on=on, verified_on=meter.verified_on,
        verified_until=meter.verified_until, is_remote=meter.is_remote,
    )  # fmt: skip
    _check_zones(row, meter.initial)
    return row


def _act_reading(meter: Meter, values: Mapping[int, Decimal], *, on: date, by: User | str | None) -> None:
    Reading.objects.bulk_create(
        Reading(
            meter=meter, zone=zone, day=on, source=ReadingSource.ACT, month=Month.of(on).first, value=value,
            counts=False, author=by if isinstance(by, User) else None,
        )
        for zone, value in values.items()
    )  # fmt: skip
    choose_counting(meter_id=meter.pk, month=Month.of(on))
