"""Incidents in every state."""

from datetime import datetime, timedelta
from typing import Any

from privacy.incidents import actions as incidents
from privacy.incidents.models import AffectedPerson, Incident
from privacy.subjects.models import Subject
from tests.factories.accounts import NOON, make_odile

__all__ = ["KNOWN", "make_incident", "make_known_incident"]

KNOWN: dict[str, Any] = {
    "items": ["model", "os_version"],
    "estimate": 1,
    "course_ko": "협력사 노트북 분실로 파일이 열람되었을 수 있습니다.",
    "course_en": "A partner's laptop with a file was lost.",
    "advice_ko": "의심스러운 연락에 응하지 마십시오.",
    "advice_en": "Don't answer suspicious calls.",
    "response_ko": "원격 삭제하였고, 피해가 있으면 보상합니다.",
    "response_en": "The laptop was wiped; we make good any harm.",
}


def make_incident(*, aware_at: datetime = NOON, at: datetime | None = None, **changes: Any) -> Incident:
    """A confirmed leak of which nothing more is known."""
    given: dict[str, Any] = {"kind": "leak", "title": "Lost laptop", **changes}
    return incidents.record_incident(
        aware_at=aware_at, actor=given.pop("actor", None) or make_odile(), at=at or aware_at, **given
    )


def make_known_incident(*people: Subject, at: datetime = NOON, **changes: Any) -> Incident:
    """An incident with everything the notice needs, a measure, and these people."""
    odile = make_odile()
    incident = make_incident(at=at, **changes)
    incident = incidents.describe_incident(incident, actor=odile, at=at, **KNOWN)
    incidents.take_measure(incident, what="wiped", taken_at=at - timedelta(minutes=1), actor=odile, at=at)
    if people:
        incidents.add_named(
            incident,
            lines=[person.reference for person in people],
            source=AffectedPerson.Source.REFERENCE,
            actor=odile,
            at=at,
        )
    return incident
