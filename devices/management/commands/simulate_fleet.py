"""``manage.py simulate_fleet``: a realistic fleet over the real HTTP API, for demonstrations and load."""

import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from devices import actions as devices
from devices.models import Gateway, Scope
from devices.simulation import fleet
from devices.simulation.sender import RequestRefused, Sender
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock

TITLE = "Simulated fleet"
# How many devices' reports are mixed, as they are in a real fleet's batches.
MIXED = 100


class Command(BaseCommand):
    help = "Register a made-up fleet through the running portal's API and send what it would report."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--devices", type=int, default=100, help="how many devices")
        parser.add_argument("--days", type=int, default=7, help="how many days back their reports go (at most 360)")
        parser.add_argument("--rate", type=float, default=24.0, help="reports of a device in a day")
        parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same fleet")
        parser.add_argument("--url", default=settings.PORTAL_URL, help="where the portal is")
        parser.add_argument("--token", default="", help="a gateway token; without it one is issued for a day")
        parser.add_argument("--connections", type=int, default=4)

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 <= options["days"] <= 360:
            raise CommandError("Reports may be at most 360 days old.")
        now = clock.now()
        sender = Sender(options["url"], options["token"] or _token(now), connections=options["connections"])
        started = time.monotonic()
        try:
            sender.register(_fleet(options, now), at=now)
            self.stdout.write(
                f"{sender.totals.devices:,} devices, {sender.totals.decisions:,} decisions "
                f"in {time.monotonic() - started:.1f} s"
            )
            sending = time.monotonic()
            since = now - timedelta(days=options["days"])
            reports = _mixed(_fleet(options, now), since=since, until=now, **_rate(options))
            for totals in sender.send(reports):
                if options["verbosity"] > 1:
                    self.stdout.write(f"{totals.stored:,} reports")
        except RequestRefused as refused:
            raise CommandError(str(refused)) from None
        totals, seconds = sender.totals, max(time.monotonic() - sending, 0.001)
        self.stdout.write(
            f"{totals.stored:,} reports in {totals.batches:,} batches in {seconds:.1f} s "
            f"({totals.stored / seconds:,.0f} a second), {totals.refused:,} refused"
        )
        if totals.refused:
            raise CommandError("A fleet in order has no report refused.")


def _fleet(options: dict[str, Any], now: datetime) -> Iterator[fleet.Device]:
    """Yield the fleet, the same each time: a large one is never in memory as a whole."""
    return fleet.devices(options["devices"], seed=options["seed"], on=clock.kst_date(now))


def _rate(options: dict[str, Any]) -> dict[str, Any]:
    return {"rate": options["rate"], "seed": options["seed"]}


def _mixed(
    made: Iterable[fleet.Device], *, since: datetime, until: datetime, rate: float, seed: int
) -> Iterator[dict[str, Any]]:
    """Yield the reports of the fleet, those of a hundred devices at a time one after the other."""
    for some in batched(made, MIXED):
        streams = [fleet.reports(device, since=since, until=until, rate=rate, seed=seed) for device in some]
        while streams:
            taken = [(stream, next(stream, None)) for stream in streams]
            streams = [stream for stream, report in taken if report is not None]
            yield from (report for _stream, report in taken if report is not None)


def _token(at: datetime) -> str:
    actor = SystemActor("simulate-fleet")
    gateway = Gateway.objects.active().filter(title=TITLE).first() or devices.register_gateway(
        title=TITLE, actor=actor, at=at, rate=1_000_000
    )
    return devices.issue_token(gateway, scopes=Scope.values, actor=actor, at=at, lifetime=timedelta(days=1)).token
