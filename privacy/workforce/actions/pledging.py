"""The words of a pledge, and signing it (P8.10, law S-32)."""

from datetime import date, datetime
from hashlib import sha256

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from privacy.accounts.models import User
from privacy.ledger import acting
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import clock, papers, periods
from privacy.lib.refusals import Refusal
from privacy.policies import rulebook
from privacy.workforce import seals
from privacy.workforce.events import Event
from privacy.workforce.models import Pledge, PledgeText
from privacy.workforce.models.pledges import Occasion
from privacy.workforce.sheets import pledge_sheet


class NotTheText(Refusal):
    """What the person read is not the text in force, or not theirs to sign."""

    code = "other-text"


class OtherName(Refusal):
    """The name typed under the pledge is not the signer's."""

    code = "other-name"


class NotADraft(Refusal):
    code = "not-a-draft"


class OwnText(Refusal):
    """Nobody approves the text that they drafted."""

    code = "own-text"


@transaction.atomic
def draft_text(
    *, occasion: str, title_ko: str, title_en: str, words_ko: str, words_en: str, actor: Actor, at: datetime
) -> PledgeText:
    """Draft the next version of a pledge's words. Raises NotPermitted."""
    require(actor, "workforce.draft_pledge")
    last = PledgeText.objects.filter(occasion=occasion).aggregate(last=Max("version"))["last"] or 0
    text = PledgeText.objects.create(
        occasion=Occasion(occasion),
        version=last + 1,
        title_ko=title_ko.strip(),
        title_en=title_en.strip(),
        words_ko=words_ko.strip(),
        words_en=words_en.strip(),
        drafted_by=actor.ref,
        drafted_at=at,
    )
    facts = {"occasion": occasion, "version": text.version}
    ledger.record(Event.TEXT_DRAFTED, actor=actor, at=at, about=text, facts=facts)
    return text


@transaction.atomic
def approve_text(text: PledgeText, *, effective_on: date, actor: Actor, at: datetime) -> PledgeText:
    """Put a text in force from a day, today at the earliest. It is final from then on.

    Raises NotPermitted, NotADraft, OwnText, NotTheText for a day in the past.
    """
    require(actor, "workforce.approve_pledge", about=text)
    text = PledgeText.objects.select_for_update().get(pk=text.pk)
    if text.state != PledgeText.State.DRAFT:
        raise NotADraft(_("This text was approved or discarded already."))
    if text.drafted_by == actor.ref:
        raise OwnText(_("Another person approves the text that you drafted."))
    if effective_on < clock.kst_date(at):
        raise NotTheText(_("A text comes into force today at the earliest."))
    text.state, text.effective_on = PledgeText.State.APPROVED, effective_on
    text.approved_by, text.approved_at = actor.ref, at
    text.save(update_fields=["state", "effective_on", "approved_by", "approved_at"])
    facts = {"occasion": text.occasion, "version": text.version, "effective_on": effective_on.isoformat()}
    ledger.record(Event.TEXT_APPROVED, actor=actor, at=at, about=text, facts=facts)
    return text


@transaction.atomic
def discard_text(text: PledgeText, *, actor: Actor, at: datetime) -> None:
    """Give up a draft; it stays as a record. Raises NotPermitted, NotADraft."""
    require(actor, "workforce.draft_pledge", about=text)
    text = PledgeText.objects.select_for_update().get(pk=text.pk)
    if text.state != PledgeText.State.DRAFT:
        raise NotADraft(_("This text was approved or discarded already."))
    text.state = PledgeText.State.DISCARDED
    text.save(update_fields=["state"])
    ledger.record(Event.TEXT_DISCARDED, actor=actor, at=at, about=text)


@transaction.atomic
def sign(text: PledgeText, *, typed_name: str, language: str, actor: User, at: datetime) -> Pledge:
    """Sign a pledge in the browser; the view has asked for the password. A renewal adds a pledge, none is replaced.

    Raises NotTheText when the text is not the one in force, OtherName when the name typed is not the signer's.
    """
    today = clock.kst_date(at)
    if text.occasion == Occasion.OUTSIDE and not actor.is_outside:
        raise NotTheText(_("This pledge is for outside staff."))
    if PledgeText.objects.in_force(text.occasion, on=today) != text:
        raise NotTheText(_("The text has changed meanwhile. Read the new one, then sign."))
    if "".join(typed_name.split()).casefold() != "".join(actor.name.split()).casefold():
        raise OtherName(_("Type your name as it stands in your account: %(name)s.") % {"name": actor.name})
    pledge = Pledge(
        user=actor,
        text=text,
        language=language,
        typed_name=typed_name.strip(),
        signed_at=at,
        signed_on=today,
        valid_until=_valid_until(text, today),
        request=acting.current().request_id,
    )
    return _keep(pledge, Event.SIGNED, actor=actor, at=at)


@transaction.atomic
def register_paper(
    user: User, text: PledgeText, *, signed_on: date, typed_name: str, scan: bytes, actor: User, at: datetime
) -> Pledge:
    """Register a pledge that somebody signed on paper, as a leaver who can't sign in any more does.

    The scan's digest is sealed with it; the paper itself is kept in the office's file. Raises NotPermitted,
    BadDocument, NotTheText when no such text was in force on the day, or the day is to come.
    """
    require(actor, "workforce.register_pledge", about=user)
    papers.examine(scan)
    if signed_on > clock.kst_date(at) or text.effective_on is None or text.effective_on > signed_on:
        raise NotTheText(_("That text was not in force on the day of signing."))
    pledge = Pledge(
        user=user,
        text=text,
        language="ko",
        typed_name=typed_name.strip(),
        way=Pledge.Way.PAPER,
        registered_by=actor.ref,
        paper_digest=sha256(scan).hexdigest(),
        signed_at=at,
        signed_on=signed_on,
        valid_until=_valid_until(text, signed_on),
        request=acting.current().request_id,
    )
    return _keep(pledge, Event.REGISTERED, actor=actor, at=at)


def print_pledge(pledge: Pledge, *, language: str, actor: Actor, at: datetime) -> bytes:
    """Return a pledge as PDF; its signer may have it, others need the permission. Raises NotPermitted."""
    if actor.ref != pledge.user.ref:
        require(actor, "workforce.view_pledge", about=pledge)
    ledger.record_first(Event.PRINTED, actor=actor, at=at, about=pledge, task="workforce.pledge.printed")
    return pledge_sheet(pledge, language=language)


def record_reminder(user: User, *, actor: Actor, at: datetime) -> None:
    """Put on record that a person was reminded."""
    ledger.record(Event.REMINDED, actor=actor, at=at, about=user)


def _valid_until(text: PledgeText, signed_on: date) -> date | None:
    if text.occasion == Occasion.LEAVING:
        return None
    return periods.period_end(signed_on, months=rulebook.parameter("pledge.months", signed_on))


def _keep(pledge: Pledge, word: Event, *, actor: User, at: datetime) -> Pledge:
    pledge.seal = seals.seal_of(pledge)
    pledge.save(force_insert=True)
    facts = {
        "seal": pledge.seal,
        "signer": pledge.user.reference,
        "text": f"{pledge.text.occasion} {pledge.text.version}",
        "until": pledge.valid_until.isoformat() if pledge.valid_until else None,
    }
    ledger.record(word, actor=actor, at=at, about=pledge, facts=facts)
    return pledge
