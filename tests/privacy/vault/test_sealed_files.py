"""Files of a case: sealed in the database, bounded, read through the door, discarded for good."""

import pytest

from privacy.ledger.actors import System
from privacy.vault import actions as vault
from privacy.vault.actions.files import LIMIT
from privacy.vault.models import SealedFile
from tests.base import PortalTestCase
from tests.factory import NOON, make_sealed_file
from tests.privacy.vault.doors import open_door


class SealedFilesTest(PortalTestCase):
    @pytest.mark.clause("P8.4")
    def test_a_file_comes_back_as_it_was(self) -> None:
        content = bytes(range(256)) * 4_000
        file = SealedFile.objects.get(id=make_sealed_file(name="위임장.png", content=content).id)
        with open_door() as door:
            assert door.reveal_items(file, ["name", "content"]) == {"name": "위임장.png", "content": content}
        assert file.size == len(content)
        assert "위임장" not in self.assertLedgered("vault.file.stored").payload

    def test_a_file_beyond_the_limit_is_refused(self) -> None:
        with self.assertRaises(vault.TooLarge):
            make_sealed_file(content=bytes(LIMIT + 1))
        assert not SealedFile.objects.exists()

    def test_discarding_removes_it_once(self) -> None:
        file = make_sealed_file()
        for _ in range(2):
            vault.discard_file(file, actor=System("tests"), at=NOON)
        assert not SealedFile.objects.filter(id=file.id).exists()
        self.assertLedgered("vault.file.discarded")
