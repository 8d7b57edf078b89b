"""The sidebar of the back office: what each role has before its eyes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from portals.office import queries, roles

Item = dict[str, Any]


def navigation(request: HttpRequest) -> list[Item]:
    """Groups of links; what the user may not see is left out, and an empty group disappears."""
    may = request.user.has_perm

    def rows(title: str, icon: str, model: str) -> Item:
        app, name = model.split(".")
        link = reverse(f"admin:{app}_{name}_changelist")
        return {"title": title, "icon": icon, "link": link, "permission": may(f"{app}.view_{name}")}

    def page(title: str, icon: str, name: str, right: str, badge: str = "") -> Item:
        item = {"title": title, "icon": icon, "link": reverse(f"office:{name}"), "permission": may(right)}
        return {**item, "badge": badge, "badge_variant": "warning"} if badge and may(right) else item

    groups = [
        ("", False, [
            {"title": "Рабочий стол", "icon": "dashboard", "link": reverse("admin:index"), "permission": True},
            page("Найти счёт", "search", "search", "accounts.view_personalaccount"),
            {"title": "Отчёты", "icon": "table_view", "link": reverse("office-reports:catalogue"),
             "permission": may(roles.SEE_REPORTS)},
        ]),
        ("Абоненты", True, [
            page("Открыть счёт", "person_add", "open_home", roles.OPEN_ACCOUNT),
            page("Обращения", "forum", "appeals", roles.SEE_APPEALS),
            page("Разногласия поставщиков", "balance", "disputes", roles.SEE_DISPUTES),
            rows("Плановые работы", "construction", "portals.housework"),
            rows("Лицевые счета", "account_box", "accounts.personalaccount"),
            rows("Помещения", "door_front", "accounts.premises"),
            rows("Дома", "apartment", "accounts.house"),
            rows("Граждане", "person", "accounts.person"),
            rows("Проживание", "group", "accounts.residency"),
            rows("Собственность", "vpn_key", "accounts.ownership"),
            rows("Площади", "square_foot", "accounts.premisesarea"),
            rows("Временное отсутствие", "luggage", "accounts.absence"),
        ]),
        ("Приборы и показания", True, [
            page("Показания на проверке", "rule", "readings", roles.JUDGE_READING),
            rows("Приборы учёта", "speed", "accounts.meter"),
            rows("Объёмы по домам", "water_drop", "billing.housevolume"),
            rows("Балансы домов", "balance", "billing.housebalance"),
            rows("Акты по приборам", "report", "billing.meterfault"),
            rows("Участки и скот", "grass", "billing.plotuse"),
        ]),
        ("Начисления", True, [
            page("Расчётный месяц", "calendar_month", "month", "billing.view_contractmonth"),
            page("Сравнение месяцев", "difference", "differences", "billing.view_contractmonth"),
            page("Что если", "query_stats", "what_if", "billing.view_contractmonth"),
            page("Перерасчёты домов", "edit_document", "mass_corrections", "billing.view_correction"),
            page("Перерывы и качество", "thermostat", "quality", "billing.view_qualityevent"),
            rows("Льготы", "volunteer_activism", "billing.benefitentitlement"),
            rows("Удержания", "pan_tool", "billing.hold"),
            rows("Документы перерасчёта", "description", "billing.correction"),
            rows("Месяцы договоров", "event_available", "billing.contractmonth"),
        ]),
        ("Платежи и касса", True, [
            page("Касса", "point_of_sale", "cash_desk", roles.TAKE_CASH),
            page("Невыясненные платежи", "help_center", "unidentified", roles.ASSIGN_PAYMENT,
                 queries.unidentified_badge() if may(roles.ASSIGN_PAYMENT) else ""),
            page("Загрузить выписку", "upload_file", "statement", roles.LOAD_STATEMENT),
            page("Загрузить реестр", "playlist_add", "register", roles.LOAD_STATEMENT),
            page("Переразнесение", "shuffle", "reallocations", roles.REVERSE_PAYMENT),
            rows("Платежи", "payments", "payments.payment"),
            rows("Онлайн-платежи", "smartphone", "payments.onlinepayment"),
            rows("Возвраты через провайдера", "currency_exchange", "payments.onlinerefund"),
            rows("Автоплатежи", "autorenew", "payments.autopayment"),
            rows("Чеки 54-ФЗ", "receipt", "payments.fiscalreceipt"),
            rows("Реестры и выписки", "list_alt", "payments.register"),
            rows("Форматы реестров", "table_rows", "payments.registerlayout"),
            rows("Откуда берутся реестры", "folder_open", "payments.registersource"),
            rows("Строки выписок", "receipt", "payments.bankstatementline"),
            rows("Квитанции кассы", "receipt_long", "payments.cashreceipt"),
            rows("Кассовые смены", "punch_clock", "payments.cashshift"),
            rows("Сторно", "undo", "payments.reversal"),
            rows("Возвраты по заявлениям", "assignment_return", "payments.refundapplication"),
            page("Поручения на возврат", "outbound", "refund_orders", roles.REFUND),
            page("Опротестованные платежи", "gavel", "charge_backs", roles.REVERSE_PAYMENT),
        ]),
        ("Перечисления", True, [
            page("Перечисления за день", "send_money", "remittances", "payments.view_remittance"),
            page("Сохранность денег", "verified", "sheet", "payments.view_remittance"),
            page("Отчёты, акты, сверки", "summarize", "settlement_papers", "payments.view_settlementpaper"),
            rows("Все перечисления", "account_balance", "payments.remittance"),
            rows("Операционные дни", "today", "payments.operatingday"),
            rows("Закрытые месяцы", "lock", "payments.closedmonth"),
            rows("Банковские счета", "account_balance_wallet", "accounts.bankaccount"),
        ]),
        ("Документы", True, [
            page("Печать", "print", "printing", "epd.view_printbatch"),
            rows("Платёжные документы", "description", "epd.paymentdocument"),
            page("Доставка", "local_shipping", "delivery", "epd.view_delivery"),
            rows("Отказы в выпуске", "report", "epd.issuerefusal"),
            rows("Тексты", "notes", "epd.documenttext"),
            page("Текст на документе", "preview", "try_text", "epd.view_documenttext"),
            rows("Вид документов", "space_dashboard", "epd.documentlook"),
            rows("Пожелания", "format_size", "epd.documentwish"),
            rows("Подписки", "mark_email_read", "epd.subscription"),
            rows("Маршруты", "route", "epd.deliveryroute"),
            rows("Цены доставки", "sell", "epd.deliveryrate"),
        ]),
        ("Справочники", True, [
            rows("Тарифы", "sell", "billing.tariff"),
            rows("Нормативы", "straighten", "billing.norm"),
            rows("Значения по закону", "gavel", "billing.lawvalue"),
            rows("Сроки ответа", "timer", "portals.appealterm"),
            rows("Ступени пени", "stairs", "debt.penaltyband"),
            rows("Условия пени", "timer", "debt.penaltyterms"),
            rows("Моратории на пени", "pause_circle", "debt.moratorium"),
            rows("Услуги домов", "home_work", "billing.provision"),
            rows("Исключения по счетам", "person_off", "billing.provisionexception"),
            rows("Паспорта домов", "domain", "accounts.housepassport"),
            rows("Услуги", "category", "accounts.service"),
            rows("Организации", "business", "accounts.organisation"),
            rows("Агентские договоры", "handshake", "accounts.agencycontract"),
            rows("Вознаграждение", "percent", "accounts.commissionterms"),
            rows("Отделения", "store", "accounts.office"),
            rows("Каналы приёма", "alt_route", "payments.channel"),
            rows("Календарь", "event", "accounts.calendarday"),
        ]),
        ("Система", True, [
            page("Загрузить книгу ГИС ЖКХ", "drive_folder_upload", "workbook", roles.IMPORT_BOOK),
            rows("Загруженные файлы", "folder", "accounts.importedfile"),
            rows("Задания", "conveyor_belt", "accounts.run"),
            rows("Расписание заданий", "schedule", "django_celery_beat.periodictask"),
            rows("Изменения к пересчёту", "sync", "accounts.touch"),
            rows("Журнал", "history_edu", "accounts.journalentry"),
            rows("Пользователи", "manage_accounts", "accounts.user"),
            rows("Роли", "admin_panel_settings", "auth.group"),
            rows("Доступ жителей", "link", "portals.accountlink"),
            rows("Сотрудники принципалов", "badge", "portals.principaluser"),
        ]),
    ]  # fmt: skip
    return [
        {"title": title, "collapsible": collapsible, "items": allowed}
        for title, collapsible, items in groups
        if (allowed := [item for item in items if item.pop("permission")])
    ]
