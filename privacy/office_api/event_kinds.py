"""Of which acts programs are told, under which name, and what each event says: one table, by words of the trail.

A verb of the office puts its act on record; what stands here is told to whoever subscribed. A test asks that each word
of the trail either stands here or is among those that tell nobody (``tests/privacy/office_api/untold_words.txt``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _
from ninja import Schema

from consents.events import Event as ConsentsEvent
from privacy.incidents.events import Event as IncidentsEvent
from privacy.ledger.listeners import RecordedAct
from privacy.policies.events import Event as PoliciesEvent
from privacy.retention.events import Event as RetentionEvent
from privacy.rights.events import Event as RightsEvent
from privacy.systems.events import Event as SystemsEvent
from privacy.vault.events import Event as VaultEvent

# What the CloudEvents ``type`` begins with.
TYPE_PREFIX = "extrus.privacy."


class Kind(models.TextChoices):
    """Kinds of events; the CloudEvents type is the prefix and the value. Values are never renamed."""

    CASE_OPENED = "case.opened", _("request received")
    CASE_CHANGED = "case.changed", _("request changed its state")
    CASE_DECIDED = "case.decided", _("request decided")
    CASE_ANSWERED = "case.answered", _("request answered")
    CASE_CLOSED = "case.closed", _("request closed")
    MESSAGE_RECEIVED = "case.message-received", _("message of a requester received")
    FREEZE_SET = "freeze.set", _("freeze set")
    FREEZE_RELEASED = "freeze.released", _("freeze released")
    HOLD_PLACED = "hold.placed", _("hold placed")
    HOLD_ENDED = "hold.ended", _("hold ended")
    CONSENT_WITHDRAWN = "consent.withdrawn", _("consent withdrawn")
    DESTRUCTION_CERTIFIED = "destruction.certified", _("destruction carried out and certified")
    DESTRUCTION_FINAL = "destruction.final", _("destruction final")
    INCIDENT_RECORDED = "incident.recorded", _("incident recorded")
    INCIDENT_CHANGED = "incident.changed", _("incident changed its state")
    INCIDENT_TOLD = "incident.told", _("incident reported or data subjects told")
    POLICY_PUBLISHED = "policy.published", _("privacy policy published")
    TASK_CONTRADICTED = "system-task.contradicted", _("connected system contradicted")


class CaseEvent(Schema):
    """A request: open it with ``GET /cases/{case}``. ``change`` is the word of the audit trail.

    ``state`` and ``due_on`` are as they stood when the event was given out, a moment after the act.
    """

    case: str
    state: str
    due_on: date
    change: str
    right: int | None
    person: UUID | None


class FreezeEvent(Schema):
    """A freeze, as ``GET /freezes`` has it."""

    person: UUID
    category: str
    item: str
    record: UUID | None
    cause: str
    case: str
    until: datetime | None


class HoldEvent(Schema):
    """A hold, as ``GET /holds`` has it. One with a last day ends by itself after it, without another event."""

    hold: str
    kind: str
    person: UUID | None
    category: str
    until: date | None


class ConsentEvent(Schema):
    """A withdrawn consent: what it was given for may no longer be done (ask ``POST /permissions``)."""

    person: UUID
    agreement: str
    decided_at: datetime


class DestructionEvent(Schema):
    """A destruction. ``certificate`` is what was issued now; ``of`` the certificate that it completes, if any."""

    certificate: str
    of: str


class IncidentEvent(Schema):
    """An incident. ``change`` is the word of the audit trail."""

    incident: str
    kind: str
    certainty: str
    state: str
    change: str


class PolicyEvent(Schema):
    """A published version of the privacy policy."""

    version: str
    effective_on: date


class SystemTaskEvent(Schema):
    """A connected system that said of data that it is gone, and still has it."""

    task: str
    system: str
    act: str
    case: str


@dataclass(frozen=True)
class Telling:
    """How an act is told: its kind, the subject within which events keep their order, and what the event says."""

    kind: Kind
    about: str
    body: Schema


type Teller = Callable[[RecordedAct], Telling]


def _case(kind: Kind) -> Teller:
    def tell(act: RecordedAct) -> Telling:
        case: Any = act.about
        body = CaseEvent(
            case=case.number, state=case.state, due_on=case.due_on, change=act.word, right=act.facts.get("right"),
            person=case.subject_id,
        )  # fmt: skip
        return Telling(kind, case.number, body)

    return tell


def _joined(act: RecordedAct) -> Telling:
    """One of the two is over; what asks for all of it goes on."""
    return _case(Kind.CASE_CLOSED if "to" in act.facts else Kind.CASE_CHANGED)(act)


def _freeze(kind: Kind) -> Teller:
    def tell(act: RecordedAct) -> Telling:
        freeze: Any = act.about
        body = FreezeEvent(
            person=freeze.subject_id, category=freeze.category, item=freeze.item, record=freeze.record_id,
            cause=freeze.cause, case=freeze.case, until=freeze.until,
        )  # fmt: skip
        return Telling(kind, str(freeze.subject_id), body)

    return tell


def _hold(kind: Kind) -> Teller:
    def tell(act: RecordedAct) -> Telling:
        hold: Any = act.about
        body = HoldEvent(
            hold=hold.reference, kind=hold.kind, person=hold.subject_id, category=hold.category, until=hold.until
        )
        return Telling(kind, hold.reference, body)

    return tell


def _consent(act: RecordedAct) -> Telling:
    decision: Any = act.about
    body = ConsentEvent(person=decision.subject_id, agreement=act.facts["agreement"], decided_at=decision.decided_at)
    return Telling(Kind.CONSENT_WITHDRAWN, str(decision.subject_id), body)


def _destruction(act: RecordedAct) -> Telling:
    """A list has one certificate of destruction, later one of finality, and addenda of connected systems."""
    certificate, of = str(act.facts["certificate"]), str(act.facts.get("of", ""))
    final = bool(of) and "system" not in act.facts
    body = DestructionEvent(certificate=certificate, of=of)
    return Telling(Kind.DESTRUCTION_FINAL if final else Kind.DESTRUCTION_CERTIFIED, of or certificate, body)


def _incident(kind: Kind) -> Teller:
    def tell(act: RecordedAct) -> Telling:
        incident: Any = act.about
        body = IncidentEvent(
            incident=incident.reference, kind=incident.kind, certainty=incident.certainty, state=incident.state,
            change=act.word,
        )  # fmt: skip
        return Telling(kind, incident.reference, body)

    return tell


def _policy(act: RecordedAct) -> Telling:
    version: Any = act.about
    return Telling(
        Kind.POLICY_PUBLISHED, version.number, PolicyEvent(version=version.number, effective_on=version.effective_on)
    )


def _contradicted(act: RecordedAct) -> Telling:
    task: Any = act.about
    body = SystemTaskEvent(task=task.reference, system=str(act.facts["system"]), act=task.act, case=task.case)
    return Telling(Kind.TASK_CONTRADICTED, task.reference, body)


_CASE_CHANGES = (
    RightsEvent.EVIDENCE_ASKED, RightsEvent.EVIDENCE_RECEIVED, RightsEvent.CHALLENGED, RightsEvent.VERIFIED,
    RightsEvent.ASSIGNED,
    RightsEvent.POSTPONED, RightsEvent.POSTPONEMENT_ENDED, RightsEvent.PASSED_ON, RightsEvent.BEGUN,
    RightsEvent.DESTRUCTION_ANNOUNCED, RightsEvent.DESTRUCTION_HELD, RightsEvent.DESTRUCTION_STOPPED,
    RightsEvent.CORRECTED, RightsEvent.ERASED, RightsEvent.SUSPENDED, RightsEvent.RESUMED,
    RightsEvent.CONSENT_WITHDRAWN, RightsEvent.TERM_EXTENDED, RightsEvent.CARRIED_OUT, RightsEvent.PARTED,
    RightsEvent.OBJECTED, RightsEvent.OBJECTION_DECIDED, RightsEvent.DEADLINE_MOVED, RightsEvent.LETTER_BOUNCED,
)  # fmt: skip
TOLD: dict[Any, Teller] = {
    RightsEvent.RECEIVED: _case(Kind.CASE_OPENED),
    **dict.fromkeys(_CASE_CHANGES, _case(Kind.CASE_CHANGED)),
    RightsEvent.GRANTED: _case(Kind.CASE_DECIDED),
    RightsEvent.PARTLY_GRANTED: _case(Kind.CASE_DECIDED),
    RightsEvent.REFUSED: _case(Kind.CASE_DECIDED),
    RightsEvent.PART_ANSWERED: _case(Kind.CASE_ANSWERED),
    RightsEvent.ANSWERED: _case(Kind.CASE_ANSWERED),
    RightsEvent.CLOSED: _case(Kind.CASE_CLOSED),
    RightsEvent.WITHDRAWN: _case(Kind.CASE_CLOSED),
    RightsEvent.IDENTITY_REJECTED: _case(Kind.CASE_CLOSED),
    RightsEvent.JOINED: _joined,
    RightsEvent.MESSAGE_RECEIVED: _case(Kind.MESSAGE_RECEIVED),
    VaultEvent.FREEZE_PLACED: _freeze(Kind.FREEZE_SET),
    VaultEvent.FREEZE_CONFIRMED: _freeze(Kind.FREEZE_SET),
    VaultEvent.FREEZE_LIFTED: _freeze(Kind.FREEZE_RELEASED),
    VaultEvent.FREEZE_EXPIRED: _freeze(Kind.FREEZE_RELEASED),
    RetentionEvent.HOLD_PLACED: _hold(Kind.HOLD_PLACED),
    RetentionEvent.HOLD_LIFTED: _hold(Kind.HOLD_ENDED),
    RetentionEvent.CERTIFIED: _destruction,
    ConsentsEvent.WITHDRAWN: _consent,
    IncidentsEvent.RECORDED: _incident(Kind.INCIDENT_RECORDED),
    IncidentsEvent.CONFIRMED: _incident(Kind.INCIDENT_CHANGED),
    IncidentsEvent.RULED_OUT: _incident(Kind.INCIDENT_CHANGED),
    IncidentsEvent.CLOSED: _incident(Kind.INCIDENT_CHANGED),
    IncidentsEvent.OPENED_AGAIN: _incident(Kind.INCIDENT_CHANGED),
    IncidentsEvent.NOTIFIED: _incident(Kind.INCIDENT_TOLD),
    IncidentsEvent.POSTED: _incident(Kind.INCIDENT_TOLD),
    IncidentsEvent.REPORTED: _incident(Kind.INCIDENT_TOLD),
    PoliciesEvent.PUBLISHED: _policy,
    SystemsEvent.CONTRADICTED: _contradicted,
}
# The shape of each kind, for the published description.
SHAPES: dict[Kind, type[Schema]] = {
    **dict.fromkeys((kind for kind in Kind if kind.value.startswith("case.")), CaseEvent),
    **dict.fromkeys((Kind.FREEZE_SET, Kind.FREEZE_RELEASED), FreezeEvent),
    **dict.fromkeys((Kind.HOLD_PLACED, Kind.HOLD_ENDED), HoldEvent),
    Kind.CONSENT_WITHDRAWN: ConsentEvent,
    **dict.fromkeys((Kind.DESTRUCTION_CERTIFIED, Kind.DESTRUCTION_FINAL), DestructionEvent),
    **dict.fromkeys((Kind.INCIDENT_RECORDED, Kind.INCIDENT_CHANGED, Kind.INCIDENT_TOLD), IncidentEvent),
    Kind.POLICY_PUBLISHED: PolicyEvent,
    Kind.TASK_CONTRADICTED: SystemTaskEvent,
}
