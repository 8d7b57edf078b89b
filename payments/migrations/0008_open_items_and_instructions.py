"""Open items stand beside the checkpoint; the debt floor tells of allocation beforehand; journals of re-allocation."""

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import accounts.fields

TABLE = """
CREATE TABLE payments_openitem (
    account_id bigint NOT NULL,
    contract_id bigint NOT NULL,
    service_id smallint NOT NULL,
    for_month date NOT NULL,
    is_penalty boolean NOT NULL,
    month date NOT NULL,
    amount numeric(14, 2) NOT NULL,
    charged numeric(14, 2) NOT NULL,
    PRIMARY KEY (account_id, contract_id, service_id, for_month, is_penalty, month),
    CONSTRAINT openitem_sane CHECK (
        amount <> 0 AND for_month < month AND extract(day FROM for_month) = 1 AND extract(day FROM month) = 1
    )
) PARTITION BY RANGE (month);
CREATE TRIGGER openitem_ink BEFORE UPDATE OR DELETE OR TRUNCATE ON payments_openitem
    FOR EACH STATEMENT EXECUTE FUNCTION payments_ink();
"""

# The last checkpoint of books that stand already gets its items from ink; the older ones are read by nobody.
FILL = """
DO $$
DECLARE
    closed date := (SELECT max(month) FROM payments_closedmonth);
BEGIN
    IF closed IS NULL THEN
        RETURN;
    END IF;
    PERFORM make_month_partition('payments_openitem', closed);
    INSERT INTO payments_openitem (
        account_id, contract_id, service_id, for_month, is_penalty, month, amount, charged)
    WITH moved AS (
        SELECT account_id, contract_id, service_id, for_month, is_penalty, sum(amount) AS amount,
            sum(charged) AS charged, sum(sum(amount)) OVER pair AS owed,
            row_number() OVER (PARTITION BY account_id, contract_id, service_id, is_penalty ORDER BY for_month DESC)
                AS place
        FROM (
            SELECT c.account_id, c.contract_id, c.service_id, c.month AS for_month, c.kind = 6 AS is_penalty, c.amount,
                c.amount AS charged
            FROM billing_charge AS c JOIN billing_contractmonth AS posted
                ON posted.contract_id = c.contract_id AND posted.month = c.month AND posted.state <> 'open'
            WHERE c.month < closed
            UNION ALL
            SELECT account_id, contract_id, service_id, for_month, part = 2, -amount, 0.00 FROM payments_allocation
            WHERE contract_id <> 0 AND for_month < closed AND day < (closed + INTERVAL '1 month')::date
        ) AS lines
        GROUP BY account_id, contract_id, service_id, for_month, is_penalty
        WINDOW pair AS (PARTITION BY account_id, contract_id, service_id, is_penalty)
    )
    SELECT account_id, contract_id, service_id, for_month, is_penalty, closed,
        CASE WHEN owed > 0 THEN amount ELSE owed END, CASE WHEN owed > 0 THEN charged ELSE 0.00 END
    FROM moved WHERE (owed > 0 AND amount <> 0) OR (owed < 0 AND place = 1);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_force_majeure"),
        ("payments", "0007_online_and_receipts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OpenItemRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account",
                        "contract",
                        "service",
                        "for_month",
                        "is_penalty",
                        "month",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("for_month", accounts.fields.MonthField()),
                ("is_penalty", models.BooleanField()),
                ("month", accounts.fields.MonthField()),
                ("amount", accounts.fields.MoneyField()),
                ("charged", accounts.fields.MoneyField()),
            ],
            options={
                "verbose_name": "неоплаченный остаток",
                "verbose_name_plural": "неоплаченные остатки",
                "db_table": "payments_openitem",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Reallocation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="операционный день")),
                ("reason", models.CharField(max_length=255, verbose_name="причина")),
                ("rule", models.JSONField(default=dict, verbose_name="правило")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="когда")),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="провёл",
                    ),
                ),
                (
                    "undoes",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_by",
                        to="payments.reallocation",
                        verbose_name="отменяет",
                    ),
                ),
            ],
            options={
                "verbose_name": "журнал переразнесения",
                "verbose_name_plural": "журналы переразнесения",
            },
        ),
        migrations.CreateModel(
            name="ReallocatedPayment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_line", models.SmallIntegerField(verbose_name="с части")),
                ("next_line", models.SmallIntegerField(verbose_name="до части")),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reallocations",
                        to="payments.payment",
                        verbose_name="платёж",
                    ),
                ),
                (
                    "reallocation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="payments.reallocation",
                        verbose_name="журнал",
                    ),
                ),
            ],
            options={
                "verbose_name": "переразнесённый платёж",
                "verbose_name_plural": "переразнесённые платежи",
            },
        ),
        migrations.CreateModel(
            name="PaymentInstruction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField(verbose_name="действует с")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="действует по (не включая)")),
                (
                    "kind",
                    models.SmallIntegerField(
                        choices=[(1, "судебный акт"), (2, "отсрочен рассрочкой"), (3, "за сроком давности")],
                        verbose_name="вид",
                    ),
                ),
                ("document", models.CharField(max_length=120, verbose_name="документ")),
                ("for_month", accounts.fields.MonthField(verbose_name="месяц долга")),
                ("is_penalty", models.BooleanField(default=False, verbose_name="пени")),
                ("amount", accounts.fields.MoneyField(blank=True, null=True, verbose_name="сумма по акту, руб.")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payment_instructions",
                        to="accounts.personalaccount",
                        verbose_name="лицевой счёт",
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.agencycontract",
                        verbose_name="договор",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.service",
                        verbose_name="услуга",
                    ),
                ),
            ],
            options={
                "verbose_name": "указание о разнесении",
                "verbose_name_plural": "указания о разнесении",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", [1, 2, 3])), name="paymentinstruction_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("amount__gt", 0), ("contract__isnull", False), ("kind", 1), ("service__isnull", False)
                            ),
                            models.Q(
                                ("amount", None),
                                ("contract", None),
                                ("is_penalty", False),
                                ("kind__in", [2, 3]),
                                ("service", None),
                            ),
                            _connector="OR",
                        ),
                        name="paymentinstruction_line_of_act",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("document", ""), _negated=True), name="paymentinstruction_has_document"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("for_month__day", 1)), name="paymentinstruction_month_is_month"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="paymentinstruction_not_empty",
                    ),
                    models.UniqueConstraint(
                        fields=("account", "kind", "document", "for_month", "contract", "service", "is_penalty"),
                        name="paymentinstruction_once",
                        nulls_distinct=False,
                        violation_error_message="Эта строка документа уже внесена.",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="paymentinstruction",
            trigger=pgtrigger.compiler.Trigger(
                name="payment_instruction_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="157ed4f47dc4d994d8107a6e2abf1eb5cd9d65e7",
                    operation="DELETE",
                    pgid="pgtrigger_payment_instruction_kept_31b35",
                    table="payments_paymentinstruction",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="paymentinstruction",
            trigger=pgtrigger.compiler.Trigger(
                name="payment_instruction_never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Таблицу % не очищают: исправление проводится новой строкой.', TG_TABLE_NAME;",
                    hash="7595a1cfbce5235e4ca92ec41df03e5b6c3571e5",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_payment_instruction_never_emptied_fcd34",
                    table="payments_paymentinstruction",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="paymentinstruction",
            trigger=pgtrigger.compiler.Trigger(
                name="payment_instruction_is_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."document" IS DISTINCT FROM (NEW."document") OR OLD."for_month" IS DISTINCT FROM (NEW."for_month") OR OLD."contract_id" IS DISTINCT FROM (NEW."contract_id") OR OLD."service_id" IS DISTINCT FROM (NEW."service_id") OR OLD."is_penalty" IS DISTINCT FROM (NEW."is_penalty") OR OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."valid_from" IS DISTINCT FROM (NEW."valid_from"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="ab437d0bd3b4fc4fb2ab081b4ecadfd25fa17930",
                    operation="UPDATE",
                    pgid="pgtrigger_payment_instruction_is_ink_35d0a",
                    table="payments_paymentinstruction",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="reallocation",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True),
                name="reallocation_has_reason",
                violation_error_message="Назовите причину.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reallocation",
            trigger=pgtrigger.compiler.Trigger(
                name="reallocation_is_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="ecc38dd4e46c3f4b9e1062f8ab3de136d3e98c56",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_reallocation_is_ink_5aed5",
                    table="payments_reallocation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reallocation",
            trigger=pgtrigger.compiler.Trigger(
                name="reallocation_never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Таблицу % не очищают: исправление проводится новой строкой.', TG_TABLE_NAME;",
                    hash="d0e3dbd1c1f5faccb28457a5fe2c9d147557b697",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_reallocation_never_emptied_4c98f",
                    table="payments_reallocation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reallocation",
            trigger=pgtrigger.compiler.Trigger(
                name="reallocation_of_open_day",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE spot date;",
                    func="\n            PERFORM 1 FROM payments_operatingday\n                WHERE day IN (SELECT DISTINCT day FROM written) ORDER BY day FOR SHARE;\n            SELECT w.day INTO spot FROM written AS w WHERE NOT EXISTS (\n                SELECT FROM payments_operatingday AS o WHERE o.day = w.day AND o.state = 'open') LIMIT 1;\n            IF FOUND THEN\n                RAISE EXCEPTION 'Операционный день % закрыт или не открыт: проведите операцию открытым днём.',\n                    to_char(spot, 'DD.MM.YYYY');\n            END IF;\n            RETURN NULL;\n        ",
                    hash="81d162b1e61a806cdfa92a148419d050da31e66a",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_reallocation_of_open_day_c7316",
                    referencing="REFERENCING NEW TABLE AS written ",
                    table="payments_reallocation",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="reallocatedpayment",
            constraint=models.UniqueConstraint(fields=("reallocation", "payment"), name="reallocatedpayment_once"),
        ),
        migrations.AddConstraint(
            model_name="reallocatedpayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_line__gte", 0), ("next_line__gt", models.F("first_line"))),
                name="reallocatedpayment_has_lines",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reallocatedpayment",
            trigger=pgtrigger.compiler.Trigger(
                name="reallocated_payment_is_ink",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="c7da99632e3067d48aa32a00f201e2200e0481af",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_reallocated_payment_is_ink_ede3f",
                    table="payments_reallocatedpayment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reallocatedpayment",
            trigger=pgtrigger.compiler.Trigger(
                name="reallocated_payment_never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Таблицу % не очищают: исправление проводится новой строкой.', TG_TABLE_NAME;",
                    hash="1835c5c983a4785f810128405625dee5f1f11df9",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_reallocated_payment_never_emptied_b10bf",
                    table="payments_reallocatedpayment",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(TABLE, "DROP TABLE payments_openitem"),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
