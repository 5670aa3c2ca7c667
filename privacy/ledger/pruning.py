"""What may be pruned: entries past their term, whole tiles of them, under a signed root; and the certificate."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from django.utils.translation import gettext_lazy as _

from privacy.ledger import reading, tree
from privacy.ledger.verify import TILE
from privacy.lib.refusals import Refusal

# STD 8(1), law S-02: one year; two where the system holds 50,000 people or more.
FLOOR_MONTHS, LARGE_FLOOR_MONTHS, LARGE = 12, 24, 50_000
_PEOPLE: LiteralString = "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass('public.subjects_subject')"
_FIRST_KEPT: LiteralString = (
    "SELECT min(l.index) FROM ledger.entry e JOIN ledger.leaf l ON l.entry_id = e.id WHERE e.time >= %s"
)


class TooYoung(Refusal):
    """The term that the law or the plan sets is not over."""

    code = "too-young"


@dataclass(frozen=True)
class Plan:
    """Entries before index ``until`` may go; ``root`` is that of the tree of this size, which stays provable."""

    until: int
    cut: datetime
    root: str
    pruned_before: int

    def certificate(self, checkpoint: str, at: datetime) -> str:
        """Return the paper that stays when the entries are gone."""
        return json.dumps(
            {
                "pruned": {"from": self.pruned_before, "until": self.until},
                "older_than": self.cut.isoformat(),
                "root": self.root,
                "checkpoint": checkpoint,
                "made_at": at.isoformat(),
            },
            ensure_ascii=False,
            sort_keys=True,
        )


def floor_months(connection: psycopg.Connection[Any]) -> int:
    """Return for how many months entries must stay at least, by how many people the portal holds data about.

    The planner's estimate is enough: from nine tenths of the threshold on, and where nothing is known, it is two years.
    """
    row = connection.execute(_PEOPLE).fetchone()
    people = row[0] if row else -1
    return FLOOR_MONTHS if 0 <= people < LARGE * 9 // 10 else LARGE_FLOOR_MONTHS


def plan(connection: psycopg.Connection[Any], cut: datetime) -> Plan | None:
    """Return what may be pruned of what is older than ``cut``; None where no whole tile is."""
    row = connection.execute(
        "SELECT coalesce((SELECT max(size) FROM ledger.checkpoint), 0),"
        " coalesce((SELECT max(until) FROM ledger.pruning), 0)"
    ).fetchone()
    signed, before = row or (0, 0)
    first = connection.execute(_FIRST_KEPT, [cut]).fetchone()
    kept = first[0] if first and first[0] is not None else signed
    until = min(kept, signed) // TILE * TILE
    if until <= before:
        return None
    subtrees = tree.Subtrees(lambda level, first, count: reading.hashes(connection, level, first, count))
    return Plan(until, cut, subtrees.root(0, until).hex(), before)


def prune(connection: psycopg.Connection[Any], planned: Plan, at: datetime) -> list[str]:
    """Drop the months that are wholly past the plan's index, with the certificate beside; return their tables."""
    row = connection.execute("SELECT note FROM ledger.checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    paper = planned.certificate(row[0] if row else "", at)
    try:
        done = connection.execute("SELECT ledger.prune(%s, %s, %s)", [planned.until, planned.cut, paper]).fetchone()
    except psycopg.errors.InsufficientPrivilege as refused:
        raise TooYoung(_("The database refuses to prune: %(why)s") % {"why": refused.diag.message_primary}) from refused
    return list(done[0]) if done else []
