"""What allauth asks of us: no sign-up, no addresses to keep, secrets sealed, our own messages."""

import base64
import hashlib
import logging
from secrets import token_bytes, token_urlsafe
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from requests import Session

from privacy.accounts import actions as accounts
from privacy.accounts.models import User
from privacy.accounts.provider import COMPANY, require_own_way
from privacy.accounts.signin import actions as signin
from privacy.accounts.signin import altered_grants, second_factors
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal

logger = logging.getLogger("portal.accounts")
# What allauth calls the company account in the records of a session, and so the entries of sign-ins.
BY_COMPANY_ACCOUNT = "socialaccount"


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by the privacy office; their address is the account's own field."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": gettext_lazy("E-mail or password is wrong. Check both and try again."),
        "incorrect_password": gettext_lazy("The password is wrong."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """Keep allauth's chatter (“signed in as …”) to itself; a message of ours is shown."""
        if kwargs.get("message"):
            messages.add_message(request, level, kwargs["message"])

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Let nobody in by a grant that no officer gave."""
        if altered_grants.refuses(user):
            why = _("Your access rights don't match the audit trail. Tell the protection officer.")
            raise _not_signed_in(request, why)
        answer: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return answer

    def set_password(self, user: User, password: str) -> None:
        """Change a password and nothing else of the account: the database lets this process write no more."""
        accounts.set_password(user, password)

    def reauthenticate(self, user: User, password: str) -> bool:
        return authenticate(context.request, email=user.email, password=password) == user

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        return not second_factors.recently_reauthenticated(context.request, at=clock.now())

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The second factor where there is one, for a password alone proves less; otherwise the password."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        strong = [method for method in methods if method["id"] != "reauthenticate"]
        names = {
            "mfa_reauthenticate": _("Use a code"),
            "mfa_reauthenticate:webauthn": _("Use a security key or passkey"),
        }
        return [
            {**method, "description": names.get(method["id"], method["description"])} for method in strong or methods
        ]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")


def company_sign_in_failed(request: HttpRequest) -> ImmediateHttpResponse:
    """Return the way back to the sign-in page when the provider could not be asked or its answer was not right."""
    return _not_signed_in(
        request, _("Signing in with the company account did not work. Try again, or use your password.")
    )


def _not_signed_in(request: HttpRequest, why: str) -> ImmediateHttpResponse:
    messages.error(request, why)
    return ImmediateHttpResponse(redirect("account_login"))


def _failed(email: str) -> None:
    accounts.record_failed_sign_in(email=email, method=BY_COMPANY_ACCOUNT, at=clock.now())


class CompanyAdapter(DefaultSocialAccountAdapter):
    """The company's identity provider: it opens accounts that the office has made; nobody signs up by signing in."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        """The one provider of the settings; none stands in the database, where its secret would lie in clear."""
        if not settings.OIDC_ISSUER:
            return []
        app = SocialApp(provider=COMPANY, provider_id=COMPANY, name=settings.OIDC_NAME)
        app.client_id, app.secret = settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET
        app.settings = {"server_url": settings.OIDC_ISSUER.rstrip("/")}
        return [app]

    def generate_state_param(self, state: dict[str, Any]) -> str:
        """256 random bits; the library's own has 95."""
        return token_urlsafe(32)

    def get_requests_session(self) -> Session:
        """Ask the provider where it says that it is, and nobody to whom an answer would lead."""
        session: Session = super().get_requests_session()
        session.max_redirects = 0
        return session

    def authenticate_by_email(self, sociallogin: SocialLogin) -> None:
        """Find nobody here: allauth takes the password away from an account that it finds by its address."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find the account: by the identity tied to it, or the first time by an address the provider has verified."""
        require_own_way(sociallogin)
        addresses = [each.email.lower() for each in sociallogin.email_addresses if each.verified]
        user = sociallogin.user if sociallogin.is_existing else User.objects.filter(email__in=addresses).first()
        if user is None or not user.is_active:
            _failed(addresses[0] if addresses else "")
            why = _("No portal account is linked to your company account. Ask the privacy office for one.")
            raise _not_signed_in(request, why)
        if not user.has_usable_password():
            _failed(user.email)
            why = _("Use your invitation first: set a password. Then your company account works too.")
            raise _not_signed_in(request, why)
        if second_factors.is_required(user) and not second_factors.is_enrolled(user):
            _failed(user.email)
            why = _("Sign in with your password first and add a second factor. Then your company account works too.")
            raise _not_signed_in(request, why)
        if not sociallogin.is_existing:
            uid = sociallogin.account.uid
            try:
                tied = signin.link_identity(user=user, provider=COMPANY, uid=uid, at=clock.now())
            except Refusal as refusal:
                _failed(user.email)
                raise _not_signed_in(request, str(refusal)) from refusal
            sociallogin.account, sociallogin.user = tied, user

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        """Lead back to the sign-in page, without what the provider wrote; the log has what kind of failure it was.

        A sign-in has failed where the provider's word for one begun here is not right. Who cancels there, or calls
        this address without having begun one, has tried nothing.
        """
        cause = exception and (exception.__cause__ or exception)
        logger.warning("a sign-in with the company account failed: %s", type(cause).__name__ if cause else "refused")
        if exception is not None:
            _failed("")
        raise company_sign_in_failed(request)


class FactorAdapter(DefaultMFAAdapter):
    """Second factors: their secrets are sealed under a key made from SECRET_KEY (S-18)."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("The code is wrong or was already used. Wait for the next one and try again."),
        "cannot_delete_authenticator": second_factors.LAST_FACTOR,
    }

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Whether another second factor stays: the last one goes by a reset alone."""
        return second_factors.has_other(authenticator)

    def get_totp_issuer(self) -> str:
        return "Extrus privacy office"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": self.get_totp_issuer()}

    def generate_authenticator_name(self, user: User, kind: Any) -> str:
        return _("Security key")

    def encrypt(self, text: str) -> str:
        nonce = token_bytes(12)
        sealed = nonce + AESGCM(_key(settings.SECRET_KEY)).encrypt(nonce, text.encode(), b"second factor")
        return base64.b64encode(sealed).decode()

    def decrypt(self, encrypted_text: str) -> str:
        sealed = base64.b64decode(encrypted_text)
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            try:
                return AESGCM(_key(secret)).decrypt(sealed[:12], sealed[12:], b"second factor").decode()
            except InvalidTag:
                continue
        raise ValueError(
            "A second factor was sealed under a SECRET_KEY that is neither the present one nor a fallback."
        )


def _key(secret: str) -> bytes:
    return hashlib.blake2b(secret.encode(), person=b"second-factor", digest_size=32).digest()
