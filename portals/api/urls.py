"""Version 1 of the API."""

from django.urls import path

from portals.api import company, resident, supplier

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
    path("supplier/accounts/<str:number>/facts/", company.AccountFacts.as_view(), name="account-facts"),
    path("supplier/disputes/", company.Disputes.as_view(), name="disputes"),
    path("supplier/disputes/<int:pk>/", company.OneDispute.as_view(), name="dispute"),
    path("supplier/appeals/", company.Appeals.as_view(), name="appeals"),
    path("supplier/people/", company.Colleagues.as_view(), name="people"),
    path("supplier/people/<int:pk>/", company.OneColleague.as_view(), name="person"),
    path("supplier/papers/acts/", company.ActOfMonth.as_view(), name="acts"),
    path("supplier/papers/<int:pk>/answer/", company.SignedPaper.as_view(), name="paper-answer"),
    path("supplier/readings/files/", company.ReadingFiles.as_view(), name="reading-files"),
    path("supplier/readings/files/<int:pk>/undo/", company.ReadingFileUndo.as_view(), name="reading-file-undo"),
    path("supplier/readings/meters.xlsx", company.ReadingsToFill.as_view(), name="readings-to-fill"),
    path("supplier/receipts/files/", company.ReceiptFiles.as_view(), name="receipt-files"),
    path("supplier/receipts/files/<int:pk>/undo/", company.ReceiptFileUndo.as_view(), name="receipt-file-undo"),
]
