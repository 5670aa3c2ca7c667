"""Asking for the age: who is under 14 agrees to nothing by themselves (law T-08, C-12, PIPA art. 22-2)."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from consents.events import Event
from consents.models import AgeStatement, Agreement, CurrentConsent, CurrentConsentQuerySet, RepresentativeRequest
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock, periods
from privacy.lib.errors.refusals import Refusal
from privacy.policies import rulebook
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault.models import Freeze

# Who is younger needs a legal representative (PIPA art. 22-2(1)).
OF_AGE = 14
OLDEST = 130
# So many days after a child began, nothing may be left of what was collected for it (law C-13).
UNCONFIRMED_DAYS = "child.unconfirmed.days"


class ImpossibleBirthDate(Refusal):
    """Nobody who uses a device was born on that day."""

    code = "bad-birth-date"


class AgeNotStated(Refusal):
    """Before somebody agrees, it is asked whether they are under 14."""

    code = "age-not-stated"


class RepresentativeNeeded(Refusal):
    """Who is under 14 doesn't agree alone."""

    code = "representative-needed"


def record_age(subject: Subject, *, born_on: date, actor: Actor, at: datetime) -> AgeStatement:
    """Record whether a person is under 14 on the day of ``at``; the date of birth itself is not kept.

    For a child a request to a legal representative is opened, and what the child agreed to alone stops until it is
    answered; none where the representative has agreed to all that stands. A child that is on record stays one until it
    is 14: nobody grows older by asking again.
    Raises ImpossibleBirthDate, NotPermitted.
    """
    if actor.kind == "user":
        require_permission(actor, "consents.record_decision", about=subject)
    today = clock.kst_date(at)
    if born_on > today or periods.age(born_on, today) > OLDEST:
        raise ImpossibleBirthDate(_("Enter your date of birth, such as 2014-05-01."), pointer="/birth_date")
    is_child = periods.age(born_on, today) < OF_AGE
    with transaction.atomic():
        person = Subject.objects.select_for_update().get(pk=subject.pk)
        held = statement_of(person)
        if held is not None and (held.is_child_on(today) or not is_child):
            if held.is_child_on(today) and not is_agreed_for(person):
                open_request(person, actor=actor, at=at)
            return held
        made = AgeStatement.objects.create(
            subject_id=person.id, is_child=is_child, of_age_from=_of_age_from(born_on) if is_child else None,
            stated_at=at, actor_kind=actor.kind, actor_ref=actor.ref,
        )  # fmt: skip
        facts = {"child": is_child}
        ledger.record(Event.AGE_STATED, actor=actor, at=at, about=made, subjects=[person.reference], facts=facts)
        if is_child and not is_agreed_for(person):
            open_request(person, actor=actor, at=at)
    return made


def statement_of(person: Subject) -> AgeStatement | None:
    """Return what a person last stated about their age."""
    return AgeStatement.objects.filter(subject_id=person.id).order_by("-stated_at", "-id").first()


def is_child(person: Subject, *, at: datetime) -> bool | None:
    """Whether a person is under 14 by what was stated; None where nobody was asked."""
    held = statement_of(person)
    return None if held is None else held.is_child_on(clock.kst_date(at))


def must_be_of_age(person: Subject, *, actor: Actor, at: datetime) -> None:
    """Let a person agree alone who is not under 14; on their own page they are asked first.

    Raises AgeNotStated, RepresentativeNeeded.
    """
    found = is_child(person, at=at)
    if found:
        raise RepresentativeNeeded(
            _("You are under 14, so your parent or other legal representative has to agree for you.")
        )
    if found is None and actor.kind == "subject":
        raise AgeNotStated(_("Enter your date of birth first. People under 14 need a legal representative to agree."))


def open_request(
    person: Subject, *, actor: Actor, at: datetime, due_at: datetime | None = None
) -> RepresentativeRequest:
    """Return the request that is open for a child, or open one: its days run from here (law C-13)."""
    held = RepresentativeRequest.objects.open().filter(subject_id=person.id).first()
    if held is not None:
        return held
    days = rulebook.parameter(UNCONFIRMED_DAYS, clock.kst_date(at))
    # On the last of the days everything goes that was collected for it.
    due_at = due_at or at + timedelta(days=max(days - 1, 0))
    made = RepresentativeRequest.objects.create(subject_id=person.id, opened_at=at, due_at=due_at)
    ledger.record(Event.REPRESENTATIVE_NEEDED, actor=actor, at=at, about=made, subjects=[person.reference])
    if own_consents(person).exists() or unfinished_consents(person).exists():
        vault.freeze(subject_id=person.id, cause=Freeze.Cause.SUSPENSION, case=made.reference, actor=actor, at=at)
    return made


def own_consents(person: Subject) -> CurrentConsentQuerySet:
    """Return the agreements to collection that stand and that no representative gave."""
    return _alone(person).filter(agreement__kind=Agreement.Kind.COLLECTION)


def other_consents(person: Subject) -> CurrentConsentQuerySet:
    """Return what else a person agreed to and no representative did: provision to others, advertising, marketing."""
    return _alone(person).exclude(agreement__kind=Agreement.Kind.COLLECTION)


def _alone(person: Subject) -> CurrentConsentQuerySet:
    return CurrentConsent.objects.of(person.id).agreed().filter(decision__by_representative=False)


def is_agreed_for(person: Subject) -> bool:
    """Whether a representative has agreed to collection, and to all of it that stands."""
    standing = CurrentConsent.objects.of(person.id).agreed().filter(agreement__kind=Agreement.Kind.COLLECTION)
    whole = not own_consents(person).exists() and not unfinished_consents(person).exists()
    return whole and standing.filter(decision__by_representative=True).exists()


def unfinished_consents(person: Subject) -> CurrentConsentQuerySet:
    """Return what stands of an answer by a request's page that was not recorded to its end: no whole answer yet."""
    requests = RepresentativeRequest.objects.filter(subject_id=person.id)
    unanswered = requests.exclude(state=RepresentativeRequest.State.AGREED).values("reference")
    standing = CurrentConsent.objects.of(person.id).agreed().filter(decision__by_representative=True)
    return standing.filter(decision__actor_kind="subject", decision__actor_ref__in=unanswered)


def _of_age_from(born_on: date) -> date:
    """Return the first day of the month after the one of the 14th birthday: no date of birth is kept."""
    year, month = born_on.year + OF_AGE, born_on.month + 1
    return date(year + month // 13, 1 if month > 12 else month, 1)
