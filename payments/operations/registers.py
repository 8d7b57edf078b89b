"""Payment registers in: each row once, a verdict for each, totals agreed; a whole register out again by mirror rows."""

from __future__ import annotations

import hashlib
import zlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from accounts import operations as accounts_operations
from accounts.database import lock_number, rolled_back
from accounts.errors import Refusal
from accounts.kinds import ChannelKind
from accounts.money import ZERO, total, written
from accounts.queries import AgencyContract, PersonalAccount, User
from payments.allocation import Rule
from payments.models import (
    Channel,
    HeldFile,
    Payment,
    PaymentState,
    Register,
    RegisterLayout,
    RegisterState,
    RegisterTransfer,
)
from payments.operations.allocating import allocate_payments, lock_accounts
from payments.operations.batch import Incoming, Judged, Verdict, record_payments, without_cycles
from payments.operations.days import By, hold_open
from payments.operations.intake import REVERSIBLE, PaymentRefused, check_day
from payments.operations.receipts import make_refund_receipt
from payments.operations.statements import (
    ACCEPTED,
    HELD,
    REJECTED,
    REPEATED,
    VERDICTS,
    WORDS,
    RowVerdict,
    StatementSummary,
    import_statement,
    same_file,
    summarised,
)
from payments.operations.statements import KIND as STATEMENT
from payments.registers import client_bank, mapped
from payments.registers.client_bank import Names
from payments.registers.layouts import KNOWN
from payments.registers.mapped import Layout, RegisterFile, RegisterRefused, Row

KIND = "register"
NOT_BY_REGISTER = (ChannelKind.CASH_DESK, ChannelKind.ONLINE, ChannelKind.PRINCIPAL)
LONGEST_ID = 120  # Payment.external_id


class RegisterKept(Refusal):
    """The register cannot be undone, or not without a word of whoever undoes it."""


class NothingTaken(Exception):
    """No row of the file can be taken: what was begun is undone, the summary tells why."""

    def __init__(self, summary: StatementSummary) -> None:
        super().__init__(summary.message)
        self.summary = summary


# --- layouts ----------------------------------------------------------------------------------------------------------


def described(row: RegisterLayout) -> Layout:
    """The row of the admin as the reader takes it."""
    places = {column: getattr(row, f"{column}_at").strip() for column in mapped.COLUMNS}
    return Layout(
        code=row.code, name=row.name, places={column: place for column, place in places.items() if place},
        is_dbf=row.is_dbf, encoding=row.encoding, delimiter=row.delimiter, fields=row.fields,
        skip_lines=row.skip_lines, skip_prefix=row.skip_prefix, line_prefix=row.line_prefix,
        date_format=row.date_format, period_format=row.period_format, in_kopecks=row.in_kopecks,
        control_prefix=row.control_prefix, control_count=row.control_count, control_amount=row.control_amount,
        control_transferred=row.control_transferred, control_commission=row.control_commission,
        control_order=row.control_order, control_leads=row.control_leads,
    )  # fmt: skip


def as_row(layout: Layout) -> dict[str, Any]:
    """What a new row of the admin begins with when it begins as this layout."""
    facts = {
        name: getattr(layout, name)
        for name in (
            "name", "is_dbf", "encoding", "delimiter", "fields", "skip_lines", "skip_prefix", "line_prefix",
            "date_format", "period_format", "in_kopecks", "control_prefix", "control_count", "control_amount",
            "control_transferred", "control_commission", "control_order", "control_leads",
        )
    }  # fmt: skip
    return {"code": f"{layout.code}-2", **facts, **{f"{column}_at": place for column, place in layout.places.items()}}


def layout_of(code: str) -> Layout:
    """A layout that may be used: one of the known, or a row that was tried. Raises RegisterRefused."""
    row = RegisterLayout.objects.filter(pk=code).first()
    if row is not None:
        if not row.is_active:
            raise RegisterRefused(f"Формат «{row.name}» не проверен. Сделайте пробу на образце файла и включите его.")
        return described(row)
    if code not in KNOWN:
        raise RegisterRefused(f"Формат реестра «{code}» не найден. Выберите его из списка.")
    return KNOWN[code]


@transaction.atomic
def try_layout(*, code: str, name: str, content: bytes, at: datetime, by: By) -> tuple[RegisterFile, list[RowVerdict]]:
    """Read a sample by the layout and say of each row whose it would be; a sample that is read puts it into use.

    No payment is made. Raises RegisterRefused when the sample is not of the layout: it stays as it was.
    """
    row = RegisterLayout.objects.select_for_update().filter(pk=code).first()
    if row is None:
        raise RegisterRefused(f"Формат реестра «{code}» не найден.")
    file = mapped.read(content, described(row))
    if file.doubts:
        raise RegisterRefused(file.doubts[0])
    rows = _foreseen(file.rows)
    if not any(verdict.verdict == ACCEPTED for verdict in rows):
        raise RegisterRefused(
            "Образец прочитан, но ни одна строка не нашла лицевого счёта. Проверьте, в том ли поле лицевой счёт. "
            f"Строка {rows[0].line}: {rows[0].text}"
            if rows
            else "В образце нет ни одного платежа."
        )
    row.tried_at, row.tried_on, row.is_active = at, name[:255], True
    row.save(update_fields=["tried_at", "tried_on", "is_active"])
    accounts_operations.note("payments.layout.tried", by=by, code=code, name=name, rows=len(rows))
    return file, rows


def _foreseen(rows: Sequence[Row]) -> list[RowVerdict]:
    owners = _Owners(rows)
    found: list[RowVerdict] = []
    for row in rows:
        account_id, doubt = owners.of(row)
        verdict, text = ACCEPTED, f"Счёт {row.account}."
        if row.problem:
            verdict, text = REJECTED, row.problem
        elif row.doubt or doubt or account_id is None:
            verdict, text = HELD, row.doubt or doubt or f"Лицевой счёт {row.account or 'не указан и'} не найден."
        told = row.told if verdict == REJECTED else ""
        number = row.operation or row.account
        found.append(RowVerdict(row.line, number, row.paid_on, row.amount, verdict, text, told=told))
    return found


# --- in ---------------------------------------------------------------------------------------------------------------


def import_register(
    *, name: str, content: bytes, layout: str, channel: str, day: date, today: date, by: By = None,
    dry_run: bool = False, confirmed: bool = False,
) -> StatementSummary:  # fmt: skip
    """Take in a register of payments on the operating day `day`.

    A row with an account is its payment and is laid over its debts; a row that names none, or that a person has to
    look at, is kept as unidentified; a row that cannot be read is rejected, and the rest is taken (domain/payments.md,
    2.2). The same file, and the same operations in another, add nothing. dry_run: all the work, then undone.
    A file that is cut or fails its totals is kept and held until a person takes it: by `confirmed`, by `accept_held`.
    Raises RegisterRefused (another layout), PaymentRefused, DayClosed: nothing is written.
    """
    try:
        with without_cycles(), rolled_back(if_=dry_run):
            summary = _import(
                name=name, content=content, layout=layout, channel=channel, day=day, today=today, by=by,
                dry_run=dry_run, confirmed=confirmed,
            )  # fmt: skip
    except NothingTaken as nothing:
        return nothing.summary
    return summary


@transaction.atomic
def _import(
    *, name: str, content: bytes, layout: str, channel: str, day: date, today: date, by: By, dry_run: bool,
    confirmed: bool,
) -> StatementSummary:  # fmt: skip
    check_day(day, today=today)
    how = layout_of(layout)
    found_channel = Channel.objects.filter(pk=channel).first()
    if found_channel is None or not found_channel.is_active:
        raise PaymentRefused(f"Канал приёма «{channel}» не найден или не действует.", field="channel")
    if found_channel.kind in NOT_BY_REGISTER:
        raise PaymentRefused(
            f"Канал «{found_channel.name}» не для реестров. Укажите канал банка или почты.", field="channel"
        )
    file = mapped.read(content, how)
    digest = hashlib.sha256(content).hexdigest()
    lock_registers()
    register = known_file(digest)
    if register is not None and (register.state != RegisterState.HELD or not confirmed):
        return seen(register, file, name=name, dry_run=dry_run)
    if register is not None and register.channel_id != channel:
        raise PaymentRefused(f"Файл уже ждёт решения по каналу «{register.channel}», реестр № {register.pk}.")
    if register is None:
        register = Register.objects.create(
            channel=found_channel, kind=KIND, name=name[:255], sha256=digest,
            taken_by=by if isinstance(by, User) else None, state=RegisterState.HELD, totals=_totals(file, how),
        )  # fmt: skip
    if file.doubts and not confirmed:
        return _held(register, file, content=content, layout=layout, name=name, by=by, dry_run=dry_run)
    HeldFile.objects.filter(register=register).delete()
    hold_open(day)
    incoming = _incoming(file.rows, channel=channel, digest=digest)
    judged = record_payments(
        list(incoming.values()), channel=channel, day=day, today=today, by=by, register=register, lay=True
    )  # fmt: skip
    rows = verdicts(file.rows, dict(zip(incoming, judged, strict=True)))
    return settled(register, rows, name=name, day=day, by=by, warnings=[*file.doubts, *file.warnings], dry_run=dry_run)


HELD_REGISTER = "Файл ждёт решения, деньги по нему ещё не зачислены. {why}"


def _held(
    register: Register, file: RegisterFile, *, content: bytes, layout: str, name: str, by: By, dry_run: bool
) -> StatementSummary:  # fmt: skip
    """Keep the doubtful file whole: the person who decides has it, wherever it came from."""
    message = HELD_REGISTER.format(why=" ".join(file.doubts))
    HeldFile.objects.create(register=register, layout=layout, content=zlib.compress(content))
    rows: list[RowVerdict] = []
    for row in file.rows:
        verdict, text = (REJECTED, row.problem) if row.problem else (HELD, "Ждёт решения по файлу.")
        number, told = row.operation or row.account, row.told if row.problem else ""
        rows.append(RowVerdict(row.line, number, row.paid_on, row.amount, verdict, text, told=told))
    register.totals = {**register.totals, "doubts": list(file.doubts)}
    register.verdicts = [row.as_json() for row in rows]
    register.save(update_fields=["totals", "verdicts"])
    accounts_operations.note(
        "payments.register.held", by=by, ground=message[:255], register_id=register.pk, name=name
    )  # fmt: skip
    return summarised(
        name=name, state=RegisterState.HELD, register_id=register.pk, message=message, rows=rows,
        warnings=list(file.warnings), dry_run=dry_run,
    )  # fmt: skip


def _waiting_file(register_id: int) -> HeldFile:
    kept = HeldFile.objects.filter(register=register_id).select_related("register").defer("register__verdicts").first()
    if kept is None:
        raise RegisterKept(f"Реестр № {register_id} не ждёт решения.")
    return kept


def accept_held(*, register_id: int, day: date, today: date, by: By) -> StatementSummary:
    """Take in the held register or statement as it is, on the operating day `day`.

    Raises RegisterKept and what import_register or import_statement does.
    """
    kept = _waiting_file(register_id)
    facts: dict[str, Any] = {
        "name": kept.register.name, "content": zlib.decompress(kept.content), "channel": kept.register.channel_id,
        "day": day, "today": today, "by": by, "confirmed": True,
    }  # fmt: skip
    if kept.layout == STATEMENT:
        return import_statement(**facts)
    return import_register(**facts, layout=kept.layout)


@transaction.atomic
def discard_held(*, register_id: int, reason: str, by: By) -> None:
    """The held file is not to be taken: another will come instead. Its register stays, undone. Raises RegisterKept."""
    lock_registers()
    kept = _waiting_file(register_id)
    if not reason.strip():
        raise RegisterKept("Назовите причину.", field="ground")
    register = kept.register
    kept.delete()
    register.state = RegisterState.UNDONE
    register.save(update_fields=["state"])
    accounts_operations.note("payments.register.discarded", by=by, ground=reason, register_id=register_id)


def lock_registers() -> None:
    """Two people with one file at once: the second waits and sees the first's rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number("payments.register")])


def known_file(digest: str) -> Register | None:
    """The register of this file, unless it was undone."""
    return Register.objects.filter(sha256=digest).exclude(state=RegisterState.UNDONE).defer("verdicts").first()


def seen(register: Register, file: RegisterFile, *, name: str, dry_run: bool) -> StatementSummary:
    """The summary of a file that has come before: nothing is added."""
    text, verdict, state = same_file(register), REPEATED, REPEATED
    if register.state == RegisterState.HELD:
        text = f"Этот файл уже ждёт решения: реестр № {register.pk}. Примите его или откажитесь на его странице."
        verdict, state = HELD, RegisterState.HELD.value
    rows = [
        RowVerdict(row.line, row.operation or row.account, row.paid_on, row.amount, verdict, text)
        for row in file.rows
    ]  # fmt: skip
    return summarised(
        name=name, state=state, register_id=register.pk, message=text, rows=rows, warnings=[], dry_run=dry_run
    )


def settled(
    register: Register, rows: list[RowVerdict], *, name: str, day: date, by: By, warnings: list[str], dry_run: bool
) -> StatementSummary:
    """The register with its state and with the verdicts of rows that are no accepted payment of it (those are rows).

    Raises NothingTaken when no row has become a payment: such a file is not remembered and may come again.
    """
    if not any(row.verdict in (ACCEPTED, HELD) for row in rows):
        repeated = all(row.verdict == REPEATED for row in rows)
        message = (
            "Все платежи файла уже приняты раньше: ничего не добавлено." if repeated else
            "Ни одну строку файла принять нельзя: ничего не записано, файл не запомнен. Исправьте причины, указанные "
            "в строках, и загрузите файл снова."
        )  # fmt: skip
        raise NothingTaken(
            summarised(
                name=name, state=REPEATED if repeated else REJECTED, register_id=None, message=message, rows=rows,
                warnings=warnings, dry_run=dry_run,
            )
        )  # fmt: skip
    unclear = any(row.verdict in (HELD, REJECTED) for row in rows)
    register.state = RegisterState.PARTIAL if unclear else RegisterState.ACCEPTED
    register.verdicts = [row.as_json() for row in rows if row.verdict != ACCEPTED]
    register.save(update_fields=["state", "verdicts"])
    summary = summarised(
        name=name, state=register.state, register_id=register.pk, message="", rows=rows, warnings=warnings,
        dry_run=dry_run,
    )  # fmt: skip
    kinds = [kind for kind in (ACCEPTED, HELD, REJECTED, REPEATED) if summary.sums[kind][0]]
    words = "; ".join(f"{WORDS[kind]} {summary.sums[kind][0]} на {written(summary.sums[kind][1])} ₽" for kind in kinds)
    sums: dict[str, Any] = {kind: summary.sums[kind][1] for kind in kinds}
    accounts_operations.note("payments.register.imported", by=by, register_id=register.pk, name=name, day=day, **sums)
    return summarised(
        name=name, state=register.state, register_id=register.pk, message=f"Строк: {len(rows)}; {words}.", rows=rows,
        warnings=warnings, dry_run=dry_run,
    )  # fmt: skip


def verdicts(rows: Sequence[Row], taken: dict[int, Judged]) -> list[RowVerdict]:
    """A verdict for every row of the file, in its order. taken: place → what became of the payment."""
    found: list[RowVerdict] = []
    for place, row in enumerate(rows):
        number = row.operation or row.account
        if place not in taken:
            text, told = row.problem, row.told
            found.append(RowVerdict(row.line, number, row.paid_on, row.amount, REJECTED, text, told=told))
            continue
        judged = taken[place]
        kind = VERDICTS[judged.verdict]
        text = judged.reason or f"{judged.verdict.capitalize()}: счёт {judged.row.number}."
        if judged.verdict == Verdict.REPEATED:
            text = judged.reason or "Эта операция уже принята раньше: ничего не добавлено."
        elif judged.verdict == Verdict.CONFLICT:
            text = f"Номер операции {number} уже занят платежом с другими данными. Запросите у банка разъяснение."
            text = f"{judged.reason} {text}".strip()
        told = row.told if kind == REJECTED else ""
        found.append(RowVerdict(row.line, number, row.paid_on, row.amount, kind, text, judged.payment_id, told))
    return found


def _totals(file: RegisterFile, layout: Layout) -> dict[str, Any]:
    figures = {"transferred": file.transferred, "commission": file.commission}
    return {
        "layout": layout.code, "encoding": file.encoding, "rows": len(file.rows), "amount": str(file.amount),
        **{name: str(figure) for name, figure in figures.items() if figure is not None},
        "controlled": file.is_controlled, "order": file.order,
    }  # fmt: skip


def _incoming(rows: Sequence[Row], *, channel: str, digest: str) -> dict[int, Incoming]:
    """Place in the file → the payment, of the rows that can be one."""
    sound = {place: row for place, row in enumerate(rows) if not row.problem and row.paid_on is not None}
    owners = _Owners(list(sound.values()))
    told = {place: owners.of(row) for place, row in sound.items()}
    others = Channel.objects.exclude(kind__in=NOT_BY_REGISTER).exclude(pk=channel).order_by("pk")
    alike = Alike(
        [(row, told[place][0]) for place, row in sound.items()], channel=channel,
        others=tuple(others.values_list("pk", flat=True)),
    )  # fmt: skip
    ids = anew(
        {place: external_id(row.operation or f"{digest[:16]}/{row.line}") for place, row in sound.items()},
        channel=channel,
    )
    found: dict[int, Incoming] = {}
    for place, row in sound.items():
        account_id, doubt = told[place]
        assert row.paid_on is not None
        found[place] = Incoming(
            external_id=ids[place],
            number=row.account,
            amount=row.amount,
            paid_on=row.paid_on,
            account_id=account_id,
            payer=row.payer,
            purpose=f"{row.document} {row.address}".strip(),
            for_month=row.period,
            doubt=row.doubt or doubt or alike.doubt(row, account_id),
        )
    return found


def external_id(text: str) -> str:
    return text if len(text) <= LONGEST_ID - 20 else hashlib.sha256(text.encode()).hexdigest()


UNDONE = """
    SELECT p.external_id, p.register_id FROM payments_payment AS p
    JOIN payments_register AS r ON r.id = p.register_id
    WHERE p.channel_id = %s AND p.external_id = ANY(%s) AND r.state = %s
"""


def anew(ids: dict[int, str], *, channel: str) -> dict[int, str]:
    """The same ids, but those whose payment was undone with its register: they come again under another number."""
    told = dict(ids)
    places: dict[str, list[int]] = defaultdict(list)
    for place, name in told.items():
        places[name].append(place)
    ask: Collection[str] = list(places)
    while ask:
        with connection.cursor() as cursor:
            cursor.execute(UNDONE, [channel, list(ask), RegisterState.UNDONE.value])
            undone = cursor.fetchall()
        changed: list[str] = []
        for name, register_id in undone:
            again = f"{name}/{register_id}"
            places[again] = places.pop(name)
            changed.append(again)
            told.update(dict.fromkeys(places[again], again))
        ask = changed
    return told


class _Owners:
    """Whose rows are they? Accounts that the rows name by ЕЛС, ИЖКУ or the document are read once.

    Numbers of accounts are matched by record_payments itself.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.by_number: dict[str, int] = {}
        self.by_service: dict[str, list[int]] = defaultdict(list)
        self.by_unified: dict[str, list[int]] = defaultdict(list)
        self.told = {
            text: client_bank.mentions(text)
            for text in {f"{row.account} {row.document}" for row in rows}
            if not text.strip().isdigit()
        }
        named = [mention for found in self.told.values() for mention in found]
        services = {mention.value[:13] for mention in named if mention.names <= Names.HOUSING_SERVICE}
        unified = {mention.value for mention in named if mention.names == Names.UNIFIED}
        for service, pk in self._read("housing_service_id", services):
            self.by_service[service].append(pk)
        for number, pk in self._read("unified_number", unified):
            self.by_unified[number].append(pk)
        # most numbers stand in the books as the bank writes them: only the others are asked for in their other forms
        self.forms = {number: number_forms(number) for number in {row.account for row in rows}}
        self.by_number = dict(self._read("number", {forms[0] for forms in self.forms.values() if forms}))
        strange = [forms for forms in self.forms.values() if forms and forms[0] not in self.by_number]
        self.by_number |= dict(self._read("number", {form for forms in strange for form in forms[1:]}))

    @staticmethod
    def _read(column: str, values: Collection[str]) -> list[tuple[str, int]]:
        """Value of the column → account, of the accounts that have one of the values: all in one statement."""
        if not values:
            return []
        with connection.cursor() as cursor:
            query = f"SELECT {column}, id FROM accounts_personalaccount WHERE {column} = ANY(%s) ORDER BY id"
            cursor.execute(query, [list(values)])
            return list(cursor.fetchall())

    def of(self, row: Row) -> tuple[int | None, str]:
        """The account that the row names, and the doubt that keeps its money aside; neither: its number decides."""
        by_number = next((self.by_number[form] for form in self.forms[row.account] if form in self.by_number), None)
        if f"{row.account} {row.document}" not in self.told:
            return by_number, ""
        for kind in (Names.DOCUMENT, Names.HOUSING_SERVICE, Names.UNIFIED):
            found = set[int]()
            for mention in self.told.get(f"{row.account} {row.document}", ()):
                if mention.names == kind:
                    table = self.by_unified if kind == Names.UNIFIED else self.by_service
                    found.update(table.get(mention.value if kind == Names.UNIFIED else mention.value[:13], ()))
            if by_number is not None and found and by_number not in found:
                return None, f"Лицевой счёт {row.account} и идентификатор документа называют разные счета."
            if by_number is None and len(found) > 1:
                return None, f"Идентификатор {row.account or row.document} — у нескольких лицевых счетов."
            if by_number is None and found:
                return found.pop(), ""
        return by_number, ""


PUNCTUATION = str.maketrans("", "", " \t-–—./\u00a0")


def number_forms(number: str) -> list[str]:
    """How the number may stand in the books: without spaces and dashes, with the leading zeros that were lost."""
    digits = number.translate(PUNCTUATION)
    if not digits.isdecimal() or not digits.isascii() or len(digits) > 20:
        return []
    return [digits, *(digits.zfill(width) for width in range(len(digits) + 1, 13))]


class Alike:
    """Rows that may have come twice: without an operation's number, in this file or in another; with it, by another
    channel, since the channel's own numbers are its unique keys.

    One payment is another's like when account, sum and day agree, and the operation's number where both have it. The
    account is told by what it is, not by how its
    number is written; where it is not known, by the number as received.
    """

    def __init__(
        self, rows: Sequence[tuple[Row, int | None]], *, channel: str, others: Sequence[str] = ()
    ) -> None:  # fmt: skip
        """rows: each with its account, where that is known. others: channels whose registers may bring the same."""
        self.known: dict[tuple[str, int | str, Decimal, date], str] = {}
        self.elsewhere: dict[tuple[str, Decimal, date], list[tuple[int | None, str, str]]] = defaultdict(list)
        self._remember_others([row for row, _ in rows if row.operation], others)
        nameless = [(row, account_id) for row, account_id in rows if not row.operation and row.paid_on is not None]
        if not nameless:
            return
        first = min(row.paid_on for row, _ in nameless if row.paid_on is not None)
        owned = Q(account_id__in={account_id for _, account_id in nameless if account_id is not None})
        found = (
            Payment.objects.filter(channel_id__in=[channel, *others], day__gte=first, register__isnull=False)
            .filter(owned | Q(number_as_received__in={row.account for row, _ in nameless}))
            .exclude(state__in=[PaymentState.REVERSED, PaymentState.RETURNED])
        )
        for account_id, number, amount, paid_on, register in found.values_list(
            "account_id", "number_as_received", "amount", "paid_on", "register_id"
        ):
            self._remember(account_id, number, amount, paid_on, f"в реестре № {register}")

    def _remember_others(self, rows: Sequence[Row], others: Sequence[str]) -> None:
        """Operations of these numbers that other channels have brought; those undone since are no doubt."""
        if not rows:
            return
        told = {place: external_id(row.operation) for place, row in enumerate(rows)}
        for other in others:
            numbers = anew(told, channel=other)
            operations = {numbers[place]: row.operation for place, row in enumerate(rows)}
            found = (
                Payment.objects.filter(channel_id=other, external_id__in=list(operations), register__isnull=False)
                .exclude(state__in=[PaymentState.REVERSED, PaymentState.RETURNED])
                .values_list("external_id", "amount", "paid_on", "account_id", "number_as_received", "register_id",
                             "channel__name")
            )  # fmt: skip
            for number, amount, paid_on, account_id, account, register, name in found:
                where = f"по каналу «{name}» в реестре № {register}"
                self.elsewhere[operations[number], amount, paid_on].append((account_id, account, where))

    def _remember(self, account_id: int | None, number: str, amount: Decimal, paid_on: date, where: str) -> None:
        self.known.setdefault(("number", number, amount, paid_on), where)
        mark: tuple[str, int | str] = ("nobody", number) if account_id is None else ("account", account_id)
        self.known.setdefault((*mark, amount, paid_on), where)

    def doubt(self, row: Row, account_id: int | None) -> str:
        if row.paid_on is None:
            return ""
        if row.operation:
            for other_id, number, where in self.elsewhere.get((row.operation, row.amount, row.paid_on), ()):
                if number == row.account or (account_id is not None and account_id == other_id):
                    return f"Такая же операция (номер, счёт, сумма, дата) уже есть {where}: не пришла ли она дважды?"
            return ""
        marks: list[tuple[str, int | str]] = [("number", row.account)]
        if account_id is not None:
            marks = [("account", account_id), ("nobody", row.account)]
        earlier = next(filter(None, (self.known.get((*mark, row.amount, row.paid_on)) for mark in marks)), "")
        self._remember(account_id, row.account, row.amount, row.paid_on, f"в строке {row.line}")
        if not earlier:
            return ""
        return f"Такой же платёж (счёт, сумма, дата) уже есть {earlier}: проверьте, не пришёл ли он дважды."


# --- what waits, as a group ---


@transaction.atomic
def assign_group(*, register_id: int, number: str, account_id: int, day: date, by: By, ground: str) -> Undone:
    """Give every waiting payment of the register that names `number` to one account, on the open day `day`.

    Their value dates stay. Source: domain/payments.md, 2.3. Raises RegisterKept, DayClosed.
    """
    hold_open(day)
    if not ground.strip():
        raise RegisterKept("Укажите основание: почему это платежи одного счёта.", field="ground")
    if not PersonalAccount.objects.filter(pk=account_id).exists():
        raise RegisterKept("Лицевой счёт не найден.")
    rows = list(
        Payment.objects.filter(register=register_id, number_as_received=number, state=PaymentState.UNIDENTIFIED)
        .order_by("pk")
        .select_for_update(of=("self",))
        .values_list("pk", "amount")
    )
    if not rows:
        raise RegisterKept(f"В реестре № {register_id} нет невыясненных платежей на счёт {number or 'без номера'}.")
    if len(rows) > UNDO_AT_ONCE:
        raise RegisterKept(
            f"Платежей {len(rows)}, разом зачисляют не больше {UNDO_AT_ONCE}. Так много равных строк бывает по ошибке "
            "банка: отмените реестр."
        )
    numbers = [pk for pk, _ in rows]
    for first in range(0, len(numbers), AT_A_TIME):
        some = Payment.objects.filter(pk__in=numbers[first : first + AT_A_TIME])
        some.update(account=account_id, state=PaymentState.ACCEPTED)
    allocate_payments(numbers, day=day)
    assigned = Undone(register_id, len(rows), total(amount for _, amount in rows), ZERO)
    accounts_operations.note(
        "payments.register.assigned", by=by, account_id=account_id, ground=ground, register_id=register_id,
        payments=assigned.payments, amount=assigned.amount, day=day,
    )  # fmt: skip
    return assigned


# --- out again --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo answered by mirror rows; roubles. withheld: what the principals have got already."""

    register_id: int
    payments: int
    amount: Decimal
    withheld: Decimal


REMITTED = """
    SELECT a.contract_id, sum(a.amount) FROM payments_payment AS p
    JOIN payments_allocation AS a ON a.account_id = p.account_id AND a.payment_id = p.id
    JOIN payments_channel AS c ON c.code = p.channel_id
    WHERE p.register_id = %(register)s AND p.state = 'allocated' AND c.kind <> %(own)s AND a.contract_id <> 0
        AND EXISTS (SELECT FROM payments_remittance AS r WHERE r.contract_id = a.contract_id AND r.day >= a.day)
    GROUP BY a.contract_id HAVING sum(a.amount) <> 0
"""
REVERSE = """
    INSERT INTO payments_reversal (payment_id, day, reason, is_refund, made_by_id, made_at)
    SELECT id, %(day)s, %(reason)s, false, %(by)s, %(at)s FROM unnest(%(payments)s::bigint[]) AS id ORDER BY id
"""
# Every part is answered by an equal negative one, all in one statement: the trigger sees each payment whole.
MIRROR = """
    INSERT INTO payments_allocation (
        account_id, payment_id, line, day, house_id, contract_id, service_id, for_month, part, rule, amount)
    SELECT part.account_id, part.payment_id,
        part.last + row_number() OVER (PARTITION BY part.payment_id
            ORDER BY part.contract_id, part.service_id, part.for_month, part.part),
        %(day)s, account.house_id, part.contract_id, part.service_id, part.for_month, part.part, %(rule)s, -part.amount
    FROM (
        SELECT a.account_id, a.payment_id, a.contract_id, a.service_id, a.for_month, a.part, sum(a.amount) AS amount,
            max(max(a.line)) OVER (PARTITION BY a.payment_id) AS last
        FROM payments_payment AS p
        JOIN payments_allocation AS a ON a.account_id = p.account_id AND a.payment_id = p.id
        WHERE p.id = ANY(%(payments)s) AND p.state = 'allocated'
        GROUP BY 1, 2, 3, 4, 5, 6
    ) AS part
    JOIN accounts_personalaccount AS account ON account.id = part.account_id
    WHERE part.amount <> 0
"""
# 54-ФЗ, ст. 1.1: what was printed is answered by «возврат прихода»: what the advance paid first, then the advance.
# Payments that stand themselves; what took another's place answers the receipt of that one (SUCCESSORS).
RETURNED_RECEIPTS = """
    INSERT INTO payments_fiscalreceipt (payment_id, kind, original_id, month, key, amount, contents, state, made_at,
        service_id, attempts, refusals, next_at, trouble, fiscal)
    SELECT sold.payment_id, CASE sold.kind WHEN 'sell' THEN 'sell_refund' ELSE 'offset_back' END, sold.id, sold.month,
        gen_random_uuid(), sold.amount, sold.contents, 'waiting', %(at)s, '', 0, 0, %(at)s, '', '{}'
    FROM payments_fiscalreceipt AS sold WHERE sold.payment_id = ANY(%(payments)s) AND sold.kind IN ('sell', 'offset')
    ORDER BY sold.payment_id, sold.kind = 'sell', sold.month
    ON CONFLICT DO NOTHING
"""
SUCCESSORS = """
    SELECT p.id, p.amount FROM payments_reversal AS r JOIN payments_payment AS p ON p.id = r.replaced_by_id
    WHERE r.replaced_by_id = ANY(%(payments)s) AND NOT EXISTS (
        SELECT FROM payments_fiscalreceipt AS sold WHERE sold.payment_id = p.id AND sold.kind = 'sell')
    ORDER BY p.id
"""


@transaction.atomic
def undo_register(*, register_id: int, day: date, reason: str, at: datetime, by: By, withhold: bool = False) -> Undone:
    """Answer every living payment of the register by its mirror on the open day `day`; the rows of both stay.

    What principals have got already is withheld from their next remittances, and only when `withhold` says that it is
    meant. The file may be loaded again afterwards: its operations come under new numbers. The number of statements
    grows by one a thousand payments. Source: domain/payments.md, 2.4. Raises RegisterKept, DayClosed.
    """
    hold_open(day)
    lock_registers()
    register = Register.objects.select_for_update().defer("verdicts").filter(pk=register_id).first()
    if register is None:
        raise RegisterKept(f"Реестр № {register_id} не найден.")
    _may_be_undone(register, reason=reason)
    rows = list(
        Payment.objects.filter(register=register, state__in=REVERSIBLE)
        .order_by("pk")
        .select_for_update(of=("self",))
        .values_list("pk", "account_id", "amount")
    )
    withheld = _remitted(register, day=day)
    _refuse_withheld(withheld, withhold=withhold)
    lock_accounts({account_id for _, account_id, _ in rows if account_id})
    numbers = [pk for pk, _, _ in rows]
    facts: dict[str, Any] = {
        "payments": numbers, "day": day, "reason": reason[:255], "at": at, "rule": int(Rule.REVERSAL),
        "by": by.pk if isinstance(by, User) else None,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(REVERSE, facts)
        cursor.execute(MIRROR, facts)
        for first in range(0, len(numbers), AT_A_TIME):
            cursor.execute(
                "UPDATE payments_payment SET state = 'reversed' WHERE id = ANY(%s)",
                [numbers[first : first + AT_A_TIME]],
            )
        cursor.execute(RETURNED_RECEIPTS, {"payments": numbers, "at": at})
        cursor.execute(SUCCESSORS, {"payments": numbers})
        successors = cursor.fetchall()
    for payment_id, amount in successors:
        make_refund_receipt(payment_id, amount=amount, at=at)
    register.state = RegisterState.UNDONE
    register.save(update_fields=["state"])
    undone = Undone(register_id, len(rows), total(amount for _, _, amount in rows), withheld)
    accounts_operations.note(
        "payments.register.undone", by=by, ground=reason, register_id=register_id, payments=undone.payments,
        amount=undone.amount, withheld=withheld, day=day,
    )  # fmt: skip
    return undone


AT_A_TIME = 1_000  # the proof of a state compares the payments of a statement with each other
UNDO_AT_ONCE = 20_000  # payments of a register that one request may answer; more is a job
UNDO_KIND = "payments.undo_register"


def start_undo(*, register_id: int, day: date, reason: str, by: By, withhold: bool = False) -> int | None:
    """The number of the job that is to undo a long register by `finish_undo`; None: it is short, undo it at once.

    What speaks against the undo is said now: all the work is done later, by a worker. Raises RegisterKept.
    """
    count = Payment.objects.filter(register=register_id, state__in=REVERSIBLE).count()
    if count <= UNDO_AT_ONCE:
        return None
    register = Register.objects.defer("verdicts").get(pk=register_id)
    _may_be_undone(register, reason=reason)
    _refuse_withheld(_remitted(register, day=day), withhold=withhold)
    scope = {"register": register_id, "day": day, "reason": reason, "withhold": withhold}
    user = by if isinstance(by, User) else None
    return accounts_operations.start_run(UNDO_KIND, by=user, scope=scope, total=count).pk


def finish_undo(*, run_id: int, at: datetime) -> None:
    """Undo the register of the job; a job that has ended is left alone, so a second call does nothing."""
    run = accounts_operations.living_run(run_id)
    if run is None:
        return
    told = run.scope
    try:
        undone = undo_register(
            register_id=told["register"], day=date.fromisoformat(told["day"]), reason=told["reason"], at=at,
            by=run.started_by, withhold=told["withhold"],
        )  # fmt: skip
    except BaseException as fault:
        accounts_operations.fail_run(run_id, message=str(fault) or type(fault).__name__)
        if not isinstance(fault, Refusal):
            raise
        return
    accounts_operations.advance_run(run_id, done=undone.payments, total=undone.payments)
    text = f"Отменён реестр № {undone.register_id}: платежей {undone.payments} на {written(undone.amount)} ₽."
    accounts_operations.finish_run(run_id, message=text)


def _may_be_undone(register: Register, *, reason: str) -> None:
    if not reason.strip():
        raise RegisterKept("Назовите причину отмены.", field="reason")
    if register.kind == "statement":
        raise RegisterKept(
            "Выписку целиком не отменяют: в ней и исполненные поручения. Сторнируйте её платежи по одному."
        )
    if register.state not in (RegisterState.ACCEPTED, RegisterState.PARTIAL):
        raise RegisterKept(f"Реестр № {register.pk} — «{RegisterState(register.state).label}»: отменять нечего.")
    if RegisterTransfer.objects.filter(register=register, undone_at=None).exists():
        raise RegisterKept(
            f"Реестр № {register.pk} сверен с поручением банка. Сначала отмените сверку на его странице: деньги "
            "поручения снова будут ждать хозяина."
        )


def _refuse_withheld(withheld: Decimal, *, withhold: bool) -> None:
    if withheld and not withhold:
        raise RegisterKept(
            f"Из денег реестра поставщикам уже перечислено {written(withheld)} ₽. Отметьте «удержать из следующего "
            "перечисления», и эта сумма уменьшит ближайшие перечисления; до неё реестр не отменён."
        )


def _remitted(register: Register, *, day: date) -> Decimal:
    """Roubles of the register that principals have got. Raises RegisterKept where nothing is left to withhold from."""
    with connection.cursor() as cursor:
        cursor.execute(REMITTED, {"register": register.pk, "own": ChannelKind.PRINCIPAL.value})
        sums = dict(cursor.fetchall())
    ended = AgencyContract.objects.filter(pk__in=sums, valid_to__lte=day).select_related("principal").order_by("pk")
    for contract in ended:
        raise RegisterKept(
            f"Договор № {contract.number} ({contract.principal.short_name}) закрыт {contract.valid_to:%d.%m.%Y}, а по "
            f"нему уже перечислено {written(sums[contract.pk])} ₽ из этого реестра: удержать не из чего. Согласуйте "
            "возврат с поставщиком и сторнируйте платежи по одному."
        )
    return total(sums.values()) if sums else ZERO
