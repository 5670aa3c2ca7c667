"""What a process that was taken over would ask of the key service: past every page, with whichever record it has."""

from typing import Any
from uuid import UUID

from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.vault import actions as vault
from privacy.vault import keys
from privacy.vault.keyservice import messages
from privacy.vault.models import EncryptedFile
from tests.factory import NOON

TESTS = SystemActor("tests")
CATEGORY = "device-registration"


def request_for(files: list[EncryptedFile], record: int, *, people: list[UUID] | None = None) -> messages.ReadKeys:
    """Return the request of a process that was taken over: the keys of these files, on whichever record it has."""
    pairs = [(file.subject_id, file.category) for file in files]
    month = vault.month_of(NOON)
    found = keys.find(pairs, {(file.category, month) for file in files})
    packed, places = keys.pack(found.wrapped)
    wanted = [keys.pair_of((file.subject_id, file.category, month), places) for file in files]
    return messages.ReadKeys(record, [one.bytes for one in people or ()], packed, wanted)


def record_of(people: list[UUID], *, purpose: str = "rights", actor: Any = TESTS, category: str = CATEGORY) -> int:
    """Put a reading on record, as a page does first."""
    facts = {"categories": [category]}
    return ledger.record_read(
        actor=actor, at=None, subjects=people, task="tests.data.read", purpose=purpose, facts=facts
    )
