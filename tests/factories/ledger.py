"""Entries, sealers and notaries for tests that need the audit trail itself."""

import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import psycopg
import pytest

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, SystemActor
from privacy.ledger.checkpoints import anchors
from privacy.ledger.checkpoints.external_checkpoints import ExternalCheckpoints
from privacy.ledger.checkpoints.notary import Notary
from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.entries import payloads
from privacy.ledger.merkle import log_sequencer, tree
from privacy.ledger.merkle.leaf_hash import LEAF_HASH
from tests.database import PortalDatabase

ORIGIN = "privacy.extrus.example/ledger"
# What an entry says and what it is searched by: with the triggers off, nothing fills these in.
WHAT = "kind, payload, word, actor, about, subjects, task, purpose"
_numbers = itertools.count(1)


class Word(StrEnum):
    """Words that only tests use."""

    TRIED = "tests.thing.tried"


def make_entry(*, actor: Actor | None = None, at: datetime | None = None, about: str = "", **facts: object) -> str:
    """Put one act on record and return what it is about."""
    about = about or f"thing-{next(_numbers)}"
    ledger.record(
        Word.TRIED,
        actor=actor or SystemActor("tests"),
        at=at or datetime.now(UTC),
        about=("tests.thing", about),
        facts=facts or None,
    )
    return about


def make_entries(database: PortalDatabase, count: int) -> None:
    """Put many acts on record at once, as the portal's role."""
    with database.connect("portal_app") as connection:
        connection.execute(
            "INSERT INTO ledger.entry (kind, payload) SELECT 'act', format("
            '\'{"actor":"system:tests","about":"tests.thing:%%s","nonce":"%%s","word":"tests.thing.tried"}\','
            " n, md5(random()::text)) FROM generate_series(1, %s) n",
            [count],
        )


def adopt(database: PortalDatabase, *, because: str = "") -> list[str]:
    """Take up registers as a release does, or all of them after an incident: as the owner."""
    with database.as_role("portal_owner"):
        return ledger.adopt_registers(actor=SystemActor("release"), at=datetime.now(UTC), because=because)


def seal(database: PortalDatabase, *, at: datetime | None = None) -> int | None:
    """Seal once, as the sequencer; ``at`` makes the new tree head one of a past moment."""
    with database.connect("portal_sequencer") as connection:
        sealed = log_sequencer.seal(connection)
    if at is not None:
        tamper(
            database,
            f"UPDATE ledger.tree SET sealed_at = '{at.isoformat()}' WHERE size = (SELECT max(size) FROM ledger.tree)",
        )
    return sealed


def keep_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point commands at the state, mirror and anchors of ``make_notary(folder)``."""
    for name, place in (("NOTARY_STATE_DIR", "."), ("MIRROR_DIR", "mirror"), ("ANCHOR_DIR", "anchors")):
        monkeypatch.setenv(name, str(folder / place))


def make_notary(folder: Path, *, clock: Callable[[], float] = time.time, signer: Signer | None = None) -> Notary:
    """Return a notary whose key, state, mirror and anchors are in a folder; the same folder gives the same notary."""
    key = folder / "notary.key"
    if signer is None:
        if not key.exists():
            Signer.make(ORIGIN).save(key)
        signer = Signer.load(key)
    return Notary(
        signer,
        state=folder,
        mirror=folder / "mirror",
        anchor=folder / "anchors",
        auditors=[],
        mail_every=86_400,
        clock=clock,
    )


def publish_keys(notary: Notary) -> None:
    """Leave the verifier keys beside the notary's state, as its command does."""
    notary.signer.publish(notary.path.with_name("vkeys"))


def sign(database: PortalDatabase, notary: Notary) -> int | None:
    """Let the notary do one step, as its own role."""
    with database.connect("portal_notary") as connection:
        return notary.step(connection)


def make_witnesses(folder: Path, *, mirror: bool = True) -> ExternalCheckpoints:
    """Return what stands outside the database for the notary of a folder."""
    return ExternalCheckpoints(
        Signer.load(folder / "notary.key").keys,
        anchors.read_directory(folder / "anchors"),
        folder / "mirror" if mirror else None,
    )


def tamper(database: PortalDatabase, *statements: str) -> None:
    """Do what a database administrator could do: as the superuser, with every trigger switched off and on again."""
    with database.connect() as superuser:
        superuser.execute("SET session_replication_role = replica")
        switch_triggers(superuser, "DISABLE")
        for statement in statements:
            superuser.execute(statement)
        switch_triggers(superuser, "ENABLE ALWAYS")


def forge_batch(superuser: psycopg.Connection, said: str, *, sealed_at: str = "clock_timestamp()") -> int:
    """Add a read behind the newest head, with a head of its own, as an administrator can: everything hashes right.

    ``said`` and ``sealed_at`` are SQL. Return the entry's number.
    """
    superuser.execute("ALTER TABLE ledger.tree DROP CONSTRAINT IF EXISTS tree_sealed_at_is_finite")
    head = superuser.execute("SELECT size, frontier FROM ledger.tree ORDER BY size DESC LIMIT 1").fetchone()
    row = superuser.execute(
        f"INSERT INTO ledger.entry (id, xid, generation, time, {WHAT}) SELECT nextval('ledger.entry_id'),"
        f" pg_current_xact_id(), 1, {said}, 'read', %s, 'ledger.read', 'system:tests', NULL, NULL, NULL, NULL"
        " RETURNING id",
        ['{"actor":"system:tests","word":"ledger.read"}'],
    ).fetchone()
    assert head is not None and row is not None
    leaf = superuser.execute(
        f"INSERT INTO ledger.leaf SELECT {head[0]}, e.id, {LEAF_HASH} FROM ledger.entry e WHERE e.id = %s"
        " RETURNING hash",
        [row[0]],
    ).fetchone()
    assert leaf is not None
    grown = tree.decode_frontier(head[0], bytes(head[1]))
    nodes = tree.append_leaves(grown, [bytes(leaf[0])])
    for node in nodes:
        superuser.execute("INSERT INTO ledger.node VALUES (%s, %s, %s)", list(node))
    superuser.execute(
        "INSERT INTO ledger.tree (size, root, frontier, snapshot, generation, sealed_at)"
        f" VALUES (%s, %s, %s, pg_current_snapshot(), 1, {sealed_at})",
        [grown.size, grown.root(), tree.encode_frontier(grown)],
    )
    return int(row[0])


def switch_triggers(superuser: psycopg.Connection, switch: str) -> None:
    """``DISABLE`` or ``ENABLE ALWAYS`` every trigger of the audit trail."""
    rows = superuser.execute(
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid"
        " WHERE c.relnamespace = 'ledger'::regnamespace AND NOT tgisinternal"
    ).fetchall()
    superuser.execute("; ".join(f"ALTER TABLE {table} {switch} TRIGGER {name}" for table, name in rows))


def make_past_entries(database: PortalDatabase, entries: list[tuple[datetime, str, dict[str, object]]]) -> list[int]:
    """Put entries on the ledger as if they had been written then, ``(time, kind, payload)``; return their numbers."""
    numbers: list[int] = []
    with database.connect() as superuser:
        superuser.execute("SET session_replication_role = replica")
        switch_triggers(superuser, "DISABLE")
        for time_then, kind, payload in entries:
            row = superuser.execute(
                f"INSERT INTO ledger.entry (id, xid, generation, time, {WHAT}) SELECT nextval('ledger.entry_id'),"
                " pg_current_xact_id(), 1, %(time)s, %(kind)s, %(payload)s, p ->> 'word', p ->> 'actor', p ->> 'about',"
                " string_to_array(translate(p ->> 'subjects', '[]\" ', ''), ','), p ->> 'task', p ->> 'purpose'"
                " FROM (SELECT %(payload)s::jsonb AS p) AS said RETURNING id",
                {
                    "time": time_then,
                    "kind": kind,
                    "payload": payloads.canonical_json({"actor": "system:tests", **payload}),
                },
            ).fetchone()
            assert row is not None
            numbers.append(row[0])
        switch_triggers(superuser, "ENABLE ALWAYS")
    return numbers
