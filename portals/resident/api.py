"""The resident's documents for programs: JSON of what was frozen. A stranger's account is a 404."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

import epd.queries
from accounts.calendar import Month
from portals import access


class DocumentLine(serializers.Serializer[Any]):
    """One document of a list."""

    id = serializers.IntegerField(source="pk")
    number = serializers.CharField()
    month = serializers.SerializerMethodField(help_text="ГГГГ-ММ")
    kind = serializers.CharField(source="get_kind_display")
    issue = serializers.IntegerField()
    issued_on = serializers.DateField()
    due_on = serializers.DateField()
    total = serializers.DecimalField(max_digits=14, decimal_places=2, help_text="руб.")
    gis_id = serializers.CharField(allow_null=True)
    withdrawn_at = serializers.DateTimeField(allow_null=True)

    def get_month(self, row: Any) -> str:
        return str(Month(row.month))


class AccountDocuments(APIView):
    """Documents of the account, the latest first."""

    @extend_schema(responses=DocumentLine(many=True))
    def get(self, request: Request, number: str) -> Response:
        account = access.get_account_for(request.user, number)
        return Response(DocumentLine(epd.queries.documents_of_account(account.pk), many=True).data)


class AccountDocument(APIView):
    """The machine-readable copy: all that the page says, money as decimal strings in roubles."""

    @extend_schema(responses={200: {"type": "object", "additionalProperties": True}})
    def get(self, request: Request, number: str, pk: int) -> Response:
        return Response(epd.queries.machine_copy(access.get_document_for(request.user, number, pk)))
