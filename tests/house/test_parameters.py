"""Every dated number acts: changed from a day on, something happens otherwise from that day on, and not before.

A number without a probe fails. A probe acts or looks on a given day and returns what came of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction

from privacy.accounts.actions.access_grants import latest_end
from privacy.disclosures.legal_basis import document_follows_by
from privacy.ledger.review import detection_rules
from privacy.lib.dates import clock
from privacy.policies.models import Parameter
from privacy.vault.actions import key_rotation
from privacy.workforce.actions.completions import valid_until
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factories.ledger import make_past_entries
from tests.factories.retention import at_noon
from tests.house.parameter_probes import DAY, EVE
from tests.house.parameter_probes.cases import (
    answer_due,
    asks_accepted,
    changed_contact_waits,
    complaint_due,
    confirm_by,
    contact_code_lasts,
    contact_codes,
    decision_due,
    decision_extended,
    destroyed_after_withdrawal,
    destruction_target,
    destruction_waits_until,
    devices_asked,
    earliest,
    freeze_ends,
    frozen_asks,
    grounds_to_report,
    incident_clock,
    message_due,
    objection_due,
    over_ceiling,
    over_ceiling_of_months,
    package_expires,
    paper_evidence_due,
    postponed_alone,
    postponed_due,
    questions_to_a_device,
    result_due,
    scan_due,
    sent_at_hour,
    served_logs,
    short_breach_notice,
    source_due,
    undecided_due,
    words_of_cases_due,
    words_of_complaints_due,
    wrong_codes,
)
from tests.house.parameter_probes.office import (
    alone_after,
    business_posted_until,
    certificate_due,
    dormant,
    duty_looked_at_again,
    duty_met,
    emergency_reviewed_within,
    evidence_of_measures_due,
    grants_forgotten,
    grants_review_due,
    grants_reviewed_from,
    invitation_expires,
    next_report_due,
    officer_filed_by,
    plan_check_due,
    processor_check_due,
    provisions_reported_by,
    recipient_answers,
    records_stay,
    reminded,
    review_due,
    reviewed_period,
    roles_ending,
    second_person_new,
    second_person_related,
    signed_copy_due,
    signed_until,
    told_of_use_by,
)


@dataclass(frozen=True)
class Probe:
    """The number's new value, and what is seen on a day."""

    value: int
    seen: Callable[[date], Any]


PROBES = {
    "rights.answer.days": Probe(20, answer_due),
    "rights.source.answer.days": Probe(20, source_due),
    "rights.automated.answer.days": Probe(50, decision_due),
    "rights.automated.extension.days": Probe(1, lambda on: decision_extended(on, times=1)),
    "rights.message.answer.days": Probe(20, message_due),
    "rights.automated.extensions": Probe(1, lambda on: decision_extended(on, times=2)),
    "rights.postponed.answer.days": Probe(20, postponed_due),
    "rights.postponed.alone.days": Probe(1, lambda on: postponed_alone(on, days=2)),
    "rights.postponed.most.days": Probe(3, lambda on: postponed_alone(on, days=5)),
    "rights.records.years": Probe(1, lambda on: (words_of_cases_due(on), words_of_complaints_due(on))),
    "rights.package.hours": Probe(24, package_expires),
    "objection.answer.days": Probe(20, objection_due),
    "complaint.answer.days": Probe(20, complaint_due),
    "freeze.unverified.days": Probe(20, freeze_ends),
    "freeze.unverified.count": Probe(5, frozen_asks),
    "freeze.unverified.window.days": Probe(20, lambda on: frozen_asks(on, spread=30)),
    "door.requests.hourly": Probe(8, asks_accepted),
    "door.tries.hourly": Probe(3, wrong_codes),
    "withdrawal.wait.hours": Probe(72, lambda on: (destroyed_after_withdrawal(on), destruction_waits_until(on))),
    "consents.challenges.daily": Probe(5, devices_asked),
    "contact.wait.hours": Probe(48, changed_contact_waits),
    "keys.turn.days": Probe(56, lambda on: key_rotation.shortest_life(at_noon(on))),
    "keys.grace.days": Probe(3, lambda on: key_rotation.grace(at_noon(on))),
    "contact.code.hours": Probe(2, contact_code_lasts),
    "contact.codes.hourly": Probe(7, contact_codes),
    "door.challenges.daily": Probe(2, questions_to_a_device),
    "disclosure.records.years": Probe(4, scan_due),
    "destruction.within.days": Probe(2, destruction_target),
    "destruction.ceiling.percent": Probe(100, lambda on: retention_ceiling(on)),
    "destruction.ceiling.floor": Probe(1, lambda on: over_ceiling(on, devices=2)),
    "destruction.ceiling.months": Probe(1, over_ceiling_of_months),
    "destruction.evidence.years": Probe(1, paper_evidence_due),
    "app-log.purpose.days": Probe(5, served_logs),
    "child.unconfirmed.days": Probe(2, undecided_due),
    "breach.notify.hours": Probe(24, incident_clock("notify_due_at")),
    "breach.report.hours": Probe(24, incident_clock("report_due_at")),
    "breach.report.subjects": Probe(100, grounds_to_report),
    "breach.website.days": Probe(5, short_breach_notice),
    "intrusion.report.hours": Probe(12, incident_clock("intrusion_due_at")),
    "advertising.result.days": Probe(7, result_due),
    "advertising.confirm.years": Probe(1, confirm_by),
    "advertising.night.from": Probe(20, sent_at_hour(20)),
    "advertising.night.until": Probe(9, sent_at_hour(8)),
    "access.records.years": Probe(5, records_stay(60_000)),
    "access.records.least.years": Probe(3, records_stay(100)),
    "access.records.people": Probe(10_000, records_stay(20_000)),
    "access.review.months": Probe(3, reviewed_period),
    "access.review.due.days": Probe(30, review_due),
    "grants.records.years": Probe(6, grants_forgotten),
    "grants.review.months": Probe(12, grants_reviewed_from),
    "grants.review.due.days": Probe(30, grants_review_due),
    "grants.longest.months": Probe(6, latest_end),
    "grants.remind.days": Probe(30, roles_ending),
    "duties.account.days": Probe(9, second_person_new),
    "duties.apart.days": Probe(3, second_person_related),
    "duties.emergency.wait.hours": Probe(48, alone_after),
    "duties.emergency.review.hours": Probe(24, emergency_reviewed_within),
    "invitation.hours": Probe(24, invitation_expires),
    "account.dormant.days": Probe(30, dormant),
    "plan.inspection.months": Probe(6, plan_check_due),
    "threshold.officer.sales": Probe(100, duty_met("officer", sales=101, people=1_000_000)),
    "threshold.officer.sensitive": Probe(10, duty_met("officer", sales=180_001, sensitive_people=10)),
    "threshold.officer.people": Probe(10, duty_met("officer", sales=180_001, people=10)),
    "threshold.officer.filing.months": Probe(3, officer_filed_by),
    "threshold.insurance.sales": Probe(100, duty_met("insurance", sales=100, people=10_000)),
    "threshold.insurance.people": Probe(10, duty_met("insurance", sales=1_000, people=10)),
    "threshold.use-notice.sensitive": Probe(10, duty_met("use-notice", sensitive_people=10)),
    "threshold.use-notice.people": Probe(10, duty_met("use-notice", people=10)),
    "threshold.source-notice.sensitive": Probe(10, duty_met("source-notice", sensitive_people=10)),
    "threshold.source-notice.people": Probe(10, duty_met("source-notice", people=10)),
    "threshold.network.users": Probe(10, duty_met("network", users=10)),
    "threshold.continuity.people": Probe(10, duty_met("continuity", people=10)),
    "threshold.continuity.people-small": Probe(10, duty_met("continuity", people=10, is_small=True)),
    "threshold.portability.sales": Probe(100, duty_met("portability", average_sales=101, people=1_000_000)),
    "threshold.portability.sensitive": Probe(10, duty_met("portability", average_sales=180_001, sensitive_people=10)),
    "threshold.portability.people": Probe(10, duty_met("portability", average_sales=180_001, people=10)),
    "applicability.review.months": Probe(6, duty_looked_at_again),
    "representative.report.months": Probe(6, next_report_due),
    "representative.read.days": Probe(7, signed_copy_due),
    "disclosure.report.days": Probe(10, provisions_reported_by),
    "disclosure.document.days": Probe(30, document_follows_by),
    "disclosure.answer.days": Probe(20, lambda on: recipient_answers(on)[0]),
    "disclosure.answer.remind.days": Probe(5, lambda on: recipient_answers(on)[1]),
    "disclosure.answer.tries": Probe(1, lambda on: recipient_answers(on)[2]),
    "use.notice.months": Probe(6, told_of_use_by),
    "processors.supervision.months": Probe(6, processor_check_due),
    "business-transfer.website.days": Probe(90, business_posted_until),
    "training.months": Probe(6, valid_until),
    "pledge.months": Probe(6, signed_until),
    "pledge.remind.days": Probe(30, reminded),
    "training.remind.days": Probe(30, reminded),
    "training.records.years": Probe(1, certificate_due),
    "evidence.records.years": Probe(1, evidence_of_measures_due),
    "policy.notice.days": Probe(20, earliest(years=1)),
    "policy.notice.adverse.days": Probe(60, earliest(years=3)),
}


def retention_ceiling(on: date) -> Any:
    """Whether two of two people on a list are more than their share allows, where the floor is none."""
    Parameter.objects.create(
        code="destruction.ceiling.floor", value=0, unit="count", effective_on=date(2021, 1, 1), basis="test"
    )
    return over_ceiling(on, devices=2)


def seen(probe: Probe, on: date) -> Any:
    """What a probe sees on a day; nothing of what it did stays."""
    with transaction.atomic(using="default"), transaction.atomic(using="personal"):
        found = probe.seen(on)
        transaction.set_rollback(True, using="default")
        transaction.set_rollback(True, using="personal")
    return found


def change(code: str, value: int) -> None:
    """Let a number hold from the day on."""
    unit = Parameter.objects.filter(code=code).values_list("unit", flat=True)[0]
    Parameter.objects.create(code=code, value=value, unit=unit, effective_on=DAY, basis="test")


@pytest.mark.asvs("2.3.2", "2.4.1")
@pytest.mark.truth("16")
class EveryNumberActsTest(PortalTestCase):
    def test_every_number_has_a_probe(self) -> None:
        known = set(Parameter.objects.values_list("code", flat=True))
        assert known - set(PROBES) - set(IN_FINDINGS) == set(), "a number that nothing is seen to follow"
        assert set(PROBES) | set(IN_FINDINGS) == known


def _test_of(code: str) -> Callable[[Any], None]:
    def test(self: Any) -> None:
        before = {on: seen(PROBES[code], on) for on in (EVE, DAY)}
        change(code, PROBES[code].value)
        after = {on: seen(PROBES[code], on) for on in (EVE, DAY)}
        assert after[EVE] == before[EVE], "it changed before its day"
        assert after[DAY] != before[DAY], "nothing changed on its day"

    return test


for _code in PROBES:
    setattr(EveryNumberActsTest, f"test_{_code.replace('.', '_').replace('-', '_')}_acts_from_its_day", _test_of(_code))


# What the rules of findings measure by: the entries of a day are measured by that day's numbers.
READ = {"by": "user", "actor": "U-HANA", "word": "ledger.read", "task": "devices.device.viewed"}
IN_FINDINGS = {
    "access.night.from": (20, "off-hours", [("read", 20, READ)]),
    "access.night.until": (9, "off-hours", [("read", 8, READ)]),
    "access.bulk.subjects": (3, "bulk", [("read", 12, {**READ, "count": 5})]),
    "export.reason.subjects": (3, "bulk", [("read", 12, {**READ, "count": 2})] * 2),
    "access.repeated.reads": (2, "repeated", [("read", 12, {**READ, "subjects": ["S-1"]})] * 3),
    "access.denials.count": (2, "denied", [("denied", 12, {**READ, "word": "ledger.denied"})] * 2),
}


@pytest.mark.truth("16")
@pytest.mark.parametrize("code", IN_FINDINGS)
def test_findings_are_measured_by_the_numbers_of_their_day(code: str, portal_database: PortalDatabase) -> None:
    value, rule, entries = IN_FINDINGS[code]
    days = {EVE: date(2026, 10, 13), DAY: date(2026, 10, 14)}
    make_past_entries(
        portal_database,
        [(clock.midnight(on) + timedelta(hours=hour, minutes=30), kind, payload)
         for on in days.values() for kind, hour, payload in entries],
    )  # fmt: skip
    unit = Parameter.objects.filter(code=code).values_list("unit", flat=True)[0]
    assert [found.rule for found in detection_rules.detect_findings(days[EVE], days[DAY])] == []
    Parameter.objects.create(code=code, value=value, unit=unit, effective_on=days[DAY], basis="test")
    found = list(detection_rules.detect_findings(days[EVE], days[DAY]))
    assert {one.rule.value for one in found} == {rule}
    assert {clock.kst_date(one.first_at) for one in found} == {days[DAY]}
