"""The pages of signing in. allauth's views do the work; ours give them our pages and close what we don't offer."""

import json
import logging
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
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from requests import RequestException

from privacy.accounts import actions as accounts
from privacy.accounts import approval_signatures
from privacy.accounts.actors import actor_of
from privacy.accounts.forms import InvitationForm
from privacy.accounts.models import Browser, SignIn
from privacy.accounts.provider import CompanyOAuth2Adapter
from privacy.accounts.signin import actions as signin
from privacy.accounts.signin import second_factors
from privacy.accounts.signin.adapters import company_sign_in_failed
from privacy.lib.dates import clock
from privacy.lib.http import step_up_authentication

logger = logging.getLogger("portal.accounts")
HOME = reverse_lazy("mfa_index")
# In a session that is on its way to the company's provider: the language it left in.
LANGUAGE = "language_of_sign_in"


class WebAuthnOptionsMixin:
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
def company_login(request: HttpRequest) -> HttpResponse:
    """Send a person to the company's identity provider."""
    if not settings.OIDC_ISSUER:
        raise Http404
    request.session[LANGUAGE] = translation.get_language()
    try:
        answer: HttpResponse = OAuth2LoginView.adapter_view(CompanyOAuth2Adapter)(request)
    except (OAuth2Error, RequestException) as error:
        # The provider does not answer, or describes somebody else: people still have their passwords.
        logger.warning("the identity provider can't be asked: %s", type(error).__name__)
        answer = company_sign_in_failed(request).response
    return answer


@login_not_required
@require_safe
def company_callback(request: HttpRequest) -> HttpResponse:
    """Take a person back from there, in the language they left in; the second factor comes next."""
    if not settings.OIDC_ISSUER:
        raise Http404
    with translation.override(request.session.pop(LANGUAGE, settings.LANGUAGE_CODE)):
        try:
            answer: HttpResponse = OAuth2CallbackView.adapter_view(CompanyOAuth2Adapter)(request)
        except (AttributeError, LookupError, TypeError, ValueError):
            # What the provider answered is not of the form that the standard gives it.
            logger.warning("the identity provider's answer could not be read", exc_info=True)
            answer = company_sign_in_failed(request).response
    return answer


@login_not_required
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Let the owner of an account set its password, once; a second factor follows after signing in."""
    at = clock.now()
    try:
        invitation = accounts.find_invitation(token, at=at)
        form = InvitationForm(request.POST or None, user=invitation.user)
        if request.method == "POST" and form.is_valid():
            accounts.accept_invitation(token, password=form.cleaned_data["password"], at=at)
            messages.success(request, _("Your password has been set. Sign in with it."))
            return redirect("account_login")
    except accounts.InvitationInvalid as refusal:
        return render(request, "accounts/invitation_invalid.html", {"refusal": refusal}, status=404)
    context = {"form": form, "person": invitation.user}
    return render(request, "accounts/invitation.html", context, status=400 if form.errors else 200)


class SecondFactorPage(WebAuthnOptionsMixin, mfa.AuthenticateView):
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


class NewSessionKeyMixin:
    """A session that gains the right to dangerous acts gets a new key (ASVS 7.2.4)."""

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        request: HttpRequest = self.request  # type: ignore[attr-defined]
        before = request.session.session_key
        request.session.cycle_key()
        signin.session_key_changed(user=actor_of(request), before=before, after=request.session.session_key)
        return response


class ReauthenticateByPassword(NewSessionKeyMixin, account.ReauthenticateView):
    pass


class ReauthenticateByCode(NewSessionKeyMixin, mfa.ReauthenticateView):
    pass


class ReauthenticateBySecurityKey(NewSessionKeyMixin, WebAuthnOptionsMixin, key.ReauthenticateWebAuthnView):
    def form_invalid(self, form: Any) -> HttpResponse:
        """Stay on this page: whoever confirms is signed in already.

        With this form: the library would show another, and what was answered would be checked and counted twice.
        """
        response: HttpResponse = self.render_to_response({**self.get_context_data(), "form": form})
        return response


# -- my sign-in -------------------------------------------------------------------------------------------------


def security(request: HttpRequest) -> HttpResponse:
    """Show a person their password, second factors, sessions and devices."""
    user, at = actor_of(request), clock.now()
    held = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    context = {
        "app": next((each for each in held if each.type == Authenticator.Type.TOTP), None),
        "keys": approval_signatures.with_lines(
            [each for each in held if each.type == Authenticator.Type.WEBAUTHN], user
        ),
        "codes": next((each.wrap() for each in held if each.type == Authenticator.Type.RECOVERY_CODES), None),
        "must_have_one": second_factors.is_required(user),
        "lacks_one": second_factors.is_required(user) and not second_factors.is_verified(request),
        "sessions": SignIn.objects.filter(user=user).going_on(at=at).select_related("browser"),
        "this_session": request.session.session_key,
        "browsers": Browser.objects.filter(user=user),
    }
    return render(request, "accounts/security.html", context)


@require_POST
def end_session(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End one of one's own sessions, once its owner has just confirmed (ASVS 7.5.2); another's is not there."""
    user = actor_of(request)
    sign_in = get_object_or_404(SignIn, pk=pk, user=user)
    step_up_authentication.require(request)
    signin.revoke(sign_in, actor=user, at=clock.now())
    messages.success(request, _("The session has ended."))
    return redirect(HOME)


@require_POST
@step_up_authentication.step_up_required
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
        messages.success(self.request, _("Your password has been changed. You are signed out everywhere else."))
        return response


class VerifiedByEnrolmentMixin:
    """Adding a second factor has shown it: this session goes on with it."""

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        request: HttpRequest = self.request  # type: ignore[attr-defined]
        added = Authenticator.objects.filter(user=actor_of(request), type=self.kind).latest("pk")  # type: ignore[attr-defined]
        record_authentication(request, actor_of(request), "mfa", id=added.pk, type=added.type)
        if (step := getattr(form, "step", None)) is not None:
            signin.record_time_step(added, step)
        return response


class AddTotp(VerifiedByEnrolmentMixin, app.ActivateTOTPView):
    kind = Authenticator.Type.TOTP

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        # The drawing alone: a declaration of XML has no place inside a page.
        context["drawing"] = context["totp_svg"].partition("?>")[2] or context["totp_svg"]
        return context


class RemoveTotp(app.DeactivateTOTPView):
    success_url = HOME


class ShowRecoveryCodes(recovery.ViewRecoveryCodesView):
    pass


class RenewRecoveryCodes(recovery.GenerateRecoveryCodesView):
    pass


class AddSecurityKey(VerifiedByEnrolmentMixin, WebAuthnOptionsMixin, key.AddWebAuthnView):
    kind = Authenticator.Type.WEBAUTHN


class RemoveSecurityKey(key.RemoveWebAuthnView):
    success_url = HOME

    def form_valid(self, form: Any) -> HttpResponse:
        if not second_factors.has_other(self.get_object()):
            messages.error(self.request, second_factors.LAST_FACTOR)
            return redirect(HOME)
        response: HttpResponse = super().form_valid(form)
        return response
