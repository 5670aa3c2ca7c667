"""Who was told what, when and how, as a register (P0.3, law B-02)."""

from collections.abc import Iterator

from privacy.campaigns.models import Delivery, UseNoticeRefusal
from privacy.lib.registries import registers
from privacy.subjects.references import with_references


def deliveries(window: registers.ExportScope) -> Iterator[Delivery]:
    """Yield the deliveries of the campaigns that started in a period."""
    found = with_references(Delivery.objects.filter(campaign__started_at__range=window.moments))
    return found.select_related("campaign").order_by("campaign__started_at", "id").iterator(chunk_size=2_000)


registers.declare(
    code="individual-notices",
    title="개별 통지 대장",
    models=("campaigns.campaign", "campaigns.delivery"),
    permission="campaigns.view_campaign",
    columns=(
        ("통지 번호", "campaign.reference"),
        ("구분", "campaign.kind"),
        ("대상", "campaign.occasion"),
        ("정보주체", "person"),
        ("언어", "language"),
        ("상태", "state"),
        ("통지 방법", "way"),
        ("통지일시", "settled_at"),
        ("통지자", "settled_by"),
        ("메시지 번호", "message_id"),
        ("본문 SHA-256", "campaign.digest"),
    ),
    records=deliveries,
    subjects=lambda window: map(str, (one.subject_id for one in deliveries(window))),
    printed=9,
    widths=(2, 2, 2, 5, 1, 2, 1, 3, 2),
)
registers.declare(
    code="use-notice-refusals",
    title="이용·제공 내역 통지 거부 대장",
    models=("campaigns.usenoticerefusal",),
    permission="campaigns.view_usenoticerefusal",
    columns=(
        ("정보주체", "person"),
        ("거부일", "refused_on"),
        ("거부 방법", "how"),
        ("철회일", "withdrawn_on"),
        ("기록자", "recorded_by"),
        ("기록일시", "recorded_at"),
    ),
    records=lambda window: with_references(UseNoticeRefusal.objects.filter(refused_on__range=window.days)).order_by(
        "refused_on", "id"
    ),
    subjects=lambda window: [
        str(one)
        for one in UseNoticeRefusal.objects.filter(refused_on__range=window.days).values_list("subject_id", flat=True)
    ],
)
