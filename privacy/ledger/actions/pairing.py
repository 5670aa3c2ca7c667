"""The nightly comparison of the databases' own touches with the entries, and the canary that proves it works."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connections, transaction

from privacy.ledger import acting, touches
from privacy.ledger.actions.recording import record
from privacy.ledger.events import Event
from privacy.ledger.models import Finding, Pairing

if TYPE_CHECKING:
    from privacy.ledger.actors import Actor

ALIASES = ("default", "personal", "archive")
# The entry of an act in another database is written before the act; a request may last this long.
LONGEST_REQUEST = timedelta(days=1)
CANARY = "canary:"


def pair_touches(*, actor: Actor, at: datetime) -> dict[str, int]:
    """Pair what was written in every database with the entries; raise a finding for what has none.

    Then a canary is released, a write without an entry, which the next pairing must find. Returns how many statements
    were unpaired in each database.
    """
    unpaired: dict[str, int] = {}
    for alias in ALIASES:
        with transaction.atomic():
            pairing = Pairing.objects.select_for_update().filter(alias=alias).first() or Pairing(alias=alias)
            found, pairing.snapshot = touches.since(alias, pairing.snapshot)
            strange = _unpaired(found, own_role=_own_role(alias))
            songs = {touch.request for touch in strange if touch.relation == touches.PERCH}
            strange = [touch for touch in strange if touch.relation != touches.PERCH]
            if pairing.canary and pairing.canary not in songs:
                _raise(Finding.Rule.CANARY, at, at, at, 1, database=alias)
            for group in _grouped(strange):
                _raise(
                    Finding.Rule.UNPAIRED, at, group[0].at, group[-1].at, len(group),
                    database=alias, relation=group[0].relation, operation=group[0].operation,
                    rows=sum(touch.rows or 0 for touch in group), user=group[0].db_user, program=group[0].program[:60],
                )  # fmt: skip
            pairing.canary = CANARY + acting.new_request_id()
            pairing.paired_at = at
            pairing.save()
            record(
                Event.TOUCHES_PAIRED, actor=actor, at=at,
                facts={"database": alias, "statements": len(found), "unpaired": len(strange), "canary": len(songs)},
            )  # fmt: skip
        _release(alias, pairing.canary)
        unpaired[alias] = len(strange)
    return unpaired


def _own_role(alias: str) -> str:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT session_user::text")
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def _unpaired(found: list[touches.Touch], *, own_role: str) -> list[touches.Touch]:
    if not found:
        return []
    known = touches.known_requests({touch.request for touch in found}, after=found[0].at - LONGEST_REQUEST)
    return [touch for touch in found if touch.request not in known or touch.db_user != own_role]


def _grouped(strange: list[touches.Touch]) -> list[list[touches.Touch]]:
    groups: dict[tuple[str, str, str, str], list[touches.Touch]] = defaultdict(list)
    for touch in strange:
        groups[touch.relation, touch.operation, touch.db_user, touch.program].append(touch)
    return list(groups.values())


def _raise(
    rule: Finding.Rule, at: datetime, first_at: datetime, last_at: datetime, count: int, **facts: object
) -> None:
    Finding.objects.create(rule=rule, count=count, first_at=first_at, last_at=last_at, facts=facts, raised_at=at)


def _release(alias: str, song: str) -> None:
    """Write onto the perch under a request that the ledger doesn't know."""
    with acting.on(request_id=song), transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute("SELECT set_config('portal.request', %s, true)", [song])
        cursor.execute("INSERT INTO ledger.perch (song) VALUES (%s)", [song])


def forget_old_touches() -> int:
    """Remove touches older than 13 months from every database; return how many."""
    forgotten = 0
    for alias in ALIASES:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT ledger.forget_touches()")
            row = cursor.fetchone()
            forgotten += int(row[0]) if row else 0
    return forgotten
