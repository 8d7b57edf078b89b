"""The facts a document is assembled from, read for a whole block of accounts at once."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac

import accounts.queries
import billing.queries
import payments.queries
from accounts.calendar import Month
from accounts.kinds import Unit
from accounts.money import ZERO, total, written
from accounts.queries import PersonalAccount
from accounts.rules import usage_between
from billing.kinds import Basis as NormBasis
from billing.kinds import Kind, Relief
from epd import assemble
from epd.models import DocumentKind, DocumentLook, DocumentText, DocumentWish, PaymentDocument, TextPlace
from epd.queries.documents import rows_of

# --- the facts of a block --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Block:
    """Everything the documents of these accounts say. `facts(account_id, …)` gives one account's."""

    month: Month
    day: date
    accounts: dict[int, PersonalAccount]
    numbers: dict[str, int]  # number → account
    agent: assemble.Party
    principals: dict[int, assemble.Party]
    services: dict[int, assemble.Service]
    due: assemble.Due
    readings_to: dict[int, int]
    executors: frozenset[int]
    organisations: dict[int, int]
    charges: dict[int, list[assemble.Charge]]
    statements: dict[int, list[payments.queries.StatementRow]]
    balances: dict[int, Decimal]
    last_paid: dict[int, tuple[date, Decimal]]
    residents: dict[int, dict[int, int]]
    areas: dict[int, tuple[Decimal | None, ...]]
    owners: dict[int, list[str]]
    meters: dict[int, list[assemble.Dial]]
    norms: dict[int, dict[int, list[tuple[int, Decimal]]]]
    volumes: dict[tuple[int, int], Decimal]
    sums: dict[tuple[int, int], Decimal]
    corrections: dict[int, list[tuple[Any, ...]]]
    before: dict[tuple[int, int, int, date], Decimal]
    grounds: dict[tuple[int, int, date], list[str]]
    history: dict[int, list[tuple[Month, Decimal, Decimal]]]
    last_month: dict[int, dict[int, Decimal]]
    texts: list[DocumentText]
    looks: list[DocumentLook]
    wishes: dict[int, DocumentWish]
    with_capital: frozenset[int]  # accounts whose document of capital repair of the month exists
    _house: dict[tuple[int, frozenset[int]], list[assemble.HouseFact]] = field(default_factory=dict)

    def has_content(self, account_id: int) -> bool:
        """Is there anything to say: a charge, a debt or an advance, money that moved?"""
        return bool(self.charges.get(account_id) or self.statements[account_id])

    def facts(self, account_id: int, *, issue: int, replaces: Mapping[str, str] | None = None) -> assemble.Facts:
        """Facts of one document. Raises DocumentRefused when rows and balance disagree."""
        account = self.accounts[account_id]
        statement = self.statements[account_id]
        closing = sum((row.closing for row in statement), ZERO)
        if closing != self.balances[account_id]:
            raise assemble.DocumentRefused(
                f"Счёт {account.number}: сумма строк {closing} расходится с сальдо {self.balances[account_id]}."
            )
        charges = self.charges.get(account_id, [])
        contracts = [row.contract_id for row in statement if row.contract_id]
        areas = self.areas.get(account.premises_id, (None, None, None))
        residents = self.residents.get(account.premises_id, {})
        paid_on, paid = self.last_paid.get(account_id, (None, None))
        home = accounts.queries.address_of(account.house, account.premises)
        number = f"{account.number}-{self.month.first:%Y%m}-{issue}"
        why, check = self.links_of(number)
        look, wish = self.look_of(account_id), self.wishes.get(account_id)
        return assemble.Facts(
            number=number,
            month=self.month,
            issue=issue,
            issued_on=self.day,
            due=self.due,
            account=account.number,
            unified_number=account.unified_number or "",
            housing_service_id=account.housing_service_id or "",
            document_code=account.document_code,
            payer=_payer(account),
            postcode=account.house.postcode,
            town=", ".join(part for part in (account.house.town, account.house.region) if part),
            street=home.removeprefix(f"{account.house.town}, "),
            address=accounts.queries.address_of(account.house, account.premises, with_postcode=True),
            agent=self.agent,
            principals=self.principals,
            services=self.services,
            charges=charges,
            balances=[
                assemble.Balance(row.contract_id, row.service_id, row.opening, row.paid, row.closing)
                for row in statement
            ],
            paid_through=min(self.month.last, self.day),
            owners=self.owners.get(account.premises_id, []),
            last_paid_on=paid_on,
            last_paid=paid,
            persons=residents.get(1, 0),
            temporary=residents.get(2, 0),
            total_area=areas[0],
            living_area=areas[1],
            heated_area=areas[2],
            executor_contract_id=self._executor(statement),
            meters=[
                *self.meters.get(account.premises_id, []),
                *(dial for dial in self.meters.get(account.premises.parent_id or 0, []) if dial.is_shared),
            ],
            house=self._house_facts(account.house_id, frozenset(row.service_id for row in statement)),
            bases=self._bases(account_id, charges),
            readings_until=min((self.readings_to[contract] for contract in contracts), default=25),
            replaces=replaces or {},
            history=[(month, amount) for month, amount, _ in self.history.get(account_id, [])],
            before=self.last_month.get(account_id, {}),
            messages=self._messages(account, contracts),
            why=why,
            check=check,
            window=(look.window_left_mm, look.window_top_mm) if look else (),
            large=wish is not None and wish.large,
        )

    def links_of(self, number: str) -> tuple[str, str]:
        """Addresses that are printed as codes: the explanation, and the proof that the document is ours."""
        return f"{settings.PUBLIC_URL}/w/{number}", f"{settings.PUBLIC_URL}/d/{number}.{signature_of(number)}"

    def documents(
        self, account_id: int, *, issue: int = 1, replaces: Mapping[str, str] | None = None, kind: int | None = None
    ) -> list[assemble.Facts]:
        """Facts of the account's documents of the month: one, or two where capital repair stands apart.

        kind: the one that is issued anew; the account has two if the month's capital document stands.
        """
        whole = self.facts(account_id, issue=issue, replaces=replaces)
        known = {*(row.service_id for row in whole.charges), *(row.service_id for row in whole.balances)}
        if assemble.CAPITAL_REPAIR not in known:
            return [whole]
        if not (account_id in self.with_capital or self.is_capital_apart(account_id)):
            return [whole]
        history = [(month, amount - part) for month, amount, part in self.history.get(account_id, [])]
        own = f"{whole.number}-{assemble.CAPITAL_REPAIR}"
        why, check = self.links_of(own)
        found = [
            replace(assemble.apart(whole, capital=False), history=history),
            replace(assemble.apart(whole, capital=True, number=own), why=why, check=check),
        ]
        return [facts for facts in found if facts.kind == (kind or facts.kind) and (facts.charges or facts.balances)]

    def _messages(self, account: PersonalAccount, contracts: Sequence[int]) -> list[dict[str, str]]:
        """Texts of the month for these suppliers and this place, in their order."""
        organisations = {self.organisations[contract] for contract in contracts}
        return [
            {"title": text.title, "text": text.text}
            for text in self.texts
            if text.principal_id in (None, *organisations) and in_region(account.house.oktmo, text.region)
        ]

    def look_of(self, account_id: int) -> DocumentLook | None:
        """The look that fits closest: its manager's before all principals', a narrower region before a wider."""
        account = self.accounts[account_id]
        executor = self._executor(self.statements[account_id])
        organisation = self.organisations[executor] if executor else None
        fitting = [
            look for look in self.looks
            if look.principal_id in (None, organisation) and in_region(account.house.oktmo, look.region)
        ]  # fmt: skip
        return max(fitting, key=lambda look: (look.principal_id is not None, look.region), default=None)

    def is_capital_apart(self, account_id: int) -> bool:
        """Does the account's owner, or its manager, want capital repair on a document of its own?"""
        wish, look = self.wishes.get(account_id), self.look_of(account_id)
        return bool((wish and wish.capital_apart) or (look and look.capital_apart))

    def _executor(self, statement: Sequence[payments.queries.StatementRow]) -> int | None:
        """Who manages the house: the principal of maintenance, else a managing organisation among the principals."""
        for row in statement:
            if row.service_id == assemble.MAINTENANCE:
                return row.contract_id
        return next((row.contract_id for row in statement if row.contract_id in self.executors), None)

    def _house_facts(self, house_id: int, services: frozenset[int]) -> list[assemble.HouseFact]:
        """Section 4 of the form: norms, the building meter, sums over the premises (п. 69 «е»)."""
        key = (house_id, services)
        if key not in self._house:
            self._house[key] = [
                line for service in sorted(services & COMMON_OF.keys(), key=lambda s: self.services[s].order)
                if (line := self._house_fact(house_id, service)) is not None
            ]  # fmt: skip
        return self._house[key]

    def _house_fact(self, house_id: int, service_id: int) -> assemble.HouseFact | None:
        common = COMMON_OF[service_id]
        norms = self.norms.get(house_id, {})
        fact = assemble.HouseFact(
            service_id=service_id,
            norm="; ".join(
                self._norm(service_id, basis, value)
                for basis, value in norms.get(service_id, [])
                if basis != NormBasis.COMMON_M2_MONTH
            ),
            common_norm="; ".join(
                self._norm(service_id, basis, value)
                for service in (service_id, common)
                for basis, value in norms.get(service, [])
                if service == common or basis == NormBasis.COMMON_M2_MONTH
            ),
            building_volume=self.volumes.get((house_id, service_id)),
            premises_volume=self.sums.get((house_id, service_id)),
            common_volume=self.sums.get((house_id, common)),
        )
        known = (fact.norm, fact.common_norm, fact.building_volume, fact.common_volume)
        return fact if any(known) else None

    def _norm(self, service_id: int, basis: int, value: Decimal) -> str:
        unit = "Гкал" if basis == NormBasis.PER_M3 else self.services[service_id].unit
        return f"{assemble.quantity(value)} {unit} {PER[basis]}"

    def _bases(self, account_id: int, charges: Sequence[assemble.Charge]) -> list[assemble.Basis]:
        """Grounds of the month's recalculations: the documents behind them, and what late facts changed."""
        left: dict[tuple[int, int, date, int, int], Decimal] = defaultdict(lambda: ZERO)
        for charge in charges:
            if charge.kind in (Kind.RECALCULATION, Kind.HEATING_CORRECTION):
                ground = charge.line // 100 if charge.line < billing.queries.FIRST_BY_DOCUMENT else 0
                ground = ground if ground in GROUNDS else 0
                left[charge.contract_id, charge.service_id, charge.for_month, charge.kind, ground] += charge.amount
        bases = []
        done: dict[tuple[int, int, date], Decimal] = defaultdict(lambda: ZERO)
        papers = self.corrections.get(account_id, [])
        for contract_id, service_id, for_month, number, basis, amount, was, is_now in papers:
            key = (contract_id, service_id, for_month, int(Kind.RECALCULATION), 0)
            if key in left:
                left[key] -= amount
                done[contract_id, service_id, for_month] += amount
                text = f"{basis}, документ № {number}"
                if was is not None and is_now is not None:
                    text = f"за {Month(for_month).title}: {text}{_was(was, is_now)}"
                bases.append(assemble.Basis(service_id, text, amount))
        for (contract_id, service_id, for_month, kind, ground), amount in left.items():
            if not amount:
                continue
            if kind == Kind.HEATING_CORRECTION:
                bases.append(assemble.Basis(service_id, "корректировка платы за отопление", amount))
                continue
            place = (contract_id, service_id, for_month)
            acts = self.grounds.get((account_id, ground, for_month), [])
            why = f"{GROUNDS[ground]} ({'; '.join(acts)})" if acts else GROUNDS[ground]
            text = f"перерасчёт за {Month(for_month).title} {why}"
            if for_month < self.month.first and (account_id, *place) in self.before:
                was = self.before[account_id, *place] + done[place]
                done[place] += amount
                text += _was(was, was + amount)
            elif for_month == self.month.first:
                was = done[place] + total(
                    c.amount for c in charges
                    if (c.contract_id, c.service_id, c.for_month) == place and c.kind in CHARGED
                )  # fmt: skip
                done[place] += amount
                text += _was(was, was + amount) if was else ""
            bases.append(assemble.Basis(service_id, text, amount))
        return sorted(bases, key=lambda basis: self.services[basis.service_id].order)


COMMON_OF = {2: 14, 3: 15, 1: 16, 4: 17, 6: 0, 5: 0}  # utility → its line on the common property
PER: dict[int, str] = {
    NormBasis.PERSON_MONTH: "на чел.",
    NormBasis.PERSON_YEAR: "на чел. в год",
    NormBasis.M2_MONTH: "на м²",
    NormBasis.M2_YEAR: "на м² в год",
    NormBasis.COMMON_M2_MONTH: "на м² общей площади",
    NormBasis.PER_M3: "на м³",
    NormBasis.SOCIAL_PERSON: "на чел. (социальная норма)",
    NormBasis.UNIT_MONTH: "на единицу",
}


def read_block(*, month: Month, day: date, account_ids: Sequence[int]) -> Block:
    """Facts of the month for these accounts, as known on `day`; the number of queries does not depend on theirs.

    Raises DocumentRefused when the centre itself, its bank account or the due day is not set up.
    """
    found = {row.pk: row for row in accounts.queries.accounts_with_address().filter(pk__in=account_ids)}
    houses = sorted({row.house_id for row in found.values()})
    homes = sorted({row.premises_id for row in found.values()})
    flats = sorted({row.premises.parent_id for row in found.values() if row.premises.parent_id})
    principals, readings_to, executors, organisations = _principals(day)
    params = {
        "month": month.first, "next": month.next.first, "last": month.last, "houses": houses, "homes": homes,
        "places": [*homes, *flats], "accounts": list(account_ids),
    }  # fmt: skip
    charges = _charges(params)
    return Block(
        month=month,
        day=day,
        accounts=found,
        numbers={account.number: account.pk for account in found.values()},
        agent=_agent(day),
        principals=principals,
        services=_services(),
        due=due_of(month),
        readings_to=readings_to,
        executors=executors,
        organisations=organisations,
        charges=charges,
        statements=payments.queries.statement_rows_of(account_ids=account_ids, month=month),
        balances=payments.queries.balances(account_ids=account_ids, on=month.next.first),
        last_paid=_last_paid(params),
        residents=_residents(params),
        areas=_areas(params),
        owners=_owners(params),
        meters=_meters(params),
        norms=_norms(params),
        volumes=_volumes(params),
        sums=_house_sums(params),
        corrections=_corrections(params),
        before=_before(params, charges),
        grounds=_grounds(params, found, charges),
        history=_history(params),
        last_month=_last_month(params),
        texts=list(DocumentText.objects.on(day).filter(place=TextPlace.MESSAGE).order_by("order", "pk")),
        looks=list(DocumentLook.objects.on(day)),
        with_capital=frozenset(
            PaymentDocument.objects.filter(
                account_id__in=account_ids, month=month.first, kind=DocumentKind.CAPITAL_REPAIR
            ).values_list("account_id", flat=True)
        ),
        wishes={wish.account_id: wish for wish in DocumentWish.objects.filter(account_id__in=account_ids)},
    )


def in_region(oktmo: str, region: int) -> bool:
    """Does the house's ОКТМО begin with the region's digits? 0 is everywhere."""
    return not region or oktmo.startswith(str(region))


def signature_of(number: str) -> str:
    """What only the centre can write beside a document's number: printed once, compared with what was frozen."""
    digest = salted_hmac("epd.check", number, algorithm="sha256").digest()
    return urlsafe_b64encode(digest[:12]).decode()


def _history(params: Mapping[str, Any]) -> dict[int, list[tuple[Month, Decimal, Decimal]]]:
    """Account → what each of the last thirteen months came to, penalties with it, and the part of capital repair."""
    rows = rows_of(
        """
        SELECT c.account_id, c.month, sum(c.amount), coalesce(sum(c.amount) FILTER (WHERE c.service_id = 9), 0)
        FROM billing_charge AS c
        JOIN billing_contractmonth AS posted
            ON posted.contract_id = c.contract_id AND posted.month = c.month AND posted.state <> 'open'
        WHERE c.account_id = ANY(%(accounts)s) AND c.month >= %(year_ago)s AND c.month <= %(month)s
        GROUP BY c.account_id, c.month ORDER BY c.account_id, c.month
        """,
        {**params, "year_ago": params["month"].replace(year=params["month"].year - 1)},
    )
    return _grouped(rows, lambda month, *amounts: (Month(month), *amounts))


def _last_month(params: Mapping[str, Any]) -> dict[int, dict[int, Decimal]]:
    """Account → service → what the month before came to, for the letter's biggest changes."""
    rows = rows_of(
        """
        SELECT c.account_id, c.service_id, sum(c.amount) FROM billing_charge AS c
        JOIN billing_contractmonth AS posted
            ON posted.contract_id = c.contract_id AND posted.month = c.month AND posted.state <> 'open'
        WHERE c.account_id = ANY(%(accounts)s) AND c.month = %(last_month)s AND c.kind <> %(penalty)s
        GROUP BY c.account_id, c.service_id
        """,
        {**params, "last_month": Month(params["month"]).previous.first, "penalty": int(Kind.PENALTY)},
    )
    found: dict[int, dict[int, Decimal]] = defaultdict(dict)
    for account_id, service_id, amount in rows:
        found[account_id][service_id] = amount
    return dict(found)


def _grouped(rows: Iterable[tuple[Any, ...]], make: Callable[..., Any]) -> dict[int, list[Any]]:
    """Rows by their first column, each made of the others."""
    found: dict[int, list[Any]] = defaultdict(list)
    for key, *values in rows:
        found[key].append(make(*values))
    return dict(found)


def _charges(params: Mapping[str, Any]) -> dict[int, list[assemble.Charge]]:
    units = {int(unit): str(unit.label) for unit in Unit}
    rows = rows_of(
        """
        SELECT c.account_id, c.contract_id, c.service_id, c.kind, c.line, c.for_month, c.method, c.amount, c.unit,
            c.volume, c.tariff, c.norm, c.multiplier, c.days
        FROM billing_charge AS c
        JOIN billing_contractmonth AS posted
            ON posted.contract_id = c.contract_id AND posted.month = c.month AND posted.state <> 'open'
        WHERE c.account_id = ANY(%(accounts)s) AND c.month = %(month)s
        ORDER BY c.account_id, c.service_id, c.kind, c.line
        """,
        params,
    )
    found: dict[int, list[assemble.Charge]] = defaultdict(list)
    for account_id, contract, service, kind, line, for_month, method, amount, unit, *numbers, days in rows:
        volume, tariff, norm, multiplier = numbers
        found[account_id].append(
            assemble.Charge(
                contract, service, kind, line, for_month, method, amount, units[unit], volume, tariff, norm,
                multiplier, days,
            )
        )  # fmt: skip
    return dict(found)


def _last_paid(params: Mapping[str, Any]) -> dict[int, tuple[date, Decimal]]:
    rows = rows_of(
        """
        SELECT DISTINCT ON (account_id) account_id, paid_on, amount FROM payments_payment
        WHERE account_id = ANY(%(accounts)s) AND day < %(next)s AND state IN ('accepted', 'allocated')
        ORDER BY account_id, paid_on DESC, id DESC
        """,
        params,
    )
    return {account_id: (paid_on, amount) for account_id, paid_on, amount in rows}


def _residents(params: Mapping[str, Any]) -> dict[int, dict[int, int]]:
    """Premises → kind of residency (1 permanent, 2 temporary) → persons on the month's last day."""
    rows = rows_of(
        """
        SELECT premises_id, kind, sum(persons)::int FROM accounts_residency
        WHERE premises_id = ANY(%(homes)s) AND valid_from <= %(last)s AND (valid_to IS NULL OR valid_to > %(last)s)
        GROUP BY premises_id, kind
        """,
        params,
    )
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for premises_id, kind, persons in rows:
        found[premises_id][kind] = persons
    return found


def _areas(params: Mapping[str, Any]) -> dict[int, tuple[Decimal | None, ...]]:
    rows = rows_of(
        """
        SELECT premises_id, total_area_m2, living_area_m2, heated_area_m2 FROM accounts_premisesarea
        WHERE premises_id = ANY(%(homes)s) AND valid_from <= %(last)s AND (valid_to IS NULL OR valid_to > %(last)s)
        """,
        params,
    )
    return {premises_id: tuple(areas) for premises_id, *areas in rows}


def _owners(params: Mapping[str, Any]) -> dict[int, list[str]]:
    rows = rows_of(
        """
        SELECT o.premises_id, coalesce(org.short_name, concat_ws(' ', p.last_name, nullif(p.first_name, ''),
            nullif(p.middle_name, '')))
        FROM accounts_ownership AS o
        LEFT JOIN accounts_person AS p ON p.id = o.person_id
        LEFT JOIN accounts_organisation AS org ON org.id = o.organisation_id
        WHERE o.premises_id = ANY(%(homes)s) AND o.valid_from <= %(last)s
            AND (o.valid_to IS NULL OR o.valid_to > %(last)s)
        ORDER BY o.premises_id, o.id
        """,
        params,
    )
    return _grouped(rows, str)


def _meters(params: Mapping[str, Any]) -> dict[int, list[assemble.Dial]]:
    """Premises → dials of the meters that stand there, with the last two readings that count up to the month."""
    resources = {int(resource): str(resource.label).capitalize() for resource in accounts.queries.Resource}
    units = {int(resource): unit for resource, unit in accounts.queries.UNITS.items()}
    rows = rows_of(
        """
        SELECT m.premises_id, m.kind, m.resource, m.serial, m.digits, m.ratio, m.place, m.zones, m.verified_until,
            dial.zone, r.values, r.days
        FROM accounts_meter AS m
        CROSS JOIN generate_series(1, m.zones) AS dial(zone)
        LEFT JOIN LATERAL (
            SELECT array_agg(value ORDER BY day DESC) AS values, array_agg(day ORDER BY day DESC) AS days FROM (
                SELECT value, day FROM accounts_reading
                WHERE meter_id = m.id AND accounts_reading.zone = dial.zone AND counts AND month <= %(month)s
                ORDER BY day DESC LIMIT 2) AS last
        ) AS r ON true
        WHERE m.premises_id = ANY(%(places)s) AND m.commissioned_on < %(next)s
            AND (m.removed_on IS NULL OR m.removed_on > %(last)s)
        ORDER BY m.premises_id, m.resource, m.place, m.id, dial.zone
        """,
        params,
    )
    found: dict[int, list[assemble.Dial]] = defaultdict(list)
    for premises_id, kind, resource, serial, digits, ratio, place, zones, verified_until, zone, values, days in rows:
        values, days = values or [], days or []
        used = usage_between(values[1], values[0], digits) if len(values) > 1 else None
        found[premises_id].append(
            assemble.Dial(
                resource=resources[resource],
                unit=units.get(resource, ""),
                serial=serial,
                digits=digits,
                place=place,
                zone=zone,
                zones=zones,
                previous=values[1] if len(values) > 1 else None,
                previous_on=days[1] if len(days) > 1 else None,
                current=values[0] if values else None,
                current_on=days[0] if days else None,
                usage=None if used is None else used * ratio,
                verified_until=verified_until,
                is_shared=kind == accounts.queries.MeterKind.SHARED_FLAT,
            )
        )
    return dict(found)


def _norms(params: Mapping[str, Any]) -> dict[int, dict[int, list[tuple[int, Decimal]]]]:
    """House → service → norms of its group on the month's last day: (basis, value)."""
    rows = rows_of(
        """
        SELECT DISTINCT ON (p.house_id, n.service_id, n.basis) p.house_id, n.service_id, n.basis, n.value
        FROM accounts_housepassport AS p JOIN billing_norm AS n ON n.scope IN (0, p.norm_scope)
        WHERE p.house_id = ANY(%(houses)s)
            AND p.valid_from <= %(last)s AND (p.valid_to IS NULL OR p.valid_to > %(last)s)
            AND n.valid_from <= %(last)s AND (n.valid_to IS NULL OR n.valid_to > %(last)s)
        ORDER BY p.house_id, n.service_id, n.basis, n.scope DESC
        """,
        params,
    )
    found: dict[int, dict[int, list[tuple[int, Decimal]]]] = defaultdict(lambda: defaultdict(list))
    for house_id, service_id, basis, value in rows:
        found[house_id][service_id].append((basis, value))
    return found


def _volumes(params: Mapping[str, Any]) -> dict[tuple[int, int], Decimal]:
    rows = rows_of(
        """
        SELECT house_id, service_id, volume FROM billing_housevolume
        WHERE house_id = ANY(%(houses)s) AND month = %(month)s
        """,
        params,
    )
    return {(house_id, service_id): volume for house_id, service_id, volume in rows}


def _house_sums(params: Mapping[str, Any]) -> dict[tuple[int, int], Decimal]:
    """(House, service) → Σ volume charged to its premises in the month; a heat component of hot water is no volume."""
    rows = rows_of(
        """
        SELECT c.house_id, c.service_id, sum(c.volume) FROM billing_charge AS c
        JOIN accounts_personalaccount AS a ON a.id = c.account_id
        WHERE a.house_id = ANY(%(houses)s) AND c.month = %(month)s AND c.kind IN (1, 3) AND c.line < 20000
        GROUP BY c.house_id, c.service_id HAVING sum(c.volume) IS NOT NULL
        """,
        params,
    )
    return {(house_id, service_id): volume for house_id, service_id, volume in rows}


def _corrections(params: Mapping[str, Any]) -> dict[int, list[tuple[Any, ...]]]:
    """Documents of the month, each with the one it undoes where both stand in it: neither is printed then."""
    rows = rows_of(
        """
        SELECT c.account_id, c.contract_id, c.service_id, c.for_month, c.number, c.basis, c.amount, c.before, c.after,
            CASE WHEN EXISTS (SELECT FROM billing_masscorrection r WHERE r.month = c.month
                AND (r.reverses_id = c.document_id OR r.id = d.reverses_id)) THEN c.document_id END
        FROM billing_correction c LEFT JOIN billing_masscorrection d ON d.id = c.document_id
        WHERE c.account_id = ANY(%(accounts)s) AND c.month = %(month)s ORDER BY c.id
        """,
        params,
    )
    return _grouped([row for row in rows if row[-1] is None], lambda *values: values[:-1])


def _before(
    params: Mapping[str, Any], charges: Mapping[int, Sequence[assemble.Charge]]
) -> dict[tuple[int, int, int, date], Decimal]:
    """What the past months that are recalculated here came to before: ink by (account, contract, service, month)."""
    mended = {
        (account_id, charge.for_month)
        for account_id, rows in charges.items() for charge in rows
        if charge.kind == Kind.RECALCULATION and charge.for_month < params["month"]
    }  # fmt: skip
    if not mended:
        return {}
    rows = rows_of(
        """
        SELECT c.account_id, c.contract_id, c.service_id, c.for_month, sum(c.amount) FROM billing_charge c
        JOIN billing_contractmonth s ON s.contract_id = c.contract_id AND s.month = c.month AND s.state <> 'open'
        WHERE c.account_id = ANY(%(mended)s) AND c.for_month = ANY(%(months)s) AND c.month < %(month)s
            AND c.month >= %(first)s AND (c.kind IN (1, 2, 3, 5, 7) OR c.kind = 4 AND c.line < %(yearly)s)
        GROUP BY 1, 2, 3, 4
        """,
        {
            **params, "mended": sorted({account for account, _ in mended}), "first": min(month for _, month in mended),
            "months": sorted({month for _, month in mended}), "yearly": billing.queries.FIRST_YEARLY,
        },
    )  # fmt: skip
    return {(account, contract, service, month): amount for account, contract, service, month, amount in rows}


def _grounds(
    params: Mapping[str, Any], known: Mapping[int, Any], charges: Mapping[int, Sequence[assemble.Charge]]
) -> dict[tuple[int, int, date], list[str]]:
    """Documents of absence and acts of quality behind the recalculations, by (account, ground, month)."""
    wanted = {
        (account_id, charge.line // 100, charge.for_month)
        for account_id, rows in charges.items() for charge in rows
        if charge.kind == Kind.RECALCULATION and charge.line // 100 in (Relief.ABSENCE, Relief.QUALITY)
    }  # fmt: skip
    if not wanted:
        return {}
    first, last = min(month for *_, month in wanted), Month(max(month for *_, month in wanted)).next.first
    span = {**params, "since": first, "until": last}
    away = rows_of(
        "SELECT premises_id, valid_from, valid_to, document FROM accounts_absence WHERE premises_id = ANY(%(homes)s)"
        " AND valid_from < %(until)s AND valid_to > %(since)s ORDER BY id",
        span,
    )
    broken = rows_of(
        "SELECT house_id, premises_id, started_at::date, ended_at::date, act FROM billing_qualityevent"
        " WHERE house_id = ANY(%(houses)s) AND started_at < %(until)s AND ended_at > %(since)s ORDER BY id",
        span,
    )
    found: dict[tuple[int, int, date], list[str]] = {}
    for account_id, ground, month in sorted(wanted):
        account, end = known[account_id], Month(month).next.first
        if ground == Relief.ABSENCE:
            names = [row[3] for row in away if row[0] == account.premises_id and row[1] < end and row[2] > month]
        else:
            names = [
                row[4] for row in broken
                if row[0] == account.house_id and row[1] in (None, account.premises_id)
                and row[2] < end and row[3] >= month
            ]  # fmt: skip
        found[account_id, ground, month] = list(dict.fromkeys(names))
    return found


CHARGED = (Kind.CHARGE, Kind.UPLIFT, Kind.COMMON_USE, Kind.VAT)
GROUNDS = {
    0: "по уточнённым сведениям", int(Relief.ABSENCE): "за временное отсутствие",
    int(Relief.BENEFIT): "по льготе", int(Relief.QUALITY): "за перерыв или плохое качество",
}  # fmt: skip


def _was(before: Decimal, after: Decimal) -> str:
    return f"; было {written(before)} ₽, стало {written(after)} ₽"


# --- what all documents share ----------------------------------------------------------------------------------------

PARTY = """
    org.name, org.short_name, org.inn, org.kpp, org.ogrn, org.address, coalesce(org.phone, ''),
    coalesce(org.dispatcher_phone, ''), org.email, org.site, bank.number, bank.bik, bank.bank_name,
    bank.correspondent, bank.bank_town
"""
BANK = """
    LEFT JOIN LATERAL (
        SELECT number, bik, bank_name, correspondent, bank_town FROM accounts_bankaccount
        WHERE organisation_id = org.id AND state = 'approved' AND valid_from <= %(day)s
            AND (valid_to IS NULL OR valid_to > %(day)s)
        ORDER BY valid_from DESC, id DESC LIMIT 1
    ) AS bank ON true
"""


def _party(values: Sequence[Any]) -> assemble.Party:
    *facts, number, bik, bank_name, correspondent, town = values
    bank = assemble.Bank(number, bik, bank_name, correspondent, town) if number else None
    name, short_name, inn, kpp, ogrn, address, phone, dispatcher_phone, email, site = facts
    return assemble.Party(name, short_name, inn, kpp, ogrn, address, phone, dispatcher_phone, email, site, bank)


def _agent(day: date) -> assemble.Party:
    rows = rows_of(f"SELECT {PARTY} FROM accounts_organisation AS org {BANK} WHERE org.kind = 1", {"day": day})
    if not rows:
        raise assemble.DocumentRefused("Не заведена организация биллингового центра (вид «биллинговый агент»).")
    return _party(rows[0])


def _principals(day: date) -> tuple[dict[int, assemble.Party], dict[int, int], frozenset[int], dict[int, int]]:
    """Contract → its principal; → last day of readings; contracts of house managers; contract → organisation."""
    rows = rows_of(
        f"""
        SELECT contract.id, contract.readings_to_day, org.kind, org.id, {PARTY}
        FROM accounts_agencycontract AS contract JOIN accounts_organisation AS org ON org.id = contract.principal_id
        {BANK} ORDER BY contract.id
        """,
        {"day": day},
    )
    principals = {contract_id: _party(values) for contract_id, _, _, _, *values in rows}
    readings_to = {contract_id: until for contract_id, until, *_ in rows}
    executors = frozenset(contract_id for contract_id, _, kind, *_ in rows if kind in (2, 3))
    return principals, readings_to, executors, {contract_id: org_id for contract_id, _, _, org_id, *_ in rows}


def _services() -> dict[int, assemble.Service]:
    units = {int(unit): str(unit.label) for unit in Unit}
    rows = rows_of("SELECT id, name, kind, priority, unit FROM accounts_service", {})
    return {
        number: assemble.Service(number, name, kind, order, units[unit]) for number, name, kind, order, unit in rows
    }


def due_of(month: Month) -> assemble.Due:
    """Until when the month is to be paid: the day that the law set for it, moved to a working one."""
    rows = rows_of(
        """
        SELECT value, act FROM billing_lawvalue WHERE code = 'due_day' AND valid_from <= %(month)s
            AND (valid_to IS NULL OR valid_to > %(month)s)
        """,
        {"month": month.first},
    )
    if not rows:
        raise assemble.DocumentRefused(
            f"Не задан срок оплаты (due_day) за {month.title}. Внесите его в значения по закону."
        )
    (value, act) = rows[0]
    return assemble.due_date(month, int(value), act=act, overrides=accounts.queries.calendar_overrides())


def _payer(account: PersonalAccount) -> assemble.Payer:
    person, organisation = account.payer_person, account.payer_organisation
    if organisation is not None:
        return assemble.Payer(organisation.name, inn=organisation.inn, is_organisation=True)
    if person is None:
        return assemble.Payer("", is_tenant=account.is_tenant)
    names = (person.last_name, person.first_name, person.middle_name)
    return assemble.Payer(str(person), names, is_tenant=account.is_tenant)
