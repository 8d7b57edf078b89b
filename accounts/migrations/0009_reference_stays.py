"""What charges were computed from is never emptied: who lived where, areas, services, terms. TRUNCATE is refused."""

from django.db import migrations

TABLES = [
    "accounts_absence", "accounts_calendarday", "accounts_commissionterms", "accounts_housepassport",
    "accounts_office", "accounts_ownership", "accounts_premisesarea", "accounts_residency", "accounts_service",
]  # fmt: skip


def trigger(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION never_emptied()",
        f"DROP TRIGGER never_emptied ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_contracts_paid_apart")]
    operations = [trigger(table) for table in TABLES]
