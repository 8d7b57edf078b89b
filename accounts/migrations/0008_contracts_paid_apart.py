"""A contract may stand apart: capital repair is paid by a payment directed to it alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_force_majeure"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="agencycontract",
            name="agencycontract_allocation_rule_known",
        ),
        migrations.AlterField(
            model_name="agencycontract",
            name="allocation_rule",
            field=models.SmallIntegerField(
                choices=[(1, "по остатку долга"), (2, "по начисленному"), (3, "отдельно: только названным платежом")],
                default=1,
                verbose_name="разнесение",
            ),
        ),
        migrations.AlterField(
            model_name="agencycontractevent",
            name="allocation_rule",
            field=models.SmallIntegerField(
                choices=[(1, "по остатку долга"), (2, "по начисленному"), (3, "отдельно: только названным платежом")],
                default=1,
                verbose_name="разнесение",
            ),
        ),
        migrations.AddConstraint(
            model_name="agencycontract",
            constraint=models.CheckConstraint(
                condition=models.Q(("allocation_rule__in", [1, 2, 3])), name="agencycontract_allocation_rule_known"
            ),
        ),
    ]
