"""The bank's order for a refund on application: formed by one, released by another."""

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0016_register_transfers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RefundOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=6, verbose_name="номер поручения")),
                ("recipient", models.CharField(max_length=160, verbose_name="получатель")),
                ("inn", models.CharField(blank=True, max_length=12, verbose_name="ИНН")),
                ("bik", models.CharField(max_length=9, verbose_name="БИК")),
                ("bank_account", models.CharField(max_length=20, verbose_name="счёт получателя")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("formed", "сформировано"),
                            ("sent", "отправлено в банк"),
                            ("confirmed", "исполнено банком"),
                            ("rejected", "отклонено банком"),
                        ],
                        default="formed",
                        max_length=10,
                        verbose_name="состояние",
                    ),
                ),
                ("formed_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="сформировано")),
                ("released_at", models.DateTimeField(blank=True, null=True, verbose_name="выпущено")),
                ("confirmed_on", models.DateField(blank=True, null=True, verbose_name="исполнено")),
                ("trouble", models.CharField(blank=True, max_length=255, verbose_name="почему вернул банк")),
                (
                    "application",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="order",
                        to="payments.refundapplication",
                        verbose_name="возврат по заявлению",
                    ),
                ),
                (
                    "formed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="сформировал",
                    ),
                ),
                (
                    "released_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="выпустил",
                    ),
                ),
            ],
            options={
                "verbose_name": "поручение на возврат",
                "verbose_name_plural": "поручения на возврат",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["formed", "sent", "confirmed", "rejected"])),
                        name="refundorder_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("released_by", None),
                            models.Q(("released_by", models.F("formed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="refundorder_two_people",
                        violation_error_message="Выпустить возврат должен другой сотрудник.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("released_at", None), ("released_by", None)),
                            models.Q(("released_at__isnull", False), ("released_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="refundorder_released_at_a_moment",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "formed"), ("released_by__isnull", False), _connector="OR"),
                        name="refundorder_goes_out_released",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_on__isnull", False), ("state", "confirmed")),
                            models.Q(models.Q(("state", "confirmed"), _negated=True), ("confirmed_on", None)),
                            _connector="OR",
                        ),
                        name="refundorder_confirmed_on_a_day",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="refundorder",
            trigger=pgtrigger.compiler.Trigger(
                name="refund_order_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="7c93cd5f798c1214065d49456ebb67c588e4b9cf",
                    operation="DELETE",
                    pgid="pgtrigger_refund_order_kept_a729d",
                    table="payments_refundorder",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="refundorder",
            trigger=pgtrigger.compiler.Trigger(
                name="refund_order_never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Таблицу % не очищают: исправление проводится новой строкой.', TG_TABLE_NAME;",
                    hash="04d9c63f1724915d56dbaf73638e1ae7960609f0",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refund_order_never_emptied_b7ae1",
                    table="payments_refundorder",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="refundorder",
            trigger=pgtrigger.compiler.Trigger(
                name="refund_order_is_itself",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."application_id" IS DISTINCT FROM (NEW."application_id") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."formed_at" IS DISTINCT FROM (NEW."formed_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="8e23d03aa6a07957b5ef2044b9c08dee33c40f73",
                    operation="UPDATE",
                    pgid="pgtrigger_refund_order_is_itself_68c41",
                    table="payments_refundorder",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="refundorder",
            trigger=pgtrigger.compiler.Trigger(
                name="refund_order_requisites_are_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (ROW(OLD.recipient, OLD.inn, OLD.bik, OLD.bank_account, OLD.formed_by_id) IS DISTINCT FROM ROW(NEW.recipient, NEW.inn, NEW.bik, NEW.bank_account, NEW.formed_by_id) AND NOT (OLD.state = 'rejected' AND NEW.state = 'formed' AND NEW.released_by_id IS NULL))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="5d60c9df8f2eefd8e6dc300f9ceebae9e7dfacba",
                    operation="UPDATE",
                    pgid="pgtrigger_refund_order_requisites_are_ink_9b910",
                    table="payments_refundorder",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="refundorder",
            trigger=pgtrigger.compiler.Trigger(
                name="refund_order_released_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.released_by_id IS NOT NULL AND ROW(OLD.released_by_id, OLD.released_at) IS DISTINCT FROM ROW(NEW.released_by_id, NEW.released_at) AND NOT (OLD.state = 'rejected' AND NEW.state = 'formed' AND NEW.released_by_id IS NULL))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="99d36eeccca30424f9cf4d4efe9ef3543eab8f67",
                    operation="UPDATE",
                    pgid="pgtrigger_refund_order_released_once_42cb9",
                    table="payments_refundorder",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="refundorder",
            trigger=pgtrigger.compiler.Trigger(
                name="refund_order_begins_formed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.state <> 'formed' OR NEW.released_by_id IS NOT NULL)",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot insert rows from % table', TG_TABLE_NAME;",
                    hash="d6dcae0e6f5cd5c1131d036e86cf46d4bd76ac16",
                    operation="INSERT",
                    pgid="pgtrigger_refund_order_begins_formed_e392e",
                    table="payments_refundorder",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="refundorder",
            trigger=pgtrigger.compiler.Trigger(
                name="refund_order_state",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{formed:sent,sent:confirmed,sent:rejected,rejected:formed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="c319029f58090d7829b8a80429e63ffa39bcecdb",
                    operation="UPDATE",
                    pgid="pgtrigger_refund_order_state_7d650",
                    table="payments_refundorder",
                    when="BEFORE",
                ),
            ),
        ),
    ]
