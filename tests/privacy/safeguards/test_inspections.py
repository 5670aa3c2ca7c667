"""Inspections: findings, corrective actions, days, a second person, reminders and escalation (P8.1, law S-30)."""

import json
from datetime import date, timedelta
from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.models import Entry
from privacy.lib.identifiers.ids import new_id
from privacy.lib.registries import deadlines
from privacy.safeguards import actions as safeguards
from privacy.safeguards.events import Event
from privacy.safeguards.models import Inspection, InspectionFinding
from privacy.safeguards.tasks import remind_on
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factory import (
    NOON,
    make_approved_plan,
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
        assert self.on_the_calendar() == [DUE]
        held = safeguards.hold_inspection(planned, held_on=DUE, outcome="이상 없음", actor=make_aram(), at=at)
        assert self.on_the_calendar() == [], "it waits for the officer, and is not due any more"
        assert safeguards.report_inspection(held, actor=make_odile(), at=at).state == Inspection.State.REPORTED

    @pytest.mark.law("S-30")
    def test_the_yearly_check_of_the_plan_is_due_until_one_is_held(self) -> None:
        assert self.on_the_calendar("safeguards.plan-check", days=800) == []
        make_approved_plan(effective_on=NOON.date())
        assert self.on_the_calendar("safeguards.plan-check", days=800) == [date(2027, 11, 24)]
        for kind, due in (("vulnerability", date(2027, 11, 24)), ("implementation", date(2027, 12, 1))):
            planned = safeguards.plan_inspection(
                kind=kind, scope="16개 항목", method="서면", inspector=make_aram().ref, planned_on=DUE,
                actor=make_odile(), at=NOON,
            )  # fmt: skip
            safeguards.hold_inspection(planned, held_on=DUE, outcome="이상 없음", actor=make_aram(), at=NOON + 7 * DAY)
            assert self.on_the_calendar("safeguards.plan-check", days=800) == [due], kind

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
        # Somebody's name beside it makes nobody the second person of their own record.
        alone = held_alone()
        with pytest.raises(safeguards.SamePerson):
            safeguards.report_inspection(alone, actor=make_odile(), at=NOON)
        for by in (alone.held_by, alone.inspector):
            with pytest.raises(IntegrityError), transaction.atomic():
                Inspection.objects.filter(pk=alone.pk).update(state="reported", reported_to=by, reported_at=NOON)

    @pytest.mark.law("S-30")
    def test_whose_work_it_is_stays_what_it_was(self) -> None:
        """Neither in the statement that acknowledges it nor in one before it."""
        alone = held_alone()
        by_odile = {"state": "reported", "reported_to": make_odile().ref, "reported_at": NOON}
        for change in (
            {"held_by": ""},
            {"held_by": make_omar().ref},
            {"inspector": make_omar().ref},
            {"state": "planned", "held_on": None, "outcome": ""},
            {"held_by": "", **by_odile},
            {"held_by": make_omar().ref, **by_odile},
        ):
            with (
                self.subTest(change),
                pytest.raises(IntegrityError, match="stay what they were"),
                transaction.atomic(),
            ):
                Inspection.objects.filter(pk=alone.pk).update(**change)
        assert Inspection.objects.filter(pk=alone.pk).update(outcome="다시 적음") == 1, "the control: another column"
        done = safeguards.correct_finding(make_finding(), done="교체함", actor=make_odile(), at=NOON)
        confirmed = {"state": "confirmed", "confirmed_by": make_odile().ref, "confirmed_at": NOON}
        for more in ({}, confirmed):
            said = "as the second person" if more else "stays what it was"
            with pytest.raises(IntegrityError, match=said), transaction.atomic():
                InspectionFinding.objects.filter(pk=done.pk).update(done_by=make_aram().ref, **more)

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

    @pytest.mark.law("S-30")
    def test_who_corrected_it_before_it_was_given_back_confirms_it_as_little(self) -> None:
        """Nor by SQL in two statements: given back, and corrected in another name."""
        odile, hana = make_odile(), make_hana()
        done = safeguards.correct_finding(make_finding(), done="교체함", actor=odile, at=NOON)
        safeguards.reopen_finding(done, due_on=DUE, actor=make_aram(), at=NOON)
        rows = InspectionFinding.objects.filter(pk=done.pk)
        again = {"state": "corrected", "done": "x", "done_by": hana.ref, "done_at": NOON}
        for change in (again | {"corrected_by": [hana.ref]}, {"corrected_by": []}):
            with pytest.raises(IntegrityError, match="stays known"), transaction.atomic():
                rows.update(**change)
        corrected = safeguards.correct_finding(done, done="다시 교체함", actor=hana, at=NOON)
        with pytest.raises(safeguards.SamePerson):
            safeguards.confirm_finding(corrected, actor=odile, at=NOON)
        with pytest.raises(IntegrityError, match="as the second person"), transaction.atomic():
            rows.update(state="confirmed", confirmed_by=odile.ref, confirmed_at=NOON)
        assert safeguards.confirm_finding(corrected, actor=make_omar(), at=NOON).state == "confirmed"

    def test_whoever_corrects_it_is_added_where_the_release_before_does_not_say_so(self) -> None:
        """It works on the new tables until its host has its turn, and knows only who corrected it last."""
        odile, hana, finding = make_odile(), make_hana(), make_finding()
        rows = InspectionFinding.objects.filter(pk=finding.pk)
        for one in (odile, hana):
            rows.update(state="corrected", done="x", done_by=one.ref, done_at=NOON)
            assert safeguards.reopen_finding(finding, due_on=DUE, actor=make_aram(), at=NOON).done_by == one.ref
        assert rows.get().corrected_by == sorted([odile.ref, hana.ref])

    @pytest.mark.law("S-30")
    def test_nobody_is_named_who_did_not_correct_it(self) -> None:
        """Not by SQL either: whoever was named could not confirm, and no page says why."""
        odile, hana, finding = make_odile(), make_hana(), make_finding()
        corrected = ", state = 'corrected', done = 'x', done_by = %(by)s, done_at = now()"
        added = ([hana.ref, odile.ref], [odile.ref, odile.ref], [odile.ref, 7], [odile.ref, None], odile.ref, None)
        for one in ([hana.ref], [7], [None], *added):
            for more in ("", corrected):
                with self.subTest(one, more=more):
                    self.refuses(f"UPDATE safeguards_inspectionfinding SET corrected_by = %(people)s{more}", one)
        safeguards.correct_finding(finding, done="x", actor=odile, at=NOON)
        for one in added:
            with self.subTest(one):
                self.refuses("UPDATE safeguards_inspectionfinding SET corrected_by = %(people)s", one)
        row = InspectionFinding.objects.values().get()
        for by, one in (("", [hana.ref]), (odile.ref, [hana.ref, odile.ref])):
            with self.subTest(one), pytest.raises(IntegrityError, match="stays known"), transaction.atomic():
                said = {"id": new_id(), "reference": "F-0", "done_by": by, "corrected_by": one}
                InspectionFinding.objects.create(**row | said)
        assert InspectionFinding.objects.get().corrected_by == [odile.ref]

    def refuses(self, statement: str, people: object) -> None:
        """See that the database keeps no such list of who corrected a finding."""
        said = {"people": json.dumps(people), "by": make_odile().ref}
        with (
            pytest.raises(IntegrityError, match="stays known"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, said)

    @pytest.mark.law("S-30")
    def test_who_corrects_what_another_corrected_before_reads_that_a_third_person_confirms(self) -> None:
        done = safeguards.correct_finding(make_finding(), done="교체함", actor=make_odile(), at=NOON)
        safeguards.reopen_finding(done, due_on=DUE, actor=make_omar(), at=NOON)
        pressed = {"CHANGE_FORM-action": "correct", "_selected_action": str(done.pk), "index": "0"}
        for account, third in ((make_omar(), True), (make_odile(), False)):
            self.client.force_login(account)
            read = self.client.post(self.page(done), pressed).content.decode()
            assert (f"본인과 Odile ({make_odile().ref}) 외의" in read) is third
            assert ("다른 사람이 살펴보고 확인합니다." in read) is not third

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

    def on_the_calendar(self, name: str = "safeguards.inspection", *, days: int = 90) -> list[date]:
        found = deadlines.deadlines_between(
            DUE - days * DAY, DUE + days * DAY, on=DUE, may=lambda _p: True, names={name}
        )  # fmt: skip
        return [line.dated.on for line in found]

    def page(self, record: Inspection | InspectionFinding) -> str:
        return reverse(f"admin:safeguards_{record._meta.model_name}_change", args=[record.pk])

    def press(self, record: Inspection | InspectionFinding, action: str, **answers: str) -> None:
        pressed = {"CHANGE_FORM-action": action, "_selected_action": str(record.pk), "index": "0", "confirmed": "yes"}
        answer = self.client.post(self.page(record), pressed | answers)
        assert answer.status_code == 302, answer.content.decode()[:2000]


def held_alone() -> Inspection:
    """Return an inspection that Aram is to hold, planned and recorded as held by Odile."""
    planned = safeguards.plan_inspection(
        kind="occasion", scope="x", method="y", inspector=make_aram().ref, planned_on=NOON.date(), actor=make_odile(),
        at=NOON,
    )  # fmt: skip
    return safeguards.hold_inspection(planned, held_on=NOON.date(), outcome="z", actor=make_odile(), at=NOON)


def make_finding_of(inspection: Inspection) -> InspectionFinding:
    return safeguards.record_finding(
        inspection, criterion="c", weight="minor", seen="s", correction="c", responsible=make_hana().ref, due_on=DUE,
        actor=make_aram(), at=NOON,
    )  # fmt: skip


@pytest.mark.law("S-30")
def test_one_held_before_the_upgrade_names_who_recorded_it(portal_database: PortalDatabase) -> None:
    alone, odile = held_alone(), make_odile()
    upgrade = import_module("privacy.safeguards.migrations.0022_inspections_keep_their_people")
    with portal_database.connect() as inside:
        inside.execute("ALTER TABLE safeguards_inspection DISABLE TRIGGER ALL")
        inside.execute("UPDATE safeguards_inspection SET held_by = ''")
        inside.execute("ALTER TABLE safeguards_inspection ENABLE TRIGGER ALL")
        with pytest.raises(safeguards.WrongState, match=r"no record of who|확인할 수 없습니다"):
            safeguards.report_inspection(alone, actor=make_omar(), at=NOON)
        inside.execute("ALTER TABLE safeguards_inspection DISABLE TRIGGER safeguards_inspection_keeps_its_people")
        assert inside.execute(upgrade.RECORDERS).rowcount == 1
        inside.execute("ALTER TABLE safeguards_inspection ENABLE TRIGGER safeguards_inspection_keeps_its_people")
    with pytest.raises(safeguards.SamePerson):
        safeguards.report_inspection(alone, actor=odile, at=NOON)
    assert safeguards.report_inspection(alone, actor=make_omar(), at=NOON).held_by == odile.ref


def test_of_findings_before_the_upgrade_the_trail_says_who_corrected_them(portal_database: PortalDatabase) -> None:
    odile, hana = make_odile(), make_hana()
    done = safeguards.correct_finding(make_finding(), done="x", actor=odile, at=NOON)
    safeguards.reopen_finding(done, due_on=DUE, actor=make_aram(), at=NOON)
    safeguards.correct_finding(done, done="y", actor=hana, at=NOON)
    upgrade = import_module("privacy.safeguards.migrations.0024_findings_keep_who_corrected_them")
    with portal_database.connect() as inside:
        inside.execute("ALTER TABLE safeguards_inspectionfinding DISABLE TRIGGER safeguards_finding_keeps_its_people")
        inside.execute("UPDATE safeguards_inspectionfinding SET corrected_by = '[]'")
        assert inside.execute(upgrade.CORRECTED).rowcount == 1
        inside.execute("ALTER TABLE safeguards_inspectionfinding ENABLE TRIGGER safeguards_finding_keeps_its_people")
    assert InspectionFinding.objects.get().corrected_by == sorted([odile.ref, hana.ref])
