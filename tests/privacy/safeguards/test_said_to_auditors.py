"""What registers, papers and the entry log say of safeguards is what was held, written and permitted."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils.translation import override

from privacy.accounts import actions as accounts
from privacy.lib.dates import clock
from privacy.lib.registries import registers
from privacy.lib.registries.registers import ExportScope
from privacy.safeguards import actions as safeguards
from privacy.safeguards import documents, register, reminders
from privacy.safeguards.models import AreaEntry, AreaPermit, Inspection, ManagementPlan, Measure
from tests.base import PortalTestCase
from tests.factories.safeguards import SECTIONS
from tests.factory import (
    NOON,
    make_approved_plan,
    make_aram,
    make_area,
    make_finding,
    make_hana,
    make_held_inspection,
    make_measure,
    make_odile,
    make_omar,
    make_plan,
)
from tests.pdf_text import text_of
from tests.privacy.safeguards.test_areas import carry, enter, permit

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TODAY = NOON.date()


class InspectionRegisterTest(PortalTestCase):
    def cells(self, *inspections: Inspection, heading: str) -> list[str]:
        place = registers.get("inspections").headings.index(heading)
        first, last = TODAY - 30 * DAY, TODAY + 60 * DAY
        window = ExportScope(actor=make_odile(), first=first, last=last, reason="x", at=NOON)
        return [str(row[place]) for row in registers.get("inspections").rows(window)]

    @pytest.mark.truth("inspected-without-a-look")
    def test_of_an_inspection_that_was_not_held_nothing_is_in_order(self) -> None:
        planned = safeguards.plan_inspection(
            kind="vulnerability", scope="x", method="y", inspector=make_aram().ref, planned_on=TODAY + DAY,
            actor=make_odile(), at=NOON,
        )  # fmt: skip
        assert self.cells(planned, heading="부적합") == [""]
        assert "예정" in self.cells(planned, heading="점검일")[0]
        held = safeguards.hold_inspection(
            planned, held_on=TODAY + DAY, outcome="이상 없음", actor=make_aram(), at=NOON + DAY
        )
        assert self.cells(held, heading="부적합") == [""]
        safeguards.report_inspection(held, actor=make_odile(), at=NOON + DAY)
        assert self.cells(held, heading="부적합") == ["없음"]

    @pytest.mark.truth("held-in-the-period")
    def test_an_inspection_stands_in_the_period_in_which_it_was_held(self) -> None:
        held = make_held_inspection()
        Inspection.objects.filter(pk=held.pk).update(planned_on=TODAY - 40 * DAY)
        window = SimpleNamespace(days=(TODAY - DAY, TODAY + DAY))
        assert [row[0].pk for row in register.inspections(window)] == [held.pk]  # type: ignore[arg-type]

    @pytest.mark.truth("report-read")
    def test_a_finding_added_after_the_page_was_opened_was_not_read(self) -> None:
        finding = make_finding()
        read = safeguards.digest_of_report(finding.inspection)
        safeguards.record_finding(
            finding.inspection, criterion="2", weight="critical", seen="열린 문", correction="닫기",
            responsible=make_hana().ref, due_on=TODAY + DAY, actor=make_aram(), at=NOON,
        )  # fmt: skip
        with pytest.raises(safeguards.WrongState):
            safeguards.report_inspection(finding.inspection, read=read, actor=make_odile(), at=NOON)
        self.client.force_login(make_odile())
        address = reverse("admin:safeguards_inspection_change", args=[finding.inspection.pk])
        pressed = {"CHANGE_FORM-action": "report", "_selected_action": str(finding.inspection.pk), "index": "0"}
        self.client.post(address, {**pressed, "confirmed": "yes", "read": read})
        assert Inspection.objects.get().state == "held"
        read = self.client.post(address, pressed).context["form"].initial["read"]
        self.client.post(address, {**pressed, "confirmed": "yes", "read": read})
        assert Inspection.objects.get().state == "reported"


class PlanPaperTest(PortalTestCase):
    @pytest.mark.truth("altered-plan-on-paper")
    def test_a_plan_that_was_altered_says_so_on_paper(self) -> None:
        plan = make_approved_plan()
        with override("en"):
            assert "doesnotmatchitsseal" not in text_of(documents.plan_pdf(plan, language="en"))
        ManagementPlan.objects.filter(pk=plan.pk).update(sections=SECTIONS | {"malware": "nothing"})
        plan.refresh_from_db()
        with override("en"):
            assert "doesnotmatchitsseal" in text_of(documents.plan_pdf(plan, language="en"))

    @pytest.mark.truth("written-and-approved")
    def test_whoever_wrote_in_a_version_does_not_approve_it_though_another_edited_it_last(self) -> None:
        plan = make_plan()
        safeguards.edit_plan(plan, sections=SECTIONS | {"other": "x"}, actor=make_omar(), at=NOON)
        safeguards.submit_plan(plan, actor=make_omar(), at=NOON)
        with pytest.raises(safeguards.SamePerson):
            safeguards.approve_plan(plan, effective_on=TODAY, actor=make_odile(), at=NOON)

    @pytest.mark.truth("plan-read")
    def test_what_is_approved_is_the_text_that_was_read(self) -> None:
        plan = safeguards.submit_plan(make_plan(), actor=make_odile(), at=NOON)
        self.client.force_login(make_omar())
        address = reverse("admin:safeguards_managementplan_change", args=[plan.pk])
        pressed = {"CHANGE_FORM-action": "approve", "_selected_action": str(plan.pk), "index": "0"}
        read = self.client.post(address, pressed).context["form"].initial["read"]
        safeguards.return_plan(plan, actor=make_omar(), at=NOON)
        safeguards.edit_plan(plan, sections=SECTIONS | {"other": "changed"}, actor=make_odile(), at=NOON)
        safeguards.submit_plan(plan, actor=make_odile(), at=NOON)
        given = {**pressed, "confirmed": "yes", "effective_on": clock.today().isoformat()}
        self.client.post(address, {**given, "read": read})
        assert ManagementPlan.objects.get().state == "submitted"
        read = self.client.post(address, pressed).context["form"].initial["read"]
        self.client.post(address, {**given, "read": read})
        assert ManagementPlan.objects.get().state == "approved"


@pytest.mark.clock(NOON + 3 * HOUR)
class EntryTest(PortalTestCase):
    @pytest.mark.truth("permit-after-the-entry")
    def test_a_permit_approved_after_somebody_entered_did_not_hold_then(self) -> None:
        area = make_area()
        held = permit(area)
        # One from a time in which a permit could begin before it was approved.
        AreaPermit.objects.filter(pk=held.pk).update(valid_from=TODAY - 5 * DAY)
        with pytest.raises(safeguards.NoPermit):
            enter(area, entered_at=NOON - DAY)
        assert enter(area, entered_at=NOON + HOUR)

    @pytest.mark.truth("permit-of-somebody-who-left")
    def test_the_permit_of_somebody_who_left_holds_no_more(self) -> None:
        area, hana = make_area(), make_hana()
        held = permit(area)
        accounts.deactivate_user(hana, why="left", actor=make_odile(), at=NOON + HOUR)
        assert enter(area, entered_at=NOON + HOUR / 2)
        with pytest.raises(safeguards.NoPermit):
            enter(area, entered_at=NOON + 2 * HOUR)
        self.client.force_login(make_odile())
        page = self.client.get(reverse("admin:safeguards_area_change", args=[area.pk])).content.decode()
        assert str(held.pk) not in page
        page = self.client.get(f"/en/office/safeguards/areapermit/{held.pk}/change/").content.decode()
        assert "over: the account is closed" in page

    @pytest.mark.truth("way-out-kept")
    def test_the_way_out_told_with_the_same_entry_again_is_kept(self) -> None:
        area = make_area()
        permit(area)
        enter(area)
        enter(area, left_at=NOON + HOUR)
        assert AreaEntry.objects.get().left_at == NOON + HOUR

    @pytest.mark.truth("carried-in-again")
    def test_a_medium_that_comes_back_is_taken_back_and_no_second_one_carried_in(self) -> None:
        area = make_area()
        out = carry(area)
        with pytest.raises(safeguards.WrongState, match=out.reference):
            carry(area, direction="in", back_on=None)


class UnseenTest(PortalTestCase):
    @pytest.mark.truth("nobody-looked")
    def test_a_measure_at_which_the_portal_no_longer_looks_presses(self) -> None:
        measure = make_measure(code="tls", title="", is_automated=True, owner="", cycle_days=1)
        safeguards.record_evidence(measure, result="passed", detail="x", actor=make_odile(), at=NOON)
        assert not reminders.daily_reminder(on=clock.kst_date(NOON + DAY))
        assert reminders.daily_reminder(on=clock.kst_date(NOON + 2 * DAY)).measures == [Measure.objects.get()]
