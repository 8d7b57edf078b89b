"""One document as a PDF, from its frozen payload alone. WeasyPrint lays out the template of the document's version."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import weasyprint
from django.conf import settings
from django.template.loader import render_to_string
from weasyprint.text.fonts import FontConfiguration

from epd import assemble, barcode

FONTS = Path("static") / "vendor" / "ptsans"
TEMPLATES = Path("templates") / "epd"


def pdf(document: Any) -> bytes:
    """The document's PDF. `document` is a PaymentDocument or a row with payload, template_version and gis_id."""
    return pdf_of(document.payload, version=document.template_version, gis_id=document.gis_id or "")


def pdf_of(payload: Mapping[str, Any], *, version: str = assemble.TEMPLATE_VERSION, gis_id: str = "") -> bytes:
    """PDF of a payload by the template of `version`."""
    stylesheet, fonts = _look(version)
    page = weasyprint.HTML(string=html_of(payload, version=version, gis_id=gis_id))
    made: bytes = page.write_pdf(stylesheets=[stylesheet], font_config=fonts)
    return made


def html_of(payload: Mapping[str, Any], *, version: str = assemble.TEMPLATE_VERSION, gis_id: str = "") -> str:
    """The page's HTML before layout."""
    form = assemble.form_of(payload, version=version, gis_id=gis_id)
    pictures = {f"{name}_image": _inline(png) for name, png in pictures_of(form).items()}
    return render_to_string(f"epd/{version}/document.html", {"form": form, **pictures})


def pictures_of(form: Any) -> dict[str, bytes]:
    """The codes of the page as one-bit PNG, by the name of their box (data-g); those of the 43-1 are two."""
    found = {
        "qr": barcode.qr_png(form.qr) if form.qr else b"",
        "desk": barcode.code128_png(form.desk) if form.desk else b"",
    }
    for name in ("why", "check"):
        if link := getattr(form, name, ""):
            found[name] = barcode.qr_png(link, level="L")
    return {name: png for name, png in found.items() if png}


@cache
def _look(version: str) -> tuple[weasyprint.CSS, FontConfiguration]:
    """Stylesheet and fonts of a version, parsed once: both must share one FontConfiguration, or the fonts are lost."""
    fonts = FontConfiguration()
    path = Path(settings.BASE_DIR) / TEMPLATES / version / "document.css"
    base = (Path(settings.BASE_DIR) / FONTS).as_uri() + "/"
    return weasyprint.CSS(string=path.read_text(encoding="utf-8"), base_url=base, font_config=fonts), fonts


def _inline(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()
