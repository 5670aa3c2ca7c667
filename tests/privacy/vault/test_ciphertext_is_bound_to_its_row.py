"""A box opens at its own place only: not in another row, field, subject or category, not with one bit changed."""

from itertools import permutations, product
from uuid import UUID

import pytest
from django.db import models
from django.test.utils import isolate_apps

from privacy.lib.identifiers.ids import new_id
from privacy.vault import actions as vault
from privacy.vault import crypto
from privacy.vault.fields import EncryptedModel, EncryptedTextField, EncryptedValue
from privacy.vault.models import EncryptedFile
from tests.base import PortalTestCase
from tests.factory import NOON, make_sealed_file
from tests.privacy.vault.decryption_sessions import decryption_session


class PlaceTest(PortalTestCase):
    @pytest.mark.asvs("11.3.3", "14.2.4")
    @pytest.mark.clause("P8.4")
    @isolate_apps("privacy.vault")
    def test_swap_matrix(self) -> None:
        class Note(EncryptedModel):
            id = models.UUIDField(primary_key=True, default=new_id)
            subject_id = models.UUIDField()
            category = models.CharField(max_length=40)
            left = EncryptedTextField(null=True, sealed_as="left")
            right = EncryptedTextField(null=True, sealed_as="right")

            class Encryption:
                subject = "subject_id"
                category_from = "category"

            class Meta:
                app_label = "vault"

        subjects, rows = (new_id(), new_id()), (new_id(), new_id())
        cells: list[tuple[UUID, UUID, str, str]] = list(
            product(rows, subjects, ("device-registration", "app-log"), ("left", "right"))
        )

        def note(cell: tuple[UUID, UUID, str, str]) -> Note:
            return Note(id=cell[0], subject_id=cell[1], category=cell[2])

        boxes: dict[tuple[UUID, UUID, str, str], EncryptedValue] = {}
        for cell in cells:
            made = note(cell)
            vault.encrypt(made, {cell[3]: f"value of {cell[3]}"}, at=NOON)
            boxes[cell] = getattr(made, cell[3])
        opened = 0
        with decryption_session() as vault_session:
            for here, there in permutations(cells, 2):
                moved = note(there)
                setattr(moved, there[3], boxes[here])
                with self.assertRaises(vault.InvalidCiphertext):
                    vault_session.decrypt(moved, there[3])
            for cell in cells:
                kept = note(cell)
                setattr(kept, cell[3], boxes[cell])
                opened += vault_session.decrypt(kept, cell[3]) == f"value of {cell[3]}"
        assert opened == len(cells) == 16

    @pytest.mark.asvs("11.2.5", "11.3.2", "11.3.3", "14.2.4")
    def test_every_flipped_bit_is_noticed(self) -> None:
        file = make_sealed_file(name="a.pdf")
        box = file.name.ciphertext
        with decryption_session() as vault_session:
            for position in range(len(box)):
                altered = bytearray(box)
                altered[position] ^= 1 << (position % 8)
                file.name = EncryptedValue(bytes(altered))
                with self.assertRaises(vault.WrongKey):
                    vault_session.decrypt(file, "name")
            file.name = EncryptedValue(box)
            assert vault_session.decrypt(file, "name") == "a.pdf"

    @pytest.mark.asvs("11.2.5")
    def test_a_truncated_box_is_no_box(self) -> None:
        file = make_sealed_file()
        for length in (0, 1, crypto.OVERHEAD - 1, len(file.name.ciphertext) - 1):
            file.name = EncryptedValue(file.name.ciphertext[:length])
            with decryption_session() as vault_session, self.assertRaises(vault.InvalidCiphertext):
                vault_session.decrypt(file, "name")

    @pytest.mark.asvs("11.2.2")
    def test_a_box_of_a_version_that_is_not_known_is_no_box(self) -> None:
        file = make_sealed_file()
        box = file.name.ciphertext
        assert box[0] == crypto.VERSION
        for version in {0, 1, 2, 255} - {crypto.VERSION}:
            file.name = EncryptedValue(bytes([version]) + box[1:])
            with decryption_session() as vault_session, self.assertRaises(vault.InvalidCiphertext) as refused:
                vault_session.decrypt(file, "name")
            assert type(refused.exception) is vault.InvalidCiphertext, "seen before a key is tried"

    def test_a_box_moved_in_the_database_does_not_open(self) -> None:
        subject = new_id()
        one, other = make_sealed_file(subject_id=subject), make_sealed_file(subject_id=subject)
        EncryptedFile.objects.filter(id=other.id).update(content=one.content)
        other.refresh_from_db()
        with decryption_session() as vault_session, self.assertRaises(vault.InvalidCiphertext):
            vault_session.decrypt(other, "content")

    @pytest.mark.asvs("11.3.4")
    def test_no_nonce_comes_twice(self) -> None:
        subject, row = new_id(), new_id()
        rows = [("vault.EncryptedFile", "content", row, subject, "app-log", b"same")] * 20_000
        boxes = vault.encrypt_batch(rows, NOON)
        nonces = {box[crypto.HEADER_BYTES : crypto.HEADER_BYTES + crypto.NONCE_BYTES] for box in boxes}
        assert len(nonces) == len(boxes)
