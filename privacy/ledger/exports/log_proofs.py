"""A proof for one entry: a C2SP tlog-proof file that stands by itself, and the entry's bytes."""

from __future__ import annotations

from typing import Any, NamedTuple

import psycopg
from django.utils.translation import gettext_lazy as _

from privacy.ledger.checkpoints import signed_notes
from privacy.ledger.merkle import log_reader, tree
from privacy.lib.errors.refusals import Refusal


class NotProvable(Refusal):
    """There is no signed tree that holds the entry yet, or its bytes or the hashes around it are gone."""

    code = "not-provable"


class Proof(NamedTuple):
    """What ``verify.py proof`` takes: the proof's text and the entry's bytes."""

    place: int
    text: str
    entry: bytes


def prove(connection: psycopg.Connection[Any], entry_id: int) -> Proof:
    """Prove that an entry is in the newest signed tree. Raises ``NotProvable``."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        row = connection.execute("SELECT index FROM ledger.leaf WHERE entry_id = %s", [entry_id]).fetchone()
        head = connection.execute("SELECT size, note FROM ledger.checkpoint ORDER BY size DESC LIMIT 1").fetchone()
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
                _(
                    "Hashes of the tree are missing, so no proof can be made. Verify the audit "
                    "trail to see what is missing."
                )
            ) from None
    return Proof(sealed.place, signed_notes.proof_text(sealed.place, path, head[1]), sealed.entry)


def consistency(connection: psycopg.Connection[Any], size1: int, size2: int) -> list[bytes]:
    """Return the proof that the tree of ``size1`` is the beginning of the tree of ``size2``."""
    subtrees = tree.Subtrees(lambda level, first, count: log_reader.hashes(connection, level, first, count))
    return subtrees.consistency(size1, size2)
