"""Intake over HTTP, everything on, beside what the same database takes by itself and beside the usual way.

``intake_vs_copy``: reports a second in gzip batches of 500 from 100 devices, two web workers, with consent gate, freeze
check, sealing with keys of the key service, statistics and ledger, over one stream of raw binary ``COPY`` of the same
sealed rows into the same tables. ``intake_vs_orm``: over pydantic and ``bulk_create`` without any of that, into the
table that Django makes of a usual model; ``intake_vs_lean_orm``: the same into a table as lean as ours. Medians of as
many turns of the same length each; every reference has the machine to itself.
"""

import argparse
import gzip
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import fleet
import psycopg
from harness import ROOT, Figure, embedded_database, key_service, limit_figure, print_figures, throughput_figure
from web_server import WebServer, running_web_server

CLIENTS = 8  # as many as the two workers have threads
HEAD = (
    b"POST /api/v1/reports HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
    b"Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
)
# One reference's table has the same columns, key and months as ours; the other is what Django makes of a model
# (``orm_reference.make_table``). Both are as full as ours was; their bodies are JSON in clear.
LEAN_TABLE = """
CREATE TABLE bench_lean_report (
    id uuid NOT NULL, device_id uuid NOT NULL, occurred_at timestamptz NOT NULL, received_at timestamptz NOT NULL,
    kind varchar(16) NOT NULL, body jsonb NOT NULL, PRIMARY KEY (device_id, occurred_at, id)
) PARTITION BY RANGE (occurred_at)
"""
LEAN_MONTH = """
CREATE TABLE bench_lean_report_{number} PARTITION OF bench_lean_report FOR VALUES FROM ('{first}') TO ('{after}')
"""
PLAIN_ROWS = """
INSERT INTO {table} (id, device_id, occurred_at, received_at, kind, body)
SELECT id, device_id, occurred_at, received_at, kind,
    jsonb_build_object('setting', 'camera-policy', 'result', 'applied', 'applied_at', occurred_at)
FROM devices_report LIMIT {rows}
"""
REFERENCES = ("usual", "lean")


def main() -> None:
    """Run on a database of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smaller fleet and fewer batches, under a minute")
    parser.add_argument("--devices", type=int, default=20_000)
    parser.add_argument("--batches", type=int, default=600, help="batches in each turn")
    parser.add_argument("--size", type=int, default=500)
    parser.add_argument("--devices-a-batch", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--held", type=int, default=5_000_000, help="reports of the last month already in the tables")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4, help="of each worker, as `make run` has them")
    parser.add_argument("--clients", type=int, default=CLIENTS)
    options = parser.parse_args()
    if options.quick:
        options.devices, options.batches, options.rounds, options.held = 3_000, 120, 3, 500_000
    # The embedded server is sized for a demonstration; here it gets a share of memory as a fleet's server has it.
    os.environ.setdefault("EMBEDDED_CONF", "shared_buffers=512MB,max_wal_size=4GB")
    with embedded_database() as home, key_service() as keys:
        figures = Bench(options, home, keys).run()
    print_figures("Intake", figures)


class Bench:
    """A fleet, two servers, and one stream of COPY, in turns."""

    def __init__(self, options: argparse.Namespace, home: Path, keys: dict[str, str]) -> None:
        from django.conf import settings

        self.options = options
        self.home = home
        self.keys = keys
        self.server = settings.EMBEDDED_SERVER
        self.gateway, self.token = fleet.gateway_token()
        self.ids = fleet.device_ids(options.devices)
        fleet.load(self.ids, self.gateway.id)
        self.bodies = list(
            fleet.batches(self.ids, size=options.size, devices=options.devices_a_batch, count=options.batches)
        )

    def reference(self, table: str, *, role: str = "portal_app") -> dict[str, str]:
        """Return the surroundings of a reference."""
        return {"REFERENCE_DATABASE_URL": self.server.url(role, "portal_personal"), "REFERENCE_TABLE": table}

    def make_references(self) -> None:
        """Make the references' tables once ours was measured: neither shares its memory with the other."""
        from devices import partitions

        subprocess.run(
            [sys.executable, str(ROOT / "benchmarks" / "orm_reference.py")],
            check=True,
            env={**os.environ, **self.reference("usual", role="postgres")},
        )
        with psycopg.connect(self.server.url("postgres", "portal_personal"), autocommit=True) as connection:
            connection.execute(LEAN_TABLE)
            for number, month in enumerate(partitions.existing_months("devices_report")):
                after = partitions.months_from(month, 1)[1]
                connection.execute(
                    LEAN_MONTH.format(number=number, first=f"{month} 00:00+09", after=f"{after} 00:00+09")
                )
            for table in REFERENCES:
                connection.execute(PLAIN_ROWS.format(table=f"bench_{table}_report", rows=self.options.held))
                connection.execute(f"GRANT SELECT, INSERT ON bench_{table}_report TO portal_app")
        self.settle()

    def fill(self) -> None:
        """Put reports of the last month in place: nobody's intake runs on empty tables."""
        from devices.actions import binary_copy

        source = random.Random(3)
        devices = [device.bytes for device in self.ids]
        [now] = binary_copy.postgres_microseconds([fleet.NOW])
        kinds = [kind for kind, _body in fleet.BODIES if kind != "app-log"]
        with (
            psycopg.connect(self.server.url("portal_development", "portal_personal"), autocommit=True) as connection,
            connection.cursor().copy(binary_copy.COPY_SQL.format(table="devices_report")) as copy,
        ):
            copy.write(binary_copy.HEADER)
            for count in blocks(self.options.held, 4_000):
                chosen = source.choices(range(len(kinds)), k=count)
                copy.write(
                    binary_copy.encode_rows(
                        binary_copy.new_uuid7s(count),
                        source.choices(devices, k=count),
                        [now - source.randrange(30 * 86_400_000_000) for _each in range(count)],
                        [kinds[place] for place in chosen],
                        [os.urandom(100)] * count,
                        received=now,
                    )
                )
            copy.write(binary_copy.TRAILER)
        self.settle()

    def settle(self) -> None:
        """Leave nothing of the filling to the measuring."""
        for name in ("portal_general", "portal_personal"):
            with psycopg.connect(self.server.url("postgres", name), autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")
                connection.execute("CHECKPOINT")

    def run(self) -> list[Figure]:
        """Measure, and return the figures."""
        self.fill()
        rows = self.options.batches * self.options.size
        ours, latencies = [], []
        copies: dict[bool, list[float]] = {False: [], True: []}
        orm: dict[str, list[float]] = {table: [] for table in REFERENCES}
        with self.served("config.wsgi:application", ROOT, PORTAL_PROCESS="intake", **self.keys) as portal:
            warm = self.drive(portal, self.packed(), [])
            rest = fleet.memory_mb(portal.pid)
            print(f"fleet of {len(self.ids):,} devices, {rows:,} reports a turn; warmed up at {rows / warm:,.0f}/s")
            for turn in range(self.options.rounds):
                packed, stream = self.packed(), self.stream()
                spent = Spent(portal.pid, self.server_pid())
                ours.append(rows / self.drive(portal, packed, latencies))
                web, database = spent.since()
                copies[False].append(stream.rows / self.copy(stream))
                copying = spent.since()[1]
                stream = self.stream(by_month=True)
                copies[True].append(stream.rows / self.copy(stream))
                print(
                    f"turn {turn + 1}: ours {ours[-1]:,.0f}/s, COPY {copies[False][-1]:,.0f}/s, by month"
                    f" {copies[True][-1]:,.0f}/s; processor time a batch:"
                    f" web {web / len(packed) * 1000:.1f} ms, database {database / len(packed) * 1000:.1f} ms,"
                    f" of the database in COPY {copying / len(packed) * 1000:.1f} ms"
                )
            end = fleet.memory_mb(portal.pid)
        self.make_references()
        for table, rates in orm.items():
            reference = self.reference(table)
            with self.served("orm_reference:application", ROOT / "benchmarks", **reference) as server:
                self.drive(server, self.packed(20), [])
                for turn in range(self.options.rounds):
                    rates.append(rows / self.drive(server, self.packed(), []))
                    print(f"turn {turn + 1}: pydantic and bulk_create, {table} table {rates[-1]:,.0f}/s")
        latencies.sort()
        p99 = latencies[int(len(latencies) * 0.99)] * 1000
        return [
            throughput_figure(
                "intake_vs_copy",
                statistics.median(ours),
                statistics.median(copies[False]),
                "rows/s",
                "over one-stream COPY",
            ),
            throughput_figure(
                "intake_vs_month_copy",
                statistics.median(ours),
                statistics.median(copies[True]),
                "rows/s",
                "over the same, to the months' own tables",
            ),
            throughput_figure(
                "intake_vs_orm",
                statistics.median(ours),
                statistics.median(orm["usual"]),
                "rows/s",
                "over pydantic, bulk_create of a usual model",
            ),
            throughput_figure(
                "intake_vs_lean_orm",
                statistics.median(ours),
                statistics.median(orm["lean"]),
                "rows/s",
                "over the same into a table like ours",
            ),
            limit_figure(
                "batch_p99_ms", p99, 100, "ms", f"a batch of {self.options.size}, {self.options.clients} clients"
            ),
            limit_figure("web_memory_mb", end, rest, "MB", "at the end, over at rest"),
        ]

    def server_pid(self) -> int:
        """Return the process of the database that all others of it descend from."""
        return int((self.server.cluster / "postmaster.pid").read_text().split()[0])

    def packed(self, count: int | None = None) -> list[bytes]:
        """Return batches as a gateway sends them, each under a new id."""
        return [
            gzip.compress(json.dumps({"batch": str(uuid4()), "reports": reports}).encode(), 1)
            for reports in self.bodies[:count]
        ]

    def served(self, application: str, folder: Path, **environment: str) -> AbstractContextManager[WebServer]:
        """Serve an application by granian, as in production."""
        options = self.options
        return running_web_server(
            application, folder, self.home, workers=options.workers, threads=options.threads, **environment
        )

    def drive(self, server: WebServer, bodies: Sequence[bytes], latencies: list[float]) -> float:
        """Send all batches from a few clients at once; return the seconds, and each batch's in ``latencies``."""
        waiting = iter(bodies)
        lock = threading.Lock()
        failures: list[str] = []

        def client() -> None:
            with socket.create_connection(("127.0.0.1", server.port)) as wire:
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while True:
                    with lock:
                        body = next(waiting, None)
                    if body is None:
                        return
                    started = time.perf_counter()
                    wire.sendall(HEAD % (self.token.encode(), len(body)) + body)
                    answer = received(wire)
                    latencies.append(time.perf_counter() - started)
                    if b" 200 " not in answer[:16] or b'"refused":[]' not in answer.replace(b" ", b""):
                        failures.append(repr(answer[:500]))
                        return

        threads = [threading.Thread(target=client) for _each in range(self.options.clients)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise SystemExit(f"a batch was not stored: {failures[0]}")
        return time.perf_counter() - started

    def stream(self, *, by_month: bool = False) -> "Stream":
        """Return the same reports as sealed rows, in the bytes of a binary COPY, for each table or each month's own."""
        from devices import partitions
        from devices.actions import binary_copy
        from devices.eligibility import CATEGORY_OF_KIND
        from privacy.vault import actions as vault

        def table_of(report: dict[str, Any]) -> str:
            table = binary_copy.TABLES[report["kind"]]
            moment = datetime.fromisoformat(report["occurred_at"])
            return partitions.partition_name(table, partitions.month_of(moment)) if by_month else table

        tables: dict[str, list[bytes]] = {}
        [received] = binary_copy.postgres_microseconds([datetime.now(UTC)])
        for reports in self.bodies:
            for table in sorted(set(map(table_of, reports))):
                chosen = [report for report in reports if table_of(report) == table]
                kinds = [report["kind"] for report in chosen]
                devices = [UUID(report["device"]) for report in chosen]
                moments = [datetime.fromisoformat(report["occurred_at"]) for report in chosen]
                ids = binary_copy.new_uuid7s(len(chosen))
                plain = [json.dumps(report["body"], separators=(",", ":")).encode() for report in chosen]
                rows = [
                    (binary_copy.LABELS[kind], "body", UUID(bytes=row), device, CATEGORY_OF_KIND[kind], body)
                    for kind, row, device, body in zip(kinds, ids, devices, plain, strict=True)
                ]
                boxes = vault.encrypt_batch(rows, fleet.NOW, months=[moment.date() for moment in moments])
                sealed = binary_copy.encode_rows(
                    ids, [device.bytes for device in devices], binary_copy.postgres_microseconds(moments), kinds, boxes,
                    received=received,
                )  # fmt: skip
                tables.setdefault(table, [binary_copy.HEADER]).append(sealed)
        for blocks in tables.values():
            blocks.append(binary_copy.TRAILER)
        return Stream(tables, sum(map(len, self.bodies)))

    def copy(self, stream: "Stream") -> float:
        """Put the rows in place by one stream of COPY for each table, under new ids; return the seconds."""
        from devices.actions import binary_copy

        with psycopg.connect(self.server.url("portal_development", "portal_personal"), autocommit=True) as connection:
            started = time.perf_counter()
            for table, blocks in stream.tables.items():
                with connection.cursor().copy(binary_copy.COPY_SQL.format(table=table)) as copy:
                    for block in blocks:
                        copy.write(block)
            return time.perf_counter() - started


class Spent:
    """The processor time of the web server and of the database, from one look to the next."""

    def __init__(self, *pids: int) -> None:
        self.pids = pids
        self.last = self.look()

    def look(self) -> list[float]:
        return [fleet.processor_seconds(pid) for pid in self.pids]

    def since(self) -> list[float]:
        """Return the seconds since the last look, of each."""
        before, self.last = self.last, self.look()
        return [now - then for now, then in zip(self.last, before, strict=True)]


class Stream:
    """Rows ready for COPY."""

    def __init__(self, tables: dict[str, list[bytes]], rows: int) -> None:
        self.tables = tables
        self.rows = rows


def received(wire: socket.socket) -> bytes:
    """Read one answer. A client of its own, because the standard library's would take a tenth of the machine."""
    answer = b""
    while (end := answer.find(b"\r\n\r\n")) < 0:
        answer += wire.recv(65_536)
    length = int(re.search(rb"(?i)content-length: *(\d+)", answer[:end]).group(1))  # type: ignore[union-attr]
    while len(answer) < end + 4 + length:
        answer += wire.recv(65_536)
    return answer


def blocks(total: int, size: int) -> Iterator[int]:
    """Yield ``total`` in pieces of at most ``size``."""
    while total > 0:
        yield min(total, size)
        total -= size


if __name__ == "__main__":
    main()
