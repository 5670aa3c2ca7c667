"""Vouching for the rows of registers where no verb does: at first, and before entries are pruned."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from django.conf import settings
from django.db import connections, transaction
from django.utils.translation import gettext_lazy as _

from privacy.ledger import account_relations, row_statements
from privacy.ledger.actions.announced_rows import Announcement, close_announcement
from privacy.ledger.actions.entries import record, record_rows
from privacy.ledger.checkpoints import accepted_times
from privacy.ledger.entries.payloads import new_nonce
from privacy.ledger.events import Event
from privacy.ledger.integrity import adoptions, registers
from privacy.ledger.integrity.register_rows import read_only, rows_of
from privacy.ledger.merkle import log_reader
from privacy.ledger.models import Entry
from privacy.ledger.protected_tables import DATABASE, TABLES, ProtectedTable
from privacy.lib.errors.refusals import Refusal
from privacy.lib.postgres import advisory_locks

if TYPE_CHECKING:
    from privacy.ledger.actors import Actor

# The last entry about a row is renewed so long before it may be pruned.
CARRIED_BEFORE = timedelta(days=92)
_ONE_AT_A_TIME = "SELECT pg_advisory_lock(hashtext('ledger.registers.adopted'))"
_SIGNATURES = (
    "SELECT payload::jsonb -> 'facts' -> 'tables' FROM ledger.entry WHERE strpos(payload, ',\"rows\":{') > 0"  # noqa: S608 - constants
    f" AND kind = 'act' AND word IN ('{Event.REGISTERS_ADOPTED}', '{Event.ROWS_CARRIED}') ORDER BY id"
)


class NothingToConfirm(Refusal):
    """The entry is no adoption of registers that were adopted before, or an officer has confirmed it."""

    code = "nothing-to-confirm"


class NothingToAccept(Refusal):
    """The entry is no refusal of times, or this officer has accepted it."""

    code = "nothing-to-accept"


def adopt_registers(*, actor: Actor, at: datetime, because: str = "") -> list[str]:
    """Put every row as it stands on record, of tables that are new in this release or have other columns.

    ``because`` takes all tables anew, whatever their rows say: after an incident was dealt with. Every verification
    shows it from then on. Only the owner of the trail may: the stamp refuses everybody else. Returns the tables.
    """
    with log_reader.connect(DATABASE) as connection:
        connection.execute(_ONE_AT_A_TIME)
        with read_only(connection):
            adopted = _signatures(connection)
            wanted = {
                name: table.signature
                for name, table in TABLES.items()
                if because or adopted.get(name) != table.signature
            }
            facts: dict[str, Any] = {"snapshot": registers.snapshot(connection), "run": new_nonce(), "tables": wanted}
            # Rows of other databases after the snapshot: what was announced since then counts, not the adoption.
            rows = {name: _rows_of(connection, TABLES[name]) for name in wanted}
        if because:
            facts["because"] = because
        if wanted:
            _record_parts(Event.REGISTERS_ADOPTED, rows, facts, actor=actor, at=at)
    return sorted(wanted)


def announce_columns(*, actor: Actor, at: datetime) -> list[str]:
    """Put on record, before a release changes columns of registers, whose: their digests have other columns from here.

    Until they are adopted, entries name their rows by either, which accuses none of them. Only the owner may, as with
    an adoption. Returns the tables.
    """
    with log_reader.connect(DATABASE) as connection:
        connection.execute(_ONE_AT_A_TIME)
        adopted = _signatures(connection)
        changing = {name: "" for name, table in TABLES.items() if adopted.get(name, "") not in ("", table.signature)}
        if changing:
            facts = {"tables": changing, "announced": True}
            _record_parts(Event.REGISTERS_ADOPTED, {}, facts, actor=actor, at=at)
    return sorted(changing)


def _signatures(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Return with which columns each table was taken up last; without any where those were to change since."""
    adopted: dict[str, str] = {}
    for (tables,) in connection.execute(_SIGNATURES):
        adopted.update(tables or {})
    return adopted


def _rows_of(connection: psycopg.Connection[Any], table: ProtectedTable) -> dict[str, row_statements.Change]:
    with ExitStack() as opened:
        if table.database != DATABASE:
            connection = opened.enter_context(log_reader.connect(table.database))
            opened.enter_context(read_only(connection))
        return {key: (digest,) for key, digest in rows_of(connection, table)}


def close_decided(found: registers.RegisterReport) -> None:
    """Close what a comparison has decided: who wrote it ended before saying what became of it."""
    for (nonce, database), rows in found.decided.items():
        close_announcement(Announcement(nonce, database, rows))


def confirm_adoption(*, entry: Entry, actor: Actor, at: datetime) -> None:
    """Say as an officer that one knows of an adoption, and why it was. Raises ``NothingToConfirm``."""
    about = (adoptions.ABOUT, entry.id)
    with transaction.atomic(using=DATABASE):
        if not adoptions.waits_for_confirmation(entry.id):
            raise NothingToConfirm(_("This entry isn't waiting for confirmation."))
        record(Event.ADOPTION_CONFIRMED, actor=actor, at=at, about=about)


def accept_refusal(*, entry: Entry, actor: Actor, at: datetime) -> None:
    """Accept, as an officer, entry times that the notary refused: it goes on when two did and its operator says so.

    Raises ``NothingToAccept``.
    """
    if accepted_times.refused_times(entry.payload, entry.id) is None or entry.word != Event.NOTARY_REFUSED:
        raise NothingToAccept(_("This is not an entry about times that the notary refused."))
    with transaction.atomic(using=DATABASE):
        advisory_locks.lock_in_transaction(f"ledger.refusal:{entry.id}")
        before = Entry.objects.filter(
            about=f"{adoptions.ABOUT}:{entry.id}", word=Event.REFUSAL_ACCEPTED, kind="act"
        ).values_list("actor", flat=True)
        if not all(account_relations.are_two_people(actor.ref, one or "", at) for one in before):
            raise NothingToAccept(_("You or someone related to you has accepted this: another officer is needed."))
        record(Event.REFUSAL_ACCEPTED, actor=actor, at=at, about=(adoptions.ABOUT, entry.id))


def carry_rows(found: registers.RegisterReport, *, actor: Actor, at: datetime) -> int:
    """Name sound rows anew whose last entry is soon pruned, and the columns that enter; return how many rows."""
    old = (at - timedelta(days=settings.LEDGER_KEEP_MONTHS * 30) + CARRIED_BEFORE).timestamp()
    rows: row_statements.Rows = {}
    for name, sound in found.sound.items():
        aged: dict[str, row_statements.Change] = {key: (one.digest,) for key, one in sound.items() if one.time < old}
        if aged:
            rows[name] = aged
    tables = {
        name: TABLES[name].signature
        for name, adopted in found.adopted_at.items()
        if adopted and adopted < old and name not in found.unadopted
    }
    if rows or tables:
        facts = {"snapshot": found.snapshot, "tables": tables}
        _record_parts(Event.ROWS_CARRIED, rows, facts, actor=actor, at=at)
    return sum(map(len, rows.values()))


def _record_parts(word: Event, rows: row_statements.Rows, facts: dict[str, Any], *, actor: Actor, at: datetime) -> None:
    connection = connections[DATABASE]
    with transaction.atomic(using=DATABASE):
        for part in list(row_statements.parts(rows)) or [{}]:
            record_rows(connection, part, word=word, actor=actor, at=at, facts=facts)
            facts = {**facts, "tables": {}}  # the first of them says it for all
