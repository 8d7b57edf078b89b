"""What a principal disagrees with, and the files of readings it has sent."""

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import accounts.fields


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_entry_by_account"),
        ("portals", "0006_invitations"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReadingFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255, verbose_name="файл")),
                ("digest", models.CharField(max_length=64, verbose_name="sha-256")),
                ("month", accounts.fields.MonthField(verbose_name="за месяц")),
                ("sent_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="загружен")),
                ("good", models.IntegerField(default=0, verbose_name="принято строк")),
                ("bad", models.IntegerField(default=0, verbose_name="отклонено строк")),
                ("taken", models.JSONField(default=list, verbose_name="что записано")),
                ("undone_at", models.DateTimeField(blank=True, null=True, verbose_name="отменён")),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reading_files",
                        to="accounts.agencycontract",
                        verbose_name="договор",
                    ),
                ),
                (
                    "principal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reading_files",
                        to="accounts.organisation",
                        verbose_name="принципал",
                    ),
                ),
                (
                    "sent_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="загрузил",
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="отменил",
                    ),
                ),
            ],
            options={
                "verbose_name": "файл показаний",
                "verbose_name_plural": "файлы показаний",
            },
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("charge", "строка начисления"),
                            ("charges", "начисления дома"),
                            ("turnover", "оборотная ведомость"),
                            ("payment", "платёж"),
                            ("remittance", "перечисление"),
                        ],
                        max_length=10,
                        verbose_name="где стояла цифра",
                    ),
                ),
                ("key", models.CharField(max_length=80, verbose_name="ключ")),
                ("name", models.CharField(max_length=20, verbose_name="графа")),
                ("title", models.CharField(max_length=255, verbose_name="что оспорено")),
                ("amount", models.DecimalField(decimal_places=2, max_digits=16, verbose_name="сумма, как показана")),
                ("text", models.CharField(max_length=2000, verbose_name="в чём несогласие")),
                ("opened_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="подано")),
                ("due_on", models.DateField(verbose_name="ответить до")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "на рассмотрении"), ("upheld", "исправлено"), ("refused", "отказано")],
                        default="open",
                        max_length=8,
                        verbose_name="состояние",
                    ),
                ),
                ("answer", models.CharField(blank=True, max_length=2000, verbose_name="ответ")),
                ("document", models.CharField(blank=True, max_length=160, verbose_name="исправляющий документ")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="отвечено")),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.personalaccount",
                        verbose_name="лицевой счёт",
                    ),
                ),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="ответил",
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="accounts.agencycontract",
                        verbose_name="договор",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="автор",
                    ),
                ),
                (
                    "principal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="accounts.organisation",
                        verbose_name="принципал",
                    ),
                ),
            ],
            options={
                "verbose_name": "разногласие",
                "verbose_name_plural": "разногласия",
                "indexes": [
                    models.Index(condition=models.Q(("state", "open")), fields=["due_on"], name="dispute_waiting"),
                    models.Index(fields=["principal", "-id"], name="dispute_of_principal"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["charge", "charges", "turnover", "payment", "remittance"])),
                        name="dispute_kind_known",
                        violation_error_message="Такого значения нет в списке. Выберите другое.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["open", "upheld", "refused"])),
                        name="dispute_state_known",
                        violation_error_message="Такого значения нет в списке. Выберите другое.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("text", ""), _negated=True), models.Q(("title", ""), _negated=True)
                        ),
                        name="dispute_has_text",
                        violation_error_message="Напишите, с чем вы не согласны.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at", None), ("state", "open")),
                            models.Q(
                                models.Q(("state", "open"), _negated=True),
                                models.Q(("answer", ""), _negated=True),
                                ("answered_at__isnull", False),
                                ("answered_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="dispute_answered",
                        violation_error_message="Ответ пишут словами, с решением и его днём.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("document", ""), ("state", "upheld"), _negated=True),
                        name="dispute_upheld_by_document",
                        violation_error_message="Назовите документ, которым цифра исправлена.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("principal", "kind", "key", "name"),
                        name="dispute_once",
                        violation_error_message="Эта цифра уже оспорена, ответа ещё нет.",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dispute",
            trigger=pgtrigger.compiler.Trigger(
                name="dispute_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="0d5752d2d80fbccaa20dcb3ccbf65d81a45c8626",
                    operation="DELETE",
                    pgid="pgtrigger_dispute_kept_92959",
                    table="portals_dispute",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dispute",
            trigger=pgtrigger.compiler.Trigger(
                name="dispute_is_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."principal_id" IS DISTINCT FROM (NEW."principal_id") OR OLD."contract_id" IS DISTINCT FROM (NEW."contract_id") OR OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."title" IS DISTINCT FROM (NEW."title") OR OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."text" IS DISTINCT FROM (NEW."text") OR OLD."opened_by_id" IS DISTINCT FROM (NEW."opened_by_id") OR OLD."opened_at" IS DISTINCT FROM (NEW."opened_at") OR OLD."due_on" IS DISTINCT FROM (NEW."due_on"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="a9c9bdf25ab28d1469175dc18da0c59d524a4bf9",
                    operation="UPDATE",
                    pgid="pgtrigger_dispute_is_ink_fc501",
                    table="portals_dispute",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="readingfile",
            index=models.Index(fields=["principal", "-id"], name="readingfile_of_principal"),
        ),
        migrations.AddConstraint(
            model_name="readingfile",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at", None)),
                fields=("contract", "digest"),
                name="readingfile_once",
                violation_error_message="Этот файл уже загружен.",
            ),
        ),
        migrations.AddConstraint(
            model_name="readingfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("bad__gte", 0), ("good__gte", 0)),
                name="readingfile_rows",
                violation_error_message="Строк не бывает меньше нуля.",
            ),
        ),
        migrations.AddConstraint(
            model_name="readingfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("undone_at", None),
                    models.Q(("undone_at__gte", models.F("sent_at")), ("undone_by__isnull", False)),
                    _connector="OR",
                ),
                name="readingfile_undone_later",
                violation_error_message="Отменяют после загрузки, и известно кто.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="readingfile",
            trigger=pgtrigger.compiler.Trigger(
                name="reading_file_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="2b3f14244940b9e22fbdf1d7ff976dbee6dfc853",
                    operation="DELETE",
                    pgid="pgtrigger_reading_file_kept_1e978",
                    table="portals_readingfile",
                    when="BEFORE",
                ),
            ),
        ),
    ]
