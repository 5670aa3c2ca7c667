"""The stage of ``channels.py``: people in bulk, a mail server, workers to kill, somebody at the console."""

import os
import re
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID

import load_devices
from harness import ROOT

CONTACT = {
    "id": "uuid", "subject_id": "uuid", "kind": "varchar", "value": "bytea", "value_index": "bytea",
    "purpose": "varchar", "basis": "varchar", "language": "varchar", "source": "varchar", "document": "varchar",
    "recorded_by": "varchar", "recorded_at": "timestamptz", "is_preferred": "bool", "package_from": "timestamptz",
    "is_replaced": "bool",
}  # fmt: skip
SLICE = 1_000
WORKER_UNIT = (ROOT / "deploy/systemd/portal-worker.service").read_text()
# As a worker of an installation yields to the pages.
NICENESS = int(re.findall(r"^Nice=(\d+)$", WORKER_UNIT, re.MULTILINE)[0])


def put_people(numbers: Sequence[int], at: datetime) -> list[UUID]:
    """Put people in place who have nothing yet."""
    from django.db import transaction

    ids = load_devices.new_ids(len(numbers))
    rows = (
        (one, load_devices.reference("S", (1 << 36) + number), "active", at)
        for one, number in zip(ids, numbers, strict=True)
    )
    with transaction.atomic():
        load_devices.copy("default", "subjects_subject", load_devices.SUBJECT, rows)
    return ids


def put_contacts(said: Sequence[tuple[UUID, str, str, bool]], at: datetime) -> None:
    """Put contacts in place, sealed: person, kind, value, whether it is the preferred one."""
    from django.db import transaction

    from privacy.policies.categories import CONTACT as CATEGORY
    from privacy.vault.actions import encryption

    for start in range(0, len(said), SLICE):
        part = said[start : start + SLICE]
        ids = load_devices.new_ids(len(part))
        plain = [
            ("subjects.Contact", "value", one, person, CATEGORY, value.encode())
            for one, (person, _kind, value, _preferred) in zip(ids, part, strict=True)
        ]
        sealed = encryption.encrypt_batch(plain, at)
        indexes = encryption.blind_indexes_of([("contact", value) for _person, _kind, value, _preferred in part])
        rows = (
            (
                one, person, kind, box, index, "notices", "request", "ko", "person", "", "benchmark", at, preferred, at,
                False,
            )
            for one, (person, kind, _value, preferred), box, index in zip(ids, part, sealed, indexes, strict=True)
        )  # fmt: skip
        with transaction.atomic(using="personal"):
            load_devices.copy("personal", "subjects_contact", CONTACT, rows)


def put_devices(first: int, count: int, gateway_id: UUID, at: datetime) -> list[UUID]:
    """Put devices in place; each is its own person."""
    ids = load_devices.new_ids(count)
    load_devices.put(load_devices.Slice(first, ids, gateway_id, at, offset=1 << 20, agreed=()))
    return ids


class MailServer(socketserver.ThreadingTCPServer):
    """A mail server that knows no address beginning with ``gone``, and keeps how often it took each Message-ID.

    One address in a hundred has to be tried again, and one connection in a few thousand mails breaks off.
    """

    daemon_threads = allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Mail)
        self.told: Counter[bytes] = Counter()
        self.busy: Counter[bytes] = Counter()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Mail(socketserver.StreamRequestHandler):
    server: MailServer
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                if not self.take():
                    return
            elif word == b"RCPT":
                self.wfile.write(self.knows(line))
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 here\r\n" if word == b"EHLO" else b"250 OK\r\n")

    def knows(self, line: bytes) -> bytes:
        address = line.partition(b"<")[2].partition(b">")[0]
        if address.startswith(b"gone"):
            return b"550 5.1.1 No such mailbox\r\n"
        if hash(address) % 100 == 0 and not self.server.busy[address]:
            self.server.busy[address] += 1
            return b"451 4.3.0 Try again later\r\n"
        return b"250 OK\r\n"

    def take(self) -> bool:
        key = b""
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            if line[:11].lower() == b"message-id:":
                key = line[11:].strip()
        self.server.told[key] += 1
        if hash(key) % 4_001 == 0 and self.server.told[key] == 1:
            # It took the mail; whoever sent it never hears of that.
            return False
        self.wfile.write(b"250 OK\r\n")
        return True


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run the mail server."""
    server = MailServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class Workers:
    """Processes that deliver what is due, each forked of this one before it speaks with a database."""

    def __init__(self, count: int) -> None:
        self.count, self.pids = count, list[int]()
        # Of processor time, by those that ended.
        self.seconds = 0.0

    def start(self) -> None:
        sys.stdout.flush()
        for _one in range(self.count):
            pid = os.fork()
            if not pid:
                try:
                    work()
                finally:
                    os._exit(1)
            self.pids.append(pid)

    def kill(self) -> None:
        """End them all at once, whatever they are at."""
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
            used = os.wait4(pid, 0)[2]
            self.seconds += used.ru_utime + used.ru_stime
        self.pids = []

    def memory(self) -> int:
        """Return the most MiB that one of them has held."""
        held = [0]
        for pid in self.pids:
            with Path(f"/proc/{pid}/status").open() as status:
                held += [int(found[1]) for line in status if (found := re.match(r"VmHWM:\s+(\d+)", line))]
        return max(held) // 1024


def work() -> None:
    """Deliver what is due until somebody ends the process."""
    import logging

    from privacy.jobs.dispatcher import dispatch_due
    from privacy.lib.dates import clock

    logging.disable(logging.CRITICAL)
    os.nice(NICENESS)
    while True:
        if not dispatch_due(at=clock.now(), seconds=2):
            time.sleep(0.1)


class Visitor:
    """Somebody at the console, who opens a page every half second, in a process whose clock waits for none of ours."""

    def __init__(self, port: int, cookie: str, pages: Sequence[str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("page_visitor.py")), str(port), *pages],
            env={"COOKIE": cookie}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def stop(self) -> dict[str, list[float]]:
        """End the visit and return the times of each page in ms. Raises RuntimeError where a page was refused."""
        self.process.send_signal(signal.SIGTERM)
        told, _nothing = self.process.communicate()
        if self.process.returncode:
            raise RuntimeError("A page of the console was refused.")
        times: dict[str, list[float]] = {}
        for line in told.splitlines():
            took, page = line.split()
            times.setdefault(page, []).append(float(took))
        return times


def database_seconds() -> float:
    """Return the processor time that the database's processes took since it was started."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (mine,) = cursor.fetchone()
    server = int(Path(f"/proc/{mine}/stat").read_text().rpartition(") ")[2].split()[1])
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            said = stat.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        if int(said[1]) == server:
            ticks += int(said[11]) + int(said[12])
        elif stat.parent.name == str(server):
            ticks += sum(map(int, said[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def disk(*tables: str) -> dict[str, int]:
    """Return the bytes of tables with their indexes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, COALESCE((SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(name::regclass)),"
            " pg_total_relation_size(name))::bigint"
            " FROM unnest(%s::text[]) AS name",
            [list(tables)],
        )
        return dict(cursor.fetchall())
