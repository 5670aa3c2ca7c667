"""Which times the notary accepted although they can't be right, for ``verify.py`` beside this file.

Where a database's clock was wrong, the notary refuses to sign. Its operator and two officers can let it go on: it signs
a note that names the entries, and the note is an entry itself. What it names is listed for ever, and is not altered.

    NAME OF THE LOG/exception
    index of the first entry
    index before which the last one is
    root of the log of that size (base64)
    number of the entry that says the refusal
    numbers of the entries by which two officers accepted it, parted by a blank
    why
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

if "privacy.ledger" in (__package__ or ""):
    from privacy.ledger import verify
else:
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import verify  # type: ignore[import-not-found,no-redef]

WORD, MOST = "ledger.notary.excepted", 10_000


class Excepted(NamedTuple):
    """Entries from ``first`` until before ``until`` whose times were accepted."""

    origin: str
    first: int
    until: int
    root: bytes
    refusal: int
    officers: str
    because: str
    time: int | None

    def covers(self, first: int, last: int) -> bool:
        """Whether all entries of a range are accepted ones."""
        return self.first <= first and last < self.until

    def __str__(self) -> str:
        return (
            f"index {self.first} to {self.until - 1}: accepted with their times after the refusal in entry"
            f" {self.refusal}, by entries {self.officers}: {self.because!r}"
        )


def text(origin: str, first: int, until: int, root: str, refusal: int, officers: Sequence[int], because: str) -> str:
    """Return what the notary signs; ``root`` is base64."""
    said = " ".join(because.split())
    return "\n".join(
        (f"{origin}/exception", str(first), str(until), root, str(refusal), " ".join(map(str, officers)), said, "")
    )


def open_exception(raw: bytes, keys: Sequence[verify.Key]) -> Excepted:
    """Read an exception that a pinned key signed while it was valid. Raises Problem."""
    said, signed = verify.open_note(raw, verify.of_logs(keys))
    lines = said[:-1].split("\n")
    origin = lines[0][:-10]
    if len(lines) != 7 or lines[0] != f"{origin}/exception" or origin not in {name for name, _id in signed}:
        raise verify.Problem(verify.MALFORMED, "not an exception of the notary")
    first, until, refusal = (verify.decode_number(lines[at]) for at in (1, 2, 4))
    if not all(key.first <= first < until <= key.last for key in keys if key[:2] in signed):
        raise verify.Problem(verify.ALTERED, "an exception was signed by a key that was handed over before, or not yet")
    moment = max(filter(None, signed.values()), default=None)
    return Excepted(origin, first, until, verify.decode_base64(lines[3], 32), refusal, lines[5], lines[6], moment)


def read(told: Iterable[bytes], keys: Sequence[verify.Key]) -> list[Excepted]:
    """Return the exceptions among notes and entries, each once; what no valid key signed excepts nothing."""
    found = dict[str, Excepted]()
    for raw in told:
        with contextlib.suppress(verify.Problem):
            one = open_exception(_note_in(raw) or raw, keys)
            found[str(one)] = one
    return list(found.values())


def _note_in(entry: bytes) -> bytes:
    with contextlib.suppress(verify.Problem, LookupError, TypeError, ValueError):
        said = verify.load_json(entry.partition(b"\n")[2])
        return str(dict(said["facts"])["signed_note"]).encode() if said["word"] == WORD else b""
    return b""
