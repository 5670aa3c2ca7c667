"""Requests as programs see them: recorded as the console records them, shown without a word that anybody wrote."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.choices import flatten_choices
from django.utils.translation import gettext as _

from devices import expected_values
from devices.refusals import Malformed, Problem
from privacy.lib.dates import clock
from privacy.office_api.actors import ApiCaller
from privacy.office_api.refusals import UnknownCase
from privacy.office_api.schemas import NewCase
from privacy.rights import actions as rights
from privacy.rights.admin.forms import ReceiveForm
from privacy.rights.models import Request

VIEW, RECEIVE, OPEN = "rights.view_request", "rights.receive_request", "rights.open_particulars"


def all_cases(*, only_open: bool) -> QuerySet[Request]:
    """Return requests with what is shown of them."""
    found = Request.objects.open() if only_open else Request.objects.all()
    return found.prefetch_related("rights", "messages")


def find(number: str) -> Request | None:
    """Return the request of a number, if there is one."""
    if not number.isprintable():
        return None
    return all_cases(only_open=False).filter(number=number).first()


def must_exist(case: Request | None) -> Request:
    """Return a request that was found. Raises UnknownCase."""
    if case is None:
        raise UnknownCase(_("No request has this number."), pointer="/number")
    return case


def people_of(case: Request | None) -> list[UUID]:
    """Return whom a verified request is about."""
    return [] if case is None or case.subject_id is None else [case.subject_id]


def shown(case: Request) -> dict[str, Any]:
    """Return a request and how far it has come."""
    return {
        "number": case.number,
        "state": case.state,
        "channel": case.channel,
        "language": case.language,
        "requester": case.requester,
        "received_on": case.received_on,
        "due_on": case.due_on,
        "answered_at": case.notified_at,
        "closed_at": case.closed_at,
        "person": case.subject_id,
        "messages_waiting": sum(one.state == one.State.WAITING for one in case.messages.all()),
        "rights": [
            {
                "position": right.position,
                "kind": right.kind,
                "category": right.category,
                "item": right.item,
                "decision": right.decision,
                "grounds": [str(ground.value) for ground in right.grounds],
                "waits_until": right.waits_until,
                "carried_out_at": right.carried_out_at,
            }
            for right in case.rights.all()
        ],
    }


def record_case(body: NewCase, *, mark: str, caller: ApiCaller, at: datetime) -> rights.Receipt:
    """Record a request; the same mark with the same content is the same request. Raises Malformed."""
    form = ReceiveForm(body.model_dump(mode="json", exclude_none=True), on=clock.kst_date(at))
    if not form.is_valid():
        raise Malformed(
            [
                Problem("" if field == "__all__" else f"/{field}", "malformed", _said(form, field, error))
                for field, errors in form.errors.as_data().items()
                for error in errors
            ]
        )
    given = form.cleaned_data
    return rights.receive(
        channel=given["channel"],
        **form.received(),
        received_on=given["received_on"],
        submission=mark,
        actor=caller,
        at=at,
    )


def _said(form: ReceiveForm, field: str, error: ValidationError) -> str:
    """Return what the form says; of a choice that isn't one, which there are, without what was sent."""
    if error.code != "invalid_choice":
        return str(error.messages[0])
    choices: list[tuple[Any, Any]] = list(flatten_choices(form.fields[field].choices))  # type: ignore[attr-defined]
    return expected_values.one_of(str(code) for code, _name in choices if code)


def opened(case: Request, *, caller: ApiCaller, at: datetime) -> dict[str, Any]:
    """Open what a requester wrote and the messages, each on an access record of its own."""
    words = rights.read_particulars(case, task="rights.particulars.read", actor=caller, at=at)
    messages = rights.read_messages(case, actor=caller, at=at)
    return {
        "number": case.number,
        "contact": {name: str(value) for name, value in words.contact.items()},
        "claimed": words.claimed,
        "wanted": words.wanted,
        "explanation": words.explanation,
        "messages": [
            {
                "number": one.message.number,
                "author": one.message.author,
                "written_at": one.message.written_at,
                "state": one.message.state,
                "text": one.text,
                "files": one.files,
            }
            for one in messages
        ],
    }
