"""Whom a document could not be issued to, and why: a list to work through."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import accounts.fields


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_words_of_constraints"),
        ("epd", "0006_words_of_constraints"),
    ]

    operations = [
        migrations.CreateModel(
            name="IssueRefusal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", accounts.fields.MonthField(verbose_name="за месяц")),
                ("why", models.TextField(verbose_name="почему")),
                ("refused_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="когда")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.personalaccount",
                        verbose_name="счёт",
                    ),
                ),
            ],
            options={
                "verbose_name": "отказ в выпуске",
                "verbose_name_plural": "отказы в выпуске",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("month__day", 1)),
                        name="issuerefusal_month_is_month",
                        violation_error_message="Месяц хранится как первое число.",
                    ),
                    models.UniqueConstraint(
                        fields=("account", "month"),
                        name="issuerefusal_once",
                        violation_error_message="Отказ по этому счёту за месяц уже записан.",
                    ),
                ],
            },
        ),
    ]
