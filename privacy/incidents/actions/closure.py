"""Closing: proposed by one person with a conclusion, done by another."""

from datetime import datetime

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from privacy.accounts.second_person import require_second_person
from privacy.incidents import duties
from privacy.incidents.actions.incidents import RECORD, lock_open_incident
from privacy.incidents.events import Event
from privacy.incidents.models import Incident
from privacy.incidents.refusals import ChangedProposal, EmptyText, Incomplete, SamePerson, WrongState
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.crypto import canonical_json

CLOSE = "incidents.close_incident"


def propose_closing(incident: Incident, *, conclusion: str, actor: Actor, at: datetime) -> Incident:
    """Propose to close with a conclusion. Raises NotPermitted, Closed, EmptyText, and Incomplete with what is
    still to be done.
    """
    require_permission(actor, RECORD, about=incident)
    if not conclusion.strip():
        raise EmptyText(_("Enter the conclusion: cause, effect, what changes."), pointer="/conclusion")
    with transaction.atomic():
        row = lock_open_incident(incident)
        _must_be_done(row)
        row.state, row.conclusion = Incident.State.PROPOSED, conclusion.strip()
        row.proposed_by, row.proposed_at = actor.ref, at
        row.save(update_fields=["state", "conclusion", "proposed_by", "proposed_at"])
        ledger.record(Event.CLOSING_PROPOSED, actor=actor, at=at, about=row)
    return row


def return_closing(incident: Incident, *, actor: Actor, at: datetime) -> Incident:
    """Give a proposed closing back: something is left to do. Raises NotPermitted, Closed, WrongState."""
    require_permission(actor, CLOSE, about=incident)
    with transaction.atomic():
        row = _proposed(incident)
        row.state = Incident.State.OPEN
        row.save(update_fields=["state"])
        ledger.record(Event.REOPENED, actor=actor, at=at, about=row)
    return row


def close_incident(incident: Incident, *, actor: Actor, at: datetime, read: str = "") -> Incident:
    """Close what another person proposed to close.

    ``read`` is the digest of the incident as it was shown before the button was pressed. Raises NotPermitted, Closed,
    WrongState, SamePerson, Incomplete, and ChangedProposal where it has changed since.
    """
    require_permission(actor, CLOSE, about=incident)
    with transaction.atomic():
        row = _proposed(incident)
        closer = require_second_person(
            actor,
            asked_by=row.proposed_by,
            about=row,
            same=SamePerson(_("You proposed to close this incident, so someone else must close it.")),
            at=at,
        )
        if read and read != digest_of_proposal(row):
            raise ChangedProposal(_("The incident has changed since you opened this page. Read the conclusion again."))
        _must_be_done(row)
        row.state, row.closed_by, row.closed_at = Incident.State.CLOSED, closer, at
        row.save(update_fields=["state", "closed_by", "closed_at"])
        done = {one.duty: one.done_at.isoformat() for one in duties.deadlines_of(row) if one.done_at is not None}
        facts = {"done": done, "report": duties.report_duty(row).state}
        ledger.record(Event.CLOSED, actor=actor, at=at, about=row, facts=facts)
    return row


def reopen_incident(incident: Incident, *, actor: Actor, at: datetime) -> Incident:
    """Open a closed incident again because something is to be done after all: a notice came back since (B-02, B-06).

    Raises NotPermitted, and WrongState for one that is not closed, or in which nothing is left to do.
    """
    require_permission(actor, CLOSE, about=incident)
    with transaction.atomic():
        row = Incident.objects.select_for_update().get(pk=incident.pk)
        if row.is_open or not duties.closing_blockers(row):
            raise WrongState(_("You can reopen a closed incident only if something is left to do."))
        row.state, row.closed_by, row.closed_at = Incident.State.OPEN, "", None
        row.save(update_fields=["state", "closed_by", "closed_at"])
        ledger.record(Event.OPENED_AGAIN, actor=actor, at=at, about=row)
    return row


def digest_of_proposal(incident: Incident) -> str:
    """Return the digest of all that stands on an incident's page: what is closed is what somebody read."""
    parts = (incident.measures, incident.reports, incident.notifications)
    return canonical_json.digest(
        {
            **_said_by(incident),
            "affected": incident.affected.count(),
            "parts": [_said_by(one) for part in parts for one in part.order_by("pk")],
        }
    )


def _said_by(row: Model) -> dict[str, str]:
    return {field.attname: str(getattr(row, field.attname)) for field in row._meta.fields}


def _proposed(incident: Incident) -> Incident:
    row = lock_open_incident(incident)
    if row.state != Incident.State.PROPOSED:
        raise WrongState(_("Nobody has proposed closing this incident."))
    return row


def _must_be_done(row: Incident) -> None:
    left = duties.closing_blockers(row)
    if left:
        raise Incomplete(" ".join([_("It can't be closed yet."), *left]))
