"""How soon an appeal is answered, by paragraph. Rows may be followed by others from a later day."""

from datetime import date

from django.db import migrations

TERMS = [
    # topic, working days, act
    (1, 10, "п. 36 Правил № 416: ответ на обращение не позднее 10 рабочих дней"),
    (2, 10, "п. 36 Правил № 416: ответ на обращение не позднее 10 рабочих дней"),
    (3, 5, "п. 91 Правил № 354: перерасчёт в течение 5 рабочих дней после заявления"),
    (4, 3, "п. 31 «к» Правил № 354: ответ на жалобу о качестве в течение 3 рабочих дней"),
    (5, 10, "п. 36 Правил № 416: ответ на обращение не позднее 10 рабочих дней"),
    (6, 10, "п. 36 Правил № 416: ответ на обращение не позднее 10 рабочих дней"),
    (7, 3, "п. 31 «р» Правил № 354: письменные сведения в течение 3 рабочих дней"),
]


def fill(apps, schema_editor):
    model = apps.get_model("portals", "AppealTerm")
    model.objects.bulk_create(
        model(topic=topic, days=days, is_working=True, act=act, valid_from=date(2013, 5, 15))
        for topic, days, act in TERMS
    )


def empty(apps, schema_editor):
    apps.get_model("portals", "AppealTerm").objects.filter(valid_from=date(2013, 5, 15)).delete()


class Migration(migrations.Migration):
    dependencies = [("portals", "0009_appeals_and_notices")]
    operations = [migrations.RunPython(fill, empty)]
