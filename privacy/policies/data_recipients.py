"""Registers kept elsewhere that the policy must name: who receives data, processes it for the company, has it abroad.

What the app may access on a handset is told in the same way (C-11).

The apps that keep them stand above this one, so they add themselves here at start-up (V-01, V-08, P-14, P-15).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

RecipientKind = Literal["recipients", "processors", "transfers", "app-permissions"]
RECIPIENT_KINDS: tuple[RecipientKind, ...] = ("recipients", "processors", "transfers", "app-permissions")


@dataclass(frozen=True, slots=True)
class DataRecipient:
    """One recipient, processor or recipient abroad, in both languages, as the policy has to name it."""

    code: str
    name_ko: str
    name_en: str
    purpose_ko: str
    purpose_en: str
    items: tuple[str, ...] = ()
    until_ko: str = ""
    until_en: str = ""

    def row(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "name": {"ko": self.name_ko, "en": self.name_en},
            "purpose": {"ko": self.purpose_ko, "en": self.purpose_en},
            "items": list(self.items),
            "until": {"ko": self.until_ko, "en": self.until_en},
        }


Source = Callable[[date], Sequence[DataRecipient]]

_sources: dict[RecipientKind, list[Source]] = {name: [] for name in RECIPIENT_KINDS}


def add_source(name: RecipientKind, source: Source) -> None:
    """Ask ``source`` for the parties of a register from now on; adding the same one again changes nothing."""
    if source not in _sources[name]:
        _sources[name].append(source)


def remove_source(name: RecipientKind, source: Source) -> None:
    """Stop asking ``source``."""
    _sources[name].remove(source)


def recipients_of_kind(name: RecipientKind, on: date) -> list[DataRecipient]:
    """Return the parties that a register names on a day, in the order of their codes."""
    return sorted((party for source in _sources[name] for party in source(on)), key=lambda party: party.code)
