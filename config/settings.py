"""One file of settings, fed by the environment (`.env.example` lists every variable)."""

import importlib.util
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from csp.constants import NONE, SELF
from django.templatetags.static import static
from django.urls import reverse_lazy
from environs import Env
from kombu import Queue

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()

# --- what this installation is ---------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "debug-only-not-a-secret") if DEBUG else env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
REFERENCE_DIR = Path(env.str("REFERENCE_DIR", str(BASE_DIR.parent / "shared")))

# Where people open the site: links on paper and in letters begin with it.
PUBLIC_URL = env.str("PUBLIC_URL", "") or ("http://127.0.0.1:8000" if DEBUG else f"https://{[*ALLOWED_HOSTS, ''][0]}")

# The contact centre, as people read it; shown on the pages of the cabinets and beside what needs a human.
CONTACT_PHONE = env.str("CONTACT_PHONE", "8 (3532) 30-00-00" if DEBUG else "")

# Digits that the numbers of new personal accounts begin with; seven of a sequence and the check digit follow.
ACCOUNT_NUMBER_PREFIX = env.str("ACCOUNT_NUMBER_PREFIX", "56")

INSTALLED_APPS = [
    "unfold",  # before the admin: its templates win
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "django_htmx",
    "django_tables2",
    "crispy_forms",
    "crispy_bootstrap5",
    "import_export",
    "phonenumber_field",
    "pgtrigger",
    "pghistory",
    "django_celery_beat",
    "django_structlog",
    "django_prometheus",
    "django_linear_migrations",
    # ours, from the floor up; `config` on top holds the commands that span apps
    "accounts",
    "billing",
    "payments",
    "debt",
    "epd",
    "gis_export",
    "portals",
    "config",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.PagePolicy",
    "config.middleware.PlainText",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.SignInWhole",
    "django_structlog.middlewares.RequestMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "config.middleware.OwnNotFound",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portals.context.contacts",
            ],
        },
    },
]

# --- data ------------------------------------------------------------------------------------------------------------

DATABASES = {"default": env.dj_db_url("DATABASE_URL", conn_max_age=60, conn_health_checks=True)}
DATABASES["default"].setdefault("TEST", {})
if env.str("DEV_TEST_DB", ""):  # several engineers, one test server
    DATABASES["default"]["TEST"]["NAME"] = env.str("DEV_TEST_DB")
# The builtin locale sorts by code point and knows Cyrillic capitals; the test database is made like the others.
DATABASES["default"]["TEST"].setdefault("TEMPLATE", "template0")

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", "")
if REDIS_URL:  # a database of its own: clearing the cache must not clear the queues
    _CACHE_URL = urlsplit(REDIS_URL)._replace(path="/1").geturl()
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _CACHE_URL}}
    # A page less by one query; the row stays, so that nobody is logged out where the cache is emptied or away.
    SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- language and time -----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", "Русский")]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "Asia/Yekaterinburg"
USE_I18N = True
USE_TZ = True
PHONENUMBER_DEFAULT_REGION = "RU"

# --- static files ----------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", str(BASE_DIR / ".local" / "media")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG

# --- who signs in, and how -------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "portals.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email", "phone"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "phone", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_PHONE_VERIFICATION_ENABLED = False
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_PREVENT_ENUMERATION = True
MFA_ADAPTER = "allauth.mfa.adapter.DefaultMFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True  # a choice beside the password, never a duty
MFA_TOTP_ISSUER = "Биллинговый центр"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG  # passkeys on http://localhost
USERSESSIONS_TRACK_ACTIVITY = False

EMAIL = env.dj_email_url("EMAIL_URL", "console://" if DEBUG else "smtp://localhost:25")
EMAIL_BACKEND = EMAIL["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL["EMAIL_HOST"]
EMAIL_PORT = EMAIL["EMAIL_PORT"]
EMAIL_HOST_USER = EMAIL["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = EMAIL["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = EMAIL["EMAIL_USE_TLS"]
EMAIL_USE_SSL = EMAIL["EMAIL_USE_SSL"]
EMAIL_FILE_PATH = EMAIL["EMAIL_FILE_PATH"]
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "noreply@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- defence ---------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# Who may read /metrics: whoever shows the token, and these networks. Both empty: nobody.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
METRICS_NETWORKS: list[str] = env.list("METRICS_NETWORKS", [])
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = False  # htmx reads the token from the page, not the cookie; forms carry it themselves
if not DEBUG:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # asked from inside, past the proxy
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # the proxy in front must set or strip it
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# A register of a large bank is some 30 MB and goes to a file on the disk; a form is never that large.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# --- API -------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": "600/min", "key": "120/min"},
    "EXCEPTION_HANDLER": "config.errors.api_exception_handler",
    "PAGE_SIZE": 50,
    "COERCE_DECIMAL_TO_STRING": True,  # a kopeck must not pass through a JavaScript number
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Биллинговый центр",
    "DESCRIPTION": "Лицевые счета, начисления, платежи и перечисления принципалам.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],  # it names no one; smart homes are made by anybody
    "SCHEMA_PATH_PREFIX": "/api/v1/",
}

# --- documents ------------------------------------------------------------------------------------------------------

# Layouts of documents that processes leave to each other: not among uploads. Empty: every process makes its own.
STENCILS_DIR = env.str("STENCILS_DIR", str(BASE_DIR / ".local" / "stencils"))
# The mailbox where answers of mail servers come, as imaps://user:password@host:993; empty: not in use.
BOUNCES_IMAP_URL = env.str("BOUNCES_IMAP_URL", "")
BOUNCES_IMAP_FOLDER = env.str("BOUNCES_IMAP_FOLDER", "INBOX")

# --- registers of payments ------------------------------------------------------------------------------------------

# The folder of the sources' folders, and the mailbox as imaps://user:password@host:993; empty: not in use.
REGISTERS_DIR = env.str("REGISTERS_DIR", str(BASE_DIR / ".local" / "registers") if DEBUG else "")
REGISTERS_IMAP_URL = env.str("REGISTERS_IMAP_URL", "")
REGISTERS_SFTP_KEY = env.str("REGISTERS_SFTP_KEY", "")  # the file of our private key, known to the banks' servers
REGISTERS_SFTP_KNOWN_HOSTS = env.str("REGISTERS_SFTP_KNOWN_HOSTS", "")  # the file of the keys of those servers

# --- payments on line, receipts of 54-ФЗ -----------------------------------------------------------------------------

# Both empty: no paying on line, and the cabinets do not offer it.
YOOKASSA_SHOP_ID = env.str("YOOKASSA_SHOP_ID", "")
YOOKASSA_SECRET_KEY = env.str("YOOKASSA_SECRET_KEY", "")
YOOKASSA_API_URL = env.str("YOOKASSA_API_URL", "https://api.yookassa.ru/v3")
# Where notifications may come from; empty: the networks that the provider's library names.
YOOKASSA_NETWORKS: list[str] = env.list("YOOKASSA_NETWORKS", [])
# Proxies in front of us: only their X-Forwarded-For is believed. Empty: who connects is who asks.
TRUSTED_PROXIES: list[str] = env.list("TRUSTED_PROXIES", [])

# АТОЛ Онлайн, protocol 4. An empty login: receipts are made and wait.
ATOL_LOGIN = env.str("ATOL_LOGIN", "")
ATOL_PASSWORD = env.str("ATOL_PASSWORD", "")
ATOL_GROUP = env.str("ATOL_GROUP", "")
ATOL_URL = env.str("ATOL_URL", "https://online.atol.ru/possystem/v4")
ATOL_TAXATION = env.str("ATOL_TAXATION", "osn")
ATOL_EMAIL = env.str("ATOL_EMAIL", DEFAULT_FROM_EMAIL)
ATOL_PLACE = env.str("ATOL_PLACE", "")

# --- pages -----------------------------------------------------------------------------------------------------------

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
DJANGO_TABLES2_TEMPLATE = "django_tables2/bootstrap5.html"
IMPORT_EXPORT_USE_TRANSACTIONS = True

UNFOLD = {
    "SITE_TITLE": "Биллинговый центр",
    "SITE_HEADER": "Биллинговый центр",
    "SITE_SUBHEADER": "Рабочее место сотрудника",
    "SITE_SYMBOL": "receipt_long",
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {  # one accent: the teal of the cabinets
        "primary": {
            "50": "oklch(98.4% .014 180.7)",
            "100": "oklch(95.3% .051 180.8)",
            "200": "oklch(91% .096 180.4)",
            "300": "oklch(85.5% .138 181.1)",
            "400": "oklch(77.7% .152 181.9)",
            "500": "oklch(70.4% .14 182.5)",
            "600": "oklch(52% .105 186)",
            "700": "oklch(47% .092 187)",
            "800": "oklch(43.7% .078 188.2)",
            "900": "oklch(38.6% .063 188.4)",
            "950": "oklch(27.7% .046 192.5)",
        },
    },
    "STYLES": [lambda request: static("office/office.css")],
    "SCRIPTS": [lambda request: static("office/office.js")],
    "DASHBOARD_CALLBACK": "portals.office.dashboard.fill",
    "SIDEBAR": {"show_all_applications": False, "navigation": "portals.office.sidebar.navigation"},
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("cabinet/mark.svg")}],
    "ENVIRONMENT": "config.admin_site.environment",
    "LOGIN": {"redirect_after": reverse_lazy("admin:index")},
}

# --- jobs ------------------------------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL or "filesystem://"
if not REDIS_URL:  # last resort of a machine without Redis: a real worker all the same, on files
    _BROKER = BASE_DIR / ".local" / "broker"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_BROKER / "queue"),
        "data_folder_out": str(_BROKER / "queue"),
        "processed_folder": str(_BROKER / "done"),
        "control_folder": str(_BROKER / "control"),
    }
CELERY_TASK_IGNORE_RESULT = True  # tasks return nothing; `Run` holds progress
CELERY_RESULT_EXPIRES = None  # so there is nothing to clean up nightly
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_DEFAULT_QUEUE = "default"
# One queue for each app that has work of its own; a worker without -Q takes from all.
QUEUES = ("default", "billing", "payments", "debt", "epd", "gis_export", "portals")
CELERY_TASK_QUEUES = [Queue(name) for name in QUEUES]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
DJANGO_CELERY_BEAT_TZ_AWARE = True
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_USER_ID_FIELD = "pk"


# --- logs ------------------------------------------------------------------------------------------------------------

# Dotted event, then ids; no names, addresses or phones (152-ФЗ). JSON in production, readable lines in a terminal.
LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=False),
]
_RENDERER: Any = structlog.dev.ConsoleRenderer(colors=False) if DEBUG else structlog.processors.JSONRenderer()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _RENDERER,
            ],
            "foreign_pre_chain": _SHARED,
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"level": "WARNING"},  # django-structlog tells of every request already
        # WeasyPrint and fontTools speak of every glyph
        "weasyprint": {"level": "ERROR"},
        "fontTools": {"level": "ERROR"},
        "pikepdf": {"level": "ERROR"},  # and pikepdf of its own start
    },
}
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_SHARED,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)

SENTRY_DSN = env.str("SENTRY_DSN", "")
if SENTRY_DSN and importlib.util.find_spec("sentry_sdk"):
    import sentry_sdk  # an extra

    sentry_sdk.init(dsn=SENTRY_DSN, send_default_pii=False)
