"""Gateways as a register; devices leave only by the vault (law S-05, S-21)."""

from devices.models import Gateway
from privacy.lib.registries import registers

registers.declare(
    code="gateways",
    title="수집 게이트웨이 대장",
    models=("devices.gateway", "devices.gatewaytoken"),
    permission="devices.view_gateway",
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
