"""The rights that the forms of users and roles offer."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet


def assignable() -> QuerySet[Permission]:
    """Rights over what has a page of its own; the rows of history and the workings of libraries have none."""
    named = Q()
    for model in admin.site._registry:
        named |= Q(content_type__app_label=model._meta.app_label, content_type__model=model._meta.model_name)
    ours = Q(content_type__app_label__in=("accounts", "billing", "payments", "debt", "epd", "gis_export", "portals"))
    rows = Permission.objects.filter(named | ours & ~Q(content_type__model__endswith="event"))
    return rows.select_related("content_type").order_by("content_type__app_label", "content_type__model", "codename")
