"""Balances of houses, faults of meters, plots; methods and kinds of lines that go with them."""

import django.contrib.postgres.constraints
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import accounts.fields

WIDER = """
ALTER TABLE billing_charge DROP CONSTRAINT charge_sane;
ALTER TABLE billing_charge ADD CONSTRAINT charge_sane CHECK (
    kind BETWEEN 1 AND 9 AND method BETWEEN 1 AND 11 AND unit BETWEEN 1 AND 6 AND line >= 0
    AND extract(day FROM month) = 1 AND extract(day FROM for_month) = 1 AND for_month <= month
) NOT VALID;
"""
NARROWER = """
ALTER TABLE billing_charge DROP CONSTRAINT charge_sane;
ALTER TABLE billing_charge ADD CONSTRAINT charge_sane CHECK (
    kind BETWEEN 1 AND 8 AND method BETWEEN 1 AND 9 AND unit BETWEEN 1 AND 6 AND line >= 0
    AND extract(day FROM month) = 1 AND extract(day FROM for_month) = 1 AND for_month <= month
) NOT VALID;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_account_number_sequence"),
        ("billing", "0004_hold_is_not_late"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        migrations.CreateModel(
            name="HouseBalance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", accounts.fields.MonthField(verbose_name="месяц")),
                ("volume", accounts.fields.QuantityField(verbose_name="баланс месяца")),
                ("carried", accounts.fields.QuantityField(default=0, verbose_name="переходит на следующий месяц")),
            ],
            options={
                "verbose_name": "баланс дома",
                "verbose_name_plural": "балансы домов",
            },
        ),
        migrations.CreateModel(
            name="MeterFault",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField(verbose_name="действует с")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="действует по (не включая)")),
                (
                    "kind",
                    models.SmallIntegerField(
                        choices=[(1, "неисправен или утрачен"), (2, "не допустили к проверке")], verbose_name="событие"
                    ),
                ),
                ("document", models.CharField(max_length=255, verbose_name="акт")),
            ],
            options={
                "verbose_name": "неучёт по прибору",
                "verbose_name_plural": "неучёт по приборам",
            },
        ),
        migrations.CreateModel(
            name="MeterFaultEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("valid_from", models.DateField(verbose_name="действует с")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="действует по (не включая)")),
                (
                    "kind",
                    models.SmallIntegerField(
                        choices=[(1, "неисправен или утрачен"), (2, "не допустили к проверке")], verbose_name="событие"
                    ),
                ),
                ("document", models.CharField(max_length=255, verbose_name="акт")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PlotUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField(verbose_name="действует с")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="действует по (не включая)")),
                ("kind", models.SmallIntegerField(verbose_name="вид (группа норматива)")),
                ("units", accounts.fields.QuantityField(verbose_name="единиц (м², голов)")),
            ],
            options={
                "verbose_name": "участок и скот",
                "verbose_name_plural": "участки и скот",
            },
        ),
        migrations.CreateModel(
            name="PlotUseEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("valid_from", models.DateField(verbose_name="действует с")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="действует по (не включая)")),
                ("kind", models.SmallIntegerField(verbose_name="вид (группа норматива)")),
                ("units", accounts.fields.QuantityField(verbose_name="единиц (м², голов)")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.RemoveConstraint(
            model_name="norm",
            name="norm_basis_known",
        ),
        migrations.RemoveConstraint(
            model_name="provision",
            name="provision_method_known",
        ),
        migrations.AlterField(
            model_name="norm",
            name="basis",
            field=models.SmallIntegerField(
                choices=[
                    (1, "на человека в месяц"),
                    (2, "на человека в год"),
                    (3, "на м² в месяц"),
                    (4, "на м² в год"),
                    (5, "на м² общего имущества в месяц"),
                    (6, "Гкал на м³ (подогрев)"),
                    (7, "социальная норма на человека в месяц"),
                    (8, "на единицу в месяц (полив, скот)"),
                ],
                verbose_name="на что",
            ),
        ),
        migrations.AlterField(
            model_name="normevent",
            name="basis",
            field=models.SmallIntegerField(
                choices=[
                    (1, "на человека в месяц"),
                    (2, "на человека в год"),
                    (3, "на м² в месяц"),
                    (4, "на м² в год"),
                    (5, "на м² общего имущества в месяц"),
                    (6, "Гкал на м³ (подогрев)"),
                    (7, "социальная норма на человека в месяц"),
                    (8, "на единицу в месяц (полив, скот)"),
                ],
                verbose_name="на что",
            ),
        ),
        migrations.AlterField(
            model_name="provision",
            name="method",
            field=models.SmallIntegerField(
                choices=[
                    (1, "по счётчику, без него по нормативу"),
                    (2, "отопление по нормативу"),
                    (3, "отопление по общедомовому прибору"),
                    (4, "водоотведение по объёму воды"),
                    (5, "ресурс на общее имущество по нормативу"),
                    (6, "по нормативу на человека"),
                    (7, "по нормативу на м²"),
                    (8, "ставка за м²"),
                    (9, "сумма с лицевого счёта"),
                    (10, "ресурс на общие нужды по балансу дома (непосредственное управление)"),
                    (11, "ресурс на общее имущество по фактическому объёму (управляющая организация)"),
                    (12, "ресурс на общее имущество по среднему за прошлый год"),
                    (13, "горячая вода, приготовленная в доме"),
                    (14, "тепло для отопления, произведённое в доме"),
                    (15, "вывезенный объём дома на проживающих"),
                    (16, "вывезенный объём дома на м²"),
                ],
                verbose_name="способ расчёта",
            ),
        ),
        migrations.AlterField(
            model_name="provisionevent",
            name="method",
            field=models.SmallIntegerField(
                choices=[
                    (1, "по счётчику, без него по нормативу"),
                    (2, "отопление по нормативу"),
                    (3, "отопление по общедомовому прибору"),
                    (4, "водоотведение по объёму воды"),
                    (5, "ресурс на общее имущество по нормативу"),
                    (6, "по нормативу на человека"),
                    (7, "по нормативу на м²"),
                    (8, "ставка за м²"),
                    (9, "сумма с лицевого счёта"),
                    (10, "ресурс на общие нужды по балансу дома (непосредственное управление)"),
                    (11, "ресурс на общее имущество по фактическому объёму (управляющая организация)"),
                    (12, "ресурс на общее имущество по среднему за прошлый год"),
                    (13, "горячая вода, приготовленная в доме"),
                    (14, "тепло для отопления, произведённое в доме"),
                    (15, "вывезенный объём дома на проживающих"),
                    (16, "вывезенный объём дома на м²"),
                ],
                verbose_name="способ расчёта",
            ),
        ),
        migrations.AlterField(
            model_name="provisionexception",
            name="method",
            field=models.SmallIntegerField(
                blank=True,
                choices=[
                    (1, "по счётчику, без него по нормативу"),
                    (2, "отопление по нормативу"),
                    (3, "отопление по общедомовому прибору"),
                    (4, "водоотведение по объёму воды"),
                    (5, "ресурс на общее имущество по нормативу"),
                    (6, "по нормативу на человека"),
                    (7, "по нормативу на м²"),
                    (8, "ставка за м²"),
                    (9, "сумма с лицевого счёта"),
                    (10, "ресурс на общие нужды по балансу дома (непосредственное управление)"),
                    (11, "ресурс на общее имущество по фактическому объёму (управляющая организация)"),
                    (12, "ресурс на общее имущество по среднему за прошлый год"),
                    (13, "горячая вода, приготовленная в доме"),
                    (14, "тепло для отопления, произведённое в доме"),
                    (15, "вывезенный объём дома на проживающих"),
                    (16, "вывезенный объём дома на м²"),
                ],
                null=True,
                verbose_name="способ расчёта",
            ),
        ),
        migrations.AlterField(
            model_name="provisionexceptionevent",
            name="method",
            field=models.SmallIntegerField(
                blank=True,
                choices=[
                    (1, "по счётчику, без него по нормативу"),
                    (2, "отопление по нормативу"),
                    (3, "отопление по общедомовому прибору"),
                    (4, "водоотведение по объёму воды"),
                    (5, "ресурс на общее имущество по нормативу"),
                    (6, "по нормативу на человека"),
                    (7, "по нормативу на м²"),
                    (8, "ставка за м²"),
                    (9, "сумма с лицевого счёта"),
                    (10, "ресурс на общие нужды по балансу дома (непосредственное управление)"),
                    (11, "ресурс на общее имущество по фактическому объёму (управляющая организация)"),
                    (12, "ресурс на общее имущество по среднему за прошлый год"),
                    (13, "горячая вода, приготовленная в доме"),
                    (14, "тепло для отопления, произведённое в доме"),
                    (15, "вывезенный объём дома на проживающих"),
                    (16, "вывезенный объём дома на м²"),
                ],
                null=True,
                verbose_name="способ расчёта",
            ),
        ),
        migrations.AddConstraint(
            model_name="norm",
            constraint=models.CheckConstraint(
                condition=models.Q(("basis__in", [1, 2, 3, 4, 5, 6, 7, 8])), name="norm_basis_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="provision",
            constraint=models.CheckConstraint(
                condition=models.Q(("method__in", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])),
                name="provision_method_known",
            ),
        ),
        migrations.AddField(
            model_name="housebalance",
            name="house",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.house", verbose_name="дом"
            ),
        ),
        migrations.AddField(
            model_name="housebalance",
            name="service",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.service",
                verbose_name="услуга",
            ),
        ),
        migrations.AddField(
            model_name="meterfault",
            name="meter",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="accounts.meter",
                verbose_name="прибор учёта",
            ),
        ),
        migrations.AddField(
            model_name="meterfaultevent",
            name="meter",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="accounts.meter",
                verbose_name="прибор учёта",
            ),
        ),
        migrations.AddField(
            model_name="meterfaultevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="meterfaultevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="billing.meterfault",
            ),
        ),
        migrations.AddField(
            model_name="plotuse",
            name="premises",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="accounts.premises",
                verbose_name="помещение",
            ),
        ),
        migrations.AddField(
            model_name="plotuseevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="plotuseevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="billing.plotuse",
            ),
        ),
        migrations.AddField(
            model_name="plotuseevent",
            name="premises",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="accounts.premises",
                verbose_name="помещение",
            ),
        ),
        migrations.AddConstraint(
            model_name="housebalance",
            constraint=models.CheckConstraint(
                condition=models.Q(("month__day", 1)),
                name="housebalance_month_is_month",
                violation_error_message="Месяц хранится как первое число.",
            ),
        ),
        migrations.AddConstraint(
            model_name="housebalance",
            constraint=models.UniqueConstraint(fields=("house", "service", "month"), name="housebalance_once"),
        ),
        migrations.AddConstraint(
            model_name="housebalance",
            constraint=models.CheckConstraint(condition=models.Q(("carried__lte", 0)), name="housebalance_carried"),
        ),
        migrations.AddConstraint(
            model_name="meterfault",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                name="meterfault_validity_not_empty",
                violation_error_message="Дата окончания должна быть позже даты начала.",
            ),
        ),
        migrations.AddConstraint(
            model_name="meterfault",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    (accounts.fields.Int8Range(models.F("meter"), models.F("meter"), models.Value("[]")), "&&"),
                    (accounts.fields.DateRange(models.F("valid_from"), models.F("valid_to"), models.Value("[)")), "&&"),
                ],
                name="meterfault_no_overlap",
                violation_error_message="На эти дни событие по прибору уже записано.",
            ),
        ),
        migrations.AddConstraint(
            model_name="meterfault",
            constraint=models.CheckConstraint(condition=models.Q(("kind__in", [1, 2])), name="meterfault_kind_known"),
        ),
        migrations.AddConstraint(
            model_name="meterfault",
            constraint=models.CheckConstraint(
                condition=models.Q(("document", ""), _negated=True),
                name="meterfault_has_document",
                violation_error_message="Назовите акт.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="meterfault",
            trigger=pgtrigger.compiler.Trigger(
                name="before_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "billing_meterfaultevent" ("document", "id", "kind", "meter_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "valid_from", "valid_to") VALUES (OLD."document", OLD."id", OLD."kind", OLD."meter_id", _pgh_attach_context(), NOW(), \'before\', OLD."id", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="a677ab981924fe0ed5b94f995838d7a16f0198fb",
                    operation="UPDATE",
                    pgid="pgtrigger_before_update_0bc43",
                    table="billing_meterfault",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="meterfault",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "billing_meterfaultevent" ("document", "id", "kind", "meter_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "valid_from", "valid_to") VALUES (OLD."document", OLD."id", OLD."kind", OLD."meter_id", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="0607048e370f9d0c9a1ba5d9148c86593571e4de",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_4c89e",
                    table="billing_meterfault",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="plotuse",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                name="plotuse_validity_not_empty",
                violation_error_message="Дата окончания должна быть позже даты начала.",
            ),
        ),
        migrations.AddConstraint(
            model_name="plotuse",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    (
                        accounts.fields.Int8Range(models.F("premises"), models.F("premises"), models.Value("[]")),
                        "&&",
                    ),
                    (accounts.fields.Int8Range(models.F("kind"), models.F("kind"), models.Value("[]")), "&&"),
                    (accounts.fields.DateRange(models.F("valid_from"), models.F("valid_to"), models.Value("[)")), "&&"),
                ],
                name="plotuse_no_overlap",
                violation_error_message="На эти дни это уже записано.",
            ),
        ),
        migrations.AddConstraint(
            model_name="plotuse",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__gte", 1), ("units__gt", 0)),
                name="plotuse_positive",
                violation_error_message="Количество больше нуля, вид от 1.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="plotuse",
            trigger=pgtrigger.compiler.Trigger(
                name="before_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "billing_plotuseevent" ("id", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "premises_id", "units", "valid_from", "valid_to") VALUES (OLD."id", OLD."kind", _pgh_attach_context(), NOW(), \'before\', OLD."id", OLD."premises_id", OLD."units", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="cec9409a03bcd7fab352f862cd0a91845e92cdd8",
                    operation="UPDATE",
                    pgid="pgtrigger_before_update_91690",
                    table="billing_plotuse",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="plotuse",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "billing_plotuseevent" ("id", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "premises_id", "units", "valid_from", "valid_to") VALUES (OLD."id", OLD."kind", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."premises_id", OLD."units", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="4c295456840fe42a2679ea56e855245c12c92ca2",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_8c532",
                    table="billing_plotuse",
                    when="AFTER",
                ),
            ),
        ),
        # What stands has met the narrower rule: there is nothing to check anew.
        migrations.RunSQL(WIDER, NARROWER),
    ]
