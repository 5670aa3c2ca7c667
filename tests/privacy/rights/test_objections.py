"""An objection is reviewed by another person than the decider; an upheld one opens the right again (R-29, F-5)."""

import re
from contextlib import ExitStack
from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from privacy.ledger.actors import SystemActor
from privacy.ledger.models import Entry
from privacy.lib.registries import registers
from privacy.rights import actions as rights
from privacy.rights import letters, status_page
from privacy.rights.actors import Requester
from privacy.rights.models import Letter, Objection, Particulars, Request, Right, Step
from privacy.rights.register import OBJECTION_COLUMNS
from privacy.rights.register import objection_rows as register_rows
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.factories.retention import make_hold
from tests.own_writes import as_the_portal
from tests.pdf_text import text_of
from tests.sample_uploads import PDF

DAY = timedelta(days=1)


@pytest.mark.clause("P1.4")
class ObjectionTests(PortalTestCase):
    def setUp(self) -> None:
        factory.make_device(1)
        self.odile, self.omar = factory.make_officer(), factory.make_omar()
        factory.grant_office_categories(self.omar, by=self.odile)
        case = factory.make_verified(factory.ask(target=factory.imei(1), answer_by="portal"))
        self.right = rights.refuse(case.rights.get(), ground="life-or-body", actor=self.odile, at=NOON)

    def object(self) -> Objection:
        requester = Requester(self.right.request.reference)
        return rights.object_to(self.right, statement="zebra-canary", actor=requester, at=NOON)

    @pytest.mark.law("F-5")
    def test_the_statement_is_sealed_and_read_on_record(self) -> None:
        made = self.object()
        assert "zebra-canary" not in str(Particulars.objects.values()) + str(Objection.objects.values())
        assert rights.read_objection(made, actor=self.omar, at=NOON) == "zebra-canary"
        assert self.assertLedgered("ledger.read").actor == self.omar.reference

    @pytest.mark.law("R-29", "F-5")
    def test_the_decider_can_not_review(self) -> None:
        made = self.object()
        with pytest.raises(rights.SamePerson):
            rights.decide_objection(made, outcome="dismissed", actor=self.odile, at=NOON)

    @pytest.mark.law("R-29")
    def test_the_database_says_so_too(self) -> None:
        made = self.object()
        with pytest.raises(IntegrityError), transaction.atomic():
            Objection.objects.filter(id=made.id).update(
                outcome="dismissed", reviewer=self.odile.reference, reviewed_at=NOON
            )

    @pytest.mark.attack("17.11")
    def test_the_decider_of_a_right_is_not_replaced(self) -> None:
        """Nor cleared, unless an objection was upheld: then the right waits for a new one."""
        for value in (self.omar.reference, ""):
            with as_the_portal(), pytest.raises(IntegrityError, match="written_once"), transaction.atomic():
                Right.objects.filter(id=self.right.id).update(decided_by=value)

    @pytest.mark.law("F-5")
    def test_a_dismissed_one_leaves_the_decision(self) -> None:
        rights.decide_objection(self.object(), outcome="dismissed", actor=self.omar, at=NOON)
        self.right.refresh_from_db()
        assert self.right.decision == "refused"
        told = letters.letter_text(Letter.objects.get(kind="objection"), language="ko")
        assert any("118" in line for line in told.closing), "whoever is not content learns where else to go"

    @pytest.mark.law("R-29")
    def test_an_upheld_one_opens_the_right_for_a_new_decision_and_a_new_answer(self) -> None:
        rights.decide_objection(self.object(), outcome="upheld", actor=self.omar, at=NOON)
        self.right.refresh_from_db()
        assert self.right.decision == "pending"
        granted = rights.grant(self.right, actor=self.odile, at=NOON)
        rights.carry_out(granted, actor=self.odile, at=NOON)
        assert Letter.objects.filter(kind="result").count() == 2
        assert Right.objects.get().request.state == "notified"

    def test_each_refusal_after_an_upheld_one_is_told_even_within_one_moment(self) -> None:
        for times in (2, 3):
            rights.decide_objection(self.object(), outcome="upheld", actor=self.omar, at=NOON)
            self.right = rights.refuse(Right.objects.get(), ground="life-or-body", actor=self.odile, at=NOON)
            assert Letter.objects.filter(kind="result").count() == times
            assert Right.objects.get().request.state == "notified"

    def test_what_was_told_stays_what_was_told(self) -> None:
        case = factory.make_verified(factory.ask(target=factory.imei(1), answer_by="portal", address=""))
        refusal = rights.refuse(
            case.rights.get(), ground="life-or-body", explanation="because zebra", actor=self.odile, at=NOON
        )
        requester = Requester(case.reference)
        objection = rights.object_to(refusal, statement="no", actor=requester, at=NOON)
        rights.decide_objection(objection, outcome="upheld", explanation="because okapi", actor=self.omar, at=NOON)
        rights.carry_out(rights.grant(refusal, actor=self.odile, at=NOON), actor=self.odile, at=NOON)
        papers = [
            text_of(status_page.letter_pdf(letter, language="en", actor=requester, at=NOON))
            for letter in case.letters.exclude(kind="accepted").order_by("queued_at", "id")
        ]
        for paper, said, unsaid in zip(
            papers,
            (("Noticeofrefusedaccess", "refused", "becausezebra"), ("upheld", "becauseokapi"), ("granted",)),
            (("granted", "okapi"), ("zebra",), ("refused", "zebra", "okapi")),
            strict=True,
        ):
            assert [word for word in said if word not in paper] == []
            assert [word for word in unsaid if word in paper] == []
        assert "zebra" not in str(list(Letter.objects.values()))

    def test_one_objection_at_a_time_and_only_to_a_refusal(self) -> None:
        self.object()
        with pytest.raises(rights.NotObjectable):
            self.object()
        other = factory.ask(target=factory.imei(1), address="").request.rights.get()
        with pytest.raises(rights.NotObjectable):
            rights.object_to(other, statement="no", actor=Requester("K7-1"), at=NOON)


class EvidenceCase(PortalTestCase):
    def setUp(self) -> None:
        factory.make_device(1)
        self.odile, self.omar = factory.make_officer(), factory.make_omar()
        factory.grant_office_categories(self.omar, by=self.odile)
        case = factory.make_verified(factory.ask(target=factory.imei(1), answer_by="portal"))
        self.right = rights.refuse(case.rights.get(), ground="life-or-body", actor=self.odile, at=NOON)
        self.requester = Requester(case.reference)

    def object(self, *evidence: tuple[str, bytes]) -> Objection:
        made = rights.object_to(
            self.right, statement="no", evidence=evidence or [("proof.pdf", PDF)], actor=self.requester, at=NOON
        )
        # The worker's child that reads files takes a second; its verdict is what counts here.
        rights.evidence_of(made).unjudged().update(state=EncryptedFile.State.CLEAN, scanned_at=NOON)
        return made


@pytest.mark.law("F-5")
class EvidenceTests(EvidenceCase):
    def test_nobody_decides_before_opening_what_came_with_it(self) -> None:
        made = self.object()
        assert made.documents == 1
        with pytest.raises(rights.UnseenDocuments):
            rights.decide_objection(made, outcome="dismissed", actor=self.omar, at=NOON)
        (opened,) = rights.open_evidence(made, actor=self.omar, at=NOON)
        assert opened.content == PDF
        assert Entry.objects.filter(task="rights.objection.evidence.shown", actor=self.omar.reference).exists()
        assert rights.decide_objection(made, outcome="dismissed", actor=self.omar, at=NOON).outcome == "dismissed"

    def test_it_is_destroyed_once_the_objection_is_decided_and_not_before(self) -> None:
        made = self.object()
        held = EncryptedFile.objects.filter(id__in=list(rights.evidence_of(made).values_list("id", flat=True)))
        assert rights.destroy_leftover_documents(actor=SystemActor("rights"), at=NOON) == 0
        assert rights.destroy_leftover_evidence(actor=SystemActor("rights"), at=NOON) == 0
        assert held.count() == 1
        rights.open_evidence(made, actor=self.omar, at=NOON)
        rights.decide_objection(made, outcome="dismissed", actor=self.omar, at=NOON)
        assert held.count() == 0
        assert self.object().documents == 1

    def test_what_a_crash_has_left_goes_later(self) -> None:
        made = self.object()
        Objection.objects.filter(id=made.id).update(outcome="dismissed", reviewer=self.omar.reference, reviewed_at=NOON)
        assert rights.destroy_leftover_evidence(actor=SystemActor("rights"), at=NOON) == 1
        assert rights.destroy_leftover_evidence(actor=SystemActor("rights"), at=NOON) == 0

    def test_what_a_hold_keeps_of_an_earlier_objection_came_with_no_later_one(self) -> None:
        made = self.object()
        kept = rights.evidence_of(made).get()
        rights.open_evidence(made, actor=self.omar, at=NOON)
        make_hold(category="rights-request")
        rights.decide_objection(made, outcome="dismissed", actor=self.omar, at=NOON)
        EncryptedFile.objects.filter(id=kept.id).update(state="quarantine", finding="locked")
        later = NOON + timedelta(seconds=1)
        again = rights.object_to(self.right, statement="no", actor=self.requester, at=later)
        shown = status_page.context(self.right.request, at=later)["rights"]
        assert [refused for one in shown for _objection, _said, refused in one["objections"]] == [[], []]
        with pytest.raises(rights.InvalidUpload):
            rights.open_evidence(again, actor=self.omar, at=later)
        assert rights.decide_objection(again, outcome="dismissed", actor=self.omar, at=later).outcome == "dismissed"
        assert EncryptedFile.objects.filter(id=kept.id).exists()

    def test_a_file_of_another_kind_makes_no_objection(self) -> None:
        with pytest.raises(rights.InvalidUpload):
            self.object(("page.html", b"<html>"))
        assert not Objection.objects.exists()

    def test_the_status_page_takes_it_and_the_console_hands_it_to_the_reviewer(self) -> None:
        session = self.client
        receipt = factory.ask(target=factory.imei(1), answer_by="portal", address="")
        case = factory.make_verified(receipt)
        rights.refuse(case.rights.get(), ground="life-or-body", actor=self.odile, at=NOON)
        session.post(reverse("rights:case"), {"number": receipt.number, "code": receipt.code})
        assert 'name="evidence"' in session.get(reverse("rights:case")).content.decode()
        sent = {"right": "1", "statement": "no", "evidence": SimpleUploadedFile("proof.pdf", PDF)}
        session.post(reverse("rights:object"), sent)
        made = Objection.objects.get(right__request=case)
        assert made.documents == 1
        rights.evidence_of(made).unjudged().update(state=EncryptedFile.State.CLEAN, scanned_at=NOON)
        session.force_login(self.omar)
        address = reverse("admin:rights_objection_change", args=[made.pk])
        press = {"_selected_action": str(made.pk)}
        early = session.post(address, {**press, "CHANGE_FORM-action": "decide"}, follow=True).content.decode()
        assert "첨부된 문서를 먼저" in early
        assert session.post(address, {**press, "CHANGE_FORM-action": "show_evidence"}).content == PDF


class UnreadableEvidenceTests(EvidenceCase):
    """What can't be opened neither goes unnoticed nor keeps an objection from being decided."""

    def decide(self, made: Objection, *, reason: str = "", at: datetime = NOON + DAY) -> Objection:
        return rights.decide_objection(made, outcome="dismissed", unread_reason=reason, actor=self.omar, at=at)

    def test_the_requester_reads_that_it_could_not_be_used(self) -> None:
        receipt = factory.ask(target=factory.imei(1), answer_by="portal", address="")
        case = factory.make_verified(receipt)
        rights.refuse(case.rights.get(), ground="life-or-body", actor=self.odile, at=NOON)
        by = Requester(case.reference)
        made = rights.object_to(case.rights.get(), statement="no", evidence=[("a", PDF)], actor=by, at=NOON)
        self.client.post(reverse("rights:case"), {"number": receipt.number, "code": receipt.code})
        page = "/en/rights/case/"
        assert "We can't use a document" not in self.client.get(page).content.decode()
        rights.evidence_of(made).update(state="quarantine", finding="locked", scanned_at=NOON)
        shown = self.client.get(page).content.decode()
        assert "We can't use a document that came with this objection" in shown
        assert "Send it without one." in shown
        assert "you can object again and send it then" in shown
        assert self.decide(made, at=NOON).outcome == "dismissed"
        again = rights.object_to(case.rights.get(), statement="no", evidence=[("b", PDF)], actor=by, at=NOON)
        assert rights.evidence_of(again).usable().count() == 1

    def test_one_that_gets_no_verdict_is_passed_over_after_a_day_with_a_reason(self) -> None:
        made = self.object()
        rights.evidence_of(made).update(state=EncryptedFile.State.PENDING, scanned_at=None)
        for reason, at in (("zebra", NOON + DAY - timedelta(seconds=1)), (" ", NOON + DAY)):
            with pytest.raises(rights.UnseenDocuments):
                self.decide(made, reason=reason, at=at)
        assert self.decide(made, reason="zebra", at=NOON + DAY).outcome == "dismissed"
        assert self.assertLedgered("rights.objection.decided").payload.count('"unopened":1') == 1
        assert "zebra" not in str(list(Step.objects.values())) + str(list(Entry.objects.values("payload")))
        (note,) = rights.read_notes(self.right.request, actor=self.omar, at=NOON)
        assert (note.text, note.by) == ("zebra", self.omar.reference)

    def test_one_that_does_not_open_keeps_no_other_from_it(self) -> None:
        made = self.object(("a.pdf", PDF), ("b.pdf", PDF))
        broken, sound = rights.evidence_of(made).order_by("id")
        EncryptedFile.objects.filter(id=broken.id).update(content=sound.content)
        with pytest.raises(rights.UnseenDocuments):
            self.decide(made, reason="nobody has tried")
        opened = rights.open_evidence(made, actor=self.omar, at=NOON)
        assert [one.content for one in opened] == [PDF]
        with pytest.raises(rights.UnseenDocuments):
            self.decide(made)
        assert self.decide(made, reason="It does not open.").outcome == "dismissed"

    def test_one_that_opens_again_is_read_however_often_it_was_tried_in_vain(self) -> None:
        made = self.object(("a.pdf", PDF), ("b.pdf", PDF))
        broken, sound = rights.evidence_of(made).order_by("id")
        EncryptedFile.objects.filter(id=broken.id).update(content=sound.content)
        rights.open_evidence(made, actor=self.omar, at=NOON)
        EncryptedFile.objects.filter(id=broken.id).update(content=broken.content)
        for _again in range(2):
            with pytest.raises(rights.UnseenDocuments):
                self.decide(made, reason="It did not open yesterday.")
        assert len(rights.open_evidence(made, actor=self.omar, at=NOON + DAY)) == 2
        assert self.decide(made).outcome == "dismissed"
        assert "unopened" not in self.assertLedgered("rights.objection.decided").payload

    def test_the_console_asks_for_the_reason(self) -> None:
        made = self.object()
        rights.evidence_of(made).update(state=EncryptedFile.State.PENDING, scanned_at=None)
        self.client.force_login(self.omar)
        address = reverse("admin:rights_objection_change", args=[made.pk])
        press = {"_selected_action": str(made.pk), "CHANGE_FORM-action": "decide"}
        assert 'name="unread_reason"' in self.client.post(address, press).content.decode()
        given = {**press, "outcome": "dismissed", "explanation": "", "confirmed": "yes"}
        assert 'name="unread_reason"' in self.client.post(address, given).content.decode()
        page = self.client.post(address, {**given, "unread_reason": "No verdict."}).content.decode()
        found = re.search(r'name="seen" value="([^"]+)"', page)
        self.client.post(address, {**given, "unread_reason": "No verdict.", "seen": found[1] if found else ""})
        made.refresh_from_db()
        assert made.outcome == "dismissed"

    def test_who_was_too_late_is_told_to_choose_the_file_again(self) -> None:
        sent = {"right": "1", "statement": "no"}
        for more, is_told in (({}, False), ({"evidence": SimpleUploadedFile("proof.pdf", PDF)}, True)):
            page = self.client.post("/en/rights/case/objection/", {**sent, **more}).content.decode()
            assert "so your objection was not sent" in page
            assert ("Choose your document again" in page) is is_told


@pytest.mark.law("F-5")
class RegisterTests(EvidenceCase):
    def test_each_objection_stands_there_with_the_columns_of_the_form(self) -> None:
        made = self.object()
        rights.open_evidence(made, actor=self.omar, at=NOON)
        rights.decide_objection(made, outcome="dismissed", explanation="because", actor=self.omar, at=NOON)
        rights.mark_letter_sent(Letter.objects.get(kind="objection"), actor=self.omar, at=NOON)
        register = registers.get("objections")
        window = registers.ExportScope(NOON.date(), NOON.date(), actor=self.omar, at=NOON, reason="test")
        (row,) = register.rows(window)
        said = dict(zip(register.headings, row, strict=True))
        assert list(said) == [
            "사건번호", "결정일", "결정자", "요구 내용", "불복 내용·사유", "증빙(건)", "접수일", "처리 목표일",
            "심사자", "심사일", "결과", "이유", "통지일", "외부 구제 안내",
        ]  # fmt: skip
        assert said["사건번호"] == self.right.request.number
        assert (said["결정일"], said["접수일"], said["증빙(건)"]) == (NOON.date(), NOON.date(), 1)
        assert self.odile.reference in said["결정자"] and self.omar.reference in said["심사자"]
        assert (said["심사일"], said["통지일"]) == (NOON, NOON)
        assert (said["불복 내용·사유"], said["이유"], said["외부 구제 안내"]) == (
            "암호화 보관",
            "암호화 보관",
            "통지서로 안내",
        )
        assert "because" not in str(row)
        Particulars.objects.all().delete()
        Request.objects.update(state="withdrawn", closed_at=NOON)
        (row,) = register.rows(window)
        said = dict(zip(register.headings, row, strict=True))
        assert (said["불복 내용·사유"], said["이유"]) == ("파기", "파기")
        Step.objects.filter(word="rights.objection.decided").update(facts={"outcome": "dismissed"})
        (row,) = register.rows(window)
        assert dict(zip(register.headings, row, strict=True))["이유"] == "없음 또는 파기", "decided before it was noted"

    def test_an_objection_decided_without_a_word_has_no_reason_whatever_was_destroyed(self) -> None:
        made = self.object()
        rights.open_evidence(made, actor=self.omar, at=NOON)
        rights.decide_objection(made, outcome="dismissed", actor=self.omar, at=NOON)
        for _time in range(2):
            (row,) = register_rows(Objection.objects.all())
            assert row[OBJECTION_COLUMNS.index("이유")] == ""
            Particulars.objects.all().delete()

    def test_the_register_costs_a_fixed_number_of_queries(self) -> None:
        spent = []
        for number in range(2):
            made = self.object()
            rights.open_evidence(made, actor=self.omar, at=NOON)
            rights.decide_objection(made, outcome="dismissed", explanation="because", actor=self.omar, at=NOON)
            with ExitStack() as stack:
                seen = [stack.enter_context(CaptureQueriesContext(connections[alias])) for alias in connections]
                assert len(list(register_rows(Objection.objects.select_related("right__request")))) == number + 1
            spent.append(sum(len(one) for one in seen))
        assert spent[0] == spent[1]
