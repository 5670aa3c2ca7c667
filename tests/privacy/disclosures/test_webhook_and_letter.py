"""Notices by signed webhook and by letter (P1.6): one effect at the recipient, or a person's task."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from django.test import override_settings

from privacy.disclosures import actions as disclosures
from privacy.disclosures import letters
from privacy.disclosures.models import Notice, ThirdParty
from privacy.jobs.drain import drain
from privacy.jobs.models import GeneralOutbox
from privacy.rights import actions as rights
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON


class Receiver:
    """A recipient's machine: answers as told, remembers what came, and applies each Idempotency-Key once."""

    def __init__(self) -> None:
        self.status = 200
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.effects: dict[str, bytes] = {}


@contextmanager
def receiver() -> Iterator[tuple[Receiver, str]]:
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.calls.append((headers, body))
            if told.status == 200:
                told.effects.setdefault(headers["idempotency-key"], body)
            self.send_response(told.status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            return None

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield told, f"http://127.0.0.1:{server.server_port}/hook?of=acme"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def corrected(**party: Any) -> Notice:
    """A notice about a corrected IMEI, to a third party reached as told."""
    device = factory.make_device(1)
    factory.make_third_party(**party)
    factory.make_provided(device, "imei")
    right = factory.make_granted(factory.ask_correction(answer_by="portal"))
    rights.carry_out(right, actor=factory.make_officer(), at=NOON)
    return Notice.objects.get()


def again() -> None:
    GeneralOutbox.objects.filter(done_at=None, parked_at=None).update(not_before=NOON)
    drain(at=NOON)


@pytest.mark.clause("P1.6")
class WebhookTests(PortalTestCase):
    def test_it_carries_the_corrected_value_signed(self) -> None:
        with receiver() as (told, address):
            notice = corrected(channel="webhook", webhook_url=address, mailbox="")
            drain(at=NOON)
        ((headers, body),) = told.calls
        sent = json.loads(body)
        assert sent["corrected"] == [{"item": "imei", "record": str(notice.subject_id), "value": factory.RIGHT_IMEI}]
        key = letters.webhook_key(ThirdParty.objects.get())
        stamp = headers["x-extrus-timestamp"]
        expected = hmac.new(key.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        assert headers["x-extrus-signature"] == f"sha256={expected}"
        notice.refresh_from_db()
        assert notice.state == "sent"

    def test_retries_have_one_effect(self) -> None:
        with receiver() as (told, address):
            notice = corrected(channel="webhook", webhook_url=address, mailbox="")
            told.status = 500
            drain(at=NOON)
            notice.refresh_from_db()
            assert notice.trouble == "status-500"
            told.status = 200
            again()
            GeneralOutbox.objects.update(done_at=None, lease_until=None)
            Notice.objects.update(state="queued")
            again()
        assert len(told.calls) == 3
        assert list(told.effects) == [str(notice.id)]
        assert len({body for _headers, body in told.calls}) == 1

    def test_redirects_are_not_followed(self) -> None:
        with receiver() as (told, address):
            notice = corrected(channel="webhook", webhook_url=address, mailbox="")
            told.status = 307
            drain(at=NOON)
        notice.refresh_from_db()
        assert notice.trouble == "status-307"
        assert len(told.calls) == 1

    def test_in_production_it_goes_over_https_to_public_addresses_only(self) -> None:
        with receiver() as (told, address):
            notice = corrected(channel="webhook", webhook_url=address, mailbox="")
            with override_settings(DEVELOPMENT=False):
                drain(at=NOON)
                notice.refresh_from_db()
                assert notice.trouble == "not-https"
                ThirdParty.objects.update(webhook_url=address.replace("http:", "https:"))
                again()
                notice.refresh_from_db()
                assert notice.trouble == "private-address"
        assert not told.calls

    def test_a_new_address_gets_a_new_key(self) -> None:
        party = factory.make_third_party(channel="webhook", webhook_url="https://a.example/", mailbox="")
        before = letters.webhook_key(party)
        changed = disclosures.change_channel(
            party, channel="webhook", webhook_url="https://b.example/", actor=factory.make_odile(), at=NOON
        )
        assert letters.webhook_key(changed) != before


@pytest.mark.clause("P1.6")
class LetterTests(PortalTestCase):
    def setUp(self) -> None:
        self.notice = corrected(channel="letter", postal_address="서울시 중구 세종대로 1", mailbox="", language="ko")

    def test_it_waits_for_an_officer_and_not_for_the_worker(self) -> None:
        assert self.notice.state == "queued"
        assert not GeneralOutbox.objects.filter(kind="disclosures.notice").exists()

    def test_it_is_printed_with_the_corrected_value_and_marked_as_posted(self) -> None:
        odile = factory.make_officer()
        values = disclosures.read_corrected(self.notice, task="disclosures.notice.printed", actor=odile, at=NOON)
        assert [content.value for content in values] == [factory.RIGHT_IMEI]
        assert letters.letter(self.notice, values, at=NOON).startswith(b"%PDF-")
        posted = disclosures.mark_posted(self.notice, actor=odile, at=NOON)
        assert posted.state == "sent"
        assert posted.sent_by == odile.reference


class ReachableTests(PortalTestCase):
    def test_a_third_party_has_the_address_of_its_channel(self) -> None:
        for channel in ("email", "webhook", "letter"):
            with pytest.raises(disclosures.Unreachable):
                factory.make_third_party(f"x-{channel}", channel=channel, mailbox="")
