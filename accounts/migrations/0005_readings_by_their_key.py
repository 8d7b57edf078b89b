import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_common_area_heated")]

    operations = [
        migrations.AlterField(
            model_name="reading",
            name="meter",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="readings",
                to="accounts.meter",
                verbose_name="прибор",
            ),
        ),
    ]
