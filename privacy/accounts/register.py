"""The register of access in the official order (F-12): granted, refused, changed, revoked (law S-10)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import merge
from operator import itemgetter
from typing import Any

from django.utils.translation import override

from privacy.accounts.models import AccessGrant, AccessRequest, EmergencyApproval, ReviewedGrant
from privacy.accounts.roles import ROLE_NAMES
from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.lib.registries import registers

COLUMNS = (
    "신청자", "신청일시", "목적", "사용기간",
    "승인자", "승인/거부", "사유", "일시",
    "등록자", "등록일", "방법",
    "시스템명", "권한명", "내역", "구분",
)  # fmt: skip
SYSTEM = "Exafe Privacy Portal"


type Dated = tuple[datetime, Sequence[Any]]


def lines(window: registers.ExportScope) -> Iterator[Sequence[Any]]:
    """Yield a line for each grant made in the period, each revocation and each refusal in it, the oldest first."""
    with override("ko"):
        for _moment, line in merge(_grants(window), _revocations(window), _refusals(window), key=itemgetter(0)):
            yield line


def _grants(window: registers.ExportScope) -> Iterator[Dated]:
    granted = AccessGrant.objects.filter(granted_at__range=window.moments)
    for grant in granted.select_related("user", "request").order_by("granted_at", "id"):
        yield grant.granted_at, _granted(grant)


def _revocations(window: registers.ExportScope) -> Iterator[Dated]:
    revoked = AccessGrant.objects.filter(revoked_at__range=window.moments)
    for grant in revoked.select_related("user", "revoked_by").order_by("revoked_at", "id"):
        assert grant.revoked_at is not None
        yield grant.revoked_at, _revoked(grant)


def _refusals(window: registers.ExportScope) -> Iterator[Dated]:
    refused = AccessRequest.objects.filter(state=AccessRequest.State.REFUSED, decided_at__range=window.moments)
    for asked in refused.select_related("user").order_by("decided_at", "id"):
        assert asked.decided_at is not None
        yield asked.decided_at, _refused(asked)


def _granted(grant: AccessGrant) -> Sequence[Any]:
    request = getattr(grant, "request", None)
    return (
        grant.user.reference, request.requested_at if request else None, grant.reason, _period(grant),
        grant.granted_by, "승인", request.decision if request else grant.reason, grant.granted_at,
        grant.granted_by, clock.kst_date(grant.granted_at), "포털",
        SYSTEM, *_what(grant), "변경" if grant.replaces_id else "부여",
    )  # fmt: skip


def _refused(asked: AccessRequest) -> Sequence[Any]:
    return (
        asked.user.reference, asked.requested_at, asked.reason, _period(asked),
        asked.decided_by, "거부", asked.decision, asked.decided_at,
        "", None, "포털",
        SYSTEM, *_what(asked), "",
    )  # fmt: skip


def _revoked(grant: AccessGrant) -> Sequence[Any]:
    assert grant.revoked_at is not None
    by = grant.revoked_by.reference if grant.revoked_by else "포털"
    return (
        grant.user.reference, None, grant.reason, _period(grant),
        by, "승인", grant.revocation, grant.revoked_at,
        by, clock.kst_date(grant.revoked_at), "포털",
        SYSTEM, *_what(grant), "말소",
    )  # fmt: skip


def _period(line: AccessGrant | AccessRequest) -> str:
    return f"{line.valid_from.isoformat()} ~ {line.valid_until.isoformat()}"


def _what(grant: AccessGrant | AccessRequest) -> tuple[str, str]:
    if grant.role:
        return "역할", str(ROLE_NAMES[grant.role])
    category = display_names.display_name("category", grant.category, on=grant.valid_from)
    return "개인정보 열람", f"{category} · {display_names.display_name('purpose', grant.purpose, on=grant.valid_from)}"


registers.declare(
    code="access-grants",
    title="접근권한 관리대장",
    form="F-12",
    models=("accounts.accessgrant", "accounts.accessrequest", "accounts.user"),
    permission="accounts.view_accessgrant",
    columns=registers.columns_by_position(COLUMNS),
    records=lines,
    widths=(2, 2, 3, 2, 2, 1, 3, 2, 2, 2, 1, 2, 2, 3, 1),
)
registers.declare(
    code="grant-reviews",
    title="접근권한 검토 대장",
    models=("accounts.accessreview", "accounts.reviewedgrant"),
    permission="accounts.view_accessreview",
    columns=(
        ("검토", "review.reference"),
        ("기간 시작", "review.period_from"),
        ("기간 끝", "review.period_until"),
        ("계정", "grant.user.reference"),
        ("권한", lambda line: " · ".join(_what(line.grant))),
        ("결과", "outcome_text"),
        ("검토자", "decided_by"),
        ("검토일시", "decided_at"),
        ("비고", "note"),
        ("서명자", "review.signed_by"),
        ("서명일시", "review.signed_at"),
    ),
    records=lambda window: (
        ReviewedGrant.objects.filter(review__opened_at__range=window.moments)
        .select_related("review", "grant__user")
        .order_by("review__period_from", "id")
    ),
)
registers.declare(
    code="emergency-approvals",
    title="긴급 단독 승인 대장",
    models=("accounts.emergencyapproval",),
    permission="accounts.view_emergencyapproval",
    columns=(
        ("번호", "reference"),
        ("대상", lambda made: f"{made.about_table}:{made.about_id}"),
        ("요청자", "asked_by"),
        ("요청일시", "asked_at"),
        ("단독 승인자", "made_by"),
        ("승인일시", "made_at"),
        ("사유", "reason"),
        ("통보 인원", "told"),
        ("검토 기한", "review_due_at"),
        ("대표자 이관일시", "escalated_at"),
        ("검토자", "reviewed_by"),
        ("검토일시", "reviewed_at"),
        ("결과", "outcome"),
        ("검토 의견", "note"),
    ),
    records=lambda window: EmergencyApproval.objects.filter(made_at__range=window.moments).order_by("made_at", "id"),
    widths=(2, 3, 2, 2, 2, 2, 4, 1, 2, 2, 2, 2, 2, 4),
)
registers.declare_exempt(
    "accounts.representativelink",
    why="each question and answer is an entry of the trail; what it decided is in the register of emergency approvals",
)
registers.declare_exempt(
    "accounts.accountact",
    why="each is an entry of the trail; what it led to is in the register of access",
)
