"""Papers that prove what was done: checked, scanned and sealed as evidence of safety measures."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from privacy.ledger.actors import Actor
from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers.ids import new_id
from privacy.policies.categories import SAFEGUARD_EVIDENCE
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile


@contextmanager
def keep_proof(*, case: str, name: str, content: bytes, actor: Actor, at: datetime) -> Iterator[EncryptedFile]:
    """Seal a paper for the record that is made inside the block; where that is refused, the paper does not stay.

    Raises InvalidUpload for a file that is no PDF, JPEG or PNG.
    """
    file = vault.receive_file(
        subject_id=new_id(), category=SAFEGUARD_EVIDENCE, case=case, name=name, content=content, actor=actor, at=at
    )
    try:
        yield file
    except Refusal:
        with suppress(vault.UnderHold):
            vault.delete_file(file, actor=actor, at=at)
        raise
