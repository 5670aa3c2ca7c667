"""The words of a pledge, and signing it (P8.10, law S-32)."""

from datetime import date, datetime
from hashlib import sha256

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from privacy.accounts.actions.work_reminders import AlreadyReminded, NobodyToRemind
from privacy.accounts.models import User
from privacy.accounts.second_person import require_second_person
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger import request_context
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.ledger.exports import document_issuance
from privacy.lib.dates import clock, periods
from privacy.lib.display import badges
from privacy.lib.documents import upload_validation
from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers import typed_names
from privacy.policies import rulebook
from privacy.workforce import integrity, reminders
from privacy.workforce.documents import pledge_pdf
from privacy.workforce.events import Event
from privacy.workforce.models import Pledge, PledgeText
from privacy.workforce.models.pledges import Occasion

REMINDER = "workforce.reminder"


class NotTextInForce(Refusal):
    """What the person read is not the text in force, or not theirs to sign."""

    code = "other-text"


class NameMismatch(Refusal):
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
    require_permission(actor, "workforce.draft_pledge")
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

    Raises NotPermitted, NotADraft, OwnText, NotTextInForce for a day in the past or before that of another text.
    """
    require_permission(actor, "workforce.approve_pledge", about=text)
    text = PledgeText.objects.select_for_update().get(pk=text.pk)
    if text.state != PledgeText.State.DRAFT:
        raise NotADraft(_("This text has already been approved or discarded."))
    same = OwnText(_("You drafted this text, so another person must approve it."))
    approver = require_second_person(actor, asked_by=text.drafted_by, about=text, same=same, at=at)
    if effective_on < clock.kst_date(at):
        raise NotTextInForce(_("A text can't come into force before today."))
    ahead = PledgeText.objects.select_for_update().approved().filter(occasion=text.occasion)
    if later := ahead.filter(effective_on__gt=effective_on).order_by("effective_on").first():
        raise NotTextInForce(
            _(
                "%(text)s comes into force on %(day)s. Enter that day or a later one, or that text would replace "
                "this one."
            )
            % {"text": later, "day": badges.date_text(later.effective_on) if later.effective_on else ""}
        )
    text.state, text.effective_on = PledgeText.State.APPROVED, effective_on
    text.approved_by, text.approved_at = approver, at
    text.save(update_fields=["state", "effective_on", "approved_by", "approved_at"])
    facts = {"occasion": text.occasion, "version": text.version, "effective_on": effective_on.isoformat()}
    ledger.record(Event.TEXT_APPROVED, actor=actor, at=at, about=text, facts=facts)
    return text


@transaction.atomic
def discard_text(text: PledgeText, *, actor: Actor, at: datetime) -> None:
    """Give up a draft; it stays as a record. Raises NotPermitted, NotADraft."""
    require_permission(actor, "workforce.draft_pledge", about=text)
    text = PledgeText.objects.select_for_update().get(pk=text.pk)
    if text.state != PledgeText.State.DRAFT:
        raise NotADraft(_("This text has already been approved or discarded."))
    text.state = PledgeText.State.DISCARDED
    text.save(update_fields=["state"])
    ledger.record(Event.TEXT_DISCARDED, actor=actor, at=at, about=text)


@transaction.atomic
def sign(text: PledgeText, *, typed_name: str, language: str, actor: User, at: datetime) -> Pledge:
    """Sign a pledge in the browser; the view has asked for the password. A renewal adds a pledge, none is replaced.

    Raises NotTextInForce when the text is not the one in force, NameMismatch when the name typed is not the signer's.
    """
    today = clock.kst_date(at)
    User.objects.select_for_update().get(pk=actor.pk)
    _must_be_theirs(text, actor)
    if PledgeText.objects.in_force(text.occasion, on=today) != text:
        raise NotTextInForce(_("The text has since changed. Read the new one, then sign."))
    if typed_names.folded(typed_name).replace(" ", "") != typed_names.folded(actor.name).replace(" ", ""):
        raise NameMismatch(_("Type your name as it appears in your account: %(name)s.") % {"name": actor.name})
    known = Pledge.objects.filter(user=actor, text=text, signed_on=today, way=Pledge.Way.BROWSER).first()
    if known is not None:
        return known  # the button was pressed twice
    pledge = Pledge(
        user=actor,
        text=text,
        language=language,
        typed_name=typed_name.strip(),
        signed_at=at,
        signed_on=today,
        valid_until=_valid_until(text, today),
        request=request_context.current().request_id,
    )
    return _save_pledge(pledge, Event.SIGNED, actor=actor, at=at)


@transaction.atomic
def register_paper(
    user: User, text: PledgeText, *, signed_on: date, typed_name: str, scan: bytes, actor: User, at: datetime
) -> Pledge:
    """Register a pledge that somebody signed on paper, as a leaver who can't sign in any more does.

    The scan's digest is sealed with it; the paper itself is kept in the office's file. The same paper again is the same
    pledge. Raises NotPermitted, InvalidUpload, NotTextInForce when no such text was in force on the day, the day is to
    come, or the text is not theirs to sign.
    """
    require_permission(actor, "workforce.register_pledge", about=user)
    upload_validation.recognise_upload(scan)
    User.objects.select_for_update().get(pk=user.pk)
    _must_be_theirs(text, user)
    if signed_on > clock.kst_date(at) or PledgeText.objects.in_force(text.occasion, on=signed_on) != text:
        raise NotTextInForce(_("That text was not in force on the day of signing."))
    digest = sha256(scan).hexdigest()
    paper = Pledge.objects.filter(user=user, text=text, signed_on=signed_on, way=Pledge.Way.PAPER)
    if (known := paper.filter(paper_digest=digest).first()) is not None:
        return known  # the button was pressed twice
    pledge = Pledge(
        user=user,
        text=text,
        language="ko",
        typed_name=typed_name.strip(),
        way=Pledge.Way.PAPER,
        registered_by=actor.ref,
        paper_digest=digest,
        signed_at=at,
        signed_on=signed_on,
        valid_until=_valid_until(text, signed_on),
        request=request_context.current().request_id,
    )
    return _save_pledge(pledge, Event.REGISTERED, actor=actor, at=at)


def print_pledge(pledge: Pledge, *, language: str, actor: Actor, at: datetime) -> bytes:
    """Return a pledge as PDF; its signer may have it, others need the permission. Raises NotPermitted."""
    if actor.ref != pledge.user.ref:
        require_permission(actor, "workforce.view_pledge", about=pledge)
    ledger.record_before(
        Event.PRINTED, actor=actor, at=at, about=pledge, task="workforce.pledge.printed",
        reason=f"pledge {pledge.reference}",
    )  # fmt: skip
    sheet = pledge_pdf(pledge, language=language)
    return document_issuance.issue(sheet, kind="pledge", number=pledge.reference, actor=actor, at=at)


def remind_person(user: User, *, actor: Actor, at: datetime) -> None:
    """Remind somebody who works here of a pledge or training that is owed or ends soon, once a day, on record.

    Raises NotPermitted, NobodyToRemind, AlreadyReminded.
    """
    require_permission(actor, "workforce.register_pledge", about=user)
    on = clock.kst_date(at)
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=user.pk)
        if not any(one.user == row for one in reminders.personal_reminders(on=on)):
            raise NobodyToRemind(_("Nothing is outstanding or ends soon."))
        key = f"{REMINDER}:asked:{on}:{row.reference}"
        if outbox.is_queued(key):
            raise AlreadyReminded(_("%(who)s was already reminded today.") % {"who": row.name})
        outbox.enqueue(REMINDER, ids={"on": on.isoformat(), "to": row.reference}, key=key)
        ledger.record(Event.REMINDER_ASKED, actor=actor, at=at, about=row)


def record_reminder(user: User, *, actor: Actor, at: datetime) -> None:
    """Put on record that a person was reminded."""
    ledger.record(Event.REMINDED, actor=actor, at=at, about=user)


def _must_be_theirs(text: PledgeText, signer: User) -> None:
    """Employees and outside staff sign texts of their own, in the browser and on paper."""
    if text.occasion == Occasion.OUTSIDE and not signer.is_outside:
        raise NotTextInForce(_("This pledge is for outside staff."))
    if signer.is_outside and text.occasion not in (Occasion.OUTSIDE, Occasion.LEAVING):
        raise NotTextInForce(_("This pledge is for employees; sign the one for outside staff."))


def _valid_until(text: PledgeText, signed_on: date) -> date | None:
    if text.occasion == Occasion.LEAVING:
        return None
    return periods.period_end(signed_on, months=rulebook.parameter("pledge.months", signed_on))


def _save_pledge(pledge: Pledge, word: Event, *, actor: User, at: datetime) -> Pledge:
    pledge.seal = integrity.compute_seal(pledge)
    pledge.save(force_insert=True)
    facts = {
        "seal": pledge.seal,
        "signer": pledge.user.reference,
        "text": f"{pledge.text.occasion} {pledge.text.version}",
        "until": pledge.valid_until.isoformat() if pledge.valid_until else None,
    }
    ledger.record(word, actor=actor, at=at, about=pledge, facts=facts)
    return pledge
