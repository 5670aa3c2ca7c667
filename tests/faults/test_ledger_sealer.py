"""Sealers and the server are killed under load: nothing is lost, nothing is sealed twice, the root is the entries' own.

``SCALE`` scales the numbers, ``SEED`` repeats a run. The server is an embedded cluster of the test's own that survives
a crash as production does (fsync on).
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.embedded_postgres import EmbeddedServer
from privacy.ledger.merkle import log_reader, log_sequencer, tree
from privacy.ledger.verify import Growing, leaf_hash
from tests.factories.ledger import make_notary
from tests.faults.surroundings import copy_migrated_cluster

pytestmark = pytest.mark.faults

SCALE = float(os.environ.get("SCALE", "1"))
SEED = int(os.environ.get("SEED", "33"))
SEALER_KILLS = max(10, int(200 * SCALE))
SERVER_KILLS = max(2, int(10 * SCALE))
SEALERS, WRITERS = 4, 4
ROOT = Path(__file__).resolve().parent.parent.parent
APPEND = "INSERT INTO ledger.entry (kind, payload) VALUES ('act', %s) RETURNING id"
PAYLOAD = '{"actor":"system:tests","nonce":"n","word":"tests.thing.tried"}'
# A sealer without Django's start-up time, so that most kills meet it at work.
SEALER = """
import sys, time, psycopg
sys.path.insert(0, sys.argv[1])
from privacy.ledger.merkle import log_sequencer
with psycopg.connect(sys.argv[2], autocommit=True) as connection:
    while True:
        log_sequencer.seal(connection)
        time.sleep(0.005)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A migrated cluster of its own, durable."""
    home = tmp_path_factory.mktemp("portal")
    environ = {name: value for name, value in os.environ.items() if "DATABASE" not in name and name != "EMBEDDED_CONF"}
    environ |= {"PORTAL_HOME": str(home), "DJANGO_SETTINGS_MODULE": "config.settings", "PORTAL_ROLE": "portal_owner"}
    copy_migrated_cluster(home / "postgres")
    cluster = EmbeddedServer(home / "postgres")
    cluster.start()
    subprocess.run([sys.executable, "manage.py", "make_keys", "-v", "0"], cwd=ROOT, env=environ, check=True)
    yield cluster
    cluster.release()


def connect(server: EmbeddedServer, role: str) -> psycopg.Connection:
    return psycopg.connect(server.url(role), autocommit=True)


class Writers:
    """Threads that write entries in transactions of different lengths and remember what was acknowledged."""

    def __init__(self, server: EmbeddedServer) -> None:
        self.server = server
        self.over = threading.Event()
        self.acknowledged: set[int] = set()
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]

    def _write(self, number: int) -> None:
        dice = random.Random(SEED * 100 + number)
        while not self.over.is_set():
            try:
                with connect(self.server, "portal_app") as connection:
                    while not self.over.is_set():
                        ids = []
                        with connection.transaction():
                            for _ in range(dice.randint(1, 4)):
                                row = connection.execute(APPEND, [PAYLOAD]).fetchone()
                                assert row is not None
                                ids.append(row[0])
                            time.sleep(dice.choice([0, 0, 0.001, 0.02]))
                        self.acknowledged.update(ids)
            except psycopg.Error:
                time.sleep(0.05)

    def __enter__(self) -> "Writers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join()


def start_sealer(server: EmbeddedServer) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", SEALER, str(ROOT), server.url("portal_sequencer")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def assert_whole(server: EmbeddedServer, acknowledged: set[int]) -> None:
    """Every acknowledged entry has one leaf, every leaf an entry, and every head is what the entries' bytes make."""
    with connect(server, "portal_sequencer") as sequencer:
        while log_sequencer.seal(sequencer) != 0:
            time.sleep(0.05)
    with connect(server, "portal_auditor") as auditor:
        row = auditor.execute("SELECT max(size), (SELECT count(*) FROM ledger.entry) FROM ledger.tree").fetchone()
        assert row is not None
        size, entries = row
        heads = {head.size: head for head in log_reader.heads(auditor, 0, size)}
        grown, seen = Growing(), set()
        for sealed in log_reader.entries(auditor, 0, size):
            assert sealed.place == grown.size
            assert sealed.entry is not None
            assert leaf_hash(sealed.entry) == sealed.leaf
            seen.add(sealed.entry_id)
            tree.append_leaves(grown, [sealed.leaf])
            head = heads.pop(grown.size, None)
            assert head is None or (head.root, head.frontier) == (grown.root(), tree.encode_frontier(grown))
    assert grown.size == size == entries == len(seen)
    assert acknowledged <= seen
    assert not heads


@pytest.mark.fault("FLT-04")
def test_sealers_are_killed_under_load(server: EmbeddedServer, capsys: pytest.CaptureFixture[str]) -> None:
    dice = random.Random(SEED)
    sealers = [start_sealer(server) for _ in range(SEALERS)]
    with Writers(server) as writers:
        time.sleep(1)
        for _ in range(SEALER_KILLS):
            time.sleep(dice.uniform(0.0, 0.25))
            victim = dice.randrange(SEALERS)
            sealers[victim].send_signal(signal.SIGKILL)
            sealers[victim].wait()
            sealers[victim] = start_sealer(server)
    for sealer in sealers:
        sealer.kill()
        sealer.wait()
    assert_whole(server, writers.acknowledged)
    with capsys.disabled():
        print(f"\nseed {SEED}: {SEALER_KILLS} kills, {len(writers.acknowledged)} entries, no loss, no duplicate")


@pytest.mark.fault("FLT-05")
@pytest.mark.fault("FLT-30")
def test_the_server_is_killed_under_load(
    server: EmbeddedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sealing and signing go on where they were; the notary sees nothing that went back."""
    dice = random.Random(SEED)
    notary = make_notary(tmp_path)
    with Writers(server) as writers:
        for _ in range(SERVER_KILLS):
            until = time.monotonic() + dice.uniform(0.3, 1.0)
            while time.monotonic() < until:
                with connect(server, "portal_sequencer") as sequencer:
                    log_sequencer.seal(sequencer)
                with connect(server, "portal_notary") as signing:
                    notary.step(signing)
            _kill_server(server)
            server.start()
            _until_it_answers(server)
            notary = make_notary(tmp_path)
    assert_whole(server, writers.acknowledged)
    with connect(server, "portal_notary") as signing:
        while notary.step(signing):
            pass
        row = signing.execute("SELECT encode(root, 'hex') FROM ledger.tree ORDER BY size DESC LIMIT 1").fetchone()
    assert row == (notary.state.root,)
    with capsys.disabled():
        print(f"\nseed {SEED}: {SERVER_KILLS} kills of the server, {len(writers.acknowledged)} entries, same root")


def _kill_server(server: EmbeddedServer) -> None:
    """SIGKILL the postmaster of this cluster, known by its data directory; its children end when they notice."""
    postmasters = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and f"-D\0{server.cluster}\0".encode() in _command_line(entry)
    ]
    assert postmasters
    for postmaster in postmasters:
        os.kill(postmaster, signal.SIGKILL)


def _command_line(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""


def _until_it_answers(server: EmbeddedServer) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with connect(server, "portal_app") as connection:
                connection.execute("SELECT 1")
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise AssertionError("the server did not come back")
