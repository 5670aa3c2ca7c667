"""What goes to recipients through the outbox, and to which destination of it."""

from privacy.disclosures.models import Notice, ThirdParty
from privacy.jobs import outbox

# A notice, and what follows it: a reminder, or that an answer did not match.
DELIVERY, FOLLOW_UP = "disclosures.notice", "disclosures.proof"
AGAIN, REMINDER = "again", "reminder"


def way_of(notice: Notice) -> str:
    """Return how a recipient is told more about a notice: by letter where the notice went so, or the way of now."""
    letter = ThirdParty.Channel.LETTER
    return letter if notice.channel == letter else str(notice.third_party.channel)


def destination_of(party: ThirdParty) -> str:
    """Each recipient's machine is waited for alone: one that hangs holds up no other's notices."""
    return f"webhook:{party.reference}" if party.channel == ThirdParty.Channel.WEBHOOK else outbox.MAIL
