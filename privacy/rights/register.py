"""The register of requests and results, kept and reviewed (law R-31): numbers and codes, no personal data."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db.models import QuerySet

from privacy.accounts.display_names import name_with_reference
from privacy.lib.registries import registers
from privacy.rights.events import Event
from privacy.rights.models import CasePerson, Letter, Objection, Particulars, Request

COLUMNS = (
    "접수번호",
    "접수일",
    "접수 경로",
    "요구인",
    "요구 내용",
    "본인확인",
    "처리기한",
    "결정",
    "거절 사유",
    "근거 법령",
    "처리 상태",
    "통지일",
    "담당자",
    "수수료(원)",
)


def lines(*, first: date, last: date) -> QuerySet[Request]:
    """Return the cases received in a period."""
    return (
        Request.objects.filter(received_on__range=(first, last))
        .order_by("received_on", "received_at", "id")
        .prefetch_related("rights")
    )


def rows(cases: Iterable[Request]) -> Iterable[Sequence[Any]]:
    """Yield one row for each case, in the order of ``COLUMNS``."""
    for case in cases:
        rights = list(case.rights.all())
        yield (
            case.number,
            case.received_on,
            case.get_channel_display(),
            case.get_requester_display(),
            ", ".join(str(right.get_kind_display()) for right in rights),
            case.get_identity_method_display() if case.identity_method else "",
            case.due_on,
            ", ".join(str(right.get_decision_display()) for right in rights),
            ", ".join(str(ground.label) for right in rights for ground in right.grounds),
            ", ".join(right.law for right in rights if right.law),
            case.get_state_display(),
            case.notified_at,
            case.assigned_to,
            case.fee_won + case.postage_won,
        )


OBJECTION_COLUMNS = (
    "사건번호",
    "결정일",
    "결정자",
    "요구 내용",
    "불복 내용·사유",
    "증빙(건)",
    "접수일",
    "처리 목표일",
    "심사자",
    "심사일",
    "결과",
    "이유",
    "통지일",
    "외부 구제 안내",
)
SEALED, NONE_HELD = "암호화 보관", "파기"
REMEDIES = "통지서로 안내"


def objection_rows(objections: Iterable[Objection]) -> Iterable[Sequence[Any]]:
    """Yield one row for each objection (law F-5). What was written is sealed; the row says whether it is still held."""
    for objection in objections:
        right = objection.right
        letter = Letter.objects.filter(kind=Letter.Kind.OBJECTION, about_id=objection.id).first()
        told = letter.sent_at if letter is not None else None
        words = Particulars.objects.filter(about_id=objection.id).exists()
        explained = letter is not None and Particulars.objects.filter(about_id=letter.id).exists()
        yield (
            right.request.number,
            objection.decided_on,
            name_with_reference(objection.decider),
            right.get_kind_display(),
            SEALED if words else NONE_HELD,
            objection.documents,
            objection.received_on,
            objection.target_on,
            name_with_reference(objection.reviewer) if objection.reviewer else "",
            objection.reviewed_at,
            objection.get_outcome_display(),
            SEALED if explained else "",
            told,
            REMEDIES if told else "",
        )


def _objections(window: registers.ExportScope) -> Iterable[Sequence[Any]]:
    found = Objection.objects.filter(received_on__range=window.days).order_by("received_on", "received_at", "id")
    return objection_rows(found.select_related("right__request"))


def _subjects_of_objections(window: registers.ExportScope) -> list[str]:
    objected = Objection.objects.filter(received_on__range=window.days).values("right__request")
    known = CasePerson.objects.filter(request__in=objected)
    return [str(subject) for subject in known.values_list("subject_id", flat=True).distinct()]


def _cases(window: registers.ExportScope) -> Iterable[Sequence[Any]]:
    return rows(lines(first=window.first, last=window.last))


def _subjects(window: registers.ExportScope) -> list[str]:
    known = CasePerson.objects.filter(request__received_on__range=(window.first, window.last))
    return [str(subject) for subject in known.values_list("subject_id", flat=True).distinct()]


registers.declare(
    code="requests",
    title="열람등요구 처리대장",
    form="F-1",
    models=("rights.request", "rights.letter"),
    permission="rights.export_requests",
    columns=registers.columns_by_position(COLUMNS),
    records=_cases,
    subjects=_subjects,
    word=Event.REGISTER_EXPORTED,
)
registers.declare(
    code="objections",
    title="이의제기 처리대장",
    form="F-5",
    models=("rights.objection",),
    permission="rights.export_requests",
    columns=registers.columns_by_position(OBJECTION_COLUMNS),
    records=_objections,
    subjects=_subjects_of_objections,
    word=Event.REGISTER_EXPORTED,
)
registers.declare_exempt("rights.package", why="a file on its way to one person; its contents are hers alone")
