"""Who may act: anything that can name itself without naming a person, and say what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol, runtime_checkable


@runtime_checkable
class Actor(Protocol):
    """A user, a gateway's token, a job, a command, a person at a public page."""

    @property
    def kind(self) -> str:
        """One of user, gateway, system, subject, recipient, visitor, anonymous."""
        ...

    @property
    def ref(self) -> str:
        """A pseudonymous reference: ``U-…``, ``G-…``, ``system:sweep``, a case number."""
        ...

    def may(self, permission: str) -> bool:
        """Whether the actor holds ``app.codename``."""
        ...

    def may_open(self, category: str, purpose: str, on: date) -> bool:
        """Whether the actor may see a category's plaintext for a purpose on that day (P8.8)."""
        ...


@dataclass(frozen=True, slots=True)
class SystemActor:
    """The portal itself: a job or a command, named so that its acts can be told apart."""

    name: str

    @property
    def kind(self) -> str:
        return "system"

    @property
    def ref(self) -> str:
        return f"system:{self.name}"

    def may(self, permission: str) -> bool:
        return True

    def may_open(self, category: str, purpose: str, on: date) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class ExternalActor:
    """Somebody without an account: a data subject at a public page, a recipient behind a link."""

    kind: str
    ref: str

    def may(self, permission: str) -> bool:
        return False

    def may_open(self, category: str, purpose: str, on: date) -> bool:
        return False
