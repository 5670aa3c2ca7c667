"""Example data of the safeguards: a plan, measures with evidence, an inspection with findings, areas, a report."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from django.db import transaction

from privacy.accounts.models import User
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.safeguards import actions as safeguards
from privacy.safeguards.automated_checks import registry
from privacy.safeguards.models import Area, Inspection, ManagementPlan, Measure, MediaMovement, Member

PORTAL = SystemActor("safeguards")
DAY = timedelta(days=1)
PLAN = Path(__file__).with_name("management_plan.txt")
MEASURES = (
    (
        "firewall",
        "침입차단시스템 운영",
        Measure.Kind.ACCESS_CONTROL,
        "P8.2",
        30,
        "정책 변경 2건 확인, 차단 로그 이상 없음",
    ),
    ("server-scan", "서버 취약점 점검", Measure.Kind.VULNERABILITY, "P8.6", 182, "서버 3대 점검, 중요 취약점 없음"),
    (
        "door-locks",
        "전산실·자료보관실 출입통제 장치",
        Measure.Kind.PHYSICAL,
        "P8.11",
        90,
        "카드와 지문 인식기 정상 작동",
    ),
)


def load_safeguards(people: dict[str, User], at: datetime) -> list[str]:
    """Load all of it or nothing, where there is none, and return a line for each thing made."""
    if ManagementPlan.objects.exists():
        return []
    with transaction.atomic():
        return list(_load(people, at))


def _load(people: dict[str, User], at: datetime) -> Iterator[str]:
    odile, omar, hana, aram = (people[name] for name in ("Odile", "Omar", "Hana", "Aram"))
    plan = safeguards.draft_plan(reason="최초 수립 (example)", actor=odile, at=at)
    safeguards.edit_plan(plan, sections=plan_text(), actor=odile, at=at)
    safeguards.submit_plan(plan, actor=odile, at=at)
    safeguards.approve_plan(plan, effective_on=clock.kst_date(at), actor=omar, at=at)
    yield "an internal management plan with its sixteen sections, approved by a second person"
    organise(people, on=clock.kst_date(at), at=at)
    yield "an in-house organisation with its members, a meeting held and one planned"
    safeguards.register_automated_measures(actor=PORTAL, at=at)
    seen = safeguards.record_check_results(registry.run_checks(at), actor=PORTAL, at=at)
    for code, title, kind, clause, days, detail in MEASURES:
        measure = safeguards.register_measure(
            code=code, title=title, kind=kind, clause=clause, owner=hana.ref, cycle_days=days, actor=odile, at=at
        )
        safeguards.record_evidence(measure, result="passed", detail=detail, actor=hana, at=at)
    yield f"{len(seen) + len(MEASURES)} measures with evidence; the portal looked at {len(seen)} of them itself"
    inspect(odile, hana, aram, on=clock.kst_date(at), at=at)
    yield "two inspections, one with findings"
    record_area_visits(odile, hana, at=at)
    yield "two protected areas with permits, entries and a medium that is out"
    decide_duties(odile, at=at)
    yield "the numbers of last year, and six decisions on which duties bind"
    safeguards.make_report(year=clock.kst_date(at).year, language="ko", actor=odile, at=at)
    yield "an annual report"


def decide_duties(odile: User, *, at: datetime) -> None:
    """Record the numbers of last year and decide on six duties by them: one binds and has its measure."""
    safeguards.record_figures(
        year=clock.kst_date(at).year - 1, sales=42_000, average_sales=40_000, people=12_400, sensitive_people=0,
        users=900, is_small=True, source="감사보고서와 시스템 통계 (example)", actor=odile, at=at,
    )  # fmt: skip
    insurance = safeguards.register_measure(
        code="insurance", title="개인정보 손해배상책임보험", kind=Measure.Kind.OTHER, clause="", owner=odile.ref,
        cycle_days=365, actor=odile, at=at,
    )  # fmt: skip
    for duty, reasons in (
        ("insurance", "매출액과 정보주체 수가 기준 이상이어서 보험에 가입함"),
        ("portability", "매출액과 정보주체 수가 기준에 미치지 않음"),
        ("portability-others", "보건의료·통신·에너지 정보전송자에 해당하지 않음"),
        ("certification", "의무 대상이 아니라고 판단함. 시행령 확인 후 다시 판단"),
        ("automated", "단말 조치는 담당자가 결정함"),
        ("telecom", "전기통신사업자로 등록·신고하지 않음"),
    ):
        binds = duty == "insurance"
        safeguards.decide_applicability(
            threshold=duty, applies=binds, reasons=f"{reasons} (example)", measure=insurance if binds else None,
            actor=odile, at=at,
        )  # fmt: skip


def organise(people: dict[str, User], *, on: date, at: datetime) -> None:
    """Appoint the members of the organisation, hold one meeting and plan the next."""
    odile = people["Odile"]
    roles = (
        ("Odile", Member.Role.HEAD, "개인정보 보호 업무 총괄, 내부 관리계획 수립·시행, 점검 결과 조치"),
        ("Omar", Member.Role.MANAGER, "내부 관리계획 승인, 점검 결과 검토"),
        ("Hana", Member.Role.MEMBER, "안전성 확보조치 운영, 권리 요구·불만 처리, 부적합 시정"),
    )
    for name, role, duties in roles:
        person = people[name].ref
        safeguards.appoint_member(person=person, role=role, duties=duties, since=on, actor=odile, at=at)
    held = safeguards.plan_meeting(topics="내부 관리계획 시행, 연간 점검 일정", planned_on=on, actor=odile, at=at)
    safeguards.hold_meeting(
        held, held_on=on, attendees=[people[name].ref for name, _role, _duties in roles],
        decisions="내부 관리계획을 시행하고, 분기마다 이행 여부를 점검하기로 함 (example)", actor=odile, at=at,
    )  # fmt: skip
    topics = "부적합 시정 결과, 접속기록 점검 결과"
    safeguards.plan_meeting(topics=topics, planned_on=on + timedelta(days=90), actor=odile, at=at)


def plan_text() -> dict[str, str]:
    """Return the sections of the example plan: a code in brackets, then its text."""
    parts = re.split(r"^\[([a-z-]+)\]$", PLAN.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {code: text.strip() for code, text in zip(parts[1::2], parts[2::2], strict=True)}


def inspect(odile: User, hana: User, aram: User, *, on: date, at: datetime) -> None:
    """Hold one inspection with two findings, and plan another."""
    held = safeguards.plan_inspection(
        kind=Inspection.Kind.IMPLEMENTATION, scope="내부 관리계획 16개 항목의 이행", method="서면 확인과 현장 점검",
        inspector=aram.ref, planned_on=on, actor=odile, at=at,
    )  # fmt: skip
    safeguards.hold_inspection(held, held_on=on, outcome="16개 항목 중 14개 적정, 2개 부적합", actor=aram, at=at)
    first = safeguards.record_finding(
        held, criterion="11. 물리적 안전조치", weight="major", seen="자료보관실 출입문 자동 닫힘 장치 고장",
        correction="장치 교체 후 작동 확인", responsible=hana.ref, due_on=on + 7 * DAY, actor=aram, at=at,
    )  # fmt: skip
    safeguards.correct_finding(first, done="장치를 교체하고 작동을 확인함", actor=hana, at=at)
    safeguards.record_finding(
        held, criterion="5. 접근 권한의 관리", weight="minor", seen="분기 점검표에 서명일이 빠짐",
        correction="서명일을 적고 양식을 고침", responsible=hana.ref, due_on=on + 14 * DAY, actor=aram, at=at,
    )  # fmt: skip
    safeguards.plan_inspection(
        kind=Inspection.Kind.VULNERABILITY, scope="웹 서버와 데이터베이스 서버", method="도구 점검과 수동 확인",
        inspector=aram.ref, planned_on=on + 30 * DAY, actor=odile, at=at,
    )  # fmt: skip


def record_area_visits(odile: User, hana: User, *, at: datetime) -> None:
    """Make two areas; Hana may enter the computer room, was there with a visitor, and carries a medium."""
    on = clock.kst_date(at)
    room = safeguards.register_area(
        code="computer-room", title="전산실", kind=Area.Kind.COMPUTER_ROOM, place="본사 3층", lock="출입카드와 지문",
        keeper=odile.ref, actor=odile, at=at,
    )  # fmt: skip
    safeguards.register_area(
        code="data-room", title="자료보관실", kind=Area.Kind.DATA_ROOM, place="본사 3층", lock="출입카드",
        keeper=odile.ref, actor=odile, at=at,
    )  # fmt: skip
    safeguards.permit_entry(
        room,
        person=hana.ref,
        reason="서버와 백업 장비 점검",
        valid_from=on,
        valid_until=on + 180 * DAY,
        actor=odile,
        at=at,
    )
    safeguards.record_entry(
        room,
        visitor_of="한빛전자 유지보수",
        companion=hana.ref,
        purpose="저장장치 교체",
        entered_at=at,
        actor=odile,
        at=at,
    )
    gone = safeguards.record_entry(room, person=hana.ref, purpose="백업 확인", entered_at=at, actor=odile, at=at)
    safeguards.end_entry(gone, actor=odile, at=clock.now())
    safeguards.move_medium(
        room, medium="USB-001", kind="USB", direction=MediaMovement.Direction.OUT, purpose="백업 소산",
        carried_by=hana.ref, encrypted=True, back_on=on + 5 * DAY, actor=odile, at=at,
    )  # fmt: skip
