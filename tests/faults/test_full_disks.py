"""Full disks: of the databases, of their log, of the portal's own files (FLT-07, FLT-08, FLT-09)."""

import io
import logging
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from config import operator_status
from privacy.lib.dates import clock
from privacy.retention.destruction import journal, journal_file
from privacy.retention.models import DestructionList
from privacy.retention.refusals import JournalUnavailable
from privacy.rights import actions as rights
from privacy.rights.models import Particulars, Request
from tests import factory
from tests.database import PortalDatabase
from tests.faults import surroundings
from tests.faults.invariants import Memory, assert_hold, assert_trail_is_whole
from tests.privacy.rights.test_request_form import fields
from tests.sample_uploads import PDF

pytestmark = [pytest.mark.faults, surroundings.needs_mounts]

DUE = date(2026, 11, 24)
MOST_REQUESTS = 400


def form(mark: str, number: int) -> dict[str, Any]:
    """The form of one person of a run."""
    return fields(submission=f"{mark}-{number}", wanted=factory.imei(1_000 + number))


def file_until(memory: Memory, status: int, mark: str) -> int:
    """File requests on the public form until one is answered with this status; return how many were acknowledged."""
    for number in range(MOST_REQUESTS):
        # From an address each, as people do: one address has its limit.
        client = Client(raise_request_exception=False, REMOTE_ADDR=f"203.0.{number // 250}.{number % 250 + 1}")
        answer = memory.ask(client, "post", reverse("rights:request"), form(mark, number))
        if answer.status_code == 200:
            memory.filed(answer.context["receipt"].number)
        if answer.status_code == status:
            return number
    raise AssertionError(f"no answer {status}: {Counter(one.status for one in memory.answers)}")


@pytest.mark.fault("FLT-07")
def test_a_full_disk_refuses_writing_and_loses_nothing(
    portal_database: PortalDatabase, tmp_path: Path, settings: Any
) -> None:
    memory = Memory()
    device = factory.make_device(1)
    token = factory.make_token(at=clock.now())
    memory.safe.append(device.subject_id)
    with surroundings.small_disk(tmp_path / "disk", 96) as disk, surroundings.databases_on(portal_database, disk):
        file_until(memory, 200, "before")
        settings.PORTAL_HOME = disk.folder
        disk.fill()
        assert operator_status.disk(clock.now())["ok"] is False
        refused = file_until(memory, 503, "full")
        batch = factory.make_batch(*(factory.make_report(device, at=clock.now()) for _each in range(1_000)))
        given = {"content_type": "application/json", "headers": {"Authorization": f"Bearer {token}"}}
        assert (
            memory.ask(Client(raise_request_exception=False), "post", "/api/v1/reports", batch, **given).status_code
            == 503
        )
        assert memory.ask(Client(), "get", "/policy/").status_code == 200
        assert Request.objects.filter(number__in=memory.cases).count() == len(memory.cases)
        disk.free()
        assert operator_status.disk(clock.now())["ok"] is True
        # Whoever was refused sends the form again: what the first sending left between two databases becomes whole.
        again = memory.ask(Client(), "post", reverse("rights:request"), form("full", refused))
        memory.filed(again.context["receipt"].number)
        assert file_until(memory, 200, "after") == 0
        answer = memory.ask(Client(), "post", "/api/v1/reports", batch, **given)
        assert answer.json()["stored"] == 1_000
        assert Request.objects.count() == Particulars.objects.count() == len(memory.cases)
        assert_hold(memory)
        assert_trail_is_whole(portal_database)


@pytest.mark.fault("FLT-08")
def test_a_full_disk_of_the_log_stops_the_server_and_loses_nothing(
    tmp_path: Path, keys: None, django_db_blocker: Any
) -> None:
    with django_db_blocker.unblock(), surroundings.own_server(tmp_path / "own") as server:
        memory = Memory()
        memory.safe.append(factory.make_device(1).subject_id)
        server.stop()
        log, moved = server.cluster / "pg_wal", tmp_path / "wal"
        with surroundings.small_disk(moved, 48) as disk:
            surroundings.move(log, disk.folder / "pg_wal")
            server.start()
            file_until(memory, 200, "before")
            disk.fill()
            surroundings.exhaust_log(server)
            assert "PANIC" in (server.folder / "postgres.log").read_text()
            file_until(memory, 503, "full")
            disk.free()
            server.start()
            assert file_until(memory, 200, "after") == 0
            assert_hold(memory)
            server.stop()


@contextmanager
def logging_to(path: Path) -> Iterator[None]:
    """Let the portal's log go to a file, unbuffered as journald's is."""
    with path.open("wb", buffering=0) as file:
        handler = logging.StreamHandler(io.TextIOWrapper(file, write_through=True))
        logging.getLogger("portal").addHandler(handler)
        try:
            yield
        finally:
            logging.getLogger("portal").removeHandler(handler)


@pytest.mark.fault("FLT-09")
def test_a_full_disk_of_the_portal_s_own_files(
    portal_database: PortalDatabase, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = factory.make_expired_device(1, ended_on=date(2024, 5, 15))
    memory = Memory(safe=[device.subject_id])
    run = factory.sweep_on(DUE)
    with surroundings.small_disk(tmp_path / "own", 2) as disk:
        settings.DESTRUCTION_JOURNAL_DIR = disk.folder / "destructions"
        settings.DESTRUCTION_JOURNAL_DIR.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(disk.folder))
        with logging_to(disk.folder / "portal.log"):
            disk.fill()
            logging.getLogger("portal").error("a line that finds no room")
            an_upload_is_taken(memory)
            with pytest.raises((OSError, JournalUnavailable)):
                factory.carry_out_all(run)
            assert_hold(memory)
            disk.free()
        factory.carry_out_all(run)
        memory.destroyed.append(memory.safe.pop())
        assert DestructionList.objects.get(category="device-registration").state == "done"
        assert_hold(memory)


@pytest.mark.fault("FLT-09")
@pytest.mark.truth("half-a-journal-line")
def test_a_line_of_the_journal_that_fits_by_half_is_no_line(
    portal_database: PortalDatabase, tmp_path: Path, settings: Any
) -> None:
    """The system took its first bytes and said so; the keys were destroyed, and no restore would have known of it."""
    device = factory.make_expired_device(1, ended_on=date(2024, 5, 15))
    memory = Memory(safe=[device.subject_id])
    run = factory.sweep_on(DUE)
    with surroundings.small_disk(tmp_path / "own", 1) as disk:
        settings.DESTRUCTION_JOURNAL_DIR = disk.folder
        size = 0
        while 4_096 - size % 4_096 > 120 or size == 0:
            journal.void(journal.last_number() + 1, at=clock.now())
            size = journal_file.path().stat().st_size
        disk.fill()
        with pytest.raises(OSError):
            factory.carry_out_all(run)
        assert_hold(memory)


def an_upload_is_taken(memory: Memory) -> None:
    """File a request and send a document to it: neither needs a file of this host."""
    client = Client(raise_request_exception=False)
    answer = memory.ask(client, "post", reverse("rights:request"), fields(submission="upload", target=factory.imei(9)))
    memory.filed(answer.context["receipt"].number)
    sent = {"document": SimpleUploadedFile("id.pdf", PDF, "application/pdf")}
    memory.ask(client, "post", reverse("rights:document"), sent)
    assert rights.documents(Request.objects.get()).count() == 1
