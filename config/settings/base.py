"""What every installation shares. Values that differ come from the environment (see the README's table)."""

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from config.env import BASE_DIR, env, home, region_databases
from config.settings.management_api import REST_FRAMEWORK as REST_FRAMEWORK
from config.settings.management_api import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS
from config.version import VERSION as VERSION

HOME = home()

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "django_htmx",
    "django_ace",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "portal",
    "deployments",
    "credentials",
    "smart",
    "gateway",
    "explorer",
    "fhirserver",
    "config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.middleware.keep_from_others",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.refuse_nul",
    "portal.middleware.require_length",
    "portal.middleware.lead_to_form",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
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
                "portal.context.shell",
            ],
        },
    },
]

# -- databases: one control plane, one store for each region ------------------------------------------------

SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;"
    " PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY;"
    " PRAGMA wal_autocheckpoint=8000;",
}


def database(url: str) -> dict[str, Any]:
    """A Django database from its URL, with what each engine needs to be quick and safe."""
    settings: dict[str, Any] = dict(env.db_url_config(url))
    settings["CONN_MAX_AGE"] = 600
    settings["CONN_HEALTH_CHECKS"] = True
    if settings["ENGINE"].endswith("sqlite3"):
        if settings["NAME"] != ":memory:":
            Path(settings["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        settings["OPTIONS"] = {**SQLITE_OPTIONS, **settings.get("OPTIONS", {})}
    return settings


def region_alias(name: str) -> str:
    return f"region_{name}"


REGION_URLS = region_databases(f"local=sqlite:///{HOME / 'regions' / 'local.sqlite3'}")
FIRESIDE_REGIONS = {name: region_alias(name) for name in REGION_URLS}
DATABASES = {
    "default": database(env("DATABASE_URL", default=f"sqlite:///{HOME / 'control.sqlite3'}")),
    **{region_alias(name): database(url) for name, url in REGION_URLS.items()},
}
DATABASE_ROUTERS = ["fhirserver.router.RegionRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- accounts and mail ---------------------------------------------------------------------------------------

AUTH_USER_MODEL = "portal.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/services/"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ACCOUNT_ADAPTER = "portal.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "portal.signup.SignupForm"
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Fireside"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = True
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
MFA_ADAPTER = "portal.adapters.MfaAdapter"
USERSESSIONS_TRACK_ACTIVITY = False

DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Fireside <no-reply@fireside.example>")

# -- time, language, static files ----------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = HOME / "staticfiles"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "portal.stylesheets.JoinedStylesheets",
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
WHITENOISE_USE_FINDERS = True

# -- browser safety ------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF, "blob:"],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.views.errors.csrf_failure"

# -- cache and Celery ----------------------------------------------------------------------------------------

REDIS_URL = env("REDIS_URL", default="")
if REDIS_URL:
    CACHES: dict[str, dict[str, Any]] = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            # A Redis that hangs must not hold every thread of the web server.
            "OPTIONS": {"socket_timeout": 2.0, "socket_connect_timeout": 2.0},
        }
    }
else:
    # Shared by the web processes, so that throttles count once.
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": HOME / "cache",
        }
    }

BROKER_URL = env("BROKER_URL", default="")
CELERY_BROKER_URL = BROKER_URL or "files://localhost/"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Who asks for a job does not wait for a broker that is away: the job's row is written, and the sweeper sends it when there is one.
CELERY_BROKER_CONNECTION_TIMEOUT = 2.0
BROKER_PATIENCE = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {**BROKER_PATIENCE}
if BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS |= {"socket_timeout": 2.0, "socket_connect_timeout": 2.0}
if not BROKER_URL:
    _queue = HOME / "broker"
    for _name in ("queue", "control"):
        (_queue / _name).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_queue / "queue"),
        "data_folder_out": str(_queue / "queue"),
        "control_folder": str(_queue / "control"),
        "polling_interval": 0.2,
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# A worker that is silent for so long counts as dead, and its job is given to another.
JOB_LEASE_SECONDS = env.float("JOB_LEASE_SECONDS", default=15.0)
# How long a write may take from its time stamp to its statement: an export begins to read so much after its own time.
EXPORT_SETTLE_SECONDS = env.float("EXPORT_SETTLE_SECONDS", default=2.0)

# -- Fireside ------------------------------------------------------------------------------------------------

# Hosts (name or name:port) and networks in private address space that outbound requests may reach; "*" allows all.
OUTBOUND_ALLOWED = env.list("OUTBOUND_ALLOWED", default=[])
CATALOGUE_DIR = HOME / "catalogue"
FHIR_MAX_BODY_BYTES = env.int("FHIR_MAX_BODY_BYTES", default=50_000_000)
WEB_WORKERS = env.int("WEB_WORKERS", default=2)
# Each web process keeps to a CPU of its own where there are no more CPUs than such processes (config.own_cpu).
WEB_OWN_CPU = env.bool("WEB_OWN_CPU", default=True)
# Threads of each web process: portal.places keeps some of them from waiting for others.
WEB_THREADS = env.int("WEB_THREADS", default=4)
FHIR_CORS_ORIGINS = env.list("FHIR_CORS_ORIGINS", default=[])
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
GATEWAY_RECORDER_THREAD = True
# A TrueType font for statements; empty: DejaVu Sans where the machine has it.
PDF_FONT = env("PDF_FONT", default="")
# Who presents this as a bearer token may read /metrics; empty: nobody.
METRICS_TOKEN = env("METRICS_TOKEN", default="")
PRESETS_DIR = HOME / "presets"
# Uploads and exports: web processes and workers must see the same directory.
TRANSFER_DIR = Path(env("TRANSFER_DIR", default=str(HOME / "transfers")))
PUBLIC_URL = env("PUBLIC_URL", default=f"http://localhost:{env.int('PORT', default=8000)}")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {"httpx": {"level": "WARNING"}, "fontTools": {"level": "WARNING"}},
}
