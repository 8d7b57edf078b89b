"""Access that a principal offers to a colleague by letter."""

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_entry_by_account"),
        ("portals", "0007_disputes_and_reading_files"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PrincipalInvitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254, verbose_name="эл. почта")),
                (
                    "role",
                    models.SmallIntegerField(
                        choices=[(1, "руководитель"), (2, "бухгалтер"), (3, "оператор")], verbose_name="роль"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True, verbose_name="sha-256 ссылки")),
                ("invited_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="приглашён")),
                ("expires_on", models.DateField(verbose_name="действует по")),
                ("accepted_at", models.DateTimeField(blank=True, null=True, verbose_name="принято")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="отозвано")),
                (
                    "accepted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто принял",
                    ),
                ),
                (
                    "invited_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="пригласил",
                    ),
                ),
                (
                    "principal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to="accounts.organisation",
                        verbose_name="принципал",
                    ),
                ),
            ],
            options={
                "verbose_name": "приглашение сотрудника",
                "verbose_name_plural": "приглашения сотрудников",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("role__in", [1, 2, 3])),
                        name="principalinvitation_role_known",
                        violation_error_message="Такого значения нет в списке. Выберите другое.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("accepted_at", None), ("withdrawn_at", None)),
                        fields=("principal", "email"),
                        name="principalinvitation_once",
                        violation_error_message="На этот адрес приглашение уже отправлено.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("accepted_at", None), ("accepted_by", None)),
                            models.Q(("accepted_at__isnull", False), ("accepted_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="principalinvitation_accepted_by_somebody",
                        violation_error_message="У принятого приглашения известно, кто его принял.",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="principalinvitation",
            trigger=pgtrigger.compiler.Trigger(
                name="principal_invitation_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="d2644fcf7a5139fe358e9f59dff4d786e47b2464",
                    operation="DELETE",
                    pgid="pgtrigger_principal_invitation_kept_c9951",
                    table="portals_principalinvitation",
                    when="BEFORE",
                ),
            ),
        ),
    ]
