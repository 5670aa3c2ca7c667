"""Freezes in other systems: from a hold placed in the portal until each system that answers shows the data as frozen.

Five connected systems of different kinds stand behind their connectors; one of them takes calls and never answers.
The real worker calls them. What a call alone costs, without portal and worker, is the reference of the same run.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from harness import ROOT, Figure, embedded_database, limit_figure, print_figures

sys.path.insert(0, str(ROOT / "sdk" / "connector"))
FREEZE_SECONDS = 5
PATIENCE_SECONDS = 60


def main() -> None:
    """Set the company up, place holds one after the other, and look into the systems."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer people, under a minute")
    parser.add_argument("--people", type=int, default=150)
    parser.add_argument("--every", type=float, default=0.5, help="seconds between two holds")
    options = parser.parse_args()
    if options.quick:
        options.people = 15
    with embedded_database(), tempfile.TemporaryDirectory() as folder:
        print_figures("Freezes in other systems", Bench(options).run(Path(folder)))


class Bench:
    def __init__(self, options: argparse.Namespace) -> None:
        from privacy.lib.dates import clock
        from tests import factory

        self.options, self.factory, self.at = options, factory, clock.now()
        self.odile = factory.make_officer()

    def run(self, folder: Path) -> list[Figure]:
        from tests.faults.company import company
        from tests.sdk.connector import systems as real

        with ExitStack() as stack:
            mariadb = stack.enter_context(real.mariadb_server(folder / "mariadb"))
            systems = stack.enter_context(company(folder, mariadb))
            *answering, silent = systems
            for system in answering:
                system.register()
                system.start()
            silent.register()
            stack.enter_context(taking_calls(silent.served.port))
            people = [self.person(number, systems) for number in range(1, self.options.people + 1)]
            alone = self.calls_alone(answering)
            stack.enter_context(worker())
            took = self.freeze_all(people, answering)
        what = f"{len(took):,} freezes in four systems, while a fifth never answers"
        return [
            limit_figure("frozen_elsewhere_p99_s", took[len(took) * 99 // 100], FREEZE_SECONDS, "s", f"p99 of {what}"),
            limit_figure("frozen_elsewhere_p50_s", statistics.median(took), alone, "s", "p50, beside the call alone"),
        ]

    def person(self, number: int, systems: list[Any]) -> Any:
        from privacy.subjects.models import Subject
        from tests.faults.company import Person

        device = self.factory.make_device(number, at=self.at)
        made = Person(number, device.subject_id, Subject.objects.get(pk=device.subject_id).reference)
        for system in systems:
            system.put(made)
        return made

    def calls_alone(self, systems: list[Any]) -> float:
        """Return the median seconds of a freeze that is called directly, of somebody whom nobody holds."""
        from privacy.systems.models import ConnectedSystem
        from privacy.systems.shared_secrets import shared_secret

        took = []
        for system in systems:
            portal = system.served.portal
            portal.secret = shared_secret(ConnectedSystem.objects.get(code=system.code))
            for number in range(10):
                person = dict.fromkeys(system.identifiers, f"nobody-{number}")
                began = time.perf_counter()
                answered = portal.call("freeze", list(system.items), person=person, task=str(uuid4()), why="hold")
                took.append(time.perf_counter() - began)
                assert answered.status == 200, answered
        return statistics.median(took)

    def freeze_all(self, people: list[Any], systems: list[Any]) -> list[float]:
        """Place a hold on each, and return the sorted seconds until each system showed each as frozen."""
        from privacy.lib.dates import clock
        from privacy.retention import actions as retention

        began: dict[int, datetime] = {}
        photographed: dict[int, datetime] = {}
        (photos,) = [system for system in systems if system.code == "photos"]
        waiting, due = list(people), time.monotonic()
        deadline = due + self.options.people * self.options.every + PATIENCE_SECONDS
        while waiting or any(len(seen) < len(people) for seen in self.seen(systems, photographed).values()):
            assert time.monotonic() < deadline, {
                code: len(seen) for code, seen in self.seen(systems, photographed).items()
            }
            if waiting and time.monotonic() >= due:
                person, due = waiting.pop(0), due + self.options.every
                retention.place_hold(
                    kind="litigation", demanded_by="Seoul Central District Court", document="2026가합1234",
                    reason="a lawsuit", subject_id=person.subject_id, actor=self.odile, at=clock.now(),
                )  # fmt: skip
                began[person.number] = datetime.now(UTC)
            for number in photos.frozen([one for one in people if one.number in began.keys() - photographed.keys()]):
                photographed[number] = datetime.now(UTC)
            time.sleep(0.05)
        return sorted(
            (at - began[number]).total_seconds()
            for seen in self.seen(systems, photographed).values()
            for number, at in seen.items()
        )

    def seen(self, systems: list[Any], photographed: dict[int, datetime]) -> dict[str, dict[int, datetime]]:
        return {one.code: photographed if one.code == "photos" else one.first_frozen() for one in systems}


@contextmanager
def taking_calls(port: int) -> Iterator[None]:
    """Stand where a system answers, take its calls, and never answer."""
    with socket.create_server(("127.0.0.1", port), backlog=512):
        yield


@contextmanager
def worker() -> Iterator[None]:
    """Run the portal's worker."""
    environ = {name: value for name, value in os.environ.items() if name != "STATEMENT_TIMEOUT"}
    with subprocess.Popen([sys.executable, "manage.py", "qcluster"], cwd=ROOT, env=environ) as process:
        time.sleep(8)
        if process.poll() is not None:
            raise SystemExit("the worker does not start")
        try:
            yield
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
