"""The services (услуги) that are billed."""

from django.db import models

from accounts.fields import among


class ServiceKind(models.IntegerChoices):
    COMMUNAL = 1, "коммунальная"
    HOUSING = 2, "жилищная"
    OTHER = 3, "прочая"


class Unit(models.IntegerChoices):
    M3 = 1, "м³"
    KWH = 2, "кВт·ч"
    GCAL = 3, "Гкал"
    M2 = 4, "м²"
    PERSON = 5, "чел."
    ACCOUNT = 6, "шт."


class Resource(models.IntegerChoices):
    """What a meter measures; the codes of the ГИС ЖКХ list of resources where it has one."""

    NONE = 0, "нет"
    COLD_WATER = 1, "холодная вода"
    HOT_WATER = 2, "горячая вода"
    ELECTRICITY = 3, "электрическая энергия"
    GAS = 4, "газ"
    HEAT = 5, "тепловая энергия"
    WASTEWATER = 8, "сточные бытовые воды"


class Service(models.Model):
    """A housing or utility service. Its number is written into charges: never reused."""

    id = models.SmallIntegerField(primary_key=True, verbose_name="номер")
    code = models.SlugField("код", max_length=40, unique=True)
    name = models.CharField("название", max_length=120)
    short_name = models.CharField("кратко", max_length=40)
    kind = models.SmallIntegerField("вид", choices=ServiceKind)
    unit = models.SmallIntegerField("единица", choices=Unit)
    resource = models.SmallIntegerField("ресурс", choices=Resource, default=Resource.NONE)
    priority = models.SmallIntegerField("очерёдность в документе", default=100)

    class Meta:
        verbose_name = "услуга"
        verbose_name_plural = "услуги"
        constraints = [
            among("service", "kind", ServiceKind),
            among("service", "unit", Unit),
            among("service", "resource", Resource),
        ]

    def __str__(self) -> str:
        return self.name
