"""The staff door: what I may open, until when and why."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from privacy.accounts.models import AccessGrant, User
from privacy.lib import clock


def staff(request: HttpRequest) -> HttpResponse:
    """Show the signed-in employee their access."""
    assert isinstance(request.user, User)
    grants = AccessGrant.objects.filter(user=request.user).select_related("approved_by")
    return render(request, "staff/home.html", {"grants": grants.in_period(on=clock.today())})
