"""What the vault refuses, in words fit to show."""

from collections.abc import Collection, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from privacy.lib.documents.upload_validation import REASONS
from privacy.lib.errors.refusals import Refusal, Unavailable, sentence


class PurposeNotDeclared(Refusal):
    """The rulebook in force does not declare this purpose for the category (P4.1)."""

    code = "purpose"

    def __init__(self, category: str, purpose: str) -> None:
        super().__init__(
            sentence(
                _("The privacy policy does not declare the purpose “%(purpose)s” for “%(category)s”."),
                purpose=purpose,
                category=category,
            )
        )


class ReasonRequired(Refusal):
    """Exports and unmasking state a reason (law S-02; ledger.md, Writing)."""

    code = "reason-required"

    def __init__(self) -> None:
        super().__init__(_("State the reason: data is exported or unmasked only for a stated reason."))


class Frozen(Refusal):
    """A correction or suspension is open for what was to be used (P1.5, P1.7; R-20, R-21)."""

    code = "frozen"

    def __init__(self, freezes: Sequence[Any]) -> None:
        self.freezes = list(freezes)
        if any(freeze.cause == "suspension" for freeze in freezes):
            message = _("Processing of this information is suspended (case %(case)s): it can't be used or provided.")
        else:
            message = _(
                "This information is being corrected (case %(case)s). It can't be used or provided until the "
                "correction is complete."
            )
        super().__init__(sentence(message, case=", ".join(sorted({freeze.case for freeze in freezes}))))


class Destroyed(Refusal):
    """The key was destroyed; what it sealed can't be read, and nothing new is sealed for it (P7.2).

    ``keys`` names them: ``("subject", (id, category))`` or ``("epoch", (category, month))``.
    """

    code = "destroyed"

    def __init__(self, keys: Collection[Any] = ()) -> None:
        self.keys = frozenset(keys)
        super().__init__(_("This information was destroyed. It can't be read, and nothing can be added to it."))


class WrongKey(Unavailable):
    """A ciphertext does not open with the keys at hand, or the key files are not this vault's. The portal stops."""

    code = "cannot-open"
    heading = _("Personal data is not available")
    passes_soon = False


class GenerationNotEverywhere(Refusal):
    """A host that is alive lacks the next generation of the master key: the turn waits until it was brought there."""

    code = "not-everywhere"


class InvalidCiphertext(WrongKey):
    """The bytes are no ciphertext of this vault, or were moved to another place, or altered."""

    def __init__(self) -> None:
        super().__init__(_("An encrypted value can't be opened: it was altered, or belongs to another record."))


class InvalidIdentifier(Refusal):
    """An identifier that can't be right: wrong length, wrong check digit, nothing left after trimming."""

    code = "bad-identifier"


class UnknownItem(Refusal):
    """The rulebook in force declares no such item, so a freeze of it would hold nothing."""

    code = "unknown-item"

    def __init__(self, category: str, item: str) -> None:
        super().__init__(
            sentence(
                _("“%(item)s” is not an item of “%(category)s”, so it can't be frozen."), item=item, category=category
            )
        )


class DecryptionSessionClosed(Refusal):
    """A door was used after it had been closed."""

    code = "door-closed"

    def __init__(self) -> None:
        super().__init__(_("Your access to this personal data has ended. Open it again and state the purpose."))


class NotScanned(Refusal):
    """This file was not examined and scanned yet, or there is no scanner to ask (P8.5, SEC-43)."""

    code = "not-scanned"

    def __init__(self) -> None:
        super().__init__(_("The file can't be opened until it has been checked for malware. Try again in a minute."))


class Quarantined(Refusal):
    """Malware was found in this file, or it is not a sound paper: it stays closed."""

    code = "quarantined"

    def __init__(self, finding: str) -> None:
        if finding in REASONS:
            message = sentence(_("The file can't be opened. Tell the sender: %(reason)s"), reason=REASONS[finding])
        else:
            message = sentence(
                _(
                    "Malware was found in the file (%(finding)s), so it can't be opened. "
                    "Ask the sender for another file."
                ),
                finding=finding,
            )
        super().__init__(message)


class FileTooLarge(Refusal):
    """A file beyond the limit."""

    code = "too-large"

    def __init__(self, limit: int) -> None:
        super().__init__(sentence(_("The file is larger than %(limit)d MB."), limit=limit // 2**20))


class UnderHold(Refusal):
    """A hold keeps this data: nothing destroys it while the hold stands."""

    code = "held"

    def __init__(self) -> None:
        super().__init__(_("This data is on hold. Nothing is destroyed until the hold is lifted."))
