"""The description of the API as a page of ours: read without scripts, from the same schema that programs read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

PREFIX = "/api/v1/"
METHODS = ("get", "post", "put", "delete")
PLACES = {"path": "в адресе", "query": "после «?»", "header": "заголовок"}
# What an address is for, in the words of those who read the page.
ABOUT = {
    "GET accounts/": "Лицевые счета кабинета и сколько за каждый платить.",
    "GET accounts/{number}/": "Один счёт и сколько за него платить.",
    "GET accounts/{number}/charges/": "Начисления месяца построчно; текущий месяц — предварительно.",
    "GET accounts/{number}/charges/why/": "Почему строка такая: объяснение, прошлый месяц, разница по причинам.",
    "GET accounts/{number}/documents/": "Платёжные документы счёта.",
    "GET accounts/{number}/documents/{id}/": "Один платёжный документ.",
    "GET accounts/{number}/documents/{id}.pdf": "Платёжный документ, PDF.",
    "GET accounts/{number}/payments/": "Платежи и куда ушла каждая часть.",
    "GET accounts/{number}/payments/{id}/": "Путь одного платежа: куда ушла каждая часть и почему.",
    "GET accounts/{number}/meters/": "Счётчики и последние показания.",
    "GET accounts/{number}/meters/{id}/": "Один счётчик и история его показаний.",
    "GET accounts/{number}/readings/": "Переданные показания.",
    "POST accounts/{number}/readings/": "Передать показания счётчика.",
    "GET supplier/contracts/": "Ваши договоры, закрытые тоже.",
    "GET supplier/accounts/": "Счета ваших домов, по сто на странице.",
    "GET supplier/accounts/{number}/": "Счёт: обороты и начисления по вашим договорам.",
    "GET supplier/accounts/{number}/facts/": "Плательщик, адрес и жильцы: что можно исправить.",
    "POST supplier/accounts/{number}/facts/": "Исправить данные счёта; dry_run покажет, как изменится начисление.",
    "GET supplier/charges/": "Начисления месяца по домам и услугам.",
    "GET supplier/charges/{house}/": "Начисления дома по счетам.",
    "GET supplier/turnover/": "Оборотная ведомость по домам и услугам.",
    "GET supplier/turnover/{house}/": "Обороты дома по счетам.",
    "GET supplier/payments/": "Платежи по мере поступления.",
    "GET supplier/remittances/": "Перечисления, последние сверху.",
    "GET supplier/remittances/{id}/": "Одно перечисление с реестром платежей.",
    "GET supplier/papers/": "Отчёты агента, акты, акты сверки.",
    "GET supplier/papers/{id}.pdf": "Документ, PDF.",
    "POST supplier/papers/{id}/answer/": "Подписать документ или возразить на него.",
    "POST supplier/papers/acts/": "Составить акт сверки за месяц.",
    "GET supplier/meters/": "Приборы ваших домов.",
    "GET supplier/reports/": "Список отчётов.",
    "GET supplier/reports/fields/": "Чем отчёт группируют и что он показывает: коды для rows, columns, measures, f.",
    "GET supplier/reports/{code}/": "Строки отчёта, по сто на странице. Отбор: f.ПОЛЕ=значение; свой отчёт — код own.",
    "GET supplier/reports/saved/": "Сохранённые отчёты.",
    "POST supplier/reports/saved/": "Сохранить отчёт под названием.",
    "GET supplier/reports/saved/{id}/": "Строки сохранённого отчёта за месяцы, которые его период значит сегодня.",
    "DELETE supplier/reports/saved/{id}/": "Удалить сохранённый отчёт.",
    "PUT supplier/reports/saved/{id}/schedule/": "Отправлять отчёт письмом.",
    "DELETE supplier/reports/saved/{id}/schedule/": "Больше не отправлять.",
    "GET supplier/reports/files/": "Файлы отчётов и закрывающих комплектов.",
    "POST supplier/reports/files/": "Заказать файл отчёта: он соберётся в фоне.",
    "GET supplier/reports/files/{key}/": "Готов ли файл.",
    "DELETE supplier/reports/files/{key}/": "Больше не собирать файл.",
    "GET supplier/reports/files/{key}/content/": "Готовый файл.",
    "GET supplier/day/": "День: поступило, вознаграждение, перечислено, перенесено, по договорам.",
    "GET supplier/accounts/{number}/why/": "Почему строка счёта такая: объяснение, прошлый месяц, разница по причинам.",
    "GET supplier/payments/{id}/": "Путь платежа: ваши части и их перечисления.",
    "GET supplier/meters/{id}/": "Один прибор и история его показаний.",
    "GET supplier/collection/": "Собираемость за месяц и с начала года, прошлый год рядом.",
    "GET supplier/difference/": "Почему месяц отличается от прошлого: причины и суммы.",
    "GET supplier/losses/": "Потери и ОДН по домам.",
    "GET supplier/corrections/": "Перерасчёты месяца: основание, кто провёл, сумма.",
    "GET supplier/closing/": "Сверка месяца по договору: расхождения и их причины.",
    "GET supplier/closing/sets/": "Кварталы и годы, за которые есть закрывающий комплект.",
    "POST supplier/closing/sets/": "Заказать закрывающий комплект: архив появится среди файлов отчётов.",
    "GET supplier/remittances/{id}.txt": "Реестр платежей перечисления для 1С.",
    "GET supplier/papers/{id}.xlsx": "Документ, Excel.",
    "GET supplier/receipts/template.xlsx": "Шаблон файла своих поступлений.",
    "GET supplier/people/invitations/": "Приглашения, на которые ещё не ответили.",
    "DELETE supplier/people/invitations/{id}/": "Отозвать приглашение.",
    "POST supplier/receipts/": "Загрузить свои поступления файлом.",
    "GET supplier/receipts/files/": "Загруженные файлы поступлений.",
    "POST supplier/receipts/files/{id}/undo/": "Отменить файл поступлений целиком.",
    "GET supplier/readings/meters.xlsx": "Файл приборов с последними показаниями, чтобы заполнить.",
    "POST supplier/readings/": "Загрузить заполненный файл показаний; dry_run только проверит строки.",
    "GET supplier/readings/files/": "Загруженные файлы показаний.",
    "POST supplier/readings/files/{id}/undo/": "Отменить файл показаний целиком.",
    "GET supplier/disputes/": "Разногласия и сроки ответа.",
    "POST supplier/disputes/": "Оспорить цифру.",
    "GET supplier/disputes/{id}/": "Одно разногласие с ответом.",
    "GET supplier/appeals/": "Обращения жителей ваших домов за год: сколько, о чём, как быстро отвечено.",
    "GET supplier/people/": "Сотрудники в кабинете.",
    "POST supplier/people/": "Пригласить сотрудника письмом.",
    "PUT supplier/people/{id}/": "Изменить роль сотрудника.",
    "DELETE supplier/people/{id}/": "Отозвать доступ сотрудника.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A parameter of an address."""

    name: str
    place: str
    is_required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Address:
    """An address and what it does; sent, told: example shapes as JSON, empty where there are none."""

    id: str
    method: str
    path: str
    about: str
    asked: list[Asked]
    sent: str
    told: str


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """All addresses of version 1: residents' first, then suppliers'."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    parts = schema.get("components", {}).get("schemas", {})
    found: dict[bool, list[Address]] = {False: [], True: []}
    for path, methods in schema["paths"].items():
        for method, one in methods.items():
            if path.startswith(PREFIX) and method in METHODS:
                found["/supplier/" in path].append(_address(path, method, one, parts))
    groups = [("Жителю: лицевой счёт", found[False]), ("Поставщику: кабинет", found[True])]
    return render(request, "public/api.html", {"groups": groups})


def _address(path: str, method: str, one: dict[str, Any], parts: dict[str, Any]) -> Address:
    asked = [
        Asked(row["name"], PLACES.get(row["in"], row["in"]), row.get("required", False), row.get("description", ""))
        for row in one.get("parameters", [])
    ]
    answer: dict[str, Any] = next(
        (told for status, told in sorted(one["responses"].items()) if status.startswith("2")), {}
    )
    return Address(
        one["operationId"], method.upper(), path, ABOUT.get(f"{method.upper()} {path.removeprefix(PREFIX)}", ""), asked,
        _shape(one.get("requestBody", {}), parts), _shape(answer, parts),
    )  # fmt: skip


def _shape(body: dict[str, Any], parts: dict[str, Any]) -> str:
    """The shape of a body as an example in JSON; a file has none."""
    content = body.get("content", {})
    told = content.get("application/json") or content.get("multipart/form-data")
    if not told:
        return ""
    return json.dumps(_example(told["schema"], parts, 0), ensure_ascii=False, indent=2)


def _example(schema: dict[str, Any], parts: dict[str, Any], depth: int) -> Any:
    if "$ref" in schema:
        schema = parts[schema["$ref"].rpartition("/")[2]]
    if "example" in schema:
        return schema["example"]
    for name in ("allOf", "oneOf", "anyOf"):
        if schema.get(name):
            return _example(schema[name][0], parts, depth)
    if schema.get("enum"):
        return schema["enum"][0]
    if depth > 6:
        return None
    if "properties" in schema:
        return {name: _example(one, parts, depth + 1) for name, one in schema["properties"].items()}
    kind = schema.get("type")
    if kind == "array":
        return [_example(schema.get("items", {}), parts, depth + 1)]
    plain = {"integer": 1, "boolean": True, "string": schema.get("format", "текст"), "number": "1.00"}
    return plain.get(str(kind), {} if kind == "object" else None)
