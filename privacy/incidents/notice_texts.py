"""The texts of an incident: notices with the mandatory contents in the reader's language (B-03, B-04, B-07)."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.incidents import breach_scope
from privacy.incidents.models import Incident, Stage
from privacy.lib.display.badges import datetime_text
from privacy.policies.models import Officer


def item_names(incident: Incident, on: date) -> str:
    """Return the items concerned, by name."""
    return ", ".join(breach_scope.item_name(code, on) for code in incident.items)


def notice_title(incident: Incident, stage: Stage, language: str) -> str:
    """Return the heading of a notice."""
    with override(language):
        return {
            "possible": _("Notice of a possible breach of personal information"),
            "none": _("Notice: there was no breach of personal information"),
            "supplement": _("Supplement to the notice of a breach of personal information"),
        }.get(stage, _("Notice of a breach of personal information"))


def notice_text(incident: Incident, stage: Stage, language: str, *, on: date) -> str:
    """Return a notice: its numbered contents, in the order of the law."""
    with override(language):
        return "\n\n".join(_none(incident) if stage == "none" else _parts(incident, stage, language, on))


def _none(incident: Incident) -> list[str]:
    return [
        _("We told you of a possible breach of your personal information (%(reference)s).")
        % {"reference": incident.reference},
        _("We have since investigated and found that there was no breach. You don't need to do anything."),
    ]


def _suspicion(incident: Incident, kind: str) -> str:
    """Return what is suspected: an illegal access where one is on record, otherwise the kind of incident (B-07)."""
    if incident.outside_access or incident.intrusion:
        return _("Someone gained access illegally, and your personal information may have been affected.")
    return _("Your personal information may have been affected by an incident (%(kind)s).") % {"kind": kind}


def _parts(incident: Incident, stage: Stage, language: str, on: date) -> list[str]:
    kind = str(incident.get_kind_display())
    opening = {
        "possible": _suspicion(incident, kind),
        "supplement": _("This supplements our first notice with what has become known since."),
    }.get(stage, _("Your personal information was affected by a breach (%(kind)s). We apologise.") % {"kind": kind})
    later = _("not known yet; a further notice follows as soon as it is")
    known = {
        "items": item_names(incident, on) or later,
        "course": incident.said("course", language).strip() or later,
    }
    heading = _("1. Items that may be affected") if stage == "possible" else _("1. Items affected")
    parts = [
        opening,
        f"{heading}\n{known['items']}",
        f"{_('2. Time and circumstances')}\n{known['course']}\n"
        + _("We became aware of it on %(moment)s.") % {"moment": datetime_text(incident.aware_at)},
        f"{_('3. What you can do')}\n{incident.said('advice', language).strip()}",
        f"{_('4. What we are doing, and how you can get redress')}\n{incident.said('response', language).strip()}",
        f"{_('5. Who to contact')}\n{contact_line(on)}",
        f"{_('6. Your rights under the law')}\n{legal_rights_text()}",
    ]
    if stage == "possible":
        parts.append(_("If a breach is confirmed, we will tell you at once."))
    return parts


def contact_line(on: date) -> str:
    """Return the department that takes questions, as one line."""
    officer = Officer.objects.on(on)
    if officer is None:
        return ""
    return " · ".join(part for part in (officer.department, officer.name_shown, officer.phone, officer.email) if part)


def legal_rights_text() -> str:
    """Return the legal rights of PIPA 39, 39-2 and 43, the same in every notice (B-03)."""
    return "\n".join(
        (
            _("You may claim damages (Personal Information Protection Act, article 39) or statutory damages of up to "
              "three million won (article 39-2)."),
            _("You may apply to the Personal Information Dispute Mediation Committee (article 43): 1833-6972, "
              "www.kopico.go.kr."),
        )
    )  # fmt: skip
