"""A job may make a set of files in one archive."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portals", "0013_certificates"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="reportjob", name="reportjob_form_known"),
        migrations.AlterField(
            model_name="reportjob",
            name="form",
            field=models.CharField(
                choices=[("xlsx", "Excel"), ("csv", "CSV"), ("zip", "архив")],
                default="xlsx",
                max_length=4,
                verbose_name="файл",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportjob",
            constraint=models.CheckConstraint(
                condition=models.Q(("form__in", ["xlsx", "csv", "zip"])),
                name="reportjob_form_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
    ]
