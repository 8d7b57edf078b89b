"""Every return has its receipt, and the link is ink."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0025_receipts_of_returns")]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="fiscalreceipt",
            name="fiscal_receipt_is_ink",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="fiscalreceipt",
            trigger=pgtrigger.compiler.Trigger(
                name="fiscal_receipt_is_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."payment_id" IS DISTINCT FROM (NEW."payment_id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."original_id" IS DISTINCT FROM (NEW."original_id") OR OLD."month" IS DISTINCT FROM (NEW."month") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."made_at" IS DISTINCT FROM (NEW."made_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="91d8f4e1afdf86f60141e1f1482e7504bc979c0b",
                    operation="UPDATE",
                    pgid="pgtrigger_fiscal_receipt_is_ink_b1363",
                    table="payments_fiscalreceipt",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="fiscalreceipt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ["sell_refund", "offset_back"]), ("original__isnull", False)),
                    models.Q(models.Q(("kind__in", ["sell_refund", "offset_back"]), _negated=True), ("original", None)),
                    _connector="OR",
                ),
                name="fiscalreceipt_return_has_original",
                violation_error_message="Чек, по которому возвращают, указывают у чека возврата, и только у него.",
            ),
        ),
    ]
