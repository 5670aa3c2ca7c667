"""PostgreSQL by a mapping (extra ``postgresql``: psycopg)."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from exafe_connector.adapters.sql_mapping import SqlSystem, Table

STATEMENT_TIMEOUT = "60s"


class PostgreSQL(SqlSystem):
    """A PostgreSQL database. ``read_dsn``: by which it is read back; never a replica, which lags behind."""

    text_type = "text"

    def __init__(
        self, dsn: str, tables: Collection[Table], *, read_dsn: str = "", asks_freeze_list: bool = False
    ) -> None:
        super().__init__(tables, asks_freeze_list=asks_freeze_list)
        self.dsn = dsn
        self.read_dsn = read_dsn or dsn

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """Connect for one transaction whose commit is on the disk before it is believed."""
        with psycopg.connect(self.dsn, connect_timeout=10) as connection:
            connection.execute("SET LOCAL synchronous_commit = on")
            connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Connect anew. Raises ReplicaRead where the address is a replica's."""
        with psycopg.connect(self.read_dsn, connect_timeout=10) as connection:
            connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")
            row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
            if row is None or row[0]:
                raise ReplicaRead
            yield connection

    def quoted(self, name: str) -> str:
        """Return a name in quotation marks; a table's may have its schema before it."""
        return sql.Identifier(*name.split(".")).as_string(None).replace("%", "%%")


class ReplicaRead(Exception):
    """A replica can't show what the primary no longer holds."""
