"""Notices by signed webhook and by letter (P1.6): one effect at the recipient, or a person's task."""

import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any
from unittest import mock

import pytest
from django.core.exceptions import ValidationError
from django.test import override_settings

from privacy.disclosures import actions as disclosures
from privacy.disclosures import notice_texts, webhooks
from privacy.disclosures.models import Notice, ThirdParty
from privacy.disclosures.refusals import UnusableWebhook
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.office_api.models import Subscription
from privacy.rights import actions as rights
from privacy.systems.models import Connection
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.safeguards.test_the_portal_looks_at_itself import certificate, site


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


def _speak_no_tls(server: socket.socket, ended: Event) -> None:
    """Answer anything but TLS, and note when the other side closes."""
    connection, _address = server.accept()
    with connection:
        connection.settimeout(5)
        connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        with suppress(TimeoutError):
            try:
                while connection.recv(4096):
                    continue
            except ConnectionResetError:
                pass
            ended.set()


def _drip(server: socket.socket, left: Event) -> None:
    """Answer one byte of a header at a time, until the other side closes."""
    connection, _address = server.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 100 Continue\r\nX-Slow: ")
        connection.settimeout(0.05)
        while not left.is_set():
            try:
                connection.sendall(b"x")
                if not connection.recv(4096):
                    left.set()
            except TimeoutError:
                continue
            except OSError:
                left.set()


def again() -> None:
    GeneralOutbox.objects.filter(done_at=None, parked_at=None).update(not_before=NOON)
    dispatch_due(at=NOON)


@pytest.mark.clause("P1.6")
class WebhookTests(PortalTestCase):
    @pytest.mark.asvs("4.1.5")
    def test_it_carries_the_corrected_value_signed(self) -> None:
        with receiver() as (told, address):
            notice = corrected(channel="webhook", webhook_url=address, mailbox="")
            dispatch_due(at=NOON)
        ((headers, body),) = told.calls
        sent = json.loads(body)
        assert sent["corrected"] == [{"item": "imei", "record": str(notice.subject_id), "value": factory.RIGHT_IMEI}]
        key = notice_texts.webhook_key(ThirdParty.objects.get())
        stamp = headers["x-extrus-timestamp"]
        expected = hmac.new(key.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        assert headers["x-extrus-signature"] == f"sha256={expected}"
        notice.refresh_from_db()
        assert notice.state == "sent"

    def test_retries_have_one_effect(self) -> None:
        with receiver() as (told, address):
            notice = corrected(channel="webhook", webhook_url=address, mailbox="")
            told.status = 500
            dispatch_due(at=NOON)
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

    @pytest.mark.asvs("15.3.2")
    def test_redirects_are_not_followed(self) -> None:
        with receiver() as (told, address):
            notice = corrected(channel="webhook", webhook_url=address, mailbox="")
            told.status = 307
            dispatch_due(at=NOON)
        notice.refresh_from_db()
        assert notice.trouble == "status-307"
        assert len(told.calls) == 1

    @pytest.mark.asvs("1.3.6", "12.3.1", "13.2.4")
    def test_in_production_it_goes_over_https_to_public_addresses_only(self) -> None:
        with receiver() as (told, address):
            notice = corrected(channel="webhook", webhook_url=address, mailbox="")
            with override_settings(DEVELOPMENT=False):
                dispatch_due(at=NOON)
                notice.refresh_from_db()
                assert notice.trouble == "not-https"
                ThirdParty.objects.update(webhook_url=address.replace("http:", "https:"))
                again()
                notice.refresh_from_db()
                assert notice.trouble == "port-not-allowed"
                ThirdParty.objects.update(webhook_url="https://localhost/hook")
                again()
                notice.refresh_from_db()
                assert notice.trouble == "private-address"
        assert not told.calls

    @pytest.mark.truth("webhook-socket")
    def test_a_handshake_that_fails_leaves_no_connection_open(self) -> None:
        notice = corrected(channel="webhook", webhook_url="https://acme.example/", mailbox="")
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(10)
            thread = Thread(target=_speak_no_tls, args=(server, ended := Event()))
            thread.start()
            notice.third_party.webhook_url = f"https://localhost:{server.getsockname()[1]}/hook"
            # The refusal is held with its frames: the connection must end by itself.
            with pytest.raises(webhooks.WebhookFailed):
                webhooks.post(notice, b"{}", at=NOON)
            thread.join()
        assert ended.is_set()

    @pytest.mark.asvs("12.3.2", "16.3.4")
    def test_a_recipient_that_nobody_vouches_for_is_told_nothing_and_that_is_in_the_log(self) -> None:
        notice = corrected(channel="webhook", webhook_url="https://acme.example/", mailbox="")
        with TemporaryDirectory() as folder:
            _path, context = certificate(Path(folder), days=90)
            with site({}, context) as address, self.assertLogs("portal.jobs", "WARNING") as logs:
                ThirdParty.objects.update(webhook_url=f"{address}/hook")
                dispatch_due(at=NOON)
        notice.refresh_from_db()
        assert (notice.state, notice.trouble) == (Notice.State.QUEUED, "SSLCertVerificationError")
        assert any("failed at start 1" in line for line in logs.output)

    @pytest.mark.asvs("13.2.6")
    @pytest.mark.attack("17.22")
    def test_a_recipient_that_drips_its_answer_is_left_after_the_whole_time(self) -> None:
        notice = corrected(channel="webhook", webhook_url="https://acme.example/", mailbox="")
        with socket.create_server(("127.0.0.1", 0)) as server:
            thread = Thread(target=_drip, args=(server, left := Event()))
            thread.start()
            notice.third_party.webhook_url = f"http://localhost:{server.getsockname()[1]}/hook"
            with mock.patch.object(webhooks, "TOTAL_TIMEOUT", 0.5), pytest.raises(webhooks.WebhookFailed) as refused:
                webhooks.post(notice, b"{}", at=NOON)
            assert left.wait(60)
            thread.join()
        assert str(refused.value) == "TimeoutError"

    @pytest.mark.attack("17.22")
    def test_an_address_that_nothing_is_delivered_to_is_refused_when_it_is_entered(self) -> None:
        party = factory.make_third_party()
        for address in (
            "http://a.example/", "https://a.example:22/", "https://a.example:99999/", "https://u:p@a.example/",
            f"https://{'a' * 64}.example/", "https://[::1/", "https:///path",
        ):  # fmt: skip
            with self.subTest(address), override_settings(DEVELOPMENT=False), pytest.raises(UnusableWebhook):
                disclosures.change_channel(
                    party, channel="webhook", webhook_url=address, actor=factory.make_odile(), at=NOON
                )
            party.refresh_from_db()
            assert party.channel == "email"

    @pytest.mark.attack("17.22")
    def test_an_address_from_before_that_is_malformed_is_a_trouble_not_an_error(self) -> None:
        notice = corrected(channel="webhook", webhook_url="https://a.example/", mailbox="")
        for address in ("https://a.example:99999/", f"https://{'a' * 64}.example/"):
            notice.third_party.webhook_url = address
            with self.subTest(address), pytest.raises(webhooks.WebhookFailed, match="malformed"):
                webhooks.post(notice, b"{}", at=NOON)

    @pytest.mark.asvs("4.2.5")
    def test_an_address_is_no_longer_than_others_take(self) -> None:
        """Headers of a delivery have lengths of their own: ids, a time, a sum."""
        field = ThirdParty._meta.get_field("webhook_url")
        field.clean("https://acme.example/" + "a" * 170, None)
        with pytest.raises(ValidationError):
            field.clean("https://acme.example/" + "a" * 200, None)
        for model in (Connection, Subscription):
            assert model._meta.get_field("address").max_length == 300
        with receiver() as (told, address):
            corrected(channel="webhook", webhook_url=address, mailbox="")
            dispatch_due(at=NOON)
        ((headers, _body),) = told.calls
        assert sum(len(name) + len(value) for name, value in headers.items()) < 1_000

    def test_a_new_address_gets_a_new_key(self) -> None:
        party = factory.make_third_party(channel="webhook", webhook_url="https://a.example/", mailbox="")
        before = notice_texts.webhook_key(party)
        changed = disclosures.change_channel(
            party, channel="webhook", webhook_url="https://b.example/", actor=factory.make_odile(), at=NOON
        )
        assert notice_texts.webhook_key(changed) != before


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
        assert notice_texts.letter_pdf(self.notice, values, actor=odile, at=NOON).startswith(b"%PDF-")
        posted = disclosures.mark_posted(self.notice, actor=odile, at=NOON)
        assert posted.state == "sent"
        assert posted.sent_by == odile.reference


@pytest.mark.truth("waiting-notices-follow")
class ChangedChannelTests(PortalTestCase):
    """“Notices that wait go by the new way”, says the page where the way is changed."""

    def change(self, **channel: str) -> None:
        disclosures.change_channel(ThirdParty.objects.get(), actor=factory.make_odile(), at=NOON, **channel)

    def test_a_mail_that_waits_becomes_a_letter(self) -> None:
        notice = corrected()
        self.change(channel="letter", postal_address="서울시 중구 세종대로 1")
        dispatch_due(at=NOON)
        notice.refresh_from_db()
        assert (notice.channel, notice.state) == ("letter", "queued")
        assert disclosures.mark_posted(notice, actor=factory.make_odile(), at=NOON).state == "sent"

    @pytest.mark.truth("hunt")
    def test_it_waits_for_the_new_way_alone_and_not_until_the_old_one_is_tried_again(self) -> None:
        notice = corrected()
        waiting = GeneralOutbox.objects.filter(kind="disclosures.notice", done_at=None)
        waiting.update(not_before=NOON + timedelta(days=1))
        with receiver() as (told, address):
            self.change(channel="webhook", webhook_url=address)
            assert [row.destination for row in waiting] == [f"webhook:{notice.third_party.reference}"]
            dispatch_due(at=NOON)
        assert len(told.calls) == 1
        notice.refresh_from_db()
        assert notice.state == "sent"

    def test_a_letter_that_waits_goes_by_webhook(self) -> None:
        notice = corrected(channel="letter", postal_address="서울시 중구 세종대로 1", mailbox="")
        with receiver() as (told, address):
            self.change(channel="webhook", webhook_url=address)
            dispatch_due(at=NOON)
        assert len(told.calls) == 1
        notice.refresh_from_db()
        assert notice.state == "sent"

    @pytest.mark.truth("seen-to-parked")
    def test_one_that_a_person_saw_to_is_no_longer_among_the_parked_deliveries(self) -> None:
        notice = corrected(channel="webhook", webhook_url="https://127.0.0.1:1/", mailbox="")
        for _time in range(2):
            GeneralOutbox.objects.filter(kind="disclosures.notice").update(
                failing_since=NOON - timedelta(days=4), lease_until=None, not_before=NOON
            )
            dispatch_due(at=NOON)
        assert GeneralOutbox.objects.get(kind="disclosures.notice").parked_at is not None
        notice.refresh_from_db()
        assert notice.state == "parked"
        disclosures.resend(notice, actor=factory.make_odile(), at=NOON)
        assert not GeneralOutbox.objects.filter(done_at=None, parked_at__isnull=False).exists()


class ReachableTests(PortalTestCase):
    def test_a_third_party_has_the_address_of_its_channel(self) -> None:
        for channel in ("email", "webhook", "letter"):
            with pytest.raises(disclosures.Unreachable):
                factory.make_third_party(f"x-{channel}", channel=channel, mailbox="")
