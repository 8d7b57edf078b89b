"""The public pages and the two cabinets."""

from django.conf import settings
from django.urls import include, path

from portals import views
from portals.api import pages
from portals.reports import urls as reports
from portals.resident import api
from portals.resident.views import certificates, sharing, unsigned

urlpatterns = [
    # asked for by every browser on pages that name no icon (the admin's, the API's)
    path("favicon.ico", views.favicon),
    path("", views.home, name="home"),
    path("look/", views.look, name="look"),
    path("d/<str:key>", views.document_check, name="document-check"),  # the code of authenticity on paper
    path("c/<str:key>", certificates.certificate_check, name="certificate-check"),  # the code of a certificate
    path("mail/<str:token>", views.mail_confirm, name="mail-confirm"),  # the link of a letter
    path("w/<str:number>", views.document_why, name="document-why"),  # «почему столько» on paper
    path("invite/<str:token>/", sharing.invitation, name="invitation"),  # the link of a letter to a relative
    path("enter/", sharing.enter, name="enter"),  # by the number of the account and the printed code
    path("readings/", unsigned.readings_by_code, name="readings-by-code"),
    path("readings/<str:number>/", unsigned.readings_by_code, name="readings-by-code"),  # the code of a document
    path("api/documents/<str:number>/", api.AccountDocuments.as_view(), name="api-documents"),
    path("api/documents/<str:number>/<int:pk>/", api.AccountDocument.as_view(), name="api-document"),
    path("api/v1/", include("portals.api.urls")),
    path("keys/", pages.keys, name="keys"),
    path("keys/<int:pk>/withdraw/", pages.withdraw, name="key-withdraw"),
    path("cabinet/", include("portals.resident.urls")),
    path("supplier/reports/", include(reports.supplier)),
    path("supplier/", include("portals.principal.urls")),
]

if settings.DEBUG:
    urlpatterns.append(path("demo/", views.demo, name="demo"))
