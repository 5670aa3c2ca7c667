"""A breach is told to each person; nobody is passed over in a count (law B-01)."""

from datetime import timedelta

import pytest

from privacy.campaigns import actions as campaigns
from privacy.campaigns.models import Delivery
from privacy.incidents import actions as incidents
from privacy.incidents import notice_texts
from privacy.incidents.models import Stage
from privacy.incidents.refusals import Incomplete
from privacy.jobs.dispatcher import dispatch_due
from privacy.lib.dates import clock
from privacy.lib.registries import registers
from privacy.policies.models import Notice
from tests import factory
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox
from tests.privacy.incidents.test_duties import DutyCase

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.truth("32")
class EachPersonTests(DutyCase):
    @pytest.mark.law("B-02")
    def test_people_added_after_a_notice_are_told_and_it_does_not_close_before(self) -> None:
        incident = factory.make_known_incident(self.mina)
        self.tell(incident)
        assert self.left(incident) == ""
        self.add(incident, self.person("nari@example.org"), at=NOON + HOUR)
        assert "1 listed data subject has not been told yet" in self.left(incident)
        term = self.clock(incident, "notice")
        assert term is not None and term.done_at is None
        with pytest.raises(Incomplete):
            incidents.propose_closing(incident, conclusion="done", actor=self.odile, at=NOON + HOUR)
        assert len(self.tell(incident, NOON + 2 * HOUR)) == 1
        term = self.clock(incident, "notice")
        assert term is not None and term.done_at == NOON + 2 * HOUR
        assert self.left(incident) == ""

    def test_people_found_after_the_term_have_one_of_their_own(self) -> None:
        incident = factory.make_known_incident(self.mina)
        self.tell(incident)
        found_at = NOON + 10 * DAY
        self.add(incident, self.person("nari@example.org"), at=found_at)
        notice, later = self.clock(incident, "notice"), self.clock(incident, "late-notice")
        assert notice is not None and notice.done_at == NOON
        assert later is not None and (later.due_at, later.done_at) == (found_at + 72 * HOUR, None)
        self.tell(incident, found_at + 73 * HOUR)
        later = self.clock(incident, "late-notice")
        assert later is not None and later.is_late(found_at + 80 * HOUR)

    def test_whoever_got_no_first_notice_gets_the_whole_one_and_not_a_supplement(self) -> None:
        incident = factory.make_known_incident(self.mina)
        incident = incidents.describe_incident(incident, items=[], actor=self.odile, at=NOON)
        self.tell(incident)
        self.add(incident, self.person("nari@example.org"))
        incidents.describe_incident(incident, items=["model"], actor=self.odile, at=NOON)
        made = incidents.notify_subjects(incident, actor=self.odile, at=NOON)
        assert [one.progress.total for one in made] == [1, 1]
        with mailbox() as box:
            dispatch_due(at=NOON)
        sent = {str(message["To"]): str(message["Subject"]) for message in box.arrived}
        assert sent["nari@example.org"] == notice_texts.notice_title(incident, Stage.FULL, "ko")
        assert sent["mina@example.org"] == notice_texts.notice_title(incident, Stage.SUPPLEMENT, "ko")
        with pytest.raises(campaigns.AlreadyNotified):
            incidents.notify_subjects(incident, actor=self.odile, at=NOON)
        assert self.left(incident) == ""

    def test_a_mail_on_its_way_is_no_notice_yet(self) -> None:
        incident = factory.make_known_incident(self.mina)
        incidents.notify_subjects(incident, actor=self.odile, at=NOON)
        assert "not been told yet" in self.left(incident)

    @pytest.mark.law("B-06")
    def test_a_mail_that_bounced_for_good_makes_the_website_necessary(self) -> None:
        incident = factory.make_known_incident(self.mina)
        incidents.notify_subjects(incident, actor=self.odile, at=NOON)
        campaigns.mark_parked(Delivery.objects.get(), failed=campaigns.MAIL, why="550", actor=self.odile, at=NOON)
        assert "no working address on record" in self.left(incident)
        assert self.posted_for() == [None]
        self.post(incident)
        assert self.left(incident) == ""
        assert self.posted_for() == [NOON]

    def posted_for(self) -> list[object]:
        """What the register of individual notices says of each: when the website stood in for it."""
        register = registers.get("individual-notices")
        on = clock.kst_date(NOON)
        rows = register.rows(registers.ExportScope(on, on, self.odile, NOON, "audit"))
        return [row[register.headings.index("누리집 게시로 갈음한 일시")] for row in rows]

    @pytest.mark.law("B-06")
    def test_no_website_stands_in_for_a_notice_that_arrived(self) -> None:
        incident = factory.make_known_incident(self.mina)
        self.post(incident)
        self.tell(incident)
        assert self.posted_for() == [None]

    @pytest.mark.law("B-06")
    def test_the_website_does_not_stand_in_for_somebody_with_an_address(self) -> None:
        incident = factory.make_known_incident(self.mina)
        self.post(incident)
        assert "not been told yet" in self.left(incident)

    def test_a_website_notice_that_has_ended_does_not_cover_whoever_is_found_later(self) -> None:
        incident = factory.make_known_incident(self.person())
        incidents.notify_subjects(incident, actor=self.odile, at=NOON)
        self.post(incident)
        assert self.left(incident) == ""
        later = NOON + 40 * DAY
        self.add(incident, self.person(), at=later)
        incidents.notify_subjects(incident, actor=self.odile, at=later)
        assert "no working address on record" in self.left(incident)
        self.post(incident, later)
        assert self.left(incident) == ""

    def test_more_people_estimated_than_listed_are_told_on_the_website(self) -> None:
        incident = factory.make_known_incident(self.mina)
        incidents.describe_incident(incident, estimate=900, actor=self.odile, at=NOON)
        self.tell(incident)
        assert "900" in self.left(incident)
        term = self.clock(incident, "notice")
        assert term is not None and term.done_at is None
        self.post(incident, NOON + HOUR)
        assert self.left(incident) == ""
        term = self.clock(incident, "notice")
        assert term is not None and term.done_at == NOON + HOUR

    def test_a_website_notice_pressed_twice_is_one(self) -> None:
        incident = factory.make_known_incident()
        self.post(incident)
        with pytest.raises(campaigns.AlreadyNotified):
            self.post(incident)
        assert Notice.objects.filter(kind="breach").count() == 1


@pytest.mark.truth("15")
class WebsiteInHerSteadTests(DutyCase):
    def test_whoever_the_website_told_in_time_is_not_told_late_by_a_mail_that_follows(self) -> None:
        someone = self.person()
        incident = factory.make_known_incident(someone)
        incident = incidents.describe_incident(incident, items=[], actor=self.odile, at=NOON)
        self.tell(incident)
        self.post(incident, NOON + HOUR)
        told = self.clock(incident, "notice")
        assert told is not None and told.done_at == NOON + HOUR
        factory.make_contact(someone, value="found@example.org")
        incident = incidents.describe_incident(incident, items=["model"], actor=self.odile, at=NOON + 10 * DAY)
        assert len(self.tell(incident, NOON + 10 * DAY)) == 1
        told = self.clock(incident, "notice")
        assert told is not None and told.done_at == NOON + HOUR

    def test_a_letter_that_follows_the_website_makes_no_notice_late(self) -> None:
        incident = factory.make_known_incident(self.person())
        incidents.notify_subjects(incident, actor=self.odile, at=NOON)
        self.post(incident, NOON + HOUR)
        later = NOON + 10 * DAY
        campaigns.record_offline_notice(
            Delivery.objects.get(), way="letter", on=clock.kst_date(later), actor=self.odile, at=later
        )
        told = self.clock(incident, "notice")
        assert told is not None and told.done_at == NOON + HOUR

    def test_whoever_is_found_between_two_notices_is_told_by_the_second(self) -> None:
        incident = factory.make_known_incident(self.person())
        incidents.notify_subjects(incident, actor=self.odile, at=NOON)
        self.post(incident)
        found_at, again_at = NOON + 40 * DAY, NOON + 45 * DAY
        self.add(incident, self.person(), at=found_at)
        incidents.notify_subjects(incident, actor=self.odile, at=found_at)
        self.post(incident, again_at)
        later = self.clock(incident, "late-notice")
        assert later is not None and later.done_at == again_at
        assert later.is_late(again_at)

    def test_a_notice_that_has_ended_tells_nobody_by_whom_the_estimate_grows(self) -> None:
        incident = factory.make_known_incident(self.mina)
        self.tell(incident)
        self.post(incident)
        grown_at = NOON + 40 * DAY
        incidents.describe_incident(incident, estimate=900, actor=self.odile, at=grown_at)
        assert "900" in self.left(incident)
        later = self.clock(incident, "late-notice")
        assert later is not None and (later.due_at, later.done_at) == (grown_at + 72 * HOUR, None)
        self.post(incident, grown_at + HOUR)
        assert self.left(incident) == ""
        later = self.clock(incident, "late-notice")
        assert later is not None and later.done_at == grown_at + HOUR
