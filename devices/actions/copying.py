"""Reports in the bytes of PostgreSQL's binary COPY: put together row by row, sent in one piece (performance.md)."""

import struct
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from time import time_ns
from typing import Any

from devices import gate
from devices.gate import CATEGORY_OF_KIND
from devices.models import AppLog, Report
from privacy.ledger import touches
from privacy.lib import closings
from privacy.lib.draws import draw
from privacy.lib.wires import Wire

COPY = "COPY {table} (id, device_id, occurred_at, received_at, kind, body) FROM STDIN (FORMAT BINARY)"
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
SAVEPOINT = "devices_batch"
CLAIM = """
INSERT INTO devices_batch (id, gateway_id, batch, digest, received_at, stored, refused, answer, tally)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (gateway_id, batch) DO NOTHING
"""
NEWS = f"SELECT {closings.news(gate.CLOSINGS_OF_DEVICES, '$1')}"
MODELS: dict[str, Any] = {kind: AppLog if kind == "app-log" else Report for kind in CATEGORY_OF_KIND}
TABLES: dict[str, str] = {kind: model._meta.db_table for kind, model in MODELS.items()}
LABELS: dict[str, str] = {kind: model._meta.label for kind, model in MODELS.items()}
# Six fields, each behind its length: id, device, two moments, the kind, and the length of the body.
ROWS = {kind: struct.Struct(f">hi16si16siqiqi{len(kind)}si").pack for kind in CATEGORY_OF_KIND}
NAMES = {kind: kind.encode() for kind in CATEGORY_OF_KIND}
POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
# A UUID of version 7 counts within its millisecond in the twelve bits after the version (RFC 9562, 6.2 method 1).
COUNTED = [(0x7000 | number).to_bytes(2) for number in range(4096)]


def rows(
    ids: Sequence[bytes],
    devices: Sequence[bytes],
    moments: Sequence[int],
    kinds: Sequence[str],
    boxes: Sequence[bytes],
    *,
    received: int,
) -> bytes:
    """Return sealed reports, column by column, as rows; moments as ``microseconds`` gives them."""
    return b"".join(
        [
            ROWS[kind](6, 16, row, 16, device, 8, moment, 8, received, len(kind), NAMES[kind], len(box)) + box
            for row, device, moment, kind, box in zip(ids, devices, moments, kinds, boxes, strict=True)
        ]
    )


def write(cursor: Any, table: str, body: bytes) -> None:
    """Send rows to their table."""
    with cursor.copy(COPY.format(table=table)) as copy:
        copy.write(HEADER + body + TRAILER)


def new_ids(count: int) -> list[bytes]:
    """Return up to 4,096 UUIDs of version 7 of this moment, in order, as bytes."""
    moment = (time_ns() // 1_000_000).to_bytes(6)
    cut, random_bits, variants = _ids(count)
    random = (int.from_bytes(draw(8 * count)) & random_bits | variants).to_bytes(8 * count)
    return [moment + counted + rest for counted, rest in zip(COUNTED, cut(random), strict=False)]


@lru_cache(maxsize=1024)
def _ids(count: int) -> tuple[Callable[[bytes], tuple[bytes, ...]], int, int]:
    """Return what cuts the last halves of UUIDs apart, and the masks that leave room for and set their variant."""
    cut = struct.Struct("8s" * count).unpack
    return cut, int.from_bytes((b"\x3f" + b"\xff" * 7) * count), int.from_bytes((b"\x80" + bytes(7)) * count)


def microseconds(moments: Iterable[datetime]) -> list[int]:
    """Return moments as PostgreSQL keeps them: microseconds since 2000."""
    return [
        ((since := moment - POSTGRES_EPOCH).days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        for moment in moments
    ]


class Storing:
    """One transaction on ``personal`` that stores a batch: its claim and its rows, in as few messages as may be.

    Used as a block; what was not committed inside it is undone. Its end travels with the last rows, so that these are
    not sent to their end before the caller says ``commit``.
    """

    def __init__(self, claim: Sequence[object], rows: Mapping[str, bytes]) -> None:
        self._wire = Wire("personal")
        self._claim = claim
        self._rows = rows
        # In a transaction of the caller's this one is a savepoint.
        self._nested = self._wire.in_transaction
        self._over = False

    def __enter__(self) -> "Storing":
        return self

    def __exit__(self, *error: object) -> None:
        self._wire.abandon()
        if not self._over and self._wire.in_transaction:
            self._wire.tell(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}" if self._nested else "ROLLBACK")
            self._wire.answers()

    def claim(self, *, trusted: Collection[str]) -> bool:
        """Begin, claim the batch, and open its tables; return whether it was still to be had.

        Raises ``gate.Closed`` if one of those whom the gate trusted was closed by now.
        """
        begin = f"SAVEPOINT {SAVEPOINT}" if self._nested else "BEGIN"
        watch = gate.theirs().watch
        look = watch.look()
        news = self._wire.execution(NEWS, [None if look.since is None else look.since.decode()])
        claim = self._wire.execution(CLAIM, self._claim)
        statements = [begin, touches.marking(self._wire), news, claim]
        if self._rows:
            statements += [*(COPY.format(table=table) for table in self._rows), self._end]
        self._wire.tell(";".join(statements))
        _begun, _marked, told, claimed = self._wire.answers()[:4]
        heard = watch.heed(look, *[told.get_value(0, column) for column in range(told.nfields)])
        if heard.concerns(trusted):
            raise gate.Closed
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
