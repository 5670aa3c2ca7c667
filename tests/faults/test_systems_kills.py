"""Portal, worker and connected systems are killed at random while cases run: never a false "done" (FLT-03, FLT-27).

Five systems of different kinds hold everybody's data: three answer, one lies, one goes offline. Requests come through
the public form; officers verify, grant and carry out; the worker calls the systems. All of them die by ``kill -9`` at
any moment and are started again. Then each system is looked into by itself. ``SCALE`` scales the run (300 kills),
``SEED`` repeats its choices.
"""

import contextlib
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections

from privacy.jobs.dispatcher import dispatch_due
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.subjects.models import Subject
from privacy.systems.actions import answering
from tests import factory
from tests.database import PortalDatabase
from tests.faults import company_checks as checks
from tests.faults.company import Person, company
from tests.faults.company_run import Portal, Run, State
from tests.sdk.connector import systems as real
from tests.seeds import drawn

pytestmark = [pytest.mark.faults, pytest.mark.mariadb]

SCALE = float(os.environ.get("SCALE", "1"))
SEED = drawn()
KILLS = max(6, int(300 * SCALE))
PAUSE_SECONDS = 2.0
# After the kills it has stopped where nothing ends for so long: a dead worker's row comes back after 25 seconds.
STILL_SECONDS = 120
MOST_SECONDS = 300 + 1_500 * min(1, SCALE)


def make_office() -> None:
    factory.end_waits_at_once()
    factory.make_handler()
    factory.make_officer()


@pytest.mark.fault("FLT-03")
@pytest.mark.fault("FLT-27")
def test_nothing_is_said_to_be_done_that_is_not(
    portal_database: PortalDatabase, tmp_path: Path, mariadb_socket: str
) -> None:
    print(f"SEED={SEED}, {KILLS} kills")
    make_office()
    with contextlib.ExitStack() as stack:
        systems = stack.enter_context(company(tmp_path, mariadb_socket))
        portal = Portal(portal_database, tmp_path)
        stack.callback(portal.close)
        run = Run(portal, systems, random.Random(SEED))
        run.begin()
        while (killed := run.killed.total()) < KILLS:
            for _pause in range(3):
                if not run.is_busy():
                    run.one_more()
                run.tend()
                time.sleep(run.dice.uniform(0, PAUSE_SECONDS / 3))
            run.kill_one()
            assert not (false := checks.false_done(run)), "\n".join(false)
            if killed >= KILLS // 3 and run.offline_since is None:
                run.go_offline()
        run.settle(still_seconds=STILL_SECONDS, most_seconds=MOST_SECONDS)
        took = checks.latencies(run)
        print(f"{dict(run.killed)}; {len(run.everybody)} people, {run.door.sent} forms after {run.door.tries} tries")
        print(dict(Counter((task.system.code, task.act, task.state) for task in run.tasks())))
        print(
            f"frozen in {len(took)} places: p50 {took[len(took) // 2]:.1f} s, p99 {took[len(took) * 99 // 100]:.1f} s"
        )
        assert not run.door.rude, run.door.rude
        assert "Traceback" not in (office := (tmp_path / "office.log").read_text()), office
        wrong = [*checks.wrong(run), *checks.wrong_papers(run), *checks.done_twice(run)]
        assert not wrong, "\n".join(wrong)


def test_a_portal_that_believes_what_it_is_told_is_caught(
    portal_database: PortalDatabase, tmp_path: Path, mariadb_socket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The positive control: whatever a read-back shows is taken as proof (without one, the database refuses)."""
    monkeypatch.setattr(answering, "_read_back", lambda row, said, wanted: State.CONFIRMED)
    make_office()
    with company(tmp_path, mariadb_socket) as systems:
        run = Run(Portal(portal_database, tmp_path), systems, random.Random(SEED))
        for system in systems:
            system.register()
            system.start()
        device = factory.make_device(1, at=clock.now())
        person = Person(1, device.subject_id, Subject.objects.get(pk=device.subject_id).reference)
        run.people["deletion"].append(person)
        for system in systems:
            system.put(person)
        right = factory.make_granted(
            factory.ask(RequestedRight("deletion"), target=person.imei, answer_by="portal", at=clock.now()),
            at=clock.now(),
        )
        rights.carry_out(right, actor=factory.make_officer(), at=clock.now())
        for _round in range(3):
            run.push(everything=True)
            dispatch_due(at=clock.now())
        said = checks.false_done(run)
        assert len(said) == 1 and "desk destroy of 1 is confirmed" in said[0], said
        assert any("desk, which holds 1" in line for line in checks.wrong_papers(run))
    for alias in connections:
        connections[alias].close()


@pytest.fixture(scope="module")
def mariadb_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with real.mariadb_server(tmp_path_factory.mktemp("mariadb")) as address:
        yield address
