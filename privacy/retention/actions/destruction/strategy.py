"""The five steps of every destruction; each commits, and each may be repeated after a crash.

One strategy for each kind of list: people of a category, a whole month of it, archived records past their term. What
they share is here; no other module asks which kind a list is of.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.retention.actions import archive_transfer, journal_cursors
from privacy.retention.actions.destruction import verification
from privacy.retention.destruction import journal
from privacy.retention.destruction.journal import JournalLine
from privacy.retention.destruction.readback import ReadbackReport
from privacy.retention.events import Event
from privacy.retention.models import DestructionLine, DestructionList
from privacy.retention.restore_gate import gate

InTime = Callable[[], bool]
LineState = DestructionLine.State


class DestructionStrategy(ABC):
    """How what is on one list is destroyed, by one actor at one time.

    ``in_time`` tells a step whether it may begin another slice; a step that stops early goes on in the next call.
    """

    def __init__(self, destruction_list: DestructionList, *, actor: Actor, at: datetime) -> None:
        self.list, self.actor, self.at = destruction_list, actor, at
        self._began = time.monotonic()

    @property
    def moment(self) -> datetime:
        """Now: ``at``, when this began, and what it has taken since. What the certificate dates was done at it."""
        return self.at + timedelta(seconds=time.monotonic() - self._began)

    @property
    def case(self) -> str:
        """What people call the cause: the case behind an order, or the list of a sweep."""
        return self.list.run.case or self.list.reference

    @abstractmethod
    def copy_to_archive(self, people: Sequence[UUID] = ()) -> int:
        """Step 1: copy what another law preserves to the archive, verified there; return how many records."""

    @abstractmethod
    def destroy_keys(self, in_time: InTime) -> bool:
        """Step 2: ask again what blocks it, then destroy the keys of the rest; return whether all are gone."""

    def delete_rows(self, in_time: InTime) -> bool:
        """Step 3: delete every row of what the list destroyed; return whether all are gone."""
        if not self._delete_rows(in_time):
            return False
        self._advance_data_cursors()
        DestructionList.objects.filter(pk=self.list.pk, step=DestructionList.Step.KEYS).update(
            step=DestructionList.Step.ROWS, rows_at=self.moment
        )
        return True

    @abstractmethod
    def read_back(self) -> ReadbackReport:
        """Step 4: let code other than the deleter search for what should be gone (P7.1)."""

    def certify(self, report: ReadbackReport) -> None:
        """Step 5: enter it into the register and sign the certificate, in one transaction."""
        verification.certify(self.list, report, actor=self.actor, at=self.moment)

    @staticmethod
    @abstractmethod
    def replay(line: JournalLine, *, actor: Actor, at: datetime) -> tuple[int, int]:
        """Destroy again, after a restore, what a line of the journal says; return how many keys and rows came back."""

    @abstractmethod
    def _delete_rows(self, in_time: InTime) -> bool: ...

    def verify(self, _in_time: InTime) -> bool:
        """Read back, then certify; what is left goes onto the ledger and is deleted again. Return whether done."""
        if verification.nothing_was_destroyed(self.list):
            verification.abort_empty_list(self.list, actor=self.actor, at=self.at)
            return False
        report = self.read_back()
        if not report.is_empty:
            verification.record_residual_data(self.list, report, actor=self.actor, at=self.at)
            return False
        self.certify(report)
        return True

    def append_to_journal(
        self,
        *,
        people: Sequence[UUID] = (),
        month: date | None = None,
        ends_before: date | None = None,
        epochs: Collection[tuple[str, date]] = (),
    ) -> int:
        """Write a slice into the journal outside the databases, before its transaction commits; return the number."""
        return journal.append(
            at=self.at,
            certificate=self.list.certificate_number,
            category=self.list.category,
            cause=self.list.run.cause,
            month=month,
            people=people,
            ends_before=ends_before,
            epochs=epochs,
        )

    def record(self, event: Event, facts: Mapping[str, Any], *, subjects: Sequence[UUID] = ()) -> None:
        """Put a slice, or a step, on the ledger."""
        ledger.record(event, actor=self.actor, at=self.at, about=self.list, subjects=subjects, facts=facts)

    def skip(self, reasons: Mapping[UUID, LineState], *, rows: Mapping[str, int] | None = None) -> None:
        """Note who is left out and why; ``rows`` takes back what was counted of them."""
        for state in sorted(set(reasons.values())):
            people = [subject_id for subject_id, why in reasons.items() if why == state]
            DestructionLine.objects.filter(list=self.list, subject_id__in=people).update(state=state)
            facts = {"because": state, "people": len(people), "rows": dict(rows or {})}
            rows = None  # taken back once
            self.record(Event.PEOPLE_SKIPPED, facts, subjects=people)

    def delete_copies(self, people: Collection[UUID]) -> int:
        """Delete the archive's copies of people who are left out; return how many records."""
        return archive_transfer.delete_copies(self.list, people, actor=self.actor, at=self.at)

    def update_list(self, **values: Any) -> None:
        """Write columns of the list; what was read of it before stays as it is."""
        DestructionList.objects.filter(pk=self.list.pk).update(**values)

    def stamp_keys_destroyed(self, destroyed: int) -> None:
        """Keep when the last key went; where none did, there is no such moment."""
        if destroyed:
            self.update_list(keys_at=self.moment)

    def advance_to_keys(self) -> None:
        """Close the step of the keys."""
        DestructionList.objects.filter(pk=self.list.pk, step=DestructionList.Step.INTENT).update(
            step=DestructionList.Step.KEYS
        )

    def skipped_people(self) -> list[UUID]:
        """Return who was left out of the list until now."""
        lines = DestructionLine.objects.filter(list=self.list, state__in=DestructionLine.SKIPPED)
        return list(lines.values_list("subject_id", flat=True))

    def _advance_data_cursors(self) -> None:
        """Note in the rows' databases that they follow the journal so far; the keys' database noted it before."""
        line = DestructionList.objects.values_list("journal_line", flat=True).get(pk=self.list.pk)
        if line:
            # One that was away when the list began may be back from a backup: it hasn't followed what came before.
            gate.refuse_closed(of_all=True)
            for using in ("personal", "archive"):
                journal_cursors.advance_cursor(line, using=using, at=self.at)
