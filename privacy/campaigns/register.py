"""Who was told what, when and how, as a register (P0.3, law B-02)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import batched, groupby

from django.db.models import QuerySet

from privacy.campaigns import stand_ins
from privacy.campaigns.models import Delivery, KakaoTemplate, LetterBatch, UseNoticeRefusal
from privacy.lib.registries import registers
from privacy.subjects.references import with_references

CHUNK = 2_000


def deliveries(window: registers.ExportScope) -> QuerySet[Delivery]:
    """Return the deliveries of the campaigns that started in a period."""
    found = with_references(Delivery.objects.filter(campaign__started_at__range=window.moments))
    return found.select_related("campaign").order_by("campaign__started_at", "id")


@dataclass(frozen=True, slots=True)
class PostedDelivery:
    """A delivery, and the moment at which the website told its person in the place of a notice (law B-06)."""

    delivery: Delivery
    posted_at: datetime | None


def with_posting(window: registers.ExportScope) -> Iterator[PostedDelivery]:
    """Yield the deliveries of a period; whom a notice can reach is told by no posting."""
    for part in batched(deliveries(window).iterator(chunk_size=CHUNK), CHUNK):
        for _campaign, some in groupby(part, lambda one: one.campaign_id):
            rows = list(some)
            unreached = [one.subject_id for one in rows if one.state in Delivery.UNREACHABLE]
            told = stand_ins.told_by_website(rows[0].campaign, unreached)
            for one in rows:
                yield PostedDelivery(one, told.get(one.subject_id))


registers.declare(
    code="individual-notices",
    title="개별 통지 대장",
    models=("campaigns.campaign", "campaigns.delivery"),
    permission="campaigns.view_campaign",
    columns=(
        ("통지 번호", "delivery.campaign.reference"),
        ("구분", "delivery.campaign.kind"),
        ("대상", "delivery.campaign.occasion"),
        ("정보주체", "delivery.person"),
        ("언어", "delivery.language"),
        ("상태", "delivery.state"),
        ("통지 방법", "delivery.means"),
        ("통지일시", "delivery.settled_at"),
        ("통지자", "delivery.settled_by"),
        ("메시지 번호", "delivery.message_id"),
        ("본문 SHA-256", "delivery.campaign.digest"),
        ("누리집 게시로 갈음한 일시", "posted_at"),
    ),
    records=with_posting,
    subjects=lambda window: map(str, deliveries(window).values_list("subject_id", flat=True)),
    printed=9,
    widths=(2, 2, 2, 5, 1, 2, 1, 3, 2),
)
registers.declare(
    code="letter-batches",
    title="우편 발송 대행 대장",
    models=("campaigns.letterbatch",),
    permission="campaigns.view_letterbatch",
    columns=(
        ("묶음 번호", "reference"),
        ("통지 번호", "campaign.reference"),
        ("통수", "count"),
        ("작성일시", "made_at"),
        ("작성자", "made_by"),
        ("인계일시", "handed_at"),
        ("최종 결과 등록일시", "reported_at"),
        ("발송", "progress.posted"),
        ("반송", "progress.returned"),
        ("회수일시", "cancelled_at"),
    ),
    records=lambda window: (
        LetterBatch.objects.filter(made_at__range=window.moments).select_related("campaign").order_by("made_at")
    ),
    printed=9,
)
registers.declare(
    code="kakao-templates",
    title="알림톡 템플릿 대장",
    models=("campaigns.kakaotemplate",),
    permission="campaigns.view_kakaotemplate",
    columns=(
        ("템플릿 코드", "code"),
        ("구분", "kind"),
        ("언어", "language"),
        ("승인된 내용", "text"),
        ("승인일", "approved_on"),
        ("등록자", "recorded_by"),
        ("등록일시", "recorded_at"),
        ("사용 종료일시", "ended_at"),
        ("사용 종료자", "ended_by"),
    ),
    records=lambda window: KakaoTemplate.objects.filter(recorded_at__range=window.moments).order_by("recorded_at"),
    printed=7,
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
