"""Django's settings, from the environment. `web/boot.py` fills the environment in before this is read.

DATABASE_URL            where PostgreSQL is, with the login that owns the tables (required; `boot.prepare` starts the
                        embedded one when it is not set)
CLOSEKNIT_APP_DATABASE_URL  the same database with a login of the application's own, which owns nothing; without it the
                        owner's login takes the role closeknit_app (weaker: injected SQL could put it off again)
CLOSEKNIT_HOME          the data folder: secret key, generated static files
CLOSEKNIT_PRODUCTION    "1" behind TLS: secure cookies, HSTS, redirect to https
CLOSEKNIT_LEDGER        folder of the ledger's keys and checkpoints (default: `ledger` in the data folder)
CLOSEKNIT_LEDGER_COPIES folders that checkpoints are copied to, separated like PATH; best where no administrator of the
                        database can write
CLOSEKNIT_BEHIND_PROXY  "1" where a proxy of yours ends TLS, always sets X-Forwarded-Proto, adds the address of
                        the visitor to X-Forwarded-For
CLOSEKNIT_IDLE_MINUTES  how long a session lives without a request (default 30; the demo company: 720)
CLOSEKNIT_SECOND_FACTOR_KEY  file of the key that secrets of second factors are encrypted with (default: in the data
                        folder); every server process needs the same one
CLOSEKNIT_OIDC_ISSUER   the company's own sign-in (OpenID Connect), with CLOSEKNIT_OIDC_CLIENT_ID, CLOSEKNIT_OIDC_SECRET
                        (or CLOSEKNIT_OIDC_SECRET_FILE) and CLOSEKNIT_OIDC_NAME: docs/sign-in.md
CLOSEKNIT_HOSTS         comma-separated host names to answer to (loopback is always one)
CLOSEKNIT_URL           where people reach this deployment (https://closeknit.example.com): links in mail begin with it
CLOSEKNIT_SMTP_URL      where mail is handed in: smtps://user:word@host, or smtp:// with STARTTLS; empty: no mail
CLOSEKNIT_MAIL_FROM     the sender of mail
CLOSEKNIT_MAIL_DOMAINS  comma-separated domains that people's addresses must be of (empty: any)
CLOSEKNIT_LOCAL_RECEIVERS  comma-separated host:port that webhooks may reach though not public, also by plain http
"""

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

PACKAGE = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("CLOSEKNIT_HOME", Path.cwd() / ".closeknit"))
LEDGER_FOLDER = Path(os.environ.get("CLOSEKNIT_LEDGER", HOME / "ledger"))
LEDGER_COPIES = [Path(p) for p in os.environ.get("CLOSEKNIT_LEDGER_COPIES", "").split(os.pathsep) if p]
PRODUCTION = os.environ.get("CLOSEKNIT_PRODUCTION") == "1"


def _secret_key() -> str:
    given = os.environ.get("CLOSEKNIT_SECRET_KEY")
    if given:
        return given
    path = HOME / "secret-key"
    if not path.exists():
        HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = HOME / f"secret-key.{os.getpid()}.part"
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
        # A link appears whole or not at all: of processes that start together, the first one's key is everybody's.
        try:
            os.link(beside, path)
            beside.unlink()
        except FileExistsError:
            beside.unlink()
        except OSError:
            beside.replace(path)
    return path.read_text()


def _login(url: str) -> dict[str, str]:
    """Read whose login an address is, and to which database."""
    parts = conninfo_to_dict(url)
    named = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    login = {ours: str(parts.get(theirs, "")) for ours, theirs in named.items()}
    return {**login, "NAME": login["NAME"] or "closeknit"}


def _database(login: dict[str, str], options: str) -> dict[str, object]:
    suffix = os.environ.get("CLOSEKNIT_TEST_SUFFIX", "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        **login,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": f"test_{login['NAME']}{suffix}"},
        "OPTIONS": {"application_name": "closeknit", "options": options},
    }


def _single_sign_on() -> dict[str, Any] | None:
    """Read the company's own sign-in, or None where none is named."""
    issuer = os.environ.get("CLOSEKNIT_OIDC_ISSUER", "")
    if not issuer:
        return None
    file = os.environ.get("CLOSEKNIT_OIDC_SECRET_FILE", "")
    secret = os.environ.get("CLOSEKNIT_OIDC_SECRET", "") or (Path(file).read_text().strip() if file else "")
    client_id = os.environ.get("CLOSEKNIT_OIDC_CLIENT_ID", "")
    if not client_id or not secret:
        raise ImproperlyConfigured("CLOSEKNIT_OIDC_ISSUER needs CLOSEKNIT_OIDC_CLIENT_ID and CLOSEKNIT_OIDC_SECRET")
    if urlsplit(issuer).scheme != "https" and urlsplit(issuer).hostname not in ("127.0.0.1", "localhost"):
        raise ImproperlyConfigured("CLOSEKNIT_OIDC_ISSUER must begin with https://")
    return {
        "provider_id": "company",
        "name": os.environ.get("CLOSEKNIT_OIDC_NAME", "the company's account"),
        "client_id": client_id,
        "secret": secret,
        "settings": {"server_url": issuer},
    }


SECRET_KEY = _secret_key()
SINGLE_SIGN_ON = _single_sign_on()
DEBUG = False
ALLOWED_HOSTS = [
    "127.0.0.1",
    "localhost",
    "[::1]",
    *filter(None, (name.strip() for name in os.environ.get("CLOSEKNIT_HOSTS", "").split(","))),
]
# The application works under a role that owns nothing and cannot see past row security (kernel/roles.py, ADR 0005).
_OWNER = _login(os.environ.get("DATABASE_URL") or "dbname=closeknit")
_APP = _login(os.environ.get("CLOSEKNIT_APP_DATABASE_URL") or "user=closeknit_app")
DATABASE_ROLE = _APP["USER"]
DATABASE_ROLE_LOGS_IN = bool(os.environ.get("CLOSEKNIT_APP_DATABASE_URL"))
DATABASE_OWNER = {**_OWNER, "OPTIONS": {"application_name": "closeknit"}}
PUBLIC_URL = os.environ.get("CLOSEKNIT_URL", "").rstrip("/")
SMTP_URL = os.environ.get("CLOSEKNIT_SMTP_URL", "")
MAIL_FROM = os.environ.get("CLOSEKNIT_MAIL_FROM", "closeknit@localhost")
MAIL_DOMAINS = tuple(filter(None, os.environ.get("CLOSEKNIT_MAIL_DOMAINS", "").lower().replace(" ", "").split(",")))
LOCAL_RECEIVERS = tuple(filter(None, os.environ.get("CLOSEKNIT_LOCAL_RECEIVERS", "").replace(" ", "").split(",")))
DATABASES = {"default": _database(_APP, "") if DATABASE_ROLE_LOGS_IN else _database(_OWNER, f"-c role={DATABASE_ROLE}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

ROOMS = ("org", "decisions", "privacy", "sensing", "customers", "agreements", "demand", "capacity", "outcomes")
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    # It has no tables, and what it brings along takes time to load: only where it is used.
    *(["allauth.socialaccount.providers.openid_connect"] if SINGLE_SIGN_ON else []),
    "django_htmx",
    "procrastinate.contrib.django",
    "closeknit.kernel",
    *(f"closeknit.rooms.{room}" for room in ROOMS),
    "closeknit.web",
]
MIDDLEWARE = [
    "closeknit.web.middleware.NumberedRequests",
    "closeknit.web.middleware.SecurityHeaders",
    "closeknit.web.logs.LogRefusals",
    "closeknit.web.problems.ApiProblems",
    "closeknit.web.middleware.ReadableText",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "closeknit.web.presence.KeepSession",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "closeknit.web.analysis.FewAtOnce",
    "closeknit.web.middleware.ActorOnRequest",
    "closeknit.web.middleware.ErrorPages",
    "closeknit.web.spreadsheets.AsWorkbook",
]
ROOT_URLCONF = "closeknit.web.urls"
WSGI_APPLICATION = "closeknit.web.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "closeknit.web.context.frame",
            ],
            "builtins": ["closeknit.web.templatetags.closeknit"],
        },
    }
]

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = ["closeknit.web.formats"]

STATIC_URL = "/static/"
STATIC_ROOT = None
STATICFILES_DIRS = [PACKAGE / "web" / "static", HOME / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# In the session, so that no cookie of its own is needed.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "today"
LOGOUT_REDIRECT_URL = "sign-in"

# Rows sent over HTTP come in bodies of this size at most; files of any size: closeknit load.
DATA_UPLOAD_MAX_MEMORY_SIZE = 24 * 2**20

# Sessions end by the server's word, idle and whole; the cookie itself goes with the browser.
SESSION_ENGINE = "closeknit.kernel.sessions"
SESSION_COOKIE_AGE = 60 * int(os.environ.get("CLOSEKNIT_IDLE_MINUTES") or 30)
SESSION_LONGEST_SECONDS = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "closeknit.web.faults.show_form_refused"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
KNOWN_COOKIE_NAME = "known"
BEHIND_PROXY = os.environ.get("CLOSEKNIT_BEHIND_PROXY") == "1"
if PRODUCTION:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    KNOWN_COOKIE_NAME = "__Host-known"
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    if BEHIND_PROXY:
        # Without a proxy that overwrites it, anybody could send this header: so only on request.
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# One cache for all processes: used one-time codes stand in it.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "kernel_cache",
        # So many that no code that is still good is ever dropped to make room.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# Sign-in by django-allauth. It registers nobody, sends no mail, and leaves counting tries to web/visitors.py.
ACCOUNT_ADAPTER = "closeknit.web.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if PRODUCTION else "http"
MFA_ADAPTER = "closeknit.web.sign_in.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Closeknit"
MFA_TOTP_PERIOD = 30
# RFC 6238, 5.2: one step before and after, for slow fingers and clocks that are a little off.
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "closeknit.web.sign_in.CodeForm",
    "reauthenticate": "closeknit.web.sign_in.CodeAgainForm",
}
MFA_RECOVERY_CODES_SHOW_ONCE = True
SECOND_FACTOR_KEY = Path(os.environ.get("CLOSEKNIT_SECOND_FACTOR_KEY", HOME / "second-factor-key"))
SOCIALACCOUNT_ADAPTER = "closeknit.web.single_sign_on.SocialAdapter"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "provider_class": "closeknit.web.single_sign_on.CompanyProvider",
        "APPS": [SINGLE_SIGN_ON] if SINGLE_SIGN_ON else [],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "closeknit.web.logs.Line",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"closeknit.security": {"level": "INFO"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("CLOSEKNIT_LOG", "WARNING")},
}
