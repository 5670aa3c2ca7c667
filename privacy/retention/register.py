"""The destruction register in the columns of forms F-6 and F-7, and the registers beside it (law D-08, D-09)."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from privacy.lib.dates import clock
from privacy.lib.dates.clock import midnight
from privacy.lib.display import display_names
from privacy.lib.registries import registers
from privacy.retention.certificates import statement_texts
from privacy.retention.models import ArchiveAccess, Hold, RegisterEntry
from privacy.retention.schedule.simulation import predicted
from privacy.subjects.references import with_references

# The columns of form F-6 in the form's order, then what the law and the guide add (law D-09, F-7).
FORM_F6_COLUMNS = (
    "number",
    "file_name",
    "record_kinds",
    "created_from",
    "destroyed_on",
    "reason",
    "handler",
    "department_head",
)
FURTHER_COLUMNS = (
    "method", "people", "records", "trigger_on", "target_on", "delay_reason", "systems", "backups", "witness",
    "evidence", "requested_on", "requested_by", "main_work", "held_before", "approved_on", "approved_by", "place",
    "verified_by", "media_destroyed", "confirmed_by", "confirmed_at", "notes",
)  # fmt: skip
KOREAN_HEADINGS = (
    "번호", "개인정보파일명", "자료의 종류", "생성일", "폐기일", "폐기사유", "처리담당자", "처리부서장",
    "파기 방법", "정보주체 수", "기록 수", "파기 사유 발생일", "파기 기한", "지연 사유", "대상 시스템", "백업 조치",
    "입회자", "증빙 해시", "요청일", "요청자", "주요 대상업무", "파기 전 보관건수", "승인일", "승인자", "파기 장소",
    "폐기 확인 방법", "매체 폐기 여부", "책임자 확인", "확인일시", "특기사항",
)  # fmt: skip


# Kept as references, told as wording.
ACTOR_COLUMNS = {"handler", "requested_by", "approved_by", "witness", "confirmed_by"}
PARTICIPANT_COLUMNS = {"handler", "witness"}


def describe_actors_of(entry: RegisterEntry, name: str) -> str:
    """Return whom a column of an entry names; whoever took part on paper without an account is a statement."""
    named: str = getattr(entry, name)
    if entry.paper_id is not None and name in PARTICIPANT_COLUMNS:
        return statement_texts.describe_participant(named, stated_by=entry.requested_by)
    return statement_texts.describe_actors(named)


def describe_creation(entry: RegisterEntry) -> date | str | None:
    """Return when what was destroyed was created: a day, or from when until when."""
    if entry.created_until in (None, entry.created_from):
        return entry.created_from
    return f"{entry.created_from or ''} ~ {entry.created_until}".strip()


def describe_trigger(entry: RegisterEntry) -> date | str | None:
    """Return when the reason arose: a day, or from when until when over what was destroyed together (law D-02)."""
    if entry.trigger_until in (None, entry.trigger_on):
        return entry.trigger_on
    return f"{entry.trigger_on} ~ {entry.trigger_until}"


def describe_file(entry: RegisterEntry) -> str:
    """Return what a file is called; rows from before its name was kept hold its code."""
    return _name("category", entry.file_name, midnight(entry.destroyed_on))


def _column_value(name: str) -> Any:
    if name == "file_name":
        return describe_file
    if name == "trigger_on":
        return describe_trigger
    if name == "created_from":
        return describe_creation
    if name not in ACTOR_COLUMNS:
        return name
    return lambda entry: describe_actors_of(entry, name)


def _name(kind: str, code: str, at: datetime) -> str:
    """Return what a code was called at a moment: registers are read without a list of codes."""
    return display_names.display_name(kind, code, on=clock.kst_date(at))


def entries(window: registers.ExportScope) -> Iterable[Any]:
    """Return the destructions of a period."""
    return RegisterEntry.objects.filter(destroyed_on__range=window.days).order_by("number")


registers.declare(
    code="destructions",
    title="개인정보파일 파기 관리대장",
    form="F-6",
    models=("retention.registerentry", "retention.certificate", "retention.paperdestruction"),
    permission="retention.view_registerentry",
    columns=tuple(zip(KOREAN_HEADINGS, map(_column_value, (*FORM_F6_COLUMNS, *FURTHER_COLUMNS)), strict=True)),
    records=entries,
    printed=len(FORM_F6_COLUMNS),
    widths=(1, 3, 4, 2, 2, 3, 2, 2),
)
registers.declare(
    code="archive-access",
    title="분리보관 개인정보 열람 대장",
    models=("retention.archiveaccess",),
    permission="retention.view_archiveaccess",
    columns=(
        ("번호", "reference"),
        ("보존 규칙", lambda access: _name("preservation", access.rule, access.asked_at)),
        ("정보주체", "person"),
        ("근거 법령", "law"),
        ("문서번호", "document"),
        ("사유", "reason"),
        ("신청자", lambda access: statement_texts.describe_actors(access.asked_by)),
        ("신청일시", "asked_at"),
        ("승인자", lambda access: statement_texts.describe_actors(access.approved_by)),
        ("승인일시", "approved_at"),
        ("거절자", lambda access: statement_texts.describe_actors(access.refused_by)),
        ("거절일시", "refused_at"),
        ("열람 기한", "until"),
        ("열람 횟수", "reads"),
        ("종료일시", "closed_at"),
    ),
    records=lambda window: with_references(ArchiveAccess.objects.filter(asked_at__range=window.moments)).order_by(
        "asked_at"
    ),
    subjects=lambda window: [
        str(access.subject_id) for access in ArchiveAccess.objects.filter(asked_at__range=window.moments)
    ],
)
registers.declare(
    code="holds",
    title="파기 보류 대장",
    models=("retention.hold",),
    permission="retention.view_hold",
    columns=(
        ("번호", "reference"),
        ("구분", "kind"),
        ("정보주체", lambda hold: hold.person if hold.subject_id else "전체"),
        ("개인정보 구분", lambda hold: _name("category", hold.category, hold.placed_at) if hold.category else "전체"),
        ("요구 기관", "demanded_by"),
        ("문서번호", "document"),
        ("사유", "reason"),
        ("종료 예정일", "until"),
        ("등록자", lambda hold: statement_texts.describe_actors(hold.placed_by)),
        ("등록일시", "placed_at"),
        ("해제 요청자", lambda hold: statement_texts.describe_actors(hold.lift_asked_by)),
        ("해제자", lambda hold: statement_texts.describe_actors(hold.lifted_by)),
        ("해제일시", "lifted_at"),
        ("해제 사유", "lift_reason"),
    ),
    records=lambda window: with_references(Hold.objects.filter(placed_at__range=window.moments)).order_by("placed_at"),
    subjects=lambda window: [
        str(hold.subject_id) for hold in Hold.objects.filter(placed_at__range=window.moments).exclude(subject_id=None)
    ],
)
registers.declare(
    code="predictions",
    title="처리방침 버전별 파기 예측과 결과 대조표",
    models=("retention.prediction",),
    permission="retention.view_prediction",
    columns=(
        ("버전", "version"),
        ("예측일", "predicted_on"),
        ("월", "month"),
        ("개인정보 구분", lambda line: _name("category", line.row.category, midnight(line.row.month))),
        ("단위", "unit"),
        ("예측: 정보주체 수", "row.predicted.people"),
        ("예측: 기록 수", "row.predicted.records"),
        ("예측: 분리보관 수", "row.predicted.archived"),
        ("결과: 정보주체 수", "row.happened.people"),
        ("결과: 기록 수", "row.happened.records"),
        ("결과: 분리보관 수", "row.happened.archived"),
        ("차이", lambda line: "있음" if line.row.differs else "없음"),
        ("처리 중인 파기 목록", "row.open_lists"),
        ("예측의 SHA-256", "digest"),
    ),
    records=predicted.lines_of,
    printed=9,
    widths=(2, 2, 2, 4, 2, 2, 2, 2, 2),
)
registers.declare_exempt(
    "retention.destructionlist",
    "retention.destructionrun",
    why="work in progress; what was done stands in the destruction register",
)
registers.declare_exempt("retention.archivedrecord", why="nothing of the archive leaves but by its own access (P6.4)")
registers.declare_exempt(
    "retention.clockdoubt", "retention.finding", "retention.rewrite", why="alarms and chores of the machine"
)
