"""The end of the preservation term: archived records go on their own day, the month's key with the month (P6.4).

Slice by slice: holds are asked, the rows counted and the journal written in one transaction; then the rows go. Until
the month's key is gone a row can still be read, so right before the rows go holds are asked once more.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime
from itertools import batched
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Sum

from privacy.ledger.actors import Actor
from privacy.ledger.captured_tables import MOST_NAMED
from privacy.lib.dates import clock
from privacy.policies.categories import ARCHIVE, ARCHIVE_PREFIX
from privacy.retention import locks
from privacy.retention.actions import journal_cursors
from privacy.retention.actions.destruction.strategy import DestructionStrategy, InTime
from privacy.retention.archive import expiry
from privacy.retention.destruction import blockers, journal, readback
from privacy.retention.destruction.journal import JournalLine
from privacy.retention.destruction.readback import ReadbackReport
from privacy.retention.events import Event
from privacy.retention.models import ArchivedRecord, DestructionLine, DestructionList
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault.models import MonthKey, SubjectKey

BATCH_SIZE = 1_000
LineState = DestructionLine.State


class ArchiveStrategy(DestructionStrategy):
    """Archived records past their term: people get their lines on the list as their records are counted."""

    def copy_to_archive(self, people: Sequence[UUID] = ()) -> int:
        """Copy nothing: it is the archive itself that ends."""
        return 0

    @transaction.atomic
    def destroy_keys(self, in_time: InTime) -> bool:
        """Destroy the epoch keys of finished months; note whose records a hold keeps."""
        today = clock.kst_date(self.at)
        locks.block_new_holds_until_commit()
        kept = self._on_hold()
        self._record_held(kept)
        doomed = expiry.expired_month_keys(self.list.run.as_of, kept, today=today)
        number = self._journal_slice(epochs=doomed) if doomed else 0
        for keyring, month in doomed:
            vault.shred_month(
                category=keyring,
                month=month,
                cause=self.list.run.cause,
                certificate=self.list.certificate_number,
                actor=self.actor,
                at=self.at,
            )
        epochs = [[keyring, month.isoformat()] for keyring, month in doomed]
        self.update_list(
            step=DestructionList.Step.KEYS,
            keys_at=self.moment if epochs else None,
            keys_destroyed=len(epochs),
            epochs=epochs,
        )
        facts = {
            "certificate": self.list.certificate_number,
            "keys": len(epochs),
            "epochs": epochs,
            "kept": len(kept),
            "journal": number,
        }
        self.record(Event.KEYS_DESTROYED, facts)
        return True

    def _delete_rows(self, in_time: InTime) -> bool:
        """Delete the records past their term, and the archive keys of people of whom nothing is left anywhere."""
        self._attempt_decryption()
        if interrupted := self._counted():
            self._recheck_holds(interrupted)
            self._delete_counted()
        self._destroy_left_keyrings()
        due = ArchivedRecord.objects.over(self.list.run.as_of).exclude(subject_id__in=self.skipped_people())
        people = sorted(due.order_by().values_list("subject_id", flat=True).distinct())
        for part in batched(people, BATCH_SIZE):
            if not in_time():
                return False
            self._count(set(part))
            self._delete_counted()
        return True

    def _attempt_decryption(self) -> None:
        """Try, once, to open records of the months whose keys went, before their rows go."""
        if self.list.epochs and not self.list.attempts:
            self.update_list(attempts=readback.attempt_decryption_of_archive(self.list.epochs, at=self.at))

    def _counted(self) -> set[UUID]:
        """Return those whose rows are counted and on the journal, and not known to be gone."""
        lines = DestructionLine.objects.filter(list=self.list, state=LineState.COUNTED)
        return set(lines.values_list("subject_id", flat=True))

    @transaction.atomic
    def _count(self, people: set[UUID]) -> None:
        """Decide whose records go: the question, the counts, the journal and the ledger in one transaction."""
        locks.block_new_holds_until_commit()
        kept = self._on_hold() & people
        self._record_held(kept)
        free = people - kept
        if not free:
            return
        self._create_lines(free, LineState.COUNTED)
        number = self._journal_slice(people=free)
        for part in batched(sorted(free), MOST_NAMED):
            rows = self._rows(part)
            self._add_rows(rows)
            facts = {
                "certificate": self.list.certificate_number,
                "rows": rows,
                "people": len(part),
                "journal": number,
            }
            self.record(Event.ROWS_REMOVED, facts, subjects=part)

    @transaction.atomic
    def _recheck_holds(self, people: set[UUID]) -> None:
        """After a crash or a hold between the count and the removal: who is held by now is spared, and not counted."""
        locks.block_new_holds_until_commit()
        kept = self._on_hold() & people
        said = DestructionList.objects.values_list("journal_line", flat=True).get(pk=self.list.pk)
        if not kept and said not in journal.voided_numbers():
            return
        less = {table: -count for table, count in self._rows(kept).items()}
        self._record_held(kept, less)
        self._add_rows(less)
        self._journal_slice(people=people - kept)
        # Last: a line that this transaction replaces and does not commit would be void with nothing in its place.
        journal.void(said, at=self.at)
        journal_cursors.advance_cursor(journal.last_number(), using="default", at=self.at)

    def _delete_counted(self) -> None:
        """Let the counted rows go, and the keyrings of people of whom nothing is left."""
        people = self._counted()
        while not self._delete_unless_held(people):
            self._recheck_holds(people)
            people = self._counted()
        self._destroy_keyrings_unless_held(_fully_destroyed(people))

    def _destroy_left_keyrings(self) -> None:
        """After a crash between a slice's rows and its keyrings: destroy those that were left."""
        lines = DestructionLine.objects.filter(list=self.list, state=LineState.REMOVED).order_by("subject_id")
        part: list[UUID] = []
        while part := list(lines.after(part).values_list("subject_id", flat=True)[:BATCH_SIZE]):
            keyrings = SubjectKey.objects.filter(subject_id__in=part, category__startswith=ARCHIVE_PREFIX)
            left = set(keyrings.values_list("subject_id", flat=True))
            self._destroy_keyrings_unless_held(_fully_destroyed(left))

    def _destroy_keyrings_unless_held(self, ended: set[UUID]) -> None:
        self._destroy_keyrings(ended - blockers.on_hold(sorted(ended), ARCHIVE, self.at))

    @transaction.atomic
    def _destroy_keyrings(self, ended: set[UUID]) -> None:
        """Destroy the archive keys of people of whom nothing is left, and count them with the keys of the list."""
        destroyed = _destroy_keyrings(
            ended,
            [keyring for keyring, _month in self.list.epochs],
            cause=self.list.run.cause,
            certificate=self.list.certificate_number,
            actor=self.actor,
            at=self.at,
        )
        if destroyed:
            self.update_list(keys_destroyed=F("keys_destroyed") + destroyed, keys_at=self.moment)
            facts = {"certificate": self.list.certificate_number, "people": len(ended), "keys": destroyed}
            self.record(Event.KEYS_DESTROYED, facts, subjects=sorted(ended))

    @transaction.atomic
    def _delete_unless_held(self, people: set[UUID]) -> bool:
        """Delete the rows of these people, unless a hold placed since the count keeps somebody's: then nothing."""
        locks.block_new_holds_until_commit()
        if self._on_hold() & people:
            return False
        for part in batched(sorted(people), MOST_NAMED):
            ArchivedRecord.objects.over(self.list.run.as_of).filter(subject_id__in=part).delete()
        lines = DestructionLine.objects.filter(list=self.list, subject_id__in=sorted(people), state=LineState.COUNTED)
        lines.update(state=LineState.REMOVED)
        return True

    def _journal_slice(self, *, people: Collection[UUID] = (), epochs: Collection[tuple[str, date]] = ()) -> int:
        number = self.append_to_journal(people=sorted(people), ends_before=self.list.run.as_of, epochs=epochs)
        self.update_list(journal_line=number)
        journal_cursors.advance_cursor(number, using="default", at=self.at)
        return number

    def _rows(self, people: Collection[UUID]) -> dict[str, int]:
        doomed = ArchivedRecord.objects.over(self.list.run.as_of).filter(subject_id__in=sorted(people))
        totals = doomed.aggregate(bundles=Count("id"), records=Sum("records"))
        return {"retention.archivedrecord": totals["bundles"] or 0, "records": totals["records"] or 0}

    def _add_rows(self, rows: dict[str, int]) -> None:
        row = DestructionList.objects.select_for_update().get(pk=self.list.pk)
        total = Counter(row.rows_removed)
        total.update(rows)
        row.rows_removed = dict(total)
        row.save(update_fields=["rows_removed"])

    def _on_hold(self) -> set[UUID]:
        return expiry.people_on_hold(self.list.run.as_of, clock.kst_date(self.at))

    def _record_held(self, kept: set[UUID], rows: dict[str, int] | None = None) -> None:
        """Note whose records a hold keeps; ``rows`` takes back what was counted of them."""
        lines = DestructionLine.objects.filter(list=self.list, subject_id__in=sorted(kept))
        self._create_lines(kept - set(lines.values_list("subject_id", flat=True)), LineState.HELD)
        self.skip(dict.fromkeys(sorted(kept), LineState.HELD), rows=rows)

    def _create_lines(self, people: set[UUID], state: LineState) -> None:
        DestructionLine.objects.bulk_create(
            [
                DestructionLine(list=self.list, category=ARCHIVE, subject_id=subject_id, state=state)
                for subject_id in sorted(people)
            ]
        )

    def read_back(self) -> ReadbackReport:
        return readback.search_archive(self.list)

    @staticmethod
    def replay(line: JournalLine, *, actor: Actor, at: datetime) -> tuple[int, int]:
        keys = sum(
            vault.shred_month(
                category=keyring,
                month=month,
                cause=line.cause,
                certificate=line.certificate,
                actor=actor,
                at=at,
                again=True,
            )
            for keyring, month in line.epochs
        )
        if line.ends_before is None:
            return keys, 0
        doomed = ArchivedRecord.objects.over(line.ends_before)
        parts = batched(line.people, MOST_NAMED)
        rows = sum(doomed.filter(subject_id__in=part).delete()[0] for part in parts)
        ended = _fully_destroyed(line.people)
        return keys + _destroy_keyrings(
            ended, [], cause=line.cause, certificate=line.certificate, actor=actor, at=at, again=True
        ), rows


def _fully_destroyed(people: Collection[UUID]) -> set[UUID]:
    gone = Subject.objects.filter(id__in=sorted(people), state=Subject.State.DESTROYED)
    ended = set(gone.values_list("id", flat=True))
    return ended - set(ArchivedRecord.objects.filter(subject_id__in=sorted(ended)).values_list("subject_id", flat=True))


def _destroy_keyrings(
    ended: set[UUID],
    keyrings: Collection[str],
    *,
    cause: str,
    certificate: str,
    actor: Actor,
    at: datetime,
    again: bool = False,
) -> int:
    living = MonthKey.objects.filter(category__startswith=ARCHIVE_PREFIX).values_list("category", flat=True)
    named = sorted({*living, *keyrings})
    if not ended or not named:
        return 0
    return vault.shred_subjects(
        subject_ids=sorted(ended),
        categories=named,
        cause=cause,
        certificate=certificate,
        actor=actor,
        at=at,
        again=again,
    )
