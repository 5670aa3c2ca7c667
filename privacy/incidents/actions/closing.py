"""Closing: proposed by one person with a conclusion, done by another."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.incidents import duties
from privacy.incidents.actions.recording import RECORD, open_row
from privacy.incidents.events import Event
from privacy.incidents.models import Incident
from privacy.incidents.refusals import Incomplete, NothingWritten, SamePerson, WrongState
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require

CLOSE = "incidents.close_incident"


def propose_closing(incident: Incident, *, conclusion: str, actor: Actor, at: datetime) -> Incident:
    """Propose to close with a conclusion. Raises NotPermitted, Closed, NothingWritten, and Incomplete with what is
    still to be done.
    """
    require(actor, RECORD, about=incident)
    if not conclusion.strip():
        raise NothingWritten(_("Write the conclusion: cause, effect, what changes."), pointer="/conclusion")
    with transaction.atomic():
        row = open_row(incident)
        _must_be_done(row)
        row.state, row.conclusion, row.proposed_by = Incident.State.PROPOSED, conclusion.strip(), actor.ref
        row.save(update_fields=["state", "conclusion", "proposed_by"])
        ledger.record(Event.CLOSING_PROPOSED, actor=actor, at=at, about=row)
    return row


def return_closing(incident: Incident, *, actor: Actor, at: datetime) -> Incident:
    """Give a proposed closing back: something is left to do. Raises NotPermitted, Closed, WrongState."""
    require(actor, CLOSE, about=incident)
    with transaction.atomic():
        row = _proposed(incident)
        row.state = Incident.State.OPEN
        row.save(update_fields=["state"])
        ledger.record(Event.REOPENED, actor=actor, at=at, about=row)
    return row


def close_incident(incident: Incident, *, actor: Actor, at: datetime) -> Incident:
    """Close what another person proposed to close. Raises NotPermitted, Closed, WrongState, SamePerson, Incomplete."""
    require(actor, CLOSE, about=incident)
    with transaction.atomic():
        row = _proposed(incident)
        if actor.ref == row.proposed_by:
            raise SamePerson(_("You proposed the closing yourself: another person closes it."))
        _must_be_done(row)
        row.state, row.closed_by, row.closed_at = Incident.State.CLOSED, actor.ref, at
        row.save(update_fields=["state", "closed_by", "closed_at"])
        facts = {"notified": str(row.told_at or ""), "reported": str(row.reported_at or "")}
        ledger.record(Event.CLOSED, actor=actor, at=at, about=row, facts=facts)
    return row


def _proposed(incident: Incident) -> Incident:
    row = open_row(incident)
    if row.state != Incident.State.PROPOSED:
        raise WrongState(_("Nobody has proposed to close this incident."))
    return row


def _must_be_done(row: Incident) -> None:
    left = duties.undone(row)
    if left:
        raise Incomplete(" ".join([_("It can't be closed yet."), *left]))
