"""A person's own cases as further names of the person: what was opened there is on the person's record too."""

from collections.abc import Collection
from uuid import UUID

from privacy.rights.models import CasePerson, Request
from privacy.subjects.references import references, uuids


def pseudonyms(name: str) -> Collection[str]:
    """Return the verified cases of the person with this id, under which what they wrote is sealed."""
    try:
        subject_id = UUID(name)
    except ValueError:
        return ()
    return [str(case) for case in Request.objects.of_subject(subject_id).values_list("id", flat=True)]


def people_of_cases(ids: Collection[str]) -> dict[str, str]:
    """Return the references of whom each of these cases concerns: what was written there is sealed under the case."""
    rows = list(CasePerson.objects.filter(request__in=uuids(ids)).values_list("request_id", "subject_id"))
    known = references({str(subject_id) for _case, subject_id in rows})
    found: dict[str, list[str]] = {}
    for case, subject_id in rows:
        found.setdefault(str(case), []).append(known.get(str(subject_id), str(subject_id)))
    return {case: ", ".join(people) for case, people in found.items()}
