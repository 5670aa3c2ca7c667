"""After a destruction its bytes are nowhere on the disk: files, write-ahead log, dumps, logs (P7.2, SEC-28)."""

import random
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

from config.embedded_postgres import EmbeddedServer
from devices import partitions
from devices.models import Device, Licence, Report
from privacy.lib.dates import clock
from privacy.retention import actions as retention
from privacy.retention.models import Rewrite
from privacy.vault.models import SubjectKey
from tests.database import PortalDatabase
from tests.factory import SWEEPER, carry_out_all, make_device, make_expired_device, make_reports, sweep_on

CANARY = "CANARY-MODEL-DESTROYED"
ALIVE = "CANARY-MODEL-ALIVE"


def boxes_of(device: Device) -> dict[str, bytes]:
    """Every sealed value, blind index and wrapped key of a device, as they lie in the tables."""
    licence = Licence.objects.get(device=device)
    key = SubjectKey.objects.get(subject_id=device.subject_id, category="device-registration")
    reports = Report.objects.filter(device_id=device.id).values_list("body", flat=True)
    return {
        "imei": device.imei.ciphertext,
        "model": device.model.ciphertext,
        "imei index": bytes(device.imei_index),
        "licence key": licence.key.ciphertext,
        "wrapped key": bytes(key.wrapped),
        **{f"report {place}": box.ciphertext for place, box in enumerate(reports)},
    }


def found_in(folder: Path, wanted: dict[str, bytes]) -> set[str]:
    """Which of ``wanted`` some file under a folder contains."""
    found = set()
    for path in folder.rglob("*"):
        # A server at work drops files between two looks: what is gone holds nothing.
        with suppress(FileNotFoundError):
            content = path.read_bytes() if path.is_file() else b""
            found |= {name for name, sought in wanted.items() if sought in content}
    return found


def dump(database: PortalDatabase, aliases: Iterable[str]) -> bytes:
    program = EmbeddedServer.binaries() / "pg_dump"
    if not program.exists():
        return b"".join(_copied(database, alias) for alias in aliases)
    return b"".join(
        subprocess.run([str(program), database.url("postgres", alias)], capture_output=True, check=True).stdout
        for alias in aliases
    )


def _copied(database: PortalDatabase, alias: str) -> bytes:
    """The rows of every table as COPY writes them: what a dump holds."""
    with database.connect("postgres", alias) as server:
        tables = server.execute(
            "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        chunks: list[bytes] = []
        for (table,) in tables:
            with server.cursor().copy(f"COPY (SELECT * FROM {table}) TO STDOUT") as copy:
                chunks += [bytes(chunk) for chunk in copy]
    return b"".join(chunks)


@pytest.mark.law("R-18", "D-06", "D-10")
@pytest.mark.clause("P7.2")
def test_nothing_of_what_was_destroyed_is_left_on_the_disk(portal_database: PortalDatabase) -> None:
    # Other tests' databases lie in the same folder: nobody else has these identifiers.
    number = random.randrange(10**6, 10**8)
    doomed = make_expired_device(number, ended_on=date(2024, 5, 15), model=CANARY)
    reported_at = clock.now()
    partitions.create_partitions([partitions.month_of(reported_at)])
    make_reports(doomed, ["status"], at=reported_at)
    alive = make_device(number + 1, model=ALIVE)
    gone, kept = boxes_of(doomed), boxes_of(alive)
    cluster = settings.EMBEDDED_SERVER.cluster
    with portal_database.connect() as server:
        server.execute("CHECKPOINT")
    # The search itself works: it finds all of both, in the files and in a dump.
    assert found_in(cluster, gone) == set(gone)
    everything = dump(portal_database, ["default", "personal"])
    assert all(box.hex().encode() in everything for box in gone.values())

    retention.destroy_subject_data(
        doomed.subject_id, ["service-analytics"], cause="deletion", case="K7-1", actor=SWEEPER, at=clock.now()
    )
    carry_out_all(sweep_on(date(2026, 5, 16)))
    # Removed is not destroyed: the files still hold what no query shows any more (security.md, fact 6).
    assert found_in(cluster, gone)
    for alias in ("default", "personal"):
        # The counters that tell which partitions lost rows are flushed by the session that removed them.
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
    # The keys go each night, without anybody waiting; it outlasts the transactions of other tests on this server.
    done = portal_database.manage("finish_destruction", "--keys-only", role="portal_owner", timeout=600)
    assert done.returncode == 0, done.stderr
    assert found_in(cluster, {"wrapped key": gone["wrapped key"]}) == set()
    done = portal_database.manage("finish_destruction", role="portal_owner", timeout=600)
    assert done.returncode == 0, done.stderr
    assert Rewrite.objects.latest("begun_at").log_turned, done.stdout

    # The whole home: table files, write-ahead log, the server's log, the journal, mails, the ledger's tiles.
    canaries = {"plaintext": CANARY.encode()}
    assert found_in(settings.PORTAL_HOME, gone | canaries) == set()
    assert found_in(settings.PORTAL_HOME / "postgres" / "cluster" / "pg_wal", gone) == set()
    after = dump(portal_database, ["default", "personal", "archive"])
    assert not any(box.hex().encode() in after for box in gone.values())
    # Positive control: the living are all there, and sealed.
    assert found_in(cluster, kept) == set(kept)
    assert found_in(settings.PORTAL_HOME, {"a line of the log": b"database system is ready"})
    assert all(box.hex().encode() in after for box in kept.values())
    assert found_in(cluster, {"plaintext": ALIVE.encode()}) == set()


@pytest.mark.clause("P7.2")
def test_a_transaction_elsewhere_on_the_server_keeps_a_destruction_from_being_final(
    portal_database: PortalDatabase,
) -> None:
    with portal_database.connect("postgres", "archive") as other:
        other.execute("BEGIN")
        other.execute("SELECT pg_current_xact_id()")
        done = portal_database.manage("finish_destruction", "--keys-only", "--patience", "0.5", role="portal_owner")
        assert done.returncode == 1, done.stdout
        row = Rewrite.objects.get()
        assert not row.log_turned
        assert "older than the rewrite still runs" in row.notes
        other.execute("COMMIT")
    done = portal_database.manage("finish_destruction", "--keys-only", role="portal_owner", timeout=600)
    assert done.returncode == 0, done.stderr
    assert Rewrite.objects.order_by("begun_at").last().log_turned, done.stdout


def segments_passed(database: PortalDatabase, since: str) -> int:
    with database.connect() as server:
        told = server.execute(
            "SELECT trunc((pg_current_wal_lsn() - %s::pg_lsn) / setting::numeric) FROM pg_settings"
            " WHERE name = 'wal_segment_size'",
            [since],
        ).fetchone()
    assert told is not None
    return int(told[0])


@pytest.mark.clause("P7.2")
def test_every_segment_of_the_log_is_filled_anew_and_a_log_too_long_for_the_time_is_not_called_turned(
    portal_database: PortalDatabase,
) -> None:
    with portal_database.connect() as server:
        row = server.execute("SELECT count(*), pg_current_wal_lsn()::text FROM pg_ls_waldir()").fetchone()
    assert row is not None
    there, before = row
    done = portal_database.manage("finish_destruction", "--keys-only", role="portal_owner", timeout=600)
    assert done.returncode == 0, done.stderr
    assert segments_passed(portal_database, before) >= there
    done = portal_database.manage("finish_destruction", "--keys-only", "--turning", "0", role="portal_owner")
    assert done.returncode == 1
    assert "turns of the log done" in done.stderr
    assert not Rewrite.objects.order_by("begun_at").last().log_turned
