"""What is remembered of holds, destructions, the archive, and what proves them."""

from privacy.retention.models.archive import ArchiveAccess, ArchivedRecord
from privacy.retention.models.holds import Hold
from privacy.retention.models.marks import ArchiveJournalMark, JournalMark, PersonalJournalMark
from privacy.retention.models.proofs import Certificate, PaperDestruction, RegisterEntry
from privacy.retention.models.runs import DestructionLine, DestructionList, DestructionRun
from privacy.retention.models.watch import ClockDoubt, ClockMark, Finding, Forecast, Rewrite

__all__ = [
    "ArchiveAccess",
    "ArchiveJournalMark",
    "ArchivedRecord",
    "Certificate",
    "ClockDoubt",
    "ClockMark",
    "DestructionLine",
    "DestructionList",
    "DestructionRun",
    "Finding",
    "Forecast",
    "Hold",
    "JournalMark",
    "PaperDestruction",
    "PersonalJournalMark",
    "RegisterEntry",
    "Rewrite",
]
