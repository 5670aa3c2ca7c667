"""No value that opens a door is on a page of the console, in an export, an entry, a mail to the office or a log line.

A made-up office issues one of each. ``SHOWN`` names each page that shows one, once, to its owner, with its reason; a
page that begins to show one fails until it is named there.
"""

import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib import admin
from django.core import mail
from django.test import Client
from openpyxl import load_workbook

from consents import actions as consents
from devices.models import Gateway
from privacy.accounts.actions.invitations import invite
from privacy.accounts.models import User
from privacy.disclosures.acknowledgement_tokens import token_of
from privacy.disclosures.models import Notice
from privacy.disclosures.notice_texts import webhook_key
from privacy.incidents import actions as incidents
from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.ledger.events import Event
from privacy.ledger.exports import register_export
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.registries import registers
from privacy.rights import actions as rights
from privacy.rights.models import Package
from privacy.safeguards.actions import create_calendar_feed
from tests import factory
from tests.devices.base import ApiTestCase

ROOT = Path(__file__).resolve().parents[2]
# Pages that show a secret, once: which, to whom, and why it must be there.
SHOWN = {
    "rights/received.html": "the case code, to whoever just sent the request",
    "incidents/received.html": "the complaint's code, to whoever just sent the complaint",
    "consents/receipt.html": "the consent code, to the person on her own page, right after she asked for it",
    "consents/waiting.html": "what the person compares with the device; it opens nothing by itself",
    "rights/case.html": "what the person compares with the device; it opens nothing by itself",
    "admin/safeguards/calendar/address.html": "the address of one's own calendar, to the employee who just made it",
    "admin/campaigns/letterbatch/sealed.html": "the passphrase of letters for a mailing house, to who made the file",
    "admin/register_sealed.html": "the passphrase of a register with what people wrote, to whoever just took it out",
    "admin/disclosures/once.html": (
        "to the officer after the second factor: the webhook key or the passphrase of a file for a recipient, told by "
        "another way, and the pick-up code of a package for a person whom no mail and no device reaches"
    ),
    "admin/rights/request/recorded.html": "the case code of a request at the desk, handed to the person who is there",
}
# Mails that carry one to its owner, who may work in the office.
MAILED_TO_OWNER = {"invitation"}
# How many records of one register are opened.
MOST = 3
TESTS = SystemActor("tests")


class LogLines(logging.Handler):
    """Every line that was logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.exc_text or ''}")


@contextmanager
def logged() -> Iterator[LogLines]:
    root, lines = logging.getLogger(), LogLines()
    level = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(lines)
        root.setLevel(level)


def plain(text: str) -> str:
    """Text as it is searched: groups, spaces and capitals don't hide a code."""
    return re.sub(r"[\s-]", "", text).upper()


def found(secrets: dict[str, str], text: str) -> set[str]:
    """Which secrets a text gives away."""
    searched = plain(text)
    return {name for name, value in secrets.items() if plain(value) in searched}


def test_each_page_that_shows_a_secret_is_named_with_its_reason() -> None:
    pages = {
        str(path.relative_to(ROOT / "templates"))
        for path in (ROOT / "templates").rglob("*.html")
        if 'class="once"' in path.read_text("utf-8")
    }
    assert pages == set(SHOWN)


@pytest.mark.asvs("14.2.4", "15.3.1", "16.2.5")
@pytest.mark.attack("17.1")
class SecretsTest(ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.logs = self.enterContext(logged())
        self.people = {
            "handler": factory.make_hana(), "auditor": factory.make_aram(), "officer": factory.make_odile(),
        }  # fmt: skip
        self.secrets = dict(self.issue())

    def issue(self) -> Iterator[tuple[str, str]]:
        """Issue one of each by the verbs and calls that issue them."""
        at, odile = clock.now(), self.people["officer"]
        device = self.device(71, agreed=())
        sent = {"decision": "agree", "version": 1, "decided_at": at.isoformat(), "method": "app", "language": "ko"}
        answer = self.call("PUT", f"/devices/{device.id}/consents/activation", sent, key=str(uuid4()))
        yield "consent code", answer.json()["code"]
        asked = factory.ask(target=factory.imei(71), answer_by="portal", at=at, address="203.0.113.201")
        yield "case code", asked.code
        rights.carry_out(factory.make_granted(asked, at=at), actor=factory.make_officer(), at=at)
        package = Package.objects.get(right__request=asked.request)
        yield "pick-up code", factory.pickup_code(package, at=at)
        yield "complaint code", incidents.file_complaint(explanation="zebra", at=at).code
        provided = factory.make_provided(device, "model", at=at)
        yield "webhook key", webhook_key(provided.disclosure.third_party)
        yield "gateway token", factory.make_token("Door", at=at)
        yield "calendar address", create_calendar_feed(language="ko", actor=odile, at=at).token
        invite(factory.make_user("door@extrus.example", "Door"), asked_by="U-X", actor=odile, at=at)
        dispatch_due(at=clock.now() + timedelta(seconds=1))
        [invited] = [one for one in mail.outbox if one.to == ["door@extrus.example"]]
        token = re.search(r"/([\w-]{43})\b", str(invited.body))
        assert token is not None
        yield "invitation", token[1]
        ended = factory.decide(device, "activation", "withdraw", at=clock.now())
        assert consents.end_collection(ended, actor=TESTS, at=clock.now() + factory.WITHDRAWAL_WAIT)
        yield "acknowledgement token", token_of(Notice.objects.get().id)
        other = self.device(72, agreed=())
        answer = self.call("PUT", f"/devices/{other.id}/consents/activation", sent)
        yield "second consent code", answer.json()["code"]

    def pages(self) -> Iterator[tuple[str, str]]:
        """Every register of the console and the newest records of each, as every role."""
        addresses = {"/office/"}
        for model in admin.site._registry:
            prefix = f"/office/{model._meta.app_label}/{model._meta.model_name}/"
            keys = model._default_manager.order_by("-pk").values_list("pk", flat=True)[:MOST]
            addresses |= {prefix, *(f"{prefix}{key}/change/" for key in keys)}
        for role, user in self.people.items():
            client = Client(raise_request_exception=False)
            client.force_login(user)
            for address in sorted(addresses):
                answer = client.get(address)
                content = answer.getvalue() if answer.streaming else answer.content
                yield f"{role} {address}", content.decode("utf-8", "replace")

    def exports(self) -> Iterator[tuple[str, str]]:
        today = clock.today()
        for register in registers.all_registers():
            for user in self.people.values():
                if user.may(register.permission):
                    content = register_export.export_register(
                        register, first=today - timedelta(days=60), last=today, form="xlsx", reason="a trial",
                        actor=user, at=clock.now(),
                    )  # fmt: skip
                    book = load_workbook(io.BytesIO(content))
                    cells = (str(c) for sheet in book for row in sheet.iter_rows(values_only=True) for c in row if c)
                    yield f"export {register.code}", "\n".join(cells)
                    break

    def leaks(self) -> list[str]:
        places = [*self.pages(), *self.exports()]
        assert len(places) > 200, "the walk finds too little to be believed"
        places += [(f"entry {one.pk} {one.word}", one.payload) for one in Entry.objects.all()]
        office = set(User.objects.values_list("email", flat=True)) | {"privacy@extrus.example"}
        for message in mail.outbox:
            if office & set(message.recipients()):
                kept = {} if "door@extrus.example" not in message.to else MAILED_TO_OWNER
                text = f"{message.subject} {message.body}"
                for name in kept:
                    text = text.replace(self.secrets[name], "")
                places.append((f"mail to {message.to}", text))
        places += [("log", line) for line in self.logs.lines]
        return [f"{place}: {name}" for place, text in places for name in sorted(found(self.secrets, text))]

    def test_nothing_gives_one_away(self) -> None:
        assert {name.split()[0] for name in self.secrets} == {
            "consent", "case", "pick-up", "complaint", "webhook", "gateway", "calendar", "invitation",
            "acknowledgement", "second",
        }  # fmt: skip
        assert min(len(plain(value)) for value in self.secrets.values()) >= 10
        assert self.leaks() == []

    def test_the_walk_finds_one_that_is_put_anywhere(self) -> None:
        code = self.secrets["second consent code"]
        Gateway.objects.filter(title="Door").update(title=f"Door {code}")
        ledger.record_before(Event.READ, actor=TESTS, at=None, task=f"trial {code}")
        logging.getLogger("portal.trial").info("opened with %s", code)
        mail.EmailMessage("Trial", f"code {code.lower()}", to=[self.people["officer"].email]).send()
        told = self.leaks()
        for place in ("handler /office/devices/gateway", "auditor /office", "entry ", "mail to ", "log", "export "):
            assert [one for one in told if one.startswith(place)], place
