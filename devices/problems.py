"""Problem documents (RFC 9457): what went wrong, where, and what to do; never a value that was sent."""

import json
from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from devices import actions as devices
from devices.refusals import FrozenItems, Malformed, Problem
from privacy.lib.errors.refusals import Refusal, Unavailable

CONTENT_TYPE = "application/problem+json"
RETRY_SOON = 5
STATUS_OF_CODE = {
    "malformed": 400,
    "unknown-item": 400,
    "sensitive-item": 400,
    "bad-identifier": 400,
    "bad-contact": 400,
    "unknown-kind": 400,
    "bad-key": 400,
    "clock": 400,
    "unauthenticated": 401,
    "bad-signature": 401,
    "not-fit": 403,
    "not-permitted": 403,
    "no-consent": 409,
    "unknown-device": 404,
    "unknown-message": 404,
    "unknown-agreement": 404,
    "unknown-challenge": 404,
    "unknown-case": 404,
    "unknown-person": 404,
    "unknown-register": 404,
    "holds-words": 403,
    "elsewhere": 403,
    "too-many-rows": 413,
    "not-found": 404,
    "method": 405,
    "frozen": 409,
    "suspended": 409,
    "withdrawn": 409,
    "text-not-offered": 409,
    "challenge-over": 409,
    "wrong-code": 409,
    "under-way": 409,
    "destroyed": 410,
    "too-large": 413,
    "media-type": 415,
    "batch-reused": 422,
    "key-reused": 422,
    "rate": 429,
    "ledger-unavailable": 503,
    "unavailable": 503,
}


def titles() -> dict[int, str]:
    """Return the title of each status, in the language of the request."""
    return {
        400: _("The request can't be accepted"),
        401: _("A valid token is needed"),
        403: _("This token doesn't have permission for that"),
        404: _("Not found"),
        405: _("This method is not offered here"),
        409: _("The current state doesn't allow this"),
        410: _("The data was destroyed"),
        413: _("The request is too large"),
        415: _("This content can't be read"),
        422: _("Already used for another request"),
        429: _("Too many requests"),
        500: _("Something went wrong on our side"),
        503: _("Temporarily unavailable"),
    }


def document(status: int, *, code: str, detail: str, errors: Sequence[Problem] = ()) -> dict[str, Any]:
    """Return a problem document."""
    return {
        "type": f"urn:privacy-portal:problem:{code}",
        "title": titles()[status],
        "status": status,
        "detail": detail,
        "code": code,
        "errors": [error._asdict() for error in errors],
    }


def problem_response(
    status: int, *, code: str, detail: str, errors: Sequence[Problem] = (), headers: dict[str, str] | None = None
) -> HttpResponse:
    """Return a problem as an answer."""
    body = json.dumps(document(status, code=code, detail=detail, errors=errors), ensure_ascii=False)
    return HttpResponse(body, status=status, content_type=CONTENT_TYPE, headers=headers or {})


def refusal_response(refusal: Refusal) -> HttpResponse:
    """Return the answer to a refusal: its code gives the status, its pointers the offending items."""
    status = 503 if isinstance(refusal, Unavailable) else STATUS_OF_CODE.get(refusal.code, 409)
    headers: dict[str, str] = {}
    if isinstance(refusal, devices.TooManyRequests | Unavailable):
        headers["Retry-After"] = str(refusal.retry_after)
    elif status == 503 or refusal.code == "under-way":
        headers["Retry-After"] = str(RETRY_SOON)
    elif status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="gateway"'
    if isinstance(refusal, Malformed):
        errors = refusal.problems
    elif isinstance(refusal, FrozenItems):
        errors = [Problem(pointer, refusal.code, str(refusal)) for pointer in refusal.pointers]
    elif isinstance(refusal, devices.Unauthenticated | devices.TooManyRequests | Unavailable):
        errors = []
    else:
        errors = [Problem(refusal.pointer or "", refusal.code, refusal.plain)]
    return problem_response(status, code=refusal.code, detail=refusal.plain, errors=errors, headers=headers)
