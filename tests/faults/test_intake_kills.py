"""Web processes and the database are killed in the middle of batches: every acknowledged report exists once (FLT-01).

The gateway sends a batch again until it is acknowledged, as its guide asks of it. ``SCALE`` scales the run, ``SEED``
repeats it. The server is an embedded cluster of the test's own that survives a crash as production does (fsync on).
"""

import gzip
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from config.embedded_postgres import EmbeddedServer
from tests.faults.surroundings import copy_migrated_cluster
from tests.seeds import drawn

pytestmark = pytest.mark.faults

SCALE = float(os.environ.get("SCALE", "1"))
SEED = drawn()
KILLS = max(6, int(40 * SCALE))
DEVICES, REPORTS, GATEWAYS = 20, 100, 3
ROOT = Path(__file__).resolve().parent.parent.parent
PREPARE = """
import json, sys
from datetime import date
from uuid import UUID
from consents import actions as consents
from consents.models import AgreementVersion
from devices import actions as devices
from devices.actors import gateway_actor
from devices.models import Scope
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.subjects.models import Subject
from devices.simulation import fleet
actor, at = SystemActor("tests"), clock.now()
gateway = devices.register_gateway(title="Gate", actor=actor, at=at, rate=10_000_000)
token = devices.issue_token(gateway, scopes=Scope.values, actor=actor, at=at).token
texts = AgreementVersion.objects.published().filter(agreement__required=True)
ids = []
for made in fleet.devices(20, seed=1, on=clock.today()):
    sent = dict(made.registration)
    licence = sent["licence"]
    sent["licence"] = devices.LicenceTerms(
        licence["key"], date.fromisoformat(licence["starts_on"]), date.fromisoformat(licence["ends_on"])
    )
    caller = gateway_actor(gateway, Scope.values)
    device = devices.register(device_id=made.id, registration=sent, gateway=caller, at=at).device
    for text in texts:
        consents.decide(
            subject=Subject.objects.get(pk=device.id), version=text, decision="agree", decided_at=at, method="app",
            language="ko", actor=actor, at=at,
        )
    ids.append(str(made.id))
print(json.dumps({"token": token, "devices": ids}))
"""


class Portal:
    """A portal of its own: cluster, web server with two workers, a token, a few devices."""

    def __init__(self, home: Path) -> None:
        self.environ = {name: value for name, value in os.environ.items() if "DATABASE" not in name}
        self.environ.pop("EMBEDDED_CONF", None)
        self.environ |= {"PORTAL_HOME": str(home), "DJANGO_SETTINGS_MODULE": "config.settings"}
        copy_migrated_cluster(home / "postgres")
        self.server = EmbeddedServer(home / "postgres")
        self.server.start()
        self.manage("make_keys", "-v", "0", role="portal_development")
        prepared = self.manage("shell", "-v", "0", "-c", PREPARE, role="portal_development")
        given = json.loads(prepared.strip().splitlines()[-1])
        self.token: str = given["token"]
        self.devices: list[str] = given["devices"]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.web: subprocess.Popen[bytes] | None = None

    def manage(self, *arguments: str, role: str) -> str:
        run = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env={**self.environ, "PORTAL_ROLE": role}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        return run.stdout

    def serve(self) -> None:
        self.web = subprocess.Popen(
            [
                sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2", "--host", "127.0.0.1",
                "--port", str(self.port), "--no-log", "config.wsgi:application",
            ],
            cwd=ROOT, env={**self.environ, "PORTAL_ROLE": "portal_development"}, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    def kill_web(self) -> None:
        """Kill the web server with its workers, as a full machine or an operator would."""
        assert self.web is not None
        os.killpg(self.web.pid, signal.SIGKILL)
        self.web.wait()
        self.serve()

    def kill_server(self) -> None:
        """Kill the database's main process, and bring the database back."""
        pid = int((self.server.cluster / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)
        self.server.start()

    def close(self) -> None:
        if self.web is not None:
            os.killpg(self.web.pid, signal.SIGKILL)
            self.web.wait()
        self.server.release()


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    made = Portal(tmp_path_factory.mktemp("portal"))
    made.serve()
    yield made
    made.close()


class Gate(threading.Thread):
    """A gateway: sends batches, each again until it is acknowledged, and remembers the acknowledgements."""

    def __init__(self, portal: Portal, number: int, over: threading.Event) -> None:
        super().__init__()
        self.portal = portal
        self.dice = random.Random(SEED * 100 + number)
        self.over = over
        self.acknowledged: dict[str, int] = {}
        self.tries = 0

    def run(self) -> None:
        while not self.over.is_set():
            batch = str(uuid4())
            body = gzip.compress(json.dumps({"batch": batch, "reports": self.reports()}).encode())
            answer = None
            while answer is None:
                answer = self.send(body)
            self.acknowledged[batch] = answer["stored"]

    def reports(self) -> list[dict[str, Any]]:
        moment = datetime.now(UTC) - timedelta(minutes=1)
        return [
            {
                "device": self.dice.choice(self.portal.devices), "kind": "access", "occurred_at": moment.isoformat(),
                "body": {"action": "unlock", "result": "ok"},
            }
            for _each in range(REPORTS)
        ]  # fmt: skip

    def send(self, body: bytes) -> dict[str, Any] | None:
        self.tries += 1
        connection = http.client.HTTPConnection("127.0.0.1", self.portal.port, timeout=15)
        headers = {
            "Authorization": f"Bearer {self.portal.token}", "Content-Type": "application/json",
            "Content-Encoding": "gzip",
        }  # fmt: skip
        try:
            connection.request("POST", "/api/v1/reports", body, headers)
            response = connection.getresponse()
            answer = response.read()
            if response.status == 200:
                found: dict[str, Any] = json.loads(answer)
                assert not found["refused"], found
                return found
            assert response.status in {500, 503}, (response.status, answer)
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.05)
        return None


def working_again(gates: list[Gate], seconds: float = 120) -> None:
    """Wait until another batch is acknowledged."""
    before = sum(len(gate.acknowledged) for gate in gates)
    until = time.monotonic() + seconds
    while sum(len(gate.acknowledged) for gate in gates) == before:
        assert time.monotonic() < until, "the portal does not come back"
        time.sleep(0.01)


@pytest.mark.fault("FLT-01")
def test_every_acknowledged_report_exists_once(portal: Portal) -> None:
    print(f"SEED={SEED}, {KILLS} kills")
    dice, over = random.Random(SEED), threading.Event()
    gates = [Gate(portal, number, over) for number in range(GATEWAYS)]
    for gate in gates:
        gate.start()
    for number in range(KILLS):
        # The portal is at work again, and killed at any moment of it: on a slow machine, too.
        working_again(gates)
        time.sleep(dice.uniform(0, 0.6))
        if number % 3 == 2:
            portal.kill_server()
        else:
            portal.kill_web()
    working_again(gates)
    over.set()
    for gate in gates:
        gate.join(120)
        assert not gate.is_alive()
    acknowledged = {batch: stored for gate in gates for batch, stored in gate.acknowledged.items()}
    tries = sum(gate.tries for gate in gates)
    print(f"{len(acknowledged)} batches acknowledged after {tries} tries")
    assert len(acknowledged) > KILLS
    assert tries > len(acknowledged), "some batches were cut off and sent again"
    with psycopg.connect(portal.server.url("postgres", "portal_personal"), autocommit=True) as connection:
        held = dict(connection.execute("SELECT batch::text, stored FROM devices_batch").fetchall())
        row = connection.execute("SELECT count(*), count(DISTINCT id) FROM devices_report").fetchone()
    assert acknowledged == {batch: held.get(batch) for batch in acknowledged}
    # Every batch is there once with all its reports, and there is no report of a batch that isn't.
    assert row == (sum(held.values()), sum(held.values()))
    assert set(held) == set(acknowledged)
