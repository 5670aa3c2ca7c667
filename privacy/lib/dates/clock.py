"""The clock. Only the edges (views, api, admin, tasks, commands) read it; verbs are told the time."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.utils import timezone

KST = ZoneInfo("Asia/Seoul")


def now() -> datetime:
    """Return this moment, aware, in UTC."""
    return timezone.now()


def kst_date(at: datetime) -> date:
    """Return the calendar day in Korea at the moment ``at`` (law T-02: the day of receipt is a day in KST)."""
    return at.astimezone(KST).date()


def midnight(on: date) -> datetime:
    """Return the moment at which the day ``on`` begins in Korea."""
    return datetime.combine(on, time.min, tzinfo=KST)


def today() -> date:
    """Return today's calendar day in Korea."""
    return kst_date(now())
