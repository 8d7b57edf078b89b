"""What the constraints say to people: words in the state alone, nothing changes in the tables."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_words_of_constraints"),
        ("debt", "0004_open_from"),
    ]

    operations = [
        migrations.AlterConstraint(
            model_name="moratorium",
            name="moratorium_validity_not_empty",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                name="moratorium_validity_not_empty",
                violation_error_message="Дата окончания должна быть позже даты начала.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="moratorium",
            name="moratorium_scale_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("scale", None), ("scale__in", [0, 1, 2, 3, 4, 5, 6]), _connector="OR"),
                name="moratorium_scale_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="penaltyband",
            name="penaltyband_scale_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("scale__in", [0, 1, 2, 3, 4, 5, 6])),
                name="penaltyband_scale_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="penaltyband",
            name="penaltyband_has_act",
            constraint=models.CheckConstraint(
                condition=models.Q(("act", ""), _negated=True),
                name="penaltyband_has_act",
                violation_error_message="Укажите закон или договор, из которого ступень пени.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="penaltyterms",
            name="penaltyterms_validity_not_empty",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                name="penaltyterms_validity_not_empty",
                violation_error_message="Дата окончания должна быть позже даты начала.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="penaltyterms",
            name="penaltyterms_scale_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("scale__in", [0, 1, 2, 3, 4, 5, 6])),
                name="penaltyterms_scale_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="penaltyterms",
            name="penaltyterms_debtor_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("debtor__in", [0, 1, 2, 3, 4])),
                name="penaltyterms_debtor_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="penaltyterms",
            name="penaltyterms_has_act",
            constraint=models.CheckConstraint(
                condition=models.Q(("act", ""), _negated=True),
                name="penaltyterms_has_act",
                violation_error_message="Укажите закон или договор, из которого условия пени.",
            ),
        ),
    ]
