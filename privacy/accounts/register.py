"""Access grants as the register of form F-12: granted, changed, revoked; kept three years (law S-10)."""

from privacy.accounts.models import AccessGrant
from privacy.lib import registers

registers.declare(
    code="access-grants",
    title="접근권한 관리대장",
    form="F-12",
    models=("accounts.accessgrant", "accounts.user"),
    permission="accounts.view_accessgrant",
    columns=(
        ("신청자", "user.reference"),
        ("신청일시", "granted_at"),
        ("목적", "reason"),
        ("사용기간 시작", "valid_from"),
        ("사용기간 끝", "valid_until"),
        ("승인자", "approved_by.reference"),
        ("승인일시", "granted_at"),
        ("시스템명", lambda grant: "Exafe Privacy Portal"),
        ("권한명", "category"),
        ("권한 내역", "purpose"),
        ("구분", lambda grant: "말소" if grant.revoked_at else "부여"),
        ("말소일시", "revoked_at"),
        ("말소자", lambda grant: grant.revoked_by.reference if grant.revoked_by else ""),
    ),
    records=lambda window: (
        AccessGrant.objects.filter(granted_at__range=window.moments)
        .select_related("user", "approved_by", "revoked_by")
        .order_by("granted_at", "id")
    ),
)
