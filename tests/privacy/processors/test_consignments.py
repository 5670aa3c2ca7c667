"""Processors: the contract with its articles, sub-processors, the end and its proof (P-14; PIPA art. 26, Decree 28)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from privacy.accounts import actions as accounts
from privacy.ledger.authorization import NotPermitted
from privacy.policies import actions as policies
from privacy.processors import actions as processors
from privacy.processors.models import Clause, Consignment, Criterion, Subprocessor
from privacy.safeguards.models import InspectionFinding
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.factories.processors import ANSWERS, ARTICLES
from tests.sample_uploads import PDF

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)


class ContractTest(PortalTestCase):
    @pytest.mark.law("P-14")
    def test_the_contract_has_the_seven_articles_of_act_and_decree(self) -> None:
        """PIPA art. 26(1) nos. 1 and 2, Decree art. 28(1) nos. 1 to 5."""
        with override("en"):
            labels = [str(clause.label) for clause in Clause]
        cited = [label.rpartition(" (")[2].rstrip(")") for label in labels]
        acts = [f"PIPA art. 26(1){number}" for number in (1, 2)]
        assert cited == acts + [f"Decree art. 28(1){number}" for number in range(1, 6)]
        row = factory.make_consignment()
        assert row.missing_clauses == []
        self.assertLedgered("processors.consignment.registered", row)

    @pytest.mark.law("P-14")
    def test_one_that_lacks_an_article_says_by_when_it_is_amended(self) -> None:
        for clause in Clause:
            lacking = {code: where for code, where in ARTICLES.items() if code != clause.value}
            with pytest.raises(processors.Incomplete) as refused:
                factory.make_consignment(clauses=lacking)
            assert str(clause.label) in str(refused.value)
        with pytest.raises(processors.Incomplete):
            factory.make_consignment(clauses={}, complete_by=TODAY - DAY)
        row = factory.make_consignment(clauses={}, complete_by=TODAY + DAY)
        assert len(row.missing_clauses) == 7
        amended = processors.amend_contract(
            row, contract="변경계약서", signed_on=TODAY, term_ends_on=None, clauses=ARTICLES,
            actor=factory.make_odile(), at=NOON,
        )  # fmt: skip
        assert (amended.complete_by, amended.missing_clauses) == (None, [])
        self.assertLedgered("processors.contract.amended", row)

    @pytest.mark.truth("15")
    def test_no_contract_is_signed_in_the_future(self) -> None:
        with pytest.raises(processors.Incomplete) as refused:
            factory.make_consignment(signed_on=TODAY + DAY)
        assert refused.value.pointer == "/signed_on"
        assert factory.make_consignment(signed_on=TODAY).signed_on == TODAY

    @pytest.mark.law("P-14")
    def test_promotion_is_consigned_once_people_have_been_told(self) -> None:
        with pytest.raises(processors.Incomplete):
            factory.make_consignment(is_marketing=True)
        with pytest.raises(processors.Incomplete):
            factory.make_consignment(is_marketing=True, told_on=TODAY + DAY, told_how="전자우편")
        row = factory.make_consignment(is_marketing=True, told_on=TODAY, told_how="전자우편")
        with pytest.raises(IntegrityError, match="people_are_told"), transaction.atomic():
            Consignment.objects.filter(pk=row.pk).update(told_how="")

    def test_it_names_items_of_the_rulebook_and_a_country(self) -> None:
        for wrong in ({"items": []}, {"items": ["shoe_size"]}, {"country": "Korea"}, {"country": "kr"}):
            with pytest.raises(processors.Incomplete):
                factory.make_consignment(**wrong)
        factory.make_consignment()
        with pytest.raises(processors.DuplicateCode):
            factory.make_consignment()

    @pytest.mark.law("P-14")
    def test_it_can_not_stand_beside_the_decision_that_nothing_is_consigned(self) -> None:
        officer = factory.make_odile(granted=False)
        decision = policies.decide_no_consignment(decided_on=TODAY, grounds="계약 대장 확인", actor=officer, at=NOON)
        with pytest.raises(processors.WrongState):
            factory.make_consignment()
        policies.withdraw_no_consignment(decision, actor=officer, at=NOON)
        factory.make_consignment()
        with pytest.raises(policies.ConsignmentContradicted):
            policies.decide_no_consignment(decided_on=TODAY, grounds="x", actor=officer, at=NOON)

    @pytest.mark.law("P-14")
    def test_a_sub_processor_has_our_consent(self) -> None:
        row = factory.make_consignment()
        with pytest.raises(processors.Incomplete):
            factory.make_subprocessor(row, agreed_on=TODAY + DAY)
        engaged = factory.make_subprocessor(row)
        self.assertLedgered("processors.subprocessor.agreed", engaged)
        processors.end_subprocessor(engaged, ended_on=TODAY, actor=factory.make_odile(), at=NOON)
        assert list(Subprocessor.objects.on(TODAY)) == [engaged]
        assert not Subprocessor.objects.on(TODAY + DAY)
        with pytest.raises(processors.WrongState):
            processors.end_subprocessor(engaged, ended_on=TODAY, actor=factory.make_odile(), at=NOON)

    def test_the_register_is_the_officers(self) -> None:
        row = factory.make_consignment()
        for somebody in (factory.make_hana(), factory.make_aram()):
            with pytest.raises(NotPermitted):
                processors.end_consignment(row, ended_on=TODAY, reason="x", actor=somebody, at=NOON)


class SupervisionTest(PortalTestCase):
    def setUp(self) -> None:
        self.row = factory.make_consignment()

    @pytest.mark.law("P-14")
    def test_a_check_answers_each_criterion_with_evidence(self) -> None:
        for criterion in Criterion:
            with pytest.raises(processors.Incomplete) as refused:
                factory.make_check(self.row, checklist={k: v for k, v in ANSWERS.items() if k != criterion.value})
            assert refused.value.pointer == f"/{criterion.value}"
        for wrong in ({"content": b""}, {"outcome": " "}, {"held_on": TODAY + DAY}, {"held_on": TODAY - DAY}):
            with pytest.raises(processors.Incomplete):
                factory.make_check(self.row, **wrong)
        assert not EncryptedFile.objects.exists(), "what was refused leaves no paper behind"
        made = factory.make_check(self.row)
        assert made.inspection is not None
        assert (made.inspection.kind, made.inspection.state, made.unmet) == ("processor", "held", [])
        factory.judge_files()
        with pytest.raises(NotPermitted):  # no grant, no opening
            processors.open_proof(made, actor=factory.make_hana(granted=False), at=NOON)
        omar = factory.make_omar()
        accounts.grant(
            asked_by=omar, user=omar, category="safeguard-evidence", purpose="legal-duty", reason="test",
            valid_from=TODAY, valid_until=None, actor=factory.make_odile(), at=NOON,
        )  # fmt: skip
        assert processors.open_proof(made, actor=omar, at=NOON) == (PDF, "application/pdf")

    @pytest.mark.law("P-14")
    def test_what_is_not_in_order_becomes_a_finding_with_its_day(self) -> None:
        unmet = ANSWERS | {"records": {"answer": "unmet", "note": "접속기록 3개월분 없음"}}
        with pytest.raises(processors.Incomplete):
            factory.make_check(self.row, checklist=unmet)
        silent = ANSWERS | {"records": {"answer": "unmet", "note": ""}}
        remedy = {"correction": "보관 기간 연장", "responsible": factory.make_hana().ref, "correct_by": TODAY + DAY}
        with pytest.raises(processors.Incomplete):
            factory.make_check(self.row, checklist=silent, **remedy)
        made = factory.make_check(self.row, checklist=unmet, **remedy)
        finding = InspectionFinding.objects.get()
        assert (finding.inspection, finding.due_on, finding.seen) == (
            made.inspection, TODAY + DAY, "접속기록 3개월분 없음",
        )  # fmt: skip

    @pytest.mark.law("P-14")
    def test_training_says_how_many_and_is_no_check(self) -> None:
        with pytest.raises(processors.Incomplete):
            factory.make_processor_training(self.row, trained=0)
        made = factory.make_processor_training(self.row)
        assert (made.trained, made.inspection, made.checklist) == (4, None, {})
        self.assertLedgered("processors.supervision.recorded", made)

    def test_an_auditor_may_check_and_a_handler_may_not(self) -> None:
        values = {"held_on": TODAY, "method": "서면", "outcome": "이상 없음", "checklist": ANSWERS}
        with pytest.raises(NotPermitted):
            processors.record_check(self.row, **values, name="a.pdf", content=PDF, actor=factory.make_hana(), at=NOON)
        made = processors.record_check(
            self.row, **values, name="a.pdf", content=PDF, actor=factory.make_aram(), at=NOON
        )
        assert made.recorded_by == factory.make_aram().ref


class EndTest(PortalTestCase):
    def setUp(self) -> None:
        self.row = factory.make_consignment()
        self.odile = factory.make_odile(granted=False)

    def dispose(self, **changes: Any) -> Consignment:
        values: dict[str, Any] = {
            "disposal": "destroyed", "disposed_on": TODAY, "detail": "덮어쓰기, 파기 확인서",
            "name": "c.pdf", "content": PDF,
        }  # fmt: skip
        return processors.prove_disposal(self.row, actor=self.odile, at=NOON, **(values | changes))

    @pytest.mark.law("P-14")
    def test_after_the_end_return_or_destruction_is_proven(self) -> None:
        with pytest.raises(processors.WrongState):
            self.dispose()
        processors.end_consignment(self.row, ended_on=TODAY, reason="계약 만료", actor=self.odile, at=NOON)
        self.row.refresh_from_db()
        assert self.row.dispose_by == TODAY + 5 * DAY
        for wrong in ({"content": b""}, {"detail": " "}, {"disposed_on": TODAY + DAY}):
            with pytest.raises(processors.Incomplete):
                self.dispose(**wrong)
        done = self.dispose()
        assert (done.disposal, len(done.disposal_file_digest)) == ("destroyed", 64)
        assert self.assertLedgered("processors.disposal.proven", done)
        with pytest.raises(processors.WrongState):
            self.dispose()
        with pytest.raises(processors.WrongState):
            processors.end_consignment(self.row, ended_on=TODAY, reason="x", actor=self.odile, at=NOON)

    def test_the_last_day_counts_and_then_it_is_over(self) -> None:
        processors.end_consignment(self.row, ended_on=TODAY, reason="계약 만료", actor=self.odile, at=NOON)
        assert list(Consignment.objects.on(TODAY)) == [self.row]
        assert not Consignment.objects.on(TODAY + DAY)
        with pytest.raises(processors.WrongState):
            factory.make_subprocessor(self.row)


class ConsoleTest(PortalTestCase):
    @pytest.mark.law("P-14")
    def test_it_is_registered_checked_and_ended_by_buttons(self) -> None:
        client = Client()
        client.force_login(factory.make_odile())
        given = {
            "code": "cloud", "name_ko": "한빛클라우드", "name_en": "Hanbit Cloud", "contact": "보안팀", "country": "KR",
            "work_ko": "보관", "work_en": "Storage", "items": ["model"], "starts_on": "2026-11-01",
            "contract": "계약서", "signed_on": "2026-11-01", **{f"clause_{code}": "제5조" for code in ARTICLES},
        }  # fmt: skip
        new = reverse("admin:processors_consignment_new")
        lacking = client.post(new, {**given, "clause_liability": ""}, secure=True)
        assert lacking.status_code == 200
        assert "한빛클라우드" in lacking.content.decode(), "what was typed stays"
        assert client.post(new, given, secure=True).status_code == 302
        row = Consignment.objects.get()
        page = reverse("admin:processors_consignment_change", args=[row.pk])
        press = {"CHANGE_FORM-action": "record_check", "_selected_action": str(row.pk), "confirmed": "1"}
        answers = {f"{one.value}": "met" for one in Criterion}
        sent = {**press, **answers, "held_on": "2026-11-02", "method": "현장", "outcome": "이상 없음"}
        client.post(page, {**sent, "file": SimpleUploadedFile("a.pdf", PDF)}, secure=True)
        made = row.supervisions.get()
        assert made.reference in client.get(page, secure=True).content.decode()
        end = {"CHANGE_FORM-action": "end", "_selected_action": str(row.pk), "confirmed": "1"}
        client.post(page, {**end, "ended_on": "2026-11-20", "reason": "만료"}, secure=True)
        row.refresh_from_db()
        assert row.ended_on == date(2026, 11, 20)
