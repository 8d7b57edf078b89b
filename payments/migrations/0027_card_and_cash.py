from django.db import migrations, models

import accounts.fields


class Migration(migrations.Migration):
    """A receipt paid by card and in cash: what of it the card paid, and a movement of the shift for each."""

    dependencies = [
        ("payments", "0026_returns_are_of_a_receipt"),
    ]

    operations = [
        migrations.AddField(
            model_name="cashreceipt",
            name="card_amount",
            field=accounts.fields.MoneyField(db_default=0, default=0, verbose_name="из неё картой, руб."),
        ),
        migrations.AddConstraint(
            model_name="cashreceipt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("card_amount", 0),
                    models.Q(("card_amount__gt", 0), ("card_amount__lt", models.F("amount")), ("is_card", False)),
                    _connector="OR",
                ),
                name="cashreceipt_card_is_a_part",
                violation_error_message="Картой платят часть суммы или всю её.",
            ),
        ),
        migrations.RemoveConstraint(
            model_name="cashmovement",
            name="cashmovement_once",
        ),
        migrations.AddConstraint(
            model_name="cashmovement",
            constraint=models.UniqueConstraint(
                fields=("receipt", "kind", "is_card"),
                name="cashmovement_once",
                violation_error_message="Это движение по квитанции уже записано.",
            ),
        ),
    ]
