"""How the portal looks from outside: certificate, protocol, headers of its answers (P8.4, P8.6, law S-20)."""

import http.client
import socket
import ssl
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy.safeguards.automated_checks.registry import CheckResult, automated_check, failed, passed, unknown
from privacy.safeguards.models import Measure

TIMEOUT_SECONDS = 5.0
# A certificate is renewed well before it ends.
CERTIFICATE_MARGIN = timedelta(days=14)
# What every answer must carry, and what must stand in it.
HEADERS = {
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "deny",
    "referrer-policy": "",
    "permissions-policy": "",
}


def portal_address() -> SplitResult:
    return urlsplit(str(settings.PORTAL_URL))


@automated_check(
    "tls",
    gettext_lazy("TLS of the portal's own address"),
    kind=Measure.Kind.TRANSPORT,
    clause="P8.6",
)
def certificate(at: datetime) -> CheckResult:
    """Connect as a browser does: protocol, trust, name, and how long the certificate still holds."""
    place = portal_address()
    if place.scheme != "https":
        return failed(_("PORTAL_URL is not an https address, so nothing sent to it is encrypted."))
    context = ssl.create_default_context()
    host = str(place.hostname)
    try:
        with (
            socket.create_connection((host, place.port or 443), timeout=TIMEOUT_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as link,
        ):
            version, given = link.version(), link.getpeercert()
    except ssl.SSLError as error:
        return failed(_("The certificate or protocol is not accepted: %(why)s.") % {"why": error.reason or "SSL"})
    except OSError as error:
        return unknown(_("The portal's address can't be reached from here: %(why)s.") % {"why": type(error).__name__})
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str((given or {})["notAfter"])), UTC)
    told = {"version": version, "ends": ends.date().isoformat()}
    if version not in ("TLSv1.2", "TLSv1.3"):
        return failed(_("The protocol is %(version)s. At least TLS 1.2 is required.") % told)
    if ends - at < CERTIFICATE_MARGIN:
        return failed(_("The certificate expires on %(ends)s. Renew it now.") % told)
    return passed(_("%(version)s; the certificate is valid until %(ends)s.") % told)


@automated_check(
    "headers",
    gettext_lazy("Security headers of the portal's responses"),
    kind=Measure.Kind.ACCESS_CONTROL,
    clause="P8.2",
)
def headers(at: datetime) -> CheckResult:
    """Ask for the first page and look at what came with it; probes are for this host, and answered by the proxy."""
    place = portal_address()
    secure = place.scheme == "https"
    link: http.client.HTTPConnection = (
        http.client.HTTPSConnection(str(place.hostname), place.port or 443, timeout=TIMEOUT_SECONDS)
        if secure
        else http.client.HTTPConnection(str(place.hostname), place.port or 80, timeout=TIMEOUT_SECONDS)
    )
    try:
        link.request("GET", "/", headers={"User-Agent": "portal-self-test"})
        answer = link.getresponse()
        found = {name.lower(): value.lower() for name, value in answer.getheaders()}
    except (OSError, http.client.HTTPException) as error:
        return unknown(_("The portal's address can't be reached from here: %(why)s.") % {"why": type(error).__name__})
    finally:
        link.close()
    wanted = HEADERS | ({"strict-transport-security": "max-age="} if secure else {})
    missing = sorted(name for name, inside in wanted.items() if name not in found or inside not in found[name])
    if missing:
        return failed(_("Missing or too weak: %(headers)s.") % {"headers": ", ".join(missing)})
    return passed(_("All %(count)d security headers are set and strict.") % {"count": len(wanted)})
