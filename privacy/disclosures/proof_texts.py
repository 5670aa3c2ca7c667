"""What a recipient is told of the proof that is asked of it: by mail, letter and webhook."""

from datetime import datetime
from typing import Any
from uuid import uuid5

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.disclosures.models import CorrectionProof, Notice
from privacy.disclosures.outgoing import REMINDER
from privacy.disclosures.proof_keys import key_of, signing_key_of_round
from privacy.lib.display.badges import date_text
from privacy.lib.integrations.mail import fixed_message_id

# How far the clock of a recipient's system may be from ours, in seconds.
MOST_CLOCK_SECONDS = 300


def open_proof_of(notice: Notice) -> CorrectionProof | None:
    """Return the proof that the recipient of a notice still owes."""
    return CorrectionProof.objects.open().filter(notice=notice).select_related("notice__third_party").first()


def what_is_asked(proof: CorrectionProof) -> str:
    """Return in words what the recipient is asked for, in the active language."""
    return _(
        "Please show us by %(day)s that you have corrected it: open the link and enter what your records say now. "
        "If you no longer hold the information or can't correct it, tell us so there."
    ) % {"day": date_text(proof.due_on)}


def answer_address(notice: Notice) -> str:
    """Return where a recipient's system sends its answer."""
    return f"{settings.PORTAL_URL}/notices/{notice.reference}/answer/"


def asked_by_webhook(notice: Notice) -> dict[str, Any]:
    """Return what a webhook carries of the proof: where to answer, by when, and the one-time keys of that answer."""
    proof = open_proof_of(notice)
    if proof is None:
        return {}
    return {
        "answer": {
            "to": answer_address(notice),
            "round": proof.round,
            "key": key_of(proof).hex(),
            "signing_key": signing_key_of_round(notice.id, proof.round).hex(),
            "due": proof.due_on.isoformat(),
        }
    }


def answer_signed(stamp: str, body: bytes) -> bytes:
    """Return the bytes that a recipient's system signs: no notice of ours can be given back as an answer."""
    return b"answer." + stamp.encode() + b"." + body


def is_fresh(stamp: str, *, at: datetime) -> bool:
    """Whether a time that a recipient's system stated is about now."""
    return stamp.isascii() and stamp.isdecimal() and abs(int(stamp[:12]) - at.timestamp()) <= MOST_CLOCK_SECONDS


def follow_up_key(proof: CorrectionProof, why: str) -> str:
    """Return the Idempotency-Key of what follows a notice: the same at every try, another for each round."""
    return str(uuid5(proof.notice_id, f"{why}:{proof.round}"))


def follow_up_message_id(proof: CorrectionProof, why: str) -> str:
    """Return the Message-ID of what follows a notice."""
    return fixed_message_id(f"notice-{proof.notice_id}-{proof.round}-{why}")


def follow_up_subject(proof: CorrectionProof, why: str) -> str:
    """Return the subject line: the reference only."""
    with override(proof.notice.third_party.language):
        said = _("Reminder: proof of a correction") if why == REMINDER else _("Please prove a correction again")
        return f"{said} {proof.notice.reference}"


def follow_up_text(proof: CorrectionProof, why: str) -> str:
    """Return what a reminder says, or that an answer is asked for again."""
    with override(proof.notice.third_party.language):
        if why == REMINDER:
            return _("We have no proof yet that you have corrected the information in this notice.")
        if proof.contradictions:
            return _(
                "What you answered does not match the corrected information. Please check your records and answer "
                "again: the key of your earlier answer no longer counts."
            )
        return _("Please show us that you have corrected the information in this notice.")
