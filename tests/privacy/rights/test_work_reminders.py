"""Whoever has to act is reminded from the list: once a day, by mail, on record; who can't be reminded is told why."""

from datetime import timedelta

from django.urls import reverse

from privacy.accounts.actions.work_reminders import AlreadyReminded, NobodyToRemind
from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.models import Entry
from privacy.rights import actions as rights
from privacy.rights.models import Request
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox

PATH = "/office/rights/request/"


class RemindTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.hana = factory.make_odile(), factory.make_hana()
        self.case = Request.objects.get(number=factory.ask(at=NOON).number)

    def remind(self, at: object = NOON) -> None:
        rights.remind_assignee(self.case, path=PATH, actor=self.odile, at=at)  # type: ignore[arg-type]

    def assign(self) -> None:
        rights.assign(self.case, to=self.hana.reference, actor=self.odile, at=NOON)

    def mails(self, at: object = NOON) -> list[str]:
        with mailbox() as box:
            dispatch_due(at=at)  # type: ignore[arg-type]
        return [
            next(part for part in one.walk() if part.get_content_type() == "text/plain").get_content()
            for one in box.arrived
            if one["To"] == self.hana.email and self.case.number in str(one["Subject"])
        ]

    def test_the_assignee_is_mailed_once_a_day_and_it_is_on_record(self) -> None:
        self.assign()
        self.remind()
        with self.assertRaisesMessage(AlreadyReminded, self.hana.name):
            self.remind(NOON + timedelta(hours=3))
        (text,) = self.mails()
        assert self.case.number in text
        assert PATH in text
        assert "Mina" not in text
        assert Entry.objects.filter(word="rights.assignee.reminded").count() == 1
        self.remind(NOON + timedelta(days=1))
        assert len(self.mails(NOON + timedelta(days=1))) == 1

    def test_one_that_could_not_go_out_on_its_day_is_not_sent_later(self) -> None:
        self.assign()
        self.remind()
        assert self.mails(NOON + timedelta(days=1)) == []

    def test_where_nobody_is_responsible_nobody_is_reminded(self) -> None:
        with self.assertRaises(NobodyToRemind):
            self.remind()
        self.assign()
        self.hana.is_active = False
        self.hana.save()
        with self.assertRaises(NobodyToRemind):
            self.remind()
        assert not Entry.objects.filter(word="rights.assignee.reminded").exists()

    def test_who_may_not_assign_may_not_remind_and_sees_no_button(self) -> None:
        self.assign()
        aram = factory.make_aram()
        with self.assertRaises(NotPermitted):
            rights.remind_assignee(self.case, path=PATH, actor=aram, at=NOON)
        self.client.force_login(aram)
        assert 'value="remind"' not in self.client.get(reverse("admin:rights_request_changelist")).content.decode()

    def test_from_the_list_each_is_reminded_and_the_rest_is_told(self) -> None:
        self.assign()
        others = [Request.objects.get(number=factory.ask(target=factory.imei(n), at=NOON).number) for n in (2, 3)]
        self.client.force_login(self.odile)
        address = reverse("admin:rights_request_changelist")
        assert 'value="remind"' in self.client.get(address).content.decode()
        data = {"action": "remind", "_selected_action": [str(one.pk) for one in (self.case, *others)], "index": "0"}
        page = self.client.post(address, data, follow=True).content.decode()
        assert "알림 1건" in page
        assert "2건은 그대로 두었습니다" in page
        page = self.client.post(address, data, follow=True).content.decode()
        assert "오늘 이미" in page
