"""Whom an incident concerns, as the form of its page says it, and what is said about the list."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.incidents import actions as incidents
from privacy.incidents.models import AffectedPerson, Incident
from privacy.ledger.actors import Actor

# How many unknown lines of a list a message names, and how much of each.
NAMED, NAMED_SIGNS = 10, 60


def add(incident: Incident, given: dict[str, Any], *, actor: Actor, at: datetime) -> incidents.AddedPeople:
    """Add whom the form says, in the one way that was chosen."""
    who: dict[str, Any] = {"actor": actor, "at": at}
    if given["held"]:
        return incidents.add_from_holdings(incident, held=given["held"], **who)
    if given["account"]:
        # The field takes minutes: the one that is typed belongs to the period.
        period = {"start": given["start"], "end": given["end"] + timedelta(minutes=1)}
        return incidents.add_from_reads(incident, account=given["account"], **period, **who)
    if given["file"]:
        lines = _text(given["file"].read()).splitlines()
        return incidents.add_named(incident, lines=lines, source=AffectedPerson.Source.LIST, **who)
    return incidents.add_named(
        incident, lines=given["lines"].splitlines(), source=AffectedPerson.Source.REFERENCE, **who
    )


def _text(content: bytes) -> str:
    """Return the text of a list, as programs write one: UTF-8, or UTF-16 with its mark."""
    encoding = "utf-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
    # A file that is no text names nobody, and its lines are told.
    return content.decode(encoding, errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def added(people: int) -> str:
    """Say how many people were added."""
    if not people:
        return _("Nobody was added: everyone found is already listed.")
    return ngettext("%(count)d data subject was added.", "%(count)d data subjects were added.", people) % {
        "count": people
    }


def unknown(lines: Sequence[str]) -> str:
    """Say how many lines named nobody, and which the first ones are: a list of hundreds fits into no message."""
    said = ngettext(
        "%(count)d line matches no one in the portal, so nobody was added for it: %(lines)s",
        "%(count)d lines match no one in the portal, so nobody was added for them: %(lines)s",
        len(lines),
    ) % {"count": len(lines), "lines": ", ".join(map(_beginning, lines[:NAMED]))}
    return f"{said} …" if len(lines) > NAMED else said


def _beginning(line: str) -> str:
    return line if len(line) <= NAMED_SIGNS else f"{line[:NAMED_SIGNS]}…"


def unnamed(openings: int) -> str:
    """Say that the access records name nobody of some openings: whoever is missing is added another way."""
    return ngettext(
        "%(count)d opening involved so many people that the access records show only how many. Add those people by "
        "what is held about them.",
        "%(count)d openings involved so many people that the access records show only how many. Add those people by "
        "what is held about them.",
        openings,
    ) % {"count": openings}
