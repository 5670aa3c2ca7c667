"""One supervisor for the portal's processes: starts them, restarts what dies, ends all of them in seconds.

In production each process is a service of its own (docs/operations.md); this is for
``make demo`` and ``make run``.
A child asks the kernel to be told when its parent dies, so a killed supervisor leaves nothing behind that blocks
the next start.
"""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config.process_lifetime import end_with_parent

GRACE_SECONDS = 6.0
MAX_RESTART_DELAY = 20.0


@dataclass
class Service:
    """One process to keep alive."""

    name: str
    command: list[str]
    environ: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    started_at: float = 0.0
    start_at: float = 0.0


class Supervisor:
    """Keeps services alive until it is told to end (SIGINT, SIGTERM)."""

    def __init__(self, logs: Path, folder: Path) -> None:
        self.logs = logs
        self.folder = folder
        self.services: list[Service] = []
        self.ending = False

    def add(self, name: str, command: list[str], **environ: str) -> None:
        """Add a service; it starts with ``start``."""
        self.services.append(Service(name, command, environ))

    def start(self) -> None:
        """Start every service; from now on the signals end the supervisor."""
        self.logs.mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._end)
        for service in self.services:
            self._launch(service)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self.ending = True

    def _launch(self, service: Service) -> None:
        service.started_at = time.monotonic()
        # The child has the log open for itself; the supervisor needs it no longer.
        with (self.logs / f"{service.name}.log").open("ab") as log:
            service.process = subprocess.Popen(  # noqa: S603 - commands are ours
                service.command,
                cwd=self.folder,
                env={**os.environ, **service.environ},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A process group of its own: Ctrl-C reaches the supervisor alone, which then ends each in order.
                start_new_session=True,
                preexec_fn=end_with_parent,
            )

    def watch(self, seconds: float | None = None) -> None:
        """Restart what dies, with growing waits, until the end is asked for (or ``seconds`` are over)."""
        until = time.monotonic() + seconds if seconds is not None else None
        while not self.ending and (until is None or time.monotonic() < until):
            for service in self.services:
                self._look_after(service)
            time.sleep(0.2)

    def _look_after(self, service: Service) -> None:
        now = time.monotonic()
        if service.process is not None and service.process.poll() is not None:
            lived = now - service.started_at
            # Workers that outlived it would go on with its port and its work beside the next one's.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(service.process.pid, signal.SIGKILL)
            service.deaths = 0 if lived > 60 else service.deaths + 1
            service.process = None
            service.start_at = now + min(2.0 ** min(service.deaths, 10), MAX_RESTART_DELAY)
        if service.process is None and now >= service.start_at:
            self._launch(service)

    def dead(self) -> list[str]:
        """Return the names of the services that are not running now."""
        return [s.name for s in self.services if s.process is None or s.process.poll() is not None]

    def stop(self) -> None:
        """End every service: first politely, after ``GRACE_SECONDS`` by force, with all that it started."""
        started = [s.process for s in self.services if s.process is not None]
        for process in started:
            process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for process in started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        for process in started:
            # What is left of the group: workers whose parent did not take them along.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            process.wait()
