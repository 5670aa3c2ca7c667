"""How far a notice is: how many people it has told, and what became of the others."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from typing import Self


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign is, by what became of its people."""

    waiting: int
    sent: int
    parked: int
    without_address: int
    told: int
    ended: int
    refused: int
    stopped: int

    @classmethod
    def of(cls, numbers: Mapping[str, int]) -> Self:
        """Return how far it is by how many people there are in each state of a delivery."""
        return cls(**{field.name: numbers.get(field.name.replace("_", "-"), 0) for field in fields(cls)})

    @property
    def total(self) -> int:
        return sum(astuple(self))

    @property
    def settled(self) -> int:
        return self.sent + self.told

    @property
    def over(self) -> int:
        """Whom nothing more is done for: told, nothing is held of them any more, they refused it, or it was stopped."""
        return self.settled + self.ended + self.refused + self.stopped

    @property
    def percent(self) -> int:
        return 100 * self.over // self.total if self.total else 100
