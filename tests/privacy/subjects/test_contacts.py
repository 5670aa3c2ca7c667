"""Contacts: given, proven by a mailed code, preferred, ended; a changed one is told, and waits for packages (0136)."""

import re
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.actors import ExternalActor, SystemActor
from privacy.ledger.authorization import NotPermitted
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import TooManyAttempts
from privacy.rights.actions.pickup_codes import mailbox as package_mailbox
from privacy.subjects import actions as subjects
from privacy.subjects.contact_validation import InvalidContact
from privacy.subjects.contacts import export_contacts
from privacy.subjects.models import Contact, ContactCode, FailedCodeAttempt, Subject
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from tests import factory
from tests.base import PortalTestCase
from tests.factory import NOON
from tests.privacy.disclosures.smtp_server import mailbox

TESTS = SystemActor("tests")
OLD, NEW, GIVEN = "mina@old.example", "mina@new.example", "mina@example.org"
WAIT = timedelta(hours=72)
ADDRESS = "203.0.113.9"
CODE = r"^[0-9A-Z]{1,4}(?:[- ][0-9A-Z]{1,4}){5,}\s*$"


def mails(*, at: datetime) -> list[Any]:
    """What the worker sends now."""
    with mailbox() as box:
        dispatch_due(at=at)
        dispatch_due(at=at)
    return list(box.arrived)


def code_in(mail: Any) -> str:
    """The code that stands in a mail on a line of its own."""
    found = re.search(CODE, mail.get_body(("plain",)).get_content(), re.MULTILINE)
    assert found is not None
    return found[0]


@pytest.mark.attack("17.2")
class AContactIsProven(PortalTestCase):
    def setUp(self) -> None:
        self.mina = factory.make_mina()
        self.me = ExternalActor("subject", self.mina.reference)

    def record(self, value: str = OLD, *, at: datetime = NOON, **more: Any) -> Contact:
        values: dict[str, Any] = {"kind": "email", "source": "person", "actor": self.me, **more}
        return subjects.record_contact(self.mina, value=value, at=at, **values)

    def test_by_the_code_that_was_mailed_to_it(self) -> None:
        contact = self.record()
        assert (contact.verified_at, contact.is_preferred) == (None, True)
        (mail,) = mails(at=NOON)
        assert mail["To"] == OLD
        code = code_in(mail)
        assert code not in str(list(ContactCode.objects.values()))
        subjects.verify_contact(code.lower(), address=ADDRESS, at=NOON)
        contact.refresh_from_db()
        assert contact.verified_at == NOON
        self.assertLedgered("subjects.contact.verified")

    @pytest.mark.asvs("6.5.1", "6.6.1")
    @pytest.mark.truth("contact-code-once")
    def test_a_code_works_once(self) -> None:
        contact = self.record()
        [mail] = mails(at=NOON)
        code = code_in(mail)
        subjects.verify_contact(code, address=ADDRESS, at=NOON)
        issued = ContactCode.objects.get()
        # A second click says the same, moves nothing and counts as no wrong try.
        assert subjects.verify_contact(code, address=ADDRESS, at=NOON + timedelta(seconds=1)) == contact
        assert not FailedCodeAttempt.objects.exists()
        for later in (timedelta(minutes=6), timedelta(hours=1)):
            with pytest.raises(subjects.WrongCode):
                subjects.verify_contact(code, address=ADDRESS, at=NOON + later)
        assert ContactCode.objects.get() == issued and Contact.objects.get(pk=contact.pk).verified_at == NOON

    @pytest.mark.asvs("6.6.2")
    def test_not_by_a_wrong_code_nor_by_one_that_is_over_or_of_another_value(self) -> None:
        self.record()
        code = code_in(mails(at=NOON)[0])
        for typed, at in (("0000 0000", NOON), (code, NOON + timedelta(hours=24))):
            with pytest.raises(subjects.WrongCode):
                subjects.verify_contact(typed, address=ADDRESS, at=at)
        self.record(NEW)
        with pytest.raises(subjects.WrongCode):
            subjects.verify_contact(code, address=ADDRESS, at=NOON)
        assert not Contact.objects.filter(verified_at__isnull=False).exists()

    @pytest.mark.asvs("6.6.1", "6.6.3")
    def test_wrong_codes_are_counted_by_where_they_come_from(self) -> None:
        tries = 0
        with pytest.raises(TooManyAttempts):
            while tries < 100:
                tries += 1
                with pytest.raises(subjects.WrongCode):
                    subjects.verify_contact("0000", address=ADDRESS, at=NOON)

    def test_nobody_is_flooded_with_codes(self) -> None:
        for number in range(5):
            self.record(f"stranger{number}@example.org", at=NOON + timedelta(minutes=number))
        sent = [mail["To"] for mail in mails(at=NOON + timedelta(minutes=5))]
        assert ContactCode.objects.count() <= 3
        contact = Contact.objects.current().get()
        for number in range(4):
            factory.make_mina()
            ContactCode.objects.create(
                subject_id=self.mina.id, record_id=contact.id, digest=f"{number:064}", issued_at=NOON, expires_at=NOON
            )
        with pytest.raises(TooManyAttempts):
            subjects.send_code(contact, actor=self.me, at=NOON)
        assert len(sent) < 10

    def test_nobody_is_flooded_with_words_about_changes(self) -> None:
        arrived = []
        for number in range(30):
            at = NOON + timedelta(minutes=number)
            with suppress(TooManyAttempts):
                self.record(f"stranger{number % 2}@example.org", at=at)
            arrived += mails(at=at)
        assert len(arrived) <= 6

    def test_what_can_be_none_is_refused(self) -> None:
        with pytest.raises(InvalidContact):
            self.record("mina at home")
        phone = self.record("010-1234-5678", kind="phone")
        with pytest.raises(subjects.NotVerifiable):
            subjects.send_code(phone, actor=self.me, at=NOON)

    def test_one_is_preferred(self) -> None:
        email, phone = self.record(), self.record("010-1234-5678", kind="phone")
        subjects.prefer_contact(phone, actor=self.me, at=NOON)
        email.refresh_from_db()
        phone.refresh_from_db()
        assert (email.is_preferred, phone.is_preferred) == (False, True)
        with pytest.raises(IntegrityError, match="subjects_contact_one_preferred"), transaction.atomic("personal"):
            Contact.objects.update(is_preferred=True)

    def test_the_office_says_from_which_document_and_who_may(self) -> None:
        said = {"kind": "email", "value": OLD, "source": "office", "at": NOON}
        with pytest.raises(subjects.MissingDocument):
            subjects.record_contact(self.mina, actor=factory.make_hana(), **said)
        with pytest.raises(NotPermitted):
            subjects.record_contact(self.mina, actor=factory.make_aram(), document="letter 7", **said)
        made = subjects.record_contact(self.mina, actor=factory.make_hana(), document="letter 7", **said)
        assert (made.source, made.document) == ("office", "letter 7")


@pytest.mark.attack("17.2")
class AChangedContact(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)
        self.mina = Subject.objects.get(pk=self.device.subject_id)
        self.me = ExternalActor("subject", self.mina.reference)
        self.old = factory.make_contact(self.mina, value=OLD)
        mails(at=NOON)
        self.case = factory.make_verified(factory.ask(target=factory.imei(1)))
        mails(at=NOON)

    def change(self, *, at: datetime = NOON) -> Contact:
        return subjects.record_contact(self.mina, kind="email", value=NEW, source="person", actor=self.me, at=at)

    def test_is_told_to_the_earlier_one_which_then_goes(self) -> None:
        self.change()
        told = [mail for mail in mails(at=NOON) if mail["To"] == OLD]
        assert len(told) == 1
        assert NEW not in told[0].as_string()
        assert [row.verified_at for row in Contact.objects.current()] == [None]
        self.assertLedgered("subjects.contact.change-told")
        assert not [mail for mail in mails(at=NOON + timedelta(hours=1)) if mail["To"] == OLD]
        assert subjects.remove_ended_contacts(actor=TESTS, at=NOON + WAIT - timedelta(seconds=1)) == 0
        assert subjects.remove_ended_contacts(actor=TESTS, at=NOON + WAIT) == 1
        assert [row.verified_at for row in Contact.objects.all()] == [None]
        self.assertLedgered("subjects.contact.expired")

    def test_is_told_also_where_it_was_ended_first(self) -> None:
        subjects.end_contact(self.old, actor=self.me, at=NOON)
        self.change()
        assert [mail["To"] for mail in mails(at=NOON)].count(OLD) == 1
        assert subjects.remove_ended_contacts(actor=TESTS, at=NOON + WAIT) == 1
        assert Contact.objects.count() == 1

    def test_an_ended_one_that_no_other_replaced_goes_too(self) -> None:
        phone = subjects.record_contact(
            self.mina, kind="phone", value="010-1234-5678", source="person", actor=self.me, at=NOON
        )
        for one in (self.old, phone):
            subjects.end_contact(one, actor=self.me, at=NOON)
        assert subjects.remove_ended_contacts(actor=TESTS, at=NOON + WAIT) == 1
        mails(at=NOON)
        assert subjects.remove_ended_contacts(actor=TESTS, at=NOON + WAIT) == 1
        assert not Contact.objects.exists()

    def test_one_that_a_correction_disputes_does_not_go(self) -> None:
        subjects.end_contact(self.old, actor=self.me, at=NOON)
        mails(at=NOON)
        vault.freeze(
            subject_id=self.mina.id, category="contact", item="email", cause="correction", case="K7-2", actor=TESTS,
            at=NOON,
        )  # fmt: skip
        assert subjects.remove_ended_contacts(actor=TESTS, at=NOON + WAIT) == 0

    def test_of_several_records_the_preferred_proven_address_gets_the_code_of_a_package(self) -> None:
        factory.make_device(2, imei=factory.imei(1))
        other = Subject.objects.exclude(pk=self.mina.id).filter(state="active").last()
        assert other is not None
        second = factory.make_contact(other, value=NEW)
        case = factory.make_verified(factory.ask(target=factory.imei(1)))
        assert package_mailbox(case, actor=factory.make_odile(), at=NOON) == OLD
        phone = subjects.record_contact(
            self.mina, kind="phone", value="010-1234-5678", source="person", actor=self.me, at=NOON
        )
        subjects.prefer_contact(phone, actor=self.me, at=NOON)
        assert second.is_preferred
        assert package_mailbox(case, actor=factory.make_odile(), at=NOON) == NEW

    def test_receives_no_code_of_a_package_before_it_waited_and_was_proven(self) -> None:
        assert self.package_goes_to(NOON) == OLD
        new = self.change()
        code = code_in(next(mail for mail in mails(at=NOON) if mail["To"] == NEW))
        assert self.package_goes_to(NOON + WAIT) == ""
        subjects.verify_contact(code, address=ADDRESS, at=NOON)
        new.refresh_from_db()
        assert new.package_from == NOON + WAIT
        assert self.package_goes_to(NOON + WAIT - timedelta(seconds=1)) == ""
        assert self.package_goes_to(NOON + WAIT) == NEW

    def test_an_ended_one_gets_nothing_and_no_other_takes_its_place_at_once(self) -> None:
        subjects.end_contact(self.old, actor=self.me, at=NOON)
        assert [mail["To"] for mail in mails(at=NOON)].count(OLD) == 1
        assert self.package_goes_to(NOON) == ""
        assert self.package_goes_to(NOON + WAIT) == GIVEN
        with pytest.raises(subjects.NoSuchContact):
            subjects.prefer_contact(self.old, actor=self.me, at=NOON)

    def test_is_in_the_package_of_the_person_with_what_is_known_of_it(self) -> None:
        with vault.opened(
            purpose=Purpose.RIGHTS, task="rights.access.exported", actor=TESTS, at=NOON, reason="K7-1"
        ) as vault_session:
            (shown,) = export_contacts(self.mina.id, vault_session)
        assert (shown["email"], shown["source"], shown["language"], shown["preferred"]) == (OLD, "person", "ko", True)

    def package_goes_to(self, at: datetime) -> str:
        return package_mailbox(self.case, actor=factory.make_odile(), at=at)


class ThePages(PortalTestCase):
    def setUp(self) -> None:
        self.now = clock.now()
        self.device = factory.make_device(1, at=self.now)
        self.mina = Subject.objects.get(pk=self.device.subject_id)

    def test_of_the_person_after_the_proof(self) -> None:
        assert self.client.get("/consents/contacts/").status_code == 302
        decision = factory.decide(self.device, "app-log", "agree", at=self.now)
        self.client.post("/consents/", {"code": factory.consent_code(decision, at=self.now)})
        sent = {"kind": "email", "value": OLD, "language": "en"}
        assert self.client.post("/en/consents/contacts/", {**sent, "value": "nowhere"}).status_code == 422
        page = self.client.post("/en/consents/contacts/", sent, follow=True)
        self.assertContains(page, "mi**@old.example")
        self.assertNotContains(page, OLD)
        self.assertContains(page, "Not verified yet.")
        contact = Contact.objects.get()
        (mail,) = mails(at=self.now)
        assert "Your code" in mail["Subject"]
        wrong = self.client.post("/en/consents/contacts/verify/", {"code": "0000"})
        self.assertContains(wrong, "verify a contact", status_code=422)
        self.client.cookies.clear()
        done = self.client.post("/en/consents/contacts/verify/", {"code": code_in(mail)})
        self.assertContains(done, "The contact has been verified.")
        contact.refresh_from_db()
        assert contact.verified_at is not None

    @pytest.mark.asvs("8.2.2")
    def test_of_the_person_ends_and_prefers_only_their_own(self) -> None:
        decision = factory.decide(self.device, "app-log", "agree", at=self.now)
        self.client.post("/consents/", {"code": factory.consent_code(decision, at=self.now)})
        mine, theirs = (factory.make_contact(one, at=self.now) for one in (self.mina, factory.make_mina()))
        assert self.client.post(f"/consents/contacts/{theirs.id}/", {"act": "end"}).status_code == 404
        assert self.client.post(f"/consents/contacts/{mine.id}/", {"act": "x"}).status_code == 422
        assert self.client.post(f"/consents/contacts/{mine.id}/", {"act": "end"}).status_code == 302
        mine.refresh_from_db()
        assert mine.ended_at is not None

    def test_of_the_office_with_source_and_document(self) -> None:
        self.client.force_login(factory.make_hana())
        path = reverse("admin:subjects_subject_change", args=[self.mina.id])
        self.assertContains(self.client.get(path), 'value="record_contact"')
        pressed = {"CHANGE_FORM-action": "record_contact", "_selected_action": str(self.mina.pk), "index": "0"}
        sent = {**pressed, "confirmed": "yes"}
        answers = {"kind": "email", "value": OLD, "language": "ko", "document": "letter 7"}
        self.client.post(path, {**sent, **answers}, follow=True)
        assert Contact.objects.get().document == "letter 7"
        page = self.client.get(path)
        self.assertContains(page, "letter 7")
        self.assertNotContains(page, OLD)
