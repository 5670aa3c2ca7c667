"""A process with a wrong or missing key does not start, and readiness says why (vault.md)."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from privacy.vault import actions as vault
from tests.database import ROOT, PortalDatabase


def start(portal_database: PortalDatabase, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "import config.wsgi; print('started')"],
        cwd=ROOT,
        env={**portal_database.environ(), **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def enrolled(portal_database: PortalDatabase) -> PortalDatabase:
    vault.enrol_keys(at=timezone.now())
    return portal_database


@pytest.mark.fault("FLT-12")
@pytest.mark.clause("P8.4")
def test_the_web_process_starts_with_its_keys_only(enrolled: PortalDatabase, tmp_path: Path) -> None:
    assert start(enrolled).stdout == "started\n"
    missing = start(enrolled, MASTER_KEY_FILE=str(tmp_path / "nowhere.key"))
    assert missing.returncode != 0 and "WrongKey" in missing.stderr
    assert not (tmp_path / "nowhere.key").exists()


@pytest.mark.fault("FLT-12")
@pytest.mark.parametrize("process", ["pages", "intake"])
def test_pages_and_intake_start_with_their_keys_only(enrolled: PortalDatabase, tmp_path: Path, process: str) -> None:
    assert start(enrolled, PORTAL_PROCESS=process).stdout == "started\n"
    missing = start(enrolled, PORTAL_PROCESS=process, MASTER_KEY_FILE=str(tmp_path / "nowhere.key"))
    assert missing.returncode != 0 and "WrongKey" in missing.stderr


@pytest.mark.fault("FLT-12")
def test_the_worker_neither(enrolled: PortalDatabase, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "manage.py", "qcluster"],
        cwd=ROOT,
        env={**enrolled.environ(), "MASTER_KEY_FILE": str(tmp_path / "nowhere.key")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode != 0 and "WrongKey" in run.stderr


def test_ready_says_what_is_missing(enrolled: PortalDatabase, settings: object, tmp_path: Path) -> None:
    assert Client().get("/readyz").json() == {"ready": True, "missing": {}}
    settings.MASTER_KEY_FILE = tmp_path / "nowhere.key"  # type: ignore[attr-defined]
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["missing"] == {"keys": "wrong or missing"}
    assert answer.headers["Retry-After"]


def test_alive_asks_nothing(enrolled: PortalDatabase) -> None:
    assert Client().get("/livez").content == b"ok"
