"""Numbers of new personal accounts come from a sequence: two clerks never get the same one, and none is reused."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_services")]
    operations = [
        migrations.RunSQL("CREATE SEQUENCE account_number_seq MINVALUE 1 START 1", "DROP SEQUENCE account_number_seq")
    ]
