"""Deciding: agree, disagree, withdraw. Each decision is appended, and what it means now stands beside the history."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from consents import destruction_status, precedence, receipts
from consents.actions.advertising import queue_result
from consents.actions.ages import must_be_of_age
from consents.actions.codes import end_codes
from consents.actions.withdrawal import drop_destruction, plan_destruction
from consents.events import Event
from consents.models import Agreement, AgreementVersion, AskedRepresentative, CurrentConsent, Decision, Representative
from consents.models.decisions import MAX_CLOCK_SKEW
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.errors.refusals import Refusal
from privacy.lib.postgres.uuid_arrays import any_of
from privacy.subjects.models import Subject
from privacy.vault import actions as vault

EVENT_OF_CHOICE = {
    Decision.Choice.AGREE: Event.AGREED,
    Decision.Choice.DISAGREE: Event.DISAGREED,
    Decision.Choice.WITHDRAW: Event.WITHDRAWN,
}


class DecidedInTheFuture(Refusal):
    """The moment of the decision can't be right."""

    code = "clock"


class TextNotOffered(Refusal):
    """Nobody could read this text at that moment: a draft, a text that was replaced, or one not yet published."""

    code = "text-not-offered"


class NothingToWithdraw(Refusal):
    """Only what was agreed to can be withdrawn."""

    code = "no-consent"


class RegistrationEnded(Refusal):
    """This registration has ended: nothing new is agreed to for it."""

    code = "withdrawn"


class UnconfirmedRepresentative(Refusal):
    """A legal representative's consent counts only when it was confirmed in one of the ways of law C-12."""

    code = "malformed"


class UnknownValue(Refusal):
    """A decision, method or language that doesn't exist."""

    code = "malformed"


def decide(
    *,
    subject: Subject,
    version: AgreementVersion,
    decision: str,
    decided_at: datetime,
    method: str,
    language: str,
    actor: Actor,
    at: datetime,
    representative: Mapping[str, Any] | None = None,
    paper_on: date | None = None,
    once: bool = False,
    asked: Callable[[], object] | None = None,
) -> Decision:
    """Append one decision of a person about one text and return it; the same decision again is the same one.

    ``representative`` is ``{name, contact, relationship?, confirmation}`` where a legal representative decides for a
    child under 14 (law C-12). An older decision that arrives late is kept and changes nothing. Whatever ends an
    agreement stops the processing at once and plans the destruction of what rested on it (law R-24). ``paper_on`` is
    the day on a form that is older than the text it is counted for; it stands on the audit trail (docs/decisions/0028).
    ``once`` is for a button that may be pressed twice: who decided the same about the same text already gets that
    decision back. ``asked`` locks what asked for the decision, and raises where that is over: nothing is recorded then.
    Raises DecidedInTheFuture, TextNotOffered, NothingToWithdraw, RegistrationEnded, UnconfirmedRepresentative,
    RepresentativeNeeded, AgeNotStated, UnknownValue, NotPermitted.
    """
    if actor.kind == "user":
        require_permission(actor, "consents.record_decision", about=subject)
    confirmation = _confirmation(representative)
    _check_values(decision, method, language)
    with transaction.atomic():
        if asked is not None:
            asked()
        person = Subject.objects.select_for_update().get(pk=subject.pk)
        version = AgreementVersion.objects.select_related("agreement").get(pk=version.pk)
        standing = (
            CurrentConsent.objects.select_for_update(of=("self",))
            .select_related("decision")
            .filter(subject_id=person.id, agreement=version.agreement)
            .first()
        )
        made = _same_decision(person.id, version, decision, decided_at) or (
            _current_if_same(standing, version, decision, representative is not None) if once else None
        )
        if made is None:
            _check(person, version, decision, decided_at, standing, at=at)
            if decision == Decision.Choice.AGREE and representative is None:
                must_be_of_age(person, actor=actor, at=at)
            made = Decision(
                subject_id=person.id,
                agreement=version.agreement,
                version=version,
                text_digest=version.digest,
                choice=decision,
                decided_at=decided_at,
                recorded_at=at,
                method=method,
                language=language,
                actor_kind=actor.kind,
                actor_ref=actor.ref,
                by_representative=representative is not None,
                confirmation=confirmation,
            )
            made.receipt_digest = receipts.digest(receipts.receipt(made, subject_reference=person.reference))
            made.save(force_insert=True)
            _update_current_consent(made, standing, person, actor=actor, at=at)
            queue_result(made, at=at)
            ledger.record(
                EVENT_OF_CHOICE[Decision.Choice(decision)],
                actor=actor,
                at=at,
                about=made,
                subjects=[person.reference],
                facts={
                    "receipt": made.reference,
                    "receipt_digest": made.receipt_digest,
                    "agreement": version.agreement.code,
                    "version": version.number,
                    "text": version.digest,
                    "decided_at": decided_at.isoformat(),
                    "method": method,
                    "confirmation": confirmation,
                    **({"paper_on": paper_on.isoformat()} if paper_on else {}),
                },
            )
    if representative is not None:
        _keep_representative(made, representative, at=at)
    return made


def refusal_to_agree(person: Subject, agreement: Agreement) -> RegistrationEnded | None:
    """Return why a person can't agree to this any more, or None: what was destroyed is not collected again."""
    if person.state == Subject.State.DESTROYED:
        return RegistrationEnded(_("The data of this registration was destroyed."), code="destroyed")
    if destruction_status.is_being_destroyed(person, agreement):
        return RegistrationEnded(
            _("Part of the data is destroyed, the rest is on hold. Register the device again to agree.")
            if destruction_status.is_partly_destroyed(person, agreement)
            else _("Data processed on the earlier consent is being destroyed. Register the device again to agree."),
            code="destroyed",
        )
    if any(vault.is_destroyed(person.id, category) for category in agreement.categories):
        # A destroyed key never comes back (vault.md), so nothing could be collected with this agreement.
        return RegistrationEnded(
            _("Data processed on the earlier consent was destroyed. Register the device again to agree."),
            code="destroyed",
        )
    if not person.is_active and agreement.pk not in (first := destruction_status.required_to_agree_again(person)):
        return RegistrationEnded(
            _("This registration has ended. Agree to the required agreements again first, then to this one.")
            if first
            else _("This registration has ended. Register again to agree.")
        )
    return None


def remove_representatives(
    subject_ids: Sequence[UUID],
    *,
    named: type[Representative] | type[AskedRepresentative] = Representative,
    certificate: str,
    actor: Actor,
    at: datetime,
) -> int:
    """Remove the names and contacts of representatives, of people who are being destroyed; safe to repeat.

    ``named``: those who decided, or those whom a child named.
    """
    with transaction.atomic(using="personal"):
        held = named._default_manager.filter(any_of("subject_id", subject_ids))
        count = held.count()
        if count:
            with transaction.atomic():
                facts = {"certificate": certificate, "rows": count}
                ledger.record(Event.REPRESENTATIVES_REMOVED, actor=actor, at=at, subjects=subject_ids, facts=facts)
            held.delete()
    return count


def _check_values(decision: str, method: str, language: str) -> None:
    if decision not in Decision.Choice.values:
        raise UnknownValue(_("The decision must be agree, disagree or withdraw."), pointer="/decision")
    if method not in Decision.Method.values:
        raise UnknownValue(
            _("The method is one of: %(ways)s.") % {"ways": ", ".join(Decision.Method.values)}, pointer="/method"
        )
    if language not in {"ko", "en"}:
        raise UnknownValue(_("The text is available in ko and en."), pointer="/language")


def _confirmation(representative: Mapping[str, Any] | None) -> str:
    if representative is None:
        return ""
    confirmation = str(representative.get("confirmation", ""))
    if confirmation not in Decision.Confirmation.values:
        raise UnconfirmedRepresentative(
            _("State how the legal representative's consent was confirmed: %(ways)s.")
            % {"ways": ", ".join(Decision.Confirmation.values)},
            pointer="/representative/confirmation",
        )
    if not str(representative.get("name", "")).strip() or not str(representative.get("contact", "")).strip():
        raise UnconfirmedRepresentative(
            _("A legal representative must have a name and a contact."), pointer="/representative"
        )
    return confirmation


def _same_decision(subject_id: UUID, version: AgreementVersion, decision: str, decided_at: datetime) -> Decision | None:
    return Decision.objects.filter(
        subject_id=subject_id, agreement=version.agreement, version=version, choice=decision, decided_at=decided_at
    ).first()


def _current_if_same(
    standing: CurrentConsent | None, version: AgreementVersion, decision: str, by_representative: bool
) -> Decision | None:
    """Return the decision that stands if it says the same; a withdrawal says the same whichever text it was about.

    What a child agreed to alone says less than what its representative does.
    """
    if standing is None or standing.choice != decision:
        return None
    same = decision == Decision.Choice.WITHDRAW or (
        standing.number == version.number and (standing.decision.by_representative or not by_representative)
    )
    return standing.decision if same else None


def _check(
    person: Subject,
    version: AgreementVersion,
    decision: str,
    decided_at: datetime,
    standing: CurrentConsent | None,
    *,
    at: datetime,
) -> None:
    if person.state == Subject.State.DESTROYED:
        raise RegistrationEnded(_("The data of this registration was destroyed."), code="destroyed")
    if decision == Decision.Choice.AGREE and (refusal := refusal_to_agree(person, version.agreement)) is not None:
        raise refusal
    if decided_at > at + MAX_CLOCK_SKEW:
        raise DecidedInTheFuture(_("The decision is dated in the future. Check the clock."), pointer="/decided_at")
    if decision == Decision.Choice.WITHDRAW:
        # A person withdraws from what she agreed to, whichever text that was.
        if standing is None or standing.choice != Decision.Choice.AGREE:
            raise NothingToWithdraw(_("There is no consent to withdraw."), pointer="/decision")
        return
    published, replaced = version.published_at, version.superseded_at
    if published is None or decided_at < published or (replaced is not None and decided_at >= replaced):
        raise TextNotOffered(
            _("This text was not in force at that time. Show the person the current text and ask again."),
            pointer="/version",
        )


def _update_current_consent(
    made: Decision, standing: CurrentConsent | None, person: Subject, *, actor: Actor, at: datetime
) -> None:
    """Let the decision take effect unless a later one is already known, and plan what it ends.

    The codes of the agreement stop opening: after a withdrawal only once its destruction is over, so that whoever did
    not withdraw can stop that.
    """
    if standing is not None:
        earlier = Decision.objects.of(made.subject_id).filter(agreement=made.agreement_id).exclude(pk=made.pk)
        if precedence.changes_nothing(made, standing=standing.decision, earlier=earlier):
            return
    values = {
        "decision": made,
        "choice": made.choice,
        "number": made.version.number,
        "decided_at": made.decided_at,
    }
    if standing is None:
        CurrentConsent.objects.create(subject_id=made.subject_id, agreement=made.agreement, **values)
    else:
        for name, value in values.items():
            setattr(standing, name, value)
        standing.save(update_fields=list(values))
    if made.agreement.kind == Agreement.Kind.COLLECTION:
        if made.choice == Decision.Choice.AGREE:
            drop_destruction(made, person, actor=actor, at=at)
        elif plan_destruction(made, person, actor=actor, at=at) is not None:
            return
    end_codes(made.subject_id, made.agreement, until=at)


def _keep_representative(made: Decision, representative: Mapping[str, Any], *, at: datetime) -> None:
    """Seal the representative's name and contact in the personal database; repeating it changes nothing."""
    with transaction.atomic(using="personal"):
        if Representative.objects.filter(pk=made.id).exists():
            return
        row = Representative(id=made.id, subject_id=made.subject_id, recorded_at=at)
        kept = {key: str(representative[key]) for key in ("name", "contact", "relationship") if representative.get(key)}
        vault.encrypt(row, {"particulars": kept}, at=at)
        row.save(force_insert=True)
