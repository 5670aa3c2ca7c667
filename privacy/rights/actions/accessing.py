"""Granting access: a package is built, kept sealed, handed out once after a second proof, and removed (P1.2, R-03)."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor, require
from privacy.lib import clock
from privacy.lib.codes import new_submission, same
from privacy.policies import rulebook
from privacy.rights import packages
from privacy.rights.actions.timeline import record, take
from privacy.rights.events import Event
from privacy.rights.models import Package, Request, Right
from privacy.rights.packing import Packing
from privacy.rights.people import CODES, Requester
from privacy.rights.refusals import PackageGone, WrongState
from privacy.vault import actions as vault
from privacy.vault.models import SealedFile
from privacy.vault.purposes import Purpose

CATEGORY = "rights-request"
MEDIA_TYPE = "application/zip"


def act(right: Right, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Build the package and keep it sealed under the case. Repeating it after a crash builds it anew, once."""
    known = Package.objects.filter(event_id=right.event_id).first()
    if known is not None:
        return _told(known)
    case = right.request
    _discard(right, actor=actor, at=at)
    with vault.opened(
        purpose=Purpose.RIGHTS, task="rights.access.exported", actor=actor, at=at, reason=f"request {case.number}"
    ) as door:
        packing = Packing(packages.content_of(right, door, at=at), case.language)
        stored: list[SealedFile] = []
        digest, size = hashlib.sha256(), 0
        for piece in packing.pieces():
            digest.update(piece)
            size += len(piece)
            stored.append(_store(right, len(stored), piece, actor=actor, at=at))
    hours = rulebook.parameter("rights.package.hours", clock.kst_date(at))
    made = Package(
        right=right,
        event_id=right.event_id,
        file_id=stored[0].id,
        file_digest=digest.hexdigest(),
        file_bytes=size,
        pieces=len(stored),
        built_at=at,
        expires_at=at + timedelta(hours=hours),
        contents=packing.counts,
    )
    with transaction.atomic():
        take(case)
        made.save(force_insert=True)
    return _told(made)


def _store(right: Right, number: int, piece: bytes, *, actor: Actor, at: datetime) -> SealedFile:
    case = right.request
    return vault.store_file(
        subject_id=case.holder_id,
        category=CATEGORY,
        case=f"{package_case(right)}/{number:04}",
        name=f"{case.number}.zip.{number:03}",
        content=piece,
        media_type=MEDIA_TYPE,
        actor=actor,
        at=at,
    )


def issue_pickup_code(package: Package, *, actor: Actor, at: datetime) -> str:
    """Return a code that the handler tells the person by another way; with it the package can be downloaded once."""
    require(actor, "rights.carry_out_request", about=package)
    code = CODES.of(new_submission())[:14]
    with transaction.atomic():
        row = Package.objects.select_for_update().select_related("right").get(id=package.id)
        if row.removed_at is not None or row.downloaded_at is not None:
            raise WrongState(_("This package was handed out or removed already. Build it again by a new request."))
        hours = rulebook.parameter("rights.package.hours", clock.kst_date(at))
        row.passphrase_digest = CODES.digest(code)
        row.expires_at = at + timedelta(hours=hours)
        row.save(update_fields=["passphrase_digest", "expires_at"])
        case = take(row.right.request_id)
        record(case, Event.PICKUP_CODE_ISSUED, actor=actor, at=at, right=row.right)
    return code


def download(package: Package, *, code: str = "", confirmed: bool = False, at: datetime) -> Iterator[bytes]:
    """Return the package piece by piece, once, after a second proof: the pick-up code, or a confirmation on the device.

    Each piece is opened when it is asked for, on record. Raises PackageGone with the same words for a wrong code, a
    package handed out already and one that has expired.
    """
    with transaction.atomic():
        row = Package.objects.select_for_update().select_related("right__request").get(id=package.id)
        proven = confirmed or (row.passphrase_digest != "" and same(row.passphrase_digest, CODES.digest(code)))
        pieces = list(pieces_of(row.right).values_list("id", flat=True))
        if not proven or not row.can_be_downloaded(at=at) or len(pieces) != row.pieces:
            raise PackageGone(
                _("The package can't be downloaded: the code is wrong, the time is over, or it was downloaded before.")
            )
        case = row.right.request
        actor = Requester(case.reference)
        first = _open(pieces[0], case, actor=actor, at=at)
        row.downloaded_at = at
        row.save(update_fields=["downloaded_at"])
        facts = {"bytes": row.file_bytes, "sha256": row.file_digest}
        record(take(case), Event.PACKAGE_DOWNLOADED, actor=actor, at=at, right=row.right, facts=facts)
    return chain([first], (_open(piece, case, actor=actor, at=at) for piece in pieces[1:]))


def _open(piece: UUID, case: Request, *, actor: Actor, at: datetime) -> bytes:
    with vault.opened(
        purpose=Purpose.RIGHTS, task="rights.package.downloaded", actor=actor, at=at, reason=f"request {case.number}"
    ) as door:
        content: bytes = door.reveal(SealedFile.objects.get(id=piece), "content")
    return content


def _discard(right: Right, *, actor: Actor, at: datetime) -> bool:
    """Remove the files of a package; return whether none is left because a hold keeps it."""
    gone = True
    for file in pieces_of(right):
        try:
            vault.discard_file(file, actor=actor, at=at)
        except vault.Kept:
            gone = False
    return gone


def remove_packages(*, actor: Actor, at: datetime) -> int:
    """Remove the files of packages that were downloaded or have expired; safe to repeat. Returns how many."""
    gone = 0
    over = Package.objects.over(at=at).select_related("right__request").order_by("built_at")
    for package in over[:200]:
        if not _discard(package.right, actor=actor, at=at):
            continue
        with transaction.atomic():
            case = take(package.right.request_id)
            row = Package.objects.select_for_update().get(id=package.id)
            if row.removed_at is None:
                row.removed_at = at
                row.save(update_fields=["removed_at"])
                record(case, Event.PACKAGE_REMOVED, actor=actor, at=at, right=package.right)
                gone += 1
    return gone


def package_case(right: Right) -> str:
    """Return the name under which the pieces of a right's package are kept, each with its number behind it."""
    return f"{right.freeze_case}/{right.event_id.hex[-8:]}"


def pieces_of(right: Right) -> QuerySet[SealedFile]:
    """Return the pieces of a right's package in their order, without their content."""
    kept = SealedFile.objects.filter(case__startswith=f"{package_case(right)}/")
    return kept.order_by("case").defer("content")


def _told(package: Package) -> dict[str, Any]:
    return {"sha256": package.file_digest, "bytes": package.file_bytes}
