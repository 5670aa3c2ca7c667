"""A web process is killed in an upload or while it reads, or runs out of memory (FLT-27, FLT-29)."""

import contextlib
import http.client
import json
import os
import resource
import select
import signal
import socket
import time
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.urls import reverse

from privacy.lib.dates import clock
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.config.test_processes import serving
from tests.config.test_web_server import children
from tests.database import ROOT, PortalDatabase
from tests.faults.invariants import Memory, assert_hold, assert_trail_is_whole
from tests.privacy.retention.kill_at_commit import close_everything
from tests.privacy.vault.decryption_sessions import decryption_session

pytestmark = pytest.mark.faults


def server_of(port: int) -> int:
    """Return the process that listens on a port."""
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and f"\0{port}\0".encode() in (entry / "cmdline").read_bytes() + b"\0":
                return int(entry.name)
    raise AssertionError("nobody listens")


def kill(port: int) -> None:
    """Kill the web server with its workers."""
    os.killpg(os.getpgid(server_of(port)), signal.SIGKILL)


@pytest.mark.fault("FLT-27")
def test_killed_in_an_upload_it_leaves_nothing(portal_database: PortalDatabase, tmp_path: Path) -> None:
    memory = Memory()
    with serving(portal_database, "pages", TMPDIR=str(tmp_path)) as pages:
        body = b"--x\r\nContent-Disposition: form-data; name=document; filename=a.pdf\r\n\r\n" + bytes(2_000_000)
        head = (
            f"POST {reverse('rights:document')} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n"
            f"Cookie: {settings.CSRF_COOKIE_NAME}={'a' * 32}\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", pages.port)) as client:
            client.sendall(head.encode() + body)
            # with the cookie of a form, the answer needs the whole body: it waits for the rest
            assert select.select([client], [], [], 0.5)[0] == []
            kill(pages.port)
            with contextlib.suppress(ConnectionError):
                assert client.recv(100) == b""
    assert list(tmp_path.iterdir()) == []
    assert not EncryptedFile.objects.exists()
    assert_hold(memory)


@pytest.mark.fault("FLT-27")
def test_killed_while_it_reads_the_reading_is_on_record(portal_database: PortalDatabase) -> None:
    """It dies with the first value in its hands, before anything else is committed."""
    memory, file = Memory(readings=["killed in an export"]), factory.make_sealed_file(name="zebra.pdf")
    close_everything()
    reader, writer = os.pipe()
    if os.fork() == 0:
        with decryption_session(reason="killed in an export") as opened:
            os.write(writer, str(opened.decrypt(file, "name")).encode())
            os.kill(os.getpid(), signal.SIGKILL)
    os.wait()
    os.close(writer)
    with os.fdopen(reader) as shown:
        assert shown.read() == "zebra.pdf"
    assert_hold(memory)
    assert_trail_is_whole(portal_database)


def leave_little_memory(port: int, spare: int) -> None:
    """Give the workers of a web server only so many bytes more than they have (``ulimit -v``)."""
    workers = children(server_of(port))
    for worker in workers:
        taken = int(Path(f"/proc/{worker}/statm").read_text().split()[0]) * resource.getpagesize()
        resource.prlimit(worker, resource.RLIMIT_AS, (taken + spare, resource.RLIM_INFINITY))


@pytest.mark.fault("FLT-29")
def test_without_memory_it_ends_and_what_is_sent_again_counts_once(portal_database: PortalDatabase) -> None:
    now, memory = clock.now(), Memory()
    device, token = factory.make_device(1, at=now), factory.make_token(at=now)
    batch = uuid4()
    long = {"level": "error", "message": "x" * 1_900, "app": "com.extrus.exafe"}
    body = factory.make_batch(
        *(factory.make_report(device, "app-log", at=now, body=long) for _each in range(1_000)), batch=batch
    )
    headers = {"Host": "localhost", "Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def send(intake: http.client.HTTPConnection) -> int:
        begun = time.monotonic()
        try:
            intake.request("POST", "/api/v1/reports", body, headers)
            answer = intake.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            intake.close()
            return 0
        memory.heard("a batch", answer.status, dict(answer.headers), time.monotonic() - begun)
        if answer.status == 200:
            memory.batches[batch] = json.loads(said)["stored"]
        return answer.status

    with serving(portal_database, "intake") as intake:
        for _thread in range(8):  # what is loaded with the first request is loaded
            intake.request("GET", "/api/v1/openapi.json", headers={"Host": "localhost", "Connection": "close"})
            assert intake.getresponse().read()
        leave_little_memory(intake.port, 4 * 2**20)
        answers = (send(intake) for _time in range(10))
        assert any(answer in (0, 503) for answer in answers), "there was memory enough"
    # Its supervisor starts it again (Restart=always), and the gateway sends again.
    with serving(portal_database, "intake") as intake:
        assert send(intake) == 200
        intake.close()
    assert_hold(memory)


@pytest.mark.fault("FLT-29")
def test_the_kernel_takes_web_processes_and_worker_before_all_others() -> None:
    """systemd's OOMScoreAdjust of the shipped units; 0 is what a database has where its own unit says nothing."""
    score = {}
    for unit in sorted((ROOT / "deploy" / "systemd").glob("portal-*.service")):
        lines = dict(line.split("=", 1) for line in unit.read_text().splitlines() if "=" in line)
        score[unit.stem] = int(lines.get("OOMScoreAdjust", "0"))
    first = {"portal-pages", "portal-intake", "portal-worker"}
    assert min(score[name] for name in first) > max(value for name, value in score.items() if name not in first)
    assert max(value for name, value in score.items() if name not in first) <= 0
