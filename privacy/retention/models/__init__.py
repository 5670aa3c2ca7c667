"""What is remembered of holds, destructions, the archive, and what proves them."""

from privacy.retention.models.archive import ArchiveAccess, ArchivedRecord
from privacy.retention.models.certificates import Certificate
from privacy.retention.models.clock_anomalies import ClockDoubt, LastClockReading
from privacy.retention.models.destruction_lists import DestructionLine, DestructionList, DestructionRun
from privacy.retention.models.finality import Rewrite
from privacy.retention.models.forecast import Forecast
from privacy.retention.models.holds import Hold
from privacy.retention.models.journal_cursors import ArchiveJournalCursor, JournalCursor, PersonalJournalCursor
from privacy.retention.models.paper_destruction import PaperDestruction
from privacy.retention.models.predictions import Prediction
from privacy.retention.models.reconciliation import Finding
from privacy.retention.models.register import RegisterEntry

__all__ = [
    "ArchiveAccess",
    "ArchiveJournalCursor",
    "ArchivedRecord",
    "Certificate",
    "ClockDoubt",
    "DestructionLine",
    "DestructionList",
    "DestructionRun",
    "Finding",
    "Forecast",
    "Hold",
    "JournalCursor",
    "LastClockReading",
    "PaperDestruction",
    "PersonalJournalCursor",
    "Prediction",
    "RegisterEntry",
    "Rewrite",
]
