"""What the law says of penalties when an installation begins (penalties.md 1, 4, 5, 9)."""

from datetime import date
from decimal import Decimal

from django.db import migrations

# first day (inclusive) → percent; before 2016 the refinancing rate
KEY_RATES = """
2012-09-14 8.25   2016-01-01 11.00  2016-06-14 10.50  2016-09-19 10.00  2017-03-27 9.75   2017-05-02 9.25
2017-06-19 9.00   2017-09-18 8.50   2017-10-30 8.25   2017-12-18 7.75   2018-02-12 7.50   2018-03-26 7.25
2018-09-17 7.50   2018-12-17 7.75   2019-06-17 7.50   2019-07-29 7.25   2019-09-09 7.00   2019-10-28 6.50
2019-12-16 6.25   2020-02-10 6.00   2020-04-27 5.50   2020-06-22 4.50   2020-07-27 4.25   2021-03-22 4.50
2021-04-26 5.00   2021-06-15 5.50   2021-07-26 6.50   2021-09-13 6.75   2021-10-25 7.50   2021-12-20 8.50
2022-02-14 9.50   2022-02-28 20.00  2022-04-11 17.00  2022-05-04 14.00  2022-05-27 11.00  2022-06-14 9.50
2022-07-25 8.00   2022-09-19 7.50   2023-07-24 8.50   2023-08-15 12.00  2023-09-18 13.00  2023-10-30 15.00
2023-12-18 16.00  2024-07-29 18.00  2024-09-16 19.00  2024-10-28 21.00  2025-06-09 20.00  2025-07-28 18.00
2025-09-15 17.00  2025-10-27 16.50  2025-12-22 16.00  2026-02-16 15.50  2026-03-23 15.00  2026-04-27 14.50
2026-06-22 14.25  2026-07-27 14.00
""".split()

# The smaller of this and the key rate on the day of payment. No row from 2027: unless the cap is extended, it is gone.
CAPS = [
    ("9.5", date(2022, 2, 28), date(2025, 1, 1), "ПП РФ от 26.03.2022 № 474"),
    ("9.5", date(2025, 1, 1), date(2027, 1, 1), "ПП РФ от 18.03.2025 № 329"),
]

SINCE = date(2016, 1, 1)  # 307-ФЗ of 03.11.2015
HOUSING, CAPITAL_REPAIR, ASSOCIATION, MANAGING, ENERGY, CONTRACT = 1, 2, 3, 4, 5, 6
INDUSTRY = "ст. 37 закона № 35-ФЗ, ст. 15 закона № 190-ФЗ, ст. 13 закона № 416-ФЗ, ст. 25 закона № 69-ФЗ"
BANDS = [
    # scale, from day, 1 / divisor, act
    (HOUSING, 31, 300, "ч. 14 ст. 155 ЖК РФ"),
    (HOUSING, 91, 130, "ч. 14 ст. 155 ЖК РФ"),
    (CAPITAL_REPAIR, 31, 300, "ч. 14.1 ст. 155 ЖК РФ"),
    (ASSOCIATION, 31, 300, INDUSTRY),
    (ASSOCIATION, 91, 130, INDUSTRY),
    (MANAGING, 1, 300, INDUSTRY),
    (MANAGING, 61, 170, INDUSTRY),
    (MANAGING, 91, 130, INDUSTRY),
    (ENERGY, 1, 130, INDUSTRY),
    (CONTRACT, 1, 300, "ст. 330 ГК РФ, договор"),
]

ANY, PERSON, ORGANISATION, IS_MANAGING, IS_ASSOCIATION = 0, 1, 2, 3, 4
RESOURCES = [1, 2, 3, 4, 5, 6]
WASTE, CAPITAL_REPAIR_SERVICE, ANTENNA, INTERCOM = 7, 9, 12, 13
TERMS = [
    # service (None: any), debtor, scale, act
    (None, ANY, HOUSING, "ч. 14 ст. 155 ЖК РФ"),
    (CAPITAL_REPAIR_SERVICE, ANY, CAPITAL_REPAIR, "ч. 14.1 ст. 155 ЖК РФ"),
    (ANTENNA, ANY, 0, "услуга вне ЖК РФ: пени только по договору"),
    (INTERCOM, ANY, 0, "услуга вне ЖК РФ: пени только по договору"),
    *((service, ORGANISATION, ENERGY, INDUSTRY) for service in RESOURCES),
    *((service, IS_MANAGING, MANAGING, INDUSTRY) for service in RESOURCES),
    *((service, IS_ASSOCIATION, ASSOCIATION, INDUSTRY) for service in RESOURCES),
    (WASTE, ORGANISATION, ENERGY, "договор с региональным оператором по обращению с ТКО"),
    (WASTE, IS_MANAGING, ENERGY, "договор с региональным оператором по обращению с ТКО"),
    (WASTE, IS_ASSOCIATION, ENERGY, "договор с региональным оператором по обращению с ТКО"),
]

MORATORIA = [
    # from, to (exclusive), scale (None: any), only debts that arose before, act
    *(
        (date(2020, 4, 6), date(2021, 1, 1), scale, None, "ПП РФ от 02.04.2020 № 424")
        for scale in (HOUSING, CAPITAL_REPAIR, ASSOCIATION, MANAGING)
    ),
    (date(2022, 4, 1), date(2022, 10, 2), None, date(2022, 4, 1), "ПП РФ от 28.03.2022 № 497"),
]


def fill(apps, schema_editor):
    law = apps.get_model("billing", "LawValue")
    days = [date.fromisoformat(day) for day in KEY_RATES[::2]]
    law.objects.bulk_create(
        law(code="key_rate", value=Decimal(percent), valid_from=since, valid_to=until, act="Банк России")
        for since, until, percent in zip(days, [*days[1:], None], KEY_RATES[1::2], strict=True)
    )
    law.objects.bulk_create(
        law(code="penalty_cap", value=Decimal(percent), valid_from=since, valid_to=until, act=act)
        for percent, since, until, act in CAPS
    )
    band = apps.get_model("debt", "PenaltyBand")
    band.objects.bulk_create(
        band(scale=scale, first_day=day, divisor=divisor, act=act, valid_from=SINCE)
        for scale, day, divisor, act in BANDS
    )
    terms = apps.get_model("debt", "PenaltyTerms")
    terms.objects.bulk_create(
        terms(service_id=service, debtor=debtor, scale=scale, act=act, valid_from=SINCE)
        for service, debtor, scale, act in TERMS
    )
    moratorium = apps.get_model("debt", "Moratorium")
    moratorium.objects.bulk_create(
        moratorium(valid_from=since, valid_to=until, scale=scale, arose_before=before, act=act)
        for since, until, scale, before, act in MORATORIA
    )


class Migration(migrations.Migration):
    dependencies = [
        ("debt", "0001_initial"),
        ("accounts", "0002_services"),
        ("billing", "0003_law_values"),
    ]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
