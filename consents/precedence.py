"""Which of two decisions stands: one rule, for what stands now and for what stood then (decisions 0028, 0429)."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from consents.models import Decision
from consents.models.decisions import MAX_CLOCK_SKEW


def changes_nothing(made: Decision, *, standing: Decision, earlier: Iterable[Decision]) -> bool:
    """Whether the decision that stands was made after this one, so that this one takes no effect.

    ``earlier``: what was on record before it, of the same person about the same agreement.

    A gateway's two decisions were both dated by its devices. Any other date is ours, and on our clock nothing was
    decided after it was recorded: else a withdrawal here would come before an agreement of a device that runs ahead.
    A device may have been set right before a withdrawal, or run behind: one that comes in last and is dated shortly
    before is the person's last word, since it is as easily given as a consent (docs/decisions/0429).
    """
    if made.choice == Decision.Choice.WITHDRAW:
        return min(standing.decided_at, standing.recorded_at) > made.decided_at + MAX_CLOCK_SKEW
    late = _moment_of(standing, beside=made) > made.decided_at
    return late or _was_ended_before(made, standing=standing, earlier=earlier)


def _was_ended_before(made: Decision, *, standing: Decision, earlier: Iterable[Decision]) -> bool:
    """Whether an agreement comes before one that has already given way to what stands: that ended it as well.

    A withdrawal may be dated before the agreement that it ended, so its own date is not enough.
    """
    if made.choice != Decision.Choice.AGREE or standing.choice == Decision.Choice.AGREE:
        return False
    beaten = (one for one in earlier if one.pk not in {made.pk, standing.pk})
    return any(_moment_of(one, beside=made) >= made.decided_at for one in beaten)


def stood_at(history: Iterable[Decision], at: datetime) -> Decision | None:
    """Return which decision of one person about one agreement stood at a moment, as they were dated.

    ``history``: all of them, in the order of recording. Nobody decides after it is on record, and what is no consent
    counts from then. An agreement that took no effect when it came in stood at no moment.
    """
    told = [made for made, standing in _replayed(history) if made is standing or made.choice != Decision.Choice.AGREE]
    made_by_then = (
        one
        for one in told
        if min(one.decided_at, one.recorded_at) <= at and (one.decided_at <= at or one.choice != Decision.Choice.AGREE)
    )
    stood = [standing for _made, standing in _replayed(made_by_then)]
    return stood[-1] if stood else None


def _replayed(history: Iterable[Decision]) -> Iterator[tuple[Decision, Decision]]:
    """Yield each decision, and what stood once it was on record: itself, if it took effect."""
    earlier: list[Decision] = []
    standing: Decision | None = None
    for made in history:
        if standing is None or not changes_nothing(made, standing=standing, earlier=earlier):
            standing = made
        yield made, standing
        earlier.append(made)


def _moment_of(said: Decision, *, beside: Decision) -> datetime:
    if said.actor_kind == beside.actor_kind == "gateway":
        return said.decided_at
    return min(said.decided_at, said.recorded_at)
