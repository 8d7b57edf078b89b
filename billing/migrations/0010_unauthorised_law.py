"""What an act of unauthorised use is multiplied by and how far back it reaches (charges.md 17)."""

from datetime import date
from decimal import Decimal

from django.db import migrations

VALUES = [
    ("unauthorised.multiplier", "10", "Правила № 354, п. 62, 81(11)"),
    ("unauthorised.months", "3", "Правила № 354, п. 62, 81(11)"),
]


def fill(apps, schema_editor):
    value = apps.get_model("billing", "LawValue")
    value.objects.bulk_create(
        value(code=code, value=Decimal(number), valid_from=date(2017, 1, 1), act=act) for code, number, act in VALUES
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0009_draft_digests")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
