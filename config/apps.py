from django.apps import AppConfig
from django.contrib import admin


class ConfigConfig(AppConfig):
    """The installed app on top: settings, schedule and the commands that span apps."""

    name = "config"
    verbose_name = "Система"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.account.decorators import secure_admin_login

        admin.site.index_title = "Рабочее место"
        # One door for everybody: the same rate limit, the same second factor.
        admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
