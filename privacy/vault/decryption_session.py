"""The door: the only way from a sealed field to its plaintext.

What an opening checks, in this order: a file from outside was found clean; the purpose is declared for the category;
the actor may open it for that purpose; no freeze covers it; the access record is written and committed. Only then are
keys fetched.
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

from privacy.accounts.access_requirements import access_refusal as refusal_of_access
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.vault import malware_scan
from privacy.vault.category_declarations import declared_purposes
from privacy.vault.decryption_plan import DecryptionPlan, DecryptionTarget
from privacy.vault.events import Event
from privacy.vault.frozen_row_filter import NOTHING_FROZEN, FrozenRows, frozen_rows
from privacy.vault.keys import AccessRecord
from privacy.vault.models import EncryptedFile, Freeze
from privacy.vault.purposes import EXEMPT_FROM_FREEZE, Purpose
from privacy.vault.refusals import DecryptionSessionClosed, Destroyed, Frozen, PurposeNotDeclared, ReasonRequired

TASK = re.compile(r"[a-z][a-z_-]*(\.[a-z][a-z_-]*){2,3}")
# Tasks whose last word is one of these take plaintext out of the portal or show it in clear: they need a reason.
REASON_REQUIRED_FOR = frozenset({"exported", "unmasked", "downloaded", "printed"})
CHUNK = 1_000


class DecryptionSession:
    """An open door. Each ``decrypt…`` is one response, with one access record of its own."""

    def __init__(self, *, purpose: Purpose, task: str, actor: Actor, at: datetime, reason: str) -> None:
        self.purpose = purpose
        self.task = task
        self.actor = actor
        self.at = at
        self.reason = reason
        # The freezes for which rows were left out of a reading of many people, to be told with what was read.
        self.left_out: list[Freeze] = []
        self._open = True

    def close(self) -> None:
        """End the opening; whatever is still being read stops."""
        self._open = False

    def decrypt(self, instance: models.Model, field: str) -> Any:
        """Return the plaintext of one field of one record; ``None`` where it is empty."""
        return self.decrypt_fields(instance, [field])[field]

    def decrypt_fields(self, instance: models.Model, fields: Sequence[str]) -> dict[str, Any]:
        """Return ``{field: plaintext}`` of one record, on one access record."""
        (_row, values), *_none = self._reveal([instance], fields)
        return values

    def decrypt_many(self, rows: Iterable[models.Model], field: str) -> Iterator[tuple[Any, Any]]:
        """Yield ``(row, plaintext)`` for a queryset or list of one model, on one access record.

        Rows whose key was destroyed are left out, and ``Destroyed`` is raised if all were. Rows that came in after
        the record was written are left out too. Where many people are read, those who are frozen are left out and told
        in ``left_out``, also when that comes meanwhile; ``Frozen`` is raised if all are. A single report that is frozen
        is left out among others.
        """
        return ((row, values[field]) for row, values in self._reveal(rows, [field]))

    def decrypt_many_fields(
        self, rows: Iterable[models.Model], fields: Sequence[str]
    ) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Yield ``(row, {field: plaintext})``, otherwise like ``decrypt_many``."""
        return self._reveal(rows, fields)

    def _reveal(self, rows: Iterable[models.Model], names: Sequence[str]) -> Iterator[tuple[Any, dict[str, Any]]]:
        if not self._open:
            raise DecryptionSessionClosed
        if not isinstance(rows, QuerySet) or rows.query.is_sliced:
            rows = list(rows)
            if not rows:
                return iter(())
        plan = DecryptionPlan(rows.model if isinstance(rows, QuerySet) else type(rows[0]), names)
        wanted = plan.of(rows)
        if not wanted:
            return iter(())
        self._check(wanted)
        frozen = self._frozen(plan, wanted, rows)
        # The read-back after a destruction hands nobody a byte: what was never examined is destroyed all the same.
        if plan.model is EncryptedFile and self.purpose != Purpose.DESTRUCTION:
            malware_scan.refuse_unscanned(rows, names, task=self.task)
        record = self._record(plan, wanted, rows)
        return self._opened(plan, wanted, rows, frozen, record)

    def _check(self, wanted: "Counter[DecryptionTarget]") -> None:
        """Refuse in the order of the promise; a refusal is put on record before it is told."""
        categories = sorted({want.category for want in wanted})
        try:
            for category in categories:
                if self.purpose not in EXEMPT_FROM_FREEZE and self.purpose.value not in declared_purposes(
                    category, self.at
                ):
                    raise PurposeNotDeclared(category, str(self.purpose.label))
            for category in categories:
                if not self.actor.may_open(category, self.purpose.value, clock.kst_date(self.at)):
                    raise refusal_of_access(self.actor, clock.kst_date(self.at))
        except Refusal as refusal:
            self._record_denial(wanted, refusal)
            raise

    def _frozen(
        self, plan: DecryptionPlan, wanted: "Counter[DecryptionTarget]", rows: Iterable[models.Model]
    ) -> FrozenRows:
        """Take what is frozen off ``wanted`` and return it. Raises Frozen where nothing, or nobody else, is left."""
        if self.purpose in EXEMPT_FROM_FREEZE:
            return NOTHING_FROZEN
        everybody = {want.subject for want in wanted}
        frozen = frozen_rows(plan, wanted, rows, self.at)
        if not frozen.freezes:
            return frozen
        denied = frozen.count(plan, wanted, rows)
        refusal = Frozen(frozen.freezes)
        self._record_denial(denied, refusal)
        if denied.total() >= wanted.total() or (len(everybody) == 1 and frozen.targets):
            raise refusal
        wanted.subtract(denied)
        for want in denied:
            if not wanted[want]:
                del wanted[want]
        self.left_out += frozen.freezes
        return frozen

    def _record(
        self, plan: DecryptionPlan, wanted: "Counter[DecryptionTarget]", rows: Iterable[models.Model]
    ) -> AccessRecord:
        people = sorted({want.subject for want in wanted})
        number = ledger.record_read(
            actor=self.actor,
            at=self.at,
            subjects=people,
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
        return AccessRecord(number, people)

    def _record_denial(self, wanted: Iterable[DecryptionTarget], refusal: Refusal) -> None:
        ledger.record_before(
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
        self,
        plan: DecryptionPlan,
        wanted: "Counter[DecryptionTarget]",
        rows: Iterable[models.Model],
        frozen: FrozenRows,
        record: AccessRecord,
    ) -> Iterator[tuple[Any, dict[str, Any]]]:
        source = rows.iterator(chunk_size=CHUNK) if isinstance(rows, QuerySet) else rows
        everybody = {want.subject for want in wanted}
        read = left_out = 0
        for chunk in batched(source, CHUNK):
            if not self._open:
                raise DecryptionSessionClosed
            recorded = [(row, plan.of_row(row)) for row in chunk]
            recorded = [(row, want) for row, want in recorded if not frozen.covers(row, want)]
            if isinstance(rows, QuerySet):
                # The database was asked twice, and rows may have come in between; a list is what was recorded.
                recorded = [(row, want) for row, want in recorded if _take_one(wanted, want)]
            if (read or left_out) and recorded:
                recorded = self._without_frozen_since(plan, recorded, alone=len(everybody) == 1)
            opened = plan.open(recorded, record=record)
            read += len(opened)
            left_out += len(recorded) - len(opened)
            yield from opened
        if left_out and not read:
            raise Destroyed

    def _without_frozen_since(
        self, plan: DecryptionPlan, recorded: list[tuple[models.Model, DecryptionTarget]], *, alone: bool
    ) -> list[tuple[models.Model, DecryptionTarget]]:
        """Leave out what was frozen since the reading began; for one person alone, the reading ends with ``Frozen``."""
        if self.purpose in EXEMPT_FROM_FREEZE:
            return recorded
        wanted = Counter(want for _row, want in recorded)
        since = frozen_rows(plan, wanted, [row for row, _want in recorded], self.at)
        if not since.freezes:
            return recorded
        refusal = Frozen(since.freezes)
        self._record_denial({want for row, want in recorded if since.covers(row, want)}, refusal)
        if alone and since.targets:
            raise refusal
        self.left_out += [freeze for freeze in since.freezes if freeze not in self.left_out]
        return [(row, want) for row, want in recorded if not since.covers(row, want)]


@contextmanager
def opened(*, purpose: Purpose, task: str, actor: Actor, at: datetime, reason: str = "") -> Iterator[DecryptionSession]:
    """Open the vault for one task of one actor: ``task`` in the ledger's form, ``app.noun.past-participle``.

    Decrypting raises ``NotScanned`` or ``Quarantined`` for a file, then ``PurposeNotDeclared``, ``NotPermitted``,
    ``Frozen``, ``LedgerUnavailable``, in this order of checks, then ``Destroyed`` or ``WrongKey``. Exports and
    unmasking raise ``ReasonRequired`` without a reason.
    """
    if not TASK.fullmatch(task):
        raise ValueError(f"{task!r} is not a task such as rights.access.exported.")
    if task.rpartition(".")[2] in REASON_REQUIRED_FOR and not any(sign.isalnum() for sign in reason):
        raise ReasonRequired
    vault_session = DecryptionSession(purpose=Purpose(purpose), task=task, actor=actor, at=at, reason=reason.strip())
    try:
        yield vault_session
    finally:
        vault_session.close()


def _take_one(wanted: "Counter[DecryptionTarget]", want: DecryptionTarget) -> bool:
    """Take one row of its kind off what was recorded; return whether there was one left."""
    left = wanted[want]
    wanted[want] = left - 1
    return left > 0
