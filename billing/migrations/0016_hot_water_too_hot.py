"""The upper end of a norm of degrees: hot water may be no hotter than 75 °C (charges.md 14, row 5)."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0015_ink_looks_once"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="qualityrule",
            name="before_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="qualityrule",
            name="removed_delete",
        ),
        migrations.AddField(
            model_name="qualityrule",
            name="highest_c",
            field=models.SmallIntegerField(
                blank=True,
                help_text="Где норма — промежуток (горячая вода 60–75 °C): выше неё действует тот же допуск, что и вниз.",
                null=True,
                verbose_name="верхняя граница, °C",
            ),
        ),
        migrations.AddField(
            model_name="qualityruleevent",
            name="highest_c",
            field=models.SmallIntegerField(
                blank=True,
                help_text="Где норма — промежуток (горячая вода 60–75 °C): выше неё действует тот же допуск, что и вниз.",
                null=True,
                verbose_name="верхняя граница, °C",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="qualityrule",
            trigger=pgtrigger.compiler.Trigger(
                name="before_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "billing_qualityruleevent" ("act", "allowed_at_once", "allowed_hours", "breach", "cold_price", "highest_c", "id", "not_supplied", "per_hours", "percent", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "step_c", "tolerance_above_c", "tolerance_day_c", "tolerance_night_c", "valid_from", "valid_to", "whole_days") VALUES (OLD."act", OLD."allowed_at_once", OLD."allowed_hours", OLD."breach", OLD."cold_price", OLD."highest_c", OLD."id", OLD."not_supplied", OLD."per_hours", OLD."percent", _pgh_attach_context(), NOW(), \'before\', OLD."id", OLD."step_c", OLD."tolerance_above_c", OLD."tolerance_day_c", OLD."tolerance_night_c", OLD."valid_from", OLD."valid_to", OLD."whole_days"); RETURN NULL;',
                    hash="d6e8797b0cfc7c6e0a02f9bd1d9f5c56c2cce1cf",
                    operation="UPDATE",
                    pgid="pgtrigger_before_update_74d7c",
                    table="billing_qualityrule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="qualityrule",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "billing_qualityruleevent" ("act", "allowed_at_once", "allowed_hours", "breach", "cold_price", "highest_c", "id", "not_supplied", "per_hours", "percent", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "step_c", "tolerance_above_c", "tolerance_day_c", "tolerance_night_c", "valid_from", "valid_to", "whole_days") VALUES (OLD."act", OLD."allowed_at_once", OLD."allowed_hours", OLD."breach", OLD."cold_price", OLD."highest_c", OLD."id", OLD."not_supplied", OLD."per_hours", OLD."percent", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."step_c", OLD."tolerance_above_c", OLD."tolerance_day_c", OLD."tolerance_night_c", OLD."valid_from", OLD."valid_to", OLD."whole_days"); RETURN NULL;',
                    hash="960e9b463ccdd47c0d4743e1aa78f04c72e29a86",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_846fe",
                    table="billing_qualityrule",
                    when="AFTER",
                ),
            ),
        ),
    ]
