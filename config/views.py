"""What is shown when something fails, and where each kind of user goes after signing in."""

import errno
import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.views.defaults import server_error

from privacy.ledger.middleware import RETRY_AFTER
from privacy.lib.postgres.failures import is_unavailable

DISK_FULL_ERRORS = {errno.ENOSPC, errno.EDQUOT}


def server_error_page(request: HttpRequest) -> HttpResponse:
    """Answer what no page has answered: 503 where storing is what failed, so that people call in time; 500 else."""
    error = sys.exc_info()[1]
    if is_unavailable(error) or (isinstance(error, OSError) and error.errno in DISK_FULL_ERRORS):
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": RETRY_AFTER})
    return server_error(request)


def after_sign_in(request: HttpRequest) -> HttpResponse:
    """Send officers, handlers and auditors to the console, everybody else to the staff pages."""
    assert request.user.is_authenticated
    return redirect("admin:index" if request.user.is_staff else "accounts:staff")
