"""Destroying keys: one small row destroyed is one person's data, or a month of everybody's, in every copy (P7.2).

A destroyed key leaves a tombstone, and sealing for it is refused from then on, for ever. Both happen in one
transaction on ``default``; the rows that can't be read any more are swept later, by the apps that own them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.identifiers.ids import new_id, uuid_array_literal
from privacy.vault import destruction_vetoes, keys
from privacy.vault.actions.key_creation import KEY_CREATION_LOCK
from privacy.vault.encryption_options import month_of
from privacy.vault.events import Event
from privacy.vault.models import KeyCheck, MonthKey, SubjectKey, Tombstone

# No key is made while keys are destroyed: whoever makes one waits, then meets the tombstone (vault_refuse_destroyed).
# Not a table lock, which would wait for an autovacuum of the table.
LOCK_KEY_CREATION = "SELECT pg_advisory_xact_lock(%s)"
# Tombstones come before their keys go, and say of each whether there was one: the database compares. A turn of the
# master key waits, so that it is the newest wrapping. The tombstones' ids begin with the moment, as new_id's do.
SET_TOMBSTONES = """
WITH held AS MATERIALIZED (
    SELECT subject_id, category, generation FROM vault_subjectkey
    WHERE subject_id = ANY(%(people)s::uuid[])
      AND (%(categories)s::text[] IS NULL OR category = ANY(%(categories)s::text[]))
    FOR UPDATE
)
INSERT INTO vault_tombstone (id, subject_id, category, month, generation, cause, certificate, destroyed_at)
SELECT overlay(gen_random_uuid()::text PLACING %(moment)s FROM 1 FOR 15)::uuid, person, named, NULL,
       max(held.generation), %(cause)s, %(certificate)s, %(at)s
FROM unnest(%(people)s::uuid[]) AS person CROSS JOIN unnest(coalesce(%(categories)s::text[], ARRAY[''])) AS named
LEFT JOIN held ON held.subject_id = person AND named IN ('', held.category)
GROUP BY person, named
ON CONFLICT (subject_id, category) WHERE subject_id IS NOT NULL DO NOTHING
"""
DESTROY_KEYS = """
DELETE FROM vault_subjectkey
WHERE subject_id = ANY(%(people)s::uuid[])
  AND (%(categories)s::text[] IS NULL OR category = ANY(%(categories)s::text[]))
"""


def shred_subject(
    *,
    subject_id: UUID,
    categories: Collection[str] | None,
    cause: str,
    certificate: str,
    actor: Actor,
    at: datetime,
) -> int:
    """Destroy one subject's keys of ``categories`` (``None``: all, also any that come later); return how many.

    Raises UnderHold.
    """
    return shred_subjects(
        subject_ids=[subject_id], categories=categories, cause=cause, certificate=certificate, actor=actor, at=at
    )


def shred_subjects(
    *,
    subject_ids: Sequence[UUID],
    categories: Collection[str] | None,
    cause: str,
    certificate: str,
    actor: Actor,
    at: datetime,
    again: bool = False,
) -> int:
    """Destroy many subjects' keys in one act; return how many keys. Safe to repeat: what is destroyed stays so.

    Raises UnderHold while a hold covers one of them, except ``again``: what was destroyed before a restore goes again.
    """
    named = None if categories is None else sorted(set(categories))
    people = sorted(set(subject_ids))
    if not people or named == []:
        return 0
    with transaction.atomic():
        if not again:
            destruction_vetoes.refuse_if_vetoed(subject_ids, named, at=at)
        with connection.cursor() as cursor:
            cursor.execute(LOCK_KEY_CREATION, [KEY_CREATION_LOCK])
            said = {
                "people": uuid_array_literal(people), "categories": named, "moment": str(new_id())[:15],
                "cause": cause, "certificate": certificate, "at": at,
            }  # fmt: skip
            cursor.execute(SET_TOMBSTONES, said)
            cursor.execute(DESTROY_KEYS, said)
            destroyed: int = cursor.rowcount
        ledger.record(
            Event.SUBJECT_SHREDDED,
            actor=actor,
            at=at,
            subjects=people,
            facts={
                "categories": named or "all",
                "keys": destroyed,
                "cause": cause,
                "certificate": certificate,
            },
        )
        keys.clear_cache_on_commit()
    return destroyed


def shred_month(
    *, category: str, month: date, cause: str, certificate: str, actor: Actor, at: datetime, again: bool = False
) -> bool:
    """Destroy everybody's data of one category and month; return whether there was a key. Safe to repeat.

    The caller has asked who has records in the month. Raises UnderHold while a hold covers everybody, except ``again``:
    what was destroyed before a restore goes again.
    """
    first = month_of(month)
    with transaction.atomic():
        if not again:
            destruction_vetoes.refuse_if_vetoed(None, [category], at=at)
        with connection.cursor() as cursor:
            cursor.execute(LOCK_KEY_CREATION, [KEY_CREATION_LOCK])
        held = MonthKey.objects.filter(category=category, month=first)
        generation = held.select_for_update().values_list("generation", flat=True).first()
        Tombstone.objects.get_or_create(
            category=category,
            month=first,
            subject_id=None,
            defaults={
                "generation": generation,
                "cause": cause,
                "certificate": certificate,
                "destroyed_at": at,
            },
        )
        # After its tombstone, without which the database keeps it.
        held.delete()
        ledger.record(
            Event.EPOCH_SHREDDED,
            actor=actor,
            at=at,
            facts={
                "category": category,
                "month": first.isoformat(),
                "keys": int(generation is not None),
                "cause": cause,
                "certificate": certificate,
            },
        )
        keys.clear_cache_on_commit()
    return generation is not None


@dataclass(frozen=True)
class Finality:
    """What a certificate can say about its keys: when they were removed, and when the last copy died with its
    generation of the master key (``None``: that generation still lives)."""

    destroyed_at: datetime | None
    final_at: datetime | None


def finality(certificate: str) -> Finality:
    """Return how final the destructions under one certificate are (vault.md, Turning the master key)."""
    stones = Tombstone.objects.filter(certificate=certificate)
    summary = stones.aggregate(newest=Max("destroyed_at"), generation=Max("generation"))
    if summary["generation"] is None:
        final = summary["newest"]
    else:
        check = KeyCheck.objects.filter(kind=KeyCheck.Kind.MASTER, generation=summary["generation"]).first()
        final = None if check is None else check.ended_at
    return Finality(summary["newest"], final)


def is_destroyed(subject_id: UUID, category: str) -> bool:
    """Whether this subject's key of the category was destroyed, and no key is left: the sweep's read-back asks."""
    gone = bool(keys.destroyed_keys([(subject_id, category)], []))
    return gone and not SubjectKey.objects.filter(subject_id=subject_id, category=category).exists()
