"""What a connector remembers, in one SQLite file: calls with their answers, and the freeze list.

No identifier and no value stands in it: people and calls are known by HMACs under the key file's second key. Each write
is on the disk (``synchronous=FULL``) before the next step begins, so the same call gets the same answer after a kill.
"""

import hmac
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from exafe_connector.adapters.adapter import Counts, Person

SCHEMA = """
CREATE TABLE IF NOT EXISTS about (fingerprint TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS call (
    key TEXT PRIMARY KEY, verb TEXT NOT NULL, digest TEXT NOT NULL, found TEXT, answer BLOB, signature TEXT
);
CREATE TABLE IF NOT EXISTS freeze (
    task TEXT PRIMARY KEY, why TEXT NOT NULL, basis TEXT NOT NULL, since TEXT NOT NULL, released INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS frozen (
    task TEXT NOT NULL REFERENCES freeze, person TEXT NOT NULL, item TEXT NOT NULL,
    PRIMARY KEY (person, item, task)
) WITHOUT ROWID;
"""


class OtherKeys(Exception):
    """The file was written under another key file: with this one nobody on its freeze list would be found."""


class KeyReused(Exception):
    """The same idempotency key came with another call."""


class FreezeEnded(Exception):
    """A freeze arrives after its own release."""


@dataclass(frozen=True)
class Answer:
    """An answer as it was given."""

    body: bytes
    signature: str


@dataclass(frozen=True)
class Freeze:
    """A freeze in force: the task that began it, why, for which case, and since when."""

    task: str
    why: str
    basis: str
    since: str


class Store:
    """The SQLite file of a connector; several processes may use it."""

    def __init__(self, path: Path, listing: bytes) -> None:
        self.path = path
        self.listing = listing
        with self._connected() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(SCHEMA)
            fingerprint = self._hidden("fingerprint", "")
            connection.execute("BEGIN IMMEDIATE")
            known = connection.execute("SELECT fingerprint FROM about").fetchone()
            if known is None:
                connection.execute("INSERT INTO about VALUES (?)", (fingerprint,))
            elif known[0] != fingerprint:
                raise OtherKeys(f"{path} was written under another key file.")
            connection.execute("COMMIT")
        path.chmod(0o600)

    def answer_before(self, *, key: str, verb: str, body: bytes) -> Answer | None:
        """Return the answer that a call got already, and take note of the call where it is new. Raises KeyReused."""
        digest = self._hidden("call", body.decode("utf-8", "surrogateescape"))
        with self._transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO call (key, verb, digest) VALUES (?, ?, ?)", (key, verb, digest))
            row = connection.execute(
                "SELECT verb, digest, answer, signature FROM call WHERE key = ?", (key,)
            ).fetchone()  # fmt: skip
        if (row[0], row[1]) != (verb, digest):
            raise KeyReused
        return None if row[2] is None else Answer(row[2], row[3])

    def found_before(self, key: str) -> Counts:
        """Return what a call found before it changed anything, with 0 for what it looked for in vain."""
        with self._connected() as connection:
            row = connection.execute("SELECT found FROM call WHERE key = ?", (key,)).fetchone()
        found: Counts = {} if row is None or row[0] is None else json.loads(row[0])
        return found

    def note_found(self, key: str, counts: Counts) -> None:
        """Keep what a call found, before it changes anything."""
        with self._transaction() as connection:
            connection.execute("UPDATE call SET found = ? WHERE key = ?", (json.dumps(counts), key))

    def keep_answer(self, key: str, answer: Answer) -> None:
        """Keep an answer before it is given."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE call SET answer = ?, signature = ? WHERE key = ?", (answer.body, answer.signature, key)
            )

    def freeze(self, person: Person, items: Iterable[str], freeze: Freeze) -> Freeze:
        """Put a freeze onto the list, and return it as it stands there. Raises FreezeEnded."""
        people = self.hidden_people(person)
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO freeze VALUES (?, ?, ?, ?, 0)",
                (freeze.task, freeze.why, freeze.basis, freeze.since),
            )
            why, basis, since, released = connection.execute(
                "SELECT why, basis, since, released FROM freeze WHERE task = ?", (freeze.task,)
            ).fetchone()
            if released:
                raise FreezeEnded
            connection.executemany(
                "INSERT OR IGNORE INTO frozen VALUES (?, ?, ?)",
                [(freeze.task, one, item) for one in people for item in items],
            )
        return Freeze(freeze.task, why, basis, since)

    def release(self, task: str, *, at: str) -> None:
        """Take a freeze from the list for good; one that comes later under the same task is refused."""
        with self._transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO freeze VALUES (?, '', '', ?, 1)", (task, at))
            connection.execute("UPDATE freeze SET released = 1 WHERE task = ?", (task,))
            connection.execute("DELETE FROM frozen WHERE task = ?", (task,))

    def items_of(self, task: str) -> frozenset[str]:
        """Return the items that a freeze holds."""
        with self._connected() as connection:
            return frozenset(row[0] for row in connection.execute("SELECT item FROM frozen WHERE task = ?", (task,)))

    def freezes(self, person: Person) -> dict[str, list[Freeze]]:
        """Return the freezes in force over a person's items; any identifier in common makes it the same person."""
        found: dict[str, list[Freeze]] = {}
        with self._connected() as connection:
            for one in self.hidden_people(person):
                for item, *freeze in connection.execute(
                    "SELECT item, task, why, basis, since FROM frozen JOIN freeze USING (task)"
                    " WHERE person = ? AND NOT released ORDER BY since, task",
                    (one,),
                ):
                    found.setdefault(item, []).append(Freeze(*freeze))
        return {item: list(dict.fromkeys(freezes)) for item, freezes in found.items()}

    def also_known_as(self, person: Person, changed: Person) -> None:
        """Have the freezes over a person find them by their changed identifiers as well."""
        with self._transaction() as connection:
            for before in self.hidden_people(person):
                for after in self.hidden_people(changed):
                    connection.execute(
                        "INSERT OR IGNORE INTO frozen SELECT task, ?, item FROM frozen WHERE person = ?",
                        (after, before),
                    )

    def hidden_people(self, person: Person) -> list[str]:
        """Return the names under which the list knows a person: one for each identifier, whatever its case."""
        return sorted(self._hidden(name, value.casefold()) for name, value in person.items() if value is not None)

    def _hidden(self, name: str, value: str) -> str:
        text = json.dumps([name, value]).encode("utf-8", "surrogatepass")
        return hmac.digest(self.listing, text, "sha256").hex()

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=30, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            yield connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


def without_nothing(counts: Mapping[str, int]) -> Counts:
    """Return counts without the items of which there are none."""
    return {item: count for item, count in counts.items() if count}
