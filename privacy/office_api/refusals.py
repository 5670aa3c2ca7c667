"""What this API refuses, in words fit to show."""

from privacy.lib.errors.refusals import Refusal


class Elsewhere(Refusal):
    """The call comes from where the console does not open either."""

    code = "elsewhere"


class UnknownCase(Refusal):
    """No request has this number."""

    code = "unknown-case"


class UnknownPerson(Refusal):
    """Nobody is known by this number or identifier."""

    code = "unknown-person"


class UnknownRegister(Refusal):
    """No register has this code."""

    code = "unknown-register"


class IncompleteQuestion(Refusal):
    """The question lacks what it is about."""

    code = "malformed"


class BadPeriod(Refusal):
    """A period ends before it begins, or is longer than what is answered at once."""

    code = "malformed"


class IncompleteWebhook(Refusal):
    """Something that a webhook must say is missing or wrong; the pointer names it."""

    code = "incomplete"


class WrongState(Refusal):
    """The act doesn't fit what the webhook or the delivery is at the moment."""

    code = "wrong-state"


class SamePerson(Refusal):
    """A second person is needed, and this is the first one again."""

    code = "same-person"
