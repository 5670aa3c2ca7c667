"""A notice shown on the device: fetched by its gateway, told once it was shown, and else by the next way (0407)."""

from datetime import timedelta

import pytest

from devices.models import Device
from privacy.campaigns import actions as campaigns
from privacy.campaigns.models import Campaign, Delivery
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.subjects.models import Subject
from tests import factory
from tests.devices.base import ApiTestCase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox


@pytest.mark.clause("P0.3")
@pytest.mark.law("B-02")
class MessageCalls(ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.odile = factory.make_odile()
        self.mine = self.device()
        self.path = f"/devices/{self.mine.id}/messages"

    def start(self, *people: Device | Subject) -> Campaign:
        said = {"ko": "제목", "en": "Title"}
        ids = [getattr(one, "subject_id", one.id) for one in people or (self.mine,)]
        started = campaigns.start_campaign(
            kind=Campaign.Kind.BREACH, about="x", occasion="x", title=said, text={"ko": "내용", "en": "Text"},
            subject_ids=ids, actor=self.odile, at=self.now,
        )  # fmt: skip
        self.work()
        return started

    def work(self, *, hours: int = 0) -> list[str]:
        GeneralOutbox.objects.waiting().update(not_before=NOON, lease_until=None)
        with mailbox() as box:
            for _round in range(3):
                dispatch_due(at=self.now + timedelta(hours=hours))
        return [str(mail["To"]) for mail in box.arrived]

    def show(self, message: str, **options: str):  # type: ignore[no-untyped-def]
        return self.call("PUT", f"{self.path}/{message}/shown", {"shown_at": self.now.isoformat()}, **options)

    def delivery(self) -> Delivery:
        return Delivery.objects.get(subject_id=self.mine.subject_id)

    def test_it_is_fetched_shown_and_told_once(self) -> None:
        campaign = self.start()
        [message] = self.call("GET", self.path).json()["messages"]
        assert (message["ko"], message["en"]["text"]) == ({"title": "제목", "text": "내용"}, "Text")
        assert self.delivery().state == "waiting"
        for key in ("", "a", "a", "b"):
            assert self.show(message["message"], key=key).status_code == 200
        self.work()
        told = self.delivery()
        assert (told.state, told.way) == ("sent", "device")
        assert self.call("GET", self.path).json()["messages"] == []
        assert self.show(message["message"]).status_code == 200
        self.work(hours=25)
        campaign.refresh_from_db()
        assert campaign.state == "completed"
        assert self.assertLedgered("campaigns.delivery.sent", told)
        assert self.delivery().settled_at == told.settled_at

    def test_what_is_not_shown_in_a_day_goes_another_way_and_a_late_showing_counts(self) -> None:
        self.start()
        [message] = self.call("GET", self.path).json()["messages"]
        factory.make_contact(Subject.objects.get(pk=self.mine.subject_id), value="mina@example.org", at=self.now)
        assert self.work(hours=23) == []
        GeneralOutbox.objects.waiting().update(not_before=NOON, lease_until=None)
        dispatch_due(at=self.now + timedelta(hours=24), seconds=0.0)
        campaigns.mark_not_shown(self.delivery(), actor=self.odile, at=self.now + timedelta(hours=24))
        assert self.delivery().way == ""
        assert self.call("GET", self.path).json()["messages"] == []
        # The device had it all the while.
        campaigns.mark_shown(self.delivery().pk, shown_at=self.now, actor=self.odile, at=self.now)
        assert self.work(hours=25) == []
        assert (self.delivery().state, self.delivery().way) == ("sent", "device")
        assert message["message"] == str(self.delivery().pk)

    def test_whom_no_way_reaches_is_listed_and_a_mail_comes_first(self) -> None:
        mailed = self.device(2)
        factory.make_contact(Subject.objects.get(pk=mailed.subject_id), value="mina@example.org", at=self.now)
        started = self.start(self.mine, mailed)
        assert self.call("GET", f"/devices/{mailed.id}/messages").json()["messages"] == []
        self.work(hours=24)
        assert (self.delivery().state, self.delivery().trouble) == ("parked", "NotShown")
        assert started.deliveries.get(subject_id=mailed.subject_id).state == "sent"

    def test_nobody_else_fetches_or_settles_it_and_a_paused_one_is_not_shown(self) -> None:
        campaign = self.start()
        [message] = self.call("GET", self.path).json()["messages"]
        other = factory.make_token("Other", scopes=["messages"], at=self.now)
        narrow = factory.make_token(scopes=["devices"], at=self.now)
        self.assertProblem(self.call("GET", self.path, token=other), 404, "unknown-device")
        self.assertProblem(self.show(message["message"], token=other), 404, "unknown-device")
        assert self.call("GET", self.path, token=narrow).status_code == 403
        stranger = self.device(3)
        answer = self.call(
            "PUT", f"/devices/{stranger.id}/messages/{message['message']}/shown", {"shown_at": self.now.isoformat()}
        )
        self.assertProblem(answer, 404, "unknown-message")
        campaigns.pause_campaign(campaign, actor=self.odile, at=self.now)
        assert self.call("GET", self.path).json()["messages"] == []
        campaigns.continue_campaign(campaign, actor=self.odile, at=self.now)
        Campaign.objects.filter(pk=campaign.pk).update(text_ko="something else")
        assert self.call("GET", self.path).json()["messages"] == []
