"""What the office is told of an incident's reports, lists and closing is what was done."""

from datetime import timedelta
from hashlib import sha256

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from privacy.campaigns import actions as campaigns
from privacy.campaigns.models import Delivery
from privacy.incidents import actions as incidents
from privacy.incidents import duties, notifications
from privacy.incidents.models import Incident, Report, Stage
from privacy.incidents.refusals import ChangedProposal, NobodyFound, WrongState
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from tests import factory
from tests.factories.accounts import NOON
from tests.privacy.incidents.test_duties import DAY, HOUR, DutyCase


class ReportTests(DutyCase):
    def report(self, incident: Incident, reported_at: timedelta, at: timedelta) -> Report:
        return incidents.record_report(
            incident, authority="kisa", duty="breach", reported_at=NOON + reported_at, actor=self.odile, at=NOON + at
        )  # fmt: skip

    @pytest.mark.truth("first-report-counts")
    def test_the_first_report_keeps_the_term_in_whichever_order_reports_are_recorded(self) -> None:
        incident = factory.make_known_incident(self.mina, outside_access=True)
        self.report(incident, 80 * HOUR, 81 * HOUR)
        term = self.clock(incident, "report")
        assert term is not None and term.is_late(NOON + 90 * HOUR)
        self.report(incident, 5 * HOUR, 82 * HOUR)
        term = self.clock(incident, "report")
        assert term is not None and not term.is_late(NOON + 90 * HOUR)

    @pytest.mark.truth("15")
    def test_a_report_made_in_doubt_is_supplemented_once_the_breach_is_confirmed(self) -> None:
        incident = factory.make_known_incident(self.mina, certainty="possible", outside_access=True)
        self.report(incident, HOUR, HOUR)
        incidents.confirm_breach(incident, actor=self.odile, at=NOON + DAY)
        assert "must be supplemented" in self.left(incident)
        self.report(incident, DAY + HOUR, DAY + HOUR)
        assert "must be supplemented" not in self.left(incident)

    @pytest.mark.truth("intrusion-reported-to-the-pipc")
    def test_a_report_to_the_pipc_is_none_of_the_intrusion(self) -> None:
        incident = factory.make_known_incident(self.mina, intrusion=True)
        told = {"duty": "intrusion", "reported_at": NOON, "actor": self.odile, "at": NOON}
        with pytest.raises(WrongState, match="MSIT or KISA"):
            incidents.record_report(incident, authority="pipc", **told)
        assert "not reported to the MSIT or KISA" in self.left(incident)
        incidents.record_report(incident, authority="msit", **told)
        assert "not reported to the MSIT or KISA" not in self.left(incident)

    @pytest.mark.truth("report-is-its-form")
    def test_a_form_of_the_minute_that_was_typed_is_the_one_that_was_sent(self) -> None:
        incident = factory.make_known_incident(self.mina, outside_access=True)
        made_at, at = NOON + HOUR + timedelta(seconds=10), NOON + HOUR + timedelta(seconds=50)
        content, _number = incidents.issue_report_form(incident, duty=Report.Duty.BREACH, actor=self.odile, at=made_at)
        report = self.report(incident, HOUR, at - NOON)
        assert report.digest == sha256(content).hexdigest()


class NothingToTakeBackTests(DutyCase):
    @pytest.mark.truth("taken-back-from-nobody")
    def test_what_was_told_to_nobody_is_not_taken_back(self) -> None:
        incident = factory.make_known_incident(self.mina, certainty="possible")
        incidents.rule_out(incident, why="empty", actor=self.odile, at=NOON + HOUR)
        for verb in (incidents.post_on_website, incidents.notify_subjects):
            with pytest.raises(NobodyFound, match="nothing to correct"):
                verb(incident, actor=self.odile, at=NOON + HOUR)


class ListedTests(DutyCase):
    @pytest.mark.truth("notice-to-those-who-were-shown")
    def test_a_notice_goes_to_no_more_people_than_were_shown(self) -> None:
        incident = factory.make_known_incident(self.mina)

        def shown() -> str:
            return incidents.digest_of_notice(incident, notifications.pending_individual_notices(incident), NOON.date())

        read, other = shown(), self.person("other@example.org")
        self.add(incident, other)
        with pytest.raises(ChangedProposal):
            incidents.notify_subjects(incident, read=read, actor=self.odile, at=NOON)
        # Nor to as many, who are others.
        read = incidents.digest_of_notice(incident, {Stage.FULL: [self.mina.pk, self.mina.pk]}, NOON.date())
        with pytest.raises(ChangedProposal):
            incidents.notify_subjects(incident, read=read, actor=self.odile, at=NOON)
        read = shown()
        assert len(incidents.notify_subjects(incident, read=read, actor=self.odile, at=NOON)) == 1

    def press(self, incident: Incident, lines: list[str]) -> list[str]:
        self.client.force_login(self.odile)
        address = reverse("admin:incidents_incident_change", args=[incident.pk])
        pressed = {"CHANGE_FORM-action": "add_affected", "_selected_action": str(incident.pk), "index": "0"}
        answer = self.client.post(address, {**pressed, "confirmed": "yes", "lines": "\n".join(lines)})
        return [str(message) for message in get_messages(answer.wsgi_request)]

    @pytest.mark.truth("unknown-lines-counted")
    def test_the_office_learns_how_many_lines_named_nobody(self) -> None:
        incident = factory.make_known_incident()
        unknown = [f"S-0000-{number:04}" for number in range(40)]
        said = " ".join(self.press(incident, [self.mina.reference, *unknown]))
        assert "40" in said
        assert incident.affected.count() == 1

    @pytest.mark.truth("unknown-lines-counted")
    def test_nobody_is_said_to_be_added_who_was_listed_already(self) -> None:
        incident = factory.make_known_incident(self.mina)
        (said,) = self.press(incident, [self.mina.reference])
        other = self.press(incident, [self.person().reference])[-1]
        assert said != other
        assert "1" in other and "1" not in said


class ToldAnotherWayTests(DutyCase):
    @pytest.mark.truth("told-on-its-day")
    def test_whoever_was_told_in_time_by_telephone_was_told_in_time_whenever_it_is_recorded(self) -> None:
        incident = factory.make_known_incident(self.person())
        incidents.notify_subjects(incident, actor=self.odile, at=NOON)
        campaigns.record_offline_notice(
            Delivery.objects.get(), way="phone", on=clock.kst_date(NOON), actor=self.odile, at=NOON + 5 * DAY
        )
        term = self.clock(incident, "notice")
        assert term is not None and term.done_at is not None
        assert not term.is_late(NOON + 6 * DAY)
        assert clock.midnight(clock.kst_date(NOON) + DAY) == term.done_at


class ClosingTests(DutyCase):
    @pytest.mark.truth("closing-read")
    def test_what_is_closed_is_what_the_second_person_read(self) -> None:
        incident = factory.make_known_incident(self.mina)
        self.tell(incident)
        incident = incidents.propose_closing(incident, conclusion="encrypted", actor=self.odile, at=NOON)
        self.client.force_login(self.omar)
        address = reverse("admin:incidents_incident_change", args=[incident.pk])
        pressed = {"CHANGE_FORM-action": "close", "_selected_action": str(incident.pk), "index": "0"}
        read = self.client.post(address, pressed).context["form"].initial["read"]
        incidents.return_closing(incident, actor=self.omar, at=NOON)
        incidents.propose_closing(incident, conclusion="nothing was done", actor=self.odile, at=NOON)
        with pytest.raises(Refusal, match="has changed"):
            incidents.close_incident(incident, read=read, actor=self.omar, at=NOON)
        self.client.post(address, {**pressed, "confirmed": "yes", "read": read})
        incident.refresh_from_db()
        assert incident.state == "proposed"
        self.client.post(address, {**pressed, "confirmed": "yes", "read": incidents.digest_of_proposal(incident)})
        incident.refresh_from_db()
        assert incident.state == "closed"
        assert duties.closing_blockers(incident) == []
