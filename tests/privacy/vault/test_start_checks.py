"""Checks at start: a sealed field without keys, an unknown index, an identifier in clear stop the portal."""

from django.db import models
from django.test import SimpleTestCase
from django.test.utils import isolate_apps

from privacy.lib.ids import new_id
from privacy.vault import checks
from privacy.vault.fields import SealedModel, SealedTextField


class ChecksTest(SimpleTestCase):
    def test_the_portal_itself_passes(self) -> None:
        assert list(checks.sealed_fields_are_declared()) == []

    @isolate_apps("privacy.vault", attr_name="apps")
    def test_each_fault_has_its_id(self) -> None:
        class Bare(SealedModel):
            note = SealedTextField(item_from="kind", index="shoe-size")
            imei = models.CharField(max_length=15)

            class Meta:
                app_label = "vault"

        class Fine(SealedModel):
            id = models.UUIDField(primary_key=True, default=new_id)
            subject_id = models.UUIDField()
            kind = models.CharField(max_length=20)
            imei = SealedTextField(item_from="kind", index="imei")

            class Sealing:
                subject = "subject_id"
                category = "app-log"

            class Meta:
                app_label = "vault"

        assert {found.id for found in checks.faults_of(Bare)} == {f"vault.E00{number}" for number in (1, 2, 3, 4)}
        assert list(checks.faults_of(Fine)) == []

    def test_the_keys_are_asked_only_with_their_database(self) -> None:
        assert list(checks.keys_are_this_vaults(None)) == []
        assert list(checks.keys_are_this_vaults(["personal"])) == []
