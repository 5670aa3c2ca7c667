"""Which checkpoints go with the mirror and with bundles: their moments bound when an entry was written.

All stay in the database and in the anchors. What goes along is enough for the tolerances of ``verify.py``: all for an
hour, the last of each minute for a day, of each ten minutes for a month, then of each hour.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, LiteralString

import psycopg

FOLDER = "checkpoints"
HOUR, DAY, MONTH = 3_600, 86_400, 31 * 86_400
_WIDTH: LiteralString = (
    "CASE WHEN %(now)s - signed_at < interval '1 hour' THEN 0"
    " WHEN %(now)s - signed_at < interval '1 day' THEN 60 WHEN %(now)s - signed_at < interval '31 days' THEN 600"
    " ELSE 3600 END"
)
# Of the same log as the newest: a notary with a new origin starts a line of its own.
_KEPT: LiteralString = (
    "SELECT DISTINCT ON (width, slot) size, note FROM ("  # noqa: S608 - constants
    f"SELECT *, CASE width WHEN 0 THEN size ELSE div(extract(epoch FROM signed_at), width) END AS slot"
    f" FROM (SELECT *, {_WIDTH} AS width FROM ledger.checkpoint) c WHERE size < %(size)s"
    " AND split_part(note, E'\\n', 1) = split_part(%(note)s, E'\\n', 1)) s ORDER BY width, slot, size DESC"
)


def width(age: float) -> int:
    """Return of how many seconds one checkpoint of that age stands for all; 0 where it stands for itself alone."""
    return next((seconds for limit, seconds in ((HOUR, 0), (DAY, 60), (MONTH, 600)) if age < limit), HOUR)


def stored(connection: psycopg.Connection[Any], size: int, note: str) -> list[tuple[str, str]]:
    """Return the checkpoints of the database that go with a bundle under the newest one, as file name and note."""
    row = connection.execute("SELECT signed_at FROM ledger.checkpoint WHERE size = %s", [size]).fetchone()
    rows = connection.execute(_KEPT, {"size": size, "note": note, "now": row[0] if row else None}).fetchall()
    return [(f"{FOLDER}/{kept:012d}", text) for kept, text in sorted(rows)]


def file_name(size: int, moment: int) -> str:
    """Return the name of a checkpoint in the mirror; thinning reads the moment from it."""
    return f"{FOLDER}/{size:012d}-{moment}"


def in_mirror(mirror: Path) -> list[str]:
    """Return the older checkpoints of a mirror; the notary may take some out meanwhile."""
    found = []
    for path in sorted((mirror / FOLDER).glob("[!.]*")):
        with suppress(FileNotFoundError):
            found.append(path.read_text("utf-8", "replace"))
    return found


def thin(folder: Path, now: int) -> None:
    """Remove from a mirror's folder each checkpoint that a later one of its minute, ten minutes or hour replaces."""
    for name in superseded((path.name for path in folder.iterdir()), now):
        (folder / name).unlink(missing_ok=True)


def superseded(names: Iterable[str], now: int) -> list[str]:
    """Return the names that are no longer kept; what isn't named as the notary names it stays."""
    last: dict[tuple[int, int], str] = {}
    gone = []
    for name in sorted(names):
        size, _, moment = name.partition("-")
        if not (size.isdecimal() and moment.isdecimal()) or not (wide := width(now - int(moment))):
            continue
        if before := last.get((wide, int(moment) // wide)):
            gone.append(before)
        last[wide, int(moment) // wide] = name
    return gone
