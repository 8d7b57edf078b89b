"""Does heat reach the common areas of a house? КС РФ 16-П asks."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_account_number_sequence"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="housepassport",
            name="before_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="housepassport",
            name="removed_delete",
        ),
        migrations.AddField(
            model_name="housepassport",
            name="common_area_heated",
            field=models.BooleanField(
                db_default=True, default=True, verbose_name="в местах общего пользования есть отопление"
            ),
        ),
        migrations.AddField(
            model_name="housepassportevent",
            name="common_area_heated",
            field=models.BooleanField(
                db_default=True, default=True, verbose_name="в местах общего пользования есть отопление"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="housepassport",
            trigger=pgtrigger.compiler.Trigger(
                name="before_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "accounts_housepassportevent" ("common_area_heated", "common_area_m2", "has_lift", "heated_area_m2", "heating_mode", "house_id", "id", "norm_scope", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "storeys", "tariff_category", "total_area_m2", "valid_from", "valid_to") VALUES (OLD."common_area_heated", OLD."common_area_m2", OLD."has_lift", OLD."heated_area_m2", OLD."heating_mode", OLD."house_id", OLD."id", OLD."norm_scope", _pgh_attach_context(), NOW(), \'before\', OLD."id", OLD."storeys", OLD."tariff_category", OLD."total_area_m2", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="c15a9781ee6c85117190b444a0141355a315e97b",
                    operation="UPDATE",
                    pgid="pgtrigger_before_update_b2617",
                    table="accounts_housepassport",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="housepassport",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "accounts_housepassportevent" ("common_area_heated", "common_area_m2", "has_lift", "heated_area_m2", "heating_mode", "house_id", "id", "norm_scope", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "storeys", "tariff_category", "total_area_m2", "valid_from", "valid_to") VALUES (OLD."common_area_heated", OLD."common_area_m2", OLD."has_lift", OLD."heated_area_m2", OLD."heating_mode", OLD."house_id", OLD."id", OLD."norm_scope", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."storeys", OLD."tariff_category", OLD."total_area_m2", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="bffdb2135fab42af54388ee4c7c5b2d87f5054a1",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_fb57b",
                    table="accounts_housepassport",
                    when="AFTER",
                ),
            ),
        ),
    ]
