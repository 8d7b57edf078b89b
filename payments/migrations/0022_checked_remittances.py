"""What the job formed is checked by one person and released by another."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_entry_by_account"),
        ("payments", "0021_returns_of_nobodys_money"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="remittance",
            name="checked_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="проверено"),
        ),
        migrations.AddField(
            model_name="remittance",
            name="checked_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="проверил",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="remittance",
            trigger=pgtrigger.compiler.Trigger(
                name="remittance_checked_first",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.released_by_id IS NULL AND NEW.released_by_id IS NOT NULL AND NEW.formed_by_id IS NULL AND NEW.checked_by_id IS NULL)",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="aecb9d3f44dd8795af6f1c398a18ba0c28ba2b43",
                    operation="UPDATE",
                    pgid="pgtrigger_remittance_checked_first_47dea",
                    table="payments_remittance",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="remittance",
            trigger=pgtrigger.compiler.Trigger(
                name="remittance_checked_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.checked_by_id IS NOT NULL AND ROW(OLD.checked_by_id, OLD.checked_at) IS DISTINCT FROM ROW(NEW.checked_by_id, NEW.checked_at) AND NOT (OLD.state = 'rejected' AND NEW.state = 'formed' AND NEW.checked_by_id IS NULL))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="e03040515af90a5881e33bd7ee9f40148a745a2c",
                    operation="UPDATE",
                    pgid="pgtrigger_remittance_checked_once_cede3",
                    table="payments_remittance",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="remittance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("checked_by", None),
                    ("released_by", None),
                    models.Q(("released_by", models.F("checked_by")), _negated=True),
                    _connector="OR",
                ),
                name="remittance_checked_by_another",
                violation_error_message="Перечисление проверил тот же сотрудник: выпустить должен другой.",
            ),
        ),
        migrations.AddConstraint(
            model_name="remittance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("checked_at", None), ("checked_by", None)),
                    models.Q(("checked_at__isnull", False), ("checked_by__isnull", False)),
                    _connector="OR",
                ),
                name="remittance_checked_at_a_moment",
                violation_error_message="Кто проверил перечисление и когда, указывают вместе.",
            ),
        ),
    ]
