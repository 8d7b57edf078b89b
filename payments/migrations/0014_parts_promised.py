"""A payment may come in together with its parts; the check of parts reads their own days and accounts alone."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

# A statement that brings allocated payments leaves one promise; it is asked for at the end of the transaction, when the
# parts stand. Plans of triggers are kept for the session: made over a small partition they would scan a big one.
PROMISE = """
CREATE TABLE payments_promise (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    first_id bigint NOT NULL,
    last_id bigint NOT NULL
);

CREATE FUNCTION payments_promise_kept() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    wrong bigint;
BEGIN
    SELECT p.id INTO wrong
    FROM payments_payment AS p LEFT JOIN LATERAL (
        SELECT true AS stands FROM payments_allocation AS a
        WHERE a.account_id = p.account_id AND a.payment_id = p.id AND a.day >= p.day LIMIT 1
    ) AS part ON true
    WHERE p.id BETWEEN NEW.first_id AND NEW.last_id AND p.state = 'allocated' AND part.stands IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Платёж %: состояние «разнесён» не подтверждено частями.', wrong USING ERRCODE = 'raise_exception';
    END IF;
    DELETE FROM payments_promise WHERE id = NEW.id;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER promise_kept AFTER INSERT ON payments_promise DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION payments_promise_kept();
"""
PROMISE_BACK = """
DROP TABLE payments_promise;
DROP FUNCTION payments_promise_kept();
"""
CHECKED = """
CREATE OR REPLACE FUNCTION payments_allocation_checked() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
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
    -- No part is of another account or of a day before its payment's: so the parts are found by the key, in few months.
    SELECT t.payment_id AS id, payment.amount, parts.amount AS allocated,
        t.account_id <> payment.account_id OR t.account_id <> t.other_id OR t.day < payment.day AS is_astray INTO wrong
    FROM (
        SELECT payment_id, min(account_id) AS account_id, max(account_id) AS other_id, min(day) AS day FROM touched
        GROUP BY payment_id
    ) AS t
    LEFT JOIN payments_payment AS payment ON payment.id = t.payment_id
    LEFT JOIN payments_reversal AS reversal ON reversal.payment_id = t.payment_id
    CROSS JOIN LATERAL (
        SELECT sum(a.amount) AS amount FROM payments_allocation AS a
        WHERE a.account_id = t.account_id AND a.payment_id = t.payment_id AND a.day >= payment.day
    ) AS parts
    WHERE payment.id IS NULL OR t.account_id <> payment.account_id OR t.account_id <> t.other_id OR t.day < payment.day
        OR parts.amount <> CASE WHEN reversal.id IS NULL THEN payment.amount ELSE 0 END
    LIMIT 1;
    IF FOUND AND wrong.is_astray THEN
        RAISE EXCEPTION 'Часть платежа % — другого счёта или дня раньше его собственного: разнесение отклонено.', wrong.id
            USING ERRCODE = 'raise_exception';
    ELSIF FOUND THEN
        RAISE EXCEPTION 'Части платежа % дают %, а не %: разнесение отклонено.', wrong.id, wrong.allocated, wrong.amount
            USING ERRCODE = 'raise_exception';
    END IF;
    RETURN NULL;
END $$;
"""
CHECKED_BACK = """
CREATE OR REPLACE FUNCTION payments_allocation_checked() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0013_closed_books")]

    operations = [
        migrations.RunSQL(PROMISE, PROMISE_BACK),
        migrations.RunSQL(CHECKED, CHECKED_BACK),
        pgtrigger.migrations.RemoveTrigger(
            model_name="payment",
            name="payment_state_is_true",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="payment",
            name="payment_begins_waiting",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payment",
            trigger=pgtrigger.compiler.Trigger(
                name="payment_state_is_true",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE wrong record;",
                    func="\n                    SELECT m.id, m.state INTO wrong FROM moved AS m JOIN before AS b ON b.id = m.id\n                    WHERE m.state <> b.state AND CASE\n                        WHEN m.state = 'allocated' THEN\n                            (SELECT sum(a.amount) FROM payments_allocation AS a WHERE a.account_id = m.account_id\n                                AND a.payment_id = m.id AND a.day >= m.day) IS NULL\n                        WHEN m.state IN ('reversed', 'returned') THEN\n                            NOT EXISTS (SELECT FROM payments_reversal AS r WHERE r.payment_id = m.id)\n                            OR (SELECT coalesce(sum(a.amount), 0) FROM payments_allocation AS a\n                                WHERE a.account_id = m.account_id AND a.payment_id = m.id AND a.day >= m.day) <> 0\n                        ELSE false END\n                    LIMIT 1;\n                    IF FOUND THEN\n                        RAISE EXCEPTION 'Платёж %: состояние % не подтверждено разнесением или сторно.',\n                            wrong.id, wrong.state;\n                    END IF;\n                    RETURN NULL;\n                ",
                    hash="c8a6c6bb531091b028d3b0534865075eaed99a1b",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_payment_state_is_true_b14be",
                    referencing="REFERENCING OLD TABLE AS before  NEW TABLE AS moved ",
                    table="payments_payment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payment",
            trigger=pgtrigger.compiler.Trigger(
                name="payment_begins_waiting",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.state IN ('reversed', 'returned'))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot insert rows from % table', TG_TABLE_NAME;",
                    hash="c2b0edc9d6f5bed9c8c465fb80c0e0adac301b7b",
                    operation="INSERT",
                    pgid="pgtrigger_payment_begins_waiting_bfa2b",
                    table="payments_payment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payment",
            trigger=pgtrigger.compiler.Trigger(
                name="payment_promises_parts",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    INSERT INTO payments_promise (first_id, last_id)\n                    SELECT min(id), max(id) FROM written WHERE state = 'allocated' HAVING count(*) > 0;\n                    RETURN NULL;\n                ",
                    hash="a0dcc2a14a70fc9575490762930adbff1bc08a8f",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_payment_promises_parts_12a5b",
                    referencing="REFERENCING NEW TABLE AS written ",
                    table="payments_payment",
                    when="AFTER",
                ),
            ),
        ),
    ]
