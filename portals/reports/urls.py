"""Addresses of reports, under each face."""

from __future__ import annotations

from django.urls import URLPattern, path

from portals.reports import faces, views
from portals.reports.faces import Place


def of(place: Place) -> list[URLPattern]:
    def page(route: str, view: views.Page, name: str, kind: str = "read") -> URLPattern:
        return path(route, views.guarded(place, view, kind), name=name)

    return [
        page("", views.catalogue, "catalogue"),
        page("files/", views.files, "files"),
        page("files/order/", views.order, "order", "write"),
        page("files/<uuid:key>/", views.fetch, "fetch"),
        page("files/<uuid:key>/cancel/", views.cancel, "cancel", "write"),
        page("saved/new/", views.save, "save", "write"),
        page("saved/<int:pk>/", views.show, "saved"),
        page("saved/<int:pk>/delete/", views.delete, "delete", "write"),
        page("saved/<int:pk>/schedule/", views.schedule, "schedule", "both"),
        page("<slug:code>/", views.show, "show"),
    ]


office = (of(faces.OFFICE), "office-reports")
supplier = (of(faces.SUPPLIER), "supplier-reports")
