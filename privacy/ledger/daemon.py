"""A process that does one small thing again and again, ends at once when told, and outlives its database's pauses."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import psycopg

from privacy.ledger.merkle.log_reader import connect
from privacy.lib.processes.readiness import tell_ready
from privacy.lib.processes.shutdown_signal import ShutdownSignal

log = logging.getLogger("portal.ledger")


class Daemon:
    """Calls ``step(connection)`` every ``interval`` seconds until SIGTERM or SIGINT; reconnects after an error."""

    def __init__(self, name: str, step: Callable[[psycopg.Connection[Any]], object], interval: float) -> None:
        self.name = name
        self.step = step
        self.interval = interval

    def run(self) -> None:
        ending = ShutdownSignal()
        log.info("%s: started, every %s s", self.name, self.interval)
        tell_ready()
        connection: psycopg.Connection[Any] | None = None
        troubled = False
        while not ending.asked:
            begun = time.monotonic()
            try:
                if connection is None or connection.closed:
                    connection = connect()
                self.step(connection)
                troubled = False
            except (psycopg.Error, OSError) as error:
                if not troubled:
                    log.warning("%s: %s", self.name, str(error).strip().splitlines()[0] if str(error) else error)
                troubled = True
                if connection is not None:
                    connection.close()
                connection = None
            ending.wait(max(0.0, self.interval - (time.monotonic() - begun)))
        if connection is not None:
            connection.close()
        log.info("%s: stopped", self.name)
