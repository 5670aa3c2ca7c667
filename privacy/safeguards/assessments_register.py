"""The registers of impact assessments, a row for each risk, and of changes that needed none, as files."""

from collections.abc import Iterator

from privacy.lib.display import badges
from privacy.lib.registries import registers
from privacy.policies import assessed_changes
from privacy.safeguards.models import Assessment, AssessmentExemption, AssessmentRisk

type Assessed = tuple[Assessment, AssessmentRisk | None]


def assessments(window: registers.ExportScope) -> Iterator[Assessed]:
    """Yield each risk of the assessments drafted in a period, and each assessment that has none."""
    rows = Assessment.objects.filter(drafted_at__gte=window.moments[0], drafted_at__lt=window.until)
    for row in rows.select_related("version").prefetch_related("risks__measure").order_by("drafted_at", "reference"):
        risks: list[AssessmentRisk | None] = [*row.risks.all()]
        for risk in risks or [None]:
            yield row, risk


def answers(row: Assessed) -> str:
    """Return what the assessment says, criterion by criterion."""
    said = [f"{title}: {row[0].answers[code]}" for code, title in row[0].criteria.items() if row[0].answers.get(code)]
    return "\n".join(said)


def approval(row: Assessed) -> str:
    """Return who approved it and when; before that, its state."""
    if row[0].approved_at is None:
        return row[0].get_state_display()
    return f"{row[0].approved_by} {badges.datetime_text(row[0].approved_at)}"


registers.declare(
    code="impact-assessments",
    title="개인정보 영향평가 대장",
    models=("safeguards.assessment",),
    permission="safeguards.view_assessment",
    columns=(
        ("번호", lambda row: row[0].reference),
        ("구분", lambda row: row[0].get_kind_display()),
        ("제목", lambda row: row[0].title),
        ("처리방침 버전", lambda row: row[0].version.number),
        ("평가한 변경", lambda row: ", ".join(map(assessed_changes.subject_of, row[0].covers))),
        ("평가 내용", answers),
        ("위험요인", lambda row: row[1].cause if row[1] else ""),
        ("가능성", lambda row: row[1].get_likelihood_display() if row[1] else ""),
        ("피해 정도", lambda row: row[1].get_harm_display() if row[1] else ""),
        ("조치", lambda row: row[1].measure.name if row[1] else ""),
        ("남은 위험", lambda row: row[1].get_remaining_display() if row[1] else ""),
        ("작성자", lambda row: row[0].drafted_by),
        ("승인", approval),
    ),
    records=assessments,
    widths=(2, 2, 3, 2, 3, 6, 4, 1, 1, 3, 1, 2, 3),
)


def exemptions(window: registers.ExportScope) -> Iterator[AssessmentExemption]:
    """Yield the reasons recorded in a period why a change needed no assessment."""
    rows = AssessmentExemption.objects.filter(recorded_at__gte=window.moments[0], recorded_at__lt=window.until)
    yield from rows.select_related("version").order_by("recorded_at")


registers.declare(
    code="assessment-exemptions",
    title="영향평가 생략 사유 대장",
    models=("safeguards.assessmentexemption",),
    permission="safeguards.view_assessmentexemption",
    columns=(
        ("기록일", lambda row: badges.datetime_text(row.recorded_at)),
        ("처리방침 버전", lambda row: row.version.number),
        ("변경", "said"),
        ("영향평가를 하지 않는 사유", "reason"),
        ("기록자", "recorded_by"),
    ),
    records=exemptions,
    widths=(2, 2, 4, 5, 2),
)
