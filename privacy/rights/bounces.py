"""Reading messages that say that an e-mail of ours came back (RFC 3464, RFC 6522); only reads.

What came back is told by our own Message-ID, which stands in the returned part, in ``References`` or in
``In-Reply-To``. A message that a person wrote is none: it has no report of a final failure.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

MESSAGE_ID = re.compile(r"<[^<>\s]+@[^<>\s]+>")
# A status of class 5 is final; class 4 is a delay, which the mail server goes on with (RFC 3463).
PERMANENT_FAILURE = re.compile(r"5\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True)
class Bounce:
    """One e-mail that finally came back."""

    message_id: str
    status: str


def parse_bounce(message: Message) -> Bounce | None:
    """Return what a message says came back, or None where it is no report of a final failure."""
    status = _final_status(message)
    if status is None:
        return None
    returned = next(_returned_ids(message), None)
    return Bounce(returned, status) if returned else None


def _final_status(message: Message) -> str | None:
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            for fields in part.walk():
                found = PERMANENT_FAILURE.search(str(fields.get("Status", "")))
                if found and str(fields.get("Action", "failed")).strip().lower() == "failed":
                    return found[0]
    return None


def _returned_ids(message: Message) -> Iterator[str]:
    for part in message.walk():
        if part.get_content_type() in {"message/rfc822", "text/rfc822-headers"}:
            if part.is_multipart():
                yield from _ids(str(part.get_payload(0).get("Message-ID", "")))  # type: ignore[union-attr]
            else:
                headers = str(part.get_payload())
                found = re.search(r"^message-id:(.*)$", headers, re.IGNORECASE | re.MULTILINE)
                yield from _ids(found[1] if found else "")
    for header in ("References", "In-Reply-To"):
        yield from _ids(str(message.get(header, "")))


def _ids(text: str) -> Iterator[str]:
    yield from MESSAGE_ID.findall(text)
