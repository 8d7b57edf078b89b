"""The database keeps the ink of payments: no TRUNCATE, no second account, no day reopened, one receipt a payment."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

# A payment of one receipt at most makes the unique pair of the relation's table idle.
ONE_PAIR = """
DO $$
DECLARE
    pair record;
BEGIN
    FOR pair IN
        SELECT conname FROM pg_constraint
        WHERE conrelid = 'payments_cashreceipt_payments'::regclass AND contype = 'u' AND cardinality(conkey) = 2
    LOOP
        EXECUTE format('ALTER TABLE payments_cashreceipt_payments DROP CONSTRAINT %I', pair.conname);
    END LOOP;
END $$;
"""

HISTORY = """
CREATE TRIGGER channelevent_ink BEFORE UPDATE OR DELETE OR TRUNCATE ON payments_channelevent
    FOR EACH STATEMENT EXECUTE FUNCTION payments_ink();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0004_channels"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="bankstatementline",
            name="statement_line_kept",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="bankstatementline",
            name="statement_line_is_ink",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="payment",
            name="payment_is_ink",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="payment",
            name="payment_state",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="register",
            name="register_is_ink",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="remittance",
            name="remittance_is_ink",
        ),
        migrations.RemoveConstraint(
            model_name="payment",
            name="payment_allocated_has_account",
        ),
        migrations.AddField(
            model_name="cashreceipt",
            name="key",
            field=models.CharField(
                blank=True, editable=False, max_length=100, null=True, unique=True, verbose_name="ключ формы"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bankstatementline",
            trigger=pgtrigger.compiler.Trigger(
                name="statement_line_is_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="7dff0052f83eb3b32b4b6b21ac6c4f207925a8c6",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_statement_line_is_ink_193b6",
                    table="payments_bankstatementline",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bankstatementline",
            trigger=pgtrigger.compiler.Trigger(
                name="statement_line_never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Таблицу % не очищают: исправление проводится новой строкой.', TG_TABLE_NAME;",
                    hash="a7ad19d6a726b72efaf5ee4af90b67f895f00308",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_statement_line_never_emptied_71bb7",
                    table="payments_bankstatementline",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="cashreceipt",
            trigger=pgtrigger.compiler.Trigger(
                name="cash_receipt_never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Таблицу % не очищают: исправление проводится новой строкой.', TG_TABLE_NAME;",
                    hash="be4bf6036515ffc78d3843280999d974be21af4f",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_cash_receipt_never_emptied_c7971",
                    table="payments_cashreceipt",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="cashreceipt",
            trigger=pgtrigger.compiler.Trigger(
                name="cash_receipt_adds_up",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    declare="DECLARE paid numeric;",
                    func="\n                    SELECT coalesce(sum(p.amount), 0) INTO paid FROM payments_cashreceipt_payments AS line\n                    JOIN payments_payment AS p ON p.id = line.payment_id WHERE line.cashreceipt_id = NEW.id;\n                    IF paid <> NEW.amount THEN\n                        RAISE EXCEPTION 'Квитанция % на %, а её платежи на %.', NEW.number, NEW.amount, paid;\n                    END IF;\n                    RETURN NULL;\n                ",
                    hash="d56ef7f091d8940e4f6da3f3e81f5f9b20e96e85",
                    operation="INSERT",
                    pgid="pgtrigger_cash_receipt_adds_up_094fa",
                    table="payments_cashreceipt",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="closedmonth",
            trigger=pgtrigger.compiler.Trigger(
                name="closed_month_never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Таблицу % не очищают: исправление проводится новой строкой.', TG_TABLE_NAME;",
                    hash="2e84fe72eea37f03f1ed13ff2ae07bee5d9a9509",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_closed_month_never_emptied_238bc",
                    table="payments_closedmonth",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="operatingday",
            trigger=pgtrigger.compiler.Trigger(
                name="operating_day_never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Таблицу % не очищают: исправление проводится новой строкой.', TG_TABLE_NAME;",
                    hash="719849bce4ecdde70dafa93da44981f3e661a03e",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_operating_day_never_emptied_c883b",
                    table="payments_operatingday",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="operatingday",
            trigger=pgtrigger.compiler.Trigger(
                name="operating_day_is_itself",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."day" IS DISTINCT FROM (NEW."day"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="f2cba91921fee7276a027bd85ee23c83641326a0",
                    operation="UPDATE",
                    pgid="pgtrigger_operating_day_is_itself_b4dea",
                    table="payments_operatingday",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="operatingday",
            trigger=pgtrigger.compiler.Trigger(
                name="operating_day_closed_is_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.state = 'closed' AND OLD.* IS DISTINCT FROM NEW.*)",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="a78e9c911b8a4e7c2ea6b065caf9751c492be5ed",
                    operation="UPDATE",
                    pgid="pgtrigger_operating_day_closed_is_ink_9591c",
                    table="payments_operatingday",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payment",
            trigger=pgtrigger.compiler.Trigger(
                name="payment_never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Таблицу % не очищают: исправление проводится новой строкой.', TG_TABLE_NAME;",
                    hash="8b6c9f6ac8b39c03d5278a545b18131f345c4482",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_payment_never_emptied_c7a2f",
                    table="payments_payment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payment",
            trigger=pgtrigger.compiler.Trigger(
                name="payment_of_open_day",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE spot date;",
                    func="\n            PERFORM 1 FROM payments_operatingday\n                WHERE day IN (SELECT DISTINCT day FROM written) ORDER BY day FOR SHARE;\n            SELECT w.day INTO spot FROM written AS w WHERE NOT EXISTS (\n                SELECT FROM payments_operatingday AS o WHERE o.day = w.day AND o.state = 'open') LIMIT 1;\n            IF FOUND THEN\n                RAISE EXCEPTION 'Операционный день % закрыт или не открыт: проведите операцию открытым днём.',\n                    to_char(spot, 'DD.MM.YYYY');\n            END IF;\n            RETURN NULL;\n        ",
                    hash="ca94ff6101521cf3bf5deb234fac15fe73d49c6c",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_payment_of_open_day_57a95",
                    referencing="REFERENCING NEW TABLE AS written ",
                    table="payments_payment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payment",
            trigger=pgtrigger.compiler.Trigger(
                name="payment_is_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."channel_id" IS DISTINCT FROM (NEW."channel_id") OR OLD."external_id" IS DISTINCT FROM (NEW."external_id") OR OLD."register_id" IS DISTINCT FROM (NEW."register_id") OR OLD."number_as_received" IS DISTINCT FROM (NEW."number_as_received") OR OLD."payer" IS DISTINCT FROM (NEW."payer") OR OLD."purpose" IS DISTINCT FROM (NEW."purpose") OR OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."for_month" IS DISTINCT FROM (NEW."for_month") OR OLD."directed_to" IS DISTINCT FROM (NEW."directed_to") OR OLD."paid_on" IS DISTINCT FROM (NEW."paid_on") OR OLD."day" IS DISTINCT FROM (NEW."day") OR OLD."accepted_at" IS DISTINCT FROM (NEW."accepted_at") OR OLD."accepted_by_id" IS DISTINCT FROM (NEW."accepted_by_id") OR OLD."office_id" IS DISTINCT FROM (NEW."office_id") OR OLD."held_because" IS DISTINCT FROM (NEW."held_because"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="823c55fcdef23fa53cb14104768f85ebc41587f1",
                    operation="UPDATE",
                    pgid="pgtrigger_payment_is_ink_e25f1",
                    table="payments_payment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payment",
            trigger=pgtrigger.compiler.Trigger(
                name="payment_account_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.account_id IS DISTINCT FROM NEW.account_id AND NOT (OLD.account_id IS NULL AND OLD.state IN ('unidentified', 'in_transit') AND NEW.state = 'accepted'))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="d8c58dded257c524a0445d4816346342d3e30016",
                    operation="UPDATE",
                    pgid="pgtrigger_payment_account_once_0b114",
                    table="payments_payment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payment",
            trigger=pgtrigger.compiler.Trigger(
                name="payment_state",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{in_transit:accepted,in_transit:returned,unidentified:accepted,unidentified:returned,unidentified:reversed,accepted:allocated,accepted:reversed,allocated:reversed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="3e829eb203c4fe5605837089c5f420f9e8863ae1",
                    operation="UPDATE",
                    pgid="pgtrigger_payment_state_55eb7",
                    table="payments_payment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payment",
            trigger=pgtrigger.compiler.Trigger(
                name="payment_state_is_true",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE wrong record;",
                    func="\n                    SELECT m.id, m.state INTO wrong FROM moved AS m JOIN before AS b ON b.id = m.id\n                    WHERE m.state <> b.state AND CASE\n                        WHEN m.state = 'allocated' THEN\n                            NOT EXISTS (SELECT FROM payments_allocation AS a WHERE a.payment_id = m.id)\n                        WHEN m.state IN ('reversed', 'returned') THEN\n                            NOT EXISTS (SELECT FROM payments_reversal AS r WHERE r.payment_id = m.id)\n                            OR (SELECT coalesce(sum(a.amount), 0) FROM payments_allocation AS a\n                                WHERE a.payment_id = m.id) <> 0\n                        ELSE false END\n                    LIMIT 1;\n                    IF FOUND THEN\n                        RAISE EXCEPTION 'Платёж %: состояние % не подтверждено разнесением или сторно.',\n                            wrong.id, wrong.state;\n                    END IF;\n                    RETURN NULL;\n                ",
                    hash="28bb18c3e2b18d7aaae7a832e5b700ddd0d3b971",
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
                    condition="WHEN (NEW.state IN ('allocated', 'reversed', 'returned'))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot insert rows from % table', TG_TABLE_NAME;",
                    hash="d269739ec69c7a29cfe520a85a66f00b02ac8217",
                    operation="INSERT",
                    pgid="pgtrigger_payment_begins_waiting_bfa2b",
                    table="payments_payment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="register",
            trigger=pgtrigger.compiler.Trigger(
                name="register_never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Таблицу % не очищают: исправление проводится новой строкой.', TG_TABLE_NAME;",
                    hash="7f9a8b16c2710852647264feae2f3d55d43f5205",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_register_never_emptied_dfea2",
                    table="payments_register",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="register",
            trigger=pgtrigger.compiler.Trigger(
                name="register_is_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."channel_id" IS DISTINCT FROM (NEW."channel_id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."sha256" IS DISTINCT FROM (NEW."sha256") OR OLD."taken_at" IS DISTINCT FROM (NEW."taken_at") OR OLD."taken_by_id" IS DISTINCT FROM (NEW."taken_by_id"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="10d35d492ea17c71508d8ecd91f473b9dbb8a725",
                    operation="UPDATE",
                    pgid="pgtrigger_register_is_ink_9eed7",
                    table="payments_register",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="register",
            trigger=pgtrigger.compiler.Trigger(
                name="register_state",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{held:accepted,held:partial,accepted:undone,partial:undone}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="a1f5fd841c8ad6c95d782468a3829d5b518d239a",
                    operation="UPDATE",
                    pgid="pgtrigger_register_state_ecf8d",
                    table="payments_register",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="remittance",
            trigger=pgtrigger.compiler.Trigger(
                name="remittance_never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Таблицу % не очищают: исправление проводится новой строкой.', TG_TABLE_NAME;",
                    hash="3b627f008c21a18e459f846b6cd619c751d9121c",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_remittance_never_emptied_f087a",
                    table="payments_remittance",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="remittance",
            trigger=pgtrigger.compiler.Trigger(
                name="remittance_is_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."contract_id" IS DISTINCT FROM (NEW."contract_id") OR OLD."day" IS DISTINCT FROM (NEW."day") OR OLD."previous_day" IS DISTINCT FROM (NEW."previous_day") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."gross" IS DISTINCT FROM (NEW."gross") OR OLD."returns" IS DISTINCT FROM (NEW."returns") OR OLD."commission" IS DISTINCT FROM (NEW."commission") OR OLD."vat" IS DISTINCT FROM (NEW."vat") OR OLD."carried_in" IS DISTINCT FROM (NEW."carried_in") OR OLD."net" IS DISTINCT FROM (NEW."net") OR OLD."carried_out" IS DISTINCT FROM (NEW."carried_out") OR OLD."arithmetic" IS DISTINCT FROM (NEW."arithmetic") OR OLD."formed_at" IS DISTINCT FROM (NEW."formed_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="2269ed389f6254be662ee81aa56d879ac1be6f17",
                    operation="UPDATE",
                    pgid="pgtrigger_remittance_is_ink_593b6",
                    table="payments_remittance",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="remittance",
            trigger=pgtrigger.compiler.Trigger(
                name="remittance_confirmed_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.state = 'confirmed' AND OLD.confirmed_on IS DISTINCT FROM NEW.confirmed_on)",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="e67d5ed84fd3bf57428bbfc92db4211b159f255f",
                    operation="UPDATE",
                    pgid="pgtrigger_remittance_confirmed_once_b8942",
                    table="payments_remittance",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="remittance",
            trigger=pgtrigger.compiler.Trigger(
                name="remittance_account_is_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.bank_account_id IS DISTINCT FROM NEW.bank_account_id AND NOT (OLD.state = 'rejected' AND NEW.state = 'sent'))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="43aa37f56ed299e209662ea456db415eff38dda9",
                    operation="UPDATE",
                    pgid="pgtrigger_remittance_account_is_ink_65258",
                    table="payments_remittance",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reversal",
            trigger=pgtrigger.compiler.Trigger(
                name="reversal_never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Таблицу % не очищают: исправление проводится новой строкой.', TG_TABLE_NAME;",
                    hash="206dbaf915f5d2c77cccc1e30b22d2be8f857afd",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_reversal_never_emptied_0535d",
                    table="payments_reversal",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reversal",
            trigger=pgtrigger.compiler.Trigger(
                name="reversal_of_open_day",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE spot date;",
                    func="\n            PERFORM 1 FROM payments_operatingday\n                WHERE day IN (SELECT DISTINCT day FROM written) ORDER BY day FOR SHARE;\n            SELECT w.day INTO spot FROM written AS w WHERE NOT EXISTS (\n                SELECT FROM payments_operatingday AS o WHERE o.day = w.day AND o.state = 'open') LIMIT 1;\n            IF FOUND THEN\n                RAISE EXCEPTION 'Операционный день % закрыт или не открыт: проведите операцию открытым днём.',\n                    to_char(spot, 'DD.MM.YYYY');\n            END IF;\n            RETURN NULL;\n        ",
                    hash="7cd8686175275e728fee102fbd90f69adc065ba5",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_reversal_of_open_day_0e7f3",
                    referencing="REFERENCING NEW TABLE AS written ",
                    table="payments_reversal",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="operatingday",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at", None), ("state", "open")),
                    models.Q(("closed_at__isnull", False), ("state", "closed")),
                    _connector="OR",
                ),
                name="operatingday_closed_at_a_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("account__isnull", False), ("state__in", ["accepted", "allocated"])),
                    models.Q(("account", None), ("state", "unidentified")),
                    ("state__in", ["in_transit", "reversed", "returned"]),
                    _connector="OR",
                ),
                name="payment_account_follows_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="remittance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_on__isnull", False), ("state", "confirmed")),
                    models.Q(models.Q(("state", "confirmed"), _negated=True), ("confirmed_on", None)),
                    _connector="OR",
                ),
                name="remittance_confirmed_on_a_day",
            ),
        ),
        # The table of the relation is there already: only the model is new, and a payment now stands in it once.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="ReceiptPayment",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "cashreceipt",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="payments.cashreceipt",
                                verbose_name="квитанция",
                            ),
                        ),
                        (
                            "payment",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="receipt_line",
                                to="payments.payment",
                                verbose_name="платёж",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "платёж квитанции",
                        "verbose_name_plural": "платежи квитанций",
                        "db_table": "payments_cashreceipt_payments",
                    },
                ),
                migrations.AlterField(
                    model_name="cashreceipt",
                    name="payments",
                    field=models.ManyToManyField(
                        related_name="receipts",
                        through="payments.ReceiptPayment",
                        to="payments.payment",
                        verbose_name="платежи",
                    ),
                ),
            ],
        ),
        migrations.AlterField(
            model_name="receiptpayment",
            name="payment",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="receipt_line",
                to="payments.payment",
                verbose_name="платёж",
            ),
        ),
        migrations.RunSQL(ONE_PAIR, migrations.RunSQL.noop),
        pgtrigger.migrations.AddTrigger(
            model_name="receiptpayment",
            trigger=pgtrigger.compiler.Trigger(
                name="receipt_payment_is_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="05438dc74cbfb2d55f77d06d6a016d8480006119",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_receipt_payment_is_ink_7b7eb",
                    table="payments_cashreceipt_payments",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="receiptpayment",
            trigger=pgtrigger.compiler.Trigger(
                name="receipt_payment_never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Таблицу % не очищают: исправление проводится новой строкой.', TG_TABLE_NAME;",
                    hash="4196cea8cc1d3bae6a78101c47df27d699e2cea4",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_receipt_payment_never_emptied_31dbc",
                    table="payments_cashreceipt_payments",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="receiptpayment",
            trigger=pgtrigger.compiler.Trigger(
                name="receipt_payment_adds_up",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE wrong record;",
                    func="\n                    SELECT r.number, r.amount, sum(p.amount) AS paid INTO wrong\n                    FROM payments_cashreceipt AS r\n                    JOIN payments_cashreceipt_payments AS line ON line.cashreceipt_id = r.id\n                    JOIN payments_payment AS p ON p.id = line.payment_id\n                    WHERE r.id IN (SELECT cashreceipt_id FROM written)\n                    GROUP BY r.id HAVING sum(p.amount) <> r.amount LIMIT 1;\n                    IF FOUND THEN\n                        RAISE EXCEPTION 'Квитанция % на %, а её платежи на %.', wrong.number, wrong.amount, wrong.paid;\n                    END IF;\n                    RETURN NULL;\n                ",
                    hash="b50907ddb44e50fc7b72fd2a326fe483620395fb",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_receipt_payment_adds_up_b020e",
                    referencing="REFERENCING NEW TABLE AS written ",
                    table="payments_cashreceipt_payments",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunSQL(HISTORY, "DROP TRIGGER channelevent_ink ON payments_channelevent"),
    ]
