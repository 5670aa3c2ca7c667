"""What this app holds: the archive of what another law preserves. Everything else names people by id only."""

from django.utils.translation import gettext_lazy as _

from privacy.retention import actions as retention
from privacy.retention import obstacles
from privacy.retention.actions.evidence import CATEGORY
from privacy.retention.models import ArchiveAccess, ArchivedRecord, DestructionLine, Hold
from privacy.subjects import holdings
from privacy.vault import keepers
from privacy.vault.models import SealedFile

# Whatever path destroys: the vault asks here before a key or a sealed file goes.
keepers.declare(obstacles.kept)

holdings.declare(
    ArchivedRecord,
    category="archive",
    subject="subject_id",
    clock="preservation-end",
    using="archive",
    items={"archived": "body"},
    duty=_("P6.4, law D-03: preserved for its own term, read for a legal duty only"),
    ends_by_itself=True,
    recorded="archived_at",
)
holdings.declare(
    SealedFile,
    category=CATEGORY,
    subject="subject_id",
    clock="destroyed_on",
    using="personal",
    items={},
    destroy=retention.destroy_evidence,
    due=retention.evidence_due,
    scope={"category": CATEGORY},
    duty=_("evidence of destructions on paper (law D-06, D-09)"),
)
holdings.declare_pseudonymous(
    DestructionLine, subject="subject_id", why="proof of what was destroyed, by id (law D-09)"
)
holdings.declare_pseudonymous(Hold, subject="subject_id", why="whose data is kept for litigation or an investigation")
holdings.declare_pseudonymous(ArchiveAccess, subject="subject_id", why="who read the archive, for which law")
