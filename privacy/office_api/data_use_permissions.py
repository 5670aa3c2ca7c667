"""May someone's data be used, provided, advertised to or kept, now and why? By what the portal itself decides by.

Freezes, holds, consents, legal bases, terms: each is asked where the console, the vault, the gate of provision and the
sweep ask. Only reads; everything that stands against it is named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from consents import advertising, consent_status, destruction_status
from consents.advertising import Reason
from consents.models import Agreement, PlannedDestruction
from consents.models.agreements import agreements_covering
from privacy.disclosures.legal_basis import must_have_legal_basis
from privacy.disclosures.models import Disclosure, ThirdParty
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.policies import rulebook
from privacy.retention.destruction import blockers
from privacy.retention.schedule import selection
from privacy.rights.models import Right
from privacy.subjects import holdings
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault import category_declarations
from privacy.vault.models import Freeze
from privacy.vault.purposes import EXEMPT_FROM_FREEZE

KEPT_BY = {
    blockers.HELD: _lazy("A hold keeps it."),
    blockers.FROZEN: _lazy("It is being corrected."),
    blockers.REQUESTED: _lazy("A request about it is open."),
}


@dataclass(frozen=True)
class Permission:
    """The answer and its reasons: what it rests on, or everything that stands against it."""

    allowed: bool
    because: list[Reason]


@dataclass(frozen=True)
class WantedItem:
    """An item that would be provided."""

    subject_id: UUID
    category: str
    item: str


def may_use(subject_id: UUID, *, category: str, purpose: str, items: Sequence[str], at: datetime) -> Permission:
    """May a category, or some items of it, be used for a purpose (P4.1, P1.5, P1.7, C-06)?"""
    against = _against_person(subject_id)
    against += _against_undeclared(category, items, at=at)
    if not against and purpose not in category_declarations.declared_purposes(category, at):
        message = _("The privacy policy in force doesn't name this purpose for this category.")
        against.append(Reason("purpose-not-declared", message))
    if vault.is_destroyed(subject_id, category):
        against.append(Reason("destroyed", _("The data was destroyed.")))
    if purpose not in EXEMPT_FROM_FREEZE:
        against += [_frozen(one) for one in vault.active_freezes(subject_id, category, items or None, at=at)]
        against += _against_basis(subject_id, category, purpose, at=at)
    return _answer(against, "declared", _("The privacy policy declares it, and nothing prevents it."))


def may_disclose(
    subject_id: UUID, *, recipient: str, category: str, items: Sequence[str], purpose: str, at: datetime
) -> Permission:
    """May items be provided to a recipient on the person's consent (P5.1; law P-01 … P-07, V-01)?"""
    against = _against_person(subject_id) + _against_undeclared(category, items, at=at)
    against += [_frozen(one) for one in vault.active_freezes(subject_id, category, items, at=at)]
    if vault.is_destroyed(subject_id, category):
        against.append(Reason("destroyed", _("The data was destroyed.")))
    party = ThirdParty.objects.active(at=at).filter(code=recipient).first()
    if party is None:
        against.append(Reason("unknown-recipient", _("No recipient with this code is registered.")))
    elif not against:
        wanted = [WantedItem(subject_id, category, item) for item in items]
        asked = Disclosure(
            third_party=party, basis=Disclosure.Basis.CONSENT, purpose_code=purpose, purpose=purpose, requested_at=at
        )
        try:
            must_have_legal_basis(asked, wanted, at=at)
        except Refusal as refusal:
            against.append(Reason(refusal.code, refusal.plain))
    return _answer(against, "agreed", _("The person agreed to it, and nothing prevents it."))


def may_advertise(subject_id: UUID, *, channel: str, at: datetime) -> Permission:
    """May a channel be used for advertising (P8.12)?"""
    found = advertising.permission(subject_id, channel, at)
    return Permission(found.allowed, list(found.because))


def may_keep(subject_id: UUID, *, category: str, at: datetime) -> Permission:
    """May a category be kept any longer (P6.1 … P6.4)? What is past its term may be while something keeps it."""
    undeclared = _against_undeclared(category, (), at=at)
    if undeclared:
        return Permission(False, undeclared)
    if vault.is_destroyed(subject_id, category):
        return Permission(False, [Reason("destroyed", _("The data was destroyed."))])
    kept = blockers.blocked_subjects([subject_id], category, at).get(subject_id)
    if kept != blockers.HELD and _is_to_be_destroyed(subject_id, category):
        message = _(
            "A consent was withdrawn or a deletion was granted: the data is destroyed once the waiting period is over."
        )
        return Permission(False, [Reason("to-be-destroyed", message)])
    if kept is not None:
        return Permission(True, [Reason(str(kept.value), str(KEPT_BY[kept]))])
    if _is_past_its_term(subject_id, category, at=at):
        return Permission(False, [Reason("term-over", _("Its retention period is over, so it must be destroyed."))])
    return Permission(True, [Reason("within-term", _("Its retention period is not over."))])


def _is_to_be_destroyed(subject_id: UUID, category: str) -> bool:
    plans = PlannedDestruction.objects.of(subject_id).going_on().select_related("decision__agreement")
    if any(category in destruction_status.categories(plan) for plan in plans):
        return True
    begun = Right.objects.filter(kind=Right.Kind.DELETION, started_at__isnull=False, carried_out_at=None)
    return begun.filter(request__people__subject_id=subject_id, category__in=("", category)).exists()


def _is_past_its_term(subject_id: UUID, category: str, *, at: datetime) -> bool:
    day = clock.kst_date(at)
    if selection.people_still_due(category, [subject_id], [day]):
        return True
    return any(
        selection.rows_in_month(holding, month).filter(**{holding.subject: subject_id}).exists()
        for holding, month in selection.months_due(category, day)
    )


def _against_person(subject_id: UUID) -> list[Reason]:
    subject = Subject.objects.filter(pk=subject_id).first()
    if subject is None:
        return [Reason("unknown-person", _("Nobody is registered under this number."))]
    if subject.is_active:
        return []
    return [Reason("withdrawn", _("The registration has ended."))]


def _against_undeclared(category: str, items: Sequence[str], *, at: datetime) -> list[Reason]:
    """What the policy does not declare is not held at all (P3.4)."""
    known = rulebook.in_force(clock.kst_date(at)).categories
    if category not in known or not holdings.for_category(category):
        return [Reason("unknown-category", _("The privacy policy in force doesn't declare this category."))]
    unknown = sorted(set(items) - set(known[category].items))
    message = _("“%(item)s” is not an item of this category.")
    return [Reason("unknown-item", message % {"item": item}) for item in unknown]


def _against_basis(subject_id: UUID, category: str, purpose: str, *, at: datetime) -> list[Reason]:
    """A category rests on consent unless the policy states another basis, or nobody is asked for one."""
    term = rulebook.in_force(clock.kst_date(at)).categories.get(category)
    if term is None or term.needs_no_consent([purpose]):
        return []
    asked = agreements_covering([category]).filter(kind=Agreement.Kind.COLLECTION).exists()
    if not asked or consent_status.is_agreed(subject_id, category, at):
        return []
    return [Reason("no-consent", _("The person has not agreed to it, or no longer does."))]


def _frozen(freeze: Freeze) -> Reason:
    message = (
        _("It is being corrected: request %(case)s.")
        if freeze.cause == Freeze.Cause.CORRECTION
        else _("Processing is suspended: request %(case)s.")
    )
    return Reason("frozen" if freeze.cause == Freeze.Cause.CORRECTION else "suspended", message % {"case": freeze.case})


def _answer(against: list[Reason], code: str, message: str) -> Permission:
    return Permission(False, against) if against else Permission(True, [Reason(code, message)])
