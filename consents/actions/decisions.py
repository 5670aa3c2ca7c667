"""Deciding: agree, disagree, withdraw. Each decision is appended, and what it means now stands beside the history."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from consents import receipts
from consents.actions.notices import queue_result
from consents.events import Event
from consents.models import Agreement, AgreementVersion, Decision, Representative, Standing
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib.refusals import Refusal
from privacy.subjects.models import Subject
from privacy.vault import actions as vault

# How far the clock of a device may run ahead of ours.
SKEW = timedelta(minutes=5)
WORDS = {
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


class UnknownWay(Refusal):
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
) -> Decision:
    """Append one decision of a person about one text and return it; the same decision again is the same one.

    ``representative`` is ``{name, contact, relationship?, confirmation}`` where a legal representative decides for a
    child under 14 (law C-12). An older decision that arrives late is kept and changes nothing. Whatever ends an
    agreement queues the destruction of what rested on it (law R-24). ``paper_on`` is the day on a form that is older
    than the text it is counted for; it stands on the audit trail (docs/decisions/0028).
    Raises DecidedInTheFuture, TextNotOffered, NothingToWithdraw, RegistrationEnded, UnconfirmedRepresentative,
    UnknownWay, NotPermitted.
    """
    if actor.kind == "user":
        require(actor, "consents.record_decision", about=subject)
    confirmation = _confirmation(representative)
    _check_words(decision, method, language)
    with transaction.atomic():
        person = Subject.objects.select_for_update().get(pk=subject.pk)
        version = AgreementVersion.objects.select_related("agreement").get(pk=version.pk)
        made = _same(person.id, version, decision, decided_at)
        if made is None:
            standing = (
                Standing.objects.select_for_update().filter(subject_id=person.id, agreement=version.agreement).first()
            )
            _check(person, version, decision, decided_at, standing, at=at)
            made = Decision.objects.create(
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
            _stand(made, standing)
            queue_result(made, at=at)
            ledger.record(
                WORDS[Decision.Choice(decision)],
                actor=actor,
                at=at,
                about=made,
                subjects=[person.reference],
                facts={
                    "receipt": made.reference,
                    "receipt_digest": receipts.digest(receipts.receipt(made, subject_reference=person.reference)),
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


def remove_representatives(subject_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Remove the representatives' names and contacts of people who are being destroyed; safe to repeat."""
    with transaction.atomic(using="personal"):
        held = Representative.objects.filter(subject_id__in=subject_ids)
        count = held.count()
        if count:
            with transaction.atomic():
                facts = {"certificate": certificate, "rows": count}
                ledger.record(Event.REPRESENTATIVES_REMOVED, actor=actor, at=at, subjects=subject_ids, facts=facts)
        removed, _each = held.delete()
    return removed


def _check_words(decision: str, method: str, language: str) -> None:
    if decision not in Decision.Choice.values:
        raise UnknownWay(_("A decision is agree, disagree or withdraw."), pointer="/decision")
    if method not in Decision.Method.values:
        raise UnknownWay(
            _("The method is one of: %(ways)s.") % {"ways": ", ".join(Decision.Method.values)}, pointer="/method"
        )
    if language not in {"ko", "en"}:
        raise UnknownWay(_("The text exists in ko and en."), pointer="/language")


def _confirmation(representative: Mapping[str, Any] | None) -> str:
    if representative is None:
        return ""
    confirmation = str(representative.get("confirmation", ""))
    if confirmation not in Decision.Confirmation.values:
        raise UnconfirmedRepresentative(
            _("Say how the legal representative's consent was confirmed: %(ways)s.")
            % {"ways": ", ".join(Decision.Confirmation.values)},
            pointer="/representative/confirmation",
        )
    if not str(representative.get("name", "")).strip() or not str(representative.get("contact", "")).strip():
        raise UnconfirmedRepresentative(
            _("A legal representative has a name and a contact."), pointer="/representative"
        )
    return confirmation


def _same(subject_id: UUID, version: AgreementVersion, decision: str, decided_at: datetime) -> Decision | None:
    return Decision.objects.filter(
        subject_id=subject_id, agreement=version.agreement, version=version, choice=decision, decided_at=decided_at
    ).first()


def _check(
    person: Subject,
    version: AgreementVersion,
    decision: str,
    decided_at: datetime,
    standing: Standing | None,
    *,
    at: datetime,
) -> None:
    if person.state == Subject.State.DESTROYED:
        raise RegistrationEnded(_("The data of this registration was destroyed."), code="destroyed")
    if not person.is_active and decision == Decision.Choice.AGREE:
        raise RegistrationEnded(_("This registration has ended. Register again to agree."))
    if decision == Decision.Choice.AGREE and any(
        vault.is_destroyed(person.id, category) for category in version.agreement.categories
    ):
        # A destroyed key never comes back (vault.md), so nothing could be collected with this agreement.
        raise RegistrationEnded(
            _("What rested on the earlier agreement was destroyed for good. Register the device anew to agree again."),
            code="destroyed",
        )
    if decided_at > at + SKEW:
        raise DecidedInTheFuture(_("The decision lies in the future: check the clock."), pointer="/decided_at")
    if decision == Decision.Choice.WITHDRAW:
        # A person withdraws from what she agreed to, whichever text that was.
        if standing is None or standing.choice != Decision.Choice.AGREE:
            raise NothingToWithdraw(_("There is no agreement that could be withdrawn."), pointer="/decision")
        return
    published, replaced = version.published_at, version.superseded_at
    if published is None or decided_at < published or (replaced is not None and decided_at >= replaced):
        raise TextNotOffered(
            _("This text was not offered at that moment. Show the person the text in force and ask again."),
            pointer="/version",
        )


def _stand(made: Decision, standing: Standing | None) -> None:
    """Let the decision take effect unless a later one is already known, and queue what it ends."""
    if standing is not None and standing.decided_at > made.decided_at:
        return
    values = {
        "decision": made,
        "choice": made.choice,
        "number": made.version.number,
        "decided_at": made.decided_at,
    }
    if standing is None:
        Standing.objects.create(subject_id=made.subject_id, agreement=made.agreement, **values)
    else:
        for name, value in values.items():
            setattr(standing, name, value)
        standing.save(update_fields=list(values))
    if made.agreement.kind == Agreement.Kind.COLLECTION and made.choice != Decision.Choice.AGREE:
        outbox.put("consents.ended", ids={"decision": str(made.id)}, key=f"consents.ended:{made.id}")


def _keep_representative(made: Decision, representative: Mapping[str, Any], *, at: datetime) -> None:
    """Seal the representative's name and contact in the personal database; repeating it changes nothing."""
    with transaction.atomic(using="personal"):
        if Representative.objects.filter(pk=made.id).exists():
            return
        row = Representative(id=made.id, subject_id=made.subject_id, recorded_at=at)
        kept = {key: str(representative[key]) for key in ("name", "contact", "relationship") if representative.get(key)}
        vault.seal(row, {"particulars": kept}, at=at)
        row.save(force_insert=True)
