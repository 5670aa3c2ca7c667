"""``/scim/v2/``: the company's directory says who works here (RFC 7644). A token is asked for; errors are SCIM's."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, IntegrityError, InterfaceError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from devices.batch_parser import parse_strict_json
from devices.machine_api import MAX_REQUEST_BODY
from devices.request_body import read_body
from privacy.accounts.models import User
from privacy.ledger import request_context
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal, Unavailable
from privacy.lib.postgres.failures import is_unavailable
from privacy.scim import actions as scim
from privacy.scim import changes, filters, resources
from privacy.scim.actions import Directory
from privacy.scim.actions.accounts import NO_ACCESS
from privacy.scim.models import ProvisionedAccount
from privacy.scim.refusals import ScimError

MEDIA_TYPE = "application/scim+json"
# What two calls at once run into; every other constraint that a call breaks is an error of ours.
UNIQUE = frozenset(
    {"scim_user_name_is_of_one_account", "scim_external_id_is_of_one_account", "accounts_user_email_key"}
)
TYPES = (MEDIA_TYPE, "application/json")
type View = Callable[..., HttpResponse]


def answered(body: Any, status: int = 200, **headers: str) -> HttpResponse:
    """Return an answer; nothing of it is stored on its way."""
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    return HttpResponse(
        content, status=status, content_type=MEDIA_TYPE, headers={"Cache-Control": "no-store", **headers}
    )


def _refused(error: ScimError) -> HttpResponse:
    return answered(resources.error(error.status, error.detail, error.kind), error.status, **error.headers)


def scim_view(*methods: str) -> Callable[[View], View]:
    """Make a view ask for a token, and answer whatever goes wrong as SCIM does."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            try:
                directory = scim.authenticate(request.META.get("HTTP_AUTHORIZATION", ""), at=clock.now())
                request_context.set_actor(directory)
                if request.method not in methods:
                    raise ScimError(405, "This method is not offered here.", Allow=", ".join(methods))
                return view(request, directory=directory, **kwargs)
            except ScimError as error:
                return _refused(error)
            except Unavailable as refusal:
                return _refused(ScimError(503, str(refusal.plain), **{"Retry-After": "30"}))
            except Refusal as refusal:
                return _refused(ScimError(400, str(refusal.plain), "invalidSyntax"))
            except IntegrityError as error:
                if getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") not in UNIQUE:
                    raise
                return _refused(ScimError(409, "Another call changed this account just now. Ask again.", "uniqueness"))
            except (DatabaseError, InterfaceError) as error:
                if not is_unavailable(error):
                    raise
                return _refused(ScimError(503, "Try again shortly.", **{"Retry-After": "30"}))

        return login_not_required(csrf_exempt(wrapped))

    return decorate


def _body(request: HttpRequest) -> Any:
    """Return what was sent, as JSON. Raises ScimError, Refusal."""
    if request.content_type not in TYPES:
        raise ScimError(415, f"Send {MEDIA_TYPE}.")
    return parse_strict_json(read_body(request, limit=MAX_REQUEST_BODY, types=TYPES))


def _known() -> QuerySet[User]:
    """Accounts that the directory may find: all but those that it has removed."""
    return User.objects.filter(Q(provisioned=None) | Q(provisioned__removed_at=None)).select_related("provisioned")


def _found(identifier: str) -> User:
    try:
        user = _known().filter(pk=UUID(identifier)).first()
    except ValueError:
        user = None
    if user is None:
        raise ScimError(404, "There is no account with this id.")
    return user


def _shown(user: User) -> dict[str, Any]:
    return resources.user(user, ProvisionedAccount.objects.filter(user=user).first())


def _must_match(request: HttpRequest, user: User) -> None:
    """Refuse a change of what has changed since it was read (RFC 7644, 3.14); never asked where access ends."""
    wanted = request.headers.get("If-Match", "").strip()
    if wanted and wanted != "*" and _shown(user)["meta"]["version"] not in [one.strip() for one in wanted.split(",")]:
        raise ScimError(412, "The account has changed since it was read.")


def _one(user: User, status: int = 200) -> HttpResponse:
    shown = _shown(user)
    meta = shown["meta"]
    return answered(shown, status, ETag=meta["version"], Location=meta["location"])


@scim_view("GET", "POST")
def users(request: HttpRequest, *, directory: Directory) -> HttpResponse:
    """List accounts, or open one."""
    at = clock.now()
    if request.method == "POST":
        asked = changes.of_resource(_body(request))
        scim.record_call(directory, "scim.user.created", at=at)
        return _one(scim.provision(asked, directory=directory, at=at), 201)
    found = _known().order_by("joined_at", "pk")
    if "filter" in request.GET:
        found = _filtered(found, *filters.parse(request.GET["filter"]))
    start, count = max(1, _number(request, "startIndex", 1)), max(0, _number(request, "count", 100))
    count = min(count, resources.MOST_RESULTS)
    scim.record_call(directory, "scim.users.listed", at=at)
    rows = [resources.user(user, getattr(user, "provisioned", None)) for user in found[start - 1 : start - 1 + count]]
    return answered(resources.listed(rows, total=found.count(), start=start))


def _filtered(found: QuerySet[User], name: str, value: str) -> QuerySet[User]:
    if name == filters.USER_NAME:
        # Two accounts answer where officers opened one at an address that another has as its userName.
        held = found.filter(provisioned__user_name__iexact=value)
        return held if held.exists() else found.filter(provisioned=None, email__iexact=value)
    if name == filters.EXTERNAL_ID:
        return found.filter(provisioned__external_id=value) if value else found.none()
    if name == "emails":
        return found.filter(email__iexact=value)
    try:
        return found.filter(pk=UUID(value))
    except ValueError:
        return found.none()


def _number(request: HttpRequest, name: str, usual: int) -> int:
    text = request.GET.get(name, "")
    if not text:
        return usual
    if len(text) > 9 or not text.removeprefix("-").isascii() or not text.removeprefix("-").isdigit():
        raise ScimError(400, f"“{name}” is a number.", "invalidValue")
    return int(text)


@scim_view("GET", "PUT", "PATCH", "DELETE")
def user(request: HttpRequest, identifier: str, *, directory: Directory) -> HttpResponse:
    """Show an account, change it, or end everything of it."""
    at = clock.now()
    row = _found(identifier)
    if request.method == "GET":
        scim.record_call(directory, "scim.user.read", at=at, about=row)
        if request.headers.get("If-None-Match", "") == _shown(row)["meta"]["version"]:
            return answered(None, 304)
        return _one(row)
    if request.method == "DELETE":
        scim.record_call(directory, "scim.user.removed", at=at, about=row)
        scim.remove(row, directory=directory, at=at)
        return answered(None, 204)
    body = _body(request)
    asked = changes.ending(body)
    if asked is None:
        asked = changes.of_resource(body) if request.method == "PUT" else changes.of_operations(body)
        _must_match(request, row)
    scim.record_call(directory, "scim.user.changed", at=at, about=row)
    return _one(scim.apply(row, asked, directory=directory, at=at))


@scim_view("GET")
def service_provider_config(request: HttpRequest, *, directory: Directory) -> HttpResponse:
    """Say what of the protocol is offered."""
    scim.record_call(directory, "scim.description.read", at=clock.now())
    return answered(resources.service_provider_config())


@scim_view("GET")
def resource_types(request: HttpRequest, *, directory: Directory, code: str = "") -> HttpResponse:
    """Say which kinds of resources there are."""
    return _described(resources.resource_types(), code, directory=directory)


@scim_view("GET")
def schemas(request: HttpRequest, *, directory: Directory, code: str = "") -> HttpResponse:
    """Say which attributes are kept."""
    return _described(resources.schemas(), code, directory=directory)


def _described(found: list[dict[str, Any]], code: str, *, directory: Directory) -> HttpResponse:
    scim.record_call(directory, "scim.description.read", at=clock.now())
    if not code:
        return answered(resources.listed(found, total=len(found), start=1))
    for one in found:
        if one["id"].lower() == code.lower():
            return answered(one)
    raise ScimError(404, "There is none of this name.")


@scim_view("GET", "POST", "PUT", "PATCH", "DELETE")
def groups(request: HttpRequest, *, directory: Directory) -> HttpResponse:
    """Say that there are no groups here."""
    raise ScimError(501, NO_ACCESS)


@scim_view("GET", "POST", "PUT", "PATCH", "DELETE")
def nothing(request: HttpRequest, *, directory: Directory) -> HttpResponse:
    """Answer any other address."""
    raise ScimError(404, "There is nothing at this address.")
