"""What says who did what, and what readings were, is never emptied: TRUNCATE is refused, by CASCADE too."""

from django.db import migrations

TABLES = [
    "accounts_journalentry", "accounts_reading", "accounts_importedfile", "accounts_personalaccount", "accounts_house",
    "accounts_premises", "accounts_person", "accounts_meter", "accounts_organisation", "accounts_agencycontract",
    "accounts_bankaccount", "accounts_absenceevent", "accounts_agencycontractevent", "accounts_bankaccountevent",
    "accounts_commissiontermsevent", "accounts_housepassportevent", "accounts_meterevent",
    "accounts_organisationevent", "accounts_ownershipevent", "accounts_personalaccountevent", "accounts_personevent",
    "accounts_premisesareaevent", "accounts_residencyevent", "pghistory_context",
]  # fmt: skip

FUNCTION = """
CREATE FUNCTION never_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Таблицу % не очищают: её строки хранятся всегда.', TG_TABLE_NAME
        USING ERRCODE = 'raise_exception';
END $$;
"""


def trigger(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION never_emptied()",
        f"DROP TRIGGER never_emptied ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_readings_by_their_key"), ("pghistory", "0007_auto_20250421_0444")]
    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION never_emptied()"), *(trigger(table) for table in TABLES)]
