"""What goes out when a button is confirmed: shown first, and what is confirmed is what was shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from privacy.lib.crypto import canonical_json


@dataclass(frozen=True)
class OutgoingText:
    """A letter or mail as it will be sent: by which way and to whom, its subject line, and its text."""

    way: str
    subject: str
    text: str
    language: str


def digest_of(texts: Sequence[OutgoingText]) -> str:
    """Return the digest of what is shown, which the page sends back with the confirmation."""
    return canonical_json.digest([[one.way, one.subject, one.text] for one in texts])
