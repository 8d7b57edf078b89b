"""Workbooks in the ГИС ЖКХ template columns, small enough to read in a test."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook

GUID = "11111111-2222-3333-4444-555555555555"

HOUSE_TOP = [
    ["Адрес", "Адресные сведения", "", "", "", "Общая характеристика дома", "", "", "", "", "", "Кадастровый номер",
     "Площадь общего имущества, кв. м", "Оплата отопления"],
    ["", "Глобальный уникальный идентификатор дома по ФИАС", "Жилой дом блокированной застройки",
     "Несколько жилых домов с одинаковым адресом", "ОКТМО", "Состояние", "Стадия жизненного цикла",
     "Общая площадь здания", "Год ввода в эксплуатацию", "Количество этажей",
     "Наличие статуса объекта культурного наследия", "", "", ""],
]  # fmt: skip
ACCOUNT_TOP = [
    ["Сведения о лицевых счетах"],
    ["№ записи", "Номер ЛС\n(Иной идентификатор потребителя)", "Идентификатор ЖКУ", "Тип лицевого счета",
     "Является нанимателем?", "Лицевые счета на помещение(я) разделены?", "Фамилия", "Имя  потребителя",
     "Отчество (при наличии)", "СНИЛС потребителя", "ОГРН/ОГРНИП потребителя (для ЮЛ/ИП)", "ОБЩАЯ ПЛОЩАДЬ, кв. м",
     "Жилая площадь", "Количество проживающих, чел.", "Единый лицевой счет"],
]  # fmt: skip
PREMISES_TOP = [
    [],
    ["№ записи лицевого счета", "Адрес помещения",
     "Глобальный уникальный идентификатор дома по ФИАС/Идентификационный код дома в ГИС ЖКХ", "Тип помещения/блок",
     "Номер помещения/блока", "Номер комнаты", "Идентификатор дома, помещения, комнаты, присвоенный ГИС ЖКХ",
     "Доля внесения платы, размер доли в %"],
]  # fmt: skip
METER_TOP = [
    ["Заводской (серийный) номер ПУ", "Вид ПУ", "Марка ПУ", "Модель ПУ", "Адрес дома", "Уникальный номер дома",
     "Номер помещения", "Номер комнаты",
     "Номер лицевого счета/Единый лицевой счет/Идентификатор ЖКУ. Обязательно для всех типов ПУ, кроме типа Кол…",
     "Вид коммунального ресурса", "Вид ПУ по количеству тарифов",
     "Последнее полученное показание (Т1). Не заполняется, если…", "Последнее полученное показание (Т2). Не…",
     "Дата ввода в эксплуатацию", "Дата последней поверки", "Межповерочный интервал"],
]  # fmt: skip


def house(
    guid: str = GUID, address: str = "460000, Оренбургская обл, г Оренбург, ул Чкалова, д. 5", **cells: Any
) -> list[Any]:
    row = {
        "address": address, "guid": guid, "block": "", "same": "", "oktmo": "53701000", "state": "Исправный",
        "stage": "", "area": 3000, "year": 1975, "storeys": 5, "heritage": "Нет",
        "cadastral": "", "common": 300, "heating": "",
    }  # fmt: skip
    return list({**row, **cells}.values())


def account(record: int, number: str = "", **cells: Any) -> list[Any]:
    row = {
        "record": record, "number": number, "izku": "", "type": "ЛС РЦ", "tenant": "Нет", "divided": "Нет",
        "last": "Иванова", "first": "Мария", "middle": "Петровна", "snils": "", "ogrn": "", "total": 48.5,
        "living": "30,2", "persons": 2, "els": "",
    }  # fmt: skip
    return list({**row, **cells}.values())


def premises(record: int, number: str = "1", **cells: Any) -> list[Any]:
    row = {
        "record": record, "address": "", "house": GUID, "kind": "Жилое помещение", "number": number, "room": "",
        "gis": "", "share": 100,
    }  # fmt: skip
    return list({**row, **cells}.values())


def meter(serial: str, account: str, **cells: Any) -> list[Any]:
    row = {
        "serial": serial, "kind": "Индивидуальный", "brand": "СВК", "model": "15-3", "address": "", "house": "",
        "number": "", "room": "", "account": account, "resource": "Холодная вода", "zones": "", "t1": 120.5, "t2": "",
        "commissioned": "15.03.2022", "verified": "15.03.2022", "interval": "6 лет",
    }  # fmt: skip
    return list({**row, **cells}.values())


def book(
    *,
    houses: Sequence[list[Any]] = (),
    accounts: Sequence[list[Any]] = (),
    premises: Sequence[list[Any]] = (),
    meters: Sequence[list[Any]] = (),
    extra: dict[str, list[list[Any]]] | None = None,
) -> bytes:
    """An xlsx with the sheets that have rows."""
    sheets = {
        "Характеристики МКД": (HOUSE_TOP, houses),
        "Основные сведения": (ACCOUNT_TOP, accounts),
        "Помещения": (PREMISES_TOP, premises),
        "Сведения о ПУ": (METER_TOP, meters),
    }
    result = Workbook(write_only=True)
    for title, (top, rows) in sheets.items():
        if rows:
            sheet = result.create_sheet(title)
            for row in [*top, *rows]:
                sheet.append(row)
    for title, lines in (extra or {}).items():
        sheet = result.create_sheet(title)
        for line in lines:
            sheet.append(line)
    buffer = io.BytesIO()
    result.save(buffer)
    return buffer.getvalue()
