"""Recipients that prove nothing: one person settles it with evidence, and another looks at that."""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.second_person import require_second_person
from privacy.disclosures.actions.proofs import record
from privacy.disclosures.actions.provisions import must_have_clearance
from privacy.disclosures.events import Event
from privacy.disclosures.models import CorrectionProof, RecipientAnswer
from privacy.disclosures.refusals import MissingEvidence, SamePerson, WrongState
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.errors.refusals import Refusal
from privacy.policies.categories import DISCLOSURE_REQUEST
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from privacy.vault.purposes import Purpose

SETTLE = "disclosures.settle_proof"
State = CorrectionProof.State
PENDING = ("settled_as", "settled_by", "settled_at", "note", "file_id", "file_digest")


def settle(
    proof: CorrectionProof,
    *,
    settled_as: str,
    note: str,
    name: str,
    content: bytes,
    actor: Actor,
    at: datetime,
) -> CorrectionProof:
    """State, with evidence, that a correction was verified another way, or that its recipient no longer exists.

    It counts once another person has looked. Raises MissingEvidence, WrongState, InvalidUpload.
    """
    require_permission(actor, SETTLE, about=proof)
    must_have_clearance(actor, proof.notice.third_party)
    if settled_as not in CorrectionProof.Settlement.values:
        raise MissingEvidence(_("State how it is settled."), pointer="/settled_as")
    if not note.strip():
        raise MissingEvidence(_("State how it was verified."), pointer="/note")
    if not content:
        raise MissingEvidence(_("Attach the evidence."), pointer="/file")
    file = vault.receive_file(
        subject_id=proof.id, category=DISCLOSURE_REQUEST, case=proof.notice.reference, name=name, content=content,
        actor=actor, at=at,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row = _lock(proof)
            if row.seconded_by:
                raise WrongState(_("This recipient answered after it was settled, so only its proof ends this."))
            if row.settled_by:
                raise WrongState(_("It has already been stated how this ended. Another person is checking it now."))
            row.settled_as, row.settled_by, row.settled_at, row.note = settled_as, actor.ref, at, note.strip()
            row.file_id, row.file_digest = file.id, hashlib.sha256(content).hexdigest()
            row.save(update_fields=list(PENDING))
            facts: dict[str, object] = {"as": settled_as, "evidence": row.file_digest}
            record(row, Event.PROOF_SETTLED, facts, actor=actor, at=at)
    except Refusal:
        with suppress(vault.UnderHold):
            vault.delete_file(file, actor=actor, at=at)
        raise
    return row


def second_settlement(
    proof: CorrectionProof, *, agrees: bool, read: str = "", actor: Actor, at: datetime
) -> CorrectionProof:
    """Look a second time at how a proof was settled: confirm it, or send it back.

    ``read`` is the digest of the evidence that was read. Raises SamePerson, NotASecondPerson, WrongState.
    """
    require_permission(actor, SETTLE, about=proof)
    must_have_clearance(actor, proof.notice.third_party)
    with transaction.atomic():
        row = _lock(proof)
        if not row.waits_for_second:
            raise WrongState(_("Nobody has stated how this ended."))
        if read and read != row.file_digest:
            raise WrongState(_("The evidence has changed since you opened this page. Read it again."))
        same = SamePerson(_("You stated this yourself, so another person must look at it."))
        by = require_second_person(actor, asked_by=row.settled_by, about=row, same=same, at=at)
        facts: dict[str, object] = {"as": row.settled_as, "evidence": row.file_digest, "stated_by": row.settled_by}
        if not agrees:
            row.settled_as, row.settled_by, row.settled_at, row.note = "", "", None, ""
            row.file_id, row.file_digest = None, ""
            row.save(update_fields=list(PENDING))
            record(row, Event.SETTLEMENT_REFUSED, facts, actor=actor, at=at)
            return row
        row.state, row.ended_at, row.seconded_by, row.seconded_at = State.SETTLED, at, by, at
        row.save(update_fields=["state", "ended_at", "seconded_by", "seconded_at"])
        record(row, Event.SETTLEMENT_CONFIRMED, facts, actor=actor, at=at)
    return row


def open_evidence(proof: CorrectionProof, *, file_id: UUID | None, actor: Actor, at: datetime) -> tuple[bytes, str]:
    """Open a file of a proof, the office's or a recipient's, on record; return it with its media type.

    Raises MissingEvidence where there is none, and what an opening raises.
    """
    require_permission(actor, SETTLE, about=proof)
    must_have_clearance(actor, proof.notice.third_party)
    file = EncryptedFile.objects.filter(id=file_id, subject_id=proof.id).first() if file_id else None
    if file is None:
        raise MissingEvidence(_("No file is kept with this record."))
    with vault.opened(
        purpose=Purpose.LEGAL_DUTY,
        task=Event.PROOF_EVIDENCE_SHOWN,
        actor=actor,
        at=at,
        reason=f"notice {proof.notice.reference}",
    ) as session:
        content: bytes = session.decrypt(file, "content")
    return content, file.media_type


def evidence_of(proof_ids: Iterable[UUID]) -> set[UUID | None]:
    """Return the files that belong to proofs, the office's and the recipients'."""
    ids = list(proof_ids)
    found: set[UUID | None] = set(CorrectionProof.objects.filter(id__in=ids).values_list("file_id", flat=True))
    return found | set(RecipientAnswer.objects.filter(proof_id__in=ids).values_list("file_id", flat=True))


def _lock(proof: CorrectionProof) -> CorrectionProof:
    rows = CorrectionProof.objects.select_for_update(of=("self",)).select_related("notice__third_party")
    row = rows.get(pk=proof.pk)
    if not row.is_open:
        raise WrongState(_("This proof has already ended."))
    return row
