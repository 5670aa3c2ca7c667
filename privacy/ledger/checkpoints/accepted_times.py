"""The way back from a refusal because of times: the notary's operator and two officers accept them (decision 0292).

The notary signs a note that names the entries, the root after them and who accepted. The note is an entry itself, so
every verification lists it for ever. It excepts times alone: what was rewritten or rolled back has no way back.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, LiteralString, NamedTuple

import psycopg

from privacy.ledger.actors import SystemActor
from privacy.ledger.checkpoints.notary_state import SigningRefused
from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.entries.standalone_recording import append_entry
from privacy.ledger.events import Event
from privacy.ledger.merkle.tiles import Tiles
from privacy.ledger.verify import Key
from privacy.ledger.verify_exceptions import Excepted, open_exception, read, text

FOLDER = "exceptions"
NOTARY = SystemActor("notary")
OFFICERS = 2
_ON_RECORD: LiteralString = (
    "SELECT payload FROM ledger.entry WHERE actor = %s AND kind = 'act' AND word = %s ORDER BY id LIMIT 10000"
)
_REFUSAL: LiteralString = (
    "SELECT payload FROM ledger.entry WHERE id = %s AND actor = %s AND kind = 'denied' AND word = %s"
)
# One of each person: whoever accepts twice has accepted once.
_ACCEPTED: LiteralString = (
    "SELECT actor, min(id) FROM ledger.entry WHERE about = %s AND kind = 'act' AND word = %s"
    " AND actor LIKE 'U-%%' GROUP BY actor ORDER BY 2"
)


class TimesRefused(SigningRefused):
    """Times that can't be right. ``until`` is up to which size the log was looked at, ``root`` what it says of it."""

    until = 0
    root = b""


class Refusal(NamedTuple):
    """What an entry says of a refusal because of times: entries from ``first`` until before ``until``."""

    entry: int
    first: int
    until: int
    root: bytes


def refused_times(payload: str, entry: int) -> Refusal | None:
    """Return what an entry says of times that were refused; None where it says something else."""
    facts = facts_in(payload)
    try:
        return Refusal(entry, int(facts["size"]), int(facts["until"]), bytes.fromhex(facts["root"]))
    except (KeyError, TypeError, ValueError):
        return None


def accepted_by(connection: psycopg.Connection[Any], entry: int) -> list[int]:
    """Return the entries by which officers accepted a refusal, one of each."""
    rows = connection.execute(_ACCEPTED, [f"ledger.entry:{entry}", Event.REFUSAL_ACCEPTED.value]).fetchall()
    return [row[1] for row in rows]


def accept(
    connection: psycopg.Connection[Any], signer: Signer, mirror: Tiles, size: int, entry: int, because: str, at: int
) -> Excepted:
    """Sign that the times of a refusal are accepted, publish it and put it on record.

    Raises ``SigningRefused`` where the entry is no refusal of what follows ``size``, or too few officers accepted.
    """
    row = connection.execute(_REFUSAL, [entry, NOTARY.ref, Event.NOTARY_REFUSED.value]).fetchone()
    refusal = refused_times(row[0], entry) if row else None
    if refusal is None or refusal.first != size:
        raise SigningRefused(f"entry {entry} is no refusal, because of times, of what follows entry {size}")
    officers = accepted_by(connection, entry)
    if len(officers) < OFFICERS:
        raise SigningRefused(f"{len(officers)} officers have accepted entry {entry}: it takes {OFFICERS}")
    if not _is_sealed(connection, refusal.until, refusal.root):
        raise SigningRefused(f"not what was accepted: the first {refusal.until} entries are not those of entry {entry}")
    root = base64.b64encode(refusal.root).decode()
    note = signer.note(text(signer.name, size, refusal.until, root, entry, officers[:OFFICERS], because), at)
    # The trail first: after a crash the notary has not gone on, and the operator accepts once more.
    append_entry(connection, Event.NOTARY_EXCEPTED, actor=NOTARY, facts={"size": size, "signed_note": note})
    mirror.put(f"{FOLDER}/{size:012d}-{refusal.until:012d}", note)
    return open_exception(note.encode(), signer.keys)


def in_force(connection: psycopg.Connection[Any], told: Iterable[bytes], keys: Sequence[Key]) -> list[Excepted]:
    """Return what a pinned notary accepted and the log still has: of entries in their place nothing was accepted."""
    return [one for one in read(told, keys) if _is_sealed(connection, one.until, one.root)]


def notes(mirror: Path | None, connection: psycopg.Connection[Any]) -> list[bytes]:
    """Return every note that can be found; whether a pinned key signed it is asked by who reads it."""
    return sorted({*in_mirror(mirror), *_on_record(connection)})


def in_mirror(mirror: Path | None) -> list[bytes]:
    """Return the notes that the notary keeps."""
    return [path.read_bytes() for path in sorted((mirror / FOLDER).glob("[0-9]*"))] if mirror else []


def _is_sealed(connection: psycopg.Connection[Any], size: int, root: bytes) -> bool:
    """Whether the log has a tree head of this size and root."""
    return connection.execute("SELECT FROM ledger.tree WHERE size = %s AND root = %s", [size, root]).rowcount == 1


def _on_record(connection: psycopg.Connection[Any]) -> list[bytes]:
    rows = connection.execute(_ON_RECORD, [NOTARY.ref, Event.NOTARY_EXCEPTED.value]).fetchall()
    return [note for (payload,) in rows if (note := str(facts_in(payload).get("signed_note", "")).encode())]


def are_accepted(accepted: Sequence[Excepted], first: int, until: int) -> bool:
    """Whether the times of all entries from ``first`` until before ``until`` were accepted."""
    return any(one.covers(first, until - 1) for one in accepted)
