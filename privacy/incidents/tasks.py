"""What runs later: sending the answer to a complaint. Called by the worker, safe to run twice."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from privacy.incidents import actions as incidents
from privacy.incidents.answer_mails import TEMPLATE, values_of
from privacy.incidents.models import Complaint
from privacy.jobs import outbox
from privacy.ledger.actors import SystemActor
from privacy.policies import message_templates

WORKER = SystemActor("complaints")


@outbox.deliverer(incidents.DELIVERY, destination=outbox.MAIL)
def deliver_answer(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Send the answer by e-mail where an address was given; else the officer answers by telephone or letter.

    It stands in the version of the template that the officer read.
    """
    complaint = Complaint.objects.get(id=ids["complaint"])
    if complaint.sent_at is not None or complaint.returned_at is not None:
        return
    try:
        words = incidents.open_complaint_text(complaint, task="incidents.complaint.sent", actor=WORKER, at=at)
    except incidents.ComplaintTextGone:
        return  # the term is over: there is no address and nothing to send any more
    if not words.contact.get("email"):
        return
    wording = message_templates.of_version(TEMPLATE, ids.get("template", ""))
    values = values_of(complaint, answer=words.answer)
    wording.send_mail(
        values, to=words.contact["email"], language=complaint.language, message_id=complaint.message_id
    )  # fmt: skip
    incidents.mark_answer_sent(complaint, template=wording.version, actor=WORKER, at=at)
