"""Issued documents are never emptied: TRUNCATE is refused, by CASCADE too; a partition made later gets the trigger."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_never_emptied"), ("epd", "0002_replaced_documents")]
    operations = [
        migrations.RunSQL(
            "CREATE TRIGGER never_emptied BEFORE TRUNCATE ON epd_paymentdocument FOR EACH STATEMENT "
            "EXECUTE FUNCTION never_emptied()",
            "DROP TRIGGER never_emptied ON epd_paymentdocument",
        )
    ]
