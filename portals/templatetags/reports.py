"""What the pages of reports need of templates: addresses under the face they stand in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template

from portals.templatetags.cabinet import grouped

register = template.Library()


@register.simple_tag(takes_context=True)
def place_url(context: template.Context, name: str, *args: Any) -> str:
    """The address of a page of reports in the office or in the cabinet, wherever the visitor is."""
    return str(context["place"].url(name, *args))


@register.simple_tag
def bar_codes(bars: Iterable[Any]) -> set[str]:
    """Names of the filters that have a select of their own."""
    return {f"f.{bar.code}" for bar in bars}


@register.filter
def beside(cells: Iterable[Any], columns: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Cells with their columns."""
    return list(zip(cells, columns, strict=False))


@register.filter
def whole(value: int) -> str:
    """«12 345»"""
    return grouped(str(value))
