"""Checking a document that somebody holds: by its digest, or by the file itself. Nothing about a person is told.

Apps above this one add what they issue (receipts, pledges) with ``declare``; the page asks each in turn.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from privacy.lib import canonical
from privacy.retention import signing
from privacy.retention.models import Certificate

DIGEST = re.compile(r"[0-9a-f]{64}")
MOST_BYTES = 256 * 1024


@dataclass(frozen=True)
class Found:
    """What is known of a document: its kind, its number, when it was issued, whether its signature is good."""

    kind: str | Promise
    number: str
    issued_at: datetime
    signed: bool
    rows: list[tuple[str, str]] = field(default_factory=list)


Finder = Callable[[str], Found | None]
_finders: list[Finder] = []


def declare(finder: Finder) -> None:
    """Say how documents of another kind are found by their SHA-256; return None for an unknown one."""
    if finder not in _finders:
        _finders.append(finder)


def find(digest: str) -> Found | None:
    """Return what is known of the document with this SHA-256, or None: we issued no such document."""
    wanted = "".join(digest.split()).lower()
    if not DIGEST.fullmatch(wanted):
        return None
    return next((found for finder in (_certificate, *_finders) if (found := finder(wanted)) is not None), None)


def digests_of(raw: bytes) -> list[str]:
    """Return the digests that a file may be known by: of its bytes, and of the statement in a certificate's file."""
    digests = [hashlib.sha256(raw).hexdigest()]
    try:
        said: Any = json.loads(raw)
        if isinstance(said, dict) and isinstance(said.get("certificate"), dict):
            digests.append(canonical.digest(said["certificate"]))
    except (ValueError, TypeError, RecursionError):
        pass
    return digests


def _certificate(digest: str) -> Found | None:
    certificate = Certificate.objects.select_related("list").filter(digest=digest).first()
    if certificate is None:
        return None
    said = certificate.statement
    intact = hashlib.sha256(certificate.body.encode()).hexdigest() == digest
    rows = []
    if certificate.kind == Certificate.Kind.DESTRUCTION:
        rows = [
            (_("data subjects"), str(said["destroyed"]["people"])),
            (_("keys destroyed"), str(said["destroyed"]["keys"])),
            (_("rows removed"), str(sum(said["destroyed"]["rows"].values()))),
            (_("found left by the read-back"), str(said["read_back"].get("rows_left", 0))),
        ]
    return Found(
        kind=certificate.get_kind_display(),
        number=certificate.number,
        issued_at=certificate.issued_at,
        signed=intact and signing.is_signed(certificate.body, certificate.signature, certificate.public_key),
        rows=rows,
    )
