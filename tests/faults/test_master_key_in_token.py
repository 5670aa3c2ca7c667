"""The whole demo with its master key in a token (SoftHSM2): the walk, a turn of the key, the token gone and back."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.database import ROOT
from tests.privacy.vault.tokens import Token, make_token

pytestmark = [pytest.mark.faults, pytest.mark.token]


@dataclass(frozen=True)
class Demo:
    """A running demo, and the token that holds its master key."""

    token: Token
    home: Path
    port: int

    @property
    def environ(self) -> dict[str, str]:
        ours = {"DJANGO_SETTINGS_MODULE", "PORTAL_ROLE", "KEY_SERVICE"}
        kept = {name: value for name, value in os.environ.items() if name not in ours}
        return {**kept, **self.token.environ, "PORTAL_HOME": str(self.home), "PORT": str(self.port)}

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False)

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = Demo(make_token(tmp_path_factory.mktemp("token")), tmp_path_factory.mktemp("demo"), port)
    command = [sys.executable, "manage.py", "demo"]
    with subprocess.Popen(command, cwd=ROOT, env=made.environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said: list[str] = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C ends everything" in line:
                break
        assert process.poll() is None, "".join(said)
        try:
            yield made
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


def wait_until_ready(demo: Demo, *, seconds: float) -> None:
    until = time.monotonic() + seconds
    while demo.get("/readyz")[0] != 200:
        assert time.monotonic() < until, demo.get("/readyz")
        time.sleep(0.2)


@pytest.mark.attack("18")
def test_the_whole_walk_with_the_master_key_in_a_token(demo: Demo) -> None:
    assert not (demo.home / "keys" / "master.key").exists()
    walk = demo.manage("walk")
    assert walk.returncode == 0, walk.stdout + walk.stderr
    assert "Every step happened." in walk.stdout


# As a superuser: what two officers ask for and approve, for a turn and an end at once.
AT_ONCE = """
import psycopg
from django.conf import settings
with psycopg.connect(settings.EMBEDDED_SERVER.url("postgres", "portal_general")) as database:
    database.execute(
        "UPDATE policies_parameter SET value = 0 WHERE code IN ('keys.turn.days', 'keys.grace.days')"
    )
"""


def test_the_master_key_turns_while_the_demo_runs(demo: Demo) -> None:
    early = demo.manage("rotate_master_key")
    assert early.returncode == 1
    assert "Traceback" not in early.stderr
    assert "nothing to destroy" in demo.manage("rotate_master_key", "--destroy-old").stdout
    assert demo.manage("shell", "-c", AT_ONCE).returncode == 0
    turn = demo.manage("rotate_master_key")
    assert turn.returncode == 0, turn.stderr
    ended = demo.manage("rotate_master_key", "--destroy-old")
    assert ended.returncode == 0, ended.stderr
    assert "generation 1 destroyed" in ended.stdout
    wait_until_ready(demo, seconds=10)
    found = demo.manage("verify_ledger")
    assert found.returncode == 0, found.stdout


def test_a_token_that_goes_away_is_told_and_comes_back_by_itself(demo: Demo) -> None:
    demo.token.take_away()
    started = time.monotonic()
    status, said = demo.get("/readyz")
    assert (status, json.loads(said)["missing"]) == (503, {"keys": "key service unreachable"})
    assert time.monotonic() - started < 5
    assert demo.get("/")[0] == 200
    demo.token.put_back()
    wait_until_ready(demo, seconds=10)
