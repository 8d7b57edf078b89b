"""The public pages and the two cabinets."""

from django.conf import settings
from django.urls import include, path

from portals import views
from portals.reports import urls as reports

urlpatterns = [
    # asked for by every browser on pages that name no icon (the admin's, the API's)
    path("favicon.ico", views.favicon),
    path("", views.home, name="home"),
    path("cabinet/", include("portals.resident.urls")),
    path("supplier/reports/", include(reports.supplier)),
    path("supplier/", include("portals.principal.urls")),
]

if settings.DEBUG:
    urlpatterns.append(path("demo/", views.demo, name="demo"))
