"""A first account: premises that had none, with who owns them, who lives there and what their meters show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction

from accounts import queries
from accounts.models import (
    Delivery,
    House,
    PersonalAccount,
    Premises,
    PremisesArea,
    PremisesKind,
    User,
)
from accounts.operations.journal import noted
from accounts.operations.meters import NewMeter, install_meter
from accounts.operations.registry import (
    AccountRefused,
    Owner,
    _need_ground,
    open_account,
    register_ownership,
    settle_resident,
)

MOST_METERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstMeter:
    """A meter that stands in the premises: what it counts, its values on the day of the act."""

    resource: int
    meter: NewMeter
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Premises and what is told of them. Areas in m². flat: number of the flat that a room is in.

    person_ids, organisation_id: who pays, one or the other; several persons own in equal shares, the first of them
    pays. residents: nameless, from the first day of the account.
    """

    house_id: int
    number: str
    opened_on: date
    ground: str
    kind: int = PremisesKind.FLAT
    flat: str = ""
    total_area_m2: Decimal | None = None
    living_area_m2: Decimal | None = None
    heated_area_m2: Decimal | None = None
    rooms: int | None = None
    entrance: str = ""
    storey: int | None = None
    person_ids: Sequence[int] = ()
    organisation_id: int | None = None
    is_tenant: bool = False
    residents: int = 0
    delivery: int = Delivery.PAPER
    meters: Sequence[FirstMeter] = field(default_factory=tuple)


@transaction.atomic
def open_home(home: Home, *, by: User | str | None, today: date) -> PersonalAccount:
    """Open the first account of premises, which are entered if the house does not have them yet; all of it or nothing.

    A tenant is registered as no owner. Services come from the provisions of the house. Raises AccountRefused,
    MeterRefused.
    """
    _need_ground(home.ground, "по какому документу открывается счёт")
    if not home.number.strip() and home.kind != PremisesKind.HOUSE:
        raise AccountRefused("Укажите номер помещения.", field="number")
    if bool(home.person_ids) == (home.organisation_id is not None):
        raise AccountRefused("Укажите плательщика: гражданина или организацию, одно из двух.", field="payer")
    if not 0 <= home.residents <= 99:
        raise AccountRefused("Число проживающих: от 0 до 99.", field="residents")
    if len(home.meters) > MOST_METERS:
        raise AccountRefused(f"Счётчиков сразу — не больше {MOST_METERS}; остальные введите в карточке счёта.")
    house = House.objects.select_for_update().filter(pk=home.house_id).first()
    if house is None:
        raise AccountRefused("Выберите дом: наберите улицу и номер и отметьте найденный.", field="house")
    premises = _premises(home, house, by=by)
    _area(home, premises)
    account = open_account(
        premises_id=premises.pk, opened_on=home.opened_on, by=by,
        payer_person_id=home.person_ids[0] if home.person_ids else None,
        payer_organisation_id=home.organisation_id, is_tenant=home.is_tenant, delivery=home.delivery,
        ground=home.ground,
    )  # fmt: skip
    if not home.is_tenant:
        owners = [Owner(person_id=pk, denominator=len(home.person_ids)) for pk in home.person_ids]
        owners = owners or [Owner(organisation_id=home.organisation_id)]
        register_ownership(account_id=account.pk, since=home.opened_on, owners=owners, by=by, ground=home.ground)
    if home.residents:
        settle_resident(
            account_id=account.pk, since=home.opened_on, by=by, persons=home.residents, ground=home.ground
        )  # fmt: skip
    for first in home.meters:
        install_meter(
            account_id=account.pk, resource=first.resource, meter=first.meter, on=first.on, by=by, today=today,
            ground=home.ground,
        )  # fmt: skip
    return account


def _premises(home: Home, house: House, *, by: User | str | None) -> Premises:
    """The premises under the number in the house, or new ones."""
    number, parent = home.number.strip(), None
    if home.kind == PremisesKind.ROOM:
        parent = Premises.objects.filter(house=house, kind=PremisesKind.FLAT, number__iexact=home.flat.strip()).first()
        if parent is None:
            raise AccountRefused(
                f"Квартиры № {home.flat.strip() or '?'} в доме нет. Укажите номер квартиры, в которой комната.",
                field="flat",
            )
    elif home.flat.strip():
        raise AccountRefused("Номер квартиры указывают только для комнаты. Уберите его или смените вид.", field="flat")
    found = Premises.objects.filter(house=house, kind=home.kind, number__iexact=number, parent=parent).first()
    if found is not None:
        return found
    if home.total_area_m2 is None:
        raise AccountRefused(f"Такого помещения в доме ещё нет ({house}). Укажите его площадь.", field="total_area_m2")
    with noted(
        "accounts.premises.added", by=by, ground=home.ground, house=house.pk, kind=home.kind, number=number,
        parent=parent and parent.pk,
    ):  # fmt: skip
        try:
            with transaction.atomic():
                return Premises.objects.create(
                    house=house, kind=home.kind, number=number, parent=parent, entrance=home.entrance.strip(),
                    storey=home.storey,
                )  # fmt: skip
        except IntegrityError:
            raise AccountRefused("Такое помещение только что завели. Обновите страницу.", field="number") from None


def _area(home: Home, premises: Premises) -> None:
    """The area from the first day of the account; one that stands already is left alone, and may not differ."""
    if home.total_area_m2 is None:
        return  # open_account says where none stands
    for name in ("total_area_m2", "living_area_m2", "heated_area_m2"):
        area = getattr(home, name)
        if area is not None and not (area.is_finite() and 0 < area < 1_000_000):
            raise AccountRefused("Площадь должна быть больше нуля и меньше 1 000 000 м².", field=name)
    if home.living_area_m2 is not None and home.living_area_m2 > home.total_area_m2:
        raise AccountRefused("Жилая площадь больше общей. Проверьте обе.", field="living_area_m2")
    stands = PremisesArea.objects.on(home.opened_on).filter(premises=premises).first()
    if stands is not None:
        if stands.total_area_m2 != home.total_area_m2:
            raise AccountRefused(
                f"Площадь помещения уже записана: {queries.decimal_text(stands.total_area_m2)} м². Оставьте поле "
                "пустым, а изменение внесите в карточке счёта по документу.",
                field="total_area_m2",
            )
        return
    later = PremisesArea.objects.filter(premises=premises, valid_from__gt=home.opened_on).order_by("valid_from").first()
    PremisesArea.objects.create(
        premises=premises, valid_from=home.opened_on, valid_to=later.valid_from if later else None,
        total_area_m2=home.total_area_m2, living_area_m2=home.living_area_m2, heated_area_m2=home.heated_area_m2,
        rooms=1 if home.rooms is None else home.rooms,
    )  # fmt: skip
