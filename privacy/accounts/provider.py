"""Signing in at the company's own OpenID Connect provider: optional, off unless ``OIDC_ISSUER`` is set.

allauth looks for providers under this name in every app and does the protocol (code flow with PKCE and state). The
provider only stands for the password: the second factor, the grants and the sessions stay ours.
"""

from typing import Any

from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.utils import build_absolute_uri
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

COMPANY = "company"


class CompanyOAuth2Adapter(OpenIDConnectOAuth2Adapter):
    """The protocol against the one provider of the settings."""

    def __init__(self, request: HttpRequest, provider_id: str = COMPANY) -> None:
        super().__init__(request, provider_id)

    @property
    def openid_config(self) -> dict[str, Any]:
        """The provider's own description; refused where it speaks for another issuer (Discovery 1.0, 4.3)."""
        described: dict[str, Any] = super().openid_config
        if str(described.get("issuer", "")).rstrip("/") != settings.OIDC_ISSUER.rstrip("/"):
            raise OAuth2Error("The provider describes another issuer than OIDC_ISSUER.")
        return described

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return str(build_absolute_uri(request, reverse("company_callback")))

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        """Check the signature too: the standard lets a client that asked over TLS do without, we don't."""
        decoded: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
            verify_signature=True,
        )
        return decoded


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

    def extract_extra_data(self, data: Any) -> dict[str, Any]:
        """Keep nothing else that the provider says of the person."""
        return {}


provider_classes = [CompanyProvider]
