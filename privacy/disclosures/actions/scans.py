"""The scan of the document by which an authority asks: sealed under the disclosure, read by the approver (P-09)."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.disclosures.actions.provisions import must_be_trusted
from privacy.disclosures.events import Event
from privacy.disclosures.models import Disclosure
from privacy.disclosures.refusals import WrongState
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib.papers import BadDocument
from privacy.vault import actions as vault
from privacy.vault.models import SealedFile
from privacy.vault.purposes import Purpose

CATEGORY = "disclosure-request"


@dataclass(frozen=True)
class Scan:
    """A scan in clear, for one reader."""

    content: bytes
    media_type: str


def attach_scan(disclosure: Disclosure, *, name: str, content: bytes, actor: Actor, at: datetime) -> Disclosure:
    """Attach the document's scan before the approval. A new one takes the earlier one's place.

    The document of an urgent request may come after the decision, once (law P-08). The earlier one goes, unless a hold
    keeps it. Raises BadDocument.
    """
    require(actor, "disclosures.request_disclosure", about=disclosure)
    must_be_trusted(actor, disclosure.third_party)
    stored = vault.receive_file(
        subject_id=disclosure.id,
        category=CATEGORY,
        case=disclosure.reference,
        name=name,
        content=content,
        actor=actor,
        at=at,
    )
    with transaction.atomic():
        row = Disclosure.objects.select_for_update().get(id=disclosure.id)
        late = row.urgent and row.scan_id is None and row.state != Disclosure.State.REFUSED
        if row.state != Disclosure.State.REQUESTED and not late:
            raise WrongState(_("The scan belongs to the request: it can't be changed after the decision."))
        row.scan_id = stored.id
        row.scan_digest = hashlib.sha256(content).hexdigest()
        row.save(update_fields=["scan_id", "scan_digest"])
        ledger.record(Event.SCAN_ATTACHED, actor=actor, at=at, about=row, facts={"sha256": row.scan_digest})
    for earlier in SealedFile.objects.filter(case=disclosure.reference, category=CATEGORY).exclude(id=stored.id):
        with suppress(vault.Kept):
            vault.discard_file(earlier, actor=actor, at=at)
    return row


def open_scan(disclosure: Disclosure, *, actor: Actor, at: datetime) -> Scan:
    """Open the scan for a person who decides or provides; on record. Raises BadDocument where there is none."""
    require(actor, "disclosures.approve_disclosure", about=disclosure)
    must_be_trusted(actor, disclosure.third_party)
    file = SealedFile.objects.filter(id=disclosure.scan_id).first() if disclosure.scan_id else None
    if file is None:
        raise BadDocument(_("No document is attached to this disclosure."))
    with vault.opened(
        purpose=Purpose.LEGAL_DUTY,
        task="disclosures.scan.shown",
        actor=actor,
        at=at,
        reason=f"disclosure {disclosure.reference}",
    ) as door:
        return Scan(door.reveal(file, "content"), file.media_type)


def destroy_scans(disclosure_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Remove the scans of these disclosures when their term is over; safe to repeat. Returns the rows removed."""
    with transaction.atomic(using="personal"):
        rows = SealedFile.objects.filter(subject_id__in=disclosure_ids, category=CATEGORY)
        count = rows.count()
        if count:
            with transaction.atomic():
                facts = {"certificate": certificate, "rows": count}
                ledger.record(Event.SCAN_REMOVED, actor=actor, at=at, subjects=disclosure_ids, facts=facts)
            rows.delete()
    return count
