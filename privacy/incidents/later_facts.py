"""What became known of an incident after a moment, by the audit trail: what was told before could not say it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from privacy.incidents.events import Event
from privacy.incidents.models import Incident, Report
from privacy.ledger.entries.payloads import facts_in, parse_payload
from privacy.ledger.models import Entry


@dataclass(frozen=True, slots=True)
class Change:
    """One writing down: when, which fields, and the estimate before it where it changed."""

    at: datetime
    fields: frozenset[str]
    estimate_before: int | None = None


@dataclass(frozen=True, slots=True)
class IssuedForm:
    """A form that was handed out: when, for which report, its SHA-256, and whether items or course were missing."""

    at: datetime
    number: int
    digest: str
    partial: bool


def changes_after(incident: Incident, moment: datetime) -> Iterator[Change]:
    """Yield what was written down of an incident after a moment, the earliest first; people count as a field."""
    for at, facts in _told(incident, Event.DESCRIBED, Event.AFFECTED):
        changed, before = facts.get("changed"), facts.get("before")
        fields = frozenset(map(str, changed if isinstance(changed, list) else ()))
        fields |= {"affected"} if facts.get("added") else frozenset()
        if at > moment and fields:
            yield Change(at, fields, before if isinstance(before, int) else None)


def estimate_at(incident: Incident, moment: datetime) -> int:
    """Return the estimate as it stood at a moment."""
    later = (one.estimate_before for one in changes_after(incident, moment))
    return next((before for before in later if before is not None), incident.estimate)


def last_form(incident: Incident, duty: Report.Duty, *, before: datetime) -> IssuedForm | None:
    """Return the form that was handed out last for a duty by a moment: what was reported then."""
    return next((one for one in reversed(_forms(incident, duty)) if one.at <= before), None)


def told_until(incident: Incident, duty: Report.Duty) -> datetime:
    """Return the moment up to which the reports of a duty tell what was known: that of a report's form, if it had one.

    Raises ValueError where nothing was reported.
    """
    made_at = {one.digest: one.at for one in reversed(_forms(incident, duty))}
    reports = incident.reports.filter(duty=duty).values_list("digest", "reported_at")
    return max(made_at.get(digest, reported_at) for digest, reported_at in reports)


def _forms(incident: Incident, duty: Report.Duty) -> list[IssuedForm]:
    return [
        IssuedForm(at, facts.get("no", 0), facts.get("digest", ""), bool(facts.get("incomplete")))
        for at, facts in _told(incident, Event.FORM_ISSUED)
        if facts.get("duty") == duty
    ]


def _told(incident: Incident, *words: Event) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """Yield when each entry says that it was, and its facts; one that nobody can read is a finding elsewhere."""
    entries = Entry.objects.about(f"incidents.incident:{incident.pk}").filter(word__in=words).order_by("id")
    for payload in entries.values_list("payload", flat=True):
        try:
            at = datetime.fromisoformat(parse_payload(payload)["at"])
        except (ValueError, LookupError, TypeError):
            continue
        if at.tzinfo is not None:
            yield at, facts_in(payload)
