"""What leaves this host goes by TLS that knows its server: databases and mail (config.E028)."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from config.databases import NOTARY_ROLE, current_role

# A socket of this host, or this host by its address: nothing leaves it.
HERE = ("", "localhost", "127.0.0.1", "::1")


def _is_here(host: str) -> bool:
    return host in HERE or host.startswith("/")


@register("portal", deploy=True)
def links_are_encrypted(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E028: a database on another host is asked over TLS that checks its name; mail leaves over TLS."""
    for alias, database in settings.DATABASES.items():
        checked = database.get("OPTIONS", {}).get("sslmode") == "verify-full"
        if not checked and not _is_here(str(database.get("HOST", ""))):
            yield Error(
                f"The database {alias} is asked without TLS that checks its server.",
                hint="…?sslmode=verify-full&sslrootcert=/etc/portal/databases.crt in its address",
                id="config.E028",
            )
    sends = settings.PORTAL_PROCESS == "worker" or current_role() == NOTARY_ROLE
    mail = settings.MAILERS["default"].get("OPTIONS", {})
    if sends and settings.EMAIL_URL and not (mail["use_tls"] or mail["use_ssl"] or _is_here(mail["host"])):
        yield Error(
            "Mail leaves without TLS.",
            hint="EMAIL_URL=smtp+tls://user:password@mail.example:587",
            id="config.E028",
        )
