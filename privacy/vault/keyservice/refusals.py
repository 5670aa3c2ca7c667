"""Why the key service gives nothing: answered with 503, for nothing that was typed is wrong."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy.lib.errors.refusals import Unavailable


class KeysRefused(Unavailable):
    """No committed access record names what was asked for, or the tables do not agree with it."""

    code = "keys-refused"
    heading = gettext_lazy("Personal data is not available")
    passes_soon = False


class StillChecking(KeysRefused):
    """What was asked takes longer than one answer may: it is looked at further with each question, so ask again."""

    code = "still-checking"
    passes_soon = True

    def __init__(self, message: Any = "") -> None:
        super().__init__(message or _("The keys are still being checked."))


class CeilingReached(Unavailable):
    """More people a minute were to be read, or more identifiers to be looked up, than the ceiling lets through."""

    code = "ceiling-reached"
    heading = gettext_lazy("Too much at once")
    retry_after = 60
    passes_soon = False

    def __init__(self, message: Any = "") -> None:
        super().__init__(
            message
            or _(
                "An attempt was made to read more data within a minute than is allowed. Wait a minute, then try again."
            )
        )


class TrailUnsigned(Unavailable):
    """What is put on record is not being signed, so nothing is opened until it is."""

    code = "trail-unsigned"
    heading = gettext_lazy("Personal data is not available")
    passes_soon = False


class KeyServiceUnavailable(Unavailable):
    """The key service does not answer, so no personal data is shown or taken in. Answered with 503."""

    code = "key-service-unavailable"
    heading = gettext_lazy("Personal data is not available")

    def __init__(self, message: Any = "") -> None:
        super().__init__(message or _("Personal data can't be opened at the moment. Try again shortly."))


class SignaturesUnavailable(KeyServiceUnavailable):
    """The key service, which signs documents and says by which key, does not answer."""

    heading = gettext_lazy("Signatures are not available")

    def __init__(self, message: Any = "") -> None:
        super().__init__(message or _("Documents can't be signed or checked at the moment. Try again shortly."))
