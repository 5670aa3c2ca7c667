"""The portal's processes (PORTAL_PROCESS): which addresses each answers, and what stands before its views.

Without a name a process answers all addresses, which is for tests; ``check --deploy`` refuses it (decision 0175).
"""

PROCESSES = ("pages", "intake", "worker")
# Those of them that a web server serves.
SERVED = ("pages", "intake")
# What supervisors and balancers ask over plain HTTP (config/health.py); Django compares without the first slash.
PROBES = [r"^livez$", r"^readyz$", r"^status$", r"^metrics$"]
_URLS = {"pages": "config.urls_pages", "intake": "config.urls_intake"}
# allauth does not start without it.
_ACCOUNTS = "allauth.account.middleware.AccountMiddleware"
# Machines have no sessions, languages, forms and accounts.
_FOR_PEOPLE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "config.middleware.MachineLanguageMiddleware",
    "config.middleware.UploadsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    _ACCOUNTS,
    "privacy.accounts.signin.middleware.SignInMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "config.middleware.OfficeNetworksMiddleware",
    "privacy.accounts.access_requirements_middleware.AccessRequirementsMiddleware",
    "config.readonly_role.ReadOnlyRoleMiddleware",
]
# Checks of the console, its sessions and its forms.
_CHECKS_OF_PEOPLE = ["admin.E408", "admin.E409", "admin.E410", "security.W003"]
# Of a SECRET_KEY and of host names.
_CHECKS_OF_ADDRESSES = ["security.W009", "security.W020"]


def urlconf(process: str) -> str:
    """Return the module with the addresses that a process answers."""
    return _URLS.get(process, "config.urls")


def middleware(process: str) -> list[str]:
    """Return what stands between a request and a process's views, from outside in."""
    people, machines = process != "intake", process != "pages"
    return [
        "django.middleware.security.SecurityMiddleware",
        "privacy.ledger.middleware.RequestContextMiddleware",
        "django.middleware.csp.ContentSecurityPolicyMiddleware",
        "config.middleware.SecurityHeadersMiddleware",
        "config.middleware.AllowedMethodsMiddleware",
        # below the headers, so that files carry them too
        *(["whitenoise.middleware.WhiteNoiseMiddleware"] if people else []),
        "config.health.ProbesMiddleware",
        "privacy.retention.restore_gate.middleware.RestoreGateMiddleware",
        *(["config.middleware.IntakeMiddleware"] if machines else []),
        *(_FOR_PEOPLE if people else [_ACCOUNTS]),
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ]


def silenced_checks(process: str, *, signs: bool) -> list[str]:
    """Return the ids of the checks that are of other processes; some sign nothing and answer no address."""
    if not signs:
        return [*_CHECKS_OF_PEOPLE, *_CHECKS_OF_ADDRESSES]
    return _CHECKS_OF_PEOPLE if process == "intake" else []
