"""What the safeguards refuse, each with what to do instead."""

from privacy.lib.errors.refusals import Refusal


class WrongState(Refusal):
    """The record is past the point where this can be done."""

    code = "wrong-state"


class Incomplete(Refusal):
    """Something that must be said is not said yet."""

    code = "incomplete"


class SamePerson(Refusal):
    """Another person has to do this."""

    code = "own-work"


class NoPermit(Refusal):
    """The person may not enter this area."""

    code = "no-permit"


class UnknownAccount(Refusal):
    """There is no active account with this reference."""

    code = "unknown-person"


class DuplicateCode(Refusal):
    """The code is in use."""

    code = "taken"
