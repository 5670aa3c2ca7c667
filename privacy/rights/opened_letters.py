"""Opening what is needed to answer a person: where to, and the words that explain each decision."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from django.utils.translation import override

from privacy.ledger.actors import Actor
from privacy.rights import letters
from privacy.rights.actions.cases import particulars_of
from privacy.rights.models import Letter, Particulars
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose


class NoEmailAddress(Exception):
    """The person asked for an answer by e-mail and left no address: the officer answers another way."""


@dataclass(frozen=True)
class OpenedLetter:
    """Where an answer goes, and the deciders' words that it shows, by their place."""

    name: str
    email: str
    address: str
    explanations: dict[UUID, str]
    phone: str = ""


def open_letter(letter: Letter, *, task: str, actor: Actor, at: datetime) -> OpenedLetter:
    """Open the contact of a case and the explanations that its answer shows, on one access record for each."""
    case = letter.request
    with vault.opened(
        purpose=Purpose.RIGHTS, task=task, actor=actor, at=at, reason=f"request {case.number}"
    ) as vault_session:
        contact: dict[str, Any] = vault_session.decrypt(particulars_of(case), "contact") or {}
        written = Particulars.objects.filter(about_id__in=letters.explanation_ids(letter), subject_id=case.holder_id)
        explanations = {one.about_id: text for one, text in vault_session.decrypt_many(written, "explanation")}
    return OpenedLetter(
        name=str(contact.get("name", "")),
        email=str(contact.get("email", "")),
        address=str(contact.get("address", "")),
        explanations=explanations,
        phone=str(contact.get("phone", "")),
    )


class Mail(TypedDict):
    """What ``mail.send`` and ``mail.body`` need of a letter."""

    subject: str
    template: str
    context: dict[str, Any]
    language: str


def mail_of(letter: Letter, opened: OpenedLetter) -> Mail:
    """Return the e-mail of a letter, in the requester's language."""
    language = letter.request.language
    written = letters.letter_text(letter, language=language, to=opened.name, explanations=opened.explanations)
    with override(language):
        subject = letters.subject_line(letter)
    return {
        "subject": subject,
        "template": "rights_letter",
        "context": {"paper": written, "letter": letter},
        "language": language,
    }
