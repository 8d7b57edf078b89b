"""The checkpoint of a closed month takes no more rows; a contract's month closes only together with its checkpoint."""

from django.db import migrations

# The closing itself writes the balances first and the closed month after them.
BALANCES = """
CREATE FUNCTION payments_balance_closed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong date;
BEGIN
    SELECT c.month INTO wrong FROM payments_closedmonth AS c
    WHERE c.month IN (SELECT DISTINCT month FROM written) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Месяц % закрыт: его сальдо записаны, новых строк он не принимает.', to_char(wrong, 'MM.YYYY')
            USING ERRCODE = 'raise_exception';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER balance_closed AFTER INSERT ON payments_balance
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION payments_balance_closed();

-- months that stand already
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'payments_balance'::regclass LOOP
        EXECUTE format('CREATE TRIGGER balance_closed AFTER INSERT ON %s REFERENCING NEW TABLE AS written
            FOR EACH STATEMENT EXECUTE FUNCTION payments_balance_closed()', part);
    END LOOP;
END $$;
"""
BALANCES_BACK = """
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'payments_balance'::regclass LOOP
        EXECUTE format('DROP TRIGGER balance_closed ON %s', part);
    END LOOP;
END $$;
DROP TRIGGER balance_closed ON payments_balance;
DROP FUNCTION payments_balance_closed();
"""
# Asked at the end of the transaction: the closing moves the contracts' months first and writes the checkpoint after.
MONTHS = """
CREATE FUNCTION payments_month_has_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM payments_closedmonth AS c WHERE c.month = NEW.month) THEN
        RAISE EXCEPTION 'Месяц % договора % не закрыть отдельно: сальдо за него не записаны. Закройте месяц целиком.',
            to_char(NEW.month, 'MM.YYYY'), NEW.contract_id USING ERRCODE = 'raise_exception';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER month_has_checkpoint AFTER UPDATE OF state ON billing_contractmonth
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.state = 'closed' AND OLD.state <> 'closed') EXECUTE FUNCTION payments_month_has_checkpoint();
"""
MONTHS_BACK = """
DROP TRIGGER month_has_checkpoint ON billing_contractmonth;
DROP FUNCTION payments_month_has_checkpoint();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0013_reference_stays"), ("payments", "0012_shifts_and_refunds")]
    operations = [migrations.RunSQL(BALANCES, BALANCES_BACK), migrations.RunSQL(MONTHS, MONTHS_BACK)]
