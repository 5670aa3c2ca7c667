"""What an access package holds of a person's own cases: what they wrote there (P1.2)."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from privacy.rights.models import Particulars, Request
from privacy.vault.decryption_session import DecryptionSession

# What the requester wrote; answers, messages to them and notes are the office's words.
REQUESTER_WORDS = (Particulars.About.CASE, Particulars.About.OBJECTION, Particulars.About.MESSAGE)
FIELDS = ("contact", "claimed", "wanted", "explanation")


def export_particulars(subject_id: UUID, vault_session: DecryptionSession) -> Iterator[dict[str, Any]]:
    """Yield what a person wrote in their own cases, objections and messages too, for their access package (P1.2)."""
    cases = {case.id: case.number for case in Request.objects.of_subject(subject_id)}
    words = Particulars.objects.filter(subject_id__in=list(cases), about__in=REQUESTER_WORDS)
    for one in words.order_by("received_on", "id"):
        values = vault_session.decrypt_fields(one, FIELDS)
        yield {"case": cases[one.subject_id], **{name: value for name, value in values.items() if value}}
