"""The map of the site."""

import importlib.util

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from config import views
from portals.api import docs
from portals.reports import urls as reports

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
    path("admin/reports/", include(reports.office)),
    path("admin/", include("portals.office.urls")),  # pages that need several apps, then the tables
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("payments/", include("payments.urls")),  # notifications of providers
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", docs.docs, name="api-docs"),
]

if importlib.util.find_spec("portals.urls"):
    urlpatterns.append(path("", include("portals.urls")))
