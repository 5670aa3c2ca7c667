"""The internal management plan: sixteen sections, two persons, sealed, and found out when changed behind the portal."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import override

from privacy.ledger.authorization import NotPermitted
from privacy.safeguards import actions as safeguards
from privacy.safeguards import documents, integrity
from privacy.safeguards.events import Event
from privacy.safeguards.models import ManagementPlan
from privacy.safeguards.models.management_plans import Section
from tests.base import PortalTestCase
from tests.factories.safeguards import SECTIONS
from tests.factory import NOON, make_approved_plan, make_emin, make_hana, make_odile, make_omar, make_plan

TODAY = date(2026, 11, 24)


@pytest.mark.clause("P8.1")
class PlanTest(PortalTestCase):
    @pytest.mark.law("S-29", "O-03")
    def test_it_has_the_sixteen_sections_of_the_law(self) -> None:
        """Standard art. 4(1), nos. 1 to 16, in their order."""
        assert Section.values == [
            "organisation", "officer", "roles", "supervision", "access-rights", "access-control", "encryption",
            "access-records", "malware", "vulnerabilities", "physical", "breach", "risk", "processors", "plan", "other",
        ]  # fmt: skip
        assert [heading.split(".")[0] for heading, _text in make_plan().contents()] == [str(n) for n in range(1, 17)]

    @pytest.mark.law("S-29")
    def test_one_section_short_is_not_submitted(self) -> None:
        plan = make_plan()
        safeguards.edit_plan(plan, sections=SECTIONS | {"malware": "  "}, actor=make_odile(), at=NOON)
        with override("en"), pytest.raises(safeguards.Incomplete, match=r"9\. Prevention of malware"):
            safeguards.submit_plan(plan, actor=make_odile(), at=NOON)

    def test_the_drafter_does_not_approve(self) -> None:
        plan = safeguards.submit_plan(make_plan(), actor=make_odile(), at=NOON)
        with pytest.raises(safeguards.SamePerson):
            safeguards.approve_plan(plan, effective_on=TODAY, actor=make_odile(), at=NOON)
        with pytest.raises(NotPermitted):
            safeguards.approve_plan(plan, effective_on=TODAY, actor=make_hana(), at=NOON)
        approved = safeguards.approve_plan(plan, effective_on=TODAY, actor=make_omar(), at=NOON)
        assert approved.state == ManagementPlan.State.APPROVED
        with pytest.raises(IntegrityError), transaction.atomic():
            ManagementPlan.objects.filter(pk=plan.pk).update(approved_by=plan.drafted_by)

    def test_who_edits_last_is_the_drafter(self) -> None:
        plan = make_plan()
        safeguards.edit_plan(plan, sections=SECTIONS | {"other": "x"}, actor=make_omar(), at=NOON)
        safeguards.submit_plan(plan, actor=make_omar(), at=NOON)
        with pytest.raises(safeguards.SamePerson):
            safeguards.approve_plan(plan, effective_on=TODAY, actor=make_omar(), at=NOON)

    @pytest.mark.law("S-29")
    def test_an_approved_version_is_final_and_the_next_supersedes_it(self) -> None:
        first = make_approved_plan()
        with pytest.raises(safeguards.WrongState):
            safeguards.edit_plan(first, sections=SECTIONS, actor=make_odile(), at=NOON)
        second = safeguards.draft_plan(reason="조직 변경", actor=make_odile(), at=NOON)
        assert (second.number, second.sections) == (2, first.sections)
        with pytest.raises(safeguards.WrongState):
            safeguards.draft_plan(reason="또", actor=make_odile(), at=NOON)
        safeguards.submit_plan(second, actor=make_odile(), at=NOON)
        day = TODAY + timedelta(days=7)
        safeguards.approve_plan(second, effective_on=day, actor=make_omar(), at=NOON)
        first.refresh_from_db()
        assert first.state == ManagementPlan.State.APPROVED, "it stays in force until the day of the next"
        assert safeguards.supersede_plans(on=day) == 1
        first.refresh_from_db()
        assert first.state == ManagementPlan.State.SUPERSEDED
        assert ManagementPlan.objects.in_force(TODAY) == first
        assert ManagementPlan.objects.in_force(day) == second

    @pytest.mark.law("S-29")
    def test_an_important_change_holds_from_the_day_of_its_approval_and_the_text_before_it_stays(self) -> None:
        first = make_approved_plan()
        second = safeguards.draft_plan(reason="보호책임자 변경", actor=make_odile(), at=NOON)
        safeguards.edit_plan(second, sections=SECTIONS | {"officer": "새 보호책임자"}, actor=make_odile(), at=NOON)
        safeguards.submit_plan(second, actor=make_odile(), at=NOON)
        safeguards.approve_plan(second, effective_on=TODAY, actor=make_omar(), at=NOON)
        current = ManagementPlan.objects.in_force(TODAY)
        assert current is not None and (current.number, current.sections["officer"]) == (2, "새 보호책임자")
        assert current.reason == "보호책임자 변경"
        before = ManagementPlan.objects.get(pk=first.pk)
        assert (before.state, before.sections) == (ManagementPlan.State.SUPERSEDED, first.sections)
        assert integrity.is_intact(before)

    @pytest.mark.truth("plan-in-force")
    def test_dates_of_versions_only_grow_and_the_page_says_which_is_in_force(
        self,
    ) -> None:
        first = make_approved_plan()
        second = safeguards.draft_plan(reason="조직 변경", actor=make_odile(), at=NOON)
        safeguards.submit_plan(second, actor=make_odile(), at=NOON)
        safeguards.approve_plan(second, effective_on=date(2099, 1, 1), actor=make_omar(), at=NOON)
        self.client.force_login(make_odile())
        with override("en"):
            page = self.client.get(reverse("admin:safeguards_managementplan_change", args=[first.pk])).content.decode()
            assert ">in force<" in page and ">superseded<" not in page
            page = self.client.get(reverse("admin:safeguards_managementplan_change", args=[second.pk])).content.decode()
            assert ">upcoming<" in page
        third = safeguards.draft_plan(reason="또", actor=make_odile(), at=NOON)
        safeguards.submit_plan(third, actor=make_odile(), at=NOON)
        with pytest.raises(safeguards.Incomplete):
            safeguards.approve_plan(third, effective_on=date(2098, 12, 31), actor=make_omar(), at=NOON)
        safeguards.approve_plan(third, effective_on=date(2099, 1, 1), actor=make_omar(), at=NOON)
        assert ManagementPlan.objects.in_force(date(2099, 1, 1)) == third

    def test_a_text_changed_in_the_database_no_longer_matches_and_the_page_says_so(self) -> None:
        plan = make_approved_plan()
        entry = self.assertLedgered(Event.PLAN_APPROVED, plan)
        assert plan.seal in entry.payload
        assert integrity.is_intact(plan)
        self.client.force_login(make_odile())
        page = reverse("admin:safeguards_managementplan_change", args=[plan.pk])
        assert "감사 기록의 봉인값과 일치" in self.client.get(page).content.decode()
        changed = plan.sections | {"encryption": "암호화하지 않는다"}
        ManagementPlan.objects.filter(pk=plan.pk).update(sections=changed)
        assert "봉인값과 불일치" in self.client.get(page).content.decode()
        # The seal beside the text changed too: the trail still knows.
        plan.refresh_from_db()
        ManagementPlan.objects.filter(pk=plan.pk).update(seal=integrity.compute_seal(plan))
        assert "봉인값과 불일치" in self.client.get(page).content.decode()

    def test_the_console_leads_from_draft_to_approval(self) -> None:
        self.client.force_login(make_odile())
        made = self.client.post(reverse("admin:safeguards_managementplan_new"), {"reason": "최초 수립"})
        plan = ManagementPlan.objects.get()
        page = reverse("admin:safeguards_managementplan_change", args=[plan.pk])
        assert made.headers["Location"] == page
        pressed = {"_selected_action": str(plan.pk), "index": "0"}
        asked = self.client.post(page, pressed | {"CHANGE_FORM-action": "edit"})
        assert asked.content.decode().count("<textarea") == 16
        self.client.post(page, pressed | {"CHANGE_FORM-action": "edit", "confirmed": "yes"} | SECTIONS)
        self.client.post(page, pressed | {"CHANGE_FORM-action": "submit"})
        self.client.force_login(make_omar())
        approve = {"CHANGE_FORM-action": "approve", "confirmed": "yes", "effective_on": "2099-01-01"}
        plan.refresh_from_db()
        approve["read"] = integrity.text_digest(plan)
        self.client.post(page, pressed | approve)
        plan.refresh_from_db()
        assert (plan.state, plan.effective_on) == ("approved", date(2099, 1, 1))
        paper = self.client.get(reverse("admin:safeguards_plan_paper", args=[plan.pk]))
        assert paper.content.startswith(b"%PDF-")

    def test_an_employee_may_not_draft(self) -> None:
        with pytest.raises(NotPermitted):
            safeguards.draft_plan(reason="x", actor=make_emin(), at=NOON)

    def test_it_prints_in_both_languages(self) -> None:
        plan = make_approved_plan()
        for language in ("ko", "en"):
            assert documents.plan_pdf(plan, language=language).startswith(b"%PDF-")
