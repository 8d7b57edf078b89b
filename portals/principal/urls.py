"""The supplier's cabinet."""

from django.urls import path

from portals.principal.views import books, company, disputes, edits, manager, meters, months, own_receipts

app_name = "principal"

urlpatterns = [
    path("", books.home, name="home"),
    path("accounts/", books.accounts_page, name="accounts"),
    path("accounts/<str:number>/", books.account, name="account"),
    path("accounts/<str:number>/why/", books.why, name="why"),
    path("accounts/<str:number>/edit/", edits.edit, name="edit"),
    path("meters/", meters.meters_page, name="meters"),
    path("meters/<int:pk>/", meters.meter, name="meter"),
    path("readings/", meters.readings, name="readings"),
    path("readings/meters.xlsx", meters.to_fill, name="readings-to-fill"),
    path("readings/check/<uuid:key>/", meters.check, name="readings-check"),
    path("readings/rejected.xlsx", meters.bad_rows, name="readings-rejected"),
    path("readings/<int:pk>/undo/", meters.undo, name="readings-undo"),
    path("disputes/", disputes.listed, name="disputes"),
    path("disputes/<int:pk>/", disputes.one, name="dispute"),
    path("disputes/new/<slug:kind>/", disputes.new, name="dispute-new"),
    path("corrections/", months.corrections, name="corrections"),
    path("difference/", manager.difference, name="difference"),
    path("losses/", manager.losses, name="losses"),
    path("closing/", months.closing, name="closing"),
    path("closing/act/", months.issue_act, name="act-issue"),
    path("closing/set/", months.order_set, name="set-order"),
    path("papers/<int:pk>/answer/", months.answer, name="paper-answer"),
    path("remittances/<int:pk>.txt", months.registry, name="remittance-registry"),
    path("people/", company.people, name="people"),
    path("join/<str:token>/", company.join, name="join"),
    path("charges/", books.charges, name="charges"),
    path("charges/<int:house>/", books.house_charges, name="house-charges"),
    path("payments/", books.payments_page, name="payments"),
    path("payments/own/", own_receipts.own_receipts, name="own-receipts"),
    path("payments/own/template.xlsx", own_receipts.template, name="own-receipts-template"),
    path("payments/own/<int:register>/undo/", own_receipts.undo, name="own-receipts-undo"),
    path("payments.xlsx", books.payments_workbook, name="payments-workbook"),
    path("turnover/", books.turnover, name="turnover"),
    path("turnover.xlsx", books.turnover_workbook, name="turnover-workbook"),
    path("turnover/<int:house>/", books.house_turnover, name="house-turnover"),
    path("remittances/", books.remittances, name="remittances"),
    path("remittances/<int:pk>/", books.remittance, name="remittance"),
    path("payments/<int:pk>/", books.trace, name="trace"),
    path("papers/", books.papers_page, name="papers"),
    path("papers/<int:pk>.pdf", books.paper_pdf, name="paper-pdf"),
    path("papers/<int:pk>.xlsx", books.paper_workbook, name="paper-workbook"),
    path("remittances/<int:pk>.xlsx", books.remittance_workbook, name="remittance-workbook"),
]
