"""Opening what is needed to answer a person: where to, and the words that explain each decision."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from privacy.ledger.actors import Actor
from privacy.rights import letters
from privacy.rights.actions.timeline import words_of
from privacy.rights.models import Letter, Particulars
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose


class NoMailbox(Exception):
    """The person asked for an answer by e-mail and left no address: the officer answers another way."""


@dataclass(frozen=True)
class Answer:
    """Where an answer goes, and the deciders' words that it shows, by their place."""

    name: str
    email: str
    address: str
    explanations: dict[UUID, str]


def open_answer(letter: Letter, *, task: str, actor: Actor, at: datetime) -> Answer:
    """Open the contact of a case and the explanations that its answer shows, on one access record for each."""
    case = letter.request
    with vault.opened(purpose=Purpose.RIGHTS, task=task, actor=actor, at=at, reason=f"request {case.number}") as door:
        contact: dict[str, Any] = door.reveal(words_of(case), "contact") or {}
        written = Particulars.objects.filter(about_id__in=letters.explained_in(letter), subject_id=case.holder_id)
        explanations = {one.about_id: text for one, text in door.reveal_many(written, "explanation")}
    return Answer(
        name=str(contact.get("name", "")),
        email=str(contact.get("email", "")),
        address=str(contact.get("address", "")),
        explanations=explanations,
    )
