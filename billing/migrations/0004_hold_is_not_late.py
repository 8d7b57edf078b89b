"""A hold keeps chalk from becoming ink; it never turns ink back into chalk."""

from django.db import migrations

GUARD = """
CREATE FUNCTION billing_hold_not_late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Waits for a posting in flight, then sees what it did.
    PERFORM 1 FROM billing_contractmonth AS state WHERE state.month = NEW.month ORDER BY state.id FOR SHARE;
    IF EXISTS (
        SELECT FROM billing_charge AS charge JOIN billing_contractmonth AS state
            ON state.contract_id = charge.contract_id AND state.month = charge.month AND state.state <> 'open'
        WHERE charge.account_id = NEW.account_id AND charge.month = NEW.month
            AND NOT EXISTS (
                SELECT FROM billing_hold AS hold
                WHERE hold.account_id = NEW.account_id AND hold.month = NEW.month AND hold.released_at IS NULL
                    AND hold.id <> NEW.id)
    ) THEN
        RAISE EXCEPTION 'Начисления счёта за этот месяц уже проведены: удержать их нельзя.'
            USING ERRCODE = 'raise_exception';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER hold_not_late BEFORE INSERT ON billing_hold FOR EACH ROW EXECUTE FUNCTION billing_hold_not_late();
CREATE TRIGGER hold_not_revived BEFORE UPDATE ON billing_hold FOR EACH ROW
    WHEN (OLD.released_at IS NOT NULL AND NEW.released_at IS NULL
        OR OLD.account_id <> NEW.account_id OR OLD.month <> NEW.month)
    EXECUTE FUNCTION billing_hold_not_late();
"""

DROP = """
DROP TRIGGER hold_not_revived ON billing_hold;
DROP TRIGGER hold_not_late ON billing_hold;
DROP FUNCTION billing_hold_not_late();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_law_values")]
    operations = [migrations.RunSQL(GUARD, DROP)]
