"""What the office holds, as the inventory of form F-19, made from rulebook and register of holdings (P0.1)."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.lib.registries import registers
from privacy.policies import rulebook, wording
from privacy.subjects import holdings
from privacy.subjects.models import FalseIdentityFinding

COLUMNS = ("파일명", "항목", "보유량", "처리 근거", "목적", "방법", "보유기간", "보관장소", "파기방법")
# The days from which the office's own files are kept, as their holdings name them.
CLOCKS = {
    "closed_on": "처리 종결일",
    "requested_at": "요청일",
    "stored_at": "증빙 기준일",
    "destroyed_on": "파기일",
    "valid_until": "교육 유효기간 종료일",
}
PLACES = {"default": "일반 DB", "personal": "개인정보 DB", "archive": "분리보관 DB"}


def inventory(window: registers.ExportScope) -> Iterator[Sequence[Any]]:
    """Yield one row for each kind of personal data that is held."""
    on = clock.kst_date(window.at)
    book = rulebook.in_force(on)
    for holding in holdings.all_holdings():
        term = book.categories.get(holding.category)
        kept = term.retention if term else None
        purposes = sorted(display_names.display_name("purpose", code, on=on) for code in term.purposes) if term else []
        yield (
            f"{display_names.display_name('category', holding.category, on=on)} ({holding.model._meta.verbose_name})",
            ", ".join(display_names.display_name("item", item, on=on) for item in holding.items),
            holding.rows().count(),
            str(holding.duty) or (wording.category_basis(term, on) if term else ""),
            ", ".join(purposes) or str(holding.duty),
            "전산 처리(암호화 저장)",
            wording.retention(kept.clock, kept.years, kept.months) if kept else _office_term(holding, on),
            PLACES[holding.using],
            "키 파기 후 행 삭제",
        )  # fmt: skip


def _office_term(holding: holdings.Holding, on: date) -> str:
    """Return how long the office keeps a file of its own, by the number of the rulebook that its destruction asks."""
    if holding.kept_years:
        return f"{CLOCKS[holding.clock]}부터 {rulebook.parameter(holding.kept_years, on)}년"
    return "관계 법령이 정한 보존 기간까지" if holding.has_own_end else "업무 목적 달성 시까지"


registers.declare(
    code="inventory",
    title="개인정보 현황표",
    form="F-19",
    models=("subjects.subject",),
    permission="subjects.view_subject",
    for_programs=True,
    columns=registers.columns_by_position(COLUMNS),
    records=inventory,
    widths=(3, 5, 1, 3, 4, 2, 3, 2, 2),
)
registers.declare(
    code="false-identities",
    title="명의도용 확인 대장",
    models=("subjects.falseidentityfinding",),
    permission="subjects.view_falseidentityfinding",
    columns=(
        ("정보주체", "subject.reference"),
        ("사유", "grounds"),
        ("증빙 SHA-256", "evidence_digest"),
        ("확인자", "found_by"),
        ("확인일시", "found_at"),
    ),
    records=lambda window: (
        FalseIdentityFinding.objects.filter(found_at__range=window.moments)
        .select_related("subject")
        .order_by("found_at")
    ),
    subjects=lambda window: FalseIdentityFinding.objects.filter(found_at__range=window.moments).values_list(
        "subject__reference", flat=True
    ),
)
