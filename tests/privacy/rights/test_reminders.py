"""Those who decide are reminded each morning of what is due, overdue or stuck; numbers of cases, nothing personal."""

from datetime import date

import pytest
from django.core.checks import run_checks

from privacy.accounts.models import User
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.lib.dates import clock
from privacy.policies import overdue_escalation
from privacy.policies.models import Officer
from privacy.rights import tasks
from privacy.rights.models import Request
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox

DUE = date(2026, 12, 4)


class ReminderTests(PortalTestCase):
    def setUp(self) -> None:
        factory.make_odile()
        factory.make_hana()
        self.case = factory.ask(answer_by="portal").request

    def told(self, on: date) -> list[str]:
        tasks.remind_on(on)
        with mailbox() as box:
            dispatch_due(at=NOON)
        return [message.get_content() for message in box.arrived]

    def test_nothing_is_sent_while_nothing_presses(self) -> None:
        assert tasks.remind_on(date(2026, 11, 30)) == 0
        assert not GeneralOutbox.objects.exists()

    def test_what_is_due_within_three_days_is_told_to_the_officers(self) -> None:
        texts = self.told(date(2026, 12, 1))
        assert len(texts) == 2
        assert all(self.case.number in text for text in texts)
        assert all("Mina" not in text for text in texts)

    @pytest.mark.truth("reminder-of-nothing")
    def test_what_was_seen_to_before_the_mail_went_out_is_not_reminded(self) -> None:
        tasks.remind_on(date(2026, 12, 1))
        Request.objects.update(due_on=date(2026, 12, 20))
        with mailbox() as box:
            dispatch_due(at=NOON)
        assert not box.arrived

    def test_what_is_overdue_is_told_first(self) -> None:
        assert self.told(date(2026, 12, 7))[0].startswith("기한 경과")

    def addresses(self, on: date) -> list[str]:
        tasks.remind_on(on)
        with mailbox() as box:
            dispatch_due(at=NOON)
        return sorted(message["To"] for message in box.arrived)

    @pytest.mark.truth("19")
    def test_what_is_overdue_goes_to_who_has_it_and_up_to_the_designated_officer(self) -> None:
        Officer.objects.update(email="privacy@extrus.example")
        emin = factory.make_emin()
        Request.objects.update(assigned_to=emin.reference)
        told = self.addresses(date(2026, 12, 7))
        assert told == [
            "emin@extrus.example", "odile@extrus.example", "omar@extrus.example", "privacy@extrus.example",
        ]  # fmt: skip

    @pytest.mark.truth("19")
    def test_without_an_address_there_it_goes_to_every_officer(self) -> None:
        """The designation ships without an address."""
        assert not Officer.objects.exclude(email="")
        assert self.addresses(date(2026, 12, 7)) == ["odile@extrus.example", "omar@extrus.example"]
        assert not GeneralOutbox.objects.filter(ids__to="designated-officer").exists()
        on = date(2026, 12, 7)
        assert len(overdue_escalation.escalation_recipients(on)) == 2

    @pytest.mark.truth("19")
    def test_nobody_at_all_is_an_alarm(self) -> None:
        on = clock.today()
        assert overdue_escalation.escalation_recipients(on)
        User.objects.holding("officer", on=on).update(is_active=False)
        assert overdue_escalation.escalation_recipients(on) == []
        self.client.force_login(factory.make_hana())
        said = self.client.get("/office/").content.decode()
        assert "기한이 지난 업무의 알림을 받을 사람이 없습니다" in said
        found = {message.id for message in run_checks(tags=["portal"], include_deployment_checks=True)}
        assert "config.E015" in found
        Officer.objects.update(email="privacy@extrus.example")
        assert "기한이 지난 업무의 알림을 받을 사람이 없습니다" not in self.client.get("/office/").content.decode()
        found = {message.id for message in run_checks(tags=["portal"], include_deployment_checks=True)}
        assert "config.E015" not in found

    def test_each_officer_is_told_once_a_day(self) -> None:
        for _time in range(3):
            tasks.remind_on(date(2026, 12, 3))
        assert GeneralOutbox.objects.filter(kind="rights.reminder").count() == 2
        tasks.remind_on(DUE)
        assert GeneralOutbox.objects.filter(kind="rights.reminder").count() == 4
