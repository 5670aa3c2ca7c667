"""The restore gate: a portal on a restored backup stays closed until its destructions are repeated (FLT-20, FLT-21).

The journal lies outside the databases; each database notes how far it follows. A database that is behind was restored
from a backup, unless the destruction of the missing lines is still going on.
"""

import logging
from dataclasses import dataclass
from typing import Any

from django.db import InterfaceError, OperationalError, connections
from django.db.models import Model
from django.utils.translation import gettext as _

from privacy.retention.destruction import journal
from privacy.retention.models import ArchiveJournalCursor, DestructionList, JournalCursor, PersonalJournalCursor
from privacy.retention.refusals import GateClosed

log = logging.getLogger("portal.retention")


@dataclass(frozen=True)
class JournalPositions:
    """How far the journal goes, and how far each database follows it."""

    journal: int
    general: int
    personal: int
    archive: int


def journal_positions(*, of_all: bool = False) -> JournalPositions:
    """Return where the journal and the databases are.

    An archive that is away is taken for current, because whoever serves needs nothing of it. Whoever notes there that
    it follows asks ``of_all``, and gets its OperationalError.
    """
    general, personal = _position(JournalCursor), _position(PersonalJournalCursor)
    # The intake process has no credentials for the archive, and takes nothing from there that could be too old.
    archive = _archive_position(general, of_all=of_all) if "archive" in connections.settings else general
    return JournalPositions(journal.last_number(), general, personal, archive)


def _archive_position(otherwise: int, *, of_all: bool) -> int:
    """Return how far the archive follows; one that is away is not asked, and keeps nobody from asking the others."""
    try:
        return _position(ArchiveJournalCursor)
    except (OperationalError, InterfaceError):
        if of_all:
            raise
        log.error("the archive does not answer: nothing is moved into it until it does")
        return otherwise


def _position(model: type[Model]) -> int:
    mark: Any = model._default_manager.first()
    return mark.line if mark else 0


def databases_behind(*, of_all: bool = False) -> list[str]:
    """Return the databases that are behind the journal, or ``journal`` when it is itself lost; empty: all is well."""
    # Asked before and after the marks: a destruction that ends meanwhile is not taken for a restored backup.
    begun = _certificates_in_progress()
    at = journal_positions(of_all=of_all)
    if at.journal < max(at.general, at.personal, at.archive):
        return ["journal"]
    try:
        if at.general < at.journal and not _are_in_progress(at.general, begun):
            return ["default"]
        return [
            name
            for name, followed in (("personal", at.personal), ("archive", at.archive))
            if followed < at.general and not _are_in_progress(followed, begun)
        ]
    except (ValueError, KeyError, TypeError):
        return ["journal"]  # a line that nobody can read


def _certificates_in_progress() -> set[str]:
    begun = DestructionList.objects.filter(state__in=(DestructionList.State.EXECUTING, DestructionList.State.RESIDUE))
    return set(begun.values_list("certificate_number", flat=True))


def _are_in_progress(after: int, begun: set[str]) -> bool:
    """Whether the lines after this one belong to destructions that have begun and are not done, or are void."""
    destroyed = journal.certificates(after)
    return set(destroyed) <= begun | _certificates_in_progress()


def refuse_closed(*, of_all: bool = False) -> None:
    """Raise GateClosed when a database or the journal is behind."""
    places = databases_behind(of_all=of_all)
    if places == ["journal"]:
        raise GateClosed(
            _(
                "The journal of destructions is older than the databases, or a line of it can't be read. Restore it "
                "from its own storage before anything else."
            )
        )
    if places:
        raise GateClosed(
            _("A backup was restored (%(places)s). Run manage.py replay_destructions before anything else.")
            % {"places": ", ".join(places)}
        )
