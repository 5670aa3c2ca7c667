"""Destroying a person's key breaks no hash: the trail stays sound, and what it kept of that person is unreadable."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag

from privacy.ledger import actions as ledger
from privacy.ledger import verify
from privacy.ledger.actors import SystemActor
from privacy.ledger.integrity import verification
from privacy.ledger.models import Entry
from privacy.vault import actions as vault
from privacy.vault import crypto
from privacy.vault.encryption_options import month_of
from privacy.vault.refusals import Destroyed
from tests.database import PortalDatabase
from tests.factories.ledger import Word, make_notary, make_witnesses, seal, sign
from tests.privacy.vault.ciphers import cipher_of

AT = datetime.now(UTC)
ACTOR = SystemActor("tests")
CATEGORY = "device-registration"
PLACE = ("ledger.Entry", "old_value")


def open_envelope(entry: Entry, subject: UUID, row: UUID) -> bytes:
    """Open the envelope in an entry's facts with the subject's key."""
    box = base64.b64decode(json.loads(entry.payload)["facts"]["old"])
    cipher = cipher_of(subject, CATEGORY, month_of(AT), at=AT)
    return crypto.decrypt(cipher, box, crypto.associated_data(*PLACE, CATEGORY), row, subject)


@pytest.mark.clause("P7.2")
@pytest.mark.clause("P8.3")
def test_a_destroyed_key_leaves_the_trail_sound_and_the_envelope_shut(
    portal_database: PortalDatabase, tmp_path: Path
) -> None:
    mina, other, row = uuid4(), uuid4(), uuid4()
    for subject in (mina, other):
        (box,) = vault.encrypt_batch([(*PLACE, row, subject, CATEGORY, b"356938035643809")], AT)
        old = {"old": base64.b64encode(box).decode()}
        ledger.record(Word.TRIED, actor=ACTOR, at=AT, about=("devices.device", subject), subjects=[subject], facts=old)
    seal(portal_database)
    sign(portal_database, make_notary(tmp_path))
    entries = {subject: Entry.objects.about(f"devices.device:{subject}").get() for subject in (mina, other)}
    assert open_envelope(entries[mina], mina, row) == b"356938035643809"

    vault.shred_subject(subject_id=mina, categories=None, cause="request", certificate="C-1", actor=ACTOR, at=AT)

    with pytest.raises((Destroyed, InvalidTag)):
        open_envelope(entries[mina], mina, row)
    assert open_envelope(entries[other], other, row) == b"356938035643809"
    with portal_database.connect("portal_auditor") as connection:
        report = verification.verify_log(connection, make_witnesses(tmp_path))
    assert (report.code, report.findings) == (verify.SOUND, [])
