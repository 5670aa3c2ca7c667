"""What the audit trail remembers: the trail itself, scrubs of it, reviews of access records."""

from privacy.ledger.models.entries import (
    AccessRecord,
    Anchor,
    Checkpoint,
    Entry,
    EntryPeople,
    EntryQuerySet,
    Leaf,
    RecoveryEpoch,
    Tree,
    names_one_of,
)
from privacy.ledger.models.field_changes import FieldChange, FieldChangeManager
from privacy.ledger.models.reviews import (
    Finding,
    FindingQuerySet,
    FindingQuestion,
    FindingQuestionQuerySet,
    ReconciliationState,
    Review,
    ReviewQuerySet,
)
from privacy.ledger.models.scrubs import Scrub, ScrubQuerySet

__all__ = [
    "AccessRecord",
    "Anchor",
    "Checkpoint",
    "Entry",
    "EntryPeople",
    "EntryQuerySet",
    "FieldChange",
    "FieldChangeManager",
    "Finding",
    "FindingQuerySet",
    "FindingQuestion",
    "FindingQuestionQuerySet",
    "Leaf",
    "ReconciliationState",
    "RecoveryEpoch",
    "Review",
    "ReviewQuerySet",
    "Scrub",
    "ScrubQuerySet",
    "Tree",
    "names_one_of",
]
