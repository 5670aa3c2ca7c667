"""What the key service asks of the general database: answered within a second, or the service says that it can't."""

import logging
import time
from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connections
from psycopg.abc import RV, PQGen
from psycopg_pool import ConnectionPool, PoolTimeout

from privacy.vault.keyservice.connection_limits import MOST_AT_WORK
from privacy.vault.keyservice.refusals import KeyServiceUnavailable

log = logging.getLogger("portal.keyservice")

DATABASE_SECONDS = 1.0
# Every question of three processes finds a connection: none waits for another process's.
MOST_CONNECTIONS = 3 * MOST_AT_WORK


class _HastyConnection(psycopg.Connection[Any]):
    """A connection whose answers are waited for until ``ends`` (monotonic), also where the server's host is gone."""

    ends = float("inf")

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        left = max(0.0, self.ends - time.monotonic())
        return super().wait(gen, interval, min(left, DATABASE_SECONDS))


class DatabaseQuestions:
    """Questions to the general database on connections of the service's own, each committed by itself."""

    def __init__(self) -> None:
        given = connections["default"].get_connection_params()
        for name in ("cursor_factory", "context", "prepare_threshold"):
            given.pop(name, None)
        # The same few questions are asked again and again: planned once, also over all months of the trail.
        given["options"] = (
            "-c lock_timeout=1s -c statement_timeout=1s -c default_transaction_read_only=on"
            " -c plan_cache_mode=force_generic_plan"
        )
        # A try to connect is given up soon: the next question begins another at once.
        self._pool = ConnectionPool(
            connection_class=_HastyConnection, kwargs={**given, "autocommit": True, "connect_timeout": 2},
            min_size=1, max_size=MOST_CONNECTIONS, timeout=DATABASE_SECONDS, reconnect_timeout=DATABASE_SECONDS,
            open=True,
        )  # fmt: skip

    def __call__(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return the rows. Raises KeyServiceUnavailable within a second where the database does not answer."""
        ends = time.monotonic() + DATABASE_SECONDS
        try:
            while True:
                connection = self._pool.getconn(timeout=max(0.01, ends - time.monotonic()))
                try:
                    connection.ends = ends
                    return connection.execute(statement.encode(), values).fetchall()
                except psycopg.OperationalError:
                    # One that the server closed since the last question: what was asked is asked on another.
                    if not connection.closed or time.monotonic() >= ends:
                        raise
                finally:
                    if connection.pgconn.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                        connection.close()
                    connection.ends = float("inf")
                    self._pool.putconn(connection)
        except (psycopg.Error, PoolTimeout) as error:
            log.warning("the general database does not answer: %s", error)
            raise KeyServiceUnavailable from error

    def close(self) -> None:
        """End the connections."""
        self._pool.close()
