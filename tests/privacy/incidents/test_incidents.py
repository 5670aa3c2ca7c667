"""Incidents from awareness to closing: affected people, notices, reports, the website, two people (law B-*)."""

import hashlib
from datetime import date, timedelta

import pytest
from django.db import Error, transaction
from django.urls import reverse
from django.utils.translation import override

from privacy.campaigns import actions as campaigns
from privacy.incidents import actions as incidents
from privacy.incidents import duties, notice_texts, notifications
from privacy.incidents.admin.forms import DescribeForm
from privacy.incidents.models import AffectedPerson, Incident, Report, Stage
from privacy.incidents.refusals import (
    Closed,
    Contradiction,
    Incomplete,
    MustBeReported,
    NobodyFound,
    SamePerson,
    WrongState,
)
from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.authorization import NotPermitted
from privacy.policies.models import Notice
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox


class IncidentCase(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(override("en"))
        self.odile, self.omar, self.hana = factory.make_odile(), factory.make_omar(), factory.make_hana()
        self.mina = factory.make_mina()
        factory.make_contact(self.mina, value="mina@example.org")

    def notify(self, incident: Incident) -> None:
        incidents.notify_subjects(incident, actor=self.odile, at=NOON)

    def mails(self) -> list[str]:
        with mailbox() as box:
            dispatch_due(at=NOON)
        return [message.get_content() for message in box.arrived]


class RecordingTests(IncidentCase):
    def test_there_are_six_kinds_and_the_suspicion(self) -> None:
        assert len(Incident.Kind.values) == 6
        for kind in Incident.Kind:
            assert factory.make_incident(kind=kind).certainty == "confirmed"
        assert factory.make_incident(certainty="possible").certainty == "possible"
        with pytest.raises(Contradiction):
            factory.make_incident(certainty="none")

    def test_a_handler_records_and_an_auditor_reads(self) -> None:
        self.assertLedgered("incidents.incident.recorded", factory.make_incident(actor=self.hana))
        with pytest.raises(NotPermitted):
            factory.make_incident(actor=factory.make_aram())

    def test_the_ledger_gets_codes_and_no_texts(self) -> None:
        incident = factory.make_known_incident()
        entry = self.assertLedgered("incidents.incident.described", incident)
        assert "laptop" not in entry.payload
        assert "course_ko" in entry.payload

    @pytest.mark.clause("P2.2")
    def test_a_complaint_is_tied_to_it(self) -> None:
        complaint = incidents.file_complaint(explanation="my data is in a forum", at=NOON).complaint
        incident = factory.make_incident(complaint=complaint)
        complaint.refresh_from_db()
        assert complaint.incident == incident
        other = incidents.file_complaint(explanation="mine too", at=NOON).complaint
        incidents.link_complaint(other, incident=incident, actor=self.hana, at=NOON)
        assert incident.complaints.count() == 2
        self.assertLedgered("incidents.complaint.linked", other)


class AffectedTests(IncidentCase):
    def add(self, incident: Incident, *lines: str) -> incidents.AddedPeople:
        return incidents.add_named(incident, lines=lines, source=AffectedPerson.Source.LIST, actor=self.hana, at=NOON)

    def test_by_reference_or_id_each_once_and_the_unknown_is_told(self) -> None:
        incident, other = factory.make_incident(), factory.make_mina()
        added = self.add(incident, self.mina.reference.lower(), str(other.id), self.mina.reference, "S-0000-0000", "")
        assert (added.people, added.unknown) == (2, ("S-0000-0000",))
        assert self.add(incident, self.mina.reference).people == 0
        with pytest.raises(NobodyFound):
            self.add(incident, "nobody")

    def test_from_what_is_held(self) -> None:
        device = factory.make_device(1)
        incident = factory.make_incident()
        incidents.add_from_holdings(incident, held="device-registration", actor=self.hana, at=NOON)
        assert device.subject_id in incident.affected.values_list("subject_id", flat=True)
        assert self.mina.id not in incident.affected.values_list("subject_id", flat=True)

    def test_from_what_an_account_opened(self) -> None:
        complaint = incidents.file_complaint(explanation="x", at=NOON).complaint
        incidents.read_complaint(complaint, actor=self.hana, at=NOON)
        device = factory.make_device(2)
        self.client.force_login(self.hana)
        self.client.get(reverse("admin:devices_device_changelist"))
        incident = factory.make_incident()
        start, end = NOON - timedelta(days=3650), NOON + timedelta(days=3650)
        incidents.add_from_reads(incident, account=self.hana.ref, start=start, end=end, actor=self.odile, at=NOON)
        assert set(incident.affected.values_list("subject_id", "source")) == {
            (device.subject_id, "reads"), (complaint.id, "reads"),
        }  # fmt: skip
        with pytest.raises(NobodyFound):
            incidents.add_from_reads(incident, account="U-0000-0000", start=start, end=end, actor=self.odile, at=NOON)


@pytest.mark.law("B-02", "B-03", "B-04", "B-05", "B-07")
@pytest.mark.clause("P2.2")
class NoticeTests(IncidentCase):
    def test_it_is_not_sent_while_something_the_law_wants_said_is_missing(self) -> None:
        incident = factory.make_incident()
        with pytest.raises(Incomplete, match="what the data subject can do"):
            self.notify(incident)
        for part, said in (("advice", "what the data subject can do"), ("response", "response and redress")):
            for language in ("ko", "en"):
                incident = factory.make_known_incident(self.mina)
                blank = {f"{part}_{language}": " "}
                incident = incidents.describe_incident(incident, actor=self.odile, at=NOON, **blank)
                with pytest.raises(Incomplete, match=said):
                    self.notify(incident)

    def test_each_person_is_told_the_six_things(self) -> None:
        incident = factory.make_known_incident(self.mina)
        self.notify(incident)
        (mail,) = self.mails()
        for said in (
            "모델명",
            "협력사 노트북 분실",
            "의심스러운 연락",
            "원격 삭제",
            "정경수",
            "02-6928-6774",
            "1833-6972",
        ):
            assert said in mail, said
        for number in "123456":
            assert f"{number}." in mail
        assert incident.notifications.get().stage == "full"
        assert [one.done_at for one in duties.deadlines_of(incident)] == [NOON]

    def test_in_english_too(self) -> None:
        factory.make_contact(self.mina, value="mina@example.org", language="en")
        self.notify(factory.make_known_incident(self.mina))
        (mail,) = self.mails()
        for said in (
            "1. Items affected", "A partner's laptop", "Don't answer suspicious calls", "The laptop was wiped",
            "02-6928-6774", "article 39-2",
        ):  # fmt: skip
            assert said in mail, said

    def test_a_first_notice_may_lack_items_and_course_and_is_supplemented(self) -> None:
        incident = factory.make_known_incident(self.mina, course_ko="", course_en="")
        incident = incidents.describe_incident(incident, items=[], course_ko="", actor=self.odile, at=NOON)
        self.notify(incident)
        assert notifications.notifications_of(incident, [Stage.FIRST]).count() == 1
        assert any("supplemented" in left for left in duties.closing_blockers(incident))
        with pytest.raises(campaigns.AlreadyNotified):
            self.notify(incident)
        incidents.describe_incident(incident, **factory.KNOWN, actor=self.odile, at=NOON)
        self.notify(incident)
        assert notifications.notifications_of(incident, [Stage.SUPPLEMENT]).count() == 1
        first, second = self.mails()
        assert not any("supplemented" in left for left in duties.closing_blockers(incident))
        if "확인되는 대로" in second:  # the two may arrive in either order
            first, second = second, first
        for said in ("확인되는 대로", "의심스러운 연락", "원격 삭제", "02-6928-6774", "제39조의2"):
            assert said in first, said
        assert "모델명" in second and "모델명" not in first

    def test_a_possible_breach_has_its_own_notice_and_is_ruled_out_or_confirmed(self) -> None:
        incident = factory.make_known_incident(self.mina, certainty="possible")
        self.notify(incident)
        (mail,) = self.mails()
        assert "가능성" in mail
        incident = incidents.rule_out(incident, why="the file was empty", actor=self.odile, at=NOON)
        assert any("there was none" in left for left in duties.closing_blockers(incident))
        self.notify(incident)
        (mail,) = self.mails()
        assert incident.reference in mail
        assert duties.closing_blockers(incident) == []
        with pytest.raises(WrongState):
            incidents.confirm_breach(incident, actor=self.odile, at=NOON)

    def test_it_may_wait_for_a_reason_and_the_clock_runs_on(self) -> None:
        incident = factory.make_known_incident(self.mina)
        due = incident.notify_due_at
        incidents.delay_notice(incident, delay="spread", reason="the hole is open", actor=self.odile, at=NOON)
        incident.refresh_from_db()
        assert incident.notify_due_at == due
        with pytest.raises(Error, match="delayed_for_a_reason"), transaction.atomic():
            Incident.objects.update(delay_reason="")


@pytest.mark.law("B-06")
@pytest.mark.clause("P2.2")
class WebsiteTests(IncidentCase):
    def test_it_stands_thirty_days_and_ends_by_itself(self) -> None:
        incident = factory.make_known_incident()
        with pytest.raises(NobodyFound):
            self.notify(incident)
        notice = incidents.post_on_website(incident, actor=self.odile, at=NOON)
        first = date(2026, 11, 24)
        shown = [n for n in range(-2, 40) if Notice.objects.posted(first + timedelta(days=n)).filter(pk=notice.pk)]
        assert shown[0] == 0
        assert len(shown) >= 30
        assert shown[-1] == 30
        assert [one.done_at for one in duties.deadlines_of(incident)] == [NOON]

    def test_the_public_page_shows_it_with_its_last_day(self) -> None:
        from privacy.lib.dates import clock

        now = clock.now()
        incidents.post_on_website(factory.make_known_incident(at=now, aware_at=now), actor=self.odile, at=now)
        with override("ko"):
            page = self.client.get(reverse("policies:notices")).content.decode()
        assert "협력사 노트북 분실" in page
        assert "1833-6972" in page

    def test_those_without_address_make_it_necessary(self) -> None:
        incident = factory.make_known_incident(self.mina, factory.make_mina())
        self.notify(incident)
        self.mails()
        assert any("no working address" in left for left in duties.closing_blockers(incident))
        incidents.post_on_website(incident, actor=self.odile, at=NOON)
        assert duties.closing_blockers(incident) == []
        assert not any("no working address" in left for left in duties.closing_blockers(incident))


@pytest.mark.law("B-08", "B-10", "F-9")
class ReportTests(IncidentCase):
    def test_what_demands_a_report(self) -> None:
        def grounds(incident: Incident) -> tuple[str, ...]:
            return duties.report_duty(incident).grounds

        incident = factory.make_known_incident()
        assert grounds(incident) == ()
        describe = incidents.describe_incident
        assert grounds(describe(incident, estimate=999, actor=self.odile, at=NOON)) == ()
        assert len(grounds(describe(incident, estimate=1000, actor=self.odile, at=NOON))) == 1
        assert len(grounds(describe(incident, sensitive=True, outside_access=True, actor=self.odile, at=NOON))) == 3
        doubtful = factory.make_incident(certainty="possible", outside_access=True)
        assert duties.report_duty(doubtful).state == "undecided"

    def test_it_is_not_left_out_but_for_recovery(self) -> None:
        incident = factory.make_known_incident(outside_access=True)
        assert "the route of the breach was found" in str(DescribeForm.base_fields["recovered"].help_text)
        with pytest.raises(MustBeReported, match="the route was found"):
            incidents.need_not_report(incident, reason="no", actor=self.odile, at=NOON)
        incidents.describe_incident(incident, recovered=True, actor=self.odile, at=NOON)
        incidents.need_not_report(incident, reason="recovered unread", actor=self.odile, at=NOON)
        incident.refresh_from_db()
        assert [str(clock.name) for clock in duties.deadlines_of(incident)] == ["Notice to data subjects"]

    def test_the_form_has_the_official_fields_and_its_digest_is_kept(self) -> None:
        incident = factory.make_known_incident(self.mina)
        content, number = incidents.issue_report_form(incident, duty=Report.Duty.BREACH, actor=self.odile, at=NOON)
        assert content.startswith(b"%PDF-")
        assert number == f"{incident.reference}-F9-1"
        made = incidents.record_report(
            incident, authority="pipc", duty="breach", reported_at=NOON, receipt="R-1", actor=self.odile, at=NOON
        )
        second = incidents.record_report(
            incident, authority="kisa", duty="breach", reported_at=NOON, actor=self.odile, at=NOON
        )
        assert (made.sequence, second.sequence) == (1, 2)
        assert made.digest == hashlib.sha256(content).hexdigest()
        assert made.digest in self.assertLedgered_all("incidents.report.made")
        incident.refresh_from_db()
        assert incident.reported_at == NOON

    def assertLedgered_all(self, word: str) -> str:
        from privacy.ledger.models import Entry

        return "".join(Entry.objects.filter(word=word).values_list("payload", flat=True))

    def test_an_intrusion_is_reported_on_its_own_clock(self) -> None:
        incident = factory.make_known_incident()
        given = {"authority": "kisa", "duty": "intrusion", "reported_at": NOON, "actor": self.odile, "at": NOON}
        with pytest.raises(WrongState):
            incidents.record_report(incident, **given)
        loud = factory.make_incident(intrusion=True)
        with pytest.raises(WrongState):
            incidents.record_report(loud, **{**given, "authority": "pipc"})
        incidents.record_report(loud, **given)
        loud.refresh_from_db()
        assert loud.intrusion_reported_at == NOON
        assert loud.reported_at is None


class ClosingTests(IncidentCase):
    def test_it_is_closed_by_another_person_once_everything_is_done(self) -> None:
        incident = factory.make_incident()
        with pytest.raises(Incomplete, match="can't be closed yet"):
            incidents.propose_closing(incident, conclusion="done", actor=self.odile, at=NOON)
        incident = factory.make_known_incident(self.mina)
        self.notify(incident)
        self.mails()
        incidents.propose_closing(incident, conclusion="laptops are encrypted now", actor=self.odile, at=NOON)
        with pytest.raises(SamePerson):
            incidents.close_incident(incident, actor=self.odile, at=NOON)
        with pytest.raises(NotPermitted):
            incidents.close_incident(incident, actor=self.hana, at=NOON)
        closed = incidents.close_incident(incident, actor=self.omar, at=NOON)
        self.assertLedgered("incidents.incident.closed", closed)
        with pytest.raises(Closed):
            incidents.take_measure(closed, what="more", taken_at=NOON, actor=self.odile, at=NOON)
        with pytest.raises(Error, match="closed_by_another_person"), transaction.atomic():
            Incident.objects.filter(pk=closed.pk).update(closed_by=closed.proposed_by)

    def test_it_can_be_given_back(self) -> None:
        incident = factory.make_known_incident(self.mina)
        self.notify(incident)
        self.mails()
        incidents.propose_closing(incident, conclusion="done", actor=self.odile, at=NOON)
        assert incidents.return_closing(incident, actor=self.omar, at=NOON).state == "open"
        with pytest.raises(WrongState):
            incidents.close_incident(incident, actor=self.omar, at=NOON)


@pytest.mark.law("B-03")
def test_the_rights_under_the_law_are_said_in_both_languages() -> None:
    for language, said in (
        ("ko", ("제39조)", "제39조의2)", "제43조)", "법원에 소를 제기", "1833-6972")),
        ("en", (" 39)", " 39-2)", " 43)", "bring an action in court", "1833-6972")),
    ):
        with override(language):
            assert all(article in notice_texts.legal_rights_text() for article in said)
