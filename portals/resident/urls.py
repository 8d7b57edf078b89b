"""The resident's cabinet."""

from django.urls import path

from portals.resident import views

app_name = "resident"

urlpatterns = [
    path("", views.accounts_page, name="accounts"),
    path("add/", views.add_account, name="add"),
    path("<str:number>/", views.account, name="account"),
    path("<str:number>/charges/", views.charges, name="charges"),
    path("<str:number>/charges/why/", views.why, name="why"),
    path("<str:number>/readings/", views.readings, name="readings"),
    path("<str:number>/payments/", views.payments_page, name="payments"),
    path("<str:number>/payments/<int:pk>/", views.payment, name="payment"),
    path("<str:number>/pay/", views.pay, name="pay"),
    path("<str:number>/pay/<uuid:key>/", views.paying, name="paying"),
    path("<str:number>/pay/<uuid:key>/back/", views.paid_back, name="paid-back"),
    path("<str:number>/autopay/", views.autopay, name="autopay"),
    path("<str:number>/autopay/off/", views.autopay_off, name="autopay-off"),
    path("<str:number>/documents/", views.documents, name="documents"),
    path("<str:number>/documents/delivery/", views.delivery, name="delivery"),
    path("<str:number>/documents/<int:pk>.pdf", views.document_pdf, name="document"),
    path("<str:number>/remove/", views.remove_account, name="remove"),
]
