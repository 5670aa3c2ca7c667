"""The journal of destructions: an append-only file outside every database, so that a restored backup is found out.

One line for each slice that is destroyed, flushed to the disk before the keys' transaction commits. It names people by
pseudonymous id only. ``manage.py replay_destructions`` carries it out again after a restore (FLT-20, FLT-21).
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

from privacy.lib import canonical

TAIL_BYTES = 1 << 20


@dataclass(frozen=True)
class Line:
    """One act: which people of a category, or which month of it, under which certificate."""

    number: int
    at: datetime
    certificate: str
    category: str
    cause: str
    month: date | None
    people: tuple[UUID, ...]
    voids: int = 0


def path() -> Path:
    """Return where the journal is: in production on storage that no backup of the databases restores."""
    return Path(settings.DESTRUCTION_JOURNAL_DIR) / "journal.jsonl"


def append(
    *, at: datetime, certificate: str, category: str, cause: str, month: date | None, people: Sequence[UUID]
) -> int:
    """Write one line, flush it to the disk, and return its number."""
    return _write(
        {
            "at": at.isoformat(),
            "certificate": certificate,
            "category": category,
            "cause": cause,
            "month": month.isoformat() if month else "",
            "people": [str(subject_id) for subject_id in people],
        }
    )


def void(number: int, *, at: datetime) -> int:
    """Write that the line ``number`` was never carried out: its transaction did not commit."""
    return _write({"at": at.isoformat(), "voids": number})


def voided() -> frozenset[int]:
    """Return the numbers of the lines that were never carried out."""
    return frozenset(line.voids for line in lines() if line.voids)


def _write(said: dict[str, object]) -> int:
    target = path()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _mend(descriptor)
        number = last() + 1
        os.write(descriptor, canonical.dumps({**said, "number": number}).encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return number


def _mend(descriptor: int) -> None:
    """Cut off a line that a crash left unfinished: its keys were not destroyed, the step is repeated."""
    size = os.fstat(descriptor).st_size
    if size == 0 or os.pread(descriptor, 1, size - 1) == b"\n":
        return
    start = max(0, size - TAIL_BYTES)
    kept = os.pread(descriptor, size - start, start).rfind(b"\n")
    os.ftruncate(descriptor, start + kept + 1)


def lines(after: int = 0) -> Iterator[Line]:
    """Yield the journal's lines with a number above ``after``, oldest first; an unfinished last line is left out."""
    target = path()
    if not target.exists():
        return
    with target.open(encoding="utf-8") as file:
        for text in file:
            if not text.endswith("\n"):
                return
            line = _read(text)
            if line.number > after:
                yield line


def last() -> int:
    """Return the number of the last line; 0 for an empty journal."""
    target = path()
    if not target.exists():
        return 0
    with target.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        window = TAIL_BYTES
        while True:
            start = max(0, size - window)
            file.seek(start)
            tail = file.read(size - start)
            whole = [part for part in tail[: tail.rfind(b"\n") + 1].split(b"\n") if part]
            # The first part of the window may be the end of a longer line, unless the window is the file.
            if len(whole) > 1 or (whole and start == 0):
                return int(json.loads(whole[-1])["number"])
            if start == 0:
                return 0
            window *= 4


def _read(text: str) -> Line:
    said = json.loads(text)
    return Line(
        number=said["number"],
        at=datetime.fromisoformat(said["at"]),
        certificate=said.get("certificate", ""),
        category=said.get("category", ""),
        cause=said.get("cause", ""),
        month=date.fromisoformat(said["month"]) if said.get("month") else None,
        people=tuple(UUID(subject_id) for subject_id in said.get("people", ())),
        voids=said.get("voids", 0),
    )
