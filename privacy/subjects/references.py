"""The pseudonyms of one person: the id that rows carry and the reference that people read."""

from collections.abc import Collection
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


def with_references[Rows: QuerySet[Any]](rows: Rows, name: str = "subject_id") -> Rows:
    """Return rows that also carry their person's reference, as ``person``: for registers, which people read.

    The rows live in the general database, as people do; a row without a person carries a dash.
    """
    reference = Subject.objects.filter(pk=OuterRef(name)).values("reference")[:1]
    return rows.annotate(person=Coalesce(Subquery(reference, output_field=CharField()), Value("–")))
