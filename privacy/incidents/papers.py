"""Form F-9, the report of a breach to the PIPC or KISA, and the report of an intrusion (B-08 … B-10), as PDF."""

from datetime import date, datetime

from django.utils.translation import override

from privacy.incidents import duties, wording
from privacy.incidents.models import Incident, Report
from privacy.lib import clock, pdf
from privacy.lib.badges import moment_text
from privacy.policies.models import Officer

LATER = "확인 중이며, 확인되는 대로 추가 신고함"


def report_form(incident: Incident, *, duty: Report.Duty, sequence: int, at: datetime) -> bytes:
    """Return the report in the official fields and in Korean, first or supplementary."""
    with override("ko"):
        on = clock.kst_date(at)
        order = "최초 신고" if sequence == 1 else f"추가 신고 {sequence - 1}차"
        breach = duty == Report.Duty.BREACH
        payload = {
            "title": "개인정보 유출등 신고서" if breach else "침해사고 신고서",
            "subtitle": order,
            "reference": f"{incident.reference} · {sequence}",
            "blocks": [*(_breach(incident, on) if breach else _intrusion(incident, on)), *_frame(incident, on)],
        }
        return pdf.render("sheet", payload, language="ko", made_at=at)


def _breach(incident: Incident, on: date) -> list[dict[str, object]]:
    rows = [
        ["기관명", "주식회사 엑스트러스"],
        ["정보주체에의 통지 여부", _notified(incident)],
        ["유출등이 된 개인정보의 항목 및 규모", _extent(incident, on)],
        ["유출등이 된 시점과 그 경위", _course(incident)],
        ["유출등 피해 최소화 대책·조치 및 결과", _measures(incident)],
        ["정보주체가 할 수 있는 피해 최소화 방법 및 구제절차", f"{incident.advice_ko}\n\n{wording.rights()}".strip()],
        ["담당부서·담당자 및 연락처", wording.contact(on)],
    ]
    return [{"kind": "fields", "rows": rows}]


def _intrusion(incident: Incident, on: date) -> list[dict[str, object]]:
    rows = [
        ["기관명", "주식회사 엑스트러스"],
        ["침해사고 발생 일시, 원인 및 피해내용", f"{_course(incident)}\n{_extent(incident, on)}"],
        ["침해사고에 대한 조치사항", _measures(incident)],
        ["담당부서·담당자 및 연락처", wording.contact(on)],
    ]
    return [{"kind": "fields", "rows": rows}]


def _frame(incident: Incident, on: date) -> list[dict[str, object]]:
    officer = Officer.objects.on(on)
    clocks = [["인지 일시", moment_text(incident.aware_at)], ["신고 기한(72시간)", moment_text(incident.report_due_at)]]
    if incident.intrusion:
        clocks.append(["침해사고 신고 기한(24시간)", moment_text(incident.intrusion_due_at)])
    received = [["접수기관", ""], ["담당자", ""], ["연락처", ""]]
    signed = [f"{on.year}년 {on.month}월 {on.day}일", "주식회사 엑스트러스"]
    if officer is not None:
        signed.append(f"개인정보 보호책임자 {officer.name}")
    return [
        {"kind": "heading", "text": "기한"},
        {"kind": "fields", "rows": clocks},
        {"kind": "heading", "text": "접수"},
        {"kind": "fields", "rows": received},
        {"kind": "signature", "rows": signed},
    ]


def _notified(incident: Incident) -> str:
    parts = []
    if incident.notified_at:
        parts.append(f"개별 통지 {moment_text(incident.notified_at)}")
    if incident.website_at:
        parts.append(f"홈페이지 게시 {moment_text(incident.website_at)}")
    if incident.delay:
        parts.append(f"통지 지연 사유: {incident.get_delay_display()} ({incident.delay_reason})")
    return "\n".join(parts) or "통지 전"


def _extent(incident: Incident, on: date) -> str:
    items = wording.items(incident, on) or LATER
    return f"{incident.get_kind_display()} · {items}\n정보주체 {duties.people(incident)}명"


def _course(incident: Incident) -> str:
    when = [moment_text(moment) for moment in (incident.occurred_from, incident.occurred_until) if moment]
    return "\n".join(part for part in (" – ".join(when), incident.course_ko or LATER) if part)


def _measures(incident: Incident) -> str:
    taken = [f"{moment_text(measure.taken_at)} {measure.what}" for measure in incident.measures.all()]
    return "\n".join([*taken, incident.response_ko]).strip() or LATER
