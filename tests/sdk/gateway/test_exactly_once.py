"""Every report is stored exactly once: with the network cut at random, and the agent killed at random.

A few simulated hours in the suite; ``make faults`` runs 24 (``SCALE`` scales them, ``SEED`` repeats the run).
"""

import os
import random
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from devices.models import Report as Stored
from exafe_gateway import Access, Courier, NotAuthorized, Report, ReportQueue
from privacy.lib.dates import clock
from tests import factory
from tests.sdk.connector.served import ROOT
from tests.sdk.gateway.conftest import sdk
from tests.sdk.gateway.cut_network import CUT_ANSWER, CUT_ASKING, REFUSED, cut_network
from tests.seeds import drawn

SCALE = float(os.environ.get("SCALE", "1"))
SEED = drawn()


def stored() -> list[datetime]:
    return sorted(Stored.objects.values_list("occurred_at", flat=True))


def simulate(port: int, queue: ReportQueue, hours: float) -> None:
    """Live through so many hours: devices report each minute, the courier works when its wait is over."""
    print(f"SEED={SEED}, {hours} hours")
    dice = random.Random(SEED)
    each = [factory.make_device(number, at=clock.now()).id for number in (1, 2, 3)]
    minutes = int(hours * 60)
    moment = clock.now().replace(microsecond=0) - timedelta(minutes=minutes + 1)
    said: list[datetime] = []
    with cut_network(port, seed=SEED) as network:
        due = 0.0
        # Waits are of the simulated clock: the courier is asked when they are over.
        courier = Courier(sdk(network.port, tries=2), queue, every=240)
        for minute in range(minutes):
            reports = []
            for number in range(dice.randrange(4)):
                at = moment + timedelta(minutes=minute, microseconds=number)
                reports.append(Report(device=dice.choice(each), occurred_at=at, body=Access(action="use", result="ok")))
                said.append(at)
            queue.add(reports, mark=f"minute {minute}")
            assert not reports or not queue.add(reports, mark=f"minute {minute}"), "the same mark adds nothing"
            if minute * 60 >= due:
                due = minute * 60 + courier.step()
        for _try in range(200):
            if not queue.waiting():
                break
            courier.step()
        print(f"{len(said)} reports, connections: {dict(network.fates)}")
        assert all(network.fates[one] for one in (REFUSED, CUT_ASKING, CUT_ANSWER))
    assert stored() == sorted(said)
    assert queue.refused() == []


def test_each_report_is_stored_once_through_a_network_that_is_cut(portal: int, tmp_path: Path) -> None:
    simulate(portal, ReportQueue(tmp_path / "queue"), 3)


@pytest.mark.faults
def test_a_day_through_a_network_that_is_cut(portal: int, tmp_path: Path) -> None:
    simulate(portal, ReportQueue(tmp_path / "queue"), max(3, 24 * SCALE))


AGENT = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID
from exafe_gateway import Access, Courier, Gateway, Report, ReportQueue, Transport, Unreachable
port, token, device, begin, end = sys.argv[1:]
queue = ReportQueue(Path("queue"))
courier = Courier(Gateway(Transport(f"http://127.0.0.1:{port}", token, tries=1)), queue, every=0)
for number in range(int(end)):
    at = datetime.fromisoformat(begin) + timedelta(seconds=number)
    queue.add([Report(device=UUID(device), occurred_at=at, body=Access(action="use", result="ok"))], mark=str(number))
    if number % 5 == 0:
        courier.step()
while queue.waiting():
    courier.step()
print("done", flush=True)
"""


def kill_agents(port: int, folder: Path, kills: int) -> None:
    """Run an agent that begins anew each time that it is killed, until it gets through."""
    print(f"SEED={SEED}, {kills} kills")
    dice, device, token = (
        random.Random(SEED),
        factory.make_device(1, at=clock.now()).id,
        factory.make_token(at=clock.now()),
    )
    count = 150
    begin = clock.now().replace(microsecond=0) - timedelta(hours=1)
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "sdk" / "python")}
    with cut_network(port, seed=SEED, good=80) as network:
        command = [sys.executable, "-c", AGENT, str(network.port), token, str(device), begin.isoformat(), str(count)]
        for number in range(kills + 1):
            agent = subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, text=True)
            assert agent.stdout is not None
            if number < kills:
                # Killed at some point of its work: not before it has begun it.
                while not (folder / "queue").exists() and agent.poll() is None:
                    time.sleep(0.01)
                time.sleep(dice.uniform(0, 1))
                agent.kill()
            told = agent.communicate(timeout=300)[0]
            assert agent.returncode in {0, -9}
        assert told == "done\n"
    assert stored() == [(begin + timedelta(seconds=number)).astimezone(UTC) for number in range(count)]


def test_each_report_is_stored_once_by_an_agent_that_is_killed(portal: int, tmp_path: Path) -> None:
    kill_agents(portal, tmp_path, 3)


@pytest.mark.faults
def test_an_agent_that_is_killed_often(portal: int, tmp_path: Path) -> None:
    kill_agents(portal, tmp_path, max(2, int(40 * SCALE)))


def report(device: UUID, **more: Any) -> Report:
    return Report(device=device, occurred_at=clock.now(), body=Access(action="use", result="ok"), **more)


def test_what_is_refused_for_now_is_kept_and_what_is_forbidden_is_not(portal: int, tmp_path: Path) -> None:
    queue, gate = ReportQueue(tmp_path / "queue"), sdk(portal)
    undecided = factory.make_device(1, at=clock.now(), agreed=("activation",))
    agreed = factory.make_device(2, at=clock.now()).id
    secret = Report(device=agreed, occurred_at=clock.now(), body=Access(action="900101-1234568", result="ok"))
    queue.add([report(undecided.id), secret, report(agreed)])
    assert vars(gate.deliver(queue)) == {"stored": 1, "refused": 2}
    assert [(one.code, one.is_kept) for one in queue.refused()] == [("no-consent", True), ("sensitive-item", False)]
    assert b"900101" not in (tmp_path / "queue").read_bytes()
    assert (tmp_path / "queue").stat().st_mode & 0o077 == 0
    factory.agree(undecided, "service-analytics", at=clock.now())
    assert queue.queue_again("no-consent", device=undecided.id) == 1
    assert gate.deliver(queue).stored == 1
    queue.drop_refused([one.number for one in queue.refused()])
    assert (queue.waiting(), queue.refused()) == (0, [])


def test_a_wrong_token_loses_nothing(portal: int, tmp_path: Path) -> None:
    queue = ReportQueue(tmp_path / "queue")
    queue.add([report(factory.make_device(1, at=clock.now()).id)])
    with pytest.raises(NotAuthorized):
        Courier(sdk(portal, "wrong"), queue).step()
    assert queue.waiting() == 1
    assert sdk(portal).deliver(queue).stored == 1


def test_a_report_that_the_portal_cannot_read_stops_no_other(portal: int, tmp_path: Path) -> None:
    queue, device = ReportQueue(tmp_path / "queue"), factory.make_device(1, at=clock.now()).id
    queue.add([report(device), report(device), report(device)])
    with sqlite3.connect(tmp_path / "queue") as broken:
        broken.execute("UPDATE report SET text = '{' WHERE number = 2")
    broken.close()
    assert sdk(portal).deliver(queue).stored == 2
    assert [(one.number, one.code) for one in queue.refused()] == [(2, "malformed")]
    assert Stored.objects.count() == 2


def test_a_batch_refused_as_a_whole_is_halved_and_an_old_one_is_not_doubled(tmp_path: Path) -> None:
    queue, device = ReportQueue(tmp_path / "queue"), UUID(int=1)
    queue.add([report(device) for _each in range(3)])
    whole = queue.next_batch(at=0)
    assert whole is not None and len(whole.numbers) == 3
    assert queue.next_batch(at=1) == whole, "the same bytes until it is answered"
    queue.split(whole, code="malformed", pointer="/reports")
    one = queue.next_batch(at=2)
    assert one is not None and len(one.numbers) == 1 and one.id != whole.id
    queue.split(one, code="malformed", pointer="/reports/0")
    two = queue.next_batch(at=3)
    assert two is not None and len(two.numbers) == 2
    # Sent, never answered, and found again in three months: it may have been stored, and the portal has forgotten it.
    assert queue.next_batch(at=81 * 86_400) is None
    assert [one.code for one in queue.refused()] == ["malformed", "uncertain", "uncertain"]
