"""The pseudonyms of one person: the id that rows carry and the reference that people read."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db.models import CharField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from privacy.subjects.models import Subject


def pseudonyms(name: str) -> Collection[str]:
    """Return id and reference of the person behind either of them; nothing for a name that is neither."""
    try:
        known = Q(id=UUID(name))
    except ValueError:
        known = Q(reference=name.upper())
    found = Subject.objects.filter(known).values_list("id", "reference").first()
    return {str(found[0]), found[1]} if found else ()


def uuids(names: Iterable[str]) -> list[UUID]:
    """Return those of these names that are ids."""
    found = []
    for name in names:
        with suppress(ValueError):
            found.append(UUID(name))
    return found


def references(ids: Collection[str]) -> dict[str, str]:
    """Return the references of the people behind these ids, in one question."""
    rows = Subject.objects.filter(id__in=uuids(ids)).values_list("id", "reference")
    return {str(one): reference for one, reference in rows}


def with_references[Rows: QuerySet[Any]](rows: Rows, name: str = "subject_id") -> Rows:
    """Return rows that also carry their person's reference, as ``person``: for registers, which people read.

    The rows live in the general database, as people do; a row without a person carries a dash.
    """
    reference = Subject.objects.filter(pk=OuterRef(name)).values("reference")[:1]
    return rows.annotate(person=Coalesce(Subquery(reference, output_field=CharField()), Value("–")))
