"""What the verbs of a rights request refuse, in words fit to show."""

from privacy.lib.errors.refusals import Refusal


class NothingAsked(Refusal):
    """A request asks for at least one right."""

    code = "nothing-asked"


class DateInFuture(Refusal):
    """A day that has not come can't be one on which something happened."""

    code = "not-yet"


class NoSuchItem(Refusal):
    """The item is not one that can be corrected."""

    code = "unknown-item"


class NoSuchCase(Refusal):
    """No case has this number."""

    code = "no-case"


class WrongState(Refusal):
    """The case is not at this step."""

    code = "wrong-state"


class NotVerified(Refusal):
    """Nothing is disclosed or carried out before the identity is verified (law R-06)."""

    code = "not-verified"


class NotDuplicate(Refusal):
    """Two requests ask for different things, or for different people: both are answered."""

    code = "not-the-same"


class SeveralDevices(Refusal):
    """Different devices have the number that was claimed; the handler names the one that is meant."""

    code = "several-devices"


class MissingAuthority(Refusal):
    """A representative proves authority (law R-26, R-27)."""

    code = "no-authority"


class UnseenDocuments(Refusal):
    """An identity by documents rests on documents that are attached and that the verifier has opened."""

    code = "documents-unseen"


class NotConfirmed(Refusal):
    """The device has not confirmed that the requester holds it."""

    code = "not-confirmed"


class AlreadyDecided(Refusal):
    """Somebody else has decided this right; the message says who and when (SEC-08)."""

    code = "already-decided"


class NoGround(Refusal):
    """A refusal needs a ground that this kind of right has, and its law (P1.4; law R-12, R-15, R-22)."""

    code = "no-ground"


class NoPostage(Refusal):
    """Postage is of what goes by post because the person asked for it (PIPA 38(3); law R-28)."""

    code = "no-postage"


class NotPostponable(Refusal):
    """Only access can be put off, only within the first ten days, and only with a reason (law R-09)."""

    code = "not-postponable"


class ContentChanged(Refusal):
    """What stands there now is not what was approved (SEC-07)."""

    code = "changed"


class SamePerson(Refusal):
    """This step needs somebody else: who took an earlier step of the case may not take this one (law R-29)."""

    code = "same-person"


class NotObjectable(Refusal):
    """There is nothing to object to: the right was not refused, or an objection is open already."""

    code = "not-objectable"


class PackageGone(Refusal):
    """The package was downloaded, has expired, or the second proof is wrong."""

    code = "package-gone"


class PackageOutdated(PackageGone):
    """What the package tells is no longer so; it is being made anew."""

    code = "package-outdated"


class MissingReason(Refusal):
    """An export states its reason."""

    code = "reason-required"


class InProgress(Refusal):
    """What was granted is being carried out by the worker; nothing is wrong."""

    code = "under-way"


class ParticularsGone(Refusal):
    """What the requester wrote is not here: it never arrived, or its own term is over."""

    code = "words-gone"
