"""The list of services every installation begins with. Numbers are written into charges and never change."""

from django.db import migrations

# number, code, name, short name, kind (1 communal, 2 housing, 3 other), unit, resource, order in the document
SERVICES = [
    (8, "maintenance", "Содержание жилого помещения", "Содержание", 2, 4, 0, 10),
    (14, "common_cold_water", "Холодная вода на содержание общего имущества", "ХВ на СОИ", 2, 1, 1, 11),
    (15, "common_hot_water", "Горячая вода на содержание общего имущества", "ГВ на СОИ", 2, 1, 2, 12),
    (
        16,
        "common_electricity",
        "Электрическая энергия на содержание общего имущества",
        "Эл. энергия на СОИ",
        2,
        2,
        3,
        13,
    ),
    (17, "common_wastewater", "Отведение сточных вод на содержание общего имущества", "Стоки на СОИ", 2, 1, 8, 14),
    (11, "lift", "Лифт", "Лифт", 2, 4, 0, 20),
    (10, "rent", "Наём жилого помещения", "Наём", 2, 4, 0, 25),
    (9, "capital_repair", "Взнос на капитальный ремонт", "Капремонт", 2, 4, 0, 30),
    (2, "cold_water", "Холодное водоснабжение", "ХВС", 1, 1, 1, 40),
    (3, "hot_water", "Горячее водоснабжение", "ГВС", 1, 1, 2, 41),
    (4, "wastewater", "Водоотведение", "Водоотведение", 1, 1, 8, 42),
    (1, "electricity", "Электроснабжение", "Электричество", 1, 2, 3, 50),
    (6, "gas", "Газоснабжение", "Газ", 1, 1, 4, 55),
    (5, "heating", "Отопление", "Отопление", 1, 3, 5, 60),
    (7, "waste", "Обращение с ТКО", "ТКО", 1, 1, 0, 70),
    (12, "antenna", "Антенна", "Антенна", 3, 6, 0, 80),
    (13, "intercom", "Домофон", "Домофон", 3, 6, 0, 81),
]


def fill(apps, schema_editor):
    service = apps.get_model("accounts", "Service")
    service.objects.bulk_create(
        service(
            id=number,
            code=code,
            name=name,
            short_name=short,
            kind=kind,
            unit=unit,
            resource=resource,
            priority=priority,
        )
        for number, code, name, short, kind, unit, resource, priority in SERVICES
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
