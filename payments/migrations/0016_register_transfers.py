"""The bank's one order for the money of a register is matched to it."""

import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import accounts.fields


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0015_words_of_constraints"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RegisterTransfer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("transferred", accounts.fields.MoneyField(verbose_name="поступило, руб.")),
                ("fee", accounts.fields.MoneyField(verbose_name="комиссия банка, руб.")),
                ("expected", accounts.fields.MoneyField(verbose_name="к перечислению, руб.")),
                ("difference", accounts.fields.MoneyField(verbose_name="расхождение, руб.")),
                ("words", models.CharField(max_length=500, verbose_name="расхождение словами")),
                ("day", models.DateField(verbose_name="операционный день")),
                ("matched_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="сверено")),
                ("undone_at", models.DateTimeField(blank=True, null=True, verbose_name="сверка отменена")),
                ("undone_because", models.CharField(blank=True, max_length=255, verbose_name="почему отменена")),
                (
                    "matched_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="сверил",
                    ),
                ),
                (
                    "payment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="register_transfer",
                        to="payments.payment",
                        verbose_name="поручение банка",
                    ),
                ),
                (
                    "register",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers",
                        to="payments.register",
                        verbose_name="реестр",
                    ),
                ),
                (
                    "restored",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.payment",
                        verbose_name="снова ждёт как платёж",
                    ),
                ),
            ],
            options={
                "verbose_name": "поручение по реестру",
                "verbose_name_plural": "поручения по реестрам",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at", None)),
                        fields=("register",),
                        name="registertransfer_one_alive",
                        violation_error_message="Этот реестр уже сверен с поручением банка.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "difference",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("transferred"), "-", models.F("expected")
                                ),
                            )
                        ),
                        name="registertransfer_adds_up",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fee__gte", 0)), name="registertransfer_fee_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("words", ""), _negated=True), name="registertransfer_has_words"
                    ),
                    models.CheckConstraint(
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
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="registertransfer",
            trigger=pgtrigger.compiler.Trigger(
                name="register_transfer_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="1fe426b8f4c81e0ca39d0ac3eec484a612c6b0ad",
                    operation="DELETE",
                    pgid="pgtrigger_register_transfer_kept_6d2c8",
                    table="payments_registertransfer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="registertransfer",
            trigger=pgtrigger.compiler.Trigger(
                name="register_transfer_never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Таблицу % не очищают: исправление проводится новой строкой.', TG_TABLE_NAME;",
                    hash="a787686e2783df339fdea5d8fe040d3e2f1ce547",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_register_transfer_never_emptied_12cfa",
                    table="payments_registertransfer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="registertransfer",
            trigger=pgtrigger.compiler.Trigger(
                name="register_transfer_of_open_day",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE spot date;",
                    func="\n            PERFORM 1 FROM payments_operatingday\n                WHERE day IN (SELECT DISTINCT day FROM written) ORDER BY day FOR SHARE;\n            SELECT w.day INTO spot FROM written AS w WHERE NOT EXISTS (\n                SELECT FROM payments_operatingday AS o WHERE o.day = w.day AND o.state = 'open') LIMIT 1;\n            IF FOUND THEN\n                RAISE EXCEPTION 'Операционный день % закрыт или не открыт: проведите операцию открытым днём.',\n                    to_char(spot, 'DD.MM.YYYY');\n            END IF;\n            RETURN NULL;\n        ",
                    hash="6d6f18e09081c68747a7d5d6323178555bc8ee2c",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_register_transfer_of_open_day_20b35",
                    referencing="REFERENCING NEW TABLE AS written ",
                    table="payments_registertransfer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="registertransfer",
            trigger=pgtrigger.compiler.Trigger(
                name="register_transfer_is_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."register_id" IS DISTINCT FROM (NEW."register_id") OR OLD."payment_id" IS DISTINCT FROM (NEW."payment_id") OR OLD."transferred" IS DISTINCT FROM (NEW."transferred") OR OLD."fee" IS DISTINCT FROM (NEW."fee") OR OLD."expected" IS DISTINCT FROM (NEW."expected") OR OLD."difference" IS DISTINCT FROM (NEW."difference") OR OLD."words" IS DISTINCT FROM (NEW."words") OR OLD."day" IS DISTINCT FROM (NEW."day") OR OLD."matched_at" IS DISTINCT FROM (NEW."matched_at") OR OLD."matched_by_id" IS DISTINCT FROM (NEW."matched_by_id"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="c7a95c5127561b3733adf72cd15866bbba80db8b",
                    operation="UPDATE",
                    pgid="pgtrigger_register_transfer_is_ink_c2594",
                    table="payments_registertransfer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="registertransfer",
            trigger=pgtrigger.compiler.Trigger(
                name="register_transfer_undone_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.undone_at IS NOT NULL AND OLD.* IS DISTINCT FROM NEW.*)",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="04187695cc0174902d46b3802bef35428259fc00",
                    operation="UPDATE",
                    pgid="pgtrigger_register_transfer_undone_once_f11f9",
                    table="payments_registertransfer",
                    when="BEFORE",
                ),
            ),
        ),
    ]
