"""The mail server from its one address, ``EMAIL_URL``: django-environ's words into those of Django's mailers."""

from typing import Any

from environ import Env

# As long as a server may take for a step.
SECONDS = 10


def smtp(address: str) -> dict[str, Any]:
    """Return the mailer of ``smtp+tls://user:password@host:port``; without an address, the server of this machine."""
    said = Env.email_url_config(address) if address else {}
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": said.get("EMAIL_HOST") or "localhost",
            "port": said.get("EMAIL_PORT") or 25,
            "username": said.get("EMAIL_HOST_USER") or "",
            "password": said.get("EMAIL_HOST_PASSWORD") or "",
            "use_tls": said.get("EMAIL_USE_TLS", False),
            "use_ssl": said.get("EMAIL_USE_SSL", False),
            "timeout": SECONDS,
        },
    }
