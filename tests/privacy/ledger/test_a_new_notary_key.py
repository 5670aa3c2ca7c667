"""A lost key of the notary: a new one starts a new line of checkpoints, and the old ones stay checkable."""

from pathlib import Path

import pytest

from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.verify import Problem, open_checkpoint
from tests.database import PortalDatabase
from tests.factories.ledger import make_entries, make_notary, seal, sign


@pytest.mark.truth("claims")
def test_a_new_key_under_a_new_origin_starts_a_new_line_of_checkpoints(
    portal_database: PortalDatabase, tmp_path: Path
) -> None:
    old = make_notary(tmp_path / "old", signer=Signer.make("privacy.extrus.example/ledger"))
    make_entries(portal_database, 10)
    seal(portal_database)
    assert sign(portal_database, old) == 10
    kept = old.state.note.encode()
    new = make_notary(tmp_path / "new", signer=Signer.make("privacy.extrus.example/ledger/2"))
    make_entries(portal_database, 10)
    seal(portal_database)
    assert sign(portal_database, new) == 20
    assert open_checkpoint(new.state.note.encode(), new.signer.keys).origin == "privacy.extrus.example/ledger/2"
    assert open_checkpoint(kept, old.signer.keys).size == 10
    with pytest.raises(Problem):
        open_checkpoint(kept, new.signer.keys)
