"""Whether a file from outside may be opened: only once the malware scanner found it clean (P8.5, SEC-43)."""

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import QuerySet

from privacy.lib import clamd
from privacy.lib.clamd import Scanner
from privacy.vault.models import SealedFile
from privacy.vault.refusals import NotScanned, Quarantined

# The scanner itself opens what it is to judge.
TASK = "vault.file.scanned"


def scanner() -> Scanner | None:
    """Return the scanner that is set up, or nothing."""
    return clamd.scanner(path=settings.CLAMD_SOCKET, host=settings.CLAMD_HOST)


def must_be_openable(rows: Iterable[models.Model], names: Iterable[str], *, task: str) -> None:
    """Refuse to open a file that was not found clean. Raises ``NotScanned`` or ``Quarantined``."""
    if "content" not in names or task == TASK:
        return
    for row in rows.only("state", "finding") if isinstance(rows, QuerySet) else rows:
        assert isinstance(row, SealedFile)
        if row.state == SealedFile.State.QUARANTINE:
            raise Quarantined(row.finding)
        if row.state == SealedFile.State.PENDING or (row.state == SealedFile.State.UNSCANNED and scanner() is not None):
            raise NotScanned
