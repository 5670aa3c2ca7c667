"""What runs later: sending the answer to a complaint. Called by the worker, safe to run twice."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.incidents import actions as incidents
from privacy.incidents.models import Complaint
from privacy.jobs import outbox
from privacy.ledger.actors import System
from privacy.lib import clock, mail
from privacy.policies.models import Agency, Officer

WORKER = System("complaints")


@outbox.deliverer(incidents.DELIVERY, patience=outbox.OUTWARD)
def deliver_answer(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Send the answer by e-mail where an address was given; else the officer answers by telephone or letter."""
    complaint = Complaint.objects.get(id=ids["complaint"])
    if complaint.sent_at is not None:
        return
    words = incidents.open_words(complaint, task="incidents.complaint.sent", actor=WORKER, at=at)
    if not words.contact.get("email"):
        return
    with override(complaint.language):
        agencies = ", ".join(str(agency) for agency in Agency.objects.all())
        subject = _("Answer to your complaint %(reference)s") % {"reference": complaint.reference}
    mail.send(
        to=words.contact["email"],
        subject=subject,
        template="complaint_answer",
        context={
            "complaint": complaint,
            "answer": words.answer,
            "agencies": agencies,
            "officer": Officer.objects.on(clock.kst_date(at)),
        },
        language=complaint.language,
        message_id=complaint.message_id,
    )
    incidents.mark_answer_sent(complaint, actor=WORKER, at=at)
