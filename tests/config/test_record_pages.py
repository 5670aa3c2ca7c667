"""A record's page in the console: state and deadline on top, the next steps as buttons, what happened at the side."""

import re

import pytest
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse

from privacy.disclosures import actions as disclosures
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from tests import factory
from tests.base import PortalTestCase


class RecordPageTests(PortalTestCase):
    def setUp(self) -> None:
        self.at = clock.now()
        self.odile = factory.make_officer()
        self.client.force_login(self.odile)

    def page(self, record: object) -> str:
        meta = record._meta  # type: ignore[attr-defined]
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])  # type: ignore[attr-defined]
        answer = self.client.get(address)
        assert answer.status_code == 200
        return answer.content.decode()

    def buttons(self, record: object) -> list[str]:
        """The buttons in their order on the page."""
        return re.findall(r'name="CHANGE_FORM-action" value="(\w+)"', self.page(record))

    def test_a_case_offers_the_steps_that_come_next(self) -> None:
        device = factory.make_device(1, at=self.at)
        receipt = factory.ask_correction(at=self.at)
        case = receipt.request
        assert self.buttons(case)[:5] == ["verify", "read", "ask_evidence", "attach_document", "reject"]
        assert not {"grant", "refuse", "carry_out", "close"} & set(self.buttons(case))

        case = factory.make_verified(receipt, at=self.at)
        offered = self.buttons(case)
        assert offered[0] == "decide"
        assert {"read", "grant", "refuse"} <= set(offered)
        assert "verify" not in self.buttons(case)

        right = rights.grant(case.rights.get(), actor=self.odile, at=self.at)
        assert "carry_out" in self.buttons(case)
        assert "grant" not in self.buttons(case)

        rights.carry_out(right, actor=self.odile, at=self.at)
        assert "carry_out" not in self.buttons(case)
        assert device.subject_id == right.request.subject_id

    def test_a_disclosure_offers_approval_then_provision(self) -> None:
        made = factory.make_disclosure(factory.make_device(1, at=self.at), "model", at=self.at)
        assert "approve" not in self.buttons(made), "whoever asked does not approve"
        self.client.force_login(factory.make_omar())
        assert self.buttons(made)[:2] == ["approve", "refuse"]
        assert "provide" not in self.buttons(made)
        made = factory.attach_scan(made, at=self.at)
        disclosures.approve(made, actor=factory.make_omar(), at=self.at)
        assert "provide" in self.buttons(made)
        assert "approve" not in self.buttons(made)

    def test_state_and_deadline_stand_on_top(self) -> None:
        case = factory.ask(at=self.at).request
        top = self.page(case).split('class="record-top"')[1].split("</div>")[0]
        assert "badge-open" in top
        assert case.due_on.isoformat() in top

    @pytest.mark.clause("P8.3")
    def test_the_story_at_the_side_is_the_audit_trail_s(self) -> None:
        case = factory.ask(at=self.at).request
        side = self.page(case).split('class="record-side"')[1]
        told = Entry.objects.about(f"rights.request:{case.pk}").count()
        assert told > 0
        assert len(re.findall(r'<span class="what">', side)) == told
        assert "요구 접수" in side

    def test_who_may_see_the_trail_finds_its_entries_from_the_record(self) -> None:
        case = factory.ask(at=self.at).request
        self.client.force_login(factory.make_aram())
        link = re.search(r'href="([^"]*/ledger/entry/\?record=[^"]+)"', self.page(case))
        assert link is not None
        listed = self.client.get(link[1])
        assert listed.status_code == 200
        assert "요구 접수" in listed.content.decode()

    def test_codes_are_shown_by_name(self) -> None:
        grant = self.odile.grants.filter(category="app-log", purpose="error-analysis").first()
        assert grant is not None
        page = self.page(grant)
        assert "서비스 앱 로그 정보" in page
        assert ">app-log<" not in page


@pytest.mark.truth("no-way-by-type")
class ByTypeTests(PortalTestCase):
    def test_no_record_is_asked_for_by_the_number_of_its_type(self) -> None:
        """Django's shortcut loaded any row of any table, the queue's too, and ended in an error."""
        self.client.force_login(factory.make_officer())
        for kind in ContentType.objects.all():
            assert self.client.get(f"/office/r/{kind.pk}/1/").status_code == 404, kind
