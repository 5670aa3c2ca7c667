"""The restore gate: a portal on a restored backup stays closed until its destructions are repeated (FLT-20, FLT-21).

The journal lies outside the databases; each database notes how far it follows. A database that is behind was restored
from a backup, unless the destruction of the missing lines is still going on.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from privacy.retention import journal
from privacy.retention.models import ArchiveJournalMark, DestructionList, JournalMark, PersonalJournalMark
from privacy.retention.refusals import GateClosed


@dataclass(frozen=True)
class Position:
    """How far the journal goes, and how far each database follows it."""

    journal: int
    general: int
    personal: int
    archive: int


def position() -> Position:
    """Return where the journal and the databases are."""
    marks = [model._default_manager.first() for model in (JournalMark, PersonalJournalMark, ArchiveJournalMark)]
    general, personal, archive = (mark.line if mark else 0 for mark in marks)
    return Position(journal.last(), general, personal, archive)


def behind() -> list[str]:
    """Return the databases that are behind the journal, or ``journal`` when it is itself lost; empty: all is well."""
    at = position()
    if at.journal < max(at.general, at.personal, at.archive):
        return ["journal"]
    if at.general < at.journal and not _under_way(at.general):
        return ["default"]
    if at.personal < at.general and not _rows_under_way():
        return ["personal"]
    return []


def _under_way(after: int) -> bool:
    """Whether the lines that the general database lacks belong to destructions that it knows have begun."""
    begun = set(
        DestructionList.objects.filter(
            state__in=(DestructionList.State.EXECUTING, DestructionList.State.RESIDUE)
        ).values_list("certificate_number", flat=True)
    )
    return all(line.voids or line.certificate in begun for line in journal.lines(after))


def _rows_under_way() -> bool:
    executing = DestructionList.objects.filter(
        state__in=(DestructionList.State.EXECUTING, DestructionList.State.RESIDUE)
    )
    return executing.exists()


def refuse_closed() -> None:
    """Raise GateClosed when a database or the journal is behind."""
    places = behind()
    if places:
        raise GateClosed(
            _("A backup was restored (%(places)s). Run manage.py replay_destructions before anything else.")
            % {"places": ", ".join(places)}
        )
