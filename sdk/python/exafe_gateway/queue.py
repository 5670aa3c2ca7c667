"""The offline queue: reports on the disk until the portal has each exactly once.

A batch has its id and its reports on the disk before it is first sent, and keeps both until it is answered, so a kill
or a lost answer repeats the same batch, which the portal stores once. What is delivered is overwritten in the file.
"""

import json
import sqlite3
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from exafe_gateway.answers import RefusedReport
from exafe_gateway.reports import Report

MAX_REPORTS = 1_000
MAX_BYTES = 4 * 1024 * 1024
# The portal knows a batch for 90 days: one that may have arrived longer ago is not sent again, which could double it.
CERTAIN_SECONDS = 80 * 86_400
# What may be taken later, so the report itself is kept: consent may be given, a freeze or a suspension may end.
MAY_BE_TAKEN_LATER = frozenset({"no-consent", "frozen", "suspended"})
UNCERTAIN = "uncertain"
SCHEMA = """
CREATE TABLE IF NOT EXISTS batch (id TEXT PRIMARY KEY, tried_at REAL);
CREATE TABLE IF NOT EXISTS report (
    number INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, text TEXT NOT NULL, size INTEGER NOT NULL,
    batch TEXT REFERENCES batch
);
CREATE INDEX IF NOT EXISTS report_batch ON report (batch, number);
CREATE TABLE IF NOT EXISTS refused (
    number INTEGER PRIMARY KEY, device TEXT NOT NULL, code TEXT NOT NULL, pointer TEXT NOT NULL, text TEXT
);
CREATE TABLE IF NOT EXISTS mark (mark TEXT PRIMARY KEY, added_at REAL NOT NULL);
"""


@dataclass(frozen=True)
class QueuedBatch:
    """A batch as it is sent, each time the same bytes."""

    id: UUID
    body: bytes
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Refused:
    """A report that the portal refused. ``is_kept``: the report is still there, and may be queued again."""

    number: int
    device: UUID
    code: str
    pointer: str
    is_kept: bool


class ReportQueue:
    """A queue in one SQLite file, which only its user reads; several threads and processes may use it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch(mode=0o600)
        with self._connected() as connection:
            connection.executescript(SCHEMA)

    def add(self, reports: Collection[Report], *, mark: str = "", at: float = 0) -> bool:
        """Put reports on the disk, all or none.

        ``mark``: a name of the caller's own for these reports; the same mark again adds nothing and returns False, for
        a caller who may be killed between this and what comes next. It is remembered until ``forget_marks``.
        """
        rows = [(str(report.device), text, len(text.encode())) for report in reports for text in [report.as_json()]]
        with self._transaction() as connection:
            if mark:
                known = connection.execute("INSERT OR IGNORE INTO mark VALUES (?, ?)", (mark, at))
                if not known.rowcount:
                    return False
            connection.executemany("INSERT INTO report (device, text, size) VALUES (?, ?, ?)", rows)
        return True

    def forget_marks(self, *, before: float) -> None:
        """Forget the marks of reports that were added before a moment (Unix seconds)."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM mark WHERE added_at < ?", (before,))

    def next_batch(self, *, at: float) -> QueuedBatch | None:
        """Return the batch to send now: the one that waits for its answer, else a new one; None where all is done.

        It counts as tried from here on. A batch that was first tried too long ago is set aside as ``uncertain``.
        """
        with self._transaction() as connection:
            while (
                row := connection.execute("SELECT id, tried_at FROM batch ORDER BY rowid LIMIT 1").fetchone()
            ) is not None:
                if row[1] is None or at - row[1] < CERTAIN_SECONDS:
                    break
                self._refuse_all(connection, row[0], UNCERTAIN)
            identity = row[0] if row is not None else self._make_batch(connection)
            if identity is None:
                return None
            connection.execute("UPDATE batch SET tried_at = ? WHERE id = ? AND tried_at IS NULL", (at, identity))
            rows = connection.execute(
                "SELECT number, text FROM report WHERE batch = ? ORDER BY number", (identity,)
            ).fetchall()  # fmt: skip
        inside = ",".join(text for _number, text in rows)
        body = f'{{"batch":"{identity}","reports":[{inside}]}}'.encode()
        return QueuedBatch(UUID(identity), body, tuple(number for number, _text in rows))

    def settle(self, batch: QueuedBatch, refused: Sequence[RefusedReport]) -> None:
        """Take away what a batch's answer says was stored, and note what was refused."""
        with self._transaction() as connection:
            for one in refused:
                if 0 <= one.index < len(batch.numbers):
                    self._refuse(connection, batch, batch.numbers[one.index], one.code, one.pointer)
            connection.execute("DELETE FROM report WHERE batch = ?", (str(batch.id),))
            connection.execute("DELETE FROM batch WHERE id = ?", (str(batch.id),))

    def split(self, batch: QueuedBatch, *, code: str, pointer: str) -> None:
        """Send what was refused as a whole in two halves, under new ids; a single report is refused by itself."""
        with self._transaction() as connection:
            if len(batch.numbers) < 2:
                for number in batch.numbers:
                    self._refuse(connection, batch, number, code, pointer)
                connection.execute("DELETE FROM report WHERE batch = ?", (str(batch.id),))
            else:
                half = len(batch.numbers) // 2
                for numbers in (batch.numbers[:half], batch.numbers[half:]):
                    new = str(uuid.uuid4())
                    connection.execute("INSERT INTO batch VALUES (?, NULL)", (new,))
                    connection.executemany(
                        "UPDATE report SET batch = ? WHERE number = ? AND batch = ?",
                        [(new, number, str(batch.id)) for number in numbers],
                    )
            connection.execute("DELETE FROM batch WHERE id = ?", (str(batch.id),))

    def set_aside(self, batch: QueuedBatch, code: str) -> None:
        """Refuse a whole batch of which nobody can say whether it was stored."""
        with self._transaction() as connection:
            self._refuse_all(connection, str(batch.id), code)

    def waiting(self) -> int:
        """Return how many reports the portal has not answered for."""
        with self._connected() as connection:
            return int(connection.execute("SELECT count(*) FROM report").fetchone()[0])

    def refused(self) -> list[Refused]:
        """Return what was refused, oldest first."""
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT number, device, code, pointer, text IS NOT NULL FROM refused ORDER BY number"
            ).fetchall()  # fmt: skip
        return [Refused(row[0], UUID(row[1]), row[2], row[3], bool(row[4])) for row in rows]

    def queue_again(self, code: str, *, device: UUID | None = None) -> int:
        """Queue what was refused for a reason that is gone, of a device or of all; return how many reports that is."""
        with self._transaction() as connection:
            where, values = "code = ? AND text IS NOT NULL", [code]
            if device is not None:
                where, values = f"{where} AND device = ?", [*values, str(device)]
            rows = connection.execute(f"SELECT number, device, text FROM refused WHERE {where}", values).fetchall()  # noqa: S608
            connection.executemany(
                "INSERT INTO report (device, text, size) VALUES (?, ?, ?)",
                [(device_id, text, len(text.encode())) for _number, device_id, text in rows],
            )
            connection.executemany("DELETE FROM refused WHERE number = ?", [(row[0],) for row in rows])
        return len(rows)

    def drop_refused(self, numbers: Collection[int]) -> None:
        """Forget refused reports, by their numbers."""
        with self._transaction() as connection:
            connection.executemany("DELETE FROM refused WHERE number = ?", [(number,) for number in numbers])

    def drop_device(self, device: UUID) -> None:
        """Forget what waits or was refused of a device that is not reported on any more; sent batches stay whole."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM report WHERE device = ? AND batch IS NULL", (str(device),))
            connection.execute("DELETE FROM refused WHERE device = ?", (str(device),))

    def _make_batch(self, connection: sqlite3.Connection) -> str | None:
        rows = connection.execute(
            "SELECT number, size FROM report WHERE batch IS NULL ORDER BY number LIMIT ?", (MAX_REPORTS,)
        ).fetchall()
        if not rows:
            return None
        last, size = rows[0][0], 0
        for number, length in rows:
            size += length + 1
            if size > MAX_BYTES and number != rows[0][0]:
                break
            last = number
        new = str(uuid.uuid4())
        connection.execute("INSERT INTO batch VALUES (?, NULL)", (new,))
        connection.execute("UPDATE report SET batch = ? WHERE batch IS NULL AND number <= ?", (new, last))
        return new

    def _refuse(
        self, connection: sqlite3.Connection, batch: QueuedBatch, number: int, code: str, pointer: str
    ) -> None:  # fmt: skip
        kept = "text" if code in MAY_BE_TAKEN_LATER else "NULL"
        connection.execute(
            f"INSERT OR IGNORE INTO refused SELECT number, device, ?, ?, {kept} FROM report"  # noqa: S608
            " WHERE number = ? AND batch = ?",
            (code, pointer, number, str(batch.id)),
        )

    def _refuse_all(self, connection: sqlite3.Connection, batch: str, code: str) -> None:
        connection.execute(
            "INSERT OR IGNORE INTO refused SELECT number, device, ?, '', NULL FROM report WHERE batch = ?",
            (code, batch),
        )
        connection.execute("DELETE FROM report WHERE batch = ?", (batch,))
        connection.execute("DELETE FROM batch WHERE id = ?", (batch,))

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=60, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA secure_delete=ON")
            yield connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


def batch_body(identity: UUID, reports: Collection[Report]) -> bytes:
    """Return a batch that is sent without a queue."""
    return json.dumps(
        {"batch": str(identity), "reports": [json.loads(report.as_json()) for report in reports]}
    ).encode()  # fmt: skip
