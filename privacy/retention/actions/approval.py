"""The officer's decisions about a list: approve, approve as the second officer, abort, explain a delay (P7.1, D-08)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts import actions as accounts
from privacy.accounts.approval_signatures import Act, Approval, Signature
from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.retention.events import Event
from privacy.retention.models import DestructionLine, DestructionList
from privacy.retention.refusals import AlreadyDecided, PlanAltered, SamePerson
from privacy.retention.schedule import selection

State = DestructionList.State


@transaction.atomic
def approve(
    destruction_list: DestructionList, *, signature: Signature | None = None, actor: Actor, at: datetime
) -> DestructionList:
    """Approve a list; it is carried out after the waiting time. Over the ceiling a second officer must approve too.

    ``signature`` is over all lists of one press (``approval_of``). Raises NotPermitted, AlreadyDecided, PlanAltered,
    SamePerson, NotASecondPerson, NotSigned.
    """
    require_permission(actor, "retention.approve_destruction", about=destruction_list)
    row = DestructionList.objects.select_for_update().get(pk=destruction_list.pk)
    if row.state != State.PROPOSED or not row.plan:
        raise AlreadyDecided(_("This list is not waiting for approval."))
    if selection.list_digest(row) != row.plan:
        raise PlanAltered(
            _("This list no longer matches what was proposed. Abort it, and the next sweep will make a new one.")
        )
    # The first officer approves what the portal has proposed, the second what the first has approved.
    same = SamePerson(_("This list exceeds the limit, so a second officer must approve it."))
    approver = require_second_person(actor, asked_by=row.approved_by, about=row, same=same, at=at)
    accounts.keep_signature(signature, approval_of(row), signer=actor, at=at)
    if row.waits_for_second:
        row.seconded_by, row.seconded_at = approver, at
        _release(row, word=Event.LIST_SECONDED, actor=actor, at=at)
        return row
    row.approved_by, row.approved_at = actor.ref, at
    row.over_ceiling = selection.needs_two_officers(row, clock.kst_date(at))
    if row.over_ceiling:
        row.save(update_fields=["over_ceiling", "approved_by", "approved_at"])
        ledger.record(
            Event.LIST_APPROVED, actor=actor, at=at, about=row, facts={"plan": row.plan, "first_of_two": True}
        )
        return row
    _release(row, word=Event.LIST_APPROVED, actor=actor, at=at)
    return row


def approval_of(row: DestructionList) -> Approval:
    """Return what is signed of a list: exactly the plan that was shown."""
    return Approval(Act.DESTROY, row.reference, row.plan)


def _release(row: DestructionList, *, word: Event, actor: Actor, at: datetime) -> None:
    row.state = State.APPROVED
    row.not_before = at + selection.wait_after_approval(row, clock.kst_date(at))
    row.save(update_fields=["state", "approved_by", "approved_at", "seconded_by", "seconded_at", "not_before"])
    facts = {"plan": row.plan, "people": row.people, "records": row.records, "not_before": row.not_before.isoformat()}
    ledger.record(word, actor=actor, at=at, about=row, facts=facts)


@transaction.atomic
def abort(destruction_list: DestructionList, *, reason: str, actor: Actor, at: datetime) -> DestructionList:
    """Take a list back before it is carried out; what is still due comes onto the next sweep's lists.

    Raises NotPermitted; AlreadyDecided once it has begun; Refusal without a reason.
    """
    require_permission(actor, "retention.abort_destruction", about=destruction_list)
    row = DestructionList.objects.select_for_update().get(pk=destruction_list.pk)
    if row.state not in (State.PROPOSED, State.APPROVED):
        raise AlreadyDecided(_("This list can no longer be aborted."))
    if not reason.strip():
        raise Refusal(_("State why the list is aborted."), code="incomplete")
    row.state = State.ABORTED
    row.aborted_by, row.aborted_at, row.abort_reason = actor.ref, at, reason.strip()
    row.save(update_fields=["state", "aborted_by", "aborted_at", "abort_reason"])
    DestructionLine.objects.filter(list=row, state=DestructionLine.State.PLANNED).update(
        state=DestructionLine.State.DROPPED
    )
    ledger.record(Event.LIST_ABORTED, actor=actor, at=at, about=row, facts={"people": row.people})
    return row


@transaction.atomic
def explain_delay(destruction_list: DestructionList, *, reason: str, actor: Actor, at: datetime) -> DestructionList:
    """Say why a list is carried out later than "without delay" allows (law D-02).

    Raises NotPermitted, AlreadyDecided.
    """
    require_permission(actor, "retention.approve_destruction", about=destruction_list)
    row = DestructionList.objects.select_for_update().get(pk=destruction_list.pk)
    if not row.is_open:
        raise AlreadyDecided(_("This list is closed."))
    if not reason.strip():
        raise Refusal(_("State why it takes longer."), code="incomplete")
    row.delay_reason = reason.strip()
    row.save(update_fields=["delay_reason"])
    ledger.record(Event.LIST_EXPLAINED, actor=actor, at=at, about=row)
    return row
