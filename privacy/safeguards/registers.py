"""The registers of safeguards as forms: official columns in their order, in Korean as the forms are (F-16, F-18)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from privacy.lib import badges, clock
from privacy.safeguards.models import AreaEntry, Evidence, Inspection, Measure, MediaMovement, Nonconformity

type Rows = Iterable[Sequence[Any]]


@dataclass(frozen=True)
class Register:
    """One form: its title, its columns, and its rows of a period."""

    title: str
    columns: tuple[str, ...]
    rows: Callable[[date, date], Rows]


def moments(first: date, last: date) -> tuple[datetime, datetime]:
    """Return the moments between which a period of days lies in Korea."""
    begin = datetime.combine(first, time.min, clock.KST)
    return begin, datetime.combine(last + timedelta(1), time.min, clock.KST)


def measures(first: date, last: date) -> Rows:
    """Yield every measure in use in a period, with its latest evidence in it."""
    begin, end = moments(first, last)
    latest: dict[Any, Evidence] = {}
    for evidence in Evidence.objects.filter(at__gte=begin, at__lt=end).order_by("at"):
        latest[evidence.measure_id] = evidence
    for row in Measure.objects.filter(registered_at__lt=end).exclude(retired_at__lt=begin):
        seen = latest.get(row.pk)
        yield (
            row.clause,
            row.name,
            row.get_kind_display(),
            row.owner,
            row.cycle_days,
            seen.on if seen else None,
            seen.get_result_display() if seen else "",
            seen.detail if seen else "",
            row.due_on,
        )


def inspections(first: date, last: date) -> Rows:
    """Yield each finding of the inspections of a period, and each inspection without one (F-16)."""
    held = Inspection.objects.filter(planned_on__range=(first, last)).order_by("planned_on", "reference")
    for row in held.prefetch_related("findings"):
        reported = clock.kst_date(row.reported_at) if row.reported_at else None
        findings: list[Nonconformity | None] = [*row.findings.all()] or [None]
        for finding in findings:
            yield (
                finding.criterion if finding else row.scope,
                row.held_on or row.planned_on,
                row.inspector,
                row.outcome or row.get_state_display(),
                finding.seen if finding else "없음",
                finding.correction if finding else "",
                finding.due_on if finding else None,
                f"{finding.confirmed_by} {badges.moment_text(finding.confirmed_at)}"
                if finding and finding.confirmed_at
                else "",
                reported,
                row.reference,
            )


def entries(first: date, last: date) -> Rows:
    """Yield the entries to protected areas of a period (F-18)."""
    begin, end = moments(first, last)
    found = AreaEntry.objects.filter(entered_at__gte=begin, entered_at__lt=end).select_related("area")
    for row in found.order_by("entered_at"):
        yield (row.area.title, row.who, row.purpose, row.entered_at, row.left_at, row.companion, row.reference)


def media(first: date, last: date) -> Rows:
    """Yield the media carried in or out in a period (F-18)."""
    begin, end = moments(first, last)
    found = MediaMovement.objects.filter(moved_at__gte=begin, moved_at__lt=end).select_related("area")
    for row in found.order_by("moved_at"):
        yield (
            row.medium,
            row.carried_by,
            row.approved_by,
            row.purpose,
            row.moved_at,
            row.returned_at,
            row.area.title,
            row.get_direction_display(),
            row.kind,
            "예" if row.encrypted else "아니오",
            row.back_on,
            row.reference,
        )


REGISTERS = {
    "measures": Register(
        "안전성 확보조치 관리대장",
        ("처리방침 조항", "조치", "구분", "담당자", "점검 주기(일)", "점검일", "결과", "확인 내용", "다음 점검일"),
        measures,
    ),
    "inspections": Register(
        "내부점검(자체감사) 대장",
        (
            "기준 항목",
            "점검일",
            "점검자",
            "결과",
            "부적합",
            "시정조치",
            "기한",
            "완료확인",
            "보호책임자 보고일",
            "번호",
        ),
        inspections,
    ),
    "entries": Register("보호구역 출입 대장", ("구역", "출입자", "목적", "입실", "퇴실", "동행자", "번호"), entries),
    "media": Register(
        "보조저장매체 반출입 대장",
        (
            "매체번호",
            "반출입자",
            "승인자",
            "목적",
            "일시",
            "반납",
            "구역",
            "반출입 구분",
            "매체 종류",
            "암호화",
            "반납 기한",
            "번호",
        ),
        media,
    ),
}
