"""Files for every app above: PDF from a template, xlsx from rows, uploads opened safely."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from accounts.errors import Refusal

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
JPEG = "image/jpeg"
MEGABYTE = 1024 * 1024
UPLOAD_LIMIT = 25 * MEGABYTE
UNPACKED_LIMIT = 300 * MEGABYTE
MEMBERS_LIMIT = 2000
# A sheet of real rows is packed ten- to thirtyfold; what is packed tighter than this and is large holds nothing.
PACKED_AT_MOST = 200
PACKED_FREELY = 10 * MEGABYTE
CELLS_LIMIT = 3_000_000  # 100 000 rows of a template; a reader takes a second and 80 MB for each million
CELL_TAGS = (b"<c ", b"<c>", b"<c/", b":c ", b":c>", b":c/")
ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what XML cannot hold
# A cell beyond column CZ or row 99 999: a reader would lay out a table of so many cells, mostly empty.
FAR_CELL = re.compile(rb'<c r="(?:(?:[A-Z]{3,}|[D-Z][A-Z])[0-9]+|[A-Z]+[0-9]{6,})"(?:[^>]*[^/>])?>')


class FileRefused(Refusal):
    """The file cannot be opened; nothing of it was taken."""


# --- in ---------------------------------------------------------------------------------------------------------------


def check_size(content: bytes, *, name: str, limit: int = UPLOAD_LIMIT) -> None:
    """Refuse an empty file and one larger than `limit` bytes."""
    if not content:
        raise FileRefused(f"Файл «{name}» пустой (0 байт). Выгрузите его заново и повторите.")
    if len(content) > limit:
        size = Decimal(len(content)) / MEGABYTE
        raise FileRefused(
            f"Файл «{name}» слишком большой: {size:.1f} МБ, а можно до {limit // MEGABYTE} МБ. Разделите его на части."
        )


def open_workbook(content: bytes, *, name: str, limit: int = UPLOAD_LIMIT) -> bytes:
    """The same bytes, once it is sure that they are an xlsx that a reader may open.

    Refuses an empty, large, damaged or foreign file, a workbook with macros or a password, and a zip bomb: everything
    is unpacked once, in pieces, against a limit and the checksums, before any reader sees it.
    """
    check_size(content, name=name, limit=limit)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileRefused(
            f"Файл «{name}» в старом формате xls или с паролем. Сохраните его в Excel как «Книга Excel (*.xlsx)», "
            "без пароля."
        )
    if not content.startswith(b"PK\x03\x04"):
        raise FileRefused(f"Файл «{name}» не книга Excel. Нужен файл xlsx; текст и csv сохраните в Excel как xlsx.")
    damaged = FileRefused(
        f"Файл «{name}» повреждён или загружен не до конца. Откройте его в Excel, сохраните заново и повторите."
    )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            names = {member.filename for member in members}
            if len(members) > MEMBERS_LIMIT or sum(member.file_size for member in members) > UNPACKED_LIMIT:
                raise _bomb(name)
            if any(_is_hollow(member, member.file_size) for member in members):
                raise _hollow(name)
            if any(member.flag_bits & 1 for member in members):
                raise FileRefused(f"Файл «{name}» с паролем. Сохраните его без пароля.")
            if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
                raise FileRefused(
                    f"Файл «{name}» не книга Excel (xlsx). Сохраните его в Excel как «Книга Excel (*.xlsx)»."
                )
            if any(member.lower().endswith("vbaproject.bin") for member in names):
                raise FileRefused(f"В файле «{name}» макросы. Сохраните его как «Книга Excel (*.xlsx)», без макросов.")
            left, cells = UNPACKED_LIMIT, CELLS_LIMIT
            for member in members:
                left, cells = _unpack(archive, member, left=left, cells=cells, name=name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as fault:
        raise damaged from fault
    return content


def _bomb(name: str) -> FileRefused:
    return FileRefused(
        f"Файл «{name}» после распаковки больше {UNPACKED_LIMIT // MEGABYTE} МБ: такой не открываем. Разделите его на "
        "части или пересохраните в Excel."
    )


def _is_hollow(member: zipfile.ZipInfo, size: int) -> bool:
    return size > PACKED_FREELY and size > PACKED_AT_MOST * max(1, member.compress_size)


def _hollow(name: str) -> FileRefused:
    return FileRefused(
        f"Файл «{name}» распаковывается больше чем в {PACKED_AT_MOST} раз: в нём пустые или повторяющиеся ячейки. "
        "Перенесите таблицу в новую книгу и сохраните её."
    )


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, left: int, cells: int, name: str) -> tuple[int, int]:
    """Read a member to its end (its checksum is compared there); return what is left of the bytes and the cells."""
    is_sheet = member.filename.startswith("xl/worksheets/") and member.filename.endswith(".xml")
    tail = b""
    with archive.open(member) as packed:
        while piece := packed.read(MEGABYTE):
            left -= len(piece)
            if left < 0:
                raise _bomb(name)
            if is_sheet:
                if FAR_CELL.search(tail + piece):
                    raise FileRefused(
                        f"В файле «{name}» есть ячейки дальше столбца CZ или строки 99 999. Удалите лишнее: перенесите "
                        "таблицу в новую книгу."
                    )
                cells -= sum(piece.count(tag) for tag in CELL_TAGS)
                if cells < 0:
                    raise FileRefused(
                        f"В файле «{name}» больше {CELLS_LIMIT // 1_000_000} млн ячеек: такой не открываем. Уберите"
                        " пустые строки и столбцы или разделите книгу на части."
                    )
                tail = piece[-200:]
    return left, cells


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture or a PDF, written anew by us: what stood in it beside the picture or the pages is gone."""

    name: str
    mime: str
    content: bytes


PICTURE_SIDE = 2400  # pixels: print of a scanned page stays readable
PICTURE_PIXELS = 80_000_000
PDF_PAGES = 60
ATTACHMENT_LIMIT = 10 * MEGABYTE


def open_attachment(content: bytes, *, name: str, limit: int = ATTACHMENT_LIMIT) -> Attachment:
    """A photograph (JPEG, PNG) or a PDF, opened and written anew: no place of the shot, no scripts, no second face.

    What it is, its first bytes say, not its name. Raises FileRefused for anything else, empty, large or damaged.
    """
    check_size(content, name=name, limit=limit)
    stem = (
        re.sub(r"[^\w .()№-]", "_", re.split(r"[\\/]", name)[-1].rpartition(".")[0] or "файл").strip()[:100] or "файл"
    )
    if content.startswith(b"%PDF-"):
        return Attachment(f"{stem}.pdf", PDF, _rewritten_pdf(content, name))
    if content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        return Attachment(f"{stem}.jpg", JPEG, _rewritten_picture(content, name))
    raise FileRefused(f"Файл «{name}» не подходит: можно приложить фото (JPEG, PNG) или PDF.")


def _rewritten_picture(content: bytes, name: str) -> bytes:
    from PIL import Image, ImageOps  # slow to import, and few processes see a picture

    damaged = FileRefused(f"Фото «{name}» не открывается. Сделайте снимок заново и повторите.")
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > PICTURE_PIXELS:
                raise FileRefused(f"Фото «{name}» слишком большое: уменьшите его до 80 мегапикселей.")
            picture.draft("RGB", (PICTURE_SIDE, PICTURE_SIDE))
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
            if upright.mode in ("RGBA", "LA", "P", "PA"):  # what was transparent is paper
                upright = upright.convert("RGBA")
                paper = Image.new("RGBA", upright.size, "white")
                upright = Image.alpha_composite(paper, upright)
            buffer = io.BytesIO()
            upright.convert("RGB").save(buffer, "JPEG", quality=82, optimize=True)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as fault:
        raise damaged from fault
    return buffer.getvalue()


def _rewritten_pdf(content: bytes, name: str) -> bytes:
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(content)) as document:
            if document.is_encrypted:
                raise FileRefused(f"Файл «{name}» с паролем. Сохраните его без пароля.")
            if not 1 <= len(document.pages) <= PDF_PAGES:
                raise FileRefused(f"В файле «{name}» страниц: {len(document.pages)}, а можно от 1 до {PDF_PAGES}.")
            # Pages alone go over: scripts, actions and enclosed files hang on the catalogue and on annotations.
            with pikepdf.new() as clean:
                clean.pages.extend(document.pages)
                for page in clean.pages:
                    for key in ("/AA", "/Annots"):
                        if key in page.obj:
                            del page.obj[key]
                buffer = io.BytesIO()
                clean.save(buffer)
    except pikepdf.PasswordError as fault:
        raise FileRefused(f"Файл «{name}» с паролем. Сохраните его без пароля.") from fault
    except (pikepdf.PdfError, OSError, ValueError) as fault:
        raise FileRefused(f"Файл «{name}» повреждён: откройте его, сохраните заново и повторите.") from fault
    return buffer.getvalue()


# --- out --------------------------------------------------------------------------------------------------------------


def xlsx(sheets: Mapping[str, Iterable[Sequence[Any]]], *, headers: Mapping[str, Sequence[str]] | None = None) -> bytes:
    """A workbook of sheets (title → rows). headers: title → the bold first row, kept in sight.

    Decimals stay exact numbers, dates are dates, and a text is a text even when it begins with «=».
    """
    book = Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(re.sub(r"[\\/*?:\[\]]", " ", title)[:31])
        header = (headers or {}).get(title)
        if header:
            for place, text in enumerate(header, 1):
                sheet.column_dimensions[get_column_letter(place)].width = max(10, min(40, len(text) + 4))
            sheet.freeze_panes = "A2"
            sheet.append([_cell(sheet, text, bold=True) for text in header])
        for row in rows:
            sheet.append([_cell(sheet, value) for value in row])
    if not sheets:
        book.create_sheet("Лист 1")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _cell(sheet: Any, value: Any, *, bold: bool = False) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        zone = timezone.get_current_timezone()
        moment = value.astimezone(zone) if timezone.is_aware(value) else value  # Excel knows no zones
        cell = WriteOnlyCell(sheet, moment.replace(tzinfo=None))
        cell.number_format = "dd.mm.yyyy hh:mm"
    elif isinstance(value, date):
        cell = WriteOnlyCell(sheet, value)  # type: ignore[arg-type]
        cell.number_format = "dd.mm.yyyy"
    elif isinstance(value, bool):
        cell = WriteOnlyCell(sheet, "да" if value else "нет")
    elif isinstance(value, (int, float, Decimal)):
        cell = WriteOnlyCell(sheet, value)  # type: ignore[arg-type]
        if isinstance(value, Decimal) and value.as_tuple().exponent == -2:
            cell.number_format = "# ##0.00"
    else:
        cell = WriteOnlyCell(sheet, ILLEGAL.sub("", str(value))[:32_767])
        cell.data_type = "s"  # never a formula
    if bold:
        cell.font = Font(bold=True)
    return cell


def pdf(template: str, context: Mapping[str, Any]) -> bytes:
    """A PDF of a Django template. It sees static files and data: pictures, no network and no other file."""
    return pdf_of_html(render_to_string(template, dict(context)))


def pdf_of_html(html: str) -> bytes:
    """A PDF of a page of ours; «static:path» in it names a static file."""
    from weasyprint import HTML  # slow to import, and most processes never print
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Fetcher(URLFetcher):  # type: ignore[misc]
        """Data in the page and static files; anything else is a fault of the template."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url.startswith("data:"):
                return super().fetch(url, headers)
            path = finders.find(url.removeprefix("static:").lstrip("/")) if url.startswith("static:") else None
            if not path:
                raise ValueError(f"no such static file: {url[:80]}")
            with open(path, "rb") as file:
                return URLFetcherResponse(url, file.read())

    document: bytes = HTML(string=html, url_fetcher=Fetcher(fail_on_errors=True)).write_pdf()
    return document
