"""Touches: what the databases themselves say was written into tables with personal data, by whom, in which request.

The ledger can't prove that every act was recorded. This bounds it: a write past the portal has no entry of its request
that names its rows, and shows in the nightly reconciliation (ledger.md, Omission).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus

from privacy.ledger import captured_tables, request_context
from privacy.ledger.entries.payloads import parse_payload
from privacy.lib.postgres import pipelined_connection

_WRITE = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|TRUNCATE|MERGE|COPY|WITH)\b", re.IGNORECASE)
_ROLLBACK = re.compile(r"\s*ROLLBACK\b", re.IGNORECASE)
CANARY_TABLE = "ledger.canary"
# After it every write of the transaction carries a request's id; for what writes past Django's cursors.
SET_REQUEST_ID = "SELECT set_config('portal.request', %s, true)"


def holds_personal_data(model: type[models.Model]) -> bool:
    """Whether a model has sealed fields: then its table is watched."""
    return hasattr(model, "Encryption") and not model._meta.proxy


@cache
def captured_models(alias: str) -> tuple[type[models.Model], ...]:
    """Return the models with personal data that live in a database."""
    return tuple(
        model for model in apps.get_models() if holds_personal_data(model) and router.db_for_write(model) == alias
    )


def install_write_capture(*, using: str, **kwargs: Any) -> None:
    """After a migration, put the capture on every table with personal data of this database, partitions included."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regprocedure('ledger.install_write_capture(regclass, jsonb)') IS NOT NULL")
        row = cursor.fetchone()
        if not row or not row[0]:
            return
        for model in captured_models(using):
            cursor.execute(
                "SELECT ledger.install_write_capture(to_regclass(%s), %s) WHERE to_regclass(%s) IS NOT NULL",
                [_table(model), json.dumps(captured_tables.captured_columns(model)), _table(model)],
            )


def _table(model: type[models.Model]) -> str:
    return f"public.{model._meta.db_table}"


# -- marking: which request writes --------------------------------------------------------------------------


def install_request_id_wrapper(*, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Have every write on this connection carry the id of the request that makes it."""
    if (
        connection.vendor == "postgresql"
        and captured_models(connection.alias)
        and request_id_wrapper not in connection.execute_wrappers
    ):
        connection.execute_wrappers.append(request_id_wrapper)


def request_id_wrapper(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Set ``portal.request`` before the first write of a transaction, and where the request changed meanwhile.

    Outside a transaction the setting holds for the session; inside one it ends with it, and is set again after a
    rollback to a savepoint, which would have undone it.
    """
    connection = context["connection"]
    raw = connection.connection
    marked: tuple[str, str] = getattr(connection, "_portal_marked", ("", ""))
    idle = raw.info.transaction_status == TransactionStatus.IDLE
    session, local = marked if not idle else (marked[0], "")
    if isinstance(sql, str) and _ROLLBACK.match(sql):
        local = ""
    elif not isinstance(sql, str) or _WRITE.match(sql):
        request = request_context.current().request_id
        if raw.autocommit:
            if session != request:
                raw.execute("SELECT set_config('portal.request', %s, false)", [request])
                session = request
        elif local != request:
            raw.execute(SET_REQUEST_ID, [request])
            local = request
    connection._portal_marked = (session, local)
    return execute(sql, params, many, context)


def request_id_statement(wire: pipelined_connection.PipelinedConnection) -> str:
    """Return the statement after which every write of this transaction carries the running request's id."""
    session, _local = getattr(wire.django, "_portal_marked", ("", ""))
    # Where a transaction of Django's is around this one, its next write is to be marked anew.
    wire.django._portal_marked = (session, "")  # type: ignore[attr-defined]  # ours, see request_id_wrapper
    return f"SET LOCAL portal.request = {wire.literal(request_context.current().request_id)}"


# -- reading touches ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CapturedWrite:
    """One statement that wrote into a watched table."""

    id: int
    at: datetime
    relation: str
    operation: str
    rows: int | None
    keys: dict[str, Any] | None
    db_user: str
    program: str
    request: str


def captured_since(alias: str, snapshot: str) -> tuple[list[CapturedWrite], str]:
    """Return the touches that became visible since a snapshot (empty: all), and the snapshot to go on from.

    As in sealing, two snapshots and not a number tell what is new: a long transaction can't slip past. Nor can what the
    caller's own transaction writes later: to itself it is no running one.
    """
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT pg_current_snapshot()::text, pg_current_xact_id_if_assigned()::text")
        row = cursor.fetchone()
        now = _with_running(str(row[0]), row[1]) if row else ""
        cursor.execute(
            "SELECT id, at, relation, operation, rows, keys, db_user, program, request FROM ledger.captured_write"
            " WHERE pg_visible_in_snapshot(xid, %(now)s::pg_snapshot) AND (%(then)s = '' OR"
            "  (xid >= pg_snapshot_xmin(nullif(%(then)s, '')::pg_snapshot)"
            "   AND NOT pg_visible_in_snapshot(xid, nullif(%(then)s, '')::pg_snapshot))) ORDER BY id",
            {"now": now, "then": snapshot},
        )
        rows = [(*row[:5], _keys(row[5]), *row[6:]) for row in cursor.fetchall()]
        return [CapturedWrite(*row) for row in rows], now


def _keys(told: str | None) -> dict[str, Any] | None:
    """Return what names the written rows, which Django hands over as text; nothing where it can't be read."""
    try:
        return parse_payload(told) if told else None
    except ValueError:
        return None


def _with_running(snapshot: str, own: str | None) -> str:
    """Return a snapshot (``xmin:xmax:running,…``) in which a transaction is a running one."""
    xmin, xmax, running = snapshot.split(":")
    if own is None or int(own) >= int(xmax):
        return snapshot
    listed = sorted({int(own), *map(int, filter(None, running.split(",")))})
    return f"{min(int(xmin), int(own))}:{xmax}:{','.join(map(str, listed))}"
