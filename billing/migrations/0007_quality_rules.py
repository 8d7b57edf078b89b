"""The table of прил. 1 к Правилам № 354 that every installation begins with (charges.md 14)."""

from datetime import date
from decimal import Decimal

from django.db import migrations

SINCE = date(2011, 9, 1)
ACT = "ПП РФ № 354, прил. 1"
OFF = {"not_supplied": True}
DAY = {"whole_days": True, "percent": 0}
ROWS = [
    # breach, percent, allowed hours a month, at once, more
    (1, "0.15", 8, 4, OFF),
    (2, "0", 0, None, DAY),
    (3, "0.1", 0, None, {}),
    (4, "0", 0, None, DAY),
    (5, "0.15", 8, 4, OFF),
    (6, "0.15", 24, 24, OFF),
    (7, "0.15", 336, None, OFF),  # 14 days: inside them the volume alone comes off
    (8, "0.1", 0, None, {"step_c": 3, "tolerance_day_c": 3, "tolerance_night_c": 5}),
    (9, "0", 0, None, {"cold_price": True}),
    (10, "0", 0, None, DAY),
    (11, "0.1", 0, None, {}),
    (12, "0", 0, None, DAY),
    (13, "0.15", 8, 4, OFF),
    (14, "0.15", 24, None, OFF),
    (15, "0.15", 2, None, OFF),
    (16, "0.15", 0, None, {}),
    (17, "0.15", 4, None, OFF),
    (18, "0", 0, None, DAY),
    (19, "0.1", 0, None, {}),
    (20, "0.15", 24, 16, {}),
    (21, "0.15", 24, 8, {}),
    (22, "0.15", 24, 4, {}),
    (23, "0.15", 0, None, {"step_c": 1, "tolerance_night_c": 3, "tolerance_above_c": 4}),
    (24, "3.3", 72, 48, {"per_hours": 24}),
    (25, "3.3", 72, 24, {"per_hours": 24}),
]


def fill(apps, schema_editor):
    rule = apps.get_model("billing", "QualityRule")
    rule.objects.bulk_create(
        rule(
            **{
                "breach": breach, "percent": Decimal(percent), "allowed_hours": hours, "allowed_at_once": at_once,
                "valid_from": SINCE, "act": ACT, **more,
            }
        )
        for breach, percent, hours, at_once, more in ROWS
    )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("billing", "0006_problems_quality_benefits")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
