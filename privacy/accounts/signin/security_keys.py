"""What the library leaves open about security keys (WebAuthn 3): one exact origin, no frame, a growing counter."""

import hmac
import json
from typing import Any

from allauth.mfa.adapter import get_adapter
from django.http import HttpRequest
from fido2.utils import websafe_decode
from fido2.webauthn import AuthenticatorData


def must_come_from_this_page(credential: Any, request: HttpRequest) -> None:
    """Refuse an answer made on another origin or in somebody's frame (7.1.9-7.1.11, 7.2.12-7.2.14).

    Raises ValidationError. The library takes every port and subdomain, and an answer from inside a frame.
    """
    try:
        said = json.loads(websafe_decode(credential["response"]["clientDataJSON"]))
        origin, framed = str(said["origin"]), bool(said.get("crossOrigin")) or "topOrigin" in said
    except (KeyError, TypeError, ValueError, RecursionError):
        raise get_adapter().validation_error("incorrect_code") from None
    expected = f"{request.scheme}://{request.get_host()}"
    if framed or not hmac.compare_digest(origin.encode(), expected.encode()):
        raise get_adapter().validation_error("incorrect_code")


def counter_of(credential: Any) -> int:
    """Return how often the key says that it has signed."""
    counter: int = AuthenticatorData(websafe_decode(credential["response"]["authenticatorData"])).counter
    return counter
