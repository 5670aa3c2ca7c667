"""Opening checks purpose, permission, freeze, record, in this order; nothing comes out before the last."""

import json
from datetime import date

import pytest

from privacy.ledger.actors import ExternalActor, SystemActor
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.models import Entry
from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers.ids import new_id
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from tests.base import PortalTestCase
from tests.factories.accounts import grant_pairs
from tests.factory import NOON, make_freeze, make_hana, make_omar, make_sealed_file
from tests.privacy.vault.decryption_sessions import decryption_session

STRANGER = ExternalActor("subject", "K7-NOBODY")


class OrderTest(PortalTestCase):
    @pytest.mark.law("C-02", "P-05", "F-8")
    @pytest.mark.clause("P4.1")
    def test_purpose_comes_first(self) -> None:
        """Registration data declares no error analysis, whoever asks and whatever is frozen."""
        file = make_sealed_file(category="device-registration")
        make_freeze(file.subject_id)
        with (
            decryption_session(Purpose.ERROR_ANALYSIS, actor=STRANGER) as vault_session,
            self.assertRaises(vault.PurposeNotDeclared),
        ):
            vault_session.decrypt(file, "name")

    @pytest.mark.clause("P8.8")
    def test_then_the_actor(self) -> None:
        file = make_sealed_file(category="device-registration")
        make_freeze(file.subject_id)
        with decryption_session(Purpose.REGISTRATION, actor=STRANGER) as vault_session, self.assertRaises(NotPermitted):
            vault_session.decrypt(file, "name")

    @pytest.mark.clause("P1.5")
    def test_then_the_freeze(self) -> None:
        file = make_sealed_file(category="device-registration")
        make_freeze(file.subject_id)
        with decryption_session(Purpose.REGISTRATION) as vault_session, self.assertRaises(vault.Frozen) as refused:
            vault_session.decrypt(file, "name")
        assert "K7-TEST-CASE" in str(refused.exception)
        assert refused.exception.code == "frozen"

    def test_each_refusal_is_on_record_with_its_code(self) -> None:
        file = make_sealed_file(category="device-registration")
        make_freeze(file.subject_id)
        for purpose, actor, code in (
            (Purpose.ERROR_ANALYSIS, STRANGER, "purpose"),
            (Purpose.REGISTRATION, STRANGER, "not-permitted"),
            (Purpose.REGISTRATION, SystemActor("tests"), "frozen"),
        ):
            with decryption_session(purpose, actor=actor) as vault_session, self.assertRaises(Refusal):
                vault_session.decrypt(file, "name")
            entry = self.assertLedgered("vault.opening.denied")
            assert json.loads(entry.payload)["facts"]["because"] == code
            assert str(file.subject_id) in entry.payload

    @pytest.mark.law("S-08")
    @pytest.mark.asvs("8.2.3")
    @pytest.mark.clause("P8.8")
    def test_a_grant_opens_only_its_category_and_purpose(self) -> None:
        hana = make_hana(granted=False)
        file, log = make_sealed_file(category="device-registration"), make_sealed_file(category="app-log")
        grant_pairs(hana, [("device-registration", "registration")], by=make_omar(), on=date(2020, 12, 1))
        with decryption_session(Purpose.REGISTRATION, actor=hana) as vault_session:
            assert vault_session.decrypt(file, "name") == "증빙.pdf"
        for purpose, other in ((Purpose.RIGHTS, file), (Purpose.ERROR_ANALYSIS, log)):
            with decryption_session(purpose, actor=hana) as vault_session, self.assertRaises(NotPermitted):
                vault_session.decrypt(other, "name")
        hana.grants.update(revoked_at=NOON)
        with decryption_session(Purpose.REGISTRATION, actor=hana) as vault_session, self.assertRaises(NotPermitted):
            vault_session.decrypt(file, "name")

    def test_a_category_unknown_to_the_policy_opens_for_the_offices_duties_only(self) -> None:
        file = make_sealed_file(category="rights-request")
        with decryption_session(Purpose.REGISTRATION) as vault_session, self.assertRaises(vault.PurposeNotDeclared):
            vault_session.decrypt(file, "name")
        with decryption_session(Purpose.RIGHTS) as vault_session:
            assert vault_session.decrypt(file, "name") == "증빙.pdf"

    def test_exports_and_unmasking_state_a_reason(self) -> None:
        for task in ("rights.access.exported", "devices.device.unmasked", "rights.package.downloaded"):
            for reason in ("", "  ", " - "):
                with self.assertRaises(vault.ReasonRequired), decryption_session(task=task, reason=reason):
                    pass
            with decryption_session(task=task, reason="request K7-114"):
                pass

    def test_a_task_is_a_word_of_the_ledgers_form(self) -> None:
        with self.assertRaises(ValueError), decryption_session(task="looking around"):
            pass

    def test_a_closed_door_reveals_nothing(self) -> None:
        subject = new_id()
        files = [make_sealed_file(subject_id=subject) for _ in range(3)]
        with decryption_session() as vault_session:
            kept = vault_session
            left_over = vault_session.decrypt_many(files, "name")
        with self.assertRaises(vault.DecryptionSessionClosed):
            kept.decrypt(files[0], "name")
        with self.assertRaises(vault.DecryptionSessionClosed):
            next(left_over)

    @pytest.mark.clause("P8.3")
    def test_one_record_says_who_whose_what_and_why(self) -> None:
        hana = make_hana()
        file = make_sealed_file()
        before = Entry.objects.filter(word="ledger.read").count()
        with decryption_session(actor=hana, task="rights.evidence.unmasked", reason="request K7-114") as vault_session:
            vault_session.decrypt_fields(file, ["name", "content"])
        assert Entry.objects.filter(word="ledger.read").count() == before + 1
        entry = self.assertLedgered("ledger.read")
        for part in (hana.ref, str(file.subject_id), "rights.evidence.unmasked", "request K7-114", '"rights"'):
            assert part in entry.payload
        assert "증빙" not in entry.payload
