"""Form F-9, the report of a breach to the PIPC or KISA, and the report of an intrusion (B-08 … B-10), as PDF."""

from datetime import date, datetime

from django.utils.translation import override

from privacy.incidents import duties, notice_texts
from privacy.incidents.models import Incident, Report
from privacy.lib.dates import clock
from privacy.lib.display.badges import datetime_text
from privacy.lib.documents import pdf
from privacy.policies.models import Officer

LABELS = {
    "report": "신고 기한",
    "intrusion": "침해사고 신고 기한",
    "intrusion-supplement": "침해사고 추가 신고 기한",
}
TO_BE_SUPPLEMENTED = "확인 중이며, 확인되는 대로 추가 신고함"


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
        [
            "정보주체가 할 수 있는 피해 최소화 방법 및 구제절차",
            f"{incident.advice_ko}\n\n{notice_texts.legal_rights_text()}".strip(),
        ],
        ["담당부서·담당자 및 연락처", notice_texts.contact_line(on)],
    ]
    return [{"kind": "fields", "rows": rows}]


def _intrusion(incident: Incident, on: date) -> list[dict[str, object]]:
    rows = [
        ["기관명", "주식회사 엑스트러스"],
        ["침해사고 발생 일시, 원인 및 피해내용", f"{_course(incident)}\n{_extent(incident, on)}"],
        ["침해사고에 대한 조치사항", _measures(incident)],
        ["담당부서·담당자 및 연락처", notice_texts.contact_line(on)],
    ]
    return [{"kind": "fields", "rows": rows}]


def _frame(incident: Incident, on: date) -> list[dict[str, object]]:
    officer = Officer.objects.on(on)
    clocks = [["인지 일시", datetime_text(incident.aware_at)]]
    if incident.confirmed_at is not None and incident.confirmed_at != incident.aware_at:
        clocks.append(["유출등 확인 일시", datetime_text(incident.confirmed_at)])
    if incident.intrusion_aware_at is not None and incident.intrusion_aware_at != incident.aware_at:
        clocks.append(["침해사고 인지 일시", datetime_text(incident.intrusion_aware_at)])
    clocks += [
        [f"{LABELS[one.duty]}({hours}시간)", datetime_text(one.due_at)]
        for one, hours in duties.deadlines_with_hours(incident)
        if one.duty in LABELS
    ]
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
    for made in incident.notifications.select_related("campaign", "notice"):
        stage = made.get_stage_display()
        if made.campaign is not None:
            told = made.campaign.progress
            many = f"대상 {told.total}명 중 {told.settled}명 통지 완료"
            parts.append(f"개별 통지({stage}) {datetime_text(made.made_at)} 시작, {many}")
        else:
            parts.append(f"누리집 게시({stage}) {datetime_text(made.made_at)}")
    if incident.delay:
        parts.append(f"통지 지연 사유: {incident.get_delay_display()} ({incident.delay_reason})")
    return "\n".join(parts) or "통지 전"


def _extent(incident: Incident, on: date) -> str:
    items = notice_texts.item_names(incident, on) or TO_BE_SUPPLEMENTED
    listed = incident.affected.count()
    many = f"{listed}명(명단)" if incident.estimate <= listed else f"약 {incident.estimate}명(추정, 명단 {listed}명)"
    return f"{incident.get_kind_display()} · {items}\n정보주체 {many}"


def _course(incident: Incident) -> str:
    when = [datetime_text(moment) for moment in (incident.occurred_from, incident.occurred_until) if moment]
    return "\n".join(part for part in (" – ".join(when), incident.course_ko or TO_BE_SUPPLEMENTED) if part)


def _measures(incident: Incident) -> str:
    taken = [f"{datetime_text(measure.taken_at)} {measure.what}" for measure in incident.measures.all()]
    return "\n".join([*taken, incident.response_ko]).strip() or TO_BE_SUPPLEMENTED
