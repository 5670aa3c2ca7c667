"""Complaints as a register (P2.2). What people wrote is sealed: the vault opens it, with the reason of the export."""

from collections.abc import Iterator
from typing import Any

from privacy.incidents.models import Complaint, ComplaintText
from privacy.lib import registers
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

SLICE = 500


def _of(window: registers.Window) -> Any:
    return Complaint.objects.filter(received_on__range=window.days).order_by("received_at", "id")


def complaints(window: registers.Window) -> Iterator[tuple[Complaint, dict[str, Any]]]:
    """Yield the complaints of a period with what was written, opened for this export."""
    with vault.opened(
        purpose=Purpose.RIGHTS,
        task="incidents.complaint.exported",
        actor=window.actor,
        at=window.at,
        reason=window.reason,
    ) as door:
        found = list(_of(window))
        for start in range(0, len(found), SLICE):
            part = found[start : start + SLICE]
            texts = ComplaintText.objects.filter(subject_id__in=[complaint.holder_id for complaint in part])
            words = {
                row.subject_id: values
                for row, values in door.reveal_many_items(list(texts), ["contact", "explanation", "answer"])
            }
            for complaint in part:
                yield complaint, words.get(complaint.holder_id, {})


registers.declare(
    code="complaints",
    title="고충처리 대장",
    models=("incidents.complaint",),
    permission="incidents.read_complaint",
    columns=(
        ("번호", lambda row: row[0].reference),
        ("접수일", lambda row: row[0].received_on),
        ("민원인 연락처", lambda row: ", ".join((row[1].get("contact") or {}).values())),
        ("내용", lambda row: row[1].get("explanation") or ""),
        ("처리기한", lambda row: row[0].target_on),
        ("상태", lambda row: row[0].get_state_display()),
        ("답변일시", lambda row: row[0].answered_at),
        ("답변자", lambda row: row[0].answered_by),
        ("답변", lambda row: row[1].get("answer") or ""),
        ("발송일시", lambda row: row[0].sent_at),
    ),
    records=complaints,
    subjects=lambda window: [str(complaint.holder_id) for complaint in _of(window)],
    purpose=Purpose.RIGHTS.value,
    widths=(2, 2, 3, 6, 2, 1, 2, 2, 6, 2),
)
