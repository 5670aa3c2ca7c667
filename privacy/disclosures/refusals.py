"""What the verbs of this app refuse, in words fit to show."""

from privacy.lib.errors.refusals import Refusal


class NoBasis(Refusal):
    """A disclosure needs a basis: a law with its statute and document, or a consent that covers it (P5.1)."""

    code = "no-basis"


class RecipientNotInPolicy(Refusal):
    """The privacy policy in force does not say that this recipient gets these items (V-01, P-06)."""

    code = "not-named"


class DocumentNotRead(Refusal):
    """Who approves has to have read the document by which an authority asks (P-09)."""

    code = "read-first"


class SamePerson(Refusal):
    """Who asked for a disclosure can't approve it (SEC-07)."""

    code = "same-person"


class WrongState(Refusal):
    """The disclosure or notice is past this step; the message says who took it, and when."""

    code = "wrong-state"


class ContentChanged(Refusal):
    """What stands there now is not what was approved (SEC-07)."""

    code = "changed"


class NothingToProvide(Refusal):
    """None of the items asked for is held."""

    code = "nothing-held"


class TerminalNumberNotAllowed(Refusal):
    """A terminal unique number goes to makers and carriers only, or on the officer's written ground (law P-07)."""

    code = "terminal-number"


class Retired(Refusal):
    """The third party is retired: nothing is provided to it any more."""

    code = "retired"


class Unreachable(Refusal):
    """The third party has no address for the channel its notices go by."""

    code = "unreachable"


class UnusableWebhook(Refusal):
    """The webhook is none that we deliver to: https, a port of the list, a public host."""

    code = "webhook"


class UnknownToken(Refusal):
    """The link is not valid, or no longer."""

    code = "unknown-link"


class OwnOffice(Refusal):
    """Who is signed in to the office says nothing in a recipient's name."""

    code = "own-office"


class WrongAnswer(Refusal):
    """A recipient's answer is not whole, or not what the portal asked for."""

    code = "wrong-answer"


class AskedAgain(Refusal):
    """The answer is to an earlier question: its key is used up."""

    code = "asked-again"


class NotSigned(Refusal):
    """The answer of a recipient's system is not signed rightly, or too old."""

    code = "not-signed"


class MissingEvidence(Refusal):
    """What is settled without a proof of the recipient takes a statement and a file."""

    code = "evidence-required"


class NotFiled(Refusal):
    """A report on provisions is recorded once it is filed, after its half-year."""

    code = "not-filed"


class MissingReason(Refusal):
    """A refusal or a resend states its reason."""

    code = "reason-required"
