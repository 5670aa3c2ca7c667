"""What the verbs about connected systems refuse, each in words fit to show."""

from privacy.lib.errors.refusals import Refusal


class Incomplete(Refusal):
    """Something that a record must say is missing or wrong; the pointer names it."""

    code = "incomplete"


class WrongState(Refusal):
    """The act doesn't fit what the system or the task is at the moment."""

    code = "wrong-state"


class SamePerson(Refusal):
    """A second person is needed, and this is the first one again."""

    code = "same-person"
