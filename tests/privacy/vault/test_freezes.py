"""A freeze holds from its commit on, over its item, category or subject, and lets three purposes through."""

from datetime import timedelta

import pytest

from privacy.ledger.actors import SystemActor
from privacy.lib.identifiers.ids import new_id
from privacy.vault import actions as vault
from privacy.vault.decryption_plan import DecryptionTarget
from privacy.vault.frozen_row_filter import covering_freezes
from privacy.vault.models import Freeze
from privacy.vault.purposes import EXEMPT_FROM_FREEZE, Purpose
from privacy.vault.tasks import expire_freezes
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factory import NOON, make_freeze, make_sealed_file
from tests.privacy.vault.decryption_sessions import decryption_session

CATEGORY = "device-registration"
TESTS = SystemActor("tests")


class FreezeTest(PortalTestCase):
    @pytest.mark.clause("P1.5")
    @pytest.mark.clause("P1.7")
    def test_only_rights_legal_duty_and_destruction_pass(self) -> None:
        assert {Purpose.RIGHTS, Purpose.LEGAL_DUTY, Purpose.DESTRUCTION} == EXEMPT_FROM_FREEZE
        file = make_sealed_file(category=CATEGORY)
        make_freeze(file.subject_id)
        for purpose in EXEMPT_FROM_FREEZE - {Purpose.DESTRUCTION}:
            with decryption_session(purpose) as vault_session:
                assert vault_session.decrypt(file, "name") == "증빙.pdf"
        # No freeze stops the read-back of a destruction; without a list it reads nothing (decision 0187).
        with decryption_session(Purpose.DESTRUCTION) as vault_session, self.assertRaises(vault.KeysRefused) as refused:
            vault_session.decrypt(file, "name")
        assert refused.exception.code == "keys-refused"
        with decryption_session(Purpose.REGISTRATION) as vault_session, self.assertRaises(vault.Frozen):
            vault_session.decrypt(file, "name")

    def test_what_a_freeze_covers(self) -> None:
        subject = new_id()
        item = make_freeze(subject, category=CATEGORY, item="imei", case="K7-ITEM")
        asked = [
            (DecryptionTarget(subject, CATEGORY, ("imei",)), True),
            (DecryptionTarget(subject, CATEGORY, ("imei", "model")), True),
            (DecryptionTarget(subject, CATEGORY, None), True),
            (DecryptionTarget(subject, CATEGORY, ("model",)), False),
            (DecryptionTarget(subject, CATEGORY, ("model", "os_build")), False),
            (DecryptionTarget(subject, "app-log", ("imei",)), False),
            (DecryptionTarget(new_id(), CATEGORY, ("imei",)), False),
        ]
        for want, covered in asked:
            assert bool(covering_freezes([want], NOON)) == covered, want
            found = vault.active_freezes(want.subject, want.category, want.items, at=NOON)
            assert found == ([item] if covered else []), want
        category = make_freeze(subject, category="app-log", cause="suspension", case="K7-CATEGORY")
        assert vault.active_freezes(subject, "app-log", ["app_log"], at=NOON) == [category]
        whole = make_freeze(subject, cause="suspension", case="K7-WHOLE")
        assert vault.active_freezes(subject, "service-analytics", ["status"], at=NOON) == [whole]
        assert set(vault.active_freezes_by_subject([subject, new_id()], at=NOON)) == {subject}
        assert set(vault.active_freezes_by_subject([subject], at=NOON)[subject]) == {item, category, whole}

    def test_a_field_of_no_known_item_counts_as_any(self) -> None:
        subject = new_id()
        held = make_freeze(subject, category=CATEGORY, item="imei")
        assert covering_freezes([DecryptionTarget(subject, CATEGORY, ("body",))], NOON) == [held]
        assert covering_freezes([DecryptionTarget(subject, CATEGORY, ("model", "body"))], NOON) == [held]

    def test_an_item_the_category_does_not_have_is_refused(self) -> None:
        with self.assertRaises(vault.UnknownItem):
            make_freeze(new_id(), category=CATEGORY, item="blood_type")

    def test_freezing_twice_for_a_case_is_one_freeze(self) -> None:
        subject = new_id()
        first = make_freeze(subject, category=CATEGORY, item="imei")
        assert make_freeze(subject, category=CATEGORY, item="imei") == first
        assert Freeze.objects.filter(subject_id=subject).count() == 1

    def test_two_cases_freeze_apart(self) -> None:
        subject = new_id()
        make_freeze(subject, case="K7-ONE")
        make_freeze(subject, case="K7-TWO")
        assert vault.unfreeze(case="K7-ONE", actor=TESTS, at=NOON) == 1
        assert [held.case for held in vault.active_freezes(subject, CATEGORY, at=NOON)] == ["K7-TWO"]

    def test_thawing_lifts_and_is_on_record(self) -> None:
        file = make_sealed_file(category=CATEGORY)
        make_freeze(file.subject_id)
        assert vault.unfreeze(case="K7-TEST-CASE", actor=TESTS, at=NOON) == 1
        self.assertLedgered("vault.freeze.placed")
        self.assertLedgered("vault.freeze.lifted")
        with decryption_session(Purpose.REGISTRATION) as vault_session:
            assert vault_session.decrypt(file, "name") == "증빙.pdf"
        assert vault.unfreeze(case="K7-TEST-CASE", actor=TESTS, at=NOON) == 0

    def test_an_unverified_freeze_ends_by_itself(self) -> None:
        subject = new_id()
        held = make_freeze(subject, until=NOON + timedelta(days=10))
        assert vault.active_freezes(subject, CATEGORY, at=NOON + timedelta(days=9)) == [held]
        assert vault.active_freezes(subject, CATEGORY, at=NOON + timedelta(days=10)) == []
        assert vault.expire_freezes(at=NOON + timedelta(days=9)) == 0
        assert vault.expire_freezes(at=NOON + timedelta(days=10)) == 1
        self.assertLedgered("vault.freeze.expired")
        held.refresh_from_db()
        assert held.lifted_at == NOON + timedelta(days=10)

    def test_a_verified_freeze_does_not(self) -> None:
        subject = new_id()
        make_freeze(subject, until=NOON + timedelta(days=10))
        assert vault.confirm_freeze(case="K7-TEST-CASE", actor=TESTS, at=NOON) == 1
        self.assertLedgered("vault.freeze.confirmed")
        assert vault.expire_freezes(at=NOON + timedelta(days=99)) == 0
        assert vault.active_freezes(subject, CATEGORY, at=NOON + timedelta(days=99))

    def test_the_job_lifts_what_is_past_its_end(self) -> None:
        subject = new_id()
        make_freeze(subject, at=NOON - timedelta(days=4000), until=NOON - timedelta(days=3990))
        expire_freezes()
        assert not Freeze.objects.filter(subject_id=subject, lifted_at=None).exists()


@pytest.mark.clause("P1.5")
def test_a_freeze_of_another_process_holds_at_once(portal_database: PortalDatabase) -> None:
    """Also in the middle of a reading that began before it."""
    subject = new_id()
    rows = [make_sealed_file(subject_id=subject, category=CATEGORY) for _ in range(3)] * 500
    with decryption_session(Purpose.REGISTRATION) as vault_session:
        reading = vault_session.decrypt_many(rows, "name")
        assert next(reading)[1] == "증빙.pdf"
        with portal_database.connect("portal_app") as other:
            other.execute(
                'INSERT INTO vault_freeze (id, subject_id, category, item, cause, "case", frozen_at)'
                " VALUES (gen_random_uuid(), %s, '', '', 'suspension', 'K7-OTHER', now())",
                [subject],
            )
        assert [held.case for held in vault.active_freezes(subject, CATEGORY)] == ["K7-OTHER"]
        with pytest.raises(vault.Frozen):
            list(reading)
        with pytest.raises(vault.Frozen):
            vault_session.decrypt(rows[0], "name")
