"""``/api/office/v1/``: what the company's own programs ask of the office and tell it.

Each call is an entry of the audit trail before it is answered. No call does what the console asks a step-up for, but
that registers declared to name nobody are taken out. The calls are described for machines at
``/api/office/v1/openapi.json``.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from annotated_types import Interval
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Path, Query, Status
from ninja.security import HttpBearer
from pydantic import StringConstraints

from devices.machine_api import MachineAPI, idempotent
from devices.schemas import Day
from privacy.ledger.exports.register_export import extract_rows
from privacy.lib.dates import clock
from privacy.lib.identifiers.access_codes import new_form_nonce
from privacy.lib.registries import annual_report, registers
from privacy.office_api import actions as office_api
from privacy.office_api import cases, permission_questions, schemas
from privacy.office_api.actors import ApiCaller
from privacy.office_api.models import Scope
from privacy.office_api.openapi import describe
from privacy.office_api.refusals import UnknownRegister
from privacy.retention.models import Hold
from privacy.rights import actions as rights
from privacy.vault.models import Freeze
from privacy.vault.purposes import Purpose

MOST_ROWS = 5_000
USUAL_LIMIT = 50
Limit = Annotated[int, Interval(ge=1, le=200)]
Number = Annotated[str, StringConstraints(max_length=16)]
RegisterCode = Annotated[str, StringConstraints(max_length=60)]


class Token(HttpBearer):
    """A token of the portal's own, or an access token of the company's identity provider."""

    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> Any:
        scheme, _space, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        shown = token.strip() if scheme.lower() == "bearer" else ""
        return office_api.authenticate(shown, request=request, at=clock.now())

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return office_api.authenticate(token, request=request, at=clock.now())


api = MachineAPI(
    root="/api/office/v1/",
    describe=describe,
    title="Privacy portal: API of the office",
    version="1.0.0",
    description="Requests and messages, what may be done with data, holds and freezes, registers, statistics.",
    urls_namespace="office-api",
    auth=Token(),
)
Answers = dict[Any, Any]
REFUSALS: Answers = {frozenset({400, 401, 403, 404, 409, 413, 415, 422, 429, 503}): schemas.ProblemOut}


def _call(request: HttpRequest, scope: str, at: datetime, **said: Any) -> ApiCaller:
    """Return the caller once the call is on record. Raises NotPermitted."""
    caller: ApiCaller = request.auth  # type: ignore[attr-defined]  # set by Ninja from Token
    resolved = request.resolver_match
    office_api.record_call(caller, scope, call=resolved.url_name or "" if resolved else "", at=at, **said)
    return caller


def _mark(request: HttpRequest, caller: ApiCaller) -> str:
    """Return what marks a write that may be sent again, if it may: a repetition is known though its answer was lost."""
    key = request.headers.get("Idempotency-Key", "")
    return f"{caller.credential_id}:{key}" if key else ""


def _page(rows: QuerySet[Any], after: UUID | None, asked: int | None, shown: Callable[[Any], Any]) -> dict[str, Any]:
    """Return a page of rows with numbers in order of time, the newest first, and where the next begins."""
    limit = asked or USUAL_LIMIT
    rows = rows.order_by("-id") if after is None else rows.order_by("-id").filter(id__lt=after)
    found: list[Model] = list(rows[: limit + 1])
    more = len(found) > limit
    return {"items": [shown(row) for row in found[:limit]], "next": found[limit - 1].pk if more else None}


@api.get("/cases", response={200: schemas.CasesOut, **REFUSALS}, tags=["cases"])
def list_cases(
    request: HttpRequest, open: Query[bool] = False, after: Query[UUID | None] = None, limit: Query[Limit | None] = None
) -> Any:
    """List requests, the newest first; with ``open`` those that are not over."""
    at = clock.now()
    _call(request, Scope.CASES_READ, at, task="office_api.cases.listed", needs=[cases.VIEW])
    return Status(200, _page(cases.all_cases(only_open=open), after, limit, cases.shown))


@api.post("/cases", response={201: schemas.CaseMade, **REFUSALS}, tags=["cases"])
def record_case(request: HttpRequest, body: schemas.NewCase) -> Any:
    """Record a request that came by telephone, e-mail, letter or visit. Tell the requester the number and the code.

    The code is never stored: repeat the call with its Idempotency-Key if the answer was lost.
    """
    at = clock.now()
    caller = _call(request, Scope.CASES_WRITE, at, task="office_api.case.recorded", needs=[cases.RECEIVE])
    mark = _mark(request, caller) or new_form_nonce()

    def write() -> tuple[int, Any]:
        made = cases.record_case(body, mark=mark, caller=caller, at=at)
        return 201, {"number": made.number, "due_on": made.due_on.isoformat()}

    def complete(answer: Any) -> Any:
        # The same mark with the same content is the same request, with its code.
        return answer | {"code": cases.record_case(body, mark=mark, caller=caller, at=at).code}

    return idempotent(request, write, caller_id=caller.credential_id, complete=complete, at=at)


@api.get("/cases/{number}", response={200: schemas.CaseOut, **REFUSALS}, tags=["cases"])
def get_case(request: HttpRequest, number: Path[Number]) -> Any:
    """Get a request and how far it has come; nothing that anybody wrote."""
    at, case = clock.now(), cases.find(number)
    told = {"about": case, "subjects": cases.people_of(case)}
    _call(request, Scope.CASES_READ, at, task="office_api.case.viewed", needs=[cases.VIEW], **told)
    return Status(200, cases.shown(cases.must_exist(case)))


@api.post("/cases/{number}/openings", response={200: schemas.OpenedCase, **REFUSALS}, tags=["cases"])
def open_case(request: HttpRequest, number: Path[Number], body: schemas.Opening) -> Any:
    """Read what the requester wrote, with the messages. Purpose and reason go on the audit trail."""
    at, case = clock.now(), cases.find(number)
    told = {"about": case, "subjects": cases.people_of(case), "purpose": body.purpose, "reason": body.reason}
    caller = _call(request, Scope.CASES_OPEN, at, task="office_api.case.opened", needs=[cases.OPEN], **told)
    return Status(200, cases.opened(cases.must_exist(case), caller=caller, at=at))


@api.post("/cases/{number}/messages", response={201: schemas.MessageMade, **REFUSALS}, tags=["cases"])
def write_message(request: HttpRequest, number: Path[Number], body: schemas.NewMessage) -> Any:
    """Write to the requester, who reads it on the request's page; an e-mail says that it is there."""
    at, case = clock.now(), cases.find(number)
    told = {"about": case, "subjects": cases.people_of(case)}
    caller = _call(request, Scope.MESSAGES_WRITE, at, task="office_api.message.written", needs=[cases.OPEN], **told)

    def write() -> tuple[int, Any]:
        found = cases.must_exist(case)
        made = rights.answer_messages(
            found, text=body.text, newest=body.newest or 0, submission=_mark(request, caller), actor=caller, at=at
        )
        return 201, {"case": found.number, "number": made.number}

    return idempotent(request, write, caller_id=caller.credential_id, at=at)


@api.post("/permissions", response={200: schemas.PermissionOut, **REFUSALS}, tags=["permissions"])
def ask_permission(request: HttpRequest, body: schemas.Question) -> Any:
    """May this data be used, provided, advertised to or kept, now and why? Every ground is named.

    ``about``: the number of a device or person, a device's reference, or a whole identifier. ``use`` needs category and
    purpose, ``disclose`` recipient, category, items and purpose, ``advertise`` a channel, ``keep`` a category.
    """
    at = clock.now()
    missing = permission_questions.missing_parts(body)
    caller: ApiCaller = request.auth  # type: ignore[attr-defined]  # set by Ninja from Token
    office_api.must_be_permitted(caller, Scope.PERMISSIONS_ASK, needs=permission_questions.NEEDS)
    asked_about = None if missing else permission_questions.find_person(body.about, caller=caller, at=at)
    _call(
        request, Scope.PERMISSIONS_ASK, at, task="office_api.permission.asked", needs=permission_questions.NEEDS,
        subjects=[] if asked_about is None else [asked_about], purpose=Purpose.REGISTRATION.value,
        reason=body.reason, facts=permission_questions.question_facts(body),
    )  # fmt: skip
    if missing is not None:
        raise missing
    person = permission_questions.must_be_known(asked_about)
    found = permission_questions.answer(body, person, at=at)
    because = [{"code": one.code, "message": one.message} for one in found.because]
    return Status(
        200,
        {"question": body.question, "person": person, "allowed": found.allowed, "because": because, "at": at},
    )


@api.get("/holds", response={200: schemas.HoldsOut, **REFUSALS}, tags=["holds"])
def list_holds(request: HttpRequest, after: Query[UUID | None] = None, limit: Query[Limit | None] = None) -> Any:
    """List the holds that stand today: what they cover is not destroyed."""
    at = clock.now()
    _call(request, Scope.HOLDS_READ, at, task="office_api.holds.listed", needs=["retention.view_hold"])
    return Status(200, _page(Hold.objects.active(clock.kst_date(at)), after, limit, permission_questions.hold_shown))


@api.get("/freezes", response={200: schemas.FreezesOut, **REFUSALS}, tags=["holds"])
def list_freezes(request: HttpRequest, after: Query[UUID | None] = None, limit: Query[Limit | None] = None) -> Any:
    """List the freezes that stand now: what they cover is neither used nor provided."""
    at = clock.now()
    _call(request, Scope.HOLDS_READ, at, task="office_api.freezes.listed", needs=["vault.view_freeze"])
    return Status(200, _page(Freeze.objects.active(at), after, limit, permission_questions.freeze_shown))


@api.get("/registers", response={200: schemas.RegistersOut, **REFUSALS}, tags=["registers"])
def list_registers(request: HttpRequest) -> Any:
    """List the registers that can be taken out; those that may name people leave by the console alone."""
    caller = _call(request, Scope.REGISTERS_READ, clock.now(), task="office_api.registers.listed")
    offered = [one for one in registers.all_registers() if one.for_programs and caller.may(one.permission)]
    items = [{"code": one.code, "title": one.title, "columns": list(one.headings)} for one in offered]
    return Status(200, {"items": items})


@api.post("/registers/{code}/extracts", response={200: schemas.ExtractOut, **REFUSALS}, tags=["registers"])
def extract_register(request: HttpRequest, code: Path[RegisterCode], body: schemas.Extract) -> Any:
    """Take out a register of a period, in Korean as it is kept; the reason goes on the audit trail."""
    at = clock.now()
    register = registers.get(code) if registers.is_declared(code) else None
    caller = _call(
        request, Scope.REGISTERS_READ, at, task="office_api.register.exported", reason=body.reason,
        needs=[] if register is None else [register.permission],
    )  # fmt: skip
    if register is None:
        raise UnknownRegister(_("There is no register with this code."), pointer="/code")
    period = permission_questions.must_be_a_period(body.first, body.last)
    rows, remark = extract_rows(
        register, first=period[0], last=period[1], reason=body.reason, most=MOST_ROWS, actor=caller, at=at
    )
    told = {"code": register.code, "title": register.title, "columns": list(register.headings)}
    return Status(200, {**told, "first": body.first, "last": body.last, "rows": rows, "remark": remark})


@api.get("/statistics", response={200: schemas.StatisticsOut, **REFUSALS}, tags=["statistics"])
def get_statistics(request: HttpRequest, first: Query[Day], last: Query[Day]) -> Any:
    """Get the figures of a period as the annual report has them; they hold no personal data."""
    _call(
        request, Scope.STATISTICS_READ, clock.now(),
        task="office_api.statistics.read", needs=["devices.view_dailyreportcount"],
    )  # fmt: skip
    permission_questions.must_be_a_period(first, last)
    sections = [
        {
            "code": code,
            "title": section.title,
            "figures": [
                {"code": one.code, "label": one.label, "value": one.value, "unit": one.unit} for one in section.figures
            ],
        }
        for code, section in annual_report.report_sections(first, last)
    ]
    return Status(200, {"first": first, "last": last, "sections": sections})
