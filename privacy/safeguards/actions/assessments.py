"""Impact assessments: drafted by the criteria of the law, risks with their measures, approved by a second person."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.policies import assessed_changes
from privacy.policies.assessed_changes import AssessedChange
from privacy.policies.models import PolicyVersion
from privacy.safeguards.events import Event
from privacy.safeguards.models import Assessment, AssessmentExemption, AssessmentRisk, Measure
from privacy.safeguards.models.assessments import CRITERIA, Kind, assessment_digest
from privacy.safeguards.refusals import Incomplete, SamePerson, WrongState

ASSESS, APPROVE = "safeguards.assess", "safeguards.approve_assessment"


class ChangedSinceRead(WrongState):
    """The assessment is no longer what the approver read."""

    code = "changed-text"


def draft_assessment(
    version: PolicyVersion, *, covers: Sequence[str], title: str, actor: Actor, at: datetime
) -> Assessment:
    """Begin an assessment of changes of a version: either of new processing, or of legitimate interests.

    Raises Incomplete for a change that the version doesn't bring, or for both kinds at once.
    """
    require_permission(actor, ASSESS)
    chosen = [_change_of(version, key, on=clock.kst_date(at)) for key in covers]
    kinds = {Kind.INTEREST if change.is_interest else Kind.IMPACT for change in chosen}
    if not title.strip() or not chosen:
        raise Incomplete(_("Select the changes that are assessed, and give the assessment a title."), pointer="/covers")
    if len(kinds) > 1:
        raise Incomplete(
            _("A legitimate interest is weighed by its own criteria. Assess it separately from the other changes."),
            pointer="/covers",
        )
    with transaction.atomic():
        row = Assessment.objects.create(
            kind=kinds.pop(), title=title.strip(), version=version, covers=sorted(covers), drafted_by=actor.ref,
            drafted_at=at,
        )  # fmt: skip
        facts = {"kind": row.kind, "version": version.number, "changes": row.covers}
        ledger.record(Event.ASSESSMENT_DRAFTED, actor=actor, at=at, about=row, facts=facts)
    return row


def answer_assessment(assessment: Assessment, *, answers: Mapping[str, str], actor: Actor, at: datetime) -> Assessment:
    """Write what an assessment says on each criterion; while it is a draft some may stay empty. Raises WrongState."""
    require_permission(actor, ASSESS, about=assessment)
    with transaction.atomic():
        row = _draft(assessment)
        before = row.answers
        row.answers = {code: answers.get(code, "").strip() for code in CRITERIA[row.kind]}
        for code, words in row.answers.items():
            if words != before.get(code, ""):
                row.written_by[code] = actor.ref
        row.save(update_fields=["answers", "written_by"])
        ledger.record(Event.ASSESSMENT_EDITED, actor=actor, at=at, about=row)
    return row


def record_risk(
    assessment: Assessment,
    *,
    cause: str,
    likelihood: int,
    harm: int,
    measure: Measure,
    remaining: int,
    actor: Actor,
    at: datetime,
) -> AssessmentRisk:
    """Add a risk and the measure against it; the same again is the same one. Raises WrongState, Incomplete."""
    require_permission(actor, ASSESS, about=assessment)
    if not cause.strip():
        raise Incomplete(_("State what may happen, and how."), pointer="/cause")
    said = {"cause": cause.strip(), "likelihood": likelihood, "harm": harm, "measure": measure, "remaining": remaining}
    with transaction.atomic():
        # A button pressed twice: no risk can be taken away again.
        draft = _draft(assessment)
        if (known := draft.risks.filter(**said).first()) is not None:
            return known
        row = AssessmentRisk.objects.create(assessment=draft, **said, recorded_by=actor.ref, recorded_at=at)
        facts = {"measure": measure.code}
        ledger.record(Event.ASSESSMENT_RISK_RECORDED, actor=actor, at=at, about=assessment, facts=facts)
    return row


def submit_assessment(assessment: Assessment, *, actor: Actor, at: datetime) -> Assessment:
    """Hand a complete assessment to a second person. Raises WrongState, Incomplete."""
    require_permission(actor, ASSESS, about=assessment)
    with transaction.atomic():
        row = _draft(assessment)
        if empty := [str(title) for code, title in row.criteria.items() if not row.answers.get(code)]:
            raise Incomplete(_("Answer each criterion first. Missing: %(criteria)s") % {"criteria": "; ".join(empty)})
        if row.kind == Kind.IMPACT and not row.risks.exists():
            raise Incomplete(_("Record the risks first, each with the measure against it."))
        row.state, row.submitted_by, row.submitted_at = Assessment.State.SUBMITTED, actor.ref, at
        row.save(update_fields=["state", "submitted_by", "submitted_at"])
        ledger.record(Event.ASSESSMENT_SUBMITTED, actor=actor, at=at, about=row)
    return row


def return_assessment(assessment: Assessment, *, actor: Actor, at: datetime) -> Assessment:
    """Give a submitted assessment back to be changed. Raises WrongState."""
    require_permission(actor, APPROVE, about=assessment)
    with transaction.atomic():
        row = _submitted(assessment)
        row.state = Assessment.State.DRAFT
        row.save(update_fields=["state"])
        ledger.record(Event.ASSESSMENT_RETURNED, actor=actor, at=at, about=row)
    return row


def approve_assessment(assessment: Assessment, *, read: str, actor: Actor, at: datetime) -> Assessment:
    """Approve what an assessment says; ``read`` is the digest of what was read.

    The second person is another than all who worked on it: who drafted or submitted it, whose words its answers are,
    and who recorded its risks.

    Raises WrongState, ChangedSinceRead, SamePerson, NotASecondPerson.
    """
    require_permission(actor, APPROVE, about=assessment)
    with transaction.atomic():
        PolicyVersion.objects.select_for_update().get(pk=assessment.version_id)
        row = _submitted(assessment)
        same = SamePerson(_("You worked on this assessment, so another officer must approve it."))
        for author in row.authors():
            require_second_person(actor, asked_by=author, same=same, at=at)
        row.approved_by = actor.ref
        if read != assessment_digest(row):
            raise ChangedSinceRead(_("The assessment has changed since you opened this page. Read it again."))
        row.state, row.approved_at = Assessment.State.APPROVED, at
        row.save(update_fields=["state", "approved_by", "approved_at"])
        ledger.record(Event.ASSESSMENT_APPROVED, actor=actor, at=at, about=row, facts={"digest": read})
    return row


def discard_assessment(assessment: Assessment, *, actor: Actor, at: datetime) -> Assessment:
    """Close a draft that is not needed; a record of it is kept. Raises WrongState."""
    require_permission(actor, ASSESS, about=assessment)
    with transaction.atomic():
        row = _draft(assessment)
        row.state = Assessment.State.DISCARDED
        row.save(update_fields=["state"])
        ledger.record(Event.ASSESSMENT_DISCARDED, actor=actor, at=at, about=row)
    return row


def exempt_change(
    version: PolicyVersion, *, change: str, reason: str, actor: Actor, at: datetime
) -> AssessmentExemption:
    """State why a change of a version needs no assessment; another person approves the version, who reads it.

    A legitimate interest is always weighed. Raises Incomplete.
    """
    require_permission(actor, ASSESS)
    found = _change_of(version, change, on=clock.kst_date(at))
    if found.is_interest:
        raise Incomplete(_("A legitimate interest has to be weighed (PIPA art. 15(1)6): assess it."), pointer="/change")
    if not reason.strip():
        raise Incomplete(_("State why the change needs no assessment."), pointer="/reason")
    with transaction.atomic():
        # Whoever approves the version waits here, and then has to read the reason.
        PolicyVersion.objects.select_for_update().get(pk=version.pk)
        row = AssessmentExemption.objects.create(
            version=version, change=change, said=found.sentence, reason=reason.strip(), recorded_by=actor.ref,
            recorded_at=at,
        )  # fmt: skip
        facts = {"version": version.number, "changes": [change]}
        ledger.record(Event.CHANGE_EXEMPTED, actor=actor, at=at, about=row, facts=facts)
    return row


def _change_of(version: PolicyVersion, key: str, *, on: date) -> AssessedChange:
    found = {change.key: change for change in assessed_changes.changes_to_assess(version, on)}
    if key not in found:
        raise Incomplete(_("The version no longer brings this change. Open the list of its changes again."))
    return found[key]


def _draft(assessment: Assessment) -> Assessment:
    row = Assessment.objects.select_for_update().get(pk=assessment.pk)
    if row.state != Assessment.State.DRAFT:
        raise WrongState(_("The assessment is no longer a draft."))
    return row


def _submitted(assessment: Assessment) -> Assessment:
    row = Assessment.objects.select_for_update().get(pk=assessment.pk)
    if row.state != Assessment.State.SUBMITTED:
        raise WrongState(_("The assessment is not waiting for approval."))
    return row
