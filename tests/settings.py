"""The settings of the tests: those of the house, but quick and alone."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS, MIDDLEWARE, STORAGES

# live_server answers /static/ itself and knows no hashed names
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
MIDDLEWARE = [m for m in MIDDLEWARE if not m.startswith(("whitenoise.", "django_prometheus."))]

# A query asked in a loop is a failure; see tests/conftest.py for how it is told.
INSTALLED_APPS = [*INSTALLED_APPS, "zeal", "django_migration_linter"]
MIDDLEWARE = ["zeal.middleware.zeal_middleware", *MIDDLEWARE]
ZEAL_RAISE = True

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a sign-in in every second test
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}  # limits of one test are its own
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_TASK_ALWAYS_EAGER = True  # what is sent on commit runs at once, and its fault is the test's
CELERY_TASK_EAGER_PROPAGATES = True
STENCILS_DIR = ""  # every run lays its pages out itself
