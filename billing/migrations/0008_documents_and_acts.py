"""Mass recalculations by a document, acts of unauthorised use, heat allocators, heat meters that count hot water too."""

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
        ("accounts", "0004_common_area_heated"),
        ("accounts", "__first__"),
        ("billing", "0007_quality_rules"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        migrations.CreateModel(
            name="AllocatorShare",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("year", models.SmallIntegerField(verbose_name="год")),
                ("units", accounts.fields.QuantityField(verbose_name="показания за год, единиц")),
                ("coefficient", accounts.fields.QuantityField(default=1, verbose_name="коэффициент радиаторов")),
                ("document", models.CharField(max_length=255, verbose_name="документ")),
                (
                    "premises",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.premises",
                        verbose_name="помещение",
                    ),
                ),
            ],
            options={
                "verbose_name": "распределители тепла",
                "verbose_name_plural": "распределители тепла",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("premises", "year"),
                        name="allocatorshare_once",
                        violation_error_message="Показания распределителей за этот год уже введены.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("coefficient__gt", 0), ("units__gte", 0), ("year__gte", 2000)),
                        name="allocatorshare_sane",
                        violation_error_message="Показания не отрицательны, коэффициент больше нуля.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AllocatorShareEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("year", models.SmallIntegerField(verbose_name="год")),
                ("units", accounts.fields.QuantityField(verbose_name="показания за год, единиц")),
                ("coefficient", accounts.fields.QuantityField(default=1, verbose_name="коэффициент радиаторов")),
                ("document", models.CharField(max_length=255, verbose_name="документ")),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="billing.allocatorshare",
                    ),
                ),
                (
                    "premises",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.premises",
                        verbose_name="помещение",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="MassCorrection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=60, unique=True, verbose_name="номер документа")),
                ("month", accounts.fields.MonthField(verbose_name="проводится в месяце")),
                ("first_month", accounts.fields.MonthField(verbose_name="за месяцы с")),
                ("last_month", accounts.fields.MonthField(verbose_name="по")),
                (
                    "rule",
                    models.SmallIntegerField(
                        choices=[
                            (1, "процент от платы за месяц"),
                            (2, "рублей на м² площади за месяц"),
                            (3, "рублей на проживающего за месяц"),
                            (4, "как если бы действовал тариф"),
                            (5, "как если бы действовал норматив"),
                        ],
                        verbose_name="правило",
                    ),
                ),
                ("value", accounts.fields.QuantityField(verbose_name="значение")),
                ("component", models.SmallIntegerField(default=0, verbose_name="компонент тарифа")),
                ("houses", models.JSONField(verbose_name="дома")),
                ("basis", models.CharField(max_length=255, verbose_name="документ-основание")),
                ("reason", models.CharField(max_length=255, verbose_name="причина")),
                ("accounts", models.IntegerField(verbose_name="счетов")),
                ("amount", accounts.fields.MoneyField(verbose_name="сумма, руб.")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="оформлен")),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="оформил",
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="billing.masscorrection",
                        verbose_name="сторнирует",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.service",
                        verbose_name="услуга",
                    ),
                ),
            ],
            options={
                "verbose_name": "массовый перерасчёт",
                "verbose_name_plural": "массовые перерасчёты",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("month__day", 1)),
                        name="masscorrection_month_is_month",
                        violation_error_message="Месяц хранится как первое число.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first_month__day", 1)),
                        name="masscorrection_first_month_is_month",
                        violation_error_message="Месяц хранится как первое число.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("last_month__day", 1)),
                        name="masscorrection_last_month_is_month",
                        violation_error_message="Месяц хранится как первое число.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rule__in", [1, 2, 3, 4, 5])), name="masscorrection_rule_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("first_month__lte", models.F("last_month")), ("last_month__lt", models.F("month"))
                        ),
                        name="masscorrection_in_order",
                        violation_error_message="Пересчитываются прошедшие месяцы, с первого по последний.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("basis", ""), _negated=True), models.Q(("reason", ""), _negated=True)
                        ),
                        name="masscorrection_has_basis",
                        violation_error_message="Назовите документ и причину.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UnauthorisedUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.SmallIntegerField(
                        choices=[(1, "самовольное подключение"), (2, "вмешательство в прибор учёта")],
                        verbose_name="нарушение",
                    ),
                ),
                ("act", models.CharField(max_length=255, verbose_name="акт")),
                ("act_on", models.DateField(verbose_name="дата акта")),
                ("started_on", models.DateField(verbose_name="начало: подключение или последняя проверка")),
                ("charged_from", models.DateField(verbose_name="начислено с")),
                ("charged_to", models.DateField(verbose_name="начислено по (не включая)")),
                (
                    "capacity",
                    accounts.fields.QuantityField(
                        blank=True, null=True, verbose_name="мощность или пропускная способность в час"
                    ),
                ),
                ("persons", accounts.fields.QuantityField(blank=True, null=True, verbose_name="проживающих")),
                ("norm", accounts.fields.QuantityField(blank=True, null=True, verbose_name="норматив")),
                ("multiplier", accounts.fields.QuantityField(blank=True, null=True, verbose_name="множитель")),
                ("component", models.SmallIntegerField(default=0, verbose_name="компонент тарифа")),
                ("volume", accounts.fields.QuantityField(verbose_name="объём")),
                ("tariff", accounts.fields.QuantityField(verbose_name="тариф месяца акта")),
                ("amount", accounts.fields.MoneyField(verbose_name="сумма, руб.")),
                ("month", accounts.fields.MonthField(verbose_name="проводится в месяце")),
                ("reason", models.CharField(blank=True, max_length=255, verbose_name="причина исправления")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="оформлен")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.personalaccount",
                        verbose_name="счёт",
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.agencycontract",
                        verbose_name="договор",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="оформил",
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="billing.unauthoriseduse",
                        verbose_name="исправляет",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.service",
                        verbose_name="услуга",
                    ),
                ),
            ],
            options={
                "verbose_name": "акт о самовольном подключении",
                "verbose_name_plural": "акты о самовольном подключении",
                "indexes": [models.Index(fields=["account", "month"], name="unauthorised_by_account")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("month__day", 1)),
                        name="unauthoriseduse_month_is_month",
                        violation_error_message="Месяц хранится как первое число.",
                    ),
                    models.CheckConstraint(condition=models.Q(("kind__in", [1, 2])), name="unauthoriseduse_kind_known"),
                    models.UniqueConstraint(
                        condition=models.Q(("reverses", None)),
                        fields=("account", "service", "act", "component"),
                        name="unauthoriseduse_once",
                        violation_error_message="Этот акт по услуге уже проведён.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("charged_from__lt", models.F("charged_to")),
                            ("started_on__lte", models.F("charged_from")),
                            models.Q(
                                models.Q(("capacity__gt", 0), ("norm", None)),
                                models.Q(("capacity", None), ("multiplier__gte", 1), ("norm__gt", 0)),
                                _connector="OR",
                            ),
                            models.Q(("act", ""), _negated=True),
                        ),
                        name="unauthoriseduse_sane",
                        violation_error_message="Назовите акт, дни и мощность либо норматив.",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="housevolume",
            name="before_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="housevolume",
            name="removed_delete",
        ),
        migrations.RemoveConstraint(
            model_name="correction",
            name="correction_once",
        ),
        migrations.AddField(
            model_name="correction",
            name="after",
            field=accounts.fields.MoneyField(blank=True, null=True, verbose_name="стало, руб."),
        ),
        migrations.AddField(
            model_name="correction",
            name="before",
            field=accounts.fields.MoneyField(blank=True, null=True, verbose_name="было, руб."),
        ),
        migrations.AddField(
            model_name="housevolume",
            name="with_hot_water",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="в объём тепла вошёл подогрев горячей воды"
            ),
        ),
        migrations.AddField(
            model_name="housevolumeevent",
            name="with_hot_water",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="в объём тепла вошёл подогрев горячей воды"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="housevolume",
            trigger=pgtrigger.compiler.Trigger(
                name="before_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "billing_housevolumeevent" ("document", "house_id", "id", "month", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "service_id", "volume", "with_hot_water") VALUES (OLD."document", OLD."house_id", OLD."id", OLD."month", _pgh_attach_context(), NOW(), \'before\', OLD."id", OLD."service_id", OLD."volume", OLD."with_hot_water"); RETURN NULL;',
                    hash="003b8e6f93db4fac7db497f639b19c1fd4541cf0",
                    operation="UPDATE",
                    pgid="pgtrigger_before_update_eaefe",
                    table="billing_housevolume",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="housevolume",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "billing_housevolumeevent" ("document", "house_id", "id", "month", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "service_id", "volume", "with_hot_water") VALUES (OLD."document", OLD."house_id", OLD."id", OLD."month", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."service_id", OLD."volume", OLD."with_hot_water"); RETURN NULL;',
                    hash="5a8a3f1f4ec89aa11b2017e56cd0313ffb94c305",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_ebcba",
                    table="billing_housevolume",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="document",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrections",
                to="billing.masscorrection",
                verbose_name="массовый перерасчёт",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.UniqueConstraint(
                fields=("account", "number", "service", "contract", "for_month"),
                name="correction_once",
                violation_error_message="Документ с этим номером по этой услуге уже проведён.",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("after", None), ("before", None)),
                    (
                        "after",
                        django.db.models.expressions.CombinedExpression(models.F("before"), "+", models.F("amount")),
                    ),
                    _connector="OR",
                ),
                name="correction_adds_up",
                violation_error_message="Стало должно быть равно было и сумме документа.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="allocatorshare",
            trigger=pgtrigger.compiler.Trigger(
                name="before_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "billing_allocatorshareevent" ("coefficient", "document", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "premises_id", "units", "year") VALUES (OLD."coefficient", OLD."document", OLD."id", _pgh_attach_context(), NOW(), \'before\', OLD."id", OLD."premises_id", OLD."units", OLD."year"); RETURN NULL;',
                    hash="76318eb8d1e54fdcd2390c0845150ca796930972",
                    operation="UPDATE",
                    pgid="pgtrigger_before_update_7aee4",
                    table="billing_allocatorshare",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="allocatorshare",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "billing_allocatorshareevent" ("coefficient", "document", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "premises_id", "units", "year") VALUES (OLD."coefficient", OLD."document", OLD."id", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."premises_id", OLD."units", OLD."year"); RETURN NULL;',
                    hash="733b383855db9bf4c9e0fe71f78aa5cdc51ccd4a",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_acda4",
                    table="billing_allocatorshare",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="masscorrection",
            trigger=pgtrigger.compiler.Trigger(
                name="mass_correction_is_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="395f5fb85cca65f462ac2d81dbf1c322a058fc42",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_mass_correction_is_ink_b914a",
                    table="billing_masscorrection",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="unauthoriseduse",
            trigger=pgtrigger.compiler.Trigger(
                name="unauthorised_use_is_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="79c9d46ec1aba21d48d700f17d5237568d00de00",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_unauthorised_use_is_ink_25760",
                    table="billing_unauthoriseduse",
                    when="BEFORE",
                ),
            ),
        ),
    ]
