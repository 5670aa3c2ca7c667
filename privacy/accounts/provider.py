"""Signing in at the company's own OpenID Connect provider: optional, off unless ``OIDC_ISSUER`` is set.

allauth looks for providers under this name in every app and does the protocol (code flow with PKCE and state). The
provider only stands for the password: the second factor, the grants and the sessions stay ours.
"""

import logging
from secrets import token_urlsafe
from typing import Any

import jwt
from allauth.account.models import EmailAddress
from allauth.socialaccount import app_settings
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialToken
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.utils import build_absolute_uri
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from privacy.lib.dates import clock

logger = logging.getLogger("portal.accounts")
COMPANY = "company"
# Kept with each way to the provider: what the ID token must say.
NONCE = "nonce_of_sign_in"
# By the provider's private key; a shared secret signs for whoever knows it.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
LEEWAY_SECONDS = 60
MAX_AGE_SECONDS = 600
# So long a name the table of identities takes; the standard lets a provider give 255.
MAX_SUBJECT_LENGTH = app_settings.UID_MAX_LENGTH
# So much of a name that the provider gives itself is logged.
MAX_ISSUER_LENGTH = 200


class CompanyOAuth2Adapter(OpenIDConnectOAuth2Adapter):
    """The protocol against the one provider of the settings."""

    def __init__(self, request: HttpRequest, provider_id: str = COMPANY) -> None:
        super().__init__(request, provider_id)

    @property
    def openid_config(self) -> dict[str, Any]:
        """The provider's own description; refused where its issuer is not to the letter ours (Discovery 1.0, 4.3)."""
        described: dict[str, Any] = super().openid_config
        if (issuer := described.get("issuer")) != settings.OIDC_ISSUER:
            told = str(issuer)[:MAX_ISSUER_LENGTH]
            logger.error("the identity provider's issuer is %r, and OIDC_ISSUER is %r", told, settings.OIDC_ISSUER)
            raise OAuth2Error("The provider describes another issuer than OIDC_ISSUER.")
        return described

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return str(build_absolute_uri(request, reverse("company_callback")))

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        """Take the access token alone; nothing of it is stored."""
        return SocialToken(token=data["access_token"])

    def complete_login(self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any) -> Any:
        """Check what the provider says of the person (OpenID Connect Core 1.0, 3.1.3.7 and 5.3.2)."""
        claims = self._verified_claims(app, kwargs["response"].get("id_token"))
        userinfo = self._fetch_user_info(token.token)
        if not isinstance(userinfo, dict) or userinfo.get("sub") != claims["sub"]:
            raise OAuth2Error("The user information is about somebody else (sub).")
        login = self.get_provider().sociallogin_from_response(request, {"id_token": claims, "userinfo": userinfo})
        login.nonce = str(claims.get("nonce", ""))
        return login

    def _verified_claims(self, app: Any, id_token: Any) -> dict[str, Any]:
        """Return the claims of a signed ID token for us. Raises OAuth2Error.

        The standard lets a client that asked over TLS do without the signature; we don't.
        """
        try:
            header = jwt.get_unverified_header(id_token)
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key=self._signing_key(header.get("kid")),
                algorithms=ALGORITHMS,
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=LEEWAY_SECONDS,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
            age = clock.now().timestamp() - claims["iat"]
        except (jwt.PyJWTError, ArithmeticError, TypeError, ValueError) as error:
            raise OAuth2Error("The ID token is not valid.") from error
        if claims["aud"] not in (app.client_id, [app.client_id]) or claims.get("azp", app.client_id) != app.client_id:
            raise OAuth2Error("The ID token is for somebody else too (aud, azp).")
        if age > MAX_AGE_SECONDS:
            raise OAuth2Error("The ID token is old (iat).")
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= MAX_SUBJECT_LENGTH:
            raise OAuth2Error("The ID token names nobody (sub).")
        return claims

    def published_keys(self) -> Any:
        """Return the key set that the provider publishes."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            return answer.json()

    def _signing_key(self, key_id: Any) -> jwt.PyJWK:
        """Return the provider's key of this name; without a name, its only key (OpenID Connect Core 1.0, 10.1)."""
        published = jwt.PyJWKSet.from_dict(self.published_keys()).keys
        keys = [key for key in published if key.public_key_use in (None, "sig")]
        found = [key for key in keys if key_id is None or key.key_id == key_id]
        if len(found) != 1:
            raise OAuth2Error("The ID token is signed by none of the provider's keys (kid).")
        return found[0]


def require_own_way(login: Any) -> None:
    """Refuse an ID token that was not made for the way to the provider that this answer belongs to (nonce)."""
    nonce = login.state.get(NONCE)
    if nonce is None or not constant_time_compare(login.nonce, nonce):
        raise OAuth2Error("The ID token was not made for this sign-in (nonce).")


class CompanyProvider(OpenIDConnectProvider):
    """What we take of a person: the provider's identifier, and the e-mail address to find the account by, once."""

    id = COMPANY
    name = "Company account"
    oauth2_adapter_class = CompanyOAuth2Adapter
    pkce_enabled_default = True

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        return reverse("company_login")

    def get_callback_url(self) -> str:
        return reverse("company_callback")

    def get_default_scope(self) -> list[str]:
        return ["openid", "email"]

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        """Ask for the same, whatever the address of the sign-in says."""
        return self.get_default_scope()

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """Begin a sign-in, whatever else of the library's the address asks for, and bind its answer to this way there.

        Each of two pages that leave at once has a nonce of its own, so that both come back.
        """
        nonce = token_urlsafe(32)
        return {
            **super().get_redirect_from_request_kwargs(request),
            "process": AuthProcess.LOGIN,
            "auth_params": {"nonce": nonce},
            NONCE: nonce,
        }

    def extract_email_addresses(self, data: Any) -> list[EmailAddress]:
        """Take the address as verified where the provider says so with a true, and with nothing else (5.1)."""
        claims = data["userinfo"]
        email = claims.get("email")
        if not isinstance(email, str) or not email:
            return []
        return [EmailAddress(email=email, verified=claims.get("email_verified") is True, primary=True)]

    def extract_extra_data(self, data: Any) -> dict[str, Any]:
        """Keep nothing else that the provider says of the person."""
        return {}


provider_classes = [CompanyProvider]
