"""What is owed for an incident is derived once: from what was confirmed, told to each person, and reported."""

from datetime import date, datetime, timedelta
from hashlib import sha256

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from privacy.incidents import actions as incidents
from privacy.incidents import deadlines, documents, duties
from privacy.incidents.models import AffectedPerson, Incident, Report
from privacy.incidents.refusals import Contradiction, Incomplete, NobodyFound, WrongState
from privacy.jobs.dispatcher import dispatch_due
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies.models import Notice
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class DutyCase(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(override("en"))
        self.odile, self.omar = factory.make_odile(), factory.make_omar()
        self.mina = self.person("mina@example.org")

    def person(self, address: str = "") -> Subject:
        made = factory.make_mina()
        if address:
            factory.make_contact(made, value=address)
        return made

    def add(self, incident: Incident, *people: Subject, at: datetime = NOON) -> None:
        lines = [one.reference for one in people]
        incidents.add_named(incident, lines=lines, source=AffectedPerson.Source.LIST, actor=self.odile, at=at)

    def tell(self, incident: Incident, at: datetime = NOON) -> list[str]:
        """Send the individual notice and let the worker deliver it; return the mails."""
        incidents.notify_subjects(incident, actor=self.odile, at=at)
        with mailbox() as box:
            dispatch_due(at=at)
        return [message.get_content() for message in box.arrived]

    def post(self, incident: Incident, at: datetime = NOON) -> Notice:
        return incidents.post_on_website(incident, actor=self.odile, at=at)

    def clock(self, incident: Incident, duty: str) -> duties.StatutoryDeadline | None:
        incident.refresh_from_db()
        return next((one for one in duties.deadlines_of(incident) if one.duty == duty), None)

    def left(self, incident: Incident) -> str:
        incident.refresh_from_db()
        return " ".join(duties.closing_blockers(incident))


@pytest.mark.truth("15")
class ConfirmationTests(DutyCase):
    def doubtful(self, **changes: object) -> Incident:
        return factory.make_known_incident(self.mina, certainty="possible", **changes)

    def test_a_confirmed_breach_is_not_closed_on_the_notice_of_its_possibility(self) -> None:
        incident = self.doubtful()
        self.tell(incident)
        incidents.confirm_breach(incident, actor=self.odile, at=NOON + 10 * DAY)
        assert "not been told yet" in self.left(incident)
        with pytest.raises(Incomplete):
            incidents.propose_closing(incident, conclusion="done", actor=self.odile, at=NOON + 10 * DAY)
        (mail,) = self.tell(incident, NOON + 11 * DAY)
        assert "was affected by a breach" in mail or "유출" in mail
        assert self.left(incident) == ""

    @pytest.mark.law("B-07")
    def test_confirmation_starts_the_terms_of_a_breach(self) -> None:
        incident = self.doubtful(outside_access=True)
        assert self.clock(incident, "notice") is None
        assert self.clock(incident, "report") is None
        certain = NOON + 10 * DAY
        incidents.confirm_breach(incident, confirmed_at=certain - HOUR, actor=self.odile, at=certain)
        for duty in ("notice", "report"):
            found = self.clock(incident, duty)
            assert found is not None
            assert found.due_at == certain - HOUR + 72 * HOUR
        assert incident.possible_due_at == NOON + 72 * HOUR

    @pytest.mark.law("B-07")
    def test_a_possible_breach_has_a_term_from_the_day_of_its_law_on(self) -> None:
        """Act 21445, addenda art. 2(2): for what became known before, only a breach has a term."""
        day = clock.midnight(date(2026, 9, 11))
        for aware_at, has_term in ((day - timedelta(minutes=1), False), (day, True)):
            incident = self.doubtful(aware_at=aware_at)
            assert (self.clock(incident, "possible-notice") is not None) is has_term
            incidents.confirm_breach(incident, confirmed_at=NOON, actor=self.odile, at=NOON)
            assert self.clock(incident, "notice") is not None

    def test_the_numbers_are_those_of_the_day_of_confirmation(self) -> None:
        incident = self.doubtful()
        policies.set_parameter(
            code="breach.notify.hours", value=48, effective_on=clock.kst_date(NOON + 10 * DAY), basis="new law",
            actor=self.odile, at=NOON,
        )  # fmt: skip
        incidents.confirm_breach(incident, actor=self.odile, at=NOON + 10 * DAY)
        incident.refresh_from_db()
        assert incident.notify_due_at == NOON + 10 * DAY + 48 * HOUR

    def test_confirmation_lies_between_suspicion_and_now(self) -> None:
        incident = self.doubtful()
        for moment in (NOON - HOUR, NOON + 2 * HOUR):
            with pytest.raises(Contradiction):
                incidents.confirm_breach(incident, confirmed_at=moment, actor=self.odile, at=NOON + HOUR)

    @pytest.mark.law("B-07")
    def test_confirmed_in_time_the_ordinary_notice_takes_the_place_of_the_possible_one(self) -> None:
        incident = self.doubtful()
        assert self.clock(incident, "possible-notice") is not None
        incidents.confirm_breach(incident, actor=self.odile, at=NOON + HOUR)
        assert self.clock(incident, "possible-notice") is None
        assert self.clock(incident, "notice") is not None

    def test_a_possible_breach_that_nobody_was_told_of_in_time_stays_late(self) -> None:
        incident = self.doubtful()
        incidents.confirm_breach(incident, actor=self.odile, at=NOON + 10 * DAY)
        self.tell(incident, NOON + 10 * DAY)
        possible, notice = self.clock(incident, "possible-notice"), self.clock(incident, "notice")
        assert possible is not None and possible.is_late(NOON + 11 * DAY)
        assert notice is not None and not notice.is_late(NOON + 11 * DAY)

    @pytest.mark.law("B-07")
    def test_a_breach_ruled_out_is_told_to_those_who_were_warned_and_to_nobody_else(self) -> None:
        incident = self.doubtful()
        self.tell(incident)
        self.add(incident, self.person("late@example.org"))
        incidents.rule_out(incident, why="empty", actor=self.odile, at=NOON + HOUR)
        assert "there was none" in self.left(incident)
        term = self.clock(incident, "retraction")
        assert term is not None and (term.due_at, term.done_at) == (NOON + 25 * HOUR, None), "at once: on the calendar"
        with CaptureQueriesContext(connection) as asked:
            self.clock(incident, "retraction")
        assert self.mina.pk.hex not in str(asked.captured_queries), "those who were warned may be all of the register"
        assert len(self.tell(incident, NOON + HOUR)) == 1
        assert self.left(incident) == ""
        assert self.clock(incident, "retraction") is None

    @pytest.mark.law("B-07")
    def test_a_warning_on_the_website_is_taken_back_there(self) -> None:
        incident = factory.make_known_incident(certainty="possible")
        self.post(incident)
        incidents.rule_out(incident, why="empty", actor=self.odile, at=NOON + HOUR)
        assert "there was none" in self.left(incident)
        with pytest.raises(NobodyFound):
            incidents.notify_subjects(incident, actor=self.odile, at=NOON + HOUR)
        self.post(incident, NOON + HOUR)
        assert self.left(incident) == ""

    def test_the_website_notice_of_a_possibility_is_no_notice_of_the_breach(self) -> None:
        incident = factory.make_known_incident(certainty="possible")
        self.post(incident)
        incidents.confirm_breach(incident, actor=self.odile, at=NOON + HOUR)
        assert "notified neither" in self.left(incident)
        self.post(incident, NOON + HOUR)
        assert self.left(incident) == ""

    def test_the_button_asks_when_it_became_certain(self) -> None:
        now = clock.now()
        incident = self.doubtful(aware_at=now - 5 * HOUR, at=now - 4 * HOUR)
        self.client.force_login(self.odile)
        moment = (now - 2 * HOUR).astimezone(clock.KST).strftime("%Y-%m-%dT%H:%M")
        self.client.post(
            reverse("admin:incidents_incident_change", args=[incident.pk]),
            {"CHANGE_FORM-action": "confirm", "_selected_action": str(incident.pk), "index": "0", "confirmed": "yes",
             "confirmed_at": moment},
        )  # fmt: skip
        incident.refresh_from_db()
        assert incident.confirmed_at is not None
        assert incident.confirmed_at.astimezone(clock.KST).strftime("%Y-%m-%dT%H:%M") == moment


@pytest.mark.truth("15")
class SupplementTests(DutyCase):
    def reported(self, duty: Report.Duty = Report.Duty.INTRUSION, **changes: object) -> Incident:
        incident = factory.make_known_incident(self.mina, intrusion=True, **changes)
        self.report(incident, NOON + HOUR, duty)
        return incident

    def report(self, incident: Incident, at: datetime, duty: Report.Duty = Report.Duty.INTRUSION) -> Report:
        return incidents.record_report(
            incident, authority=Report.Authority.KISA, duty=duty, reported_at=at, actor=self.odile, at=at
        )

    @pytest.mark.law("B-10")
    def test_new_facts_of_an_intrusion_have_their_own_twenty_four_hours(self) -> None:
        incident = self.reported()
        assert self.clock(incident, "intrusion-supplement") is None
        found_at = NOON + 5 * DAY
        incidents.describe_incident(incident, course_en="A stolen password.", actor=self.odile, at=found_at)
        term = self.clock(incident, "intrusion-supplement")
        assert term is not None
        assert (term.due_at, term.done_at) == (found_at + 24 * HOUR, None)
        assert "New facts have emerged" in self.left(incident)
        lines = deadlines.running_deadlines(clock.kst_date(term.due_at), clock.kst_date(term.due_at))
        assert [line.at for line in lines] == [term.due_at]
        made = self.report(incident, found_at + 30 * HOUR)
        assert made.due_at == term.due_at
        late = self.clock(incident, f"intrusion-{made.sequence}")
        assert late is not None and late.is_late(found_at + 40 * HOUR)
        assert "New facts have emerged" not in self.left(incident)

    def test_people_found_later_are_new_facts_and_an_earlier_report_does_not_tell_them(self) -> None:
        incident = self.reported()
        self.add(incident, self.person(), at=NOON + 3 * HOUR)
        incidents.record_report(
            incident, authority="msit", duty="intrusion", reported_at=NOON + 2 * HOUR, actor=self.odile,
            at=NOON + 4 * HOUR,
        )  # fmt: skip
        assert self.clock(incident, "intrusion-supplement") is not None

    def test_what_the_form_of_the_minute_says_is_told_by_it(self) -> None:
        second = timedelta(seconds=1)
        incident = factory.make_known_incident(self.mina, intrusion=True)

        def learn_and_hand_out(course: str, at: datetime) -> bytes:
            incidents.describe_incident(incident, course_en=course, actor=self.odile, at=at + 5 * second)
            form, _number = incidents.issue_report_form(
                incident, duty=Report.Duty.INTRUSION, actor=self.odile, at=at + 10 * second
            )
            return form

        def report(authority: str, at: datetime) -> Report:
            return incidents.record_report(
                incident, authority=authority, duty="intrusion", reported_at=at, actor=self.odile, at=at + 50 * second
            )  # fmt: skip

        form = learn_and_hand_out("A stolen password.", NOON + HOUR)
        assert report("msit", NOON + HOUR).digest == sha256(form).hexdigest()
        assert self.clock(incident, "intrusion-supplement") is None
        # Nor does the supplement of a later minute leave open what it says.
        learn_and_hand_out("Two stolen passwords.", NOON + DAY)
        assert report("kisa", NOON + DAY).due_at == NOON + DAY + 5 * second + 24 * HOUR
        assert self.clock(incident, "intrusion-supplement") is None

    def test_what_became_known_after_the_form_was_made_is_not_told_by_it(self) -> None:
        """Neither by the report that it is, nor by it to another authority; a report without a form tells."""
        for first in (True, False):
            with self.subTest("reported before" if first else "the first report"):
                incident = self.reported() if first else factory.make_known_incident(self.mina, intrusion=True)
                incidents.issue_report_form(incident, duty=Report.Duty.INTRUSION, actor=self.odile, at=NOON + 3 * HOUR)
                learned_at = NOON + 4 * HOUR
                incidents.describe_incident(incident, course_en="A stolen key.", actor=self.odile, at=learned_at)
                digest = self.report(incident, NOON + 5 * HOUR).digest
                assert digest
                again = {"duty": "intrusion", "reported_at": NOON + 6 * HOUR, "at": NOON + 6 * HOUR}
                assert incidents.record_report(incident, authority="msit", actor=self.odile, **again).digest == digest
                term = self.clock(incident, "intrusion-supplement")
                assert term is not None and term.due_at == learned_at + 24 * HOUR
                assert self.report(incident, NOON + 7 * HOUR).digest == ""
                assert self.clock(incident, "intrusion-supplement") is None

    def test_what_no_report_tells_starts_no_term(self) -> None:
        incident = self.reported()
        incidents.describe_incident(incident, title="Renamed", actor=self.odile, at=NOON + 2 * HOUR)
        assert self.clock(incident, "intrusion-supplement") is None

    @pytest.mark.law("B-09")
    def test_an_incomplete_report_of_a_breach_is_supplemented_before_closing(self) -> None:
        incident = factory.make_known_incident(self.mina, outside_access=True)
        incidents.describe_incident(incident, items=[], actor=self.odile, at=NOON)
        self.report(incident, NOON + HOUR, Report.Duty.BREACH)
        incidents.describe_incident(incident, items=["model"], actor=self.odile, at=NOON + 2 * HOUR)
        assert "incomplete" in self.left(incident)
        self.report(incident, NOON + 3 * HOUR, Report.Duty.BREACH)
        assert "incomplete" not in self.left(incident)
        # What the first one never lacks: advice, response and whom to ask (PIPA 34(1)3 to 5).
        for lacking in ("advice_ko", "response_ko"):
            blank = incidents.describe_incident(
                factory.make_known_incident(), actor=self.odile, at=NOON, **{lacking: ""}
            )  # fmt: skip
            with pytest.raises(Incomplete):
                self.report(blank, NOON, Report.Duty.BREACH)

    def test_the_form_of_an_intrusion_can_be_taken_out_and_sent(self) -> None:
        incident = self.reported()
        self.client.force_login(self.odile)
        pressed = {"CHANGE_FORM-action": "form_of_intrusion", "_selected_action": str(incident.pk), "index": "0"}
        answer = self.client.post(reverse("admin:incidents_incident_change", args=[incident.pk]), pressed)
        assert answer.content.startswith(b"%PDF-")
        assert "intrusion-2" in answer.headers["Content-Disposition"]

    def test_a_report_pressed_twice_is_one(self) -> None:
        incident = self.reported()
        with pytest.raises(WrongState, match="already"):
            self.report(incident, NOON + HOUR)
        assert incident.reports.count() == 1


@pytest.mark.truth("14")
class OneStateTests(DutyCase):
    def page(self, incident: Incident) -> str:
        self.client.force_login(self.odile)
        return self.client.get(reverse("admin:incidents_incident_change", args=[incident.pk])).content.decode()

    def test_while_it_is_only_possible_no_report_clock_runs_and_the_ticked_ground_is_said(self) -> None:
        incident = factory.make_known_incident(certainty="possible", outside_access=True)
        duty = duties.report_duty(incident)
        assert (duty.state, duty.is_owed, len(duty.grounds)) == ("undecided", False, 1)
        assert self.clock(incident, "report") is None
        with override("ko"):
            page = self.page(incident)
            assert str(duty.said) in page
            assert duties.report_duty(incident).grounds[0] in page
            assert f">{duties.REPORT_STATE_LABELS['owed']}<" not in page

    @pytest.mark.law("B-08")
    def test_no_report_clock_runs_without_a_ground_and_it_runs_with_one(self) -> None:
        incident = factory.make_known_incident()
        assert self.clock(incident, "report") is None
        incidents.describe_incident(incident, outside_access=True, actor=self.odile, at=NOON)
        term = self.clock(incident, "report")
        assert term is not None and term.due_at == NOON + 72 * HOUR
        assert duties.report_duty(incident).is_owed
        assert "not reported" in self.left(incident)

    @pytest.mark.law("B-08")
    def test_a_reason_not_to_report_ends_where_a_ground_appears(self) -> None:
        incident = factory.make_known_incident()
        incidents.need_not_report(incident, reason="three people", actor=self.odile, at=NOON)
        incident = incidents.describe_incident(incident, sensitive=True, actor=self.odile, at=NOON)
        assert duties.report_duty(incident).is_owed
        assert self.clock(incident, "report") is not None
        incident = incidents.describe_incident(incident, recovered=True, actor=self.odile, at=NOON)
        assert duties.report_duty(incident).is_owed, (
            "three people are no reason where sensitive information was concerned"
        )
        assert self.clock(incident, "report") is not None
        incident = incidents.need_not_report(incident, reason="deleted unread", actor=self.odile, at=NOON)
        assert duties.report_duty(incident).state == "recovered"
        assert self.clock(incident, "report") is None
        incident = incidents.describe_incident(incident, outside_access=True, actor=self.odile, at=NOON)
        assert duties.report_duty(incident).is_owed

    def test_there_is_nothing_to_decide_about_a_report_while_it_is_only_possible(self) -> None:
        incident = factory.make_known_incident(certainty="possible")
        with pytest.raises(WrongState):
            incidents.need_not_report(incident, reason="no", actor=self.odile, at=NOON)
        assert "need_not_report" not in self.page(incident)

    def test_page_paper_calendar_and_register_say_the_same(self) -> None:
        from privacy.lib.registries import registers

        incident = factory.make_known_incident(self.mina, certainty="possible", outside_access=True)
        days = (clock.kst_date(NOON), clock.kst_date(NOON + 4 * DAY))
        assert [one.key for one in deadlines.running_deadlines(*days)] == [f"{incident.pk}:possible-notice"]
        register = registers.get("incidents")
        window = registers.ExportScope(days[0], days[1], self.odile, NOON, "audit")
        (cells,) = register.rows(window)
        told = dict(zip(register.headings, cells, strict=True))
        assert told["신고 의무"] == duties.report_duty(incident).said
        assert told["신고 기한"] == ""
        assert told["침해사고 신고 기한"] == ""
        assert told["통지 기한"] == incident.possible_due_at
        assert told["정보주체 통지"] == "0/1명"
        labels = [row[0] for block in documents._frame(incident, days[0]) for row in block.get("rows", [])]
        assert not any("신고 기한" in str(label) for label in labels)

    @pytest.mark.law("B-10", "F-9")
    def test_the_register_says_until_when_an_intrusion_is_reported(self) -> None:
        from privacy.lib.registries import registers

        incident = factory.make_known_incident(self.mina, intrusion=True)
        day = clock.kst_date(NOON)
        register = registers.get("incidents")
        (cells,) = register.rows(registers.ExportScope(day, day, self.odile, NOON, "audit"))
        told = dict(zip(register.headings, cells, strict=True))
        assert told["침해사고 신고 기한"] == incident.intrusion_due_at is not None

    def test_the_paper_says_the_hours_of_the_term(self) -> None:
        policies.set_parameter(
            code="breach.report.hours", value=48, effective_on=clock.kst_date(NOON), basis="new law",
            actor=self.odile, at=NOON - DAY,
        )  # fmt: skip
        incident = factory.make_known_incident(outside_access=True)
        rows = [row for block in documents._frame(incident, clock.kst_date(NOON)) for row in block.get("rows", [])]
        assert any("48시간" in str(row[0]) for row in rows)
