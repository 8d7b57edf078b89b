"""Allocations and balances: partitioned by month, never changed, a payment's parts always sum to it (law 2, law 5)."""

from django.db import migrations

TABLES = """
CREATE TABLE payments_allocation (
    account_id bigint NOT NULL,
    payment_id bigint NOT NULL,
    line smallint NOT NULL,
    day date NOT NULL,
    house_id bigint NOT NULL,
    contract_id bigint NOT NULL,
    service_id smallint NOT NULL,
    for_month date NOT NULL,
    part smallint NOT NULL,
    rule smallint NOT NULL,
    amount numeric(14, 2) NOT NULL,
    PRIMARY KEY (account_id, payment_id, line, day),
    CONSTRAINT allocation_sane CHECK (
        part BETWEEN 1 AND 3 AND line >= 0 AND amount <> 0 AND extract(day FROM for_month) = 1
        AND (contract_id = 0) = (service_id = 0) AND (contract_id <> 0 OR part = 3)
    )
) PARTITION BY RANGE (day);
CREATE INDEX allocation_by_day ON payments_allocation (day, contract_id);
CREATE INDEX allocation_by_payment ON payments_allocation (payment_id);

CREATE TABLE payments_balance (
    account_id bigint NOT NULL,
    contract_id bigint NOT NULL,
    service_id smallint NOT NULL,
    month date NOT NULL,
    house_id bigint NOT NULL,
    opening numeric(14, 2) NOT NULL,
    charged numeric(14, 2) NOT NULL,
    paid numeric(14, 2) NOT NULL,
    closing numeric(14, 2) NOT NULL,
    penalty_opening numeric(14, 2) NOT NULL,
    penalty_charged numeric(14, 2) NOT NULL,
    penalty_paid numeric(14, 2) NOT NULL,
    penalty_closing numeric(14, 2) NOT NULL,
    PRIMARY KEY (account_id, contract_id, service_id, month),
    CONSTRAINT balance_adds_up CHECK (
        opening + charged - paid = closing AND penalty_opening + penalty_charged - penalty_paid = penalty_closing
        AND extract(day FROM month) = 1
    )
) PARTITION BY RANGE (month);
"""

INK = """
CREATE FUNCTION payments_ink() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Строки таблицы % не изменяют и не удаляют: исправление проводится новой строкой.', TG_TABLE_NAME
        USING ERRCODE = 'raise_exception';
END $$;

CREATE FUNCTION payments_allocation_checked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    -- A day that closes takes FOR UPDATE: it waits for the writers in flight.
    PERFORM 1 FROM payments_operatingday WHERE day IN (SELECT DISTINCT day FROM touched) ORDER BY day FOR SHARE;
    SELECT spot.day INTO wrong FROM (SELECT DISTINCT day FROM touched) AS spot
    WHERE NOT EXISTS (SELECT FROM payments_operatingday AS o WHERE o.day = spot.day AND o.state = 'open') LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Операционный день % закрыт или не открыт: проведите операцию открытым днём.',
            to_char(wrong.day, 'DD.MM.YYYY') USING ERRCODE = 'raise_exception';
    END IF;
    SELECT payment.id, payment.amount, parts.amount AS allocated INTO wrong
    FROM (
        SELECT a.payment_id, sum(a.amount) AS amount FROM payments_allocation AS a
        WHERE a.payment_id IN (SELECT DISTINCT payment_id FROM touched) GROUP BY a.payment_id
    ) AS parts
    LEFT JOIN payments_payment AS payment ON payment.id = parts.payment_id
    LEFT JOIN payments_reversal AS reversal ON reversal.payment_id = parts.payment_id
    WHERE payment.id IS NULL
        OR parts.amount <> CASE WHEN reversal.id IS NULL THEN payment.amount ELSE 0 END
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Части платежа % дают %, а не %: разнесение отклонено.', wrong.id, wrong.allocated, wrong.amount
            USING ERRCODE = 'raise_exception';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER allocation_checked AFTER INSERT ON payments_allocation
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION payments_allocation_checked();
CREATE TRIGGER allocation_ink BEFORE UPDATE OR DELETE OR TRUNCATE ON payments_allocation
    FOR EACH STATEMENT EXECUTE FUNCTION payments_ink();
CREATE TRIGGER balance_ink BEFORE UPDATE OR DELETE OR TRUNCATE ON payments_balance
    FOR EACH STATEMENT EXECUTE FUNCTION payments_ink();
"""

DROP = """
DROP TABLE payments_balance;
DROP TABLE payments_allocation;
DROP FUNCTION payments_allocation_checked();
DROP FUNCTION payments_ink();
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("billing", "0002_charge")]
    operations = [migrations.RunSQL(TABLES + INK, DROP)]
