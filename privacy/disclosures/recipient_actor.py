"""Who acts behind a recipient's link or webhook key."""

from dataclasses import dataclass
from datetime import date

from privacy.disclosures.models import Notice
from privacy.vault.purposes import Purpose


@dataclass(frozen=True)
class Recipient:
    """It may see what was corrected in its own notice and answer it, nothing else."""

    notice: Notice

    @property
    def kind(self) -> str:
        return "recipient"

    @property
    def ref(self) -> str:
        return self.notice.third_party.reference

    def may(self, permission: str) -> bool:
        return False

    def may_open(self, category: str, purpose: str, on: date) -> bool:
        return category == self.notice.category and purpose == Purpose.DISCLOSURE
