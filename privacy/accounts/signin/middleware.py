"""What every request of a signed-in person must pass: time-outs, the second factor, and step-up."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import resolve
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

from privacy.accounts.models import SignIn, User
from privacy.accounts.signin import second_factors
from privacy.lib.dates import clock
from privacy.lib.http import step_up_authentication
from privacy.lib.http.clear_site_data import FORGET

BEGAN, SEEN = "began_at", "seen_at"
# A session's last sign of life is written at most this often.
SEEN_EVERY_SECONDS = 60
# What somebody who lacks the second factor that they must have may open: the pages that give them one.
ALLOWED_WITHOUT_SECOND_FACTOR = {
    "account_change_password",
    "account_reauthenticate",
    "end-other-sessions",
    "end-session",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_index",
    "sign-out",
}


class SignInMiddleware:
    """Ends sessions that are idle or over; no console without a second factor (SEC-13, SEC-19)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            over = self._why_over(request, clock.now().timestamp())
            if over is not None:
                return self._end(request, over)
        response = self.get_response(request)
        if token := getattr(request, "new_browser_token", None):
            response.set_cookie(
                settings.BROWSER_COOKIE_NAME,
                token,
                max_age=settings.BROWSER_COOKIE_AGE,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    def _why_over(self, request: HttpRequest, now: float) -> SignIn.End | None:
        assert isinstance(request.user, User)
        longest = settings.SESSION_LONGEST_SECONDS
        idle = settings.IDLE_SECONDS_CONSOLE if request.user.is_staff else settings.IDLE_SECONDS
        began = request.session.setdefault(BEGAN, now)
        seen = request.session.setdefault(SEEN, now)
        if now - began > longest:
            return SignIn.End.LONGEST
        if now - seen > idle:
            return SignIn.End.IDLE
        if now - seen > SEEN_EVERY_SECONDS:
            request.session[SEEN] = now
        return None

    def _end(self, request: HttpRequest, why: SignIn.End) -> HttpResponse:
        request.ended_because = why  # type: ignore[attr-defined]
        logout(request)
        messages.info(
            request, _("You were signed out because %(why)s. Sign in again to continue.") % {"why": why.label}
        )
        response = redirect_to_login(_return_address(request))
        response.headers["Clear-Site-Data"] = FORGET["Clear-Site-Data"]
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not getattr(view, "login_required", True) or not request.user.is_authenticated:
            return None
        assert isinstance(request.user, User)
        if not second_factors.is_required(request.user) or second_factors.is_verified(request):
            return None
        if request.resolver_match is not None and request.resolver_match.url_name in ALLOWED_WITHOUT_SECOND_FACTOR:
            return None
        return redirect("mfa_index")

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, step_up_authentication.StepUpRequired):
            return None
        methods = get_adapter().get_reauthentication_methods(request.user)
        where = methods[0]["url"] if methods else resolve_url("mfa_index")
        if request.method == "POST":
            messages.warning(request, _("Confirm it's you, then press the button again. Nothing has been done yet."))
        return redirect(f"{where}?{urlencode({'next': _return_address(request)})}")


def _return_address(request: HttpRequest) -> str:
    """Return the page that a person goes back to: this one, or the one whose form they sent."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came_from = request.META.get("HTTP_REFERER", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        parts = urlsplit(came_from)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path
    return request.path if _opens(request) else resolve_url(settings.LOGIN_REDIRECT_URL)


def _opens(request: HttpRequest) -> bool:
    """Whether the address of a form is also a page: the console's records and lists are."""
    return resolve(request.path_info).app_name == "admin"
