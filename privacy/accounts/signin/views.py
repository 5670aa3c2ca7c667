"""The pages of signing in. allauth's views do the work; ours give them our pages and close what we don't offer."""

import json
from typing import Any
from uuid import UUID

from allauth.account import views as account
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.base import views as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as key
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from requests import RequestException

from privacy.accounts.console import actor_of
from privacy.accounts.models import Browser, SignIn
from privacy.accounts.provider import CompanyOAuth2Adapter
from privacy.accounts.signin import actions as signin
from privacy.accounts.signin import factors
from privacy.accounts.signin.adapters import company_failed
from privacy.lib import clock

HOME = reverse_lazy("mfa_index")
# In a session that is on its way to the company's provider: the language it left in.
LANGUAGE = "language_of_sign_in"


class WithOptions:
    """Hands what the browser's security key needs to the page as one attribute: no script stands in a page."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        if "js_data" in context:
            options = context["js_data"].get("creation_options") or context["js_data"]["request_options"]
            context["options"] = json.dumps(options, cls=DjangoJSONEncoder)
        return context


# -- signing in and out -----------------------------------------------------------------------------------------


class SignInPage(account.LoginView):
    """E-mail and password, or the company account where there is a provider."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "company": settings.OIDC_ISSUER and settings.OIDC_NAME}


@login_not_required
@require_safe
def to_company(request: HttpRequest) -> HttpResponse:
    """Send a person to the company's identity provider."""
    if not settings.OIDC_ISSUER:
        raise Http404
    request.session[LANGUAGE] = translation.get_language()
    try:
        answer: HttpResponse = OAuth2LoginView.adapter_view(CompanyOAuth2Adapter)(request)
    except (OAuth2Error, RequestException):
        # The provider does not answer, or describes somebody else: people still have their passwords.
        answer = company_failed(request).response
    return answer


@login_not_required
@require_safe
def back_from_company(request: HttpRequest) -> HttpResponse:
    """Take a person back from there, in the language they left in; the second factor comes next."""
    if not settings.OIDC_ISSUER:
        raise Http404
    with translation.override(request.session.pop(LANGUAGE, settings.LANGUAGE_CODE)):
        answer: HttpResponse = OAuth2CallbackView.adapter_view(CompanyOAuth2Adapter)(request)
    return answer


class SecondFactorPage(WithOptions, mfa.AuthenticateView):
    """The second factor."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.stage.login.user
        has_key = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).exists()
        return {**super().get_context_data(**kwargs), "has_key": has_key}


@method_decorator(login_not_required, name="dispatch")
class SignOut(LogoutView):
    """Sign-out, also half-way through signing in; the browser forgets what it kept of us (ASVS 14.3.1).

    Its cookies go with the session, but for the one that tells a known browser from a new one.
    """

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = super().dispatch(request, *args, **kwargs)
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


# -- confirming who one is --------------------------------------------------------------------------------------


class ConfirmByPassword(account.ReauthenticateView):
    pass


class ConfirmByCode(mfa.ReauthenticateView):
    pass


class ConfirmByKey(WithOptions, key.ReauthenticateWebAuthnView):
    def form_invalid(self, form: Any) -> HttpResponse:
        """Stay on this page: whoever confirms is signed in already."""
        response: HttpResponse = self.render_to_response(self.get_context_data(form=form))
        return response


# -- my sign-in -------------------------------------------------------------------------------------------------


def security(request: HttpRequest) -> HttpResponse:
    """Show a person their password, second factors, sessions and devices."""
    user, at = actor_of(request), clock.now()
    held = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    context = {
        "app": next((each for each in held if each.type == Authenticator.Type.TOTP), None),
        "keys": [each for each in held if each.type == Authenticator.Type.WEBAUTHN],
        "codes": next((each.wrap() for each in held if each.type == Authenticator.Type.RECOVERY_CODES), None),
        "must_have_one": factors.must_have_one(user),
        "lacks_one": factors.must_have_one(user) and not factors.shown(request),
        "sessions": SignIn.objects.filter(user=user).going_on(at=at).select_related("browser"),
        "this_session": request.session.session_key,
        "browsers": Browser.objects.filter(user=user)[:20],
    }
    return render(request, "accounts/security.html", context)


@require_POST
def end_session(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End one of one's own sessions; another's is not there."""
    user = actor_of(request)
    sign_in = get_object_or_404(SignIn, pk=pk, user=user)
    signin.revoke(sign_in, actor=user, at=clock.now())
    messages.success(request, _("The session has ended."))
    return redirect(HOME)


@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End every session of one's own but this."""
    user = actor_of(request)
    key = request.session.session_key
    signin.end_others(user=user, session_key=key, why=SignIn.End.REVOKED, actor=user, at=clock.now())
    messages.success(request, _("You are signed out everywhere else."))
    return redirect(HOME)


class NewPassword(account.PasswordChangeView):
    def form_valid(self, form: Any) -> HttpResponse:
        before = self.request.session.session_key
        response: HttpResponse = super().form_valid(form)
        after = self.request.session.session_key
        signin.password_changed(user=actor_of(self.request), before=before, after=after, at=clock.now())
        messages.success(self.request, _("Your password is changed. You are signed out everywhere else."))
        return response


class ShownByAdding:
    """Adding a second factor has shown it: this session goes on with it."""

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        request: HttpRequest = self.request  # type: ignore[attr-defined]
        added = Authenticator.objects.filter(user=actor_of(request), type=self.kind).latest("pk")  # type: ignore[attr-defined]
        record_authentication(request, actor_of(request), "mfa", id=added.pk, type=added.type)
        if (step := getattr(form, "step", None)) is not None:
            signin.take_step(added, step)
        return response


class AddApp(ShownByAdding, app.ActivateTOTPView):
    kind = Authenticator.Type.TOTP

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        # The drawing alone: a declaration of XML has no place inside a page.
        context["drawing"] = context["totp_svg"].partition("?>")[2] or context["totp_svg"]
        return context


class RemoveApp(app.DeactivateTOTPView):
    success_url = HOME


class ShowCodes(recovery.ViewRecoveryCodesView):
    pass


class RenewCodes(recovery.GenerateRecoveryCodesView):
    pass


class AddKey(ShownByAdding, WithOptions, key.AddWebAuthnView):
    kind = Authenticator.Type.WEBAUTHN


class RemoveKey(key.RemoveWebAuthnView):
    success_url = HOME
