"""What this app holds: the archive of what another law preserves. Everything else names people by id only."""

from privacy.retention import obstacles
from privacy.retention.models import ArchiveAccess, ArchivedRecord, DestructionLine, Hold
from privacy.subjects import holdings
from privacy.vault import keepers

# Whatever path destroys: the vault asks here before a key or a sealed file goes.
keepers.declare(obstacles.kept)

holdings.declare(
    ArchivedRecord,
    category="archive",
    subject="subject_id",
    clock="preservation-end",
    using="archive",
    items={"archived": "body"},
    duty="P6.4, law D-03: preserved for its own term, read for a legal duty only",
    ends_by_itself=True,
    recorded="archived_at",
)
holdings.declare_pseudonymous(
    DestructionLine, subject="subject_id", why="proof of what was destroyed, by id (law D-09)"
)
holdings.declare_pseudonymous(Hold, subject="subject_id", why="whose data is kept for litigation or an investigation")
holdings.declare_pseudonymous(ArchiveAccess, subject="subject_id", why="who read the archive, for which law")
