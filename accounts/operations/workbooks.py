"""Houses, premises, accounts, people and meters from a workbook: a verdict for every row, and a way back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pghistory
from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import Min, Q
from django.db.models.functions import Now
from django.utils.timezone import get_default_timezone

from accounts import files, queries, rules
from accounts.calendar import Month
from accounts.database import lock_number, rolled_back
from accounts.errors import Refusal
from accounts.imports import gis, workbook
from accounts.models import (
    HeatingMode,
    House,
    HouseKind,
    HousePassport,
    ImportedFile,
    Meter,
    MeterKind,
    Organisation,
    Ownership,
    Person,
    PersonalAccount,
    Premises,
    PremisesArea,
    PremisesKind,
    Reading,
    ReadingSource,
    Residency,
    Touch,
    User,
)
from accounts.operations.journal import note, noted, touch
from accounts.operations.registry import allocate_numbers, document_code

KIND = "gis-workbook"
EARLIEST = date(1900, 1, 1)
BATCH = 2000
HOUSE_KINDS = {"apartment": HouseKind.APARTMENT, "detached": HouseKind.DETACHED, "block": HouseKind.BLOCK}
PREMISES_KINDS = {
    "flat": PremisesKind.FLAT, "non_residential": PremisesKind.NON_RESIDENTIAL, "block": PremisesKind.BLOCK,
    "house": PremisesKind.HOUSE,
}  # fmt: skip
METER_KINDS = {
    "individual": MeterKind.INDIVIDUAL, "shared_flat": MeterKind.SHARED_FLAT, "room": MeterKind.ROOM,
    "building": MeterKind.BUILDING,
}  # fmt: skip
HEATING = {"none": HeatingMode.NONE, "season": HeatingMode.SEASON, "even": HeatingMode.EVEN}
# What an import makes, in the order it is made; undone in the opposite one. Readings have no number of their own.
MADE: tuple[type[models.Model], ...] = (
    House, HousePassport, Premises, PremisesArea, Person, PersonalAccount, Ownership, Residency, Meter,
)  # fmt: skip


class ImportRefused(Refusal):
    """The workbook is not taken, or not taken back; nothing was written."""


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """What became of a row: where it stands, what it is about, taken or why not and what to do."""

    sheet: str
    row: int
    what: str
    is_good: bool
    text: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of an import. bad_rows: an xlsx of the same layout with reasons in the last column; or None."""

    file_id: int | None
    is_dry_run: bool
    verdicts: list[RowVerdict]
    counts: dict[str, int]
    ignored_sheets: list[str]
    bad_rows: bytes | None

    @property
    def good(self) -> int:
        return sum(verdict.is_good for verdict in self.verdicts)

    @property
    def bad(self) -> int:
        return len(self.verdicts) - self.good


def import_workbook(
    *, name: str, content: bytes, by: User | str | None, today: date, since: date | None = None, dry_run: bool = False
) -> ImportReport:
    """Take in a workbook in the ГИС ЖКХ template columns: good rows are written, bad ones come back with the reason.

    since: from when areas, residents and owners hold and accounts are open; the 1st of this month by default. A dry run
    does all the work, writes nothing and promises no account number. Raises FileRefused, WorkbookRefused,
    ImportRefused: then nothing was written.
    """
    book = workbook.read(files.open_workbook(content, name=name))
    registers = gis.parse(book, today=today)
    since = since or Month.of(today).first
    if not EARLIEST <= since <= today:
        told = "ещё не наступила" if since > today else f"раньше {EARLIEST:%d.%m.%Y}"
        raise ImportRefused(
            f"С какого дня учесть: дата {since:%d.%m.%Y} {told}. Укажите день не позже сегодняшнего.", field="since"
        )
    with rolled_back(if_=dry_run):
        taken = _take(book, registers, name=name, content=content, by=by, today=today, since=since, dry_run=dry_run)
    verdicts = taken.in_order(book)
    return ImportReport(
        file_id=None if dry_run else taken.file_id,
        is_dry_run=dry_run,
        verdicts=verdicts,
        counts=taken.counts,
        ignored_sheets=list(book.ignored),
        bad_rows=_bad_rows(book, verdicts),
    )


@transaction.atomic
def undo_import(*, file_id: int, by: User | str | None) -> dict[str, int]:
    """Take back all that an import made. Refuses, and says what, when something stands on it already.

    Drafts of its accounts stand on it, too: `billing.operations.undo_import` takes them away first.
    """
    file = ImportedFile.objects.select_for_update().filter(pk=file_id).first()
    if file is None:
        raise ImportRefused(f"Загрузки № {file_id} нет. Посмотрите номер в списке загруженных файлов.")
    if file.undone_at is not None:
        raise ImportRefused(f"Загрузка № {file_id} («{file.name}») уже отменена. Ничего не сделано.")
    made = {model: [tuple(pair) for pair in file.created.get(model.__name__, [])] for model in MADE}
    standing = _standing_on(made)
    if standing:
        told = ", ".join(f"{title} ({count})" for title, count in standing.items())
        raise ImportRefused(
            f"Загрузку № {file_id} («{file.name}») отменить нельзя: на загруженное уже опираются {told}. "
            "Уберите их или исправьте отдельные счета операциями."
        )
    file.undone_at = Now()
    file.save(update_fields=["undone_at"])
    with noted("accounts.workbook.undone", by=by, file=file.pk, name=file.name, counts=file.counts):
        for house_id, first_month in _neighbours(made):  # who stays in the house shares it differently now
            touch(house_id=house_id, first_month=Month.of(first_month))
        if made[Meter]:
            Reading.objects.filter(_within("meter_id", made[Meter])).delete()
        for owner, column in ((House, "house_id"), (PersonalAccount, "account_id")):
            if made[owner]:
                Touch.objects.filter(_within(column, made[owner])).delete()
        for model in reversed(MADE):
            for first, last in made[model]:
                with connection.cursor() as cursor:
                    cursor.execute(f'DELETE FROM "{model._meta.db_table}" WHERE id BETWEEN %s AND %s', [first, last])
    counts: dict[str, int] = file.counts
    return counts


# --- taking in --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Taken:
    """What one import knows so far: verdicts by row, rows to be made."""

    verdicts: dict[tuple[str, int], RowVerdict] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    file_id: int | None = None

    def refuse(self, row: workbook.Row, what: str, reason: str) -> None:
        self.verdicts[row.sheet, row.number] = RowVerdict(row.sheet, row.number, what, False, reason)

    def accept(self, row: workbook.Row, what: str, text: str = "Принято.") -> None:
        self.verdicts[row.sheet, row.number] = RowVerdict(row.sheet, row.number, what, True, text)

    def in_order(self, book: workbook.Workbook) -> list[RowVerdict]:
        return [self.verdicts[row.sheet, row.number] for sheet in book.sheets for row in sheet.rows]


@dataclass(slots=True)
class _Home:
    """An account in the making, with its premises."""

    account: gis.AccountFacts
    premises: gis.PremisesFacts
    house: House
    flat: Premises | None = None
    place: Premises | None = None
    row: PersonalAccount | None = None


def _take(
    book: workbook.Workbook,
    registers: gis.Registers,
    *,
    name: str,
    content: bytes,
    by: User | str | None,
    today: date,
    since: date,
    dry_run: bool,
) -> _Taken:
    sha256 = hashlib.sha256(content).hexdigest()
    with connection.cursor() as cursor:  # two imports at once would not see each other's rows
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number("accounts.import_workbook")])
    before = ImportedFile.objects.filter(kind=KIND, sha256=sha256, undone_at=None).first()
    if before is not None:
        at = before.imported_at.astimezone(get_default_timezone())
        raise ImportRefused(
            f"Этот файл уже загружен {at:%d.%m.%Y} под № {before.pk} («{before.name}»). "
            "Ничего не сделано. Чтобы загрузить его снова, сначала отмените ту загрузку."
        )
    taken = _Taken()
    for bad in registers.bad:
        taken.refuse(bad.row, bad.what, bad.reason)
    made: dict[type[models.Model], list[Any]] = {model: [] for model in MADE}
    houses = _take_houses(registers, taken, made, since)
    homes = _match_homes(registers, taken, houses)
    homes = _check_homes(homes, taken, since)
    _make_homes(homes, taken, made, since, dry_run=dry_run)
    readings = _take_meters(registers, taken, made, homes, houses, since, today)
    taken.counts = {model.__name__: len(rows) for model, rows in made.items() if rows}
    if readings:
        taken.counts["Reading"] = len(readings)
    if not any(made.values()):
        return taken
    touched = {home.house.pk for home in homes} | {meter.house_id for meter in made[Meter]}
    Touch.objects.bulk_create(Touch(house_id=pk, first_month=Month.of(since).first) for pk in sorted(touched))
    file = ImportedFile.objects.create(
        kind=KIND, name=name[:255], sha256=sha256, imported_by=by if isinstance(by, User) else None,
        counts={**taken.counts, "good": sum(v.is_good for v in taken.verdicts.values()), "rows": len(taken.verdicts)},
        created={model.__name__: _ranges(row.pk for row in rows) for model, rows in made.items() if rows},
    )  # fmt: skip
    note("accounts.workbook.imported", by=by, file=file.pk, name=name, sha256=sha256, since=since, counts=taken.counts)
    taken.file_id = file.pk
    return taken


def _make(made: dict[type[models.Model], list[Any]], model: type[models.Model], rows: Iterable[Any]) -> list[Any]:
    fresh: list[Any] = model._default_manager.bulk_create(list(rows), batch_size=BATCH)
    made[model] += fresh
    return fresh


def _find_houses(keys: set[str]) -> dict[str, list[House]]:
    guids = {UUID(key) for key in keys if gis.GUID.fullmatch(key)}
    codes = {key for key in keys if not gis.GUID.fullmatch(key)}
    found: dict[str, list[House]] = {}
    for house in House.objects.filter(Q(fias_guid__in=guids) | Q(gis_code__in=codes)):
        for key in (str(house.fias_guid or ""), house.gis_code):
            if key in keys:
                found.setdefault(key, []).append(house)
    return found


def _take_houses(
    registers: gis.Registers, taken: _Taken, made: dict[type[models.Model], list[Any]], since: date
) -> dict[str, list[House]]:
    """Houses by ФИАС id or code: those that stand, and those the workbook brings."""
    keys = {facts.key for facts in registers.houses} | {facts.house for facts in registers.premises}
    keys |= {facts.house for facts in registers.meters if facts.house}
    known = _find_houses(keys)
    fresh: dict[str, tuple[gis.HouseFacts, House]] = {}
    for facts in registers.houses:
        what = gis.what_of(facts)
        if facts.key in known:
            taken.accept(facts.row, what, "Дом уже есть, оставлен без изменений.")
        elif facts.key in fresh:
            first = fresh[facts.key][0].row
            taken.refuse(
                facts.row,
                what,
                f"Тот же идентификатор дома уже стоит в строке {first.number}. Проверьте, не повтор ли это.",
            )
        else:
            is_guid = gis.GUID.fullmatch(facts.key)
            fresh[facts.key] = facts, House(
                kind=HOUSE_KINDS[facts.kind], fias_guid=UUID(facts.key) if is_guid else None,
                gis_code="" if is_guid else facts.key, oktmo=facts.oktmo, postcode=facts.postcode, region=facts.region,
                town=facts.town, street=facts.street, number=facts.number, route=facts.route,
                cadastral_number=facts.cadastral,
            )  # fmt: skip
            taken.accept(facts.row, what)
    _make(made, House, [house for _, house in fresh.values()])
    _make(made, HousePassport, [
        HousePassport(
            house=house, valid_from=since, total_area_m2=facts.total_area_m2, common_area_m2=facts.common_area_m2,
            heated_area_m2=facts.heated_area_m2, storeys=facts.storeys, has_lift=facts.has_lift,
            heating_mode=HEATING[facts.heating], norm_scope=facts.norm_scope, tariff_category=facts.tariff_category,
        )
        for facts, house in fresh.values()
    ])  # fmt: skip
    return {**known, **{key: [house] for key, (_, house) in fresh.items()}}


def _match_homes(registers: gis.Registers, taken: _Taken, houses: dict[str, list[House]]) -> list[_Home]:
    """Pair the sheets «Основные сведения» and «Помещения» by the record's number; what has no pair is refused."""
    accounts: dict[str, gis.AccountFacts] = {}
    for account in registers.accounts:
        if account.record in accounts:
            first = accounts[account.record].row.number
            taken.refuse(
                account.row,
                gis.what_of(account),
                f"№ записи {account.record} уже стоит в строке {first}: номера не повторяются.",
            )
        else:
            accounts[account.record] = account
    pairs: dict[str, list[gis.PremisesFacts]] = {}
    for premises in registers.premises:
        pairs.setdefault(premises.record, []).append(premises)
    homes: list[_Home] = []
    for record, places in pairs.items():
        holder = accounts.get(record)
        if holder is None:
            for place in places:
                taken.refuse(
                    place.row, gis.what_of(place),
                    f"Счёт записи № {record} не принят или его нет на листе «Основные сведения». Исправьте его.",
                )  # fmt: skip
            continue
        if len(places) > 1:
            told = ", ".join(str(place.row.number) for place in places)
            for place in places:
                taken.refuse(
                    place.row, gis.what_of(place),
                    f"У записи № {record} несколько помещений (строки {told}). Заведите счёт на каждое помещение.",
                )  # fmt: skip
            taken.refuse(holder.row, gis.what_of(holder), "Несколько помещений на один счёт. Заведите счёт на каждое.")
            continue
        (place,) = places
        found = houses.get(place.house, [])
        if len(found) != 1:
            reason = (
                f"Дома «{place.house}» нет ни в базе, ни в книге. Добавьте его на лист «Характеристики ЖД» или "
                "«Характеристики МКД»."
                if not found
                else f"Домов с идентификатором «{place.house}» несколько ({len(found)}). Уточните идентификатор."
            )
            _refuse_home(taken, holder, place, reason, at_premises=True)
            continue
        homes.append(_Home(account=holder, premises=place, house=found[0]))
    for record, holder in accounts.items():
        if record not in pairs:
            taken.refuse(
                holder.row, gis.what_of(holder),
                f"Помещение записи № {record} не принято или его нет на листе «Помещения». Исправьте сначала его.",
            )  # fmt: skip
    return homes


def _refuse_home(
    taken: _Taken, account: gis.AccountFacts, premises: gis.PremisesFacts, reason: str, *, at_premises: bool
) -> None:
    """Refuse both rows of a home: the reason where it lies, a pointer to it in the other."""
    guilty, other = (premises.row, account.row) if at_premises else (account.row, premises.row)
    what = gis.what_of(account)
    taken.refuse(guilty, gis.what_of(premises) if at_premises else what, reason)
    taken.refuse(
        other, what if at_premises else gis.what_of(premises),
        f"Не принята связанная строка: лист «{guilty.sheet}», строка {guilty.number}. Исправьте её и загрузите обе.",
    )  # fmt: skip


def _in(model: type[models.Model], lookup: str, values: set[Any], *fields: str) -> set[Any]:
    values.discard("")
    rows = model._default_manager.filter(**{f"{lookup}__in": values}) if values else model._default_manager.none()
    return set(rows.values_list(*fields, flat=len(fields) == 1))


def _check_homes(homes: list[_Home], taken: _Taken, since: date) -> list[_Home]:
    """Whom the base already knows, and who comes twice."""
    numbers = _in(PersonalAccount, "number", {home.account.number for home in homes}, "number")
    codes = _in(
        PersonalAccount, "housing_service_id", {home.account.housing_service_id for home in homes}, "housing_service_id"
    )
    organisations = {
        row.ogrn: row for row in Organisation.objects.filter(ogrn__in={home.account.ogrn for home in homes} - {""})
    }
    snils = {row.snils: row for row in Person.objects.filter(snils__in={home.account.snils for home in homes} - {""})}
    house_ids = {home.house.pk for home in homes}
    places: dict[tuple[int, int | None, int, str], Premises] = {
        (row.house_id, row.parent_id, row.kind, row.number.lower()): row
        for row in Premises.objects.filter(house__in=house_ids)
    }
    taken_places = dict(
        PersonalAccount.objects.filter(Q(closed_on=None) | Q(closed_on__gt=since), house__in=house_ids).values_list(
            "premises_id", "number"
        )
    )
    areas = {row.premises_id: row for row in PremisesArea.objects.on(since).filter(premises__house__in=house_ids)}
    seen: dict[tuple[str, Any], workbook.Row] = {}
    named: dict[str, gis.AccountFacts] = {}
    good: list[_Home] = []
    for home in homes:
        account, premises = home.account, home.premises
        kind = PREMISES_KINDS[premises.kind]
        home.flat = places.get((home.house.pk, None, kind, premises.number.lower()))
        home.place = home.flat
        if premises.room:
            home.place = (
                places.get((home.house.pk, home.flat.pk, PremisesKind.ROOM, premises.room.lower()))
                if home.flat
                else None
            )
        reason, at_premises = "", False
        key = (premises.house, premises.kind, premises.number.lower(), premises.room.lower())
        if account.number and account.number in numbers:
            reason = f"Счёт {account.number} уже есть в базе. Изменения вносите операциями, а не загрузкой."
        elif account.housing_service_id and account.housing_service_id in codes:
            reason = f"Идентификатор ЖКУ {account.housing_service_id} уже есть в базе."
        elif account.number and ("number", account.number) in seen:
            reason = f"Номер счёта {account.number} уже стоит в строке {seen['number', account.number].number}."
        elif account.housing_service_id and ("izku", account.housing_service_id) in seen:
            reason = f"Идентификатор ЖКУ уже стоит в строке {seen['izku', account.housing_service_id].number}."
        elif account.ogrn and account.ogrn not in organisations:
            reason = f"Организации с ОГРН {account.ogrn} нет в базе. Сначала заведите её."
        elif account.snils and (reason := _stranger(account, snils.get(account.snils), named.get(account.snils))):
            pass
        elif ("home", key) in seen:
            first = seen["home", key].number
            reason = f"На это помещение уже есть счёт в строке {first}. Разделённые счета открывает оператор."
            at_premises = True
        elif home.place is not None and home.place.pk in taken_places:
            reason = f"На это помещение уже открыт счёт {taken_places[home.place.pk]}. Закройте его или уберите строку."
            at_premises = True
        elif (
            home.place is not None
            and (area := areas.get(home.place.pk))
            and area.total_area_m2 != account.total_area_m2
        ):
            reason = (
                f"В базе площадь помещения {queries.decimal_text(area.total_area_m2)} м², в файле "
                f"{queries.decimal_text(account.total_area_m2)} м². Исправьте файл или измените площадь операцией."
            )
        if reason:
            _refuse_home(taken, account, premises, reason, at_premises=at_premises)
            continue
        seen["number", account.number] = seen["izku", account.housing_service_id] = account.row
        seen["home", key] = premises.row
        if account.snils:
            named.setdefault(account.snils, account)
        good.append(home)
    return good


def _stranger(account: gis.AccountFacts, stored: Person | None, earlier: gis.AccountFacts | None) -> str:
    """Another surname under the same СНИЛС: somebody is mistaken."""
    other = stored.last_name if stored else earlier.last_name if earlier else account.last_name
    if not account.last_name:
        return "СНИЛС без фамилии: впишите фамилию."
    if other.lower().replace("ё", "е") != account.last_name.lower().replace("ё", "е"):
        return f"СНИЛС {account.snils} уже записан за другим человеком ({other}). Проверьте СНИЛС и фамилию."
    return ""


def _make_homes(
    homes: list[_Home], taken: _Taken, made: dict[type[models.Model], list[Any]], since: date, *, dry_run: bool
) -> None:
    """Premises, areas, people, accounts, owners and residents of the good rows: a statement a table."""
    flats: dict[tuple[int, str, str], Premises] = {}
    for home in homes:
        if home.flat is None:
            key = (home.house.pk, home.premises.kind, home.premises.number.lower())
            if key not in flats:
                flats[key] = _premises(home, PREMISES_KINDS[home.premises.kind], home.premises.number, None)
            home.flat = flats[key]
        if not home.premises.room:
            home.place = home.flat
    _make(made, Premises, flats.values())
    rooms = []
    for home in homes:
        if home.premises.room and home.place is None:
            home.place = _premises(home, PremisesKind.ROOM, home.premises.room, home.flat)
            rooms.append(home.place)
    _make(made, Premises, rooms)
    new = {row.pk for row in made[Premises]}
    measured = set(
        PremisesArea.objects.on(since)
        .filter(premises__house__in={home.house.pk for home in homes})
        .values_list("premises", flat=True)
    )
    _make(made, PremisesArea, [
        PremisesArea(
            premises=home.place, valid_from=_since(home, since), total_area_m2=home.account.total_area_m2,
            living_area_m2=home.account.living_area_m2, heated_area_m2=home.account.heated_area_m2,
        )
        for home in homes
        if home.place is not None and (home.place.pk in new or home.place.pk not in measured)
    ])  # fmt: skip
    organisations = {
        row.ogrn: row for row in Organisation.objects.filter(ogrn__in={home.account.ogrn for home in homes} - {""})
    }
    by_snils = {
        row.snils: row for row in Person.objects.filter(snils__in={home.account.snils for home in homes} - {""})
    }
    payers: list[Person | None] = []
    people: list[Person] = []
    for home in homes:
        facts = home.account
        person = by_snils.get(facts.snils) if facts.snils else None
        if person is None and facts.last_name:
            person = Person(
                last_name=facts.last_name, first_name=facts.first_name, middle_name=facts.middle_name,
                snils=facts.snils or None, phone=facts.phone or None, email=facts.email or None,
            )  # fmt: skip
            people.append(person)
            if facts.snils:
                by_snils[facts.snils] = person
        payers.append(person)
    _make(made, Person, people)
    wanted = sum(not home.account.number for home in homes)
    spare = iter(_stand_ins(wanted) if dry_run else allocate_numbers(wanted))
    for home, payer in zip(homes, payers, strict=True):
        facts = home.account
        home.row = PersonalAccount(
            number=facts.number or next(spare), unified_number=facts.unified_number or None,
            housing_service_id=facts.housing_service_id or None, house=home.house, premises=home.place,
            payer_person=payer, payer_organisation=organisations.get(facts.ogrn), is_tenant=facts.is_tenant,
            opened_on=_since(home, since), email=facts.email, phone=facts.phone or None, document_code=document_code(),
        )  # fmt: skip
    _make(made, PersonalAccount, [home.row for home in homes])
    stood = {home.place.pk for home in homes if home.place is not None} - new
    owned = set(Ownership.objects.on(since).filter(premises__in=stood).values_list("premises", flat=True))
    peopled = set(Residency.objects.on(since).filter(premises__in=stood).values_list("premises", flat=True))
    owners: list[Ownership] = []
    residents: list[Residency] = []
    for home, payer in zip(homes, payers, strict=True):
        facts, day = home.account, _since(home, since)
        organisation = organisations.get(facts.ogrn)
        assert home.place is not None and home.row is not None
        if not facts.is_tenant and (payer or organisation) and home.place.pk not in owned:
            owners.append(
                Ownership(
                    premises=home.place, person=payer, organisation=None if payer else organisation, valid_from=day
                )
            )
        nameless = 0 if home.place.pk in peopled else facts.persons  # who stands in the base is better known
        # A tenant lives where he rents; an owner may live elsewhere, so of him only the number is known.
        if facts.is_tenant and payer and nameless:
            residents.append(Residency(premises=home.place, person=payer, valid_from=day, ground="Загрузка книги"))
            nameless -= 1
        if nameless:
            residents.append(Residency(premises=home.place, persons=nameless, valid_from=day, ground="Загрузка книги"))
        if dry_run and not facts.number:
            what, given, told = gis.what_of(facts), "Принято, номер будет выдан при загрузке.", f"{gis.what_of(facts)}."
        else:
            what, told = f"Счёт {home.row.number}", f"Счёт {home.row.number}."
            given = "Принято." if facts.number else f"Принято, выдан номер {home.row.number}."
        taken.accept(facts.row, what, given)
        taken.accept(home.premises.row, gis.what_of(home.premises), f"Принято. {told}")
    _make(made, Ownership, owners)
    _make(made, Residency, residents)


def _stand_ins(count: int) -> list[str]:
    """Numbers for a dry run, where none may be spent: twenty digits, as we give to nobody, and never shown."""
    bases = (f"{10**18 - 1 - place:019}" for place in range(count))
    return [base + rules.account_check_digit(base) for base in bases]


def _since(home: _Home, since: date) -> date:
    return home.account.opened_on or since


def _premises(home: _Home, kind: int, number: str, parent: Premises | None) -> Premises:
    facts = home.premises
    is_last = parent is not None or not facts.room
    return Premises(
        house=home.house, kind=kind, number=number, parent=parent, entrance=facts.entrance, storey=facts.storey,
        gis_number=facts.gis_number if is_last else "",
    )  # fmt: skip


# --- meters -----------------------------------------------------------------------------------------------------------


def _take_meters(
    registers: gis.Registers,
    taken: _Taken,
    made: dict[type[models.Model], list[Any]],
    homes: list[_Home],
    houses: dict[str, list[House]],
    since: date,
    today: date,
) -> list[Reading]:
    by_account = _account_finder(registers, homes)
    wanted = {facts.serial for facts in registers.meters}
    standing = {
        (row.house_id, row.premises_id, row.resource, row.serial)
        for row in Meter.objects.filter(serial__in=wanted, removed_on=None)
    }
    seen: dict[tuple[int, int | None, int, str], int] = {}
    meters: list[Meter] = []
    initial: list[tuple[Meter, gis.MeterFacts]] = []
    for facts in registers.meters:
        what = gis.what_of(facts)
        house, place, reason = _place_of(facts, by_account, houses)
        commissioned = facts.commissioned_on or since
        if not reason and house is not None:
            key = (house.pk, place.pk if place else None, facts.resource, facts.serial)
            if key in standing:
                reason = f"Прибор № {facts.serial} здесь уже стоит. Повторная загрузка завела бы второй такой же."
            elif key in seen:
                reason = f"Прибор № {facts.serial} уже есть в строке {seen[key]}."
            else:
                seen[key] = facts.row.number
        if reason or house is None:
            taken.refuse(facts.row, what, reason)
            continue
        meter = Meter(
            kind=METER_KINDS[facts.kind], resource=facts.resource, house=house, premises=place, serial=facts.serial,
            model=facts.model, place=facts.place, zones=facts.zones, digits=facts.digits, decimals=facts.decimals,
            ratio=facts.ratio, installed_on=facts.installed_on, commissioned_on=commissioned,
            verified_on=facts.verified_on, verified_until=facts.verified_until, is_remote=facts.is_remote,
            gis_number=facts.gis_number,
        )  # fmt: skip
        meters.append(meter)
        initial.append((meter, facts))
        expired = facts.verified_until is not None and facts.verified_until < today
        taken.accept(
            facts.row, what,
            f"Принято. Поверка истекла {facts.verified_until:%d.%m.%Y}: расход пойдёт по п. 59 Правил № 354."
            if expired
            else "Принято.",
        )  # fmt: skip
    _make(made, Meter, meters)
    readings = []
    for meter, facts in initial:
        # The value stands at the end of the month before: the first one to be billed is measured from it.
        day = facts.read_on or max(since - timedelta(days=1), meter.commissioned_on)
        readings += [
            Reading(
                meter=meter, zone=zone, day=max(day, meter.commissioned_on), source=ReadingSource.IMPORT,
                month=Month.of(max(day, meter.commissioned_on)).first, value=value,
            )
            for zone, value in facts.initial.items()
        ]  # fmt: skip
    Reading.objects.bulk_create(readings, batch_size=BATCH)
    return readings


def _account_finder(registers: gis.Registers, homes: list[_Home]) -> Callable[[str], PersonalAccount | None]:
    """How a meter's row finds its account: by number, ЕЛС or ИЖКУ, first in the book, then in the base."""
    known: dict[str, PersonalAccount] = {}
    twice: set[str] = set()
    for home in homes:
        if home.row is None:
            continue
        for key in {home.account.number, home.account.housing_service_id, home.account.unified_number} - {""}:
            if key in known:
                twice.add(key)  # one ЕЛС over several accounts names none of them
            known[key] = home.row
    wanted: set[str] = set()
    for facts in registers.meters:
        wanted |= {*queries.number_candidates(facts.account), gis.unified(facts.account)}
    wanted -= {*known, ""}
    stored = PersonalAccount.objects.select_related("premises__parent", "house").filter(
        Q(number__in=wanted) | Q(unified_number__in=wanted) | Q(housing_service_id__in=wanted)
    )
    for row in stored if wanted else []:
        for key in {row.number, row.unified_number or "", row.housing_service_id or ""} & wanted:
            if key in known and row.closed_on is None and known[key].closed_on is None:
                twice.add(key)
            if key not in known or row.closed_on is None:
                known[key] = row

    def find(typed: str) -> PersonalAccount | None:
        keys = [*queries.number_candidates(typed), gis.unified(typed)]
        return next((known[key] for key in keys if key in known and key not in twice), None)

    return find


def _place_of(
    facts: gis.MeterFacts, by_account: Callable[[str], PersonalAccount | None], houses: dict[str, list[House]]
) -> tuple[House | None, Premises | None, str]:
    """Where a meter hangs, or why it cannot."""
    if facts.kind == "building":
        found = houses.get(facts.house, [])
        if len(found) != 1:
            return (
                None,
                None,
                f"Дом «{facts.house}» не найден или не один. Добавьте его на лист с характеристиками домов.",
            )
        return found[0], None, ""
    account = by_account(facts.account)
    if account is None:
        return None, None, (
            f"Счёт «{facts.account}» не найден в базе и не принят из этой книги. Проверьте номер или исправьте строку "
            "счёта."
        )  # fmt: skip
    if account.closed_on is not None:
        return None, None, f"Счёт {account.number} закрыт {account.closed_on:%d.%m.%Y}. Укажите действующий счёт."
    house, place = account.house, account.premises
    if facts.house and house not in houses.get(facts.house, []):
        return None, None, f"Счёт {account.number} в другом доме ({house}). Проверьте счёт и идентификатор дома."
    flat = place.parent or place
    if facts.number and facts.number.lower() != flat.number.lower():
        return None, None, f"Счёт {account.number} на помещение {flat.number}, а в строке {facts.number}. Проверьте."
    if facts.kind == "shared_flat":
        return house, flat, ""
    if facts.kind == "room" and place.parent is None:
        return None, None, f"Прибор комнатный, а счёт {account.number} на целую квартиру. Исправьте вид прибора."
    return house, place, ""


# --- bad rows back, and the way back ----------------------------------------------------------------------------------


def _bad_rows(book: workbook.Workbook, verdicts: Sequence[RowVerdict]) -> bytes | None:
    """The refused rows under their own headers, sheet by sheet, the reason in the last column."""
    reasons = {(verdict.sheet, verdict.row): verdict.text for verdict in verdicts if not verdict.is_good}
    if not reasons:
        return None
    sheets: dict[str, list[list[Any]]] = {}
    for sheet in book.sheets:
        width = sheet.status_column
        lines = [_padded(line, width) for line in sheet.top]
        lines[-1].append(workbook.STATUS)
        for number, line in sheet.raw.items():
            if (sheet.name, number) in reasons:
                lines.append([*_padded(line, width), reasons[sheet.name, number]])
        sheets[sheet.name] = lines
    if book.conf:
        sheets["conf"] = [list(line) for line in book.conf]
    return files.xlsx(sheets)


def _padded(line: Sequence[Any], width: int) -> list[Any]:
    return [*line[:width], *[""] * (width - len(line))]


def _neighbours(made: dict[type[models.Model], list[tuple[int, ...]]]) -> list[tuple[int, date]]:
    """Houses that stood before the import and got accounts from it, each with the first day of those accounts."""
    if not made[PersonalAccount]:
        return []
    rows = PersonalAccount.objects.filter(_within("pk", made[PersonalAccount]))
    if made[House]:
        rows = rows.exclude(_within("house_id", made[House]))
    return list(rows.values_list("house_id").annotate(Min("opened_on")).order_by("house_id"))


def _ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Numbers as runs of neighbours: [first, last]."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs


def _within(column: str, runs: Sequence[tuple[int, ...]]) -> Q:
    """The column lies in one of the runs; there is at least one."""
    condition = Q()
    for first, last in runs:
        condition |= Q(**{f"{column}__gte": first, f"{column}__lte": last})
    return condition


def _standing_on(made: dict[type[models.Model], list[tuple[int, ...]]]) -> dict[str, int]:
    """What refers to the rows an import made and was not made by it: name → how many. Apps above are asked, too:
    their foreign keys are known to Django, whatever floor they stand on."""
    standing: dict[str, int] = {}
    for model in apps.get_models():
        if issubclass(model, pghistory.models.Event) or model is Touch:
            continue
        for column in model._meta.concrete_fields:
            runs = made.get(column.related_model) if isinstance(column, models.ForeignKey) else None  # type: ignore[call-overload]
            if not runs:
                continue
            rows = model._default_manager.filter(_within(column.attname, runs))
            if model in made:
                rows = rows.exclude(_within("pk", made[model]))
            elif model is Reading:
                rows = rows.exclude(source=ReadingSource.IMPORT)
            if count := rows.count():
                title = str(model._meta.verbose_name_plural)
                standing[title] = max(count, standing.get(title, 0))
    return standing
