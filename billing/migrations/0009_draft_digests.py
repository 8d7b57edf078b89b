from django.db import migrations, models

import accounts.fields


class Migration(migrations.Migration):
    dependencies = [("billing", "0008_documents_and_acts")]

    operations = [
        migrations.CreateModel(
            name="DraftDigest",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "month", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("account_id", models.BigIntegerField(verbose_name="счёт")),
                ("month", accounts.fields.MonthField(verbose_name="месяц")),
                ("digest", models.BigIntegerField(verbose_name="отпечаток")),
                ("lines", models.IntegerField(verbose_name="строк")),
                (
                    "amount",
                    accounts.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name="сумма, руб."),
                ),
            ],
            options={
                "verbose_name": "отпечаток черновика",
                "verbose_name_plural": "отпечатки черновиков",
            },
        ),
        # it can be made anew by one full night: no write-ahead log for it
        migrations.RunSQL("ALTER TABLE billing_draftdigest SET UNLOGGED", migrations.RunSQL.noop),
    ]
