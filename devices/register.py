"""Gateways as a register; devices leave only by the vault (law S-05, S-21)."""

from devices.models import Gateway
from privacy.lib import registers

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
    records=lambda window: Gateway.objects.filter(created_at__lt=window.moments[1]).order_by("created_at"),
)
registers.not_needed(
    "devices.device",
    "devices.licence",
    why="personal information itself: it leaves by disclosure or access package only (P5.1, P1.2)",
)
registers.not_needed("devices.challenge", "devices.fleetimport", why="steps of other work, on the audit trail")
registers.not_needed("devices.dailyfigure", why="statistics have a download of their own")
