"""An office in the middle of its work: something in every register that a test of pages opens."""

import hashlib
from datetime import datetime, timedelta

from config.demonstration import example_notices, example_safeguards
from config.demonstration.example_accounts import fill_staff_registers
from config.demonstration.example_recipients import CARRIER
from devices import actions as devices
from devices.models import Device
from privacy.accounts.models import User
from privacy.incidents import actions as incidents
from privacy.jobs import actions as jobs
from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.retention import actions as retention
from privacy.rights import actions as rights
from privacy.safeguards.actions import create_calendar_feed
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject
from privacy.workforce import actions as workforce
from privacy.workforce.models import Course
from tests import factory
from tests.devices.test_fleet_import import as_csv, line
from tests.factories.retention import lift_hold


def make_office() -> Device:
    """Make people's devices, what was provided of them, and cases in several states; return Mina's device."""
    at, on = clock.now(), clock.today()
    factory.make_officer()
    factory.make_handler()
    device = factory.make_device(1, agreed=("activation", "service-analytics", "app-log"), at=at - timedelta(days=40))
    factory.make_reports(device, ["status", "access-count", "app-log"], at=at - timedelta(days=2))
    factory.make_provided(device, "imei", at=at - timedelta(days=30))
    factory.make_disclosure(device, "model", at=at)
    for days in (14, 9, 3):
        factory.ask(at=at - timedelta(days=days), address=f"203.0.113.{days}")
    factory.make_verified(factory.ask(at=at - timedelta(days=5), address="203.0.113.50"), at=at)
    factory.ask_correction(at=at - timedelta(hours=3), address="203.0.113.60")
    factory.make_expired_device(2, ended_on=on - timedelta(days=3 * 366))
    run = factory.sweep_on(on)
    hold = factory.make_hold(at=at, subject_id=device.subject_id)
    lift_hold(hold, reason="settled", at=at)
    assert run.due
    return device


def make_full_office() -> Device:
    """The same office with a record in nearly every register, made by the verbs that make them in earnest."""
    at, today = clock.now(), clock.today()
    # What was due ten days ago is destroyed, with its certificate; what make_office finds due is still to be approved.
    factory.make_expired_device(3, ended_on=today - timedelta(days=3 * 366))
    factory.carry_out_all(factory.sweep_on(today - timedelta(days=10)))
    device = make_office()
    makers = {
        "Odile": factory.make_odile,
        "Omar": factory.make_omar,
        "Hana": factory.make_hana,
        "Aram": factory.make_aram,
    }
    people = {name: make() for name, make in makers.items()}
    odile, hana = people["Odile"], people["Hana"]
    fill_staff_registers(people, at)
    list(example_safeguards.load_safeguards(people, at))
    CARRIER.register(actor=odile, publisher=factory.make_omar(), at=at)
    list(example_notices.load_notices([device.pk], people, at))
    factory.make_token(at=at)
    make_cases(device, odile)
    incidents.file_complaint(explanation="답변이 늦습니다.", contact={"email": "mina@example.org"}, at=at)
    policies.add_holiday(day=today + timedelta(days=40), name="창립 기념일", actor=odile, at=at)
    create_calendar_feed(language="ko", actor=odile, at=at)
    subject = Subject.objects.get(pk=device.subject_id)
    retention.ask_access(
        rule="access-logs", subject_id=subject.pk, law="통신비밀보호법 제15조의2", document="2026-1187",
        reason="수사기관의 요청", actor=hana, at=at,
    )  # fmt: skip
    retention.record_paper(
        medium="paper", contents="신청서", amount=12, amount_unit="sheets", method="shred", place="본사 3층",
        destroyed_on=today, reason="보유기간 만료", executor="Hana", witness="Odile", actor=hana, at=at,
    )  # fmt: skip
    first = today.replace(day=1) - timedelta(days=1)
    ledger.open_review(period_from=first.replace(day=1), period_until=first, actor=SystemActor("scene"), at=at)
    ledger.start_scrub(actor=SystemActor("scene"), at=at)
    make_processors(at)
    jobs.record_heartbeat("worker")
    other = Subject.objects.get(pk=factory.make_device(4, at=at).subject_id)
    evidence = hashlib.sha256(b"statement of the carrier").hexdigest()
    subjects.find_false_identity(other, grounds="명의도용 신고", evidence_digest=evidence, actor=odile, at=at)
    devices.preview_import(
        name="fleet.csv", content=as_csv(line(51), line(52)), gateway=factory.make_gateway(), actor=odile, at=at
    )
    course = Course.objects.get(code="privacy-basics")
    workforce.take_quiz(course, answers=dict.fromkeys(range(len(course.questions)), 0), actor=people["Aram"], at=at)
    return device


def make_processors(at: datetime) -> None:
    """A processor abroad that engages another, was checked, and whose transfer is registered."""
    row = factory.make_consignment(country="DE", at=at)
    factory.make_subprocessor(row, at=at)
    factory.make_check(row, at=at)
    factory.make_overseas_transfer(basis="published", consignment=row, at=at)


def make_cases(device: Device, odile: User) -> None:
    """A refusal that is objected to; access and a correction that were carried out, of which a recipient is told."""
    at = clock.now()
    number = factory.imei(1)
    refused = factory.make_verified(factory.ask(at=at - timedelta(days=2), address="203.0.113.61"), at=at)
    right = rights.refuse(refused.rights.get(), ground="life-or-body", actor=odile, at=at)
    rights.object_to(right, statement="이유를 알고 싶습니다.", actor=SystemActor("scene"), at=at)
    asked = factory.ask(target=number, at=at - timedelta(days=1), address="203.0.113.62")
    rights.carry_out(factory.make_granted(asked, at=at), actor=odile, at=at)
    factory.make_provided(device, "serial_number", at=at - timedelta(days=20))
    wrong = factory.ask_correction(item="serial_number", wanted="XM00000191", at=at, address="203.0.113.64")
    rights.carry_out(factory.make_granted(wrong, at=at), actor=odile, at=at)
    devices.issue_challenge(device_id=device.pk, case=refused.number, actor=SystemActor("scene"), at=at)
