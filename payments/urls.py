"""Where providers of payments send their notifications."""

from django.urls import path

from payments import api

app_name = "payments"

urlpatterns = [path("online/yookassa/", api.yookassa, name="yookassa")]
