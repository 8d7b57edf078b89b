"""A return of 54-ФЗ names the receipt it answers: money gives itself back in parts, under other payments."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0023_held_registers")]

    operations = [
        migrations.AddField(
            model_name="fiscalreceipt",
            name="original",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="returns",
                to="payments.fiscalreceipt",
                verbose_name="возврат по чеку",
            ),
        ),
    ]
