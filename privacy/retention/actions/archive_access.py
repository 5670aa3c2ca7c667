"""Reading the archive: for a duty under law, asked by one person and approved by another (P6.4, law D-05)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.errors.refusals import Refusal
from privacy.retention.archive import preservation, record_groups
from privacy.retention.events import Event
from privacy.retention.models import ArchiveAccess, ArchivedRecord
from privacy.retention.refusals import AlreadyDecided, SamePerson, SecondPersonRequired
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

ACCESS_DURATION = timedelta(hours=24)


@transaction.atomic
def ask_access(
    *, rule: str, subject_id: UUID, law: str, document: str, reason: str, actor: Actor, at: datetime
) -> ArchiveAccess:
    """Ask to read what one rule preserves of one person. Raises NotPermitted; Refusal without law, document, reason."""
    require_permission(actor, "retention.ask_archive")
    if not all(text.strip() for text in (law, document, reason)):
        raise Refusal(_("Enter the law, the document that requires it, and the reason."), code="incomplete")
    access = ArchiveAccess.objects.create(
        rule=rule,
        subject_id=subject_id,
        law=law.strip(),
        document=document.strip(),
        reason=reason.strip(),
        asked_by=actor.ref,
        asked_at=at,
    )
    facts = {"rule": rule, "document": access.document}
    ledger.record(Event.ARCHIVE_ASKED, actor=actor, at=at, about=access, subjects=[subject_id], facts=facts)
    return access


@transaction.atomic
def approve_access(access: ArchiveAccess, *, actor: Actor, at: datetime) -> ArchiveAccess:
    """Approve an access as the second person; it is open for a day. Raises NotPermitted, AlreadyDecided, SamePerson."""
    row = _undecided(access, actor=actor)
    approver = require_second_person(actor, asked_by=row.asked_by, about=row, same=_same_person(), at=at)
    row.approved_by, row.approved_at, row.until = approver, at, at + ACCESS_DURATION
    row.save(update_fields=["approved_by", "approved_at", "until"])
    facts = {"until": row.until.isoformat()}
    ledger.record(Event.ARCHIVE_APPROVED, actor=actor, at=at, about=row, subjects=[row.subject_id], facts=facts)
    return row


@transaction.atomic
def refuse_access(access: ArchiveAccess, *, actor: Actor, at: datetime) -> ArchiveAccess:
    """Refuse an access. Raises NotPermitted, AlreadyDecided, SamePerson."""
    row = _undecided(access, actor=actor)
    if row.asked_by == actor.ref:
        raise _same_person()
    row.refused_by, row.refused_at = actor.ref, at
    row.save(update_fields=["refused_by", "refused_at"])
    ledger.record(Event.ARCHIVE_REFUSED, actor=actor, at=at, about=row, subjects=[row.subject_id])
    return row


def _undecided(access: ArchiveAccess, *, actor: Actor) -> ArchiveAccess:
    require_permission(actor, "retention.approve_archive", about=access)
    row = ArchiveAccess.objects.select_for_update().get(pk=access.pk)
    if row.approved_at is not None or row.refused_at is not None:
        raise AlreadyDecided(_("This access request has already been decided."))
    return row


def _same_person() -> SamePerson:
    return SamePerson(_("Someone other than the applicant must decide on access."))


def open_archive(access: ArchiveAccess, *, actor: Actor, at: datetime) -> list[dict[str, Any]]:
    """Return the preserved records of an approved access, in clear, to the person who asked.

    Each reading is on record before it shows anything. Raises SecondPersonRequired unless it is approved and still
    open, NotPermitted without an access grant for the archive's keyring and the legal duty.
    """
    require_permission(actor, "retention.ask_archive", about=access)
    row = ArchiveAccess.objects.open(at).filter(pk=access.pk).first()
    if row is None or row.asked_by != actor.ref:
        raise SecondPersonRequired(_("Once another person approves, the applicant can read the archive for one day."))
    kept = ArchivedRecord.objects.filter(
        subject_id=row.subject_id, keyring=preservation.keyring(row.rule), rule=row.rule
    ).order_by("recorded_on", "id")
    shown: list[dict[str, Any]] = []
    reason = f"{row.reference}: {row.law}, {row.document}"
    with vault.opened(
        purpose=Purpose.LEGAL_DUTY, task="retention.archive.exported", actor=actor, at=at, reason=reason
    ) as vault_session:
        for bundle, body in vault_session.decrypt_many(kept, "body"):
            for record_id, recorded_at, value in record_groups.unpack_records(body):
                shown.append(
                    {
                        "id": record_id,
                        "kind": bundle.kind,
                        "recorded_at": recorded_at,
                        "until": bundle.ends_on,
                        "body": value,
                    }
                )
    # The vault has put the reading on record before it opened anything; what it refused was not read.
    with transaction.atomic():
        ArchiveAccess.objects.filter(pk=row.pk).update(reads=F("reads") + 1)
        ledger.record(Event.ARCHIVE_OPENED, actor=actor, at=at, about=row, subjects=[row.subject_id])
    return shown


@transaction.atomic
def close_access(access: ArchiveAccess, *, actor: Actor, at: datetime) -> ArchiveAccess:
    """End an open access before its time. Raises NotPermitted, AlreadyDecided for one that is not open."""
    require_permission(actor, "retention.ask_archive", about=access)
    row = ArchiveAccess.objects.open(at).select_for_update().filter(pk=access.pk).first()
    if row is None:
        raise AlreadyDecided(_("This archive access is not open, so it can't be ended."))
    row.closed_at = at
    row.save(update_fields=["closed_at"])
    ledger.record(Event.ARCHIVE_CLOSED, actor=actor, at=at, about=row, subjects=[row.subject_id])
    return row
