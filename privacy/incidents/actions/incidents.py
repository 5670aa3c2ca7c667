"""Incidents as they become known: recorded, described, confirmed or ruled out, with measures (B-01, B-07, B-11)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.incidents.events import Event
from privacy.incidents.models import Complaint, Incident, Measure
from privacy.incidents.refusals import Closed, Contradiction, EmptyText, WrongState
from privacy.incidents.statutory_deadlines import statutory_due
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.http import form_submissions

RECORD = "incidents.record_incident"
# What the report of an intrusion tells: when, why, what damage (B-10).
REPORTED_FACTS = {"kind", "occurred_from", "occurred_until", "estimate", "items", "course_ko", "course_en"}
# What may be written into an open incident as it becomes known.
DESCRIPTION_FIELDS = (
    "title", "kind", "occurred_from", "occurred_until", "outside_access", "intrusion", "intrusion_aware_at",
    "sensitive", "recovered", "estimate", "items", "course_ko", "course_en", "advice_ko", "advice_en",
    "response_ko", "response_en",
)  # fmt: skip


def record_incident(
    *,
    kind: Incident.Kind,
    title: str,
    aware_at: datetime,
    certainty: Incident.Certainty = Incident.Certainty.CONFIRMED,
    complaint: Complaint | None = None,
    submission: str = "",
    actor: Actor,
    at: datetime,
    **known: Any,
) -> Incident:
    """Record an incident: its terms run from the moment of becoming aware, by the numbers of that day (T-06).

    A form sent twice with its ``submission`` and content records one incident, which comes back; with other content it
    is another incident. Raises NotPermitted, EmptyText without a title, and Contradiction for an awareness in the
    future.
    """
    require_permission(actor, RECORD)
    if not title.strip():
        raise EmptyText(_("State briefly what happened."), pointer="/title")
    if aware_at > at:
        raise Contradiction(_("The moment of becoming aware can't be in the future."), pointer="/aware_at")
    if certainty == Incident.Certainty.NONE:
        raise Contradiction(
            _("If a breach was ruled out from the start, don't record an incident."), pointer="/certainty"
        )
    if submission:
        submission = form_submissions.bind_nonce("incidents", submission, [kind, title, aware_at, certainty, known])
    with transaction.atomic():
        if submission:
            form_submissions.lock_submission(submission)
            if (made := Incident.objects.filter(submission=submission).first()) is not None:
                return made
        incident = Incident(
            submission=submission or None,
            kind=kind,
            title=title.strip(),
            certainty=certainty,
            aware_at=aware_at,
            intrusion_due_at=statutory_due("intrusion.report.hours", aware_at),
            recorded_by=actor.ref,
            recorded_at=at,
        )
        if certainty == Incident.Certainty.CONFIRMED:
            _begin_terms(incident, aware_at)
        else:
            incident.possible_due_at = statutory_due("breach.notify.hours", aware_at)
        _set(incident, known)
        _date_intrusion(incident, None, default=aware_at, at=at)
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
                "notify_due_at": (incident.notify_due_at or incident.possible_due_at or aware_at).isoformat(),
                "report_due_at": incident.report_due_at.isoformat() if incident.report_due_at else "",
                "intrusion_due_at": incident.intrusion_due_at.isoformat() if incident.intrusion else "",
            },
        )
        if complaint is not None:
            _link(complaint, incident, actor=actor, at=at)
    return incident


def describe_incident(incident: Incident, *, actor: Actor, at: datetime, **known: Any) -> Incident:
    """Write down what has become known. Raises NotPermitted, Closed, Contradiction.

    The term of an intrusion begins with ``intrusion_aware_at``, when the company became aware that it is one: where
    nothing is given, the moment at which it is first written down.
    """
    require_permission(actor, RECORD, about=incident)
    with transaction.atomic():
        row = lock_open_incident(incident)
        before, aware_before = row.estimate, row.intrusion_aware_at
        changed = [name for name in _set(row, known) if name != "intrusion_aware_at"]
        _date_intrusion(row, aware_before, default=at, at=at)
        if row.intrusion_aware_at != aware_before:
            changed = sorted([*changed, "intrusion_aware_at"])
        if changed:
            note_new_facts(row, REPORTED_FACTS.intersection(changed), at)
            row.save(update_fields=[*changed, "intrusion_due_at", "new_facts_at"])
            facts = {"changed": changed, **({"before": before} if "estimate" in changed else {})}
            ledger.record(Event.DESCRIBED, actor=actor, at=at, about=row, facts=facts)
    return row


def confirm_breach(incident: Incident, *, confirmed_at: datetime | None = None, actor: Actor, at: datetime) -> Incident:
    """A possible breach is one: the ordinary notice and the report are due, by terms that begin now (B-07, B-08).

    ``confirmed_at`` is when it became certain, if that was before it is recorded. Raises NotPermitted, Closed,
    WrongState, and Contradiction for a moment before the suspicion or to come.
    """
    confirmed_at = confirmed_at or at
    require_permission(actor, RECORD, about=incident)
    with transaction.atomic():
        row = _doubted(incident)
        if not row.aware_at <= confirmed_at <= at:
            raise Contradiction(
                _("A breach can't be confirmed before it was suspected, or in the future."), pointer="/confirmed_at"
            )
        row.certainty = Incident.Certainty.CONFIRMED
        _begin_terms(row, confirmed_at)
        row.save(update_fields=["certainty", "confirmed_at", "notify_due_at", "report_due_at"])
        facts = {
            "confirmed_at": confirmed_at.isoformat(),
            "notify_due_at": str(row.notify_due_at and row.notify_due_at.isoformat()),
            "report_due_at": str(row.report_due_at and row.report_due_at.isoformat()),
        }
        ledger.record(Event.CONFIRMED, actor=actor, at=at, about=row, facts=facts)
    return row


def rule_out(incident: Incident, *, why: str, actor: Actor, at: datetime) -> Incident:
    """There was no breach; whoever was told of a possible one is told at once (B-07).

    Raises NotPermitted, Closed, WrongState, EmptyText.
    """
    require_permission(actor, RECORD, about=incident)
    if not why.strip():
        raise EmptyText(_("State how a breach was ruled out."), pointer="/why")
    with transaction.atomic():
        row = _doubted(incident)
        row.certainty, row.ruled_out_at = Incident.Certainty.NONE, at
        row.save(update_fields=["certainty", "ruled_out_at"])
        ledger.record(Event.RULED_OUT, actor=actor, at=at, about=row)
        take_measure(row, what=why, taken_at=at, actor=actor, at=at)
    return row


def take_measure(incident: Incident, *, what: str, taken_at: datetime, actor: Actor, at: datetime) -> Measure:
    """Record what was done to stop it, recover or mitigate (B-11). Raises NotPermitted, Closed, EmptyText."""
    require_permission(actor, RECORD, about=incident)
    if not what.strip():
        raise EmptyText(_("State what was done."), pointer="/what")
    if taken_at > at:
        raise Contradiction(_("A measure can be recorded only after it was taken."), pointer="/taken_at")
    with transaction.atomic():
        row = lock_open_incident(incident)
        known = row.measures.filter(what=what.strip(), taken_at=taken_at).first()
        if known is not None:
            return known
        measure = Measure.objects.create(
            incident=row, what=what.strip(), taken_at=taken_at, recorded_at=at, recorded_by=actor.ref
        )
        facts = {"measure": str(measure.pk), "taken_at": taken_at.isoformat()}
        ledger.record(Event.MEASURE_TAKEN, actor=actor, at=at, about=row, facts=facts)
    return measure


def link_complaint(complaint: Complaint, *, incident: Incident, actor: Actor, at: datetime) -> Complaint:
    """Tie a complaint to the incident it is about. Raises NotPermitted, Closed, and WrongState for a tied one."""
    require_permission(actor, RECORD, about=incident)
    with transaction.atomic():
        return _link(complaint, lock_open_incident(incident), actor=actor, at=at)


def _link(complaint: Complaint, incident: Incident, *, actor: Actor, at: datetime) -> Complaint:
    row = Complaint.objects.select_for_update().get(pk=complaint.pk)
    if row.incident_id == incident.pk:
        return row
    if row.incident is not None:
        raise WrongState(
            _("This complaint is already linked to incident %(reference)s.") % {"reference": row.incident.reference}
        )
    row.incident = incident
    row.save(update_fields=["incident"])
    facts = {"incident": incident.reference}
    ledger.record(Event.LINKED, actor=actor, at=at, about=row, facts=facts)
    return row


def lock_open_incident(incident: Incident) -> Incident:
    """Take the row of an incident to write into it. Raises Closed."""
    row = Incident.objects.select_for_update().get(pk=incident.pk)
    if not row.is_open:
        raise Closed(_("Incident %(reference)s is closed.") % {"reference": row.reference})
    return row


def note_new_facts(row: Incident, changed: Collection[object], at: datetime) -> None:
    """Begin the term of a supplement when facts of a reported intrusion changed; the caller saves the row (B-10)."""
    if changed and row.intrusion and row.intrusion_reported_at is not None and row.new_facts_at is None:
        row.new_facts_at = at


def _date_intrusion(row: Incident, before: datetime | None, *, default: datetime, at: datetime) -> None:
    """Begin the term of an intrusion with the moment of becoming aware of it; the caller saves the row (B-10)."""
    if not row.intrusion:
        row.intrusion_aware_at, row.intrusion_due_at = None, statutory_due("intrusion.report.hours", row.aware_at)
        return
    since = row.intrusion_aware_at or before or default
    if before is not None and since == before.replace(second=0, microsecond=0):
        since = before  # the form shows minutes
    if not row.aware_at <= since <= at:
        raise Contradiction(
            _(
                "The company can't have become aware of the intrusion before it became aware of the incident, or in "
                "the future."
            ),
            pointer="/intrusion_aware_at",
        )
    row.intrusion_aware_at, row.intrusion_due_at = since, statutory_due("intrusion.report.hours", since)


def _doubted(incident: Incident) -> Incident:
    row = lock_open_incident(incident)
    if row.certainty != Incident.Certainty.POSSIBLE:
        raise WrongState(_("Only a possible breach can be confirmed or ruled out."))
    return row


def _begin_terms(row: Incident, confirmed_at: datetime) -> None:
    """Begin the terms of a breach, by the numbers of the day on which it is one (B-02, B-08)."""
    row.confirmed_at = confirmed_at
    row.notify_due_at = statutory_due("breach.notify.hours", confirmed_at)
    row.report_due_at = statutory_due("breach.report.hours", confirmed_at)


def _set(row: Incident, known: dict[str, Any]) -> list[str]:
    changed = []
    for name, value in known.items():
        if name not in DESCRIPTION_FIELDS:
            raise ValueError(f"{name} is not described but decided")
        value = value.strip() if isinstance(value, str) else value
        if getattr(row, name) != value:
            setattr(row, name, value)
            changed.append(name)
    if row.occurred_from and row.occurred_until and row.occurred_until < row.occurred_from:
        raise Contradiction(_("The end is before the beginning."), pointer="/occurred_until")
    return sorted(changed)
