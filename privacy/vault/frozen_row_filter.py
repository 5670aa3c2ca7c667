"""Which of the rows that somebody wants to read are frozen: their item, category or person, or that single record."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import QuerySet

from privacy.vault.category_declarations import known_items
from privacy.vault.decryption_plan import DecryptionPlan, DecryptionTarget
from privacy.vault.models import Freeze


@dataclass(frozen=True)
class FrozenRows:
    """The freezes that cover something, with the kinds of rows and the single records that they cover."""

    freezes: list[Freeze] = field(default_factory=list)
    targets: frozenset[DecryptionTarget] = frozenset()
    records: frozenset[UUID] = frozenset()

    def covers(self, row: models.Model, want: DecryptionTarget) -> bool:
        return want in self.targets or row.pk in self.records

    def count(
        self, plan: DecryptionPlan, wanted: "Counter[DecryptionTarget]", rows: Iterable[models.Model]
    ) -> "Counter[DecryptionTarget]":
        """Count what is covered by kind of row."""
        counted = Counter({want: wanted[want] for want in self.targets})
        if self.records:
            for want, of_it in plan.of(_single(rows, self.records)).items():
                if want not in self.targets:
                    counted[want] += of_it
        return counted


NOTHING_FROZEN = FrozenRows()


def frozen_rows(
    plan: DecryptionPlan, wanted: Iterable[DecryptionTarget], rows: Iterable[models.Model], at: datetime
) -> FrozenRows:
    """Return what of ``wanted``, the kinds of ``rows``, is frozen at a moment."""
    asked = _by_subject(wanted)
    active = _active(asked, at)
    general = [one for one in active if one.record_id is None]
    targets = {
        want
        for freeze in general
        for want in asked.get(freeze.subject_id, ())
        if _covers(freeze, want, at)
    }  # fmt: skip
    named = {
        one.record_id
        for one in active
        if one.record_id is not None and any(_covers(one, want, at) for want in asked.get(one.subject_id, ()))
    }
    held = {row.pk for row in _single(rows, named)} if named else set()
    covering = [
        one
        for one in active
        if (one.record_id in held if one.record_id else any(_covers(one, w, at) for w in asked.get(one.subject_id, ())))
    ]
    return FrozenRows(covering, frozenset(targets), frozenset(held))


def covering_freezes(wanted: Iterable[DecryptionTarget], at: datetime) -> list[Freeze]:
    """Return the freezes that cover something of ``wanted``: its item, its category, or its whole subject."""
    asked = _by_subject(wanted)
    return [
        freeze
        for freeze in _active(asked, at)
        if freeze.record_id is None and any(_covers(freeze, want, at) for want in asked.get(freeze.subject_id, ()))
    ]


def _by_subject(wanted: Iterable[DecryptionTarget]) -> dict[UUID, list[DecryptionTarget]]:
    asked: dict[UUID, list[DecryptionTarget]] = {}
    for want in wanted:
        asked.setdefault(want.subject, []).append(want)
    return asked


def _active(asked: dict[UUID, list[DecryptionTarget]], at: datetime) -> list[Freeze]:
    active = Freeze.objects.active(at)
    # Freezes are few: beyond a thousand subjects it is cheaper to read them all.
    return list(active.filter(subject_id__in=list(asked)) if len(asked) <= 1_000 else active)


def _single(rows: Iterable[models.Model], records: Iterable[Any]) -> Any:
    """Return those of the rows that are single records named by a freeze."""
    named = set(records)
    return rows.filter(pk__in=named) if isinstance(rows, QuerySet) else [row for row in rows if row.pk in named]


def _covers(freeze: Freeze, want: DecryptionTarget, at: datetime) -> bool:
    if freeze.category not in ("", want.category):
        return False
    if not freeze.item or want.items is None or freeze.item in want.items:
        return True
    # A field whose item the policy does not know may hold any of them, the frozen one too.
    return not known_items(want.category, at).issuperset(want.items)
