import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    """Cash and a card that paid one bill are one document of the cash register."""

    dependencies = [
        ("payments", "0027_card_and_cash"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="fiscalreceipt",
            name="fiscal_receipt_is_ink",
        ),
        migrations.AddField(
            model_name="fiscalreceipt",
            name="printed_with",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="joined",
                to="payments.fiscalreceipt",
                verbose_name="пробит в чеке",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="fiscalreceipt",
            trigger=pgtrigger.compiler.Trigger(
                name="fiscal_receipt_is_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."payment_id" IS DISTINCT FROM (NEW."payment_id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."original_id" IS DISTINCT FROM (NEW."original_id") OR OLD."month" IS DISTINCT FROM (NEW."month") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."printed_with_id" IS DISTINCT FROM (NEW."printed_with_id") OR OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."made_at" IS DISTINCT FROM (NEW."made_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="836779eed51a247434931f476448a2b4863e5f72",
                    operation="UPDATE",
                    pgid="pgtrigger_fiscal_receipt_is_ink_b1363",
                    table="payments_fiscalreceipt",
                    when="BEFORE",
                ),
            ),
        ),
    ]
