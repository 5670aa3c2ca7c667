"""The register of transfers of the business as a file (law N-03)."""

from django.db.models import Q, QuerySet

from privacy.lib.display import badges
from privacy.lib.registries import registers
from privacy.processors.models import BusinessTransfer


def of_period(window: registers.ExportScope) -> QuerySet[BusinessTransfer]:
    """Return what was recorded, planned or carried out in a period."""
    first, until = window.moments[0], window.until
    recorded = Q(recorded_at__gte=first, recorded_at__lt=until)
    days = Q(transfer_on__range=window.days) | Q(done_on__range=window.days)
    found = BusinessTransfer.objects.filter(recorded | days).select_related("campaign", "notice")
    return found.order_by("transfer_on", "id")


registers.declare(
    code="business-transfers",
    title="영업양도 등에 따른 개인정보 이전 관리대장",
    models=("processors.businesstransfer",),
    permission="processors.view_businesstransfer",
    columns=(
        ("구분", "direction"),
        ("사유", "kind"),
        ("상대방", "party_ko"),
        ("주소", "address_ko"),
        ("전화번호", "phone"),
        ("그 밖의 연락처", "contact"),
        ("이전 예정일", "transfer_on"),
        ("이전을 원하지 않는 경우의 조치 방법과 절차", "objection_ko"),
        ("개별 통지", lambda row: row.campaign.reference if row.campaign else ""),
        ("누리집 게시 기간", lambda row: f"{row.notice.posted_on} ~ {row.notice.posted_until}" if row.notice else ""),
        ("통지 승인자", "announced_by"),
        ("통지 승인일시", lambda row: badges.datetime_text(row.announced_at) if row.announced_at else ""),
        ("양수 시 정보주체 통지일", "told_on"),
        ("당초 목적 제한의 근거", "bound_by"),
        ("이전일", "done_on"),
        ("취소 사유", "cancel_reason"),
        ("기록자", "recorded_by"),
        ("번호", "reference"),
    ),
    records=of_period,
    printed=9,
    widths=(2, 2, 3, 4, 2, 2, 2, 4, 2),
)
