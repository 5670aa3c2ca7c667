"""Where a person signs in from: the browser's own token, its name, the network address."""

import re
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from privacy.accounts.models.signin import UNKNOWN
from privacy.ledger import acting

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
class Place:
    """A browser at an address. ``token`` is what the browser showed us of an earlier sign-in, or nothing."""

    address: str
    token: str
    title: str


def place_of(request: HttpRequest | None) -> Place:
    """Return where a request comes from; the address is the ledger's, which believes our own proxies alone."""
    if request is None:
        return Place("", "", "")
    token = request.COOKIES.get(settings.BROWSER_COOKIE_NAME, "")
    return Place(acting.current().address, token[:100], title_of(request.META.get("HTTP_USER_AGENT", "")))


def title_of(agent: str) -> str:
    """Return a browser and its system as people call them: ``Firefox, Windows``."""
    agent = agent[:400]
    names = (next((name for mark, name in kinds if re.search(mark, agent)), "") for kinds in (BROWSERS, SYSTEMS))
    return ", ".join(name for name in names if name) or UNKNOWN


def digest(value: str, *, of: str) -> str:
    """Return what we keep of a token, an address or an e-mail in tables that need not know it."""
    return salted_hmac(f"privacy.accounts.{of}", value, algorithm="sha256").hexdigest()
