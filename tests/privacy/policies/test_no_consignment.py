"""“No processing is consigned” is said only while a decision of the officer says so, dated and on record (P-14)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from privacy.ledger.authorization import NotPermitted
from privacy.policies import actions as policies
from privacy.policies import completeness, drift, policy_document, presentation
from privacy.policies.models import NoConsignment, PolicyVersion
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.policies.test_completeness import CLOUD, naming

TODAY = NOON.date()
THEN = datetime(2021, 6, 1, 3, 0, tzinfo=UTC)


def said(version: PolicyVersion, language: str = "en") -> list[str]:
    composed = version.document or policy_document.compose(version, TODAY)
    found = {chapter.code: chapter for chapter in presentation.render_sections(composed, language)}
    return found["consignment"].lines()


def decide(decided_on: date = TODAY, at: datetime = NOON) -> NoConsignment:
    return policies.decide_no_consignment(
        decided_on=decided_on, grounds="계약 대장 확인", actor=factory.make_odile(granted=False), at=at
    )


@pytest.mark.truth("11")
class NoConsignmentTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile(granted=False)
        self.draft = policies.draft_proposal(
            effective_on=TODAY + timedelta(30), actor=factory.make_hana(granted=False), at=NOON
        )

    def missing(self) -> Iterator[str]:
        return (one.section for one in completeness.problems(self.draft, TODAY) if not one.is_warning)

    @pytest.mark.law("P-14")
    def test_without_a_decision_nothing_is_said_and_nothing_published(self) -> None:
        assert said(self.draft)[1:] == ["This version does not say whether processing is consigned."]
        assert list(self.missing()) == ["consignment"]

    @pytest.mark.law("P-14")
    def test_the_sentence_names_the_decision(self) -> None:
        self.assertLedgered("policies.consignment.denied", decide(TODAY - timedelta(3)))
        assert list(self.missing()) == []
        sentence = "No processing is consigned (decision of the protection officer of 21 November 2026)."
        assert said(self.draft)[1:] == [sentence]
        assert "2026년 11월 21일" in said(self.draft, "ko")[1]

    def test_withdrawn_it_is_no_longer_said_and_the_published_text_is_due_for_a_revision(self) -> None:
        decision = decide(date(2021, 6, 1), at=THEN)
        factory.make_proposal(at=THEN)
        assert drift.find_drifts(TODAY) == []
        policies.withdraw_no_consignment(decision, actor=self.odile, at=NOON)
        assert said(self.draft)[1:] == ["This version does not say whether processing is consigned."]
        (found,) = drift.find_drifts(TODAY)
        assert (found.code, found.is_due) == ("value:decision:no-consignment", True)
        with pytest.raises(policies.ConsignmentDecided):
            policies.withdraw_no_consignment(decision, actor=self.odile, at=NOON)

    def test_it_contradicts_neither_the_register_nor_itself(self) -> None:
        with naming("processors", CLOUD), pytest.raises(policies.ConsignmentContradicted):
            decide()
        with pytest.raises(policies.ConsignmentContradicted):
            decide(TODAY + timedelta(1))
        decision = decide(TODAY - timedelta(3))
        with pytest.raises(policies.ConsignmentDecided):
            decide()
        policies.withdraw_no_consignment(decision, actor=self.odile, at=NOON)
        with pytest.raises(policies.ConsignmentContradicted):
            decide(TODAY - timedelta(1))
        decide()
        with naming("processors", CLOUD):
            assert said(self.draft)[1:] == ["Cloud Ltd. · Storage"]

    def test_it_is_the_officers_and_final(self) -> None:
        with pytest.raises(NotPermitted):
            policies.decide_no_consignment(decided_on=TODAY, grounds="x", actor=factory.make_hana(), at=NOON)
        decision = decide()
        with pytest.raises(IntegrityError, match="final"), transaction.atomic():
            NoConsignment.objects.filter(pk=decision.pk).update(decided_on=date(2020, 1, 1))

    def test_it_is_decided_and_withdrawn_in_the_console(self) -> None:
        client = Client()
        client.force_login(self.odile)
        add = reverse("admin:policies_noconsignment_add")
        given = {"decided_on": "2026-11-01", "grounds": "계약 대장 확인"}
        assert client.post(add, given, secure=True).status_code == 302
        decision = NoConsignment.objects.get()
        address = reverse("admin:policies_noconsignment_change", args=[decision.pk])
        press = {"CHANGE_FORM-action": "withdraw", "_selected_action": str(decision.pk)}
        client.post(address, press, secure=True)
        decision.refresh_from_db()
        assert decision.withdrawn_by == self.odile.ref
