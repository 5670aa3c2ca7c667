"""Messages on a case: the requester writes on the status page, the office answers there, and no mail carries a word."""

from datetime import timedelta
from email import message_from_string
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import TooManyAttempts
from privacy.lib.registries import deadlines
from privacy.policies import rulebook
from privacy.rights import actions as rights
from privacy.rights import exports, tasks
from privacy.rights.actors import Requester
from privacy.rights.models import CaseMessage, Particulars, Step
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from privacy.vault.purposes import Purpose
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.rights.test_bounces import REPORT
from tests.privacy.rights.test_case_actions import DeskCase
from tests.sample_uploads import PDF


class MessagesCase(DeskCase):
    def setUp(self) -> None:
        super().setUp()
        self.receipt = factory.ask(target=factory.imei(1), at=clock.now())
        self.case = self.receipt.request
        self.visitor = Client()
        self.visitor.post(reverse("rights:case"), {"number": self.receipt.number, "code": self.receipt.code})

    def send(self, text: str = "zebra asks", **more: Any) -> Any:
        return self.visitor.post(reverse("rights:message"), {"text": text, **more})

    def status_page(self) -> str:
        return self.visitor.get(reverse("rights:case")).content.decode()

    def dispatch(self) -> None:
        dispatch_due(at=clock.now())


class BothWaysTests(MessagesCase):
    def test_what_is_written_waits_on_the_case_and_the_answer_is_read_on_the_page(self) -> None:
        assert self.send().status_code == 302
        message = self.case.messages.get()
        assert message.state == "waiting"
        self.assertLedgered("rights.message.received", self.case)
        assert "zebra" not in self.page(self.case)
        assert "답변을 기다리는 요구인의 메시지가 1건" in self.page(self.case)
        assert "zebra asks" in self.press(self.case, "read_messages").content.decode()
        read = self.assertLedgered("ledger.read")
        assert (read.actor, str(self.case.id) in read.subjects) == (self.odile.reference, True)
        self.press(self.case, "write_message", text="giraffe answers")
        assert "giraffe answers" in self.status_page()
        assert "zebra asks" in self.status_page()
        message.refresh_from_db()
        assert (message.state, message.settled_by) == ("answered", self.odile.reference)
        for model in (Particulars, Step, Entry, CaseMessage, GeneralOutbox):
            assert "zebra" not in str(list(model.objects.values()))
            assert "giraffe" not in str(list(model.objects.values()))

    def test_a_mail_says_that_a_message_is_there_and_carries_nothing_of_it(self) -> None:
        self.press(self.case, "write_message", text="giraffe answers")
        mail.outbox.clear()
        self.dispatch()
        self.dispatch()
        [told] = [one for one in mail.outbox if "message-" in one.extra_headers["Message-ID"]]
        assert told.to == ["mina@example.org"]
        assert not told.attachments
        for secret in ("giraffe", "Mina", factory.imei(1), self.receipt.code):
            assert secret not in told.subject + told.body
        assert self.case.number not in told.subject
        assert self.case.messages.get().state == "told"
        self.assertLedgered("rights.message.told", self.case)

    def test_nobody_is_mailed_where_the_case_gives_no_address(self) -> None:
        case = factory.ask(answer_by="portal", contact={"name": "Mina"}, at=clock.now()).request
        mail.outbox.clear()
        rights.answer_messages(case, text="x", actor=self.odile, at=clock.now())
        self.dispatch()
        assert not [one for one in mail.outbox if "message-" in one.extra_headers["Message-ID"]]
        assert case.messages.get().state == "posted"

    def test_a_mail_that_came_back_told_nobody(self) -> None:
        made = rights.answer_messages(self.case, text="x", actor=self.odile, at=clock.now())
        rights.mark_told(made, actor=tasks.WORKER, at=clock.now())
        report = REPORT.format(message_id=made.message_id, status="5.1.1", action="failed", returned="message/rfc822")
        bounced = message_from_string(report)
        assert rights.record_bounces([bounced, bounced], actor=tasks.WORKER, at=clock.now()).notices == 1
        made.refresh_from_db()
        assert (made.state, made.trouble) == ("untold", "bounced 5.1.1")
        assert "메시지를 안내하는 전자우편이나 문자메시지가 전달되지 않았습니다" in self.page(self.case)

    @pytest.mark.attack("24.3")
    def test_what_came_after_the_page_was_opened_goes_on_waiting(self) -> None:
        self.send()
        seen = self.case.messages.get().number
        self.send()
        rights.answer_messages(self.case, text="x", newest=seen, actor=self.odile, at=clock.now())
        assert [one.state for one in self.case.messages.filter(author="person")] == ["answered", "waiting"]
        with pytest.raises(rights.WrongState):
            rights.settle_messages(self.case, reason="x", newest=seen, actor=self.odile, at=clock.now())

    def test_an_answer_sent_again_under_its_mark_is_one_message_even_after_a_death_between_the_databases(self) -> None:
        def answer(text: str = "x") -> CaseMessage:
            return rights.answer_messages(self.case, text=text, submission="m", actor=self.odile, at=clock.now())

        with pytest.raises(InterruptedError), transaction.atomic():
            answer()  # its words are sealed in the other database already
            raise InterruptedError
        assert not self.case.messages.exists()
        assert answer() == answer() == self.case.messages.get()
        assert [one.text for one in rights.read_messages(self.case, actor=self.odile, at=clock.now())] == ["x"]
        assert answer("y").number == 2

    def test_one_that_needs_no_answer_says_why(self) -> None:
        self.send()
        self.press(self.case, "settle_messages", reason="thanks, lion")
        assert self.case.messages.get().state == "needs-none"
        assert rights.read_notes(self.case, actor=self.odile, at=clock.now())[-1].text == "thanks, lion"
        with pytest.raises(rights.WrongState):
            rights.settle_messages(self.case, reason="x", actor=self.odile, at=clock.now())
        with pytest.raises(rights.NothingAsked):
            rights.settle_messages(self.case, reason=" ", actor=self.odile, at=clock.now())

    def test_an_unanswered_one_stands_among_the_deadlines_until_it_is_answered(self) -> None:
        self.send()
        source = next(one for one in deadlines.sources() if one.name == "rights.message")
        due = self.case.messages.get().answer_by_on
        assert due is not None
        assert [one.reference for one in source.find(due, due)] == [self.case.number]
        rights.answer_messages(self.case, text="x", actor=self.odile, at=clock.now())
        assert not list(source.find(due, due))


class PageTests(MessagesCase):
    def test_nothing_and_too_much_and_a_wrong_file_are_refused_and_what_was_typed_is_kept(self) -> None:
        assert self.send(" ").status_code == 422
        wrong = self.send("zebra", attachment=SimpleUploadedFile("a.exe", b"MZ"))
        assert wrong.status_code == 422
        assert "zebra" in wrong.content.decode()
        assert not self.case.messages.exists()
        assert not EncryptedFile.objects.exists()

    def test_a_page_that_was_closed_keeps_what_was_typed(self) -> None:
        answer = Client().post(reverse("rights:message"), {"text": "zebra asks"})
        assert answer.status_code == 422
        assert "zebra asks" in answer.content.decode()

    @pytest.mark.asvs("2.3.2", "5.2.4")
    def test_a_page_sends_so_many_in_an_hour(self) -> None:
        most = rulebook.parameter("door.requests.hourly", clock.today())
        for _number in range(most):
            assert self.send().status_code == 302
        refused = self.send("one more")
        assert refused.status_code == 422
        assert "one more" in refused.content.decode()
        assert self.case.messages.count() == most
        with pytest.raises(TooManyAttempts):
            rights.write_message(self.case, text="x", actor=Requester(self.case.reference), at=clock.now())
        later = clock.now() + timedelta(hours=1, seconds=1)
        assert rights.write_message(self.case, text="x", actor=Requester(self.case.reference), at=later)

    def test_a_case_that_is_over_takes_none_but_what_waits_is_answered(self) -> None:
        self.send()
        rights.withdraw(self.case, actor=Requester(self.case.reference), at=clock.now())
        with pytest.raises(rights.WrongState):
            rights.write_message(self.case, text="x", actor=Requester(self.case.reference), at=clock.now())
        rights.answer_messages(self.case, text="bye", actor=self.odile, at=clock.now())
        assert not Particulars.objects.filter(subject_id=self.case.holder_id, closed_on=None).exists()
        with pytest.raises(rights.WrongState):
            rights.answer_messages(self.case, text="again", actor=self.odile, at=clock.now())
        assert "bye" in self.status_page()

    def test_whoever_may_not_read_a_case_reads_no_message(self) -> None:
        self.send()
        aram = factory.make_aram()
        for verb in (
            lambda: rights.read_messages(self.case, actor=aram, at=clock.now()),
            lambda: rights.answer_messages(self.case, text="x", actor=aram, at=clock.now()),
            lambda: rights.open_attachments(self.case, actor=aram, at=clock.now()),
        ):
            with pytest.raises(NotPermitted):
                verb()


class AttachmentTests(MessagesCase):
    def test_one_is_sealed_waits_for_its_scan_and_is_opened_on_record(self) -> None:
        assert self.send(attachment=SimpleUploadedFile("zebra.pdf", PDF)).status_code == 302
        file = EncryptedFile.objects.get()
        assert (file.state, file.subject_id) == (EncryptedFile.State.PENDING, self.case.holder_id)
        with pytest.raises(vault.NotScanned):
            rights.open_attachments(self.case, actor=self.odile, at=clock.now())
        EncryptedFile.objects.update(state=EncryptedFile.State.CLEAN, scanned_at=NOON)
        answer: Any = self.press(self.case, "open_attachments")
        assert answer.content == PDF
        assert self.assertLedgered("ledger.read").actor == self.odile.reference
        assert not rights.documents(self.case).exists()

    def test_it_goes_with_the_case_and_not_before(self) -> None:
        self.send(attachment=SimpleUploadedFile("zebra.pdf", PDF))
        rights.withdraw(self.case, actor=Requester(self.case.reference), at=clock.now())
        rights.destroy_leftover_documents(actor=tasks.WORKER, at=clock.now())
        assert EncryptedFile.objects.count() == 1
        ids = [self.case.holder_id]
        rights.destroy_files(ids, certificate="C", actor=tasks.WORKER, at=clock.now())
        rights.destroy_particulars(ids, certificate="C", actor=tasks.WORKER, at=clock.now())
        assert not EncryptedFile.objects.exists()
        assert not Particulars.objects.filter(subject_id=self.case.holder_id).exists()
        [gone] = rights.read_messages(self.case, actor=self.odile, at=clock.now())
        assert gone.text is None
        assert "zebra" not in self.status_page()


class RecordTests(PortalTestCase):
    @pytest.mark.clause("P1.2")
    def test_what_a_person_wrote_is_in_their_copy_and_what_the_office_wrote_is_not(self) -> None:
        device = factory.make_device(1)
        receipt = factory.ask(target=factory.imei(1))
        case, odile = receipt.request, factory.make_officer()
        rights.write_message(case, text="zebra asks", actor=Requester(case.reference), at=NOON)
        factory.make_verified(receipt)
        rights.answer_messages(case, text="giraffe answers", actor=odile, at=NOON)
        with vault.opened(
            purpose=Purpose.RIGHTS, task="rights.access.exported", actor=odile, at=NOON, reason="request"
        ) as vault_session:
            told = str(list(exports.export_particulars(device.subject_id, vault_session)))
        assert "zebra asks" in told
        assert "giraffe" not in told

    def test_the_database_keeps_what_waits_apart_from_what_was_answered(self) -> None:
        case = factory.ask().request
        made = rights.write_message(case, text="x", actor=Requester(case.reference), at=NOON)
        for wrong in ({"state": "answered"}, {"state": "told"}, {"settled_by": "U-1"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                CaseMessage.objects.filter(pk=made.pk).update(**wrong)
