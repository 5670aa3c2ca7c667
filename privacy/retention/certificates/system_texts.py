"""What certificates, pages and letters say of copies in other systems: who confirmed, and who did not, by name."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from privacy.lib.display.badges import date_text
from privacy.lib.display.reader_language import reader_language
from privacy.systems.models import SystemTask

type Statement = Mapping[str, Any]


def rows(said: Statement) -> list[tuple[str, str]]:
    """Return each system with what it confirmed, or that it has not confirmed."""
    return [(_name(system), _state(system)) for system in said.get("systems", ())]


def blocks(said: Statement) -> list[dict[str, Any]]:
    """Return the part of a certificate about other systems; nothing where no other system holds copies."""
    named = rows(said)
    if not named:
        return []
    return [
        {"kind": "heading", "text": _("Copies in other systems")},
        {"kind": "fields", "rows": [list(row) for row in named]},
        *(
            [{"kind": "text", "text": _("An addendum follows for each system that confirms later.")}]
            if any(_open(system) for system in said["systems"])
            else []
        ),
        *[
            {"kind": "digest", "label": f"SHA-256 · {system['code']}", "value": system["evidence"]}
            for system in said["systems"]
            if system["evidence"]
        ],
    ]


def _name(system: Mapping[str, Any]) -> str:
    names = system["names"]
    return str(names.get(reader_language()) or names["ko"])


def _open(system: Mapping[str, Any]) -> int:
    ended = {str(state) for state in SystemTask.ENDED}
    return sum(count for state, count in system["states"].items() if state not in ended)


def _state(system: Mapping[str, Any]) -> str:
    counts = dict(system["states"])
    told = []
    if _open(system):
        told.append(_("not confirmed yet: %(count)d") % {"count": _open(system)})
    if counts.get("contradicted"):
        told.append(_("of these, contradicted by the read-back: %(count)d") % {"count": counts["contradicted"]})
    words = {
        "confirmed": _("destruction confirmed: %(count)d"),
        "not-held": _("nothing held there: %(count)d"),
        "kept": _("kept there, with a reason: %(count)d"),
        "given-up": _("never confirmed, given up: %(count)d"),
    }
    told += [words[state] % {"count": counts[state]} for state in words if counts.get(state)]
    if system["backups_until"]:
        told.append(_("in its backups until %(day)s") % {"day": date_text(date.fromisoformat(system["backups_until"]))})
    return " · ".join(told)
