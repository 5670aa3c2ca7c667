"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from privacy.ledger import protected_tables
from privacy.retention.models import (
    ArchiveAccess,
    ArchivedRecord,
    ArchiveJournalCursor,
    Certificate,
    ClockDoubt,
    DestructionLine,
    DestructionList,
    DestructionRun,
    Finding,
    Forecast,
    Hold,
    JournalCursor,
    LastClockReading,
    PaperDestruction,
    PersonalJournalCursor,
    Prediction,
    RegisterEntry,
    Rewrite,
)

protected_tables.declare(
    DestructionRun, DestructionList, DestructionLine, Certificate, RegisterEntry, PaperDestruction, Hold, ArchiveAccess,
    Finding, ClockDoubt, Rewrite, Prediction,
)  # fmt: skip

protected_tables.exempt(
    ArchivedRecord,
    because="moved in bulk, read back, and sealed for its row: a digest of each would triple the time of the move",
)

protected_tables.exempt(Forecast, because="counted anew each day")
protected_tables.exempt(
    JournalCursor, PersonalJournalCursor, ArchiveJournalCursor,
    because="how far the journal was read; the journal is a file of its own",
)  # fmt: skip
protected_tables.exempt(LastClockReading, because="the last look at the clock; a doubt about it is kept as one")
