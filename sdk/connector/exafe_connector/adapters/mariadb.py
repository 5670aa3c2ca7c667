"""MariaDB by a mapping (extra ``mariadb``: PyMySQL)."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pymysql

from exafe_connector.adapters.sql_mapping import SqlSystem, Table

MODE = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION"


class NoTransactions(Exception):
    """A table's engine has no transactions: half a destruction would stay."""


class MariaDB(SqlSystem):
    """A MariaDB database. ``read_connection``: by what it is read back; never a replica, which lags behind."""

    text_type = "CHAR"

    def __init__(
        self,
        connection: Mapping[str, Any],
        tables: Collection[Table],
        *,
        read_connection: Mapping[str, Any] | None = None,
        asks_freeze_list: bool = False,
    ) -> None:
        super().__init__(tables, asks_freeze_list=asks_freeze_list)
        self.connection = dict(connection)
        self.read_connection = dict(read_connection or connection)

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """Connect for one transaction."""
        with self._connected(self.connection) as connection:
            self._assert_transactions(connection)
            connection.begin()
            yield connection
            connection.commit()

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Connect anew."""
        with self._connected(self.read_connection) as connection:
            yield connection

    def quoted(self, name: str) -> str:
        """Return a name in backticks; a table's may have its database before it."""
        return ".".join(f"`{part.replace('`', '``')}`" for part in name.split(".")).replace("%", "%%")

    def _agrees(self, column: str, *, ignore_case: bool) -> tuple[str, int]:
        # Compared with a number, MariaDB takes 'A7' for 0, and it drops spaces at the end: so the text is compared byte
        # by byte as well. The first condition uses the index.
        name = self.quoted(column)
        text = f"CAST({name} AS CHAR CHARACTER SET utf8mb4)"
        if ignore_case:
            return f"({name} = %s AND lower({text}) = lower(%s) COLLATE utf8mb4_nopad_bin)", 2
        return f"({name} = %s AND {text} = %s COLLATE utf8mb4_nopad_bin)", 2

    @contextmanager
    def _connected(self, address: Mapping[str, Any]) -> Iterator[Any]:
        fixed = {"charset": "utf8mb4", "autocommit": False, "connect_timeout": 10, "read_timeout": 60}
        connection = pymysql.connect(**{**address, **fixed, "sql_mode": MODE})
        try:
            yield connection
        finally:
            connection.close()  # what isn't committed is undone

    def _assert_transactions(self, connection: Any) -> None:
        with connection.cursor() as cursor:
            for table in self.tables:
                database, _dot, name = table.name.rpartition(".")
                cursor.execute(
                    "SELECT e.transactions FROM information_schema.tables t"
                    " JOIN information_schema.engines e ON e.engine = t.engine"
                    " WHERE t.table_schema = coalesce(nullif(%s, ''), database()) AND t.table_name = %s",
                    (database, name),
                )
                row = cursor.fetchone()
                if row is None or row[0] != "YES":
                    raise NoTransactions(table.name)
