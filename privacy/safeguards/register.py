"""The registers of safeguards as files, in the columns of their forms (law F-16, F-18); people stand by reference."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.dates import clock
from privacy.lib.display import badges
from privacy.lib.registries import registers
from privacy.safeguards import assessments_register as assessments_register
from privacy.safeguards import copies_register as copies_register
from privacy.safeguards import exposures_register as exposures_register
from privacy.safeguards import organisation_register as organisation_register
from privacy.safeguards import vulnerability_register as vulnerability_register
from privacy.safeguards.models import (
    AnnualReport,
    Area,
    AreaEntry,
    AreaPermit,
    Evidence,
    Inspection,
    InspectionFinding,
    ManagementPlan,
    Measure,
    MediaMovement,
    Meeting,
    Member,
)

type Checked = tuple[Inspection, InspectionFinding | None]


def measures(window: registers.ExportScope) -> Iterator[tuple[Measure, Evidence | None]]:
    """Yield every measure in use in a period, with its latest evidence in it."""
    begin, end = window.moments[0], window.until
    latest: dict[Any, Evidence] = {}
    for evidence in Evidence.objects.filter(at__gte=begin, at__lt=end).order_by("at"):
        latest[evidence.measure_id] = evidence
    for row in Measure.objects.filter(registered_at__lt=end).exclude(retired_at__lt=begin):
        yield row, latest.get(row.pk)


def inspections(window: registers.ExportScope) -> Iterator[Checked]:
    """Yield each finding of the inspections of a period, and each inspection that has none (F-16)."""
    in_period = Q(planned_on__range=window.days) | Q(held_on__range=window.days)
    found = Inspection.objects.filter(in_period).order_by("planned_on", "reference")
    for row in found.prefetch_related("findings"):
        findings: list[InspectionFinding | None] = [*row.findings.all()]
        for finding in findings or [None]:
            yield row, finding


def inspected_on(row: Checked) -> object:
    """Return the day on which it was held, or the day for which it is planned, as such."""
    held_on = row[0].held_on
    return held_on if held_on is not None else f"{row[0].planned_on.isoformat()} (예정)"


def nonconformity(row: Checked) -> str:
    """Return what is not in order; that there is nothing can be said only of an inspection that is reported."""
    if row[1] is not None:
        return row[1].seen
    return "없음" if row[0].state == Inspection.State.REPORTED else ""


def confirmed(row: Checked) -> str:
    finding = row[1]
    if finding is None or finding.confirmed_at is None:
        return ""
    return f"{finding.confirmed_by} {badges.datetime_text(finding.confirmed_at)}"


registers.declare(
    code="management-plans",
    title="내부 관리계획 개정 이력",
    models=("safeguards.managementplan",),
    permission="safeguards.view_managementplan",
    columns=(
        ("판", "number"),
        ("상태", "state"),
        ("변경 사유", "reason"),
        ("작성자", "drafted_by"),
        ("작성일시", "drafted_at"),
        ("승인자", "approved_by"),
        ("승인일시", "approved_at"),
        ("시행일", "effective_on"),
        ("봉인값(SHA-256)", "seal"),
    ),
    records=lambda window: ManagementPlan.objects.filter(drafted_at__range=window.moments).order_by("number"),
    widths=(1, 2, 4, 2, 2, 2, 2, 2, 4),
)
registers.declare(
    code="organisation",
    title="개인정보 보호 조직 구성원 대장",
    models=("safeguards.member",),
    permission="safeguards.view_member",
    columns=(
        ("구성원", "person"),
        ("역할", "role"),
        ("담당 업무", "duties"),
        ("시작일", "since"),
        ("종료일", "until"),
        ("지정자", "appointed_by"),
        ("지정일시", "appointed_at"),
        ("종료 기록자", "ended_by"),
        ("종료 기록일시", "ended_at"),
    ),
    records=lambda window: (
        Member.objects.filter(since__lte=window.last)
        .filter(Q(until=None) | Q(until__gte=window.first))
        .order_by("since", "id")
    ),
    widths=(2, 1, 5, 2, 2, 2, 2, 2, 2),
)
registers.declare(
    code="organisation-meetings",
    title="개인정보 보호 조직 회의록",
    models=("safeguards.meeting",),
    permission="safeguards.view_meeting",
    columns=(
        ("번호", "reference"),
        ("안건", "topics"),
        ("예정일", "planned_on"),
        ("개최일", "held_on"),
        ("참석자", lambda row: ", ".join(row.attendees)),
        ("결과와 결정 사항", "decisions"),
        ("기록자", "recorded_by"),
        ("기록일시", "recorded_at"),
    ),
    records=lambda window: Meeting.objects.filter(
        Q(planned_on__range=window.days) | Q(held_on__range=window.days)
    ).order_by("planned_on", "reference"),
    widths=(2, 4, 2, 2, 3, 5, 2, 2),
)
registers.declare(
    code="measures",
    title="안전성 확보조치 관리대장",
    models=("safeguards.measure",),
    permission="safeguards.view_measure",
    columns=(
        ("처리방침 조항", lambda row: row[0].clause),
        ("조치", lambda row: row[0].name),
        ("구분", lambda row: row[0].get_kind_display()),
        ("담당자", lambda row: row[0].owner),
        ("점검 주기(일)", lambda row: row[0].cycle_days),
        ("점검일", lambda row: row[1].on if row[1] else None),
        ("결과", lambda row: row[1].get_result_display() if row[1] else ""),
        ("확인 내용", lambda row: row[1].detail if row[1] else ""),
        ("다음 점검일", lambda row: row[0].due_on),
    ),
    records=measures,
    widths=(1, 3, 2, 2, 1, 2, 1, 5, 2),
)
registers.declare(
    code="safeguard-evidence",
    title="안전성 확보조치 점검 증적",
    models=("safeguards.evidence",),
    permission="safeguards.view_evidence",
    columns=(
        ("점검일시", "at"),
        ("조치", "measure.name"),
        ("결과", "result"),
        ("확인 내용", "detail"),
        ("점검자", "recorded_by"),
        ("파일 SHA-256", "file_digest"),
    ),
    records=lambda window: (
        Evidence.objects.filter(at__range=window.moments).select_related("measure").order_by("at", "id")
    ),
    widths=(2, 3, 1, 5, 2, 4),
)
registers.declare(
    code="inspections",
    title="내부점검(자체감사) 대장",
    called=_("Export the inspections"),
    form="F-16",
    models=("safeguards.inspection", "safeguards.inspectionfinding"),
    permission="safeguards.view_inspection",
    columns=(
        ("기준 항목", lambda row: row[1].criterion if row[1] else row[0].scope),
        ("점검일", inspected_on),
        ("점검자", lambda row: row[0].inspector),
        ("결과", lambda row: row[0].outcome or row[0].get_state_display()),
        ("부적합", nonconformity),
        ("시정조치", lambda row: row[1].correction if row[1] else ""),
        ("기한", lambda row: row[1].due_on if row[1] else None),
        ("완료확인", confirmed),
        ("보호책임자 보고일", lambda row: clock.kst_date(row[0].reported_at) if row[0].reported_at else None),
        ("번호", lambda row: row[1].reference if row[1] else row[0].reference),
    ),
    records=inspections,
    widths=(3, 2, 2, 3, 3, 3, 2, 2, 2, 2),
)
registers.declare(
    code="protected-areas",
    title="보호구역 대장",
    models=("safeguards.area",),
    permission="safeguards.view_area",
    columns=(
        ("구역", "title"),
        ("구분", "kind"),
        ("위치", "place"),
        ("잠금 방식", "lock"),
        ("담당자", "keeper"),
        ("등록일시", "registered_at"),
        ("폐쇄일시", "closed_at"),
    ),
    records=lambda window: Area.objects.filter(registered_at__lte=window.moments[1]).order_by("title"),
)
registers.declare(
    code="area-permits",
    title="보호구역 출입 허가 대장",
    models=("safeguards.areapermit",),
    permission="safeguards.view_areapermit",
    columns=(
        ("구역", "area.title"),
        ("출입자", "person"),
        ("사유", "reason"),
        ("시작일", "valid_from"),
        ("종료일", "valid_until"),
        ("승인자", "approved_by"),
        ("승인일시", "approved_at"),
        ("취소자", "revoked_by"),
        ("취소일시", "revoked_at"),
    ),
    records=lambda window: (
        AreaPermit.objects.filter(valid_from__lte=window.last)
        .filter(Q(valid_until=None) | Q(valid_until__gte=window.first))
        .select_related("area")
        .order_by("area__title", "valid_from", "id")
    ),
)
registers.declare(
    code="area-entries",
    title="보호구역 출입 대장",
    form="F-18",
    models=("safeguards.areaentry",),
    permission="safeguards.view_areaentry",
    columns=(
        ("구역", "area.title"),
        ("출입자", "who"),
        ("목적", "purpose"),
        ("입실", "entered_at"),
        ("퇴실", "left_at"),
        ("동행자", "companion"),
        ("번호", "reference"),
    ),
    records=lambda window: (
        AreaEntry.objects.filter(entered_at__range=window.moments).select_related("area").order_by("entered_at", "id")
    ),
)
registers.declare(
    code="media-movements",
    title="보조저장매체 반출입 대장",
    form="F-18",
    models=("safeguards.mediamovement",),
    permission="safeguards.view_mediamovement",
    columns=(
        ("매체번호", "medium"),
        ("반출입자", "carried_by"),
        ("승인자", "approved_by"),
        ("목적", "purpose"),
        ("일시", "moved_at"),
        ("반납", "returned_at"),
        ("구역", "area.title"),
        ("반출입 구분", "direction"),
        ("매체 종류", "kind"),
        ("암호화", lambda row: "예" if row.encrypted else "아니오"),
        ("반납 기한", "back_on"),
        ("번호", "reference"),
    ),
    records=lambda window: (
        MediaMovement.objects.filter(moved_at__range=window.moments).select_related("area").order_by("moved_at", "id")
    ),
)
registers.declare(
    code="annual-reports",
    title="연간 보고서 대장",
    models=("safeguards.annualreport",),
    permission="safeguards.view_annualreport",
    columns=(
        ("번호", "reference"),
        ("연도", "year"),
        ("언어", "language"),
        ("작성자", "made_by"),
        ("작성일시", "made_at"),
        ("대표자 보고일", "presented_on"),
        ("보고자", "presented_by"),
        ("보고서 SHA-256", "digest"),
    ),
    records=lambda window: AnnualReport.objects.filter(made_at__range=window.moments).order_by("made_at"),
    widths=(2, 1, 1, 2, 2, 2, 2, 5),
)
registers.declare_exempt("safeguards.calendar", why="dates of other registers, which have files of their own")
