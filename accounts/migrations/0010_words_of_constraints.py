"""What the constraints say to people: words in the state alone, nothing changes in the tables."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_reference_stays"),
    ]

    operations = [
        migrations.AlterConstraint(
            model_name="absence",
            name="absence_validity_not_empty",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                name="absence_validity_not_empty",
                violation_error_message="Дата окончания должна быть позже даты начала.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="agencycontract",
            name="agencycontract_validity_not_empty",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                name="agencycontract_validity_not_empty",
                violation_error_message="Дата окончания должна быть позже даты начала.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="agencycontract",
            name="agencycontract_allocation_rule_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("allocation_rule__in", [1, 2, 3])),
                name="agencycontract_allocation_rule_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="bankaccount",
            name="bankaccount_validity_not_empty",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                name="bankaccount_validity_not_empty",
                violation_error_message="Дата окончания должна быть позже даты начала.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="bankaccount",
            name="bankaccount_kind_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [1, 2, 3, 4])),
                name="bankaccount_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="commissionterms",
            name="commissionterms_vat_mode_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("vat_mode__in", [0, 1, 2])),
                name="commissionterms_vat_mode_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="house",
            name="house_kind_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [1, 2, 3])),
                name="house_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="housepassport",
            name="housepassport_heating_mode_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("heating_mode__in", [0, 1, 2])),
                name="housepassport_heating_mode_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="meter",
            name="meter_kind_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [1, 2, 3, 4])),
                name="meter_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="meter",
            name="meter_resource_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("resource__in", [0, 1, 2, 3, 4, 5, 8])),
                name="meter_resource_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="organisation",
            name="organisation_kind_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [1, 2, 3, 4, 5, 6, 9])),
                name="organisation_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="organisation",
            name="organisation_one_agent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", 1)),
                fields=("kind",),
                name="organisation_one_agent",
                violation_error_message="Агент уже заведён, второго не бывает. Исправьте его карточку.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="ownership",
            name="ownership_validity_not_empty",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                name="ownership_validity_not_empty",
                violation_error_message="Дата окончания должна быть позже даты начала.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="person",
            name="person_snils_once",
            constraint=models.UniqueConstraint(
                condition=models.Q(("snils__isnull", False)),
                fields=("snils",),
                name="person_snils_once",
                violation_error_message="Гражданин с таким СНИЛС уже есть. Найдите его.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="personalaccount",
            name="personalaccount_delivery_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("delivery__in", [1, 2, 3, 4])),
                name="personalaccount_delivery_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="premises",
            name="premises_kind_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [1, 2, 3, 4, 5, 6])),
                name="premises_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="reading",
            name="reading_source_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("source__in", [1, 2, 3, 4, 5, 6, 7, 8])),
                name="reading_source_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="reading",
            name="reading_verdict_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("verdict__in", [1, 2, 3, 4])),
                name="reading_verdict_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="reading",
            name="reading_sane",
            constraint=models.CheckConstraint(
                condition=models.Q(("value__gte", 0), ("zone__gte", 1), ("zone__lte", 3)),
                name="reading_sane",
                violation_error_message="Показание не бывает отрицательным, а тарифная зона — от 1 до 3.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="residency",
            name="residency_kind_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [1, 2])),
                name="residency_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="run",
            name="run_state_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "running", "done", "failed", "cancelled"])),
                name="run_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="runblock",
            name="runblock_once",
            constraint=models.UniqueConstraint(
                fields=("run", "number"), name="runblock_once", violation_error_message="Такая часть задания уже есть."
            ),
        ),
        migrations.AlterConstraint(
            model_name="runblock",
            name="runblock_state_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "running", "done", "failed", "cancelled"])),
                name="runblock_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="service",
            name="service_kind_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [1, 2, 3])),
                name="service_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="service",
            name="service_unit_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("unit__in", [1, 2, 3, 4, 5, 6])),
                name="service_unit_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="service",
            name="service_resource_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("resource__in", [0, 1, 2, 3, 4, 5, 8])),
                name="service_resource_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
    ]
