"""The multiplier of the second half of 2016 (charges.md 2.3): before it the regional norms held theirs."""

from datetime import date
from decimal import Decimal

from django.db import migrations

CODES = ("uplift.cold_water", "uplift.hot_water")


def fill(apps, schema_editor):
    value = apps.get_model("billing", "LawValue")
    since, until = date(2016, 7, 1), date(2017, 1, 1)
    for code in CODES:
        # an office may have entered the old months by hand
        if not value.objects.filter(code=code, valid_from__lt=until).exists():
            act = "ПП РФ № 603; Правила № 354"
            value.objects.create(code=code, value=Decimal("1.4"), valid_from=since, valid_to=until, act=act)


class Migration(migrations.Migration):
    dependencies = [("billing", "0013_reference_stays")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
