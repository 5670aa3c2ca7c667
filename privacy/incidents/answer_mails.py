"""The e-mail that answers a complaint: what its template knows, and how it is shown before it is sent."""

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.incidents.models import Complaint
from privacy.lib.console.outgoing_texts import OutgoingText
from privacy.lib.integrations import mail
from privacy.policies import message_templates
from privacy.policies.message_templates import Wording
from privacy.policies.models import Agency

TEMPLATE = "incidents.complaint-answer"


def wording() -> Wording:
    """Return the words that are in force now around an answer."""
    return message_templates.in_force(TEMPLATE)


def values_of(complaint: Complaint, *, answer: str) -> dict[str, str]:
    """Return what the e-mail of an answer says, in the language of whoever complained."""
    with override(complaint.language):
        agencies = ", ".join(str(agency) for agency in Agency.objects.all())
    return {"reference": complaint.reference, "answer": answer, "agencies": agencies}


def frame(complaint: Complaint, words: Wording) -> OutgoingText:
    """Return the e-mail as it will be sent in these words, with a mark where the answer stands that is written."""
    language = complaint.language
    with override(language):
        mark = f"[ {_('your answer, as you type it below')} ]"
    values = values_of(complaint, answer=mark)
    subject, text = (words.fill(part, values, language=language) for part in ("subject", "text"))
    way = _("By e-mail, if an address was given, and on the complainant's page")
    shown = mail.body(template="worded", context={"text": text}, subject=subject, language=language)
    return OutgoingText(way, subject, shown, language)
