"""What other apps know a coming version would do: each shows a part of its own on the version's preview page."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise

from privacy.policies.models import PolicyVersion


@dataclass(frozen=True)
class PreviewPart:
    """A template, and what it shows of a version that isn't in force yet on a day; reads only."""

    template: str
    context: Callable[[PolicyVersion, date], Mapping[str, Any]]
    # What takes long is shown when it is asked for: by this name in the address, with these words for it.
    asked_by: str = ""
    ask: Promise | str = ""
    # Whether it is shown of a version in force, or one that was, too.
    of_public: bool = False


_parts: list[PreviewPart] = []


def declare(part: PreviewPart) -> None:
    """Show a part on each preview, after those declared before; declaring it again changes nothing."""
    if part not in _parts:
        _parts.append(part)


ASK_TEMPLATE = "policies/preview_ask.html"


def parts_of(version: PolicyVersion, on: date, *, asked: Collection[str] = ()) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the template and context of each part for a version: once it is in force only those ``of_public``.

    Of a part that has to be asked for, and isn't ``asked``, it is the link that asks.
    """
    is_coming = version.is_open or (
        version.is_public and version.effective_on is not None and version.effective_on > on
    )
    return [_shown(part, version, on, asked) for part in _parts if is_coming or (part.of_public and version.is_public)]


def _shown(
    part: PreviewPart, version: PolicyVersion, on: date, asked: Collection[str]
) -> tuple[str, Mapping[str, Any]]:
    if part.asked_by and part.asked_by not in asked:
        return ASK_TEMPLATE, {"ask": part.ask, "asked_by": part.asked_by}
    return part.template, part.context(version, on)
