"""What this app holds of people: the representatives of children, sealed. Decisions only name a person by her id."""

from collections.abc import Iterator, Sequence
from functools import partial
from uuid import UUID

from consents.actions import remove_representatives
from consents.models import (
    AdvertisingNotice,
    AgeStatement,
    AskedRepresentative,
    ConsentCode,
    CurrentConsent,
    Decision,
    PlannedDestruction,
    Representative,
    RepresentativeRequest,
)
from privacy.policies.categories import DEVICE_REGISTRATION
from privacy.subjects import holdings
from privacy.subjects.sources import DataSource, Source


def _sources_of_representatives(subject_ids: Sequence[UUID]) -> Iterator[DataSource]:
    """Yield that a child's representative gave their own particulars with the decision."""
    if Representative.objects.filter(subject_id__in=list(subject_ids)).exists():
        yield DataSource(Source.PERSON)


def _sources_of_asked(subject_ids: Sequence[UUID]) -> Iterator[DataSource]:
    """Yield that a child named their representative."""
    if AskedRepresentative.objects.filter(subject_id__in=list(subject_ids)).exists():
        yield DataSource(Source.PERSON)


holdings.declare(
    Representative,
    category=DEVICE_REGISTRATION,
    subject="subject_id",
    clock="licence-expiry",
    using="personal",
    items={},
    destroy=remove_representatives,
    sources=_sources_of_representatives,
)
holdings.declare(
    AskedRepresentative,
    category=DEVICE_REGISTRATION,
    subject="subject_id",
    clock="licence-expiry",
    using="personal",
    items={},
    destroy=partial(remove_representatives, named=AskedRepresentative),
    sources=_sources_of_asked,
)
holdings.declare_pseudonymous(
    AgeStatement, subject="subject_id", why="whether somebody is under 14, by month, never the date of birth (law T-08)"
)
holdings.declare_pseudonymous(
    RepresentativeRequest, subject="subject_id", why="evidence that a representative was asked, and how (law C-12)"
)
holdings.declare_pseudonymous(
    Decision, subject="subject_id", why="evidence of what was agreed to: an id, a text's hash, a time (law C-08)"
)
holdings.declare_pseudonymous(CurrentConsent, subject="subject_id", why="the latest decision, by id")
holdings.declare_pseudonymous(
    AdvertisingNotice, subject="subject_id", why="that a notice went out, when; never to which address"
)
holdings.declare_pseudonymous(
    ConsentCode, subject="subject_id", why="what opens the consent pages: a digest and an id; never the code"
)
holdings.declare_pseudonymous(
    PlannedDestruction, subject="subject_id", why="when a withdrawal destroys what rested on it, and who stopped that"
)
