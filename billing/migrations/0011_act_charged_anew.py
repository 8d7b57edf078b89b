"""An act taken back for a counting error is charged anew under its own name."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("billing", "0010_unauthorised_law")]
    operations = [migrations.RemoveConstraint(model_name="unauthoriseduse", name="unauthoriseduse_once")]
