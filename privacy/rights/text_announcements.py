"""Text messages that announce an answer or a message of the office: a number and a page, nothing of what is said there.

One for each. It counts once the provider reports that it is on the phone; what doesn't arrive is given to the office,
which tells the requester another way. The clocks of the law go by when it arrived.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import override

from privacy.jobs import outbox
from privacy.ledger.actors import Actor
from privacy.lib.integrations import text_messages
from privacy.policies import message_templates
from privacy.rights import actions as rights
from privacy.rights import standing_texts
from privacy.rights.actions.text_announcements import addresses
from privacy.rights.models import CaseMessage, Letter

# A message is tried for three days; carriers then keep it for a phone that is off for as long.
NO_REPORT_AFTER = timedelta(hours=144)
ASK_FIRST, ASK_LAST = 5.0, 3_600.0
NO_NUMBER, NOT_SENT, NO_REPORT = "no-number", "no-text-messages", "no-report"


@dataclass(frozen=True)
class Announcement:
    """What is announced, for which task its number is opened, and what is noted: told at a moment, or not, and why."""

    row: Letter | CaseMessage
    since: datetime
    task: str
    told: Callable[[datetime], object]
    untold: Callable[[str], object]


def announce(one: Announcement, *, actor: Actor, at: datetime) -> None:
    """Hand the text message over, once, or ask what became of it. Raises RetryLater, ProviderUnavailable."""
    provider = text_messages.provider()
    if not one.row.text_id and not text_messages.are_sent():
        one.untold(NOT_SENT)
        return
    if provider is None:
        raise text_messages.ProviderUnavailable("no provider is set")
    try:
        handed = one.row.text_id or _hand_over(provider, one, actor=actor, at=at)
    except text_messages.NotAccepted as refused:
        one.untold(str(refused))
        return
    if not handed:
        one.untold(NO_NUMBER)
        return
    report, since = provider.report(handed), at - one.since
    if report.state == text_messages.State.DELIVERED:
        one.told(max(one.since, min(report.delivered_at or at, at)))
    elif report.state == text_messages.State.FAILED:
        one.untold(report.reason)
    elif since >= NO_REPORT_AFTER:
        one.untold(NO_REPORT)
    else:
        seconds = min(max(since.total_seconds() / 2, ASK_FIRST), ASK_LAST)
        raise outbox.RetryLater(seconds, "the provider has not reported yet")


def _hand_over(provider: text_messages.Provider, one: Announcement, *, actor: Actor, at: datetime) -> str:
    """Hand over an announcement, once; return its number there, or nothing where there is no mobile number."""
    row = one.row
    _address, number = addresses(row.request, task=one.task, actor=actor, at=at)
    if not number:
        return ""
    kind = "letter" if isinstance(row, Letter) else "message"
    language, words = row.request.language, message_templates.in_force(template_for(row))
    with override(language):
        values = {"number": row.request.number, "page": standing_texts.status_page()}
    text = text_messages.plain(words.fill("text", values, language=language))
    text_id = provider.send(to=number, text=text, key=f"{kind}-{row.id}")
    rights.note_texted(row, text_id=text_id, number=number, template=words.version)
    return text_id


def template_for(row: Letter | CaseMessage) -> str:
    """Return whose words announce it: what answers the request is called an answer, nothing else is."""
    if isinstance(row, CaseMessage):
        return "rights.message-text"
    return "rights.answer-text" if row.kind in Letter.ANSWERS else "rights.notice-text"
