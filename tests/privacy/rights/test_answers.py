"""Every answer is an e-mail and a PDF in both languages, with the official content; delivery is tracked (F-2, F-3)."""

from datetime import timedelta

import pytest

from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.rights import actions as rights
from privacy.rights import register
from privacy.rights.models import Letter, Request, Right
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.factories.outbox import work_for
from tests.privacy.disclosures.smtp_server import ACCEPT, HANG, REFUSE, mailbox


class AnswerTests(PortalTestCase):
    def setUp(self) -> None:
        factory.make_device(1)
        self.odile = factory.make_officer()

    def refused(self, **changes: object) -> Request:
        case = factory.make_verified(factory.ask(target=factory.imei(1), **changes))
        rights.refuse(
            case.rights.get(),
            ground="law",
            law="통신비밀보호법 제13조의5",
            explanation="because zebra",
            actor=self.odile,
            at=NOON,
        )
        return case

    @pytest.mark.law("R-13", "R-29", "R-30", "F-2")
    @pytest.mark.clause("P1.4")
    def test_a_refusal_by_mail_names_ground_law_objection_and_agencies(self) -> None:
        case = self.refused(language="en")
        with mailbox() as box:
            dispatch_due(at=NOON)
        # The mail before it, that the request is looked into, may be of the same millisecond and arrive after it.
        texts = [
            (message, next(part for part in message.walk() if part.get_content_type() == "text/plain").get_content())
            for message in box.arrived
        ]
        [(message, body)] = [pair for pair in texts if "An Act forbids or restricts access" in pair[1]]
        for told in (
            "통신비밀보호법 제13조의5",
            "because zebra",
            "object",
            "118",
        ):
            assert told in body
        names = [part.get_filename() for part in message.walk() if part.get_filename()]
        assert len([name for name in names if name.endswith("-ko.pdf")]) == 1
        assert len([name for name in names if name.endswith("-en.pdf")]) == 1
        assert case.number in str(message["Subject"])
        case.refresh_from_db()
        assert case.state == "notified"

    def test_the_subject_line_carries_no_name(self) -> None:
        self.refused()
        with mailbox() as box:
            dispatch_due(at=NOON)
        assert all("Mina" not in str(message["Subject"]) for message in box.arrived)

    def test_it_is_sent_once_however_often_the_task_runs(self) -> None:
        self.refused()
        with mailbox() as box:
            dispatch_due(at=NOON)
            sent = len(box.arrived)
            GeneralOutbox.objects.update(done_at=None, lease_until=None)
            dispatch_due(at=NOON)
        assert len(box.arrived) == sent == len(box.effects)

    def test_one_that_can_not_be_sent_is_parked_for_the_officer(self) -> None:
        case = self.refused()
        with mailbox() as box:
            box.mood = REFUSE
            work_for(timedelta(hours=80))
        letter = Letter.objects.get(kind="result")
        assert letter.state == "parked"
        self.assertLedgered("rights.letter.parked", case)
        posted = rights.mark_letter_posted(letter, actor=self.odile, at=NOON)
        assert posted.state == "posted"
        case.refresh_from_db()
        assert case.state == "notified"

    @pytest.mark.fault("FLT-15")
    def test_one_that_is_accepted_late_or_after_a_hanging_server_arrives_once(self) -> None:
        for mood, meanwhile in ((REFUSE, timedelta(hours=65)), (HANG, timedelta(seconds=30))):
            case = self.refused(address=f"203.0.113.{len(mood)}")
            with mailbox() as box:
                box.mood = mood
                work_for(meanwhile)
                case.refresh_from_db()
                assert case.state == "decided", "nobody was told yet"
                box.mood = ACCEPT
                work_for(timedelta(hours=6))
            letters = case.letters.all()
            arrived = [str(message["Message-ID"]) for message in box.arrived]
            assert sorted(arrived) == sorted(letter.message_id for letter in letters)
            assert {letter.state for letter in letters} == {"sent"}
            case.refresh_from_db()
            assert case.state == "notified"

    def test_without_an_address_it_goes_to_the_officer_at_once(self) -> None:
        self.refused(contact={"name": "Mina"})
        with mailbox() as box:
            dispatch_due(at=NOON)
        assert not box.arrived
        assert {letter.state for letter in Letter.objects.all()} == {"parked"}

    def test_one_that_comes_back_makes_the_case_unanswered_again(self) -> None:
        case = self.refused()
        with mailbox():
            dispatch_due(at=NOON)
        letter = rights.mark_letter_bounced(Letter.objects.get(kind="result"), actor=self.odile, at=NOON)
        case.refresh_from_db()
        assert (letter.state, case.state) == ("parked", "decided")
        rights.mark_letter_posted(letter, actor=self.odile, at=NOON)
        case.refresh_from_db()
        assert case.state == "notified"
        self.assertLedgered("rights.letter.bounced", case)

    def test_a_letter_by_post_waits_to_be_posted(self) -> None:
        case = self.refused(answer_by="letter")
        letter = Letter.objects.get(kind="result")
        assert letter.state == "to-post"
        case.refresh_from_db()
        assert case.state == "decided"

    def test_reading_the_contact_for_it_is_on_record(self) -> None:
        case = self.refused()
        with mailbox():
            dispatch_due(at=NOON)
        assert self.assertLedgered("ledger.read").actor == "system:rights"
        assert str(case.id) in self.assertLedgered("ledger.read").subjects


class ClosingTests(PortalTestCase):
    @pytest.mark.law("R-31")
    def test_an_answered_case_is_closed_and_its_words_end_three_years_later(self) -> None:
        from datetime import date

        from privacy.rights import retention_expiry
        from privacy.rights.models import Particulars

        factory.make_device(1)
        odile = factory.make_officer()
        case = factory.make_verified(factory.ask(target=factory.imei(1), answer_by="portal"))
        rights.refuse(case.rights.get(), ground="life-or-body", actor=odile, at=NOON)
        closed = rights.close_case(case, actor=odile, at=NOON)
        assert closed.state == "closed"
        assert Particulars.objects.get().closed_on == date(2026, 11, 24)
        term = None
        assert list(retention_expiry.particulars_due(date(2029, 11, 24), term)) == []  # type: ignore[arg-type]
        assert list(retention_expiry.particulars_due(date(2029, 11, 25), term)) == [[case.id]]  # type: ignore[arg-type]

    @pytest.mark.law("R-31")
    def test_the_register_keeps_request_and_result_when_the_words_are_gone(self) -> None:
        odile = factory.make_officer()
        case = factory.make_verified(factory.ask(contact={"name": "Zebrina"}, answer_by="portal"))
        rights.refuse(case.rights.get(), ground="life-or-body", explanation="zebra", actor=odile, at=NOON)
        rights.close_case(case, actor=odile, at=NOON)
        (before,) = register.rows(Request.objects.all())
        rights.destroy_particulars([case.id], certificate="C", actor=odile, at=NOON)
        (row,) = register.rows(Request.objects.all())
        assert row == before
        assert case.number in row
        assert str(Right.Decision.REFUSED.label) in row
        assert "zebr" not in str(row).lower()
