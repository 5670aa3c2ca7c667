"""Templates of messages: drafted, submitted, and approved by another person, from when on they are sent (0405)."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.errors.refusals import Refusal
from privacy.policies import message_templates
from privacy.policies.actions.publication import ChangedSinceRead
from privacy.policies.events import Event
from privacy.policies.message_templates import InvalidTemplate, Texts
from privacy.policies.models import MessageTemplate

DRAFT, APPROVE = "policies.draft_template", "policies.approve_template"
State = MessageTemplate.State


class TemplateInWork(Refusal):
    """Of each kind one version is worked on at a time."""

    code = "template-in-work"


class TemplateNotOpen(Refusal):
    """It is not in the state in which this can be done."""

    code = "template-not-open"


class OwnTemplate(Refusal):
    code = "same-person"


def draft_template(*, code: str, texts: Texts, reason: str, actor: Actor, at: datetime) -> MessageTemplate:
    """Draft the next version of a kind. Raises NotPermitted, InvalidTemplate, TemplateInWork."""
    require_permission(actor, DRAFT)
    said = _checked(code, texts, reason)
    in_work = TemplateInWork(_("A version of this template is already being worked on. Change that one."))
    with transaction.atomic():
        newest = MessageTemplate.objects.filter(code=code).order_by("-number").first()
        if newest is not None and newest.is_open:
            raise in_work
        try:
            with transaction.atomic():
                made = MessageTemplate.objects.create(
                    code=code,
                    number=1 if newest is None else newest.number + 1,
                    texts=said,
                    digest=message_templates.digest_of(said),
                    reason=reason.strip(),
                    drafted_by=actor.ref,
                    drafted_at=at,
                    authors=[actor.ref],
                )
        except IntegrityError as error:  # somebody else began at the same moment
            raise in_work from error
        _record(Event.TEMPLATE_DRAFTED, made, actor=actor, at=at)
    return made


@transaction.atomic
def revise_template(
    version: MessageTemplate, *, texts: Texts, reason: str, read: str, actor: Actor, at: datetime
) -> MessageTemplate:
    """Change a draft as it was ``read`` (its digest). Raises NotPermitted, TemplateNotOpen, ChangedSinceRead,
    InvalidTemplate.
    """
    row = _lock(version, DRAFT, (State.DRAFT,), actor=actor)
    said = _checked(row.code, texts, reason)
    _must_be_read(row, read)
    row.texts, row.digest, row.reason = said, message_templates.digest_of(said), reason.strip()
    row.authors = sorted({*row.authors, row.drafted_by, actor.ref})
    row.drafted_by, row.drafted_at = actor.ref, at
    row.save(update_fields=["texts", "digest", "reason", "authors", "drafted_by", "drafted_at"])
    _record(Event.TEMPLATE_EDITED, row, actor=actor, at=at)
    return row


@transaction.atomic
def submit_template(version: MessageTemplate, *, actor: Actor, at: datetime) -> MessageTemplate:
    """Give a draft to a second person. Raises NotPermitted, TemplateNotOpen, InvalidTemplate."""
    row = _lock(version, DRAFT, (State.DRAFT,), actor=actor)
    _checked(row.code, row.texts, row.reason)
    row.state, row.submitted_by, row.submitted_at, row.returned_for = State.REVIEW, actor.ref, at, ""
    # Whoever submitted it once approves it at no time, also after it was returned.
    row.authors = sorted({*row.authors, actor.ref})
    row.save(update_fields=["state", "submitted_by", "submitted_at", "returned_for", "authors"])
    _record(Event.TEMPLATE_SUBMITTED, row, actor=actor, at=at)
    return row


@transaction.atomic
def return_template(version: MessageTemplate, *, reason: str, actor: Actor, at: datetime) -> MessageTemplate:
    """Give a version back to be changed; who submitted it may take it back. Raises NotPermitted, TemplateNotOpen."""
    row = _lock(version, DRAFT, (State.REVIEW,), actor=actor)
    row.state, row.returned_for = State.DRAFT, reason.strip()
    row.save(update_fields=["state", "returned_for"])
    _record(Event.TEMPLATE_RETURNED, row, actor=actor, at=at)
    return row


@transaction.atomic
def approve_template(version: MessageTemplate, *, read: str, actor: Actor, at: datetime) -> MessageTemplate:
    """Approve a version as it was ``read`` (its digest), as another than all who saved or submitted it: it is sent from
    now on.

    Raises NotPermitted, TemplateNotOpen, ChangedSinceRead, InvalidTemplate, OwnTemplate, NotASecondPerson.
    """
    row = _lock(version, APPROVE, (State.REVIEW,), actor=actor)
    _must_be_read(row, read)
    if message_templates.digest_of(row.texts) != row.digest:
        raise ChangedSinceRead(_("The text was changed outside the portal. Return it and enter it again."))
    _checked(row.code, row.texts, row.reason)
    same = OwnTemplate(_("You wrote or submitted this version, so another person must approve it."))
    for author in sorted({*row.authors, row.drafted_by}):
        require_second_person(actor, asked_by=author, same=same, at=at)
    row.approved_by = require_second_person(actor, asked_by=row.submitted_by, same=same, at=at)
    row.state, row.approved_at = State.APPROVED, at
    row.save(update_fields=["state", "approved_by", "approved_at"])
    _record(Event.TEMPLATE_APPROVED, row, actor=actor, at=at)
    return row


@transaction.atomic
def discard_template(version: MessageTemplate, *, actor: Actor, at: datetime) -> MessageTemplate:
    """Give up a version that was not approved; it stays on record. Raises NotPermitted, TemplateNotOpen."""
    row = _lock(version, DRAFT, MessageTemplate.OPEN, actor=actor)
    row.state = State.DISCARDED
    row.save(update_fields=["state"])
    _record(Event.TEMPLATE_DISCARDED, row, actor=actor, at=at)
    return row


def _checked(code: str, texts: Texts, reason: str) -> dict[str, dict[str, str]]:
    """Return the texts in one spelling of their line ends. Raises InvalidTemplate."""
    kind = message_templates.kind_of(code)
    if kind is None:
        raise InvalidTemplate(_("The portal sends no such message."))
    if not reason.strip():
        raise InvalidTemplate(_("State why the text changes."), pointer="/reason")
    said = {
        language: {name: str(text).replace("\r\n", "\n").strip() for name, text in parts.items()}
        for language, parts in texts.items()
    }
    message_templates.validate(kind, said)
    return said


def _lock(
    version: MessageTemplate, permission: str, states: tuple[MessageTemplate.State, ...], *, actor: Actor
) -> MessageTemplate:
    require_permission(actor, permission, about=version)
    row = MessageTemplate.objects.select_for_update().get(pk=version.pk)
    if row.state not in states:
        raise TemplateNotOpen(
            _("This version is “%(state)s”, so this can't be done.") % {"state": row.get_state_display()}
        )
    return row


def _must_be_read(row: MessageTemplate, read: str) -> None:
    if read != row.digest:
        raise ChangedSinceRead(_("The text has changed since you opened it. Read it again."))


def _record(word: Event, row: MessageTemplate, *, actor: Actor, at: datetime) -> None:
    facts = {"template": row.code, "version": row.number, "digest": row.digest}
    ledger.record(word, actor=actor, at=at, about=row, facts=facts)
