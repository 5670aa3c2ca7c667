"""Random faults under live load: every answer that a client got is explained by one order of events.

Kills of the web server and of the database are mixed with silence of the database, cut connections, answers that get
lost on their way, a host's clock that jumps, and a full disk. ``SCALE`` scales the run (300 faults), ``SEED`` repeats
it. Three portals that are broken on purpose must each be caught.
"""

import contextlib
import gzip
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.faults import surroundings
from tests.faults.history import History, Operation, consent_or_batch
from tests.faults.test_intake_kills import ROOT, Portal
from tests.seeds import drawn

pytestmark = pytest.mark.faults

SCALE = float(os.environ.get("SCALE", "1"))
SEED = drawn()
FAULTS = max(6, int(300 * SCALE))
# The optional agreement: nobody has decided about it before.
CLIENTS, REPORTS, AGREEMENT = 4, 20, "app-log"
LONGEST_SECONDS, BACK_SECONDS = 15.0, 90.0
DISK_MEGABYTES = 700


class FaultyPortal(Portal):
    """A portal of its own whose surroundings can be broken, or itself."""

    def __init__(self, home: Path, disk: surroundings.SmallDisk | None) -> None:
        super().__init__(home)
        self.disk, self.clock = disk, home / "clock"
        self.environ["CLOCK_FILE"] = str(self.clock)
        self.break_it("")

    def close(self) -> None:
        if self.web is not None:
            os.killpg(self.web.pid, signal.SIGKILL)
            self.web.wait()
        # Killed as often as it was, it does not know that nobody is left.
        self.server.stop("immediate")
        self.server.release()

    def break_it(self, how: str) -> None:
        """Serve the portal from now on as it is (empty), or broken."""
        self.environ["BROKEN"] = how if how != "fsync" else ""
        with self.superuser("postgres") as server:
            server.execute(f"ALTER SYSTEM SET synchronous_commit = {'off' if how == 'fsync' else 'on'}")
            server.execute("SELECT pg_reload_conf()")

    def serve(self) -> None:
        self.web = subprocess.Popen(
            [
                sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2", "--host", "127.0.0.1",
                "--port", str(self.port), "--no-log", "tests.faults.broken_portal:application",
            ],
            cwd=ROOT, env={**self.environ, "PORTAL_ROLE": "portal_development"}, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    def superuser(self, database: str) -> psycopg.Connection:
        return psycopg.connect(self.server.url("postgres", database), autocommit=True)

    def silence(self, seconds: float) -> None:
        """Let the database's processes stand still: packets are taken, and nobody answers."""
        main = int((self.server.cluster / "postmaster.pid").read_text().splitlines()[0])
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for number in (signal.SIGSTOP, signal.SIGCONT):
            for pid in children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), number)
            if number == signal.SIGSTOP:
                time.sleep(seconds)

    def cut_connections(self) -> None:
        """Cut every connection between the portal and its databases."""
        with self.superuser("postgres") as server:
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'portal%'")

    def fill_disk(self, seconds: float) -> None:
        """Leave no room on the disk for a while."""
        assert self.disk is not None
        self.disk.fill()
        time.sleep(seconds)
        self.disk.free()

    def set_clock(self, seconds: float) -> None:
        """Let the web host's clock jump; the databases keep theirs."""
        self.clock.write_text(str(seconds))


class Client(threading.Thread):
    """A gateway: reports, decides and asks for consents; what got no answer is sent again, or given up."""

    def __init__(self, portal: FaultyPortal, history: History, number: int, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.portal, self.history, self.over = portal, history, over
        self.dice = random.Random(SEED * 100 + number)
        self.number, self.made, self.answers, self.rude = number, 0, 0, list[str]()

    def run(self) -> None:
        while not self.over.is_set():
            self.dice.choice((self.report, self.decide, self.decide, self.read))()

    def report(self) -> None:
        batch = str(uuid4())
        occurred = (datetime.now(UTC) - timedelta(minutes=9)).isoformat()
        body = {"action": "unlock", "result": "ok"}
        made = [
            {"device": self.dice.choice(self.portal.devices), "kind": "access", "occurred_at": occurred, "body": body}
            for _each in range(REPORTS)
        ]
        sent = json.dumps({"batch": batch, "reports": made}).encode()

        def told(answer: dict[str, Any]) -> int:
            assert not answer["refused"], answer
            return int(answer["stored"])

        self.send(self.history.ask(f"batch {batch}", "store", REPORTS), "POST", "/api/v1/reports", sent, told)

    def decide(self) -> None:
        device = self.dice.choice(self.portal.devices)
        self.made += 1
        # The clients' decisions never bear the same moment, and some arrive later than those that came after them.
        late = timedelta(minutes=self.dice.choice((6, 6, 6, 7)))
        # Answers tell milliseconds.
        own = (self.made * CLIENTS + self.number) % 1_000 * 1_000
        decided_at = (datetime.now(UTC).replace(microsecond=own) - late).isoformat(timespec="milliseconds")
        choice = self.dice.choice(("agree", "disagree"))
        sent = {
            "decision": choice, "version": 1, "decided_at": decided_at, "method": "app", "language": "ko",
        }  # fmt: skip
        asked = self.history.ask(f"{device} {AGREEMENT}", "decide", (decided_at, choice))
        path = f"/api/v1/devices/{device}/consents/{AGREEMENT}"
        self.send(asked, "PUT", path, json.dumps(sent).encode(), lambda _answer: (decided_at, choice))

    def read(self) -> None:
        device = self.dice.choice(self.portal.devices)
        operation = self.history.ask(f"{device} {AGREEMENT}", "read")
        found = self.ask("GET", f"/api/v1/devices/{device}/consents", b"")
        if found is None:
            self.history.refused(operation)  # a question without an answer explains nothing
            return
        said = [one for one in found[1]["decisions"] if one["agreement"] == AGREEMENT]
        self.history.answer(operation, (told_at(said[0]["decided_at"]), said[0]["decision"]) if said else None)

    def send(self, operation: Operation, method: str, path: str, body: bytes, told: Callable[[Any], Any]) -> None:
        """Send a write, some times; what never got an answer may or may not have happened."""
        for number in range(self.dice.choice((1, 3, 30))):
            found = self.ask(method, path, body)
            if found is not None and found[0] < 300:
                self.history.answer(operation, told(found[1]))
                return
            if found is not None:
                assert found[0] in {409, 422}, found
                if not number:
                    self.history.refused(operation)
                # An earlier try may have done it, and this one says so.
                return
            if self.over.is_set():
                return
            time.sleep(0.05)

    def ask(self, method: str, path: str, body: bytes) -> tuple[int, Any] | None:
        """Return status and answer; None where there was none, or one that says to ask again."""
        given_up = self.dice.random() < 0.03
        wire = http.client.HTTPConnection("127.0.0.1", self.portal.port, timeout=LONGEST_SECONDS)
        headers = {"Authorization": f"Bearer {self.portal.token}", "Content-Type": "application/json"}
        if body:
            body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
        began = time.monotonic()
        try:
            wire.request(method, path, body or None, headers)
            if given_up:
                return None  # the answer is lost on its way
            response = wire.getresponse()
            answer = response.read()
            self.answers += 1
            if response.status == 503:
                return None
            if response.status >= 500:
                self.rude.append(f"{method} {path}: {response.status} {answer[:200]!r}")
                return None
            return response.status, json.loads(answer)
        except (OSError, http.client.HTTPException):
            if time.monotonic() - began >= LONGEST_SECONDS:
                self.rude.append(f"{method} {path}: no answer for {LONGEST_SECONDS} s")
            return None
        finally:
            wire.close()


def told_at(moment: str) -> str:
    """Return a moment as the clients write it."""
    return datetime.fromisoformat(moment).astimezone(UTC).isoformat(timespec="milliseconds")


def faults(portal: FaultyPortal, dice: random.Random) -> dict[str, Callable[[], object]]:
    """Return the kinds of faults, each a call that lasts as long as it does."""
    kinds: dict[str, Callable[[], object]] = {
        "web server killed": portal.kill_web,
        "database killed": portal.kill_server,
        "database silent": lambda: portal.silence(dice.uniform(0.3, 2.5)),
        "connections cut": portal.cut_connections,
        # From one time to another, which may be an earlier one, and never one before the portal was prepared.
        "clock jumped": lambda: portal.set_clock(dice.uniform(0, 240)),
    }
    if portal.disk is not None:
        kinds["disk full"] = lambda: portal.fill_disk(dice.uniform(0.3, 1.5))
    return kinds


def under_load(portal: FaultyPortal, dice: random.Random, kinds: list[str]) -> tuple[list[str], Counter[str]]:
    """Cause these faults under load; return what is wrong then, and how much was answered and done."""
    history, over = History(), threading.Event()
    clients = [Client(portal, history, number, over) for number in range(CLIENTS)]
    if portal.web is None:
        portal.serve()
    with contextlib.ExitStack() as stack:
        stack.callback(over.set)
        for client in clients:
            client.start()
        for kind in kinds:
            works_again(clients)
            time.sleep(dice.uniform(0, 0.4))
            faults(portal, dice)[kind]()
        portal.set_clock(0)
        works_again(clients)
    for client in clients:
        client.join(60)
        assert not client.is_alive()
    ask_at_the_end(portal, history)
    wrong = history.unexplained(consent_or_batch) + [line for client in clients for line in client.rude]
    answered = sum(one.was_answered for one in history.operations)
    return wrong, Counter(answered=answered, lost=len(history.operations) - answered)


def works_again(clients: list[Client]) -> None:
    """Wait until something is answered again."""
    before, until = sum(client.answers for client in clients), time.monotonic() + BACK_SECONDS
    while sum(client.answers for client in clients) == before:
        assert time.monotonic() < until, "the portal does not come back"
        time.sleep(0.01)


def ask_at_the_end(portal: FaultyPortal, history: History) -> None:
    """Read everything once more, from the tables themselves."""
    with portal.superuser("portal_personal") as personal, portal.superuser("portal_general") as general:
        stored = dict(personal.execute("SELECT batch::text, stored FROM devices_batch").fetchall())
        rows = personal.execute("SELECT count(*), count(DISTINCT id) FROM devices_report").fetchone()
        said = general.execute(
            "SELECT subject_id::text, code, decided_at, choice FROM consents_currentconsent s"
            " JOIN consents_agreement a ON a.id = s.agreement_id"
        ).fetchall()
    current = {f"{person} {code}": (told_at(at.isoformat()), choice) for person, code, at, choice in said}
    for of in {one.of for one in history.operations}:
        held = stored.get(of.removeprefix("batch ")) if of.startswith("batch ") else current.get(of)
        history.answer(history.ask(of, "read"), held)
    assert rows == (sum(stored.values()), sum(stored.values())), "every report of every batch is there once"


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyPortal]:
    home = tmp_path_factory.mktemp("portal") / "home"
    with contextlib.ExitStack() as stack:
        disk = None
        if not surroundings.needs_mounts.args[0]:
            disk = stack.enter_context(surroundings.small_disk(home, DISK_MEGABYTES))
        home.mkdir(exist_ok=True)
        made = FaultyPortal(home, disk)
        stack.callback(made.close)
        yield made


@pytest.mark.fault("FLT-01")
@pytest.mark.fault("FLT-06")
@pytest.mark.fault("FLT-07")
@pytest.mark.fault("FLT-14")
def test_one_order_explains_every_answer(portal: FaultyPortal) -> None:
    dice = random.Random(SEED)
    known = list(faults(portal, dice))
    chosen = (known * FAULTS)[:FAULTS]
    dice.shuffle(chosen)
    wrong, counted = under_load(portal, dice, chosen)
    print(f"SEED={SEED}: {dict(Counter(chosen))}; {counted['answered']} answers, {counted['lost']} never came")
    assert wrong == [], "\n".join(wrong)
    assert counted["answered"] > FAULTS


BROKEN = {
    "commit-order": ["web server killed"] * 6,
    "fsync": ["database killed"] * 6,
    "exception": ["connections cut", "database killed"] * 3,
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_portal_that_is_broken_on_purpose_is_caught(portal: FaultyPortal, how: str) -> None:
    """The positive controls: a wrong order of commits, a flush that is skipped, an exception that is swallowed."""
    portal.break_it(how)
    try:
        if portal.web is not None:
            portal.kill_web()
        dice = random.Random(SEED)
        caught = any(under_load(portal, dice, [kind])[0] for kind in BROKEN[how])
    finally:
        portal.break_it("")
        portal.kill_web()
    assert caught, "acknowledged and lost, and nobody saw it"
