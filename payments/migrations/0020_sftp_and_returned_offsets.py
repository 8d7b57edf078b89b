"""Registers from a server of a bank (SFTP); receipts that return an offset of an advance."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0019_promises_kept_at_once"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="registersource",
            name="before_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="registersource",
            name="removed_delete",
        ),
        migrations.RemoveConstraint(
            model_name="fiscalreceipt",
            name="fiscalreceipt_offset_has_month",
        ),
        migrations.RemoveConstraint(
            model_name="fiscalreceipt",
            name="fiscalreceipt_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="registersource",
            name="registersource_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="registersource",
            name="registersource_once",
        ),
        migrations.AddField(
            model_name="registersource",
            name="host",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Только для SFTP: пользователь@сервер или пользователь@сервер:порт",
                max_length=200,
                verbose_name="сервер",
            ),
        ),
        migrations.AddField(
            model_name="registersourceevent",
            name="host",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Только для SFTP: пользователь@сервер или пользователь@сервер:порт",
                max_length=200,
                verbose_name="сервер",
            ),
        ),
        migrations.AlterField(
            model_name="fiscalreceipt",
            name="kind",
            field=models.CharField(
                choices=[
                    ("sell", "приход"),
                    ("sell_refund", "возврат прихода"),
                    ("offset", "зачёт аванса"),
                    ("offset_back", "возврат зачёта аванса"),
                ],
                max_length=12,
                verbose_name="признак расчёта",
            ),
        ),
        migrations.AlterField(
            model_name="registersource",
            name="kind",
            field=models.CharField(
                choices=[("folder", "папка"), ("mailbox", "почтовый ящик (IMAP)"), ("sftp", "сервер банка (SFTP)")],
                default="folder",
                max_length=10,
                verbose_name="откуда",
            ),
        ),
        migrations.AlterField(
            model_name="registersourceevent",
            name="kind",
            field=models.CharField(
                choices=[("folder", "папка"), ("mailbox", "почтовый ящик (IMAP)"), ("sftp", "сервер банка (SFTP)")],
                default="folder",
                max_length=10,
                verbose_name="откуда",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="registersource",
            trigger=pgtrigger.compiler.Trigger(
                name="before_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "payments_registersourceevent" ("asked_at", "channel_id", "host", "id", "is_active", "kind", "layout", "name", "pattern", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", "trouble") VALUES (OLD."asked_at", OLD."channel_id", OLD."host", OLD."id", OLD."is_active", OLD."kind", OLD."layout", OLD."name", OLD."pattern", _pgh_attach_context(), NOW(), \'before\', OLD."id", OLD."place", OLD."trouble"); RETURN NULL;',
                    hash="f5843c2867c19b36081d3eb99ff06748fbebaec9",
                    operation="UPDATE",
                    pgid="pgtrigger_before_update_4a79d",
                    table="payments_registersource",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="registersource",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "payments_registersourceevent" ("asked_at", "channel_id", "host", "id", "is_active", "kind", "layout", "name", "pattern", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", "trouble") VALUES (OLD."asked_at", OLD."channel_id", OLD."host", OLD."id", OLD."is_active", OLD."kind", OLD."layout", OLD."name", OLD."pattern", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."place", OLD."trouble"); RETURN NULL;',
                    hash="d6ebb4f381ca675aa5c9d938a9615b452b851d08",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_f098c",
                    table="payments_registersource",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="fiscalreceipt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ["offset", "offset_back"]), ("month__day", 1)),
                    models.Q(models.Q(("kind__in", ["offset", "offset_back"]), _negated=True), ("month", None)),
                    _connector="OR",
                ),
                name="fiscalreceipt_offset_has_month",
                violation_error_message="Месяц указывают у зачёта аванса и его возврата, и только у них.",
            ),
        ),
        migrations.AddConstraint(
            model_name="fiscalreceipt",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["sell", "sell_refund", "offset", "offset_back"])),
                name="fiscalreceipt_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AddConstraint(
            model_name="registersource",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["folder", "mailbox", "sftp"])),
                name="registersource_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AddConstraint(
            model_name="registersource",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "sftp"), models.Q(("host", ""), _negated=True)),
                    models.Q(models.Q(("kind", "sftp"), _negated=True), ("host", "")),
                    _connector="OR",
                ),
                name="registersource_host_of_sftp",
                violation_error_message="Сервер указывают у источника SFTP, и только у него.",
            ),
        ),
        migrations.AddConstraint(
            model_name="registersource",
            constraint=models.UniqueConstraint(
                fields=("kind", "host", "place"),
                name="registersource_once",
                violation_error_message="Такой источник реестров уже есть.",
            ),
        ),
    ]
