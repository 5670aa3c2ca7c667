"""The register of access in the official order (F-12): granted, changed, revoked; kept three years (law S-10)."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import override

from privacy.accounts.models import AccessGrant, ReviewedGrant
from privacy.accounts.roles import ROLE_NAMES
from privacy.lib import clock, names, registers

COLUMNS = (
    "신청자", "신청일시", "목적", "사용기간",
    "승인자", "승인/거부", "사유", "일시",
    "등록자", "등록일", "방법",
    "시스템명", "권한명", "내역", "구분",
)  # fmt: skip
SYSTEM = "Exafe Privacy Portal"


def lines(window: registers.Window) -> Iterator[Sequence[Any]]:
    """Yield a line for each grant made in the period and one for each revocation in it, the oldest first."""
    made_or_ended = Q(granted_at__range=window.moments) | Q(revoked_at__range=window.moments)
    found = AccessGrant.objects.filter(made_or_ended).select_related("user", "request").order_by("granted_at", "id")
    first, last = window.moments
    with override("ko"):
        for grant in found:
            if first <= grant.granted_at <= last:
                yield _granted(grant)
            if grant.revoked_at is not None and first <= grant.revoked_at <= last:
                yield _revoked(grant)


def _granted(grant: AccessGrant) -> Sequence[Any]:
    request = getattr(grant, "request", None)
    return (
        grant.user.reference, request.requested_at if request else None, grant.reason, _period(grant),
        grant.granted_by, "승인", request.decision if request else grant.reason, grant.granted_at,
        grant.granted_by, clock.kst_date(grant.granted_at), "포털",
        SYSTEM, *_what(grant), "변경" if grant.replaces_id else "부여",
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


def _period(grant: AccessGrant) -> str:
    return f"{grant.valid_from.isoformat()} ~ {grant.valid_until.isoformat() if grant.valid_until else '말소 시까지'}"


def _what(grant: AccessGrant) -> tuple[str, str]:
    if grant.role:
        return "역할", str(ROLE_NAMES[grant.role])
    category = names.of("category", grant.category, on=grant.valid_from)
    return "금고 열람", f"{category} · {names.of('purpose', grant.purpose, on=grant.valid_from)}"


registers.declare(
    code="access-grants",
    title="접근권한 관리대장",
    form="F-12",
    models=("accounts.accessgrant", "accounts.accessrequest", "accounts.user"),
    permission="accounts.view_accessgrant",
    columns=registers.by_position(COLUMNS),
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
        ("결과", "outcome"),
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
