"""Who was told what of an incident, person by person: derived from the deliveries and the public notices (B-02 … B-07).

A person is told once her delivery is settled. The website stands in for those whom no delivery can reach, and for
people nobody knows by name (B-06); it does not stand in for somebody who has an address and was not written to.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, DateTimeField, Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Greatest, Least

from privacy.campaigns.models import Campaign, Delivery
from privacy.incidents import later_facts
from privacy.incidents.models import AffectedPerson, Incident, Notification, Stage
from privacy.lib.dates import clock

# What tells a person that there was a breach; the first notice counts for the term, and is supplemented (B-04).
BREACH_STAGES = (Stage.FIRST, Stage.FULL, Stage.SUPPLEMENT)
COMPLETE_STAGES = (Stage.FULL, Stage.SUPPLEMENT)
# A notice of the breach says more than one of its possibility.
POSSIBLE_BREACH_STAGES = (Stage.POSSIBLE, *BREACH_STAGES)
# Letters are written to whom no mail could reach (campaigns/letters.py): the website stood in for them until then.
NOT_BY_MAIL = Q(state__in=Delivery.UNREACHABLE) | Q(state=Delivery.State.TOLD, way=Delivery.Way.LETTER)


@dataclass(frozen=True, slots=True)
class PublicNotice:
    """The public notices of some stages: when the first was posted, and from when until when each stands."""

    at: datetime
    periods: tuple[tuple[datetime, datetime], ...]

    def told_at(self, since: datetime) -> datetime | None:
        """Return when they told somebody who is concerned since a moment; nothing where all had ended by then."""
        return min((max(start, since) for start, end in self.periods if since < end), default=None)


def notifications_of(incident: Incident, stages: Collection[Stage]) -> QuerySet[Notification]:
    """The notifications of these stages."""
    if incident.is_without("notifications"):
        return Notification.objects.none()
    return Notification.objects.filter(incident_id=incident.pk, stage__in=stages)


def public_notice(incident: Incident, stages: Collection[Stage]) -> PublicNotice | None:
    """Return when these stages stood on the website; nothing where they never did."""
    found = list(notifications_of(incident, stages).exclude(notice=None).values_list("made_at", "notice__posted_until"))
    if not found:
        return None
    periods = sorted((at, clock.midnight((until or clock.kst_date(at)) + timedelta(days=1))) for at, until in found)
    return PublicNotice(periods[0][0], tuple(periods))


def told_by_website(campaign: Campaign, people: Collection[UUID]) -> dict[UUID, datetime]:
    """Return when the website told these people, whom a campaign about a breach couldn't reach (B-06)."""
    made = Notification.objects.filter(campaign=campaign).select_related("incident").first()
    if made is None:
        return {}
    stages = BREACH_STAGES if made.stage in BREACH_STAGES else (Stage(made.stage),)
    website = public_notice(made.incident, stages)
    listed = AffectedPerson.objects.filter(incident=made.incident, subject_id__in=people)
    told = {one: website.told_at(at) for one, at in listed.values_list("subject_id", "added_at")} if website else {}
    return {one: at for one, at in told.items() if at is not None}


def deliveries(incident: Incident, stages: Collection[Stage]) -> QuerySet[Delivery]:
    """The deliveries of these stages."""
    campaigns = notifications_of(incident, stages).exclude(campaign=None).values_list("campaign_id", flat=True)
    return Delivery.objects.filter(campaign__in=campaigns)


def affected_with_notice_time(incident: Incident, stages: Collection[Stage]) -> QuerySet[Any]:
    """The people whom it concerns, each with ``told_at``: when she was told one of these stages, or nothing."""
    hers = deliveries(incident, stages).filter(subject_id=OuterRef("subject_id")).order_by()
    settled = hers.filter(settled_at__isnull=False).values("subject_id").annotate(at=Min("settled_at")).values("at")
    told: list[object] = [Subquery(settled, output_field=DateTimeField())]
    website = public_notice(incident, stages)
    if website is not None:
        stuck = Exists(hers.filter(NOT_BY_MAIL))
        for start, end in website.periods:
            in_her_stead = Greatest(Value(start), F("added_at"), output_field=DateTimeField())
            told.append(Case(When(stuck, added_at__lt=end, then=in_her_stead), default=None))
    # Least passes over those that are nothing.
    earliest = Least(*told) if len(told) > 1 else told[0]
    return AffectedPerson.objects.filter(incident_id=incident.pk).annotate(told_at=earliest)


def people_with_delivery(incident: Incident, stages: Collection[Stage]) -> set[UUID]:
    """Return who has a delivery of these stages, settled or not."""
    return set(deliveries(incident, stages).values_list("subject_id", flat=True))


def people_reached(incident: Incident, stages: Collection[Stage]) -> QuerySet[Delivery, UUID]:
    """Whom a delivery of these stages has reached, or is on its way to: a later notice can refer to it.

    Their ids, as a part of another question: they may be all of the register.
    """
    reached = deliveries(incident, stages).exclude(state__in=Delivery.UNREACHABLE)
    return reached.order_by().values_list("subject_id", flat=True)


def pending_individual_notices(incident: Incident) -> dict[Stage, list[UUID]]:
    """Return whom an individual notice would go to now, by what it has to tell each of them."""
    listed = set(incident.affected.values_list("subject_id", flat=True))
    match incident.certainty:
        case Incident.Certainty.POSSIBLE:
            found = {Stage.POSSIBLE: listed - people_with_delivery(incident, [Stage.POSSIBLE])}
        case Incident.Certainty.NONE:
            warned = set(people_reached(incident, [Stage.POSSIBLE]))
            found = {Stage.NONE: warned - people_with_delivery(incident, [Stage.NONE])}
        case _ if incident.is_known:
            complete, first = (
                people_with_delivery(incident, COMPLETE_STAGES),
                set(people_reached(incident, [Stage.FIRST])),
            )
            found = {Stage.FULL: listed - complete - first, Stage.SUPPLEMENT: (listed & first) - complete}
        case _:
            found = {Stage.FIRST: listed - people_with_delivery(incident, BREACH_STAGES)}
    return {stage: sorted(ids) for stage, ids in found.items() if ids}


def next_public_notice(incident: Incident) -> Stage:
    """Return which stage a notice on the website would be now."""
    match incident.certainty:
        case Incident.Certainty.POSSIBLE:
            return Stage.POSSIBLE
        case Incident.Certainty.NONE:
            return Stage.NONE
    if not incident.is_known:
        return Stage.FIRST
    return Stage.SUPPLEMENT if public_notice(incident, [Stage.FIRST]) else Stage.FULL


def unlisted_people_count(incident: Incident) -> int:
    """Return how many people it concerns beyond those who are listed: only the website can tell them (B-06)."""
    return max(incident.estimate - incident.listed, 0)


def estimate_grew_at(incident: Incident, cut: datetime) -> datetime | None:
    """Return when the estimate first went beyond the list after a moment until which it did not."""
    if not unlisted_people_count(incident):
        return None
    listed = incident.affected.filter(added_at__lte=cut).count()
    if later_facts.estimate_at(incident, cut) > listed:
        return None  # the others were known to be missing by then
    return next((one.at for one in later_facts.changes_after(incident, cut) if one.estimate_before is not None), None)


def unlisted_told_at(incident: Incident, stages: Collection[Stage]) -> datetime | None:
    """Return when the website told those whom only the estimate knows; nothing if it had ended when they were found."""
    website = public_notice(incident, stages)
    if website is None:
        return None
    found_at = estimate_grew_at(incident, website.periods[0][1])
    return website.told_at(found_at) if found_at else website.at


def all_notified_at(
    incident: Incident, stages: Collection[Stage], concerned: QuerySet[Any], *, unlisted: bool = True
) -> datetime | None:
    """Return when the last of these people was told; nothing while one of them is left, or nobody was told at all.

    ``unlisted`` counts those whom only the estimate knows too.
    """
    if incident.is_without("notifications") or concerned.filter(told_at=None).exists():
        return None
    last: datetime | None = concerned.aggregate(last=Max("told_at"))["last"]
    if unlisted and unlisted_people_count(incident):
        told_at = unlisted_told_at(incident, stages)
        return max(told_at, last or told_at) if told_at else None
    if last is None and not concerned.exists():
        website = public_notice(incident, stages)
        return website.at if website else None
    return last
