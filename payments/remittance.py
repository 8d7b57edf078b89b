"""A contract's money of some days: what was received less returns, less the commission withheld. Pure arithmetic.

Source: domain/payments.md, 8; ст. 997, 1011 ГК РФ (удержание вознаграждения); 103-ФЗ, ст. 4 (вид счёта).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from accounts.errors import Refusal
from accounts.money import ZERO, kopecks, split, total, written

ANY_CHANNEL = 0  # CommissionTerms.channel_kind: every kind without terms of its own
NO_VAT, VAT_INCLUDED, VAT_ON_TOP = 0, 1, 2  # CommissionTerms.vat_mode
SETTLEMENT, SPECIAL_AGENT, CAPITAL_REPAIR, TREASURY = 1, 2, 3, 4  # BankAccount.kind


class NoVatRate(Refusal):
    """The commission is taxed and nobody entered the rate."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What the centre took for the contract on a day through one kind of channel; roubles ≥ 0.

    is_cash: payers gave it in cash, so it lies on the special account 40821 (103-ФЗ, ст. 4 ч. 14, 15).
    """

    day: date
    channel_kind: int
    received: Decimal
    returned: Decimal
    payments: int
    is_cash: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """Commission terms in force on [valid_from, valid_to). percent of what was collected; minimum, maximum a day."""

    channel_kind: int
    percent: Decimal
    minimum: Decimal
    maximum: Decimal | None
    vat_mode: int
    is_withheld: bool
    valid_from: date
    valid_to: date | None

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Share:
    """What of a fee's line is one kind of money; roubles."""

    is_cash: bool
    received: Decimal
    returned: Decimal
    payments: int
    fee: Decimal
    vat: Decimal


@dataclass(frozen=True, slots=True)
class FeeLine:
    """The commission of one day under one set of terms; roubles. With the VAT inside it, `fee` is without the VAT.

    shares: of cash and of other money, Σ = the line. whole: the line that this one is a share of.
    """

    day: date
    channel_kinds: tuple[int, ...]
    received: Decimal
    returned: Decimal
    payments: int
    percent: Decimal
    computed: Decimal
    bound: str
    fee: Decimal
    vat_mode: int
    vat_rate: Decimal
    vat: Decimal
    is_withheld: bool
    shares: tuple[Share, ...] = ()
    whole: FeeLine | None = None

    @property
    def base(self) -> Decimal:
        return self.received - self.returned


@dataclass(frozen=True, slots=True)
class Settlement:
    """gross − returns − commission − vat + carried_in − carried_out = net ≥ 0; carried_* ≤ 0 is the principal's debt.

    commission and vat: what is withheld; an invoiced commission is only in the lines. is_cash: None is all money.
    """

    gross: Decimal
    returns: Decimal
    commission: Decimal
    vat: Decimal
    carried_in: Decimal
    net: Decimal
    carried_out: Decimal
    lines: tuple[FeeLine, ...]
    is_cash: bool | None = None

    @property
    def payments(self) -> int:
        return sum(line.payments for line in self.lines)


def terms_for(terms: Iterable[Terms], channel_kind: int, day: date) -> Terms | None:
    """The terms of the channel's kind on the day, else those of any channel, else none: no commission."""
    found = {row.channel_kind: row for row in terms if row.holds_on(day)}
    return found.get(channel_kind) or found.get(ANY_CHANNEL)


def fee_of(base: Decimal, terms: Terms) -> tuple[Decimal, str]:
    """The fee of a day's base and what bounded it («», «минимум», «максимум»); roubles, rounded once.

    Of returns (base < 0) the fee goes back at the same percent; the minimum is for days with money only.
    """
    computed = kopecks(base * terms.percent / 100)
    if base > 0 and computed < terms.minimum:
        return terms.minimum, "минимум"
    if terms.maximum is not None and abs(computed) > terms.maximum:
        return (terms.maximum if computed > 0 else -terms.maximum), "максимум"
    return computed, ""


def vat_of(fee: Decimal, vat_mode: int, rate: Decimal) -> tuple[Decimal, Decimal]:
    """The fee without VAT and its VAT; rate in percent. Included: the VAT is taken out of the fee."""
    if vat_mode == VAT_ON_TOP:
        return fee, kopecks(fee * rate / 100)
    if vat_mode == VAT_INCLUDED:
        vat = kopecks(fee * rate / (100 + rate))
        return fee - vat, vat
    return fee, ZERO


def settle(
    collected: Sequence[Collected],
    terms: Sequence[Terms],
    vat_rates: Mapping[date, Decimal | None],
    carried_in: Decimal = ZERO,
) -> Settlement:
    """What the principal gets for the days. vat_rates: day → percent (22 since 2026), asked where a fee is taxed.

    A debt that the day leaves (returns above receipts) is carried over, never paid out as a negative order.
    Raises NoVatRate.
    """
    groups: dict[tuple[date, Terms | None], list[Collected]] = defaultdict(list)
    for row in collected:
        groups[row.day, terms_for(terms, row.channel_kind, row.day)].append(row)
    lines = []
    for (day, found), rows in sorted(groups.items(), key=lambda entry: (entry[0][0], entry[1][0].channel_kind)):
        received, returned = total(row.received for row in rows), total(row.returned for row in rows)
        computed, bound, fee, vat, rate = ZERO, "", ZERO, ZERO, ZERO
        if found is not None:
            computed = kopecks((received - returned) * found.percent / 100)
            fee, bound = fee_of(received - returned, found)
            if fee and found.vat_mode != NO_VAT:
                told = vat_rates.get(day)
                if told is None:
                    raise NoVatRate(f"Ставка НДС на {day:%d.%m.%Y} не задана. Введите её в значениях по закону (vat).")
                rate = told
            fee, vat = vat_of(fee, found.vat_mode, rate)
        lines.append(
            FeeLine(
                day=day,
                channel_kinds=tuple(sorted(row.channel_kind for row in rows)),
                received=received,
                returned=returned,
                payments=sum(row.payments for row in rows),
                percent=found.percent if found else Decimal(0),
                computed=computed,
                bound=bound,
                fee=fee,
                vat_mode=found.vat_mode if found else NO_VAT,
                vat_rate=rate,
                vat=vat,
                is_withheld=found.is_withheld if found else True,
                shares=_shares(rows, fee, vat),
            )
        )
    return _settled(lines, carried_in)


def parted(whole: Settlement) -> tuple[Settlement, ...]:
    """The settlement by kinds of money, in the order they carry in: what one leaves unpaid the next one withholds.

    Σ of every column is the whole's, and of `net` too: a kind that went back more than it came first takes from the
    other one, and only then from the next days; an earlier debt is withheld from the money of banks first. The
    commission is of both kinds together (a day's minimum and maximum are one) and parted by what each brought.
    """
    kinds: dict[bool, list[FeeLine]] = defaultdict(list)
    for line in whole.lines:
        for share in line.shares:
            kinds[share.is_cash].append(
                replace(
                    line, received=share.received, returned=share.returned, payments=share.payments, fee=share.fee,
                    vat=share.vat, shares=(share,), whole=line,
                )
            )  # fmt: skip
    alone = [_settled(lines, ZERO, is_cash=is_cash) for is_cash, lines in kinds.items()]
    made, carried = [], whole.carried_in
    for one in sorted(alone, key=lambda one: (one.carried_out >= 0, one.is_cash)):
        made.append(carrying(one, carried))
        carried = made[-1].carried_out
    return tuple(made)


def carrying(one: Settlement, carried_in: Decimal) -> Settlement:
    """The same money after a debt of `carried_in` ≤ 0 roubles."""
    rest = one.gross - one.returns - one.commission - one.vat + carried_in
    return replace(one, carried_in=carried_in, net=max(rest, ZERO), carried_out=min(rest, ZERO))


def _settled(lines: Sequence[FeeLine], carried_in: Decimal, *, is_cash: bool | None = None) -> Settlement:
    bare = Settlement(
        gross=total(line.received for line in lines),
        returns=total(line.returned for line in lines),
        commission=total(line.fee for line in lines if line.is_withheld),
        vat=total(line.vat for line in lines if line.is_withheld),
        carried_in=ZERO,
        net=ZERO,
        carried_out=ZERO,
        lines=tuple(lines),
        is_cash=is_cash,
    )
    return carrying(bare, carried_in)


def _shares(rows: Sequence[Collected], fee: Decimal, vat: Decimal) -> tuple[Share, ...]:
    """The kinds of money of a line. The fee goes by what each kind brought, or gave back in a day of returns."""
    kinds = sorted({row.is_cash for row in rows})
    of = {kind: [row for row in rows if row.is_cash == kind] for kind in kinds}
    received = [total(row.received for row in of[kind]) for kind in kinds]
    returned = [total(row.returned for row in of[kind]) for kind in kinds]
    bases = [came - went for came, went in zip(received, returned, strict=True)]
    sign = 1 if sum(bases) >= 0 else -1
    weights = [max(sign * base, ZERO) for base in bases]
    if not any(weights):
        weights = [Decimal(1)] + [ZERO] * (len(kinds) - 1)
    parts = zip(kinds, received, returned, split(fee, weights), split(vat, weights), strict=True)
    return tuple(
        Share(kind, came, went, sum(row.payments for row in of[kind]), part, of_vat)
        for kind, came, went, part, of_vat in parts
    )


def _percent(rate: Decimal) -> str:
    """«2,5 %»"""
    return f"{rate.normalize():f} %".replace(".", ",")


def in_words(line: FeeLine, channels: Mapping[int, str]) -> str:
    """The arithmetic of a line with its numbers put in: what the principal's accountant checks."""
    if line.whole is not None and len(line.whole.shares) > 1:
        (share,) = line.shares
        kind = "наличными" if share.is_cash else "безналичными"
        text = f"{in_words(line.whole, channels)} Из этого {kind}: собрано {written(share.received)}"
        if share.returned:
            text += f" − возвращено {written(share.returned)} = {written(share.received - share.returned)}"
        return f"{text} ₽, вознаграждение {written(share.fee)} ₽, НДС {written(share.vat)} ₽."
    names = ", ".join(channels.get(kind, str(kind)) for kind in line.channel_kinds)
    text = f"{line.day:%d.%m.%Y}, {names}: собрано {written(line.received)}"
    if line.returned:
        text += f" − возвращено {written(line.returned)} = {written(line.base)}"
    if not line.percent and not line.fee:
        return f"{text} ₽; без вознаграждения."
    text += f" ₽ × {_percent(line.percent)} = {written(line.computed)} ₽"
    if line.bound:
        whole = line.fee + line.vat if line.vat_mode == VAT_INCLUDED else line.fee
        text += f", по договору {line.bound} за день {written(whole)} ₽"
    if line.vat_mode == VAT_ON_TOP:
        text += f"; НДС {_percent(line.vat_rate)} сверху {written(line.vat)} ₽."
    elif line.vat_mode == VAT_INCLUDED:
        text += f"; в том числе НДС {_percent(line.vat_rate)} {written(line.vat)} ₽."
    else:
        text += "; без НДС."
    return text + (" Удержано." if line.is_withheld else " Выставлено счётом.")


def account_kinds(*, has_cash: bool, is_capital_repair: bool) -> tuple[int, ...]:
    """Kinds of the principal's account that may take the money, the best first.

    Money with cash of payers in it goes to the special account 40821 and to no settlement account, other money to no
    40821; a budget institution has its treasury account for both. The contributions for capital repair go to their own
    account, to which nothing else may go; a regional operator without one has it on the usual account.
    Source: 103-ФЗ, ст. 4 ч. 14–19; КоАП, ст. 15.1 ч. 2; ст. 171, 175 ЖК РФ.
    """
    usual = (SPECIAL_AGENT, TREASURY) if has_cash else (SETTLEMENT, TREASURY)
    return (CAPITAL_REPAIR, *usual) if is_capital_repair else usual


def wrong_account(number: str, kind: int) -> str:
    """Why the number cannot be of the kind, in Russian; «» if it can. The first five digits are the balance account."""
    is_special = number.startswith("40821")
    if kind == SPECIAL_AGENT and not is_special:
        return f"счёт {number} назван специальным, а начинается не с 40821"
    if kind in (SETTLEMENT, CAPITAL_REPAIR) and is_special:
        return f"счёт {number} начинается с 40821: это специальный счёт платёжного агента или поставщика"
    return ""


def next_number(last: int) -> int:
    """The number of the next payment order: at most six digits, the last three not 000 (762-П, поле 3)."""
    number = last + 1
    if number % 1000 == 0:
        number += 1
    return number if number <= 999_999 else 1
