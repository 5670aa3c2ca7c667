"""When what a requester wrote is over, and whose open request a scheduled destruction must not overtake; only reads."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, Q

from privacy.lib.dates import periods
from privacy.policies import rulebook
from privacy.policies.rulebook import RetentionPeriod
from privacy.rights.models import CasePerson, Objection, Particulars, Request
from privacy.vault.decryption_session import DecryptionSession

BATCH_SIZE = 1000
# What the requester wrote; answers and notes are the office's words.
REQUESTER_WORDS = (Particulars.About.CASE, Particulars.About.OBJECTION)
FIELDS = ("contact", "claimed", "wanted", "explanation")


def particulars_due(on: date, term: RetentionPeriod) -> Iterator[list[UUID]]:
    """Yield the cases that ended ``rights.records.years`` ago or longer (law R-31), in slices.

    The term is a number of the office's own, so ``term`` says nothing more.
    """
    years = rulebook.parameter("rights.records.years", on)
    last: UUID | None = None
    while True:
        # Any words of the case: what the requester wrote may never have arrived, and the office's own are held too.
        ended = Particulars.objects.filter(closed_on__isnull=False)
        ended = ended if last is None else ended.filter(subject_id__gt=last)
        page = ended.values("subject_id").annotate(closed=Max("closed_on")).order_by("subject_id")
        rows = list(page.values_list("subject_id", "closed")[:BATCH_SIZE])
        if not rows:
            return
        over = [case for case, closed in rows if closed is not None and periods.period_end(closed, years=years) < on]
        over = sorted(set(over) - _disputed(over))
        if over:
            yield over
        last = rows[-1][0]


def _disputed(cases: Sequence[UUID]) -> set[UUID]:
    """Of these cases, those with an objection that nobody has decided: it is read before it is destroyed (law R-29)."""
    pending = Objection.objects.filter(outcome=Objection.Outcome.PENDING, right__request_id__in=cases)
    return set(pending.values_list("right__request_id", flat=True))


def with_open_request(subject_ids: Sequence[UUID] | None, category: str, at: datetime) -> Iterable[UUID]:
    """Return those of these people (``None``: everybody) with a verified request open, or an objection undecided.

    It is answered before a schedule destroys.
    """
    verified = Request.objects.filter(verified_at__isnull=False)
    pending = Objection.objects.filter(outcome=Objection.Outcome.PENDING).values("right__request_id")
    people = CasePerson.objects.filter(request__in=verified.filter(Q(state__in=Request.OPEN) | Q(id__in=pending)))
    if subject_ids is not None:
        people = people.filter(subject_id__in=list(subject_ids))
    return set(people.values_list("subject_id", flat=True))


def with_request_ended(since: datetime) -> Iterable[UUID]:
    """Return the people whose verified request was closed, or whose objection was decided, at ``since`` or later."""
    decided = Objection.objects.filter(reviewed_at__gte=since).values("right__request_id")
    ended = Request.objects.filter(verified_at__isnull=False).filter(Q(closed_at__gte=since) | Q(id__in=decided))
    return set(CasePerson.objects.filter(request__in=ended).values_list("subject_id", flat=True))


def cases_of(subject_ids: Collection[UUID]) -> Iterable[UUID]:
    """Return the cases of these people: what was written and handed in there is sealed under the case."""
    return CasePerson.objects.filter(subject_id__in=subject_ids).values_list("request_id", flat=True).distinct()


def export_particulars(subject_id: UUID, vault_session: DecryptionSession) -> Iterator[dict[str, Any]]:
    """Yield what a person wrote in their own cases, objections too: their data, for their access package (P1.2)."""
    cases = {case.id: case.number for case in Request.objects.of_subject(subject_id)}
    words = Particulars.objects.filter(subject_id__in=list(cases), about__in=REQUESTER_WORDS)
    for one in words.order_by("received_on", "id"):
        values = vault_session.decrypt_fields(one, FIELDS)
        yield {"case": cases[one.subject_id], **{name: value for name, value in values.items() if value}}
