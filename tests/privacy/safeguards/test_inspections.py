"""Inspections: findings, corrective actions, days, a second person, reminders and escalation (P8.1, law S-30)."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.models import Entry
from privacy.safeguards import actions as safeguards
from privacy.safeguards.events import Event
from privacy.safeguards.models import Inspection, InspectionFinding
from privacy.safeguards.tasks import remind_on
from tests.base import PortalTestCase
from tests.factory import (
    NOON,
    make_aram,
    make_finding,
    make_hana,
    make_held_inspection,
    make_odile,
    make_omar,
)
from tests.privacy.disclosures.smtp_server import mailbox

DUE = date(2026, 12, 1)
DAY = timedelta(days=1)


@pytest.mark.clause("P8.1")
class InspectionTest(PortalTestCase):
    @pytest.mark.law("S-30")
    def test_planned_held_reported_in_this_order(self) -> None:
        planned = safeguards.plan_inspection(
            kind="vulnerability", scope="서버 3대", method="도구 점검", inspector=make_aram().ref, planned_on=DUE,
            actor=make_odile(), at=NOON,
        )  # fmt: skip
        for wrong in (
            lambda: safeguards.report_inspection(planned, actor=make_odile(), at=NOON),
            lambda: make_finding_of(planned),
        ):
            with pytest.raises(safeguards.WrongState):
                wrong()
        with pytest.raises(safeguards.Incomplete):
            safeguards.hold_inspection(planned, held_on=DUE, outcome="x", actor=make_aram(), at=NOON)  # to come
        at = NOON + 7 * DAY
        held = safeguards.hold_inspection(planned, held_on=DUE, outcome="이상 없음", actor=make_aram(), at=at)
        assert safeguards.report_inspection(held, actor=make_odile(), at=at).state == Inspection.State.REPORTED

    @pytest.mark.law("S-30")
    def test_it_is_reported_to_another_person(self) -> None:
        planned = safeguards.plan_inspection(
            kind="occasion", scope="x", method="y", inspector=make_odile().ref, planned_on=NOON.date(),
            actor=make_odile(), at=NOON,
        )  # fmt: skip
        held = safeguards.hold_inspection(planned, held_on=NOON.date(), outcome="z", actor=make_odile(), at=NOON)
        with pytest.raises(safeguards.SamePerson):
            safeguards.report_inspection(held, actor=make_odile(), at=NOON)
        assert safeguards.report_inspection(held, actor=make_omar(), at=NOON).reported_to == make_omar().ref

    @pytest.mark.law("S-30", "N-06")
    def test_a_finding_is_corrected_by_one_and_confirmed_by_another(self) -> None:
        finding = make_finding()
        with pytest.raises(safeguards.Incomplete):
            safeguards.correct_finding(finding, done=" ", actor=make_hana(), at=NOON)
        done = safeguards.correct_finding(finding, done="교체함", actor=make_odile(), at=NOON)
        with pytest.raises(safeguards.SamePerson):
            safeguards.confirm_finding(done, actor=make_odile(), at=NOON)
        with pytest.raises(IntegrityError), transaction.atomic():
            InspectionFinding.objects.filter(pk=done.pk).update(
                state="confirmed", confirmed_by=done.done_by, confirmed_at=NOON
            )
        assert safeguards.confirm_finding(done, actor=make_aram(), at=NOON).state == "confirmed"
        assert not InspectionFinding.objects.open().exists()

    @pytest.mark.truth("finding-twice")
    def test_a_finding_that_is_sent_twice_is_one(self) -> None:
        inspection = make_held_inspection()
        assert make_finding_of(inspection) == make_finding_of(inspection)
        assert InspectionFinding.objects.count() == 1

    @pytest.mark.law("S-33")
    def test_a_correction_that_does_not_hold_is_given_back(self) -> None:
        done = safeguards.correct_finding(make_finding(), done="교체함", actor=make_hana(), at=NOON)
        again = safeguards.reopen_finding(done, due_on=DUE + 7 * DAY, actor=make_aram(), at=NOON)
        assert (again.state, again.due_on) == ("open", DUE + 7 * DAY)
        assert safeguards.correct_finding(again, done="다시 교체함", actor=make_hana(), at=NOON).state == "corrected"

    @pytest.mark.law("N-06")
    def test_near_its_day_it_is_reminded_and_past_it_escalated_once(self) -> None:
        finding = make_finding(due_on=DUE)
        safeguards.report_inspection(finding.inspection, actor=make_odile(), at=NOON)
        assert remind_on(DUE - 4 * DAY, at=NOON) == 0
        assert remind_on(DUE, at=NOON) > 0
        with mailbox() as received:
            dispatch_due(at=NOON)
        told = {message["To"] for message in received.arrived}
        assert {"hana@extrus.example", "odile@extrus.example"} <= told
        assert all(finding.reference in str(message.get_content()) for message in received.arrived)
        assert not Entry.objects.filter(word=Event.FINDING_ESCALATED).exists()
        for day in (DUE + DAY, DUE + DAY, DUE + 2 * DAY):
            remind_on(day, at=NOON + 8 * DAY)
        assert Entry.objects.filter(word=Event.FINDING_ESCALATED).count() == 1
        finding.refresh_from_db()
        assert finding.escalated_at is not None

    @pytest.mark.truth("reminder-of-nothing")
    def test_what_was_seen_to_before_the_mail_went_out_is_not_reminded(self) -> None:
        finding = make_finding(due_on=DUE)
        safeguards.report_inspection(finding.inspection, actor=make_odile(), at=NOON)
        assert remind_on(DUE, at=NOON) > 0
        done = safeguards.correct_finding(finding, done="교체함", actor=make_odile(), at=NOON)
        safeguards.confirm_finding(done, actor=make_aram(), at=NOON)
        with mailbox() as received:
            dispatch_due(at=NOON)
        assert not received.arrived

    def test_the_same_morning_twice_reminds_once(self) -> None:
        make_finding(due_on=DUE)
        for _ in range(2):
            remind_on(DUE, at=NOON)
        with mailbox() as received:
            dispatch_due(at=NOON)
        addresses = [message["To"] for message in received.arrived]
        assert len(addresses) == len(set(addresses))

    def test_the_console_from_plan_to_confirmation(self) -> None:
        self.client.force_login(make_odile())
        self.client.post(
            reverse("admin:safeguards_inspection_new"),
            {
                "kind": "implementation",
                "scope": "16개 항목",
                "method": "서면",
                "inspector": make_aram().ref,
                "planned_on": "2026-11-24",
            },
        )
        inspection = Inspection.objects.get()
        self.client.force_login(make_aram())
        self.press(inspection, "hold", held_on="2026-11-24", outcome="부적합 1건")
        fields = {"criterion": "7", "weight": "minor", "seen": "s", "correction": "c", "responsible": make_hana().ref}
        self.press(inspection, "record_finding", due_on="2099-12-01", **fields)
        finding = InspectionFinding.objects.get()
        assert finding.reference in self.client.get(self.page(inspection)).content.decode()
        self.client.force_login(make_hana())
        self.press(finding, "correct", done="고침")
        self.client.force_login(make_aram())
        self.press(finding, "confirm")
        self.client.force_login(make_odile())
        inspection.refresh_from_db()
        self.press(inspection, "report", read=safeguards.digest_of_report(inspection))
        finding.refresh_from_db()
        inspection.refresh_from_db()
        assert (finding.state, inspection.state) == ("confirmed", "reported")

    def page(self, record: Inspection | InspectionFinding) -> str:
        return reverse(f"admin:safeguards_{record._meta.model_name}_change", args=[record.pk])

    def press(self, record: Inspection | InspectionFinding, action: str, **answers: str) -> None:
        pressed = {"CHANGE_FORM-action": action, "_selected_action": str(record.pk), "index": "0", "confirmed": "yes"}
        answer = self.client.post(self.page(record), pressed | answers)
        assert answer.status_code == 302, answer.content.decode()[:2000]


def make_finding_of(inspection: Inspection) -> InspectionFinding:
    return safeguards.record_finding(
        inspection, criterion="c", weight="minor", seen="s", correction="c", responsible=make_hana().ref, due_on=DUE,
        actor=make_aram(), at=NOON,
    )  # fmt: skip
