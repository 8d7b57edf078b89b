"""A posted month cannot be removed and opened anew, a hold stays told, a reading that ink counted keeps its value."""

from django.db import migrations

TABLES = [
    "billing_contractmonth", "billing_hold", "billing_correction", "billing_masscorrection", "billing_unauthoriseduse",
    "billing_benefitentitlement", "billing_benefitentitlementevent", "billing_housevolumeevent",
    "billing_lawvalueevent", "billing_meterfaultevent", "billing_normevent", "billing_plotuseevent",
    "billing_provisionevent", "billing_provisionexceptionevent", "billing_qualityeventevent",
    "billing_qualityruleevent", "billing_tariffevent", "billing_allocatorshareevent",
]  # fmt: skip

MONTHS = """
CREATE FUNCTION billing_contractmonth_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- The row is locked already: who writes its charges has waited, or is waited for.
        IF OLD.state <> 'open' OR EXISTS (
            SELECT FROM billing_charge WHERE contract_id = OLD.contract_id AND month = OLD.month
        ) THEN
            RAISE EXCEPTION 'Месяц % договора % не удаляют: в нём есть начисления или он проведён.',
                to_char(OLD.month, 'MM.YYYY'), OLD.contract_id USING ERRCODE = 'raise_exception';
        END IF;
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'Когда месяц % договора % проведён и закрыт, записывается один раз.',
        to_char(OLD.month, 'MM.YYYY'), OLD.contract_id USING ERRCODE = 'raise_exception';
END $$;

CREATE TRIGGER contractmonth_stays BEFORE DELETE ON billing_contractmonth
    FOR EACH ROW EXECUTE FUNCTION billing_contractmonth_stays();
CREATE TRIGGER contractmonth_dates BEFORE UPDATE ON billing_contractmonth FOR EACH ROW
    WHEN (OLD.posted_at IS NOT NULL AND OLD.posted_at IS DISTINCT FROM NEW.posted_at
        OR OLD.closed_at IS NOT NULL AND OLD.closed_at IS DISTINCT FROM NEW.closed_at)
    EXECUTE FUNCTION billing_contractmonth_stays();
"""
MONTHS_BACK = """
DROP TRIGGER contractmonth_dates ON billing_contractmonth;
DROP TRIGGER contractmonth_stays ON billing_contractmonth;
DROP FUNCTION billing_contractmonth_stays();
"""

HOLDS = """
CREATE FUNCTION billing_hold_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Удержание не удаляют и не переписывают: его отпускают.' USING ERRCODE = 'raise_exception';
END $$;

CREATE TRIGGER hold_stays BEFORE DELETE ON billing_hold FOR EACH ROW EXECUTE FUNCTION billing_hold_stays();
CREATE TRIGGER hold_is_ink BEFORE UPDATE ON billing_hold FOR EACH ROW
    WHEN (OLD.account_id <> NEW.account_id OR OLD.month <> NEW.month OR OLD.cause <> NEW.cause
        OR OLD.held_at <> NEW.held_at OR OLD.held_by_id IS DISTINCT FROM NEW.held_by_id
        OR OLD.released_at IS NOT NULL AND OLD.released_at IS DISTINCT FROM NEW.released_at)
    EXECUTE FUNCTION billing_hold_stays();
"""
HOLDS_BACK = """
DROP TRIGGER hold_is_ink ON billing_hold;
DROP TRIGGER hold_stays ON billing_hold;
DROP FUNCTION billing_hold_stays();
"""

# A meter of a flat concerns its rooms, too; one of the house, every account of it. A held account's lines are chalk.
READINGS = """
CREATE FUNCTION billing_meter_is_in_ink(meter bigint, since date) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM accounts_meter AS m
        JOIN accounts_personalaccount AS a ON a.house_id = m.house_id
        JOIN accounts_premises AS p ON p.id = a.premises_id
        JOIN billing_charge AS c ON c.account_id = a.id AND c.month >= since
        JOIN billing_contractmonth AS s
            ON s.contract_id = c.contract_id AND s.month = c.month AND s.state <> 'open'
        WHERE m.id = meter AND (m.premises_id IS NULL OR p.id = m.premises_id OR p.parent_id = m.premises_id)
            AND NOT EXISTS (
                SELECT FROM billing_hold AS hold
                WHERE hold.account_id = c.account_id AND hold.month = c.month AND hold.released_at IS NULL))
$$;

CREATE FUNCTION billing_reading_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF billing_meter_is_in_ink(OLD.meter_id, least(OLD.month, NEW.month)) THEN
        RAISE EXCEPTION 'Показание от % вошло в проведённый месяц и не меняется. Внесите верное другой датой или актом: разница станет перерасчётом.',
            to_char(OLD.day, 'DD.MM.YYYY') USING ERRCODE = 'raise_exception';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION billing_readings_stay() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    first_day date;
BEGIN
    SELECT spot.day INTO first_day
    FROM (SELECT meter_id, min(month) AS month, min(day) AS day FROM gone GROUP BY meter_id) AS spot
    WHERE billing_meter_is_in_ink(spot.meter_id, spot.month) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Показание от % вошло в проведённый месяц и не удаляется.',
            to_char(first_day, 'DD.MM.YYYY') USING ERRCODE = 'raise_exception';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER reading_stays BEFORE UPDATE ON accounts_reading FOR EACH ROW
    WHEN (OLD.value <> NEW.value OR OLD.day <> NEW.day OR OLD.month <> NEW.month OR OLD.meter_id <> NEW.meter_id
        OR OLD.zone <> NEW.zone OR OLD.source <> NEW.source)
    EXECUTE FUNCTION billing_reading_stays();
CREATE TRIGGER readings_stay AFTER DELETE ON accounts_reading
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION billing_readings_stay();
"""
READINGS_BACK = """
DROP TRIGGER readings_stay ON accounts_reading;
DROP TRIGGER reading_stays ON accounts_reading;
DROP FUNCTION billing_readings_stay();
DROP FUNCTION billing_reading_stays();
DROP FUNCTION billing_meter_is_in_ink(bigint, date);
"""


def trigger(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION never_emptied()",
        f"DROP TRIGGER never_emptied ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_never_emptied"), ("billing", "0011_act_charged_anew")]
    operations = [
        migrations.RunSQL(MONTHS, MONTHS_BACK),
        migrations.RunSQL(HOLDS, HOLDS_BACK),
        migrations.RunSQL(READINGS, READINGS_BACK),
        *(trigger(table) for table in TABLES),
    ]
