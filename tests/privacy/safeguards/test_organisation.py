"""The in-house organisation: members with duties, meetings, and what the portal says of it (P8.1)."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import override

from privacy.accounts import actions as accounts
from privacy.ledger.authorization import NotPermitted
from privacy.lib.registries import deadlines, registers
from privacy.safeguards import actions as safeguards
from privacy.safeguards import documents
from privacy.safeguards.automated_checks.organisation import organisation
from privacy.safeguards.models import Meeting, Member
from privacy.safeguards.models.measures import Result
from tests.base import PortalTestCase
from tests.factory import NOON, make_approved_plan, make_aram, make_hana, make_odile, make_omar

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)


def appoint(person: object, role: str = "member", *, since: date = TODAY, at: object = NOON) -> Member:
    reference = person.reference  # type: ignore[attr-defined]
    return safeguards.appoint_member(
        person=reference, role=role, duties="이행 점검과 시정", since=since, actor=make_odile(), at=at
    )


def meet(*people: object, held_on: date = TODAY) -> Meeting:
    planned = safeguards.plan_meeting(topics="점검", planned_on=held_on, actor=make_odile(), at=NOON)
    present = [one.reference for one in people]  # type: ignore[attr-defined]
    return safeguards.hold_meeting(
        planned, held_on=held_on, attendees=present, decisions="시정함", actor=make_odile(), at=NOON
    )


@pytest.mark.truth("28")
@pytest.mark.clause("P8.1")
class OrganisationTest(PortalTestCase):
    def test_members_have_duties_from_a_day_until_a_last_day(self) -> None:
        hana = appoint(make_hana(), since=TODAY - DAY)
        self.assertLedgered("safeguards.member.appointed", hana)
        assert not Member.objects.on(TODAY - 2 * DAY)
        safeguards.end_membership(hana, until=TODAY, actor=make_odile(), at=NOON)
        assert list(Member.objects.on(TODAY)) == [hana]
        assert not Member.objects.on(TODAY + DAY)
        with pytest.raises(safeguards.WrongState):
            safeguards.end_membership(hana, until=TODAY, actor=make_odile(), at=NOON)

    def test_there_is_one_head_and_nobody_is_a_member_twice(self) -> None:
        appoint(make_odile(), "head")
        for person, role in ((make_omar(), "head"), (make_odile(), "member")):
            with pytest.raises(safeguards.WrongState):
                appoint(person, role)
        with pytest.raises(IntegrityError, match="one_head"), transaction.atomic():
            Member.objects.create(
                person="U-X", role="head", duties="x", since=TODAY, appointed_by="U-Y", appointed_at=NOON
            )

    @pytest.mark.truth("15")
    def test_no_appointment_reaches_back_into_one_that_has_ended(self) -> None:
        """There is one head, and nobody is a member twice, on any day but that of the handing over."""
        head = appoint(make_odile(), "head", since=TODAY - 9 * DAY)
        safeguards.end_membership(head, until=TODAY - DAY, actor=make_odile(), at=NOON)
        for person, role, field in ((make_omar(), "head", "/since"), (make_odile(), "member", "/since")):
            with pytest.raises(safeguards.WrongState) as refused:
                appoint(person, role, since=TODAY - 2 * DAY)
            assert refused.value.pointer == field
        assert Member.objects.on(TODAY - 2 * DAY).get() == head
        appoint(make_omar(), "head", since=TODAY - DAY)
        appoint(make_odile(), "member")

    @pytest.mark.law("O-03")
    def test_a_meeting_is_held_by_members_of_that_day_and_recorded_once(self) -> None:
        hana = make_hana()
        appoint(hana)
        with pytest.raises(safeguards.UnknownAccount):
            meet(hana, make_omar())
        held = Meeting.objects.get()
        given = {"attendees": [hana.reference], "decisions": "x", "actor": make_odile()}
        with pytest.raises(safeguards.Incomplete):
            safeguards.hold_meeting(held, held_on=TODAY + DAY, at=NOON, **given)
        safeguards.hold_meeting(held, held_on=TODAY, at=NOON, **given)
        with pytest.raises(safeguards.WrongState):
            safeguards.hold_meeting(held, held_on=TODAY, at=NOON, **given)

    def test_members_are_called_by_their_names(self) -> None:
        hana, omar = make_hana(), make_omar()
        member = appoint(hana)
        assert str(member).startswith(f"{hana.name} (")
        with pytest.raises(safeguards.UnknownAccount, match=omar.name):
            meet(hana, omar)

    def test_an_auditor_reads_and_does_not_appoint(self) -> None:
        with pytest.raises(NotPermitted):
            safeguards.plan_meeting(topics="x", planned_on=TODAY, actor=make_aram(), at=NOON)
        appoint(make_hana())
        self.client.force_login(make_aram())
        assert self.client.get(reverse("admin:safeguards_member_changelist")).status_code == 200

    def test_the_calendar_has_a_meeting_until_it_is_held(self) -> None:
        hana = make_hana()
        appoint(hana)
        planned = safeguards.plan_meeting(topics="점검", planned_on=TODAY, actor=make_odile(), at=NOON)
        assert self.dated() == [planned.reference]
        safeguards.hold_meeting(
            planned, held_on=TODAY, attendees=[hana.reference], decisions="x", actor=make_odile(), at=NOON
        )
        assert self.dated() == []

    def dated(self) -> list[str]:
        found = deadlines.deadlines_between(TODAY, TODAY, on=TODAY, may=make_odile().may, names={"safeguards.meeting"})
        return [line.dated.reference for line in found]

    def test_the_daily_look_says_what_is_so(self) -> None:
        with override("en"):
            assert "no head" in organisation(NOON).detail
            odile, hana = make_odile(), make_hana()
            appoint(odile, "head")
            appoint(hana)
            assert "not met yet" in organisation(NOON).detail
            meet(odile, hana)
            assert organisation(NOON).result == Result.PASSED
            assert "2 members" in organisation(NOON).detail
            assert organisation(NOON + timedelta(days=400)).result == Result.FAILED
            accounts.deactivate_user(hana, why="resigned", actor=odile, at=NOON)
            assert hana.reference in organisation(NOON).detail

    def test_the_plan_names_them_as_they_were_at_its_approval(self) -> None:
        appoint(make_odile(), "head")
        plan = make_approved_plan()
        table = documents._organisation(plan)
        assert "이행 점검과 시정" in str(table)
        appoint(make_hana(), at=NOON + DAY, since=TODAY + DAY)
        assert documents._organisation(plan) == table, "an approved plan prints the same for ever"
        assert documents.plan_pdf(plan, language="ko").startswith(b"%PDF-")

    @pytest.mark.truth("approved-plan-keeps-its-members")
    def test_an_end_that_is_recorded_later_changes_no_approved_plan(self) -> None:
        odile = appoint(make_odile(), "head", since=TODAY - 30 * DAY)
        hana = appoint(make_hana(), since=TODAY - 30 * DAY)
        ended = appoint(make_omar(), since=TODAY - 30 * DAY)
        safeguards.end_membership(ended, until=TODAY - DAY, actor=make_odile(), at=NOON)
        plan = make_approved_plan()
        table = documents._organisation(plan)
        assert len(table["rows"]) == 2
        safeguards.end_membership(hana, until=TODAY - 5 * DAY, actor=make_odile(), at=NOON + DAY)
        assert documents._organisation(plan) == table, "what was approved prints as approved"
        assert list(Member.objects.on(TODAY)) == [odile]

    def test_the_console_leads_from_an_appointment_to_the_minutes(self) -> None:
        odile, hana = make_odile(), make_hana()
        self.client.force_login(odile)
        given = {"person": hana.reference, "role": "member", "duties": "점검", "since": TODAY.isoformat()}
        self.client.post(reverse("admin:safeguards_member_new"), given)
        plan = make_approved_plan()
        page = self.client.get(reverse("admin:safeguards_managementplan_change", args=[plan.pk])).content.decode()
        assert "점검" in page and "Hana" in page
        self.client.post(reverse("admin:safeguards_meeting_new"), {"topics": "안건", "planned_on": TODAY.isoformat()})
        meeting = Meeting.objects.get()
        address = reverse("admin:safeguards_meeting_change", args=[meeting.pk])
        pressed = {"CHANGE_FORM-action": "hold", "_selected_action": str(meeting.pk), "index": "0", "confirmed": "yes"}
        minutes = {"held_on": TODAY.isoformat(), "attendees": [hana.reference], "decisions": "시정"}
        self.client.post(address, {**pressed, **minutes})
        meeting.refresh_from_db()
        assert meeting.attendees == [hana.reference]
        window = registers.ExportScope(TODAY, TODAY, odile, NOON, "audit")
        for code in ("organisation", "organisation-meetings"):
            assert len(list(registers.get(code).rows(window))) == 1
