"""Money that nobody owned goes back to its payer by an order, too: such a return has no account."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0020_sftp_and_returned_offsets")]
    operations = [
        migrations.AlterField(
            model_name="refundapplication",
            name="account",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.personalaccount",
                verbose_name="лицевой счёт",
            ),
        )
    ]
