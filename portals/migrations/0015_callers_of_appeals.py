"""An appeal may be written down by a clerk: it has a caller instead of an author."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_entry_by_account"),
        ("portals", "0014_sets_of_reports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="appeal",
            name="appeal_asked",
        ),
        migrations.AddField(
            model_name="appeal",
            name="caller",
            field=models.CharField(blank=True, db_default="", max_length=160, verbose_name="имя обратившегося"),
        ),
        migrations.AddField(
            model_name="appeal",
            name="caller_email",
            field=models.EmailField(blank=True, db_default="", max_length=254, verbose_name="почта для ответа"),
        ),
        migrations.AddField(
            model_name="appeal",
            name="caller_phone",
            field=models.CharField(blank=True, db_default="", max_length=20, verbose_name="телефон для ответа"),
        ),
        migrations.AddField(
            model_name="appeal",
            name="channel",
            field=models.CharField(
                choices=[
                    ("cabinet", "из кабинета"),
                    ("phone", "по телефону"),
                    ("desk", "в отделении"),
                    ("letter", "письмом"),
                ],
                db_default="cabinet",
                default="cabinet",
                max_length=8,
                verbose_name="как обратился",
            ),
        ),
        migrations.AddField(
            model_name="appeal",
            name="registered_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="кто записал",
            ),
        ),
        migrations.AlterField(
            model_name="appeal",
            name="author",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="appeals",
                to=settings.AUTH_USER_MODEL,
                verbose_name="кто обратился",
            ),
        ),
        migrations.AlterField(
            model_name="appealmessage",
            name="author",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="кто",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="appeal",
            trigger=pgtrigger.compiler.Trigger(
                name="appeal_asked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."author_id" IS DISTINCT FROM (NEW."author_id") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."topic" IS DISTINCT FROM (NEW."topic") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."channel" IS DISTINCT FROM (NEW."channel") OR OLD."caller" IS DISTINCT FROM (NEW."caller") OR OLD."registered_by_id" IS DISTINCT FROM (NEW."registered_by_id"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="f93599ba875d319bf8de3deb507654ecb20b1189",
                    operation="UPDATE",
                    pgid="pgtrigger_appeal_asked_4fba0",
                    table="portals_appeal",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="appeal",
            constraint=models.UniqueConstraint(
                fields=("registered_by", "key"),
                name="appeal_written_once",
                violation_error_message="Это обращение уже записано.",
            ),
        ),
        migrations.AddConstraint(
            model_name="appeal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("author__isnull", False), ("channel", "cabinet"), ("registered_by", None)),
                    models.Q(
                        ("author", None),
                        ("registered_by__isnull", False),
                        models.Q(("channel", "cabinet"), _negated=True),
                        models.Q(("caller", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="appeal_of_somebody",
                violation_error_message="У обращения есть либо автор из кабинета, либо имя того, чьи слова записаны.",
            ),
        ),
        migrations.AddConstraint(
            model_name="appeal",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["cabinet", "phone", "desk", "letter"])),
                name="appeal_channel_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AddConstraint(
            model_name="appealmessage",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_staff", False), ("author__isnull", False), _connector="OR"),
                name="appealmessage_staff_is_known",
                violation_error_message="Ответ центра пишет сотрудник, его имя должно быть известно.",
            ),
        ),
    ]
