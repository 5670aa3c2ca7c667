"""The public pages of the policy: open to everybody, readable without script."""

from datetime import date, timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from privacy.lib.dates import clock
from privacy.lib.display.reader_language import reader_language
from privacy.policies import grounds, integrity, policy_document, presentation, shipped_text, text_changes
from privacy.policies.models import Agency, Notice, Officer, PolicyVersion, PublishedText

# So many notices are named on the first page, besides those of a breach.
NEWEST = 3


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this site is for, what one can do here, whom to ask, and the policy of today."""
    today = clock.today()
    posted = list(Notice.objects.posted(today))
    # A breach notice stays in sight for all its days, whatever is posted after it (law B-06).
    shown = [one for place, one in enumerate(posted) if place < NEWEST or one.kind == Notice.Kind.BREACH]
    context = {
        "version": PolicyVersion.objects.in_force(today),
        "announced": PolicyVersion.objects.announced(today),
        "notices": shown,
        "more_notices": len(posted) - len(shown),
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
    if _before(after, before):
        # What changed is told forwards in time, whichever was named first.
        return redirect("policies:difference", new, old)
    texts = policy_document.published_document(before), policy_document.published_document(after)
    language = get_language() or "ko"
    chapters = text_changes.compare_sections(*texts, language)
    context = {
        "before": before,
        "after": after,
        "rules": text_changes.compare_rules(*texts, language),
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
    day = _last_day(shown, versions, today)
    in_force = PolicyVersion.objects.in_force(today)
    texts = PublishedText.objects.newest(shown)
    language = reader_language()
    published = texts.get(language)
    context = {
        "version": shown,
        "published": published,
        "published_is_intact": published is None or integrity.is_text_intact(published),
        "elsewhere": [text for text in texts.values() if text != published],
        "chapters": presentation.render_sections(
            policy_document.published_document(shown), get_language() or "ko", on=day
        ),
        "is_intact": integrity.is_intact(shown),
        "restatement": shipped_text.shipped_text_of(shown, get_language() or "ko"),
        "versions": versions,
        "in_force": in_force,
        # What is refused today is no part of a text that is kept for reference.
        "grounds": grounds.enforced(today) if shown == in_force else [],
        "earlier": next((other for other in versions if _before(other, shown)), None),
        "today": today,
        **_contacts(day),
    }
    return render(request, "policies/version.html", context)


@login_not_required
@require_safe
def published_text(request: HttpRequest, number: str, language: str) -> HttpResponse:
    """The text of a version as it was published, byte for byte, so that anybody can compare its digest."""
    version = get_object_or_404(PolicyVersion.objects.public(), number=number)
    text = PublishedText.objects.newest(version).get(language)
    if text is None:
        raise Http404
    answer = HttpResponse(text.text.encode(), content_type="text/plain; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="policy-{version.number}.{language}.txt"'
    return answer


def _before(other: PolicyVersion, shown: PolicyVersion) -> bool:
    assert other.effective_on is not None and shown.effective_on is not None  # public versions have their day
    return other.effective_on < shown.effective_on


def _last_day(shown: PolicyVersion, versions: list[PolicyVersion], today: date) -> date:
    """Return the day whose officer and numbers belong to a version: today, or its nearest day in force."""
    later = [other.effective_on for other in versions if other.effective_on and _before(shown, other)]
    ended = min(later) - timedelta(1) if later else today
    starts = shown.effective_on or today
    return max(starts, min(ended, today))


def _contacts(day: date) -> dict[str, object]:
    return {"officer": Officer.objects.on(day), "agencies": Agency.objects.all()}
