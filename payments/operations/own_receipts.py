"""What a supplier took at its own desk: it pays that supplier's lines alone and is never remitted."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

import polars as pl
from django.db import connection, transaction

from accounts import files
from accounts.database import rolled_back
from accounts.kinds import ChannelKind
from accounts.money import total
from accounts.queries import AgencyContract, PersonalAccount, User
from payments import open_items
from payments.models import Channel, Register, RegisterState
from payments.operations.batch import Incoming, record_payments
from payments.operations.days import By, hold_open
from payments.operations.intake import PaymentRefused, check_day, closed_doubt, doubt_about
from payments.operations.registers import (
    Alike,
    NothingTaken,
    anew,
    external_id,
    known_file,
    lock_registers,
    number_forms,
    seen,
    settled,
    verdicts,
)
from payments.operations.statements import StatementSummary
from payments.registers import own_receipts
from payments.registers.mapped import RegisterFile, RegisterRefused, Row

KIND = "own"
CHANNEL = "principal"
PROVIDED = """
    SELECT DISTINCT house_id, service_id FROM billing_provision WHERE contract_id = %s AND house_id = ANY(%s)
"""


def import_own_receipts(
    *, name: str, content: bytes, contract_id: int, day: date, today: date, by: By = None, dry_run: bool = False
) -> StatementSummary:
    """Take in a supplier's own receipts: each is laid over the lines of its contract, the rest is its advance there.

    A row of another's account, of a service that the account owes to another supplier too, of a strange sum or day is
    rejected in words and leaves nothing: the money is not ours. The others are taken. The same file, or the same
    documents in another, add nothing. dry_run: all the work, then undone. Raises RegisterRefused, FileRefused,
    PaymentRefused, DayClosed: nothing is written.
    """
    try:
        with rolled_back(if_=dry_run):
            summary = _import(
                name=name, content=content, contract_id=contract_id, day=day, today=today, by=by, dry_run=dry_run
            )
    except NothingTaken as nothing:
        return nothing.summary
    return summary


@transaction.atomic
def _import(
    *, name: str, content: bytes, contract_id: int, day: date, today: date, by: By, dry_run: bool
) -> StatementSummary:
    check_day(day, today=today)
    contract = AgencyContract.objects.filter(pk=contract_id).first()
    if contract is None:
        raise RegisterRefused("Договор не найден.")
    if not contract.accepts_service_breakdown:
        raise RegisterRefused(
            f"В договоре № {contract.number} разбивка платежа по услугам отключена, и отнести свои поступления только "
            "на ваши строки нельзя. Попросите расчётный центр включить её."
        )
    channel = Channel.objects.filter(pk=CHANNEL, kind=ChannelKind.PRINCIPAL, is_active=True).first()
    if channel is None:
        raise PaymentRefused(f"Канал «{CHANNEL}» (собственный приём) не действует. Обратитесь в расчётный центр.")
    if content.startswith(b"PK"):
        content_checked = files.open_workbook(content, name=name)
    else:
        files.check_size(content, name=name)
        content_checked = content
    told = own_receipts.read(content_checked, name=name)
    digest = hashlib.sha256(f"{contract_id}:".encode() + content).hexdigest()
    lock_registers()
    file = RegisterFile(tuple(told), "", total(row.amount for row in told), None, None, False)
    if (known := known_file(digest)) is not None:
        return seen(known, file, name=name, dry_run=dry_run)
    rows, places, services = _judged(told, contract, today=today)
    register = Register.objects.create(
        channel=channel, kind=KIND, name=name[:255], sha256=digest, state=RegisterState.HELD,
        taken_by=by if isinstance(by, User) else None,
        totals={"contract": contract_id, "rows": len(rows), "amount": str(file.amount)},
    )  # fmt: skip
    hold_open(day)
    sound = {place: row for place, row in enumerate(rows) if not row.problem and row.paid_on is not None}
    ids = anew(
        {
            place: external_id(f"{contract_id}/{row.operation or f'{digest[:16]}/{row.line}'}")
            for place, row in sound.items()
        },
        channel=CHANNEL,
    )
    incoming = {
        place: Incoming(
            external_id=ids[place], number=row.account, amount=row.amount, paid_on=row.paid_on or day,
            account_id=places[place], payer=row.payer, purpose=f"Собственный приём, договор № {contract.number}",
            directed_to=sorted(services[places[place]]),
        )
        for place, row in sound.items()
    }  # fmt: skip
    judged = record_payments(
        list(incoming.values()), channel=CHANNEL, day=day, today=today, by=by, register=register, lay=True
    )  # fmt: skip
    found = verdicts(rows, dict(zip(incoming, judged, strict=True)))
    _only_its_own(register, contract)
    return settled(register, found, name=name, day=day, by=by, warnings=[], dry_run=dry_run)


def _judged(
    rows: Sequence[Row], contract: AgencyContract, *, today: date
) -> tuple[list[Row], dict[int, int], dict[int, set[int]]]:
    """The rows with what speaks against each, place → account, account → services of the contract there."""
    numbers = {number for row in rows for number in number_forms(row.account)}
    by_number = {row.number: row for row in PersonalAccount.objects.filter(number__in=numbers)}
    found = {
        place: account
        for place, row in enumerate(rows)
        if (account := next((by_number[n] for n in number_forms(row.account) if n in by_number), None)) is not None
    }
    accounts = {account.pk: account for account in found.values()}
    services, others = _services(accounts, contract)
    owners = {place: account.pk for place, account in found.items()}
    alike = Alike(
        [(row, owners.get(place)) for place, row in enumerate(rows) if not row.problem], channel=CHANNEL
    )  # fmt: skip
    judged = []
    for place, row in enumerate(rows):
        problem = row.problem
        account = found.get(place)
        if not problem and row.paid_on is not None:
            if account is None or not services[account.pk]:
                # a stranger's account looks the same as one that is not
                problem = f"Лицевой счёт {row.account} не найден среди счетов вашего договора."
            elif others[account.pk]:
                problem = (
                    f"По услуге счёта {row.account} есть долг и перед другим поставщиком: такой платёж проводит "
                    "расчётный центр."
                )
            else:
                problem = (
                    doubt_about(amount=row.amount, paid_on=row.paid_on, today=today)
                    or closed_doubt(account, row.paid_on)
                    or alike.doubt(row, account.pk)
                )
        judged.append(replace(row, problem=problem))
    return judged, owners, services


def _services(
    accounts: dict[int, PersonalAccount], contract: AgencyContract
) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Account → services of the contract there; account → those of them that are owed to somebody else, too."""
    houses: Collection[int] = {account.house_id for account in accounts.values()}
    provided = defaultdict[int, set[int]](set)
    with connection.cursor() as cursor:
        cursor.execute(PROVIDED, [contract.pk, sorted(houses)])
        for house_id, service_id in cursor.fetchall():
            provided[house_id].add(service_id)
    services = defaultdict[int, set[int]](set)
    for pk, account in accounts.items():
        services[pk] |= provided[account.house_id]
    owed = open_items.of_accounts(list(accounts), on=date.max).filter(pl.col("amount") > 0)
    pairs = list(owed.select("account_id", "service_id", "contract_id").iter_rows())
    for account_id, service_id, contract_id in pairs:
        if contract_id == contract.pk:
            services[account_id].add(service_id)
    others = defaultdict[int, set[int]](set)
    for account_id, service_id, contract_id in pairs:
        if contract_id != contract.pk and service_id in services[account_id]:
            others[account_id].add(service_id)
    return services, others


FOREIGN = """
    SELECT count(*) FROM payments_payment AS p
    JOIN payments_allocation AS a ON a.account_id = p.account_id AND a.payment_id = p.id
    WHERE p.register_id = %s AND a.contract_id NOT IN (0, %s)
"""


def _only_its_own(register: Register, contract: AgencyContract) -> None:
    """The law of the supplier's own money: not a kopeck of it pays another's line."""
    with connection.cursor() as cursor:
        cursor.execute(FOREIGN, [register.pk, contract.pk])
        (count,) = cursor.fetchone()
    if count:
        raise RegisterRefused(
            f"Часть поступлений ({count}) легла бы на строки другого поставщика: файл не принят. Обратитесь в "
            "расчётный центр."
        )
