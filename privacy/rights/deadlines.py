"""What of the rights requests has a date: answers, ends of postponements, objections."""

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from privacy.lib.registries import deadlines
from privacy.retention.refusals import OnHold
from privacy.rights.models import (
    CaseMessage,
    Forwarding,
    IncomingMail,
    Objection,
    Postponement,
    Request,
    Right,
    SuspensionMeasure,
)

VIEW, CASE = "rights.view_request", "admin:rights_request_change"


def postponed_access() -> QuerySet[Postponement]:
    """Postponed access: the day the reason should end, and after it the day the access is due (law R-10)."""
    found = Postponement.objects.in_force().filter(
        right__carried_out_at=None, right__request__state__in=Request.UNANSWERED
    )
    # Access that was refused after all is owed no more.
    return found.exclude(right__decision=Right.Decision.REFUSED).alias(day=Coalesce("due_on", "expected_on"))


def waiting_deletions() -> QuerySet[Right]:
    """Released deletions that the worker has not carried out; under a hold none has a day."""
    return Right.objects.filter(waits_until__isnull=False, carried_out_at=None).exclude(trouble=OnHold.code)


def undecided_objections() -> QuerySet[Objection]:
    """The objections that nobody has decided (law R-29)."""
    return Objection.objects.filter(outcome=Objection.Outcome.PENDING)


def drafts() -> QuerySet[IncomingMail]:
    """The mails and text messages to the office that nobody has put onto a case or discarded."""
    return IncomingMail.objects.filter(state=IncomingMail.State.DRAFT)


deadlines.add_query(
    "rights.request",
    Request.objects.unanswered,  # law
    on="due_on",
    reference="number",
    page=CASE,
    title=_("Answer to a request"),
    permission=VIEW,
)
deadlines.add_query(
    "rights.postponement",
    postponed_access,
    on="day",
    reference="right__request__number",
    page=CASE,
    page_key="right__request_id",
    title=_("Postponed access"),
    permission=VIEW,
    clocks=["rights.Postponement.due_on", "rights.Postponement.expected_on"],
)
deadlines.add_query(
    "rights.passed-on",
    Forwarding.objects.unanswered,  # law R-19
    on="right__request__due_on",
    reference="right__request__number",
    page=CASE,
    page_key="right__request_id",
    title=_("Answer of the controller that provided the data"),
    permission=VIEW,
    clocks=["rights.Request.due_on"],
)
deadlines.add_query(
    "rights.suspended-data",
    SuspensionMeasure.objects.open,  # law R-23
    on="due_on",
    reference="right__request__number",
    page=CASE,
    page_key="right__request_id",
    title=_("Destroy suspended data, or decide why it is kept:"),
    permission=VIEW,
)
deadlines.add_query(
    "rights.objection",
    undecided_objections,
    on="target_on",
    reference="right__request__number",
    page="admin:rights_objection_change",
    title=_("Decision on an objection"),
    permission=VIEW,
)
deadlines.add_query(
    "rights.deletion",
    waiting_deletions,
    at="waits_until",
    reference="request__number",
    page=CASE,
    page_key="request_id",
    title=_("Data is destroyed on request"),
    permission=VIEW,
)
deadlines.add_query(
    "rights.message",
    CaseMessage.objects.waiting,
    on="answer_by_on",
    reference="request__number",
    page=CASE,
    page_key="request_id",
    title=_("Answer to a message"),
    permission=VIEW,
)
deadlines.add_query(
    "rights.mail",
    drafts,
    on="sort_by_on",
    reference="reference",
    page="admin:rights_incomingmail_change",
    title=_("Incoming mail or text message to sort"),
    permission="rights.view_incomingmail",
)
