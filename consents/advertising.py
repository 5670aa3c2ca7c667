"""May this channel be used for advertising to this person now, and why? (P8.12, law C-14 … C-19)

One question with its reasons, answered alike through UI and API. Only reads.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from django.utils.translation import gettext as _

from consents.models import AdvertisingNotice, Agreement, AgreementVersion, Decision
from privacy.lib import clock, periods
from privacy.subjects.models import Subject
from privacy.vault import actions as vault

NIGHT_BEGINS = time(21)
NIGHT_ENDS = time(8)
# The night rule does not concern e-mail (law C-16).
AWAKE_AT_NIGHT = frozenset({Agreement.Channel.EMAIL})
CONFIRM_YEARS = 2
RESULT_DAYS = 14


@dataclass(frozen=True)
class Reason:
    """One ground of an answer: a code for machines, a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True)
class Permission:
    """The answer, its reasons, the decision it rests on, and until when that must be confirmed."""

    allowed: bool
    because: list[Reason]
    consent: Decision | None
    confirm_by: date | None


def permission(subject_id: UUID, channel: str, at: datetime) -> Permission:
    """Answer for one person and one channel at a moment. Everything that stands against it is named."""
    against: list[Reason] = []
    subject = Subject.objects.filter(pk=subject_id).first()
    if subject is None or not subject.is_active:
        against.append(Reason("withdrawn", _("The registration has ended.")))
    consent = latest(subject_id, f"advertising-{channel}", at)
    if consent is None:
        against.append(Reason("no-consent", _("The person has never agreed to advertising by this channel.")))
    elif consent.choice != Decision.Choice.AGREE:
        message = _("The person refused or withdrew on %(day)s.") % {"day": clock.kst_date(consent.decided_at)}
        against.append(Reason("refused", message))
        consent = None
    confirm = confirm_by(consent) if consent is not None else None
    if consent is not None:
        if _asked_again(consent):
            against.append(Reason("text-changed", _("The text changed since and needs a new consent.")))
        if confirm is not None and clock.kst_date(at) > confirm:
            against.append(
                Reason("confirmation-overdue", _("The consent had to be confirmed by %(day)s.") % {"day": confirm})
            )
    if is_night(at) and channel not in AWAKE_AT_NIGHT:
        night = latest(subject_id, "advertising-night", at)
        if night is None or night.choice != Decision.Choice.AGREE:
            against.append(Reason("night", _("From 21:00 to 08:00 a consent of its own is needed.")))
    if any(
        freeze.category in {"", "contact"} for freeze in vault.frozen_subjects([subject_id], at=at).get(subject_id, [])
    ):
        against.append(Reason("suspended", _("Processing is suspended on request.")))
    if against:
        return Permission(False, against, consent, confirm)
    assert consent is not None
    since = _("The person agreed on %(day)s.") % {"day": clock.kst_date(consent.decided_at)}
    return Permission(True, [Reason("agreed", since)], consent, confirm)


def latest(subject_id: UUID, agreement_code: str, at: datetime) -> Decision | None:
    """Return the decision that stood at a moment."""
    return (
        Decision.objects.of(subject_id)
        .filter(agreement__code=agreement_code, decided_at__lte=at)
        .select_related("agreement", "version")
        .order_by("-decided_at", "-recorded_at")
        .first()
    )


def is_night(at: datetime) -> bool:
    """Whether it is night in Korea: from 21:00 to 08:00 (law C-16)."""
    moment = at.astimezone(clock.KST).time()
    return moment >= NIGHT_BEGINS or moment < NIGHT_ENDS


def confirm_by(consent: Decision) -> date:
    """Return the last day to confirm a consent: before the same day two years after it, or after the last time."""
    confirmed = (
        AdvertisingNotice.objects.filter(decision=consent, kind=AdvertisingNotice.Kind.CONFIRMATION)
        .exclude(sent_at=None)
        .order_by("-sent_at")
        .first()
    )
    since = consent.decided_at if confirmed is None or confirmed.sent_at is None else confirmed.sent_at
    return periods.before_same_day(clock.kst_date(since), years=CONFIRM_YEARS)


def _asked_again(consent: Decision) -> bool:
    return consent.version.number < AgreementVersion.objects.newest_asking().get(consent.agreement_id, 0)
