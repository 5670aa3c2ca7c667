"""The console shows freezes, generations, keys and tombstones, never a byte of a key."""

import base64

import pytest
from django.urls import reverse

from privacy.ledger.actors import SystemActor
from privacy.vault import actions as vault
from privacy.vault.models import Freeze, KeyCheck, MonthKey, SubjectKey, Tombstone
from tests.base import PortalTestCase
from tests.factory import NOON, make_freeze, make_odile, make_sealed_file

MODELS = (Freeze, KeyCheck, SubjectKey, MonthKey, Tombstone)


class ConsoleTest(PortalTestCase):
    def setUp(self) -> None:
        self.file, gone = make_sealed_file(), make_sealed_file()
        make_freeze(self.file.subject_id)
        vault.shred_subject(
            subject_id=gone.subject_id,
            categories=None,
            cause="x",
            certificate="C-1",
            actor=SystemActor("tests"),
            at=NOON,
        )
        self.client.force_login(make_odile())

    @pytest.mark.asvs("13.3.1", "15.3.1")
    def test_lists_and_records_show_no_key(self) -> None:
        secrets = [bytes(key.wrapped) for key in (*SubjectKey.objects.all(), *MonthKey.objects.all())]
        secrets += [bytes(check.value) for check in KeyCheck.objects.all()]
        for model in MODELS:
            name = f"admin:vault_{model._meta.model_name}"
            row = model._default_manager.first()
            assert row is not None
            for address in (reverse(f"{name}_changelist"), reverse(f"{name}_change", args=[row.pk])):
                page = self.client.get(address)
                assert page.status_code == 200, address
                text = page.content.decode()
                for secret in secrets:
                    assert secret.hex() not in text
                    assert base64.b64encode(secret).decode() not in text
                    assert repr(secret)[2:-1] not in text

    def test_nothing_is_added_changed_or_deleted_by_hand(self) -> None:
        for model in MODELS:
            name = f"admin:vault_{model._meta.model_name}"
            row = model._default_manager.first()
            assert row is not None
            assert self.client.get(reverse(f"{name}_add")).status_code == 403
            assert self.client.post(reverse(f"{name}_delete", args=[row.pk])).status_code == 403
            assert self.client.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403

    def test_freezes_are_filtered_by_their_state(self) -> None:
        address = reverse("admin:vault_freeze_changelist")
        for state, shown in (("active", True), ("expired", False), ("lifted", False), ("", True)):
            page = self.client.get(address, {"state": state} if state else {})
            assert ("K7-TEST-CASE" in page.content.decode()) == shown, state
