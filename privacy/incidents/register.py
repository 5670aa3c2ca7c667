"""Complaints and incidents as registers (P2.2, F-9). What people wrote is sealed; the vault opens it for the export."""

from collections.abc import Callable, Iterator
from typing import Any

from privacy.incidents import duties, notice_deadlines, notice_texts, notifications
from privacy.incidents.models import Complaint, ComplaintText, Incident, Stage
from privacy.lib.dates import clock
from privacy.lib.registries import registers
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

BATCH_SIZE = 500


def _of(window: registers.ExportScope) -> Any:
    return Complaint.objects.filter(received_on__range=window.days).order_by("received_at", "id")


def complaints(window: registers.ExportScope) -> Iterator[tuple[Complaint, dict[str, Any]]]:
    """Yield the complaints of a period with what was written, opened for this export."""
    with vault.opened(
        purpose=Purpose.RIGHTS,
        task="incidents.complaint.exported",
        actor=window.actor,
        at=window.at,
        reason=window.reason,
    ) as vault_session:
        found = list(_of(window))
        for start in range(0, len(found), BATCH_SIZE):
            part = found[start : start + BATCH_SIZE]
            texts = ComplaintText.objects.filter(subject_id__in=[complaint.holder_id for complaint in part])
            words = {
                row.subject_id: values
                for row, values in vault_session.decrypt_many_fields(list(texts), ["contact", "explanation", "answer"])
            }
            for complaint in part:
                yield complaint, words.get(complaint.holder_id, {})


def _incidents(window: registers.ExportScope) -> Any:
    return Incident.objects.filter(aware_at__range=window.moments).order_by("aware_at")


def _notified(incident: Incident) -> Any:
    """When the last person was told individually or in her stead, or how many were told yet."""
    stages = notifications.BREACH_STAGES if incident.confirmed_at else notifications.POSSIBLE_BREACH_STAGES
    people = notifications.affected_with_notice_time(incident, stages)
    done_at = notifications.all_notified_at(incident, stages, people)
    if done_at is not None:
        return done_at
    told, listed = people.filter(told_at__isnull=False).count(), people.count()
    return f"{told}/{listed}명" if listed else ""


def _posted(incident: Incident) -> Any:
    website = notifications.public_notice(incident, list(Stage))
    return website.at if website else ""


def _due(duty: str) -> Callable[[Incident], Any]:
    """Return until when a duty has to be done, where it is owed or was done."""
    return lambda incident: next((one.due_at for one in duties.deadlines_of(incident) if one.duty == duty), "")


registers.declare(
    code="incidents",
    title="개인정보 유출등 관리대장",
    form="F-9",
    models=("incidents.incident",),
    permission="incidents.view_incident",
    columns=(
        ("번호", "reference"),
        ("유형", "kind"),
        ("확정 여부", "certainty"),
        ("인지 일시", "aware_at"),
        ("유출등이 된 항목", lambda incident: notice_texts.item_names(incident, clock.kst_date(incident.aware_at))),
        ("규모", duties.people_count_text),
        ("시점과 경위", "course_ko"),
        ("피해 최소화 조치", lambda incident: "; ".join(measure.what for measure in incident.measures.all())),
        ("정보주체 통지", _notified),
        ("누리집 게시", _posted),
        ("통지 기한", lambda incident: incident.notify_due_at or notice_deadlines.possible_breach_due(incident)),
        ("신고 의무", lambda incident: duties.report_duty(incident).said),
        ("신고일시", "reported_at"),
        ("신고 기한", _due("report")),
        ("신고하지 않은 사유", duties.reason_not_reported),
        ("침해사고 신고", "intrusion_reported_at"),
        ("침해사고 신고 기한", _due("intrusion")),
        ("상태", "state"),
        ("종결자", "closed_by"),
        ("종결일시", "closed_at"),
    ),
    records=_incidents,
    printed=13,
)
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
