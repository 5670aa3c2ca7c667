"""A proof for one entry: a C2SP tlog-proof file that stands by itself, and the entry's bytes."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import psycopg
from django.utils.translation import gettext_lazy as _

from privacy.ledger.checkpoints import external_checkpoints, newest_checkpoint, signed_notes
from privacy.ledger.merkle import log_reader, tree
from privacy.ledger.merkle.leaf_hash import leaf_hash
from privacy.lib.errors.refusals import Refusal

FORMAT = "https://privacy.extrus.example/schemas/entry-proof-1"


class NotProvable(Refusal):
    """There is no signed tree that holds the entry yet, or its bytes or the hashes around it are gone."""

    code = "not-provable"


class Proof(NamedTuple):
    """What ``verify.py proof`` takes: the proof's text and the entry's bytes."""

    place: int
    text: str
    entry: bytes

    def as_json(self, *, whole: bool) -> dict[str, str]:
        """Return the one file that ``verify.py proof`` takes: with the entry, or with its hash where it isn't shown."""
        said = {"entry": self.entry.decode()} if whole else {"leaf": base64.b64encode(leaf_hash(self.entry)).decode()}
        return {"format": FORMAT, **said, "proof": self.text}


def prove(connection: psycopg.Connection[Any], entry_id: int) -> Proof:
    """Prove that an entry is in the newest signed tree. Raises ``NotProvable``."""
    with _one_moment(connection):
        return _prove(connection, entry_id, _newest_head(connection))


def prove_each(connection: psycopg.Connection[Any], entry_ids: Iterable[int]) -> dict[int, Proof]:
    """Prove that entries are in the same newest signed tree; those that can't be proved are left out."""
    proved: dict[int, Proof] = {}
    with _one_moment(connection):
        head = _newest_head(connection)
        for entry_id in entry_ids:
            with suppress(NotProvable):
                proved[entry_id] = _prove(connection, entry_id, head)
    return proved


@contextmanager
def _one_moment(connection: psycopg.Connection[Any]) -> Iterator[None]:
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _prove(connection: psycopg.Connection[Any], entry_id: int, head: tuple[int, str] | None) -> Proof:
    row = connection.execute("SELECT index FROM ledger.leaf WHERE entry_id = %s", [entry_id]).fetchone()
    if row is None or head is None or row[0] >= head[0]:
        raise NotProvable(_("This entry is not in a signed tree yet. Try again in a few seconds."))
    sealed, *_doubled = log_reader.entries(connection, row[0], row[0] + 1)
    if sealed.entry is None:
        raise NotProvable(_("This entry was pruned when its retention period ended; its certificate remains."))
    subtrees = tree.Subtrees(lambda level, first, count: log_reader.hashes(connection, level, first, count))
    try:
        path = subtrees.inclusion(sealed.place, head[0])
    except LookupError:
        raise NotProvable(
            _("Hashes of the tree are missing, so no proof can be made. Verify the audit trail to see what is missing.")
        ) from None
    return Proof(sealed.place, signed_notes.proof_text(sealed.place, path, head[1]), sealed.entry)


def _newest_head(connection: psycopg.Connection[Any]) -> tuple[int, str] | None:
    """Return size and note of the newest checkpoint that the notary signed; of any, where no key of it is pinned."""
    if not external_checkpoints.pinned_keys():
        return connection.execute("SELECT size, note FROM ledger.checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    signed = newest_checkpoint.newest(lambda query, values: connection.execute(query, values).fetchall())
    return (signed.checkpoint.size, signed.note) if signed else None


def consistency(connection: psycopg.Connection[Any], size1: int, size2: int) -> list[bytes]:
    """Return the proof that the tree of ``size1`` is the beginning of the tree of ``size2``."""
    subtrees = tree.Subtrees(lambda level, first, count: log_reader.hashes(connection, level, first, count))
    return subtrees.consistency(size1, size2)
