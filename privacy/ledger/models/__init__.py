"""What the audit trail remembers: the trail itself, scrubs of it, reviews of access records."""

from privacy.ledger.models.capture import Change, ChangeManager
from privacy.ledger.models.reviews import Finding, FindingQuerySet, Pairing, Review, ReviewQuerySet
from privacy.ledger.models.scrubs import Scrub, ScrubQuerySet
from privacy.ledger.models.trail import AccessRecord, Anchor, Checkpoint, Entry, EntryQuerySet, Incarnation, Leaf, Tree

__all__ = [
    "AccessRecord",
    "Anchor",
    "Change",
    "ChangeManager",
    "Checkpoint",
    "Entry",
    "EntryQuerySet",
    "Finding",
    "FindingQuerySet",
    "Incarnation",
    "Leaf",
    "Pairing",
    "Review",
    "ReviewQuerySet",
    "Scrub",
    "ScrubQuerySet",
    "Tree",
]
