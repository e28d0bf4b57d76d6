"""Settings of every installation; what differs between installations comes from the environment."""

import math
import tomllib
from datetime import timedelta
from pathlib import Path

import django_stubs_ext
from csp.constants import NONE, SELF

from silverfox import environment
from silverfox.log_files import logging_by

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

# Everything the program writes lies below one directory; what people own is closed to other users by itself.
VAR_DIR = environment.directory("VAR_DIR", BASE_DIR / "var")
UPLOADS_DIR = VAR_DIR / "uploads"
ORDERS_DIR = VAR_DIR / "orders"
SCRAPES_DIR = VAR_DIR / "scrapes"
DATABASE_DIR = VAR_DIR / "pgdata"
for private_dir in (UPLOADS_DIR, ORDERS_DIR, SCRAPES_DIR):
    private_dir.mkdir(mode=0o700, exist_ok=True)

DATABASE_URL = environment.secret("DATABASE_URL")
EMBEDDED_DATABASE = not DATABASE_URL

SECRET_KEY = environment.secret_key("SECRET_KEY", kept_in=VAR_DIR / "secret_key" if EMBEDDED_DATABASE else None)
SECRET_KEY_FALLBACKS = environment.words("SECRET_KEY_FALLBACKS")
DEBUG = environment.flag("DEBUG")
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", environment.LOOPBACK_HOSTS if EMBEDDED_DATABASE else [])
CSRF_TRUSTED_ORIGINS = environment.origins("CSRF_TRUSTED_ORIGINS")
# Set when a proxy in front ends TLS and writes X-Forwarded-Proto itself.
TLS_PROXY = environment.flag("TLS_PROXY")
# How many proxies in front add to X-Forwarded-For; what stands further left there was written by anybody.
TRUSTED_PROXIES = environment.number("TRUSTED_PROXIES", int(TLS_PROXY), minimum=0, maximum=5)

INSTALLED_APPS = [
    "silverfox.apps.SilverFoxConfig",
    "orders",
    "scrapers",
    "inventory",
    "dealerships",
    "jobs",
    "foundation",
    "axes",
    "csp",
    "django_htmx",
    "django_q",
    "simple_history",
    "silverfox.apps.SilverFoxAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]

MIDDLEWARE = [
    "silverfox.middleware.RequestContextMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "silverfox.middleware.LimitsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "silverfox.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "silverfox.urls"
WSGI_APPLICATION = "silverfox.wsgi.application"

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

EMBEDDED_SERVER = {
    "ENGINE": "silverfox.postgresql",
    "NAME": "silverfox",
    "USER": "postgres",
    "HOST": str(DATABASE_DIR),
    "PORT": "5432",
}
DATABASES = {
    "default": {
        **(EMBEDDED_SERVER if EMBEDDED_DATABASE else environment.database(DATABASE_URL)),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# How long the rows of one file may take to read; a file of 200,000 rows needs a fraction of it.
IMPORT_SECONDS = environment.number("IMPORT_SECONDS", 60, minimum=1, maximum=3600)

# How websites may reach the people behind the scrapers; it stands in the User-Agent of every request.
SCRAPER_CONTACT = environment.printable("SCRAPER_CONTACT", "reads inventory for the dealerships' sticker shop")
# Address and port of a fake dealer web on this machine that takes the place of every website: for trials only.
SCRAPER_FAKE_WEB = environment.fake_web(
    "SCRAPER_FAKE_WEB", in_production=not DEBUG and bool(set(ALLOWED_HOSTS) - set(environment.LOOPBACK_HOSTS))
)
# The fake dealer web is read without pauses, unless their length is what is looked at.
SCRAPER_REAL_PACE = environment.flag("SCRAPER_REAL_PACE")

# Background work. JOBS_TIME_SCALE=10 makes every interval a tenth of what it is and keeps their ratios.
JOBS_TIME_SCALE = environment.number("JOBS_TIME_SCALE", 1, minimum=1, maximum=60)


def _seconds(name: str, default: int) -> float:
    return environment.number(name, default, minimum=1, maximum=24 * 3600) / JOBS_TIME_SCALE


WORKERS = environment.number("WORKERS", 2, minimum=1, maximum=32)
LEASE_SECONDS = _seconds("LEASE_SECONDS", 60)
BACKOFF_SECONDS = _seconds("BACKOFF_SECONDS", 10)
DOORBELL_SECONDS = _seconds("DOORBELL_SECONDS", 120)
SWEEP_SECONDS = _seconds("SWEEP_SECONDS", 30)
SUPERVISOR_HEARTBEAT_SECONDS = _seconds("SUPERVISOR_HEARTBEAT_SECONDS", 5)
BEAT_SECONDS = _seconds("BEAT_SECONDS", 15)
# Found, ended and started again, a queue that does no more work is back within 90 seconds.
WEDGE_SECONDS = _seconds("WEDGE_SECONDS", 70)
DRAIN_SECONDS = _seconds("DRAIN_SECONDS", 60)
JOB_TIMEOUT_SECONDS = _seconds("JOB_TIMEOUT_SECONDS", 600)
JOB_RETRY_SECONDS = _seconds("JOB_RETRY_SECONDS", 1800)

# The queue only carries ids; the rows themselves own attempts, leases and retries.
Q_CLUSTER = {
    "name": "silverfox",
    "orm": "default",
    "workers": WORKERS,
    "timeout": math.ceil(JOB_TIMEOUT_SECONDS),
    "retry": math.ceil(JOB_RETRY_SECONDS),
    "max_attempts": 1,
    "ack_failures": True,
    "queue_limit": 1,
    "bulk": 1,
    "catch_up": False,
    "scheduler": False,
    "save_limit": 1000,
    "save_limit_per": "func",
    "recycle": 50,
    "max_rss": 400000,
    "poll": 0.05,
    "guard_cycle": 0.5,
}

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dealership_list"
LOGOUT_REDIRECT_URL = "login"

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "silverfox.middleware.client_address"
AXES_LOCKOUT_CALLABLE = "silverfox.views.locked_out"

# A sign-in ends after twelve hours, and after two without a request.
SESSION_ENGINE = "silverfox.sessions"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_IDLE_SECONDS = 2 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "silverfox.views.csrf_failure"
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
if TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$"]
    SECURE_HSTS_SECONDS = 31536000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_SECURE = True
    CSRF_COOKIE_NAME = "__Host-csrftoken"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    },
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = "America/Chicago"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Opens /readyz to a monitor outside the local network, and /status to any.
READYZ_KEY = environment.secret("READYZ_KEY")
LOG_DIR = environment.text("LOG_DIR")
LOGGING = logging_by(environment.directory("LOG_DIR", VAR_DIR) if LOG_DIR else None)
