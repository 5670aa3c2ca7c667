"""Every clock of the portal, said again and plainly: the days of what is still open, by the name of its source."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from consents.models import AdvertisingNotice, PlannedDestruction, RepresentativeRequest
from devices.models import GatewayToken
from privacy.accounts.models import AccessGrant, AccessReview, EmergencyApproval
from privacy.campaigns.models import Campaign
from privacy.disclosures.models import CorrectionProof, Disclosure, ProvisionReport
from privacy.incidents import duties
from privacy.incidents.models import Complaint, Incident
from privacy.incidents.statutory_deadlines import StatutoryDeadline as Term
from privacy.ledger.models import Entry, FindingQuestion, Review
from privacy.lib.dates import clock, periods
from privacy.policies import amendments
from privacy.policies.models import Notice, Officer, PolicyVersion
from privacy.processors.models import BusinessTransfer, Consignment, OverseasTransfer, Subprocessor
from privacy.retention.models import DestructionList, Hold
from privacy.rights.models import (
    CaseMessage,
    Forwarding,
    IncomingMail,
    Objection,
    Postponement,
    Request,
    Right,
    SuspensionMeasure,
)
from privacy.safeguards.models import (
    ApplicabilityDecision,
    AreaPermit,
    CopyRecord,
    Exposure,
    Inspection,
    InspectionFinding,
    ManagementPlan,
    ManagementReport,
    Measure,
    MediaMovement,
    Meeting,
    OfficerFiling,
    YearFigures,
)
from privacy.subjects.models import Subject
from privacy.systems.models import SystemTask
from privacy.vault.models import SubjectKey
from privacy.workforce.models import CourseCompletion, Pledge, TrainingSession

BEFORE_IDENTITY = {"received", "identity-pending"}
DECIDABLE = {"verified", "in-review"}
# A decision that the person was not told yet is no answer (law R-14).
UNANSWERED = BEFORE_IDENTITY | DECIDABLE | {"decided", "carried-out"}


def longest(rows: Iterable[Any]) -> list[date]:
    """The last day of each person's longest row, of those who work here."""
    until: dict[Any, date] = {}
    for row in rows:
        if row.user.is_active:
            until[row.user_id] = max(until.get(row.user_id, row.valid_until), row.valid_until)
    return list(until.values())


def plan_check() -> list[date]:
    """The check of the management plan that is not planned yet (law S-30)."""
    held = [one.held_on for one in Inspection.objects.all() if one.kind == "implementation" and one.held_on]
    plans = [one.effective_on for one in ManagementPlan.objects.all() if one.effective_on]
    if not plans:
        return []
    due = periods.period_end(max(held) if held else min(plans), months=12)
    planned = [one for one in Inspection.objects.all() if one.kind == "implementation" and one.state == "planned"]
    return [] if any(one.planned_on <= due for one in planned) else [due]


def supervised(kind: str) -> list[date]:
    """The next check, or training, of each processor that goes on: a year after the last one (law P-14)."""
    held = {
        row.pk: [one.held_on for one in row.supervisions.all() if one.kind == kind]
        for row in Consignment.objects.filter(ended_on=None)
    }
    since = {row.pk: row.starts_on for row in Consignment.objects.all()}
    return [periods.period_end(max(days, default=since[key]), months=12) for key, days in held.items()]


def untold(rows: Iterable[Consignment | Subprocessor]) -> list[date]:
    """From when data goes abroad to a recipient of whom no transfer is registered that has begun (law P-15)."""
    found = []
    for one in rows:
        consignment = one if isinstance(one, Consignment) else one.consignment
        recipient = None if isinstance(one, Consignment) else one.pk
        is_there = consignment.disposed_on is None and (recipient is None or one.ended_on is None)
        told = [
            transfer
            for transfer in OverseasTransfer.objects.all()
            if (transfer.ended_on, transfer.consignment_id, transfer.subprocessor_id, transfer.country)
            == (None, consignment.pk, recipient, one.country)
            and transfer.starts_on <= max(consignment.starts_on, clock.today())
        ]
        if one.country != "KR" and is_there and not told:
            found.append(consignment.starts_on)
    return found


def reported() -> list[date]:
    """Thirty days after a half-year in which agencies were given something, until it is reported (law P-09, P-10)."""
    halves = set()
    for one in Disclosure.objects.filter(third_party__kind="investigator"):
        if one.state == "provided" and one.record_class in {"user-information", "confirmation"} and one.provided_on:
            year = one.provided_on.year
            halves.add((one.record_class, date(year, 6, 30) if one.provided_on.month < 7 else date(year, 12, 31)))
    told = {(one.record_class, one.half_until) for one in ProvisionReport.objects.all()}
    return [periods.answer_due(last, days=30) for _kind, last in halves - told]


def told_of_use() -> list[date]:
    """The next yearly notice of use, where that duty binds: a year after the last, or after the decision (law C-22)."""
    decided = ApplicabilityDecision.objects.in_force().get("use-notice")
    if decided is None or not decided.applies:
        return []
    started = [clock.kst_date(one.started_at) for one in Campaign.objects.all() if one.kind == "use-notice"]
    return [periods.period_end(max(started, default=decided.decided_on), months=12)]


def suspended() -> list[date]:
    """By when suspended data that is still held is dealt with (law R-23)."""
    return [
        one.due_on
        for one in SuspensionMeasure.objects.all()
        if one.decided_at is None
        and one.event_id == one.right.event_id
        and one.right.carried_out_at is not None
        and one.right.resumed_at is None
        and any(
            subject.state != "destroyed"
            for person in one.right.request.people.all()
            for subject in Subject.objects.filter(pk=person.subject_id)
            for key in SubjectKey.objects.filter(subject_id=person.subject_id)
            if key.category in {"device-registration", "service-analytics", "app-log", "contact"}
            and key.category not in one.right.excluded
            and one.right.category in {"", key.category}
        )
    ]


def looked_at_again() -> list[date]:
    """By when each decision whether a duty binds is looked at again; no number of the law changes in a history."""
    found = []
    for row in ApplicabilityDecision.objects.in_force().values():
        rests_on = row.figures.year if row.figures else 9999
        newer = [
            one
            for one in YearFigures.objects.all()
            if one.year > rests_on or (one.year == rests_on and one.recorded_at > row.decided_at)
        ]
        changes = [day for day in amendments.days_of(row.threshold) if row.decided_on < day < row.again_on]
        found.append(min([row.decided_on if newer and row.figures else row.again_on, *changes]))
    return found


def to_be_filed() -> list[date]:
    """The designations to be filed with the PIPC within six months, where that duty binds (law O-05).

    Those in force when the duty began count from the day on which it did.
    """
    decided = ApplicabilityDecision.objects.in_force().get("officer")
    if decided is None or not decided.applies:
        return []
    filed = {one.officer_id for one in OfficerFiling.objects.all()}
    since = decided.duty.changes()[0]
    return [
        periods.period_end(max(one.designated_from, since - timedelta(days=1)), months=6)
        for one in Officer.objects.all()
        if one.pk not in filed and (one.designated_until is None or one.designated_until >= since)
    ]


def report(kind: str) -> list[date]:
    """The next report to representative or board: a year after the last (law O-03, O-04)."""
    told = [one.reported_on for one in ManagementReport.objects.all() if one.kind == kind]
    plans = [one.effective_on for one in ManagementPlan.objects.all() if one.effective_on]
    return [periods.period_end(max(told, default=min(plans)), months=12)] if plans else []


def taken_out() -> list[date]:
    """The day of each file and print of the office of which nobody said who keeps it (form F-17)."""
    told = {one.entry_id for one in CopyRecord.objects.all()}
    return [
        clock.kst_date(one.time)
        for one in Entry.objects.all()
        if one.pk not in told
        and one.actor.startswith("U-")
        and one.kind in {"act", "read"}
        and (
            one.word.endswith((".exported", ".printed"))
            or one.word in {"disclosures.disclosure.provided", "disclosures.file.fetched"}
            or (one.task or "").endswith(".printed")
            or one.task == "rights.letter.shown"
        )
    ]


# A new source stands here too.
CLOCKS: dict[str, Callable[[], list[date]]] = {
    "consents.representative": lambda: [
        clock.kst_date(one.due_at - timedelta(microseconds=1))
        for one in RepresentativeRequest.objects.all()
        if one.state in {"unnamed", "asked"}
    ],
    "consents.representative.told": lambda: [
        clock.kst_date(one.ended_at - timedelta(microseconds=1))
        for one in RepresentativeRequest.objects.all()
        if one.state == "agreed" and not one.answered_by and one.told_at is None and one.ended_at
    ],
    "safeguards.exposure": lambda: [
        clock.kst_date(one.due_at - timedelta(microseconds=1)) for one in Exposure.objects.all() if one.ended_at is None
    ],
    "safeguards.exposure-unconfirmed": lambda: [
        clock.kst_date(one.ended_at - timedelta(microseconds=1))
        for one in Exposure.objects.all()
        if one.ended_at and one.confirmed_at is None
    ],
    "disclosures.proof": lambda: [
        one.due_on
        for one in CorrectionProof.objects.all()
        if one.ended_at is None and one.notice.third_party.kind != "investigator"
    ],
    "disclosures.agency-proof": lambda: [
        one.due_on
        for one in CorrectionProof.objects.all()
        if one.ended_at is None and one.notice.third_party.kind == "investigator"
    ],
    "systems.task": lambda: [one.due_on for one in SystemTask.objects.all() if one.ended_at is None],
    "accounts.emergency": lambda: [
        clock.kst_date(one.review_due_at) for one in EmergencyApproval.objects.all() if one.reviewed_at is None
    ],
    "accounts.grant": lambda: [
        one.valid_until for one in AccessGrant.objects.all() if one.revoked_at is None and one.user.is_active
    ],
    "accounts.review": lambda: [one.due_on for one in AccessReview.objects.all() if one.state != "signed"],
    "ledger.question": lambda: [one.due_on for one in FindingQuestion.objects.all() if one.answered_at is None],
    "consents.advertising": lambda: [one.due_on for one in AdvertisingNotice.objects.all() if one.state == "due"],
    "consents.destruction": lambda: [
        clock.kst_date(one.due_at - timedelta(microseconds=1))
        for one in PlannedDestruction.objects.all()
        if one.state in {"waiting", "under-way"}
    ],
    "consents.destruction.stopped": lambda: [
        clock.kst_date(one.due_at - timedelta(microseconds=1))
        for one in PlannedDestruction.objects.filter(state="stopped")
    ],
    "rights.deletion": lambda: [
        clock.kst_date(one.waits_until - timedelta(microseconds=1))
        for one in Right.objects.all()
        if one.waits_until and one.carried_out_at is None and one.trouble != "held"
    ],
    "devices.token": lambda: [
        clock.kst_date(one.expires_at)
        for one in GatewayToken.objects.all()
        if one.revoked_at is None and one.gateway.closed_at is None
    ],
    "disclosures.document": lambda: [
        one.document_due_on
        for one in Disclosure.objects.all()
        if one.urgent and one.scan_id is None and one.state != "refused" and one.document_due_on
    ],
    "incidents.complaint": lambda: [one.target_on for one in Complaint.objects.all() if one.state == "received"],
    "incidents.incident": lambda: [
        clock.kst_date(term.due_at)
        for one in Incident.objects.all()
        if one.state != "closed"
        for term in one_by_one(one)
        if term.done_at is None
    ],
    "ledger.review": lambda: [one.due_on for one in Review.objects.all() if one.state != "confirmed"],
    "policies.notice": lambda: [one.posted_until for one in Notice.objects.all() if one.posted_until],
    "policies.version": lambda: [
        one.effective_on for one in PolicyVersion.objects.all() if one.state == "published" and one.effective_on
    ],
    "disclosures.report": reported,
    "safeguards.use-notice": told_of_use,
    "rights.passed-on": lambda: [
        one.right.request.due_on
        for one in Forwarding.objects.all()
        if not one.answer and one.right.request.state not in {"closed", "withdrawn", "identity-rejected", "joined"}
    ],
    "rights.suspended-data": suspended,
    "processors.business": lambda: [one.transfer_on for one in BusinessTransfer.objects.open() if one.announced_at],
    "processors.business-untold": lambda: [
        one.transfer_on for one in BusinessTransfer.objects.open() if one.announced_at is None
    ],
    "processors.check": lambda: supervised("check"),
    "processors.training": lambda: supervised("training"),
    "processors.transfer": lambda: untold(Consignment.objects.all()),
    "processors.transfer.onward": lambda: untold(Subprocessor.objects.all()),
    "processors.contract": lambda: [
        one.complete_by for one in Consignment.objects.all() if one.ended_on is None and one.complete_by
    ],
    "processors.term": lambda: [
        one.term_ends_on for one in Consignment.objects.all() if one.ended_on is None and one.term_ends_on
    ],
    "processors.disposal": lambda: [
        one.dispose_by for one in Consignment.objects.all() if one.ended_on and not one.disposed_on and one.dispose_by
    ],
    "safeguards.applicability": looked_at_again,
    "safeguards.filing": to_be_filed,
    "safeguards.regular-report": lambda: report("regular"),
    "safeguards.resources-report": lambda: report("resources"),
    "safeguards.signed-copy": lambda: [one.read_by for one in ManagementReport.objects.all() if one.read_on is None],
    "retention.hold": lambda: [one.until for one in Hold.objects.all() if one.lifted_at is None and one.until],
    "retention.list": lambda: [
        one.target_on for one in DestructionList.objects.all() if one.state not in {"done", "aborted"}
    ],
    "rights.message": lambda: [
        one.answer_by_on for one in CaseMessage.objects.all() if one.author == "person" and one.settled_at is None
    ],
    "rights.mail": lambda: [one.sort_by_on for one in IncomingMail.objects.all() if one.state == "draft"],
    "rights.objection": lambda: [one.target_on for one in Objection.objects.all() if one.outcome == "pending"],
    "rights.postponement": lambda: [
        one.due_on or one.expected_on
        for one in Postponement.objects.all()
        if one.right.carried_out_at is None
        and one.right.decision != "refused"
        and one.right.request.state in UNANSWERED
        and (not one.needs_approval or one.approved_at)
    ],
    "rights.request": lambda: [one.due_on for one in Request.objects.all() if one.state in UNANSWERED],
    "safeguards.copies": lambda: [one.due_on for one in CopyRecord.objects.all() if not one.outcome],
    "safeguards.copies-untold": taken_out,
    "safeguards.evidence": lambda: [
        one.due_on for one in Measure.objects.all() if one.retired_at is None and not one.is_automated
    ],
    "safeguards.finding": lambda: [one.due_on for one in InspectionFinding.objects.all() if one.state != "confirmed"],
    "safeguards.inspection": lambda: [one.planned_on for one in Inspection.objects.all() if one.state == "planned"],
    "safeguards.medium": lambda: [
        one.back_on for one in MediaMovement.objects.all() if one.back_on and one.returned_at is None
    ],
    "safeguards.meeting": lambda: [one.planned_on for one in Meeting.objects.all() if one.held_on is None],
    "safeguards.permit": lambda: [
        one.valid_until for one in AreaPermit.objects.all() if one.revoked_at is None and one.valid_until
    ],
    "safeguards.plan-check": plan_check,
    "safeguards.stopped-check": lambda: [
        one.due_on
        for one in Measure.objects.all()
        if one.retired_at is None and one.is_automated and one.due_on < clock.today()
    ],
    "workforce.pledge": lambda: longest(
        one for one in Pledge.objects.select_related("text") if one.text.occasion != "leaving"
    ),
    "workforce.session": lambda: [one.held_on for one in TrainingSession.objects.all() if one.state == "planned"],
    "workforce.training": lambda: longest(CourseCompletion.objects.all()),
}


def one_by_one(incident: Incident) -> list[Term]:
    return duties.deadlines_of(incident)
