"""What the verbs of incidents raise."""

from privacy.lib.errors.refusals import Refusal


class Contradiction(Refusal):
    """Days or facts that can't be."""

    code = "contradiction"


class Closed(Refusal):
    """The incident is closed; nothing more is written into it."""

    code = "closed"


class EmptyText(Refusal):
    """A complaint, its answer, a measure or a conclusion consists of words."""

    code = "nothing-written"


class Incomplete(Refusal):
    """Something the law wants said or done is missing; the message lists it."""

    code = "incomplete"


class NobodyFound(Refusal):
    """Nobody is known who could be told."""

    code = "nobody-found"


class MustBeReported(Refusal):
    """The law wants it reported: no reason stands against it but recovery (B-08)."""

    code = "must-be-reported"


class SamePerson(Refusal):
    """Another person has to do this."""

    code = "same-person"


class WrongState(Refusal):
    """Not in this state."""

    code = "wrong-state"


class ChangedProposal(Refusal):
    """What is closed is what the second person read."""

    code = "changed-proposal"
