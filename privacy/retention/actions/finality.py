"""Making a destruction final: key tables rewritten, the log turned over, certificates of finality (vault.md)."""

import logging
import time
from datetime import datetime

import psycopg
from django.db import DatabaseError, OperationalError, connection, connections, transaction
from django.db.backends.utils import CursorWrapper

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers.ids import new_reference
from privacy.lib.postgres.lock_tries import LOCK_WAIT, StillInUse, tries
from privacy.retention.actions import abandoned_files
from privacy.retention.actions.signed_certificates import sign_certificate
from privacy.retention.certificates import statements
from privacy.retention.events import Event
from privacy.retention.models import Certificate, DestructionList, Rewrite
from privacy.subjects import holdings
from privacy.vault import actions as vault

# The first is rewritten beside itself, while intake goes on; the second has a row for each category and month.
KEY_TABLES = ("vault_subjectkey", "vault_monthkey")
# A larger table would hold everybody for more than a second: it is rewritten in a maintenance window, or not at all.
LARGEST = 64 * 2**20
# A segment that was recycled waits with old bytes in it; each turn fills one whole, in turn (security.md, fact 6).
MIN_WAL_SWITCHES = 6
# For as long one run certifies; the rest of its queue's timeout is for what else it does.
CERTIFYING_SECONDS = 20.0
log = logging.getLogger("portal.retention")


def rewrite_tables(
    *, actor: Actor, at: datetime, keys_only: bool, patience: float, turning: float, in_maintenance: bool = False
) -> Rewrite:
    """Rewrite the tables from which something was destroyed and turn the write-ahead log over, as their owner.

    Call it outside a transaction. With ``keys_only`` the key tables alone are rewritten: quick, and enough for the
    keys; without, also the tables of every declared holding, whose dead rows can't be opened but are still there.
    Nobody waits for it longer than a second; ``in_maintenance`` rewrites large tables too, and holds everybody.
    ``patience`` and ``turning`` are seconds: for transactions that run already, and for turning each server's log
    over. What was not done, or may not be done by the role, is noted, not hidden; so are files that a crash left.
    """
    row = Rewrite.objects.create(begun_at=at)
    notes: list[str] = []
    tables = [("default", table) for table in KEY_TABLES]
    if not keys_only:
        tables += _tables_of_holdings()
    abandoned = {using: _abandoned(using, notes) for using in connections}
    alone = [_wait_for_transactions(using, notes, patience) for using in connections]
    done = [name for name in tables if _rewritten(*name, notes, patience, in_maintenance=in_maintenance)]
    alone += [("default", table) in done for table in KEY_TABLES]
    alone += [_none_left(using, seen, notes) for using, seen in abandoned.items()]
    turned = [_cycle_wal(using, notes, turning) for using in connections]
    with transaction.atomic():
        row.tables, row.log_turned, row.notes = (
            [table for _using, table in done],
            all(alone + turned),
            "; ".join(notes),
        )
        # The end is asked of the database: this edge was told only the beginning.
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            ended = cursor.fetchone()
        row.done_at = max(at, ended[0]) if ended else at
        row.save(update_fields=["tables", "log_turned", "notes", "done_at"])
        facts = {"tables": len(row.tables), "log_turned": row.log_turned, "notes": row.notes}
        ledger.record(Event.KEY_TABLES_REWRITTEN, actor=actor, at=at, about=row, facts=facts)
    return row


def _abandoned(using: str, notes: list[str]) -> set[str] | None:
    with connections[using].cursor() as cursor:
        return abandoned_files.seen(using, cursor, notes)


def _none_left(using: str, seen: set[str] | None, notes: list[str]) -> bool:
    with connections[using].cursor() as cursor:
        return seen is not None and abandoned_files.none_left(using, cursor, seen, notes)


def _rewritten(using: str, table: str, notes: list[str], patience: float, *, in_maintenance: bool) -> bool:
    """Rewrite a table; note it and return False where others used it throughout, or where it is too large for that."""
    with connections[using].cursor() as cursor:
        try:
            if table == KEY_TABLES[0]:
                vault.rewrite_key_table(cursor.connection, patience=patience)
                return True
            cursor.execute("SELECT pg_total_relation_size(%s::regclass)", [table])
            size = cursor.fetchone()[0]
            if size <= LARGEST or in_maintenance:
                _rewrite_at_once(cursor, table, patience)
                return True
        except StillInUse:
            notes.append(f"{using}: {table} is not rewritten: others used it throughout")
            return False
        except vault.Altered as altered:
            notes.append(f"{using}: {table} is not rewritten: the new table would differ in {altered}")
            return False
        cursor.execute(f'VACUUM "{table}"')
        notes.append(f"{using}: {table} ({size >> 20:,} MiB) is rewritten only with --in-maintenance")
        return False


def _rewrite_at_once(cursor: CursorWrapper, table: str, patience: float) -> None:
    """Rewrite a table that holds others meanwhile, in tries that let nobody queue for long. Raises StillInUse."""
    cursor.execute("SHOW lock_timeout")
    (usual,) = cursor.fetchone()
    cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_WAIT])
    try:
        for _try in tries(time.monotonic() + patience):
            if _tried(cursor, table):
                break
    finally:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [usual])


def _tried(cursor: CursorWrapper, table: str) -> bool:
    try:
        cursor.execute(f'VACUUM FULL "{table}"')
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
            return False
        raise
    return True


def _wait_for_transactions(using: str, notes: list[str], patience: float) -> bool:
    """Wait until every transaction that runs now has ended; note it and return False if that takes over ``patience``.

    A rewrite keeps dead rows that were alive when any transaction of the whole server began, in whichever database.
    """
    until = time.monotonic() + patience
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        now = cursor.fetchone()[0]
        while True:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            if cursor.fetchone()[0] > now:
                return True
            if time.monotonic() > until:
                notes.append(f"{using}: a transaction older than the rewrite still runs, so removed rows may be left")
                return False
            time.sleep(0.2)


def _tables_of_holdings() -> list[tuple[str, str]]:
    """Return the tables of every declared holding; of partitioned ones the parts from which rows were ever removed."""
    found: list[tuple[str, str]] = []
    for using, table in sorted({(holding.using, holding.model._meta.db_table) for holding in holdings.all_holdings()}):
        with connections[using].cursor() as cursor:
            cursor.execute(
                "SELECT c.relname FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid"
                " WHERE c.relkind = 'r' AND (c.oid = %s::regclass OR (s.n_tup_del + s.n_tup_upd > 0"
                " AND c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = %s::regclass))) ORDER BY 1",
                [table, table],
            )
            found += [(using, name) for (name,) in cursor.fetchall()]
    return found


def _cycle_wal(using: str, notes: list[str], turning: float) -> bool:
    """Fill every segment of the server's log anew, however many there are; note it and return False if time is up."""
    until = time.monotonic() + turning
    turned = 0
    try:
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_ls_waldir()")
            segments = int(cursor.fetchone()[0])
            # One more than there are: the one that is being written is met last.
            wanted = max(MIN_WAL_SWITCHES, segments + 1)
            while turned < wanted and time.monotonic() < until:
                cursor.execute("SELECT pg_switch_wal()")
                cursor.execute("CHECKPOINT")
                turned += 1
            cursor.execute("SELECT current_setting('wal_level'), current_setting('archive_mode')")
            level, archiving = cursor.fetchone()
    except DatabaseError as error:
        notes.append(f"{using}: log not turned over ({type(error.__cause__).__name__})")
        return False
    told = f"{segments} segments turned" if turned == wanted else f"only {turned} of {wanted} turns of the log done"
    notes.append(f"{using}: {told}, wal_level={level}, archive_mode={archiving}")
    return turned == wanted


def certify_finality(*, actor: Actor, at: datetime) -> int:
    """Issue certificates of finality where the master key's generation has ended; return how many. Safe to repeat.

    One that is refused stays, and holds back no other; what the time does not reach is issued next time.
    """
    issued, until = 0, time.monotonic() + CERTIFYING_SECONDS
    waiting = (
        DestructionList.objects.filter(state=DestructionList.State.DONE, keys_destroyed__gt=0)
        .exclude(certificates__kind=Certificate.Kind.FINALITY)
        .order_by("done_at")
    )
    for row in waiting:
        if time.monotonic() > until:
            break
        try:
            if vault.finality(row.certificate_number).final_at is not None:
                issued += _certify(row, actor=actor, at=at)
        except vault.WrongKey:
            raise
        except Refusal as refusal:
            log.warning("the finality of %s is not certified: %s", row.certificate_number, refusal.code)
    return issued


@transaction.atomic
def _certify(row: DestructionList, *, actor: Actor, at: datetime) -> int:
    DestructionList.objects.select_for_update().get(pk=row.pk)
    if Certificate.objects.filter(list=row, kind=Certificate.Kind.FINALITY).exists():
        return 0
    first = Certificate.objects.get(list=row, kind=Certificate.Kind.DESTRUCTION)
    number = new_reference("CF")
    said = statements.finality_statement(row, number=number, destruction_digest=first.digest, at=at)
    certificate = sign_certificate(row, Certificate.Kind.FINALITY, number, said, at=at)
    facts = {"certificate": number, "of": first.number, "digest": certificate.digest}
    ledger.record(Event.CERTIFIED, actor=actor, at=at, about=row, facts=facts)
    return 1
