"""Bank statements in: every document once, a verdict for each, what has no owner kept aside, our orders confirmed."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from django.db import connection, transaction
from django.utils import timezone

from accounts import operations as accounts_operations
from accounts import rules
from accounts.database import lock_number, rolled_back
from accounts.money import ZERO, total, written
from accounts.queries import BankAccount, BankAccountState, ChannelKind, OrganisationKind, PersonalAccount, User
from payments.models import (
    BankStatementLine,
    Channel,
    HeldFile,
    RefundOrder,
    Register,
    RegisterState,
    Remittance,
    RemittanceState,
)
from payments.operations.batch import Incoming, Verdict, record_payments
from payments.operations.days import By, hold_open
from payments.operations.intake import EARLIEST, IMPOSSIBLE, PaymentRefused, check_day
from payments.operations.reconciling import reconcile_orders, say
from payments.operations.refund_orders import confirm_refund, ordered_day
from payments.operations.remitting import confirm_remittance, ordered_on
from payments.registers import client_bank
from payments.registers.client_bank import Direction, Document, Mention, Names, Statement, StatementRefused
from payments.registers.mapped import is_whole

ACCEPTED, HELD, REJECTED, REPEATED, OUTGOING = "accepted", "held", "rejected", "repeated", "outgoing"
ORDER_LIVES_DAYS = 10
VERDICTS = {
    Verdict.ACCEPTED: "accepted", Verdict.HELD: "held", Verdict.REPEATED: "repeated", Verdict.CONFLICT: "rejected",
    Verdict.REFUSED: "rejected",
}  # fmt: skip
KINDS = (ACCEPTED, HELD, REJECTED, REPEATED, OUTGOING)
WORDS = {
    ACCEPTED: "принято", HELD: "не выяснено", REJECTED: "отклонено", REPEATED: "уже было", OUTGOING: "списания",
}  # fmt: skip
LARGEST_ORDER = Decimal("100000000000.00")  # of our own accounts: a year of the whole region is a half of it
SAME_FILE = "Этот файл уже загружен {at:%d.%m.%Y} (реестр № {pk}): ничего не добавлено."
NOTHING_TAKEN = (
    "Ни одну строку файла принять нельзя: ничего не записано, файл не запомнен. Исправьте причины, указанные в "
    "строках, и загрузите файл снова."
)
STRANGERS = (
    "Выписка не нашего счёта: «РасчСчет» {account} не числится за центром, ничего не записано. Проверьте, тот ли это "
    "файл. Если счёт наш, занесите его в карточку организации центра («Банковские счета»), утвердите вторым "
    "сотрудником и загрузите выписку снова."
)
NO_ACCOUNTS = (
    "Выписка счёта {account} не принята, ничего не записано: у центра не заведено ни одного утверждённого банковского "
    "счёта, и чья это выписка, сказать нельзя. Занесите счета в карточку организации центра («Банковские счета»), "
    "утвердите их вторым сотрудником и загрузите выписку снова."
)
UNNAMED = (
    "В выписке не указан счёт («РасчСчет»), и ни один документ не называет счёта центра: чьи это деньги, сказать "
    "нельзя, ничего не записано. Выгрузите выписку из банка заново."
)
HELD_FILE = "Файл ждёт решения, деньги по нему ещё не зачислены. {why}"
KIND = "statement"  # of Register, and the layout of a file that waits


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """What became of a document of the file. verdict: one of KINDS; text: in Russian; line: of the file.

    told: of a rejected row, its sum as the file writes it.
    """

    line: int
    number: str
    document_on: date | None
    amount: Decimal
    verdict: str
    text: str
    payment_id: int | None = None
    told: str = ""

    @property
    def is_summed(self) -> bool:
        """A sum of whole kopecks above nothing: only such are added up."""
        return self.amount > 0 and is_whole(self.amount)

    def as_json(self) -> dict[str, Any]:
        return {
            "line": self.line, "number": self.number,
            "document_on": self.document_on.isoformat() if self.document_on else None,
            "amount": str(self.amount), "verdict": self.verdict, "text": self.text, "payment_id": self.payment_id,
            **({"told": self.told} if self.told else {}),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class StatementSummary:
    """Outcome of import_statement. state: of the register, «repeated» when the file or all its rows have come before:
    a file without a new row makes no register. «rejected»: no row could be taken, the file is not remembered.
    """

    name: str
    state: str
    register_id: int | None
    message: str
    rows: tuple[RowVerdict, ...]
    warnings: tuple[str, ...] = ()
    is_dry_run: bool = False
    sums: dict[str, tuple[int, Decimal]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Counts and sums (roubles as text) of every kind of row, and the verdicts."""
        return {
            "file": self.name, "state": self.state, "register": self.register_id, "dry_run": self.is_dry_run,
            "message": self.message, "rows": len(self.rows),
            **{kind: {"rows": self.sums[kind][0], "sum": str(self.sums[kind][1])} for kind in KINDS},
            "warnings": list(self.warnings), "verdicts": [row.as_json() for row in self.rows],
        }  # fmt: skip


def same_file(register: Register) -> str:
    """The words of a file that has come before; its day is the day here, not in Greenwich."""
    at = register.taken_at.astimezone(timezone.get_default_timezone())
    return SAME_FILE.format(at=at, pk=register.pk)


class _NothingTaken(Exception):
    """No line of the file can be taken: what was begun is undone, the summary tells why."""

    def __init__(self, summary: StatementSummary) -> None:
        super().__init__(summary.message)
        self.summary = summary


def summarised(
    *, name: str, state: str, register_id: int | None, message: str, rows: list[RowVerdict], warnings: list[str],
    dry_run: bool,
) -> StatementSummary:  # fmt: skip
    """The summary with counts and sums of every kind of row; roubles. Rejected sums below zero are not netted in."""
    sums = {
        kind: (
            sum(row.verdict == kind for row in rows),
            total(row.amount for row in rows if row.verdict == kind and row.is_summed),
        )
        for kind in KINDS
    }
    left_out = sum(row.verdict == REJECTED and not row.is_summed for row in rows)
    if left_out:
        count, amount = sums[REJECTED]
        warnings = [
            *warnings,
            f"Отклонено строк: {count}. В сумму {written(amount)} ₽ вошли {count - left_out}; не вошли {left_out}: их "
            "сумма не прочитана, с долями копейки или не больше нуля. Как она записана в файле, видно в строке.",
        ]
    return StatementSummary(name, state, register_id, message, tuple(rows), tuple(warnings), dry_run, sums)


def import_statement(
    *,
    name: str,
    content: bytes,
    channel: str,
    day: date,
    today: date,
    by: By = None,
    dry_run: bool = False,
    confirmed: bool = False,
) -> StatementSummary:
    """Take in a bank statement (1CClientBankExchange) on the operating day `day`.

    Money with exactly one subscriber in its purpose becomes his payment and is laid over his debts; other money is
    kept as unidentified; outgoing lines that are our orders confirm them. A line with an impossible sum or day is
    rejected and leaves no trace but its verdict, so that the bank's corrected file brings it anew; a file with nothing
    but such lines is itself «rejected», writes nothing and may come again byte for byte. The same file again,
    or the same lines in an overlapping one, add nothing, and the summary says so; a file without a single new line
    makes no register. A file whose turnover differs from its documents is only held until somebody sends it again
    `confirmed` or takes it on its page (`registers.accept_held`): it is kept. dry_run: all the work, then undone.
    Raises StatementRefused (not a statement, cut, balances wrong, of an account that is not ours), PaymentRefused
    (channel, a day that has not come), DayClosed: nothing is written.
    """
    with rolled_back(if_=dry_run):
        try:
            summary = _import(
                name=name, content=content, channel=channel, day=day, today=today, by=by, dry_run=dry_run,
                confirmed=confirmed,
            )  # fmt: skip
        except _NothingTaken as outcome:
            summary = outcome.summary
    return summary


@transaction.atomic
def _import(
    *, name: str, content: bytes, channel: str, day: date, today: date, by: By, dry_run: bool, confirmed: bool
) -> StatementSummary:
    check_day(day, today=today)
    statement = client_bank.read(content)
    wrong = client_bank.wrong_totals(statement)
    if wrong:
        raise StatementRefused(f"Остатки в выписке не сходятся, файл не принят. {' '.join(wrong[:3])}")
    found_channel = Channel.objects.filter(pk=channel).first()
    if found_channel is None or not found_channel.is_active:
        raise PaymentRefused(f"Канал приёма «{channel}» не найден или не действует.")
    if found_channel.kind in (ChannelKind.CASH_DESK, ChannelKind.ONLINE):
        raise PaymentRefused(f"Канал «{found_channel.name}» не для выписок. Укажите канал банка, например bank.")
    with connection.cursor() as cursor:  # two people with one file at once: the second waits and sees the first's lines
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number("payments.statement")])
    digest = hashlib.sha256(content).hexdigest()
    known = Register.objects.select_for_update().filter(sha256=digest)
    register = known.exclude(state=RegisterState.UNDONE).first()
    if register is not None and (register.state != RegisterState.HELD or not confirmed):
        return _seen(register, statement, name=name, dry_run=dry_run)
    own = _agents_accounts()
    _refuse_strangers(statement, own)
    plan = _plan(statement, own, day=day)
    if register is None and not plan.fresh:
        sources = sorted({*plan.known.values(), *_as_empty(statement)})
        if sources:
            return _nothing_new(statement, plan, sources, name=name, dry_run=dry_run)
    if statement.documents and not plan.fresh and not plan.known:
        rows = [plan.old_verdict(place, document) for place, document in enumerate(statement.documents)]
        return _nothing_taken(statement, rows, name=name, dry_run=dry_run)
    doubts = list(client_bank.doubts(statement, own))
    warnings = [*statement.warnings, *doubts]
    if doubts and not confirmed:
        rows = [_waiting(document, own) for document in statement.documents]
        message = HELD_FILE.format(why=" ".join(doubts))
        register = _register(name, digest, found_channel, by, statement, RegisterState.HELD, rows, warnings, doubts)
        HeldFile.objects.create(register=register, layout=KIND, content=zlib.compress(content))
        accounts_operations.note("payments.statement.held", by=by, ground=message, register_id=register.pk, name=name)
        return summarised(
            name=name, state=RegisterState.HELD, register_id=register.pk, message=message, rows=rows,
            warnings=warnings, dry_run=dry_run,
        )  # fmt: skip
    hold_open(day)
    if register is None:
        register = _register(name, digest, found_channel, by, statement, RegisterState.HELD, [], warnings)
    HeldFile.objects.filter(register=register).delete()
    rows = _take_in(statement, plan, register=register, channel=channel, day=day, today=today, by=by)
    if rows and not plan.known and not BankStatementLine.objects.filter(register=register).exists():
        raise _NothingTaken(_nothing_taken(statement, rows, name=name, dry_run=dry_run))
    if any(row.verdict == HELD for row in rows):
        orders = reconcile_orders(statement=register, day=day, at=register.taken_at, by=by)
        rows = [
            replace(row, verdict=ACCEPTED, text=say(orders[row.payment_id])) if row.payment_id in orders else row
            for row in rows
        ]
    unclear = any(row.verdict in (HELD, REJECTED) for row in rows) or bool(statement.errors)
    register.state = RegisterState.PARTIAL if unclear else RegisterState.ACCEPTED
    register.totals = _totals(statement, warnings)
    register.verdicts = [row.as_json() for row in rows]
    register.save(update_fields=["state", "totals", "verdicts"])
    summary = summarised(
        name=name, state=register.state, register_id=register.pk, message="", rows=rows, warnings=warnings,
        dry_run=dry_run,
    )  # fmt: skip
    told = [kind for kind in KINDS if summary.sums[kind][0]]
    counted = (f"{WORDS[kind]} {summary.sums[kind][0]} на {written(summary.sums[kind][1])} ₽" for kind in told)
    words = "; ".join([f"Строк: {len(rows)}", *counted])
    sums: dict[str, Any] = {kind: summary.sums[kind][1] for kind in KINDS}
    accounts_operations.note("payments.statement.imported", by=by, register_id=register.pk, name=name, day=day, **sums)
    return summarised(
        name=name, state=register.state, register_id=register.pk, message=f"{words}.", rows=rows,
        warnings=warnings, dry_run=dry_run,
    )  # fmt: skip


def _totals(statement: Statement, warnings: list[str]) -> dict[str, Any]:
    return {
        "version": statement.version,
        "encoding": statement.encoding,
        "since": statement.since.isoformat() if statement.since else None,
        "until": statement.until.isoformat() if statement.until else None,
        "own_accounts": list(statement.own_accounts),
        "documents": len(statement.documents),
        "incoming": str(total(section.incoming or ZERO for section in statement.sections)),
        "outgoing": str(total(section.outgoing or ZERO for section in statement.sections)),
        "warnings": warnings,
    }


def _register(
    name: str, digest: str, channel: Channel, by: By, statement: Statement, state: RegisterState,
    rows: list[RowVerdict], warnings: list[str], doubts: Sequence[str] = (),
) -> Register:  # fmt: skip
    return Register.objects.create(
        channel=channel,
        kind=KIND,
        name=name[:255],
        sha256=digest,
        taken_by=by if isinstance(by, User) else None,
        state=state,
        totals=_totals(statement, warnings) | ({"doubts": list(doubts)} if doubts else {}),
        verdicts=[row.as_json() for row in rows],
    )


def _seen(register: Register, statement: Statement, *, name: str, dry_run: bool) -> StatementSummary:
    """The file has come before: nothing is added, and every row says so."""
    if register.state == RegisterState.HELD:
        message = f"Этот файл уже ждёт решения: реестр № {register.pk}. Примите его или откажитесь на его странице."
        verdict, text = HELD, "Файл ждёт подтверждения."
    else:
        message = same_file(register)
        verdict, text = REPEATED, "Файл уже загружен."
    rows = [_verdict(document, verdict, text) for document in statement.documents]
    state = RegisterState.HELD if verdict == HELD else REPEATED
    return summarised(
        name=name, state=state, register_id=register.pk, message=message, rows=rows,
        warnings=list(statement.warnings), dry_run=dry_run,
    )  # fmt: skip


def _as_empty(statement: Statement) -> list[_Source]:
    """Registers of the same statement without documents: nothing but its blanks tells this file from theirs."""
    if statement.documents:
        return []
    totals = _totals(statement, list(statement.warnings))
    found = Register.objects.filter(kind="statement", totals=totals, verdicts=[])
    return [_Source(pk, taken_at) for pk, taken_at in found.values_list("pk", "taken_at")]


def _nothing_new(
    statement: Statement, plan: _Plan, sources: list[_Source], *, name: str, dry_run: bool
) -> StatementSummary:
    """Every line of the file has come in other files: no register, and the words say where."""
    rows = [plan.old_verdict(place, document) for place, document in enumerate(statement.documents)]
    where = f"{'реестром' if len(sources) == 1 else 'реестрами'} {', '.join(map(str, sources))}"
    others = sum(row.verdict != REPEATED for row in rows)
    if not rows:
        message = f"Эта выписка без документов уже загружена {where}: ничего не добавлено."
    elif others:
        message = (
            f"Новых строк нет: {len(rows) - others} уже загружены {where}, не принято {others}. Ничего не добавлено."
        )
    else:
        message = f"Все строки уже загружены {where}: ничего не добавлено."
    return summarised(
        name=name, state=REPEATED, register_id=None, message=message, rows=rows, warnings=list(statement.warnings),
        dry_run=dry_run,
    )  # fmt: skip


def _nothing_taken(
    statement: Statement, rows: list[RowVerdict], *, name: str, dry_run: bool
) -> StatementSummary:  # fmt: skip
    return summarised(
        name=name, state=REJECTED, register_id=None, message=NOTHING_TAKEN, rows=rows,
        warnings=list(statement.warnings), dry_run=dry_run,
    )  # fmt: skip


def _waiting(document: Document, own: set[str]) -> RowVerdict:
    verdict, text = HELD, "Ждёт подтверждения файла."
    if document.problem:
        verdict, text = REJECTED, document.problem
    elif document.direction(own) in (Direction.OUT, Direction.OWN):
        verdict, text = OUTGOING, "Списание: ждёт подтверждения файла."
    return _verdict(document, verdict, text)


def _verdict(document: Document, verdict: str, text: str, payment_id: int | None = None) -> RowVerdict:
    told = document.told if verdict == REJECTED else ""
    return RowVerdict(
        document.line, document.number, document.document_on, document.amount, verdict, text, payment_id, told
    )


def _agents_accounts() -> set[str]:
    """Our own bank accounts, the closed ones too: old statements name them."""
    found = BankAccount.objects.filter(organisation__kind=OrganisationKind.AGENT, state=BankAccountState.APPROVED)
    return set(found.values_list("number", flat=True))


def _refuse_strangers(statement: Statement, own: set[str]) -> None:
    """Money on another's account is not ours to lay over debts: such a file is no statement of the centre."""
    strange = [account for account in statement.own_accounts if account not in own]
    if strange:
        raise StatementRefused((STRANGERS if own else NO_ACCOUNTS).format(account=strange[0][:40]))
    if statement.own_accounts:
        return
    named = {
        number
        for document in statement.documents
        for side in (document.payer, document.payee)
        for number in (side.number, side.account)
    }
    if not named & own and any(document.direction(own) != Direction.UNKNOWN for document in statement.documents):
        raise StatementRefused(UNNAMED)


# --- rows -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    """A document seen from our side."""

    document: Document
    way: Direction
    own_account: str
    other_account: str
    document_on: date
    moved_on: date

    @property
    def key(self) -> tuple[str, date, str, Decimal, str, bool]:
        document = self.document
        return (
            self.own_account, self.document_on, document.number[:40], document.amount, self.other_account,
            self.way == Direction.IN,
        )  # fmt: skip

    @property
    def document_key(self) -> tuple[object, ...]:
        """The key without the sum: what tells a document from others, when its sum is not believed."""
        return (*self.key[:3], *self.key[4:])


@dataclass(frozen=True, slots=True, order=True)
class _Source:
    """The register that has brought a line before."""

    register_id: int
    taken_at: datetime

    def __str__(self) -> str:
        return f"№ {self.register_id} от {self.taken_at.astimezone(timezone.get_default_timezone()):%d.%m.%Y}"


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be done with every document of the file, by its place: nothing is written yet."""

    lines: list[_Line | None]
    repeats: list[int]
    impossible: dict[int, str]
    known: dict[int, _Source]
    fresh: dict[int, _Line]
    conflicts: dict[int, str]

    def old_verdict(self, place: int, document: Document) -> RowVerdict:
        """The verdict of a document that brings nothing: it has come before, or cannot come at all."""
        if place in self.known:
            verdict, text = REPEATED, f"Эта строка уже загружена другим файлом: реестр {self.known[place]}."
        elif place in self.impossible:
            verdict, text = REJECTED, self.impossible[place]
        elif document.problem:
            verdict, text = REJECTED, document.problem
        else:
            verdict, text = HELD, "Направление не понять: ни один счёт не наш и дата зачисления не указана."
        return _verdict(document, verdict, text)


def _plan(statement: Statement, own: set[str], *, day: date) -> _Plan:
    lines = [_line(document, own, statement) for document in statement.documents]
    repeats = client_bank.repeats(line.key if line else () for line in lines)
    impossible: dict[int, str] = {}
    for place, line in enumerate(lines):
        why = _impossible(line, day) if line else ""
        if why:
            impossible[place] = why
    sound = {place: line for place, line in enumerate(lines) if line and place not in impossible}
    sources = _sources(sound.values())
    same_sum = {key[:6] for key in sources}
    others = {key[:3] + key[4:6]: (cast(Decimal, key[3]), source) for key, source in sources.items()}  # without the sum
    known = {
        place: sources[*line.key, repeats[place]]
        for place, line in sound.items()
        if (*line.key, repeats[place]) in sources
    }
    fresh = {place: line for place, line in sound.items() if place not in known}
    conflicts = {
        place: _conflict(line, *others[line.document_key])
        for place, line in fresh.items()
        if line.way == Direction.IN
        and (line.document.number and line.other_account)
        and (line.document_key in others and line.key not in same_sum)
    }
    return _Plan(lines, repeats, impossible, known, fresh, conflicts)


def _conflict(line: _Line, amount: Decimal, source: _Source) -> str:
    """A document comes once: with another sum it is a correction or a slip, and a person has to ask the bank."""
    return (
        f"Документ № {line.document.number[:40]} от {line.document_on:%d.%m.%Y} этого плательщика уже загружен с "
        f"другой суммой, {written(amount)} ₽ (реестр {source}). Спросите банк: исправление это или второй платёж."
    )


def _impossible(line: _Line, day: date) -> str:
    """Why the line cannot be true, in Russian; empty when it can."""
    amount, limit = line.document.amount, IMPOSSIBLE if line.way == Direction.IN else LARGEST_ORDER
    if amount > limit:
        return (
            f"«Сумма»: {written(amount)} ₽ больше {written(limit)} ₽, так не бывает. Запросите у банка новую выписку."
        )
    for name, told in (("Дата", line.document_on), ("дата по счёту", line.moved_on)):
        if told > day and line.way != Direction.IN:
            return (
                f"«{name}»: {told:%d.%m.%Y} позже операционного дня {day:%d.%m.%Y}. Сверьте выписку и день, которым её "
                "загружают."
            )
        if told < EARLIEST:
            return (
                f"«{name}»: {told:%d.%m.%Y} раньше {EARLIEST:%d.%m.%Y}, когда вступил в силу Жилищный кодекс. "
                "Запросите у банка новую выписку."
            )
    return ""


def _ahead(line: _Line, day: date) -> str:
    """Money whose date has not come is in the bank all the same: it waits for a person, as a register's does."""
    told = max(line.document_on, line.moved_on)
    if told <= day:
        return ""
    return f"Дата {told:%d.%m.%Y} позже операционного дня {day:%d.%m.%Y}: сверьте её с банком."


def _take_in(
    statement: Statement, plan: _Plan, *, register: Register, channel: str, day: date, today: date, by: By
) -> list[RowVerdict]:
    fresh, repeats = plan.fresh, plan.repeats
    finder = _Finder([line.document for line in fresh.values() if line.way == Direction.IN])
    incoming = {
        place: _incoming(line, repeats[place], finder, conflict=plan.conflicts.get(place, "") or _ahead(line, day))
        for place, line in fresh.items()
        if line.way == Direction.IN
    }
    judged = record_payments(
        list(incoming.values()), channel=channel, day=day, today=today, by=by, register=register, lay=True
    )  # fmt: skip
    taken = dict(zip(incoming, judged, strict=True))
    _lock_orders(line.document.number for line in fresh.values() if line.way != Direction.IN)
    rows: list[RowVerdict] = []
    stored: list[BankStatementLine] = []
    for place, document in enumerate(statement.documents):
        line = fresh.get(place)
        if line is None:
            rows.append(plan.old_verdict(place, document))
            continue
        payment_id = None
        row = _stored(line, register, repeats[place])
        if line.way == Direction.IN:
            found = taken[place]
            verdict, payment_id = VERDICTS[found.verdict], found.payment_id
            row.payment_id = payment_id
            text = found.reason or f"{found.verdict.capitalize()}: счёт {found.row.number}."
        else:
            verdict, text = OUTGOING, _confirm(line, row, by=by)
        if verdict != REJECTED:
            stored.append(row)
        rows.append(_verdict(document, verdict, text, payment_id))
    BankStatementLine.objects.bulk_create(stored, batch_size=2000)
    return rows


def _lock_orders(numbers: Iterable[str]) -> None:
    """Our orders that the file may confirm, in pk order: who marks the day sent meanwhile waits, in no circle."""
    waiting = (RemittanceState.FORMED, RemittanceState.SENT)
    found = Remittance.objects.filter(number__in=set(numbers), state__in=waiting).order_by("pk")
    list(found.select_for_update().values_list("pk", flat=True))


def _line(document: Document, own: set[str], statement: Statement) -> _Line | None:
    """None: the row cannot be read, or nobody can say which way the money went."""
    way = document.direction(own)
    if document.problem or way == Direction.UNKNOWN or document.document_on is None:
        return None
    ours, other = (document.payee, document.payer) if way == Direction.IN else (document.payer, document.payee)
    account = next((number for number in (ours.number, ours.account) if number in own), "")
    if not account and len(statement.own_accounts) == 1:
        account = statement.own_accounts[0]
    moved_on = document.credited_on if way == Direction.IN else document.debited_on
    return _Line(
        document=document,
        way=way,
        own_account=(account or ours.number)[:20],
        other_account=other.number[:40],
        document_on=document.document_on,
        moved_on=moved_on or document.document_on,
    )


def _sources(lines: Iterable[_Line]) -> dict[tuple[object, ...], _Source]:
    """Keys (with their repeat) that other files have brought, and which."""
    lines = list(lines)
    found = BankStatementLine.objects.filter(
        own_account__in={line.own_account for line in lines}, number__in={line.document.number[:40] for line in lines}
    ).values_list(
        "own_account", "document_on", "number", "amount", "other_account", "is_incoming", "repeat", "register_id",
        "register__taken_at",
    )  # fmt: skip
    return {tuple(key): _Source(register_id, taken_at) for *key, register_id, taken_at in found}


def _stored(line: _Line, register: Register, repeat: int) -> BankStatementLine:
    document = line.document
    other = document.payer if line.way == Direction.IN else document.payee
    return BankStatementLine(
        register=register,
        own_account=line.own_account,
        day=line.moved_on,
        document_on=line.document_on,
        number=document.number[:40],
        amount=document.amount,
        is_incoming=line.way == Direction.IN,
        other_account=line.other_account,
        other_name=other.name[:255],
        other_inn=other.inn[:12],
        purpose=document.purpose[:500],
        repeat=repeat,
    )


def _external_id(line: _Line, repeat: int) -> str:
    """The payment's number in the channel: the line's key, readable while it fits."""
    document = line.document
    text = f"{line.own_account}/{line.document_on:%Y%m%d}/{document.number}/{document.amount}/{line.other_account}"
    text = f"{text}/{repeat}" if repeat else text
    return text if len(text) <= 120 else hashlib.sha256(text.encode()).hexdigest()


def _incoming(line: _Line, repeat: int, finder: _Finder, *, conflict: str) -> Incoming:
    document = line.document
    account, number, doubt = finder.owner(document)
    return Incoming(
        external_id=_external_id(line, repeat),
        number=number,
        amount=document.amount,
        paid_on=line.moved_on,
        account_id=account.pk if account else None,
        payer=document.payer.name,
        purpose=document.purpose,
        doubt=conflict or doubt,
    )


def _confirm(line: _Line, row: BankStatementLine, *, by: By) -> str:
    """If the line is the execution of our order, confirm it; what to say of the line."""
    document = line.document
    is_own = line.way == Direction.OWN
    ours = Remittance.objects.filter(
        number=document.number,
        net=document.amount,
        bank_account__number__in=[document.payee.number, document.payee.account],
        state__in=[RemittanceState.FORMED, RemittanceState.SENT],
    ).order_by("day")
    released = [row for row in ours if row.released_at is not None]
    # 762-П: an order is good for ten days; its number comes again every year, so the date must agree.
    fitting = [row for row in released if 0 <= (line.document_on - ordered_on(row)).days <= ORDER_LIVES_DAYS]
    found = fitting[0] if fitting else None
    if found is None and (refund := _refund(line)) is not None:
        confirm_refund(order_id=refund.pk, on=line.moved_on, by=by)
        return f"Исполнен возврат № {refund.number}: {refund.recipient}."
    if found is None:
        waiting = next((row for row in ours if row.released_at is None), None)
        if waiting is not None:
            return (
                f"Списание по номеру, сумме и счёту похоже на перечисление № {waiting.number}, но оно не выпущено. "
                "Проверьте, кто отправил поручение."
            )
        if released:
            return (
                f"Номер, сумма и счёт — перечисления № {released[0].number}, а дата документа не его: сверьте с банком."
            )
        return "Перевод между своими счетами." if is_own else "Списание, не наше перечисление."
    confirm_remittance(remittance_id=found.pk, on=line.moved_on, by=by)
    row.remittance = found
    return f"Исполнено перечисление № {found.number} за {found.day:%d.%m.%Y}."


def _refund(line: _Line) -> RefundOrder | None:
    """The released refund that the line executes: number, sum and account agree, and the date within ten days."""
    document = line.document
    found = RefundOrder.objects.filter(
        number=document.number, application__amount=document.amount,
        bank_account__in=[document.payee.number, document.payee.account],
        state__in=[RemittanceState.FORMED, RemittanceState.SENT], released_at__isnull=False,
    ).order_by("pk")  # fmt: skip
    return next((row for row in found if 0 <= (line.document_on - ordered_day(row)).days <= ORDER_LIVES_DAYS), None)


class _Finder:
    """Whose money is it? All accounts that the file may name are read once."""

    def __init__(self, documents: list[Document]) -> None:
        self.mentions = {id(document): client_bank.mentions(document.purpose, document.code) for document in documents}
        every = [mention for found in self.mentions.values() for mention in found]
        numbers = {mention.value for mention in every if mention.names >= Names.CODE}
        services = {self._service(mention) for mention in every if mention.names <= Names.HOUSING_SERVICE}
        unified = {mention.value for mention in every if mention.names == Names.UNIFIED}
        accounts = PersonalAccount.objects.all()
        self.by_number = {row.number: [row] for row in accounts.filter(number__in=numbers)}
        self.by_service: dict[str | None, list[PersonalAccount]] = {}
        for row in accounts.filter(housing_service_id__in=services):
            self.by_service.setdefault(row.housing_service_id, []).append(row)
        self.by_unified: dict[str | None, list[PersonalAccount]] = {}
        for row in accounts.filter(unified_number__in=unified):
            self.by_unified.setdefault(row.unified_number, []).append(row)

    @staticmethod
    def _service(mention: Mention) -> str:
        """ИЖКУ is the beginning of ИПД."""
        return mention.value[:13]

    def _accounts(self, mention: Mention) -> list[PersonalAccount]:
        if mention.names <= Names.HOUSING_SERVICE:
            return self.by_service.get(self._service(mention), [])
        if mention.names == Names.UNIFIED:
            return self.by_unified.get(mention.value, [])
        return self.by_number.get(mention.value, [])

    def owner(self, document: Document) -> tuple[PersonalAccount | None, str, str]:
        """The account, the number as received, and the doubt that keeps the money aside.

        All that the purpose names must be one account. Bare digits count where nothing surer is said, and beside it
        when they are as long as the account so named: shorter ones are houses and days.
        """
        found = self.mentions[id(document)]
        surer = [mention for mention in found if mention.names < Names.BARE]
        labelled = [mention.value for mention in found if mention.names == Names.LABELLED]
        bare = [mention for mention in found if mention.names == Names.BARE]
        accounts = {row.pk: row for mention in surer for row in self._accounts(mention)}
        if not accounts and labelled:
            number = labelled[0]
            if rules.is_account_number(number):
                return None, number, f"Лицевой счёт {number} не найден."
            return None, number, f"Номер лицевого счёта {number} неверен: контрольная цифра не сходится."
        lengths = {len(row.number) for row in accounts.values()}
        beside = [mention for mention in bare if not accounts or len(mention.value) in lengths]
        accounts |= {row.pk: row for mention in beside for row in self._accounts(mention)}
        numbers = {row.number for row in accounts.values()}
        if accounts:  # a number that looks like one of ours and is nobody's is a second candidate, too
            numbers |= {told for told in labelled if len(told) in lengths and rules.is_account_number(told)}
        if len(numbers) > 1:
            told = ", ".join(sorted(numbers))
            return None, "", f"В назначении несколько лицевых счетов: {told}. Выберите нужный."
        if accounts:
            (account,) = accounts.values()
            return account, account.number, ""
        return None, "", "В назначении нет лицевого счёта."
