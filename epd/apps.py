from django.apps import AppConfig


class EpdConfig(AppConfig):
    name = "epd"
    verbose_name = "Платёжные документы"
    default_auto_field = "django.db.models.BigAutoField"
