"""What is said of a provision is what went out, and what may not go out any more doesn't."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from privacy.disclosures import actions as disclosures
from privacy.disclosures import annual_report, notice_texts, register
from privacy.disclosures.acknowledgement_tokens import token_of
from privacy.disclosures.admin import approval_summary, provisions
from privacy.disclosures.models import Notice
from privacy.jobs.dispatcher import dispatch_due
from privacy.lib.dates import clock
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox

CONSENT = {"basis": "consent", "statute": "", "document_no": "", "purpose_code": "repair"}
HOUR = timedelta(hours=1)


class NothingHeldTests(PortalTestCase):
    def setUp(self) -> None:
        self.device, self.bare = factory.make_device(1, adb_number="emulator-1"), factory.make_device(2)
        items = [*factory.wanted(self.device, "adb_number"), *factory.wanted(self.bare, "adb_number")]
        self.made = factory.make_provided(self.device, items=items).disclosure

    @pytest.mark.truth("nothing-was-held")
    def test_whoever_held_nothing_was_provided_to_nobody(self) -> None:
        told = [disclosures.earlier_recipients(subject_id=one.subject_id) for one in (self.device, self.bare)]
        assert [len(each) for each in told] == [1, 0]

    @pytest.mark.truth("nothing-was-held")
    def test_register_page_and_report_count_whose_data_went_out(self) -> None:
        day = clock.kst_date(NOON)
        found = register.lines(first=day, last=day, with_investigations=True)
        (row,) = register.rows(found, on=day)
        assert row[register.COLUMNS.index("정보주체 수")] == 1
        figures = {one.code: one.value for one in annual_report.disclosures_of_the_year(day, day).figures}
        assert figures["disclosures.people"] == 1
        self.client.force_login(factory.make_odile())
        with override("en"):
            page = self.client.get(f"/en/office/disclosures/disclosure/{self.made.pk}/change/").content.decode()
        assert page.count("not provided: nothing was held") == 1

    @pytest.mark.truth("items-left-out-of-the-list")
    def test_the_page_says_how_many_items_it_does_not_name(self) -> None:
        self.client.force_login(factory.make_odile())
        whole, provisions.MAX_ROWS = provisions.MAX_ROWS, 1
        self.addCleanup(setattr, provisions, "MAX_ROWS", whole)
        page = self.client.get(f"/en/office/disclosures/disclosure/{self.made.pk}/change/").content.decode()
        assert "1 more item is not shown here" in page


class ConsentTests(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)
        factory.name_recipient("acme", items=["model"], purposes=["repair"])
        factory.agree(self.device, "provision-acme")

    def provide(self) -> disclosures.ProvidedFile:
        return factory.make_provided(self.device, "model", **CONSENT)

    @pytest.mark.truth("fetched-after-the-withdrawal")
    def test_a_file_whose_consent_ended_is_not_fetched_again(self) -> None:
        made = self.provide().disclosure
        factory.decide(self.device, "provision-acme", "withdraw", at=NOON)
        with pytest.raises(disclosures.NoBasis):
            disclosures.fetch_again(made, actor=factory.make_odile(), at=NOON + timedelta(minutes=5))

    @pytest.mark.truth("ended-by-disagreeing")
    def test_disagreeing_ends_a_consent_as_a_withdrawal_does(self) -> None:
        self.provide()
        factory.decide(self.device, "provision-acme", "disagree", at=NOON + HOUR)
        assert Notice.objects.get().kind == "withdrawn"
        factory.decide(self.device, "provision-acme", "disagree", at=NOON + 2 * HOUR)
        assert Notice.objects.count() == 1

    @pytest.mark.truth("late-withdrawal")
    def test_a_withdrawal_that_arrives_after_a_later_agreement_is_told_to_nobody(self) -> None:
        self.provide()
        factory.agree(self.device, "provision-acme", at=NOON + 2 * HOUR)
        factory.decide(self.device, "provision-acme", "withdraw", at=NOON + 3 * HOUR, decided_at=NOON + HOUR)
        assert not Notice.objects.exists()

    @pytest.mark.truth("consent-ends-meanwhile")
    def test_no_consent_ends_between_its_check_and_the_provision(self) -> None:
        made = factory.make_disclosure(self.device, "model", **CONSENT)
        disclosures.approve(made, actor=factory.make_omar(), at=NOON)
        with CaptureQueriesContext(connection) as asked:
            disclosures.provide(made, actor=factory.make_odile(), at=NOON)
        said = [query["sql"] for query in asked.captured_queries]
        locked = next(n for n, sql in enumerate(said) if "subjects_subject" in sql and "FOR NO KEY UPDATE" in sql)
        assert locked < next(n for n, sql in enumerate(said) if "consents_currentconsent" in sql)


class UrgentTests(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)

    @pytest.mark.truth("urgent-without-a-day")
    def test_every_urgent_demand_says_when_its_document_comes(self) -> None:
        urgent = disclosures.AuthorityRequest(urgent=True)
        with pytest.raises(disclosures.NoBasis, match=r"which day|며칠|언제"):
            factory.make_disclosure(self.device, authority=urgent)
        due = disclosures.AuthorityRequest(urgent=True, document_due_on=clock.kst_date(NOON))
        made = factory.make_disclosure(self.device, authority=due)
        with override("en"):
            said = " ".join(approval_summary.summary_lines(made, reader=factory.make_omar()))
        assert "the document will follow" in said
        assert disclosures.approve(made, actor=factory.make_omar(), at=NOON).state == "approved"

    @pytest.mark.truth("urgent-without-a-day")
    def test_what_rests_on_a_consent_is_not_urgent(self) -> None:
        factory.name_recipient("acme", items=["model"], purposes=["repair"])
        factory.agree(self.device, "provision-acme")
        urgent = disclosures.AuthorityRequest(urgent=True, document_due_on=clock.kst_date(NOON))
        with pytest.raises(disclosures.NoBasis):
            factory.make_disclosure(self.device, "model", authority=urgent, **CONSENT)


class NoticeTests(PortalTestCase):
    def notice(self) -> Notice:
        device = factory.make_device(1)
        factory.make_provided(device, "imei")
        (notice,) = disclosures.queue_notices(
            kind="erased", case_id=uuid4(), case_reference="R-0000-0000", subject_id=device.subject_id,
            category="device-registration", items=["imei"], actor=factory.make_odile(), at=NOON,
        )  # fmt: skip
        return notice

    @pytest.mark.truth("person-as-in-the-file")
    def test_the_mail_calls_the_person_as_the_file_does(self) -> None:
        notice = self.notice()
        with mailbox() as box:
            dispatch_due(at=NOON)
        (mail,) = [str(one.get_content()) for one in box.arrived if one["Message-ID"] == notice.message_id]
        assert notice_texts.subject_reference(notice) in mail
        assert str(notice.subject_id) not in mail

    @pytest.mark.truth("posted-as-a-letter")
    def test_a_notice_that_came_back_and_was_posted_went_by_letter(self) -> None:
        notice, odile = self.notice(), factory.make_odile()
        disclosures.mark_sent(notice, actor=odile, at=NOON)
        with pytest.raises(disclosures.WrongState):
            disclosures.mark_posted(notice, actor=odile, at=NOON)
        disclosures.mark_bounced(notice, actor=odile, at=NOON)
        assert disclosures.mark_posted(notice, actor=odile, at=NOON + HOUR).channel == "letter"
        notice.refresh_from_db()
        assert (notice.state, notice.channel) == ("sent", "letter")

    @pytest.mark.truth("acknowledged-after-it-came-back")
    def test_a_notice_that_came_back_and_was_acknowledged_waits_for_nobody(self) -> None:
        notice = self.notice()
        disclosures.mark_sent(notice, actor=factory.make_odile(), at=NOON)
        disclosures.mark_bounced(notice, actor=factory.make_odile(), at=NOON, why="5.1.1")
        disclosures.acknowledge(token_of(notice.id), at=NOON + HOUR)
        notice.refresh_from_db()
        assert (notice.state, notice.trouble, notice.parked_at) == ("acknowledged", "", None)
        self.client.force_login(factory.make_odile())
        page = self.client.get(reverse("admin:disclosures_notice_change", args=[notice.pk])).content.decode()
        assert "5.1.1" not in page
