"""The channels every installation begins with; others are added by the accountant."""

from django.db import migrations

# code, name, kind (1 cash desk, 2 on line, 3 bank, 4 post, 5 principal's own, 6 social protection, 7 bailiffs), cash
CHANNELS = [
    ("cash", "Касса, наличные", 1, True),
    ("card", "Касса, банковская карта", 1, False),
    ("online", "Интернет-оплата", 2, False),
    ("bank", "Банк", 3, False),
    ("post", "Почта России", 4, False),
    ("principal", "Собственный приём принципала", 5, False),
    ("social", "Соцзащита", 6, False),
    ("fssp", "Служба судебных приставов", 7, False),
]


def fill(apps, schema_editor):
    channel = apps.get_model("payments", "Channel")
    channel.objects.bulk_create(
        [channel(code=code, name=name, kind=kind, is_cash=is_cash) for code, name, kind, is_cash in CHANNELS],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("payments", "0003_held_money_and_closed_months")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
