"""Opening checks purpose, permission, freeze, record, in this order; nothing comes out before the last."""

import json

import pytest

from privacy.ledger.actors import NotPermitted, Outsider, System
from privacy.ledger.models import Entry
from privacy.lib.ids import new_id
from privacy.lib.refusals import Refusal
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from tests.base import PortalTestCase
from tests.factory import NOON, make_freeze, make_hana, make_sealed_file
from tests.privacy.vault.doors import open_door

STRANGER = Outsider("subject", "K7-NOBODY")


class OrderTest(PortalTestCase):
    @pytest.mark.clause("P4.1")
    def test_purpose_comes_first(self) -> None:
        """Registration data declares no error analysis, whoever asks and whatever is frozen."""
        file = make_sealed_file(category="device-registration")
        make_freeze(file.subject_id)
        with open_door(Purpose.ERROR_ANALYSIS, actor=STRANGER) as door, self.assertRaises(vault.PurposeNotDeclared):
            door.reveal(file, "name")

    @pytest.mark.clause("P8.8")
    def test_then_the_actor(self) -> None:
        file = make_sealed_file(category="device-registration")
        make_freeze(file.subject_id)
        with open_door(Purpose.REGISTRATION, actor=STRANGER) as door, self.assertRaises(NotPermitted):
            door.reveal(file, "name")

    @pytest.mark.clause("P1.5")
    def test_then_the_freeze(self) -> None:
        file = make_sealed_file(category="device-registration")
        make_freeze(file.subject_id)
        with open_door(Purpose.REGISTRATION) as door, self.assertRaises(vault.Frozen) as refused:
            door.reveal(file, "name")
        assert "K7-TEST-CASE" in str(refused.exception)
        assert refused.exception.code == "frozen"

    def test_each_refusal_is_on_record_with_its_code(self) -> None:
        file = make_sealed_file(category="device-registration")
        make_freeze(file.subject_id)
        for purpose, actor, code in (
            (Purpose.ERROR_ANALYSIS, STRANGER, "purpose"),
            (Purpose.REGISTRATION, STRANGER, "not-permitted"),
            (Purpose.REGISTRATION, System("tests"), "frozen"),
        ):
            with open_door(purpose, actor=actor) as door, self.assertRaises(Refusal):
                door.reveal(file, "name")
            entry = self.assertLedgered("vault.opening.denied")
            assert json.loads(entry.payload)["facts"]["because"] == code
            assert str(file.subject_id) in entry.payload

    @pytest.mark.clause("P8.8")
    def test_a_grant_opens_only_its_category_and_purpose(self) -> None:
        hana = make_hana()
        file = make_sealed_file(category="device-registration")
        with open_door(Purpose.REGISTRATION, actor=hana) as door:
            assert door.reveal(file, "name") == "증빙.pdf"
        hana.grants.update(revoked_at=NOON)
        with open_door(Purpose.REGISTRATION, actor=hana) as door, self.assertRaises(NotPermitted):
            door.reveal(file, "name")

    def test_a_category_unknown_to_the_policy_opens_for_the_offices_duties_only(self) -> None:
        file = make_sealed_file(category="rights-request")
        with open_door(Purpose.REGISTRATION) as door, self.assertRaises(vault.PurposeNotDeclared):
            door.reveal(file, "name")
        with open_door(Purpose.RIGHTS) as door:
            assert door.reveal(file, "name") == "증빙.pdf"

    def test_exports_and_unmasking_state_a_reason(self) -> None:
        for task in ("rights.access.exported", "devices.device.unmasked", "rights.package.downloaded"):
            for reason in ("", "  ", " - "):
                with self.assertRaises(vault.ReasonRequired), open_door(task=task, reason=reason):
                    pass
            with open_door(task=task, reason="request K7-114"):
                pass

    def test_a_task_is_a_word_of_the_ledgers_form(self) -> None:
        with self.assertRaises(ValueError), open_door(task="looking around"):
            pass

    def test_a_closed_door_reveals_nothing(self) -> None:
        subject = new_id()
        files = [make_sealed_file(subject_id=subject) for _ in range(3)]
        with open_door() as door:
            kept = door
            left_over = door.reveal_many(files, "name")
        with self.assertRaises(vault.DoorClosed):
            kept.reveal(files[0], "name")
        with self.assertRaises(vault.DoorClosed):
            next(left_over)

    @pytest.mark.clause("P8.3")
    def test_one_record_says_who_whose_what_and_why(self) -> None:
        hana = make_hana()
        file = make_sealed_file()
        before = Entry.objects.filter(word="ledger.read").count()
        with open_door(actor=hana, task="rights.evidence.unmasked", reason="request K7-114") as door:
            door.reveal_items(file, ["name", "content"])
        assert Entry.objects.filter(word="ledger.read").count() == before + 1
        entry = self.assertLedgered("ledger.read")
        for part in (hana.ref, str(file.subject_id), "rights.evidence.unmasked", "request K7-114", '"rights"'):
            assert part in entry.payload
        assert "증빙" not in entry.payload
