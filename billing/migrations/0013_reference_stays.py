"""Tariffs, norms, values by law and what else a month was computed from are never emptied: TRUNCATE is refused."""

from django.db import migrations

TABLES = [
    "billing_allocatorshare", "billing_housebalance", "billing_housevolume", "billing_lawvalue", "billing_meterfault",
    "billing_norm", "billing_plotuse", "billing_provision", "billing_provisionexception", "billing_qualityevent",
    "billing_qualityrule", "billing_tariff",
]  # fmt: skip


def trigger(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION never_emptied()",
        f"DROP TRIGGER never_emptied ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_reference_stays"), ("billing", "0012_months_and_readings_stay")]
    operations = [trigger(table) for table in TABLES]
