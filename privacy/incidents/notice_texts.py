"""The texts of an incident: notices with the mandatory contents in the reader's language (B-03, B-04, B-07).

Their words are those of the template in force (``message_kinds.py``); the contents are put in here.
"""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.incidents import breach_scope, standing_texts
from privacy.incidents.models import Incident, Stage
from privacy.lib.dates import clock
from privacy.lib.display.badges import datetime_text
from privacy.policies import message_templates
from privacy.policies.message_templates import Wording
from privacy.policies.models import Officer

KINDS = {Stage.POSSIBLE: "possible-breach", Stage.NONE: "no-breach", Stage.SUPPLEMENT: "breach-supplement"}


def item_names(incident: Incident, on: date) -> str:
    """Return the items concerned, by name."""
    return ", ".join(breach_scope.item_name(code, on) for code in incident.items)


def wording(stage: Stage) -> Wording:
    """Return the words of a notice of a stage that are sent now."""
    return message_templates.in_force(f"incidents.{KINDS.get(stage, 'breach')}")


def notice_title(incident: Incident, stage: Stage, language: str, *, words: Wording | None = None) -> str:
    """Return the heading of a notice."""
    with override(language):
        values = _values(incident, stage, language, clock.kst_date(incident.aware_at))
        return (words or wording(stage)).fill("title", values, language=language)


def notice_text(
    incident: Incident, stage: Stage, language: str, *, on: date, words: Wording | None = None
) -> str:  # fmt: skip
    """Return a notice: its numbered contents, in the order of the law."""
    with override(language):
        return (words or wording(stage)).fill("text", _values(incident, stage, language, on), language=language)


def _values(incident: Incident, stage: Stage, language: str, on: date) -> dict[str, str]:
    """Return what a notice of a stage can say."""
    if stage == Stage.NONE:
        return {"reference": incident.reference}
    later = _("not known yet; a further notice follows as soon as it is")
    kind = str(incident.get_kind_display())
    return {
        "reference": incident.reference,
        "kind": kind,
        "suspicion": standing_texts.suspicion(kind, is_access=bool(incident.outside_access or incident.intrusion)),
        "further_notice": standing_texts.further_notice(),
        "items": item_names(incident, on) or later,
        "course": incident.said("course", language).strip() or later,
        "aware_at": datetime_text(incident.aware_at),
        "advice": incident.said("advice", language).strip(),
        "response": incident.said("response", language).strip(),
        "contact": contact_line(on),
        "legal_rights": legal_rights_text(),
    }


def contact_line(on: date) -> str:
    """Return the department that takes questions, as one line."""
    officer = Officer.objects.on(on)
    if officer is None:
        return ""
    return " · ".join(part for part in (officer.department, officer.name_shown, officer.phone, officer.email) if part)


def legal_rights_text() -> str:
    """Return the legal rights of PIPA 39, 39-2 and 43, the same in every notice (B-03)."""
    return standing_texts.legal_rights_text()
