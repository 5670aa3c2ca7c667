"""What the verbs of a rights request refuse, in words fit to show."""

from privacy.lib.refusals import Refusal


class NothingAsked(Refusal):
    """A request asks for at least one right."""

    code = "nothing-asked"


class NoSuchItem(Refusal):
    """The item is not one that can be corrected."""

    code = "unknown-item"


class WrongState(Refusal):
    """The case is not at this step."""

    code = "wrong-state"


class NotVerified(Refusal):
    """Nothing is disclosed or carried out before the identity is verified (law R-06)."""

    code = "not-verified"


class MissingAuthority(Refusal):
    """A representative proves authority (law R-26, R-27)."""

    code = "no-authority"


class NotConfirmed(Refusal):
    """The device has not confirmed that the requester holds it."""

    code = "not-confirmed"


class AlreadyDecided(Refusal):
    """Somebody else has decided this right; the message says who and when (SEC-08)."""

    code = "already-decided"


class NoGround(Refusal):
    """A refusal needs a ground that this kind of right has, and its law (P1.4; law R-12, R-15, R-22)."""

    code = "no-ground"


class NotPostponable(Refusal):
    """Only access can be put off, only within the first ten days, and only with a reason (law R-09)."""

    code = "not-postponable"


class Changed(Refusal):
    """What stands there now is not what was approved (SEC-07)."""

    code = "changed"


class SameReviewer(Refusal):
    """An objection is decided by another person than the one who decided the right (law R-29)."""

    code = "same-person"


class NotObjectable(Refusal):
    """There is nothing to object to: the right was not refused, or an objection is open already."""

    code = "not-objectable"


class PackageGone(Refusal):
    """The package was downloaded, has expired, or the second proof is wrong."""

    code = "package-gone"


class MissingReason(Refusal):
    """An export states its reason."""

    code = "reason-required"


class UnderWay(Refusal):
    """What was granted is being carried out by the worker; nothing is wrong."""

    code = "under-way"


class WordsGone(Refusal):
    """What the requester wrote is not here: it never arrived, or its own term is over."""

    code = "words-gone"
