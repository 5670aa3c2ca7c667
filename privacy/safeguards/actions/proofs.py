"""Papers that prove what was done: checked, scanned and sealed as evidence of safety measures, and opened again."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor
from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers.ids import new_id
from privacy.policies.categories import SAFEGUARD_EVIDENCE
from privacy.safeguards.refusals import Incomplete
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from privacy.vault.purposes import Purpose


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


def open_kept_proof(file_id: UUID | None, *, task: str, reason: str, actor: Actor, at: datetime) -> tuple[bytes, str]:
    """Open a paper that ``keep_proof`` sealed, on record; return it with its media type.

    The caller has asked for the permission. Raises Incomplete where there is none.
    """
    file = EncryptedFile.objects.filter(id=file_id).first() if file_id else None
    if file is None:
        raise Incomplete(_("No file is kept with this record."))
    with vault.opened(purpose=Purpose.LEGAL_DUTY, task=task, actor=actor, at=at, reason=reason) as session:
        content: bytes = session.decrypt(file, "content")
    return content, file.media_type
