"""The scan of the document by which an authority asks: sealed under the disclosure, read by the approver (P-09)."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.disclosures.actions.provisions import must_have_clearance
from privacy.disclosures.actions.settlements import evidence_of
from privacy.disclosures.events import Event
from privacy.disclosures.models import Disclosure, ScanReading
from privacy.disclosures.refusals import WrongState
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.documents.upload_validation import InvalidUpload
from privacy.lib.identifiers.ids import new_id
from privacy.policies.categories import DISCLOSURE_REQUEST
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from privacy.vault.purposes import Purpose

BATCH_SIZE = 500
# A file that belongs to no disclosure is left alone for this long: it may be about to be attached.
ORPHANED_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Scan:
    """A scan in clear, for one reader."""

    content: bytes
    media_type: str


def attach_scan(disclosure: Disclosure, *, name: str, content: bytes, actor: Actor, at: datetime) -> Disclosure:
    """Attach the document's scan before the approval. A new one takes the earlier one's place.

    The document of an urgent request may come after the decision, once (law P-08). The earlier one goes, unless a hold
    keeps it. Raises InvalidUpload.
    """
    require_permission(actor, "disclosures.request_disclosure", about=disclosure)
    must_have_clearance(actor, disclosure.third_party)
    _must_take_a_scan(Disclosure.objects.get(id=disclosure.id))
    stored = vault.receive_file(
        subject_id=disclosure.id,
        category=DISCLOSURE_REQUEST,
        case=disclosure.reference,
        name=name,
        content=content,
        actor=actor,
        at=at,
    )
    try:
        with transaction.atomic():
            row = Disclosure.objects.select_for_update().get(id=disclosure.id)
            _must_take_a_scan(row)
            earlier, row.scan_id = row.scan_id, stored.id
            row.scan_digest = hashlib.sha256(content).hexdigest()
            row.save(update_fields=["scan_id", "scan_digest"])
            ledger.record(Event.SCAN_ATTACHED, actor=actor, at=at, about=row, facts={"sha256": row.scan_digest})
    except WrongState:
        # It was decided meanwhile: what was not taken does not stay.
        with suppress(vault.UnderHold):
            vault.delete_file(stored, actor=actor, at=at)
        raise
    # The one whose place it took and no other: another scan may be on its way.
    for file in EncryptedFile.objects.filter(id=earlier) if earlier else []:
        with suppress(vault.UnderHold):
            vault.delete_file(file, actor=actor, at=at)
    return row


def _must_take_a_scan(row: Disclosure) -> None:
    late = row.urgent and row.scan_id is None and row.state != Disclosure.State.REFUSED
    if row.state != Disclosure.State.REQUESTED and not late:
        raise WrongState(_("The scan belongs to the request: it can't be changed after the decision."))


def discard_orphaned_scans(*, actor: Actor, at: datetime) -> int:
    """Remove files of no disclosure and no proof: whoever attached them died in between. Returns how many."""
    removed = 0
    sealed = EncryptedFile.objects.filter(category=DISCLOSURE_REQUEST, stored_at__lt=at - ORPHANED_AFTER).order_by("id")
    last: UUID | None = None
    while page := list((sealed if last is None else sealed.filter(id__gt=last))[:BATCH_SIZE]):
        last = page[-1].id
        known = set(Disclosure.objects.filter(scan_id__in=[file.id for file in page]).values_list("scan_id", flat=True))
        known |= evidence_of(file.subject_id for file in page)
        for file in page:
            if file.id not in known:
                with suppress(vault.UnderHold):
                    vault.delete_file(file, actor=actor, at=at)
                    removed += 1
    return removed


def open_scan(disclosure: Disclosure, *, actor: Actor, at: datetime) -> Scan:
    """Open the scan for a person who decides or provides; on record. Raises InvalidUpload where there is none.

    Who has opened it may approve what it asks for.
    """
    require_permission(actor, "disclosures.approve_disclosure", about=disclosure)
    must_have_clearance(actor, disclosure.third_party)
    row = Disclosure.objects.get(id=disclosure.id)
    file = EncryptedFile.objects.filter(id=row.scan_id).first() if row.scan_id else None
    if file is None:
        raise InvalidUpload(_("No document is attached to this disclosure."))
    with vault.opened(
        purpose=Purpose.LEGAL_DUTY,
        task="disclosures.scan.shown",
        actor=actor,
        at=at,
        reason=f"disclosure {disclosure.reference}",
    ) as vault_session:
        scan = Scan(vault_session.decrypt(file, "content"), file.media_type)
    reading = ScanReading(
        id=new_id(),
        disclosure=row,
        reader=actor.ref,
        scan_digest=hashlib.sha256(scan.content).hexdigest(),
        read_at=at,
    )
    ScanReading.objects.bulk_create([reading], ignore_conflicts=True)
    return scan


def has_read(disclosure: Disclosure, *, actor: Actor) -> bool:
    """Whether this person has opened the document that is attached now."""
    return disclosure.readings.filter(reader=actor.ref, scan_digest=disclosure.scan_digest).exists()


def destroy_scans(disclosure_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Remove the scans of these disclosures when their term is over; safe to repeat. Returns the rows removed."""
    with transaction.atomic(using="personal"):
        rows = EncryptedFile.objects.filter(subject_id__in=disclosure_ids, category=DISCLOSURE_REQUEST)
        count = rows.count()
        if count:
            with transaction.atomic():
                facts = {"certificate": certificate, "rows": count}
                ledger.record(Event.SCAN_REMOVED, actor=actor, at=at, subjects=disclosure_ids, facts=facts)
            rows.delete()
    return count
