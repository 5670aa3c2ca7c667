"""Jobs are done with the worker's rights; a device is registered and reports are stored with those of intake."""

import http.client
import json
import re
import subprocess
import sys
from uuid import uuid4

import pytest
from django.utils.module_loading import import_string

from config.databases import PROCESS_ROLES
from config.schedules import SCHEDULES
from devices.models import Device, Report
from privacy.ledger.integrity import append_only
from privacy.lib.dates import clock
from privacy.vault import actions as vault
from tests import factory
from tests.config.test_processes import serving
from tests.database import ROOT, PortalDatabase
from tests.process_roles import as_process

JOBS = [job.function for job in SCHEDULES]


@pytest.mark.parametrize("function", JOBS)
def test_each_job_is_done_with_the_rights_of_the_worker(portal_database: PortalDatabase, function: str) -> None:
    factory.make_device()
    for _time in range(2):
        with as_process("worker"):
            import_string(function)()


@pytest.mark.parametrize("process", PROCESS_ROLES)
def test_each_process_sees_whether_the_trail_is_guarded(portal_database: PortalDatabase, process: str) -> None:
    with as_process(process):
        assert append_only.weaknesses() == []
        vault.check_keys()


def called(
    connection: http.client.HTTPConnection, token: str, method: str, path: str, body: bytes
) -> tuple[int, dict[str, object]]:
    headers = {"Host": "localhost", "Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request(method, f"/api/v1{path}", body, headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_a_gateway_is_served_by_a_process_that_reads_nothing_back(portal_database: PortalDatabase) -> None:
    token, at, device = factory.make_token(at=clock.now()), clock.now(), uuid4()
    vault.enrol_keys(at=at)
    registration = json.dumps(factory.registration(7)).encode()
    agreed = json.dumps(
        {"decision": "agree", "version": 1, "decided_at": at.isoformat(), "method": "app", "language": "ko"}
    ).encode()
    with serving(portal_database, "intake") as intake:
        assert called(intake, token, "PUT", f"/devices/{device}", registration)[0] == 201
        assert called(intake, token, "PUT", f"/devices/{device}", registration)[0] == 200
        row = Device.objects.get(pk=device)
        for agreement in ("activation", "service-analytics"):
            status, said = called(intake, token, "PUT", f"/devices/{device}/consents/{agreement}", agreed)
            assert status == 200, said
        batch = factory.make_batch(factory.make_report(row, at=at))
        status, said = called(intake, token, "POST", "/reports", batch)
        assert (status, said["stored"]) == (200, 1), said
    assert Report.objects.filter(device_id=device).count() == 1


def test_what_is_run_before_anything_exists_asks_for_nothing(portal_database: PortalDatabase) -> None:
    """provision_sql on a server without roles and databases, and in an environment without a secret."""
    environ = {name: value for name, value in portal_database.environ("portal_owner").items() if name != "SECRET_KEY"}
    nowhere = {
        name: re.sub(r"/[^/]*$", "/not_made_yet", environ[name]) for name in environ if name.endswith("DATABASE_URL")
    }
    run = subprocess.run(
        [sys.executable, "manage.py", "provision_sql"],
        cwd=ROOT, env={**environ, **nowhere, "DEVELOPMENT": "0"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    assert "CREATE ROLE" in run.stdout


@pytest.mark.asvs("13.2.2")
def test_sealer_and_notary_have_one_database_and_no_secret(portal_database: PortalDatabase) -> None:
    for role, command in (("portal_sequencer", "seal"), ("portal_notary", "notary")):
        environ = {**portal_database.environ(role), "DEVELOPMENT": "0"}
        for name in ("SECRET_KEY", "PERSONAL_DATABASE_URL", "ARCHIVE_DATABASE_URL"):
            environ.pop(name, None)
        run = subprocess.run(
            [sys.executable, "manage.py", command, "--once"],
            cwd=ROOT, env=environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Traceback" not in run.stderr
        assert run.returncode in (0, 1), run.stderr
        assert run.returncode == 0 or "There is no signing key" in run.stderr
