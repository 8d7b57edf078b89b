"""Returns made so far were of the payment whose receipt they answer, and of its month."""

from django.db import migrations

FILL = """
    UPDATE payments_fiscalreceipt AS back SET original_id = sold.id
    FROM payments_fiscalreceipt AS sold
    WHERE back.original_id IS NULL AND back.kind IN ('sell_refund', 'offset_back')
        AND sold.payment_id = back.payment_id AND sold.month IS NOT DISTINCT FROM back.month
        AND sold.kind = CASE back.kind WHEN 'sell_refund' THEN 'sell' ELSE 'offset' END
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0024_returns_name_their_receipt")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
