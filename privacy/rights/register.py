"""The register of requests and results, kept and reviewed (law R-31): numbers and codes, no personal data."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db.models import QuerySet

from privacy.lib.registries import registers
from privacy.rights.events import Event
from privacy.rights.models import CasePerson, Request

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


def _cases(window: registers.ExportScope) -> Iterable[Sequence[Any]]:
    return rows(lines(first=window.first, last=window.last))


def _subjects(window: registers.ExportScope) -> list[str]:
    known = CasePerson.objects.filter(request__received_on__range=(window.first, window.last))
    return [str(subject) for subject in known.values_list("subject_id", flat=True).distinct()]


registers.declare(
    code="requests",
    title="열람등요구 처리대장",
    form="F-1",
    models=("rights.request", "rights.objection", "rights.letter"),
    permission="rights.export_requests",
    columns=registers.columns_by_position(COLUMNS),
    records=_cases,
    subjects=_subjects,
    word=Event.REGISTER_EXPORTED,
)
registers.declare_exempt("rights.package", why="a file on its way to one person; its contents are hers alone")
