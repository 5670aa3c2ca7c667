"""The journal of destructions: an append-only file outside every database, so that a restored backup is found out.

One line for each slice that is destroyed, flushed to the disk before the keys' transaction commits. It names people by
pseudonymous id only. ``manage.py replay_destructions`` carries it out again after a restore (FLT-20, FLT-21).
"""

import fcntl
import json
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings

from privacy.lib.crypto import canonical_json

TAIL_WINDOW_BYTES = 1 << 20


@dataclass(frozen=True)
class JournalLine:
    """One act: which people of a category, or which month of it, under which certificate.

    In the archive: the records of these people whose term ended before ``ends_before``, and the keys of ``epochs``.
    """

    number: int
    at: datetime
    certificate: str
    category: str
    cause: str
    month: date | None
    people: tuple[UUID, ...]
    ends_before: date | None = None
    epochs: tuple[tuple[str, date], ...] = ()
    voids: int = 0


def path() -> Path:
    """Return where the journal is: in production on storage that no backup of the databases restores."""
    return Path(settings.DESTRUCTION_JOURNAL_DIR) / "journal.jsonl"


def append(
    *,
    at: datetime,
    certificate: str,
    category: str,
    cause: str,
    month: date | None,
    people: Sequence[UUID],
    ends_before: date | None = None,
    epochs: Collection[tuple[str, date]] = (),
) -> int:
    """Write one line, flush it to the disk, and return its number."""
    said: dict[str, object] = {
        "at": at.isoformat(),
        "certificate": certificate,
        "category": category,
        "cause": cause,
        "month": month.isoformat() if month else "",
        "people": [str(subject_id) for subject_id in people],
    }
    if ends_before is not None:
        said["ends_before"] = ends_before.isoformat()
        said["epochs"] = [[keyring, epoch.isoformat()] for keyring, epoch in epochs]
    return _write(said)


def void(number: int, *, at: datetime) -> int:
    """Write that the line ``number`` was never carried out: its transaction did not commit."""
    return _write({"at": at.isoformat(), "voids": number})


def voided_numbers() -> frozenset[int]:
    """Return the numbers of the lines that were never carried out."""
    return frozenset(line.voids for line in lines() if line.voids)


def _write(said: dict[str, object]) -> int:
    target = path()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _truncate_partial_line(descriptor)
        number = last_number() + 1
        os.write(descriptor, canonical_json.dumps({**said, "number": number}).encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return number


def _truncate_partial_line(descriptor: int) -> None:
    """Cut off a line that a crash left unfinished: its keys were not destroyed, the step is repeated."""
    size = os.fstat(descriptor).st_size
    if size == 0 or os.pread(descriptor, 1, size - 1) == b"\n":
        return
    start = max(0, size - TAIL_WINDOW_BYTES)
    kept = os.pread(descriptor, size - start, start).rfind(b"\n")
    os.ftruncate(descriptor, start + kept + 1)


def lines(after: int = 0) -> Iterator[JournalLine]:
    """Yield the journal's lines with a number above ``after``, oldest first; an unfinished last line is left out.

    It begins near them: a journal of years is not read for its last lines.
    """
    target = path()
    if not target.exists():
        return
    with target.open("rb") as file:
        _seek_near(file, after)
        for text in file:
            if not text.endswith(b"\n"):
                return
            line = _read(text)
            if line.number > after:
                yield line


def last_number() -> int:
    """Return the number of the last line; 0 for an empty journal."""
    target = path()
    if not target.exists():
        return 0
    with target.open("rb") as file:
        number = 0
        for start in _starts(file):
            file.seek(start)
            tail = file.read()
            whole = tail[: tail.rfind(b"\n") + 1].splitlines()
            if whole:
                number = int(json.loads(whole[-1])["number"])
                break
    return number


def _seek_near(file: BinaryIO, after: int) -> None:
    """Go to the start of a line that is not behind the one with this number."""
    for start in _starts(file):
        file.seek(start)
        first = file.readline()
        if start == 0 or (first.endswith(b"\n") and json.loads(first)["number"] <= after):
            file.seek(start)
            return


def _starts(file: BinaryIO) -> Iterator[int]:
    """Yield starts of lines, each further from the end, the last of them the start of the file."""
    size = file.seek(0, os.SEEK_END)
    window = TAIL_WINDOW_BYTES
    while window < size:
        file.seek(size - window - 1)
        # The window may begin within a line: the next one starts behind its end.
        file.readline()
        if file.tell() < size:
            yield file.tell()
        window *= 4
    yield 0


def _read(text: bytes) -> JournalLine:
    said = json.loads(text)
    return JournalLine(
        number=said["number"],
        at=datetime.fromisoformat(said["at"]),
        certificate=said.get("certificate", ""),
        category=said.get("category", ""),
        cause=said.get("cause", ""),
        month=date.fromisoformat(said["month"]) if said.get("month") else None,
        people=tuple(UUID(subject_id) for subject_id in said.get("people", ())),
        ends_before=date.fromisoformat(said["ends_before"]) if said.get("ends_before") else None,
        epochs=tuple((keyring, date.fromisoformat(epoch)) for keyring, epoch in said.get("epochs", ())),
        voids=said.get("voids", 0),
    )
