"""Credentials of programs as a register (law S-08: who may do what, also by a program)."""

from privacy.lib.registries import registers
from privacy.office_api.models import Credential, Subscription

registers.declare(
    code="api-credentials",
    title="API 자격 증명 대장",
    models=("office_api.credential",),
    permission="office_api.view_credential",
    columns=(
        ("번호", "reference"),
        ("종류", "kind"),
        ("용도", "title"),
        ("소유자", "owner.reference"),
        ("클라이언트 ID", "client_id"),
        ("권한 범위", lambda row: ", ".join(row.scopes)),
        ("발급일시", "issued_at"),
        ("만료일시", "expires_at"),
        ("폐기일시", "revoked_at"),
        ("폐기자", "revoked_by"),
    ),
    records=lambda window: (
        Credential.objects.filter(issued_at__lt=window.until).select_related("owner").order_by("issued_at")
    ),
)
registers.declare(
    code="webhooks",
    title="웹훅 관리대장",
    models=("office_api.subscription",),
    permission="office_api.view_subscription",
    columns=(
        ("번호", "reference"),
        ("용도", "title"),
        ("주소", "address"),
        ("이벤트", lambda row: ", ".join(row.kinds)),
        ("사유", "reason"),
        ("요청자", "asked_by"),
        ("요청일시", "asked_at"),
        ("승인자", "approved_by"),
        ("승인일시", "approved_at"),
        ("거절자", "refused_by"),
        ("종료자", "ended_by"),
        ("종료일시", "ended_at"),
    ),
    records=lambda window: Subscription.objects.filter(asked_at__lt=window.until).order_by("asked_at"),
    printed=9,
    widths=(2, 3, 4, 4, 3, 2, 2, 2, 2),
)
registers.declare_exempt(
    "office_api.eventdelivery",
    why="the worker's list; each event is an act of another register, and what a person decides is on the audit trail",
)
