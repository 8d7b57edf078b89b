"""Keys by which programs enter, and what they were answered."""

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portals", "0010_appeal_terms"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AccessKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, verbose_name="название")),
                (
                    "face",
                    models.SmallIntegerField(
                        choices=[(1, "мои счета"), (2, "кабинет поставщика")], verbose_name="что открывает"
                    ),
                ),
                ("may_write", models.BooleanField(default=False, verbose_name="может передавать")),
                ("digest", models.CharField(max_length=64, unique=True, verbose_name="отпечаток")),
                ("beginning", models.CharField(max_length=12, verbose_name="начало ключа")),
                ("asked", models.UUIDField(unique=True, verbose_name="номер запроса")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="создан")),
                ("used_on", models.DateField(blank=True, null=True, verbose_name="последнее обращение")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="отозван")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="access_keys",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="пользователь",
                    ),
                ),
            ],
            options={
                "verbose_name": "ключ доступа",
                "verbose_name_plural": "ключи доступа",
            },
        ),
        migrations.CreateModel(
            name="KeyAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, verbose_name="ключ повтора")),
                ("digest", models.CharField(max_length=64, verbose_name="отпечаток запроса")),
                ("answer", models.JSONField(verbose_name="ответ")),
                ("answered_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="когда")),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answers",
                        to="portals.accesskey",
                        verbose_name="ключ доступа",
                    ),
                ),
            ],
            options={
                "verbose_name": "ответ программе",
                "verbose_name_plural": "ответы программам",
            },
        ),
        migrations.AddConstraint(
            model_name="accesskey",
            constraint=models.CheckConstraint(
                condition=models.Q(("face__in", [1, 2])),
                name="accesskey_face_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AddConstraint(
            model_name="accesskey",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True),
                name="accesskey_named",
                violation_error_message="Назовите ключ.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="accesskey",
            trigger=pgtrigger.compiler.Trigger(
                name="access_key_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="d8f06e95dd54d66160be0ce97a1fd7944494ed2f",
                    operation="DELETE",
                    pgid="pgtrigger_access_key_kept_9a4a0",
                    table="portals_accesskey",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="keyanswer",
            constraint=models.UniqueConstraint(
                fields=("key", "name"), name="keyanswer_once", violation_error_message="На этот запрос уже отвечено."
            ),
        ),
    ]
