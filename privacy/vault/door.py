"""The door: the only way from a sealed field to its plaintext.

What an opening checks, in this order: the purpose is declared for the category; the actor may open it for that
purpose; no freeze covers it; the access record is written and committed. Only then are keys fetched.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import batched
from typing import Any

from django.db import models
from django.db.models import QuerySet

from privacy.accounts.fitness import refusal as refusal_of_access
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib import clock
from privacy.lib.refusals import Refusal
from privacy.vault import scanning
from privacy.vault.events import Event
from privacy.vault.models import Freeze, SealedFile
from privacy.vault.plans import Plan, Wanted
from privacy.vault.purposes import UNFROZEN, Purpose
from privacy.vault.refusals import Destroyed, DoorClosed, Frozen, PurposeNotDeclared, ReasonRequired
from privacy.vault.terms import declared_items, declared_purposes

TASK = re.compile(r"[a-z][a-z_-]*(\.[a-z][a-z_-]*){2,3}")
# Tasks whose last word is one of these take plaintext out of the portal or show it in clear: they need a reason.
REASON_NEEDED = frozenset({"exported", "unmasked", "downloaded", "printed"})
CHUNK = 1_000


class Door:
    """An open door. Each ``reveal…`` is one response, with one access record of its own."""

    def __init__(self, *, purpose: Purpose, task: str, actor: Actor, at: datetime, reason: str) -> None:
        self.purpose = purpose
        self.task = task
        self.actor = actor
        self.at = at
        self.reason = reason
        self._open = True

    def close(self) -> None:
        """End the opening; whatever is still being read stops."""
        self._open = False

    def reveal(self, instance: models.Model, field: str) -> Any:
        """Return the plaintext of one field of one record; ``None`` where it is empty."""
        return self.reveal_items(instance, [field])[field]

    def reveal_items(self, instance: models.Model, fields: Sequence[str]) -> dict[str, Any]:
        """Return ``{field: plaintext}`` of one record, on one access record."""
        (_row, values), *_none = self._reveal([instance], fields)
        return values

    def reveal_many(self, rows: Iterable[models.Model], field: str) -> Iterator[tuple[Any, Any]]:
        """Yield ``(row, plaintext)`` for a queryset or list of one model, on one access record.

        Rows whose key was destroyed are left out, and ``Destroyed`` is raised if all were. Rows that came in after
        the record was written are left out too. A freeze committed meanwhile ends the reading with ``Frozen``.
        """
        return ((row, values[field]) for row, values in self._reveal(rows, [field]))

    def reveal_many_items(
        self, rows: Iterable[models.Model], fields: Sequence[str]
    ) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Yield ``(row, {field: plaintext})``, otherwise like ``reveal_many``."""
        return self._reveal(rows, fields)

    def _reveal(self, rows: Iterable[models.Model], names: Sequence[str]) -> Iterator[tuple[Any, dict[str, Any]]]:
        if not self._open:
            raise DoorClosed
        if not isinstance(rows, QuerySet) or rows.query.is_sliced:
            rows = list(rows)
            if not rows:
                return iter(())
        plan = Plan(rows.model if isinstance(rows, QuerySet) else type(rows[0]), names)
        if plan.model is SealedFile:
            scanning.must_be_openable(rows, names, task=self.task)
        wanted = plan.of(rows)
        if not wanted:
            return iter(())
        self._check(wanted)
        warrant = self._record(plan, wanted, rows)
        return self._opened(plan, wanted, rows, warrant)

    def _check(self, wanted: "Counter[Wanted]") -> None:
        """Refuse in the order of the promise; a refusal is put on record before it is told."""
        categories = sorted({want.category for want in wanted})
        try:
            for category in categories:
                if self.purpose not in UNFROZEN and self.purpose.value not in declared_purposes(category, self.at):
                    raise PurposeNotDeclared(category, str(self.purpose.label))
            for category in categories:
                if not self.actor.may_open(category, self.purpose.value, clock.kst_date(self.at)):
                    raise refusal_of_access(self.actor, clock.kst_date(self.at))
            self._refuse_frozen(wanted)
        except Refusal as refusal:
            self._record_denial(wanted, refusal)
            raise

    def _refuse_frozen(self, wanted: Iterable[Wanted]) -> None:
        if self.purpose not in UNFROZEN:
            covering = freezes_over(wanted, self.at)
            if covering:
                raise Frozen(covering)

    def _record(self, plan: Plan, wanted: "Counter[Wanted]", rows: Iterable[models.Model]) -> str:
        return ledger.record_read(
            actor=self.actor,
            at=self.at,
            subjects=sorted({want.subject for want in wanted}),
            count=wanted.total(),
            about=rows[0] if isinstance(rows, list) and len(rows) == 1 else None,
            task=self.task,
            purpose=self.purpose.value,
            reason=self.reason,
            facts={
                "of": plan.declared.label,
                "fields": sorted(plan.names),
                "categories": sorted({want.category for want in wanted}),
            },
        )

    def _record_denial(self, wanted: Iterable[Wanted], refusal: Refusal) -> None:
        ledger.record_first(
            Event.OPENING_DENIED,
            actor=self.actor,
            at=self.at,
            subjects=sorted({want.subject for want in wanted}),
            task=self.task,
            purpose=self.purpose.value,
            reason=self.reason,
            result="denied",
            facts={"because": refusal.code, "categories": sorted({want.category for want in wanted})},
        )

    def _opened(
        self, plan: Plan, wanted: "Counter[Wanted]", rows: Iterable[models.Model], warrant: str
    ) -> Iterator[tuple[Any, dict[str, Any]]]:
        source = rows.iterator(chunk_size=CHUNK) if isinstance(rows, QuerySet) else rows
        read = left_out = 0
        for chunk in batched(source, CHUNK):
            if not self._open:
                raise DoorClosed
            recorded = [(row, plan.of_row(row)) for row in chunk]
            if isinstance(rows, QuerySet):
                # The database was asked twice, and rows may have come in between; a list is what was recorded.
                recorded = [(row, want) for row, want in recorded if _counted_down(wanted, want)]
            if read or left_out:
                self._refuse_frozen_since(want for _row, want in recorded)
            opened = plan.open(recorded, warrant=warrant)
            read += len(opened)
            left_out += len(recorded) - len(opened)
            yield from opened
        if left_out and not read:
            raise Destroyed

    def _refuse_frozen_since(self, wanted: Iterable[Wanted]) -> None:
        wanted = set(wanted)
        try:
            self._refuse_frozen(wanted)
        except Frozen as refusal:
            self._record_denial(wanted, refusal)
            raise


@contextmanager
def opened(*, purpose: Purpose, task: str, actor: Actor, at: datetime, reason: str = "") -> Iterator[Door]:
    """Open the vault for one task of one actor: ``task`` in the ledger's form, ``app.noun.past-participle``.

    A reveal raises ``PurposeNotDeclared``, ``NotPermitted``, ``Frozen``, ``LedgerUnavailable``, in this order of
    checks, then ``Destroyed`` or ``WrongKey``. Exports and unmasking raise ``ReasonRequired`` without a reason.
    """
    if not TASK.fullmatch(task):
        raise ValueError(f"{task!r} is not a task such as rights.access.exported.")
    if task.rpartition(".")[2] in REASON_NEEDED and not any(sign.isalnum() for sign in reason):
        raise ReasonRequired
    door = Door(purpose=Purpose(purpose), task=task, actor=actor, at=at, reason=reason.strip())
    try:
        yield door
    finally:
        door.close()


def _counted_down(wanted: "Counter[Wanted]", want: Wanted) -> bool:
    """Take one row of its kind off what was recorded; return whether there was one left."""
    left = wanted[want]
    wanted[want] = left - 1
    return left > 0


def freezes_over(wanted: Iterable[Wanted], at: datetime) -> list[Freeze]:
    """Return the freezes that cover something of ``wanted``: its item, its category, or its whole subject."""
    asked: dict[Any, list[Wanted]] = {}
    for want in wanted:
        asked.setdefault(want.subject, []).append(want)
    active = Freeze.objects.active(at)
    # Freezes are few: beyond a thousand subjects it is cheaper to read them all.
    if len(asked) <= 1_000:
        active = active.filter(subject_id__in=list(asked))
    return [freeze for freeze in active if any(_covers(freeze, want, at) for want in asked.get(freeze.subject_id, ()))]


def _covers(freeze: Freeze, want: Wanted, at: datetime) -> bool:
    if freeze.category not in ("", want.category):
        return False
    if not freeze.item or want.items is None or freeze.item in want.items:
        return True
    # A field whose item the policy does not know may hold any of them, the frozen one too.
    return not declared_items(want.category, at).issuperset(want.items)
