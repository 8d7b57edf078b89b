from django.apps import AppConfig


class GisExportConfig(AppConfig):
    name = "gis_export"
    verbose_name = "ГИС ЖКХ"
    default_auto_field = "django.db.models.BigAutoField"
