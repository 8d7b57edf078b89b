"""A statement of parts keeps the promises of the payments it proves whole; what is left is proved at commit, as before."""

from django.db import migrations

# When every number from the first to the last of the statement's payments has parts that were just found right, each
# promise that lies inside is kept: no payment of it can be without parts. Other promises wait for the commit.
KEPT = """
CREATE OR REPLACE FUNCTION payments_allocation_checked() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    wrong record;
    told record;
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
    SELECT count(*) AS payments, min(one.id) AS first_id, max(one.id) AS last_id,
        min(one.id) FILTER (WHERE one.is_astray OR one.allocated IS DISTINCT FROM one.due) AS wrong_id INTO told
    FROM (
        SELECT t.payment_id AS id, parts.amount AS allocated,
            CASE WHEN reversal.id IS NULL THEN payment.amount ELSE 0 END AS due,
            payment.id IS NULL OR t.account_id IS DISTINCT FROM payment.account_id OR t.account_id <> t.other_id
                OR t.day < payment.day AS is_astray
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
    ) AS one;
    IF told.wrong_id IS NOT NULL THEN
        SELECT payment.amount, reversal.id AS reversal_id, parts.amount AS allocated,
            payment.id IS NULL OR t.account_id IS DISTINCT FROM payment.account_id OR t.account_id <> t.other_id
                OR t.day < payment.day AS is_astray INTO wrong
        FROM (
            SELECT payment_id, min(account_id) AS account_id, max(account_id) AS other_id, min(day) AS day FROM touched
            WHERE payment_id = told.wrong_id GROUP BY payment_id
        ) AS t
        LEFT JOIN payments_payment AS payment ON payment.id = t.payment_id
        LEFT JOIN payments_reversal AS reversal ON reversal.payment_id = t.payment_id
        CROSS JOIN LATERAL (
            SELECT sum(a.amount) AS amount FROM payments_allocation AS a
            WHERE a.account_id = t.account_id AND a.payment_id = t.payment_id AND a.day >= payment.day
        ) AS parts;
        IF wrong.is_astray THEN
            RAISE EXCEPTION 'Часть платежа % — другого счёта или дня раньше его собственного: разнесение отклонено.',
                told.wrong_id USING ERRCODE = 'raise_exception';
        END IF;
        RAISE EXCEPTION 'Части платежа % дают %, а не %: разнесение отклонено.', told.wrong_id, wrong.allocated,
            CASE WHEN wrong.reversal_id IS NULL THEN wrong.amount ELSE 0 END USING ERRCODE = 'raise_exception';
    ELSIF told.payments = told.last_id - told.first_id + 1 THEN
        DELETE FROM payments_promise WHERE first_id >= told.first_id AND last_id <= told.last_id;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION payments_promise_kept() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    wrong bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM payments_promise WHERE id = NEW.id) THEN
        RETURN NULL;  -- kept by the statement of the parts
    END IF;
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
"""
BACK = """
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

CREATE OR REPLACE FUNCTION payments_promise_kept() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0018_advances_offset")]

    operations = [migrations.RunSQL(KEPT, BACK)]
