"""Advances that no principal owns are few: an index of theirs alone finds them in books of any length."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("payments", "0008_open_items_and_instructions")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX allocation_advances ON payments_allocation (account_id, payment_id) WHERE contract_id = 0",
            "DROP INDEX allocation_advances",
        )
    ]
