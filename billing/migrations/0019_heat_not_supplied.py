"""A break of heating takes its volume off where heat goes by the norm or the average (п. 98; charges.md 14 A)."""

from django.db import migrations

HEATING_OFF = (20, 21, 22)


def fill(apps, schema_editor):
    rule = apps.get_model("billing", "QualityRule")
    rule.objects.filter(breach__in=HEATING_OFF).update(not_supplied=True)


class Migration(migrations.Migration):
    dependencies = [("billing", "0018_words_of_constraints")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
