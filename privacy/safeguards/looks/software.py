"""How fresh the software is: malware signatures, files that wait for a scan, packages (P8.5, P8.6, law S-24, S-33)."""

import json
import re
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from importlib import metadata
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy.lib.clamd import Unavailable
from privacy.safeguards.models import Measure
from privacy.safeguards.probes import Seen, failed, passed, probe, unknown
from privacy.vault import scanning
from privacy.vault.models import SealedFile

SIGNATURES = timedelta(hours=24)
WAITING = timedelta(hours=1)
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
INDEX = "https://pypi.org/pypi/{}/{}/json"
SECONDS = 5.0


@probe("malware-signatures", gettext_lazy("Age of the malware signatures"), kind=Measure.Kind.MALWARE, clause="P8.5")
def signatures(at: datetime) -> Seen:
    """Ask the scanner which signatures it works with."""
    scanner = scanning.scanner()
    if scanner is None:
        return unknown(_("No malware scanner is set up (CLAMD_SOCKET or CLAMD_HOST)."))
    try:
        found = scanner.signatures()
    except Unavailable as why:
        return failed(_("The malware scanner gives no answer: %(why)s.") % {"why": str(why)[:100]})
    told = {"number": found.number, "at": f"{found.made_at:%Y-%m-%d %H:%M} UTC", "engine": found.engine}
    if at - found.made_at > SIGNATURES:
        return failed(_("The signatures are of %(at)s: they are not updated daily.") % told)
    return passed(_("ClamAV %(engine)s with signatures %(number)d of %(at)s.") % told)


@probe("files-scanned", gettext_lazy("Files that wait for a scan"), kind=Measure.Kind.MALWARE, clause="P8.5")
def files(at: datetime) -> Seen:
    """Count the files from outside that no scanner has judged, and those in quarantine."""
    waiting = SealedFile.objects.filter(state=SealedFile.State.PENDING)
    told = {
        "late": waiting.filter(stored_at__lt=at - WAITING).count(),
        "quarantined": SealedFile.objects.quarantined().count(),
        "unscanned": SealedFile.objects.filter(state=SealedFile.State.UNSCANNED).count(),
    }
    if told["late"]:
        return failed(_("%(late)d files have waited for more than an hour.") % told)
    if told["unscanned"]:
        return unknown(_("%(unscanned)d files were never scanned, for there is no scanner.") % told)
    return passed(_("No file waits; %(quarantined)d in quarantine.") % told)


@probe(
    "packages",
    gettext_lazy("Installed packages and known vulnerabilities"),
    kind=Measure.Kind.VULNERABILITY,
    clause="P8.6",
)
def packages(at: datetime) -> Seen:
    """Compare what is installed with the lock file, and with known vulnerabilities where the network is allowed."""
    pinned = dict(PINNED.findall(lock().read_text(encoding="utf-8")))
    installed = {name: found for name in pinned if (found := version_of(name)) is not None}
    other = sorted(f"{name} {found}" for name, found in installed.items() if found != pinned[name])
    if other:
        return failed(_("Installed otherwise than locked: %(packages)s.") % {"packages": ", ".join(other[:10])})
    told = {"count": len(installed)}
    if not settings.PACKAGE_INDEX_LOOKUP:
        return unknown(
            _("%(count)d packages are installed as locked. Whether one has a known vulnerability is not known: "
              "the portal may not ask the package index (PACKAGE_INDEX_LOOKUP).") % told
        )  # fmt: skip
    try:
        weak = [known for name, found in sorted(installed.items()) for known in vulnerabilities(name, found)]
    except (OSError, ValueError) as error:
        return unknown(_("The package index gave no answer: %(why)s.") % {"why": type(error).__name__})
    if weak:
        return failed(_("Known vulnerabilities: %(known)s.") % {"known": ", ".join(weak[:10])})
    return passed(_("%(count)d packages are installed as locked, without a known vulnerability.") % told)


def lock() -> Path:
    return Path(settings.BASE_DIR) / "requirements.lock"


def version_of(name: str) -> str | None:
    """Return the installed version of a package; nothing where it is not installed here."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def vulnerabilities(name: str, version: str) -> list[str]:
    """Return what the index knows against a version of a package."""
    try:
        with urllib.request.urlopen(INDEX.format(name, version), timeout=SECONDS) as answer:  # noqa: S310 - https, ours
            known = json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return []
        raise
    return [f"{name} {one['id']}" for one in known.get("vulnerabilities", []) if not one.get("withdrawn")]
