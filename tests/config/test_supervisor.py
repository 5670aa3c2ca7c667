"""The supervisor: keeps services alive, ends all, leaves nothing behind."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.supervisor import MAX_RESTART_DELAY, Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)",
]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def until(condition: object, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def supervisor(tmp_path: Path) -> Supervisor:
    return Supervisor(tmp_path / "logs", tmp_path)


@pytest.mark.truth("supervisor-log-handle")
def test_no_log_is_held_open_while_the_services_run(supervisor: Supervisor) -> None:
    supervisor.add("sleeper", SLEEP)
    supervisor.start()
    try:
        held = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.exists()]
        assert supervisor.logs / "sleeper.log" not in held
    finally:
        supervisor.stop()


def test_a_dead_service_is_started_again(supervisor: Supervisor) -> None:
    supervisor.add("sleeper", SLEEP)
    supervisor.start()
    try:
        first = supervisor.services[0].process
        assert first is not None
        first.kill()
        first.wait()

        def again() -> bool:
            supervisor.watch(0.1)
            now = supervisor.services[0].process
            return now is not None and now.pid != first.pid and now.poll() is None

        assert until(again)
    finally:
        supervisor.stop()


def test_stop_ends_also_what_does_not_listen(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.supervisor.GRACE_SECONDS", 0.5)
    supervisor.add("stubborn", STUBBORN)
    supervisor.add("sleeper", SLEEP)
    supervisor.start()
    pids = [s.process.pid for s in supervisor.services if s.process]
    assert until(lambda: (supervisor.logs / "stubborn.log").read_text().strip() == "ready")
    supervisor.stop()
    assert not [pid for pid in pids if alive(pid)]


def test_a_killed_supervisor_takes_its_services_along(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; from config.supervisor import Supervisor\n"
        "s = Supervisor(Path(sys.argv[2]), Path(sys.argv[2]))\n"
        "s.add('sleeper', [sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "s.start(); print(s.services[0].process.pid, flush=True); s.watch()\n"
    )
    root = str(Path(__file__).resolve().parents[2])
    with subprocess.Popen([sys.executable, "-c", program, root, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert alive(pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert until(lambda: not alive(pid))


@pytest.mark.truth("supervisor-orphans")
def test_stop_ends_also_the_workers_of_a_service_that_has_just_died(supervisor: Supervisor) -> None:
    supervisor.add("parent", ["sh", "-c", "sleep 600 & echo $!; wait"])
    supervisor.start()
    log = supervisor.logs / "parent.log"
    assert until(lambda: log.read_text().endswith("\n"))
    worker, first = int(log.read_text().splitlines()[0]), supervisor.services[0].process
    assert first is not None
    first.kill()
    first.wait()
    supervisor.stop()
    try:
        assert until(lambda: not alive(worker), 2)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(first.pid, signal.SIGKILL)


@pytest.mark.truth("supervisor-long-loop")
def test_a_service_that_dies_for_hours_does_not_end_the_supervisor(supervisor: Supervisor) -> None:
    supervisor.add("broken", ["false"])
    supervisor.start()
    service = supervisor.services[0]
    assert service.process is not None
    service.process.wait()
    service.deaths = 5_000
    supervisor.watch(0.1)
    assert service.start_at - time.monotonic() <= MAX_RESTART_DELAY
    supervisor.stop()


@pytest.mark.truth("supervisor-orphans")
def test_workers_that_outlive_their_service_do_not_stay_beside_the_next(supervisor: Supervisor) -> None:
    supervisor.add("parent", ["sh", "-c", "sleep 600 & echo $!; wait"])
    supervisor.start()
    log = supervisor.logs / "parent.log"
    try:
        assert until(lambda: log.read_text().endswith("\n"))
        worker = int(log.read_text().splitlines()[0])
        first = supervisor.services[0].process
        assert first is not None
        first.kill()

        def ended() -> bool:
            supervisor.watch(0.1)
            return not alive(worker)

        assert until(ended)
    finally:
        supervisor.stop()
