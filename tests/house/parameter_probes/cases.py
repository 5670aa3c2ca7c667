"""Probes of what is owed to people: cases, complaints, retention, incidents, advertising."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from consents import advertising
from consents.models import AdvertisingNotice, PlannedDestruction
from devices import actions as devices
from devices import identity_verification, retention_expiry
from devices.models import Challenge
from privacy.disclosures.holdings import scans_due
from privacy.incidents import actions as incidents
from privacy.incidents import duties
from privacy.incidents.models import ComplaintText
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.policies import actions as policies
from privacy.policies import advance_notice
from privacy.retention import actions as retention
from privacy.retention.actions.paper_destruction import evidence_due
from privacy.retention.models import DestructionList
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.actions.access_packages import Package
from privacy.rights.actors import Requester
from privacy.rights.models import Particulars, Right
from privacy.rights.retention_expiry import particulars_due
from privacy.subjects import actions as subjects
from privacy.subjects.actions.access_code_attempts import WrongCode
from privacy.subjects.models import ContactCode
from privacy.vault.models import Freeze
from tests import factory
from tests.house.parameter_probes import TESTS, ago, how_many, noon, term


def answer_due(on: date) -> Any:
    return factory.ask(at=noon(on)).request.due_on


def source_due(on: date) -> Any:
    return factory.ask(RequestedRight("source"), at=noon(on)).request.due_on


DECISION = RequestedRight("decision-review", wanted="a trial")


def decision_due(on: date) -> Any:
    return factory.ask(DECISION, at=noon(on)).request.due_on


def decision_extended(on: date, *, times: int) -> Any:
    """Whether an answer about an automated decision may take twenty days longer, so many times."""
    right = factory.make_verified(factory.ask(DECISION, at=noon(on), answer_by="portal"), at=noon(on)).rights.get()
    with suppress(rights.NotPostponable):
        for _time in range(times):
            rights.extend_term(right, reason="a trial", days=20, actor=factory.make_officer(), at=noon(on))
    return right.extensions.count()


def postponed_due(on: date) -> Any:
    at = noon(on - timedelta(days=2))
    case = factory.make_verified(factory.ask(at=at, answer_by="portal"), at=at)
    rights.postpone(case.rights.get(), reason="a trial", expected_on=on, actor=factory.make_officer(), at=at)
    case.refresh_from_db()
    return case.due_on


def postponed_alone(on: date, *, days: int) -> Any:
    """Whether an officer may put access off so many days beyond its first term, and whether a second must approve."""
    case = factory.make_verified(factory.ask(at=noon(on)), at=noon(on))
    until = case.target_on + timedelta(days=days)
    try:
        made = rights.postpone(
            case.rights.get(), reason="a trial", expected_on=until, actor=factory.make_officer(), at=noon(on)
        )
    except rights.NotPostponable:
        return "refused"
    return made.needs_approval


def words_of_cases_due(on: date) -> Any:
    case = factory.ask(at=noon(on)).request
    Particulars.objects.filter(about_id=case.id).update(closed_on=ago(on, 2))
    return [ids for ids in particulars_due(on, term()) if case.holder_id in ids] != []


def words_of_complaints_due(on: date) -> Any:
    made = incidents.file_complaint(explanation="zebra", at=noon(on)).complaint
    ComplaintText.objects.filter(subject_id=made.holder_id).update(closed_on=ago(on, 2))
    from privacy.incidents.holdings import texts_due

    return [ids for ids in texts_due(on, term()) if made.holder_id in ids] != []


def package_expires(on: date) -> Any:
    factory.make_device(1)
    right = factory.make_granted(factory.ask(target=factory.imei(1), at=noon(on)), at=noon(on))
    rights.carry_out(right, actor=factory.make_officer(), at=noon(on))
    return Package.objects.get().expires_at


def destruction_waits_until(on: date) -> Any:
    factory.make_device(1)
    asked = factory.ask(RequestedRight("deletion"), target=factory.imei(1), at=noon(on))
    released = rights.carry_out(factory.make_granted(asked, at=noon(on)), actor=factory.make_officer(), at=noon(on))
    return released.waits_until


def objection_due(on: date) -> Any:
    factory.make_device(1)
    case = factory.make_verified(factory.ask(target=factory.imei(1), at=noon(on)), at=noon(on))
    rights.refuse(case.rights.get(), ground="life-or-body", actor=factory.make_officer(), at=noon(on))
    return rights.object_to(Right.objects.get(), statement="no", actor=TESTS, at=noon(on)).target_on


def message_due(on: date) -> Any:
    case = factory.ask(at=noon(on)).request
    return rights.write_message(case, text="zebra", actor=Requester(case.reference), at=noon(on)).answer_by_on


def complaint_due(on: date) -> Any:
    return incidents.file_complaint(explanation="zebra", at=noon(on)).complaint.target_on


def freeze_ends(on: date) -> Any:
    factory.make_device(1)
    factory.ask_correction(at=noon(on))
    return Freeze.objects.get().until


def frozen_asks(on: date, *, spread: int = 0) -> int:
    """How many unverified corrections about one device freeze it."""
    device = factory.make_device(1)
    for number in range(6):
        at = noon(on - timedelta(days=spread if number < 3 else 0)) + timedelta(minutes=number)
        factory.ask_correction(at=at, address="", wanted=factory.imei(500 + number))
    return Freeze.objects.filter(subject_id=device.subject_id).count()


def questions_to_a_device(on: date) -> int:
    """How many questions one case puts to a device in a day."""
    device, asked = factory.make_device(1), 0
    with suppress(devices.TooManyChallenges):
        while asked < 12:
            at = noon(on) + asked * timedelta(minutes=31)
            devices.issue_challenge(device_id=device.id, case="K7-1", actor=TESTS, at=at)
            asked += 1
    return asked


def asks_accepted(on: date) -> Any:
    return how_many(lambda number: factory.ask(at=noon(on), target=factory.imei(700 + number)))


def wrong_codes(on: date) -> Any:
    tries = 0
    with suppress(Refusal):
        while tries < 40:
            try:
                incidents.authenticate_complainant(
                    reference="M7-0000-0000", code="x", address="203.0.113.9", at=noon(on)
                )
            except WrongCode:
                tries += 1
    return tries


def destroyed_after_withdrawal(on: date) -> Any:
    device = factory.make_device(1, at=noon(on))
    made = factory.decide(device, "activation", "withdraw", at=noon(on))
    return PlannedDestruction.objects.get(decision=made).due_at - noon(on)


def changed_contact_waits(on: date) -> Any:
    mina = factory.make_mina(at=noon(on))
    factory.make_contact(mina, at=noon(on))
    changed = factory.make_contact(mina, value="new@example.org", is_verified=False, at=noon(on))
    return changed.package_from - noon(on)


def contact_code_lasts(on: date) -> Any:
    contact = factory.make_contact(factory.make_mina(at=noon(on)), at=noon(on))
    subjects.issue_contact_code(contact, mark="once", actor=TESTS, at=noon(on))
    return ContactCode.objects.get(record_id=contact.pk).expires_at - noon(on)


def contact_codes(on: date) -> Any:
    contact, issued = factory.make_contact(factory.make_mina(at=noon(on)), at=noon(on)), 0
    with suppress(Refusal):
        while issued < 40:
            subjects.issue_contact_code(contact, mark=str(issued), actor=TESTS, at=noon(on))
            issued += 1
    return issued


def devices_asked(on: date) -> Any:
    device = factory.make_device(1, at=noon(on))
    for _browser in range(8):
        identity_verification.begin(factory.imei(1), "203.0.113.9", noon(on))
    return Challenge.objects.filter(device_id=device.id).count()


# --- retention -------------------------------------------------------------------------------------------


def scan_due(on: date) -> Any:
    made = factory.make_disclosure(factory.make_device(1), at=noon(on))
    factory.attach_scan(made, at=noon(on))
    type(made).objects.filter(pk=made.pk).update(requested_at=noon(ago(on, 5)))
    return list(scans_due(on, term()))


def destruction_target(on: date) -> Any:
    factory.make_expired_device(ended_on=ago(on, 2))
    factory.sweep_on(on)
    return DestructionList.objects.get().target_on


def over_ceiling(on: date, *, devices: int) -> Any:
    for number in range(1, devices + 1):
        factory.make_expired_device(number, ended_on=ago(on, 2))
    factory.sweep_on(on)
    return DestructionList.objects.get().over_ceiling


def over_ceiling_of_months(on: date) -> Any:
    for number, back in ((1, 120), (2, 150)):
        at = noon(on - timedelta(days=back))
        factory.make_reports(
            factory.make_device(number, at=at, agreed=("activation", "service-analytics", "app-log")),
            ["app-log"],
            at=at,
        )
    factory.sweep_on(on)
    return sorted(DestructionList.objects.filter(category="app-log").values_list("over_ceiling", flat=True))


def paper_evidence_due(on: date) -> Any:
    paper = retention.record_paper(
        medium="paper", contents="가입 신청서", amount=12, amount_unit="상자", method="shred", place="본사",
        destroyed_on=ago(on, 2), reason="보유기간 경과", executor="문서파쇄", witness="정경수",
        evidence=retention.Evidence("shredding.pdf", b"%PDF-1.7 %%EOF"), actor=factory.make_hana(), at=noon(on),
    )  # fmt: skip
    return [paper.id] in list(evidence_due(on, term()))


def served_logs(on: date) -> Any:
    agreed = ("activation", "service-analytics", "app-log")
    device = factory.make_device(1, at=noon(on - timedelta(days=20)), agreed=agreed)
    factory.make_reports(device, ["app-log"], at=noon(on - timedelta(days=10)))
    return devices.remove_expired_logs(on=on, actor=TESTS, at=noon(on))


def undecided_due(on: date) -> Any:
    device = factory.make_device(1, agreed=(), at=noon(on - timedelta(days=4)))
    return [device.id] in list(retention_expiry.without_agreement_due(on))


# --- incidents and notices -------------------------------------------------------------------------------


def incident_clock(name: str) -> Callable[[date], Any]:
    return lambda on: getattr(factory.make_incident(aware_at=noon(on), intrusion=True), name)


def grounds_to_report(on: date) -> Any:
    return duties.report_duty(factory.make_incident(aware_at=noon(on), estimate=500)).state


def short_breach_notice(on: date) -> Any:
    try:
        policies.post_notice(
            kind="breach", title_ko="가", title_en="a", body_ko="가", body_en="a", posted_on=on,
            posted_until=on + timedelta(days=10), actor=factory.make_odile(granted=False), at=noon(on),
        )  # fmt: skip
    except policies.NoticeTooShort:
        return "too short"
    return "posted"


def earliest(*, years: int) -> Callable[[date], Any]:
    """The first day of a draft that keeps registrations for so many years: two are in force, more are adverse."""
    return lambda on: advance_notice.earliest_effective_on(
        factory.make_draft(years=years, adverse=years > 2, at=noon(on)), on
    )


# --- advertising -----------------------------------------------------------------------------------------


def result_due(on: date) -> Any:
    factory.agree(factory.make_device(1), "advertising-sms", at=noon(on))
    return AdvertisingNotice.objects.get().due_on


def confirm_by(on: date) -> Any:
    return advertising.confirm_by(factory.agree(factory.make_device(1), "advertising-sms", at=noon(on)))


def sent_at_hour(hour: int) -> Callable[[date], Any]:
    """Whether a text message may go out half an hour after a full hour in Korea."""

    def permission(on: date) -> Any:
        device = factory.make_device(1)
        factory.agree(device, "advertising-sms")
        at = clock.midnight(on) + timedelta(hours=hour, minutes=30)
        return [reason.code for reason in advertising.permission(device.subject_id, "sms", at).because]

    return permission
