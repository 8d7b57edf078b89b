"""One document as a PDF, from its frozen payload alone: over its stencil, or by WeasyPrint where that refuses."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Mapping
from typing import Any

import pikepdf
import weasyprint
from weasyprint.text.fonts import FontConfiguration

from epd import assemble, quick
from epd.stencil import StencilRefused

logger = logging.getLogger(__name__)


ABOUT = "Этот же документ для программ"


def pdf(document: Any) -> bytes:
    """The document's PDF, its machine-readable copy inside.

    `document` is a PaymentDocument or a row with payload, template_version and gis_id.
    """
    content, version, gis_id = document.payload, document.template_version, document.gis_id or ""
    if version == assemble.TEMPLATE_VERSION:
        name, copy = _copy(content)
        try:
            return quick.single(
                content, version=version, gis_id=gis_id, attached=(name, copy, "application/json", ABOUT)
            )
        except StencilRefused as cause:
            logger.warning("epd.stencil.refused", extra={"version": version, "cause": str(cause)[:200]})
    return _with_copy(quick.direct(content, version=version, gis_id=gis_id), content)


def _copy(content: Mapping[str, Any]) -> tuple[str, bytes]:
    """Name and content of the file for programs."""
    told = json.dumps(assemble.copy_of(content), ensure_ascii=False, separators=(",", ":"))
    return f"{content['document']['number']}.json", told.encode()


def _with_copy(made: bytes, content: Mapping[str, Any]) -> bytes:
    """The same pages, and the document as JSON attached to them; small objects packed together."""
    name, copy = _copy(content)
    packed = io.BytesIO()
    with pikepdf.open(io.BytesIO(made)) as book:
        book.attachments[name] = pikepdf.AttachedFileSpec(
            book, copy, filename=name, mime_type="application/json", description=ABOUT, creation_date="", mod_date="",
        )  # fmt: skip
        book.save(packed, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    return packed.getvalue()


def pdf_of(payload: Mapping[str, Any], *, version: str = assemble.TEMPLATE_VERSION, gis_id: str = "") -> bytes:
    """PDF of a payload by the template of `version`. Elder drawings are rare: WeasyPrint alone lays them out."""
    if version != assemble.TEMPLATE_VERSION:
        return quick.direct(payload, version=version, gis_id=gis_id)
    try:
        return quick.single(payload, version=version, gis_id=gis_id)
    except StencilRefused as cause:
        logger.warning("epd.stencil.refused", extra={"version": version, "cause": str(cause)[:200]})
        return quick.direct(payload, version=version, gis_id=gis_id)


def html_of(payload: Mapping[str, Any], *, version: str = assemble.TEMPLATE_VERSION, gis_id: str = "") -> str:
    """The page's HTML before layout."""
    return quick.html_of(payload, version=version, gis_id=gis_id)


def _look(version: str) -> tuple[weasyprint.CSS, FontConfiguration]:
    """Stylesheet and fonts of a version."""
    look = quick.look(version)
    return look.css, look.fonts
