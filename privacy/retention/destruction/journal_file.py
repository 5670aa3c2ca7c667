"""The journal of destructions as a file of one host: for an installation whose processes all run there."""

import errno
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings

from privacy.lib.crypto import canonical_json

TAIL_WINDOW_BYTES = 1 << 20


def path() -> Path:
    """Return where the journal is: in production on storage that no backup of the databases restores."""
    return Path(settings.DESTRUCTION_JOURNAL_DIR) / "journal.jsonl"


def append(said: Mapping[str, object]) -> int:
    """Write one line, flush it to the disk, and return its number. Raises OSError where not all of it finds room."""
    target = path()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _truncate_partial_line(descriptor)
        number = last_number() + 1
        line = canonical_json.dumps({**said, "number": number}).encode() + b"\n"
        if os.write(descriptor, line) != len(line):
            # What fitted is cut off before the next line is written.
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
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


def lines(after: int) -> Iterator[dict[str, Any]]:
    """Yield what the lines say with a number above ``after``, oldest first; an unfinished last line is left out.

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
            said = json.loads(text)
            if said["number"] > after:
                yield said


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
