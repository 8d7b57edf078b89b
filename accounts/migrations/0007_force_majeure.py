"""An absence of everybody by force majeure counts even where a meter could be (п. 86)."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_never_emptied"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="absence",
            name="before_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="absence",
            name="removed_delete",
        ),
        migrations.AddField(
            model_name="absence",
            name="force_majeure",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="непреодолимая сила: отсутствовали все"
            ),
        ),
        migrations.AddField(
            model_name="absenceevent",
            name="force_majeure",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="непреодолимая сила: отсутствовали все"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="absence",
            trigger=pgtrigger.compiler.Trigger(
                name="before_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "accounts_absenceevent" ("applied_on", "document", "force_majeure", "id", "person_id", "persons", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "premises_id", "valid_from", "valid_to") VALUES (OLD."applied_on", OLD."document", OLD."force_majeure", OLD."id", OLD."person_id", OLD."persons", _pgh_attach_context(), NOW(), \'before\', OLD."id", OLD."premises_id", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="e7f118327df440bf39c390b96e95533e2c895ae5",
                    operation="UPDATE",
                    pgid="pgtrigger_before_update_16595",
                    table="accounts_absence",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="absence",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "accounts_absenceevent" ("applied_on", "document", "force_majeure", "id", "person_id", "persons", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "premises_id", "valid_from", "valid_to") VALUES (OLD."applied_on", OLD."document", OLD."force_majeure", OLD."id", OLD."person_id", OLD."persons", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."premises_id", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="518d2bfc099ef5a2877fcb3e8f89a805a072536c",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_9ad05",
                    table="accounts_absence",
                    when="AFTER",
                ),
            ),
        ),
    ]
