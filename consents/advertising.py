"""May this channel be used for advertising to this person now, and why? (P8.12, law C-14 … C-19)

One question with its reasons, answered alike through UI and API. Only reads.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Self
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from consents import precedence
from consents.models import AdvertisingNotice, Agreement, AgreementVersion, CurrentConsent, Decision
from consents.models.advertising import COUNTED_FROM
from privacy.lib.dates import clock, periods
from privacy.policies import rulebook
from privacy.policies.categories import CONTACT
from privacy.subjects.models import Subject
from privacy.vault import actions as vault

# The night rule does not concern e-mail (law C-16).
NIGHT_EXEMPT_CHANNELS = frozenset({Agreement.Channel.EMAIL})
# How long before the last day the question goes out.
CONFIRM_BEFORE = timedelta(days=30)
NIGHT_PARAMETERS = ("advertising.night.from", "advertising.night.until")


@dataclass(frozen=True)
class Reason:
    """One ground of an answer: a code for machines, a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True)
class ConsentValidity:
    """For how many years a consent counts, by the day on which it was given or last confirmed (law C-19)."""

    # The days from which a number of years holds, the oldest first.
    steps: tuple[tuple[date, int], ...]

    @classmethod
    def read(cls) -> Self:
        """Return the terms of all days as the rulebook has them."""
        return cls(tuple(rulebook.parameter_history("advertising.confirm.years")))

    def last_day(self, since: date) -> date:
        """Return the last day on which a consent of this day counts: the day before the same day of that year."""
        years = next((years for begins, years in reversed(self.steps) if begins <= since), self.steps[0][1])
        return periods.anniversary_eve(since, years=years)

    def ending(self, first: date, last: date) -> Iterator[tuple[date, date]]:
        """Yield the days (first, and the day after the last) of the consents that count until some day in a period."""
        begun = [date.min, *(begins for begins, _years in self.steps[1:]), date.max]
        for (begins, end), (_begins, years) in zip(pairwise(begun), self.steps, strict=True):
            since = max(begins, _latest_given_on(first - timedelta(days=1), years=years) + timedelta(days=1))
            until = min(end, _latest_given_on(last, years=years) + timedelta(days=1))
            if since < until:
                yield since, until


def _latest_given_on(last_on: date, *, years: int) -> date:
    """Return the latest day whose consents count until ``last_on`` or a day before."""
    return periods.latest_event(last_on, years=years) + timedelta(days=1)


@dataclass(frozen=True)
class AdvertisingPermission:
    """The answer, its reasons, the decision it rests on, and until when that must be confirmed."""

    allowed: bool
    because: list[Reason]
    consent: Decision | None
    confirm_by: date | None


def permission(subject_id: UUID, channel: str, at: datetime) -> AdvertisingPermission:
    """Answer for one person and one channel at a moment. Everything that stands against it is named."""
    against: list[Reason] = []
    subject = Subject.objects.filter(pk=subject_id).first()
    if subject is None or (not subject.is_active and (subject.ended_at is None or subject.ended_at <= at)):
        against.append(Reason("withdrawn", _("The registration has ended.")))
    consent = latest_decision(subject_id, f"advertising-{channel}", at)
    if consent is None:
        against.append(Reason("no-consent", _("The person has never agreed to advertising through this channel.")))
    elif consent.choice != Decision.Choice.AGREE:
        message = _("The person refused or withdrew on %(day)s.") % {"day": clock.kst_date(consent.decided_at)}
        against.append(Reason("refused", message))
        consent = None
    confirm = confirm_by(consent, at=at) if consent is not None else None
    if consent is not None:
        if _needs_reconsent(consent, at):
            against.append(Reason("text-changed", _("The text has since changed and needs a new consent.")))
        if confirm is not None and clock.kst_date(at) > confirm:
            against.append(
                Reason("confirmation-overdue", _("The consent had to be confirmed by %(day)s.") % {"day": confirm})
            )
    if (marketing := _against_marketing(subject_id, at)) is not None:
        against.append(marketing)
    if channel not in NIGHT_EXEMPT_CHANNELS and is_night(at):
        night = latest_decision(subject_id, "advertising-night", at)
        if (
            night is None
            or night.choice != Decision.Choice.AGREE
            or _needs_reconsent(night, at)
            or clock.kst_date(at) > confirm_by(night, at=at)
        ):
            begins, ends = night_hours(clock.kst_date(at))
            message = _("From %(begins)s to %(ends)s, a separate consent is needed.") % {
                "begins": f"{begins:%H:%M}",
                "ends": f"{ends:%H:%M}",
            }
            against.append(Reason("night", message))
    if any(
        freeze.category in {"", CONTACT}
        for freeze in vault.active_freezes_by_subject([subject_id], at=at).get(subject_id, [])
    ):
        against.append(Reason("suspended", _("Processing is suspended on request.")))
    if against:
        return AdvertisingPermission(False, against, consent, confirm)
    assert consent is not None
    since = _("The person agreed on %(day)s.") % {"day": clock.kst_date(consent.decided_at)}
    return AdvertisingPermission(True, [Reason("agreed", since)], consent, confirm)


def _against_marketing(subject_id: UUID, at: datetime) -> Reason | None:
    """Return why data may not be used for marketing, which is agreed to apart from receiving it (law C-02, C-14)."""
    asked = AgreementVersion.objects.filter(agreement__in=Agreement.objects.of_marketing(), published_at__lte=at)
    text = asked.select_related("agreement").order_by("published_at").first()
    if text is None:
        return None
    consent = latest_decision(subject_id, text.agreement.code, at)
    if consent is None:
        return Reason("no-marketing-use", _("The person has never agreed to the use of their data for marketing."))
    if consent.choice != Decision.Choice.AGREE:
        message = _("The person refused the use of their data for marketing, or withdrew it, on %(day)s.")
        return Reason("marketing-use-refused", message % {"day": clock.kst_date(consent.decided_at)})
    if _needs_reconsent(consent, at):
        message = _("The text on the use of data for marketing has since changed and needs a new consent.")
        return Reason("marketing-text-changed", message)
    return None


def latest_decision(subject_id: UUID, agreement_code: str, at: datetime) -> Decision | None:
    """Return the decision that stood at a moment: what stands now, from when it was recorded, else as it was dated.

    What is no consent counts from when it was recorded also where a device dated it later, and an agreement that took
    no effect never stood, whatever came before it (docs/decisions/0429).
    """
    recorded = Q(decision__recorded_at__lte=at) & (Q(decided_at__lte=at) | ~Q(choice=Decision.Choice.AGREE))
    current = CurrentConsent.objects.of(subject_id).filter(recorded, agreement__code=agreement_code)
    known = current.select_related("decision__agreement", "decision__version").first()
    if known is not None:
        return known.decision
    history = Decision.objects.of(subject_id).filter(agreement__code=agreement_code).order_by("recorded_at", "id")
    return precedence.stood_at(history.select_related("agreement", "version"), at)


def night_hours(on: date) -> tuple[time, time]:
    """Return when the night begins and ends by the rulebook of a day in Korea (law C-16)."""
    hours = rulebook.parameters(NIGHT_PARAMETERS, on)
    return time(hours[NIGHT_PARAMETERS[0]]), time(hours[NIGHT_PARAMETERS[1]])


def is_night(at: datetime) -> bool:
    """Whether it is night in Korea (law C-16): the first moment belongs to it, the last does not."""
    moment = at.astimezone(clock.KST).time()
    begins, ends = night_hours(clock.kst_date(at))
    return begins <= moment < ends if begins <= ends else moment >= begins or moment < ends


def result_due(decided_on: date) -> date:
    """Return the last day to tell the result of a decision (law C-18); the office's own target, never rolled on."""
    return periods.answer_due_unrolled(decided_on, days=rulebook.parameter("advertising.result.days", decided_on))


def confirm_by(consent: Decision, *, at: datetime | None = None, terms: ConsentValidity | None = None) -> date:
    """Return the last day to confirm a consent, from the day it was given or last confirmed (before ``at``)."""
    confirmed = AdvertisingNotice.objects.confirmations().filter(decision=consent)
    if at is not None:
        confirmed = confirmed.filter(sent_at__lte=at)
    last = confirmed.order_by("-sent_at").values_list(COUNTED_FROM, flat=True).first()
    return (terms or ConsentValidity.read()).last_day(clock.kst_date(last or consent.decided_at))


def counted_from(due_on: date, *, sent_on: date) -> datetime | None:
    """Return from when the next years count of a consent that was asked about late; None where from the question.

    The law has it confirmed before the same day of every second year (ICN-D 62-3(1)): who asks late has no longer until
    the next one. What goes out when that one could be asked already counts by itself; after it, the newest day counts.
    """
    terms, same_day = ConsentValidity.read(), due_on + timedelta(days=1)
    while same_day < (following := terms.last_day(same_day) + timedelta(days=1)) <= sent_on:
        same_day = following
    is_late = due_on < sent_on < terms.last_day(same_day) - CONFIRM_BEFORE
    return clock.midnight(same_day) if is_late else None


def _needs_reconsent(consent: Decision, at: datetime) -> bool:
    """Whether a text that was published by then asks everybody again."""
    published = AgreementVersion.objects.filter(agreement_id=consent.agreement_id, published_at__lte=at)
    return consent.version.number < published.latest_requiring_reconsent().get(consent.agreement_id, 0)
