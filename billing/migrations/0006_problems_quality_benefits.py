"""What the run could not charge; breaks and bad quality by the table of прил. 1; benefits."""

import django.contrib.postgres.constraints
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import accounts.fields


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_account_number_sequence"),
        ("billing", "0005_services_of_the_house"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        migrations.CreateModel(
            name="QualityRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField(verbose_name="действует с")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="действует по (не включая)")),
                (
                    "breach",
                    models.SmallIntegerField(
                        choices=[
                            (1, "перерыв подачи холодной воды"),
                            (2, "состав и свойства холодной воды"),
                            (3, "давление холодной воды отличается до 25 %"),
                            (4, "давление холодной воды отличается более чем на 25 %"),
                            (5, "перерыв подачи горячей воды"),
                            (6, "перерыв подачи горячей воды, авария на тупиковой магистрали"),
                            (7, "плановое отключение горячей воды"),
                            (8, "температура горячей воды"),
                            (9, "горячая вода холоднее 40 °C"),
                            (10, "состав и свойства горячей воды"),
                            (11, "давление горячей воды отличается до 25 %"),
                            (12, "давление горячей воды отличается более чем на 25 %"),
                            (13, "перерыв водоотведения"),
                            (14, "перерыв электроснабжения, один источник питания"),
                            (15, "перерыв электроснабжения, два источника питания"),
                            (16, "напряжение и частота"),
                            (17, "перерыв подачи газа"),
                            (18, "свойства газа"),
                            (19, "давление газа отличается до 25 %"),
                            (20, "перерыв отопления, в комнатах не холоднее 12 °C"),
                            (21, "перерыв отопления, в комнатах от 10 до 12 °C"),
                            (22, "перерыв отопления, в комнатах от 8 до 10 °C"),
                            (23, "температура в жилом помещении"),
                            (24, "просрочка вывоза отходов при температуре до 4 °C"),
                            (25, "просрочка вывоза отходов при температуре от 5 °C"),
                        ],
                        verbose_name="нарушение",
                    ),
                ),
                ("percent", accounts.fields.QuantityField(verbose_name="снижение, % от платы")),
                ("per_hours", models.SmallIntegerField(default=1, verbose_name="за каждые часов")),
                ("allowed_hours", models.SmallIntegerField(default=0, verbose_name="допустимо часов за месяц")),
                (
                    "allowed_at_once",
                    models.SmallIntegerField(blank=True, null=True, verbose_name="допустимо часов единовременно"),
                ),
                ("step_c", models.SmallIntegerField(default=0, verbose_name="за каждые градусов (0: не зависит)")),
                ("tolerance_day_c", models.SmallIntegerField(default=0, verbose_name="допуск днём вниз, °C")),
                ("tolerance_night_c", models.SmallIntegerField(default=0, verbose_name="допуск ночью вниз, °C")),
                ("tolerance_above_c", models.SmallIntegerField(blank=True, null=True, verbose_name="допуск вверх, °C")),
                (
                    "whole_days",
                    models.BooleanField(default=False, verbose_name="плата не вносится за каждый такой день"),
                ),
                ("not_supplied", models.BooleanField(default=False, verbose_name="объём не подавался")),
                ("cold_price", models.BooleanField(default=False, verbose_name="оплата по тарифу холодной воды")),
                ("act", models.CharField(max_length=255, verbose_name="акт")),
            ],
            options={
                "verbose_name": "норма качества",
                "verbose_name_plural": "нормы качества",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="qualityrule_validity_not_empty",
                        violation_error_message="Дата окончания должна быть позже даты начала.",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                accounts.fields.Int8Range(models.F("breach"), models.F("breach"), models.Value("[]")),
                                "&&",
                            ),
                            (
                                accounts.fields.DateRange(
                                    models.F("valid_from"), models.F("valid_to"), models.Value("[)")
                                ),
                                "&&",
                            ),
                        ],
                        name="qualityrule_no_overlap",
                        violation_error_message="На эти дни норма уже задана. Закройте прежнюю датой.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "breach__in",
                                [
                                    1,
                                    2,
                                    3,
                                    4,
                                    5,
                                    6,
                                    7,
                                    8,
                                    9,
                                    10,
                                    11,
                                    12,
                                    13,
                                    14,
                                    15,
                                    16,
                                    17,
                                    18,
                                    19,
                                    20,
                                    21,
                                    22,
                                    23,
                                    24,
                                    25,
                                ],
                            )
                        ),
                        name="qualityrule_breach_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("allowed_hours__gte", 0),
                            ("per_hours__gte", 1),
                            ("percent__gte", 0),
                            ("percent__lte", 100),
                            ("step_c__gte", 0),
                        ),
                        name="qualityrule_sane",
                        violation_error_message="Процент от 0 до 100, часы и градусы не отрицательны.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QualityRuleEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("valid_from", models.DateField(verbose_name="действует с")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="действует по (не включая)")),
                (
                    "breach",
                    models.SmallIntegerField(
                        choices=[
                            (1, "перерыв подачи холодной воды"),
                            (2, "состав и свойства холодной воды"),
                            (3, "давление холодной воды отличается до 25 %"),
                            (4, "давление холодной воды отличается более чем на 25 %"),
                            (5, "перерыв подачи горячей воды"),
                            (6, "перерыв подачи горячей воды, авария на тупиковой магистрали"),
                            (7, "плановое отключение горячей воды"),
                            (8, "температура горячей воды"),
                            (9, "горячая вода холоднее 40 °C"),
                            (10, "состав и свойства горячей воды"),
                            (11, "давление горячей воды отличается до 25 %"),
                            (12, "давление горячей воды отличается более чем на 25 %"),
                            (13, "перерыв водоотведения"),
                            (14, "перерыв электроснабжения, один источник питания"),
                            (15, "перерыв электроснабжения, два источника питания"),
                            (16, "напряжение и частота"),
                            (17, "перерыв подачи газа"),
                            (18, "свойства газа"),
                            (19, "давление газа отличается до 25 %"),
                            (20, "перерыв отопления, в комнатах не холоднее 12 °C"),
                            (21, "перерыв отопления, в комнатах от 10 до 12 °C"),
                            (22, "перерыв отопления, в комнатах от 8 до 10 °C"),
                            (23, "температура в жилом помещении"),
                            (24, "просрочка вывоза отходов при температуре до 4 °C"),
                            (25, "просрочка вывоза отходов при температуре от 5 °C"),
                        ],
                        verbose_name="нарушение",
                    ),
                ),
                ("percent", accounts.fields.QuantityField(verbose_name="снижение, % от платы")),
                ("per_hours", models.SmallIntegerField(default=1, verbose_name="за каждые часов")),
                ("allowed_hours", models.SmallIntegerField(default=0, verbose_name="допустимо часов за месяц")),
                (
                    "allowed_at_once",
                    models.SmallIntegerField(blank=True, null=True, verbose_name="допустимо часов единовременно"),
                ),
                ("step_c", models.SmallIntegerField(default=0, verbose_name="за каждые градусов (0: не зависит)")),
                ("tolerance_day_c", models.SmallIntegerField(default=0, verbose_name="допуск днём вниз, °C")),
                ("tolerance_night_c", models.SmallIntegerField(default=0, verbose_name="допуск ночью вниз, °C")),
                ("tolerance_above_c", models.SmallIntegerField(blank=True, null=True, verbose_name="допуск вверх, °C")),
                (
                    "whole_days",
                    models.BooleanField(default=False, verbose_name="плата не вносится за каждый такой день"),
                ),
                ("not_supplied", models.BooleanField(default=False, verbose_name="объём не подавался")),
                ("cold_price", models.BooleanField(default=False, verbose_name="оплата по тарифу холодной воды")),
                ("act", models.CharField(max_length=255, verbose_name="акт")),
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
                        to="billing.qualityrule",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="BenefitEntitlement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField(verbose_name="действует с")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="действует по (не включая)")),
                ("category", models.CharField(max_length=120, verbose_name="категория")),
                ("percent", models.DecimalField(decimal_places=2, max_digits=5, verbose_name="скидка, %")),
                ("persons", models.SmallIntegerField(default=1, verbose_name="распространяется на человек (с семьёй)")),
                ("within_norm", models.BooleanField(default=True, verbose_name="в пределах норматива потребления")),
                (
                    "area_m2",
                    accounts.fields.QuantityField(
                        blank=True,
                        null=True,
                        verbose_name="социальная норма площади на человека, м² (пусто: вся площадь)",
                    ),
                ),
                (
                    "way",
                    models.SmallIntegerField(
                        choices=[(1, "скидка в квитанции"), (2, "компенсация соцзащиты")],
                        default=1,
                        verbose_name="порядок",
                    ),
                ),
                ("document", models.CharField(max_length=255, verbose_name="документ")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.personalaccount",
                        verbose_name="счёт",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.person",
                        verbose_name="льготник",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.service",
                        verbose_name="услуга (пусто: все коммунальные и жилищные)",
                    ),
                ),
            ],
            options={
                "verbose_name": "льгота",
                "verbose_name_plural": "льготы",
                "indexes": [models.Index(fields=["account"], name="benefit_by_account")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="benefitentitlement_validity_not_empty",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("way__in", [1, 2])), name="benefitentitlement_way_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("percent__gt", 0),
                            ("percent__lte", 100),
                            ("persons__gte", 1),
                            models.Q(("area_m2", None), ("area_m2__gt", 0), _connector="OR"),
                        ),
                        name="benefitentitlement_sane",
                        violation_error_message="Скидка от 0 до 100 %, хотя бы на одного человека, площадь больше нуля.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("document", ""), _negated=True), models.Q(("category", ""), _negated=True)
                        ),
                        name="benefitentitlement_has_document",
                        violation_error_message="Назовите категорию и документ.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BenefitEntitlementEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("valid_from", models.DateField(verbose_name="действует с")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="действует по (не включая)")),
                ("category", models.CharField(max_length=120, verbose_name="категория")),
                ("percent", models.DecimalField(decimal_places=2, max_digits=5, verbose_name="скидка, %")),
                ("persons", models.SmallIntegerField(default=1, verbose_name="распространяется на человек (с семьёй)")),
                ("within_norm", models.BooleanField(default=True, verbose_name="в пределах норматива потребления")),
                (
                    "area_m2",
                    accounts.fields.QuantityField(
                        blank=True,
                        null=True,
                        verbose_name="социальная норма площади на человека, м² (пусто: вся площадь)",
                    ),
                ),
                (
                    "way",
                    models.SmallIntegerField(
                        choices=[(1, "скидка в квитанции"), (2, "компенсация соцзащиты")],
                        default=1,
                        verbose_name="порядок",
                    ),
                ),
                ("document", models.CharField(max_length=255, verbose_name="документ")),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.personalaccount",
                        verbose_name="счёт",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.person",
                        verbose_name="льготник",
                    ),
                ),
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
                        to="billing.benefitentitlement",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.service",
                        verbose_name="услуга (пусто: все коммунальные и жилищные)",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="LineProblem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", accounts.fields.MonthField(verbose_name="месяц")),
                ("text", models.CharField(max_length=120, verbose_name="причина")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.personalaccount",
                        verbose_name="счёт",
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
                "verbose_name": "не начислено",
                "verbose_name_plural": "не начислено",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("month__day", 1)),
                        name="lineproblem_month_is_month",
                        violation_error_message="Месяц хранится как первое число.",
                    ),
                    models.UniqueConstraint(fields=("account", "month", "service", "text"), name="lineproblem_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="QualityEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "breach",
                    models.SmallIntegerField(
                        choices=[
                            (1, "перерыв подачи холодной воды"),
                            (2, "состав и свойства холодной воды"),
                            (3, "давление холодной воды отличается до 25 %"),
                            (4, "давление холодной воды отличается более чем на 25 %"),
                            (5, "перерыв подачи горячей воды"),
                            (6, "перерыв подачи горячей воды, авария на тупиковой магистрали"),
                            (7, "плановое отключение горячей воды"),
                            (8, "температура горячей воды"),
                            (9, "горячая вода холоднее 40 °C"),
                            (10, "состав и свойства горячей воды"),
                            (11, "давление горячей воды отличается до 25 %"),
                            (12, "давление горячей воды отличается более чем на 25 %"),
                            (13, "перерыв водоотведения"),
                            (14, "перерыв электроснабжения, один источник питания"),
                            (15, "перерыв электроснабжения, два источника питания"),
                            (16, "напряжение и частота"),
                            (17, "перерыв подачи газа"),
                            (18, "свойства газа"),
                            (19, "давление газа отличается до 25 %"),
                            (20, "перерыв отопления, в комнатах не холоднее 12 °C"),
                            (21, "перерыв отопления, в комнатах от 10 до 12 °C"),
                            (22, "перерыв отопления, в комнатах от 8 до 10 °C"),
                            (23, "температура в жилом помещении"),
                            (24, "просрочка вывоза отходов при температуре до 4 °C"),
                            (25, "просрочка вывоза отходов при температуре от 5 °C"),
                        ],
                        verbose_name="нарушение",
                    ),
                ),
                ("started_at", models.DateTimeField(verbose_name="начало")),
                ("ended_at", models.DateTimeField(verbose_name="окончание")),
                (
                    "hours",
                    accounts.fields.QuantityField(
                        blank=True, null=True, verbose_name="часов по акту, если меньше промежутка"
                    ),
                ),
                ("normative_c", accounts.fields.QuantityField(blank=True, null=True, verbose_name="должно быть, °C")),
                ("actual_c", accounts.fields.QuantityField(blank=True, null=True, verbose_name="было, °C")),
                ("act", models.CharField(max_length=255, verbose_name="акт")),
                (
                    "house",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.house",
                        verbose_name="дом",
                    ),
                ),
                (
                    "premises",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.premises",
                        verbose_name="только помещение",
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
                "verbose_name": "перерыв или нарушение качества",
                "verbose_name_plural": "перерывы и нарушения качества",
                "indexes": [models.Index(fields=["house", "started_at"], name="qualityevent_by_house")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "breach__in",
                                [
                                    1,
                                    2,
                                    3,
                                    4,
                                    5,
                                    6,
                                    7,
                                    8,
                                    9,
                                    10,
                                    11,
                                    12,
                                    13,
                                    14,
                                    15,
                                    16,
                                    17,
                                    18,
                                    19,
                                    20,
                                    21,
                                    22,
                                    23,
                                    24,
                                    25,
                                ],
                            )
                        ),
                        name="qualityevent_breach_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ended_at__gt", models.F("started_at"))),
                        name="qualityevent_lasts",
                        violation_error_message="Окончание должно быть позже начала.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("hours", None), ("hours__gt", 0), _connector="OR"),
                        name="qualityevent_hours",
                        violation_error_message="Часов должно быть больше нуля.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("act", ""), _negated=True),
                        name="qualityevent_has_act",
                        violation_error_message="Назовите акт.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QualityEventEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                (
                    "breach",
                    models.SmallIntegerField(
                        choices=[
                            (1, "перерыв подачи холодной воды"),
                            (2, "состав и свойства холодной воды"),
                            (3, "давление холодной воды отличается до 25 %"),
                            (4, "давление холодной воды отличается более чем на 25 %"),
                            (5, "перерыв подачи горячей воды"),
                            (6, "перерыв подачи горячей воды, авария на тупиковой магистрали"),
                            (7, "плановое отключение горячей воды"),
                            (8, "температура горячей воды"),
                            (9, "горячая вода холоднее 40 °C"),
                            (10, "состав и свойства горячей воды"),
                            (11, "давление горячей воды отличается до 25 %"),
                            (12, "давление горячей воды отличается более чем на 25 %"),
                            (13, "перерыв водоотведения"),
                            (14, "перерыв электроснабжения, один источник питания"),
                            (15, "перерыв электроснабжения, два источника питания"),
                            (16, "напряжение и частота"),
                            (17, "перерыв подачи газа"),
                            (18, "свойства газа"),
                            (19, "давление газа отличается до 25 %"),
                            (20, "перерыв отопления, в комнатах не холоднее 12 °C"),
                            (21, "перерыв отопления, в комнатах от 10 до 12 °C"),
                            (22, "перерыв отопления, в комнатах от 8 до 10 °C"),
                            (23, "температура в жилом помещении"),
                            (24, "просрочка вывоза отходов при температуре до 4 °C"),
                            (25, "просрочка вывоза отходов при температуре от 5 °C"),
                        ],
                        verbose_name="нарушение",
                    ),
                ),
                ("started_at", models.DateTimeField(verbose_name="начало")),
                ("ended_at", models.DateTimeField(verbose_name="окончание")),
                (
                    "hours",
                    accounts.fields.QuantityField(
                        blank=True, null=True, verbose_name="часов по акту, если меньше промежутка"
                    ),
                ),
                ("normative_c", accounts.fields.QuantityField(blank=True, null=True, verbose_name="должно быть, °C")),
                ("actual_c", accounts.fields.QuantityField(blank=True, null=True, verbose_name="было, °C")),
                ("act", models.CharField(max_length=255, verbose_name="акт")),
                (
                    "house",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.house",
                        verbose_name="дом",
                    ),
                ),
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
                        to="billing.qualityevent",
                    ),
                ),
                (
                    "premises",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.premises",
                        verbose_name="только помещение",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.service",
                        verbose_name="услуга",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="qualityrule",
            trigger=pgtrigger.compiler.Trigger(
                name="before_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "billing_qualityruleevent" ("act", "allowed_at_once", "allowed_hours", "breach", "cold_price", "id", "not_supplied", "per_hours", "percent", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "step_c", "tolerance_above_c", "tolerance_day_c", "tolerance_night_c", "valid_from", "valid_to", "whole_days") VALUES (OLD."act", OLD."allowed_at_once", OLD."allowed_hours", OLD."breach", OLD."cold_price", OLD."id", OLD."not_supplied", OLD."per_hours", OLD."percent", _pgh_attach_context(), NOW(), \'before\', OLD."id", OLD."step_c", OLD."tolerance_above_c", OLD."tolerance_day_c", OLD."tolerance_night_c", OLD."valid_from", OLD."valid_to", OLD."whole_days"); RETURN NULL;',
                    hash="74fe942c802da613a23edc9d04622bd79fdc3d74",
                    operation="UPDATE",
                    pgid="pgtrigger_before_update_74d7c",
                    table="billing_qualityrule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="qualityrule",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "billing_qualityruleevent" ("act", "allowed_at_once", "allowed_hours", "breach", "cold_price", "id", "not_supplied", "per_hours", "percent", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "step_c", "tolerance_above_c", "tolerance_day_c", "tolerance_night_c", "valid_from", "valid_to", "whole_days") VALUES (OLD."act", OLD."allowed_at_once", OLD."allowed_hours", OLD."breach", OLD."cold_price", OLD."id", OLD."not_supplied", OLD."per_hours", OLD."percent", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."step_c", OLD."tolerance_above_c", OLD."tolerance_day_c", OLD."tolerance_night_c", OLD."valid_from", OLD."valid_to", OLD."whole_days"); RETURN NULL;',
                    hash="b1b56d6ea96b673b659559f2d8a0743147d80eee",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_846fe",
                    table="billing_qualityrule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="benefitentitlement",
            trigger=pgtrigger.compiler.Trigger(
                name="before_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "billing_benefitentitlementevent" ("account_id", "area_m2", "category", "document", "id", "percent", "person_id", "persons", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "service_id", "valid_from", "valid_to", "way", "within_norm") VALUES (OLD."account_id", OLD."area_m2", OLD."category", OLD."document", OLD."id", OLD."percent", OLD."person_id", OLD."persons", _pgh_attach_context(), NOW(), \'before\', OLD."id", OLD."service_id", OLD."valid_from", OLD."valid_to", OLD."way", OLD."within_norm"); RETURN NULL;',
                    hash="973a8521832c468ae2c4a343828a22934007f118",
                    operation="UPDATE",
                    pgid="pgtrigger_before_update_eed48",
                    table="billing_benefitentitlement",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="benefitentitlement",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "billing_benefitentitlementevent" ("account_id", "area_m2", "category", "document", "id", "percent", "person_id", "persons", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "service_id", "valid_from", "valid_to", "way", "within_norm") VALUES (OLD."account_id", OLD."area_m2", OLD."category", OLD."document", OLD."id", OLD."percent", OLD."person_id", OLD."persons", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."service_id", OLD."valid_from", OLD."valid_to", OLD."way", OLD."within_norm"); RETURN NULL;',
                    hash="4743f7e7fc121b57725088bc091e456cb76ef8cc",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_8370e",
                    table="billing_benefitentitlement",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="qualityevent",
            trigger=pgtrigger.compiler.Trigger(
                name="before_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "billing_qualityeventevent" ("act", "actual_c", "breach", "ended_at", "hours", "house_id", "id", "normative_c", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "premises_id", "service_id", "started_at") VALUES (OLD."act", OLD."actual_c", OLD."breach", OLD."ended_at", OLD."hours", OLD."house_id", OLD."id", OLD."normative_c", _pgh_attach_context(), NOW(), \'before\', OLD."id", OLD."premises_id", OLD."service_id", OLD."started_at"); RETURN NULL;',
                    hash="8bba1193502e1e94afda011251431924487697cc",
                    operation="UPDATE",
                    pgid="pgtrigger_before_update_0f1a9",
                    table="billing_qualityevent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="qualityevent",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "billing_qualityeventevent" ("act", "actual_c", "breach", "ended_at", "hours", "house_id", "id", "normative_c", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "premises_id", "service_id", "started_at") VALUES (OLD."act", OLD."actual_c", OLD."breach", OLD."ended_at", OLD."hours", OLD."house_id", OLD."id", OLD."normative_c", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."premises_id", OLD."service_id", OLD."started_at"); RETURN NULL;',
                    hash="d4d4743e7a8a1b1e6c07978fa877199e96b69ab0",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_12a84",
                    table="billing_qualityevent",
                    when="AFTER",
                ),
            ),
        ),
    ]
