"""What may be pruned: entries past their term, whole tiles of them, under a signed root; and the certificate."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString

import psycopg
from django.utils.translation import gettext_lazy as _

from privacy.ledger.merkle import log_reader, tree
from privacy.ledger.verify import TILE
from privacy.lib.errors.refusals import Refusal
from privacy.lib.registries import parameters

_PEOPLE: LiteralString = "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass('public.subjects_subject')"
_FIRST_KEPT: LiteralString = (
    "SELECT min(l.index) FROM ledger.entry e JOIN ledger.leaf l ON l.entry_id = e.id WHERE e.time >= %s"
)


class RetentionPeriodNotOver(Refusal):
    """The term that the law or the plan sets is not over."""

    code = "too-young"


@dataclass(frozen=True)
class PruningPlan:
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


def minimum_months(connection: psycopg.Connection[Any], on: date) -> int:
    """Return for how many months entries must stay at least, by how many people the portal holds data about (S-02).

    The planner's estimate is enough: from nine tenths of the threshold on, and where nothing is known, the longer term
    holds. The numbers are the rulebook's on the day ``on``.
    """
    row = connection.execute(_PEOPLE).fetchone()
    people = row[0] if row else -1
    few = 0 <= people < parameters.number("access.records.people", on) * 9 // 10
    return 12 * parameters.number("access.records.least.years" if few else "access.records.years", on)


def plan_pruning(connection: psycopg.Connection[Any], cut: datetime) -> PruningPlan | None:
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
    subtrees = tree.Subtrees(lambda level, first, count: log_reader.hashes(connection, level, first, count))
    return PruningPlan(until, cut, subtrees.root(0, until).hex(), before)


def prune(connection: psycopg.Connection[Any], planned: PruningPlan, at: datetime) -> list[str]:
    """Drop the months that are wholly past the plan's index, with the certificate beside; return their tables."""
    row = connection.execute("SELECT note FROM ledger.checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    paper = planned.certificate(row[0] if row else "", at)
    try:
        done = connection.execute("SELECT ledger.prune(%s, %s, %s)", [planned.until, planned.cut, paper]).fetchone()
    except psycopg.errors.InsufficientPrivilege as refused:
        raise RetentionPeriodNotOver(
            _("The database refused to prune: %(why)s") % {"why": refused.diag.message_primary}
        ) from refused
    return list(done[0]) if done else []
