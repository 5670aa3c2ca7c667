"""The register of requests and results, kept and reviewed (law R-31): numbers and codes, no personal data."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from itertools import batched
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from privacy.accounts.display_names import names_with_references
from privacy.lib.registries import registers
from privacy.rights.events import Event
from privacy.rights.models import CasePerson, Letter, Objection, Particulars, Request, Step

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
    "우송료(원)",
    "대리인 인적사항",
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
    for batch in batched(cases, BATCH):
        ids = [case.id for case in batch]
        held = set(Particulars.objects.filter(about_id__in=ids).values_list("about_id", flat=True))
        yield from (_row(case, held) for case in batch)


def _row(case: Request, held: Collection[UUID]) -> Sequence[Any]:
    """Return the row of a case; a representative's particulars are sealed with what was asked (law F-1)."""
    rights = list(case.rights.all())
    return (
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
        case.fee_won,
        case.postage_won,
        "" if case.requester == Request.Requester.SELF else _kept(case, is_held=case.id in held),
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
# The portal died while they were sent: nothing of an open case is destroyed.
NEVER_ARRIVED = "없음"
# Of decisions taken before their step said whether they were explained.
NONE_OR_DESTROYED = "없음 또는 파기"
REMEDIES = "통지서로 안내"
BATCH = 500


def objection_rows(objections: Iterable[Objection]) -> Iterable[Sequence[Any]]:
    """Yield one row for each objection (law F-5). What was written is sealed; the row says whether it is still held."""
    for batch in batched(objections, BATCH):
        yield from _rows_of(batch)


def _rows_of(objections: Sequence[Objection]) -> Iterable[Sequence[Any]]:
    ids = [one.id for one in objections]
    letters = {
        letter.about_id: letter for letter in Letter.objects.filter(kind=Letter.Kind.OBJECTION, about_id__in=ids)
    }
    places = [*ids, *(letter.id for letter in letters.values())]
    held = set(Particulars.objects.filter(about_id__in=places).values_list("about_id", flat=True))
    names = names_with_references({ref for one in objections for ref in (one.decider, one.reviewer) if ref})
    cases = {one.right.request_id for one in objections}
    steps = Step.objects.filter(request__in=cases, word=Event.OBJECTION_DECIDED)
    decided: dict[tuple[UUID, int | None, datetime | None], dict[str, Any]] = {
        (step.request_id, step.position, step.at): step.facts for step in steps
    }
    for one in objections:
        right, letter = one.right, letters.get(one.id)
        told = letter.sent_at if letter is not None else None
        facts = decided.get((right.request_id, right.position, one.reviewed_at), {})
        is_held = letter is not None and letter.id in held
        yield (
            right.request.number,
            one.decided_on,
            names.get(one.decider, ""),
            right.get_kind_display(),
            _kept(right.request, is_held=one.id in held),
            one.documents,
            one.received_on,
            one.target_on,
            names.get(one.reviewer, ""),
            one.reviewed_at,
            one.get_outcome_display(),
            SEALED if is_held else _not_held(one, was_explained=facts.get("explained"), words_held=one.id in held),
            told,
            REMEDIES if told else "",
        )


def _kept(case: Request, *, is_held: bool) -> str:
    """Return what became of words that somebody wrote: they are destroyed some time after the end of their case."""
    if is_held:
        return SEALED
    return NONE_HELD if case.closed_at is not None else NEVER_ARRIVED


def _not_held(objection: Objection, *, was_explained: bool | None, words_held: bool) -> str:
    """Return what became of an explanation that is not there; all words of a case are destroyed together."""
    if was_explained:
        return NONE_HELD
    unknown = objection.reviewed_at is not None and was_explained is None and not words_held
    return NONE_OR_DESTROYED if unknown else ""


def _objections(window: registers.ExportScope) -> Iterable[Sequence[Any]]:
    found = Objection.objects.filter(received_on__range=window.days).order_by("received_on", "received_at", "id")
    return objection_rows(found.select_related("right__request").iterator(chunk_size=BATCH))


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
registers.declare_exempt(
    "rights.incomingmail",
    why="what people wrote, sorted onto a request, whose register has it, or discarded",
)
registers.declare_exempt("rights.package", why="a file on its way to one person; its contents are hers alone")
