"""Putting things on record.

``record`` writes in the transaction of the change, so neither stands without the other. ``record_before`` writes on a
connection of its own and commits before it returns, so nothing is shown that isn't on record (law S-01, S-03).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import Error, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext_lazy as _

from privacy.ledger import listeners, request_context, row_statements
from privacy.ledger.entries import autocommit
from privacy.ledger.entries.payloads import MAX_PAYLOAD, canonical_json, compose, people_beside
from privacy.ledger.events import Event
from privacy.ledger.models import Entry, EntryQuerySet
from privacy.lib.errors.refusals import Unavailable
from privacy.lib.postgres import pipelined_connection

if TYPE_CHECKING:
    from privacy.ledger.actors import Actor

INSERT_ENTRY = "INSERT INTO ledger.entry (kind, payload) VALUES ($1, $2)"
INSERT_NUMBERED = f"{INSERT_ENTRY} RETURNING id"
# With the list of people beside it, which is longer than an entry names one by one.
INSERT_WITH_PEOPLE = "SELECT ledger.append_with_people($1, $2, $3)"
# For the migrations' role, which has no other right to the trail.
APPEND_ENTRY = "SELECT ledger.append($1, $2)"
_OWNER = "portal_owner"
type About = models.Model | tuple[str, object] | None


class LedgerUnavailable(Unavailable):
    """Nothing can be put on record now, so nothing is shown and nothing is done. Answered with 503."""

    code = "ledger-unavailable"
    heading = _("The audit trail is not available")


def record(
    word: StrEnum,
    *,
    actor: Actor,
    at: datetime,
    about: About = None,
    subjects: Iterable[str | UUID] = (),
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Put an act on record in the caller's transaction on ``default``, with the digests of the rows that it changed.

    ``facts`` are ids, names of fields and codes. Raises ``LedgerUnavailable``, which undoes the caller's change, and
    ``ValueError`` for what may never be on the ledger.
    """
    connection = connections["default"]
    try:
        changed = row_statements.taken(connection)
    except Error as error:
        raise _unavailable() from error
    payload, _nonce = compose(word, actor=actor, at=at, about=about, subjects=subjects, facts=facts)
    if len(changed) == 1 and (stated := with_rows(payload, changed[0])):
        payload, changed = stated, []
    _append(connection, "act", payload)
    for rows in changed:
        record_rows(connection, rows, actor=actor, at=at)
    listeners.heard(word, about, facts, at)


def record_rows(
    connection: BaseDatabaseWrapper,
    rows: row_statements.Rows,
    *,
    word: Event = Event.ROWS_STATED,
    actor: Actor | None = None,
    at: datetime | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Put what became of rows of protected tables on record in the transaction that changed them."""
    payload, _nonce = compose(word, actor=actor, at=at, facts=facts)
    stated = with_rows(payload, rows)
    if stated is None:
        raise ValueError("The rows do not fit an entry.")
    _append(connection, "act", stated)


def with_rows(payload: str, rows: row_statements.Rows) -> str | None:
    """Return a payload that also says what became of rows; None if no entry holds as much."""
    text = canonical_json({**json.loads(payload), "rows": rows})
    return text if len(text.encode()) <= MAX_PAYLOAD else None


class PendingEntry:
    """An entry on its way to the ledger, committed while the caller's own work goes on elsewhere."""

    def __init__(self, pending: pipelined_connection.PendingResult) -> None:
        self._pending = pending
        self._settled = False

    def settle(self) -> None:
        """Return once the entry is on the ledger. Raises ``LedgerUnavailable``: then nothing may be done."""
        if self._settled:
            return
        self._settled = True
        try:
            written = self._pending.count()
        except Error as error:
            raise _unavailable() from error
        if written != 1:
            raise _unavailable()


def record_concurrently(
    word: StrEnum,
    *,
    actor: Actor,
    at: datetime,
    about: About = None,
    facts: Mapping[str, Any] | None = None,
) -> PendingEntry:
    """Put an act on record while the caller, who commits nothing before it is settled, works in another database.

    The entry is no part of the caller's transaction there. Raises ``LedgerUnavailable``, like ``settle``.
    """
    listeners.must_have_none(word)
    payload, _nonce = compose(word, actor=actor, at=at, about=about, facts=facts)
    try:
        return PendingEntry(
            pipelined_connection.send_query("default", INSERT_ENTRY, [b"act", payload.encode()], generic_plan=False)
        )
    except Error as error:
        raise _unavailable() from error


def record_before(
    word: StrEnum,
    *,
    actor: Actor,
    at: datetime | None,
    subjects: Iterable[str | UUID] = (),
    count: int | None = None,
    about: About = None,
    task: str = "",
    purpose: str = "",
    reason: str = "",
    result: str = "ok",
    facts: Mapping[str, Any] | None = None,
) -> int:
    """Put a read or a denial on record, committed before this returns, and return the entry's number.

    The moment of a read is the database's stamp; ``at`` keeps the shape of every verb. Raises ``LedgerUnavailable``:
    then nothing may be shown. The list of more people than an entry names is kept beside it.
    """
    listeners.must_have_none(word)
    subjects = list(subjects)
    payload, nonce = compose(
        word,
        actor=actor,
        at=None,
        about=about,
        subjects=subjects,
        count=count,
        task=task,
        purpose=purpose,
        reason=reason,
        result=result,
        facts=facts,
    )
    values = [b"read" if result != "denied" else b"denied", payload.encode()]
    statement = INSERT_NUMBERED
    if people := people_beside(subjects):
        statement, values = INSERT_WITH_PEOPLE, [*values, pipelined_connection.array_literal(people)]
    try:
        said = pipelined_connection.PipelinedConnection(autocommit.connection()).returned(statement, values)
    except Error as error:
        autocommit.close()  # the next try begins with a connection that is known to be good
        raise _unavailable() from error
    if len(said) != 1 or said[0] is None:  # a trigger that somebody put there may swallow a row without an error
        autocommit.close()
        raise _unavailable()
    if result != "denied":
        request_context.remember_read(nonce)
    return int(said[0])


def record_autocommit(
    word: StrEnum,
    *,
    actor: Actor,
    at: datetime,
    about: About = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Put an act on record that changes no row, committed before this returns: a document that leaves.

    Raises ``LedgerUnavailable``: then it may not leave.
    """
    listeners.must_have_none(word)
    payload, _nonce = compose(word, actor=actor, at=at, about=about, facts=facts)
    append_alone(payload)


def append_alone(payload: str) -> None:
    """Put an act on record apart from every transaction. Raises ``LedgerUnavailable``."""
    try:
        _append(autocommit.connection(), "act", payload)
    except LedgerUnavailable:
        autocommit.close()  # the next try begins with a connection that is known to be good
        raise


def record_read(
    *,
    actor: Actor,
    at: datetime | None,
    subjects: Iterable[str | UUID] = (),
    count: int | None = None,
    about: About = None,
    task: str,
    purpose: str,
    reason: str = "",
    facts: Mapping[str, Any] | None = None,
) -> int:
    """Put a read of personal data on record: who, whose, for which task and purpose, and why; return its number."""
    return record_before(
        Event.READ,
        actor=actor,
        at=at,
        subjects=subjects,
        count=count,
        about=about,
        task=task,
        purpose=purpose,
        reason=reason,
        facts=facts,
    )


def entries_about(subject: str | UUID) -> EntryQuerySet:
    """Return the entries that name a subject: who opened, changed or was denied their data."""
    return Entry.objects.naming(subject)


def _append(connection: BaseDatabaseWrapper, kind: str, payload: str) -> None:
    wire = pipelined_connection.PipelinedConnection(connection)
    owner = connection.connection.info.user == _OWNER
    try:
        written = wire.written(APPEND_ENTRY if owner else INSERT_ENTRY, [kind.encode(), payload.encode()])
    except Error as error:
        raise _unavailable() from error
    if written != 1:  # a trigger that somebody put there may swallow a row without an error
        raise _unavailable()


def _unavailable() -> LedgerUnavailable:
    return LedgerUnavailable(
        _("The audit trail can't be written to at the moment, and nothing happens unrecorded. Try again shortly.")
    )
