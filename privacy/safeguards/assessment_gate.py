"""Which changes of a policy version are assessed, or why not: what its approval waits for (N-05)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from privacy.policies import assessed_changes
from privacy.policies.assessed_changes import AssessedChange, Gate, subject_of
from privacy.policies.models import PolicyVersion
from privacy.safeguards.models import Assessment, AssessmentExemption
from privacy.safeguards.models.assessments import Kind, assessment_digest


@dataclass(frozen=True)
class ChangeAssessment:
    """A change, the assessments of it that were not discarded, and the newest reason why it needs none."""

    change: AssessedChange
    assessments: list[Assessment]
    exemption: AssessmentExemption | None

    @property
    def is_settled(self) -> bool:
        """Whether nothing of it stands in the way of an approval."""
        return bool(self.approved) or (self.exemption is not None and not self.change.is_interest)

    @property
    def approved(self) -> list[Assessment]:
        return [one for one in self.assessments if one.state == Assessment.State.APPROVED]

    def settled(self) -> dict[str, Any]:
        """Return what a reviewer of the version judges of it, in values that a digest is made of."""
        return {
            "change": self.change.key,
            "assessments": sorted(assessment_digest(one) for one in self.approved),
            "reason": [self.exemption.reason, self.exemption.recorded_by] if self.exemption else [],
        }


def of_version(version: PolicyVersion, on: date) -> list[ChangeAssessment]:
    """Return each change of a version that is to be assessed, with what was done about it."""
    changes = assessed_changes.changes_to_assess(version, on)
    if not changes:
        return []
    rows = list(Assessment.objects.filter(version=version).exclude(state=Assessment.State.DISCARDED))
    exempted = {row.change: row for row in _reasons(version)}
    return [
        ChangeAssessment(
            change,
            [row for row in rows if change.key in row.covers and (row.kind == Kind.INTEREST) == change.is_interest],
            exempted.get(change.key),
        )
        for change in changes
    ]


def unassessed(version: PolicyVersion, on: date) -> list[AssessedChange]:
    """Return the changes that nobody has assessed and for which nobody has said why not."""
    return [one.change for one in of_version(version, on) if not one.is_settled]


def settled(version: PolicyVersion, on: date) -> list[dict[str, Any]]:
    """Return on what each change of a version rests: the words of its assessments, or the reason why it has none."""
    return [one.settled() for one in of_version(version, on)]


def stated_by(version: PolicyVersion, on: date) -> list[str]:
    """Return whose reasons stand where nobody assessed: of a change as it is now, and the newest of each subject.

    The second is what the database asks (migration 0016), which compares no texts.
    """
    approved = Assessment.objects.filter(version=version, state=Assessment.State.APPROVED)
    assessed = {key for covers in approved.values_list("covers", flat=True) for key in covers}
    newest = {subject_of(row.change): row for row in _reasons(version)}
    now = [one.exemption for one in of_version(version, on) if one.exemption and not one.approved]
    return sorted({row.recorded_by for row in [*newest.values(), *now] if row.change not in assessed})


def _reasons(version: PolicyVersion) -> QuerySet[AssessmentExemption]:
    """Return the reasons of a version, the newest last: by when they were recorded, which each change holds apart."""
    return AssessmentExemption.objects.filter(version=version).order_by("recorded_at", "id")


GATE = Gate(unassessed=unassessed, settled=settled, stated_by=stated_by)


def context(version: PolicyVersion, on: date) -> Mapping[str, Any]:
    """Return what the version's preview shows of assessments."""
    return {"version": version, "changes": of_version(version, on)}
