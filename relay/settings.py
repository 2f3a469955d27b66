"""Django's settings and the relay's own. What differs between installations is a variable, never a module."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from relay import VERSION, apidescription, logfile, logformat
from relay.environment import addresses, databases, environment, mail, secretfiles
from relay.environment.routing_variables import ROUTING

BASE_DIR = Path(__file__).resolve().parent.parent
_env = environment.load(BASE_DIR)

# Storage and secrets
DATA_DIR: Path = _env["DATA_DIR"]
JOURNAL_DIR: Path = DATA_DIR / "journal"
CONSOLE_SOCKET: Path = DATA_DIR / "console.sock"
LIVE_SOCKET: Path = DATA_DIR / "live.sock"
METRICS_DIR: Path = DATA_DIR / "metrics"
METRICS_TOKEN: str = _env["METRICS_TOKEN"]
JOURNAL_FSYNC_MS: int = _env["JOURNAL_FSYNC_MS"]
SECRET_KEY: str = _env["SECRET_KEY"] or secretfiles.read_or_create(
    DATA_DIR, "secret_key", secretfiles.new_signing_key
)
FIELD_ENCRYPTION_KEYS: list[str] = secretfiles.encryption_keys(_env["FIELD_ENCRYPTION_KEYS"], DATA_DIR)
MANAGEMENT_TOKEN: str = _env["MANAGEMENT_TOKEN"] or secretfiles.read_or_create(
    DATA_DIR, secretfiles.MANAGEMENT_TOKEN, secretfiles.new_management_token
)
NODE_ID: str = _env["NODE_ID"] or secretfiles.read_or_create(DATA_DIR, "node_id", secretfiles.new_node_id)

MANAGE_API_BASE_URL: str = _env["MANAGE_API_BASE_URL"]

# Audit trail
AUDIT_ENABLED: bool = _env["AUDIT_ENABLED"]
AUDIT_STORE_IN_DB: bool = _env["AUDIT_STORE_IN_DB"]
AUDIT_LOG_FILE: Path | None = _env["AUDIT_LOG_FILE"] or DATA_DIR / "audit.log"
if AUDIT_LOG_FILE and AUDIT_LOG_FILE.name == "-":
    AUDIT_LOG_FILE = None
AUDIT_CREATE_DIR: bool = _env["AUDIT_CREATE_DIR"]

# Events
LLM_PROXY_EVENT_BUS: str = _env["LLM_PROXY_EVENT_BUS"]
OBSERVABILITY_BUFFER_SIZE: int = _env["OBSERVABILITY_BUFFER_SIZE"]
OBSERVABILITY_ENABLED: bool = _env["OBSERVABILITY_ENABLED"]
FILE_EVENT_LOG: Path | None = _env["FILE_EVENT_LOG"]
LLM_PROXY_API_KEY: str = _env["LLM_PROXY_API_KEY"]

# Address
HOST, PORT = addresses.listen_address(_env["HOST"], _env["PORT"], _env["LISTEN_ADDR"])
PROXY_BASE_URL: str = _env["PROXY_BASE_URL"]
ALLOWED_HOSTS = addresses.allowed_hosts(HOST, PROXY_BASE_URL, _env["ALLOWED_HOSTS"])
TRUSTED_PROXIES: tuple[str, ...] = _env["TRUSTED_PROXIES"] or addresses.likely_proxies(PROXY_BASE_URL)
CA_CERTIFICATES: Path | None = _env["CA_CERTIFICATES"] or None
WORKERS: int = _env["WORKERS"]
GRACE_SECONDS: float = _env["GRACE_SECONDS"]

# The lane
CORS_ALLOWED_ORIGINS: tuple[str, ...] = _env["CORS_ALLOWED_ORIGINS"]
MAX_REQUEST_BYTES: int = _env["MAX_REQUEST_BYTES"]
MAX_INFLIGHT_BYTES: int = _env["MAX_INFLIGHT_BYTES"]
MAX_INFLIGHT_REQUESTS: int = _env["MAX_INFLIGHT_REQUESTS"]
LOG_MAX_BODY_BYTES: int = _env["LOG_MAX_BODY_BYTES"]

# Response cache
HTTP_CACHE_ENABLED: bool = _env["HTTP_CACHE_ENABLED"]
HTTP_CACHE_BACKEND: str = _env["HTTP_CACHE_BACKEND"]
HTTP_CACHE_MAX_OBJECT_BYTES: int = _env["HTTP_CACHE_MAX_OBJECT_BYTES"]
HTTP_CACHE_DEFAULT_TTL: int = _env["HTTP_CACHE_DEFAULT_TTL"]
HTTP_CACHE_STREAM_RESPONSES: bool = _env["HTTP_CACHE_STREAM_RESPONSES"]
HTTP_CACHE_MEMORY_BYTES: int = _env["HTTP_CACHE_MEMORY_BYTES"]
REDIS_CACHE_KEY_PREFIX: str = _env["REDIS_CACHE_KEY_PREFIX"]

# Copied into the database at the first run and read from there afterwards
GIVEN_VARIABLES: frozenset[str] = _env.given
TARGET_BASE_URL: str = _env["TARGET_BASE_URL"]
TARGET_API_KEY: str = _env["TARGET_API_KEY"]
PROXY_KEY: str = _env["PROXY_KEY"]
DEFAULT_MODEL: str = _env["DEFAULT_MODEL"]
ADMIN_USERNAME: str = _env["ADMIN_USERNAME"]
ADMIN_PASSWORD: str = _env["ADMIN_PASSWORD"]
INJECT_STREAM_USAGE: bool = _env["INJECT_STREAM_USAGE"]
REDACT_LOGS: bool = _env["REDACT_LOGS"]
CONNECT_TIMEOUT_SECONDS: float = _env["CONNECT_TIMEOUT_SECONDS"]
FIRST_BYTE_TIMEOUT_SECONDS: float = _env["FIRST_BYTE_TIMEOUT_SECONDS"] or _env["HTTP_TIMEOUT_SECONDS"]
IDLE_TIMEOUT_SECONDS: float = _env["IDLE_TIMEOUT_SECONDS"] or _env["HTTP_TIMEOUT_SECONDS"]
TOTAL_TIMEOUT_SECONDS: float | None = _env["TOTAL_TIMEOUT_SECONDS"]
for _variable in ROUTING:
    vars()[_variable.name] = _env[_variable.name]
CONFIG_PATH: Path | None = _env["CONFIG_PATH"] or environment.existing(_env["CONFIG_DIR"], "relay.toml")
API_CONFIG_PATH: Path | None = _env["API_CONFIG_PATH"] or environment.existing(
    _env["CONFIG_DIR"], "api_providers.yaml"
)

# Keys
DEFAULT_TOKEN_LIFETIME: timedelta | None = environment.lifetime(_env["DEFAULT_TOKEN_LIFETIME"])

# Where `accounts` and `logs_app` ask what only apps know that import them
KEY_USAGE_READER = "logs_app.recorder.keyusage.read"
KEY_PERIODS_READER = "logs_app.statistics.spent"
KEY_LIMITS_READER = "proxy.limits.looking.remaining"
UPSTREAM_KEY_TESTER = "proxy.health.ownkey.test"
PROVIDER_STANDING_READER = "proxy.health.stored.read"

# Alerts by e-mail
EMAIL_URL: str = _env["EMAIL_URL"]
vars().update(mail.configure(EMAIL_URL))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL: str = _env["EMAIL_FROM"]

# Management API and signing in
ACCESS_TOKEN_EXPIRE_MINUTES: int = _env["ACCESS_TOKEN_EXPIRE_MINUTES"]
LOGIN_FAILURE_LIMIT: int = _env["LOGIN_FAILURE_LIMIT"]
LOGIN_LOCKOUT_SECONDS: int = _env["LOGIN_LOCKOUT_SECONDS"]
MANAGEMENT_RATE_LIMIT_PER_MINUTE: int = _env["MANAGEMENT_RATE_LIMIT_PER_MINUTE"]

# Django
DEBUG: bool = _env["DEBUG"]
ROOT_URLCONF = "relay.urls"
ASGI_APPLICATION = "relay.asgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Bodies of the admin and the management API; the lane has MAX_REQUEST_BYTES.
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]

INSTALLED_APPS = [
    "relay.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "django_prometheus",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "servestatic",
    "accounts",
    "logs_app",
    "proxy",
    "relay",
]

# For everything but the lane, which passes none of them.
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "accounts.audit.requestid.middleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "relay.browserpolicy.middleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "relay.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
PROMETHEUS_EXPORT_MIGRATIONS = False


TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.api.parsing.Parser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "accounts.api.parsing.OnlyJSON",
    # For every view, so that one that forgets is closed, not open.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        # The first one names the way in `WWW-Authenticate`: without it a 401 would be a 403.
        "accounts.signin.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
        "accounts.signin.authentication.CommandAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.ModelPermissions"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.throttling.PerCaller"],
    "DEFAULT_PAGINATION_CLASS": "accounts.api.pagination.NewestFirst",
    "DEFAULT_SCHEMA_CLASS": "accounts.api.schema.Schema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "accounts.api.errors.answer",
    "UNAUTHENTICATED_USER": None,
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=ACCESS_TOKEN_EXPIRE_MINUTES),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=1),
    # Of its own, and long enough, whatever SECRET_KEY is.
    "SIGNING_KEY": hashlib.sha256(b"json web tokens\0" + SECRET_KEY.encode()).hexdigest(),
    # A new password ends the tokens of the old one.
    "CHECK_REVOKE_TOKEN": True,
}
SPECTACULAR_SETTINGS = apidescription.SETTINGS | {"VERSION": VERSION}

# Databases
_CONN_MAX_AGE: int = _env["DATABASE_CONN_MAX_AGE_SECONDS"]
if _env["DATABASE_URL"]:
    _DEFAULT = databases.configure("DATABASE_URL", _env["DATABASE_URL"], BASE_DIR, _CONN_MAX_AGE)
else:
    _DEFAULT = databases.sqlite(_env["DATABASE_PATH"] or DATA_DIR / "relay.db")
DATABASES = {"default": _DEFAULT}
if _env["LOG_DATABASE_URL"]:
    DATABASES[databases.LOGS] = databases.configure(
        "LOG_DATABASE_URL", _env["LOG_DATABASE_URL"], BASE_DIR, _CONN_MAX_AGE
    )
    DATABASE_ROUTERS = ["relay.environment.databases.LogsRouter"]

REDIS_URL: str = databases.redis_url("REDIS_URL", _env["REDIS_URL"])
databases.refuse_bus_without_redis(LLM_PROXY_EVENT_BUS, REDIS_URL)
REDIS_CACHE_URL: str = databases.redis_url("REDIS_CACHE_URL", _env["REDIS_CACHE_URL"]) or REDIS_URL
databases.refuse_cache_without_redis(HTTP_CACHE_ENABLED, HTTP_CACHE_BACKEND, REDIS_CACHE_URL)

# Static files: straight out of the apps, so that no step comes between installing and serving.
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"] if (BASE_DIR / "static").is_dir() else []
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_ALLOW_ALL_ORIGINS = False
SERVESTATIC_MAX_AGE = 300

# Browser security
_PUBLIC = urlsplit(PROXY_BASE_URL)
HTTPS_ONLY: bool = _PUBLIC.scheme == "https" if _env["HTTPS_ONLY"] is None else _env["HTTPS_ONLY"]
# Cookies ignore ports: with Django's own names, two programs on one host would log each other out.
SESSION_COOKIE_NAME = "relay_session"
CSRF_COOKIE_NAME = "relay_csrf"
CSRF_FAILURE_VIEW = "relay.refusals.forged"
# A working day; whoever closes the account or changes the password ends its sessions at once.
SESSION_COOKIE_AGE = 24 * 3600
LANGUAGE_COOKIE_NAME = "relay_language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_REDIRECT_EXEMPT = [r"^(healthz?|live|ready(/calls)?|metrics(/prometheus)?)/?$"]
SECURE_HSTS_SECONDS = 30 * 24 * 3600 if HTTPS_ONLY else 0
CSRF_TRUSTED_ORIGINS = [f"{_PUBLIC.scheme}://{_PUBLIC.netloc}"] if PROXY_BASE_URL else []
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}
# Sub-domains and preload lists belong to the owner of the domain, not to one program on it.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# Logs of the program (the records are another matter)
_LOG_FILE = (
    logfile.handler(_env["LOG_FILE"], _env["LOG_MAX_SIZE_MB"], _env["LOG_MAX_BACKUPS"])
    if _env["LOG_FILE"]
    else None
)
LOGGING = logformat.configuration(_env["LOG_FORMAT"], _env["LOG_LEVEL"], _LOG_FILE)
