"""The person: registered, ended, found false (P1.8), destroyed; her contacts, sealed."""

from datetime import date, timedelta

import pytest

from privacy.ledger.actors import SystemActor
from privacy.ledger.authorization import NotPermitted
from privacy.lib.errors.refusals import Refusal
from privacy.subjects import actions as subjects
from privacy.subjects import holdings
from privacy.subjects.models import Contact, FalseIdentityFinding, Subject
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from tests.base import PortalTestCase
from tests.factory import NOON, make_contact, make_hana, make_mina, make_odile

TESTS = SystemActor("tests")
EVIDENCE = "a" * 64


class Registering(PortalTestCase):
    def test_the_same_id_twice_is_the_same_person(self) -> None:
        mina = make_mina()
        assert make_mina(subject_id=mina.id).reference == mina.reference
        assert Subject.objects.count() == 1
        self.assertLedgered("subjects.subject.registered", mina)

    def test_a_destroyed_person_does_not_come_back(self) -> None:
        mina = make_mina()
        assert subjects.mark_destroyed([mina.id], certificate="C-1", actor=TESTS, at=NOON) == 1
        assert subjects.mark_destroyed([mina.id], certificate="C-1", actor=TESTS, at=NOON) == 0
        with pytest.raises(subjects.SubjectDestroyed):
            make_mina(subject_id=mina.id)
        with pytest.raises(subjects.SubjectDestroyed):
            make_contact(mina)


@pytest.mark.clause("P6.2")
class TheEndOfTheService(PortalTestCase):
    def test_is_noted_once(self) -> None:
        mina = make_mina(at=NOON - timedelta(days=30))
        subjects.end_service(mina, ended_on=date(2026, 11, 20), actor=TESTS, at=NOON)
        again = subjects.end_service(mina, ended_on=date(2026, 11, 22), actor=TESTS, at=NOON)
        assert again.service_ended_on == date(2026, 11, 20)
        assert list(Subject.objects.service_ended_by(date(2026, 11, 19))) == []
        assert list(Subject.objects.service_ended_by(date(2026, 11, 20))) == [mina]

    def test_is_taken_back_by_a_renewal(self) -> None:
        mina = make_mina()
        subjects.end_service(mina, ended_on=date(2026, 11, 24), actor=TESTS, at=NOON)
        assert subjects.resume_service(mina, actor=TESTS, at=NOON).service_ended_on is None
        self.assertLedgered("subjects.service.resumed", mina)

    def test_is_neither_in_the_future_nor_before_the_beginning(self) -> None:
        mina = make_mina()
        for day in (date(2026, 11, 25), date(2026, 11, 23)):
            with pytest.raises(subjects.ContradictoryDates):
                subjects.end_service(mina, ended_on=day, actor=TESTS, at=NOON)


@pytest.mark.clause("P1.8")
class FalseIdentity(PortalTestCase):
    def find(self, mina: Subject, **changes: str) -> FalseIdentityFinding:
        values = {"grounds": "the serial belongs to another company", "evidence_digest": EVIDENCE, **changes}
        return subjects.find_false_identity(mina, actor=make_odile(), at=NOON, **values)

    def test_ends_the_registration_with_grounds_and_evidence(self) -> None:
        mina = make_mina()
        self.find(mina)
        mina.refresh_from_db()
        assert mina.state == Subject.State.FALSE_IDENTITY
        assert mina.service_ended_on == date(2026, 11, 24)
        self.assertLedgered("subjects.false-identity.found", mina)

    def test_is_not_found_without_them(self) -> None:
        mina = make_mina()
        for changes in ({"grounds": "  "}, {"evidence_digest": "abc"}):
            with pytest.raises(Refusal):
                self.find(mina, **changes)
        mina.refresh_from_db()
        assert mina.is_active

    def test_is_an_officers_finding(self) -> None:
        with pytest.raises(NotPermitted):
            subjects.find_false_identity(make_mina(), grounds="g", evidence_digest=EVIDENCE, actor=make_hana(), at=NOON)

    def test_is_not_found_of_who_has_left(self) -> None:
        mina = make_mina()
        subjects.mark_withdrawn(mina, actor=TESTS, at=NOON)
        with pytest.raises(subjects.RegistrationEnded):
            self.find(mina)


@pytest.mark.clause("P8.7")
class AContact(PortalTestCase):
    def test_lies_sealed_in_the_personal_database(self) -> None:
        contact = make_contact(make_mina())
        assert contact._state.db == "personal"
        assert "mina" not in str(contact.value)

    def test_is_shown_to_its_owner_and_corrected_and_removed(self) -> None:
        mina = make_mina()
        contact = make_contact(mina)
        (holding,) = holdings.for_category("contact")
        assert holding.correct and holding.export and holding.destroy
        holding.correct(mina.id, "email", "mina@new.example", event=mina.id, actor=TESTS, at=NOON, record_id=contact.id)
        with vault.opened(
            purpose=Purpose.RIGHTS, task="rights.access.exported", actor=TESTS, at=NOON, reason="K7-1"
        ) as vault_session:
            [earlier, shown] = holding.export(mina.id, vault_session)
        assert earlier["ended_at"] is not None
        assert shown["email"] == "mina@new.example"
        assert holding.destroy([mina.id], certificate="C-1", actor=TESTS, at=NOON) == 2
        assert holding.destroy([mina.id], certificate="C-1", actor=TESTS, at=NOON) == 0
        assert not Contact.objects.exists()

    def test_a_newer_one_takes_its_place(self) -> None:
        mina = make_mina()
        make_contact(mina)
        make_contact(mina, value="second@example.org")
        assert Contact.objects.current().of(mina.id).count() == 1
