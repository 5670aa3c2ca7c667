"""Where a person's data comes from and what it is used for, as its rows say it (R-35; decision 0375)."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from privacy.lib.display import display_names
from privacy.lib.http.people_url import people_url
from privacy.policies import rulebook
from privacy.rights.models import Forwarding, Particulars, Request, Right
from privacy.subjects import holdings
from privacy.subjects.sources import DataSource, Source


def of_particulars(subject_ids: Sequence[UUID]) -> Iterator[DataSource]:
    """Yield that people wrote themselves what their own cases hold. Of people, not of cases."""
    cases = Request.objects.filter(people__subject_id__in=subject_ids).values_list("id", flat=True)
    if Particulars.objects.filter(subject_id__in=list(cases)).exists():
        yield DataSource(Source.PERSON)


def sources_of(people: Sequence[UUID], *, on: date) -> list[dict[str, Any]]:
    """Return each category of which something is held of these people, and its sources, as codes and titles."""
    found: dict[str, set[DataSource]] = {}
    for holding in holdings.all_holdings():
        if holding.sources is not None and (told := set(holding.sources(people))):
            found.setdefault(holding.category, set()).update(told)
    about = Right.objects.filter(request__people__subject_id__in=people)
    corrected = about.filter(kind=Right.Kind.CORRECTION, carried_out_at__isnull=False)
    corrected = corrected.exclude(result__has_key="destroyed")
    named = [(category, DataSource(Source.CORRECTION)) for category in corrected.values_list("category", flat=True)]
    passed_on = Forwarding.objects.filter(right__in=about).values_list("right__category", "controller")
    named += [(category, DataSource(Source.CONTROLLER, controller)) for category, controller in passed_on]
    policy = rulebook.in_force(on).categories
    for category, source in named:
        # Passed on for all of a person's data: which category the controller provided, nobody has said.
        for code in [category] if category else [code for code in found if code in policy]:
            if code in found:
                found[code].add(source)
    return [
        {"category": code, "sources": [[one.source, one.name] for one in sorted(found[code])]} for code in sorted(found)
    ]


def lines(told: Sequence[dict[str, Any]], *, on: date) -> list[str]:
    """Return what ``sources_of`` found in words: category, sources, and the purposes of the rulebook of a day."""
    return [
        _("%(category)s – source: %(sources)s; purpose: %(purposes)s")
        % {
            "category": capfirst(display_names.display_name("category", one["category"], on=on)),
            "sources": ", ".join(_source(*source) for source in one["sources"]),
            "purposes": ", ".join(_purposes(one["category"], on=on)),
        }
        for one in told
    ]


def what_follows() -> str:
    """Return the right that must be told with the source (PIPA 20(1)3)."""
    return _("You can have the processing suspended, or withdraw your consent: %(link)s") % {
        "link": f"{people_url()}/rights/request/"
    }


def _source(source: str, name: str) -> str:
    label = str(Source(source).label)
    return _("%(source)s (%(name)s)") % {"source": label, "name": name} if name else label


def _purposes(category: str, *, on: date) -> list[str]:
    term = rulebook.in_force(on).categories.get(category)
    if term is not None:
        return sorted(display_names.display_name("purpose", code, on=on) for code in term.purposes)
    duties = [str(one.duty) for one in holdings.for_category(category) if one.duty]
    return list(dict.fromkeys(duties))
