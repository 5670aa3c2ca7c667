"""What runs later: destroying what rested on an agreement that has ended."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _

from consents import actions as consents
from consents import advertising
from consents.models import AdvertisingNotice, Decision
from privacy.jobs import outbox
from privacy.ledger.actors import System
from privacy.lib import clock, mail
from privacy.retention.refusals import OnHold
from privacy.subjects import contacts
from privacy.subjects.models import Contact
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

ADVERTISING = System("advertising")


@outbox.deliverer("consents.ended")
def end_collection(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Destroy what rested on the agreement that a decision ended."""
    decision = Decision.objects.select_related("agreement").get(pk=ids["decision"])
    try:
        done = consents.end_collection(decision, actor=System("consents"), at=at)
    except OnHold as hold:
        raise outbox.Later(12 * 60 * 60, str(hold)) from None
    if not done:
        raise outbox.Later(60, "another destruction is under way")


@outbox.deliverer("consents.advertising")
def send_notice(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Send one notice about advertising consent by e-mail, once: its Message-ID is its own for ever."""
    notice = AdvertisingNotice.objects.select_related("decision__agreement", "decision__version").get(pk=ids["notice"])
    if notice.state == AdvertisingNotice.State.SENT:
        return
    if contacts.disputed([notice.subject_id], Contact.Kind.EMAIL, at=at):
        raise outbox.Later(6 * 60 * 60, "the address is disputed")
    address = _address(notice, at=at)
    if address is None:
        consents.mark_unreachable(notice.id, actor=ADVERTISING, at=at)
        return
    language = notice.decision.language
    with translation.override(language):
        subject = (
            _("Your decision about advertising information")
            if notice.kind == AdvertisingNotice.Kind.RESULT
            else _("Does your consent to advertising information still stand?")
        )
        title = notice.decision.version.spoken("title", language)
    mail.send(
        to=address,
        subject=subject,
        template="advertising_notice",
        context={
            "notice": notice,
            "decision": notice.decision,
            "decided_on": clock.kst_date(notice.decision.decided_at),
            "title": title,
            "confirm_by": advertising.confirm_by(notice.decision),
        },
        language=language,
        message_id=f"advertising-{notice.id}",
    )
    consents.mark_sent(
        notice.id, message_id=mail.fixed_message_id(f"advertising-{notice.id}"), actor=ADVERTISING, at=at
    )


def confirm_advertising() -> int:
    """Ask about consents whose two years are nearly over; return how many."""
    return consents.ask_to_confirm(on=clock.today(), actor=ADVERTISING, at=clock.now())


def count_decisions() -> int:
    """Count the decisions of the days that are over; return how many."""
    return consents.count_decisions(on=clock.today(), actor=System("statistics"), at=clock.now())


def _address(notice: AdvertisingNotice, *, at: datetime) -> str | None:
    contact = Contact.objects.filter(subject_id=notice.subject_id, kind=Contact.Kind.EMAIL).first()
    if contact is None:
        return None
    task = "consents.notice.addressed"
    with vault.opened(purpose=Purpose.LEGAL_DUTY, task=task, actor=ADVERTISING, at=at, reason="C-18") as door:
        return str(door.reveal(contact, "value"))
