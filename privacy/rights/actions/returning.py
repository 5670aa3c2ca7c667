"""What came back by e-mail: answers to people and notices to recipients wait for the officer again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.message import Message

from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import Notice
from privacy.ledger.actors import Actor
from privacy.rights.actions.answering import mark_letter_bounced
from privacy.rights.bounces import bounce_of
from privacy.rights.models import Letter


@dataclass
class Returned:
    """What was found in a mailbox: answers and notices that came back, and messages that tell nothing of ours."""

    letters: int = 0
    notices: int = 0
    other: int = 0


def note_bounces(messages: Iterable[Message], *, actor: Actor, at: datetime) -> Returned:
    """Note each final failure that names a message of ours. Reading the same message again changes nothing."""
    found = Returned()
    for message in messages:
        bounce = bounce_of(message)
        if bounce is None:
            found.other += 1
            continue
        why = f"bounced {bounce.status}"
        letter = Letter.objects.filter(message_id=bounce.message_id, state=Letter.State.SENT).first()
        notice = Notice.objects.filter(message_id=bounce.message_id, state=Notice.State.SENT).first()
        if letter is not None:
            mark_letter_bounced(letter, actor=actor, at=at, why=why)
            found.letters += 1
        elif notice is not None:
            disclosures.mark_bounced(notice, actor=actor, at=at, why=why)
            found.notices += 1
        else:
            found.other += 1
    return found
