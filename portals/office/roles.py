"""Roles of the staff as groups. Rights over ink mean the operation that writes it: `add_reversal` is «may reverse»."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

OPERATOR = "Оператор"
CASHIER = "Кассир"
ENGINEER = "Инженер по расчётам"
ACCOUNTANT = "Бухгалтер"
ADMINISTRATOR = "Администратор"

# What a right allows on the office pages; the views ask for these by name.
TAKE_CASH = "payments.add_cashreceipt"
REVERSE_PAYMENT = "payments.add_reversal"
REFUND = "payments.add_refundapplication"
ASSIGN_PAYMENT = "payments.change_payment"
LOAD_STATEMENT = "payments.add_register"
DESCRIBE_LAYOUT = "payments.change_registerlayout"
FORM_REMITTANCE = "payments.add_remittance"
SEND_REMITTANCE = "payments.change_remittance"
CLOSE_DAY = "payments.change_operatingday"
ISSUE_PAPER = "payments.add_settlementpaper"
CLOSE_BOOKS = "payments.add_closedmonth"
DRAFT = "billing.add_charge"
POST_MONTH = "billing.change_contractmonth"
ISSUE = "epd.add_paymentdocument"
HAND_OVER = "epd.change_delivery"
PRINT = "epd.add_printbatch"
HOLD = "billing.add_hold"
RELEASE = "billing.change_hold"
CORRECT = "billing.add_correction"
RECORD_QUALITY = "billing.add_qualityevent"
ENTER_READING = "accounts.add_reading"
JUDGE_READING = "accounts.change_reading"
CHANGE_PEOPLE = "accounts.change_residency"
OPEN_ACCOUNT = "accounts.change_personalaccount"
CHANGE_AREA = "accounts.change_premisesarea"
CANCEL_RUN = "accounts.change_run"
IMPORT_BOOK = "accounts.add_importedfile"
PROPOSE_REQUISITES = "accounts.add_bankaccount"
APPROVE_REQUISITES = "accounts.change_bankaccount"
SEE_APPEALS = "portals.view_appeal"
ANSWER_APPEALS = "portals.change_appeal"
SEE_DISPUTES = "portals.view_dispute"
ANSWER_DISPUTES = "portals.change_dispute"
SEE_REPORTS = "portals.view_savedreport"

SEE_ACCOUNTS = [
    f"accounts.view_{model}"
    for model in (
        "absence", "agencycontract", "house", "housepassport", "meter", "office", "organisation", "ownership",
        "person", "personalaccount", "premises", "premisesarea", "reading", "residency", "service",
    )
]  # fmt: skip
SEE_BILLING = [
    f"billing.view_{model}"
    for model in (
        "charge", "contractmonth", "correction", "hold", "housebalance", "housevolume", "lawvalue", "meterfault",
        "norm", "plotuse", "provision", "provisionexception", "tariff", "allocatorshare", "benefitentitlement",
        "lineproblem", "masscorrection", "qualityevent", "qualityrule", "unauthoriseduse",
    )
]  # fmt: skip
SEE_PENALTIES = [f"debt.view_{model}" for model in ("penaltyband", "penaltyterms", "moratorium")]
SEE_PAYMENTS = [
    f"payments.view_{model}"
    for model in (
        "allocation", "autopayment", "balance", "cashmovement", "cashreceipt", "cashshift", "channel", "fiscalreceipt",
        "chargeback", "onlinepayment", "onlinerefund", "payment", "refundapplication", "register", "reversal",
    )
]  # fmt: skip
SEE_MONEY = [
    *SEE_PAYMENTS,
    *(
        f"payments.view_{model}"
        for model in ("bankstatementline", "closedmonth", "operatingday", "remittance", "settlementpaper")
    ),
]
SEE_DOCUMENTS = [
    f"epd.view_{model}"
    for model in (
        "paymentdocument", "delivery", "issuerefusal", "documenttext", "documentlook", "documentwish", "subscription",
        "deliveryroute", "deliveryrate", "printbatch",
    )
]  # fmt: skip
SEE_WORK = ["accounts.view_run", "accounts.view_journalentry", "accounts.view_importedfile", "accounts.view_touch"]


def may_edit(app: str, *models: str) -> list[str]:
    return [f"{app}.{verb}_{model}" for model in models for verb in ("view", "add", "change")]


ROLES: dict[str, list[str]] = {
    OPERATOR: [
        *SEE_ACCOUNTS, *SEE_BILLING, *SEE_PENALTIES, *SEE_PAYMENTS, *SEE_DOCUMENTS, *SEE_WORK,
        *may_edit("accounts", "person", "premises", "meter"), "accounts.change_personalaccount",
        ENTER_READING, JUDGE_READING, CHANGE_PEOPLE, CHANGE_AREA, IMPORT_BOOK, ASSIGN_PAYMENT, DRAFT, RECORD_QUALITY,
        "portals.view_accountlink", SEE_REPORTS, SEE_APPEALS, ANSWER_APPEALS, HAND_OVER,
        *may_edit("portals", "housework"), "portals.view_appealterm",
        *may_edit("epd", "documentwish", "deliveryroute"),
    ],
    CASHIER: [
        *SEE_ACCOUNTS, *SEE_BILLING, *SEE_PAYMENTS, *SEE_DOCUMENTS, TAKE_CASH, ENTER_READING,
    ],
    ENGINEER: [
        *SEE_ACCOUNTS, *SEE_BILLING, *SEE_PAYMENTS, *SEE_DOCUMENTS, *SEE_WORK,
        *may_edit("accounts", "house", "housepassport", "premises", "meter", "person", "calendarday"),
        *may_edit("billing", "tariff", "norm", "lawvalue", "provision", "provisionexception", "housevolume"),
        *may_edit("billing", "meterfault", "plotuse", "allocatorshare", "benefitentitlement", "qualityevent"),
        *may_edit("billing", "qualityrule"),
        *may_edit("debt", "penaltyband", "penaltyterms", "moratorium"),
        *may_edit("epd", "documenttext", "documentlook", "documentwish", "deliveryroute", "deliveryrate"), HAND_OVER,
        "accounts.change_personalaccount", "accounts.change_service", "billing.add_correction",
        ENTER_READING, JUDGE_READING, CHANGE_PEOPLE, CHANGE_AREA, IMPORT_BOOK, DRAFT, POST_MONTH, ISSUE, HOLD, RELEASE,
        PRINT, CANCEL_RUN, SEE_REPORTS, SEE_APPEALS, ANSWER_APPEALS, SEE_DISPUTES, ANSWER_DISPUTES,
    ],
    ACCOUNTANT: [
        *SEE_ACCOUNTS, *SEE_BILLING, *SEE_PENALTIES, *SEE_MONEY, *SEE_DOCUMENTS, *SEE_WORK, "accounts.view_bankaccount",
        "accounts.view_commissionterms", *may_edit("accounts", "organisation", "commissionterms"),
        *may_edit("payments", "channel", "registerlayout", "registersource"), REVERSE_PAYMENT, ASSIGN_PAYMENT,
        REFUND, LOAD_STATEMENT, FORM_REMITTANCE, SEND_REMITTANCE, ISSUE_PAPER, CLOSE_DAY, CLOSE_BOOKS,
        PROPOSE_REQUISITES, APPROVE_REQUISITES, SEE_REPORTS, SEE_DISPUTES, ANSWER_DISPUTES,
    ],
}  # fmt: skip
OUR_APPS = ("accounts", "billing", "payments", "debt", "epd", "gis_export", "portals", "django_celery_beat")

# What a right is called beside its model («Платежи | сторно | отменять»): Django itself gives names in English.
VERBS = {"add": "добавлять", "change": "изменять", "delete": "удалять", "view": "видеть"}
RIGHT_NAMES = {
    TAKE_CASH: "принимать деньги в кассе", REVERSE_PAYMENT: "отменять и возвращать платежи",
    REFUND: "возвращать аванс по заявлению",
    ASSIGN_PAYMENT: "выяснять платежи", LOAD_STATEMENT: "загружать выписки и реестры",
    DESCRIBE_LAYOUT: "описывать форматы реестров",
    FORM_REMITTANCE: "формировать перечисления", ISSUE_PAPER: "выпускать отчёты, акты и сверки",
    SEND_REMITTANCE: "выпускать и отправлять перечисления, отмечать ответы банка",
    CLOSE_DAY: "закрывать операционный день",
    DRAFT: "рассчитывать черновики", POST_MONTH: "проводить месяц",
    ISSUE: "выпускать платёжные документы", PRINT: "печатать платёжные документы",
    HAND_OVER: "передавать документы на доставку",
    HOLD: "удерживать счета", RELEASE: "снимать удержания",
    ENTER_READING: "вводить показания", JUDGE_READING: "решать о сомнительных показаниях",
    CHANGE_PEOPLE: "вселять и выселять", CHANGE_AREA: "менять площадь", CANCEL_RUN: "останавливать задания",
    IMPORT_BOOK: "загружать книги ГИС ЖКХ", PROPOSE_REQUISITES: "предлагать банковские счета",
    APPROVE_REQUISITES: "подтверждать банковские счета", SEE_APPEALS: "видеть обращения жителей",
    ANSWER_APPEALS: "отвечать на обращения жителей", SEE_REPORTS: "строить отчёты по всем поставщикам",
}  # fmt: skip


def right_name(app: str, codename: str, name: str) -> str:
    """The right in Russian; `name` is what it is called now, which stands where the model named it itself."""
    verb = codename.partition("_")[0]
    if name.startswith("Can "):
        name = VERBS.get(verb, name)
    return RIGHT_NAMES.get(f"{app}.{codename}", name)


def name_rights() -> None:
    """Give every right its Russian name; safe to repeat."""
    renamed = []
    for row in Permission.objects.select_related("content_type"):
        name = right_name(row.content_type.app_label, row.codename, row.name)
        if name != row.name:
            row.name = name
            renamed.append(row)
    Permission.objects.bulk_update(renamed, ["name"], batch_size=500)


@transaction.atomic
def ensure_roles() -> None:
    """Make the groups of the roles and give them their rights, which get Russian names; safe to repeat.

    Rights given to these groups by hand are taken away again: a role is what is written here. Needs the rows of
    permissions, which `migrate` makes at its end. Raises LookupError if a right is not among them.
    """
    name_rights()
    known = {
        f"{row.content_type.app_label}.{row.codename}": row for row in Permission.objects.select_related("content_type")
    }
    for name, rights in ROLES.items():
        unknown = sorted(set(rights) - set(known))
        if unknown:
            raise LookupError(f"unknown permissions: {', '.join(unknown)}")
        Group.objects.get_or_create(name=name)[0].permissions.set(known[right] for right in rights)
    everything = Permission.objects.filter(Q(content_type__app_label__in=OUR_APPS) | Q(content_type__app_label="auth"))
    Group.objects.get_or_create(name=ADMINISTRATOR)[0].permissions.set(everything)
