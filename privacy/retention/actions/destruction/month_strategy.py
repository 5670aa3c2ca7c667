"""Destroying a whole month of a category: its one key and its partition; one by one where somebody's records stay."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Model, QuerySet

from privacy.ledger.actors import Actor
from privacy.lib.dates import clock
from privacy.retention import locks
from privacy.retention.actions import archive_transfer, journal_cursors
from privacy.retention.actions.destruction.strategy import DestructionStrategy, InTime
from privacy.retention.archive import preservation
from privacy.retention.destruction import blockers, readback
from privacy.retention.destruction.journal import JournalLine
from privacy.retention.destruction.readback import ReadbackReport
from privacy.retention.events import Event
from privacy.retention.models import DestructionLine, DestructionList
from privacy.retention.schedule import selection
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding
from privacy.systems import actions as systems
from privacy.vault import actions as vault

LineState = DestructionLine.State


class MonthStrategy(DestructionStrategy):
    """A month of one category: nobody has a line on the list but whoever is left out of it."""

    @property
    def month(self) -> date:
        assert self.list.month is not None
        return self.list.month

    @property
    def monthly_holdings(self) -> Sequence[Holding]:
        """What is kept by month in the list's category."""
        return [holding for holding in holdings.for_category(self.list.category) if holding.destroy_month is not None]

    def copy_to_archive(self, people: Sequence[UUID] = ()) -> int:
        return sum(
            archive_transfer.copy_month(self.list, covered, self.month, actor=self.actor, at=self.at)
            for covered in preservation.preservation_scopes(self.list.category, clock.kst_date(self.at))
            if covered.holding.month
        )

    def destroy_keys(self, in_time: InTime) -> bool:
        """Destroy the month's epoch key; where a hold keeps somebody's records in it, only the others' rows will go."""
        self._destroy_month(archived=self.copy_to_archive())
        return True

    @transaction.atomic
    def _destroy_month(self, *, archived: int) -> None:
        locks.block_new_holds_until_commit()
        kept = self._retained()
        number, destroyed = 0, False
        key_kept = bool(kept) or blockers.hold_covers_everybody(self.list.category, self.at)
        if not key_kept:
            number = self.append_to_journal(month=self.month)
            destroyed = vault.shred_month(
                category=self.list.category,
                month=self.month,
                cause=self.list.run.cause,
                certificate=self.list.certificate_number,
                actor=self.actor,
                at=self.at,
            )
            journal_cursors.advance_cursor(number, using="default", at=self.at)
        systems.order_month_destruction(
            list_id=self.list.pk, case=self.case, category=self.list.category, month=self.month, actor=self.actor,
            at=self.at,
        )  # fmt: skip
        self._record_retained(kept)
        archived -= self.delete_copies(kept)
        self.update_list(keys_destroyed=int(destroyed), key_kept=key_kept, archived=archived, journal_line=number)
        self.stamp_keys_destroyed(int(destroyed))
        facts = {
            "certificate": self.list.certificate_number,
            "month": str(self.month),
            "keys": int(destroyed),
            "kept": len(kept),
            "journal": number,
        }
        self.record(Event.KEYS_DESTROYED, facts)
        self.advance_to_keys()

    def _retained(self) -> dict[UUID, LineState]:
        """Return who has records in the month that may not go now, and why."""
        category = self.list.category
        named = sorted(blockers.all_blocked_subjects(category, self.at))
        present: set[UUID] = set()
        for holding in holdings.for_category(category):
            if holding.month:
                rows = selection.rows_in_month(holding, self.month)
                if named:
                    rows_of_named = rows.filter(**{f"{holding.subject}__in": named})
                    present.update(rows_of_named.values_list(holding.subject, flat=True).distinct())
                if blockers.hold_covers_everybody(category, self.at):
                    present.update(rows.values_list(holding.subject, flat=True).distinct())
        return dict(blockers.blocked_subjects(sorted(present), category, self.at))

    def _record_retained(self, kept: Mapping[UUID, LineState], *, rows: Mapping[str, int] | None = None) -> None:
        """Put on the list whose records of the month stay, and why; ``rows`` takes back what was counted of them."""
        DestructionLine.objects.bulk_create(
            [
                DestructionLine(list=self.list, category=self.list.category, subject_id=subject_id, state=why)
                for subject_id, why in kept.items()
            ]
        )
        self.skip(kept, rows=rows)

    def _delete_rows(self, in_time: InTime) -> bool:
        """Drop the month, or the others' rows in it where somebody's records and the month's key stay.

        A whole month's rows were counted when the list was made, and are not counted again: that would cost more than
        dropping them.
        """
        if self.list.key_kept:
            self._count_others()
            self._delete_others()
            return True
        if not self.list.rows_removed:
            tried = readback.attempt_decryption_of_month(self.list.category, self.month, at=self.at)
            by_month = self.monthly_holdings
            counts = {by_month[0].label: self.list.records}
            if len(by_month) > 1:
                counts = {holding.label: self._rows_to_delete(holding, ()).count() for holding in by_month}
            with transaction.atomic():
                self.update_list(rows_removed=counts, attempts=tried)
                self._record_rows(counts)
        self._drop_month(())
        return True

    @transaction.atomic
    def _count_others(self) -> None:
        """Count the rows and the people that go, once, and commit the counts before the rows go."""
        if self.list.people_removed is not None:
            return
        by_month, kept = self.monthly_holdings, self.skipped_people()
        going = [self._rows_to_delete(holding, kept) for holding in by_month]
        people = [rows.order_by().values_list(holding.subject) for holding, rows in zip(by_month, going, strict=True)]
        counts = {holding.label: rows.count() for holding, rows in zip(by_month, going, strict=True)}
        together = people[0].union(*people[1:]) if len(people) > 1 else people[0].distinct()
        self.update_list(rows_removed=counts, people_removed=together.count())
        self._record_rows(counts)

    @transaction.atomic
    def _delete_others(self) -> None:
        """Ask once more who must stay, for the key still opens everything, and let the others' rows go meanwhile."""
        locks.block_new_holds_until_commit()
        noted = self.skipped_people()
        fresh = {who: why for who, why in self._retained().items() if who not in set(noted)}
        if fresh:
            less = {
                holding.label: -selection.rows_in_month(holding, self.month)
                .filter(**{f"{holding.subject}__in": list(fresh)})
                .count()
                for holding in self.monthly_holdings
            }
            row = DestructionList.objects.select_for_update().get(pk=self.list.pk)
            row.rows_removed = {label: count + less.get(label, 0) for label, count in row.rows_removed.items()}
            row.people_removed = (row.people_removed or 0) - len(fresh)
            row.save(update_fields=["rows_removed", "people_removed"])
            self._record_retained(fresh, rows=less)
            self.update_list(archived=F("archived") - self.delete_copies(fresh))
        self._drop_month([*noted, *fresh])

    def _drop_month(self, kept: Sequence[UUID]) -> None:
        certificate = self.list.certificate_number
        for holding in self.monthly_holdings:
            if holding.destroy_month is not None:
                holding.destroy_month(self.month, keep=kept, certificate=certificate, actor=self.actor, at=self.at)

    def _record_rows(self, counts: dict[str, int]) -> None:
        facts = {"certificate": self.list.certificate_number, "rows": counts, "month": str(self.month)}
        self.record(Event.ROWS_REMOVED, facts)

    def _rows_to_delete(self, holding: Holding, kept: Sequence[UUID]) -> QuerySet[Model]:
        return selection.rows_in_month(holding, self.month).exclude(**{f"{holding.subject}__in": list(kept)})

    def read_back(self) -> ReadbackReport:
        return readback.search_month(self.list)

    @staticmethod
    def replay(line: JournalLine, *, actor: Actor, at: datetime) -> tuple[int, int]:
        assert line.month is not None
        key = vault.shred_month(
            category=line.category,
            month=line.month,
            cause=line.cause,
            certificate=line.certificate,
            actor=actor,
            at=at,
            again=True,
        )
        rows = 0
        for holding in holdings.for_category(line.category):
            if holding.destroy_month is not None:
                rows += holding.destroy_month(line.month, certificate=line.certificate, actor=actor, at=at)
        return int(key), rows
