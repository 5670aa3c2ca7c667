"""The connector as its owner runs it: the program, a configuration, a port of this machine."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from tests.sdk.connector.portal_side import SECRET, Portal, through_http
from tests.sdk.connector.systems import free_port

ROOT = Path(__file__).resolve().parents[3]
ENVIRON = {**os.environ, "PYTHONPATH": str(ROOT / "sdk" / "connector")}


def program(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``exafe-connector`` to its end."""
    command = [sys.executable, "-m", "exafe_connector", *arguments]
    return subprocess.run(command, env=ENVIRON, capture_output=True, text=True, check=False)


class Served:
    """A connector that is served, killed and served again."""

    def __init__(self, folder: Path, system: str, more: str = "") -> None:
        self.configuration = folder / "connector.toml"
        self.public = program("keygen", str(folder / "key")).stdout.strip()
        (folder / "secrets").write_bytes(SECRET + b"\n")
        head = f'key = "key"\nsecrets = "secrets"\nstore = "store.sqlite"\n{more}\n[system]\n'
        self.configuration.write_text(head + system)
        self.port = free_port()
        self.process: subprocess.Popen[str] | None = None
        self.portal = Portal(through_http(self.port), self.public)

    def start(self, *more: str) -> None:
        command = [
            sys.executable,
            "-m",
            "exafe_connector",
            "serve",
            str(self.configuration),
            "--port",
            str(self.port),
            *more,
        ]
        self.process = subprocess.Popen(
            command, env=ENVIRON, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("Serving on"), "it did not start"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process is not None and self.process.returncode is None:
            self.kill()

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.end()

    def stop(self) -> int:
        """End it as an operator does; return its exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.end()

    def end(self) -> int:
        assert self.process is not None
        assert self.process.stdout is not None
        status = self.process.wait(30)
        self.process.stdout.close()
        return status


def toml(told: dict[str, Any]) -> str:
    """Return values as lines of TOML, which reads JSON's texts, lists and booleans alike."""
    return "\n".join(f"{name} = {json.dumps(value)}" for name, value in told.items()) + "\n"
