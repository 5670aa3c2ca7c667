"""Checks at start: a sealed field without keys, an unknown index, an identifier in clear stop the portal."""

from django.db import models
from django.test import SimpleTestCase
from django.test.utils import isolate_apps

from privacy.lib.identifiers.ids import new_id
from privacy.vault import checks
from privacy.vault.fields import EncryptedModel, EncryptedTextField


class ChecksTest(SimpleTestCase):
    def test_the_portal_itself_passes(self) -> None:
        assert list(checks.encrypted_fields_are_declared()) == []

    @isolate_apps("privacy.vault", attr_name="apps")
    def test_each_fault_has_its_id(self) -> None:
        class Bare(EncryptedModel):
            note = EncryptedTextField(item_from="kind", index="shoe-size")
            imei = models.CharField(max_length=15)

            class Meta:
                app_label = "vault"

        class Fine(EncryptedModel):
            id = models.UUIDField(primary_key=True, default=new_id)
            subject_id = models.UUIDField()
            kind = models.CharField(max_length=20)
            imei = EncryptedTextField(item_from="kind", index="imei", sealed_as="imei")

            class Encryption:
                subject = "subject_id"
                category = "app-log"

            class Meta:
                app_label = "vault"

        assert {found.id for found in checks.errors_of(Bare)} == {f"vault.E00{number}" for number in (1, 2, 3, 4, 6)}
        assert list(checks.errors_of(Fine)) == []

    def test_the_keys_are_asked_only_with_their_database(self) -> None:
        assert list(checks.keys_match_this_vault(None)) == []
        assert list(checks.keys_match_this_vault(["personal"])) == []
