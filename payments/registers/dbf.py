"""DBF tables as banks send them: fields by name, cells as text. Bytes in, rows out."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

HEADER = 32
DELETED = 0x2A


class NotDbf(ValueError):
    """The bytes are no whole DBF; the text is Russian and says what is wrong."""


@dataclass(frozen=True, slots=True)
class Table:
    """fields: names in upper case, in their order. rows: number of the record from 1, and its cells stripped."""

    fields: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read(content: bytes, encoding: str) -> Table:
    """The table of dBase III and its kin, memo fields apart. Deleted records are left out. Raises NotDbf."""
    if len(content) < HEADER + 1 or content[0] & 0x07 not in (3, 4, 5):
        raise NotDbf("Это не таблица DBF.")
    count, start, length = struct.unpack_from("<IHH", content, 4)
    if length < 2 or start < HEADER or start > len(content):
        raise NotDbf("Заголовок таблицы DBF испорчен.")
    places = list(_fields(content, start, encoding))
    if not places or sum(size for _, size in places) + 1 != length:
        raise NotDbf("Поля таблицы DBF не сходятся с длиной записи.")
    if len(content) < start + count * length:
        there = (len(content) - start) // length
        raise NotDbf(f"Таблица оборвана: в заголовке {count} записей, а в файле {there}.")
    rows: list[tuple[int, tuple[str, ...]]] = []
    for number in range(count):
        at = start + number * length
        if content[at] == DELETED:
            continue
        at += 1
        cells: list[str] = []
        for _, size in places:
            cells.append(content[at : at + size].decode(encoding, errors="replace").strip(" \x00"))
            at += size
        rows.append((number + 1, tuple(cells)))
    return Table(tuple(name for name, _ in places), tuple(rows))


def _fields(content: bytes, end: int, encoding: str) -> Iterator[tuple[str, int]]:
    for at in range(HEADER, end - 1, 32):
        if content[at] == 0x0D:
            return
        name = content[at : at + 11].split(b"\x00")[0].decode(encoding, errors="replace").strip().upper()
        yield name, content[at + 16]
