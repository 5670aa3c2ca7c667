"""What the demo's people were told: a revision of the policy, a closed incident, and one whose clocks run."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from devices.models import Device
from privacy.accounts.models import User
from privacy.campaigns import actions as campaigns
from privacy.incidents import actions as incidents
from privacy.incidents.models import Affected, Incident, Report
from privacy.ledger.actors import System
from privacy.lib import clock
from privacy.policies import actions as policies
from privacy.subjects import actions as subjects
from privacy.subjects.models import Contact, Subject

DEMO = System("demo")
KNOWN = {
    "items": ["model", "os_version"],
    "course_ko": "수리 협력사 직원이 단말 목록 파일이 든 노트북을 지하철에서 분실했습니다.",
    "course_en": "An employee of a repair partner left a laptop with a file of devices on the underground.",
    "advice_ko": "단말 수리를 빙자한 전화나 문자에 응하지 마세요.",
    "advice_en": "Don't answer calls or messages that pretend to be about a repair of your device.",
    "response_ko": "노트북을 원격으로 초기화했고, 협력사의 파일 보관을 금지했습니다. 피해가 있으면 보상합니다.",
    "response_en": "The laptop was wiped remotely and the partner may keep no files. We make good any harm.",
}


def tell(devices: Sequence[UUID], people: dict[str, User], at: datetime) -> Iterator[str]:
    """Make the contacts, the revision and the incidents; yield a line for each."""
    told = [Subject.objects.get(pk=Device.objects.get(pk=device).subject_id) for device in devices[:3]]
    for number, subject in enumerate(told[:2], start=1):
        address = f"user{number}@example.org"
        subjects.record_contact(subject, kind=Contact.Kind.EMAIL, value=address, actor=DEMO, at=at)
    yield f"a revision of the policy, announced for {revise(people, at)}, and everybody is being told"
    closed = close_one(told, people, at - timedelta(days=20))
    running = incidents.record_incident(
        kind=Incident.Kind.LEAK,
        title="외부에서 관리 서버에 비정상 접속 (unusual access to the management server)",
        certainty=Incident.Certainty.POSSIBLE,
        aware_at=at - timedelta(hours=9),
        intrusion=True,
        outside_access=True,
        actor=people["Hana"],
        at=at,
    )
    yield f"incidents: {closed.reference} closed, {running.reference} with its clocks running"


def revise(people: dict[str, User], at: datetime) -> str:
    """Publish a version that names the new recipient, and tell everybody individually; return its day."""
    hana, odile = people["Hana"], people["Odile"]
    draft = policies.draft(actor=hana, at=at)
    draft = policies.describe(
        draft,
        effective_on=clock.kst_date(at) + timedelta(days=30),
        reason_ko="단말 개통과 수리를 위한 제공받는 자(한빛모바일) 추가",
        reason_en="A recipient is added for opening and repairing devices (Hanbit Mobile)",
        adverse=True,
        actor=hana,
        at=at,
    )
    version = policies.submit(draft, actor=hana, at=at)
    policies.approve(version, actor=odile, at=at)
    published = policies.publish(version, actor=odile, at=at)
    campaigns.notify_of_version(published, actor=odile, at=at)
    return published.number


def close_one(told: Sequence[Subject], people: dict[str, User], at: datetime) -> Incident:
    """Make an incident that was handled whole: described, told, reported, closed by another person."""
    hana, odile, omar = people["Hana"], people["Odile"], people["Omar"]
    aware = at - timedelta(hours=3)
    made = incidents.record_incident(
        kind=Incident.Kind.LOSS,
        title="협력사 노트북 분실 (a partner's laptop was lost)",
        aware_at=aware,
        actor=hana,
        at=at,
    )
    made = incidents.describe_incident(made, **KNOWN, actor=hana, at=at)
    incidents.add_named(
        made, lines=[one.reference for one in told], source=Affected.Source.REFERENCE, actor=hana, at=at
    )
    what = "노트북 원격 초기화, 협력사 계정 정지 (wiped remotely, partner's account stopped)"
    incidents.take_measure(made, what=what, taken_at=aware + timedelta(hours=1), actor=hana, at=at)
    incidents.notify_subjects(made, actor=odile, at=at)
    incidents.post_on_website(made, actor=odile, at=at)
    incidents.record_report(
        made,
        authority=Report.Authority.KISA,
        duty=Report.Duty.BREACH,
        reported_at=at,
        receipt="KISA-2026-1104",
        actor=odile,
        at=at,
    )
    conclusion = "협력사에 파일을 넘기지 않고 화면으로만 조회하게 함 (no files any more, a page instead)"
    incidents.propose_closing(made, conclusion=conclusion, actor=odile, at=at + timedelta(days=7))
    return incidents.close_incident(made, actor=omar, at=at + timedelta(days=8))
