"""Who must not be destroyed: asked of the app above that knows the holds, before any key or sealed file goes.

The verbs of retention ask for themselves and pass such people over; this is the last lock, for every path there is
and every one that somebody adds (law D-03).
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from privacy.vault.refusals import UnderHold


class DestructionVeto(Protocol):
    """Returns whether data of these categories (``None``: any) of one of these people must be kept at a moment.

    Without people it answers whether everybody's must. Asked in a transaction, the answer holds until its end;
    ``locked`` makes it hold over several.
    """

    def __call__(
        self, subject_ids: Sequence[UUID] | None, categories: Collection[str] | None, *, at: datetime
    ) -> bool: ...

    def locked(self) -> AbstractContextManager[None]: ...


_vetoes: list[DestructionVeto] = []


def declare(veto: DestructionVeto) -> None:
    """Say who knows what must be kept."""
    if veto not in _vetoes:
        _vetoes.append(veto)


@contextmanager
def lock_vetoes() -> Iterator[None]:
    """Let nobody order meanwhile that something be kept: the question and what follows from it belong together."""
    with ExitStack() as stack:
        for veto in _vetoes:
            stack.enter_context(veto.locked())
        yield


def refuse_if_vetoed(subject_ids: Sequence[UUID] | None, categories: Collection[str] | None, *, at: datetime) -> None:
    """Raise UnderHold when somebody says that this data must be kept. Ask in the transaction that destroys."""
    if any(veto(subject_ids, categories, at=at) for veto in _vetoes):
        raise UnderHold
