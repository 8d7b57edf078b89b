"""Money taken in cash and money of banks leave by orders of their own; empty: all together, as it was."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_entry_by_account"),
        ("payments", "0028_receipts_printed_together"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="remittance",
            name="remittance_is_ink",
        ),
        migrations.RemoveConstraint(
            model_name="remittance",
            name="remittance_once",
        ),
        migrations.AddField(
            model_name="remittance",
            name="is_cash",
            field=models.BooleanField(blank=True, null=True, verbose_name="принято наличными"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="remittance",
            trigger=pgtrigger.compiler.Trigger(
                name="remittance_is_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."contract_id" IS DISTINCT FROM (NEW."contract_id") OR OLD."day" IS DISTINCT FROM (NEW."day") OR OLD."previous_day" IS DISTINCT FROM (NEW."previous_day") OR OLD."is_cash" IS DISTINCT FROM (NEW."is_cash") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."gross" IS DISTINCT FROM (NEW."gross") OR OLD."returns" IS DISTINCT FROM (NEW."returns") OR OLD."commission" IS DISTINCT FROM (NEW."commission") OR OLD."vat" IS DISTINCT FROM (NEW."vat") OR OLD."carried_in" IS DISTINCT FROM (NEW."carried_in") OR OLD."net" IS DISTINCT FROM (NEW."net") OR OLD."carried_out" IS DISTINCT FROM (NEW."carried_out") OR OLD."arithmetic" IS DISTINCT FROM (NEW."arithmetic") OR OLD."formed_at" IS DISTINCT FROM (NEW."formed_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="9574bb46389978a084377a81594ec3de9eec88f1",
                    operation="UPDATE",
                    pgid="pgtrigger_remittance_is_ink_593b6",
                    table="payments_remittance",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="remittance",
            constraint=models.UniqueConstraint(
                fields=("contract", "day", "is_cash"),
                name="remittance_once",
                nulls_distinct=False,
                violation_error_message="Перечисление по договору за этот день уже сформировано.",
            ),
        ),
    ]
