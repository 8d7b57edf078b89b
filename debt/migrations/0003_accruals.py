"""Penalties of the open month by day: computed when a fact is new, read by the quiet nights after it."""

import django.contrib.postgres.fields
from django.db import migrations, models

import accounts.fields

ACCRUALS = """
CREATE TABLE debt_accrual (
    account_id bigint NOT NULL,
    contract_id bigint NOT NULL,
    service_id smallint NOT NULL,
    month date NOT NULL,
    house_id bigint NOT NULL,
    since date NOT NULL,
    posted_kopecks bigint NOT NULL,
    accrued_kopecks bigint[] NOT NULL,
    PRIMARY KEY (account_id, contract_id, service_id, month),
    CONSTRAINT accrual_sane CHECK (
        extract(day FROM month) = 1 AND since >= month AND array_ndims(accrued_kopecks) = 1
    )
) PARTITION BY RANGE (month);
"""
DROP = "DROP TABLE debt_accrual;"


class Migration(migrations.Migration):
    dependencies = [("debt", "0002_law"), ("accounts", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="PenaltyBook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", accounts.fields.MonthField(unique=True, verbose_name="месяц")),
                ("until", models.DateField(verbose_name="начислено по день")),
                ("proved_on", models.DateField(blank=True, null=True, verbose_name="пересчитано целиком по день")),
                ("contracts", models.JSONField(default=dict, verbose_name="закон и проведённые месяцы по договорам")),
                ("accounts", models.JSONField(default=dict, verbose_name="особые условия счетов")),
                ("since", models.DateField(verbose_name="операционные дни с")),
                ("closed_days", models.JSONField(default=list, verbose_name="закрытые операционные дни")),
            ],
            options={
                "verbose_name": "ночь пени",
                "verbose_name_plural": "ночи пени",
                "constraints": [accounts.fields.is_month("penaltybook")],
            },
        ),
        migrations.RunSQL(ACCRUALS, DROP),
        migrations.CreateModel(
            name="Accrual",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id",
                        "contract_id",
                        "service_id",
                        "month",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("account_id", models.BigIntegerField()),
                ("contract_id", models.BigIntegerField()),
                ("service_id", models.SmallIntegerField()),
                ("month", accounts.fields.MonthField()),
                ("house_id", models.BigIntegerField()),
                ("since", models.DateField()),
                ("posted_kopecks", models.BigIntegerField()),
                (
                    "accrued_kopecks",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
            ],
            options={"db_table": "debt_accrual", "managed": False},
        ),
    ]
