"""Hot water of 60–75 °C: hotter costs the provider as colder does (прил. 1, п. 5)."""

from django.db import migrations

HOT_WATER_TEMPERATURE = 8


def fill(apps, schema_editor):
    rule = apps.get_model("billing", "QualityRule")
    rule.objects.filter(breach=HOT_WATER_TEMPERATURE, highest_c=None).update(highest_c=75)


class Migration(migrations.Migration):
    dependencies = [("billing", "0016_hot_water_too_hot")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
