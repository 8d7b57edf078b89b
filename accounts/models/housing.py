"""Houses, premises, who owns them and who lives there: dated facts."""

from __future__ import annotations

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Upper

from accounts.fields import Dated, QuantityField, Translate, among, no_overlap, not_empty, row_history
from accounts.kinds import HeatingMode, HouseKind, PremisesKind, ResidencyKind, Resource


class House(models.Model):
    """A building. ФИАС id is unique by warning only: several houses may stand on one address."""

    kind = models.SmallIntegerField("вид", choices=HouseKind, default=HouseKind.APARTMENT)
    fias_guid = models.UUIDField("ФИАС/ГАР", null=True, blank=True, db_index=True)
    gis_code = models.CharField("код дома в ГИС ЖКХ", max_length=40, blank=True)
    oktmo = models.CharField("ОКТМО", max_length=11)
    postcode = models.CharField("индекс", max_length=6)
    region = models.CharField("регион", max_length=80)
    town = models.CharField("населённый пункт", max_length=120)
    street = models.CharField("улица", max_length=120)
    number = models.CharField("дом", max_length=20)
    route = models.IntegerField("маршрут доставки", default=0)
    cadastral_number = models.CharField("кадастровый номер", max_length=60, blank=True)
    search_address = models.GeneratedField(
        expression=Translate(Upper(Concat("street", Value(" "), "number")), Value("Ё"), Value("Е")),
        output_field=models.TextField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = "дом"
        verbose_name_plural = "дома"
        indexes = [models.Index(fields=["search_address"], name="house_by_address", opclasses=["text_pattern_ops"])]
        constraints = [
            among("house", "kind", HouseKind),
            models.CheckConstraint(
                name="house_oktmo_shape",
                condition=Q(oktmo__regex=r"^([0-9]{8}|[0-9]{11})$"),
                violation_error_message="ОКТМО: 8 или 11 цифр.",
            ),
            models.CheckConstraint(
                name="house_postcode_shape",
                condition=Q(postcode__regex=r"^[0-9]{6}$"),
                violation_error_message="Индекс: шесть цифр.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.town}, {self.street}, д. {self.number}"


@pghistory.track(*row_history())
class HousePassport(Dated):
    """Dated passport of a house: areas (m²), storeys, heating mode, and what class of norms it falls under."""

    house = models.ForeignKey(House, models.CASCADE, related_name="passports", verbose_name="дом")
    total_area_m2 = QuantityField("площадь всех помещений, м²")
    common_area_m2 = QuantityField("площадь общего имущества, м²", default=0)
    heated_area_m2 = QuantityField("отапливаемая площадь, м²", null=True, blank=True)
    storeys = models.SmallIntegerField("этажей", default=1)
    has_lift = models.BooleanField("есть лифт", default=False)
    heating_mode = models.SmallIntegerField("оплата отопления", choices=HeatingMode, default=HeatingMode.SEASON)
    common_area_heated = models.BooleanField(
        "в местах общего пользования есть отопление", default=True, db_default=True
    )
    norm_scope = models.SmallIntegerField("группа нормативов", default=0)
    tariff_category = models.SmallIntegerField("тарифная категория", default=0)

    class Meta:
        verbose_name = "паспорт дома"
        verbose_name_plural = "паспорта домов"
        constraints = [
            *no_overlap("housepassport", "house", message="На эти дни паспорт дома уже есть. Закройте прежний датой."),
            among("housepassport", "heating_mode", HeatingMode),
            models.CheckConstraint(
                name="housepassport_areas",
                condition=Q(total_area_m2__gt=0, common_area_m2__gte=0),
                violation_error_message="Площадь помещений дома должна быть больше нуля.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.total_area_m2} м² с {self.valid_from:%d.%m.%Y}"


class Premises(models.Model):
    """Flat, room, office, private house. A room of a communal flat has the flat as its parent."""

    house = models.ForeignKey(House, models.PROTECT, related_name="premises", verbose_name="дом")
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="rooms", verbose_name="квартира комнаты"
    )
    kind = models.SmallIntegerField("вид", choices=PremisesKind, default=PremisesKind.FLAT)
    number = models.CharField("номер", max_length=20, blank=True)
    entrance = models.CharField("подъезд", max_length=8, blank=True)
    storey = models.SmallIntegerField("этаж", null=True, blank=True)
    gis_number = models.CharField("номер в ГИС ЖКХ", max_length=40, blank=True)
    cadastral_number = models.CharField("кадастровый номер", max_length=60, blank=True)
    meter_impossible = ArrayField(
        models.SmallIntegerField(choices=Resource), verbose_name="счётчик поставить нельзя", default=list, blank=True,
        help_text="Ресурсы, для которых есть акт об отсутствии технической возможности.",
    )  # fmt: skip

    class Meta:
        verbose_name = "помещение"
        verbose_name_plural = "помещения"
        constraints = [
            among("premises", "kind", PremisesKind),
            models.UniqueConstraint(
                F("house"), F("kind"), F("number"), F("parent"),
                name="premises_once", nulls_distinct=False,
                violation_error_message="Такое помещение в этом доме уже есть.",
            ),
            models.CheckConstraint(
                name="premises_room_has_flat", condition=~Q(kind=2) | Q(parent__isnull=False),
                violation_error_message="У комнаты укажите квартиру.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        short = {1: "кв.", 2: "ком.", 3: "пом.", 5: "м/м", 6: "блок"}.get(self.kind, "")
        return f"{short} {self.number}".strip()


@pghistory.track(*row_history())
class PremisesArea(Dated):
    """Dated areas (m²) and rooms of premises. Balconies and loggias are outside (ст. 15 ч. 5 ЖК РФ)."""

    premises = models.ForeignKey(Premises, models.CASCADE, related_name="areas", verbose_name="помещение")
    total_area_m2 = QuantityField("общая площадь, м²")
    living_area_m2 = QuantityField("жилая площадь, м²", null=True, blank=True)
    heated_area_m2 = QuantityField("отапливаемая площадь, м²", null=True, blank=True)
    rooms = models.SmallIntegerField("комнат", default=1)
    own_heating = models.BooleanField("законное собственное отопление", default=False)

    class Meta:
        verbose_name = "площадь помещения"
        verbose_name_plural = "площади помещений"
        constraints = [
            *no_overlap("premisesarea", "premises", message="На эти дни площадь уже задана. Закройте прежнюю датой."),
            models.CheckConstraint(
                name="premisesarea_positive",
                condition=Q(total_area_m2__gt=0),
                violation_error_message="Площадь должна быть больше нуля.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.total_area_m2} м²"


@pghistory.track(*row_history())
class Ownership(Dated):
    """Who owns premises and in what share. A person or an organisation."""

    premises = models.ForeignKey(Premises, models.CASCADE, related_name="ownerships", verbose_name="помещение")
    person = models.ForeignKey(
        "accounts.Person", models.PROTECT, null=True, blank=True, related_name="ownerships", verbose_name="гражданин"
    )
    organisation = models.ForeignKey(
        "accounts.Organisation",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="ownerships",
        verbose_name="организация",
    )
    share_numerator = models.IntegerField("доля: числитель", default=1)
    share_denominator = models.IntegerField("доля: знаменатель", default=1)

    class Meta:
        verbose_name = "право собственности"
        verbose_name_plural = "права собственности"
        constraints = [
            not_empty("ownership"),
            models.CheckConstraint(
                name="ownership_one_owner",
                condition=Q(person__isnull=True, organisation__isnull=False)
                | Q(person__isnull=False, organisation__isnull=True),
                violation_error_message="Укажите гражданина или организацию, одно из двух.",
            ),
            models.CheckConstraint(
                name="ownership_share",
                condition=Q(share_numerator__gte=1, share_numerator__lte=F("share_denominator")),
                violation_error_message="Доля: числитель от 1 и не больше знаменателя.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.share_numerator}/{self.share_denominator}"


@pghistory.track(*row_history())
class Residency(Dated):
    """Who lives in premises and when; `valid_to` is the first day away. Nameless after an import of counts."""

    premises = models.ForeignKey(Premises, models.CASCADE, related_name="residencies", verbose_name="помещение")
    person = models.ForeignKey(
        "accounts.Person", models.PROTECT, null=True, blank=True, related_name="residencies", verbose_name="гражданин"
    )
    persons = models.SmallIntegerField("человек", default=1)
    kind = models.SmallIntegerField("вид", choices=ResidencyKind, default=ResidencyKind.PERMANENT)
    ground = models.CharField("основание", max_length=160, blank=True)

    class Meta:
        verbose_name = "проживание"
        verbose_name_plural = "проживание"
        constraints = [
            *no_overlap(
                "residency", "premises", "person", condition=Q(person__isnull=False),
                message="Этот гражданин на эти дни здесь уже учтён.",
            ),
            among("residency", "kind", ResidencyKind),
            models.CheckConstraint(
                name="residency_persons",
                condition=Q(persons__gte=1, person__isnull=True) | Q(persons=1),
                violation_error_message="У названного гражданина число всегда 1; безымянных не меньше одного.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.persons} чел. с {self.valid_from:%d.%m.%Y}"


@pghistory.track(*row_history())
class Absence(Dated):
    """Temporary absence of residents (п. 86–97 Правил № 354): from the day of departure to the day of return."""

    premises = models.ForeignKey(Premises, models.CASCADE, related_name="absences", verbose_name="помещение")
    person = models.ForeignKey(
        "accounts.Person", models.PROTECT, null=True, blank=True, related_name="absences", verbose_name="гражданин"
    )
    persons = models.SmallIntegerField("человек", default=1)
    document = models.CharField("документ", max_length=255)
    force_majeure = models.BooleanField("непреодолимая сила: отсутствовали все", default=False, db_default=False)
    applied_on = models.DateField("дата заявления")

    class Meta:
        verbose_name = "временное отсутствие"
        verbose_name_plural = "временное отсутствие"
        constraints = [
            not_empty("absence"),
            models.CheckConstraint(
                name="absence_has_document",
                condition=~Q(document=""),
                violation_error_message="Назовите документ, подтверждающий отсутствие.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.persons} чел. с {self.valid_from:%d.%m.%Y}"
