"""The rights that the forms of users and roles offer."""

from __future__ import annotations

import re

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet

OURS = ("accounts", "billing", "payments", "debt", "epd", "gis_export", "portals")
RUSSIAN = re.compile("[а-яё]", re.IGNORECASE)


def assignable() -> QuerySet[Permission]:
    """Rights over what has a page, or a name for people: rows of history and the workings of libraries have neither."""
    named = {model for model in apps.get_models() if model._meta.app_label in OURS}
    named = {model for model in named if RUSSIAN.search(str(model._meta.verbose_name))}
    offered = Q()
    for model in named | set(admin.site._registry):
        offered |= Q(content_type__app_label=model._meta.app_label, content_type__model=model._meta.model_name)
    rows = Permission.objects.filter(offered).select_related("content_type")
    return rows.order_by("content_type__app_label", "content_type__model", "codename")
