"""What intake refuses, with the codes of the API."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from privacy.lib.errors.refusals import Refusal


class Problem(NamedTuple):
    """One offending item: where (JSON pointer), which code, and a sentence without the value."""

    pointer: str
    code: str
    message: str


class Malformed(Refusal):
    """A request that can't be read as what it should be. ``problems`` names each offending item."""

    code = "malformed"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(self.problems[0].message, code=self.problems[0].code, pointer=self.problems[0].pointer)


class UnknownDevice(Refusal):
    """There is no such device, or it belongs to another gateway: the answer is the same."""

    code = "unknown-device"


class UnknownMessage(Refusal):
    """The device has no such message to show, and never had."""

    code = "unknown-message"


class FrozenItems(Refusal):
    """An item that is being corrected is not overwritten meanwhile (P1.5)."""

    code = "frozen"

    def __init__(self, items: Sequence[str], pointers: Sequence[str]) -> None:
        self.items = list(items)
        self.pointers = list(pointers)
        super().__init__(MESSAGES["frozen"], pointer=self.pointers[0] if self.pointers else None)


class Suspended(Refusal):
    """Processing is suspended on request (P1.7)."""

    code = "suspended"


class LicenceTaken(Refusal):
    """Two licences of one device have two keys."""

    code = "licence-taken"


class Withdrawn(Refusal):
    """The registration has ended."""

    code = "withdrawn"


class NoConsent(Refusal):
    """The agreement this needs was not given."""

    code = "no-consent"


class ContradictoryDates(Refusal):
    """Dates that can't be right."""

    code = "clock"


# One sentence for each code; none of them ever repeats a value that was sent.
MESSAGES = {
    "unknown-item": _("This item is not declared in the privacy policy, so it was not stored."),
    "sensitive-item": _("Sensitive and unique identification information is never accepted, so it was not stored."),
    "bad-identifier": _("This identifier is not valid."),
    "no-consent": _(
        "The consent that this requires has not been given. GET …/consents of the device lists what to ask about."
    ),
    "frozen": _("This information is being corrected. It can't be changed or used until the correction is complete."),
    "suspended": _("Processing of this information is suspended."),
    "withdrawn": _("The registration or the service has ended."),
    "destroyed": _("The data of this registration was destroyed; nothing new is stored for it."),
    "clock": _("This time is not plausible. Check the clock."),
    "too-large": _("This is larger than allowed."),
    "unknown-device": _("There is no such device."),
    "unknown-message": _("There is no such message for this device."),
    "unknown-kind": _("There is no such kind of report."),
    "malformed": _("This value is not in the expected format."),
}
