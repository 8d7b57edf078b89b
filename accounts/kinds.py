"""Enumerations that several apps share: what a stored small number or word means."""

from django.db import models


class OrganisationKind(models.IntegerChoices):
    AGENT = 1, "биллинговый агент"
    MANAGING = 2, "управляющая организация"
    ASSOCIATION = 3, "ТСЖ, ТСН, ЖСК"
    RESOURCE_SUPPLIER = 4, "ресурсоснабжающая организация"
    WASTE_OPERATOR = 5, "региональный оператор ТКО"
    CAPITAL_REPAIR_FUND = 6, "фонд капитального ремонта"
    OTHER = 9, "прочая организация"


class BankAccountKind(models.IntegerChoices):
    SETTLEMENT = 1, "расчётный счёт"
    SPECIAL_AGENT = 2, "специальный счёт 40821"
    CAPITAL_REPAIR = 3, "специальный счёт капремонта"
    TREASURY = 4, "казначейский счёт"


class BankAccountState(models.TextChoices):
    PROPOSED = "proposed", "предложен"
    APPROVED = "approved", "утверждён"
    REJECTED = "rejected", "отклонён"


class AllocationRule(models.IntegerChoices):
    OPEN = 1, "по остатку долга"
    CHARGED = 2, "по начисленному"
    APART = 3, "отдельно: только названным платежом"


class VatMode(models.IntegerChoices):
    NONE = 0, "без НДС"
    INCLUDED = 1, "НДС в том числе"
    ON_TOP = 2, "НДС сверху"


class ChannelKind(models.IntegerChoices):
    ANY = 0, "любой"
    CASH_DESK = 1, "касса"
    ONLINE = 2, "интернет"
    BANK = 3, "банк"
    POST = 4, "почта"
    PRINCIPAL = 5, "собственный приём принципала"
    SOCIAL = 6, "соцзащита"
    ENFORCEMENT = 7, "ФССП"


class ServiceKind(models.IntegerChoices):
    COMMUNAL = 1, "коммунальная"
    HOUSING = 2, "жилищная"
    OTHER = 3, "прочая"


class Unit(models.IntegerChoices):
    M3 = 1, "м³"
    KWH = 2, "кВт·ч"
    GCAL = 3, "Гкал"
    M2 = 4, "м²"
    PERSON = 5, "чел."
    ACCOUNT = 6, "шт."


class Resource(models.IntegerChoices):
    """What a meter measures; the codes of the ГИС ЖКХ list of resources where it has one."""

    NONE = 0, "нет"
    COLD_WATER = 1, "холодная вода"
    HOT_WATER = 2, "горячая вода"
    ELECTRICITY = 3, "электрическая энергия"
    GAS = 4, "газ"
    HEAT = 5, "тепловая энергия"
    WASTEWATER = 8, "сточные бытовые воды"


class HouseKind(models.IntegerChoices):
    APARTMENT = 1, "многоквартирный дом"
    DETACHED = 2, "жилой дом"
    BLOCK = 3, "дом блокированной застройки"


class HeatingMode(models.IntegerChoices):
    """How the heat of a house is paid for (п. 42(1) Правил № 354)."""

    NONE = 0, "без центрального отопления"
    SEASON = 1, "в отопительный период"
    EVEN = 2, "равномерно в течение года"


class PremisesKind(models.IntegerChoices):
    FLAT = 1, "квартира"
    ROOM = 2, "комната"
    NON_RESIDENTIAL = 3, "нежилое помещение"
    HOUSE = 4, "жилой дом"
    PARKING = 5, "машино-место"
    BLOCK = 6, "блок"


class ResidencyKind(models.IntegerChoices):
    PERMANENT = 1, "постоянно"
    TEMPORARY = 2, "временно"


class Delivery(models.IntegerChoices):
    PAPER = 1, "на бумаге"
    EMAIL = 2, "по эл. почте"
    CABINET = 3, "только в кабинете"
    BOTH = 4, "на бумаге и по эл. почте"


class MeterKind(models.IntegerChoices):
    INDIVIDUAL = 1, "индивидуальный"
    SHARED_FLAT = 2, "общий (квартирный)"
    ROOM = 3, "комнатный"
    BUILDING = 4, "общедомовой"


class ReadingSource(models.IntegerChoices):
    """Who took the reading; the smaller number wins when several stand for one month."""

    INSPECTION = 1, "проверка"
    ACT = 2, "акт ввода или снятия"
    REMOTE = 3, "дистанционно"
    OPERATOR = 4, "оператор"
    RESIDENT = 5, "житель"
    PAYMENT = 6, "с платежом"
    REGISTER = 7, "реестр"
    IMPORT = 8, "перенос"


class ReadingVerdict(models.IntegerChoices):
    ACCEPTED = 1, "принято"
    CONFIRMED = 2, "принято после подтверждения"
    DOUBTFUL = 3, "ждёт проверки"
    REJECTED = 4, "отклонено"


class RunState(models.TextChoices):
    WAITING = "waiting", "ждёт"
    RUNNING = "running", "идёт"
    DONE = "done", "завершён"
    FAILED = "failed", "сбой"
    CANCELLED = "cancelled", "отменён"
