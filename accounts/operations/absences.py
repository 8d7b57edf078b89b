"""Temporary absence on a resident's application, with its documents (п. 86–97 Правил № 354; charges.md 13)."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction

from accounts.calendar import Month, Span
from accounts.errors import Refusal
from accounts.models import Absence, PersonalAccount, Premises, Residency, User
from accounts.operations.journal import noted, touch_premises

MORE_THAN = 5  # full days in a row, both edges excluded
DAYS_AFTER = 30  # an application is taken before leaving or within so many days after the return
LONGEST = timedelta(days=184)  # six months: then the application is made again


class AbsenceRefused(Refusal):
    """The absence cannot be recorded."""


@transaction.atomic
def record_absence(
    *,
    account_id: int,
    left_on: date,
    back_on: date,
    document: str,
    applied_on: date,
    by: User | str | None,
    today: date,
    persons: int = 1,
    person_id: int | None = None,
    force_majeure: bool = False,
) -> Absence:
    """Record that residents are away: from the day of departure to the day of return, neither of them counted.

    An application may come before the departure (п. 91), so days to come are recorded, too; but it has come: no day
    after `today` is the day of one.
    force_majeure: everybody was away for a proven event nobody could resist: it counts even where a meter could be
    (п. 86). The charges of those months are recalculated by billing. Raises AbsenceRefused where the law gives nothing.
    """
    account = PersonalAccount.objects.select_related("premises").get(pk=account_id)
    premises = Premises.objects.select_for_update().get(pk=account.premises_id)
    if not document.strip():
        raise AbsenceRefused(
            "Назовите документ: справка о временной регистрации, билеты, справка из больницы.", field="document"
        )
    if back_on <= left_on:
        raise AbsenceRefused("День возвращения должен быть позже дня отъезда.", field="back_on")
    days = (back_on - left_on).days - 1
    if days <= MORE_THAN:
        raise AbsenceRefused(
            f"Полных дней отсутствия {days}: дни отъезда и возвращения не считаются, а перерасчёт положен, если их"
            f" больше {MORE_THAN}.", field="back_on",
        )  # fmt: skip
    if back_on - left_on > LONGEST:
        raise AbsenceRefused("Дольше шести месяцев по одному заявлению нельзя: примите новое.", field="back_on")
    if (applied_on - back_on).days > DAYS_AFTER:
        raise AbsenceRefused(
            f"Заявление подано позже {DAYS_AFTER} дней после возвращения: перерасчёта по нему не положено.",
            field="applied_on",
        )
    if applied_on > today:
        raise AbsenceRefused(
            f"Заявление датировано {applied_on:%d.%m.%Y}, а сегодня {today:%d.%m.%Y}. Отсутствие, и будущее тоже,"
            " записывают по уже поданному заявлению: укажите день, когда его подали.", field="applied_on",
        )  # fmt: skip
    if persons < 1:
        raise AbsenceRefused(
            "Отсутствовать может хотя бы один человек. Укажите, сколько человек отсутствует.", field="persons"
        )
    if person_id is not None and persons != 1:
        raise AbsenceRefused("Названный гражданин один. Уберите имя или укажите число 1.", field="persons")
    here = Residency.objects.during(Span(left_on, back_on)).filter(premises=premises)
    lived = sum(here.values_list("persons", flat=True))
    if persons > lived:
        raise AbsenceRefused(
            f"За эти дни по счёту учтено {lived} чел.: столько и могут отсутствовать. Сверьте проживание.",
            field="persons",
        )
    if force_majeure and persons != lived:
        raise AbsenceRefused(
            f"При непреодолимой силе отсутствуют все: учтено {lived} чел. Укажите всех или снимите отметку.",
            field="persons",
        )
    if person_id is not None and not here.filter(person_id=person_id).exists():
        raise AbsenceRefused("Этот гражданин за эти дни здесь не учтён. Сверьте проживание.", field="person_id")
    same = Absence.objects.filter(premises=premises, valid_from=left_on, valid_to=back_on, document=document.strip())
    if person_id in same.values_list("person_id", flat=True):
        raise AbsenceRefused("Это отсутствие по этому документу уже записано.", field="document")
    with noted(
        "accounts.absence.recorded", by=by, account_id=account.pk, ground=document, left_on=left_on, back_on=back_on,
        persons=persons, person=person_id,
    ):  # fmt: skip
        row = Absence.objects.create(
            premises=premises, person_id=person_id, persons=persons, document=document.strip()[:255],
            applied_on=applied_on, valid_from=left_on, valid_to=back_on, force_majeure=force_majeure,
        )  # fmt: skip
        touch_premises(
            premises_id=premises.parent_id or premises.pk, house_id=premises.house_id, first_month=Month.of(left_on)
        )
    return row


@transaction.atomic
def withdraw_absence(*, account_id: int, absence_id: int, by: User | str | None, ground: str) -> None:
    """Take a recorded absence back (a false document, a mistake): what it took off is charged again."""
    account = PersonalAccount.objects.select_related("premises").get(pk=account_id)
    row = Absence.objects.select_for_update(of=("self",)).filter(pk=absence_id, premises=account.premises_id).first()
    if row is None:
        raise AbsenceRefused("Такого отсутствия по счёту нет. Обновите страницу.")
    if not ground.strip():
        raise AbsenceRefused("Назовите причину отмены.", field="ground")
    first = row.valid_from
    with noted(
        "accounts.absence.withdrawn", by=by, account_id=account.pk, ground=ground, document=row.document,
        left_on=row.valid_from, back_on=row.valid_to, persons=row.persons,
    ):  # fmt: skip
        row.delete()
        premises = account.premises
        touch_premises(
            premises_id=premises.parent_id or premises.pk, house_id=premises.house_id, first_month=Month.of(first)
        )
