"""Settings: one file, read from the environment (django-environ), secure by default.

A secret has no fallback outside development. Every variable is read by ``variables``, which says what it is for;
`.env.example` and the table of docs/operations.md are written from it (``tools/variables.py``).
"""

from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from config import databases, development_secret, mailers, password_rules, processes, serving
from config.environment import Variables
from config.schedules import SCHEDULES

# Django's generic classes take type parameters at run time too (ModelForm[…], QuerySet[…]).
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")
variables = Variables(env)
_ROLE = databases.current_role()

PORTAL_HOME = variables.path("PORTAL_HOME", default=BASE_DIR / "var").resolve()
# Without DATABASE_URL the embedded server is used, and with it the development defaults below.
EMBEDDED: bool = "DATABASE_URL" not in env.ENVIRON and _ROLE != databases.WITNESS_ROLE
DEVELOPMENT = variables.flag("DEVELOPMENT", default=EMBEDDED)
DEBUG = variables.flag("DEBUG", default=False)

# --- secrets ---------------------------------------------------------------------------------------------
KEYS_DIR = variables.path("KEYS_DIR", default=PORTAL_HOME / "keys")
_SIGNS, _GENERAL_ONLY = databases.is_of_the_portal(_ROLE), _ROLE in databases.GENERAL_ROLES
SECRET_KEY = variables.text("SECRET_KEY", default=None if _SIGNS and not DEVELOPMENT else "")
if DEVELOPMENT and not SECRET_KEY:
    SECRET_KEY = development_secret.load_or_create_secret(KEYS_DIR / "secret-key")
SECRET_KEY_FALLBACKS = variables.several("SECRET_KEY_FALLBACKS")
# The vault's master key and the blind indexes' key: files outside every database (vault.md).
MASTER_KEY_FILE = variables.path("MASTER_KEY_FILE", default=KEYS_DIR / "master.key")
INDEX_KEY_FILE = variables.path("INDEX_KEY_FILE", default=KEYS_DIR / "index.key")
CERTIFICATE_KEY_FILE = variables.path("CERTIFICATE_KEY_FILE", default=KEYS_DIR / "certificate.key")
CERTIFICATE_FORMER_KEYS = variables.several("CERTIFICATE_FORMER_KEYS")
VAULT_MASTER_KEYS = variables.text("VAULT_MASTER_KEYS", default="privacy.vault.key_providers.FileMasterKeys")
MASTER_KEY_VARIABLE = variables.text("MASTER_KEY_VARIABLE", default="MASTER_KEY")
PKCS11_MODULE = variables.text("PKCS11_MODULE", default="")
PKCS11_TOKEN = variables.text("PKCS11_TOKEN", default="")
PKCS11_PIN_FILE = variables.path("PKCS11_PIN_FILE", default=KEYS_DIR / "token.pin")
# Another process holds the keys (docs/vault.md); ``in-process`` is for ordinary tests alone.
KEY_SERVICE = variables.text("KEY_SERVICE", default="socket")
KEY_SERVICE_DIR = variables.path("KEY_SERVICE_DIR", default=PORTAL_HOME / "run" / "keys")
KEY_SERVICE_USERS = variables.pairs("KEY_SERVICE_USERS")
KEY_UNSIGNED_MINUTES = variables.number("KEY_UNSIGNED_MINUTES", default=10)
KEY_LEASE_SECONDS = variables.number("KEY_LEASE_SECONDS", default=900)
KEY_CEILINGS = {
    "pages": "5000", "pages.destruction": "1000", "pages.look-ups": "160000", "pages.derived-secrets": "600",
    "intake.look-ups": "60000",
    "worker": "60000", "worker.rights": "20000", "worker.registration": "20000", "worker.analytics": "5000",
    "worker.error-analysis": "5000", "worker.destruction": "1000", "worker.look-ups": "60000",
    "worker.derived-secrets": "6000",
    **variables.pairs("KEY_CEILINGS"),
}  # fmt: skip
VAULT_TURN_BATCH = variables.number("VAULT_TURN_BATCH", default=5_000)
# Certificates, the register and pages print the days that follow from these (docs/operations.md, Backups).
KEY_BACKUP_DAYS = variables.number("KEY_BACKUP_DAYS", default=7)
DATA_BACKUP_DAYS = variables.number("DATA_BACKUP_DAYS", default=30)
VAULT_CACHE_SECONDS = variables.number("VAULT_CACHE_SECONDS", default=30)
VAULT_CACHE_KEYS = variables.number("VAULT_CACHE_KEYS", default=50_000)
GATE_REMEMBERED = variables.number("GATE_REMEMBERED", default=200_000)

# --- the audit trail -------------------------------------------------------------------------------------
LEDGER_ORIGIN = variables.text("LEDGER_ORIGIN", default="privacy.extrus.example/ledger")
LEDGER_KEEP_MONTHS = variables.number("LEDGER_KEEP_MONTHS", default=24)
NOTARY_STATE_DIR = variables.path("NOTARY_STATE_DIR", default=PORTAL_HOME / "notary")
NOTARY_KEY_FILE = variables.path("NOTARY_KEY_FILE", default=NOTARY_STATE_DIR / "notary.key")
NOTARY_VKEYS = [_line for _part in variables.several("NOTARY_VKEYS") for _line in _part.split()]
ATTESTATION_VKEYS = variables.several("ATTESTATION_VKEYS")
WITNESS_POLICY = variables.text("WITNESS_POLICY", default="")
TIMESTAMP_URL = variables.text("TIMESTAMP_URL", default="")
WITNESS_DIR = variables.path("WITNESS_DIR", default=PORTAL_HOME / "witness")
MIRROR_DIR = variables.path("MIRROR_DIR", default=PORTAL_HOME / "mirror")
ANCHOR_DIR = variables.path("ANCHOR_DIR", default=PORTAL_HOME / "anchors")
ANCHOR_EMAILS = variables.several("ANCHOR_EMAILS")
ANCHOR_EMAIL_SECONDS = variables.number("ANCHOR_EMAIL_SECONDS", default=86_400)
# Whom approvals by emergency are told, and who confirms colleagues: no account can change it.
REPRESENTATIVE_EMAIL = variables.text(
    "REPRESENTATIVE_EMAIL", default="representative@extrus.example" if DEVELOPMENT else ""
)
APPROVER_KEYS = variables.several("APPROVER_KEYS")
JOURNAL_DATABASE_URL = variables.text("JOURNAL_DATABASE_URL", default="")  # of all hosts; else of this one:
DESTRUCTION_JOURNAL_DIR = variables.path("DESTRUCTION_JOURNAL_DIR", default=PORTAL_HOME / "destructions")

# --- where the portal is ---------------------------------------------------------------------------------
PORT, WEB_HOST, WEB_WORKERS, WEB_THREADS = serving.read(variables)
PORTAL_URL = variables.text("PORTAL_URL", default=f"http://localhost:{PORT}").rstrip("/")
ALLOWED_HOSTS = variables.several("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEVELOPMENT else [])
CSRF_TRUSTED_ORIGINS = variables.several("CSRF_TRUSTED_ORIGINS")
# Which of the portal's processes this is: it answers the addresses of that one alone (decision 0175).
PORTAL_PROCESS = variables.text("PORTAL_PROCESS", default="")
# Behind the forwarding process of `make demo` and `make run` nobody else is believed (config/forwarder.py).
FORWARDER = variables.flag("FORWARDER", default=False)
TRUSTED_PROXIES = variables.several("TRUSTED_PROXIES")
if FORWARDER:
    TRUSTED_PROXIES = ["127.0.0.1/32"]
# From where the console opens (law S-16); empty is from everywhere.
OFFICE_NETWORKS = variables.several("OFFICE_NETWORKS")
# Our own networks into which addresses that people enter may lead (privacy/lib/integrations/outbound_http.py).
OUTBOUND_NETWORKS = variables.several("OUTBOUND_NETWORKS")

# --- databases -------------------------------------------------------------------------------------------
variables.declare("PORTAL_ROLE")
PERSISTENT = variables.number("CONN_MAX_AGE", default=60)
STATEMENT_TIMEOUT = variables.text("STATEMENT_TIMEOUT", default="60s" if _SIGNS else "0")
EMBEDDED_CONF = variables.pairs("EMBEDDED_CONF")
variables.declare("PORTAL_POSTGRES_BIN", kind="path")
DATABASES: dict[str, dict[str, Any]] = {}
if EMBEDDED:
    from config.embedded_postgres import EmbeddedServer

    EMBEDDED_SERVER = EmbeddedServer(PORTAL_HOME / "postgres", EMBEDDED_CONF)
    EMBEDDED_SERVER.start()
    for _alias, _name in databases.databases_of(PORTAL_PROCESS).items():
        _role = databases.role_in(_alias, _ROLE)
        DATABASES[_alias] = env.db_url_config(EMBEDDED_SERVER.url(_role, _name))
elif _ROLE != databases.WITNESS_ROLE:
    DATABASES["default"] = variables.database("DATABASE_URL")
    for _alias, _variable in (("personal", "PERSONAL_DATABASE_URL"), ("archive", "ARCHIVE_DATABASE_URL")):
        if _alias in databases.databases_of(PORTAL_PROCESS):
            DATABASES[_alias] = {**DATABASES["default"]} if _GENERAL_ONLY else variables.database(_variable)
for _database in DATABASES.values():
    _database["CONN_MAX_AGE"] = PERSISTENT
    _database["CONN_HEALTH_CHECKS"] = True
    # A cut network is an error within seconds, not a hang (FLT-14); a stuck statement gives up (FLT-25).
    _database["OPTIONS"] = {
        "connect_timeout": 3,
        "tcp_user_timeout": 4000,
        "keepalives_idle": 2,
        "keepalives_interval": 1,
        "keepalives_count": 2,
        "options": f"-c lock_timeout=3s -c statement_timeout={STATEMENT_TIMEOUT}"
        " -c idle_in_transaction_session_timeout=60s",
        **_database.get("OPTIONS", {}),
    }
DATABASE_ROUTERS = ["config.databases.Router"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- applications ----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "config",
    "privacy.ledger",
    "privacy.jobs",
    "privacy.accounts",
    "privacy.policies",
    "privacy.vault",
    "privacy.subjects",
    "privacy.systems",
    "privacy.retention",
    "consents",
    "privacy.disclosures",
    "privacy.campaigns",
    "privacy.incidents",
    "privacy.safeguards",
    "privacy.workforce",
    "privacy.processors",
    "devices",
    "privacy.rights",
    "privacy.office_api",
    "privacy.scim",
    "config.apps.OfficeAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "auditlog",
    "django_q",
]
MIDDLEWARE = processes.middleware(PORTAL_PROCESS)
ROOT_URLCONF = processes.urlconf(PORTAL_PROCESS)
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- people ----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "after-sign-in"
LOGOUT_REDIRECT_URL = "account_login"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = password_rules.VALIDATORS
SESSION_ENGINE = "django.contrib.sessions.backends.db"
# A session ends after a while without a request (law S-15), and in any case after its longest time.
IDLE_SECONDS = variables.number("IDLE_SECONDS", default=30 * 60)
IDLE_SECONDS_CONSOLE = variables.number("IDLE_SECONDS_CONSOLE", default=15 * 60)
SESSION_LONGEST_SECONDS = variables.number("SESSION_LONGEST_SECONDS", default=8 * 60 * 60)
SESSION_COOKIE_AGE = SESSION_LONGEST_SECONDS
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# One person's sessions at once; the oldest gives way (law S-11).
SESSIONS_AT_ONCE = variables.number("SESSIONS_AT_ONCE", default=3)
# Failures without a wait: for an account, and for a network address, which an office may share (law S-13).
SIGN_IN_FREE_FAILURES = variables.number("SIGN_IN_FREE_FAILURES", default=4)
SIGN_IN_FREE_FAILURES_OF_ADDRESS = variables.number("SIGN_IN_FREE_FAILURES_OF_ADDRESS", default=20)
# Dangerous acts ask for the second factor again when the last was longer ago (SEC-09).
STEP_UP_SECONDS = variables.number("STEP_UP_SECONDS", default=5 * 60)
# Signing in, by django-allauth: no sign-up, no reset by mail, no addresses of its own; delays and mails are ours.
ACCOUNT_ADAPTER = "privacy.accounts.signin.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "privacy.accounts.signin.forms.SignInForm",
    "reauthenticate": "privacy.accounts.signin.forms.ReauthenticateByPasswordForm",
    "change_password": "privacy.accounts.signin.forms.NewPasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = STEP_UP_SECONDS
# Optional: the company's own OpenID Connect provider in place of the password, for accounts that the office has opened.
# Off without OIDC_ISSUER. The second factor, the grants and the sessions stay ours.
OIDC_ISSUER = variables.text("OIDC_ISSUER", default="")
OIDC_CLIENT_ID = variables.text("OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET = variables.text("OIDC_CLIENT_SECRET", default="")
OIDC_NAME = variables.text("OIDC_NAME", default="Extrus")
SOCIALACCOUNT_ADAPTER = "privacy.accounts.signin.adapters.CompanyAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SOCIALACCOUNT_STORE_TOKENS = False
MFA_ADAPTER = "privacy.accounts.signin.adapters.FactorAdapter"
MFA_FORMS = {
    "authenticate": "privacy.accounts.signin.forms.CodeForm",
    "reauthenticate": "privacy.accounts.signin.forms.ReauthenticateByCodeForm",
    "activate_totp": "privacy.accounts.signin.forms.AddTotpForm",
    "add_webauthn": "privacy.accounts.signin.forms.AddSecurityKeyForm",
    "authenticate_webauthn": "privacy.accounts.signin.forms.SecurityKeyForm",
    "reauthenticate_webauthn": "privacy.accounts.signin.forms.ReauthenticateBySecurityKeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_ALLOW_UNVERIFIED_EMAIL = MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"

# --- transport and browser: strict, also in development where plain HTTP allows it ----------------------
HTTPS = variables.flag("HTTPS", default=False) or not DEVELOPMENT
_prefix = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_prefix}session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
# Lets us tell a person's own browsers from a stranger's (notices of new devices; delays after failures).
BROWSER_COOKIE_NAME = f"{_prefix}browser"
BROWSER_COOKIE_AGE = 400 * 24 * 60 * 60
CSRF_COOKIE_NAME = f"{_prefix}csrf"
CSRF_COOKIE_SECURE = HTTPS
MESSAGE_STORAGE = "privacy.lib.http.message_storage.MessageStorage"
MESSAGES_COOKIE_NAME = f"{_prefix}messages"
LANGUAGE_COOKIE_NAME = f"{_prefix}language"
LANGUAGE_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = variables.flag("SECURE_SSL_REDIRECT", default=True) and HTTPS
SECURE_REDIRECT_EXEMPT = processes.PROBES
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 5

# --- language and time -----------------------------------------------------------------------------------
LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", _("Korean")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Seoul"
USE_TZ = True
# Dates with their weekday, 24 hours (config/formats).
FORMAT_MODULE_PATH = ["config.formats"]

# --- files -----------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static", ("guide", BASE_DIR / "docs" / "guide" / "images")]
STATIC_ROOT = PORTAL_HOME / "static"
WHITENOISE_USE_FINDERS = DEVELOPMENT
# Nobody else's pages read our files.
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MAX_AGE = 0 if DEVELOPMENT else 86_400

# What people send stays in memory until it is sealed: nothing is written to a disk in clear.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = DATA_UPLOAD_MAX_MEMORY_SIZE
# Forms with files that one web process reads at a time; beyond, it answers "busy, try again".
UPLOADS_AT_ONCE = 4
# The malware scanner (clamd): the path of its socket, or host:port. Without either, what people send stays closed.
CLAMD_SOCKET = variables.text("CLAMD_SOCKET", default="")
CLAMD_HOST = variables.text("CLAMD_HOST", default="")
# For a demonstration without a scanner: files open once the confined process found nothing in them.
OPEN_UNSCANNED_UPLOADS = variables.flag("OPEN_UNSCANNED_UPLOADS", default=False)

# --- what the portal watches of itself (safeguards) ------------------------------------------------------
# Files that the backup and the restore drill touch when they have ended well; their age is daily evidence.
BACKUP_STAMP = variables.text("BACKUP_STAMP", default=str(PORTAL_HOME / "backups" / "last-backup"))
RESTORE_DRILL_STAMP = variables.text("RESTORE_DRILL_STAMP", default=str(PORTAL_HOME / "backups" / "last-restore-drill"))
# The package index that the daily check asks for known vulnerabilities of what is installed. Empty: none is asked.
PACKAGE_INDEX_URL = variables.text("PACKAGE_INDEX_URL", default="")

# --- mail and text messages ------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = variables.text("DEFAULT_FROM_EMAIL", default="privacy@extrus.example")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_URL = variables.text("EMAIL_URL", default="")
MAILERS = {"default": mailers.smtp(EMAIL_URL)}
# The office's mailbox, read by the worker; where its mails go once they were taken (empty: they are deleted).
INBOX_URL = variables.text("INBOX_URL", default="")
INBOX_ADDRESS = variables.text("INBOX_ADDRESS", default="")
INBOX_MOVE_TO = variables.text("INBOX_MOVE_TO", default="")
# Text messages: who sends them, and from which registered number. Empty: none are sent.
TEXT_MESSAGES_URL = variables.text("TEXT_MESSAGES_URL", default="")
TEXT_MESSAGES_FROM = variables.text("TEXT_MESSAGES_FROM", default="")
KAKAO_CHANNEL = variables.text("KAKAO_CHANNEL", default="")

# --- captured changes ------------------------------------------------------------------------------------
AUDITLOG_LOGENTRY_MODEL = "ledger.FieldChange"
AUDITLOG_INCLUDE_ALL_MODELS = False
AUDITLOG_DISABLE_REMOTE_ADDR = True
AUDITLOG_STORE_JSON_CHANGES = True

# --- the queue: django-q2 is the alarm clock only (privacy/jobs/README.md) ----------------------------------------
# What the worker runs, and nothing else (privacy/jobs/queue_broker.py).
JOB_FUNCTIONS = frozenset(job.function for job in SCHEDULES)
Q_CLUSTER = {
    "name": "portal",
    "orm": "default",
    "broker_class": "privacy.jobs.queue_broker.NamedJobsBroker",
    "workers": variables.number("WORKERS", default=2),
    "bulk": 1,
    "queue_limit": 2,
    "timeout": 60,
    "retry": 300,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": -1,
    "poll": 1,
    "recycle": 200,
    "label": "Jobs",
}

# --- logs: to standard error; never a value of personal data --------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "config.log_lines.OneLineFormatter",
            "format": "{asctime} {levelname} {name} {act} {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"portal": {"level": "INFO"}, "django-q": {"level": "WARNING"}},
}
SILENCED_SYSTEM_CHECKS = processes.silenced_checks(PORTAL_PROCESS, signs=_SIGNS)
