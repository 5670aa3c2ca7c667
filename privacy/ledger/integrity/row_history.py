"""What the entries say of the rows of registers, in their order: what each row became last, and what does not fit.

Rows of ``personal`` and ``archive`` are announced before they are committed and closed after: in between each is right
both as it was and as it was announced (decision 0365).

An adoption takes rows as they stand. So the stamp lets it in from the trail's owner alone, at a release or after an
incident, and it is shown from then on. To carry a row is to repeat what is known of it, and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, LiteralString, NamedTuple

import psycopg

from privacy.ledger.entries.payloads import parse_payload
from privacy.ledger.events import Event
from privacy.ledger.merkle.leaf_hash import LEAF_HASH
from privacy.ledger.protected_tables import TABLES

# The entries about rows, and those that name some. Both conditions say the same: each is the one of its index
# (sql/09_entry_rows.sql).
_ALL: LiteralString = (
    "SELECT e.id, e.generation, e.xid::text::bigint, extract(epoch FROM e.time)::bigint, e.payload"  # noqa: S608 - constants
    " FROM ledger.entry e LEFT JOIN ledger.leaf l ON l.entry_id = e.id"
    " WHERE strpos(payload, ',\"rows\":{') > 0 AND kind = 'act' AND (l.hash IS NULL OR l.hash = " + LEAF_HASH + ")"
    " ORDER BY e.id"
)
# How many entries name some of two thousand rows can't be estimated: each leaf is looked up by its number (OFFSET 0).
_NAMED: LiteralString = (
    "SELECT e.id, e.generation, e.xid::text::bigint, extract(epoch FROM e.time)::bigint, e.payload"  # noqa: S608 - constants
    " FROM ledger.entry e LEFT JOIN LATERAL (SELECT hash FROM ledger.leaf WHERE entry_id = e.id OFFSET 0) l ON true"
    " WHERE payload LIKE '%%,\"rows\":{%%' AND ledger.named_rows(payload) && %(named)s::text[] AND kind = 'act'"
    " AND (l.hash IS NULL OR l.hash = " + LEAF_HASH + ") ORDER BY e.id"
)
# For the named ones: nothing but the index on the names.
_BY_INDEX: LiteralString = (
    "SELECT set_config('enable_seqscan', %(way)s, true), set_config('enable_indexscan', %(way)s, true)"
)
_PRUNED_AT: LiteralString = (
    "SELECT coalesce(max(extract(epoch FROM pruned_at))::bigint, 0) FROM ledger.pruning"
    " WHERE cardinality(partitions) > 0"
)


class Known(NamedTuple):
    """What the last entry about a row left of it; ``digest`` is None where the row went."""

    digest: str | None
    entry: int
    generation: int
    xid: int
    time: int


@dataclass(frozen=True)
class Snapshot:
    """What was visible when rows were adopted or carried."""

    generation: int
    first: int
    end: int
    running: frozenset[int]

    @classmethod
    def parse(cls, text: str, generation: int) -> Snapshot:
        """Read PostgreSQL's text of a snapshot. Raises ``ValueError``."""
        first, end, running = text.split(":")
        return cls(generation, int(first), int(end), frozenset(int(xid) for xid in running.split(",") if xid))

    def shows(self, known: Known) -> bool:
        """Whether what an entry says was done before the snapshot."""
        if known.generation != self.generation:
            return known.generation < self.generation
        return known.xid < self.first or (known.xid < self.end and known.xid not in self.running)


class Open(NamedTuple):
    """What else a row of another database may be: its change is announced and not closed, or was so a moment ago."""

    # The announcement that is not closed; empty where none is. The row was ``before`` it and becomes ``by.digest``.
    nonce: str
    transaction: str
    before: str | None
    by: Known
    # What the row may be from here on, and what it may have been since the comparison began.
    may_be: frozenset[str | None]
    was: frozenset[str | None] = frozenset()


@dataclass
class TableState:
    """What the entries say of one table."""

    rows: dict[str, Known] = field(default_factory=dict)
    opened: dict[str, Open] = field(default_factory=dict)
    # By announcement and row: what the next one found, before the first was closed.
    found: dict[tuple[str, str], str | None] = field(default_factory=dict)
    # By row: the last announcement that was closed, and as what.
    closed: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    breaks: list[str] = field(default_factory=list)
    signature: str = ""
    # The entry by which a release announced other columns, and how many breaks there were: the next are of the change.
    announced: tuple[int, int] | None = None
    adopted_at: int = 0
    # The run that took its rows as they stand, and the transaction that this was.
    run: tuple[str, int] = ("", 0)

    def right(self, key: str) -> set[str | None]:
        """Return what a row may be; None stands for no row."""
        opened = self.opened.get(key)
        also = opened.may_be | opened.was if opened else frozenset()
        return {self.rows[key].digest, *also} if key in self.rows else {*also}


class Adoption(NamedTuple):
    """An entry that took registers as they stood though entries vouched for them already, and why."""

    entry: int
    tables: tuple[str, ...]
    because: str
    # The entry that announced other columns of these, whether they have the same after all, and what it excused since.
    announced: int = 0
    is_same: bool = False
    dropped: int = 0

    def __str__(self) -> str:
        of = "the registers" if len(self.tables) == len(TABLES) else ", ".join(self.tables)
        why = "other columns in a release"
        if self.is_same:
            why = f"the same columns, though entry {self.announced} announced others"
        elif self.announced:
            why += f", announced by entry {self.announced}"
        since = f"; findings since that announcement that it drops: {self.dropped}" if self.dropped else ""
        return f"entry {self.entry} takes {of} as they stood then: {self.because or why}{since}"


class RowHistory:
    """The state of each table by its entries. ``read`` once, then look.

    ``begun`` is what of the trail was visible before the rows of other databases were read: what was said later may
    not have been done yet. ``only`` are the rows to look at, by table.
    """

    def __init__(self, begun: Snapshot | None = None, only: Mapping[str, Collection[str]] | None = None) -> None:
        self._begun = begun
        self._only = only
        self.states: dict[str, TableState] = {name: TableState() for name in TABLES}
        self.unreadable: list[int] = []
        self.adoptions: list[Adoption] = []
        self._pruned_at = 0

    @property
    def announcements(self) -> dict[int, list[str]]:
        """Entries that announced other columns of tables that nothing has taken up since, with those tables."""
        found: dict[int, list[str]] = {}
        for name, state in sorted(self.states.items()):
            if state.announced is not None:
                found.setdefault(state.announced[0], []).append(name)
        return found

    def read(self, connection: psycopg.Connection[Any], named: list[str] | None = None) -> None:
        """Read all entries about rows, or those that name one of some keys or tables."""
        row = connection.execute(_PRUNED_AT).fetchone()
        self._pruned_at = row[0] if row else 0
        with connection.cursor(name="statements") as cursor:
            cursor.itersize = 2_000
            if named is None:
                cursor.execute(_ALL)
            else:
                connection.execute(_BY_INDEX, {"way": "off"})
                cursor.execute(_NAMED, {"named": named})
                connection.execute(_BY_INDEX, {"way": "on"})
            for number, generation, xid, time, payload in cursor:
                try:
                    self._read(parse_payload(payload), Known(None, number, generation, xid, time))
                except (ValueError, TypeError, AttributeError, KeyError):
                    self.unreadable.append(number)

    def _read(self, said: dict[str, Any], by: Known) -> None:
        if not isinstance(said.get("rows"), dict):
            return
        facts = said.get("facts") or {}
        if said["word"] == Event.REGISTERS_ADOPTED:
            self._adopt(facts, said["rows"], by)
        elif said["word"] == Event.ROWS_CARRIED:
            self._carry(facts, said["rows"], by)
        elif said["word"] == Event.ROWS_CLOSED:
            for state, key, (digest, *_more) in self._changes(said["rows"]):
                self._close(state, key, digest, by, str(facts["announced"]))
        else:
            announced = said["word"] == Event.ROWS_ANNOUNCED
            for state, key, (before, after) in self._changes(said["rows"]):
                if announced:
                    self._announce(state, key, before, by._replace(digest=after), said["nonce"], facts["transaction"])
                else:
                    self._change(state, key, before, by._replace(digest=after))

    def _changes(self, rows: dict[str, Any]) -> Iterator[tuple[TableState, str, list[str | None]]]:
        for name, changes in rows.items():
            state = self.states.get(name)
            if state is None:  # of a table that an earlier release had, nothing is compared
                continue
            if self._only is not None:
                wanted = self._only.get(name, ())
                changes = {key: change for key, change in changes.items() if key in wanted}
            yield from ((state, key, change) for key, change in changes.items())

    def _change(self, state: TableState, key: str, before: str | None, by: Known) -> None:
        known = state.rows.get(key)
        if known is not None and known.digest != before:
            state.breaks.append(f"{key} was altered outside the portal between entry {known.entry} and {by.entry}")
        elif known is None and before is not None and state.signature and by.time > self._pruned_at:
            state.breaks.append(f"{key} was added outside the portal before entry {by.entry}")
        state.rows[key] = by

    def _announce(
        self, state: TableState, key: str, before: str | None, by: Known, nonce: str, transaction: str
    ) -> None:
        opened, was = state.opened.get(key), frozenset[str | None]()
        if opened is not None and before in opened.may_be:
            if opened.nonce:
                state.found[opened.nonce, key] = before
            state.rows[key] = state.rows.get(key, by)._replace(digest=before)
        if opened is not None and not self._is_past(by):
            was = opened.was | opened.may_be
        self._change(state, key, before, by)
        state.opened[key] = Open(nonce, transaction, before, by, frozenset({before, by.digest}), was)

    def _close(self, state: TableState, key: str, digest: str | None, by: Known, nonce: str) -> None:
        opened = state.opened.get(key)
        if opened is None or opened.nonce != nonce:
            last, as_what = state.closed.get(key, ("", None))
            found = as_what if last == nonce else state.found.pop((nonce, key), digest)
            if found != digest:
                state.breaks.append(
                    f"{key} was altered outside the portal: entry {by.entry} closes its change otherwise"
                )
            return
        if digest not in opened.may_be:
            state.breaks.append(f"{key} was closed by entry {by.entry} as what nobody announced")
            return
        state.closed[key] = (nonce, digest)
        state.rows[key] = state.rows.get(key, by)._replace(digest=digest)
        if self._is_past(by):
            del state.opened[key]
        else:
            state.opened[key] = opened._replace(
                nonce="", may_be=frozenset({digest}), was=opened.was | opened.may_be
            )  # fmt: skip

    def _is_past(self, by: Known) -> bool:
        return self._begun is None or self._begun.shows(by)

    def _adopt(self, facts: dict[str, Any], rows: dict[str, Any], by: Known) -> None:
        """Begin anew with the rows that follow, which an adoption lists; what was later stays."""
        if facts.get("announced") is True:
            for name in facts["tables"]:
                if (state := self.states.get(name)) and state.announced is None:
                    state.announced = (by.entry, len(state.breaks))
            return
        seen, run = Snapshot.parse(facts["snapshot"], by.generation), (facts["run"], by.xid)
        because, anew = str(facts.get("because") or ""), dict[tuple[int, bool], list[tuple[str, int]]]()
        for name, signature in facts["tables"].items():
            state = self.states.get(name)
            if state is None:
                continue
            announcement, breaks_before = state.announced or (0, len(state.breaks))
            is_same = state.signature == signature and not because
            if state.signature:
                dropped = len(state.breaks) - breaks_before if announcement and not because else 0
                key_of = 0 if because else announcement, is_same and bool(announcement)
                anew.setdefault(key_of, []).append((name, dropped))
            if is_same and not announcement:
                state.breaks.append(f"was taken anew by entry {by.entry} without a reason")
            elif because or not state.signature:
                state.breaks = []
            else:
                del state.breaks[breaks_before:]
            state.announced = None
            state.run, state.signature, state.adopted_at = run, signature, by.time
            state.rows = {key: known for key, known in state.rows.items() if not seen.shows(known)}
            # What another cluster had begun is over.
            state.opened = {
                key: one
                for key, one in state.opened.items()
                if key in state.rows or (one.nonce and one.by.generation == by.generation)
            }
        for (announcement, is_same), of in sorted(anew.items()):
            names, dropped = tuple(sorted(name for name, _dropped in of)), sum(number for _name, number in of)
            self.adoptions.append(Adoption(by.entry, names, because, announcement, is_same, dropped))
        for state, key, (digest, *_more) in self._changes(rows):
            known = state.rows.get(key)
            if state.run != run:
                state.breaks.append(f"{key} was taken by entry {by.entry}, which belongs to no adoption of its table")
            elif known is None or seen.shows(known):
                state.rows[key] = by._replace(digest=digest)
                if opened := state.opened.get(key):
                    state.opened[key] = opened._replace(may_be=opened.may_be | {digest})

    def _carry(self, facts: dict[str, Any], rows: dict[str, Any], by: Known) -> None:
        """Renew what is known. Of what was pruned since, the entry is believed alone."""
        seen, may_be_pruned = Snapshot.parse(facts["snapshot"], by.generation), by.time <= self._pruned_at
        for name, signature in (facts.get("tables") or {}).items():
            if state := self.states.get(name):
                if state.signature == signature or (not state.signature and may_be_pruned):
                    state.signature, state.adopted_at = signature, by.time
                else:
                    state.breaks.append(f"was carried by entry {by.entry} with columns that it did not have")
        for state, key, (digest, *_more) in self._changes(rows):
            known = state.rows.get(key)
            if known is None and not may_be_pruned:
                state.breaks.append(f"{key} was carried by entry {by.entry}, and no entry before was about it")
            elif known is not None and seen.shows(known) and known.digest != digest:
                state.breaks.append(f"{key} was carried by entry {by.entry} as what entry {known.entry} does not say")
            elif known is None or seen.shows(known):
                state.rows[key] = by._replace(digest=digest)
