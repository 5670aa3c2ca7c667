"""Passing a correction or deletion on to the controller from whom the data came, and noting what it did (law R-19).

The Decree leaves the choice: to correct or delete what was received, or to tell who provided it and to follow its
answer (art. 43(2)). Either way the person is answered within the term: what follows is a decision in the case.
"""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.rights.actions.cases import lock_right, must_be_verified, record
from privacy.rights.actions.decisions import must_be_undecided
from privacy.rights.events import Event
from privacy.rights.models import Forwarding, Right
from privacy.rights.refusals import MissingReason, WrongState

DECIDE = "rights.decide_request"
KINDS = (Right.Kind.CORRECTION, Right.Kind.DELETION)


def pass_on(right: Right, *, controller: str, how: str, passed_on_on: date, actor: Actor, at: datetime) -> Forwarding:
    """Record that a controller was told of an undecided correction or deletion of data that it provided, and when.

    Once for each decision: after an upheld objection it is told again. The verified requester sees it on the status
    page. Raises NotVerified, AlreadyDecided, WrongState, MissingReason.
    """
    require_permission(actor, DECIDE, about=right)
    if not controller.strip():
        raise MissingReason(_("Enter the controller from whom the data came."), pointer="/controller")
    if not how.strip():
        raise MissingReason(_("State how the request was passed on."), pointer="/how")
    with transaction.atomic():
        row = lock_right(right)
        must_be_verified(row.request)
        must_be_undecided(row)
        if row.kind not in KINDS:
            raise WrongState(_("Only a correction or deletion is passed on to the controller that provided the data."))
        if not row.request.received_on <= passed_on_on <= clock.kst_date(at):
            raise WrongState(_("Enter a day between the receipt of the request and today."), pointer="/passed_on_on")
        if Forwarding.objects.filter(right=row, event_id=row.event_id, controller=controller.strip()).exists():
            raise WrongState(_("This request was already passed on to this controller."), pointer="/controller")
        made = Forwarding.objects.create(
            right=row, event_id=row.event_id, controller=controller.strip(), how=how.strip(),
            passed_on_on=passed_on_on, passed_on_by=actor.ref, passed_on_at=at,
        )  # fmt: skip
        facts = {"forwarding": str(made.pk), "day": passed_on_on.isoformat()}
        record(row.request, Event.PASSED_ON, actor=actor, at=at, right=row, facts=facts)
    return made


def record_controller_answer(
    forwarding: Forwarding, *, answer: str, answered_on: date | None, actor: Actor, at: datetime
) -> Forwarding:
    """Record what the controller did with a request that was passed on to it, or that it has not answered.

    Then there is no day, and none that is given is kept. Raises WrongState.
    """
    require_permission(actor, DECIDE, about=forwarding)
    with transaction.atomic():
        right = lock_right(forwarding.right)
        row = Forwarding.objects.select_for_update().get(pk=forwarding.pk)
        if row.answer:
            raise WrongState(_("The controller’s answer is already recorded."))
        row.answer, row.answer_recorded_by = Forwarding.Answer(answer), actor.ref
        facts: dict[str, str] = {"forwarding": str(row.pk), "outcome": row.answer}
        if row.answer == Forwarding.Answer.NONE:
            word = Event.CONTROLLER_SILENT
        elif answered_on is None or not row.passed_on_on <= answered_on <= clock.kst_date(at):
            raise WrongState(_("Enter a day between the passing on and today."), pointer="/answered_on")
        else:
            word, row.answered_on = Event.CONTROLLER_ANSWERED, answered_on
            facts["day"] = answered_on.isoformat()
        row.save(update_fields=["answer", "answered_on", "answer_recorded_by"])
        record(right.request, word, actor=actor, at=at, right=right, facts=facts)
    return row
