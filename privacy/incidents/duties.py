"""What the law wants done about an incident, derived once: its terms, its report, what stands before its closing.

Every page, paper, register, calendar and figure that speaks of an incident asks here (B-02 … B-10).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from privacy.campaigns.models import Delivery
from privacy.incidents import notice_deadlines, notifications, supplement_deadlines
from privacy.incidents.models import Incident, Report, Stage
from privacy.incidents.notifications import BREACH_STAGES, POSSIBLE_BREACH_STAGES
from privacy.incidents.statutory_deadlines import StatutoryDeadline, statutory_due
from privacy.policies.models import Officer


def people_count(incident: Incident) -> int:
    """Return how many people it concerns: those known, or the estimate where it is higher."""
    return max(incident.listed, incident.estimate)


def people_count_text(incident: Incident) -> str:
    """Return how many people it concerns in words: a number that was counted is never one that was estimated."""
    listed = incident.affected.count()
    if incident.estimate <= listed:
        return _("%(listed)d listed") % {"listed": listed}
    return _("about %(estimate)d (estimate), %(listed)d listed") % {"estimate": incident.estimate, "listed": listed}


# -- the report ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReportDuty:
    """Whether a breach is reported to the PIPC or KISA: exactly one of six states, and the grounds (B-08)."""

    state: str
    grounds: tuple[str, ...]
    # The same grounds by their codes.
    codes: tuple[str, ...] = ()

    @property
    def is_owed(self) -> bool:
        return self.state == "owed"

    @property
    def said(self) -> str:
        """What a badge says of it."""
        return str(REPORT_STATE_LABELS[self.state])


REPORT_STATE_LABELS = {
    "undecided": gettext_lazy("not required while the breach is only possible"),
    "ruled-out": gettext_lazy("nothing to report"),
    "not-demanded": gettext_lazy("no report required on the facts known so far"),
    "owed": gettext_lazy("must be reported"),
    "recovered": gettext_lazy("no report needed: recovered"),
    "reported": gettext_lazy("reported"),
}


def report_duty(incident: Incident) -> ReportDuty:
    """Return the state of the report. What would demand it is named also while the breach is only possible."""
    grounds = dict(_grounds(incident))
    found, codes = tuple(grounds.values()), tuple(grounds)
    if incident.reported_at is not None:
        return ReportDuty("reported", found, codes)
    if incident.certainty == Incident.Certainty.POSSIBLE:
        return ReportDuty("undecided", found, codes)
    if incident.certainty == Incident.Certainty.NONE:
        return ReportDuty("ruled-out", ())
    if not found:
        return ReportDuty("not-demanded", ())
    if incident.recovered and incident.not_reported_reason and grounds.keys() <= set(incident.not_reported_grounds):
        return ReportDuty("recovered", found, codes)
    return ReportDuty("owed", found, codes)


def reason_not_reported(incident: Incident) -> str:
    """Return why it is not reported, where that reason stands: none where it was reported, or must be after all."""
    stands = report_duty(incident).state in {"recovered", "not-demanded"}
    return incident.not_reported_reason if stands else ""


def _grounds(incident: Incident) -> Iterator[tuple[str, str]]:
    count = people_count(incident)
    if count >= incident.threshold:
        said = _("%(count)d data subjects (threshold: %(threshold)d)") % {
            "count": count,
            "threshold": incident.threshold,
        }
        yield "subjects", said
    if incident.sensitive:
        yield "sensitive", _("sensitive or unique identification information")
    if incident.outside_access:
        yield "outside", _("illegal access from outside")


# Owed "at once": no law gives them hours.
WITHOUT_HOURS = frozenset({"notice-supplement", "report-supplement", "retraction"})

# -- the terms -------------------------------------------------------------------------------------------------------


def deadlines_of(incident: Incident) -> list[StatutoryDeadline]:
    """Return the terms of an incident, done or running, the first to end first."""
    found = [
        *notice_deadlines.possible_breach_deadline(incident),
        *notice_deadlines.breach_notice_deadlines(incident),
        *_report(incident),
        *_intrusion(incident),
        *supplement_deadlines.supplement_deadlines(incident),
    ]
    return sorted(found, key=lambda one: one.due_at)


def open_deadlines(incident: Incident) -> list[StatutoryDeadline]:
    """Return the terms whose duty is not done."""
    return [one for one in deadlines_of(incident) if one.done_at is None]


def deadlines_with_hours(incident: Incident) -> list[tuple[StatutoryDeadline, int]]:
    """Return each term with its length in hours; of a supplement that is owed at once there is none."""
    begun = {
        "possible-notice": incident.aware_at,
        "intrusion": incident.intrusion_aware_at,
        "intrusion-supplement": incident.new_facts_at,
    }
    return [
        (one, round((one.due_at - since).total_seconds() / 3600))
        for one in deadlines_of(incident)
        if one.duty not in WITHOUT_HOURS and (since := begun.get(one.duty, incident.confirmed_at)) is not None
    ]


def _report(incident: Incident) -> Iterator[StatutoryDeadline]:
    """The report: it has a term only where there is a ground to report (B-08)."""
    duty = report_duty(incident)
    if incident.report_due_at is not None and duty.grounds and duty.state in {"owed", "reported"}:
        yield StatutoryDeadline("report", _("Report to the PIPC or KISA"), incident.report_due_at, incident.reported_at)


def _intrusion(incident: Incident) -> Iterator[StatutoryDeadline]:
    """The report of an intrusion, and each supplement that new facts have made due (B-10)."""
    if not incident.intrusion:
        return
    name = _("Intrusion report to the MSIT or KISA")
    yield StatutoryDeadline("intrusion", name, incident.intrusion_due_at, incident.intrusion_reported_at)
    name = _("Supplement to the intrusion report")
    made_known = [] if incident.is_without("reports") else incident.reports.filter(duty=Report.Duty.INTRUSION)
    for made in made_known:
        if made.due_at is None:
            continue
        yield StatutoryDeadline(f"intrusion-{made.sequence}", name, made.due_at, made.reported_at)
    if incident.new_facts_at is not None:
        yield StatutoryDeadline("intrusion-supplement", name, supplement_due(incident.new_facts_at), None)


def supplement_due(facts_at: datetime) -> datetime:
    """Return until when new facts of an intrusion are reported (B-10)."""
    return statutory_due("intrusion.report.hours", facts_at)


# -- what a notice says, and what stands before closing --------------------------------------------------------------


def missing_notice_contents(incident: Incident, on: date) -> list[str]:
    """Return what a notice lacks: it is not sent while anything is missing (B-03)."""
    if incident.certainty == Incident.Certainty.NONE:
        return []
    missing = []
    if incident.certainty == Incident.Certainty.POSSIBLE and not incident.is_known:
        missing.append(_("the suspected items, and the time and circumstances in both languages"))
    if not (incident.advice_ko.strip() and incident.advice_en.strip()):
        missing.append(_("what the data subject can do, in both languages"))
    if not (incident.response_ko.strip() and incident.response_en.strip()):
        missing.append(_("the company's response and redress, in both languages"))
    if Officer.objects.on(on) is None:
        missing.append(_("a designated protection officer to contact"))
    return missing


def closing_blockers(incident: Incident) -> list[str]:
    """Return what stands between an incident and its closing."""
    return list(_closing_blockers(incident))


def _closing_blockers(incident: Incident) -> Iterator[str]:
    if incident.certainty == Incident.Certainty.POSSIBLE:
        yield _("It is not known yet whether there was a breach: confirm it or rule it out.")
        yield from _not_notified(incident, POSSIBLE_BREACH_STAGES)
    elif incident.certainty == Incident.Certainty.CONFIRMED:
        yield from _not_notified(incident, BREACH_STAGES)
        yield from _not_supplemented(incident)
    else:
        yield from _not_retracted(incident)
    if report_duty(incident).is_owed:
        yield _("It was not reported to the PIPC or KISA.")
    if incident.certainty == Incident.Certainty.CONFIRMED and supplement_deadlines.incomplete_report(incident):
        yield _("The report to the PIPC or KISA was incomplete and must be supplemented.")
    if incident.intrusion and incident.intrusion_reported_at is None:
        yield _("The intrusion was not reported to the MSIT or KISA.")
    if incident.intrusion and incident.new_facts_at is not None:
        yield _("New facts have emerged since the intrusion was reported. Report them too.")
    if not incident.measures.exists():
        yield _("No measure is recorded.")


def _not_notified(incident: Incident, stages: tuple[Stage, ...]) -> Iterator[str]:
    """Say who was not told yet, by what has to be done about it."""
    website = notifications.public_notice(incident, stages)
    listed = notifications.affected_with_notice_time(incident, stages)
    if website is None and not listed:
        yield _("The data subjects were notified neither individually nor on the website.")
        return
    left = listed.filter(told_at=None)
    unreachable = notifications.deliveries(incident, stages).filter(state__in=Delivery.UNREACHABLE)
    stuck = left.filter(subject_id__in=unreachable.values("subject_id")).count()
    untold = left.count() - stuck
    if untold:
        yield ngettext(
            "%(count)d listed data subject has not been told yet: send the notice, or wait until it has been sent.",
            "%(count)d listed data subjects have not been told yet: send the notice, or wait until it has been sent.",
            untold,
        ) % {"count": untold}
    if stuck:
        yield ngettext(
            "%(count)d data subject has no working address on record. Post the notice on the website.",
            "%(count)d data subjects have no working address on record. Post the notice on the website.",
            stuck,
        ) % {"count": stuck}
    unknown = notifications.unlisted_people_count(incident)
    if unknown and notifications.unlisted_told_at(incident, stages) is None:
        yield _(
            "The estimate is %(estimate)d data subjects, and %(listed)d are listed: list the others, correct the "
            "estimate, or post the notice on the website."
        ) % {"estimate": incident.estimate, "listed": incident.estimate - unknown}


def _not_supplemented(incident: Incident) -> Iterator[str]:
    if supplement_deadlines.is_notice_incomplete(incident):
        yield _("The first notice was incomplete and must be supplemented.")


def _not_retracted(incident: Incident) -> Iterator[str]:
    """Whoever was told of a possible breach is told that there was none (B-07)."""
    if supplement_deadlines.is_to_be_retracted(incident):
        yield _("Tell everyone who was told of a possible breach that there was none.")
