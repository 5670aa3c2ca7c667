"""Reminding those who answer complaints."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.actions.work_reminders import AlreadyReminded, NobodyToRemind, queue_work_reminder
from privacy.accounts.permissions import users_with_role
from privacy.accounts.roles import ROLES_OF_PERMISSION
from privacy.incidents.events import Event
from privacy.incidents.models import Complaint
from privacy.incidents.refusals import WrongState
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission

ANSWER, REMIND = "incidents.answer_complaint", "incidents.read_complaint"


def remind_answerers(complaint: Complaint, *, path: str, actor: Actor, at: datetime) -> None:
    """Remind everybody else who may answer an open complaint, each once a day. ``path`` is its page.

    Whoever reads complaints reminds: an auditor sees them in the list and queues no mail. Raises WrongState,
    NobodyToRemind, AlreadyReminded.
    """
    require_permission(actor, REMIND, about=complaint)
    with transaction.atomic():
        row = Complaint.objects.select_for_update().get(pk=complaint.pk)
        if row.state != Complaint.State.RECEIVED:
            raise WrongState(_("This complaint has been answered."))
        others = users_with_role(*ROLES_OF_PERMISSION[ANSWER]).exclude(reference=actor.ref).order_by("reference")
        if not others:
            raise NobodyToRemind(_("Nobody else may answer complaints."))
        reminded, refused = [], None
        for user in others:
            try:
                queue_work_reminder(
                    row, name=row.reference, to=user.reference, due_on=row.target_on, path=path, actor_ref=actor.ref,
                    at=at,
                )  # fmt: skip
            except AlreadyReminded as already:
                refused = already
            else:
                reminded.append(user.reference)
        if refused is not None and not reminded:
            raise refused
        ledger.record(Event.ANSWERERS_REMINDED, actor=actor, at=at, about=row, facts={"to": reminded})
