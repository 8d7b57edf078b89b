"""QR and Code 128 as dark modules, quick enough to make a million in a night: big integers instead of loops.

A symbol is one integer, a bit a module, so that masks, runs and patterns are found by shifts and counted by
`int.bit_count`. Tables of versions: segno. What is made here is read back by another library in the tests.
Source: ГОСТ Р ИСО/МЭК 18004-2015 (QR), ГОСТ ISO/IEC 15417 (Code 128).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, reduce
from operator import getitem, itemgetter, xor
from typing import Any

from segno import consts

LEVELS: dict[str, tuple[int, Any]] = {
    "L": (1, consts.ERROR_LEVEL_L),
    "M": (0, consts.ERROR_LEVEL_M),
}  # bits of the format information; of segno
TRIED = (0, 2, 4, 6)  # masks that are weighed: the best of four is hardly worse than of eight, for half the time
SCALE = 4  # samples of a picture a module; a hex digit
QUIET = 4  # modules of white round a QR
QUIET_LINEAR = 10  # modules of white at the ends of a Code 128


class TooLong(ValueError):
    """More bytes than the largest symbol holds (level M: 2331)."""


# --- QR --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Symbol:
    """`rows` of `size` modules, the first row first; in a row the most significant of `size` bits is the left one."""

    size: int
    rows: tuple[int, ...]


def qr(content: bytes, level: str = "M") -> Symbol:
    """The QR of these bytes: byte mode, correction L or M, the smallest version, the mask of least penalty
    of those tried.

    Raises TooLong.
    """
    plan, text = _made(content, level)
    width = plan.stride
    return Symbol(plan.size, tuple(int(text[y * width + 1 : (y + 1) * width], 2) for y in range(plan.size)))


def qr_picture(content: bytes, level: str = "M") -> tuple[int, bytes]:
    """(samples of a side, samples) of the same symbol with its quiet zone: 1 is dark, rows begin at whole bytes.

    SCALE samples a module each way: viewers that smooth pictures keep its edges. Raises TooLong.
    """
    plan, text = _made(content, level)
    width = plan.stride
    # A module is a hex digit, four samples wide; the rows stand 3 + 1 and 4 + 1 light digits apart.
    rows = "00000000".join([text[place : place + width] for place in range(0, len(text), width)])
    samples = bytes.fromhex(f"000{rows}00000".replace("1", "f"))
    length = (width + 8) // 2
    light = bytes(length * QUIET * SCALE)
    drawn = [samples[place : place + length] * SCALE for place in range(0, len(samples), length)]
    return SCALE * (plan.size + 2 * QUIET), b"".join([light, *drawn, light])


def _made(content: bytes, level: str) -> tuple[_Plan, str]:
    """The symbol as the text of its bits, a light one before each row."""
    plan = _plan(_version_of(len(content), level), level)
    data = _codewords(plan, content)
    data += _checks(plan, data)
    whole = int("".join(plan.order(f"{int.from_bytes(data, 'big'):0{len(data) * 8}b}0")), 2)
    best, least = 0, -1
    for number in TRIED:
        tried = whole ^ plan.masks[number] | plan.fixed[number]
        penalty = _penalty(tried, plan)
        if least < 0 or penalty < least:
            best, least = tried, penalty
    return plan, f"{best:0{plan.stride * plan.size}b}"


@dataclass(frozen=True, slots=True)
class _Plan:
    """What does not depend on the content: one a version."""

    version: int
    size: int
    stride: int  # bits a row: a light one before each keeps shifts from running over the edge
    capacity: int  # bytes of data
    groups: tuple[tuple[int, int, int], ...]  # blocks, codewords of one, of them data
    order: Any  # picks the module's bit out of the bits of data and correction codewords; the last one is 0
    masks: tuple[int, ...]
    fixed: tuple[int, ...]  # finders, timing, format of each mask
    rows: int  # all the modules of the symbol


@cache
def _capacities(level: str) -> tuple[int, ...]:
    return tuple(sum(blocks * data for blocks, _, data in _groups(version, level)) for version in range(1, 41))


def _groups(version: int, level: str) -> tuple[tuple[int, int, int], ...]:
    table: Any = consts.ECC
    found = table[version][LEVELS[level][1]]
    return tuple((info.num_blocks, info.num_total, info.num_data) for info in found)


def _version_of(length: int, level: str) -> int:
    for number, capacity in enumerate(_capacities(level), 1):
        if length <= capacity - (2 if number < 10 else 3):
            return number
    raise TooLong(f"{length} bytes do not fit a QR of level {level}")


def _codewords(plan: _Plan, content: bytes) -> bytes:
    """Mode, length, data, end, padding: a nibble off the byte's edge, hence the arithmetic."""
    counted = 8 if plan.version < 10 else 16
    number = (0b0100 << counted | len(content)) << 8 * len(content) | int.from_bytes(content, "big")
    used = 4 + counted + 8 * len(content)
    free = plan.capacity * 8 - used
    number <<= min(4, free)
    used += min(4, free)
    number <<= -used % 8
    data = number.to_bytes((used + 7) // 8, "big")
    return data + (b"\xec\x11" * plan.capacity)[: plan.capacity - len(data)]


def _checks(plan: _Plan, data: bytes) -> bytes:
    """The correction codewords of the blocks, one block after another."""
    checks, place = [], 0
    for count, total, length in plan.groups:
        tables = _remainders(length, total - length)
        for _ in range(count):
            rest = reduce(xor, map(getitem, tables, data[place : place + length]))
            place += length
            checks.append(rest.to_bytes(total - length, "big"))
    return b"".join(checks)


def _interleaving(groups: tuple[tuple[int, int, int], ...]) -> list[int]:
    """Places of the codewords in the order in which they are drawn: data over the blocks, then corrections."""
    blocks, checks, data = [], [], sum(count * length for count, _, length in groups)
    place, after = 0, data
    for count, total, length in groups:
        for _ in range(count):
            blocks.append(range(place, place + length))
            place += length
            checks.append(range(after, after + total - length))
            after += total - length
    drawn = [block[i] for i in range(max(map(len, blocks))) for block in blocks if i < len(block)]
    return drawn + [check[i] for i in range(len(checks[0])) for check in checks]


@cache
def _powers() -> tuple[list[int], list[int]]:
    power, log, value = [0] * 512, [0] * 256, 1
    for i in range(255):
        power[i] = power[i + 255] = value
        log[value] = i
        value = value << 1 ^ (0x11D if value & 128 else 0)
    return power, log


@cache
def _remainders(length: int, size: int) -> tuple[tuple[int, ...], ...]:
    """For every place in a block of `length` bytes and every byte there: its share of the `size` correction codewords
    as one integer. The corrections of a block are the exclusive or of the shares of its bytes.
    """
    power, log = _powers()
    generator = [1]
    for i in range(size):
        longer = [*generator, 0]
        for j, value in enumerate(generator):
            longer[j + 1] ^= power[log[value] + i] if value else 0
        generator = longer

    def next_of(rest: int) -> int:  # × x, less the generator as often as it goes in
        top = rest >> 8 * (size - 1)
        rest = rest << 8 & (1 << 8 * size) - 1
        return rest ^ lowered[top]

    lowered = [
        int.from_bytes(
            bytes(power[log[factor] + log[byte]] if factor and byte else 0 for factor in generator[1:]), "big"
        )
        for byte in range(256)
    ]
    tables = [tuple(lowered)]
    for _ in range(length - 1):
        tables.append(tuple(next_of(rest) for rest in tables[-1]))
    return tuple(reversed(tables))


@cache
def _plan(version: int, level: str) -> _Plan:
    size = 17 + 4 * version
    stride = size + 1
    pattern: dict[tuple[int, int], int] = {}  # (y, x) → dark?
    for top, left in ((0, 0), (0, size - 7), (size - 7, 0)):
        for y in range(-1, 8):
            for x in range(-1, 8):
                if 0 <= top + y < size and 0 <= left + x < size:
                    ring = max(abs(y - 3), abs(x - 3))
                    pattern[top + y, left + x] = int(ring in (0, 1, 3))
    centres = consts.ALIGNMENT_POS[version - 2] if version > 1 else ()
    for cy in centres:
        for cx in centres:
            if (cy, cx) in ((6, 6), (6, size - 7), (size - 7, 6)):
                continue
            for y in range(-2, 3):
                for x in range(-2, 3):
                    pattern[cy + y, cx + x] = int(max(abs(y), abs(x)) != 1)
    for i in range(8, size - 8):
        pattern.setdefault((6, i), int(i % 2 == 0))
        pattern.setdefault((i, 6), int(i % 2 == 0))
    pattern[size - 8, 8] = 1
    if version >= 7:
        told = version << 12 | _bch(version, 12, 0x1F25)
        for i in range(18):
            bit = told >> i & 1
            pattern[size - 11 + i % 3, i // 3] = bit
            pattern[i // 3, size - 11 + i % 3] = bit
    formats = _format_places(size)
    taken = pattern.keys() | {place for place, _ in formats}
    free = [place for place in _walk(size) if place not in taken]
    groups = _groups(version, level)
    total = 8 * sum(count * codewords for count, codewords, _ in groups)
    drawn = _interleaving(groups)
    index = {place: drawn[number // 8] * 8 + number % 8 for number, place in enumerate(free[:total])}
    order = [index.get((y, x - 1), total) if x else total for y in range(size) for x in range(stride)]
    masks, fixed = [], []
    for number in range(8):
        test = MASKS[number]
        masks.append(_whole(size, {place: int(test(*place)) for place in free}))
        told = LEVELS[level][0] << 3 | number
        word = (told << 10 | _bch(told, 10, 0x537)) ^ 0x5412
        fixed.append(_whole(size, {**pattern, **{place: word >> bit & 1 for place, bit in formats}}))
    return _Plan(
        version=version,
        size=size,
        stride=stride,
        capacity=_capacities(level)[version - 1],
        groups=groups,
        order=itemgetter(*order),
        masks=tuple(masks),
        fixed=tuple(fixed),
        rows=_whole(size, {(y, x): 1 for y in range(size) for x in range(size)}),
    )


MASKS: tuple[Callable[[int, int], bool], ...] = (
    lambda y, x: (y + x) % 2 == 0,
    lambda y, x: y % 2 == 0,
    lambda y, x: x % 3 == 0,
    lambda y, x: (y + x) % 3 == 0,
    lambda y, x: (y // 2 + x // 3) % 2 == 0,
    lambda y, x: y * x % 2 + y * x % 3 == 0,
    lambda y, x: (y * x % 2 + y * x % 3) % 2 == 0,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2 == 0,
)


def _bch(value: int, bits: int, generator: int) -> int:
    rest = value << bits
    while rest.bit_length() > bits:
        rest ^= generator << rest.bit_length() - 1 - bits
    return rest


def _format_places(size: int) -> list[tuple[tuple[int, int], int]]:
    """Where the fifteen bits of the format stand, each twice: ((y, x), bit)."""
    near = [(i, 8) for i in (0, 1, 2, 3, 4, 5, 7, 8)] + [(8, x) for x in (7, 5, 4, 3, 2, 1, 0)]
    far = [(8, size - 1 - i) for i in range(8)] + [(size - 7 + i, 8) for i in range(7)]
    return [(place, bit) for places in (near, far) for bit, place in enumerate(places)]


def _walk(size: int) -> list[tuple[int, int]]:
    """Modules in the order in which codewords fill them: pairs of columns from the right, up and down."""
    places = []
    upward = True
    for right in [*range(size - 1, 6, -2), 5, 3, 1]:
        ys = range(size - 1, -1, -1) if upward else range(size)
        places += [(y, x) for y in ys for x in (right, right - 1)]
        upward = not upward
    return places


def _whole(size: int, dark: dict[tuple[int, int], int]) -> int:
    lines = ("0" + "".join("1" if dark.get((y, x)) else "0" for x in range(size)) for y in range(size))
    return int("".join(lines), 2)


def _penalty(symbol: int, plan: _Plan) -> int:
    """How hard the symbol is to read: long runs, squares, what looks like a finder, an excess of one colour."""
    stride, everywhere = plan.stride, plan.rows
    light = everywhere & ~symbol
    points = 0
    for step in (1, stride):
        for colour in (symbol, light):
            two = colour & colour >> step
            five = two & two >> 2 * step & colour >> 4 * step
            starts = five & ~(five << step)
            points += 2 * starts.bit_count() + five.bit_count()
        # 1 : 1 : 3 : 1 : 1 with four light modules at one side
        core = (
            symbol & light >> step & symbol >> 2 * step & symbol >> 3 * step & symbol >> 4 * step & light >> 5 * step
            & symbol >> 6 * step
        )  # fmt: skip
        four = light & light >> step
        four = four & four >> 2 * step
        points += 40 * ((core & four >> 7 * step).bit_count() + (core & four << 4 * step).bit_count())
    for colour in (symbol, light):
        beside = colour & colour >> 1
        points += 3 * (beside & beside >> stride).bit_count()
    area = plan.size * plan.size
    return points + 10 * (abs(20 * symbol.bit_count() - 10 * area) // area)


# --- Code 128 --------------------------------------------------------------------------------------------------------

_BARS = (
    "212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222123122123221"
    "223211221132221231213212223112312131311222321122321221312212322112322211212123212321232121111323131123131321"
    "112313132113132311211313231113231311112133112331132131113123113321133121313121211331231131213113213311213131"
    "311123311321331121312113312311332111314111221411431111111224111422121124121421141122141221112214112412122114"
    "122411142112142211241211221114413111241112134111111242121142121241114212124112124211411212421112421211212141"
    "214121412121111143111341131141114113114311411113411311113141114131311141411131"
)
_STOP, _CODE_C, _CODE_B = "2331112", 105, 104


@cache
def _symbols() -> tuple[str, ...]:
    """Each of the symbols as its eleven modules: 1 is dark."""
    widths = [*(_BARS[i : i + 6] for i in range(0, len(_BARS), 6)), "211412", "211214", "211232"]
    return tuple("".join("10"[i % 2] * int(width) for i, width in enumerate(one)) for one in widths)


def code128(text: str) -> str:
    """Modules of a Code 128 without its white ends, 1 is dark: pairs of digits (set C), else printable ASCII (set B).

    Raises ValueError for what set B cannot write.
    """
    if len(text) % 2 == 0 and text.isascii() and text.isdigit():
        values = [_CODE_C, *(int(text[i : i + 2]) for i in range(0, len(text), 2))]
    else:
        if not all(" " <= letter <= "~" for letter in text):
            raise ValueError(f"Code 128 does not write «{text}»")
        values = [_CODE_B, *(ord(letter) - 32 for letter in text)]
    check = (values[0] + sum(place * value for place, value in enumerate(values))) % 103
    symbols = _symbols()
    stop = "".join("10"[i % 2] * int(width) for i, width in enumerate(_STOP))
    return "".join(symbols[value] for value in values) + symbols[check] + stop


# --- drawn -----------------------------------------------------------------------------------------------------------


def qr_svg_path(symbol: Symbol) -> str:
    """The modules as the path of an SVG, y goes down: how documents of the first drawing show them."""
    drawn = []
    for y, row in enumerate(symbol.rows):
        for match in re.finditer("1+", f"{row:0{symbol.size}b}"):
            drawn.append(f"M{match.start() + QUIET} {y + QUIET}h{len(match[0])}v1h-{len(match[0])}z")
    return "".join(drawn)


def code128_path(text: str) -> tuple[int, str]:
    """(modules in width with the quiet zones, PDF operators of the bars one unit high)."""
    modules = code128(text)
    parts, start = [], -1
    for x, bit in enumerate(modules + "0"):
        if bit == "1" and start < 0:
            start = x
        elif bit == "0" and start >= 0:
            parts.append(f"{start + QUIET_LINEAR} 0 {x - start} 1 re\n")
            start = -1
    return len(modules) + 2 * QUIET_LINEAR, "".join(parts) + "f\n"
