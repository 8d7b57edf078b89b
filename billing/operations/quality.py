"""A break in a service or its bad quality, recorded by an act; what it takes off is found by the run."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

import accounts.operations
from accounts.calendar import Month
from accounts.errors import Refusal
from accounts.queries import House, Premises, Service, User
from billing.formulas import quality
from billing.models import Breach, Provision, QualityEvent, QualityRule

SERVICES = {
    1: (Breach.ELECTRICITY_OFF, Breach.ELECTRICITY_OFF_TWO, Breach.ELECTRICITY_QUALITY),
    2: (
        Breach.COLD_WATER_OFF, Breach.COLD_WATER_COMPOSITION, Breach.COLD_WATER_PRESSURE,
        Breach.COLD_WATER_NO_PRESSURE,
    ),
    3: (
        Breach.HOT_WATER_OFF, Breach.HOT_WATER_OFF_DEAD_END, Breach.HOT_WATER_REPAIR, Breach.HOT_WATER_TEMPERATURE,
        Breach.HOT_WATER_BELOW_40, Breach.HOT_WATER_COMPOSITION, Breach.HOT_WATER_PRESSURE,
        Breach.HOT_WATER_NO_PRESSURE,
    ),
    4: (Breach.WASTEWATER_OFF,),
    5: (Breach.HEATING_OFF, Breach.HEATING_OFF_COOL, Breach.HEATING_OFF_COLD, Breach.HEATING_TEMPERATURE),
    6: (Breach.GAS_OFF, Breach.GAS_COMPOSITION, Breach.GAS_PRESSURE),
    7: (Breach.WASTE_LATE, Breach.WASTE_LATE_WARM),
}  # fmt: skip
SERVICE_OF = {breach: service for service, breaches in SERVICES.items() for breach in breaches}
LONGEST = timedelta(days=366)
COLDEST, HOTTEST = -60, 150  # °C
BY_DEGREES = (Breach.HOT_WATER_TEMPERATURE, Breach.HEATING_TEMPERATURE)


class EventRefused(Refusal):
    """The event cannot be recorded."""


@transaction.atomic
def record_quality_event(
    *,
    house_id: int,
    breach: int,
    started_at: datetime,
    ended_at: datetime,
    act: str,
    by: User | None,
    premises_id: int | None = None,
    hours: Decimal | None = None,
    normative_c: Decimal | None = None,
    actual_c: Decimal | None = None,
) -> QualityEvent:
    """Record a break or bad quality of a service in a house, or in one of its premises. Moments are aware.

    Hot water is of the kind that its degrees say. Raises EventRefused where the act does not say what the rule of
    прил. 1 asks for.
    """
    house = House.objects.filter(pk=house_id).first()
    if house is None:
        raise EventRefused("Выберите дом.")
    if breach not in SERVICE_OF:
        raise EventRefused("Выберите нарушение.", field="breach")
    kind = Breach(quality.by_degrees(breach, actual_c))
    service = Service.objects.get(pk=SERVICE_OF[kind])
    if not act.strip():
        raise EventRefused("Назовите акт проверки или журнал аварийной службы.", field="act")
    if ended_at <= started_at:
        raise EventRefused("Окончание должно быть позже начала.", field="ended_at")
    if hours is not None and not (hours.is_finite() and hours > 0):
        raise EventRefused("Часов должно быть больше нуля; оставьте поле пустым, если считать весь промежуток.",
                           field="hours")  # fmt: skip
    lasted = ended_at - started_at
    if lasted > LONGEST:
        raise EventRefused("Промежуток длиннее года: проверьте годы начала и окончания.", field="ended_at")
    if hours is not None and hours * 3600 > Decimal(int(lasted.total_seconds())):
        raise EventRefused("Часов больше, чем в промежутке от начала до окончания. Исправьте часы или время.",
                           field="hours")  # fmt: skip
    if any(degrees is not None and not COLDEST <= degrees <= HOTTEST for degrees in (normative_c, actual_c)):
        raise EventRefused(f"Такой температуры не бывает: укажите от {COLDEST} до {HOTTEST} °C.", field="actual_c")
    if kind in BY_DEGREES and (normative_c is None or actual_c is None):
        raise EventRefused("Укажите, сколько градусов должно быть и сколько было по акту.", field="actual_c")
    if premises_id is not None and not Premises.objects.filter(pk=premises_id, house=house).exists():
        raise EventRefused("Это помещение другого дома.", field="premises_id")
    first = started_at.date()
    if not Provision.objects.during(Month.of(first).span).filter(house=house, service=service).exists():
        raise EventRefused(
            f"Услуга «{service.name}» дому в эти дни не назначена. Проверьте дом и дату.", field="breach"
        )
    if not QualityRule.objects.on(first).filter(breach=kind).exists():
        raise EventRefused(
            f"На {first:%d.%m.%Y} нет нормы качества «{kind.label}»: заведите её в справочнике.", field="breach"
        )
    known = QualityEvent.objects.filter(
        house=house, service=service, breach=kind, started_at__lt=ended_at, ended_at__gt=started_at
    )
    # an act of the house covers its premises, too
    same = next((row for row in known if premises_id is None or row.premises_id in {None, premises_id}), None)
    if same is not None:
        of_what = "по дому" if same.premises_id is None else "по помещению"
        raise EventRefused(
            f"Это время уже покрыто актом «{same.act}» {of_what}: второй раз оно не снимается."
            " Укажите другое время или сначала удалите тот акт.", field="started_at",
        )  # fmt: skip
    with accounts.operations.noted(
        "billing.quality.recorded", by=by, ground=act, house=house.pk, premises=premises_id, service=service.pk,
        breach=int(kind), started_at=started_at, ended_at=ended_at,
    ):  # fmt: skip
        row = QualityEvent.objects.create(
            house=house, premises_id=premises_id, service=service, breach=kind, started_at=started_at,
            ended_at=ended_at, hours=hours, normative_c=normative_c, actual_c=actual_c, act=act.strip()[:255],
        )  # fmt: skip
        accounts.operations.touch(house_id=house.pk, first_month=Month.of(first))
    return row
