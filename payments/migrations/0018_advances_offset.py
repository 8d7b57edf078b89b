"""Receipts of advances that were offset, one a payment and month; words of the constraints of two young models."""

import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import accounts.fields


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0017_refund_orders"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="fiscalreceipt",
            name="fiscal_receipt_is_ink",
        ),
        migrations.RemoveConstraint(
            model_name="fiscalreceipt",
            name="fiscalreceipt_once",
        ),
        migrations.RemoveConstraint(
            model_name="fiscalreceipt",
            name="fiscalreceipt_kind_known",
        ),
        migrations.AddField(
            model_name="fiscalreceipt",
            name="month",
            field=accounts.fields.MonthField(blank=True, null=True, verbose_name="месяц зачёта"),
        ),
        migrations.AlterField(
            model_name="fiscalreceipt",
            name="kind",
            field=models.CharField(
                choices=[("sell", "приход"), ("sell_refund", "возврат прихода"), ("offset", "зачёт аванса")],
                max_length=12,
                verbose_name="признак расчёта",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="fiscalreceipt",
            trigger=pgtrigger.compiler.Trigger(
                name="fiscal_receipt_is_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."payment_id" IS DISTINCT FROM (NEW."payment_id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."month" IS DISTINCT FROM (NEW."month") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."made_at" IS DISTINCT FROM (NEW."made_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="ecd9530a79ffa05d2392321efaeecfeaaa9073bf",
                    operation="UPDATE",
                    pgid="pgtrigger_fiscal_receipt_is_ink_b1363",
                    table="payments_fiscalreceipt",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="fiscalreceipt",
            constraint=models.UniqueConstraint(
                fields=("payment", "kind", "month"),
                name="fiscalreceipt_once",
                nulls_distinct=False,
                violation_error_message="Чек этого платежа уже есть.",
            ),
        ),
        migrations.AddConstraint(
            model_name="fiscalreceipt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "offset"), ("month__day", 1)),
                    models.Q(models.Q(("kind", "offset"), _negated=True), ("month", None)),
                    _connector="OR",
                ),
                name="fiscalreceipt_offset_has_month",
                violation_error_message="Месяц указывают у зачёта аванса, и только у него.",
            ),
        ),
        migrations.AddConstraint(
            model_name="fiscalreceipt",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["sell", "sell_refund", "offset"])),
                name="fiscalreceipt_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="refundorder",
            name="refundorder_state_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["formed", "sent", "confirmed", "rejected"])),
                name="refundorder_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="refundorder",
            name="refundorder_released_at_a_moment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("released_at", None), ("released_by", None)),
                    models.Q(("released_at__isnull", False), ("released_by__isnull", False)),
                    _connector="OR",
                ),
                name="refundorder_released_at_a_moment",
                violation_error_message="У выпущенного поручения есть сотрудник и время выпуска.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="refundorder",
            name="refundorder_goes_out_released",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "formed"), ("released_by__isnull", False), _connector="OR"),
                name="refundorder_goes_out_released",
                violation_error_message="В банк идёт только выпущенное поручение.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="refundorder",
            name="refundorder_confirmed_on_a_day",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_on__isnull", False), ("state", "confirmed")),
                    models.Q(models.Q(("state", "confirmed"), _negated=True), ("confirmed_on", None)),
                    _connector="OR",
                ),
                name="refundorder_confirmed_on_a_day",
                violation_error_message="День исполнения указывают у исполненного поручения, и только у него.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="registertransfer",
            name="registertransfer_adds_up",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "difference",
                        django.db.models.expressions.CombinedExpression(
                            models.F("transferred"), "-", models.F("expected")
                        ),
                    )
                ),
                name="registertransfer_adds_up",
                violation_error_message="Расхождение — это поступившее без ожидаемого.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="registertransfer",
            name="registertransfer_fee_not_negative",
            constraint=models.CheckConstraint(
                condition=models.Q(("fee__gte", 0)),
                name="registertransfer_fee_not_negative",
                violation_error_message="Комиссия банка не бывает меньше нуля.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="registertransfer",
            name="registertransfer_has_words",
            constraint=models.CheckConstraint(
                condition=models.Q(("words", ""), _negated=True),
                name="registertransfer_has_words",
                violation_error_message="Опишите сверку словами.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="registertransfer",
            name="registertransfer_undone_whole",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("restored", None), ("undone_at", None), ("undone_because", "")),
                    models.Q(
                        ("restored__isnull", False),
                        ("undone_at__isnull", False),
                        models.Q(("undone_because", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="registertransfer_undone_whole",
                violation_error_message="У отменённой сверки есть день, причина и платёж, который снова ждёт.",
            ),
        ),
    ]
