"""The keys of recipients' commitments, and the commitments that the values held here would have."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from privacy.disclosures import item_values
from privacy.disclosures.models import CorrectionProof
from privacy.ledger.actors import SystemActor
from privacy.lib.crypto import canonical_json
from privacy.lib.crypto.commitments import commitment, joined
from privacy.vault import actions as vault
from privacy.vault.derived_secrets import derive_secret
from privacy.vault.purposes import Purpose
from privacy.vault.refusals import Destroyed

COMPARED = "disclosures.proof.compared"
COMPARER = SystemActor("notices")


def key_of(proof: CorrectionProof) -> bytes:
    """Return the key of a proof's round: derived, never stored, and known to this recipient and the portal alone.

    Each notice and each round has its own, so that no commitment of an earlier value, round or correction counts again.
    """
    return key_of_round(proof.notice_id, proof.round)


def key_of_round(notice_id: UUID, asked: int) -> bytes:
    """Return the key of the question number ``asked`` about a notice."""
    return derive_secret("disclosures.commitment", f"{notice_id}:{asked}".encode())


def signing_key_of_round(notice_id: UUID, asked: int) -> bytes:
    """Return the key that signs a system's answer to a question: its webhook alone carries it, no page nor letter."""
    return derive_secret("disclosures.answer", f"{notice_id}:{asked}".encode())


def text_of(value: object) -> str:
    """Return a value as it is committed to: a text as it is, anything else as canonical JSON."""
    return value if isinstance(value, str) else canonical_json.dumps(value)


def expected_commitments(proof: CorrectionProof, *, at: datetime) -> Mapping[str, str]:
    """Return by item the commitment of what is held here; an item that nothing is held of is left out.

    The portal reads it itself, on record, for the right of the person whose data it is: a freeze of a new dispute does
    not stop the comparison, and nothing of the value leaves this function but the keyed commitment.
    """
    notice, key = proof.notice, key_of(proof)
    held: dict[str, list[str]] = {}
    try:
        with vault.opened(
            purpose=Purpose.RIGHTS,
            task=COMPARED,
            actor=COMPARER,
            at=at,
            reason=f"notice {notice.reference}, case {notice.case_reference}",
        ) as session:
            for one in item_values.read_items(
                session, subject_id=notice.subject_id, category=notice.category, items=notice.items,
                record_id=notice.record_id,
            ):  # fmt: skip
                held.setdefault(one.item, []).append(text_of(one.value))
    except Destroyed:
        return {}
    return {item: commitment(key, item, joined(values)) for item, values in held.items()}
