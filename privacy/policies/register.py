"""Versions of the policy, designations, items and parties as registers (law V-05, O-02, P-14)."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.lib.registries import registers
from privacy.policies import data_recipients as parties
from privacy.policies import rulebook, wording
from privacy.policies.models import (
    Agency,
    MessageTemplate,
    NoConsignment,
    Notice,
    Officer,
    PolicyVersion,
    PublishedText,
)

ITEMS = ("구분", "필수/선택", "항목 코드", "항목", "목적", "처리 근거", "보유기간")
PROCESSORS = ("구분", "명칭", "목적·업무", "항목", "보유·이용 기간")


def items(window: registers.ExportScope) -> Iterator[Sequence[Any]]:
    """Yield every item that the rulebook in force declares (P0.1)."""
    on = clock.kst_date(window.at)
    book = rulebook.in_force(on)
    for category in book.categories.values():
        kept = category.retention
        for item in category.items.values():
            yield (
                category.name_ko,
                "선택" if category.optional else "필수",
                item.code,
                item.name_ko,
                ", ".join(display_names.display_name("purpose", code, on=on) for code in sorted(category.purposes)),
                wording.category_basis(category, on),
                wording.retention(kept.clock, kept.years, kept.months) if kept else "",
            )


def recipients_and_processors(window: registers.ExportScope) -> Iterator[Sequence[Any]]:
    """Yield who receives personal information and who processes it for the company, today."""
    on = clock.kst_date(window.at)
    words: dict[parties.RecipientKind, str] = {
        "recipients": "제공받는 자",
        "processors": "수탁자",
        "transfers": "국외에서 이전받는 자",
    }
    for name, word in words.items():
        for party in parties.recipients_of_kind(name, on):
            named = ", ".join(display_names.display_name("item", code, on=on) for code in party.items)
            yield (word, party.name_ko, party.purpose_ko, named, party.until_ko)


registers.declare(
    code="policy-versions",
    title="개인정보 처리방침 개정 이력",
    called=_("Export the versions"),
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
    records=lambda window: PolicyVersion.objects.filter(drafted_at__lte=window.moments[1]).order_by("drafted_at"),
    printed=9,
)
registers.declare(
    code="items",
    title="개인정보 항목 현황표",
    models=("policies.category",),
    permission="policies.view_category",
    for_programs=True,
    columns=registers.columns_by_position(ITEMS),
    records=items,
)
registers.declare(
    code="processors",
    title="개인정보 제공·위탁 현황표",
    called=_("Export the recipients and processors"),
    models=("policies.policyversion",),
    permission="policies.view_policyversion",
    for_programs=True,
    columns=registers.columns_by_position(PROCESSORS),
    records=recipients_and_processors,
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
    for_programs=True,
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
    for_programs=True,
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
registers.declare(
    code="published-texts",
    title="게시 원문 등록 대장",
    models=("policies.publishedtext",),
    permission="policies.view_publishedtext",
    columns=(
        ("버전", "version.number"),
        ("언어", "language"),
        ("출처", "source"),
        ("파일", "file_name"),
        ("SHA-256", "digest"),
        ("등록일시", "attached_at"),
        ("등록자", "attached_by"),
    ),
    records=lambda window: (
        PublishedText.objects.filter(attached_at__range=window.moments)
        .select_related("version")
        .order_by("attached_at")
    ),
)
registers.declare(
    code="no-consignment",
    title="처리위탁 부존재 결정 대장",
    models=("policies.noconsignment",),
    permission="policies.view_noconsignment",
    columns=(
        ("결정일", "decided_on"),
        ("확인한 내용", "grounds"),
        ("기록일시", "decided_at"),
        ("결정자", "decided_by"),
        ("철회일", "withdrawn_on"),
        ("철회자", "withdrawn_by"),
    ),
    records=lambda window: NoConsignment.objects.filter(decided_on__range=window.days).order_by("decided_on"),
)
registers.declare(
    code="message-templates",
    title="안내문 서식 이력",
    models=("policies.messagetemplate",),
    permission="policies.view_messagetemplate",
    columns=(
        ("서식", "code"),
        ("버전", "number"),
        ("상태", "state"),
        ("변경 사유", "reason"),
        ("작성자", "drafted_by"),
        ("작성일시", "drafted_at"),
        ("제출자", "submitted_by"),
        ("승인자", "approved_by"),
        ("승인일시", "approved_at"),
        ("본문 SHA-256", "digest"),
    ),
    records=lambda window: MessageTemplate.objects.filter(drafted_at__range=window.moments).order_by("code", "number"),
    printed=9,
)
registers.declare_exempt(
    "policies.extraholiday",
    "policies.parameter",
    "policies.parameterchange",
    why="settings of the portal, on the audit trail",
)
