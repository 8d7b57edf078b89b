"""What the constraints say to people: words in the state alone, nothing changes in the tables."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_words_of_constraints"),
        ("portals", "0002_report_files"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterConstraint(
            model_name="principaluser",
            name="principaluser_once",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at", None)),
                fields=("user", "principal"),
                name="principaluser_once",
                violation_error_message="У этого пользователя уже есть такой доступ. Измените его.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="principaluser",
            name="principaluser_role_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", [1, 2, 3])),
                name="principaluser_role_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="reportjob",
            name="reportjob_once_a_day",
            constraint=models.UniqueConstraint(
                condition=models.Q(("schedule__isnull", False)),
                fields=("schedule", "due_on"),
                name="reportjob_once_a_day",
                violation_error_message="Этот отчёт по расписанию в этот день уже заказан.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="reportjob",
            name="reportjob_face_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("face__in", ["office", "supplier"])),
                name="reportjob_face_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="reportjob",
            name="reportjob_form_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("form__in", ["xlsx", "csv"])),
                name="reportjob_form_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="reportjob",
            name="reportjob_state_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "running", "done", "failed", "cancelled"])),
                name="reportjob_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="reportjob",
            name="reportjob_progress",
            constraint=models.CheckConstraint(
                condition=models.Q(("done__gte", 0), ("total__gte", 0)),
                name="reportjob_progress",
                violation_error_message="Доля готового — от 0 до 100.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="reportschedule",
            name="reportschedule_every_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("every__in", ["day", "week", "month"])),
                name="reportschedule_every_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="reportschedule",
            name="reportschedule_form_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("form__in", ["xlsx", "csv"])),
                name="reportschedule_form_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="savedreport",
            name="savedreport_face_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("face__in", ["office", "supplier"])),
                name="savedreport_face_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="savedreport",
            name="savedreport_has_title",
            constraint=models.CheckConstraint(
                condition=models.Q(("title", ""), _negated=True),
                name="savedreport_has_title",
                violation_error_message="Назовите отчёт.",
            ),
        ),
    ]
