"""Where a person signs in from: the browser's own token, its name, the network address."""

import re
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from privacy.accounts.models.sessions import UNKNOWN_BROWSER
from privacy.ledger import request_context

# Order matters: every browser claims to be several others.
BROWSERS = (
    (r"Edg(?:e|A|iOS)?/", "Edge"),
    (r"SamsungBrowser/", "Samsung Internet"),
    (r"Whale/", "Whale"),
    (r"OPR/", "Opera"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"Chrome/|CriOS/", "Chrome"),
    (r"Safari/", "Safari"),
)
SYSTEMS = (
    (r"iPhone|iPad", "iOS"),
    (r"Android", "Android"),
    (r"Windows", "Windows"),
    (r"Mac OS X|Macintosh", "macOS"),
    (r"CrOS", "ChromeOS"),
    (r"Linux", "Linux"),
)


@dataclass(frozen=True)
class ClientInfo:
    """A browser at an address. ``token`` is what the browser showed us of an earlier sign-in, or nothing."""

    address: str
    token: str
    title: str


def get_client_info(request: HttpRequest | None) -> ClientInfo:
    """Return where a request comes from; the address is the ledger's, which believes our own proxies alone."""
    if request is None:
        return ClientInfo("", "", "")
    token = request.COOKIES.get(settings.BROWSER_COOKIE_NAME, "")
    return ClientInfo(
        request_context.current().address, token[:100], describe_user_agent(request.META.get("HTTP_USER_AGENT", ""))
    )


def describe_user_agent(agent: str) -> str:
    """Return a browser and its system as people call them: ``Firefox, Windows``."""
    agent = agent[:400]
    names = (next((name for mark, name in kinds if re.search(mark, agent)), "") for kinds in (BROWSERS, SYSTEMS))
    return ", ".join(name for name in names if name) or UNKNOWN_BROWSER


def digest(value: str, *, of: str) -> str:
    """Return what we keep of a token, an address or an e-mail in tables that need not know it."""
    return salted_hmac(f"privacy.accounts.{of}", value, algorithm="sha256").hexdigest()
