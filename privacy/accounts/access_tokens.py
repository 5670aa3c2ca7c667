"""Access tokens of programs, made by the company's identity provider (OAuth 2.0 client credentials; RFC 9068).

Checked as the ID tokens of people are: by the provider's published keys, its name, our own, and the times in it. A
token that the provider made for a person who signed in is refused, though the same client may have it.
"""

import logging
import time
from dataclasses import dataclass
from threading import Lock
from typing import Any

import jwt
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.http import HttpRequest
from requests import RequestException

from privacy.accounts.provider import ALGORITHMS, LEEWAY_SECONDS, CompanyOAuth2Adapter

# Keys are asked for again after so many seconds; for a name that nobody knows, at most every few.
KEYS_SECONDS, UNKNOWN_SECONDS = 300.0, 10.0
# Without an answer of the provider, keys are used for so long; before there are any, a call waits so long for them.
HELD_SECONDS, FIRST_SECONDS = 3_600.0, 2.0
UNREACHABLE = (jwt.PyJWTError, OAuth2Error, RequestException, TypeError, ValueError, KeyError, AttributeError)
# What is said of a person who signed in (RFC 9068, 2.2.1; OpenID Connect Core 1.0, 2; Front-Channel Logout 1.0, 3).
OF_PEOPLE = frozenset({"auth_time", "amr", "sid", "nonce"})
# What a token allows may be narrowed so (RFC 9396), in words that we do not read: it is refused, not taken for more.
NARROWED = "authorization_details"
TYPES = {"at+jwt", "application/at+jwt", "jwt"}
MAX_CLIENT_ID = 200


logger = logging.getLogger("portal.api")


class InvalidAccessToken(Exception):
    """The token is not one of the provider's for us and now."""


@dataclass(frozen=True)
class ProviderClient:
    """Which client a token was made for, and the scopes it was given."""

    client_id: str
    scopes: frozenset[str]


class _Keys:
    """The provider's name and keys as it last published them."""

    def __init__(self) -> None:
        self._refreshing = Lock()
        self._asked_at: dict[str, float] = {}
        # When they were published, and which.
        self._held: dict[str, tuple[float, jwt.PyJWKSet]] = {}

    def find(self, key_id: Any, request: HttpRequest) -> jwt.PyJWK:
        """Return the key of a name; without a name, the only one. Raises InvalidAccessToken.

        One call at a time asks the provider; the others go on with the keys that are held.
        """
        issuer = settings.OIDC_ISSUER
        wait = 0 if self._current(issuer) else FIRST_SECONDS
        if self._is_due(issuer, key_id) and self._refreshing.acquire(timeout=wait):
            try:
                if self._is_due(issuer, key_id):
                    self._refresh(issuer, request)
            finally:
                self._refreshing.release()
        found = self._named(issuer, key_id)
        if found is None:
            raise InvalidAccessToken
        return found

    def _is_due(self, issuer: str, key_id: Any) -> bool:
        age = time.monotonic() - self._asked_at.get(issuer, float("-inf"))
        return age > KEYS_SECONDS or (age > UNKNOWN_SECONDS and self._named(issuer, key_id) is None)

    def _refresh(self, issuer: str, request: HttpRequest) -> None:
        try:
            self._held[issuer] = time.monotonic(), _published_keys(request)
        except UNREACHABLE:
            logger.warning("the identity provider's keys can't be had")
        finally:
            self._asked_at[issuer] = time.monotonic()

    def _current(self, issuer: str) -> list[jwt.PyJWK]:
        published_at, held = self._held.get(issuer, (float("-inf"), None))
        return held.keys if held is not None and time.monotonic() - published_at <= HELD_SECONDS else []

    def _named(self, issuer: str, key_id: Any) -> jwt.PyJWK | None:
        signing = [key for key in self._current(issuer) if key.public_key_use in (None, "sig")]
        named = [key for key in signing if key_id is None or key.key_id == key_id]
        return named[0] if len(named) == 1 else None


_keys = _Keys()


def verify(token: str, *, request: HttpRequest, audience: str) -> ProviderClient:
    """Return the client that an access token was made for. Raises InvalidAccessToken."""
    try:
        header = jwt.get_unverified_header(token)
        if str(header.get("typ", "JWT")).lower() not in TYPES:
            raise InvalidAccessToken
        claims: dict[str, Any] = jwt.decode(
            token,
            key=_keys.find(header.get("kid"), request),
            algorithms=ALGORITHMS,
            audience=audience,
            issuer=settings.OIDC_ISSUER,
            leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "aud", "exp", "iat"]},
        )
    except (jwt.PyJWTError, TypeError, ValueError, KeyError, RecursionError):
        raise InvalidAccessToken from None
    client, scopes = claims.get("client_id", claims.get("azp")), claims.get("scope", claims.get("scp", ""))
    if not isinstance(client, str) or not 0 < len(client) <= MAX_CLIENT_ID or "\x00" in client:
        raise InvalidAccessToken
    words = scopes.split() if isinstance(scopes, str) else scopes if isinstance(scopes, list) else []
    if (OF_PEOPLE | {NARROWED}) & claims.keys() or "openid" in words:
        raise InvalidAccessToken
    return ProviderClient(client, frozenset(word for word in words if isinstance(word, str)))


def _published_keys(request: HttpRequest) -> jwt.PyJWKSet:
    adapter = CompanyOAuth2Adapter(request)
    return jwt.PyJWKSet.from_dict(adapter.published_keys())
