"""The register of prints and copies as a file, in the columns of its form (F-17)."""

from django.db.models import QuerySet

from privacy.lib.display import badges
from privacy.lib.registries import registers
from privacy.safeguards import outputs
from privacy.safeguards.models import CopyRecord, Printout


def _copies(printout: Printout) -> CopyRecord | None:
    return getattr(printout, "copy_record", None)


def purpose(printout: Printout) -> str:
    """Return why it was made: as stated then, else as said by who recorded it."""
    kept = _copies(printout)
    return outputs.stated_purpose(printout) or (kept.purpose if kept else "")


def confirmed(printout: Printout) -> str:
    """Return the day on which it was destroyed or returned, and who confirmed it."""
    kept = _copies(printout)
    if kept is None or kept.ended_on is None:
        return ""
    return f"{kept.ended_on.isoformat()} {kept.confirmed_by}"


def ended(printout: Printout) -> str:
    kept = _copies(printout)
    return f"{kept.get_outcome_display()}: {kept.method}" if kept and kept.ended_on else ""


def of_period(window: registers.ExportScope) -> QuerySet[Printout]:
    """Return what was taken out in a period."""
    made = Printout.objects.filter(time__gte=window.moments[0], time__lt=window.until)
    return made.select_related("copy_record").order_by("id")


registers.declare(
    code="prints-and-copies",
    title="출력·복사물 관리대장",
    form="F-17",
    models=("safeguards.printout",),
    permission="safeguards.view_printout",
    columns=(
        ("출력자", "actor"),
        ("일시", lambda row: badges.datetime_text(row.time)),
        ("용도", purpose),
        ("항목", outputs.items),
        ("부수", lambda row: row.copy_record.copies if _copies(row) else ""),
        ("반출 여부", lambda row: row.copy_record.taken_out if _copies(row) else ""),
        ("파기일·확인", confirmed),
        ("출력 대상", outputs.source),
        ("보관자", lambda row: row.copy_record.holder if _copies(row) else ""),
        ("처리 기한", lambda row: row.copy_record.due_on if _copies(row) else ""),
        ("처리 결과·방법", ended),
        ("기록 번호", "id"),
    ),
    records=of_period,
    widths=(2, 2, 3, 5, 1, 1, 2, 3, 2, 2, 3, 2),
)
