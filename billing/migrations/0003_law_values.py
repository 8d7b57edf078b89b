"""Values set by law that every installation begins with (charges.md 2.3 and 1.2, penalties.md 3)."""

from datetime import date
from decimal import Decimal

from django.db import migrations

VALUES = [
    # code, value, from, to, act
    ("uplift.cold_water", "1.5", date(2017, 1, 1), date(2025, 12, 6), "ПП РФ № 603; Правила № 354"),
    ("uplift.cold_water", "3", date(2025, 12, 6), None, "ПП РФ от 25.11.2025 № 1871"),
    ("uplift.hot_water", "1.5", date(2017, 1, 1), None, "ПП РФ № 603; Правила № 354"),
    # electricity: only after two recorded refusals of access, so not by itself
    ("vat", "20", date(2019, 1, 1), date(2026, 1, 1), "НК РФ, ст. 164"),
    ("vat", "22", date(2026, 1, 1), None, "Закон № 425-ФЗ"),
    # by the month billed: a bill for 2026-02 is due on the 15th
    ("due_day", "10", date(2005, 3, 1), date(2026, 2, 1), "ст. 155 ЖК РФ"),
    ("due_day", "15", date(2026, 2, 1), None, "Закон от 24.06.2025 № 177-ФЗ"),
]


def fill(apps, schema_editor):
    value = apps.get_model("billing", "LawValue")
    value.objects.bulk_create(
        value(code=code, value=Decimal(number), valid_from=since, valid_to=until, act=act)
        for code, number, since, until, act in VALUES
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_charge")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
