"""How fresh the software is: malware signatures, files that wait for a scan, packages (P8.5, P8.6, law S-24, S-33)."""

import json
import re
import urllib.error
from datetime import datetime, timedelta
from importlib import metadata
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from privacy.lib.display.badges import datetime_text
from privacy.lib.http.direct_requests import OPENER
from privacy.lib.integrations.clamd import ScannerUnavailable
from privacy.safeguards.automated_checks.registry import CheckResult, automated_check, failed, passed, unknown
from privacy.safeguards.models import Measure
from privacy.vault import malware_scan
from privacy.vault.models import EncryptedFile

SIGNATURES = timedelta(hours=24)
WAITING = timedelta(hours=1)
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
TIMEOUT_SECONDS = 5.0


@automated_check(
    "malware-signatures", gettext_lazy("Age of the malware signatures"), kind=Measure.Kind.MALWARE, clause="P8.5"
)
def malware_signatures(at: datetime) -> CheckResult:
    """Ask the scanner which signatures it works with."""
    scanner = malware_scan.configured_scanner()
    if scanner is None:
        return unknown(_("No malware scanner is set up (CLAMD_SOCKET or CLAMD_HOST)."))
    try:
        found = scanner.signatures()
    except ScannerUnavailable as why:
        return failed(_("The malware scanner does not respond: %(why)s.") % {"why": str(why)[:100]})
    told = {"number": found.number, "at": datetime_text(found.made_at), "engine": found.engine}
    if at - found.made_at > SIGNATURES:
        return failed(_("The malware signatures are from %(at)s: they are not updated daily.") % told)
    return passed(_("ClamAV %(engine)s with signatures %(number)d of %(at)s.") % told)


@automated_check("files-scanned", gettext_lazy("Files waiting for a scan"), kind=Measure.Kind.MALWARE, clause="P8.5")
def unscanned_files(at: datetime) -> CheckResult:
    """Count the files from outside that no scanner has judged, and those in quarantine."""
    waiting = EncryptedFile.objects.filter(state=EncryptedFile.State.PENDING)
    told = {
        "late": waiting.filter(stored_at__lt=at - WAITING).count(),
        "quarantined": EncryptedFile.objects.quarantined().count(),
        "unscanned": EncryptedFile.objects.filter(state=EncryptedFile.State.UNSCANNED).count(),
    }
    if told["late"]:
        said = ngettext(
            "%(late)d file has waited for more than an hour.", "%(late)d files have waited for more than an hour.",
            told["late"],
        )  # fmt: skip
        return failed(said % told)
    if told["unscanned"]:
        said = ngettext(
            "%(unscanned)d file was never scanned, because there is no scanner.",
            "%(unscanned)d files were never scanned, because there is no scanner.",
            told["unscanned"],
        )
        return unknown(said % told)
    return passed(_("No file has waited for more than an hour; %(quarantined)d in quarantine.") % told)


@automated_check(
    "packages",
    gettext_lazy("Installed packages and known vulnerabilities"),
    kind=Measure.Kind.VULNERABILITY,
    clause="P8.6",
)
def packages(at: datetime) -> CheckResult:
    """Compare what is installed with the lock file; ask the package index, if any, for known vulnerabilities."""
    pinned = dict(PINNED.findall(lock_file().read_text(encoding="utf-8")))
    installed = {name: found for name in pinned if (found := installed_version(name)) is not None}
    other = sorted(f"{name} {found}" for name, found in installed.items() if found != pinned[name])
    if other:
        return failed(
            _("Installed versions differ from the lock file: %(packages)s.") % {"packages": ", ".join(other[:10])}
        )
    told = {"count": len(installed)}
    if not settings.PACKAGE_INDEX_URL:
        return unknown(
            _(
                "%(count)d packages are installed as locked. Known vulnerabilities can't be checked because no "
                "package index is set up (PACKAGE_INDEX_URL).") % told
        )  # fmt: skip
    try:
        weak = [known for name, found in sorted(installed.items()) for known in vulnerabilities(name, found)]
    except (OSError, ValueError) as error:
        return unknown(_("The package index did not respond: %(why)s.") % {"why": type(error).__name__})
    if weak:
        return failed(_("Known vulnerabilities: %(known)s.") % {"known": ", ".join(weak[:10])})
    return passed(_("%(count)d packages are installed as locked, without a known vulnerability.") % told)


def lock_file() -> Path:
    return Path(settings.BASE_DIR) / "requirements.lock"


def installed_version(name: str) -> str | None:
    """Return the installed version of a package; nothing where it is not installed here."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def vulnerabilities(name: str, version: str) -> list[str]:
    """Return the vulnerabilities that the package index lists for a version; none for a package that it lacks."""
    address = f"{settings.PACKAGE_INDEX_URL.rstrip('/')}/{name}/{version}/json"
    try:
        with OPENER.open(address, timeout=TIMEOUT_SECONDS) as answer:
            known = json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return []
        raise
    return [f"{name} {one['id']}" for one in known.get("vulnerabilities", []) if not one.get("withdrawn")]
