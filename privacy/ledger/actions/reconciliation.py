"""The nightly comparison of the databases' own touches with the entries, and the canary that proves it works."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connections, transaction

from privacy.ledger import request_context, write_capture
from privacy.ledger.actions.entries import record
from privacy.ledger.events import Event
from privacy.ledger.models import Finding, ReconciliationState
from privacy.ledger.write_explanations import Explanations

if TYPE_CHECKING:
    from privacy.ledger.actors import Actor

ALIASES = ("default", "personal", "archive")
CANARY_PREFIX = "canary:"


def reconcile_writes(*, actor: Actor, at: datetime) -> dict[str, int]:
    """Pair what was written in every database with the entries that name its rows; raise a finding for what has none.

    Then a canary is released, a write without an entry, which the next pairing must find. Returns how many statements
    were unpaired in each database.
    """
    unpaired: dict[str, int] = {}
    for alias in ALIASES:
        with transaction.atomic():
            pairing = ReconciliationState.objects.select_for_update().filter(
                alias=alias
            ).first() or ReconciliationState(alias=alias)
            found, pairing.snapshot = write_capture.captured_since(alias, pairing.snapshot)
            strange = _without_entry(found, own_role=_own_role(alias))
            songs = {touch.request for touch in strange if touch.relation == write_capture.CANARY_TABLE}
            strange = [touch for touch in strange if touch.relation != write_capture.CANARY_TABLE]
            if pairing.canary and pairing.canary not in songs:
                _create_finding(Finding.Rule.CANARY, at, at, at, 1, database=alias)
            for group in _grouped(strange):
                _create_finding(
                    Finding.Rule.UNRECONCILED, at, group[0].at, group[-1].at, len(group),
                    database=alias, relation=group[0].relation, operation=group[0].operation,
                    rows=sum(touch.rows or 0 for touch in group), user=group[0].db_user, program=group[0].program[:60],
                )  # fmt: skip
            pairing.canary = CANARY_PREFIX + request_context.new_request_id()
            pairing.reconciled_at = at
            pairing.save()
            record(
                Event.WRITES_RECONCILED, actor=actor, at=at,
                facts={"database": alias, "statements": len(found), "unpaired": len(strange), "canary": len(songs)},
            )  # fmt: skip
            # Before the pairing commits: one that is remembered and was never released would read as a dead control.
            _write_canary(alias, pairing.canary)
        unpaired[alias] = len(strange)
    return unpaired


def _own_role(alias: str) -> str:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT session_user::text")
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def _without_entry(found: list[write_capture.CapturedWrite], *, own_role: str) -> list[write_capture.CapturedWrite]:
    explanations = Explanations(found)
    return [touch for touch in found if touch.db_user != own_role or not explanations.covers(touch)]


def _grouped(strange: list[write_capture.CapturedWrite]) -> list[list[write_capture.CapturedWrite]]:
    groups: dict[tuple[str, str, str, str], list[write_capture.CapturedWrite]] = defaultdict(list)
    for touch in strange:
        groups[touch.relation, touch.operation, touch.db_user, touch.program].append(touch)
    return list(groups.values())


def _create_finding(
    rule: Finding.Rule, at: datetime, first_at: datetime, last_at: datetime, count: int, **facts: object
) -> None:
    Finding.objects.create(rule=rule, count=count, first_at=first_at, last_at=last_at, facts=facts, raised_at=at)


def _write_canary(alias: str, token: str) -> None:
    """Write into the canary table under a request that the ledger doesn't know."""
    with (
        request_context.override(request_id=token),
        transaction.atomic(using=alias),
        connections[alias].cursor() as cursor,
    ):
        cursor.execute("SELECT set_config('portal.request', %s, true)", [token])
        cursor.execute("INSERT INTO ledger.canary (token) VALUES (%s)", [token])


def delete_old_captured_writes() -> int:
    """Remove touches older than 13 months from every database; return how many."""
    forgotten = 0
    for alias in ALIASES:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT ledger.delete_old_captured_writes()")
            row = cursor.fetchone()
            forgotten += int(row[0]) if row else 0
    return forgotten
