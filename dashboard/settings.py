"""Rolecall's settings: one page, read from the environment, wrong ones refused with a sentence."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from kombu import Queue

from accounts.domain.hub_identity import setting
from accounts.domain.identifiers import PARTITIONS
from accounts.domain.protection import Freeze, Protection, parse_freezes
from dashboard.sealing_keys import sealing_keys

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent


def required(name: str, what: str) -> str:
    """Read a variable that has no sensible default."""
    value: str = env.str(name, default="").strip()
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set: {what}. `./run` sets it for you; docs/configuration.md explains it."
        )
    return value


def whole_number(name: str, default: int, least: int = 1) -> int:
    """Read a whole number of at least `least`."""
    text: str = env.str(name, default=str(default)).strip()
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < least:
        raise ImproperlyConfigured(f"{name}={text}: use a whole number of at least {least}")
    return int(text)


def several_seconds(name: str, default: str) -> tuple[float, ...]:
    """Read a list of waits; none is no wait at all."""
    parts = words(name, default)
    if not all(re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", part) for part in parts):
        raise ImproperlyConfigured(f"{name}={','.join(parts)}: use seconds with commas between, such as {default}")
    return tuple(map(float, parts))


def seconds(name: str, default: int) -> float:
    """Read one wait of more than nothing."""
    waits = several_seconds(name, str(default))
    if len(waits) != 1 or not waits[0]:
        raise ImproperlyConfigured(f"{name}: use one number of seconds, such as {default}")
    return waits[0]


def words(name: str, default: str) -> tuple[str, ...]:
    """Read a list with commas between."""
    text: str = env.str(name, default=default)
    return tuple(part.strip() for part in text.split(",") if part.strip())


def one_of(name: str, default: str, known: tuple[str, ...]) -> str:
    """Read one of a few words."""
    text: str = env.str(name, default=default).strip()
    if text not in known:
        raise ImproperlyConfigured(f"{name}={text}: use {', '.join(known[:-1])} or {known[-1]}")
    return text


def freezes() -> tuple[Freeze, ...]:
    """Read the times in which nothing is deleted."""
    try:
        return parse_freezes(env.str("CLEANUP_FREEZE", default=""))
    except ValueError as error:
        raise ImproperlyConfigured(f"CLEANUP_FREEZE: {error}") from error


def log_level() -> str:
    """Read the least level that is logged."""
    text: str = env.str("LOG_LEVEL", default="INFO").strip().upper()
    if text not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
        raise ImproperlyConfigured(f"LOG_LEVEL={text}: use DEBUG, INFO, WARNING, ERROR or CRITICAL")
    return text


def yes_or_no(name: str, default: bool) -> bool:
    """Read True or False and nothing that merely looks like it."""
    text: str = env.str(name, default=str(default)).strip()
    if text not in ("True", "False"):
        raise ImproperlyConfigured(f"{name}={text}: use True or False")
    return text == "True"


def per_partition(name: str) -> dict[str, str]:
    """Read a variable that each partition has one of: HUB_PROFILE_AWS, HUB_PROFILE_AWS_US_GOV …"""
    return {partition: env.str(setting(name, partition), default="").strip() for partition in PARTITIONS}


def runs_on_greenlets() -> bool:
    """Say whether this process is a worker on gevent: `--pool=gevent` has patched it before this page is read."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))


def database() -> dict[str, Any]:
    """Read DATABASE_URL; only PostgreSQL can hold the constraints that the product's safety stands on."""
    url = required("DATABASE_URL", "postgres://USER:PASSWORD@HOST:PORT/NAME")
    config: dict[str, Any] = env.db_url_config(url)
    if config.get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database (postgres://…)")
    config["CONN_HEALTH_CHECKS"] = True  # a PostgreSQL that was restarted must not cost a request
    if GREENLETS:
        # A greenlet lives as long as its task, so a connection of its own would be made anew for every poll. A poll
        # holds one only while it reads or writes: few serve many. 20 s: a restarted PostgreSQL is back by then.
        config.setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": 8, "timeout": 20}
    else:
        config["CONN_MAX_AGE"] = 60
    return config


GREENLETS = runs_on_greenlets()
DEBUG = yes_or_no("DEBUG", False)
SECRET_KEY = required("SECRET_KEY", "a long random text")
if len(SECRET_KEY) < 32 or len(set(SECRET_KEY)) < 5 or SECRET_KEY.startswith("django-insecure"):
    raise ImproperlyConfigured("SECRET_KEY is too short or an example: use 50 random characters")
CREDENTIAL_KEYS_FILE: str = env.str("CREDENTIAL_KEYS_FILE", default="").strip()
CREDENTIAL_KEYS = sealing_keys(env.str("CREDENTIAL_KEYS", default=""), CREDENTIAL_KEYS_FILE, SECRET_KEY)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
DATABASES = {"default": database()}

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_include_bootstrap",
    "django_tables2",
    "django_filters",
    "django_htmx",
    "csp",
    "accounts",
    "dashboard",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "dashboard.access.RoleMiddleware",
    "dashboard.plain_text.PlainTextMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dashboard.wrong_way.WrongWayMiddleware",
]
ROOT_URLCONF = "dashboard.urls"
WSGI_APPLICATION = "dashboard.wsgi.application"
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
                "dashboard.context.page",
            ],
        },
    }
]

# AWS allows an organization 2,000 units, and the page that chooses from it has a field for each.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000
FILE_UPLOAD_HANDLERS = ["dashboard.uploads.OperatorsFile"]

LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
SESSION_COOKIE_AGE = 12 * 3600  # one working day
SESSION_COOKIE_SAMESITE = "Lax"
# Cookies are bound to HTTPS once there is HTTPS; `./run` speaks HTTP on loopback only.
HTTPS = yes_or_no("HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
BEHIND_PROXY = yes_or_no("BEHIND_PROXY", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / ".rolecall" / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DJANGO_TABLES2_TEMPLATE = "tables/table.html"
DJANGO_TABLES2_PAGE_RANGE = 7

# --- Celery -----------------------------------------------------------------------------------------------------------
REDIS_URL = required("REDIS_URL", "redis://HOST:PORT/0")
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True  # PostgreSQL is the truth; nothing is read back from Redis
CELERY_RESULT_BACKEND_THREAD_SAFE = True  # there is none, but Celery makes that anew for every greenlet
CELERY_TASK_ACKS_LATE = True  # a killed worker's poll runs again; polling twice is harmless
CELERY_TASK_REJECT_ON_WORKER_LOST = True
# On gevent the worker takes the next message only when a greenlet is free, whatever it may prefetch; but at 1 it sleeps
# up to two seconds when all are busy, since an acknowledgement does not wake it. So one message waits, never more.
CELERY_WORKER_PREFETCH_MULTIPLIER = 2 if GREENLETS else 1  # a busy worker holds back no other account
# Polls wait on the network, not on the processor: with greenlets many fit into one process, without each is a process.
CELERY_WORKER_CONCURRENCY = whole_number("WORKER_CONCURRENCY", 24 if GREENLETS else 4)
CELERY_WORKER_MAX_TASKS_PER_CHILD = 2000
CELERY_TASK_SOFT_TIME_LIMIT = 240  # a whole account, black-hole regions included, is done well before
CELERY_TASK_TIME_LIMIT = 270  # the soft limit's clean-up gets half a minute
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,  # longer than the hard limit: a running poll is never handed out twice
    "socket_keepalive": True,
    "queue_order_strategy": "priority",
    "global_keyprefix": env.str("REDIS_PREFIX", default="rolecall:"),
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A poll needs no broker to go on; cut off, its lease would keep its account waiting for minutes.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # after 100, worker and beat would leave for good: some 50 minutes
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# A worker started without -Q serves all three, in this order: housekeeping, what a person waits for, the schedule.
CELERY_TASK_QUEUES = (Queue("clock"), Queue("now"), Queue("polls"))
CELERY_TASK_DEFAULT_QUEUE = "polls"
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # what is due stands in PostgreSQL; beat has nothing to remember
CELERY_BEAT_SCHEDULE = {
    "poll-due-accounts": {"task": "accounts.poll_due_accounts", "schedule": 15.0},
    "tend-sweeps": {"task": "accounts.tend_sweeps", "schedule": 10.0},
    "tend-cleanups": {"task": "accounts.tend_cleanups", "schedule": 5.0},
    "tend-organizations": {"task": "accounts.tend_organizations", "schedule": 30.0},
    # Not once a day: beat counts from its own start, and one that is restarted every night would never come to it.
    "forget-old": {"task": "accounts.forget_old", "schedule": 3600.0},
    # Often, so that what stays of a day is how it ended.
    "write-figures": {"task": "accounts.write_figures", "schedule": 300.0},
    "tend-campaigns": {"task": "accounts.tend_campaigns", "schedule": 5.0},
    "void-expired-plans": {"task": "accounts.void_expired_plans", "schedule": 60.0},
    "tend-checks": {"task": "accounts.tend_checks", "schedule": 30.0},
}
CELERY_TASK_ROUTES = {
    "accounts.poll_due_accounts": {"queue": "clock"},
    "accounts.tend_sweeps": {"queue": "clock"},
    "accounts.tend_cleanups": {"queue": "clock"},
    "accounts.tend_campaigns": {"queue": "clock"},
    "accounts.run_cleanup": {"queue": "now"},
    "accounts.draw_plan": {"queue": "now"},
    "accounts.forget_old": {"queue": "clock"},
    "accounts.write_figures": {"queue": "clock"},
    "accounts.tend_checks": {"queue": "clock"},
    "accounts.tend_organizations": {"queue": "clock"},
    "accounts.void_expired_plans": {"queue": "clock"},
}
CELERY_TIMEZONE = "UTC"

# --- Polling ----------------------------------------------------------------------------------------------------------
POLL_TICK_SECONDS = whole_number("POLL_TICK_SECONDS", 60, least=5)  # what falls due meanwhile is one sweep
POLL_INTERVAL_SECONDS = whole_number("POLL_INTERVAL_SECONDS", 900, least=30)
POLL_JITTER_PERCENT = whole_number("POLL_JITTER_PERCENT", 10, least=0)  # accounts imported together drift apart
POLL_BACKOFF_CAP_SECONDS = whole_number("POLL_BACKOFF_CAP_SECONDS", 6 * 3600)  # noticed within a working day
POLL_LEASE_SECONDS = 300  # longer than the hard time limit: whoever still holds it then is dead
POLL_RESEND_SECONDS = whole_number("POLL_RESEND_SECONDS", 60)  # an unclaimed poll is sent again: Redis may be emptied
SWEEP_KEEP_DAYS = whole_number("SWEEP_KEEP_DAYS", 14)  # accounts' own history is kept apart, and longer
CHANGE_KEEP_DAYS = whole_number("CHANGE_KEEP_DAYS", 400)  # a yearly review still sees the one before it
FIGURES_KEEP_DAYS = whole_number("FIGURES_KEEP_DAYS", 1100, least=90)  # a row a day; the overview draws 90 days
POLL_THREADS = whole_number("POLL_THREADS", 12)  # regions asked at once, per account
POLL_PROBE_SECONDS = whole_number("POLL_PROBE_SECONDS", 45)  # one region with all its pages: 10,000 brokers take 10 s
POLL_BUDGET_SECONDS = whole_number("POLL_BUDGET_SECONDS", 120)  # a whole account; half of the soft limit
if POLL_BUDGET_SECONDS > CELERY_TASK_SOFT_TIME_LIMIT - 30:  # what was read has still to be written down
    raise ImproperlyConfigured(f"POLL_BUDGET_SECONDS={POLL_BUDGET_SECONDS}: the most is 210")
# By schedule, the states of an account's regions and its policy's document are asked for again when older than this;
# sooner, where they would else be shown as old (STALE_AFTER_SECONDS) before the account's next poll.
POLL_REMEMBER_SECONDS = whole_number("POLL_REMEMBER_SECONDS", 2700, least=0)
STALE_AFTER_SECONDS = whole_number("STALE_AFTER_SECONDS", 3600)  # older answers are shown as old

# --- Clean-ups --------------------------------------------------------------------------------------------------------
CLEANUP_POLL_SECONDS = seconds("CLEANUP_POLL_SECONDS", 3)  # between two looks at what AWS is deleting
# IAM: "wait for a few minutes and try the operation again". As many tries as waits, and the first one.
CLEANUP_RETRY_SECONDS = several_seconds("CLEANUP_RETRY_SECONDS", "120,300,600,1200,2400")
CLEANUP_BROKER_SECONDS = whole_number("CLEANUP_BROKER_SECONDS", 3600)  # a deletion takes AWS some 5 minutes
CLEANUP_LEASE_SECONDS = whole_number("CLEANUP_LEASE_SECONDS", 300)  # longer than a task may take: the holder is dead
CLEANUP_PLAN_HOURS = whole_number("CLEANUP_PLAN_HOURS", 24)
CLEANUP_APPROVAL_HOURS = whole_number(
    "CLEANUP_APPROVAL_HOURS", 12
)  # somebody who says yes in the morning is asked by night
CLEANUP_SIGN_IN_MINUTES = whole_number(
    "CLEANUP_SIGN_IN_MINUTES", 10
)  # whoever confirms or approves has just proved who they are
CLEANUP_APPROVAL = one_of(
    "CLEANUP_APPROVAL", "brokers", ("always", "brokers", "never")
)  # when a second person is asked
CLEANUP_AT_ONCE = whole_number("CLEANUP_AT_ONCE", 5)  # accounts of one campaign in work
CLEANUP_UNKNOWN_TRIES = whole_number("CLEANUP_UNKNOWN_TRIES", 5)  # looks at a region that fails to answer in mid-run
CLEANUP_PROTECTION = Protection(
    account_ids=frozenset(words("CLEANUP_PROTECTED_ACCOUNTS", "")),
    name_words=words("CLEANUP_PROTECTED_NAMES", "prod,production,prd,live"),
    tags=words(
        "CLEANUP_PROTECTED_TAGS",
        "protected,do-not-delete,environment=prod,environment=production,env=prod,env=production",
    ),
    max_brokers=whole_number("CLEANUP_MAX_BROKERS", 10),
    freezes=freezes(),
)

# --- AWS --------------------------------------------------------------------------------------------------------------
AWS_ENDPOINT_URL: str = env.str("AWS_ENDPOINT_URL", default="")
AWS_CONNECT_TIMEOUT = whole_number("AWS_CONNECT_TIMEOUT", 4)  # one lost SYN is sent again after 1 s, a second after 3 s
AWS_READ_TIMEOUT = whole_number("AWS_READ_TIMEOUT", 10)  # these APIs answer within 1 s, under load within 5 s
# 3 × 10 s + 3 s between the tries: a region that never answers costs 33 s, and all 34, 12 at once, fit into the budget.
AWS_MAX_ATTEMPTS = whole_number("AWS_MAX_ATTEMPTS", 3)
# Organizations allows a few calls a second for everybody who manages it: waits of 1, 2, 4, 8 and 16 s, less by chance.
AWS_ORGANIZATION_ATTEMPTS = whole_number("AWS_ORGANIZATION_ATTEMPTS", 6)
# Credentials never cross partitions: where botocore's ordinary chain finds those of one, the others need profiles.
HUB_PROFILES = per_partition("HUB_PROFILE")
# The hub role's whole ARN, where it has a path: the ARN of a session leaves that out.
HUB_ROLE_ARNS = per_partition("HUB_ROLE_ARN")
STS_CALLS_PER_SECOND = whole_number("STS_CALLS_PER_SECOND", 100)  # of all workers; the rest of the hub has a share, too

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": log_level()},
    # botocore's debug log prints request bodies and signatures: never lower than this.
    "loggers": {"botocore": {"level": "WARNING"}, "boto3": {"level": "WARNING"}, "urllib3": {"level": "WARNING"}},
}
