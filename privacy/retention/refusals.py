"""What this app's verbs refuse, each in words fit to show."""

from django.utils.translation import gettext as _

from privacy.lib.errors.refusals import Refusal, Unavailable


class OnHold(Refusal):
    """Litigation or an investigation holds the data; nothing is destroyed while it stands."""

    code = "held"


class HoldAlreadyLifted(Refusal):
    """The hold was lifted before."""

    code = "hold-ended"


class AlreadyDecided(Refusal):
    """The list was decided, carried out or aborted before."""

    code = "not-open"


class SamePerson(Refusal):
    """A second person is needed, and this is the first one again."""

    code = "same-person"


class WaitingPeriodNotOver(Refusal):
    """The waiting time to abort is not over."""

    code = "too-early"


class PlanAltered(Refusal):
    """The list is no longer what was approved."""

    code = "plan-altered"


class NotDue(Refusal):
    """The rule does not let go what a list of the rule names."""

    code = "not-due"


class ClockNotTrusted(Refusal):
    """The clock jumped, and no officer has confirmed it."""

    code = "clock"


class JournalUnavailable(Unavailable):
    """The journal of destructions does not answer: nothing is destroyed, and a restored backup is not found out."""

    code = "journal"

    def __init__(self) -> None:
        super().__init__(_("The journal of destructions does not answer. Nothing is destroyed until it does."))


class AlreadyRunning(Refusal):
    """Another process is destroying; there is one runner at a time."""

    code = "another-runner"


class ResidualData(Refusal):
    """The read-back found something that should be gone."""

    code = "residue"


class SecondPersonRequired(Refusal):
    """The archive opens for a duty under law and two people only."""

    code = "two-people"


class BadMethod(Refusal):
    """The method doesn't destroy this medium, or the witness is the one who did it."""

    code = "bad-method"


class GateClosed(Refusal):
    """A backup was restored and its destructions have not been repeated."""

    code = "restored"
