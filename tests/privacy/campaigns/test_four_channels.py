"""One notice by mail, text message, device and letter, with failures: each person told once, or listed as not."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import override_settings

from config.demonstration.text_provider import TextProvider
from privacy.campaigns import actions as campaigns
from privacy.campaigns import device_messages, tasks
from privacy.campaigns.models import Campaign, Delivery
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.entries.payloads import parse_payload
from privacy.ledger.models import Entry
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import LOSE_THE_ANSWER, REFUSE, Mailbox, mailbox

# How many people have which way, and how many of them fail by it; of the latter every other one has a next way.
EACH, FAILING = 40, 8
LATER = NOON + timedelta(days=3, hours=1)


@pytest.mark.clause("P0.3")
@pytest.mark.law("B-02")
@pytest.mark.law("B-06")
class FourChannels(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile()
        factory.make_token(at=NOON)
        self.people: dict[str, list[UUID]] = {}
        self.second = set[UUID]()
        for number in range(EACH):
            fails = number < FAILING
            self.add("mail", kind="email", value=f"{'gone' if fails else 'mina'}{number}@example.org")
            self.add("text", kind="phone", value=f"010-{2000 + number}-{'0000' if fails else '1234'}")
            self.add("letter", kind="address", value=f"Mina {number}\nSeoul")
            self.people.setdefault("device", []).append(factory.make_device(number, at=NOON).subject_id)
        for way in ("mail", "text", "device"):
            for one in self.people[way][:FAILING:2]:
                self.second.add(one)
                self.reach(one, kind="address", value="Mina\nBusan", is_preferred=False)
        self.people["none"] = [factory.make_mina().id for _one in range(5)]

    def add(self, way: str, **contact: str) -> None:
        person = factory.make_mina()
        factory.make_contact(person, **contact)
        self.people.setdefault(way, []).append(person.id)

    def reach(self, one: UUID, **contact: object) -> None:
        factory.make_contact(Subject.objects.get(pk=one), **contact)

    def work(self, box: Mailbox, *, at: object = NOON) -> None:
        for _round in range(5):
            GeneralOutbox.objects.waiting().update(not_before=NOON, lease_until=None)
            dispatch_due(at=at)  # type: ignore[arg-type]

    def test_everybody_is_told_once_or_listed_with_the_fallback(self) -> None:
        everybody = [one for people in self.people.values() for one in people]
        said = {"ko": "제목", "en": "Title"}
        with (
            mailbox() as box,
            TextProvider() as provider,
            override_settings(TEXT_MESSAGES_URL=provider.url, TEXT_MESSAGES_FROM="02-6928-6774"),
            pytest.MonkeyPatch.context() as patch,
        ):
            box.unknown = {f"gone{number}@example.org" for number in range(FAILING)}
            campaign = campaigns.start_campaign(
                kind=Campaign.Kind.BREACH, about="x", occasion="x", title=said, text=said, subject_ids=everybody,
                actor=self.odile, at=NOON,
            )  # fmt: skip
            # The mail server refuses, then takes mails whose answer is lost; the provider is away, or breaks off.
            for box.mood in (REFUSE, LOSE_THE_ANSWER):
                provider.trouble.extend([503, 0, 0, 500, -1, 0])
                dispatch_due(at=NOON, seconds=1.5)
            box.mood = "accept"
            for verb in ("mark_sent", "mark_texted", "mark_sent_together", "mark_texted_together"):
                self.kill(patch, verb, after=2)
            self.work(box)
            self.show_on_devices(self.people["device"][FAILING:])
            self.work(box)
            # What failed for three days, or was not shown in one, goes the next way.
            for row in GeneralOutbox.objects.waiting().filter(kind=campaigns.MAIL):
                tasks.park_delivery(row.ids, why="550", at=LATER)
                GeneralOutbox.objects.filter(pk=row.pk).update(done_at=LATER)
            self.work(box, at=LATER)
        assert len(box.effects) == EACH - FAILING
        numbers = [one.to for one in provider.taken]
        assert len(numbers) == len(set(numbers)) == EACH
        self.post_letters(campaign)
        told = Delivery.objects.filter(campaign=campaign, state__in=("sent", "told"))
        unreached = Delivery.objects.filter(campaign=campaign, state__in=Delivery.UNREACHABLE)
        assert told.count() + unreached.count() == len(everybody) == Delivery.objects.filter(campaign=campaign).count()
        assert {way: told.filter(way=way).count() for way in ("", "text", "device", "letter")} == {
            "": EACH - FAILING, "text": EACH - FAILING, "device": EACH - FAILING,
            "letter": EACH - FAILING + len(self.second),
        }  # fmt: skip
        # Each told person has one proof that stands, and nobody else has any.
        proofs = Counter(self.entries("campaigns.delivery.sent", "campaigns.delivery.told"))
        together = Entry.objects.filter(word="campaigns.deliveries.sent").values_list("payload", flat=True)
        of = {str(one): pk for one, pk in campaign.deliveries.values_list("subject_id", "pk")}
        for people in (parse_payload(payload)["subjects"] for payload in together):
            proofs.update(f"campaigns.delivery:{of[one]}" for one in people)
        proofs.subtract(self.entries("campaigns.delivery.bounced"))
        assert +proofs == Counter(f"campaigns.delivery:{pk}" for pk in told.values_list("pk", flat=True))
        failed = {one for way in ("mail", "text", "device") for one in self.people[way][:FAILING]} - self.second
        assert failed | set(self.people["none"]) | self.returned == set(unreached.values_list("subject_id", flat=True))
        campaign.refresh_from_db()
        assert campaign.state == "running", "somebody is still to be told by the office or the website"

    def entries(self, *words: str) -> list[str]:
        return list(Entry.objects.filter(word__in=words).values_list("about", flat=True))

    def kill(self, patch: pytest.MonkeyPatch, verb: str, *, after: int) -> None:
        """Let the worker end a few times after it handed something over and before it notes so."""
        real, calls = getattr(campaigns, verb), iter(range(1_000))

        def sometimes(*args: object, **said: object) -> object:
            if next(calls) in range(after):
                raise ConnectionAbortedError("killed")
            return real(*args, **said)

        patch.setattr(campaigns, verb, sometimes)

    def show_on_devices(self, people: list[UUID]) -> None:
        """Let the agents show what their gateways fetched, each twice, some of them again later."""
        for one in people:
            for row in [*device_messages.pending(one), *device_messages.pending(one)]:
                assert device_messages.note_shown(row.pk, subject_id=one, shown_at=NOON)

    def post_letters(self, campaign: Campaign) -> None:
        """Hand everybody whom only a letter reaches to a mailing house, which returns a few."""
        batch = campaigns.make_batch(campaign, actor=self.odile, at=LATER)
        campaigns.take_batch(batch, reason="the mailing house prints it", actor=self.odile, at=LATER)
        returned = Delivery.objects.filter(batch=batch, subject_id__in=self.people["letter"][:FAILING])
        self.returned = set(returned.values_list("subject_id", flat=True))
        day = LATER.date().isoformat()
        lines = [f"{batch.letter_number(place)},posted,{day}" for place in range(1, batch.count + 1)]
        lines += [f"{batch.letter_number(row.batch_place or 0)},returned,{day}" for row in returned]
        content = "\n".join(["letter,state,date", *lines]).encode()
        for _again in range(2):
            campaigns.report_letters(batch, name="r.csv", content=content, actor=self.odile, at=LATER)
