"""Where a person stands with one agreement, as the consent pages list it (P3.6)."""

from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from consents.models import AgreementVersion, CurrentConsent
from privacy.lib.display.badges import state_badge


@dataclass(frozen=True)
class AgreementStatus:
    """One agreement as it is listed: its text in force and where the person stands."""

    version: AgreementVersion
    standing: CurrentConsent | None
    # The newest text of this agreement that asks everybody again.
    asking: int
    # Why the person can't agree to it any more.
    closed: str = ""
    # On what the policy in force rests it, where nobody is asked to consent.
    basis: str = ""

    @property
    def state(self) -> str:
        """The code of the badge."""
        if self.basis:
            return "closed"
        if self.standing is None:
            return "pending"
        if self.outdated:
            return "postponed"
        return {"agree": "agreed", "disagree": "disagreed", "withdraw": "withdrawn"}[self.standing.choice]

    @property
    def word(self) -> str:
        """What the badge says."""
        if self.basis:
            return _("no consent needed")
        if self.standing is None:
            return _("not decided")
        return _("the text has changed: please decide again") if self.outdated else self.standing.get_choice_display()

    @property
    def badge(self) -> SafeString:
        """Where the person stands, by word and shape."""
        return state_badge(self.state, self.word)

    @property
    def outdated(self) -> bool:
        """Whether the person agreed to an earlier text and must be asked again (law C-09)."""
        held = self.standing
        asks = not self.closed and not self.basis
        return bool(held and held.choice == "agree" and held.number < self.asking and asks)

    @property
    def may_agree(self) -> bool:
        return (
            not self.closed
            and not self.basis
            and (self.standing is None or self.standing.choice != "agree" or self.outdated)
        )

    @property
    def may_withdraw(self) -> bool:
        return self.standing is not None and self.standing.choice == "agree"

    @property
    def may_disagree(self) -> bool:
        return self.standing is None and not self.basis
