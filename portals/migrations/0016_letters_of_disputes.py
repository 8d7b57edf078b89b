"""A dispute and its answer are told by letter: a notice is of an account or of a dispute."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_entry_by_account"),
        ("portals", "0015_callers_of_appeals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="notice",
            name="notice_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="noticewish",
            name="noticewish_kind_known",
        ),
        migrations.AddField(
            model_name="notice",
            name="dispute",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="letters",
                to="portals.dispute",
                verbose_name="разногласие",
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="account",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to="accounts.personalaccount",
                verbose_name="лицевой счёт",
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.SmallIntegerField(
                choices=[
                    (1, "Новая квитанция"),
                    (2, "Платёж получен"),
                    (3, "Ответ на обращение"),
                    (4, "Скоро поверка счётчика"),
                    (5, "Отключение или перебой в доме"),
                    (6, "Доступ к счёту"),
                    (7, "Разногласие поставщика"),
                ],
                verbose_name="о чём",
            ),
        ),
        migrations.AlterField(
            model_name="noticewish",
            name="kind",
            field=models.SmallIntegerField(
                choices=[
                    (1, "Новая квитанция"),
                    (2, "Платёж получен"),
                    (3, "Ответ на обращение"),
                    (4, "Скоро поверка счётчика"),
                    (5, "Отключение или перебой в доме"),
                    (6, "Доступ к счёту"),
                    (7, "Разногласие поставщика"),
                ],
                verbose_name="о чём",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("dispute__isnull", False)),
                fields=("user", "dispute", "key"),
                name="notice_of_dispute_once",
                violation_error_message="Об этом уже сообщено.",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("account", None), ("dispute__isnull", False), ("kind", 7)),
                    models.Q(models.Q(("kind", 7), _negated=True), ("account__isnull", False), ("dispute", None)),
                    _connector="OR",
                ),
                name="notice_of_one_thing",
                violation_error_message="Уведомление бывает о счёте либо о разногласии.",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [1, 2, 3, 4, 5, 6, 7])),
                name="notice_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticewish",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [1, 2, 3, 4, 5, 6, 7])),
                name="noticewish_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
    ]
