"""Programs are told what happens: signed, once at least, in order; what is not taken waits for a person."""

import importlib.util
import json
import os
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.test import override_settings
from django.urls import reverse

from config.event_examples import EVENT, EVENT_CHECK
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.ledger import listeners
from privacy.lib.dates import clock
from privacy.lib.integrations import outbound_http
from privacy.office_api import actions as office_api
from privacy.office_api import webhook_client
from privacy.office_api.event_kinds import TOLD
from privacy.office_api.models import EventDelivery, OutgoingEvent, Subscription
from privacy.office_api.refusals import IncompleteWebhook, SamePerson, WrongState
from privacy.retention import actions as retention
from privacy.rights import actions as rights
from privacy.rights.models import Letter
from tests import factory
from tests.base import PortalTestCase
from tests.devices.api_description import Published
from tests.factories.accounts import NOON
from tests.factories.webhooks import Program, make_webhook, running_program
from tests.privacy.accounts.test_sessions import signed_in

UNTOLD = Path(__file__).with_name("untold_words.txt")
DAY = timedelta(days=1)


def check(secret: str, headers: dict[str, str], body: bytes) -> Any:
    """Run the check that the reference page shows."""
    names: dict[str, Any] = {}
    exec(EVENT_CHECK, names)
    return names["read_event"](secret, headers, body)


class WebhookCase(PortalTestCase):
    def setUp(self) -> None:
        factory.end_waits_at_once()
        self.odile, self.ines = factory.make_officer(), factory.make_ines()
        told = running_program()
        self.program: Program = told.__enter__()
        self.addCleanup(told.__exit__, None, None, None)

    def work(self, at: Any = NOON) -> None:
        """Let the worker deliver, also what it put off."""
        for _round in range(4):
            GeneralOutbox.objects.filter(done_at=None, parked_at=None).update(not_before=NOON, lease_until=None)
            dispatch_due(at=at)

    def came(self) -> list[Any]:
        return [json.loads(body) for _headers, body in self.program.calls]

    def give_up(self, at: Any = NOON) -> None:
        """Let the patience of what fails be over."""
        GeneralOutbox.objects.filter(failures__gt=0).update(failing_since=clock.now() - timedelta(days=30))
        self.work(at)


class EventTests(WebhookCase):
    @pytest.mark.asvs("4.1.5", "4.2.5")
    def test_each_family_arrives_signed_and_as_it_is_published_without_a_word_of_anybody(self) -> None:
        make_webhook(self.program.address)
        device = factory.make_device(1, agreed=("activation", "service-analytics"))
        right = factory.make_granted(factory.ask_correction(answer_by="portal"))
        rights.carry_out(right, actor=self.odile, at=NOON)
        hold = retention.ask_lifting(factory.make_hold(), reason="over", actor=self.odile, at=NOON)
        retention.lift_hold(hold, actor=self.ines, at=NOON)
        factory.decide(device, "service-analytics", "withdraw", at=NOON)
        factory.make_incident()
        self.work()
        kinds = [event["type"].removeprefix("extrus.privacy.") for event in self.came()]
        assert set(kinds) >= {
            "case.opened", "case.changed", "case.decided", "freeze.set", "freeze.released", "hold.placed",
            "hold.ended", "consent.withdrawn", "incident.recorded",
        }  # fmt: skip
        decided = self.came()[kinds.index("case.decided")]
        right.request.refresh_from_db()
        assert decided["data"]["state"] == right.request.state and decided["subject"] == right.request.number
        text = b"".join(body for _headers, body in self.program.calls).decode()
        for secret in ("Mina", "mina@", factory.imei(1), factory.RIGHT_IMEI, "Seoul Central", "pending lawsuit"):
            assert secret not in text
        published = Published(self.client.get("/api/office/v1/openapi.json").json())
        text_of_secret = webhook_client.secret_text(Subscription.objects.get())
        for headers, body in self.program.calls:
            event = check(text_of_secret, headers, body)
            shape = published.document["webhooks"][event["type"].removeprefix("extrus.privacy.")]["post"]
            published._fits(
                event["type"], shape["requestBody"]["content"]["application/cloudevents+json"]["schema"], body
            )
            assert headers["webhook-id"] == event["id"]
            assert sum(len(name) + len(value) for name, value in headers.items()) < 1_000
        for broken in (
            {**headers, "webhook-timestamp": "1"},
            {**headers, "webhook-id": "x"},
            {**headers, "webhook-signature": "v1,x"},
        ):
            with pytest.raises(ValueError, match=r"signed|old"):
                check(text_of_secret, broken, body)

    def test_an_answer_that_comes_back_is_told_for_the_case_is_open_again(self) -> None:
        make_webhook(self.program.address, "case.changed")
        case = factory.make_verified(factory.ask(address=""))
        rights.refuse(case.rights.get(), ground="life-or-body", actor=self.odile, at=NOON)
        letter = rights.mark_letter_sent(Letter.objects.get(kind="result"), actor=self.odile, at=NOON)
        rights.close_case(case, actor=self.odile, at=NOON)
        rights.mark_letter_bounced(letter, actor=self.odile, at=NOON)
        self.work()
        last = self.came()[-1]["data"]
        assert (last["change"], last["state"]) == ("rights.letter.bounced", "decided")

    def test_of_two_joined_cases_only_one_is_said_to_be_closed(self) -> None:
        factory.make_device(1)
        first, second = (factory.ask(target=factory.imei(1), at=NOON + DAY * day).request for day in range(2))
        make_webhook(self.program.address, "case.closed", "case.changed")
        rights.join(second, to=first, actor=self.odile, at=NOON + DAY)
        self.work(NOON + DAY)
        told = {(one["type"].rpartition(".")[2], one["subject"]) for one in self.came()}
        assert told == {("closed", second.number), ("changed", first.number)}

    def test_no_act_no_event_and_nobody_who_listens_no_row(self) -> None:
        factory.ask()
        assert not OutgoingEvent.objects.exists()
        make_webhook(self.program.address, "hold.placed")
        with pytest.raises(RuntimeError), transaction.atomic():
            factory.make_hold()
            raise RuntimeError
        factory.ask()
        assert (
            not OutgoingEvent.objects.exists()
            and not GeneralOutbox.objects.filter(kind__startswith="office_api").exists()
        )
        # Outside the act's own transaction nobody would hear: such a word is refused there.
        with pytest.raises(ValueError, match="listens"):
            listeners.must_have_none(next(iter(TOLD)))

    def test_every_word_of_the_trail_is_told_or_is_known_to_tell_nobody(self) -> None:
        words: set[str] = set()
        for app in apps.get_app_configs():
            if importlib.util.find_spec(f"{app.name}.events"):
                words |= {str(word) for word in getattr(importlib.import_module(f"{app.name}.events"), "Event", ())}
        untold = sorted(words - {str(word) for word in TOLD})
        if os.environ.get("APPROVE"):
            UNTOLD.write_text("\n".join(untold) + "\n")
        assert untold == UNTOLD.read_text().split(), (
            "tell it in event_kinds.py, or approve that nobody is told (APPROVE=1)"
        )

    def test_the_example_of_the_page_is_an_event(self) -> None:
        event = json.loads(EVENT.partition("\n\n")[2])
        made = OutgoingEvent(sequence=42, event_id=event["id"], kind="case.decided", about=event["subject"], at=NOON)
        made.body = event["data"]
        assert webhook_client.cloud_event(made).keys() == event.keys()
        published = Published(self.client.get("/api/office/v1/openapi.json").json())
        shape = published.document["webhooks"]["case.decided"]["post"]["requestBody"]["content"]
        published._fits("example", shape["application/cloudevents+json"]["schema"], json.dumps(event).encode())


class DeliveryTests(WebhookCase):
    def test_what_fails_is_sent_again_and_holds_up_its_own_subject_alone(self) -> None:
        make_webhook(self.program.address, "hold.placed", "hold.ended")
        first = factory.make_hold()
        self.program.status, self.program.answer = 302, b"x" * 100_000
        self.work()
        assert len({headers["webhook-id"] for headers, _body in self.program.calls}) == 1
        asked = retention.ask_lifting(first, reason="over", actor=self.odile, at=NOON)
        retention.lift_hold(asked, actor=self.ines, at=NOON)
        self.program.calls.clear()
        self.work()
        assert {event["type"] for event in self.came()} == {"extrus.privacy.hold.placed"}, "the end waits"
        self.program.status = 204
        self.program.calls.clear()
        self.work()
        assert [event["type"].rpartition(".")[2] for event in self.came()] == ["placed", "ended"]
        sequences = [event["sequence"] for event in self.came()]
        assert sequences == sorted(sequences) and not EventDelivery.objects.waiting().exists()
        assert Subscription.objects.get().failing_since is None

    def test_days_of_silence_suspend_it_and_a_person_resumes_and_settles(self) -> None:
        webhook = make_webhook(self.program.address, "hold.placed")
        self.program.status = 500
        factory.make_hold()
        factory.make_hold()
        self.work()
        self.give_up()
        webhook.refresh_from_db()
        assert webhook.suspended_at == NOON
        self.assertLedgered("office_api.webhook.suspended", webhook)
        assert GeneralOutbox.objects.parked().exists(), "which raises the alarm of stopped deliveries"
        dead = list(EventDelivery.objects.filter(state="dead"))
        factory.make_hold()
        self.program.calls.clear()
        self.work()
        assert dead and not self.program.calls, "nothing is sent meanwhile"
        console = signed_in(self.odile)
        assert (
            "500" in console.get(reverse("admin:office_api_eventdelivery_changelist") + "?state=dead").content.decode()
        )
        with pytest.raises(WrongState):
            office_api.send_again(dead[0], actor=self.odile, at=NOON)
        self.program.status = 204
        office_api.resume_webhook(webhook, actor=self.odile, at=NOON)
        self.work()
        assert len(self.program.calls) == 3 - len(dead)
        office_api.send_again(dead[0], actor=self.odile, at=NOON)
        self.work()
        assert len(self.program.calls) == 4 - len(dead)
        with pytest.raises(WrongState):
            office_api.discard(dead[0], reason="late", actor=self.odile, at=NOON)
        for row in dead[1:]:
            office_api.discard(row, reason="late", actor=self.odile, at=NOON)
        assert not GeneralOutbox.objects.parked().exists()

    def test_one_event_that_is_never_taken_suspends_nothing_and_can_be_discarded(self) -> None:
        webhook = make_webhook(self.program.address, "hold.placed")
        self.program.status = 422
        factory.make_hold()
        self.work()
        self.program.status = 204
        GeneralOutbox.objects.filter(failures__gt=0).update(not_before=clock.now() + DAY, lease_until=None)
        factory.make_hold()
        for _round in range(3):
            dispatch_due(at=NOON)
        self.program.status = 422
        self.give_up(NOON + DAY)
        webhook.refresh_from_db()
        dead = EventDelivery.objects.get(state="dead")
        assert webhook.suspended_at is None and dead.trouble == "status-422"
        with pytest.raises(IncompleteWebhook):
            office_api.discard(dead, reason=" ", actor=self.odile, at=NOON)
        office_api.discard(dead, reason="the program never knew this case", actor=self.odile, at=NOON)
        with pytest.raises(WrongState):
            office_api.discard(dead, reason="twice", actor=self.odile, at=NOON)

    def test_a_period_is_sent_once_more_under_the_same_ids_and_goes_after_its_time(self) -> None:
        webhook = make_webhook(self.program.address, "hold.placed")
        for _each in range(3):
            factory.make_hold()
        self.work()
        first = [headers["webhook-id"] for headers, _body in self.program.calls]
        with pytest.raises(IncompleteWebhook):
            office_api.replay(webhook, begins=NOON - DAY, ends=NOON, actor=self.odile, at=NOON)
        assert office_api.replay(webhook, begins=NOON, ends=NOON + DAY, actor=self.odile, at=NOON) == 3
        self.work()
        assert [headers["webhook-id"] for headers, _body in self.program.calls] == first * 2
        assert office_api.remove_old_events(at=NOON + 90 * DAY) == 0
        assert office_api.remove_old_events(at=NOON + 91 * DAY) == 3
        assert not EventDelivery.objects.exists()

    def test_an_ended_webhook_gets_nothing_also_of_what_waits(self) -> None:
        webhook = make_webhook(self.program.address, "hold.placed")
        factory.make_hold()
        office_api.distribute(at=NOON)
        office_api.end_webhook(webhook, actor=self.odile, at=NOON)
        factory.make_hold()
        self.work()
        assert not self.program.calls and EventDelivery.objects.get().state == "discarded"

    def test_two_secrets_sign_while_one_replaces_the_other(self) -> None:
        webhook = make_webhook(self.program.address, "hold.placed")
        old = office_api.show_webhook_secret(webhook, actor=self.odile, at=NOON)
        webhook = office_api.renew_webhook_secret(webhook, actor=self.odile, at=clock.now())
        new = office_api.show_webhook_secret(webhook, actor=self.odile, at=NOON)
        factory.make_hold()
        self.work()
        [(headers, body)] = self.program.calls
        assert check(old, headers, body) == check(new, headers, body) and old != new
        office_api.end_old_secret(webhook, actor=self.odile, at=clock.now())
        factory.make_hold()
        self.work()
        headers, body = self.program.calls[-1]
        check(new, headers, body)
        with pytest.raises(ValueError, match="signed"):
            check(old, headers, body)
        assert old not in str(Subscription.objects.values()) and new not in str(Subscription.objects.values())


@pytest.mark.asvs("1.3.6")
class AddressTests(WebhookCase):
    @override_settings(DEVELOPMENT=False)
    def test_no_call_enters_a_network_of_ours(self) -> None:
        went: list[Any] = []

        def connect(address: Any, **_options: Any) -> Any:
            went.append(address[0])
            raise ConnectionRefusedError

        def getaddrinfo(host: str, port: int, **_kind: Any) -> list[Any]:
            found = host if host[0].isdigit() else answers.pop(0)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))]

        inside = ["127.0.0.1", "10.0.0.7", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"]
        answers = [*inside, "8.8.8.8", "127.0.0.1"]
        hosts = [*inside, *("name.example" for _each in inside)]
        with (
            mock.patch.object(outbound_http.socket, "create_connection", connect),
            mock.patch.object(outbound_http.socket, "getaddrinfo", getaddrinfo),
        ):
            event = OutgoingEvent(sequence=1, kind="hold.placed", about="H", at=NOON, body={})
            for host in hosts:
                webhook = Subscription(address=f"https://{host}/", secret_generation=1)
                with pytest.raises(webhook_client.EventNotTaken, match="private-address"):
                    webhook_client.send(webhook, event, at=NOON)
            assert went == []
            # A name whose answer changes leads to the address that was checked.
            with pytest.raises(webhook_client.EventNotTaken):
                webhook_client.send(Subscription(address="https://name.example/", secret_generation=1), event, at=NOON)
        assert went == ["8.8.8.8"]
        for address in ("http://a.example/", "https://u:p@a.example/", "https://a.example/#x", "ftp://a.example/", ""):
            with pytest.raises(IncompleteWebhook):
                office_api.ask_webhook(
                    title="x", address=address, kinds=["hold.placed"], reason="x", actor=self.odile, at=NOON
                )

    def test_what_two_people_let_count_is_what_is_called(self) -> None:
        webhook = office_api.ask_webhook(
            title="x", address=self.program.address, kinds=["hold.placed"], reason="x", actor=self.odile, at=NOON
        )
        factory.make_hold()
        self.work()
        assert not OutgoingEvent.objects.exists()
        with pytest.raises(SamePerson):
            office_api.approve_webhook(webhook, actor=self.odile, at=NOON)
        office_api.approve_webhook(webhook, actor=self.ines, at=NOON)
        for changes in ({"address": "https://elsewhere.example/"}, {"kinds": ["case.opened"]}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Subscription.objects.update(**changes)

    def test_the_console_requests_shows_the_secret_once_and_replays(self) -> None:
        console = signed_in(self.odile)
        new = reverse("admin:office_api_subscription_new")
        assert new in console.get(reverse("admin:office_api_subscription_changelist")).content.decode()
        sent = {
            "title": "helpdesk", "address": self.program.address, "kinds": ["hold.placed"], "reason": "by its owner",
            "confirmed": "yes",
        }  # fmt: skip
        console.post(new, sent)
        webhook = Subscription.objects.get()
        assert signed_in(factory.make_handler()).get(new).status_code == 403
        office_api.approve_webhook(webhook, actor=self.ines, at=clock.now())
        page = reverse("admin:office_api_subscription_change", args=[webhook.pk])
        pressed = {"CHANGE_FORM-action": "show_secret", "_selected_action": str(webhook.pk), "index": "0"}
        shown = console.post(page, pressed).content.decode()
        assert webhook_client.secret_text(webhook) in shown
        assert webhook_client.secret_text(webhook) not in console.get(page).content.decode()
