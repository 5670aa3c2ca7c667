"""What the portal's APIs for machines share: JSON read strictly, problems as problems, writes repeated safely."""

import logging
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Status
from ninja.errors import AuthorizationError, HttpError, ValidationError
from ninja.parser import Parser
from ninja.renderers import JSONRenderer

from devices import actions as devices
from devices import expected_values, problems
from devices.batch_parser import parse_strict_json
from devices.prohibited_data import is_sensitive_item, safe_name
from devices.refusals import MESSAGES, Malformed, Problem
from devices.request_body import read_body
from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers.ids import retry_on_reference_collision

logger = logging.getLogger("portal.api")
# A small call is small.
MAX_REQUEST_BODY = 64 * 1024
MAX_IDEMPOTENCY_KEY = 128


class StrictParser(Parser):
    """JSON read strictly: doubled names, NaN, lone surrogates, too much depth are malformed."""

    def parse_body(self, request: HttpRequest) -> Any:
        return parse_strict_json(read_body(request, limit=MAX_REQUEST_BODY))


class ReadableRenderer(JSONRenderer):
    """JSON in UTF-8 as it is: Korean is read by whoever looks at an answer, as it is in problem documents."""

    json_dumps_params = {"ensure_ascii": False}  # Ninja declares it so


class MachineAPI(NinjaAPI):
    """An API below ``root`` whose description is completed by what Ninja does not see."""

    def __init__(self, *, root: str, describe: Callable[[Any], Any], **options: Any) -> None:
        self.root = root
        self.describe = describe
        super().__init__(docs_url=None, parser=StrictParser(), renderer=ReadableRenderer(), **options)
        _answer_problems(self)

    def get_root_path(self, path_params: Any) -> str:
        return self.root

    def get_openapi_schema(self, **options: Any) -> Any:
        return self.describe(super().get_openapi_schema(**options))

    def validation_error_from_error_contexts(self, error_contexts: Any) -> ValidationError:
        found = [
            _problem(one, inside=context.model.__ninja_param_source__ == "body")
            for context in error_contexts
            for one in context.pydantic_validation_error.errors(include_url=False)
        ]
        return ValidationError([problem._asdict() for problem in found])


def idempotent(
    request: HttpRequest,
    write: Callable[[], tuple[int, Any]],
    *,
    caller_id: UUID,
    at: datetime,
    complete: Callable[[Any], Any] = lambda body: body,
) -> Any:
    """Carry out a write; under an Idempotency-Key the same request again gets the same answer.

    ``complete`` adds to each answer what must not be stored with it.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        status, body = retry_on_reference_collision(write)
        return Status(status, complete(body))
    if len(key) > MAX_IDEMPOTENCY_KEY or not key.isascii() or not key.isprintable():
        message = _("An Idempotency-Key has at most 128 printable ASCII characters.")
        raise Malformed([Problem("", "malformed", message)])
    digest = sha256(f"{request.method} {request.path}\n".encode() + request.body).digest()
    before = devices.claim_idempotency_key(caller_id=caller_id, key=key, digest=digest, at=at)
    if before is not None:
        return Status(before.status, complete(before.body))
    try:
        status, body = retry_on_reference_collision(write)
    except BaseException:
        devices.release_idempotency_key(caller_id=caller_id, key=key)
        raise
    devices.store_response(caller_id=caller_id, key=key, status=status, body=body)
    return Status(status, complete(body))


def _answer_problems(api: NinjaAPI) -> None:
    """Answer with a problem document whatever goes wrong in a call."""
    answers: dict[type[Exception], Callable[..., HttpResponse]] = {
        Refusal: refused, ValidationError: invalid, Http404: not_found, HttpError: http_error,
        OperationalError: unavailable, InterfaceError: unavailable,
    }  # fmt: skip
    for error, answer in answers.items():
        api.add_exception_handler(error, answer)


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """A refusal of a verb."""
    return problems.refusal_response(refusal)


def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """A call that does not fit its shape: every offending item, by pointer and code."""
    found = [Problem(**one) for one in error.errors]
    worst = next((one for one in found if one.code == "sensitive-item"), found[0])
    return problems.problem_response(400, code=worst.code, detail=worst.message, errors=found)


def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    """A path that leads nowhere."""
    return problems.problem_response(404, code="not-found", detail=_("There is nothing at this address."))


def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What Ninja itself refuses; behind "can't parse the body" stands what our parser said."""
    if isinstance(error.__cause__, Refusal):
        return problems.refusal_response(error.__cause__)
    status = 403 if isinstance(error, AuthorizationError) else error.status_code
    return problems.problem_response(
        status if status in problems.titles() else 400, code="malformed", detail=str(MESSAGES["malformed"])
    )


def unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    """A database that can't be reached: nothing was accepted; ask again soon."""
    logger.warning("the database did not answer: %s", type(error).__name__)
    return problems.problem_response(
        503,
        code="unavailable",
        detail=_("The portal can't store anything at the moment. Send it again soon."),
        headers={"Retry-After": str(problems.RETRY_SOON)},
    )


def _problem(error: Any, *, inside: bool) -> Problem:
    """Turn one finding of pydantic into pointer, code and sentence; what was sent stays out of it."""
    # Ninja wraps each parameter into a model of its own: inside a body the first step only names the parameter.
    place = list(error["loc"][1:] if inside else error["loc"])
    code = error["type"] if error["type"] in MESSAGES else "malformed"
    if error["type"] == "extra_forbidden":
        code = "sensitive-item" if is_sensitive_item(str(place[-1]), error.get("input")) else "unknown-item"
    elif error["type"] == "string_too_long":
        code = "too-large"
    names = []
    for part in place:
        name = str(part) if isinstance(part, int) else safe_name(str(part))
        if name is None:
            break
        names.append(f"/{name}")
    said = MESSAGES[code] if error["type"] == "extra_forbidden" else expected_values.of_pydantic(error)
    return Problem("".join(names), code, str(said))
