"""The audit trail: what integrity costs, how soon an entry is sealed and anchored, how fast everything is checked.

Each figure stands beside a reference of the same run: the same transaction without the ledger, a bare copy of the same
rows, a bare hashing loop, or the limit that must be kept (issue and docs/ledger.md).
"""

import argparse
import hashlib
import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import harness
import psycopg
from harness import ROOT, Figure, embedded_database, limit_figure, print_figures, throughput_figure

DATABASE = "portal_general"
# A read of one device by a handler, with the lengths that the portal's own entries have.
PAYLOAD = (
    '{"about":"devices.device:%s","actor":"U-7F3K-92QX","by":"user","door":"office","from":"203.0.113.7",'
    '"nonce":"%s","purpose":"rights","request":"%s","subjects":["S-7F3K-%s"],"task":"devices.device.viewed",'
    '"word":"ledger.read"}'
)
FILL = (
    "INSERT INTO ledger.entry (kind, payload) SELECT 'read', format(%s, gen_random_uuid(),"
    " left(md5(n::text), 22), left(md5((-n)::text), 22), lpad((n %% 50000)::text, 5, '0'))"
    " FROM generate_series(1, %s) n"
)
APPEND = "INSERT INTO ledger.entry (kind, payload) VALUES ('act', %s)"
LONG_TRANSACTION = 8.0
WEB_WORKERS = 2  # as `make run` has them


def main() -> None:
    """Run all parts on a database of their own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, under a minute")
    parser.add_argument("--entries", type=int, default=1_000_000, help="size of the log")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a turn of the integrity figure")
    parser.add_argument("--turns", type=int, default=25, help="pairs of turns of the integrity figure")
    parser.add_argument("--only", choices=["integrity"], help="this figure alone")
    parser.add_argument("--lag-seconds", type=float, default=40.0, help="how long lags are watched")
    options = parser.parse_args()
    if options.quick:
        options.entries, options.seconds, options.turns, options.lag_seconds = 100_000, 0.5, 7, 6.0
    with embedded_database() as home:
        bench = Bench(options, home)
        figures = [bench.integrity()]
        if not options.only:
            figures += [*bench.lags(), bench.seal_backlog(), bench.entry_bytes(), *bench.offline()]
    print_figures("The audit trail", figures)


class Bench:
    """One log, grown from figure to figure."""

    def __init__(self, options: argparse.Namespace, home: Path) -> None:
        from django.conf import settings

        from privacy.ledger.merkle import log_sequencer

        self.options = options
        self.home = home
        self.server = settings.EMBEDDED_SERVER
        self.sealing = log_sequencer
        with self.connect("portal_owner") as owner:
            owner.execute(
                "CREATE TABLE bench_work (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state text, changed_at"
                " timestamptz DEFAULT now()); GRANT SELECT, INSERT, UPDATE ON bench_work TO portal_app;"
                "INSERT INTO bench_work (state) SELECT 'received' FROM generate_series(1, 10000)"
            )

    def connect(self, role: str) -> psycopg.Connection[Any]:
        return psycopg.connect(self.server.url(role, DATABASE), autocommit=True)

    # -- what it costs ------------------------------------------------------------------------

    def integrity(self) -> Figure:
        """A transaction with 10 ms of other work, with its entry and a running sealer, beside the same without both."""
        pairs = []
        with self.daemon("seal", "portal_sequencer") as sealer, Workers(self.options) as workers:
            for turn in range(self.options.turns + 1):
                # Many short turns in both orders: what else the machine does meets both alike.
                took = {}
                for ledgered in (True, False) if turn % 2 else (False, True):
                    sealer.send_signal(signal.SIGCONT if ledgered else signal.SIGSTOP)
                    took[ledgered] = workers.throughput(ledgered=ledgered)
                    if ledgered:
                        self._wait_until_sealed()
                if turn:  # the first pair only warms up
                    pairs.append((took[True] / took[False], took[True], took[False]))
            sealer.send_signal(signal.SIGCONT)
        _ratio, ours, bare = sorted(pairs)[len(pairs) // 2]
        what = f"{self.options.connections} connections, 10 ms of other work in each transaction; aim ≥ 0.97 of it bare"
        spread = f"{min(pairs)[0]:.3f} to {max(pairs)[0]:.3f}"
        return throughput_figure(
            "integrity", ours, bare, "tx/s", f"{what}; the median of {len(pairs)} pairs ({spread})"
        )

    def _wait_until_sealed(self) -> None:
        """So that no turn pays for the entries of another."""
        with self.connect("portal_auditor") as connection:
            done = "SELECT (SELECT max(id) FROM ledger.entry) = (SELECT max(entry_id) FROM ledger.leaf)"
            while connection.execute(done).fetchone() != (True,):
                time.sleep(0.05)

    # -- how soon -----------------------------------------------------------------------------

    def lags(self) -> list[Figure]:
        """Commit → sealed, and commit → signed and anchored, with an 8-second transaction open again and again."""
        committed: list[tuple[int, float]] = []
        sealed: list[tuple[int, float]] = []
        anchored: list[tuple[int, float]] = []
        over = threading.Event()

        def watch(query: str, seen: list[tuple[int, float]]) -> None:
            with self.connect("portal_auditor") as connection:
                while not over.wait(0.01):
                    row = connection.execute(query).fetchone()
                    if row and row[0] is not None and (not seen or seen[-1][0] != row[0]):
                        seen.append((row[0], time.perf_counter()))

        def hold() -> None:
            with self.connect("portal_app") as connection:
                while not over.is_set():
                    with connection.transaction():
                        connection.execute(APPEND, [_payload()])
                        over.wait(LONG_TRANSACTION)

        sealed_query = "SELECT max(size) FROM ledger.tree"
        with self.daemon("seal", "portal_sequencer"), self.daemon("notary", "portal_notary"):
            threads = [
                threading.Thread(target=watch, args=(sealed_query, sealed)),
                threading.Thread(target=watch, args=("SELECT max(size) FROM ledger.anchor", anchored)),
                threading.Thread(target=hold),
            ]
            for thread in threads:
                thread.start()
            until = time.perf_counter() + self.options.lag_seconds
            with self.connect("portal_app") as connection:
                while time.perf_counter() < until:
                    row = connection.execute(APPEND + " RETURNING id", [_payload()]).fetchone()
                    assert row is not None
                    committed.append((row[0], time.perf_counter()))
                    time.sleep(0.01)
            time.sleep(5)
            over.set()
            for thread in threads:
                thread.join()
        places = self._places()
        seal_lags = _lags(committed, sealed, places)
        anchor_lags = _lags(committed, anchored, places)
        return [
            limit_figure(
                "seal_lag_p99_s", _p99(seal_lags), 1.5, "s", f"{len(seal_lags):,} commits, 8 s transactions open"
            ),
            limit_figure("anchored_p99_s", _p99(anchor_lags), 10.0, "s", "commit → signed, mirrored and anchored"),
        ]

    def _places(self) -> dict[int, int]:
        with self.connect("portal_auditor") as connection:
            return dict(connection.execute("SELECT entry_id, index FROM ledger.leaf").fetchall())

    @contextmanager
    def daemon(self, command: str, role: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run one of the daemons beside the measurement, as in production; the measurement begins when it works."""
        with harness.daemon(command, role) as process:
            self._until_it_works("ledger.tree" if command == "seal" else "ledger.anchor")
            yield process

    def _until_it_works(self, table: str) -> None:
        with self.connect("portal_app") as connection:
            query = f"SELECT coalesce(max(size), 0) FROM {table}"
            before = connection.execute(query).fetchone()
            connection.execute(APPEND, [_payload()])
            while connection.execute(query).fetchone() == before:
                time.sleep(0.05)

    # -- how fast -----------------------------------------------------------------------------

    def seal_backlog(self) -> Figure:
        """Seal a backlog in one batch, beside a bare copy of the same rows into a table with the same indexes."""
        with self.connect("portal_app") as app:
            app.execute(FILL, [PAYLOAD, self.options.entries])
        with self.connect("portal_owner") as owner:
            owner.execute("CREATE TABLE bench_copy (index bigint PRIMARY KEY, entry_id bigint UNIQUE, hash bytea)")
            started = time.perf_counter()
            owner.execute(
                "INSERT INTO bench_copy SELECT row_number() OVER (ORDER BY id), id, sha256(convert_to(payload, 'UTF8'))"
                " FROM ledger.entry WHERE word = 'ledger.read' ORDER BY id"
            )
            bare = self.options.entries / (time.perf_counter() - started)
            owner.execute("DROP TABLE bench_copy")
        with self.connect("portal_sequencer") as sequencer:
            started = time.perf_counter()
            sealed = self.sealing.seal(sequencer) or 0
            took = time.perf_counter() - started
        what = f"{sealed:,} entries at once (aim ≥ 100,000), beside a bare INSERT … SELECT sha256(payload)"
        return throughput_figure("seal_backlog", sealed / took, bare, "/s", what)

    def entry_bytes(self) -> Figure:
        """Bytes of an entry in all copies: table, indexes, leaf, nodes, heads, and the notary's mirror."""
        mirror = self.home / "mirror"
        self.manage("notary", "--once", role="portal_notary")
        with self.connect("portal_auditor") as connection:
            row = connection.execute(
                "SELECT sum(pg_total_relation_size(c.oid)), (SELECT max(size) FROM ledger.tree),"
                " (SELECT avg(octet_length(payload)) FROM ledger.entry)"
                " FROM pg_class c WHERE relnamespace = 'ledger'::regnamespace AND relkind = 'r'"
            ).fetchone()
        assert row is not None
        files = sum(path.stat().st_size for path in mirror.rglob("*") if path.is_file())
        what = (
            f"all copies: {row[0] / row[1]:.0f} in the database, {files / row[1]:.0f} in the mirror; text {row[2]:.0f}"
        )
        return limit_figure("entry_bytes", float(row[0] + files) / row[1], 1_000, "B", what)

    def offline(self) -> list[Figure]:
        """Check a whole bundle in one process, beside a loop that only hashes; and the length of one entry's proof."""
        bundle = self.home / "bundle"
        self.manage("export_ledger", str(bundle), role="portal_auditor")
        keys = [part for vkey in (bundle / "keys").read_text().split() for part in ("--key", vkey)]
        best = min(self._cpu([sys.executable, str(bundle / "verify.py"), str(bundle), *keys]) for _turn in range(3))
        from privacy.ledger.exports import log_proofs

        with self.connect("portal_auditor") as connection:
            row = connection.execute("SELECT max(size) FROM ledger.checkpoint").fetchone()
            middle = connection.execute("SELECT entry_id FROM ledger.leaf WHERE index = %s", [row[0] // 2]).fetchone()  # type: ignore[index]
            proof = log_proofs.prove(connection, middle[0])  # type: ignore[index]
            size = row[0]  # type: ignore[index]
        hashes = proof.text.split("\n\n")[0].count("\n") - 1
        bare = _bare_hashing(size, len(proof.entry))
        return [
            throughput_figure("offline_verify", size / best, size / bare, "/s/core",
                 f"{size:,} entries (aim ≥ 500,000), beside a loop that only hashes leaves and nodes"),
            limit_figure("proof_bytes", len(proof.text), 1_500, "B",
                 f"{hashes} hashes of 32 bytes in base64, two signatures"),
        ]  # fmt: skip

    def _cpu(self, command: list[str]) -> float:
        """Return the processor seconds of a command, which must succeed."""
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        said = process.stdout.read().decode()
        process.stdout.close()
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"verify.py: {said}")
        return usage.ru_utime + usage.ru_stime

    def manage(self, *arguments: str, role: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env={**os.environ, "PORTAL_ROLE": role}, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip


class Workers:
    """The portal's two web workers: processes that share the connections, a thread for each, and work in turns."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.ends: list[Connection] = []

    def __enter__(self) -> "Workers":
        fork = multiprocessing.get_context("fork")
        for number in range(WEB_WORKERS):
            ours, theirs = fork.Pipe()
            fork.Process(target=self._serve, args=(theirs, number), daemon=True).start()
            self.ends.append(ours)
        return self

    def __exit__(self, *error: object) -> None:
        for end in self.ends:
            end.send(None)

    def throughput(self, *, ledgered: bool) -> float:
        """Return the transactions a second of one turn, all workers together."""
        for end in self.ends:
            end.send(ledgered)
        return sum(end.recv() for end in self.ends) / float(self.options.seconds)

    def _serve(self, end: Connection, number: int) -> None:
        """Work a turn for each word from the other end: with the ledger or without it."""
        threads = self.options.connections // WEB_WORKERS
        with ThreadPoolExecutor(threads) as pool:
            while (ledgered := end.recv()) is not None:
                rows = range(number * threads * 1_000, (number + 1) * threads * 1_000, 1_000)
                end.send(sum(pool.map(self._work, rows, [ledgered] * threads)))

    def _work(self, first: int, ledgered: bool) -> int:
        """Do what a verb does, on this thread's own connection, until the turn is over."""
        from django.db import connection, transaction

        from privacy.ledger import actions as ledger
        from privacy.ledger.actors import SystemActor
        from privacy.ledger.events import Event
        from privacy.lib.dates import clock

        actor, done, until = SystemActor("benchmark"), 0, time.perf_counter() + self.options.seconds
        while time.perf_counter() < until:
            at, row = clock.now(), first + done % 1_000 + 1  # a verb is told the time, on record or not
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("UPDATE bench_work SET state = 'decided' WHERE id = %s", [row])
                    cursor.execute("SELECT pg_sleep(0.010)")
                if ledgered:
                    ledger.record(Event.DENIED, actor=actor, at=at, about=("rights.request", row))
            done += 1
        return done


def _payload() -> str:
    return PAYLOAD % (os.urandom(16).hex(), os.urandom(11).hex(), os.urandom(11).hex(), os.urandom(2).hex())


def _lags(committed: list[tuple[int, float]], reached: list[tuple[int, float]], places: dict[int, int]) -> list[float]:
    """Return, for each commit, how long it took until a size above its place was seen."""
    lags = []
    for entry, at in committed:
        place = places[entry]
        lags.append(next((seen for size, seen in reached if size > place), float("inf")) - at)
    return lags


def _p99(lags: list[float]) -> float:
    return statistics.quantiles(lags, n=100)[98]


def _bare_hashing(size: int, length: int) -> float:
    """Return the processor seconds of hashing so many leaves of this length and as many nodes."""
    entry, pair = b"\0" * (length + 1), b"\1" * 65
    sha256: Callable[[bytes], Any] = hashlib.sha256
    started = time.process_time()
    for _leaf in range(size):
        sha256(entry).digest()
        sha256(pair).digest()
    return time.process_time() - started


if __name__ == "__main__":
    main()
