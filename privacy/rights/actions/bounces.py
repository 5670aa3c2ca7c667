"""What came back by e-mail told nobody: answers, notices to recipients and to people wait for the officer again."""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from uuid import UUID

from django.db import DatabaseError

from consents import actions as consents
from consents.models import AdvertisingNotice
from privacy.campaigns import actions as campaigns
from privacy.campaigns.models import Delivery
from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import Notice
from privacy.incidents import actions as incidents
from privacy.incidents.models import Complaint
from privacy.ledger.actors import Actor
from privacy.rights.actions.letters import mark_letter_bounced
from privacy.rights.actions.messages import mark_untold
from privacy.rights.bounces import parse_bounce
from privacy.rights.models import CaseMessage, Letter

log = logging.getLogger("portal.rights")

# Of these there may be a million: the Message-ID says which one it is, as ``message_key`` of their apps made it.
TO_A_PERSON = re.compile(
    r"<(campaign|advertising|complaint|message)-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:-\d+)?@"
)


@dataclass
class BounceCounts:
    """What was found in a mailbox: answers and notices that came back, and messages that tell nothing of ours."""

    letters: int = 0
    notices: int = 0
    other: int = 0


def record_bounces(messages: Iterable[Message], *, actor: Actor, at: datetime) -> BounceCounts:
    """Note each final failure that names a message of ours. Reading the same message again changes nothing."""
    found = BounceCounts()
    for message in messages:
        try:
            _note(message, found, actor=actor, at=at)
        except DatabaseError:
            raise
        except Exception:
            # Anybody can write to this mailbox: a message that breaks its reader keeps no other from being read.
            log.exception("a message of the mailbox can't be read")
            found.other += 1
    return found


def _note(message: Message, found: BounceCounts, *, actor: Actor, at: datetime) -> None:
    bounce = parse_bounce(message)
    if bounce is None:
        found.other += 1
        return
    why = f"bounced {bounce.status}"
    letter = Letter.objects.filter(message_id=bounce.message_id, state=Letter.State.SENT).first()
    notice = disclosures.notice_of_message(bounce.message_id)
    if letter is not None:
        mark_letter_bounced(letter, actor=actor, at=at, why=why)
        found.letters += 1
    elif notice is not None:
        _notice_came_back(notice, bounce.message_id, why, actor=actor, at=at)
        found.notices += 1
    elif _to_a_person_came_back(bounce.message_id, why, actor=actor, at=at):
        found.notices += 1
    else:
        found.other += 1


def _notice_came_back(notice: Notice, message_id: str, why: str, *, actor: Actor, at: datetime) -> None:
    """Note that a notice to a recipient came back, or what followed it; reading it again changes nothing."""
    if notice.message_id != message_id:
        disclosures.follow_up_failed(notice, actor=actor, at=at)
    elif notice.state == Notice.State.SENT:
        disclosures.mark_bounced(notice, actor=actor, at=at, why=why)


def _to_a_person_came_back(message_id: str, why: str, *, actor: Actor, at: datetime) -> bool:
    """Note an individual notice, one about advertising, or the answer to a complaint that came back.

    Return whether there was one.
    """
    known = TO_A_PERSON.match(message_id)
    if known is None:
        return False
    kind, identifier = known[1], UUID(known[2])
    if kind == "campaign":
        delivery = Delivery.objects.filter(pk=identifier, message_id=message_id).first()
        return delivery is not None and campaigns.mark_bounced(delivery, why=why, actor=actor, at=at)
    if kind == "complaint":
        complaint = Complaint.objects.filter(pk=identifier, message_id=message_id).first()
        return complaint is not None and incidents.mark_answer_returned(complaint, why=why, actor=actor, at=at)
    if kind == "message":
        message = CaseMessage.objects.filter(pk=identifier, message_id=message_id).first()
        return message is not None and mark_untold(message, why=why, actor=actor, at=at)
    notice = AdvertisingNotice.objects.filter(pk=identifier, message_id=message_id).first()
    return notice is not None and consents.mark_returned(notice.pk, why=why, actor=actor, at=at)
