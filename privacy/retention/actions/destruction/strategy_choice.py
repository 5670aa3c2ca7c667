"""Which strategy destroys what is on a list, and which destroys again what a line of the journal says."""

from datetime import datetime

from privacy.ledger.actors import Actor
from privacy.policies.categories import ARCHIVE
from privacy.retention.actions.destruction.archive_strategy import ArchiveStrategy
from privacy.retention.actions.destruction.month_strategy import MonthStrategy
from privacy.retention.actions.destruction.strategy import DestructionStrategy
from privacy.retention.actions.destruction.subject_strategy import SubjectStrategy
from privacy.retention.destruction.journal import JournalLine
from privacy.retention.models import DestructionList

STRATEGIES: dict[str, type[DestructionStrategy]] = {
    DestructionList.Unit.PEOPLE: SubjectStrategy,
    DestructionList.Unit.MONTH: MonthStrategy,
    DestructionList.Unit.ARCHIVE: ArchiveStrategy,
}


def for_list(destruction_list: DestructionList, *, actor: Actor, at: datetime) -> DestructionStrategy:
    """Return how the list's kind is destroyed."""
    return STRATEGIES[destruction_list.unit](destruction_list, actor=actor, at=at)


def for_line(line: JournalLine) -> type[DestructionStrategy]:
    """Return how a line is destroyed again: it has no list, and tells its kind by what it names."""
    if line.category == ARCHIVE:
        return ArchiveStrategy
    return SubjectStrategy if line.month is None else MonthStrategy
