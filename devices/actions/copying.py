"""Reports in the bytes of PostgreSQL's binary COPY: put together row by row, sent in one piece (performance.md)."""

import os
import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from time import time_ns
from typing import Any

from devices.gate import CATEGORY_OF_KIND
from devices.models import AppLog, Report

COPY = "COPY {table} (id, device_id, occurred_at, received_at, kind, body) FROM STDIN (FORMAT BINARY)"
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
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
    parts = [
        ROWS[kind](6, 16, row, 16, device, 8, moment, 8, received, len(kind), NAMES[kind], len(box)) + box
        for row, device, moment, kind, box in zip(ids, devices, moments, kinds, boxes, strict=True)
    ]
    return b"".join(parts)


def write(cursor: Any, table: str, body: bytes) -> None:
    """Send rows to their table."""
    with cursor.copy(COPY.format(table=table)) as copy:
        copy.write(HEADER + body + TRAILER)


def new_ids(count: int) -> list[bytes]:
    """Return up to 4,096 UUIDs of version 7 of this moment, in order, as bytes."""
    moment = (time_ns() // 1_000_000).to_bytes(6)
    random = os.urandom(8 * count)
    variant = bytes((random[0] & 0x3F | 0x80,)) if count else b""
    return [moment + COUNTED[number] + variant + random[8 * number + 1 : 8 * number + 8] for number in range(count)]


def microseconds(moments: Iterable[datetime]) -> list[int]:
    """Return moments as PostgreSQL keeps them: microseconds since 2000."""
    return [
        (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        for since in [moment - POSTGRES_EPOCH for moment in moments]
    ]
