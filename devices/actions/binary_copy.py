"""Reports in the bytes of PostgreSQL's binary COPY: put together row by row, sent in one piece (decision 0015)."""

import struct
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from time import time_ns
from typing import Any

from devices import eligibility
from devices.eligibility import CATEGORY_OF_KIND
from devices.models import AppLog, Report
from privacy.ledger import write_capture
from privacy.lib.crypto.random_pool import random_bytes
from privacy.lib.postgres import invalidation
from privacy.lib.postgres.pipelined_connection import PipelinedConnection
from privacy.lib.record_labels import record_label
from privacy.policies.categories import APP_LOG

COPY_SQL = "COPY {table} (id, device_id, occurred_at, received_at, kind, body) FROM STDIN (FORMAT BINARY)"
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
SAVEPOINT = "devices_batch"
INSERT_BATCH_SQL = """
INSERT INTO devices_batch (id, gateway_id, batch, digest, received_at, stored, refused, answer, tally)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (gateway_id, batch) DO NOTHING
"""
INVALIDATIONS_SQL = f"SELECT {invalidation.invalidated_since(eligibility.DEVICE_INVALIDATIONS, '$1')}"
MODELS: dict[str, Any] = {kind: AppLog if CATEGORY_OF_KIND[kind] == APP_LOG else Report for kind in CATEGORY_OF_KIND}
TABLES: dict[str, str] = {kind: model._meta.db_table for kind, model in MODELS.items()}
LABELS: dict[str, str] = {kind: record_label(model) for kind, model in MODELS.items()}
# Six fields, each behind its length: id, device, two moments, the kind, and the length of the body.
ROW_PACKERS = {kind: struct.Struct(f">hi16si16siqiqi{len(kind)}si").pack for kind in CATEGORY_OF_KIND}
KIND_BYTES = {kind: kind.encode() for kind in CATEGORY_OF_KIND}
POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
# A UUID of version 7 counts within its millisecond in the twelve bits after the version (RFC 9562, 6.2 method 1).
SEQUENCE_BYTES = [(0x7000 | number).to_bytes(2) for number in range(4096)]


def encode_rows(
    ids: Sequence[bytes],
    devices: Sequence[bytes],
    moments: Sequence[int],
    kinds: Sequence[str],
    ciphertexts: Sequence[bytes],
    *,
    received: int,
) -> bytes:
    """Return sealed reports, column by column, as rows; moments as ``postgres_microseconds`` gives them."""
    return b"".join(
        [
            ROW_PACKERS[kind](
                6, 16, row, 16, device, 8, moment, 8, received, len(kind), KIND_BYTES[kind], len(ciphertext)
            )
            + ciphertext
            for row, device, moment, kind, ciphertext in zip(ids, devices, moments, kinds, ciphertexts, strict=True)
        ]
    )


def copy_rows(cursor: Any, table: str, body: bytes) -> None:
    """Send rows to their table."""
    with cursor.copy(COPY_SQL.format(table=table)) as copy:
        copy.write(HEADER + body + TRAILER)


def new_uuid7s(count: int) -> list[bytes]:
    """Return up to 4,096 UUIDs of version 7 of this moment, in order, as bytes."""
    moment = (time_ns() // 1_000_000).to_bytes(6)
    cut, random_bits, variants = _uuid7_masks(count)
    random = (int.from_bytes(random_bytes(8 * count)) & random_bits | variants).to_bytes(8 * count)
    return [moment + counted + rest for counted, rest in zip(SEQUENCE_BYTES, cut(random), strict=False)]


@lru_cache(maxsize=1024)
def _uuid7_masks(count: int) -> tuple[Callable[[bytes], tuple[bytes, ...]], int, int]:
    """Return what cuts the last halves of UUIDs apart, and the masks that leave room for and set their variant."""
    cut = struct.Struct("8s" * count).unpack
    return cut, int.from_bytes((b"\x3f" + b"\xff" * 7) * count), int.from_bytes((b"\x80" + bytes(7)) * count)


def postgres_microseconds(moments: Iterable[datetime]) -> list[int]:
    """Return moments as PostgreSQL keeps them: microseconds since 2000."""
    return [
        ((since := moment - POSTGRES_EPOCH).days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        for moment in moments
    ]


class BatchTransaction:
    """One transaction on ``personal`` that stores a batch: its claim and its rows, in as few messages as may be.

    Used as a block; what was not committed inside it is undone. Its end travels with the last rows, so that these are
    not sent to their end before the caller says ``commit``.
    """

    def __init__(self, claim: Sequence[object], rows: Mapping[str, bytes]) -> None:
        self._wire = PipelinedConnection("personal")
        self._claim = claim
        self._rows = rows
        # In a transaction of the caller's this one is a savepoint.
        self._nested = self._wire.in_transaction
        self._over = False

    def __enter__(self) -> "BatchTransaction":
        return self

    def __exit__(self, *error: object) -> None:
        self._wire.abort_copy()
        if not self._over and self._wire.in_transaction:
            self._wire.tell(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}" if self._nested else "ROLLBACK")
            self._wire.answers()

    def claim(self, *, trusted: Collection[str]) -> bool:
        """Begin, claim the batch, and open its tables; return whether it was still to be had.

        Raises StaleCache if one of those whom the gate trusted was closed by now.
        """
        begin = f"SAVEPOINT {SAVEPOINT}" if self._nested else "BEGIN"
        watch = eligibility.owner_cache().watch
        look = watch.look()
        news = self._wire.prepared_execute_sql(INVALIDATIONS_SQL, [None if look.since is None else look.since.decode()])
        claim = self._wire.prepared_execute_sql(INSERT_BATCH_SQL, self._claim)
        statements = [begin, write_capture.request_id_statement(self._wire), news, claim]
        if self._rows:
            statements += [*(COPY_SQL.format(table=table) for table in self._rows), self._end]
        self._wire.tell(";".join(statements))
        _begun, _marked, told, claimed = self._wire.answers()[:4]
        heard = watch.apply(look, *[told.get_value(0, column) for column in range(told.nfields)])
        if heard.affects(trusted):
            raise eligibility.StaleCache
        return bool(claimed.command_tuples)

    def write(self) -> None:
        """Send the rows to their tables, in the order in which these were opened: all but the end of the last."""
        for number, body in enumerate(self._rows.values()):
            if number:
                self._wire.end()
                self._wire.answers()
            self._wire.put(HEADER + body + TRAILER)

    def commit(self) -> None:
        """Make it last."""
        if self._rows:
            self._wire.end()
        else:
            self._wire.tell(self._end)
        self._wire.answers()
        self._over = True

    @property
    def _end(self) -> str:
        return f"RELEASE SAVEPOINT {SAVEPOINT}" if self._nested else "COMMIT"
