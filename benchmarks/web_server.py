"""A web server for a benchmark: an application under granian in processes of its own, as in production."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fleet import children
from harness import ROOT


@dataclass(frozen=True)
class WebServer:
    """A running server."""

    pid: int
    port: int


@contextmanager
def running_web_server(
    application: str, folder: Path, home: Path, *, workers: int, threads: int, **environment: str
) -> Iterator[WebServer]:
    """Serve an application until the block ends; each thread of each worker has connections of its own."""
    port = free_port()
    log = (home / f"{application.partition(':')[0]}.log").open("ab")
    process = subprocess.Popen(
        [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", str(workers),
            "--host", "127.0.0.1", "--port", str(port), "--blocking-threads", str(threads), "--no-log",
            application,
        ],
        cwd=folder, stdout=log, stderr=log,
        # A process that serves has its time-outs, as in production (config/startup.py).
        env={**os.environ, "STATEMENT_TIMEOUT": "60s", "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip
    try:
        wait_for(port)
        yield WebServer(process.pid, port)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            for pid in (*children(process.pid), process.pid):
                os.kill(pid, signal.SIGKILL)
            process.wait()
        log.close()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int, seconds: float = 120) -> None:
    """Wait until a server listens."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens on {port}")
