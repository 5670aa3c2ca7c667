"""The key service is killed again and again under load: what was acknowledged is there once, what was read on record.

Its supervisor brings it back, as in ``make run``. Gateways register devices, record consents and send reports, each
again until it is answered; readers open files through the vault's door. ``SCALE`` scales the run, ``SEED`` repeats it.
"""

import http.client
import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections
from django.test import override_settings

from config import supervisor as supervision
from config.supervisor import Supervisor
from devices.models import Batch, Report
from privacy.ledger.entries import autocommit
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.vault import actions as vault
from privacy.vault import keys
from privacy.vault.keyservice import client
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.config.test_processes import serving
from tests.database import ROOT, PortalDatabase
from tests.factory import make_sealed_file
from tests.privacy.vault.decryption_sessions import decryption_session
from tests.privacy.vault.key_services import KeyService, answers
from tests.seeds import drawn

pytestmark = [pytest.mark.faults, pytest.mark.attack("18.3")]

SCALE = float(os.environ.get("SCALE", "1"))
SEED = drawn()
KILLS = max(6, int(200 * SCALE))
GATEWAYS, READERS, REPORTS, FILES = 2, 2, 5, 30
BACK_SECONDS = 60.0
CEILINGS = "pages=1000000,pages.look-ups=1000000,intake.look-ups=1000000"


class Load(threading.Thread):
    """Somebody who works until it is over, and remembers what was answered."""

    def __init__(self, number: int, over: threading.Event) -> None:
        super().__init__()
        self.dice = random.Random(SEED * 100 + number)
        self.number = number
        self.over = over
        self.done = self.tries = 0
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.over.is_set():
                self.work()
                self.done += 1
        except BaseException as error:
            self.error = error
        finally:
            client.forget_connection()
            autocommit.close()
            connections.close_all()

    def work(self) -> None:
        raise NotImplementedError


class Gateway(Load):
    """Registers a device, records its user's consents and sends its reports: nothing of it without the key service."""

    def __init__(self, number: int, over: threading.Event, *, port: int, token: str) -> None:
        super().__init__(number, over)
        self.port, self.token = port, token
        self.acknowledged: dict[UUID, int] = {}

    def work(self) -> None:
        device, at = uuid4(), clock.now()
        registration = factory.registration(1 + self.number + GATEWAYS * self.done)
        self.call("PUT", f"/devices/{device}", registration)
        agreed = {"decision": "agree", "version": 1, "decided_at": at.isoformat(), "method": "app", "language": "ko"}
        for agreement in ("activation", "service-analytics"):
            self.call("PUT", f"/devices/{device}/consents/{agreement}", agreed)
        batch, reports = uuid4(), [factory.make_report(device, at=at) for _each in range(REPORTS)]
        answer = self.call("POST", "/reports", {"batch": str(batch), "reports": reports})
        assert not answer["refused"], answer
        self.acknowledged[batch] = answer["stored"]

    def call(self, method: str, path: str, body: object) -> dict[str, Any]:
        """Send a call until it is answered."""
        headers = {"Host": "localhost", "Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        while True:
            self.tries += 1
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
            try:
                connection.request(method, f"/api/v1{path}", json.dumps(body).encode(), headers)
                answer = connection.getresponse()
                said: dict[str, Any] = json.loads(answer.read())
            finally:
                connection.close()
            if answer.status in (200, 201):
                return said
            assert answer.status == 503 and answer.headers["Retry-After"], (answer.status, said)
            time.sleep(0.05)


class Reader(Load):
    """Opens files, each time under a reason of its own, by which its entry is found."""

    def __init__(self, number: int, over: threading.Event, *, files: list[EncryptedFile]) -> None:
        super().__init__(number, over)
        self.files = files
        self.read: dict[str, UUID] = {}

    def work(self) -> None:
        file = self.dice.choice(self.files)
        while not self.over.is_set():
            self.tries += 1
            reason = f"reader {self.number}, try {self.tries}"
            keys.caches.here().clear()
            try:
                with decryption_session(reason=reason) as vault_session:
                    assert vault_session.decrypt(file, "name") == f"{file.subject_id}.pdf"
            except (vault.KeyServiceUnavailable, vault.KeysRefused):
                time.sleep(0.02)
                continue
            self.read[reason] = file.subject_id
            return


@contextmanager
def supervised(database: PortalDatabase, folder: Path) -> Iterator[Supervisor]:
    """Run the key service under the supervisor of ``make run``."""
    service = KeyService(database, folder, KEY_CEILINGS=CEILINGS)
    made = Supervisor(folder / "logs", ROOT)
    made.add("keyservice", service.command, **service.environ)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        made.start()
        yield made
    finally:
        made.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def until(condition: Callable[[], bool], made: Supervisor, loads: list[Load]) -> None:
    """Let the supervisor do its work until something has come to pass."""
    deadline = time.monotonic() + BACK_SECONDS
    while not condition():
        for load in loads:
            if load.error is not None:
                raise load.error
        assert time.monotonic() < deadline, "it did not come to pass"
        made.watch(0.05)


def kill_again_and_again(made: Supervisor, loads: list[Load]) -> None:
    """Kill the service at any moment of everybody's work."""
    dice, (service,) = random.Random(SEED), made.services
    for _kill in range(KILLS):
        before = [load.done for load in loads]
        until(lambda before=before: all(now.done > then for now, then in zip(loads, before, strict=True)), made, loads)  # type: ignore[misc]
        time.sleep(dice.uniform(0, 0.3))
        assert service.process is not None
        service.process.kill()
        service.process.wait()
    until(answers, made, loads)


def test_what_is_acknowledged_is_there_once_and_what_is_read_is_on_record(
    portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    print(f"SEED={SEED}, {KILLS} kills")
    # Its waits grow with each death: a service that dies for hours is not asked for ever.
    monkeypatch.setattr(supervision, "MAX_RESTART_DELAY", 0.1)
    vault.enrol_keys(at=clock.now())
    token = factory.make_token(at=clock.now())
    people = [uuid4() for _each in range(FILES)]
    files = [make_sealed_file(subject_id=person, name=f"{person}.pdf") for person in people]
    over = threading.Event()
    with (
        TemporaryDirectory(dir="/tmp") as name,
        supervised(portal_database, Path(name)) as made,
        override_settings(KEY_SERVICE="socket", KEY_SERVICE_DIR=Path(name), PORTAL_PROCESS="pages"),
        serving(portal_database, "intake", KEY_SERVICE="socket", KEY_SERVICE_DIR=name) as intake,
    ):
        gateways = [Gateway(number, over, port=intake.port, token=token) for number in range(GATEWAYS)]
        readers = [Reader(number, over, files=files) for number in range(READERS)]
        loads: list[Load] = [*gateways, *readers]
        until(answers, made, loads)
        for load in loads:
            load.start()
        try:
            kill_again_and_again(made, loads)
        finally:
            over.set()
            until(lambda: not any(load.is_alive() for load in loads), made, [])
            client.forget_connection()
    assert [load.error for load in loads] == [None] * len(loads)
    assert sum(load.tries for load in gateways) > sum(4 * load.done for load in gateways), "some calls were cut off"
    assert_stored_once({batch: stored for one in gateways for batch, stored in one.acknowledged.items()})
    assert_on_record({reason: subject for one in readers for reason, subject in one.read.items()})


def assert_stored_once(acknowledged: dict[UUID, int]) -> None:
    """Each batch that was acknowledged is there once, with all its reports, and each of these opens."""
    assert set(acknowledged.values()) == {REPORTS}
    assert dict(Batch.objects.values_list("batch", "stored")) == acknowledged
    keys.caches.here().clear()
    reports = list(Report.objects.all())
    assert len(reports) == len({report.pk for report in reports}) == sum(acknowledged.values())
    with decryption_session() as vault_session:
        assert sum(1 for _row, body in vault_session.decrypt_many(reports, "body") if body) == len(reports)
    print(f"{len(acknowledged)} batches acknowledged")


def assert_on_record(read: dict[str, UUID]) -> None:
    """Each reading that was answered stands on the trail, once, with whom it was about."""
    entries: dict[str, list[Any]] = {}
    for payload in Entry.objects.filter(kind="read").values_list("payload", flat=True):
        said = json.loads(payload)
        entries.setdefault(said.get("reason", ""), []).append(said.get("subjects"))
    assert {reason: entries.get(reason) for reason in read} == {
        reason: [[str(subject)]] for reason, subject in read.items()
    }
    print(f"{len(read)} readings answered")
