"""The public pages of the policy: open to everybody, readable without script."""

from datetime import date, timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from privacy.lib import clock
from privacy.policies import difference, document, presentation, seals
from privacy.policies.models import Agency, Notice, Officer, PolicyVersion


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this site is for, what one can do here, whom to ask, and the policy of today."""
    today = clock.today()
    context = {
        "version": PolicyVersion.objects.in_force(today),
        "announced": PolicyVersion.objects.announced(today),
        "notices": Notice.objects.posted(today)[:3],
        **_contacts(today),
    }
    return render(request, "policies/home.html", context)


@login_not_required
@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """The policy in force today (P0.2, V-04)."""
    version = PolicyVersion.objects.in_force(clock.today())
    if version is None:
        raise Http404
    return _show(request, version)


@login_not_required
@require_safe
def version(request: HttpRequest, number: str) -> HttpResponse:
    """One version, for ever at the same address (V-05)."""
    return _show(request, get_object_or_404(PolicyVersion.objects.public(), number=number))


@login_not_required
@require_safe
def difference_between(request: HttpRequest, old: str, new: str) -> HttpResponse:
    """What changed from one version to another (V-05)."""
    before = get_object_or_404(PolicyVersion.objects.public(), number=old)
    after = get_object_or_404(PolicyVersion.objects.public(), number=new)
    texts = document.published(before), document.published(after)
    language = get_language() or "ko"
    chapters = difference.chapters(*texts, language)
    context = {
        "before": before,
        "after": after,
        "rules": difference.rules(*texts, language),
        "changed": [chapter for chapter in chapters if chapter.kind != "same"],
        "same": [chapter for chapter in chapters if chapter.kind == "same"],
    }
    return render(request, "policies/difference.html", context)


@login_not_required
@require_safe
def officer(request: HttpRequest) -> HttpResponse:
    """Whom to turn to: the officer, the department, the agencies (P2.1, P2.2)."""
    return render(request, "policies/officer.html", _contacts(clock.today()))


@login_not_required
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """Notices for everybody: revisions, breaches with their term, others (P0.3, B-06)."""
    context = {"notices": Notice.objects.posted(clock.today()).select_related("version", "version__based_on")}
    return render(request, "policies/notices.html", context)


def _show(request: HttpRequest, shown: PolicyVersion) -> HttpResponse:
    today = clock.today()
    versions = list(PolicyVersion.objects.public().order_by("-effective_on"))
    context = {
        "version": shown,
        "chapters": presentation.chapters(document.published(shown), get_language() or "ko"),
        "is_intact": seals.is_intact(shown),
        "versions": versions,
        "in_force": PolicyVersion.objects.in_force(today),
        "earlier": next((other for other in versions if _before(other, shown)), None),
        "today": today,
        **_contacts(_last_day(shown, versions, today)),
    }
    return render(request, "policies/version.html", context)


def _before(other: PolicyVersion, shown: PolicyVersion) -> bool:
    assert other.effective_on is not None and shown.effective_on is not None  # public versions have their day
    return other.effective_on < shown.effective_on


def _last_day(shown: PolicyVersion, versions: list[PolicyVersion], today: date) -> date:
    """Return the day whose officer belongs to a version: today, or the last day it was in force."""
    later = [other.effective_on for other in versions if other.effective_on and _before(shown, other)]
    ended = min(later) - timedelta(1) if later else today
    starts = shown.effective_on or today
    return max(starts, min(ended, today))


def _contacts(day: date) -> dict[str, object]:
    return {"officer": Officer.objects.on(day), "agencies": Agency.objects.all()}
