"""One notice to many people by mail, text message, device and letter, with failures and a worker that is killed.

Mail server and provider of text messages run here; the workers are killed all at once while they work. At the end
everybody was told once, or is listed as reached by no message: anything else ends the run with an error. Somebody
opens pages of the console meanwhile, where asked for.
"""

import argparse
import json
import os
import random
import time
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import channels_stage as stage
from harness import Figure, embedded_database, limit_figure, p95, print_figures, throughput_figure

WAYS = ("mail", "text", "device", "letter")
# Of each way so many people fail; every other one of them has a postal address too.
FAILING = 50
FLOOR_PER_SECOND, PAGE_MS = 500, 300
LATER = timedelta(days=3, hours=1)
SLICE = 4_000


def main() -> None:
    """Set the stage, run the notice, and compare what arrived with what is on record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, under a minute or two")
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--ways", default=",".join(WAYS), help="by which ways people are reached, in turn")
    parser.add_argument("--kills", type=int, default=20, help="how often the workers are killed")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--every", type=float, default=4, help="seconds between two kills, on average")
    parser.add_argument("--console", action="store_true", help="open pages of the console meanwhile")
    options = parser.parse_args()
    if options.quick:
        options.people, options.kills = 2_000, 3
    os.environ["TEXT_MESSAGES_FROM"] = "02-6928-6774"
    with embedded_database() as home:
        print_figures("A notice by several channels", Bench(options, home).run())


class Bench:
    def __init__(self, options: argparse.Namespace, home: Any) -> None:
        from privacy.lib.dates import clock
        from tests import factory

        self.options, self.home, self.factory, self.at = options, home, factory, clock.now()
        self.ways = options.ways.split(",")
        self.odile = factory.make_odile()
        factory.make_token(at=self.at)
        self.failing, self.silent = set[Any](), set[Any]()

    def run(self) -> list[Figure]:
        from config.demonstration.text_provider import TextProvider
        from privacy.campaigns.models import Delivery

        began = time.perf_counter()
        for start in range(0, self.options.people, SLICE):
            self.people(range(start, min(start + SLICE, self.options.people)))
        print(f"{self.options.people:,} people made in {time.perf_counter() - began:,.0f} s", flush=True)
        tables = ("campaigns_delivery", "jobs_generaloutbox", "ledger.entry")
        before = stage.disk(*tables)
        with TextProvider() as provider, stage.mail_server() as box:
            os.environ |= {"TEXT_MESSAGES_URL": provider.url, "EMAIL_URL": f"smtp://127.0.0.1:{box.port}"}
            told = self.elsewhere(provider, box)
        campaign, kills, taken, memory, times = told
        used = (self.workers.seconds, stage.database_seconds() - self.database_before)
        print("processor seconds of workers and database: {:,.0f} and {:,.0f}".format(*used))
        after = stage.disk(*tables)
        print("bytes a person:", {name: round((after[name] - before[name]) / self.options.people) for name in tables})
        print(f"a worker held at most {memory} MiB", flush=True)
        began = time.perf_counter()
        self.fall_back(campaign)
        self.post(campaign)
        print(f"next ways and letters in {time.perf_counter() - began:,.0f} s", flush=True)
        texts = Counter(one.key for one in provider.taken)
        reached = campaign.deliveries.filter(state__in=("sent", "told"))
        unreached = set(campaign.deliveries.filter(state__in=Delivery.UNREACHABLE).values_list("subject_id", flat=True))
        by_way = dict(Counter(reached.values_list("way", flat=True)))
        assert reached.count() + len(unreached) == campaign.deliveries.count() == self.options.people
        assert unreached == self.failing, f"{len(unreached)} listed, {len(self.failing)} expected"
        assert len(box.told) == by_way.get("", 0), "one message for each person told by mail"
        self.proofs(reached)
        print(f"killed {kills} times; told by way: {by_way}; listed as not reached: {len(unreached)}", flush=True)
        messages = reached.exclude(way="letter").count()
        again = sum(box.told.values()) - len(box.told)
        figures = [
            throughput_figure(
                "told_per_second", messages / taken, FLOOR_PER_SECOND, "/s",
                f"{messages:,} told by message in {taken:,.0f} s, the workers killed {kills} times meanwhile",
            ),
            limit_figure(
                "texts_twice", sum(texts.values()) - len(texts) + 1, 1, "", "texts that the provider took twice, plus 1"
            ),
            limit_figure(
                "mails_again", again + 1, kills + len(box.told) / 2_000 + 1, "",
                "mails that were handed over again under the same Message-ID, plus 1; at most one a kill or break",
            ),
        ]  # fmt: skip
        if times:
            what = f"{len(times)} pages of the console meanwhile, 95 of 100"
            figures.append(limit_figure("console_p95", p95(times), PAGE_MS, "ms", what))
        return figures

    def people(self, numbers: range) -> None:
        """Make these people, by way in turn; some fail by theirs, half of those can get a letter."""
        ways = {way: [one for one in numbers if self.ways[one % len(self.ways)] == way] for way in self.ways}
        contacts: list[tuple[Any, str, str, bool]] = []
        for way, some in ways.items():
            if way == "device":
                gateway = self.factory.make_gateway()
                ids = stage.put_devices(some[0], len(some), gateway.id, self.at)
            else:
                ids = stage.put_people(some, self.at)
            for person, number in zip(ids, some, strict=True):
                fails = (number // len(self.ways)) % FAILING == 0
                if way == "device":
                    self.silent |= {person} if fails else set()
                else:
                    contacts.append((person, *self.contact(way, number, fails=fails), True))
                if fails and way != "letter" and (number // (len(self.ways) * FAILING)) % 2:
                    contacts.append((person, "address", "Mina\nBusan", False))
                elif fails:
                    self.failing.add(person)
        stage.put_contacts(contacts, self.at)

    def contact(self, way: str, number: int, *, fails: bool) -> tuple[str, str]:
        local = number % 9_990 + 1
        return {
            "mail": ("email", f"{'gone' if fails else 'mina'}{number}@example.org"),
            "text": ("phone", f"010{2000 + number // 9_990}{'0000' if fails else f'{local:04d}'}"),
            "letter": ("address", f"Mina {number}\nSeoul"),
        }[way]

    def elsewhere(self, provider: Any, box: Any) -> tuple[Any, int, float, int, list[float]]:
        """Deliver, with somebody at the console where asked for; return what was seen."""
        from django.conf import settings

        from config import mailers

        settings.TEXT_MESSAGES_URL, settings.MAILERS["default"] = provider.url, mailers.smtp(os.environ["EMAIL_URL"])
        with ExitStack() as stack:
            began = time.perf_counter()
            self.database_before = stage.database_seconds()
            campaign = self.start()
            visitor = self.visitor(campaign, stack) if self.options.console else None
            kills, memory = self.deliver(campaign, provider)
            taken = time.perf_counter() - began
            pages = visitor.stop() if visitor else {}
        for page, times in pages.items():
            print(f"{page}: 95 of 100 within {p95(times):.0f} ms", flush=True)
        return campaign, kills, taken, memory, [one for times in pages.values() for one in times]

    def visitor(self, campaign: Any, stack: ExitStack) -> stage.Visitor:
        from console import officer, signed_in
        from web_server import running_web_server

        cookie = signed_in(officer())
        pages = [
            "/office/", "/office/campaigns/campaign/", f"/office/campaigns/campaign/{campaign.pk}/change/",
            "/office/campaigns/delivery/", "/office/rights/request/", "/office/ledger/entry/",
            "/office/devices/device/",
        ]  # fmt: skip
        server = stack.enter_context(
            running_web_server("config.wsgi:application", stage.ROOT, self.home, workers=1, threads=2)
        )
        made = stage.Visitor(server.port, cookie, pages)
        stack.callback(made.process.kill)
        return made

    def start(self) -> Any:
        from privacy.campaigns import actions as campaigns
        from privacy.campaigns.models import Campaign

        said = {"ko": "처리방침이 변경됩니다", "en": "The policy changes"}
        return campaigns.start_campaign(
            kind=Campaign.Kind.POLICY, about="bench", occasion="bench", title=said, text=said, subject_ids=None,
            actor=self.odile, at=self.at,
        )  # fmt: skip

    def deliver(self, campaign: Any, provider: Any) -> tuple[int, int]:
        """Let workers deliver, and kill them now and then, until nothing but failures is left."""
        from django.db import connections

        from privacy.jobs.models import GeneralOutbox

        workers = self.workers = stage.Workers(self.options.workers)
        # A fork shares no connection with this process.
        connections.close_all()
        workers.start()
        every, kills, memory, shown = self.options.every, 0, 0, set[Any]()
        next_kill, next_look = time.monotonic() + every / 2, time.monotonic() + 2
        try:
            while True:
                time.sleep(0.2)
                self.show(shown)
                if not provider.trouble:
                    provider.trouble.extend(random.sample([503, 0, *[-1] * 18], 20))
                if kills < self.options.kills and time.monotonic() >= next_kill:
                    memory = max(memory, workers.memory())
                    workers.kill()
                    # Their leases run out: here at once.
                    GeneralOutbox.objects.waiting().update(lease_until=None)
                    connections.close_all()
                    workers.start()
                    kills, next_kill = kills + 1, time.monotonic() + random.uniform(every / 2, every * 1.5)
                if time.monotonic() < next_look:
                    continue
                next_look = time.monotonic() + 2
                if self.is_done(campaign):
                    return kills, max(memory, workers.memory())
                # Minutes pass for what failed; an address that doesn't exist is tried again a few times.
                late = GeneralOutbox.objects.waiting().filter(failures__gt=0, not_before__gt=self.at)
                late.exclude(kind="campaigns.device").update(not_before=self.at)
        finally:
            workers.kill()

    def show(self, shown: set[Any]) -> None:
        """Let the agents show what was laid out for their devices, as the worker hears of it."""
        from privacy.campaigns import actions as campaigns
        from privacy.campaigns.models import Delivery
        from privacy.jobs import outbox
        from privacy.lib.dates import clock

        if "device" not in self.ways:
            return
        laid_out = Delivery.objects.filter(state="waiting", way="device", on_device_at__isnull=False)
        found = laid_out.order_by("on_device_at").values_list("pk", "subject_id")[: 3_000 + len(self.silent)]
        new = [pk for pk, one in found if one not in self.silent and pk not in shown]
        at = clock.now().isoformat()
        rows = {f"{campaigns.SHOWN}:{pk}": {"delivery": str(pk), "shown_at": at} for pk in new}
        outbox.enqueue_many(campaigns.SHOWN, rows)
        shown.update(new)

    def is_done(self, campaign: Any) -> bool:
        campaign.refresh_from_db()
        waiting = campaign.deliveries.filter(state="waiting")
        return (
            campaign.listed_at is not None
            and not waiting.exclude(way="device").exists()
            and waiting.count() == waiting.filter(subject_id__in=self.silent).count()
        )

    def fall_back(self, campaign: Any) -> None:
        """What a device did not show goes the next way or is listed."""
        from privacy.campaigns import actions as campaigns

        for row in campaign.deliveries.filter(state="waiting"):
            campaigns.mark_not_shown(row, actor=self.odile, at=self.at + LATER)

    def post(self, campaign: Any) -> None:
        """Hand whoever only a letter reaches to a mailing house; the letters of those who fail come back."""
        from privacy.campaigns import actions as campaigns
        from privacy.campaigns.letters import NoPostalAddress
        from privacy.lib.dates import clock

        at, day = self.at + LATER, clock.kst_date(self.at + LATER)
        while True:
            try:
                batch = campaigns.make_batch(campaign, actor=self.odile, at=at)
            except NoPostalAddress:
                return
            campaigns.take_batch(batch, reason="bench", actor=self.odile, at=at)
            lines = ["letter,state,date"]
            for row in batch.letters.all():
                number = batch.letter_number(row.batch_place or 0)
                lines.append(f"{number},posted,{day}")
                lines += [f"{number},returned,{day}"] if row.subject_id in self.failing else []
            for _again in range(2):
                campaigns.report_letters(
                    batch, name="r.csv", content="\n".join(lines).encode(), actor=self.odile, at=at
                )

    def proofs(self, told: Any) -> None:
        """Compare who is told with the proofs on the audit trail that stand."""
        from privacy.ledger.models import Entry

        single = Entry.objects.filter(about__startswith="campaigns.delivery:").values_list("word", "about")
        proofs: Counter[str] = Counter()
        for word, about in single.iterator():
            if word in {"campaigns.delivery.sent", "campaigns.delivery.told"}:
                proofs[str(about).partition(":")[2]] += 1
            elif word == "campaigns.delivery.bounced":
                proofs[str(about).partition(":")[2]] -= 1
        many = Entry.objects.filter(word="campaigns.deliveries.sent").values_list("payload", flat=True)
        for payload in many.iterator():
            said = json.loads(payload)
            assert len(said["subjects"]) == len(said["rows"]["campaigns_delivery"])
            proofs.update(said["rows"]["campaigns_delivery"].keys())
        assert +proofs == Counter(str(pk) for pk in told.values_list("pk", flat=True))


if __name__ == "__main__":
    main()
