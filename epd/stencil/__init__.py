"""A page shape laid out once by WeasyPrint: its form, and the slots that documents fill.

`Press.fill` turns a context of a template into the pages of a document: which form, and what is written over it. The
first document of a shape is laid out by WeasyPrint, texts of the document taken out of the paint; the others are set
into the same places by the widths of the same fonts. Where a document could differ from what WeasyPrint would have
made (another letter, a word wider than its line), StencilRefused is raised and the document is to go the direct way.
"""

from __future__ import annotations

from epd.stencil.layout import StencilRefused
from epd.stencil.press import Filled, Form, Look, Press
from epd.stencil.template import NotCompiled

__all__ = ["Filled", "Form", "Look", "NotCompiled", "Press", "StencilRefused"]
