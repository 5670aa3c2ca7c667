"""The nightly comparison of what was opened with what the person is told: an opening that is hidden is a finding.

What was opened is taken from the text of each entry, which is hashed and sealed; what is told comes from the columns
that are searched, the lists beside the entries and ``openings``. Whoever rules the database can change those three.
"""

import random
from collections.abc import Iterator
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from django.db import connection

from privacy.ledger.entries.pseudonyms import pseudonyms_of
from privacy.ledger.events import Event
from privacy.retention.consistency_checks import Difference
from privacy.rights import openings
from privacy.rights.actions.cases import holders_of
from privacy.rights.models import Request
from privacy.subjects.models import Subject

# So many entries are looked for, each night, as one of their people would.
SAMPLE = 1_000
# A finding names each entry; somebody who hid very many is found by the first of them.
MOST_NAMED = 100
_SAID: LiteralString = "CROSS JOIN LATERAL (SELECT e.payload::jsonb AS said) s"
# A reading is found by each of its people if its columns, and the list beside it, say what its text says.
_HIDDEN: LiteralString = (
    "SELECT e.id FROM ledger.entry e LEFT JOIN ledger.entry_people p ON p.entry_id = e.id"  # noqa: S608 - constants
    f" {_SAID} WHERE (e.kind = 'read' OR said ->> 'word' = %(read)s) AND (e.kind <> 'read'"
    " OR e.actor IS DISTINCT FROM said ->> 'actor' OR e.task IS DISTINCT FROM said ->> 'task'"
    " OR e.purpose IS DISTINCT FROM said ->> 'purpose'"
    " OR e.subjects IS DISTINCT FROM string_to_array(translate(said ->> 'subjects', '[]\" ', ''), ',')"
    " OR jsonb_typeof(said -> 'subjects') <> 'array'"
    " OR said ->> 'digest' IS DISTINCT FROM"
    "    encode(sha256(convert_to(array_to_string(p.people, E'\\n'), 'UTF8')), 'hex')) ORDER BY e.id LIMIT %(most)s"
)
_SAMPLE: LiteralString = (
    "SELECT e.id, coalesce(p.people, ARRAY(SELECT jsonb_array_elements_text(said -> 'subjects'))) FROM ledger.entry e"  # noqa: S608 - constants
    f" LEFT JOIN ledger.entry_people p ON p.entry_id = e.id {_SAID} WHERE e.kind = 'read'"
    " AND (jsonb_typeof(said -> 'subjects') = 'array' OR p.people IS NOT NULL) ORDER BY random() LIMIT %(sample)s"
)


def openings_are_told(at: datetime, *, sample: int = SAMPLE) -> Iterator[Difference]:
    """Yield the entries of openings that a person they were about would not find."""
    hidden = [number for (number,) in _rows(_HIDDEN, read=Event.READ.value, most=MOST_NAMED)]
    for number, names in _rows(_SAMPLE, sample=sample):
        # A reading whose people are an empty list is told to nobody.
        if number not in hidden and not (names and _is_told(number, random.choice(names))):  # noqa: S311 - no secret
            hidden.append(number)
    yield from (Difference(f"entry {number}") for number in hidden[:MOST_NAMED])


def _is_told(number: int, name: str) -> bool:
    """Whether the person behind a name finds the entry, or the law keeps it from them; true if nobody is behind it."""
    people = _people(name)
    if not people:
        return True
    told = (openings.openings_of(people), openings.secret_openings_of(people))
    return any(entries.filter(id=number).exists() for entries in told)


def _people(name: str) -> list[UUID]:
    """Return whose page shows what names them: people, and verified cases; not a case that was never verified."""
    ids = []
    for one in pseudonyms_of(name):
        try:
            ids.append(UUID(one))
        except ValueError:
            continue
    verified = Request.objects.filter(id__in=ids, verified_at__isnull=False)
    by_case = [one for case in verified for one in holders_of(case)]
    return [*Subject.objects.filter(id__in=ids).values_list("id", flat=True), *by_case]


def _rows(query: LiteralString, **values: int | str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
