"""The registers of pledges (F-15) and of training (F-14) in their official order."""

from privacy.lib.registries import registers
from privacy.workforce import integrity
from privacy.workforce.absences import absences
from privacy.workforce.models import CourseCompletion, Pledge, TrainingSession


def absent(session: TrainingSession) -> str:
    """Return who missed a session that was held."""
    return ", ".join(f"{one.user.name} ({one.user.reference})" for one in absences(session))


def trained_later(session: TrainingSession) -> str:
    """Return when each of them was trained later."""
    return ", ".join(f"{one.user.reference} {one.trained_on}" for one in absences(session) if one.trained_on)


def not_trained(session: TrainingSession) -> str:
    """Return who missed a session and was not trained since."""
    return ", ".join(one.user.reference for one in absences(session) if not one.trained_on)


registers.declare(
    code="pledges",
    title="보안서약서 관리대장",
    form="F-15",
    models=("workforce.pledge", "workforce.pledgetext"),
    permission="workforce.view_pledge",
    columns=(
        ("유형", "text.occasion"),
        ("버전", "text.version"),
        ("본문 해시(봉인값)", "seal"),
        ("서약자", lambda pledge: f"{pledge.typed_name} ({pledge.user.reference})"),
        ("소속", lambda pledge: "외부 인력" if pledge.user.is_outside else "엑스트러스"),
        ("서명일시", lambda pledge: pledge.signed_on if pledge.way == Pledge.Way.PAPER else pledge.signed_at),
        ("유효기간", "valid_until"),
        ("증빙", lambda pledge: pledge.paper_digest or pledge.reference),
        ("봉인 확인", lambda pledge: "일치" if integrity.matches_own_seal(pledge) else "불일치"),
    ),
    records=lambda window: (
        Pledge.objects.filter(signed_on__range=window.days).select_related("text", "user").order_by("signed_at", "id")
    ),
    widths=(2, 1, 4, 3, 2, 3, 2, 3, 1),
)
registers.declare(
    code="training",
    title="개인정보 보호 교육 기록",
    form="F-14",
    models=("workforce.coursecompletion", "workforce.quizattempt", "workforce.course"),
    permission="workforce.view_coursecompletion",
    columns=(
        ("과정", "course.title_ko"),
        ("구분", "course.kind"),
        ("회차(일자)", "session.held_on"),
        ("이수자", lambda one: f"{one.user.name} ({one.user.reference})"),
        ("이수일", "completed_on"),
        ("방법", "method"),
        ("평가(점)", "score"),
        ("유효기간", "valid_until"),
        ("증빙", lambda one: one.certificate_digest or one.reference),
        ("등록자", "registered_by"),
    ),
    records=lambda window: (
        CourseCompletion.objects.filter(completed_on__range=window.days)
        .select_related("course", "session", "user")
        .order_by("completed_on", "id")
    ),
    widths=(3, 1, 2, 3, 2, 2, 1, 2, 3, 2),
)
registers.declare(
    code="training-plan",
    title="개인정보 보호 교육 계획",
    form="F-14",
    models=("workforce.trainingplan", "workforce.trainingsession"),
    permission="workforce.view_trainingplan",
    columns=(
        ("연도", "plan.year"),
        ("목적", "plan.aim"),
        ("대상", "plan.audience"),
        ("내용", "plan.content"),
        ("방법", "plan.method"),
        ("승인자", "plan.approved_by"),
        ("과정", "course.title_ko"),
        ("일자", "held_on"),
        ("장소", "place"),
        ("강사", "trainer"),
        ("상태", "state"),
        ("출석(명)", lambda session: session.attendances.count()),
        ("불참자", absent),
        ("불참자 보충 교육일", trained_later),
        ("보충 교육 미이수자", not_trained),
    ),
    records=lambda window: (
        TrainingSession.objects.filter(held_on__range=window.days)
        .select_related("plan", "course")
        .order_by("held_on", "id")
    ),
    printed=12,
    widths=(1, 3, 2, 3, 2, 2, 3, 2, 2, 2, 1, 1),
)
registers.declare_exempt(
    "workforce.colleagueletter",
    why="each recording, reading and confirmation is an entry of the trail; the paper itself is kept by the office",
)
