"""Files of a case: sealed in the database, bounded, read through the door, discarded for good."""

import pytest

from privacy.ledger.actors import SystemActor
from privacy.vault import actions as vault
from privacy.vault.actions.files import MAX_FILE_BYTES
from privacy.vault.models import EncryptedFile
from tests.base import PortalTestCase
from tests.factory import NOON, make_sealed_file
from tests.privacy.vault.decryption_sessions import decryption_session


class SealedFilesTest(PortalTestCase):
    @pytest.mark.asvs("5.3.1")
    @pytest.mark.clause("P8.4")
    def test_a_file_comes_back_as_it_was(self) -> None:
        content = bytes(range(256)) * 4_000
        file = EncryptedFile.objects.get(id=make_sealed_file(name="위임장.png", content=content).id)
        with decryption_session() as vault_session:
            assert vault_session.decrypt_fields(file, ["name", "content"]) == {"name": "위임장.png", "content": content}
        assert file.size == len(content)
        assert "위임장" not in self.assertLedgered("vault.file.stored").payload

    def test_a_file_beyond_the_limit_is_refused(self) -> None:
        with self.assertRaises(vault.FileTooLarge):
            make_sealed_file(content=bytes(MAX_FILE_BYTES + 1))
        assert not EncryptedFile.objects.exists()

    def test_discarding_removes_it_once(self) -> None:
        file = make_sealed_file()
        for _ in range(2):
            vault.delete_file(file, actor=SystemActor("tests"), at=NOON)
        assert not EncryptedFile.objects.filter(id=file.id).exists()
        self.assertLedgered("vault.file.discarded")
