"""The ink of charges looks at the rows of a statement once, and again only where a month is not open."""

from django.db import migrations

BEFORE = """
CREATE OR REPLACE FUNCTION billing_charge_ink() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""

NOW = """
CREATE OR REPLACE FUNCTION billing_charge_ink() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    contracts bigint[];
    months date[];
    refused record;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        RAISE EXCEPTION 'Начисления не очищают: исправление проводится новой строкой.' USING ERRCODE = 'raise_exception';
    END IF;
    -- One pass over the rows of the statement: a block of the night writes a hundred thousand of them.
    SELECT array_agg(contract_id), array_agg(month) INTO contracts, months
    FROM (SELECT DISTINCT contract_id, month FROM touched) AS spot;
    -- Posting takes FOR UPDATE: it waits for the writers in flight, and a writer that comes later sees it.
    PERFORM 1 FROM billing_contractmonth AS state
    WHERE (state.contract_id, state.month) IN (SELECT * FROM unnest(contracts, months))
    ORDER BY state.id FOR SHARE;
    -- Almost always every month is open; the rows are looked at again only where one is not.
    SELECT array_agg(spot.contract_id), array_agg(spot.month) INTO contracts, months
    FROM unnest(contracts, months) AS spot (contract_id, month)
    WHERE NOT EXISTS (
        SELECT FROM billing_contractmonth AS state
        WHERE state.contract_id = spot.contract_id AND state.month = spot.month AND state.state = 'open');
    IF contracts IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT spot.contract_id, spot.month INTO refused
    FROM unnest(contracts, months) AS spot (contract_id, month)
    WHERE NOT EXISTS (
            SELECT FROM billing_contractmonth AS state
            WHERE state.contract_id = spot.contract_id AND state.month = spot.month AND state.state <> 'closed')
        OR EXISTS (
            SELECT FROM touched
            WHERE touched.contract_id = spot.contract_id AND touched.month = spot.month AND NOT EXISTS (
                SELECT FROM billing_hold AS hold
                WHERE hold.account_id = touched.account_id AND hold.month = touched.month
                    AND hold.released_at IS NULL))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Месяц % по договору % проведён или не открыт: начисления не изменяют, исправление проводится в открытом месяце.',
            to_char(refused.month, 'MM.YYYY'), refused.contract_id USING ERRCODE = 'raise_exception';
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0014_uplift_of_2016")]
    operations = [migrations.RunSQL(NOW, BEFORE)]
