"""Destroying people's data of one category: their keys slice by slice, then their rows (vault.md)."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from itertools import batched
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from privacy.ledger.actors import Actor
from privacy.ledger.captured_tables import MOST_NAMED
from privacy.lib.dates import clock
from privacy.lib.identifiers.ids import uuid_array_literal
from privacy.lib.postgres.uuid_arrays import any_of
from privacy.policies import rulebook
from privacy.retention import locks
from privacy.retention.actions import archive_transfer, journal_cursors
from privacy.retention.actions.destruction import verification
from privacy.retention.actions.destruction.strategy import DestructionStrategy, InTime
from privacy.retention.destruction import blockers, readback
from privacy.retention.destruction.journal import JournalLine
from privacy.retention.destruction.readback import ReadbackReport
from privacy.retention.events import Event
from privacy.retention.models import DestructionLine, DestructionList
from privacy.retention.models.destruction_lists import Cause
from privacy.retention.schedule import selection
from privacy.subjects import actions as subjects
from privacy.subjects import holdings
from privacy.systems import actions as systems
from privacy.systems.models import Act
from privacy.vault import actions as vault
from privacy.vault.models import SubjectKey

KEY_BATCH_SIZE = 2_000
BATCH_SIZE = 1_000
SAMPLE_SIZE = 20
LineState = DestructionLine.State


class SubjectStrategy(DestructionStrategy):
    """People of one category: each has a line on the list, which says how far her destruction got."""

    def copy_to_archive(self, people: Sequence[UUID] = ()) -> int:
        return archive_transfer.copy_people(self.list, people, actor=self.actor, at=self.at)

    def destroy_keys(self, in_time: InTime) -> bool:
        planned = DestructionLine.objects.filter(list=self.list, state=LineState.PLANNED).order_by("subject_id")
        ids: list[UUID] = []
        while ids := list(planned.after(ids).values_list("subject_id", flat=True)[:KEY_BATCH_SIZE]):
            if not in_time():
                return False
            self._seal_for_systems(ids)
            self._destroy_slice(ids, archived=self.copy_to_archive(ids))
        self.advance_to_keys()
        return True

    def _seal_for_systems(self, ids: list[UUID]) -> None:
        """Seal by what connected systems find these people, while it can be read.

        An order destroys several categories: whoever finds by one of them is asked about all.
        """
        lists = DestructionList.objects.filter(pk=self.list.pk)
        if self.list.run.cause != Cause.RETENTION:
            lists = self.list.run.lists.filter(unit=DestructionList.Unit.PEOPLE, state__in=DestructionList.OPEN)
        for row in lists:
            systems.seal_identifiers(
                act=Act.DESTROY, cause_id=row.pk, category=row.category, subject_ids=ids, case=self.case,
                actor=self.actor, at=self.at,
            )  # fmt: skip

    @transaction.atomic
    def _destroy_slice(self, ids: list[UUID], *, archived: int) -> None:
        """Destroy a slice's keys in one transaction with the question whether they may go: a hold set before wins."""
        locks.block_new_holds_until_commit()
        _lock_subjects(ids)
        # Whoever was taken off meanwhile, by an order of her own, is destroyed and certified there.
        planned = DestructionLine.objects.filter(any_of("subject_id", ids), list=self.list, state=LineState.PLANNED)
        taken_off = set(ids).difference(ids := sorted(planned.values_list("subject_id", flat=True)))
        archived -= self.delete_copies(taken_off)
        skipped = self._skip_reasons(ids)
        self.skip(skipped)
        archived -= self.delete_copies(skipped)
        doomed = [subject_id for subject_id in ids if subject_id not in skipped]
        if not doomed:
            return
        number = self.append_to_journal(people=doomed)
        destroyed = vault.shred_subjects(
            subject_ids=doomed,
            categories=[self.list.category],
            cause=self.list.run.cause,
            certificate=self.list.certificate_number,
            actor=self.actor,
            at=self.at,
        )
        systems.order_destruction(
            list_id=self.list.pk, case=self.case, category=self.list.category, subject_ids=doomed, actor=self.actor,
            at=self.at,
        )  # fmt: skip
        self._set_state(doomed, LineState.PLANNED, LineState.KEYED)
        self.update_list(
            keys_destroyed=F("keys_destroyed") + destroyed, archived=F("archived") + archived, journal_line=number
        )
        self.stamp_keys_destroyed(destroyed)
        journal_cursors.advance_cursor(number, using="default", at=self.at)
        facts = {
            "certificate": self.list.certificate_number,
            "people": len(doomed),
            "keys": destroyed,
            "journal": number,
        }
        self.record(Event.KEYS_DESTROYED, facts, subjects=doomed)

    def _set_state(self, ids: Sequence[UUID], before: LineState, after: LineState) -> None:
        """Move the lines of these people from one state to the next; those in another state stay."""
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE retention_destructionline SET state = %s"
                " WHERE list_id = %s AND state = %s AND subject_id = ANY(%s::uuid[])",
                [after.value, self.list.pk, before.value, uuid_array_literal(ids)],
            )

    def _skip_reasons(self, ids: list[UUID]) -> Mapping[UUID, LineState]:
        run, category = self.list.run, self.list.category
        if run.cause != Cause.RETENTION:
            # The person asked for it, or the consent is gone: only a hold stands in the way (law D-03).
            return blockers.blocked_subjects(ids, category, self.at, only={blockers.HELD})
        found = dict(blockers.blocked_subjects(ids, category, self.at))
        if holdings.holding_with_due(category) is None:
            return found
        still_due = selection.people_still_due(category, ids, {run.as_of, clock.kst_date(self.at)})
        settled = still_due | set(found)
        found.update({subject_id: LineState.NOT_DUE for subject_id in ids if subject_id not in settled})
        return found

    def _delete_rows(self, in_time: InTime) -> bool:
        self._delete_slice(self._last_removed())
        keyed = DestructionLine.objects.filter(list=self.list, state__in=(LineState.KEYED, LineState.COUNTED))
        ids: list[UUID] = []
        while lines := dict(keyed.order_by("subject_id").after(ids).values_list("subject_id", "state")[:BATCH_SIZE]):
            if not in_time():
                return False
            ids = list(lines)
            self._delete_uncounted([subject_id for subject_id in ids if lines[subject_id] == LineState.KEYED])
            # What the read-back found left was counted before.
            self._delete_slice([subject_id for subject_id in ids if lines[subject_id] == LineState.COUNTED])
            self._set_state(ids, LineState.COUNTED, LineState.REMOVED)
        return True

    def _last_removed(self) -> list[UUID]:
        """Return the last slice: its count may have been committed, and its deletion cut off by a crash."""
        removed = DestructionLine.objects.filter(list=self.list, state=LineState.REMOVED).order_by("-subject_id")
        return list(removed.values_list("subject_id", flat=True)[:BATCH_SIZE])

    def _delete_uncounted(self, ids: list[UUID]) -> None:
        """Try to open a sample, then delete and count; the count commits right before the deletion does.

        Whatever is repeated was counted, then. What lies by month is counted by its own deletion, for that is much;
        the rest is little, and a verb may delete rows of two holdings.
        """
        if not ids:
            return
        category = self.list.category
        tried = readback.attempt_decryption(category, ids[:SAMPLE_SIZE], at=self.at)
        counts = {one.label: one.counted(ids) for one in holdings.for_category(category) if not one.month}
        with ExitStack() as stack:
            # The general database is entered last: its transaction is the first to commit.
            for using in sorted({one.using for one in holdings.for_category(category)} - {"default"}):
                stack.enter_context(transaction.atomic(using=using))
            stack.enter_context(transaction.atomic())
            counts = self._delete_slice(ids) | counts
            row = DestructionList.objects.select_for_update().get(pk=self.list.pk)
            row.rows_removed = dict(Counter(row.rows_removed) + Counter(counts))
            row.attempts = dict(Counter(row.attempts) + Counter(tried))
            row.save(update_fields=["rows_removed", "attempts"])
            self._set_state(ids, LineState.KEYED, LineState.REMOVED)
            facts = {"certificate": row.certificate_number, "rows": counts, "people": len(ids)}
            self.record(Event.ROWS_REMOVED, facts, subjects=ids)

    def _delete_slice(self, ids: Sequence[UUID]) -> dict[str, int]:
        """Delete what these people have in the category; return how many rows went, by holding."""
        removed: Counter[str] = Counter()
        for holding in holdings.for_category(self.list.category):
            if (destroy := holding.destroy) is not None:
                for part in batched(ids, MOST_NAMED):
                    removed[holding.label] += destroy(
                        part, certificate=self.list.certificate_number, actor=self.actor, at=self.at
                    )
        return dict(removed)

    def read_back(self) -> ReadbackReport:
        return readback.search_people(self.list)

    def certify(self, report: ReadbackReport) -> None:
        for people in self._fully_destroyed():
            subjects.mark_destroyed(people, certificate=self.list.certificate_number, actor=self.actor, at=self.at)
        super().certify(report)
        systems.remove_orphans(cause_id=self.list.pk, actor=self.actor, at=self.at)

    def _fully_destroyed(self) -> Iterator[list[UUID]]:
        """Yield, in slices, the people of the list of whom no key of the policy's categories is left."""
        days = clock.kst_date(self.list.proposed_at), clock.kst_date(self.at)
        people = verification.destroyed_lines(self.list).values_list("subject_id", flat=True)
        for part in batched(people.iterator(chunk_size=BATCH_SIZE), BATCH_SIZE):
            if gone := _without_keys(part, self.list.category, days):
                yield gone

    @staticmethod
    def replay(line: JournalLine, *, actor: Actor, at: datetime) -> tuple[int, int]:
        people = list(line.people)
        keys = vault.shred_subjects(
            subject_ids=people,
            categories=[line.category],
            cause=line.cause,
            certificate=line.certificate,
            actor=actor,
            at=at,
            again=True,
        )
        rows = 0
        for holding in holdings.for_category(line.category):
            if (destroy := holding.destroy) is not None:
                for part in batched(people, MOST_NAMED):
                    rows += destroy(part, certificate=line.certificate, actor=actor, at=at)
        _close_lines(line)
        if gone := _without_keys(people, line.category, [clock.kst_date(line.at), clock.kst_date(at)]):
            subjects.mark_destroyed(gone, certificate=line.certificate, actor=actor, at=at)
        return keys, rows


def _without_keys(people: Sequence[UUID], category: str, days: Collection[date]) -> list[UUID]:
    """Return those of whom no key of the policy's categories is left, where ``category`` is one of them.

    These are the categories of each of the ``days``: a version may have come between proposal and destruction. The
    archive's keyring of a person lives on for the law's own term: it makes nobody less destroyed.
    """
    known = {code for on in days for code in rulebook.in_force(on).categories}
    if category not in known:
        return []
    living = SubjectKey.objects.filter(any_of("subject_id", people), category__in=known)
    alive = set(living.values_list("subject_id", flat=True))
    return [subject_id for subject_id in people if subject_id not in alive]


def _lock_subjects(ids: list[UUID]) -> None:
    """Let whoever resumes a service or ends a registration wait, and see then what became of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM subjects_subject WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE",
            [uuid_array_literal(ids)],
        )


def _close_lines(line: JournalLine) -> None:
    """Take these people off the lists that the restored database still holds open."""
    open_lines = DestructionLine.objects.filter(
        subject_id__in=line.people, category=line.category, is_open=True, state=LineState.PLANNED
    ).exclude(list__state=DestructionList.State.EXECUTING)
    open_lines.update(state=LineState.DROPPED)
