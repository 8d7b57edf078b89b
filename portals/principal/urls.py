"""The supplier's cabinet."""

from django.urls import path

from portals.principal import own_receipts, views

app_name = "principal"

urlpatterns = [
    path("", views.home, name="home"),
    path("accounts/", views.accounts_page, name="accounts"),
    path("accounts/<str:number>/", views.account, name="account"),
    path("accounts/<str:number>/why/", views.why, name="why"),
    path("charges/", views.charges, name="charges"),
    path("charges/<int:house>/", views.house_charges, name="house-charges"),
    path("payments/", views.payments_page, name="payments"),
    path("payments/own/", own_receipts.own_receipts, name="own-receipts"),
    path("payments/own/template.xlsx", own_receipts.template, name="own-receipts-template"),
    path("payments/own/<int:register>/undo/", own_receipts.undo, name="own-receipts-undo"),
    path("payments.xlsx", views.payments_workbook, name="payments-workbook"),
    path("turnover/", views.turnover, name="turnover"),
    path("turnover.xlsx", views.turnover_workbook, name="turnover-workbook"),
    path("turnover/<int:house>/", views.house_turnover, name="house-turnover"),
    path("remittances/", views.remittances, name="remittances"),
    path("remittances/<int:pk>/", views.remittance, name="remittance"),
    path("payments/<int:pk>/", views.trace, name="trace"),
    path("papers/", views.papers_page, name="papers"),
    path("papers/<int:pk>.pdf", views.paper_pdf, name="paper-pdf"),
    path("papers/<int:pk>.xlsx", views.paper_workbook, name="paper-workbook"),
    path("remittances/<int:pk>.xlsx", views.remittance_workbook, name="remittance-workbook"),
]
