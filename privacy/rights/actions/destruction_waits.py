"""The wait of a released deletion: the data is blocked, people are told, and it can be stopped until it begins.

What is announced is what happens: a day only where nothing holds the data, and again when a hold has ended (decision
0131). The requester stops it on the status page, any officer in the case.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from privacy.accounts.approval_signatures import NotSigned
from privacy.accounts.display_names import name_with_reference
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import NotPermitted, require_permission
from privacy.lib.dates import clock
from privacy.lib.display.badges import datetime_text
from privacy.lib.errors.refusals import Refusal
from privacy.retention import actions as retention
from privacy.retention.destruction import signed_approvals
from privacy.retention.refusals import OnHold
from privacy.rights import right_scope
from privacy.rights.actions import deletions, source_answers
from privacy.rights.actions.approval_digests import must_be_as_read
from privacy.rights.actions.cases import lock_right, people_of, record
from privacy.rights.actions.letters import queue_letter, withdraw_unsent
from privacy.rights.actions.notes import write_note
from privacy.rights.actions.objections import open_again
from privacy.rights.events import Event
from privacy.rights.models import Letter, Right, Step
from privacy.rights.refusals import InProgress, MissingReason, WrongState

ANNOUNCEMENTS = (Event.DESTRUCTION_ANNOUNCED, Event.DESTRUCTION_HELD)


def begin_wait(right: Right, *, actor: Actor, at: datetime) -> None:
    """Block what is to be destroyed and tell the person and every officer, in the transaction that releases it.

    A withdrawal ends the processing at once; what rested on it waits in its own app.
    """
    people = people_of(right.request)
    if right.kind != Right.Kind.DELETION or not people or retention.end_of_wait(at) <= at:
        return
    categories = deletions.categories_of(right, at=at)
    retention.close_data(people, categories, case=right.freeze_reference, actor=actor, at=at)
    _announce(right, held=deletions.is_held(right, at=at), actor=actor, at=at)


def begin_destruction(right: Right, *, actor: Actor, at: datetime) -> None:
    """Take a released deletion whose time has come, so that nobody stops what has begun.

    Raises InProgress while it waits, also anew after a hold, OnHold while a hold covers it, and NotSigned where its
    release must be signed and is not: it can be stopped then. Raises WrongState while the source of the data is to be
    told first.
    """
    with transaction.atomic():
        row = lock_right(right)
        refusal = _why_not_yet(row, actor=actor, at=at)
        if refusal is None and row.destruction_began_at is None:
            row.destruction_began_at = at
            row.save(update_fields=["destruction_began_at"])
    if refusal is not None:
        raise refusal


def put_back(right: Right) -> None:
    """Let a deletion that a hold has overtaken be stopped again, as long as nothing of it is ordered yet."""
    if not retention.is_ordered(case=right.freeze_reference, since=right.started_at):
        Right.objects.filter(pk=right.pk, carried_out_at=None).update(destruction_began_at=None)


def _why_not_yet(right: Right, *, actor: Actor, at: datetime) -> Refusal | None:
    if right.is_waiting(at=at):
        return _waits(right)
    if right.destruction_began_at is not None or not people_of(right.request):
        return None
    told = _last_announcement(right)
    if deletions.is_held(right, at=at):
        if told == Event.DESTRUCTION_ANNOUNCED:
            _announce(right, held=True, actor=actor, at=at)
        return OnHold(_("This data is on hold for litigation or an investigation and is not destroyed."))
    if told != Event.DESTRUCTION_ANNOUNCED and retention.end_of_wait(at) > at:
        _announce(right, held=False, actor=actor, at=at)
        return _waits(right)
    try:
        source_answers.must_be_told_first(right)
    except WrongState as refusal:
        return refusal
    # Before anything of it is ordered, so that it can still be stopped, and released anew.
    categories = deletions.categories_of(right, at=at)
    if not signed_approvals.is_release_signed(right.freeze_reference, categories):
        return NotSigned(_("No key that may sign has signed this release. Stop the destruction, and release it again."))
    return None


def _waits(right: Right) -> InProgress:
    assert right.waits_until is not None
    return InProgress(
        _("The data is blocked. It will be destroyed after %(when)s unless an officer stops the destruction first.")
        % {"when": datetime_text(right.waits_until)}
    )


def _last_announcement(right: Right) -> str:
    """Return what was said last of this release; nothing where it waits for nothing."""
    told = _announcements(right).order_by("at", "id").last()
    return told.word if told is not None else ""


def _announcements(right: Right) -> QuerySet[Step]:
    """Return what was said of the decision that holds: one that was opened again has another event."""
    steps = Step.objects.filter(request=right.request_id, position=right.position, word__in=ANNOUNCEMENTS)
    return steps.filter(facts__event=str(right.event_id))


def _announce(right: Right, *, held: bool, actor: Actor, at: datetime) -> None:
    """Say on which day it is destroyed or, under a hold, that no day is set: by letter, to each person and officer."""
    case, until = right.request, retention.end_of_wait(at)
    if not held:
        right.waits_until = until
        right.save(update_fields=["waits_until"])
    word = Event.DESTRUCTION_HELD if held else Event.DESTRUCTION_ANNOUNCED
    facts = {"event": str(right.event_id)} | ({} if held else {"until": until.isoformat()})
    step = record(case, word, actor=actor, at=at, right=right, facts=facts)
    queue_letter(case, Letter.Kind.DESTRUCTION, about=step.id, actor=actor, at=at)
    _tell(right, word="held" if held else "planned", until=until, at=at)


def _tell(right: Right, *, word: str, until: datetime, at: datetime) -> None:
    retention.announce(
        people_of(right.request),
        word=word,
        kept=right_scope.is_partly_kept(right, on=clock.kst_date(at)),
        case=right.freeze_reference,
        page=f"/office/rights/request/{right.request_id}/change/",
        until=until,
        at=at,
    )


def stop_destruction(right: Right, *, reason: str = "", read: str = "", actor: Actor, at: datetime) -> Right:
    """Stop a released deletion before it begins: the data is open again, and the right is to be decided anew.

    An officer states the reason, kept as a note, sealed; the requester needs none. Whoever was told that it is planned
    is told that it was stopped; an announcement that has not gone out stays here. ``read`` as with ``grant``. Raises
    NotPermitted, WrongState where nothing can be stopped any more, ContentChanged, MissingReason.
    """
    by_office = actor.kind == "user"
    if by_office:
        require_permission(actor, "rights.decide_request", about=right)
    with transaction.atomic():
        row = lock_right(right)
        if not by_office and actor.ref != row.request.reference:
            raise NotPermitted(_("Only the person who made this request can stop its deletion here."))
        if not row.can_be_stopped:
            raise WrongState(_why_too_late(row))
        must_be_as_read(row.request, read)
        if by_office:
            if not reason.strip():
                raise MissingReason(_("State why it is stopped."), pointer="/reason")
            write_note(row.request, text=reason, actor=actor, at=at)
        retention.reopen_data(case=row.freeze_reference, actor=actor, at=at)
        announced = list(_announcements(row).values_list("id", flat=True))
        step = record(row.request, Event.DESTRUCTION_STOPPED, actor=actor, at=at, right=row)
        withdraw_unsent(row.request, Letter.Kind.DESTRUCTION, about=announced, actor=actor, at=at)
        open_again(row)
        if announced:
            queue_letter(row.request, Letter.Kind.STOPPED, about=step.id, actor=actor, at=at)
            _tell(row, word="stopped", until=retention.end_of_wait(at), at=at)
    return row


def _why_too_late(right: Right) -> str:
    stopped = Step.objects.filter(
        request=right.request_id, position=right.position, word=Event.DESTRUCTION_STOPPED
    ).order_by("at", "id").last()  # fmt: skip
    if stopped is not None and right.started_at is None:
        return _("The destruction was already stopped by %(who)s (%(when)s).") % {
            "who": name_with_reference(stopped.by),
            "when": datetime_text(stopped.at),
        }
    return _("This can no longer be stopped: nothing is waiting, or the destruction has begun.")
