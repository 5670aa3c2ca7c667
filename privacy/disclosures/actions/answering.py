"""What a recipient answers, and what that proves: nothing else proves a correction at a recipient (P1.6)."""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.disclosures import proof_keys
from privacy.disclosures.actions.notices import note_received
from privacy.disclosures.actions.proofs import asked_anew, escalate, record
from privacy.disclosures.events import Event
from privacy.disclosures.models import CorrectionProof, Notice, RecipientAnswer
from privacy.disclosures.outgoing import FOLLOW_UP
from privacy.disclosures.recipient_actor import Recipient
from privacy.disclosures.refusals import AskedAgain, WrongAnswer, WrongState
from privacy.jobs import outbox
from privacy.lib.crypto import canonical_json
from privacy.lib.crypto.commitments import commitment
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.policies.categories import DISCLOSURE_REQUEST
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile

State, Because = CorrectionProof.State, CorrectionProof.Because
Says, Verdict, Reason = RecipientAnswer.Says, RecipientAnswer.Verdict, RecipientAnswer.Reason
DIGEST = re.compile(r"[0-9a-f]{64}")
LONGEST_VALUE = 4000
CHANGED = (
    "state", "answered_at", "ended_at", "answer_id", "round", "contradictions", "tries_left", "asked_at", "due_on",
    "escalated_at", "escalated_because",
)  # fmt: skip


@dataclass(frozen=True)
class ItemAnswer:
    """What a recipient says of one item: of a corrected one its commitment, or the value that it holds now."""

    says: str
    commitment: str = ""
    value: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Evidence:
    """A file that came with an answer."""

    name: str
    content: bytes


def answer(
    notice: Notice,
    given: Mapping[str, ItemAnswer],
    *,
    asked: int,
    way: str,
    evidence: Evidence | None = None,
    at: datetime,
) -> CorrectionProof:
    """Judge the answer of the recipient of a notice to the question number ``asked``, and keep it as it was given.

    A value that was typed becomes its commitment here and is kept nowhere. The same answer again changes nothing. Late
    ones are judged too. Raises WrongAnswer, AskedAgain, WrongState, InvalidUpload.
    """
    proof = CorrectionProof.objects.select_related("notice__third_party").filter(notice=notice).first()
    if proof is None:
        raise WrongState(_("We ask for no proof of this notice."))
    said = _said(proof, given)
    attached = hashlib.sha256(evidence.content).hexdigest() if evidence else ""
    digest = canonical_json.digest({"asked": asked, "items": said, "evidence": attached})
    if proof.answers.filter(digest=digest).exists():
        return proof
    _must_take(proof, asked)
    wanted = any(one["says"] == Says.CORRECTED for one in said.values())
    held = proof_keys.expected_commitments(proof, at=at) if wanted else {}
    file = _store(proof, evidence, at=at)
    try:
        with transaction.atomic():
            row = _lock(proof)
            if row.answers.filter(digest=digest).exists():
                raise AskedAgain(_("This answer is already recorded."))
            _must_take(row, asked)
            found = {item: _verdict_of(item, one, held) for item, one in said.items()}
            kept = RecipientAnswer.objects.create(
                proof=row, round=row.round, way=way, verdict=_worst(found.values()),
                items={item: {**one, "found": found[item]} for item, one in said.items()}, digest=digest,
                answered_at=at, late=row.is_past(clock.kst_date(at)), file_id=file.id if file else None,
                file_digest=attached,
            )  # fmt: skip
            note_received(row.notice, at=at)
            _conclude(row, kept, at=at)
    except Refusal:
        if file is not None:
            with suppress(vault.UnderHold):
                vault.delete_file(file, actor=Recipient(notice), at=at)
        raise
    return row


def _said(proof: CorrectionProof, given: Mapping[str, ItemAnswer]) -> dict[str, dict[str, str]]:
    """Return an answer as it is kept: every item once, its commitment in the place of a value. Raises WrongAnswer."""
    if set(given) != set(proof.notice.items):
        raise WrongAnswer(_("Answer for every item of the notice, and for no other."), pointer="/items")
    key = proof_keys.key_of(proof)
    return {item: _said_of(item, one, key) for item, one in sorted(given.items())}


def _said_of(item: str, one: ItemAnswer, key: bytes) -> dict[str, str]:
    if one.says not in Says.values:
        raise WrongAnswer(_("State what became of each item."), pointer=f"/items/{item}/says")
    if (one.reason in Reason.values) != (one.says == Says.CANNOT):
        raise WrongAnswer(
            _("Select a reason only for an item that can't be corrected."), pointer=f"/items/{item}/reason"
        )
    if one.says != Says.CORRECTED:
        return {"says": one.says, **({"reason": one.reason} if one.reason else {})}
    value, made = unicodedata.normalize("NFC", one.value).strip()[:LONGEST_VALUE], one.commitment.strip().lower()
    if bool(value) == bool(made):
        raise WrongAnswer(
            _("Enter the value that you hold now, or its digest: one of the two."), pointer=f"/items/{item}/value"
        )
    if made and not DIGEST.fullmatch(made):
        raise WrongAnswer(_("The digest has 64 characters: 0 to 9 and a to f."), pointer=f"/items/{item}/commitment")
    return {"says": one.says, "commitment": made or commitment(key, item, value)}


def _must_take(proof: CorrectionProof, asked: int) -> None:
    if proof.state == State.PROVEN:
        raise WrongState(_("You have already proven this correction. Nothing more is needed."))
    if proof.state == State.SUPERSEDED:
        raise WrongState(_("We sent you a later notice about the same information. Answer that one."))
    if proof.state == State.TO_ERASE:
        raise WrongState(_("We asked you later to erase this information, so nothing more is to be proven."))
    if not proof.takes_answers:
        raise WrongState(_("We can't accept an answer now. Our office will contact you."))
    if asked != proof.round:
        raise AskedAgain(_("We have asked you again since. Answer with the new key."))


def _worst(found: Collection[str]) -> str:
    """Return what an answer shows as a whole: proven is what is proven of every item."""
    order = (Verdict.CONTRADICTED, Verdict.CANNOT, Verdict.NOT_HELD, Verdict.MOOT, Verdict.PROVEN)
    return next(verdict for verdict in order if verdict in found)


def _verdict_of(item: str, one: Mapping[str, str], held: Mapping[str, str]) -> str:
    if one["says"] != Says.CORRECTED:
        return Verdict.CANNOT if one["says"] == Says.CANNOT else Verdict.NOT_HELD
    if item not in held:
        return Verdict.MOOT
    return Verdict.PROVEN if hmac.compare_digest(held[item], one["commitment"]) else Verdict.CONTRADICTED


def _conclude(row: CorrectionProof, kept: RecipientAnswer, *, at: datetime) -> None:
    """Move a locked proof to what its answer shows, on record."""
    actor, answered, before = Recipient(row.notice), row.round, row.state
    row.answered_at = at
    row.state = State(kept.verdict)
    # One that two people had settled is open again where it exists after all and has not corrected.
    ends = row.state not in CorrectionProof.OPEN
    row.ended_at, row.answer_id = (at, kept.id) if ends else (None, None)
    if row.state == State.CONTRADICTED:
        asked_anew(row, at=at)
    if before != row.state or row.is_open:
        row.save(update_fields=CHANGED)
    outbox.close_dead_letters(FOLLOW_UP, ids={"notice": str(row.notice_id)})
    event = {Verdict.PROVEN: Event.PROOF_PROVEN, Verdict.CONTRADICTED: Event.PROOF_CONTRADICTED}
    facts: dict[str, object] = {
        "before": before, "says": {item: one["says"] for item, one in kept.items.items()}, "verdict": kept.verdict,
        "round": answered, "channel": kept.way, "late": kept.late, "answer": kept.digest, "evidence": kept.file_digest,
    }  # fmt: skip
    record(row, event.get(Verdict(kept.verdict), Event.PROOF_ANSWERED), facts, actor=actor, at=at)
    if row.state == State.CANNOT:
        escalate(row, Because.CANNOT, actor=actor, at=at)
    elif row.state == State.CONTRADICTED and not row.tries_left:
        escalate(row, Because.CONTRADICTED, actor=actor, at=at)


def _store(proof: CorrectionProof, evidence: Evidence | None, *, at: datetime) -> EncryptedFile | None:
    """Seal a file under the proof, as evidence that waits for the scanner. Raises InvalidUpload."""
    if evidence is None:
        return None
    return vault.receive_file(
        subject_id=proof.id,
        category=DISCLOSURE_REQUEST,
        case=proof.notice.reference,
        name=evidence.name,
        content=evidence.content,
        actor=Recipient(proof.notice),
        at=at,
    )


def _lock(proof: CorrectionProof) -> CorrectionProof:
    # The notice first, as everywhere.
    Notice.objects.select_for_update().get(pk=proof.notice_id)
    rows = CorrectionProof.objects.select_for_update(of=("self",)).select_related("notice__third_party")
    return rows.get(pk=proof.pk)
