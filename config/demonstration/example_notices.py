"""What the demo's people were told: a revision of the policy, a closed incident, and one whose clocks run."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from config.demonstration.example_recipients import PARTNER
from devices.models import Device
from privacy.accounts.models import User
from privacy.campaigns import actions as campaigns
from privacy.campaigns.models import Delivery
from privacy.incidents import actions as incidents
from privacy.incidents.models import AffectedPerson, Incident, Report
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies.models import PolicyVersion
from privacy.subjects import actions as subjects
from privacy.subjects.models import Contact, Subject

DEMO = SystemActor("demo")
KNOWN = {
    "items": ["model", "os_version"],
    "course_ko": "수리 협력사 직원이 단말 목록 파일이 든 노트북을 지하철에서 분실했습니다.",
    "course_en": "An employee of a repair partner left a laptop with a file of devices on the underground.",
    "advice_ko": "단말 수리를 빙자한 전화나 문자에 응하지 마십시오.",
    "advice_en": "Don't answer calls or messages that pretend to be about a repair of your device.",
    "response_ko": "노트북을 원격으로 초기화했고, 협력사의 파일 보관을 금지했습니다. 피해가 있으면 보상합니다.",
    "response_en": "The laptop was wiped remotely and the partner may keep no files. We make good any harm.",
}


def load_notices(devices: Sequence[UUID], people: dict[str, User], at: datetime) -> Iterator[str]:
    """Make the contacts, the revision and the incidents; yield a line for each."""
    told = [Subject.objects.get(pk=Device.objects.get(pk=device).subject_id) for device in devices[:3]]
    for number, subject in enumerate(told[:2], start=1):
        address = f"user{number}@example.org"
        if Contact.objects.current().filter(subject_id=subject.pk).exists():
            continue
        subjects.record_contact(subject, kind=Contact.Kind.EMAIL, value=address, source="gateway", actor=DEMO, at=at)
    yield f"a revision of the policy, announced for {publish_revision(people, at)}, and everybody is being told"
    yield make_incidents(told, people, at)


@transaction.atomic
def make_incidents(told: Sequence[Subject], people: dict[str, User], at: datetime) -> str:
    """Make an incident that is closed and one whose clocks run, where there is none; say which there are."""
    if Incident.objects.exists():
        return "incidents: there already"
    closed = make_closed_incident(told, people, at - timedelta(days=20))
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
    return f"incidents: {closed.reference} closed, {running.reference} with its clocks running"


@transaction.atomic
def publish_revision(people: dict[str, User], at: datetime) -> str:
    """Announce a second recipient, and tell everybody individually; return the day from which it may receive."""
    known = PARTNER.version_naming_it()
    if known is not None:
        return known.number
    PARTNER.register(actor=people["Odile"], publisher=people["Omar"], at=at)
    published = PARTNER.publish_version(people, at)
    campaigns.notify_of_version(published, actor=people["Odile"], at=at)
    return published.number


@transaction.atomic
def propose(people: dict[str, User], at: datetime) -> str:
    """Draft what completes the policy under today's law, for the officer to read beside it; return its number."""
    known = PolicyVersion.objects.filter(state=PolicyVersion.State.DRAFT).first()
    if known is not None:
        return known.number
    grounds = (
        "계약과 지출 대장에서 개인정보 처리업무의 위탁을 찾지 못함 (no consignment found in contracts and accounts)"
    )
    policies.decide_no_consignment(decided_on=clock.kst_date(at), grounds=grounds, actor=people["Odile"], at=at)
    day = clock.kst_date(at) + timedelta(days=60)
    return policies.draft_proposal(effective_on=day, actor=people["Hana"], at=at).number


def make_closed_incident(told: Sequence[Subject], people: dict[str, User], at: datetime) -> Incident:
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
        made, lines=[one.reference for one in told], source=AffectedPerson.Source.REFERENCE, actor=hana, at=at
    )
    what = "노트북 원격 초기화, 협력사 계정 정지 (wiped remotely, partner's account stopped)"
    incidents.take_measure(made, what=what, taken_at=aware + timedelta(hours=1), actor=hana, at=at)
    for notice in incidents.notify_subjects(made, actor=odile, at=at):
        for delivery in notice.deliveries.filter(state=Delivery.State.WAITING):
            on = clock.kst_date(at)
            campaigns.record_offline_notice(
                delivery, way=Delivery.Way.PHONE, on=on, actor=odile, at=at + timedelta(hours=1)
            )
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
    conclusion = "협력사에 파일을 넘기지 않고 화면으로만 조회하게 함 (no more files: a page instead)"
    incidents.propose_closing(made, conclusion=conclusion, actor=odile, at=at + timedelta(days=7))
    return incidents.close_incident(made, actor=omar, at=at + timedelta(days=8))
