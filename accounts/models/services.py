"""The services (услуги) that are billed."""

from django.db import models

from accounts.fields import among
from accounts.kinds import Resource, ServiceKind, Unit


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
