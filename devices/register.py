"""Gateways as a register; devices leave only by the vault (law S-05, S-21)."""

from django.db.models import Q

from devices.models import AppPermission, Gateway
from privacy.lib.display import display_names
from privacy.lib.registries import registers


def permission_items(row: AppPermission) -> str:
    """Return by name what a permission collects, as it is called on its first day."""
    return ", ".join(display_names.display_name("item", code, on=row.starts_on) for code in row.items)


registers.declare(
    code="app-permissions",
    title="앱 접근권한 관리대장",
    models=("devices.apppermission",),
    permission="devices.view_apppermission",
    # Network Act art. 22-2(1): items and reason of each, and of an optional one that it may be refused.
    columns=(
        ("접근권한", "name_ko"),
        ("구분", lambda row: "필수" if row.required else "선택"),
        ("수집 항목", permission_items),
        ("필요한 이유", "reason_ko"),
        ("동의하지 않는 경우", lambda row: row.without_ko or "–"),
        ("시작일", "starts_on"),
        ("종료일", "ended_on"),
        ("등록자", "registered_by"),
        ("등록일시", "registered_at"),
        ("번호", "reference"),
    ),
    records=lambda window: AppPermission.objects.filter(
        Q(starts_on__lte=window.last) & (Q(ended_on=None) | Q(ended_on__gte=window.first))
    ),
    widths=(3, 1, 3, 4, 4, 2, 2, 2, 2, 2),
)
registers.declare(
    code="gateways",
    title="수집 게이트웨이 대장",
    models=("devices.gateway", "devices.gatewaytoken"),
    permission="devices.view_gateway",
    for_programs=True,
    columns=(
        ("번호", "reference"),
        ("명칭", "title"),
        ("분당 요청 한도", "rate"),
        ("등록일시", "created_at"),
        ("종료일시", "closed_at"),
    ),
    records=lambda window: Gateway.objects.filter(created_at__lte=window.moments[1]).order_by("created_at"),
)
registers.declare_exempt(
    "devices.device",
    "devices.licence",
    why="personal information itself: it leaves by disclosure or access package only (P5.1, P1.2)",
)
registers.declare_exempt("devices.challenge", "devices.fleetimport", why="steps of other work, on the audit trail")
registers.declare_exempt("devices.dailyreportcount", why="statistics have a download of their own")
