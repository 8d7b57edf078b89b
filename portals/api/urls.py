"""Version 1 of the API."""

from django.urls import path

from portals.api import resident, supplier

app_name = "api"

urlpatterns = [
    path("accounts/", resident.Accounts.as_view(), name="accounts"),
    path("accounts/<str:number>/", resident.OneAccount.as_view(), name="account"),
    path("accounts/<str:number>/charges/", resident.AccountCharges.as_view(), name="charges"),
    path("accounts/<str:number>/documents/", resident.Documents.as_view(), name="documents"),
    path("accounts/<str:number>/documents/<int:pk>/", resident.OneDocument.as_view(), name="document"),
    path("accounts/<str:number>/documents/<int:pk>.pdf", resident.DocumentPdf.as_view(), name="document-pdf"),
    path("accounts/<str:number>/payments/", resident.Payments.as_view(), name="payments"),
    path("accounts/<str:number>/meters/", resident.Meters.as_view(), name="meters"),
    path("accounts/<str:number>/readings/", resident.Readings.as_view(), name="readings"),
    path("supplier/contracts/", supplier.Contracts.as_view(), name="contracts"),
    path("supplier/accounts/", supplier.Accounts.as_view(), name="supplied-accounts"),
    path("supplier/accounts/<str:number>/", supplier.OneAccount.as_view(), name="supplied-account"),
    path("supplier/charges/", supplier.ChargesByHouse.as_view(), name="supplier-charges"),
    path("supplier/charges/<int:house>/", supplier.HouseCharges.as_view(), name="house-charges"),
    path("supplier/turnover/", supplier.TurnoverByHouse.as_view(), name="turnover"),
    path("supplier/turnover/<int:house>/", supplier.HouseTurnover.as_view(), name="house-turnover"),
    path("supplier/payments/", supplier.Payments.as_view(), name="supplier-payments"),
    path("supplier/remittances/", supplier.Remittances.as_view(), name="remittances"),
    path("supplier/remittances/<int:pk>/", supplier.OneRemittance.as_view(), name="remittance"),
    path("supplier/papers/", supplier.Papers.as_view(), name="papers"),
    path("supplier/papers/<int:pk>.pdf", supplier.PaperPdf.as_view(), name="paper-pdf"),
    path("supplier/meters/", supplier.Meters.as_view(), name="supplied-meters"),
    path("supplier/reports/", supplier.Reports.as_view(), name="reports"),
    path("supplier/reports/<slug:code>/", supplier.OneReport.as_view(), name="report"),
    path("supplier/receipts/", supplier.OwnReceipts.as_view(), name="receipts"),
    path("supplier/readings/", supplier.SentReadings.as_view(), name="sent-readings"),
]
