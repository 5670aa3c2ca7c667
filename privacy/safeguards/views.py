"""The calendar feed: open by its secret address alone, for calendar programs can't sign in."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from privacy.lib.dates import clock
from privacy.lib.documents import icalendar
from privacy.safeguards.calendar_feed import feed_by_token, render_feed


@login_not_required
@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Send a person's calendar; an unknown or revoked address is not there."""
    found = feed_by_token(token)
    if found is None:
        raise Http404
    response = HttpResponse(render_feed(found, on=clock.today(), at=clock.now()), content_type=icalendar.MEDIA_TYPE)
    response.headers["Content-Disposition"] = 'inline; filename="privacy-office.ics"'
    return response
