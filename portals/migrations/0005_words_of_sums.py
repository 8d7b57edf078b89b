"""What the constraints of sums say to people: words in the state alone, nothing changes in the tables."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portals", "0004_house_sums"),
    ]

    operations = [
        migrations.AlterConstraint(
            model_name="housesum",
            name="housesum_source_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("source__in", [1, 2, 3])),
                name="housesum_source_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="sumstate",
            name="sumstate_source_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("source__in", [1, 2, 3])),
                name="sumstate_source_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
    ]
