"""Who must not be destroyed: asked of the app above that knows the holds, before any key or sealed file goes.

The verbs of retention ask for themselves and pass such people over; this is the last lock, for every path there is
and every one that somebody adds (law D-03).
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from privacy.vault.refusals import Kept


class Keeper(Protocol):
    """Returns whether data of these categories (``None``: any) of one of these people must be kept at a moment.

    Without people it answers whether everybody's must.
    """

    def __call__(
        self, subject_ids: Sequence[UUID] | None, categories: Collection[str] | None, *, at: datetime
    ) -> bool: ...


_keepers: list[Keeper] = []


def declare(keeper: Keeper) -> None:
    """Say who knows what must be kept."""
    if keeper not in _keepers:
        _keepers.append(keeper)


def refuse_kept(subject_ids: Sequence[UUID] | None, categories: Collection[str] | None, *, at: datetime) -> None:
    """Raise Kept when somebody says that this data must be kept."""
    if any(keeper(subject_ids, categories, at=at) for keeper in _keepers):
        raise Kept
