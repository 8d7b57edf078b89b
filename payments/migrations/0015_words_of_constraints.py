"""What the constraints say to people: words in the state alone, nothing changes in the tables."""

import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_words_of_constraints"),
        ("payments", "0014_parts_promised"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterConstraint(
            model_name="autopayment",
            name="autopayment_state_true",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("method_id", ""), ("state", "proposed"), ("stopped_at", None)),
                    models.Q(("state", "active"), ("stopped_at", None), models.Q(("method_id", ""), _negated=True)),
                    models.Q(("state", "stopped"), ("stopped_at__isnull", False)),
                    _connector="OR",
                ),
                name="autopayment_state_true",
                violation_error_message="Действующему автоплатежу нужна карта, остановленному — дата остановки.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="bankstatementline",
            name="bankstatementline_once",
            constraint=models.UniqueConstraint(
                fields=("own_account", "document_on", "number", "amount", "other_account", "is_incoming", "repeat"),
                name="bankstatementline_once",
                violation_error_message="Такая строка выписки уже загружена.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="cashmovement",
            name="cashmovement_amount_positive",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)),
                name="cashmovement_amount_positive",
                violation_error_message="Сумма должна быть больше нуля.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="cashmovement",
            name="cashmovement_kind_true",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", [1, 2]), ("receipt__isnull", False)),
                    models.Q(
                        ("is_card", False), ("kind", 3), ("receipt", None), models.Q(("document", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="cashmovement_kind_true",
                violation_error_message="Такого движения кассы не бывает. Проверьте вид и квитанцию.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="cashmovement",
            name="cashmovement_once",
            constraint=models.UniqueConstraint(
                fields=("receipt", "kind"),
                name="cashmovement_once",
                violation_error_message="Это движение по квитанции уже записано.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="cashshift",
            name="cashshift_float_not_negative",
            constraint=models.CheckConstraint(
                condition=models.Q(("float_amount__gte", 0)),
                name="cashshift_float_not_negative",
                violation_error_message="Остаток в кассе не бывает отрицательным.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="cashshift",
            name="cashshift_closed_with_sums",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("card", None),
                        ("cash", None),
                        ("closed_at", None),
                        ("collected", None),
                        ("counted", None),
                        ("receipts", None),
                        ("returned_card", None),
                        ("returned_cash", None),
                    ),
                    models.Q(
                        ("card__gte", 0),
                        ("cash__gte", 0),
                        ("closed_at__isnull", False),
                        ("collected__gte", 0),
                        ("counted__gte", 0),
                        ("receipts__gte", 0),
                        ("returned_card__gte", 0),
                        ("returned_cash__gte", 0),
                    ),
                    _connector="OR",
                ),
                name="cashshift_closed_with_sums",
                violation_error_message="У закрытой смены указывают время и суммы.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="channel",
            name="channel_kind_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [0, 1, 2, 3, 4, 5, 6, 7]), models.Q(("kind", 0), _negated=True)),
                name="channel_kind_known",
                violation_error_message="Выберите вид канала приёма.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="fiscalreceipt",
            name="fiscalreceipt_kind_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["sell", "sell_refund"])),
                name="fiscalreceipt_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="fiscalreceipt",
            name="fiscalreceipt_state_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "sent", "done", "refused"])),
                name="fiscalreceipt_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="fiscalreceipt",
            name="fiscalreceipt_amount_positive",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)),
                name="fiscalreceipt_amount_positive",
                violation_error_message="Сумма чека должна быть больше нуля.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="fiscalreceipt",
            name="fiscalreceipt_done_is_fiscal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True), models.Q(("fiscal", {}), _negated=True), _connector="OR"
                ),
                name="fiscalreceipt_done_is_fiscal",
                violation_error_message="У пробитого чека указывают фискальные реквизиты.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="onlinepayment",
            name="onlinepayment_state_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["begun", "waiting", "in_transit", "succeeded", "cancelled"])),
                name="onlinepayment_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="onlinepayment",
            name="onlinepayment_method_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("method__in", ["card", "sbp", "saved"])),
                name="onlinepayment_method_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="onlinepayment",
            name="onlinepayment_succeeded_has_money",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("payment__isnull", False), ("state", "succeeded")),
                    models.Q(models.Q(("state", "succeeded"), _negated=True), ("payment", None)),
                    _connector="OR",
                ),
                name="onlinepayment_succeeded_has_money",
                violation_error_message="Платёж в книгах есть у прошедшего онлайн-платежа, и только у него.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="onlinerefund",
            name="onlinerefund_amount_positive",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)),
                name="onlinerefund_amount_positive",
                violation_error_message="Сумма возврата должна быть больше нуля.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="onlinerefund",
            name="onlinerefund_has_reason",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True),
                name="onlinerefund_has_reason",
                violation_error_message="Укажите причину возврата.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="onlinerefund",
            name="onlinerefund_state_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["begun", "waiting", "succeeded", "cancelled"])),
                name="onlinerefund_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="operatingday",
            name="operatingday_state_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "closed"])),
                name="operatingday_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="operatingday",
            name="operatingday_closed_at_a_moment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at", None), ("state", "open")),
                    models.Q(("closed_at__isnull", False), ("state", "closed")),
                    _connector="OR",
                ),
                name="operatingday_closed_at_a_moment",
                violation_error_message="У закрытого дня указывают время закрытия, у открытого — нет.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="payment",
            name="payment_state_known",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["in_transit", "unidentified", "accepted", "allocated", "reversed", "returned"])
                ),
                name="payment_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="payment",
            name="payment_external_id_given",
            constraint=models.CheckConstraint(
                condition=models.Q(("external_id", ""), _negated=True),
                name="payment_external_id_given",
                violation_error_message="Укажите номер операции у банка.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="payment",
            name="payment_for_month_is_month",
            constraint=models.CheckConstraint(
                condition=models.Q(("for_month", None), ("for_month__day", 1), _connector="OR"),
                name="payment_for_month_is_month",
                violation_error_message="Месяц хранится как первое число.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="payment",
            name="payment_account_follows_state",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("account__isnull", False), ("state__in", ["accepted", "allocated"])),
                    models.Q(("account", None), ("state", "unidentified")),
                    ("state__in", ["in_transit", "reversed", "returned"]),
                    _connector="OR",
                ),
                name="payment_account_follows_state",
                violation_error_message="У принятого платежа есть лицевой счёт, у невыясненного — нет.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="paymentinstruction",
            name="paymentinstruction_kind_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [1, 2, 3])),
                name="paymentinstruction_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="paymentinstruction",
            name="paymentinstruction_line_of_act",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__gt", 0), ("contract__isnull", False), ("kind", 1), ("service__isnull", False)),
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
                violation_error_message="Договор, услуга и сумма — у строки судебного акта, и только у неё.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="paymentinstruction",
            name="paymentinstruction_has_document",
            constraint=models.CheckConstraint(
                condition=models.Q(("document", ""), _negated=True),
                name="paymentinstruction_has_document",
                violation_error_message="Укажите документ, на котором основано указание.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="paymentinstruction",
            name="paymentinstruction_month_is_month",
            constraint=models.CheckConstraint(
                condition=models.Q(("for_month__day", 1)),
                name="paymentinstruction_month_is_month",
                violation_error_message="Месяц хранится как первое число.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="paymentinstruction",
            name="paymentinstruction_not_empty",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                name="paymentinstruction_not_empty",
                violation_error_message="Дата окончания должна быть позже даты начала.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="reallocatedpayment",
            name="reallocatedpayment_once",
            constraint=models.UniqueConstraint(
                fields=("reallocation", "payment"),
                name="reallocatedpayment_once",
                violation_error_message="Платёж в этом переразнесении уже есть.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="reallocatedpayment",
            name="reallocatedpayment_has_lines",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_line__gte", 0), ("next_line__gt", models.F("first_line"))),
                name="reallocatedpayment_has_lines",
                violation_error_message="В переразнесении платежа нет ни одной строки.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="refundapplication",
            name="refundapplication_amount_positive",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)),
                name="refundapplication_amount_positive",
                violation_error_message="Сумма возврата должна быть больше нуля.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="refundapplication",
            name="refundapplication_named",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("number", ""), _negated=True),
                    models.Q(("recipient", ""), _negated=True),
                    models.Q(("bank_account", ""), _negated=True),
                ),
                name="refundapplication_named",
                violation_error_message="Укажите получателя возврата и его реквизиты.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="register",
            name="register_state_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["accepted", "partial", "held", "undone"])),
                name="register_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="registersource",
            name="registersource_kind_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["folder", "mailbox"])),
                name="registersource_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="registersource",
            name="registersource_once",
            constraint=models.UniqueConstraint(
                fields=("kind", "place"),
                name="registersource_once",
                violation_error_message="Такой источник реестров уже есть.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="remittance",
            name="remittance_once",
            constraint=models.UniqueConstraint(
                fields=("contract", "day"),
                name="remittance_once",
                violation_error_message="Перечисление по договору за этот день уже сформировано.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="remittance",
            name="remittance_adds_up",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "net",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("gross"), "-", models.F("returns")
                                        ),
                                        "-",
                                        models.F("commission"),
                                    ),
                                    "-",
                                    models.F("vat"),
                                ),
                                "+",
                                models.F("carried_in"),
                            ),
                            "-",
                            models.F("carried_out"),
                        ),
                    )
                ),
                name="remittance_adds_up",
                violation_error_message="Суммы перечисления не сходятся: проверьте возвраты, вознаграждение, НДС.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="remittance",
            name="remittance_net_not_negative",
            constraint=models.CheckConstraint(
                condition=models.Q(("net__gte", 0)),
                name="remittance_net_not_negative",
                violation_error_message="К перечислению не бывает меньше нуля.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="remittance",
            name="remittance_state_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["formed", "sent", "confirmed", "rejected"])),
                name="remittance_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="remittance",
            name="remittance_confirmed_on_a_day",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_on__isnull", False), ("state", "confirmed")),
                    models.Q(models.Q(("state", "confirmed"), _negated=True), ("confirmed_on", None)),
                    _connector="OR",
                ),
                name="remittance_confirmed_on_a_day",
                violation_error_message="У подтверждённого перечисления указывают день подтверждения.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="remittance",
            name="remittance_released_at_a_moment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("released_at", None), ("released_by", None)),
                    models.Q(("released_at__isnull", False), ("released_by__isnull", False)),
                    _connector="OR",
                ),
                name="remittance_released_at_a_moment",
                violation_error_message="Кто отпустил перечисление и когда, указывают вместе.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="settlementpaper",
            name="settlementpaper_months",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("first_month__day", 1), ("first_month__lte", models.F("last_month")), ("last_month__day", 1)
                ),
                name="settlementpaper_months",
                violation_error_message="Месяцы — первые числа, и последний не раньше первого.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="settlementpaper",
            name="settlementpaper_with_somebody",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("account", None), ("contract__isnull", False), ("kind__in", [1, 2, 3])),
                    models.Q(("account__isnull", False), ("contract", None), ("kind", 4)),
                    _connector="OR",
                ),
                name="settlementpaper_with_somebody",
                violation_error_message="У отчёта и акта указывают договор, у сверки с жителем — лицевой счёт.",
            ),
        ),
    ]
