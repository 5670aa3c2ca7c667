"""What becomes known later, or is recorded later, makes nothing untrue that was told before, and hides nothing."""

import hashlib
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from privacy.campaigns import actions as campaigns
from privacy.campaigns.models import Campaign, Delivery
from privacy.incidents import actions as incidents
from privacy.incidents import annual_report, deadlines, duties, notifications
from privacy.incidents.models import Incident, Report, Stage
from privacy.incidents.refusals import WrongState
from privacy.ledger import actions as ledger
from privacy.ledger.events import Event as LedgerEvent
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.lib.registries import registers
from tests import factory
from tests.factories.accounts import NOON
from tests.privacy.incidents.test_duties import DAY, HOUR, DutyCase


class LaterCase(DutyCase):
    def setUp(self) -> None:
        super().setUp()
        self.client.force_login(self.odile)

    def describe(self, incident: Incident, at: timedelta, **known: object) -> None:
        incidents.describe_incident(incident, actor=self.odile, at=NOON + at, **known)

    def report(
        self, incident: Incident, duty: str, reported_at: timedelta, recorded_at: timedelta, **more: bool
    ) -> Report:
        return incidents.record_report(
            incident, authority="kisa", duty=duty, reported_at=NOON + reported_at, actor=self.odile,
            at=NOON + recorded_at, **more,
        )  # fmt: skip

    def press(self, incident: Incident, button: str, **given: str) -> tuple[object, str]:
        address = reverse("admin:incidents_incident_change", args=[incident.pk])
        pressed = {"CHANGE_FORM-action": button, "_selected_action": str(incident.pk), "index": "0", **given}
        answer = self.client.post(address, pressed)
        said = " ".join(str(message) for message in get_messages(answer.wsgi_request))
        return answer, said


class ReportedFormTests(LaterCase):
    @pytest.mark.law("F-9")
    @pytest.mark.truth("form-that-was-sent")
    def test_the_digest_of_a_report_is_that_of_the_file_that_was_downloaded_and_sent(self) -> None:
        incident = factory.make_known_incident(self.mina, outside_access=True, at=clock.now() - 2 * HOUR)
        form, _said = self.press(incident, "form_of_report")
        sent = hashlib.sha256(form.content).hexdigest()  # type: ignore[attr-defined]
        reported_at = clock.now()
        incidents.describe_incident(incident, response_ko="계정을 잠갔습니다.", actor=self.odile, at=clock.now())
        made = incidents.record_report(
            incident, authority="pipc", duty="breach", reported_at=reported_at, actor=self.odile, at=clock.now()
        )
        assert made.digest == sent

    @pytest.mark.truth("form-that-was-sent")
    def test_a_report_of_which_no_form_was_downloaded_has_no_digest(self) -> None:
        incident = factory.make_known_incident(self.mina, outside_access=True)
        assert self.report(incident, "breach", HOUR, 2 * HOUR).digest == ""

    @pytest.mark.truth("incomplete-when-it-was-made")
    def test_a_report_that_was_incomplete_when_it_was_made_is_supplemented_whenever_it_is_recorded(self) -> None:
        incident = factory.make_known_incident(self.mina, outside_access=True)
        self.describe(incident, timedelta(), items=[])
        incidents.issue_report_form(incident, duty=Report.Duty.BREACH, actor=self.odile, at=NOON + HOUR / 2)
        self.describe(incident, 5 * HOUR, items=["model"])
        self.report(incident, "breach", HOUR, 6 * HOUR)
        assert "must be supplemented" in self.left(incident)
        self.report(incident, "breach", 7 * HOUR, 7 * HOUR)
        assert "must be supplemented" not in self.left(incident)

    @pytest.mark.truth("incomplete-when-it-was-made")
    def test_a_supplement_recorded_before_the_first_report_supplements_it(self) -> None:
        incident = factory.make_known_incident(self.mina, outside_access=True)
        self.report(incident, "breach", 6 * HOUR, 6 * HOUR)
        self.report(incident, "breach", HOUR, 7 * HOUR, partial=True)
        assert "must be supplemented" not in self.left(incident)

    @pytest.mark.truth("facts-before-the-recording")
    def test_facts_known_after_an_intrusion_was_reported_start_a_term_though_it_was_not_recorded_yet(self) -> None:
        incident = factory.make_known_incident(self.mina, intrusion=True)
        self.describe(incident, 3 * HOUR, course_ko="서버 두 대가 더 침해되었습니다.")
        self.report(incident, "intrusion", HOUR, 4 * HOUR)
        term = self.clock(incident, "intrusion-supplement")
        assert term is not None and term.due_at == NOON + 27 * HOUR
        assert "New facts have emerged" in self.left(incident)
        self.describe(incident, 6 * HOUR, estimate=50)
        self.report(incident, "intrusion", 5 * HOUR, 7 * HOUR)
        term = self.clock(incident, "intrusion-supplement")
        assert term is not None and term.due_at == NOON + 30 * HOUR
        self.report(incident, "intrusion", 8 * HOUR, 8 * HOUR)
        assert self.clock(incident, "intrusion-supplement") is None


class SupplementDays(LaterCase):
    @pytest.mark.law("B-04")
    @pytest.mark.truth("supplement-has-a-day")
    def test_an_incomplete_first_notice_is_on_the_calendar_until_it_is_supplemented(self) -> None:
        incident = factory.make_known_incident(self.mina)
        self.describe(incident, timedelta(), items=[])
        assert self.clock(incident, "notice-supplement") is None
        self.tell(incident, NOON + HOUR)
        term = self.clock(incident, "notice-supplement")
        assert term is not None and (term.due_at, term.done_at) == (NOON + 25 * HOUR, None)
        lines = deadlines.running_deadlines(clock.kst_date(term.due_at), clock.kst_date(term.due_at))
        assert f"{incident.pk}:notice-supplement" in {line.key for line in lines}
        self.describe(incident, 10 * HOUR, title="Another title")
        assert self.clock(incident, "notice-supplement") == term, "what the notice lacks is as unknown as before"
        self.describe(incident, 20 * HOUR, items=["model"])
        term = self.clock(incident, "notice-supplement")
        assert term is not None and term.due_at == NOON + 44 * HOUR
        self.tell(incident, NOON + 21 * HOUR)
        assert self.clock(incident, "notice-supplement") is None

    @pytest.mark.law("B-09")
    @pytest.mark.truth("supplement-has-a-day")
    def test_an_incomplete_report_is_on_the_calendar_until_it_is_supplemented(self) -> None:
        incident = factory.make_known_incident(self.mina, outside_access=True)
        self.report(incident, "breach", HOUR, HOUR, partial=True)
        term = self.clock(incident, "report-supplement")
        assert term is not None and (term.due_at, term.done_at) == (NOON + 25 * HOUR, None)
        assert "report-supplement" not in {one.duty for one, _hours in duties.deadlines_with_hours(incident)}
        self.report(incident, "breach", 3 * HOUR, 3 * HOUR)
        assert self.clock(incident, "report-supplement") is None


class EstimateTests(LaterCase):
    def told_in_time(self) -> Incident:
        incident = factory.make_known_incident(self.mina)
        self.tell(incident, NOON + HOUR)
        assert self.left(incident) == ""
        return incident

    @pytest.mark.truth("estimate-raised")
    def test_an_estimate_raised_later_leaves_a_notice_done_in_time(self) -> None:
        incident = self.told_in_time()
        self.describe(incident, 10 * DAY, estimate=500)
        term, later = self.clock(incident, "notice"), self.clock(incident, "late-notice")
        assert term is not None and term.done_at is not None and not term.is_late(NOON + 11 * DAY)
        assert later is not None and later.done_at is None
        assert later.due_at == NOON + 10 * DAY + 72 * HOUR
        self.post(incident, NOON + 11 * DAY)
        term, later = self.clock(incident, "notice"), self.clock(incident, "late-notice")
        assert term is not None and not term.is_late(NOON + 12 * DAY)
        assert later is not None and later.done_at == NOON + 11 * DAY

    @pytest.mark.truth("estimate-raised")
    def test_whom_the_estimate_knew_in_time_and_nobody_told_was_told_late(self) -> None:
        incident = factory.make_known_incident(self.mina)
        self.describe(incident, timedelta(), estimate=500)
        self.tell(incident, NOON + HOUR)
        self.describe(incident, 10 * DAY, estimate=600)
        term = self.clock(incident, "notice")
        assert term is not None and term.done_at is None
        self.post(incident, NOON + 11 * DAY)
        term = self.clock(incident, "notice")
        assert term is not None and term.is_late(NOON + 12 * DAY)

    @pytest.mark.truth("told-to-all")
    def test_the_report_to_the_representative_counts_nobody_as_told_who_was_found_later_and_is_not(self) -> None:
        incident = self.told_in_time()
        year = clock.kst_date(NOON)
        figure = lambda code: next(  # noqa: E731
            one.value
            for one in annual_report.incidents_of_the_year(year.replace(month=1, day=1), year).figures
            if one.code == code
        )
        assert figure("incidents.told") == 1
        self.add(incident, self.person("lina@example.org"), at=NOON + 10 * DAY)
        assert figure("incidents.told") == 0
        assert figure("incidents.reported") == 0
        self.describe(incident, 10 * DAY, intrusion=True)
        self.report(incident, "intrusion", 10 * DAY, 10 * DAY)
        assert figure("incidents.reported") == 1

    @pytest.mark.truth("estimate-in-the-register")
    def test_the_register_tells_an_estimate_from_a_count(self) -> None:
        incident = self.told_in_time()
        self.describe(incident, timedelta(hours=2), estimate=1200)
        incident.refresh_from_db()
        said = dict(registers.get("incidents").columns)["규모"](incident)  # type: ignore[operator]
        assert "1200" in str(said) and "estimate" in str(said)

    @pytest.mark.truth("reason-that-stands")
    def test_a_reason_not_to_report_is_not_told_of_an_incident_that_was_reported(self) -> None:
        incident = factory.make_known_incident(self.mina)
        incidents.need_not_report(incident, reason="encrypted laptop", actor=self.odile, at=NOON)
        incident.refresh_from_db()
        assert duties.reason_not_reported(incident) == "encrypted laptop"
        self.describe(incident, HOUR, outside_access=True)
        incident.refresh_from_db()
        assert duties.reason_not_reported(incident) == ""


class ReturnedTests(LaterCase):
    def closed(self) -> Incident:
        incident = factory.make_known_incident(self.mina)
        self.tell(incident)
        incidents.propose_closing(incident, conclusion="wiped", actor=self.odile, at=NOON)
        return incidents.close_incident(incident, actor=self.omar, at=NOON)

    @pytest.mark.truth("came-back-after-closing")
    def test_a_notice_that_comes_back_after_the_closing_is_work_again(self) -> None:
        incident = self.closed()
        with pytest.raises(WrongState):
            incidents.reopen_incident(incident, actor=self.omar, at=NOON)
        campaigns.mark_bounced(Delivery.objects.get(), why="5.1.1", actor=self.odile, at=NOON + DAY)
        first, last = clock.kst_date(NOON), clock.kst_date(NOON + 5 * DAY)
        assert incident.reference in str(list(deadlines.running_deadlines(first, last)))
        page = self.client.get(reverse("admin:incidents_incident_change", args=[incident.pk]))
        assert "no working address on record" in page.content.decode()
        incidents.reopen_incident(incident, actor=self.omar, at=NOON + DAY)
        self.post(incident, NOON + DAY)
        incident.refresh_from_db()
        assert incident.is_open
        assert self.left(incident) == ""
        self.assertLedgered("incidents.incident.reopened", incident)

    @pytest.mark.truth("came-back-after-closing")
    def test_a_closed_incident_of_which_everybody_was_told_is_no_work(self) -> None:
        incident = self.closed()
        first, last = clock.kst_date(NOON), clock.kst_date(NOON + 5 * DAY)
        assert Campaign.objects.get().state == "completed"
        assert incident.reference not in str(list(deadlines.running_deadlines(first, last)))


class ReadTests(LaterCase):
    @pytest.mark.truth("notice-read")
    def test_what_goes_out_is_what_was_read(self) -> None:
        incident = factory.make_known_incident(self.mina, at=clock.now() - HOUR)
        for button in ("notify", "website"):
            page, _said = self.press(incident, button)
            read = page.context["form"].initial["read"]  # type: ignore[attr-defined]
            incidents.describe_incident(incident, advice_en=f"Changed {button}", actor=self.omar, at=clock.now())
            self.press(incident, button, confirmed="yes", read=read)
            assert not incident.notifications.exists()
            page, _said = self.press(incident, button)
            read = page.context["form"].initial["read"]  # type: ignore[attr-defined]
            self.press(incident, button, confirmed="yes", read=read)
            assert incident.notifications.count() == 1
            incident.notifications.all().delete()

    @pytest.mark.truth("closing-read")
    def test_a_measure_or_a_person_added_since_is_not_what_was_read(self) -> None:
        incident = factory.make_known_incident(self.mina)
        self.tell(incident)
        incident = incidents.propose_closing(incident, conclusion="wiped", actor=self.odile, at=NOON)
        read = incidents.digest_of_proposal(incident)
        incidents.take_measure(incident, what="keys replaced", taken_at=NOON, actor=self.odile, at=NOON)
        with pytest.raises(Refusal, match="has changed"):
            incidents.close_incident(incident, read=read, actor=self.omar, at=NOON)


class UnreachedTests(LaterCase):
    @pytest.mark.truth("referred-to-what-never-came")
    def test_whom_the_first_notice_did_not_reach_gets_the_whole_and_no_supplement(self) -> None:
        incident = factory.make_known_incident(self.mina, self.person())
        self.describe(incident, timedelta(), items=[])
        self.tell(incident)
        states = dict(Delivery.objects.values_list("subject_id", "state"))
        assert sorted(states.values()) == ["sent", "without-address"]
        self.describe(incident, HOUR, items=["model"])
        incident.refresh_from_db()
        pending = notifications.pending_individual_notices(incident)
        assert pending[Stage.SUPPLEMENT] == [self.mina.id]
        assert len(pending[Stage.FULL]) == 1

    @pytest.mark.truth("referred-to-what-never-came")
    def test_what_was_told_to_nobody_by_a_notice_that_never_arrived_is_not_taken_back(self) -> None:
        incident = factory.make_known_incident(self.mina, self.person(), certainty="possible")
        self.tell(incident)
        incidents.rule_out(incident, why="empty", actor=self.odile, at=NOON + HOUR)
        incident.refresh_from_db()
        assert notifications.pending_individual_notices(incident) == {Stage.NONE: [self.mina.id]}
        self.tell(incident, NOON + 2 * HOUR)
        assert "there was none" not in self.left(incident)

    @pytest.mark.truth("reported-to-the-wrong-authority")
    def test_a_breach_is_not_reported_to_the_ministry(self) -> None:
        incident = factory.make_known_incident(self.mina, outside_access=True)
        with pytest.raises(WrongState):
            incidents.record_report(
                incident, authority=Report.Authority.MSIT, duty=Report.Duty.BREACH, reported_at=NOON,
                actor=self.odile, at=NOON,
            )  # fmt: skip
        incident.refresh_from_db()
        assert duties.report_duty(incident).is_owed


class LeftOutTests(LaterCase):
    @pytest.mark.truth("openings-without-names")
    def test_openings_that_name_only_a_number_are_told(self) -> None:
        ledger.record_read(actor=self.hana, at=NOON, count=201, task="devices.device.listed", purpose="registration")
        incident = factory.make_incident()
        start, end = clock.now() - DAY, clock.now() + DAY
        given = {"account": self.hana.ref, "start": start.isoformat(), "end": end.isoformat()}
        with pytest.raises(Refusal, match="only how many"):
            incidents.add_from_reads(
                incident, account=self.hana.ref, start=start, end=end, actor=self.odile, at=clock.now()
            )
        ledger.record_before(
            LedgerEvent.READ, actor=self.hana, at=NOON, subjects=[self.mina.id], task="devices.device.listed"
        )
        _page, said = self.press(incident, "add_affected", confirmed="yes", **given)
        assert incident.affected.count() == 1, said
        assert "only how many" in said

    @pytest.mark.truth("form-with-other-content")
    def test_a_form_sent_again_with_another_incident_in_it_records_that_one_too(self) -> None:
        first = factory.make_incident(submission="one form")
        again = factory.make_incident(submission="one form")
        other = factory.make_incident(submission="one form", title="Another laptop")
        assert first.pk == again.pk != other.pk

    @pytest.mark.truth("complaint-of-two-incidents")
    def test_a_complaint_is_not_taken_away_from_its_incident(self) -> None:
        complaint = incidents.file_complaint(explanation="my data is in a forum", at=NOON).complaint
        first, second = factory.make_incident(complaint=complaint), factory.make_incident()
        incidents.link_complaint(complaint, incident=first, actor=self.odile, at=NOON)
        with pytest.raises(WrongState):
            incidents.link_complaint(complaint, incident=second, actor=self.odile, at=NOON)
        complaint.refresh_from_db()
        assert complaint.incident == first

    def setUp(self) -> None:
        super().setUp()
        self.hana = factory.make_hana()
