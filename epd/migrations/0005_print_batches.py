"""Documents on paper: files in the order of delivery, each finished once."""

import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import accounts.fields


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_reference_stays"),
        ("epd", "0004_texts_and_delivery"),
    ]

    operations = [
        migrations.CreateModel(
            name="PrintBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.IntegerField(verbose_name="номер")),
                ("month", accounts.fields.MonthField(verbose_name="за месяц")),
                ("route_first", models.IntegerField(default=0, verbose_name="первый маршрут")),
                ("route_last", models.IntegerField(default=0, verbose_name="последний маршрут")),
                (
                    "document_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None, verbose_name="документы по порядку"
                    ),
                ),
                ("documents", models.IntegerField(verbose_name="документов")),
                ("total", accounts.fields.MoneyField(verbose_name="к оплате, руб.")),
                (
                    "state",
                    models.SmallIntegerField(
                        choices=[(1, "ждёт печати"), (2, "готова")], default=1, verbose_name="состояние"
                    ),
                ),
                ("file", models.CharField(blank=True, max_length=80, verbose_name="файл")),
                ("size", models.BigIntegerField(default=0, verbose_name="байт")),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="контрольная сумма")),
                ("pages", models.IntegerField(default=0, verbose_name="страниц")),
                ("sheets", models.IntegerField(default=0, verbose_name="листов")),
                ("fallbacks", models.IntegerField(default=0, verbose_name="сверстано напрямую")),
                ("seconds", models.DecimalField(decimal_places=2, default=0, max_digits=9, verbose_name="секунд")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="готова в")),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.run",
                        verbose_name="задание",
                    ),
                ),
            ],
            options={
                "verbose_name": "пачка печати",
                "verbose_name_plural": "пачки печати",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("month__day", 1)),
                        name="printbatch_month_is_month",
                        violation_error_message="Месяц хранится как первое число.",
                    ),
                    models.CheckConstraint(condition=models.Q(("state__in", [1, 2])), name="printbatch_state_known"),
                    models.UniqueConstraint(fields=("run", "number"), name="printbatch_once"),
                    models.CheckConstraint(condition=models.Q(("documents__range", (1, 5000))), name="printbatch_size"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", 1),
                            models.Q(models.Q(("file", ""), _negated=True), ("size__gt", 0)),
                            _connector="OR",
                        ),
                        name="printbatch_done_has_file",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="printbatch",
            trigger=pgtrigger.compiler.Trigger(
                name="batch_is_set",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."run_id" IS DISTINCT FROM (NEW."run_id") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."month" IS DISTINCT FROM (NEW."month") OR OLD."document_ids" IS DISTINCT FROM (NEW."document_ids") OR OLD."documents" IS DISTINCT FROM (NEW."documents") OR OLD."total" IS DISTINCT FROM (NEW."total"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="9052fee2a9eed90a8d11b6529739192cc4cca841",
                    operation="UPDATE",
                    pgid="pgtrigger_batch_is_set_43c07",
                    table="epd_printbatch",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="printbatch",
            trigger=pgtrigger.compiler.Trigger(
                name="batch_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="230a51244519095f8d6fac1782ad7714fbdbcaf3",
                    operation="DELETE",
                    pgid="pgtrigger_batch_kept_e3050",
                    table="epd_printbatch",
                    when="BEFORE",
                ),
            ),
        ),
    ]
