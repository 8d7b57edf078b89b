"""Kind and cash of a channel stand once it has payments."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0030_charge_backs"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="channel",
            trigger=pgtrigger.compiler.Trigger(
                name="channel_of_payments_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."is_cash" IS DISTINCT FROM (NEW."is_cash") OR OLD."kind" IS DISTINCT FROM (NEW."kind"))',
                    func="\n                    IF EXISTS (SELECT FROM payments_payment WHERE channel_id = OLD.code) THEN\n                        RAISE EXCEPTION 'По каналу уже есть платежи: вид и признак наличных не меняют, иначе сформированные поручения станут неверны. Заведите новый канал, а этот отключите.' USING ERRCODE = 'raise_exception';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="ed2d60f1a5832d619cab82098095fa569143e1d6",
                    operation='UPDATE OF "is_cash", "kind"',
                    pgid="pgtrigger_channel_of_payments_stays_2d4b1",
                    table="payments_channel",
                    when="BEFORE",
                ),
            ),
        ),
    ]
