"""The demonstration district lives its months: charged, posted, documented, paid, remitted, by the same operations as
real ones. Every step may be repeated: a start that was killed is finished by the next."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.utils import timezone

from accounts.calendar import ONE_DAY, Month
from accounts.models import Organisation, PersonalAccount, User
from accounts.money import kopecks
from billing import operations as billing_operations
from billing.models import ContractMonth, ContractMonthState
from config.seeding import colours
from config.seeding.region import Region
from debt import operations as debt_operations
from epd import operations as epd_operations
from epd.models import PaymentDocument
from payments import operations as payments_operations
from payments import queries as payments_queries
from payments.models import OperatingDay
from payments.operations.batch import Incoming, record_payments
from portals.models import AccountLink, PrincipalRole, PrincipalUser
from portals.office.roles import ACCOUNTANT, ADMINISTRATOR, CASHIER, ENGINEER, OPERATOR, ensure_roles

PASSWORD = "demo"
PAY_DAYS = (6, 10, 14, 20, 27)
CHANNELS = ("bank", "online", "cash", "post", "card", "principal")
CHANNEL_SHARES = (42, 28, 16, 9, 4, 1)
DOCUMENT_MONTHS = 3  # how many of the last months get their documents in the demo

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Habit:
    """How a payer pays: on which pay day (index), how much of what he owes, and how often he pays at all."""

    day: int
    share: Decimal
    often: int  # per cent of months
    rounds_up: bool = False


def habit(account_id: int) -> Habit:
    """Punctual (60 %), late (15 %), paying a part (10 %), a debtor (8 %), rounding up (7 %)."""
    noise = random.Random(f"habit/{account_id}")
    share = noise.randrange(100)
    whole = Decimal(1)
    if share < 60:
        return Habit(day=noise.randrange(3), share=whole, often=98)
    if share < 75:
        return Habit(day=3 + noise.randrange(2), share=whole, often=85)
    if share < 85:
        return Habit(day=noise.randrange(5), share=Decimal(noise.randrange(4, 9)) / 10, often=90)
    if share < 93:
        return Habit(day=noise.randrange(5), share=Decimal("0.5"), often=12)
    return Habit(day=noise.randrange(2), share=whole, often=97, rounds_up=True)


def incoming(day: date, accounts: list[tuple[int, str]]) -> Iterator[tuple[str, Incoming]]:
    """(channel, payment) of the accounts whose habit is to pay on this day, or on the next pay day."""
    index = next((i for i, usual in enumerate(PAY_DAYS) if usual >= day.day), len(PAY_DAYS) - 1)
    payers = [(id_, number, habit(id_)) for id_, number in accounts]
    payers = [payer for payer in payers if payer[2].day == index]
    ids = [id_ for id_, _, _ in payers]
    owed = payments_queries.balances(account_ids=ids, on=day)
    items = payments_queries.open_items_of(account_ids=ids, on=day)
    for id_, number, person in payers:
        noise = random.Random(f"pay/{id_}/{day}")
        apart = [row for row in items[id_] if row.is_apart]
        repair = max(sum((row.amount for row in apart), Decimal(0)), Decimal(0))
        debt = owed.get(id_, Decimal(0)) - repair
        if debt + repair <= 0 or noise.randrange(100) >= person.often:
            continue
        channel = noise.choices(CHANNELS, CHANNEL_SHARES)[0]
        if part := kopecks(repair * person.share):  # its own document, paid by a payment of its own
            yield (
                "bank" if channel == "principal" else channel,
                Incoming(
                    external_id=f"{day:%Y%m%d}-{number}-кр", number=number, amount=part, paid_on=day, account_id=id_,
                    purpose=f"Взнос на капитальный ремонт, ЛС {number}",
                    directed_to=sorted({row.service_id for row in apart}),
                ),
            )  # fmt: skip
        amount = kopecks(debt * person.share)
        if person.rounds_up:
            amount = (debt / 100).to_integral_value(rounding="ROUND_CEILING") * 100
        if amount <= 0:
            continue
        # one payer in four hundred writes his account with a slip of the pen: the money waits to be identified
        slip = noise.randrange(400) == 0 and channel in ("bank", "post")
        told = number[:-1] + str((int(number[-1]) + 3) % 10) if slip else number
        yield (
            channel,
            Incoming(
                external_id=f"{day:%Y%m%d}-{number}",
                number=told,
                amount=amount.quantize(Decimal("0.01")),
                paid_on=day,
                account_id=None if slip else id_,
                purpose=f"Оплата ЖКУ, ЛС {told}",
            ),
        )


def pay_day(day: date, *, today: date) -> None:
    """Payments of one day come in, are allocated, the day is closed; its money is remitted the next working day."""
    if OperatingDay.objects.filter(day=day, state="closed").exists():
        return
    accounts = list(PersonalAccount.objects.order_by("pk").values_list("pk", "number"))
    by_channel: dict[str, list[Incoming]] = {}
    for channel, row in incoming(day, accounts):
        by_channel.setdefault(channel, []).append(row)
    for channel, rows in sorted(by_channel.items()):
        record_payments(rows, channel=channel, day=day, today=today, by="demo")
    payments_operations.close_days(until=day, by="demo")


def charge_month(month: Month, today: date, say: Say) -> None:
    """Draft and post one month, let advances pay for it."""
    states = set(ContractMonth.objects.filter(month=month.first).values_list("state", flat=True))
    if states and ContractMonthState.OPEN not in states:
        return
    billing_operations.open_month(month=month)
    summary = billing_operations.run_billing(month=month)
    debt_operations.charge_penalties(month=month, day=month.last)
    billing_operations.post_month(month=month, today=today)
    say(f"{month.title}: {summary}")


def live(*, first: Month, until: Month, today: date, say: Say) -> None:
    """Months `first` … `until` are charged and paid; then the current month's running bill is drafted."""
    for month in Month.range(first, until):
        charge_month(month, today, say)
        after = month.next
        days = [after.first.replace(day=day) for day in PAY_DAYS]
        if month == until:
            days.append(today - ONE_DAY)  # the books of yesterday are what the principals look at first
        days = sorted({day for day in days if day < today and Month.of(day) == after})
        if after.first < today and not OperatingDay.objects.filter(day__gte=after.first).exists():
            payments_operations.consume_advances(month=month, day=after.first)
            payments_operations.close_days(until=after.first, by="demo")
        if until - month < DOCUMENT_MONTHS:
            epd_operations.issue_month(month=month, day=after.first)
        for day in days:
            pay_day(day, today=today)
        remit_until(min(after.last, today - ONE_DAY), today=today)
        if month < until and month not in payments_queries.closed_months():
            payments_operations.close_month(month=month)
    running = until.next
    billing_operations.open_month(month=running)
    if not ContractMonth.objects.filter(month=running.first, state=ContractMonthState.OPEN).exists():
        say(f"{running.title}: уже проведён, черновика нет")
        return
    billing_operations.run_billing(month=running)
    debt_operations.charge_penalties(month=running, day=max(today - ONE_DAY, running.first))
    if running > first:
        colours.papers(running=running, today=today)
    say(f"{running.title}: черновик текущего месяца посчитан")


def remit_until(day: date, *, today: date) -> None:
    """Money of the closed days up to `day` goes to the principals."""
    last = OperatingDay.objects.filter(state="closed", day__lte=day).order_by("-day").first()
    if last is None:
        return
    formed = payments_operations.remit_day(day=last.day, by="demo")
    if formed.formed and day < today - ONE_DAY:  # the bank has executed the older ones
        at = datetime.combine(last.day + ONE_DAY, time(9), timezone.get_default_timezone())
        payments_operations.check_remittances(day=last.day, by=checker(), at=at)
        payments_operations.release_remittances(day=last.day, by=releaser(), at=at)
        payments_operations.mark_remittance_sent(day=last.day, by="demo")
        for row in payments_queries.remittances_on(last.day):
            if row.is_order:
                on = last.day + ONE_DAY
                payments_operations.confirm_remittance(remittance_id=row.remittance_id, on=on, by="demo")


def releaser() -> User:
    """Who lets the orders of the demo go to the bank: the head of the accountants, not the one who forms them."""
    return _staff("chief@demo.example", "Главный бухгалтер центра")


def checker() -> User:
    """Who has checked the orders that the job formed, before the releaser: the accountant."""
    return _staff("accountant@demo.example", "Бухгалтер центра")


def _staff(email: str, name: str) -> User:
    return User.objects.filter(email=email).first() or User.objects.create_user(
        email, PASSWORD, name=name, is_staff=True
    )


def everything(*, accounts: int, months: int, seed: int, today: date, say: Say) -> None:
    """Seed an empty database, or go on with what stands; then live up to today."""
    until = Month.of(today).previous
    if not PersonalAccount.objects.exists():
        Region(accounts=accounts, months=months, until=until, seed=seed).write()
        say(f"Создан район: {accounts} счетов, {months} месяцев показаний")
    first = until + (1 - months)
    if not ContractMonth.objects.exists():
        colours.colour(first=first, until=until)
    earliest = ContractMonth.objects.order_by("month").values_list("month", flat=True).first()
    live(first=Month(earliest) if earliest else first, until=until, today=today, say=say)
    make_logins()


# --- who logs in ------------------------------------------------------------------------------------------------------

STAFF = [
    ("operator", "Оператор абонентского отдела", OPERATOR),
    ("cashier", "Кассир", CASHIER),
    ("engineer", "Инженер по расчётам", ENGINEER),
    ("admin", "Администратор", ADMINISTRATOR),
]


@transaction.atomic
def make_logins() -> None:
    """One demo user of every role; the same every time."""
    ensure_roles()  # at every start: a new version brings rights of its own
    if User.objects.filter(email="admin@demo.example").exists():
        return
    for person in (checker(), releaser()):
        person.groups.add(Group.objects.get(name=ACCOUNTANT))
    for name, title, group in STAFF:
        user = User.objects.create_user(f"{name}@demo.example", PASSWORD, name=title, is_staff=True)
        user.groups.add(Group.objects.get(name=group))
        if name == "admin":
            User.objects.filter(pk=user.pk).update(is_superuser=True)
    resident = User.objects.create_user("resident@demo.example", PASSWORD, name="Житель", phone="+79120000001")
    for account in resident_accounts():
        AccountLink.objects.create(user=resident, account=account)
    debtor = User.objects.create_user("debtor@demo.example", PASSWORD, name="Житель с долгом")
    AccountLink.objects.create(user=debtor, account=most_indebted())
    managing = Organisation.objects.get(contracts__number="АГ-100/20")
    supplier = Organisation.objects.get(contracts__number="АГ-3/19")
    for name, title, principal, role in (
        ("principal", "Бухгалтер управляющей компании", managing, PrincipalRole.ACCOUNTANT),
        ("supplier", "Руководитель теплосети", supplier, PrincipalRole.MANAGER),
    ):
        user = User.objects.create_user(f"{name}@demo.example", PASSWORD, name=title)
        PrincipalUser.objects.create(user=user, principal=principal, role=role)


def resident_accounts() -> list[PersonalAccount]:
    """A punctual payer's flat with cold, hot and electricity meters, and a private house of another one."""
    wanted = [
        "p.kind = 1 AND (SELECT count(DISTINCT m.resource) FROM accounts_meter m WHERE m.premises_id = p.id "
        "AND m.removed_on IS NULL AND m.zones = 1 AND m.verified_until > '2028-01-01') = 3 "
        "AND NOT EXISTS (SELECT FROM accounts_meter m WHERE m.premises_id = p.id AND m.zones > 1) "
        "AND EXISTS (SELECT FROM accounts_residency r WHERE r.premises_id = p.id AND r.person_id IS NULL)",
        "p.kind = 4",
    ]
    found = []
    with connection.cursor() as cursor:
        for condition in wanted:
            cursor.execute(
                "SELECT a.id FROM accounts_personalaccount a JOIN accounts_premises p ON p.id = a.premises_id "
                f"WHERE a.closed_on IS NULL AND {condition} ORDER BY a.id LIMIT 500"
            )
            candidates = [pk for (pk,) in cursor.fetchall()]
            candidates.sort(key=lambda pk: habit(pk).often < 98)  # stable: the first punctual one
            found += list(PersonalAccount.objects.filter(pk__in=candidates[:1]))
    return found


def most_indebted() -> PersonalAccount:
    accounts = list(PersonalAccount.objects.filter(payer_person__isnull=False).values_list("pk", flat=True)[:5000])
    owed = payments_queries.balances(account_ids=accounts, on=timezone.localdate() + timedelta(days=1))
    return PersonalAccount.objects.get(pk=max(accounts, key=lambda pk: owed.get(pk, Decimal(0))))


def logins() -> list[tuple[str, str, str]]:
    """(e-mail, who, where to) of the demo users."""
    rows = []
    for user in User.objects.filter(email__endswith="@demo.example").order_by("pk"):
        place = "/admin/" if user.is_staff else "/"
        rows.append((str(user.email), user.name, place))
    return rows


def summary() -> dict[str, Any]:
    """What stands in the database, as one line of JSON."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM accounts_personalaccount), (SELECT count(*) FROM billing_charge), "
            "(SELECT count(*) FROM payments_payment), (SELECT coalesce(sum(amount), 0) FROM payments_allocation), "
            "(SELECT coalesce(sum(net), 0) FROM payments_remittance)"
        )
        accounts, lines, payments, allocated, remitted = cursor.fetchone()
    return {
        "accounts": accounts,
        "lines": lines,
        "documents": PaymentDocument.objects.count(),
        "payments": payments,
        "allocated": f"{allocated}",
        "remitted": f"{remitted}",
    }
