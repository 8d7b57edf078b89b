"""Documents the quick way: stencils of every version of the template, one document or many; and the direct way, where
a stencil refuses. A region has some hundreds of stencils; they are kept on disk between processes."""

from __future__ import annotations

import gc
import io
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import weasyprint
from django.conf import settings
from django.template.loader import render_to_string
from weasyprint.text.fonts import FontConfiguration

from epd import assemble
from epd.pictures import CODE128, QR, Picture
from epd.stencil import Filled, Look, Press, StencilRefused, store
from epd.stencil.faces import Face, face, glyphs_of, subset
from epd.stencil.file import Sheets

logger = logging.getLogger(__name__)

USUAL_CODES = {"M": range(400, 681, 40), "L": range(40, 121, 16)}  # bytes of payment codes, of links
SWEEP = 10  # layouts between two sweeps of what they leave
FONTS = Path("static") / "vendor" / "ptsans"
TEMPLATES = Path("templates") / "epd"
FACES = {
    ("PT Sans", False): "PTSans-Regular", ("PT Sans", True): "PTSans-Bold",
    ("PT Sans Narrow", False): "PTSansNarrow-Regular", ("PT Sans Narrow", True): "PTSansNarrow-Bold",
}  # fmt: skip


@cache
def faces() -> dict[tuple[str, bool], Face]:
    """The faces by (family, is bold)."""
    return {
        key: face(Path(settings.BASE_DIR) / FONTS / f"{name}.ttf", name.replace("PTSans", "PT-Sans"))
        for key, name in FACES.items()
    }


@cache
def look(version: str) -> Look:
    """Faces, stylesheet and fonts of a version."""
    return Look(lambda: _parsed(version), faces())


@cache
def _parsed(version: str) -> tuple[weasyprint.CSS, FontConfiguration]:
    """Stylesheet and fonts, parsed once: both must share one FontConfiguration, or the fonts are lost."""
    fonts = FontConfiguration()
    path = Path(settings.BASE_DIR) / TEMPLATES / version / "document.css"
    base = (Path(settings.BASE_DIR) / FONTS).as_uri() + "/"
    return weasyprint.CSS(string=path.read_text(encoding="utf-8"), base_url=base, font_config=fonts), fonts


_PRESSES: dict[str, Press] = {}


def press(version: str) -> Press:
    """Stencils of a version of the template."""
    found = _PRESSES.get(version)
    if found is None:
        found = Press(f"epd/{version}/document.html", look(version))
        if settings.STENCILS_DIR:
            found.more = _Kept(found, _kept_at(version))
            found.more()
        _PRESSES[version] = found
    return found


@dataclass(slots=True)
class _Kept:
    """Takes the stencils on disk into a press when the file is another than the last time."""

    press: Press
    path: Path
    seen: int = 0

    def __call__(self) -> bool:
        now = store.stamp(self.path)
        if now == self.seen:
            return False
        self.seen = now
        return store.load(self.press, self.path, settings.SECRET_KEY.encode())


@cache
def _kept_at(version: str) -> Path:
    files = [
        *(Path(settings.BASE_DIR) / TEMPLATES / version).iterdir(),
        *(Path(settings.BASE_DIR) / FONTS).glob("*.ttf"),
    ]
    return Path(settings.STENCILS_DIR) / f"{version}@{store.digest(files)}.stencils"


def warm() -> None:
    """Make ready for the first document before it is asked for: the template compiled, stencils off the disk, the
    plans of codes of usual lengths made, the subsetter of faces loaded. Half a second at a worker's start."""
    press(assemble.TEMPLATE_VERSION)
    for level, lengths in USUAL_CODES.items():
        for length in lengths:
            Picture(QR, "0" * length, level).samples()
    for one in faces().values():
        subset(one, glyphs_of(one, "0"))


def keep() -> None:
    """Write stencils that are new to the disk, for the processes that come after this one."""
    if settings.STENCILS_DIR:
        for version, one in _PRESSES.items():
            try:
                if store.save(one, _kept_at(version), settings.SECRET_KEY.encode()) and isinstance(one.more, _Kept):
                    one.more.seen = store.stamp(_kept_at(version))  # what is ours need not be read again
            except OSError as fault:  # a disk that is full or read-only costs time, not the document
                logger.warning("epd.stencils.not_kept", extra={"fault": fault.strerror})


def presses() -> list[Press]:
    """All that this process has."""
    return list(_PRESSES.values())


def context_of(payload: Mapping[str, Any], *, version: str, gis_id: str = "") -> dict[str, Any]:
    """What the template of `version` is given: its strings, and its codes by the names of their boxes."""
    form = assemble.form_of(payload, version=version, gis_id=gis_id)
    return {
        "form": form,
        "qr_image": Picture(QR, form.qr, is_path=version != assemble.TEMPLATE_VERSION),
        "desk_image": Picture(CODE128, form.desk),
        "why_image": Picture(QR, getattr(form, "why", ""), "L"),
        "check_image": Picture(QR, getattr(form, "check", ""), "L"),
    }


def html_of(payload: Mapping[str, Any], *, version: str, gis_id: str = "") -> str:
    """The page's HTML before layout."""
    return render_to_string(f"epd/{version}/document.html", context_of(payload, version=version, gis_id=gis_id))


def direct(payload: Mapping[str, Any], *, version: str, gis_id: str = "") -> bytes:
    """PDF by WeasyPrint alone: half a second."""
    told = look(version)
    page = weasyprint.HTML(string=html_of(payload, version=version, gis_id=gis_id))
    made: bytes = page.write_pdf(stylesheets=[told.css], font_config=told.fonts)
    return made


def filled(payload: Mapping[str, Any], *, version: str, gis_id: str = "", keep_letters: bool = False) -> Filled:
    """Pages of a document over their stencils. Raises StencilRefused."""
    return press(version).fill(context_of(payload, version=version, gis_id=gis_id), keep_letters=keep_letters)


def single(
    payload: Mapping[str, Any], *, version: str, gis_id: str = "", attached: tuple[str, bytes, str, str] | None = None
) -> bytes:
    """One document as a PDF with its own letters alone. attached: a file inside: name, content, media type, what it is.

    Raises StencilRefused.
    """
    made = filled(payload, version=version, gis_id=gis_id, keep_letters=True)
    buffer = io.BytesIO()
    sheets = Sheets(
        buffer, faces().values(), title=f"Платёжный документ № {payload['document']['number']}", whole=False
    )
    keep()
    sheets.add(made)
    if attached is not None:
        sheets.writer.attach(*attached)
    sheets.close()
    return buffer.getvalue()


@contextmanager
def undisturbed() -> Iterator[None]:
    """No walks of the collector over the stencils, which are many and stay: a fifth of the time. What a layout leaves
    in circles is swept when `Bundle.add` has seen one."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


@dataclass(slots=True)
class Bundle:
    """Many documents in one file, as they come. fallbacks: how many went the direct way, and why."""

    file: BinaryIO
    title: str = ""
    documents: int = 0
    pages: int = 0
    fallbacks: dict[str, int] = field(default_factory=dict)
    laid_out: int = 0
    sheets: Sheets = field(init=False)

    def __post_init__(self) -> None:
        self.sheets = Sheets(self.file, faces().values(), title=self.title)

    def add(
        self,
        payload: Mapping[str, Any],
        *,
        version: str,
        gis_id: str = "",
        marks: Callable[[int], tuple[str, ...]] | None = None,
    ) -> int:
        """Write a document; returns its pages. marks: operators over each of so many pages."""
        try:
            made = filled(payload, version=version, gis_id=gis_id)
            pages = self.sheets.add(made, marks(len(made.sizes)) if marks else ())
        except StencilRefused as cause:
            self.fallbacks[str(cause)] = self.fallbacks.get(str(cause), 0) + 1
            pages = self.sheets.add_foreign(direct(payload, version=version, gis_id=gis_id), marks)
        self.documents += 1
        self.pages += pages
        if not gc.isenabled() and (made_now := sum(one.made for one in presses())) > self.laid_out + SWEEP:
            self.laid_out = made_now
            gc.collect()
        return pages

    def sheet(self, content: str) -> None:
        """A page of ours, A4: a separator, or an empty back."""
        self.sheets.sheet(content, 595.276, 841.89)
        self.pages += 1

    def close(self, outline: Sequence[tuple[str, int]] = ()) -> None:
        """Write what the pages share; outline: title → index of a page."""
        self.sheets.close(outline)
        keep()
