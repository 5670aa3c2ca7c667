"""What the law wants done about an incident: reported or not, said or not, done before it is closed (B-03, B-08)."""

from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext as _

from privacy.campaigns.models import Campaign, Delivery
from privacy.incidents.models import Incident
from privacy.lib import clock
from privacy.policies import rulebook
from privacy.policies.models import Officer


def people(incident: Incident) -> int:
    """Return how many people it concerns: those known, or the estimate where it is higher."""
    return max(incident.affected.count(), incident.estimate)


def grounds(incident: Incident) -> list[str]:
    """Return why it must be reported to the PIPC or KISA; an empty list means it need not be (B-08)."""
    if incident.certainty != Incident.Certainty.CONFIRMED:
        return []
    found = []
    threshold = rulebook.parameter("breach.report.subjects", clock.kst_date(incident.aware_at))
    count = people(incident)
    if count >= threshold:
        found.append(_("%(count)d data subjects, from %(threshold)d on") % {"count": count, "threshold": threshold})
    if incident.sensitive:
        found.append(_("sensitive or unique identification information"))
    if incident.outside_access:
        found.append(_("illegal access from outside"))
    return found


def stage(incident: Incident) -> str:
    """Return which notice is due now: possible, none, first, full or supplement (B-03, B-04, B-07)."""
    if incident.certainty == Incident.Certainty.POSSIBLE:
        return "possible"
    if incident.certainty == Incident.Certainty.NONE:
        return "none"
    known = bool(incident.items and incident.course_ko.strip() and incident.course_en.strip())
    if not known:
        return "first"
    return "supplement" if told(incident, "first") else "full"


def told(incident: Incident, *stages: str) -> bool:
    """Whether notices of one of these stages went to the subjects."""
    occasions = [f"{incident.reference} {one}" for one in stages]
    return Campaign.objects.filter(about=f"incidents.incident:{incident.pk}", occasion__in=occasions).exists()


def unsaid(incident: Incident, on: date) -> list[str]:
    """Return what a notice lacks: it is not sent while anything is missing (B-03)."""
    current = stage(incident)
    if current == "none":
        return []
    missing = []
    if current == "possible" and not (incident.items and incident.course_ko.strip() and incident.course_en.strip()):
        missing.append(_("the suspected items, and the time and course in both languages"))
    if not (incident.advice_ko.strip() and incident.advice_en.strip()):
        missing.append(_("what the subject can do, in both languages"))
    if not (incident.response_ko.strip() and incident.response_en.strip()):
        missing.append(_("the company's response and remedy, in both languages"))
    if Officer.objects.on(on) is None:
        missing.append(_("a designated protection officer to turn to"))
    return missing


def without_address(incident: Incident) -> int:
    """Return how many of the people told individually have no address on record (B-06)."""
    found = Delivery.objects.filter(
        campaign__about=f"incidents.incident:{incident.pk}", state=Delivery.State.WITHOUT_ADDRESS
    )
    return found.values("subject_id").distinct().count()


def undone(incident: Incident) -> list[str]:
    """Return what stands between an incident and its closing."""
    return list(_undone(incident))


def _undone(incident: Incident) -> Iterator[str]:
    if incident.certainty == Incident.Certainty.POSSIBLE:
        yield _("It is not known yet whether there was a breach: confirm it or rule it out.")
    if incident.certainty != Incident.Certainty.NONE and incident.told_at is None:
        yield _("The subjects were not notified, neither individually nor on the website.")
    if incident.certainty == Incident.Certainty.NONE and told(incident, "possible") and not told(incident, "none"):
        yield _("Those who were told of a possible breach have to be told that there was none.")
    if told(incident, "first") and not told(incident, "supplement"):
        yield _("The first notice was incomplete: it has to be supplemented.")
    if without_address(incident) and incident.website_at is None:
        yield _("Some subjects have no address on record: post the notice on the website.")
    if grounds(incident) and incident.reported_at is None and not incident.not_reported_reason:
        yield _("It was not reported to the PIPC or KISA.")
    if incident.intrusion and incident.intrusion_reported_at is None:
        yield _("The intrusion was not reported to the MSIT or KISA.")
    if not incident.measures.exists():
        yield _("No measure is recorded.")
