"""The registers of which duties bind and of what management was told, as files (law O-01 … O-06, P-11, N-06)."""

from privacy.lib.registries import registers
from privacy.safeguards.models import (
    ApplicabilityDecision,
    ManagementReport,
    OfficerAppointment,
    OfficerFiling,
    YearFigures,
)


def limits(row: ApplicabilityDecision) -> str:
    """Return the thresholds as they were on the day of the decision."""
    return ", ".join(f"{name} {value:,}" for name, value in row.limits.items())


def figures(row: ApplicabilityDecision) -> str:
    """Return the numbers of the year on which it was decided."""
    seen = row.figures
    if seen is None:
        return ""
    return (
        f"{seen.year}년: 매출 {seen.sales:,}백만원, 평균매출 {seen.average_sales:,}백만원, 정보주체 {seen.people:,}명, "
        f"민감·고유식별 {seen.sensitive_people:,}명, 이용자 {seen.users:,}명"
    )


registers.declare(
    code="applicability",
    title="개인정보 보호 의무 적용 여부 판단 대장",
    models=("safeguards.applicabilitydecision",),
    permission="safeguards.view_applicabilitydecision",
    columns=(
        ("의무", "threshold"),
        ("근거", lambda row: str(row.duty.basis)),
        ("기준", limits),
        ("해당 연도의 수치", figures),
        ("수치에 따른 결과", "computed"),
        ("적용 여부", "applies"),
        ("판단 이유", "reasons"),
        ("이행 조치", lambda row: row.measure.name if row.measure else ""),
        ("결정자", "decided_by"),
        ("결정일", "decided_on"),
        ("재검토 기한", "again_on"),
        ("번호", "reference"),
    ),
    records=lambda window: (
        ApplicabilityDecision.objects.filter(decided_on__range=window.days)
        .select_related("figures", "measure")
        .order_by("decided_at")
    ),
    printed=9,
    widths=(3, 3, 3, 4, 1, 1, 4, 3, 2),
)
registers.declare(
    code="year-figures",
    title="연도별 매출·정보주체 수 대장",
    models=("safeguards.yearfigures",),
    permission="safeguards.view_yearfigures",
    columns=(
        ("연도", "year"),
        ("매출액(백만원)", "sales"),
        ("3년 평균매출액(백만원)", "average_sales"),
        ("정보주체 수(일일평균)", "people"),
        ("민감·고유식별정보 정보주체 수", "sensitive_people"),
        ("이용자 수(일일평균)", "users"),
        ("중소기업", "is_small"),
        ("출처", "source"),
        ("기록자", "recorded_by"),
        ("기록일시", "recorded_at"),
    ),
    records=lambda window: YearFigures.objects.filter(recorded_at__range=window.moments).order_by("recorded_at"),
)
registers.declare(
    code="officer-filings",
    title="개인정보 보호책임자 지정 의결·신고 대장",
    models=("safeguards.officerfiling",),
    permission="safeguards.view_officerfiling",
    columns=(
        ("지정일", "officer.designated_from"),
        ("보호책임자", "officer.name"),
        ("자격(영 별표 1)", "qualification"),
        ("이사회 의결일", "resolved_on"),
        ("의결 문서", "resolution"),
        ("보호위원회 신고일", "filed_on"),
        ("접수 문서", "receipt"),
        ("기록자", "recorded_by"),
        ("기록일시", "recorded_at"),
    ),
    records=lambda window: (
        OfficerFiling.objects.filter(filed_on__range=window.days).select_related("officer").order_by("filed_on")
    ),
)
registers.declare(
    code="management-reports",
    title="대표자·이사회 보고 대장",
    models=("safeguards.managementreport",),
    permission="safeguards.view_managementreport",
    columns=(
        ("보고일", "reported_on"),
        ("구분", "kind"),
        ("보고 대상", "audience"),
        ("제목", "subject"),
        ("보고 내용", "content"),
        ("즉시 개선한 내용", "corrected"),
        ("확인일", "read_on"),
        ("결정·지시 사항", "decision"),
        ("요청 인력", "staff_asked"),
        ("요청 예산(백만원)", "budget_asked"),
        ("승인 인력", "staff_granted"),
        ("승인 예산(백만원)", "budget_granted"),
        ("서명본 SHA-256", "file_digest"),
        ("기록자", "recorded_by"),
        ("번호", "reference"),
    ),
    records=lambda window: ManagementReport.objects.filter(reported_on__range=window.days).order_by("reported_on"),
    printed=8,
    widths=(2, 2, 2, 3, 5, 3, 2, 4),
)
registers.declare(
    code="officer-appointments",
    title="개인정보 보호책임자 임명 대장",
    models=("safeguards.officerappointment",),
    permission="safeguards.view_officerappointment",
    columns=(
        ("지정일", "officer.designated_from"),
        ("보호책임자", "officer.name"),
        ("지위(영 제32조제2항제2호)", "standing"),
        ("직위", "position"),
        ("임명일", "appointed_on"),
        ("임명 문서", "document"),
        ("문서 SHA-256", "file_digest"),
        ("기록자", "recorded_by"),
        ("기록일시", "recorded_at"),
    ),
    records=lambda window: (
        OfficerAppointment.objects.filter(appointed_on__range=window.days)
        .select_related("officer")
        .order_by("appointed_on")
    ),
)
