from django.apps import AppConfig


class DebtConfig(AppConfig):
    name = "debt"
    verbose_name = "Долги"
    default_auto_field = "django.db.models.BigAutoField"
