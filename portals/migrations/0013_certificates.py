import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_entry_by_account"),
        ("portals", "0012_works_of_houses"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Certificate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("no_debt", "Справка об отсутствии задолженности"),
                            ("settlements", "Справка о состоянии расчётов"),
                            ("payments", "Справка о платежах"),
                            ("charges", "Справка о начислениях"),
                        ],
                        max_length=12,
                        verbose_name="вид",
                    ),
                ),
                ("key", models.CharField(max_length=40, unique=True, verbose_name="ключ проверки")),
                ("since", models.DateField(verbose_name="с")),
                ("until", models.DateField(verbose_name="по")),
                ("amount", models.DecimalField(decimal_places=2, max_digits=16, verbose_name="сумма, руб.")),
                ("payload", models.JSONField(verbose_name="содержание")),
                ("made_on", models.DateField(verbose_name="дата")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="выдана")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="certificates",
                        to="accounts.personalaccount",
                        verbose_name="лицевой счёт",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто запросил",
                    ),
                ),
            ],
            options={
                "verbose_name": "справка",
                "verbose_name_plural": "справки",
                "indexes": [models.Index(fields=["account", "-id"], name="certificate_of_account")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["no_debt", "settlements", "payments", "charges"])),
                        name="certificate_kind_known",
                        violation_error_message="Такого значения нет в списке. Выберите другое.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("until__gte", models.F("since"))),
                        name="certificate_span",
                        violation_error_message="Начало периода должно быть не позже конца.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "no_debt"), _negated=True), ("amount", 0), _connector="OR"
                        ),
                        name="certificate_no_debt_is_nought",
                        violation_error_message="Справка об отсутствии задолженности выдаётся, когда долга нет.",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="certificate",
            trigger=pgtrigger.compiler.Trigger(
                name="certificate_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete or update rows from % table', TG_TABLE_NAME;",
                    hash="cff76ae6727b2bec9a3970574fa59730ce221522",
                    operation="DELETE OR UPDATE",
                    pgid="pgtrigger_certificate_kept_796b1",
                    table="portals_certificate",
                    when="BEFORE",
                ),
            ),
        ),
    ]
