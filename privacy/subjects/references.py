"""The pseudonyms of one person: the id that rows carry and the reference that people read."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q

from privacy.subjects.models import Subject


def pseudonyms(name: str) -> Collection[str]:
    """Return id and reference of the person behind either of them; nothing for a name that is neither."""
    try:
        known = Q(id=UUID(name))
    except ValueError:
        known = Q(reference=name.upper())
    found = Subject.objects.filter(known).values_list("id", "reference").first()
    return {str(found[0]), found[1]} if found else ()
