"""The registers of processors, of their supervision and of transfers abroad as files (law P-14, P-15)."""

from datetime import date

from django.db.models import Q

from privacy.lib.dates import periods
from privacy.lib.display import display_names
from privacy.lib.registries import registers
from privacy.policies import rulebook
from privacy.processors import business_register as business_register
from privacy.processors.models import Clause, Consignment, OverseasTransfer, Supervision
from privacy.processors.models.consignments import Subprocessor


def items(row: Consignment | OverseasTransfer) -> str:
    """Return the items by name, as they are called on the first day of the contract."""
    return ", ".join(display_names.display_name("item", code, on=row.starts_on) for code in row.items)


def contract_articles(row: Consignment) -> str:
    """Return where the contract agrees on what the law asks for, and what it lacks."""
    return " / ".join(f"{clause.label}: {row.clauses.get(clause.value) or '없음'}" for clause in Clause)


def subprocessors(row: Consignment) -> str:
    """Return whom the processor engages, with work, country and the day of our consent."""
    named = row.subprocessors.all()
    return " / ".join(
        f"{one.name_ko} ({one.work_ko}, {one.country}, 동의 {one.agreed_on}{_ended(one)})" for one in named
    )


def last_held(row: Consignment, kind: str) -> date | None:
    """Return the day of the last check, or training."""
    return max((one.held_on for one in row.supervisions.all() if one.kind == kind), default=None)


def next_check(row: Consignment) -> date | None:
    """Return the last day of the next check, of a consignment that goes on."""
    if row.ended_on is not None:
        return None
    since = last_held(row, Supervision.Kind.CHECK) or row.starts_on
    return periods.period_end(since, months=rulebook.parameter("processors.supervision.months", since))


def _ended(row: Subprocessor) -> str:
    return f", 종료 {row.ended_on}" if row.ended_on else ""


def _in_period(window: registers.ExportScope, last_day: str = "ended_on") -> Q:
    return Q(starts_on__lte=window.last) & (Q((last_day, None)) | Q((f"{last_day}__gte", window.first)))


registers.declare(
    code="consignments",
    title="개인정보 처리업무 위탁 관리대장",
    models=("processors.consignment", "processors.subprocessor"),
    permission="processors.view_consignment",
    columns=(
        ("수탁자", "name_ko"),
        ("위탁업무의 내용", "work_ko"),
        ("위탁하는 개인정보 항목", items),
        ("위탁 시작일", "starts_on"),
        ("계약 만료일", "term_ends_on"),
        ("국가", "country"),
        ("계약서", "contract"),
        ("계약 체결일", "signed_on"),
        ("계약 필수사항(법 제26조제1항, 영 제28조제1항)", contract_articles),
        ("재수탁자", subprocessors),
        ("홍보·판매 권유", "is_marketing"),
        ("정보주체 통지일", "told_on"),
        ("최근 점검일", lambda row: last_held(row, Supervision.Kind.CHECK)),
        ("다음 점검 기한", next_check),
        ("최근 교육일", lambda row: last_held(row, Supervision.Kind.TRAINING)),
        ("종료일", "ended_on"),
        ("종료 사유", "end_reason"),
        ("반환·파기", "disposal"),
        ("반환·파기일", "disposed_on"),
        ("방법과 확인", "disposal_detail"),
        ("증빙 SHA-256", "disposal_file_digest"),
        ("연락처", "contact"),
        ("번호", "reference"),
    ),
    records=lambda window: (
        Consignment.objects.filter(_in_period(window))
        .prefetch_related("subprocessors", "supervisions")
        .order_by("code")
    ),
    printed=9,
    widths=(3, 4, 4, 2, 2, 1, 3, 2, 6),
)
registers.declare(
    code="processor-supervisions",
    title="수탁자 관리·감독 대장",
    models=("processors.supervision",),
    permission="processors.view_supervision",
    columns=(
        ("수탁자", "consignment.name_ko"),
        ("구분", "kind"),
        ("실시일", "held_on"),
        ("방법", "method"),
        ("결과", "outcome"),
        ("미흡 사항", lambda row: " / ".join(f"{one.label}: {row.checklist[one.value]['note']}" for one in row.unmet)),
        ("교육 인원", "trained"),
        ("점검 번호", lambda row: row.inspection.reference if row.inspection else ""),
        ("기록자", "recorded_by"),
        ("기록일시", "recorded_at"),
        ("증빙 SHA-256", "file_digest"),
        ("번호", "reference"),
    ),
    records=lambda window: (
        Supervision.objects.filter(held_on__range=window.days)
        .select_related("consignment", "inspection")
        .order_by("held_on", "reference")
    ),
    widths=(3, 1, 2, 2, 4, 4, 1, 2, 2, 2, 4, 2),
)
registers.declare(
    code="overseas-transfers",
    title="개인정보 국외 이전 관리대장",
    models=("processors.overseastransfer",),
    permission="processors.view_overseastransfer",
    # PIPA art. 28-8(2) nos. 1 to 5 in their order, the basis before them.
    columns=(
        ("이전 근거(법 제28조의8제1항)", "basis"),
        ("이전되는 개인정보 항목", items),
        ("이전되는 국가", "country_ko"),
        ("이전 시기 및 방법", "way_ko"),
        ("이전받는 자", "recipient_ko"),
        ("연락처", "contact"),
        ("이전받는 자의 이용목적", "purpose_ko"),
        ("보유·이용 기간", "kept_ko"),
        ("거부 방법, 절차 및 효과", "refusal_ko"),
        ("근거의 내용", "basis_detail"),
        ("안전성 확보조치(영 제29조의10제1항제1호)", "safety"),
        ("고충처리·분쟁해결(영 제29조의10제1항제2호)", "disputes"),
        ("위탁계약", lambda row: row.consignment.reference if row.consignment else ""),
        ("재수탁자", lambda row: row.subprocessor.name_ko if row.subprocessor else ""),
        ("시작일", "starts_on"),
        ("종료일", "last_day"),
        ("종료 사유", "end_reason"),
        ("등록자", "registered_by"),
        ("등록일시", "registered_at"),
        ("번호", "reference"),
    ),
    records=lambda window: (
        OverseasTransfer.objects.with_last_day()
        .filter(_in_period(window, "last_day"))
        .select_related("consignment", "subprocessor")
        .order_by("code")
    ),
    printed=9,
    widths=(3, 3, 2, 3, 3, 3, 3, 2, 4),
)
