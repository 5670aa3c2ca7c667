"""What an administrator of the database may do to the trail: each changes something, whatever the dice say."""

import json
import random
from collections.abc import Callable
from typing import Any, NamedTuple

import psycopg

from privacy.ledger.merkle import log_reader, tree
from privacy.ledger.verify import Growing
from tests.factories.ledger import WHAT, forge_batch

type Connection = psycopg.Connection[Any]


class Done(NamedTuple):
    """What an alteration was, and the words of which one names what was altered."""

    what: str
    named: tuple[str, ...]
    place: int = -1


def at_index(what: str, place: int) -> Done:
    return Done(what, (f"index {place})", f"index {place} "), place)


def at_size(what: str, *sizes: int) -> Done:
    return Done(what, tuple(f"size {size}{end}" for size in sizes for end in (" ", ",", ":")))


def heads_of(superuser: Connection) -> list[int]:
    """Return the sizes of the tree heads; each of them is signed."""
    return [row[0] for row in superuser.execute("SELECT size FROM ledger.tree ORDER BY size").fetchall()]


def size_of(superuser: Connection) -> int:
    return heads_of(superuser)[-1]


def flip(dice: random.Random, length: int = 32) -> str:
    """SQL that flips one bit of a ``bytea`` named ``value``."""
    at = dice.randrange(length)
    return f"set_byte(value, {at}, get_byte(value, {at}) # {1 << dice.randrange(8)})"


def entry_at(place: int) -> str:
    return f"(SELECT entry_id FROM ledger.leaf WHERE index = {place})"


def entry_text(dice: random.Random, superuser: Connection) -> Done:
    place, at = dice.randrange(size_of(superuser)), dice.randrange(20)
    superuser.execute(
        "UPDATE ledger.entry SET payload = overlay(payload PLACING"
        " CASE WHEN substr(payload, strpos(payload, 'nonce') + 8 + %s, 1) = 'z' THEN 'y' ELSE 'z' END"
        f" FROM strpos(payload, 'nonce') + 8 + %s FOR 1) WHERE id = {entry_at(place)}",
        [at, at],
    )
    return at_index("a byte of an entry", place)


def entry_column(dice: random.Random, superuser: Connection) -> Done:
    place = dice.randrange(size_of(superuser))
    change = dice.choice(
        ["kind = CASE kind WHEN 'act' THEN 'read' ELSE 'act' END", "xid = (xid::text::bigint + 1)::text::xid8",
         "generation = generation + 1", "payload = payload || ' '", "payload = ' ' || payload"]
    )  # fmt: skip
    superuser.execute(f"UPDATE ledger.entry SET {change} WHERE id = {entry_at(place)}")
    return at_index("a column of an entry", place)


def back_dated(dice: random.Random, superuser: Connection) -> Done:
    place, by = (
        dice.randrange(size_of(superuser)),
        dice.choice(["1 microsecond", "1 second", "1 day", "40 days", "-1 hour"]),
    )
    superuser.execute(f"UPDATE ledger.entry SET time = time - interval '{by}' WHERE id = {entry_at(place)}")
    return at_index("a back-dated entry", place)


def renumbered(dice: random.Random, superuser: Connection) -> Done:
    place = dice.randrange(size_of(superuser))
    superuser.execute(f"UPDATE ledger.entry SET id = id + 1000000 WHERE id = {entry_at(place)}")
    return at_index("a renumbered entry", place)


def entry_and_leaf(dice: random.Random, superuser: Connection) -> Done:
    """The administrator hashes the altered entry anew, so entry and leaf agree."""
    done = entry_text(dice, superuser)
    superuser.execute(
        "UPDATE ledger.leaf l SET hash = sha256('\\x00'::bytea || convert_to(" + log_reader.ENTRY_TEXT + ", 'UTF8'))"
        f" FROM ledger.entry e WHERE e.id = l.entry_id AND l.index = {done.place}"
    )
    return done._replace(what="an entry and its leaf")


def everything_after(dice: random.Random, superuser: Connection) -> Done:
    """… and every node and head after it, so the whole database agrees with itself. Only the signatures are missing."""
    done = entry_and_leaf(dice, superuser)
    grown, nodes = Growing(), []
    leaves = [row[0] for row in superuser.execute("SELECT hash FROM ledger.leaf ORDER BY index").fetchall()]
    for head in heads_of(superuser):
        nodes += tree.append_leaves(grown, [bytes(leaf) for leaf in leaves[grown.size : head]])
        superuser.execute(
            "UPDATE ledger.tree SET root = %s, frontier = %s WHERE size = %s",
            [grown.root(), tree.encode_frontier(grown), head],
        )
    for node in nodes:
        superuser.execute("UPDATE ledger.node SET hash = %s WHERE level = %s AND index = %s", [node.hash, *node[:2]])
    return done._replace(what="an entry and everything after it, hashed anew")


def entry_removed(dice: random.Random, superuser: Connection) -> Done:
    place = dice.randrange(size_of(superuser))
    superuser.execute(f"DELETE FROM ledger.entry WHERE id = {entry_at(place)}")
    return at_index("an entry removed", place)


def entry_and_leaf_removed(dice: random.Random, superuser: Connection) -> Done:
    place = dice.randrange(size_of(superuser))
    superuser.execute(f"DELETE FROM ledger.entry WHERE id = {entry_at(place)}")
    superuser.execute(f"DELETE FROM ledger.leaf WHERE index = {place}")
    return at_index("an entry and its leaf removed", place)


def entries_swapped(dice: random.Random, superuser: Connection) -> Done:
    first, second = dice.sample(range(size_of(superuser)), 2)
    superuser.execute(
        f"UPDATE ledger.entry e SET payload = o.payload FROM ledger.entry o WHERE e.id IN ({entry_at(first)},"
        f" {entry_at(second)}) AND o.id IN ({entry_at(first)}, {entry_at(second)}) AND o.id <> e.id"
    )
    return at_index("two entries swapped", first)


def leaves_swapped(dice: random.Random, superuser: Connection) -> Done:
    first, second = dice.sample(range(size_of(superuser)), 2)
    superuser.execute(
        "UPDATE ledger.leaf SET index = -1 - index WHERE index IN (%(a)s, %(b)s);"
        .replace("%(a)s", str(first)).replace("%(b)s", str(second))
        + f"UPDATE ledger.leaf SET index = CASE index WHEN {-1 - first} THEN {second} ELSE {first} END WHERE index < 0"
    )  # fmt: skip
    return at_index("two leaves swapped", first)


def leaf_hash_flipped(dice: random.Random, superuser: Connection) -> Done:
    place = dice.randrange(size_of(superuser))
    superuser.execute(f"UPDATE ledger.leaf SET hash = {flip(dice).replace('value', 'hash')} WHERE index = {place}")
    return at_index("a byte of a leaf", place)


def leaf_points_elsewhere(dice: random.Random, superuser: Connection) -> Done:
    place = dice.randrange(size_of(superuser))
    superuser.execute(f"UPDATE ledger.leaf SET entry_id = entry_id + 5000000 WHERE index = {place}")
    return at_index("a leaf of another entry", place)


def leaf_removed(dice: random.Random, superuser: Connection) -> Done:
    place = dice.randrange(size_of(superuser))
    superuser.execute(f"DELETE FROM ledger.leaf WHERE index = {place}")
    return at_index("a leaf removed", place)


def head_altered(dice: random.Random, superuser: Connection) -> Done:
    size = dice.choice(heads_of(superuser))
    change = dice.choice(
        [
            f"root = {flip(dice).replace('value', 'root')}",
            f"frontier = {flip(dice).replace('value', 'frontier')}",
            "frontier = frontier || root",
            "snapshot = '2:2:'",
            "generation = generation + 1",
            "sealed_at = sealed_at + interval '1 second'",
            "size = size + 1",
        ]
    )
    superuser.execute(f"UPDATE ledger.tree SET {change} WHERE size = {size}")
    return at_size("a tree head", size)


def head_removed(dice: random.Random, superuser: Connection) -> Done:
    size = dice.choice(heads_of(superuser))
    superuser.execute(f"DELETE FROM ledger.tree WHERE size = {size}")
    return at_size("a tree head removed", size)


def head_slipped_in(dice: random.Random, superuser: Connection) -> Done:
    """A head between two signed ones, with the right root: only the signed digest of the heads tells."""
    heads = heads_of(superuser)
    size = dice.choice([size for size in range(1, heads[-1]) if size not in heads])
    leaves = superuser.execute("SELECT hash FROM ledger.leaf WHERE index < %s ORDER BY index", [size]).fetchall()
    grown = Growing()
    tree.append_leaves(grown, [bytes(row[0]) for row in leaves])
    superuser.execute(
        "INSERT INTO ledger.tree (size, root, frontier, snapshot, generation) VALUES (%s, %s, %s, '9:9:', 1)",
        [size, grown.root(), tree.encode_frontier(grown)],
    )
    # The digest says between which two signed heads it is.
    return at_size("a tree head slipped in", size, min(head for head in heads if head > size))


def node_altered(dice: random.Random, superuser: Connection) -> Done:
    place = dice.randrange(size_of(superuser) // 256)
    change = f"UPDATE ledger.node SET hash = {flip(dice).replace('value', 'hash')}"
    superuser.execute(f"{dice.choice([change, 'DELETE FROM ledger.node'])} WHERE level = 8 AND index = {place}")
    return Done("a node", (f"node 8/{place} ",))


def checkpoint_byte(dice: random.Random, superuser: Connection) -> Done:
    size, column = dice.choice(heads_of(superuser)), dice.choice(["note", "heads"])
    row = superuser.execute(f"SELECT {column} FROM ledger.checkpoint WHERE size = %s", [size]).fetchone()
    assert row is not None
    at = dice.randrange(len(row[0]))
    other = dice.choice([letter for letter in "A7 \n+=" if letter != row[0][at]])
    superuser.execute(
        f"UPDATE ledger.checkpoint SET {column} = %s WHERE size = %s", [row[0][:at] + other + row[0][at + 1 :], size]
    )
    return at_size(f"a byte of a checkpoint's {column}", size)


def checkpoint_moved(dice: random.Random, superuser: Connection) -> Done:
    size = dice.choice(heads_of(superuser))
    change = dice.choice(["size = size + 1", "signed_at = signed_at - interval '1 second'"])
    superuser.execute(f"UPDATE ledger.checkpoint SET {change} WHERE size = {size}")
    return at_size("a checkpoint moved", size, size + 1)


def checkpoint_removed(dice: random.Random, superuser: Connection) -> Done:
    size = dice.choice(heads_of(superuser))
    superuser.execute(f"DELETE FROM ledger.checkpoint WHERE size = {size}")
    return at_size("a checkpoint removed", size)


def checkpoints_swapped(dice: random.Random, superuser: Connection) -> Done:
    first, second = dice.sample(heads_of(superuser), 2)
    superuser.execute(
        f"UPDATE ledger.checkpoint SET size = CASE size WHEN {first} THEN -{second} ELSE -{first} END"
        f" WHERE size IN ({first}, {second}); UPDATE ledger.checkpoint SET size = -size WHERE size < 0"
    )
    return at_size("two checkpoints swapped", first, second)


def truncated(dice: random.Random, superuser: Connection) -> Done:
    """The end is cut off between two heads, or in the middle of a batch."""
    size = dice.randrange(1, size_of(superuser))
    superuser.execute(
        f"DELETE FROM ledger.entry WHERE id IN (SELECT entry_id FROM ledger.leaf WHERE index >= {size});"
        f"DELETE FROM ledger.leaf WHERE index >= {size}; DELETE FROM ledger.tree WHERE size > {size};"
        f"DELETE FROM ledger.checkpoint WHERE size > {size}"
    )
    return Done("the end cut off", ("rolled back: ",))


def rolled_back(dice: random.Random, superuser: Connection) -> Done:
    """Everything as it was at an older head: what a restored older dump looks like."""
    size = dice.choice(heads_of(superuser)[:-1])
    superuser.execute(
        f"DELETE FROM ledger.entry WHERE id IN (SELECT entry_id FROM ledger.leaf WHERE index >= {size});"
        f"DELETE FROM ledger.leaf WHERE index >= {size}; DELETE FROM ledger.tree WHERE size > {size};"
        f"DELETE FROM ledger.checkpoint WHERE size > {size}; DELETE FROM ledger.anchor WHERE size > {size};"
        f"DELETE FROM ledger.node WHERE (index + 1) * 256 > {size}"
    )
    return Done("rolled back to an older dump", ("rolled back: ",))


def emptied(dice: random.Random, superuser: Connection) -> Done:
    for table in ("entry", "leaf", "node", "tree", "checkpoint", "anchor"):
        superuser.execute(f"DELETE FROM ledger.{table}")
    return Done("everything removed", ("rolled back: ",))


def slipped_in(dice: random.Random, superuser: Connection) -> Done:
    """An entry of the past that never was, put beside the sealed ones."""
    place = dice.randrange(size_of(superuser))
    superuser.execute(
        f"INSERT INTO ledger.entry (id, xid, generation, time, {WHAT}) SELECT 7000000 + id, xid, generation,"
        f" time, {WHAT} FROM ledger.entry WHERE id = {entry_at(place)}"
    )
    row = superuser.execute("SELECT max(id) FROM ledger.entry").fetchone()
    return Done("an entry slipped in", (f"entry {row[0] if row else 0} ",))


def doubled(dice: random.Random, superuser: Connection) -> Done:
    place = dice.randrange(size_of(superuser))
    superuser.execute(
        f"INSERT INTO ledger.entry (id, xid, generation, time, {WHAT}) SELECT id, xid, generation,"
        f" time + interval '1 minute', {WHAT} FROM ledger.entry WHERE id = {entry_at(place)}"
    )
    return at_index("an entry doubled", place)


def old_entry_invented(dice: random.Random, superuser: Connection) -> Done:
    """An entry of the past that never was, put in as a new row: it is sealed like any other, and its time tells."""
    before = dice.choice(["2 hours", "1 day", "40 days", "2 years", "-1 hour"])
    place = size_of(superuser)
    forge_batch(superuser, f"now() - interval '{before}'")
    return at_index("an entry of the past invented", place)


def head_without_a_time(dice: random.Random, superuser: Connection) -> Done:
    """An entry of the past behind a head whose own time is none, or is of the past or future as well."""
    moment = dice.choice(["'-infinity'", "'infinity'", "now() - interval '24 days'", "now() + interval '40 days'"])
    place = size_of(superuser)
    forge_batch(superuser, "now() - interval '24 days'", sealed_at=moment)
    return at_index("an entry of the past behind a head of no time", place)


def pruning_feigned(dice: random.Random, superuser: Connection) -> Done:
    """Entries are removed and a pruning is said to have taken them, with a certificate that looks right."""
    until = dice.choice(range(256, size_of(superuser), 256))
    place = dice.randrange(until)
    leaves = superuser.execute("SELECT hash FROM ledger.leaf WHERE index < %s ORDER BY index", [until]).fetchall()
    grown = Growing()
    tree.append_leaves(grown, [bytes(row[0]) for row in leaves])
    note = superuser.execute("SELECT note FROM ledger.checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    assert note is not None
    paper = json.dumps({"pruned": {"from": 0, "until": until}, "root": grown.root().hex(), "checkpoint": note[0]})
    superuser.execute(f"DELETE FROM ledger.entry WHERE id = {entry_at(place)}")
    cut = dice.choice(["1 minute", "400 days", "3 years"])
    superuser.execute(
        f"INSERT INTO ledger.pruning VALUES (%s, now() - interval '{cut}', 1, '{{}}', %s)", [until, paper]
    )
    return Done("a pruning feigned", (f"before index {until} ", f"index {place})"))


def never_sealed(dice: random.Random, superuser: Connection) -> Done:
    """An entry that no batch takes: of a transaction, or of a life of the database, that has not been yet."""
    columns = dice.choice(["'4000000000'::xid8, generation", "pg_current_xact_id(), generation + 1"])
    row = superuser.execute(
        f"INSERT INTO ledger.entry (id, xid, generation, time, {WHAT}) SELECT nextval('ledger.entry_id'),"
        f" {columns}, now(), {WHAT} FROM ledger.entry LIMIT 1 RETURNING id"
    ).fetchone()
    return Done("an entry kept from sealing", (f"entry {row[0] if row else 0} ",))


KINDS: tuple[Callable[[random.Random, Connection], Done], ...] = (
    entry_text, entry_column, back_dated, renumbered, entry_and_leaf, everything_after, entry_removed,
    entry_and_leaf_removed, entries_swapped, leaves_swapped, leaf_hash_flipped, leaf_points_elsewhere, leaf_removed,
    head_altered, head_removed, head_slipped_in, node_altered, checkpoint_byte, checkpoint_moved, checkpoint_removed,
    checkpoints_swapped, truncated, rolled_back, emptied, slipped_in, doubled,
    old_entry_invented, head_without_a_time, pruning_feigned, never_sealed,
)  # fmt: skip
