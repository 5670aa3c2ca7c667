"""What is asked of a host: whether it can do its job now; and that the asking takes nothing from others."""

import os
import re
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from config import health, operator_status, served_databases
from privacy.jobs import actions as jobs
from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.ledger.events import Event
from privacy.ledger.models import Scrub
from privacy.lib.dates import clock
from privacy.vault import actions as vault
from tests.database import PortalDatabase

pytestmark = pytest.mark.usefixtures("portal_database")


@pytest.mark.truth("20.2")
def test_a_host_without_the_journal_is_not_ready(settings: Any, tmp_path: Path) -> None:
    """It said that it was ready, and answered 503 to everybody."""
    assert Client().get("/readyz").status_code == 200
    (tmp_path / "journal.jsonl").mkdir()  # what can't be read as a file
    settings.DESTRUCTION_JOURNAL_DIR = tmp_path
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, {"journal": "unreachable"})


@pytest.mark.truth("20.2")
def test_a_host_whose_databases_are_behind_the_journal_is_not_ready(
    portal_database: PortalDatabase, settings: Any, tmp_path: Path
) -> None:
    settings.DESTRUCTION_JOURNAL_DIR = tmp_path
    with portal_database.connect() as owner:
        owner.execute("DELETE FROM retention_journalcursor")
        owner.execute("INSERT INTO retention_journalcursor (single, line, at) VALUES (true, 3, now())")
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, {"journal": "behind: journal"})


@pytest.mark.asvs("15.4.1")
@pytest.mark.truth("20.12")
def test_however_many_ask_one_question_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """150 clients on /readyz took every thread's connections."""
    at_once, most = 0, 0
    lock, go = threading.Lock(), threading.Event()

    def slowly() -> dict[str, str]:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        go.wait(0.05)
        with lock:
            at_once -= 1
        return {}

    monkeypatch.setattr(health, "_missing", slowly)
    asking = [threading.Thread(target=lambda: Client().get("/readyz")) for _ in range(12)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert most == 1


def test_who_waits_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "WAIT_SECONDS", 0.01)
    with health._ASKING:
        answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["missing"] == {"time": "an earlier question is not answered yet"}


def parts() -> dict[str, dict[str, Any]]:
    answer = Client().get("/status")
    assert answer.status_code == (200 if answer.json()["ok"] else 503)
    found: dict[str, dict[str, Any]] = answer.json()["parts"]
    return found


@pytest.fixture
def running(portal_database: PortalDatabase, settings: Any, tmp_path: Path) -> Path:
    """A portal where everything runs; returns the stamp of its last backup."""
    stamp = tmp_path / "last-backup"
    stamp.touch()
    settings.BACKUP_STAMP = str(stamp)
    portal_database.manage("seal", "--once", role="portal_sequencer")
    # Other tests must not find its key pinned.
    with pytest.MonkeyPatch.context() as patched:
        for name in ("NOTARY_STATE_DIR", "MIRROR_DIR", "ANCHOR_DIR"):
            patched.setenv(name, str(tmp_path / name))
        portal_database.manage("notary", "--once", role="portal_notary")
    jobs.record_heartbeat("worker")
    return stamp


@pytest.mark.truth("20.12")
def test_an_operator_sees_who_is_late(portal_database: PortalDatabase, running: Path, settings: Any) -> None:
    """A host said that it was ready with sealer, notary and worker all dead."""
    before = parts()
    assert [name for name, part in before.items() if not part["ok"] and name != "disk"] == []
    os.utime(running, (time.time() - 27 * 3600,) * 2)
    with portal_database.connect() as owner:
        owner.execute("UPDATE jobs_heartbeat SET at = now() - interval '4 minutes'")
    after = parts()
    assert not after["worker"]["ok"] and after["worker"]["seconds"] >= 240
    assert not after["backup"]["ok"]
    settings.BACKUP_STAMP = "/nowhere"
    assert parts()["backup"] == {"ok": False, "seconds": -1}


@pytest.mark.truth("20.12")
def test_a_sealer_or_a_notary_that_does_nothing_is_seen(
    portal_database: PortalDatabase, running: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(operator_status.LATEST, "sealer", 0)
    monkeypatch.setitem(operator_status.LATEST, "notary", 0)
    assert parts()["sealer"]["ok"] and parts()["notary"]["ok"]
    ledger.record(Event.READ, actor=SystemActor("tests"), at=clock.now())
    time.sleep(0.2)
    assert not parts()["sealer"]["ok"]
    portal_database.manage("seal", "--once", role="portal_sequencer")
    time.sleep(0.2)
    assert parts()["sealer"]["ok"] and not parts()["notary"]["ok"]


def test_what_was_given_up_is_counted(portal_database: PortalDatabase, running: Path) -> None:
    with portal_database.connect() as owner:
        owner.execute(
            "INSERT INTO jobs_generaloutbox"
            " (id, key, kind, shard, ids, created_at, not_before, starts, last_error, parked_at)"
            " VALUES (gen_random_uuid(), 'k', 'mail', '', '{}', now(), now(), 1, '', now())"
        )
    assert parts()["outbox"] == {"ok": False, "seconds": 0.0, "parked": 1}


def test_prometheus_reads_the_same(running: Path) -> None:
    answer = Client().get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = answer.content.decode().splitlines()
    for name, part in parts().items():
        assert f'portal_ok{{part="{name}"}} {int(part["ok"])}' in lines
    assert "portal_outbox_parked 0" in lines
    assert all(re.fullmatch(r'[a-z_]+(\{part="\w+"\})? -?[0-9.]+', line) for line in lines if line[0] != "#")


@pytest.mark.truth("20.12")
def test_intake_tells_what_it_may_ask(portal_database: PortalDatabase, running: Path, settings: Any) -> None:
    """A dead intake was seen by nobody: pages answer for themselves alone."""
    settings.PORTAL_PROCESS = "intake"
    lines = Client().get("/metrics").content.decode().splitlines()
    told = {line for line in lines if line.startswith("portal_ok")}
    assert told == {f'portal_ok{{part="{name}"}} 1' for name in ("clock", "keys", "databases", "journal")}


def test_an_old_restore_drill_is_told(running: Path, settings: Any, tmp_path: Path) -> None:
    assert parts()["drill"] == {"ok": True}, "none was ever tried: the register of safeguards says so"
    stamp = tmp_path / "last-restore-drill"
    settings.RESTORE_DRILL_STAMP = str(stamp)
    for days, fine in ((91, True), (93, False)):
        stamp.touch()
        os.utime(stamp, (time.time() - days * 86400,) * 2)
        assert parts()["drill"]["ok"] is fine


def test_a_journal_that_is_away_or_ahead_is_told(running: Path, settings: Any, tmp_path: Path) -> None:
    assert parts()["journal"] == {"ok": True}
    settings.JOURNAL_DATABASE_URL = "postgresql://portal_worker@127.0.0.1:1/journal"
    assert parts()["journal"] == {"ok": False, "why": "unreachable"}
    settings.JOURNAL_DATABASE_URL = ""
    settings.DESTRUCTION_JOURNAL_DIR = tmp_path
    (tmp_path / "journal.jsonl").write_text('{"number": 1, "at": "2026-01-01T00:00:00+00:00", "certificate": "C"}\n')
    assert parts()["journal"]["why"] == "behind: default"


def test_a_database_that_lacks_migrations_is_told(running: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parts()["databases"] == {"ok": True}
    monkeypatch.setattr(served_databases, "_MIGRATED", {})
    monkeypatch.setattr(served_databases, "has_unapplied_migrations", lambda alias: alias == "archive")
    assert parts()["databases"] == {"ok": False, "why": "archive: migrations"}


@pytest.mark.asvs("13.4.5")
@pytest.mark.parametrize("path", ["/status", "/metrics"])
def test_nobody_else_is_told(running: Path, path: str) -> None:
    assert Client(REMOTE_ADDR="10.0.0.8").get(path).status_code == 404
    assert Client().get(path, headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404


@pytest.mark.truth("20.12")
def test_a_trail_that_the_last_pass_found_altered_is_told(portal_database: PortalDatabase, running: Path) -> None:
    assert parts()["scrub"] == {"ok": True}, "none came yet"
    now = clock.now()
    Scrub.objects.create(begun_at=now, finished_at=now, size=1, code=2)
    found = parts()["scrub"]
    assert not found["ok"] and "altered" in str(found["why"])


def test_a_key_service_that_is_away_is_told(running: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise vault.KeyServiceUnavailable

    monkeypatch.setattr(operator_status.vault, "check_keys", away)
    assert parts()["keys"] == {"ok": False, "why": "key service unreachable"}


def test_outside_development_the_certificate_of_the_address_is_looked_at(running: Path, settings: Any) -> None:
    settings.DEVELOPMENT = False
    settings.PORTAL_URL = "http://privacy.extrus.example"
    assert not parts()["certificate"]["ok"]
