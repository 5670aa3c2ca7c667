"""Granting access: a package is made, kept sealed, handed out after a second proof, and removed (P1.2, R-03)."""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor
from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers.access_codes import constant_time_equal
from privacy.retention.refusals import OnHold
from privacy.rights import letters
from privacy.rights.access_package import freshness
from privacy.rights.actions import package_builds
from privacy.rights.actions.cases import lock_case, record
from privacy.rights.actors import CODES, Requester
from privacy.rights.events import Event
from privacy.rights.models import CHANGING, Package, PackageBuild, PackagePiece, Request, Right
from privacy.rights.models.rights import RightQuerySet
from privacy.rights.refusals import InProgress, PackageGone, PackageOutdated, WrongState
from privacy.rights.representation import must_be_received_by_right
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from privacy.vault.purposes import Purpose

log = logging.getLogger("portal.rights")


def execute(right: Right, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Make the package and keep it sealed under the case. Raises InProgress while it, or what comes before it, is made.

    The copy is made last, so that it shows what the other rights of the case have changed.
    """
    if _before(right).exclude(trouble=OnHold.code).exists():
        raise InProgress(
            _("The other rights in this case are being carried out. The copy is made automatically afterwards.")
        )
    made = package_builds.build_package(right, actor=actor, at=at)
    return {"sha256": made.file_digest, "bytes": made.file_bytes}


def must_have_no_earlier_right(right: Right) -> None:
    """Raise WrongState while another right of the case, which may change what the copy tells, was not begun."""
    before = _before(right).filter(started_at=None)
    if before:
        on = right.request.received_on
        names = ", ".join(f"“{letters.right_name(one, on=on)}”" for one in before)
        told = _("The copy is made last, so that it shows what the other rights change. First carry out: %(rights)s.")
        raise WrongState(told % {"rights": names})


def _before(right: Right) -> RightQuerySet:
    """Return what the copy of a case waits for: its other rights that are not decided, or granted and not done."""
    others = Right.objects.filter(request=right.request_id, kind__in=CHANGING)
    return others.exclude(decision=Right.Decision.REFUSED).filter(carried_out_at=None).order_by("position")


def download(package: Package, *, code: str = "", confirmed: bool = False, at: datetime) -> Iterator[bytes]:
    """Return the package piece by piece, after a second proof: the pick-up code, or a confirmation on the device.

    It counts as downloaded when the last byte of this copy has gone out; one that broke off, also because the copy was
    made anew meanwhile, can be tried again with the same proof. ``package`` is brought up to the copy that is handed
    out. Each piece is opened when it is asked for, on record. Raises PackageGone with the same words for a wrong
    code, a package handed out already and one that has expired; PackageOutdated where what it tells is no longer so;
    MissingAuthority to a representative whose mandate has ended or covers no access.
    """
    with transaction.atomic():
        case = lock_case(package.right.request_id)
        must_be_received_by_right(case, at=at)
        row = Package.objects.select_for_update().get(id=package.id)
        row.right.request = case
        proven = confirmed or (
            row.passphrase_digest != "" and constant_time_equal(row.passphrase_digest, CODES.digest(code))
        )
        if not proven or not row.can_be_downloaded(at=at):
            raise PackageGone(
                _(
                    "This package can't be downloaded: the code is wrong, the time has run out, or it has already "
                    "been downloaded."
                )
            )
        if not row.is_of_decision_in_force and _is_outdated(row, at=at):
            raise PackageGone(
                _(
                    "Our records about you changed after this copy was made, and we are deciding on access again. "
                    "You can no longer download this copy. You get another one if we grant access again, or if you "
                    "make a new request."
                )
            )
        outdated = row.is_of_decision_in_force and _mark_outdated(row, actor=Requester(case.reference), at=at)
        runs = list(package_builds.piece_batches(PackagePiece.objects.of(row)))
    if outdated:
        raise PackageOutdated(
            _("Our records have changed since this copy was made. A new one is being made. Try again in a few minutes.")
        )
    package.making, package.file_bytes, package.file_digest = row.making, row.file_bytes, row.file_digest
    first = list(_open(runs[0], case, at=at))
    return _handed_out(row, case, first, runs[1:], at=at)


def _handed_out(
    package: Package, case: Request, first: list[bytes], runs: list[list[PackagePiece]], *, at: datetime
) -> Iterator[bytes]:
    yield from first
    sent = sum(len(part) for part in first)
    for run in runs:
        for part in _open(run, case, at=at):
            yield part
            sent += len(part)
    if sent != package.file_bytes:
        # Its pieces were removed under it: the answer breaks off, so that nobody takes what arrived for the whole.
        raise PackageOutdated(_("This copy was replaced or removed while it was being downloaded. Download it again."))
    with transaction.atomic():
        locked = lock_case(case.id)
        row = Package.objects.select_for_update().get(id=package.id)
        if row.making != package.making:
            # The new copy is still to be fetched.
            return
        if row.downloaded_at is None:
            row.downloaded_at = at
            row.save(update_fields=["downloaded_at"])
        facts = {"bytes": row.file_bytes, "sha256": row.file_digest}
        record(locked, Event.PACKAGE_DOWNLOADED, actor=Requester(case.reference), at=at, right=row.right, facts=facts)


def _open(run: list[PackagePiece], case: Request, *, at: datetime) -> Iterator[bytes]:
    with vault.opened(
        purpose=Purpose.RIGHTS, task="rights.package.downloaded", actor=Requester(case.reference), at=at,
        reason=f"request {case.number}",
    ) as vault_session:  # fmt: skip
        yield from package_builds.decrypted_chunks(run, vault_session)


def _mark_outdated(package: Package, *, actor: Actor, at: datetime) -> bool:
    """Note, in the caller's transaction, that a package no longer tells what is so; return whether that is so."""
    if not _is_outdated(package, at=at):
        return False
    if package.outdated_at is None:
        package.outdated_at = at
        package.save(update_fields=["outdated_at"])
        record(package.right.request, Event.PACKAGE_OUTDATED, actor=actor, at=at, right=package.right)
    return True


def _is_outdated(package: Package, *, at: datetime) -> bool:
    """Whether a package no longer tells what is so, or is no longer whole."""
    files = list(PackagePiece.objects.of(package).values_list("file_id", flat=True))
    whole = len(files) == package.pieces == EncryptedFile.objects.filter(id__in=files).count()
    return not whole or freshness.is_outdated(package, at=at)


def renew_packages(*, actor: Actor, at: datetime) -> int:
    """Make each package anew that waits for its person and no longer tells what is so. Returns how many are there.

    One that can't be made now is tried again with the next ring, and keeps no other from it.
    """
    renewed = 0
    waiting = Package.objects.waiting(at=at).of_decision_in_force()
    for package in waiting.select_related("right__request").order_by("built_at", "id"):
        try:
            with transaction.atomic():
                case = lock_case(package.right.request_id)
                row = Package.objects.select_for_update().get(id=package.id)
                row.right.request = case
                # What became of it while the ones before were made is asked now, not with the list.
                if not waiting.filter(id=row.id).exists() or not _mark_outdated(row, actor=actor, at=at):
                    continue
            package_builds.build_package(row.right, actor=actor, at=at)
        except Refusal as refusal:
            log.warning("package %s waits: %s", package.id, refusal.code)
        except DatabaseError:
            raise
        except Exception:
            # One that fails in a way nobody thought of keeps no other from it, nor what comes after.
            log.exception("package %s can't be made anew", package.id)
        else:
            renewed += 1
    return renewed


def remove_packages(*, actor: Actor, at: datetime) -> int:
    """Remove the files of packages that were downloaded or have expired; safe to repeat. Returns how many.

    One that can't be removed keeps no other from it, nor what the worker does after it.
    """
    gone = 0
    over = Package.objects.over(at=at).select_related("right__request").order_by("built_at", "id")
    for package in over.iterator():
        try:
            # What became of it while the ones before were removed is asked now, not with the list.
            if not over.filter(id=package.id).exists():
                continue
            gone += _remove(package, actor=actor, at=at)
        except DatabaseError:
            raise
        except Exception:
            log.exception("package %s can't be removed", package.id)
    return gone


def _remove(package: Package, *, actor: Actor, at: datetime) -> bool:
    for begun in PackageBuild.objects.filter(right=package.right, event_id=package.event_id):
        package_builds.discard_build(begun, actor=actor, at=at)
    if not _discard(package, actor=actor, at=at):
        return False
    with transaction.atomic():
        case = lock_case(package.right.request_id)
        row = Package.objects.select_for_update().get(id=package.id)
        if row.removed_at is not None:
            return False
        row.removed_at = at
        row.save(update_fields=["removed_at"])
        PackagePiece.objects.of(row).delete()
        record(case, Event.PACKAGE_REMOVED, actor=actor, at=at, right=package.right)
    return True


def _discard(package: Package, *, actor: Actor, at: datetime) -> bool:
    """Remove the files of a package; return whether none is left because a hold keeps it."""
    gone = True
    for file in package_builds.package_files(package.right, package.event_id):
        try:
            vault.delete_file(file, actor=actor, at=at)
        except vault.UnderHold:
            gone = False
    return gone
