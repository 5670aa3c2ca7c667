"""Incidents as they become known: recorded, described, confirmed or ruled out, with measures (B-01, B-07, B-11)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.incidents.events import Event
from privacy.incidents.models import Complaint, Incident, Measure
from privacy.incidents.refusals import Closed, Contradiction, NothingWritten, WrongState
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import clock, periods
from privacy.policies import rulebook

RECORD = "incidents.record_incident"
# What may be written into an open incident as it becomes known.
DESCRIBED = (
    "title", "kind", "occurred_from", "occurred_until", "outside_access", "intrusion", "sensitive", "recovered",
    "estimate", "items", "course_ko", "course_en", "advice_ko", "advice_en", "response_ko", "response_en",
)  # fmt: skip


def record_incident(
    *,
    kind: Incident.Kind,
    title: str,
    aware_at: datetime,
    certainty: Incident.Certainty = Incident.Certainty.CONFIRMED,
    complaint: Complaint | None = None,
    actor: Actor,
    at: datetime,
    **known: Any,
) -> Incident:
    """Record an incident: its terms run from the moment of becoming aware, by the numbers of that day (T-06).

    Raises NotPermitted, NothingWritten without a title, and Contradiction for an awareness in the future.
    """
    require(actor, RECORD)
    if not title.strip():
        raise NothingWritten(_("Say in a few words what happened."), pointer="/title")
    if aware_at > at:
        raise Contradiction(_("Nobody becomes aware of something in the future."), pointer="/aware_at")
    if certainty == Incident.Certainty.NONE:
        raise Contradiction(_("What is ruled out from the start is no incident."), pointer="/certainty")
    day = clock.kst_date(aware_at)
    with transaction.atomic():
        incident = Incident(
            kind=kind,
            title=title.strip(),
            certainty=certainty,
            aware_at=aware_at,
            notify_due_at=periods.hours_due(aware_at, hours=rulebook.parameter("breach.notify.hours", day)),
            report_due_at=periods.hours_due(aware_at, hours=rulebook.parameter("breach.report.hours", day)),
            intrusion_due_at=periods.hours_due(aware_at, hours=rulebook.parameter("intrusion.report.hours", day)),
            recorded_by=actor.ref,
            recorded_at=at,
        )
        _set(incident, known)
        incident.save(force_insert=True)
        ledger.record(
            Event.RECORDED,
            actor=actor,
            at=at,
            about=incident,
            facts={
                "kind": incident.kind,
                "certainty": incident.certainty,
                "aware_at": aware_at.isoformat(),
                "notify_due_at": incident.notify_due_at.isoformat(),
                "report_due_at": incident.report_due_at.isoformat(),
                "intrusion_due_at": incident.intrusion_due_at.isoformat() if incident.intrusion else "",
            },
        )
        if complaint is not None:
            _link(complaint, incident, actor=actor, at=at)
    return incident


def describe_incident(incident: Incident, *, actor: Actor, at: datetime, **known: Any) -> Incident:
    """Write down what has become known. Raises NotPermitted and Closed."""
    require(actor, RECORD, about=incident)
    with transaction.atomic():
        row = open_row(incident)
        changed = _set(row, known)
        if changed:
            row.save(update_fields=changed)
            ledger.record(Event.DESCRIBED, actor=actor, at=at, about=row, facts={"changed": changed})
    return row


def confirm_breach(incident: Incident, *, actor: Actor, at: datetime) -> Incident:
    """A possible breach is one: the ordinary notice follows (B-07). Raises NotPermitted, Closed, WrongState."""
    return _settle(incident, Incident.Certainty.CONFIRMED, Event.CONFIRMED, actor=actor, at=at)


def rule_out(incident: Incident, *, why: str, actor: Actor, at: datetime) -> Incident:
    """There was no breach; whoever was told of a possible one is told at once (B-07). Raises as ``confirm_breach``."""
    if not why.strip():
        raise NothingWritten(_("Say how a breach was ruled out."), pointer="/why")
    with transaction.atomic():
        row = _settle(incident, Incident.Certainty.NONE, Event.RULED_OUT, actor=actor, at=at)
        take_measure(row, what=why, taken_at=at, actor=actor, at=at)
    return row


def take_measure(incident: Incident, *, what: str, taken_at: datetime, actor: Actor, at: datetime) -> Measure:
    """Record what was done to stop it, recover or mitigate (B-11). Raises NotPermitted, Closed, NothingWritten."""
    require(actor, RECORD, about=incident)
    if not what.strip():
        raise NothingWritten(_("Say what was done."), pointer="/what")
    if taken_at > at:
        raise Contradiction(_("A measure is recorded after it was taken."), pointer="/taken_at")
    with transaction.atomic():
        row = open_row(incident)
        measure = Measure.objects.create(
            incident=row, what=what.strip(), taken_at=taken_at, recorded_at=at, recorded_by=actor.ref
        )
        facts = {"measure": str(measure.pk), "taken_at": taken_at.isoformat()}
        ledger.record(Event.MEASURE_TAKEN, actor=actor, at=at, about=row, facts=facts)
    return measure


def link_complaint(complaint: Complaint, *, incident: Incident, actor: Actor, at: datetime) -> Complaint:
    """Tie a complaint to the incident it is about. Raises NotPermitted and Closed."""
    require(actor, RECORD, about=incident)
    with transaction.atomic():
        return _link(complaint, open_row(incident), actor=actor, at=at)


def _link(complaint: Complaint, incident: Incident, *, actor: Actor, at: datetime) -> Complaint:
    row = Complaint.objects.select_for_update().get(pk=complaint.pk)
    row.incident = incident
    row.save(update_fields=["incident"])
    facts = {"incident": incident.reference}
    ledger.record(Event.LINKED, actor=actor, at=at, about=row, facts=facts)
    return row


def open_row(incident: Incident) -> Incident:
    """Take the row of an incident to write into it. Raises Closed."""
    row = Incident.objects.select_for_update().get(pk=incident.pk)
    if not row.is_open:
        raise Closed(_("Incident %(reference)s is closed.") % {"reference": row.reference})
    return row


def _settle(incident: Incident, certainty: Incident.Certainty, word: Event, *, actor: Actor, at: datetime) -> Incident:
    require(actor, RECORD, about=incident)
    with transaction.atomic():
        row = open_row(incident)
        if row.certainty != Incident.Certainty.POSSIBLE:
            raise WrongState(_("Only a possible breach can be confirmed or ruled out."))
        row.certainty = certainty
        row.save(update_fields=["certainty"])
        ledger.record(word, actor=actor, at=at, about=row)
    return row


def _set(row: Incident, known: dict[str, Any]) -> list[str]:
    changed = []
    for name, value in known.items():
        if name not in DESCRIBED:
            raise ValueError(f"{name} is not described but decided")
        value = value.strip() if isinstance(value, str) else value
        if getattr(row, name) != value:
            setattr(row, name, value)
            changed.append(name)
    if row.occurred_from and row.occurred_until and row.occurred_until < row.occurred_from:
        raise Contradiction(_("The end lies before the beginning."), pointer="/occurred_until")
    return sorted(changed)
