"""Versions of the policy, designations, items and parties as registers (law V-05, O-02, P-14)."""

from collections.abc import Iterator, Sequence
from typing import Any

from privacy.lib import clock, registers
from privacy.policies import registers as parties
from privacy.policies import rulebook, wording
from privacy.policies.models import Agency, Notice, Officer, PolicyVersion

ITEMS = ("구분", "필수/선택", "항목 코드", "항목", "목적", "보유기간")
PROCESSORS = ("구분", "명칭", "목적·업무", "항목", "보유·이용 기간")


def items(window: registers.Window) -> Iterator[Sequence[Any]]:
    """Yield every item that the rulebook in force declares (P0.1)."""
    book = rulebook.in_force(clock.kst_date(window.at))
    for category in book.categories.values():
        kept = category.retention
        for item in category.items.values():
            yield (
                category.name_ko,
                "선택" if category.optional else "필수",
                item.code,
                item.name_ko,
                ", ".join(sorted(category.purposes)),
                wording.retention(kept.clock, kept.years, kept.months) if kept else "",
            )


def outside(window: registers.Window) -> Iterator[Sequence[Any]]:
    """Yield who receives personal information and who processes it for the company, today."""
    words: dict[parties.Name, str] = {"recipients": "제공받는 자", "processors": "수탁자"}
    for name, word in words.items():
        for party in parties.parties(name, clock.kst_date(window.at)):
            yield (word, party.name_ko, party.purpose_ko, ", ".join(party.items), party.until_ko)


registers.declare(
    code="policy-versions",
    title="개인정보 처리방침 개정 이력",
    models=("policies.policyversion", "policies.section"),
    permission="policies.view_policyversion",
    columns=(
        ("버전", "number"),
        ("상태", "state"),
        ("시행일", "effective_on"),
        ("개정 사유", "reason_ko"),
        ("불리한 변경", "adverse"),
        ("작성자", "drafted_by"),
        ("작성일시", "drafted_at"),
        ("게시자", "published_by"),
        ("게시일시", "published_at"),
        ("본문 SHA-256", "seal"),
    ),
    records=lambda window: PolicyVersion.objects.filter(drafted_at__lt=window.moments[1]).order_by("drafted_at"),
    printed=9,
)
registers.declare(
    code="items",
    title="개인정보 항목 현황표",
    models=("policies.category",),
    permission="policies.view_category",
    columns=registers.by_position(ITEMS),
    records=items,
)
registers.declare(
    code="processors",
    title="개인정보 제공·위탁 현황표",
    models=("policies.policyversion",),
    permission="policies.view_policyversion",
    columns=registers.by_position(PROCESSORS),
    records=outside,
)
registers.declare(
    code="officers",
    title="개인정보 보호책임자 지정 대장",
    models=("policies.officer",),
    permission="policies.view_officer",
    columns=(
        ("성명", "name"),
        ("부서", "department_ko"),
        ("전화", "phone"),
        ("전자우편", "email"),
        ("지정일", "designated_from"),
        ("종료일", "designated_until"),
    ),
    records=lambda window: Officer.objects.filter(designated_from__lte=window.last).order_by("designated_from"),
)
registers.declare(
    code="agencies",
    title="권익침해 구제기관 목록",
    models=("policies.agency",),
    permission="policies.view_agency",
    columns=(
        ("기관", "name_ko"),
        ("전화", "phone"),
        ("누리집", "url"),
        ("최종 확인일", "last_verified_on"),
    ),
    records=lambda window: Agency.objects.all(),
)
registers.declare(
    code="notices",
    title="공지 대장",
    models=("policies.notice",),
    permission="policies.view_notice",
    columns=(
        ("종류", "kind"),
        ("제목", "title_ko"),
        ("게시일", "posted_on"),
        ("게시 종료일", "posted_until"),
        ("처리방침 버전", "version.number"),
    ),
    records=lambda window: (
        Notice.objects.filter(posted_on__range=window.days).select_related("version").order_by("posted_on")
    ),
)
registers.not_needed("policies.extraholiday", "policies.parameter", why="settings of the portal, on the audit trail")
