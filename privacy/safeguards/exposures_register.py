"""The register of exposed data as a file."""

from django.db.models import QuerySet

from privacy.lib.display import badges
from privacy.lib.registries import registers
from privacy.safeguards.models import Exposure


def of_period(window: registers.ExportScope) -> QuerySet[Exposure]:
    """Return what became known in a period."""
    found = Exposure.objects.filter(known_at__gte=window.moments[0], known_at__lt=window.until)
    return found.order_by("known_at", "id")


registers.declare(
    code="exposed-data",
    title="개인정보 노출 조치 대장",
    models=("safeguards.exposure",),
    permission="safeguards.view_exposure",
    columns=(
        ("번호", "reference"),
        ("인지 경위", "found"),
        ("문서번호", "document"),
        ("노출 정보", "what"),
        ("노출 위치", "where"),
        ("인지일시", lambda row: badges.datetime_text(row.known_at)),
        ("조치 기한", lambda row: badges.datetime_text(row.due_at)),
        ("조치", "measure"),
        ("조치 방법", "how"),
        ("조치일시", lambda row: badges.datetime_text(row.ended_at) if row.ended_at else ""),
        ("조치자", "ended_by"),
        ("회신일", "answered_on"),
        ("확인자", "confirmed_by"),
        ("확인일시", lambda row: badges.datetime_text(row.confirmed_at) if row.confirmed_at else ""),
    ),
    records=of_period,
    widths=(2, 2, 2, 2, 4, 2, 2, 1, 3, 2, 2, 2, 2, 2),
)
