"""The charges: partitioned by month, natural key, ink kept by statement triggers (DESIGN, section 3)."""

from django.db import migrations

TABLE = """
CREATE TABLE billing_charge (
    account_id bigint NOT NULL,
    contract_id bigint NOT NULL,
    service_id smallint NOT NULL,
    kind smallint NOT NULL,
    line smallint NOT NULL,
    month date NOT NULL,
    house_id bigint NOT NULL,
    for_month date NOT NULL,
    method smallint NOT NULL,
    volume numeric(18, 6),
    unit smallint NOT NULL,
    tariff numeric(18, 6),
    norm numeric(18, 6),
    multiplier numeric(18, 6),
    persons numeric(18, 6),
    area numeric(18, 6),
    days smallint NOT NULL,
    amount numeric(14, 2) NOT NULL,
    PRIMARY KEY (account_id, contract_id, service_id, kind, line, month),
    CONSTRAINT charge_sane CHECK (
        kind BETWEEN 1 AND 8 AND method BETWEEN 1 AND 9 AND unit BETWEEN 1 AND 6 AND line >= 0
        AND extract(day FROM month) = 1 AND extract(day FROM for_month) = 1 AND for_month <= month
    )
) PARTITION BY RANGE (month);
"""

INK = """
CREATE FUNCTION billing_charge_ink() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    refused record;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        RAISE EXCEPTION 'Начисления не очищают: исправление проводится новой строкой.' USING ERRCODE = 'raise_exception';
    END IF;
    -- Posting takes FOR UPDATE: it waits for the writers in flight, and a writer that comes later sees it.
    PERFORM 1 FROM billing_contractmonth AS state
    WHERE (state.contract_id, state.month) IN (SELECT DISTINCT contract_id, month FROM touched)
    ORDER BY state.id FOR SHARE;
    SELECT spot.contract_id, spot.month INTO refused
    FROM (SELECT DISTINCT contract_id, month FROM touched) AS spot
    WHERE NOT EXISTS (
            SELECT FROM billing_contractmonth AS state
            WHERE state.contract_id = spot.contract_id AND state.month = spot.month AND state.state = 'open')
        AND (NOT EXISTS (
                SELECT FROM billing_contractmonth AS state
                WHERE state.contract_id = spot.contract_id AND state.month = spot.month AND state.state <> 'closed')
            OR EXISTS (
                SELECT FROM touched
                WHERE touched.contract_id = spot.contract_id AND touched.month = spot.month AND NOT EXISTS (
                    SELECT FROM billing_hold AS hold
                    WHERE hold.account_id = touched.account_id AND hold.month = touched.month
                        AND hold.released_at IS NULL)))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Месяц % по договору % проведён или не открыт: начисления не изменяют, исправление проводится в открытом месяце.',
            to_char(refused.month, 'MM.YYYY'), refused.contract_id USING ERRCODE = 'raise_exception';
    END IF;
    RETURN NULL;
END $$;

-- An UPDATE has two sets of rows: both the line as it was and the line it becomes must be chalk.
CREATE FUNCTION billing_charge_ink_update() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    refused record;
BEGIN
    PERFORM 1 FROM billing_contractmonth AS state
    WHERE (state.contract_id, state.month) IN (
        SELECT contract_id, month FROM was UNION SELECT contract_id, month FROM touched)
    ORDER BY state.id FOR SHARE;
    SELECT spot.contract_id, spot.month INTO refused
    FROM (SELECT contract_id, month, account_id FROM was UNION SELECT contract_id, month, account_id FROM touched) AS spot
    WHERE NOT EXISTS (
            SELECT FROM billing_contractmonth AS state
            WHERE state.contract_id = spot.contract_id AND state.month = spot.month AND state.state = 'open')
        AND NOT EXISTS (
            SELECT FROM billing_hold AS hold JOIN billing_contractmonth AS state
                ON state.contract_id = spot.contract_id AND state.month = spot.month AND state.state <> 'closed'
            WHERE hold.account_id = spot.account_id AND hold.month = spot.month AND hold.released_at IS NULL)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Месяц % по договору % проведён или не открыт: начисления не изменяют, исправление проводится в открытом месяце.',
            to_char(refused.month, 'MM.YYYY'), refused.contract_id USING ERRCODE = 'raise_exception';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER charge_ink_insert AFTER INSERT ON billing_charge
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION billing_charge_ink();
CREATE TRIGGER charge_ink_delete AFTER DELETE ON billing_charge
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION billing_charge_ink();
CREATE TRIGGER charge_ink_update AFTER UPDATE ON billing_charge
    REFERENCING OLD TABLE AS was NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION billing_charge_ink_update();
CREATE TRIGGER charge_ink_truncate BEFORE TRUNCATE ON billing_charge
    FOR EACH STATEMENT EXECUTE FUNCTION billing_charge_ink();
"""

DROP = """
DROP TABLE billing_charge;
DROP FUNCTION billing_charge_ink();
DROP FUNCTION billing_charge_ink_update();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]
    operations = [migrations.RunSQL(TABLE + INK, DROP)]
