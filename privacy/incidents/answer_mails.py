"""The e-mail that answers a complaint, as it is sent and as it is shown before."""

from datetime import datetime
from typing import Any, TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.incidents.models import Complaint
from privacy.lib.console.outgoing_texts import OutgoingText
from privacy.lib.dates import clock
from privacy.lib.integrations import mail
from privacy.policies.models import Agency, Officer


class Mail(TypedDict):
    """What ``mail.send`` and ``mail.body`` need of an answer."""

    subject: str
    template: str
    context: dict[str, Any]
    language: str


def answer_mail(complaint: Complaint, *, answer: str, at: datetime) -> Mail:
    """Return the e-mail of an answer, in the language of whoever complained."""
    with override(complaint.language):
        agencies = ", ".join(str(agency) for agency in Agency.objects.all())
        subject = _("Answer to your complaint %(reference)s") % {"reference": complaint.reference}
    context = {
        "complaint": complaint,
        "answer": answer,
        "agencies": agencies,
        "officer": Officer.objects.on(clock.kst_date(at)),
    }
    return {"subject": subject, "template": "complaint_answer", "context": context, "language": complaint.language}


def frame(complaint: Complaint, *, at: datetime) -> OutgoingText:
    """Return the e-mail as it will be sent, with a mark where the answer stands that is being written."""
    with override(complaint.language):
        mark = f"[ {_('your answer, as you type it below')} ]"
    written = answer_mail(complaint, answer=mark, at=at)
    way = _("By e-mail, if an address was given, and on the complainant's page")
    return OutgoingText(way, written["subject"], mail.body(**written), written["language"])
