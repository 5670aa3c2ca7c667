"""What other apps know a coming version would do: each shows a part of its own on the version's preview page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from privacy.policies.models import PolicyVersion


@dataclass(frozen=True)
class PreviewPart:
    """A template, and what it shows of a version that isn't in force yet on a day; reads only."""

    template: str
    context: Callable[[PolicyVersion, date], Mapping[str, Any]]


_parts: list[PreviewPart] = []


def declare(part: PreviewPart) -> None:
    """Show a part on each preview, after those declared before; declaring it again changes nothing."""
    if part not in _parts:
        _parts.append(part)


def parts_of(version: PolicyVersion, on: date) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the template and context of each part for a version that isn't in force yet; else nothing."""
    is_coming = version.is_open or (
        version.is_public and version.effective_on is not None and version.effective_on > on
    )
    return [(part.template, part.context(version, on)) for part in _parts] if is_coming else []
