"""A demo that can't go on says so: interrupted while it migrates, or on databases where nobody may seal."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.config.test_web_server import free_port
from tests.database import ROOT, PortalDatabase

DEMO = [sys.executable, "manage.py", "demo"]


def of(home: Path) -> list[str]:
    """The command lines of what still runs in a PORTAL_HOME."""
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(process.read_text().replace("\0", " "))
        except OSError:
            continue
    return [line for line in lines if str(home) in line]


@pytest.mark.truth("20.10")
def test_ctrl_c_while_migrating_leaves_nothing_running(tmp_path: Path) -> None:
    """In a folder with a space in its name, too."""
    home = tmp_path / "a home"
    ours = {"DJANGO_SETTINGS_MODULE", "EMBEDDED_CONF", "PORTAL_ROLE", "KEY_SERVICE"}
    environ = {name: value for name, value in os.environ.items() if name not in ours}
    environ |= {"PORTAL_HOME": str(home), "PORT": str(free_port()), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        DEMO, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as demo:
        assert demo.stdout is not None
        try:
            assert any("Migrating" in line for line in demo.stdout)
            assert of(home)
            os.killpg(demo.pid, signal.SIGINT)
            said = demo.communicate(timeout=180)[0]
        finally:
            # One that goes on, as where whoever started the tests ignores the signal, would never be waited out.
            if demo.poll() is None:
                demo.send_signal(signal.SIGTERM)
    assert "Ended before it was ready" in said
    assert "subprocess.py" not in said
    assert of(home) == []


@pytest.mark.truth("20.8")
def test_databases_where_nobody_may_seal_are_not_ready(portal_database: PortalDatabase, tmp_path: Path) -> None:
    """It said that it was ready, and sealed nothing: all its processes had one role."""
    portal_database.manage("sync_schedules", role="portal_owner")  # which enters what waits for its seal
    environ = {**portal_database.environ("portal_app"), "DEVELOPMENT": "1", "PORT": str(free_port())}
    environ |= {"PORTAL_HOME": str(tmp_path), "PORTAL_ROLE": "", "KEY_SERVICE": "socket"}
    program = (
        "import sys, django; django.setup(); from config.management.commands import demo; demo.READY_SECONDS = 25.0\n"
        "from django.core.management import execute_from_command_line as run; run(['manage.py', *sys.argv[1:]])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, "demo", "--without-examples"],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert run.returncode == 1
    assert "The portal is ready" not in run.stdout
    assert "The sealer does not work: " in run.stderr
    assert "each process needs its own role" in run.stderr
