"""The step that comes next in a case, in words, for whoever looks at a list of them."""

from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from privacy.accounts.approval_signatures import NotSigned
from privacy.accounts.models import User
from privacy.retention.refusals import OnHold
from privacy.rights.actions.identity_documents import documents_since_asked
from privacy.rights.models import AUTOMATED, Letter, Request, Right
from privacy.rights.representation import is_represented, proven_at


def with_next_step(cases: QuerySet[Request]) -> QuerySet[Request]:
    """Return cases with what ``next_step`` asks of them: their rights, and an answer that waits for the office."""
    waiting = Letter.objects.filter(
        request=OuterRef("pk"), state__in=[Letter.State.PARKED, Letter.State.TO_POST]
    ).order_by("state")
    return cases.annotate(letter_waits=Subquery(waiting.values("state")[:1])).prefetch_related("rights")


def next_step(case: Request, user: User, *, at: datetime) -> tuple[str, str]:
    """Return what an account can do next in a case, or nothing and what the case waits for.

    Of a case as ``with_next_step`` returns it. Whether the account is the second person is asked on its page.
    """
    step, permission = _step(case, at=at)
    if not permission:
        return "", step
    return (step, "") if user.has_perm(permission) else ("", step)


def _step(case: Request, *, at: datetime) -> tuple[str, str]:
    rights = list(case.rights.all())
    if case.state in Request.BEFORE_IDENTITY:
        return _("Verify identity"), "rights.verify_identity"
    if any(right.decision == Right.Decision.PENDING for right in rights):
        return _("Read and decide"), "rights.decide_request"
    begun = [right for right in rights if right.is_granted and right.carried_out_at is None]
    fresh = [right for right in begun if right.started_at is None]
    if fresh and not any(is_represented(case, right.kind, at=at) for right in fresh):
        return _of_mandate(case, at=at)
    if fresh and case.subject_id is not None and all(right.kind in AUTOMATED for right in fresh):
        return _("Answer about the automated decision"), "rights.carry_out_request"
    if fresh:
        return _("Carry out"), "rights.carry_out_request"
    if any(right.trouble == NotSigned.code for right in begun):
        return _("Stop it: its release is not signed"), "rights.decide_request"
    if any(right.trouble == OnHold.code for right in begun):
        return _("On hold"), ""
    if any(right.is_waiting(at=at) for right in begun):
        return _("Destroyed after the waiting period"), ""
    if begun:
        return _("Being carried out"), ""
    return _of_answer(case)


def _of_mandate(case: Request, *, at: datetime) -> tuple[str, str]:
    """Return what is done about a mandate that is lacking: nothing of the case is carried out before there is one."""
    if documents_since_asked(case, at=at).usable().exists():
        return _("Check the new mandate"), "rights.verify_identity"
    letters = case.letters.filter(kind=Letter.Kind.EVIDENCE, queued_at__gt=proven_at(case))
    asked = letters.exclude(state=Letter.State.WITHDRAWN).order_by("queued_at").last()
    if asked is None:
        return _("Request a new mandate"), "rights.verify_identity"
    if asked.state in {Letter.State.TO_POST, Letter.State.PARKED}:
        return _("Post the request for a new mandate"), "rights.decide_request"
    return _("Waiting for a new mandate"), ""


def _of_answer(case: Request) -> tuple[str, str]:
    waits = getattr(case, "letter_waits", None)
    if waits == Letter.State.TO_POST:
        return _("Post the answer"), "rights.decide_request"
    if waits == Letter.State.PARKED:
        return _("See to the answer: it could not be sent"), "rights.decide_request"
    if case.state == Request.State.NOTIFIED:
        return _("Close the case"), "rights.decide_request"
    return _("The answer is on its way"), ""
