"""From which month on a pair's debts may still change: the months before it are one sum, nobody reads them again."""

from django.db import migrations, models

COLUMNS = """
ALTER TABLE debt_accrual
    ADD COLUMN open_from date NOT NULL DEFAULT '1900-01-01',
    ADD COLUMN settled_kopecks bigint NOT NULL DEFAULT 0,
    ADD COLUMN known_until date NOT NULL DEFAULT '1900-01-01',
    ADD COLUMN known_kopecks bigint NOT NULL DEFAULT 0,
    ADD COLUMN law bigint NOT NULL DEFAULT 0;
"""
DROP = """
ALTER TABLE debt_accrual DROP COLUMN open_from, DROP COLUMN settled_kopecks, DROP COLUMN known_until,
    DROP COLUMN known_kopecks, DROP COLUMN law;
"""


class Migration(migrations.Migration):
    dependencies = [("debt", "0003_accruals")]
    operations = [
        migrations.RunSQL(
            COLUMNS,
            DROP,
            state_operations=[
                migrations.AddField("accrual", "open_from", models.DateField()),
                migrations.AddField("accrual", "settled_kopecks", models.BigIntegerField()),
                migrations.AddField("accrual", "known_until", models.DateField()),
                migrations.AddField("accrual", "known_kopecks", models.BigIntegerField()),
                migrations.AddField("accrual", "law", models.BigIntegerField()),
            ],
        )
    ]
