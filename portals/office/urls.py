"""Addresses of the office pages. They stand before those of the admin, under the same roof."""

from django.urls import path

from portals.office.views import billing, card, cash, corrections, imports, money, papers, readings, search, settlements

app_name = "office"

urlpatterns = [
    path("search/", search.search, name="search"),
    path("accounts/personalaccount/<int:account_id>/card/", card.card, name="card"),
    path("accounts/personalaccount/<int:account_id>/card/why/", card.why, name="why"),
    path("accounts/personalaccount/<int:account_id>/card/readings/", card.readings, name="readings_of"),
    path("accounts/personalaccount/<int:account_id>/card/payment/<int:payment_id>/", card.path, name="path"),
    path("accounts/personalaccount/<int:account_id>/card/document/<int:document_id>/", card.document, name="document"),
    path("accounts/personalaccount/<int:account_id>/papers/", papers.papers_of, name="papers"),
    path("accounts/houses/", corrections.houses, name="houses"),
    path("accounts/persons/", card.persons, name="persons"),
    path("accounts/readings/", readings.queue, name="readings"),
    path("accounts/workbook/", imports.workbook, name="workbook"),
    path("accounts/workbook/sample.xlsx", imports.workbook_sample, name="workbook_sample"),
    path("accounts/workbook/bad-rows/<str:token>/", imports.bad_rows, name="bad_rows"),
    path("billing/month/", billing.month, name="month"),
    path("billing/month/oddities/", billing.oddities, name="oddities"),
    path("billing/recalculations/", corrections.mass, name="mass_corrections"),
    path("billing/quality/", corrections.quality, name="quality"),
    path("billing/month/runs/", billing.runs, name="month_runs"),
    path("payments/cash-desk/", cash.desk_page, name="cash_desk"),
    path("payments/cash-desk/find/", cash.find, name="cash_find"),
    path("payments/cash-desk/reading/", cash.reading, name="cash_reading"),
    path("payments/cash-desk/cancel/", cash.cancel, name="cash_cancel"),
    path("payments/cash-desk/receipt/<str:number>/", cash.receipt, name="receipt"),
    path("payments/payment/<int:payment_id>/reverse/", money.reverse_page, name="reverse"),
    path("payments/unidentified/", money.unidentified, name="unidentified"),
    path("payments/unidentified/<int:payment_id>/find/", money.candidates, name="candidates"),
    path("payments/statement/", money.statement, name="statement"),
    path("payments/statement/sample.txt", money.statement_sample, name="statement_sample"),
    path("payments/remittances/", money.remittances, name="remittances"),
    path("payments/settlements/", settlements.papers_page, name="settlement_papers"),
    path("payments/settlements/new/", settlements.paper_preview, name="settlement_preview"),
    path("payments/settlements/<int:pk>/", settlements.paper, name="settlement_paper"),
    path("payments/sheet/", settlements.sheet, name="sheet"),
    path("payments/trace/<int:payment_id>/", settlements.trace, name="trace"),
    path("payments/remittances/<int:remittance_id>/trace/", settlements.remittance_trace, name="remittance_trace"),
    path("payments/remittances/file/", money.remittance_file, name="remittance_file"),
]
