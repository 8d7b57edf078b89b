"""What people read instead of our own words: events of the journal, their facts, jobs. One dictionary for all apps."""

from __future__ import annotations

import re
from typing import Any

from django.apps import apps

EVENTS = {
    "accounts.absence.recorded": "Записано временное отсутствие",
    "accounts.absence.withdrawn": "Временное отсутствие отменено",
    "accounts.account.delivery_changed": "Изменена доставка документов",
    "accounts.account.opened": "Счёт открыт",
    "accounts.account.closed": "Счёт закрыт",
    "accounts.area.changed": "Изменена площадь",
    "accounts.premises.added": "Заведено помещение",
    "accounts.resident.settled": "Учтено проживание",
    "accounts.resident.moved_out": "Снят с учёта",
    "accounts.ownership.registered": "Зарегистрированы собственники",
    "accounts.payer.changed": "Сменён плательщик",
    "accounts.reading.submitted": "Принято показание",
    "accounts.reading.corrected": "Исправлено показание",
    "accounts.reading.held": "Показание ждёт проверки",
    "accounts.reading.confirmed": "Показание подтверждено",
    "accounts.reading.rejected": "Показание отклонено",
    "accounts.meter.installed": "Установлен счётчик",
    "accounts.meter.replaced": "Заменён счётчик",
    "accounts.meter.removed": "Снят счётчик",
    "accounts.meter.verified": "Поверен счётчик",
    "accounts.bank_account.proposed": "Предложены реквизиты",
    "accounts.bank_account.approved": "Утверждены реквизиты",
    "accounts.bank_account.rejected": "Отклонены реквизиты",
    "accounts.workbook.imported": "Загружена книга",
    "accounts.workbook.undone": "Отменена загрузка книги",
    "billing.account.held": "Удержан от проведения",
    "billing.account.recalculated": "Перерасчёт",
    "billing.account.released": "Удержание снято",
    "billing.act.charged": "Начислено по акту",
    "billing.act.corrected": "Исправлена ошибка счёта в акте",
    "billing.document.made": "Составлен документ исправления",
    "billing.document.reversed": "Документ исправления отменён",
    "billing.month.closed": "Месяц начислений закрыт",
    "billing.month.issued": "Документы месяца выпущены",
    "billing.month.opened": "Месяц начислений открыт",
    "billing.month.posted": "Начисления месяца проведены",
    "billing.quality.recorded": "Записан перерыв или отклонение качества",
    "billing.year.settled": "Корректировка за год",
    "debt.penalties.charged": "Начислены пени",
    "epd.debts.issued": "Выпущены долговые документы",
    "epd.delivery.bounced": "Письмо с документом не дошло",
    "epd.delivery.handed_over": "Документы переданы на доставку",
    "epd.document.reissued": "Документ выпущен заново",
    "epd.document.withdrawn": "Документ отозван",
    "epd.documents.issued": "Выпущены платёжные документы",
    "epd.subscription.asked": "Запрошены документы по почте",
    "epd.subscription.confirmed": "Подписка на документы подтверждена",
    "epd.subscription.ended": "Подписка на документы закончена",
    "epd.print.started": "Документы поставлены в печать",
    "epd.print.finished": "Документы напечатаны",
    "payments.advance.refunded": "Возвращён аванс",
    "payments.advances.consumed": "Авансы зачтены",
    "payments.autopayment.above_limit": "Автоплатёж больше предела, не списан",
    "payments.autopayment.charged": "Списан автоплатёж",
    "payments.autopayment.consented": "Дано согласие на автоплатёж",
    "payments.autopayment.off": "Автоплатёж выключен",
    "payments.autopayment.on": "Автоплатёж включён",
    "payments.batch.recorded": "Приняты платежи файла",
    "payments.day.allocated": "Платежи дня разнесены",
    "payments.day.closed": "Операционный день закрыт",
    "payments.day.opened": "Операционный день открыт заново",
    "payments.file.refused": "Файл не принят",
    "payments.instruction.ended": "Указание о разнесении отменено",
    "payments.instruction.given": "Дано указание о разнесении",
    "payments.layout.tried": "Проверен формат реестра",
    "payments.month.closed": "Месяц платежей закрыт",
    "payments.online.begun": "Начата оплата на сайте",
    "payments.online.cancelled": "Оплата на сайте не состоялась",
    "payments.paper.answered": "Получен ответ на документ",
    "payments.paper.issued": "Выпущен документ",
    "payments.payment.assigned": "Платёж выяснен",
    "payments.payment.charged_back": "Платёж оспорен в банке",
    "payments.chargeback.asked": "Заявлен протест платежа: ждёт второго сотрудника",
    "payments.chargeback.declined": "Протест платежа отклонён",
    "payments.payment.held": "Платёж ждёт выяснения",
    "payments.payment.moved": "Платёж перенесён на этот счёт",
    "payments.payment.recorded": "Принят платёж",
    "payments.payment.returned": "Платёж возвращён плательщику",
    "payments.payment.reversed": "Платёж сторнирован",
    "payments.reallocation.made": "Платёж разнесён заново",
    "payments.reallocation.undone": "Новое разнесение отменено",
    "payments.receipt.again": "Чек отправлен ещё раз",
    "payments.receipt.cancelled": "Квитанция кассы отменена",
    "payments.receipt.given": "Выдана квитанция кассы",
    "payments.receipt.printed": "Пробит чек",
    "payments.receipt.refused": "Чек отклонён",
    "payments.refund.begun": "Начат возврат",
    "payments.refund.unanswered": "Возвращено больше остатка платежа",
    "payments.refund.claim_settled": "Лишнее возвращено плательщиком",
    "payments.register.imported": "Загружен реестр платежей",
    "payments.register.undone": "Реестр платежей отменён",
    "payments.register.held": "Реестр платежей ждёт решения",
    "payments.register.discarded": "Отложенный реестр не принят",
    "payments.register.assigned": "Невыясненные платежи реестра зачислены на счёт",
    "payments.refund_order.released": "Поручения на возврат выпущены",
    "payments.refund_order.sent": "Поручения на возврат отправлены в банк",
    "payments.refund_order.confirmed": "Возврат исполнен банком",
    "payments.refund_order.rejected": "Возврат отклонён банком",
    "payments.refund_order.returned_to_queue": "Возврат снова в очереди, с другими реквизитами",
    "payments.register.reconciled": "Поручение банка сверено с реестром",
    "payments.register.unreconciled": "Сверка поручения с реестром отменена",
    "payments.remittance.confirmed": "Перечисление исполнено банком",
    "payments.remittance.formed": "Составлено перечисление",
    "payments.remittance.rejected": "Перечисление отклонено банком",
    "payments.remittance.checked": "Перечисление проверено",
    "payments.remittance.released": "Перечисление выпущено",
    "payments.remittance.returned_to_queue": "Перечисление вернулось в очередь",
    "payments.remittance.sent": "Перечисление отправлено в банк",
    "payments.shift.closed": "Смена кассы закрыта",
    "payments.shift.collected": "Инкассация кассы",
    "payments.shift.opened": "Смена кассы открыта",
    "payments.statement.held": "Выписка ждёт подтверждения",
    "payments.statement.imported": "Загружена выписка банка",
    "portals.account.linked": "Счёт привязан к кабинету",
    "portals.certificate.issued": "Выдана справка",
    "portals.document.forwarded": "Квитанция переслана по почте",
    "portals.account.unlinked": "Счёт отвязан от кабинета",
    "portals.account.edited": "Изменены данные счёта поставщиком",
    "portals.access.given": "Открыт доступ члену семьи",
    "portals.access.invited": "Приглашён член семьи",
    "portals.access.invitation_withdrawn": "Приглашение члена семьи отозвано",
    "portals.access.withdrawn": "Отозван доступ члена семьи",
    "portals.appeal.opened": "Подано обращение",
    "portals.appeal.added": "Обращение дополнено",
    "portals.appeal.taken": "Обращение взято в работу",
    "portals.appeal.asked_back": "По обращению задан вопрос",
    "portals.appeal.answered": "Отвечено на обращение",
    "portals.appeal.handed_over": "Обращение передано",
    "portals.appeal.reopened": "Обращение открыто снова",
    "portals.appeal.closed": "Обращение закрыто",
    "portals.key.made": "Создан ключ доступа для программ",
    "portals.key.withdrawn": "Отозван ключ доступа для программ",
    "portals.dispute.opened": "Подано разногласие",
    "portals.dispute.answered": "Отвечено на разногласие",
    "portals.employee.invited": "Приглашён сотрудник поставщика",
    "portals.employee.uninvited": "Приглашение сотрудника отозвано",
    "portals.employee.let_in": "Сотрудник поставщика принял приглашение",
    "portals.employee.role_changed": "Изменена роль сотрудника поставщика",
    "portals.employee.withdrawn": "Отозван доступ сотрудника поставщика",
    "portals.readings.loaded": "Загружен файл показаний",
    "portals.readings.undone": "Отменён файл показаний",
    "portals.report.saved": "Отчёт сохранён",
    "portals.report.deleted": "Сохранённый отчёт удалён",
    "portals.report.scheduled": "Отчёт поставлен на рассылку",
    "portals.report.unscheduled": "Рассылка отчёта остановлена",
    "portals.report.exported": "Отчёт выгружен в файл",
}
RUN_KINDS = {
    "billing.calculation": "Расчёт начислений",
    "debt.penalties": "Начисление пеней",
    "epd.issue": "Выпуск платёжных документов",
    "epd.print": "Печать платёжных документов",
    "payments.close_day": "Закрытие операционного дня",
    "payments.fetch_registers": "Получение реестров",
    "payments.undo_register": "Отмена реестра",
    "payments.remit_day": "Перечисления за день",
}
JOBS = {
    "accrue-penalties": "Начислить пени",
    "ask-undecided": "Узнать судьбу платежей на сайте",
    "calculate-night": "Ночной расчёт начислений",
    "charge-autopayments": "Списать автоплатежи",
    "order-reports": "Заказать отчёты рассылок",
    "send-reports": "Собрать и отправить отчёты",
    "refresh-sums": "Просуммировать по домам для отчётов",
    "close-day": "Закрыть операционный день",
    "fetch-answers": "Прочитать ответы почтовых серверов",
    "fetch-registers": "Забрать реестры из папок и почты",
    "issue-documents": "Выпустить платёжные документы",
    "issue-late-documents": "Выпустить задержанные платёжные документы",
    "redraft-touched": "Пересчитать то, что изменилось",
    "remit-day": "Составить перечисления за день",
    "send-letters": "Отправить письма с документами",
    "send-receipts": "Отправить чеки",
    "settle-year": "Корректировка за год",
    "make-notices": "Составить уведомления жителям",
    "send-notices": "Отправить уведомления письмами",
    "celery.backend_cleanup": "Убрать старые ответы заданий",
}
FACTS = {
    "account_id": "счёт", "accounts": "счета", "act": "акт", "amount": "сумма", "application_id": "заявление",
    "autopayment_id": "автоплатёж", "back_on": "вернулся", "bank_account": "реквизиты", "bank_account_id": "реквизиты",
    "accepted": "принято", "bik": "БИК", "breach": "нарушение", "card": "картой", "cash": "наличными",
    "cause": "причина", "change": "изменение", "changed": "изменено", "claimed": "станет требованием",
    "claimed_on": "заявлено",
    "closed_on": "закрыт", "code": "код", "collected": "собрано", "commission": "вознаграждение",
    "commissioned_on": "введён", "contract_id": "договор", "contracts": "договоры", "counted": "учтено",
    "counts": "итоги", "day": "день", "difference": "разница", "document": "документ", "documents": "документы",
    "ended_at": "окончено", "fields": "поля", "file": "загрузка", "final": "последнее показание",
    "first_month": "с месяца", "float_amount": "остаток в кассе", "formed": "составлено", "former": "прежнее",
    "from_payment_id": "из платежа", "gross": "принято денег", "held": "не выяснено", "house": "дом",
    "houses": "домов", "initial": "начальное показание", "inserted": "добавлено", "kind": "вид", "left": "осталось",
    "left_on": "выбыл", "limit": "предел", "lines": "строк", "meter": "прибор", "method": "способ", "month": "месяц",
    "name": "название", "net": "к перечислению", "number": "номер", "office_id": "отделение", "old": "прежний",
    "old_serial": "прежний номер", "on": "дата", "online_id": "платёж на сайте", "opened_on": "открыт",
    "orders": "поручений", "organisation": "организация", "outgoing": "списания", "owners": "собственники",
    "paid_on": "уплачено", "paper": "документ", "paper_id": "документ", "payment_id": "платёж",
    "payments": "платежей", "person": "человек", "persons": "человек", "premises": "помещение",
    "reallocation_id": "разнесение", "receipt_id": "чек", "refund": "возврат", "refunded": "вернул сервис",
    "refused": "отклонено",
    "register_id": "реестр", "rejected": "отклонено", "remittance_id": "перечисление", "removed": "снят",
    "repeated": "уже было", "replaces": "заменяет", "residency": "проживание", "resource": "ресурс",
    "returned": "возвращено", "returns": "возвраты", "reverses": "отменяет", "row": "строка", "rows": "строк",
    "serial": "заводской номер", "service": "услуга", "sha256": "контрольная сумма", "shift_id": "смена",
    "since": "с", "source": "источник", "started_at": "начато", "total": "всего", "until": "по",
    "valid_from": "действует с", "values": "показания", "vat": "НДС", "verdict": "решение",
    "verified_on": "поверен", "verified_until": "поверен до", "was": "было", "what": "что", "withheld": "удержано",
    "good": "принято строк", "batches": "тиражей", "carrier": "кто доставляет", "delivery": "доставка документа",
    "every": "как часто", "fee": "вознаграждение банка", "folder": "папка", "form": "вид файла",
    "keeps_paper": "бумага остаётся", "numbers": "номера", "order_id": "поручение", "parent": "квартира",
    "reason": "причина", "title": "название", "answer": "ответ", "bad": "отклонено строк", "dispute": "разногласие",
    "due_on": "ответить до", "email": "почта", "employee": "сотрудник", "principal_id": "поставщик", "role": "роль",
    "address": "адрес", "appeal_id": "обращение", "certificate": "справка", "face": "кабинет", "given_by": "кто открыл",
    "invitation_id": "приглашение", "key": "ключ", "may_write": "может передавать", "to": "кому", "topic": "тема",
    "user_id": "пользователь",
}  # fmt: skip
CHANGES = {"added": "Добавлено", "changed": "Изменено"}


def event_title(event: str) -> str:
    """The event in words; a change made on a page of the back office is called by the table it changed."""
    if event in EVENTS:
        return EVENTS[event]
    app, _, rest = event.partition(".")
    model, _, change = rest.partition(".")
    if change in CHANGES:
        try:
            return f"{CHANGES[change]}: {apps.get_model(app, model)._meta.verbose_name}"
        except LookupError:
            pass
    return event


def run_title(kind: str) -> str:
    """What a job is called."""
    return RUN_KINDS.get(kind, kind)


def cron_in_words(minute: str, hour: str, day: str, week: str) -> str:
    """When a job of our schedule runs: «2-го числа в 05:00»."""
    if hour == "*":
        return "каждую минуту" if minute == "*" else f"каждый час в {minute} мин"
    if not (minute.isdigit() and hour.isdigit()):
        return f"{minute} {hour} {day} {week}"
    days = f"{day}-го числа" if day != "*" else "ежедневно"
    if week != "*":
        days = {"1-6": "с понедельника по субботу", "1-5": "с понедельника по пятницу"}.get(week, f"дни недели {week}")
    return f"{days} в {int(hour):02}:{int(minute):02}"


def facts_text(facts: dict[str, Any]) -> str:
    """The facts of a journal's line in one sentence; empty ones are left out."""
    told = (f"{fact_name(name)}: {_fact(value)}" for name, value in facts.items() if value not in (None, "", [], {}))
    return "; ".join(told)


def fact_name(name: str) -> str:
    """A fact's name in words; of a count of rows, the table's."""
    if name in FACTS:
        return FACTS[name]
    if name.isidentifier() and name[:1].isupper():
        for config in apps.get_app_configs():
            if name.lower() in config.models:
                return str(config.get_model(name)._meta.verbose_name_plural)
    return name


def _fact(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{fact_name(name)} {_fact(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_fact(inner) for inner in value)
    if isinstance(value, bool):
        return "да" if value else "нет"
    text = str(value)
    if found := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text):
        return f"{found[3]}.{found[2]}.{found[1]}"
    if found := re.fullmatch(r"(\d{4})-(\d\d)", text):
        return f"{found[2]}.{found[1]}"
    return text.replace(".", ",") if re.fullmatch(r"-?\d+\.\d+", text) else text
