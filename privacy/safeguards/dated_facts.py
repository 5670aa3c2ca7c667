"""Which duties are asked about on a day, with their thresholds, what the numbers of the year say, and the decision."""

from collections.abc import Iterator
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from privacy.lib.registries import dated_facts
from privacy.lib.registries.dated_facts import Fact, Kind
from privacy.safeguards.models import ApplicabilityDecision, YearFigures
from privacy.safeguards.thresholds import NUMBERS, THRESHOLDS, Threshold


def duties(on: date) -> Iterator[Fact]:
    """Yield each duty that is asked about on a day.

    By the newest numbers of an earlier year: those of the year before are recorded in its first weeks.
    """
    decided = ApplicabilityDecision.objects.in_force()
    newest = YearFigures.objects.filter(year__lt=on.year).order_by("-year", "-recorded_at").first()
    path = reverse("admin:safeguards_applicabilitydecision_changelist")
    for duty in THRESHOLDS.values():
        if duty.has_begun(on):
            told = [*_thresholds(duty, newest, on), _decision(decided.get(duty.code))]
            about = f"{duty.title} ({duty.basis})"
            yield Fact(Kind.DUTY, duty.code, about, "; ".join(told), path, "safeguards.view_applicabilitydecision")


def _thresholds(duty: Threshold, newest: YearFigures | None, on: date) -> Iterator[str]:
    for name, limit in duty.limits(on).items():
        yield f"{NUMBERS[name]}: {limit:,}"
    if not duty.numbers:
        return
    if newest is None:
        yield _("no numbers of a year are recorded")
    elif duty.met_by(newest, on):
        yield _("by the numbers of %(year)s it binds") % {"year": newest.year}
    else:
        yield _("by the numbers of %(year)s it does not bind") % {"year": newest.year}


def _decision(decided: ApplicabilityDecision | None) -> str:
    if decided is None:
        return _("not decided yet")
    words = {"reference": decided.reference}
    if decided.applies:
        return _("decision %(reference)s: it binds") % words
    return _("decision %(reference)s: it does not bind") % words


dated_facts.add_source("safeguards.duties", duties)
