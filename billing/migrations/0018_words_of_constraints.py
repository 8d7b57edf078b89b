"""What the constraints say to people: words in the state alone, nothing changes in the tables."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_words_of_constraints"),
        ("billing", "0017_hot_water_to_75"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterConstraint(
            model_name="benefitentitlement",
            name="benefitentitlement_validity_not_empty",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                name="benefitentitlement_validity_not_empty",
                violation_error_message="Дата окончания должна быть позже даты начала.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="benefitentitlement",
            name="benefitentitlement_way_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("way__in", [1, 2])),
                name="benefitentitlement_way_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="contractmonth",
            name="contractmonth_once",
            constraint=models.UniqueConstraint(
                fields=("contract", "month"),
                name="contractmonth_once",
                violation_error_message="Этот месяц договора уже открыт.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="contractmonth",
            name="contractmonth_state_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "posted", "issued", "closed"])),
                name="contractmonth_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="hold",
            name="hold_once",
            constraint=models.UniqueConstraint(
                condition=models.Q(("released_at", None)),
                fields=("account", "month"),
                name="hold_once",
                violation_error_message="Счёт в этом месяце уже удержан.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="hold",
            name="hold_has_cause",
            constraint=models.CheckConstraint(
                condition=models.Q(("cause", ""), _negated=True),
                name="hold_has_cause",
                violation_error_message="Укажите причину удержания.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="housebalance",
            name="housebalance_once",
            constraint=models.UniqueConstraint(
                fields=("house", "service", "month"),
                name="housebalance_once",
                violation_error_message="Баланс дома по этой услуге за месяц уже есть.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="housebalance",
            name="housebalance_carried",
            constraint=models.CheckConstraint(
                condition=models.Q(("carried__lte", 0)),
                name="housebalance_carried",
                violation_error_message="На следующий месяц переносится только отрицательный остаток.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="lineproblem",
            name="lineproblem_once",
            constraint=models.UniqueConstraint(
                fields=("account", "month", "service", "text"),
                name="lineproblem_once",
                violation_error_message="Такая запись по счёту уже есть.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="masscorrection",
            name="masscorrection_rule_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("rule__in", [1, 2, 3, 4, 5])),
                name="masscorrection_rule_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="meterfault",
            name="meterfault_kind_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [1, 2])),
                name="meterfault_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="norm",
            name="norm_basis_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("basis__in", [1, 2, 3, 4, 5, 6, 7, 8])),
                name="norm_basis_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="provision",
            name="provision_components",
            constraint=models.CheckConstraint(
                condition=models.Q(("components__in", [1, 2])),
                name="provision_components",
                violation_error_message="Частей тарифа одна или две.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="provision",
            name="provision_method_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("method__in", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])),
                name="provision_method_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="provisionexception",
            name="provisionexception_has_ground",
            constraint=models.CheckConstraint(
                condition=models.Q(("ground", ""), _negated=True),
                name="provisionexception_has_ground",
                violation_error_message="Укажите основание исключения.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="qualityevent",
            name="qualityevent_breach_known",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "breach__in",
                        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25],
                    )
                ),
                name="qualityevent_breach_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="qualityrule",
            name="qualityrule_breach_known",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "breach__in",
                        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25],
                    )
                ),
                name="qualityrule_breach_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="tariff",
            name="tariff_key_sane",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("component__in", [0, 1, 2]), ("tariff_range__in", [0, 1, 2, 3]), ("zone__in", [0, 1, 2, 3])
                ),
                name="tariff_key_sane",
                violation_error_message="Часть тарифа — 0, 1 или 2; зона и диапазон — от 0 до 3.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="unauthoriseduse",
            name="unauthoriseduse_kind_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [1, 2])),
                name="unauthoriseduse_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
    ]
