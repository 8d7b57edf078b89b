"""The resident's cabinet."""

from django.urls import path

from portals.resident.views import (
    appeals,
    certificates,
    charges,
    documents,
    home,
    notices,
    paying,
    payments,
    readings,
    sharing,
)

app_name = "resident"

urlpatterns = [
    path("", home.accounts_page, name="accounts"),
    path("add/", home.add_account, name="add"),
    path("notices/", notices.notices_page, name="notices"),
    path("notices/letters/", notices.letters, name="letters"),
    path("<str:number>/", home.account, name="account"),
    path("<str:number>/charges/", charges.charges, name="charges"),
    path("<str:number>/history/", charges.history, name="history"),
    path("<str:number>/history.xlsx", charges.history_xlsx, name="history-xlsx"),
    path("<str:number>/charges/why/", charges.why, name="why"),
    path("<str:number>/readings/", readings.readings, name="readings"),
    path("<str:number>/payments/", payments.payments_page, name="payments"),
    path("<str:number>/payments/<int:pk>/", payments.payment, name="payment"),
    path("<str:number>/pay/", paying.pay, name="pay"),
    path("<str:number>/pay/<uuid:key>/", paying.paying, name="paying"),
    path("<str:number>/pay/<uuid:key>/back/", paying.paid_back, name="paid-back"),
    path("<str:number>/autopay/", paying.autopay, name="autopay"),
    path("<str:number>/autopay/off/", paying.autopay_off, name="autopay-off"),
    path("<str:number>/documents/", documents.documents, name="documents"),
    path("<str:number>/documents/delivery/", documents.delivery, name="delivery"),
    path("<str:number>/documents/<int:pk>.pdf", documents.document_pdf, name="document"),
    path("<str:number>/access/", sharing.sharing, name="sharing"),
    path("<str:number>/access/<int:pk>/withdraw/", sharing.withdraw, name="access-withdraw"),
    path("<str:number>/access/invitations/<int:pk>/withdraw/", sharing.take_back, name="invitation-withdraw"),
    path("<str:number>/appeals/", appeals.appeals, name="appeals"),
    path("<str:number>/appeals/new/<int:topic>/", appeals.new_appeal, name="appeal-new"),
    path("<str:number>/appeals/<int:pk>/", appeals.appeal, name="appeal"),
    path("<str:number>/appeals/<int:pk>/said/", appeals.said, name="said"),
    path("<str:number>/appeals/<int:pk>/close/", appeals.close, name="appeal-close"),
    path("<str:number>/appeals/<int:pk>/files/<int:file>/", appeals.attached, name="appeal-file"),
    path("<str:number>/chat/", appeals.chat, name="chat"),
    path("<str:number>/documents/<int:pk>/send/", documents.forward, name="forward"),
    path("<str:number>/certificates/", certificates.certificates, name="certificates"),
    path("<str:number>/certificates/<int:pk>.pdf", certificates.certificate_pdf, name="certificate"),
    path("<str:number>/remove/", home.remove_account, name="remove"),
]
